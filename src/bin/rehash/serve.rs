//! `rehash serve`: configures the library's service and runs it until it is told to end. All that it does beyond that is to
//! read files, and to refuse an address that others could reach unless that is asked for.

use std::fs;
use std::io::{Read as _, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use rehash::pool::{HashPool, PoolConfig};
use rehash::serve::{Config, FloorMode, Listening, Service, Token, bind, listen};
use rehash::store::{OpenOptions, StoreUrl};

use crate::interrupt::Ends;
use crate::operators::{self, Operators};
use crate::output::{Exit, Failure, printable, say};
use crate::{args, keys, mapping, units};

/// For so many hashing threads there is one that speaks HTTP. It is enough for them; and in a storm those that speak take as many
/// processors as they are, at most, from those that hash.
const WORKERS_FOR_ONE: usize = 8;
/// Log lines that may wait for whoever reads them; with more than that, new ones are lost.
const LOG_LINES_WAITING: usize = 4096;
/// How many are written at once, and the pause after that, in which others gather.
const LOG_LINES_AT_ONCE: usize = 1024;
const LOG_PAUSE: Duration = Duration::from_millis(5);
/// How long the end waits for whoever reads the log.
const LOG_PATIENCE: Duration = Duration::from_secs(2);
/// A token is a line; what is longer is another file.
const TOKEN_FILE_BYTES_MAX: u64 = 4096;

/// Options of the service. Each can stand in the file that --config names, too, without its dashes.
#[derive(clap::Args)]
pub struct Serve {
    #[command(flatten)]
    pub store: args::Store,
    /// A table of your own instead of the store's: a TOML file that names its table and columns. There is then nothing under /api, and
    /// failures are counted in this process alone
    #[arg(long, value_name = "FILE", env = "REHASH_MAPPING")]
    pub mapping: Option<PathBuf>,
    /// The address to listen on
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080", env = "REHASH_LISTEN")]
    pub listen: SocketAddr,
    /// A second address, for /healthz, /readyz, /metrics and the status page alone, which no storm of visitors reaches
    #[arg(long, value_name = "ADDRESS", env = "REHASH_OPERATIONS_LISTEN")]
    pub operations_listen: Option<SocketAddr>,
    /// Listen on an address that other machines can reach, without TLS: only behind a proxy
    #[arg(long, env = "REHASH_LISTEN_ANYWHERE")]
    pub listen_anywhere: bool,
    /// Options from a TOML file; the command line and the environment come before it
    #[arg(long, value_name = "FILE", env = "REHASH_CONFIG")]
    pub config: Option<PathBuf>,
    /// The file that holds the token for /api, /metrics and the status page; without it they are closed
    #[arg(long, value_name = "FILE", env = "REHASH_ADMIN_TOKEN_FILE")]
    pub admin_token_file: Option<PathBuf>,
    /// The file that holds the token for /v1; without it /v1 is open to whoever reaches the port
    #[arg(long, value_name = "FILE", env = "REHASH_API_TOKEN_FILE")]
    pub api_token_file: Option<PathBuf>,
    /// Let /v1/verify take records whose method mixes in a key of --key-file (devise, key:NAME): who asks can find the key out
    #[arg(long, env = "REHASH_KEYS_IN_RECORDS")]
    pub keys_in_records: bool,
    /// Show the status page at /
    #[arg(long, env = "REHASH_STATUS_PAGE")]
    pub status_page: bool,
    /// Serve /metrics without a token, on --operations-listen alone where there is one: tells whoever reaches it who has an account
    #[arg(long, env = "REHASH_METRICS_WITHOUT_TOKEN")]
    pub metrics_without_token: bool,
    /// Answer no refusal before this; 0ms is no floor [default: twice what the dearest hash in the store takes, and the time to wait for
    /// a thread: 250 ms, or as long as the queue takes, at most a second]
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
    /// Requests of one address under way at once before more are answered 429, a quarter of the connections at most; 0 is no bound
    #[arg(long, value_name = "N", default_value_t = 256, env = "REHASH_MAX_ADDRESS_REQUESTS")]
    pub max_address_requests: usize,
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
    /// Sign-ins that may wait for a thread, at most: fewer where they would not begin before the floor [default: 16 for each]
    #[arg(long, value_name = "N", env = "REHASH_QUEUE")]
    pub queue: Option<usize>,
    /// Connections to the store
    #[arg(long, value_name = "N", default_value_t = 8, env = "REHASH_STORE_CONNECTIONS")]
    pub store_connections: usize,
    /// How long to finish requests after SIGTERM, SIGHUP or Ctrl-C; a second one ends at once
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = units::parse_duration, env = "REHASH_GRACE")]
    pub grace: Duration,
    #[command(flatten)]
    pub upgrading: args::Upgrading,
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
    operators::refuse_others("--listen", Some(args.listen), args.listen_anywhere)?;
    operators::refuse_others("--operations-listen", args.operations_listen, args.listen_anywhere)?;
    let engine = keys::sign_in_engine(&args.target, &args.limits, &args.keys, &args.upgrading)?;
    let mut options = OpenOptions::default().creates(true).shared(true);
    options.connections = args.store_connections.max(1);
    let url = args.store.url()?;
    if args.mapping.is_some() && args.throttle == Some(Throttle::Store) {
        return Err(Failure::usage(
            "--throttle store needs a store of this program: a table of yours has no place for it",
        ));
    }
    let table =
        args.mapping.as_deref().map(|path| mapping::open(path, &url, engine.policy(), &options.clone().creates(false)));
    let table = table.transpose()?;
    let store = if table.is_none() { Some(rehash::store::open(&url, &options)?) } else { None };
    let defaults = PoolConfig::for_this_machine();
    let workers = args.concurrency.unwrap_or(defaults.workers);
    let pool_config = PoolConfig {
        workers,
        memory_kib: args.pool_memory.unwrap_or(defaults.memory_kib),
        queue_len: args.queue.unwrap_or(16 * workers),
    };
    let usage = |error: rehash::pool::PoolError| Failure::usage(error.to_string());
    let pool = HashPool::start(Arc::new(engine), pool_config).map_err(usage)?;
    let log = Log::start()?;
    let config = config(args, &log)?;
    let service = match (store, table) {
        (Some(store), _) => Service::new(pool.clone(), store, config)?,
        (None, Some(table)) => Service::over_table(pool.clone(), Arc::new(table), config)?,
        (None, None) => return Err(Failure::usage("there is neither a store nor a table")),
    };
    for count in service.out_of_reach() {
        let (records, method, parameters) = (count.records, printable(&count.method), printable(&count.parameters));
        say(&format!(
            "{records} records of {method} ({parameters}) take more than this service allows, and cannot sign in: \
             raise --pool-memory or the limit"
        ));
    }
    for (id, records) in service.missing_keys() {
        say(&format!("{records} records need the key `{}` and cannot sign in: give --key-file", printable(&id)));
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(workers.div_ceil(WORKERS_FOR_ONE))
        .max_blocking_threads(2 * options.connections + 8)
        .enable_all()
        .build()
        .map_err(|error| Failure::new(Exit::Fault, format!("the runtime did not start: {error}")))?;
    let operators = args.operations_listen.map(|address| Operators::start(address, &service)).transpose()?;
    let ended = runtime.block_on(serve(args, &service, operators, out))?;
    if ended == Ended::AskedTwice {
        log.end();
        say("asked to end a second time: requests that were under way were cut");
        std::process::exit(Exit::Interrupted as i32);
    }
    pool.shutdown(args.grace);
    log.end();
    if ended == Ended::Cut {
        say("some requests took longer than --grace and were cut");
    }
    Ok(Exit::Done)
}

