//! `rehash serve`: configures the library's service and runs it until it is told to end. All that it does beyond that is to
//! read files, and to refuse an address that others could reach unless that is asked for.

use std::fs;
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::Duration;

use rehash::UpgradeMode;
use rehash::pool::{HashPool, PoolConfig};
use rehash::serve::{Config, FloorMode, Listening, Service, Token, listen};
use rehash::store::{OpenOptions, StoreUrl};

use crate::output::{Exit, Failure, printable, say};
use crate::{args, keys, units};

/// For so many hashing threads there is one that speaks HTTP. It is enough for them; and in a storm those that speak take as many
/// processors as they are, at most, from those that hash.
const WORKERS_FOR_ONE: usize = 8;
/// Log lines that may wait for whoever reads them; with more than that, new ones are lost.
const LOG_LINES_WAITING: usize = 4096;
/// How many are written at once, and the pause after that, in which others gather.
const LOG_LINES_AT_ONCE: usize = 1024;
const LOG_PAUSE: Duration = Duration::from_millis(5);

/// Options of the service. Each can stand in the file that --config names, too, without its dashes.
#[derive(clap::Args)]
pub struct Serve {
    #[command(flatten)]
    pub store: args::Store,
    /// The address to listen on
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080", env = "REHASH_LISTEN")]
    pub listen: SocketAddr,
    /// Listen on an address that other machines can reach, without TLS: only behind a proxy
    #[arg(long, env = "REHASH_LISTEN_ANYWHERE")]
    pub listen_anywhere: bool,
    /// Options from a TOML file; the command line and the environment come before it
    #[arg(long, value_name = "FILE", env = "REHASH_CONFIG")]
    pub config: Option<PathBuf>,
    /// The file that holds the token for /api and the status page; without it they are closed
    #[arg(long, value_name = "FILE", env = "REHASH_ADMIN_TOKEN_FILE")]
    pub admin_token_file: Option<PathBuf>,
    /// The file that holds the token for /v1; without it /v1 is open to whoever reaches the port
    #[arg(long, value_name = "FILE", env = "REHASH_API_TOKEN_FILE")]
    pub api_token_file: Option<PathBuf>,
    /// Show the status page at /
    #[arg(long, env = "REHASH_STATUS_PAGE")]
    pub status_page: bool,
    /// Answer no refusal before this [default: twice what the dearest hash in the store takes, and 250 ms]
    #[arg(long, value_name = "DURATION", value_parser = units::parse_duration, env = "REHASH_FLOOR")]
    pub floor: Option<Duration>,
    /// Answer refusals as soon as they are known: tells who has an account with a dear hash
    #[arg(long, conflicts_with = "floor", env = "REHASH_NO_FLOOR")]
    pub no_floor: bool,
    /// Failures for one identifier in 15 minutes before it is refused; 0 is no limit
    #[arg(long, value_name = "N", default_value_t = 10, env = "REHASH_MAX_FAILURES")]
    pub max_failures: u32,
    /// Failures for one address in 15 minutes before it is refused; 0 is no limit
    #[arg(long, value_name = "N", default_value_t = 200, env = "REHASH_MAX_ADDRESS_FAILURES")]
    pub max_address_failures: u32,
    /// Where failures are counted: the store's count is what several instances share [default: store for PostgreSQL]
    #[arg(long, value_name = "WHERE", env = "REHASH_THROTTLE")]
    pub throttle: Option<Throttle>,
    /// The header in which a proxy gives the visitor's address: of several, the last one, which the nearest proxy wrote
    #[arg(long, value_name = "HEADER", value_parser = header_name, env = "REHASH_ADDRESS_HEADER")]
    pub address_header: Option<String>,
    /// Requests to /api in a second before they are answered 429; 0 is no limit
    #[arg(long, value_name = "N", default_value_t = 200, env = "REHASH_API_RATE")]
    pub api_rate: u32,
    /// Hashing threads [default: the cores the process may use]
    #[arg(long, value_name = "N", env = "REHASH_CONCURRENCY")]
    pub concurrency: Option<usize>,
    /// What all hashes together may take [default: 64MiB for each thread, at most half of the memory there is]
    #[arg(long, value_name = "SIZE", value_parser = units::parse_kib, env = "REHASH_POOL_MEMORY")]
    pub pool_memory: Option<u32>,
    /// Sign-ins that may wait for a thread [default: 16 for each]
    #[arg(long, value_name = "N", env = "REHASH_QUEUE")]
    pub queue: Option<usize>,
    /// Connections to the store
    #[arg(long, value_name = "N", default_value_t = 8, env = "REHASH_STORE_CONNECTIONS")]
    pub store_connections: usize,
    /// How long to finish requests after SIGTERM
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = units::parse_duration, env = "REHASH_GRACE")]
    pub grace: Duration,
    /// Whether upgrades are made
    #[arg(long, value_name = "MODE", default_value = "on", env = "REHASH_UPGRADE")]
    pub upgrade: args::Upgrade,
    /// Log nothing but faults
    #[arg(long, short, env = "REHASH_QUIET")]
    pub quiet: bool,
    #[command(flatten)]
    pub target: args::Target,
    #[command(flatten)]
    pub limits: args::Limits,
    #[command(flatten)]
    pub keys: args::Keys,
}

