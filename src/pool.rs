//! A bounded pool of hashing threads: fixed workers, each with its own block memory; admission by memory and by the length of
//! the queue; an answer at once where there is no room. It needs no runtime: a [`Job`] is a future that any executor can poll,
//! and can be waited for by a thread that has none.
//!
//! It does no I/O but to read, once, how much memory the machine or the control group allows.

mod config;
mod job;
mod machine;
mod queue;
mod submit;
mod worker;

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::{Accepted, ChangeError, Cost, Denied, Engine, HashError, Password, Replacement, StoredHash, Unverifiable};

use queue::{Entry, Queue, Work};

pub use config::{Gauges, Overloaded, PoolConfig, PoolError};
pub use job::{Job, JobError};
pub use machine::memory_limit_kib;
#[cfg(feature = "serve")]
pub(crate) use worker::DEAR;

/// A pool of hashing threads. Clones are the same pool; when the last one is dropped it takes no more jobs, fails what waits,
/// and ends when what runs is done.
///
/// Peak memory is [`PoolConfig::memory_kib`], whatever is asked of it, plus a few KiB for each job that waits. Each job owns
/// its place: dropping a [`Job`] takes a waiting one out of the queue at once, and frees nothing early that is under way.
///
/// Waiting jobs are taken in turn among classes of cost (each class covers a factor of four), so that a row of dear hashes does
/// not hold up the others; hashes of more than half a second may use all workers but one. bcrypt hashes of one cost that wait
/// are computed up to four side by side. Where workers are idle, they fill lanes of an Argon2 hash that has several.
///
/// ```
/// use std::sync::Arc;
/// use rehash::pool::{HashPool, PoolConfig};
/// # use rehash::{Argon2Target, Engine, Limits, Method, Password, Policy, StoredHash};
/// # let policy = Policy::builder(Argon2Target { memory_kib: 64, passes: 1, lanes: 1 }).build()?;
/// let pool = HashPool::start(Arc::new(Engine::new(policy)?), PoolConfig::for_this_machine())?;
/// let stored = StoredHash::parse(Method::Md5, "5f4dcc3b5aa765d61d8327deb882cf99", &Limits::default())?;
///
/// // From a thread: `wait`. From any executor: `.await`.
/// let verdict = pool.verify(stored, Password::new("password"), None)?.wait()?;
/// assert!(verdict.is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct HashPool {
    handle: Arc<Handle>,
}

struct Handle {
    shared: Arc<Shared>,
    threads: Mutex<Vec<thread::JoinHandle<()>>>,
}

/// What workers, jobs and handles share.
struct Shared {
    engine: Arc<Engine>,
    config: PoolConfig,
    state: Mutex<State>,
    /// A job has come, memory or a worker has become free, or the pool is closing.
    changed: Condvar,
    /// A deadline has come that is nearer than those before, or the pool is closing.
    deadlines: Condvar,
    /// What a job has taken a worker of late, in nanoseconds; nought before the first. Written under the lock, and read without it.
    job_nanos: AtomicU64,
}

struct State {
    queue: Queue,
    /// Of each worker, what its job takes or its arena holds, in KiB.
    held_kib: Vec<u32>,
    /// Somebody waits for memory that idle workers keep.
    is_memory_wanted: bool,
    idle_workers: usize,
    /// Workers' places that threads for lanes take.
    borrowed: usize,
    dear_running: usize,
    /// No new jobs.
    is_closed: bool,
    /// No waiting jobs either.
    is_aborted: bool,
    next_id: u64,
    gauges: Gauges,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a waiting job out that nobody waits for any more.
    fn cancel(&self, id: u64) {
        let mut state = self.lock();
        let entry = state.queue.remove(id);
        if entry.is_some() {
            state.gauges.cancelled += 1;
        }
        if state.is_closed {
            self.deadlines.notify_all();
        }
        drop(state);
        drop(entry);
    }
}