async fn serve(
    args: &Serve,
    service: &Service,
    mut operators: Option<Operators>,
    out: &mut impl Write,
) -> Result<Ended, Failure> {
    // Before anybody is told that it listens: who then ends it is heard.
    let mut ends = Ends::heard();
    let unreachable = |error: std::io::Error| Failure::usage(format!("--listen {}: {error}", args.listen));
    let listener = bind(args.listen).map_err(unreachable)?;
    let address = listener.local_addr().map_err(unreachable)?;
    let config = service.pool().config();
    writeln!(out, "listening on http://{address}")?;
    writeln!(
        out,
        "{} threads, at most {} MiB for hashes, {} may wait; refusals wait for {} ms",
        config.workers,
        config.memory_kib.div_ceil(1024),
        service.waiting_places(),
        service.floor().as_millis()
    )?;
    if let Some(operators) = &operators {
        writeln!(out, "for operators on http://{}", operators.address)?;
    }
    if service.floor().is_zero() {
        say("there is no floor under refusals: their time tells who has an account with a dear hash");
    }
    out.flush()?;
    let broke = |error| Failure::new(Exit::Fault, format!("the listener broke: {error}"));
    let (asked, told) = tokio::sync::oneshot::channel::<()>();
    let asked_to_end = async {
        let _ = told.await;
    };
    let mut listening = std::pin::pin!(listen(service, listener, asked_to_end, args.grace));
    let operators_broke = async {
        match &mut operators {
            Some(operators) => operators.broken().await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        ended = &mut listening => return ended.map(Ended::from).map_err(broke),
        error = operators_broke => return Err(broke(error)),
        () = ends.next() => drop(asked),
    }
    // Who looks after the service is answered until all requests are.
    let ended = tokio::select! {
        ended = &mut listening => ended.map(Ended::from).map_err(broke),
        () = ends.next() => Ok(Ended::AskedTwice),
    };
    if !matches!(ended, Ok(Ended::AskedTwice)) {
        operators.into_iter().for_each(Operators::end);
    }
    ended
}

/// How it came to an end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ended {
    Finished,
    Cut,
    /// Somebody asked again: at once.
    AskedTwice,
}

