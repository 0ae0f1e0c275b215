//! Hashing that is no sign-in: `/v1/verify`, `/v1/hash`, and passwords of users who are created. It has places of its own and at most
//! half of the workers, so that whoever brings dear hashes shuts out no sign-in; and what it takes says nothing of how long those
//! will take.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::problem::Problem;
use super::shares::{Full, Share, Shares};
use crate::pool::PoolConfig;

pub(super) struct Aside {
    places: Shares,
    workers: usize,
    turns: Arc<Semaphore>,
}

/// A place among those who wait, and, once it is due, a worker.
pub(super) struct Turn {
    _place: Share,
    _worker: OwnedSemaphorePermit,
}

impl Aside {
    /// `is_open` where whoever reaches the port may ask: one address then has half of the places at most.
    pub(super) fn new(pool: PoolConfig, is_open: bool) -> Self {
        let workers = (pool.workers / 2).max(1);
        let places = workers + (pool.queue_len / 2).max(1);
        let each = if is_open { places.div_ceil(2) } else { 0 };
        Self { places: Shares::new(places, each), workers, turns: Arc::new(Semaphore::new(workers)) }
    }

    /// A worker, where one of the half is free before the deadline.
    pub(super) async fn turn(&self, address: Option<IpAddr>, deadline: Instant) -> Result<Turn, Problem> {
        let place = self.places.take(address).map_err(|full| match full {
            Full::All => Problem::OVERLOADED,
            Full::Address => Problem::rate_limited(1),
        })?;
        let turn = tokio::time::timeout_at(deadline.into(), Arc::clone(&self.turns).acquire_owned()).await;
        let worker = turn.ok().and_then(Result::ok).ok_or(Problem::OVERLOADED)?;
        Ok(Turn { _place: place, _worker: worker })
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
        let aside = Aside::new(PoolConfig { workers: 2, memory_kib: 1, queue_len: 6 }, true);
        let address = "192.0.2.1".parse().ok();
        let soon = || Instant::now() + Duration::from_millis(20);
        let first = aside.turn(address, soon()).await;
        assert!(first.is_ok() && aside.busy_workers() == 1);
        let late = aside.turn(address, soon()).await;
        assert_eq!(late.err().map(|problem| problem.status().as_u16()), Some(503));
        let waiting = tokio::join!(aside.turn(address, soon()), aside.turn(address, soon()), aside.turn(None, soon()));
        let status = |turn: Result<Turn, Problem>| turn.err().map(|problem| problem.status().as_u16());
        assert_eq!([status(waiting.0), status(waiting.1), status(waiting.2)], [Some(503), Some(429), Some(503)]);
        drop(first);
        assert!(aside.turn(address, soon()).await.is_ok());
    }
}
