//! One answer on its way from a worker to whoever asked: a future that needs no runtime, and a wait that needs no executor.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, PoisonError, Weak};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use super::Shared;

/// Why a job that was taken has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JobError {
    /// Its deadline passed before a worker was free. Nothing was computed.
    DeadlinePassed,
    /// Its computation panicked: a fault of this library, or of what was given to [`HashPool::run`](super::HashPool::run). The worker
    /// goes on with the next.
    Panicked,
    /// The pool was shut down before a worker was free. Nothing was computed.
    ShutDown,
}

impl fmt::Display for JobError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::DeadlinePassed => "the deadline passed before a worker was free",
            Self::Panicked => "the computation panicked",
            Self::ShutDown => "the pool was shut down",
        })
    }
}

impl std::error::Error for JobError {}

/// An answer that a worker owes. Await it, or [`Job::wait`] for it. Dropped, it takes a waiting job out of the queue; one that is
/// under way is finished, and keeps its worker and its memory until then.
#[must_use = "a job that is dropped is taken out of the queue"]
pub struct Job<T> {
    slot: Arc<Slot<T>>,
    pool: Weak<Shared>,
    id: u64,
}

struct Slot<T> {
    state: Mutex<SlotState<T>>,
    answered: Condvar,
}

struct SlotState<T> {
    answer: Option<Result<T, JobError>>,
    waker: Option<Waker>,
    is_answered: bool,
}

/// The worker's end. Dropped without an answer, which only a panic does, it says so.
pub(super) struct Sender<T>(Arc<Slot<T>>);

pub(super) fn channel<T>(pool: Weak<Shared>, id: u64) -> (Sender<T>, Job<T>) {
    let state = SlotState { answer: None, waker: None, is_answered: false };
    let slot = Arc::new(Slot { state: Mutex::new(state), answered: Condvar::new() });
    (Sender(Arc::clone(&slot)), Job { slot, pool, id })
}

impl<T> Sender<T> {
    pub(super) fn send(self, answer: T) {
        self.0.answer(Ok(answer));
    }

    pub(super) fn fail(self, error: JobError) {
        self.0.answer(Err(error));
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        self.0.answer(Err(JobError::Panicked));
    }
}

impl<T> Slot<T> {
    /// The first answer counts.
    fn answer(&self, answer: Result<T, JobError>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.is_answered {
            return;
        }
        state.is_answered = true;
        state.answer = Some(answer);
        let waker = state.waker.take();
        drop(state);
        self.answered.notify_all();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl<T> Job<T> {
    /// Blocks this thread until the answer is there.
    ///
    /// # Errors
    ///
    /// [`JobError`].
    pub fn wait(self) -> Result<T, JobError> {
        let mut state = self.slot.state.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(answer) = state.answer.take() {
                return answer;
            }
            state = self.slot.answered.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// The same for no longer than `patience`; the job itself where there is no answer by then, to be waited for again or dropped.
    ///
    /// # Errors
    ///
    /// The job.
    pub fn wait_timeout(self, patience: Duration) -> Result<Result<T, JobError>, Self> {
        let state = self.slot.state.lock().unwrap_or_else(PoisonError::into_inner);
        let is_open = |state: &mut SlotState<T>| state.answer.is_none();
        let waited = self.slot.answered.wait_timeout_while(state, patience, is_open);
        let answer = waited.unwrap_or_else(PoisonError::into_inner).0.answer.take();
        answer.ok_or(self)
    }
}

impl<T> Future for Job<T> {
    type Output = Result<T, JobError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.slot.state.lock().unwrap_or_else(PoisonError::into_inner);
        match state.answer.take() {
            Some(answer) => Poll::Ready(answer),
            None => {
                match &mut state.waker {
                    Some(waker) => waker.clone_from(context.waker()),
                    none => *none = Some(context.waker().clone()),
                }
                Poll::Pending
            }
        }
    }
}

impl<T> Drop for Job<T> {
    fn drop(&mut self) {
        let is_answered = self.slot.state.lock().unwrap_or_else(PoisonError::into_inner).is_answered;
        if !is_answered && let Some(pool) = self.pool.upgrade() {
            pool.cancel(self.id);
        }
    }
}

impl<T> fmt::Debug for Job<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Job").field("id", &self.id).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_waited_for_no_longer_than_is_said() {
        let (answer, job) = channel(Weak::new(), 1);
        let Err(job) = job.wait_timeout(Duration::from_millis(5)) else { panic!("nobody has answered") };
        answer.send(7);
        assert_eq!(job.wait_timeout(Duration::from_secs(60)).ok(), Some(Ok(7)));
    }
}
