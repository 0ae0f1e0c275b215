//! A server and the few connections to it, shared by threads: made when they are needed, thrown away where they are broken;
//! a transaction that others were in the way of is tried again.

use std::cell::Cell;
use std::hash::{BuildHasher as _, RandomState};
use std::ops::ControlFlow;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::TryStreamExt as _;
use futures_util::future::join;
use tokio::runtime::Runtime;
use tokio::time::timeout;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Error, Row};

use super::connect::{Target, failed, is_cut, is_transient};
use crate::store::slots::{Slot, Slots};
use crate::store::{OpenOptions, StoreError, StoreErrorKind, Swap};

/// How often a statement is tried whose connection turned out to be gone, beside once for each connection there may be: after a
/// server's restart all of them are.
const TRIES: u32 = 5;
/// How often a transaction is tried that others were in the way of.
const CROSSED_TRIES: u32 = 12;
/// The first wait before another try; each is twice as long, up to the last.
const FIRST_WAIT: Duration = Duration::from_millis(5);
const WAIT_DOUBLINGS: u32 = 4;
/// How often a connection is tried, and the wait between two tries.
pub(super) const CONNECT_TRIES: u32 = 3;
const CONNECT_WAIT: Duration = Duration::from_millis(50);
/// Rows that are fetched at once where all are gone through.
const FETCHED_ROWS: u32 = 2_000;
/// Beyond the server's own time-out, for the way there and back.
const GRACE: Duration = Duration::from_secs(2);

/// A server, as a URL names it.
pub(super) struct Server {
    pub(super) inner: Arc<Inner>,
    clients: Slots<Client>,
    /// Speaks with the server; taken when this is dropped.
    runtime: Option<Runtime>,
}

pub(super) struct Inner {
    pub(super) target: Target,
    pub(super) options: OpenOptions,
}

impl Server {
    /// Nothing is connected yet.
    pub(super) fn new(url: &str, options: &OpenOptions) -> Result<Self, StoreError> {
        let target = Target::parse(url, options)?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("rehash-postgres")
            .enable_all()
            .build()
            .map_err(|error| StoreError::new(StoreErrorKind::Other, format!("a thread cannot be started: {error}")))?;
        let clients = Slots::new(options.connections, options.acquire_timeout);
        let inner = Arc::new(Inner { target, options: options.clone() });
        Ok(Self { inner, clients, runtime: Some(runtime) })
    }

    pub(super) fn target(&self) -> &Target {
        &self.inner.target
    }

    pub(super) fn options(&self) -> &OpenOptions {
        &self.inner.options
    }

