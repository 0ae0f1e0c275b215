//! A server and the few connections to it, shared by threads: made when they are needed, thrown away where they are broken;
//! a transaction that others were in the way of is tried again.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join;
use tokio::runtime::Runtime;
use tokio::time::timeout;
use tokio_postgres::{Client, Error};

use super::connect::{Target, failed, is_cut, is_transient};
use crate::store::slots::{Slot, Slots};
use crate::store::{OpenOptions, StoreError, StoreErrorKind, Swap};

/// How often a statement is tried that others were in the way of, or whose connection turned out to be gone.
pub(super) const TRIES: u32 = 5;
/// How often a connection is tried, and the wait between two tries.
pub(super) const CONNECT_TRIES: u32 = 3;
const CONNECT_WAIT: Duration = Duration::from_millis(50);
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

    /// A new connection; tried again where it is cut while it is made, as at a server that restarts.
    pub(super) fn connect(&self) -> Result<Client, StoreError> {
        let mut tries = 1;
        loop {
            match self.runtime().block_on(self.target().connect(self.options())) {
                Err(error) if error.kind() == StoreErrorKind::Unreachable && tries < CONNECT_TRIES => tries += 1,
                connected => return connected,
            }
            std::thread::sleep(CONNECT_WAIT);
        }
    }

    /// Runs one transaction's work, again where others were in its way. Work that is cut off is tried once more where the
    /// connection had been idle: the server may have been restarted meanwhile.
    pub(super) fn with<T>(&self, work: impl AsyncFn(&Client) -> Result<T, Error>) -> Result<T, StoreError> {
        let limit = self.inner.options.statement_timeout + GRACE;
        let mut last = None;
        for attempt in 0..TRIES {
            let client = self.client()?;
            if client.is_closed() {
                client.discard();
                continue;
            }
            let done = self.runtime().block_on(async { timeout(limit, self.run(&client, &work)).await });
            match done {
                Ok(Ok(value)) => return Ok(value),
                Ok(Err(error)) => {
                    if is_cut(&error) || client.is_closed() {
                        client.discard();
                    } else if !is_transient(&error) {
                        return Err(failed(&error));
                    }
                    last = Some(failed(&error));
                }
                Err(_) => {
                    client.discard();
                    return Err(StoreError::new(StoreErrorKind::Busy, "the server does not answer in time"));
                }
            }
            std::thread::sleep(Duration::from_millis(5) * 2u32.pow(attempt));
        }
        Err(last
            .unwrap_or_else(|| StoreError::new(StoreErrorKind::Unreachable, "the connections are cut again and again")))
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

    /// Where no session holds our time-outs, and that nothing is to be written, a transaction does.
    async fn run<T>(&self, client: &Client, work: impl AsyncFn(&Client) -> Result<T, Error>) -> Result<T, Error> {
        if !self.target().is_pooled() {
            return work(client).await;
        }
        let access = if self.options().is_read_only { " READ ONLY" } else { "" };
        let limit = self.options().statement_timeout.as_millis();
        let begin = format!("BEGIN{access}; SET LOCAL statement_timeout = {limit}; SET LOCAL lock_timeout = {limit}");
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