impl HashPool {
    /// Starts the workers.
    ///
    /// # Errors
    ///
    /// [`PoolError`].
    pub fn start(engine: Arc<Engine>, config: PoolConfig) -> Result<Self, PoolError> {
        if config.workers == 0 || config.workers > PoolConfig::WORKERS_MAX {
            return Err(PoolError::Workers { given: config.workers });
        }
        if config.queue_len == 0 {
            return Err(PoolError::NoQueue);
        }
        let needed_kib = engine.target_cost().memory_kib;
        if needed_kib > config.memory_kib {
            return Err(PoolError::MemoryBelowTarget { needed_kib, given_kib: config.memory_kib });
        }
        let state = State {
            queue: Queue::default(),
            held_kib: vec![0; config.workers],
            is_memory_wanted: false,
            idle_workers: config.workers,
            borrowed: 0,
            dear_running: 0,
            is_closed: false,
            is_aborted: false,
            next_id: 0,
            gauges: Gauges::default(),
        };
        let shared = Arc::new(Shared {
            engine,
            config,
            state: Mutex::new(state),
            changed: Condvar::new(),
            deadlines: Condvar::new(),
            job_nanos: AtomicU64::new(0),
        });
        let pool = Self { handle: Arc::new(Handle { shared: Arc::clone(&shared), threads: Mutex::default() }) };
        let workers = (0..config.workers).map(Some).chain([None]);
        for worker in workers {
            let shared = Arc::clone(&shared);
            let builder = thread::Builder::new().name(match worker {
                Some(number) => format!("rehash-{number}"),
                None => "rehash-deadlines".to_owned(),
            });
            let spawned = builder.spawn(move || match worker {
                Some(number) => worker::run(&shared, number),
                None => worker::keep_deadlines(&shared),
            });
            let thread = spawned.map_err(|_| PoolError::NoThread)?;
            pool.handle.threads.lock().unwrap_or_else(PoisonError::into_inner).push(thread);
        }
        Ok(pool)
    }

