//! Calls to the store: on blocking threads, as many at once as it has connections, and none longer than it may take.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::problem::Problem;
use crate::store::StoreError;

pub(super) struct Blocking {
    permits: Arc<Semaphore>,
    timeout: Duration,
}

/// Why the store gave no answer.
#[derive(Debug)]
pub(super) enum NoAnswer {
    /// It said why.
    Store(StoreError),
    /// It did not say anything in time.
    TimedOut,
    /// The call panicked.
    Fault,
}

impl Blocking {
    pub(super) fn new(threads: usize, timeout: Duration) -> Self {
        Self { permits: Arc::new(Semaphore::new(threads.max(1))), timeout }
    }

    /// Runs a call. One that takes too long goes on, and keeps its place until it is done: places are what the store can bear.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        call: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, NoAnswer> {
        let permits = Arc::clone(&self.permits);
        let answer = async {
            let permit = permits.acquire_owned().await.map_err(|_| NoAnswer::Fault)?;
            let called = tokio::task::spawn_blocking(move || {
                let _permit = permit;
                call()
            });
            called.await.map_err(|_| NoAnswer::Fault)?.map_err(NoAnswer::Store)
        };
        timeout(self.timeout, answer).await.unwrap_or(Err(NoAnswer::TimedOut))
    }
}

impl std::fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Store(error) => error.fmt(f),
            Self::TimedOut => f.write_str("the store did not answer in time"),
            Self::Fault => f.write_str("a call to the store ended early"),
        }
    }
}

impl From<NoAnswer> for Problem {
    fn from(no_answer: NoAnswer) -> Self {
        let problem = match no_answer {
            NoAnswer::Fault => Self::FAULT,
            NoAnswer::Store(_) | NoAnswer::TimedOut => Self::STORE_UNAVAILABLE,
        };
        problem.because(no_answer)
    }
}
