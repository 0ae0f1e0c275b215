//! Who is let in: as many at once as can be hashed in the time that they have. The others are told so before anything else is
//! done for them, so that it costs little, comes at once, and tells nothing of a user.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use crate::pool::HashPool;

#[derive(Default)]
pub(super) struct Admission {
    inside: Arc<AtomicUsize>,
    turned_away: AtomicU64,
}

/// A place, given back when it is dropped.
pub(super) struct Place(Arc<AtomicUsize>);

impl Admission {
    /// A place, where whoever takes it will have begun within `patience`. It is kept until the hash is done: those who ask
    /// the store first are counted from then on, and cannot all come to a queue that had room for one.
    /// `workers` are those that others leave.
    pub(super) fn enter(&self, pool: &HashPool, workers: usize, patience: Duration) -> Option<Place> {
        let places = places(pool, workers, patience);
        let enter = |inside| (inside < places).then_some(inside + 1);
        let entered = self.inside.fetch_update(Ordering::Relaxed, Ordering::Relaxed, enter);
        self.turned_away.fetch_add(u64::from(entered.is_err()), Ordering::Relaxed);
        entered.ok().map(|_| Place(Arc::clone(&self.inside)))
    }

    /// How many were not let in.
    pub(super) fn turned_away(&self) -> u64 {
        self.turned_away.load(Ordering::Relaxed)
    }

    /// Whether nobody else is let in just now.
    pub(super) fn is_full(&self, pool: &HashPool, workers: usize, patience: Duration) -> bool {
        self.inside.load(Ordering::Relaxed) >= places(pool, workers, patience)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// As many as the pool takes, or as begin in the patience; a fifth of it is left, since jobs take longer at times than they did of late.
pub(super) fn places(pool: &HashPool, workers: usize, patience: Duration) -> usize {
    let (config, job_time) = (pool.config(), pool.job_time());
    let most = config.queue_len.saturating_add(workers);
    let in_time = (patience * 4 / 5 * small(workers)).as_nanos().checked_div(job_time.as_nanos());
    let waiting = in_time.map_or(most, |jobs| usize::try_from(jobs).unwrap_or(most));
    waiting.saturating_add(workers).min(most)
}

/// A pool has no more workers than that.
fn small(workers: usize) -> u32 {
    u32::try_from(workers).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pool::PoolConfig;
    use crate::{Argon2Target, Engine, Password, Policy};

    fn pool() -> HashPool {
        let target = Argon2Target { memory_kib: 1024, passes: 2, lanes: 1 };
        let engine = Policy::builder(target).build().ok().and_then(|policy| Engine::new(policy).ok());
        let config = PoolConfig { workers: 2, memory_kib: 4096, queue_len: 30 };
        let pool = engine.and_then(|engine| HashPool::start(Arc::new(engine), config).ok());
        pool.unwrap_or_else(|| panic!("no pool"))
    }

    #[test]
    fn no_more_are_let_in_than_begin_in_time() {
        let (pool, admission) = (pool(), Admission::default());
        assert_eq!(places(&pool, 2, Duration::ZERO), 32, "what a job takes is not known yet");
        for _ in 0..3 {
            let job = pool.verify_unknown_user(Password::new("x"), None).ok().map(crate::pool::Job::wait);
            assert!(job.is_some_and(|job| job.is_ok()));
        }
        // A worker says how long it took a moment after its answer is there.
        let measured = (0..200).find_map(|_| {
            std::thread::sleep(Duration::from_millis(10));
            Some(pool.job_time()).filter(|time| !time.is_zero())
        });
        let job_time = measured.unwrap_or_else(|| panic!("not measured"));
        assert_eq!(places(&pool, 2, Duration::from_secs(3600)), 32);
        assert_eq!(places(&pool, 2, Duration::ZERO), 2, "who finds a worker idle begins at once");
        assert!((13..=15).contains(&places(&pool, 2, job_time * 8)));
        assert!((7..=8).contains(&places(&pool, 1, job_time * 8)), "with half of the workers");
        let (one, two) = (admission.enter(&pool, 2, Duration::ZERO), admission.enter(&pool, 2, Duration::ZERO));
        assert!(one.is_some() && two.is_some() && admission.enter(&pool, 2, Duration::ZERO).is_none());
        drop(one);
        assert!(admission.enter(&pool, 2, Duration::ZERO).is_some());
    }
}
