//! How large a pool is, what it says of itself, and how it refuses.

use std::fmt;
use std::thread;

use super::memory_limit_kib;

/// How large a pool is. [`PoolConfig::for_this_machine`] fits the machine, or the control group the process is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolConfig {
    /// Hashing threads, 1 to [`PoolConfig::WORKERS_MAX`]. More than there are cores gains nothing and costs memory.
    pub workers: usize,
    /// What all hashes under way and the block memory kept between them take at most, in KiB. At least what one hash under
    /// the policy's target takes; a job that needs more than all of it is refused.
    pub memory_kib: u32,
    /// Jobs that may wait for a worker; the next one is refused at once. What is waited for is about
    /// `queue_len / workers` times the cost of one.
    pub queue_len: usize,
}

impl PoolConfig {
    /// More threads than any machine has cores are a mistake in a unit.
    pub const WORKERS_MAX: usize = 1024;

    /// One worker for each core that the process may use (its affinity and its control group's quota), 64 MiB for each but
    /// at most half of the memory that the machine or the control group has, and 32 waiting jobs for each.
    #[must_use]
    pub fn for_this_machine() -> Self {
        let workers = thread::available_parallelism().map_or(1, usize::from).min(Self::WORKERS_MAX);
        let wanted = u32::try_from(workers).unwrap_or(u32::MAX).saturating_mul(64 * 1024);
        let half = memory_limit_kib().map_or(u32::MAX, |limit| u32::try_from(limit / 2).unwrap_or(u32::MAX));
        Self { workers, memory_kib: wanted.min(half), queue_len: 32 * workers }
    }
}

/// Why a pool was not started.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PoolError {
    /// The number of workers is nought or above [`PoolConfig::WORKERS_MAX`].
    Workers {
        /// What was asked for.
        given: usize,
    },
    /// One hash under the policy's target takes more than the whole memory.
    MemoryBelowTarget {
        /// What one takes, in KiB.
        needed_kib: u32,
        /// What was allowed, in KiB.
        given_kib: u32,
    },
    /// Not even one job could wait.
    NoQueue,
    /// The operating system gave no thread.
    NoThread,
}

impl fmt::Display for PoolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Workers { given } => {
                write!(f, "{given} workers asked for, 1 to {} allowed", PoolConfig::WORKERS_MAX)
            }
            Self::MemoryBelowTarget { needed_kib, given_kib } => {
                write!(
                    f,
                    "one hash takes {needed_kib} KiB and the pool has {given_kib} KiB: allow more, or choose a smaller target"
                )
            }
            Self::NoQueue => f.write_str("a queue of 0 jobs asked for, at least 1 needed"),
            Self::NoThread => f.write_str("the operating system gave no thread"),
        }
    }
}

impl std::error::Error for PoolError {}

/// The pool has no room. It is said at once, before any work; the visitor is best told to come back later.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Overloaded {
    /// As many jobs are waiting as may.
    QueueFull {
        /// How many that is.
        queue_len: usize,
    },
    /// This job alone takes more memory than the pool has; waiting does not help.
    TooLarge {
        /// What it takes, in KiB.
        needed_kib: u32,
        /// What the pool has, in KiB.
        memory_kib: u32,
    },
    /// The pool has been shut down.
    ShutDown,
}

impl fmt::Display for Overloaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::QueueFull { queue_len } => write!(f, "{queue_len} jobs are waiting already"),
            Self::TooLarge { needed_kib, memory_kib } => {
                write!(f, "the job takes {needed_kib} KiB and the pool has {memory_kib} KiB")
            }
            Self::ShutDown => f.write_str("the pool has been shut down"),
        }
    }
}

impl std::error::Error for Overloaded {}

/// What a pool is doing, and has done since it was started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Gauges {
    /// Jobs that wait for a worker.
    pub queued: usize,
    /// Jobs under way.
    pub running: usize,
    /// Workers that are computing, those that fill lanes for another's hash among them.
    pub busy_workers: usize,
    /// Memory of hashes under way and kept for the next, in KiB.
    pub memory_kib: u32,
    /// The most that [`Gauges::memory_kib`] has been.
    pub memory_kib_peak: u32,
    /// Jobs that were computed.
    pub completed: u64,
    /// bcrypt verifications that were computed beside another one.
    pub side_by_side: u64,
    /// Jobs that were refused for want of room.
    pub overloaded: u64,
    /// Jobs whose deadline passed before a worker was free.
    pub expired: u64,
    /// Jobs that nobody waited for any more before a worker was free.
    pub cancelled: u64,
    /// Jobs that panicked.
    pub panicked: u64,
}