    /// A connection of the shared ones.
    pub(super) fn client(&self) -> Result<Slot<'_, Client>, StoreError> {
        self.clients.take(|| self.connect())
    }

    pub(super) fn runtime(&self) -> &Runtime {
        self.runtime.as_ref().expect("the runtime is there until the server is dropped")
    }

    /// Waits for what the runtime's own thread drives. This thread may be one of somebody else's runtime, which is then held up, where
    /// tokio's own waiting would panic: its turns are not counted here, as nobody would give it a new one.
    pub(super) fn block_on<T>(&self, work: impl Future<Output = T>) -> T {
        let _within = self.runtime().enter();
        pollster::block_on(tokio::task::unconstrained(work))
    }

    /// A new connection; tried again where it is cut while it is made, as at a server that restarts.
    pub(super) fn connect(&self) -> Result<Client, StoreError> {
        let mut tries = 1;
        loop {
            match self.block_on(self.target().connect(self.options())) {
                Err(error) if error.kind() == StoreErrorKind::Unreachable && tries < CONNECT_TRIES => tries += 1,
                connected => return connected,
            }
            std::thread::sleep(CONNECT_WAIT);
        }
    }

    /// Runs one transaction's work, again where others were in its way, or where it was cut off: the server may have been restarted
    /// since the connections were used. Work whose answer was lost may have been done: it must bear that.
    pub(super) fn with<T>(&self, work: impl AsyncFn(&Client) -> Result<T, Error>) -> Result<T, StoreError> {
        let limit = self.inner.options.statement_timeout + GRACE;
        let stale = u32::try_from(self.inner.options.connections).unwrap_or(u32::MAX);
        let (mut cut, mut crossed) = (0u32, 0u32);
        loop {
            let client = self.client()?;
            let done = self.block_on(async { timeout(limit, self.run(&client, &work)).await });
            let error = match done {
                Ok(Ok(value)) => return Ok(value),
                Ok(Err(error)) => error,
                Err(_) => {
                    client.discard();
                    return Err(StoreError::new(StoreErrorKind::Busy, "the server does not answer in time"));
                }
            };
            let tries = if is_cut(&error) || client.is_closed() {
                client.discard();
                cut += 1;
                cut.saturating_sub(stale)
            } else if is_transient(&error) {
                // Others may have the connection meanwhile.
                drop(client);
                crossed += 1;
                crossed
            } else {
                return Err(failed(&error));
            };
            if cut >= stale.saturating_add(TRIES) || crossed >= CROSSED_TRIES {
                return Err(failed(&error));
            }
            wait(tries);
        }
    }

    /// Makes a change that is read first and written where nobody else's came in between: again until it is, or a statement's time is
    /// over. Somebody's is written each time.
    pub(super) fn change<T>(&self, mut once: impl FnMut() -> Result<Option<T>, StoreError>) -> Result<T, StoreError> {
        let (begun, mut tries) = (Instant::now(), 0);
        loop {
            if let Some(changed) = once()? {
                return Ok(changed);
            }
            if begun.elapsed() >= self.inner.options.statement_timeout {
                return Err(StoreError::new(StoreErrorKind::Busy, "others were changing the user, again and again"));
            }
            tries += 1;
            wait(tries);
        }
    }

    /// Runs a swap: `write` says whether it was written, and `holds` whether the row holds what it would write. A first try
    /// whose answer was lost may have been written, so after another the row is looked at.
    pub(super) fn swap(
        &self,
        write: impl AsyncFn(&Client) -> Result<bool, Error>,
        holds: impl AsyncFn(&Client) -> Result<bool, Error>,
    ) -> Result<Swap, StoreError> {
        let is_again = Cell::new(false);
        self.with(async |client| {
            let again = is_again.replace(true);
            let is_written = write(client).await? || (again && holds(client).await?);
            Ok(if is_written { Swap::Written } else { Swap::Superseded })
        })
    }

    /// Gives each row of a query, as they stand at one moment; ends early where `each` breaks. Memory does not grow with their number.
    pub(super) fn each(&self, query: &str, each: &mut dyn FnMut(&Row) -> ControlFlow<()>) -> Result<(), StoreError> {
        // A connection of its own: it is held for as long as the reader takes.
        let client = self.connect()?;
        let begin = format!(
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = 0;
             DECLARE everyone NO SCROLL CURSOR FOR {query}"
        );
        self.block_on(client.batch_execute(&begin)).map_err(|error| failed(&error))?;
        let fetch = format!("FETCH {FETCHED_ROWS} FROM everyone");
        let mut is_ended = false;
        while !is_ended {
            is_ended = true;
            // Who is given a row may use a store of their own, which this thread then waits for.
            let nothing: [(String, Type); 0] = [];
            let rows = self.block_on(client.query_typed_raw(&fetch, nothing));
            let mut rows = pin!(rows.map_err(|error| failed(&error))?);
            loop {
                let next = self.block_on(rows.try_next());
                let Some(row) = next.map_err(|error| failed(&error))? else { break };
                is_ended = each(&row).is_break();
                if is_ended {
                    break;
                }
            }
        }
        self.block_on(client.batch_execute("COMMIT")).map_err(|error| failed(&error))
    }

    /// Where no session holds our time-outs, and that nothing is to be written, a transaction does.
    async fn run<T>(&self, client: &Client, work: impl AsyncFn(&Client) -> Result<T, Error>) -> Result<T, Error> {
        if !self.target().is_pooled() {
            return work(client).await;
        }
        let access = if self.options().is_read_only { " READ ONLY" } else { "" };
        let limit = self.options().statement_timeout.as_millis();
        let begin = format!(
            "BEGIN ISOLATION LEVEL READ COMMITTED{access}; SET LOCAL statement_timeout = {limit}; SET LOCAL lock_timeout = {limit}"
        );
        // The work goes along with it, and does not wait for its answer.
        let (begun, done) = join(client.batch_execute(&begin), work(client)).await;
        begun?;
        match done {
            Ok(value) => client.batch_execute("COMMIT").await.map(|()| value),
            Err(error) => {
                client.batch_execute("ROLLBACK").await?;
                Err(error)
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Also where the store is dropped on a thread of somebody else's runtime.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Waits longer for each try, and not as long as somebody else who was in the way.
fn wait(tries: u32) {
    let Some(doublings) = tries.checked_sub(1) else { return };
    let longest = FIRST_WAIT * 2u32.pow(doublings.min(WAIT_DOUBLINGS));
    let random = RandomState::new().hash_one(tries) % 1024;
    std::thread::sleep(longest / 2 + longest * u32::try_from(random).unwrap_or(0) / 2048);
}
