//! Hashing that is no sign-in: `/v1/verify`, `/v1/hash`, and passwords of users who are created. It has places of its own, at most
//! half of the workers and so much of the memory that the other half can work, so that whoever brings dear hashes shuts out no sign-in;
//! and what it takes says nothing of how long those will take.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::problem::Problem;
use super::shares::{Full, Share, Shares};
use crate::pool::{Job, JobError, PoolConfig};

pub(super) struct Aside {
    places: Shares,
    workers: usize,
    turns: Arc<Semaphore>,
    memory_kib: u32,
    memory: Arc<Semaphore>,
}

/// A place among those who wait, and, once it is due, a worker and memory.
pub(super) struct Turn {
    _place: Share,
    _worker: OwnedSemaphorePermit,
    _memory: OwnedSemaphorePermit,
}

impl Turn {
    /// Waits for the job's answer, and gives the turn back when it is there: also where nobody waits any more, and the job runs on.
    pub(super) async fn wait<T: Send + 'static>(self, job: Job<T>) -> Result<T, JobError> {
        let answered = tokio::spawn(async move {
            let answer = job.await;
            drop(self);
            answer
        });
        answered.await.unwrap_or(Err(JobError::Panicked))
    }
}

impl Aside {
    /// `is_open` where whoever reaches the port may ask: one address then has half of the places at most. `target_kib` is what a
    /// sign-in takes.
    pub(super) fn new(pool: PoolConfig, target_kib: u32, is_open: bool) -> Self {
        let workers = (pool.workers / 2).max(1);
        let places = workers + (pool.queue_len / 2).max(1);
        let each = if is_open { places.div_ceil(2) } else { 0 };
        let others = u32::try_from(pool.workers - workers).unwrap_or(u32::MAX);
        let memory_kib = pool.memory_kib.saturating_sub(others.saturating_mul(target_kib)).max(target_kib);
        let turns = Arc::new(Semaphore::new(workers));
        Self {
            places: Shares::new(places, each),
            workers,
            turns,
            memory_kib,
            memory: Arc::new(Semaphore::new(memory_kib as usize)),
        }
    }

    /// The most that one may take, in KiB.
    pub(super) const fn memory_kib(&self) -> u32 {
        self.memory_kib
    }

    /// A worker and so much memory, where one of the half is free before the deadline. What takes more than [`Aside::memory_kib`] gets no
    /// turn.
    pub(super) async fn turn(
        &self,
        address: Option<IpAddr>,
        memory_kib: u32,
        deadline: Instant,
    ) -> Result<Turn, Problem> {
        let place = self.places.take(address).map_err(|full| match full {
            Full::All => Problem::OVERLOADED,
            Full::Address => Problem::rate_limited(1),
        })?;
        if memory_kib > self.memory_kib {
            return Err(Problem::OVERLOADED);
        }
        let turn = async {
            let worker = Arc::clone(&self.turns).acquire_owned().await.ok()?;
            Some((worker, Arc::clone(&self.memory).acquire_many_owned(memory_kib).await.ok()?))
        };
        let turn = tokio::time::timeout_at(deadline.into(), turn).await;
        let (worker, memory) = turn.ok().flatten().ok_or(Problem::OVERLOADED)?;
        Ok(Turn { _place: place, _worker: worker, _memory: memory })
    }

    /// How many workers are taken.
    pub(super) fn busy_workers(&self) -> usize {
        self.workers.saturating_sub(self.turns.available_permits())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn half_of_the_workers_are_left_to_others_and_one_address_leaves_places() {
        let aside = Aside::new(PoolConfig { workers: 2, memory_kib: 30, queue_len: 6 }, 10, true);
        let address = "192.0.2.1".parse().ok();
        let soon = || Instant::now() + Duration::from_millis(20);
        let first = aside.turn(address, 10, soon()).await;
        assert!(first.is_ok() && aside.busy_workers() == 1);
        let late = aside.turn(address, 10, soon()).await;
        assert_eq!(late.err().map(|problem| problem.status().as_u16()), Some(503));
        let waiting = tokio::join!(
            aside.turn(address, 10, soon()),
            aside.turn(address, 10, soon()),
            aside.turn(None, 10, soon())
        );
        let status = |turn: Result<Turn, Problem>| turn.err().map(|problem| problem.status().as_u16());
        assert_eq!([status(waiting.0), status(waiting.1), status(waiting.2)], [Some(503), Some(429), Some(503)]);
        drop(first);
        assert!(aside.turn(address, 10, soon()).await.is_ok());
    }

    #[tokio::test]
    async fn memory_is_left_to_the_other_half() {
        let aside = Aside::new(PoolConfig { workers: 4, memory_kib: 100, queue_len: 6 }, 10, false);
        let soon = || Instant::now() + Duration::from_millis(20);
        assert_eq!(aside.memory_kib(), 80);
        assert!(aside.turn(None, 81, soon()).await.is_err());
        let most = aside.turn(None, 80, soon()).await;
        // Another worker is free, and no memory.
        assert!(most.is_ok() && aside.turn(None, 10, soon()).await.is_err() && aside.busy_workers() == 1);
        drop(most);
        assert!(aside.turn(None, 10, soon()).await.is_ok());
    }
}
