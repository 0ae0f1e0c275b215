//! Calls to the store: on blocking threads, as many at once as it has connections, and none waited for longer than it may take. Those
//! that write have half of the places: where nobody can write for a while, those who only read go on.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::problem::Problem;
use crate::store::StoreError;

pub(super) struct Blocking {
    reads: Arc<Semaphore>,
    writes: Arc<Semaphore>,
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
        let semaphore = |places: usize| Arc::new(Semaphore::new(places.max(1)));
        Self { reads: semaphore(threads), writes: semaphore(threads / 2), timeout }
    }

    /// Runs a call that reads. One that takes too long goes on, and keeps its place until it is done: places are what the store can
    /// bear.
    pub(super) async fn run<T: Send + 'static>(&self, call: impl Call<T>) -> Result<T, NoAnswer> {
        within(self.timeout, async { in_place(place(&self.reads).await?, call).await }).await
    }

    /// Runs a call that writes. Once it has begun it is waited for to its end, which the store's own times bound: who is told that
    /// nothing was done can rely on it.
    pub(super) async fn write<T: Send + 'static>(&self, call: impl Call<T>) -> Result<T, NoAnswer> {
        in_place(within(self.timeout, place(&self.writes)).await?, call).await
    }

    /// Runs a call that writes what can as well be written another time: one that is not done so soon goes on by itself.
    pub(super) async fn write_within<T: Send + 'static>(
        &self,
        patience: Duration,
        call: impl Call<T>,
    ) -> Result<T, NoAnswer> {
        within(patience.min(self.timeout), async { in_place(place(&self.writes).await?, call).await }).await
    }
}

/// A call to the store, for a thread that may block.
pub(super) trait Call<T>: FnOnce() -> Result<T, StoreError> + Send + 'static {}

impl<T, F: FnOnce() -> Result<T, StoreError> + Send + 'static> Call<T> for F {}

async fn within<T>(patience: Duration, answer: impl Future<Output = Result<T, NoAnswer>>) -> Result<T, NoAnswer> {
    timeout(patience, answer).await.unwrap_or(Err(NoAnswer::TimedOut))
}

async fn place(places: &Arc<Semaphore>) -> Result<OwnedSemaphorePermit, NoAnswer> {
    Arc::clone(places).acquire_owned().await.map_err(|_| NoAnswer::Fault)
}

async fn in_place<T: Send + 'static>(place: OwnedSemaphorePermit, call: impl Call<T>) -> Result<T, NoAnswer> {
    let called = tokio::task::spawn_blocking(move || {
        let _place = place;
        call()
    });
    called.await.map_err(|_| NoAnswer::Fault)?.map_err(NoAnswer::Store)
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