    /// The engine that the workers use.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.handle.shared.engine
    }

    /// The sizes it was started with.
    #[must_use]
    pub fn config(&self) -> PoolConfig {
        self.handle.shared.config
    }

    /// [`Engine::verify`], on a worker. Not begun after the deadline. A hash that takes more than the whole pool has is answered with
    /// [`Unverifiable::BeyondPool`], in the queue and at the cost of an unknown user: who asks is not told that there is such a user.
    ///
    /// # Errors
    ///
    /// [`Overloaded`], at once: as for an unknown user.
    pub fn verify(
        &self,
        stored: StoredHash,
        password: Password,
        deadline: Option<Instant>,
    ) -> Result<Job<Result<Accepted, Denied>>, Overloaded> {
        self.verify_as(stored, password, deadline, true)
    }

    /// The same for work that says nothing of what others take: [`HashPool::job_time`] leaves it out.
    #[cfg(feature = "serve")]
    pub(crate) fn verify_aside(
        &self,
        stored: StoredHash,
        password: Password,
        deadline: Option<Instant>,
    ) -> Result<Job<Result<Accepted, Denied>>, Overloaded> {
        self.verify_as(stored, password, deadline, false)
    }

    fn verify_as(
        &self,
        stored: StoredHash,
        password: Password,
        deadline: Option<Instant>,
        is_measured: bool,
    ) -> Result<Job<Result<Accepted, Denied>>, Overloaded> {
        if let Some(why) = self.beyond(&stored) {
            let cost = self.engine().target_cost();
            return self.run_as(cost, deadline, is_measured, true, move |engine| {
                let _: Denied = engine.verify_unknown_user(&password);
                Err(Denied::Unverifiable(why))
            });
        }
        let entry = Entry::of_verification(self.engine(), &stored, deadline, is_measured);
        self.submit(entry, |answer| Work::Verify { stored: Box::new(stored), password, answer })
    }

    /// Why a hash can never be verified here, whatever it is waited for.
    fn beyond(&self, stored: &StoredHash) -> Option<Unverifiable> {
        let (needed_kib, memory_kib) = (self.engine().verify_cost(stored).memory_kib, self.config().memory_kib);
        (needed_kib > memory_kib).then_some(Unverifiable::BeyondPool { needed_kib, memory_kib })
    }

    /// [`Engine::change`], on a worker. Not begun after the deadline. Where the old password's hash takes more than the pool has, as
    /// [`HashPool::verify`].
    ///
    /// # Errors
    ///
    /// [`Overloaded`], at once.
    pub fn change(
        &self,
        stored: StoredHash,
        old: Password,
        new: Password,
        deadline: Option<Instant>,
    ) -> Result<Job<Result<Replacement, ChangeError>>, Overloaded> {
        let target = self.engine().target_cost();
        if let Some(why) = self.beyond(&stored) {
            return self.run_as(target, deadline, true, true, move |engine| {
                let _: Denied = engine.verify_unknown_user(&old);
                Err(ChangeError::Denied(Denied::Unverifiable(why)))
            });
        }
        let cost = self.engine().verify_cost(&stored);
        let fits_arena = Entry::fits_arena(&stored);
        self.run_as(cost, deadline, true, fits_arena, move |engine| engine.change(&stored, &old, &new))
    }

    /// [`Engine::verify_unknown_user`], on a worker. Not begun after the deadline.
    ///
    /// # Errors
    ///
    /// [`Overloaded`], at once: as for a known user.
    pub fn verify_unknown_user(
        &self,
        password: Password,
        deadline: Option<Instant>,
    ) -> Result<Job<Denied>, Overloaded> {
        let cost = self.engine().target_cost();
        self.run_as(cost, deadline, true, true, move |engine| engine.verify_unknown_user(&password))
    }

    /// [`Engine::hash`], on a worker. Not begun after the deadline.
    ///
    /// # Errors
    ///
    /// [`Overloaded`], at once.
    pub fn hash(
        &self,
        password: Password,
        deadline: Option<Instant>,
    ) -> Result<Job<Result<StoredHash, HashError>>, Overloaded> {
        self.run_as(self.engine().target_cost(), deadline, true, true, move |engine| engine.hash(&password))
    }

    /// Anything that hashes, on a worker, within the one budget. `cost` is what it takes at most at a time: the dearest of
    /// the hashes that it computes one after the other ([`Engine::verify_cost`] for a verification). Whatever takes memory is given
    /// it anew: what the worker has kept from its last hash is Argon2's alone, and goes before.
    ///
    /// # Errors
    ///
    /// [`Overloaded`], at once.
    pub fn run<T: Send + 'static>(
        &self,
        cost: Cost,
        deadline: Option<Instant>,
        work: impl FnOnce(&Engine) -> T + Send + 'static,
    ) -> Result<Job<T>, Overloaded> {
        self.run_as(cost, deadline, true, false, work)
    }

    /// The same for work of Argon2 that says nothing of what others take: [`HashPool::job_time`] leaves it out.
    #[cfg(feature = "serve")]
    pub(crate) fn run_aside<T: Send + 'static>(
        &self,
        cost: Cost,
        deadline: Option<Instant>,
        work: impl FnOnce(&Engine) -> T + Send + 'static,
    ) -> Result<Job<T>, Overloaded> {
        self.run_as(cost, deadline, false, true, work)
    }

    /// What the pool is doing.
    #[must_use]
    pub fn gauges(&self) -> Gauges {
        let shared = &self.handle.shared;
        let state = shared.lock();
        Gauges {
            queued: state.queue.len(),
            busy_workers: shared.config.workers - state.idle_workers + state.borrowed,
            memory_kib: state.held_kib(),
            ..state.gauges
        }
    }

    /// What a job has taken a worker of late: a mean in which the last eight weigh most. Nought before the first is done. With it
    /// goes what a new job waits for: as many times as there are jobs before it, divided by the workers.
    #[must_use]
    pub fn job_time(&self) -> Duration {
        Duration::from_nanos(self.handle.shared.job_nanos.load(Ordering::Relaxed))
    }

    /// Takes no more jobs, and returns when all that it has taken are done. What still waits after `grace` fails with
    /// [`JobError::ShutDown`]; what runs is always finished.
    pub fn shutdown(&self, grace: Duration) {
        let shared = &self.handle.shared;
        let end = Instant::now().checked_add(grace);
        let mut state = shared.lock();
        state.is_closed = true;
        shared.changed.notify_all();
        while state.queue.len() > 0 {
            let left = end.map_or(Duration::from_secs(1), |end| end.saturating_duration_since(Instant::now()));
            if left.is_zero() {
                break;
            }
            // A worker tells when it takes a job.
            state = shared.deadlines.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        drop(state);
        self.handle.close();
        let threads = std::mem::take(&mut *self.handle.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            // A worker does not end by a panic; if it did, its job has said so.
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for HashPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HashPool").field("config", &self.config()).field("gauges", &self.gauges()).finish()
    }
}

impl Handle {
    fn close(&self) {
        let mut state = self.shared.lock();
        state.is_closed = true;
        state.is_aborted = true;
        let waiting = state.queue.take_all();
        drop(state);
        waiting.into_iter().for_each(|entry| entry.work.fail(JobError::ShutDown));
        self.shared.changed.notify_all();
        self.shared.deadlines.notify_all();
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.close();
    }
}

#[cfg(test)]
mod tests;