impl From<Listening> for Ended {
    fn from(listening: Listening) -> Self {
        match listening {
            Listening::Finished => Self::Finished,
            Listening::Cut => Self::Cut,
        }
    }
}

fn config(args: &Serve, log: &Log) -> Result<Config, Failure> {
    let mut config = Config::default();
    config.admin_token = args.admin_token_file.as_deref().map(|path| token("--admin-token-file", path)).transpose()?;
    config.api_token = args.api_token_file.as_deref().map(|path| token("--api-token-file", path)).transpose()?;
    if args.status_page && config.admin_token.is_none() {
        return Err(Failure::usage("--status-page needs --admin-token-file: the page is for operators"));
    }
    if let (Some(admin), Some(api)) = (&config.admin_token, &config.api_token)
        && admin.is_same(api)
    {
        return Err(Failure::usage("--api-token-file has the administrators' token: whoever asks /v1 would be one"));
    }
    if args.keys_in_records && config.api_token.is_none() {
        return Err(Failure::usage(
            "--keys-in-records needs --api-token-file: whoever reaches /v1/verify would find the keys out",
        ));
    }
    config.keys_in_records = args.keys_in_records;
    config.status_page = args.status_page;
    config.metrics_without_token = args.metrics_without_token && args.operations_listen.is_none();
    config.metrics_without_token_for_operators = args.metrics_without_token;
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
    config.requests_per_address = args.max_address_requests;
    config.address_header = args.address_header.clone();
    config.store_threads = args.store_connections.max(1);
    let (is_quiet, lines, lost) = (args.quiet, log.lines.clone(), Arc::clone(&config.log_lines_lost));
    config.log = Some(Arc::new(move |line: &str| {
        let is_said = !is_quiet || line.contains("\"level\":\"error\"") || line.contains("\"level\":\"warn\"");
        // That nobody reads the log is no reason to refuse sign-ins, or to let them wait.
        if is_said && lines.try_send(LogLine::Line(line.to_owned())).is_err() {
            lost.fetch_add(1, Ordering::Relaxed);
        }
    }));
    Ok(config)
}

/// A thread that writes log lines, so that a reader who is slow, or gone, holds nobody up.
struct Log {
    lines: SyncSender<LogLine>,
    ended: Receiver<()>,
}

enum LogLine {
    Line(String),
    /// There are no more.
    End,
}

impl Log {
    fn start() -> Result<Self, Failure> {
        let (lines, waiting) = sync_channel(LOG_LINES_WAITING);
        let (end, ended) = sync_channel(1);
        let writer = std::thread::Builder::new().name("rehash-log".to_owned());
        let written = writer.spawn(move || {
            write_lines(&waiting);
            let _ = end.send(());
        });
        written.map_err(|error| Failure::new(Exit::Fault, format!("no thread for the log: {error}")))?;
        Ok(Self { lines, ended })
    }

    /// Waits until all is written that was said, or nobody reads it.
    fn end(&self) {
        let end = Instant::now() + LOG_PATIENCE;
        while self.lines.try_send(LogLine::End).is_err() && Instant::now() < end {
            std::thread::sleep(LOG_PAUSE);
        }
        let _ = self.ended.recv_timeout(end.saturating_duration_since(Instant::now()));
    }
}

/// Lines that came meanwhile are written at once: in a storm of them each would cost more to write than to answer.
fn write_lines(waiting: &Receiver<LogLine>) {
    while let Ok(LogLine::Line(first)) = waiting.recv() {
        let (mut text, mut is_over) = (first + "\n", false);
        for more in waiting.try_iter().take(LOG_LINES_AT_ONCE) {
            match more {
                LogLine::Line(line) => text = text + &line + "\n",
                LogLine::End => is_over = true,
            }
        }
        let _ = std::io::stderr().write_all(text.as_bytes());
        if is_over {
            return;
        }
        std::thread::sleep(LOG_PAUSE);
    }
}

fn token(option: &str, path: &Path) -> Result<Token, Failure> {
    let shown = printable(&path.display().to_string());
    let refused = |why: &str| Failure::usage(format!("{option} {shown}: {why}"));
    let mut text = zeroize::Zeroizing::new(String::new());
    let read = fs::File::open(path).and_then(|file| file.take(TOKEN_FILE_BYTES_MAX + 1).read_to_string(&mut text));
    read.map_err(|error| refused(&error.to_string()))?;
    if text.len() as u64 > TOKEN_FILE_BYTES_MAX {
        return Err(refused("the file is too long to be a token"));
    }
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