/// A name that a header can have; of another, no address would ever be read.
fn header_name(text: &str) -> Result<String, String> {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if text.is_empty() || !text.bytes().all(is_token) {
        return Err("a header's name has letters, digits and hyphens".to_owned());
    }
    Ok(text.to_owned())
}

/// Where failures are counted.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Throttle {
    /// In this process
    Memory,
    /// In the store as well
    Store,
}

pub fn run(args: &Serve, out: &mut impl Write) -> Result<Exit, Failure> {
    if !args.listen.ip().is_loopback() && !args.listen_anywhere {
        return Err(Failure::usage(format!(
            "--listen {}: other machines reach it, and there is no TLS; add --listen-anywhere where a proxy is in front",
            args.listen
        )));
    }
    let mode: UpgradeMode = args.upgrade.into();
    let engine = keys::engine(&args.target, args.limits.limits(), args.keys.keyring()?, mode)?;
    let mut options = OpenOptions::default().creates(true).shared(true);
    options.connections = args.store_connections.max(1);
    let url = args.store.url()?;
    let store = rehash::store::open(&url, &options)?;
    let defaults = PoolConfig::for_this_machine();
    let workers = args.concurrency.unwrap_or(defaults.workers);
    let pool_config = PoolConfig {
        workers,
        memory_kib: args.pool_memory.unwrap_or(defaults.memory_kib),
        queue_len: args.queue.unwrap_or(16 * workers),
    };
    let usage = |error: rehash::pool::PoolError| Failure::usage(error.to_string());
    let pool = HashPool::start(Arc::new(engine), pool_config).map_err(usage)?;
    let service = Service::new(pool.clone(), store, config(args)?)?;
    for count in service.out_of_reach() {
        let (records, method, parameters) = (count.records, printable(&count.method), printable(&count.parameters));
        say(&format!(
            "{records} records of {method} ({parameters}) take more than this service allows, and cannot sign in: \
             raise --pool-memory or the limit"
        ));
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(workers.div_ceil(WORKERS_FOR_ONE))
        .max_blocking_threads(2 * options.connections + 8)
        .enable_all()
        .build()
        .map_err(|error| Failure::new(Exit::Fault, format!("the runtime did not start: {error}")))?;
    let ended = runtime.block_on(serve(args, &service, out))?;
    pool.shutdown(args.grace);
    if ended == Listening::Cut {
        say("some requests took longer than --grace and were cut");
    }
    Ok(Exit::Done)
}

async fn serve(args: &Serve, service: &Service, out: &mut impl Write) -> Result<Listening, Failure> {
    let unreachable = |error: std::io::Error| Failure::usage(format!("--listen {}: {error}", args.listen));
    let listener = tokio::net::TcpListener::bind(args.listen).await.map_err(unreachable)?;
    let address = listener.local_addr().map_err(unreachable)?;
    let config = service.pool().config();
    writeln!(out, "listening on http://{address}")?;
    writeln!(
        out,
        "{} threads, at most {} MiB for hashes, {} may wait; refusals wait for {} ms",
        config.workers,
        config.memory_kib.div_ceil(1024),
        config.queue_len,
        service.floor().as_millis()
    )?;
    out.flush()?;
    listen(service, listener, asked_to_end(), args.grace)
        .await
        .map_err(|error| Failure::new(Exit::Fault, format!("the listener broke: {error}")))
}

/// Ready when the process is told to end.
async fn asked_to_end() {
    let interrupt = async {
        // Where signals cannot be heard, the service runs until it is killed.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminate = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminate = std::future::pending::<()>();
    tokio::select! {
        () = interrupt => {}
        () = terminate => {}
    }
}

fn config(args: &Serve) -> Result<Config, Failure> {
    let mut config = Config::default();
    config.admin_token = args.admin_token_file.as_deref().map(|path| token("--admin-token-file", path)).transpose()?;
    config.api_token = args.api_token_file.as_deref().map(|path| token("--api-token-file", path)).transpose()?;
    if args.status_page && config.admin_token.is_none() {
        return Err(Failure::usage("--status-page needs --admin-token-file: the page is for operators"));
    }
    config.status_page = args.status_page;
    config.floor = match (args.no_floor, args.floor) {
        (true, _) => FloorMode::Off,
        (false, Some(floor)) => FloorMode::Fixed(floor),
        (false, None) => FloorMode::Measured,
    };
    config.failures_per_identifier = args.max_failures;
    config.failures_per_address = args.max_address_failures;
    let is_shared = matches!(StoreUrl::parse(&args.store.url()?), Ok(StoreUrl::Postgres { .. }));
    config.throttle_in_store = args.throttle.map_or(is_shared, |place| place == Throttle::Store);
    config.api_rate = args.api_rate;
    config.address_header = args.address_header.clone();
    config.store_threads = args.store_connections.max(1);
    let is_quiet = args.quiet;
    let lines = log_writer()?;
    config.log = Some(Arc::new(move |line: &str| {
        if !is_quiet || line.contains("\"level\":\"error\"") {
            // That nobody reads the log is no reason to refuse sign-ins, or to let them wait.
            let _ = lines.try_send(line.to_owned());
        }
    }));
    Ok(config)
}

/// A thread that writes log lines, so that a reader who is slow, or gone, holds nobody up. Lines that came meanwhile are written
/// at once: in a storm of them each would cost more to write than to answer.
fn log_writer() -> Result<SyncSender<String>, Failure> {
    let (lines, waiting) = sync_channel::<String>(LOG_LINES_WAITING);
    let writer = std::thread::Builder::new().name("rehash-log".to_owned());
    let written = writer.spawn(move || {
        while let Ok(first) = waiting.recv() {
            let more = waiting.try_iter().take(LOG_LINES_AT_ONCE);
            let lines = more.fold(first, |lines, line| lines + "\n" + &line) + "\n";
            let _ = std::io::stderr().write_all(lines.as_bytes());
            std::thread::sleep(LOG_PAUSE);
        }
    });
    written.map_err(|error| Failure::new(Exit::Fault, format!("no thread for the log: {error}")))?;
    Ok(lines)
}

fn token(option: &str, path: &Path) -> Result<Token, Failure> {
    let shown = printable(&path.display().to_string());
    let refused = |why: &str| Failure::usage(format!("{option} {shown}: {why}"));
    let text = fs::read_to_string(path).map_err(|error| refused(&error.to_string()))?;
    let text = zeroize::Zeroizing::new(text);
    let token = text.trim();
    if token.is_empty() {
        return Err(refused("the file is empty"));
    }
    if token.lines().count() > 1 {
        return Err(refused("the file has several lines; a token is one"));
    }
    if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(refused("a token has no spaces, and only characters of ASCII: no header holds others"));
    }
    Token::new(token).ok_or_else(|| refused(&format!("a token has at least {} characters", Token::BYTES_MIN)))
}
