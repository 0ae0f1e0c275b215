//! How a service behaves; every limit with its reason.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use super::Token;

/// Takes one line of JSON for each request that was answered. It must not block for long.
pub type LogSink = Arc<dyn Fn(&str) + Send + Sync>;

/// When refusals are answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FloorMode {
    /// Not before twice what the dearest hash in the store takes on this machine, measured at the start, and the time to wait for a worker.
    Measured,
    /// Not before this. Where a hash is found that takes longer, the log says so; nought is no floor.
    Fixed(Duration),
    /// As soon as they are known: a wrong password on a dear hash is then told from an unknown user.
    Off,
}

/// How a service behaves. The default is safe on a loopback address: no admin token, so the user API is closed.
#[derive(Clone)]
#[non_exhaustive]
pub struct Config {
    /// For `/api`, `/metrics` and the status page; without it they are closed.
    pub admin_token: Option<Token>,
    /// For `/v1`; without it `/v1` is open to whoever reaches the port.
    pub api_token: Option<Token>,
    /// Whether `/v1/verify` takes records whose method mixes a registered key into the password: `devise`, and expressions with `key:NAME`.
    /// Who may send such records finds those keys out, a byte with each few hundred requests: for callers who may know them, behind
    /// [`Config::api_token`]. Keys that are used whole (`keyid=` of Argon2, `sk=key:` of Firebase's scrypt) need no such leave.
    pub keys_in_records: bool,
    /// Whether there is a status page at `/`.
    pub status_page: bool,
    /// Whether `/metrics` is open to whoever reaches the port. It counts sign-ins by outcome and method: a visitor who reads it before
    /// and after one of their own learns whether there is such a user and how they are stored. For a listener that visitors do not
    /// reach.
    pub metrics_without_token: bool,
    /// The same where operators alone ask ([`listen_for_operators`](super::listen_for_operators)).
    pub metrics_without_token_for_operators: bool,
    /// When refusals are answered.
    pub floor: FloorMode,
    /// Failures for one identifier in [`Config::throttle_window`] after which it is refused whatever the password; nought turns
    /// it off, and with it the bound on guesses at one identifier at once, which keeps a burst of them from telling a dear hash. Ten: NIST SP 800-63B allows a hundred, people mistype four times.
    pub failures_per_identifier: u32,
    /// The same for one address. More, since many users share one.
    pub failures_per_address: u32,
    /// This long after the first of them, failures are forgotten.
    pub throttle_window: Duration,
    /// How many identifiers and addresses are remembered at most; 24 bytes each.
    pub throttle_entries: usize,
    /// Whether failures are counted in the store as well, so that several instances count together; where it takes no writes,
    /// each counts for itself. Costs a write for each guess, beside the look-up, and another one for each that is right.
    pub throttle_in_store: bool,
    /// Requests to `/api` in a second, with bursts of twice as many; more are answered 429. Nought turns it off.
    pub api_rate: u32,
    /// The longest body, in bytes. A record with 4 KiB of password and its data is far below.
    pub body_bytes_max: usize,
    /// How long a body may take to arrive.
    pub body_timeout: Duration,
    /// How long a request may wait for the pool.
    pub queue_timeout: Duration,
    /// How many calls to the store run at once: as many as it has connections. Of three or more, one is always left to those who read.
    pub store_threads: usize,
    /// How long a call to the store may wait for its turn and take; after that the answer is 503.
    pub store_timeout: Duration,
    /// How old the store's counts may be that metrics, the status page and the floor use.
    pub counts_age: Duration,
    /// The same where they are those of a table of the embedder's own: counting reads all of it.
    pub scan_age: Duration,
    /// Connections at once. The next one takes the place of the one that has been silent longest, and waits where all are busy.
    /// Requests that may take long hold fifteen in sixteen of them at most, and are answered 503 beyond that, so that the rest answers at
    /// once. Each costs some 20 KiB.
    pub connections_max: usize,
    /// Requests of one address that are under way at once, which each hold a connection while they wait for the floor; more are
    /// answered 429. A quarter of the connections, which is also the most that counts; nought is no bound.
    pub requests_per_address: usize,
    /// How long the head of a request may take to arrive, and a connection may be idle.
    pub head_timeout: Duration,
    /// The header that a proxy in front sets to the visitor's address, where there is one: of several addresses the last counts,
    /// with or without a port. Without one that can be read, the peer's address counts. Whoever can reach the port can set it too.
    pub address_header: Option<String>,
    /// Where log lines go.
    pub log: Option<LogSink>,
    /// Lines that it could not take, as it counts them: shown among the metrics.
    pub log_lines_lost: Arc<AtomicU64>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            admin_token: None,
            api_token: None,
            keys_in_records: false,
            status_page: false,
            metrics_without_token: false,
            metrics_without_token_for_operators: false,
            floor: FloorMode::Measured,
            failures_per_identifier: 10,
            failures_per_address: 200,
            throttle_window: Duration::from_secs(15 * 60),
            throttle_entries: 65_536,
            throttle_in_store: false,
            api_rate: 200,
            body_bytes_max: 64 * 1024,
            body_timeout: Duration::from_secs(10),
            queue_timeout: Duration::from_secs(5),
            store_threads: 8,
            store_timeout: Duration::from_secs(5),
            counts_age: Duration::from_secs(15),
            scan_age: Duration::from_secs(60 * 60),
            connections_max: 1024,
            requests_per_address: 256,
            head_timeout: Duration::from_secs(10),
            address_header: None,
            log: None,
            log_lines_lost: Arc::default(),
        }
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("floor", &self.floor)
            .field("has_admin_token", &self.admin_token.is_some())
            .field("has_api_token", &self.api_token.is_some())
            .finish_non_exhaustive()
    }
}
