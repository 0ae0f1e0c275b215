//! Measuring what a pool does: clients that each ask again as soon as they are answered, in slices of time, so that a machine
//! with something else to do shows in the difference between them. `bench` and `calibrate` stand on it.

use std::fmt;
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

use rehash::pool::{HashPool, JobError, Overloaded, PoolConfig};
use rehash::{Denied, Engine, HashError, Unverifiable};

use crate::output::{Exit, Failure};

/// Parts of a measurement whose rates are compared.
pub const SLICES: u32 = 5;
/// From here on a measurement is called unsteady: the coefficient of variation of its slices.
pub const STEADY_PERCENT: f64 = 5.0;
/// What is quicker is done many times in one job, so that handing over does not drown it.
const JOB_TIME_MIN: Duration = Duration::from_millis(1);
/// The most operations in one job.
const BATCH_MAX: u32 = 1 << 14;

/// What is measured: so many operations in one job of the pool, waited for.
pub type Work = Arc<dyn Fn(&HashPool, u32) -> Result<(), Failure> + Send + Sync>;

/// What was measured.
#[derive(Clone, Debug)]
pub struct Measurement {
    pub operations: u64,
    pub per_second: f64,
    /// As a client sees them, waiting included. Where an operation is quicker than a millisecond, means over a job of many.
    pub p50: Duration,
    pub p95: Duration,
    pub p99: Duration,
    /// Elapsed time per operation of all clients together.
    pub wall: Duration,
    /// The whole process's processor time per operation; `None` where the system does not say.
    pub cpu: Option<Duration>,
    /// What the process took at most beyond what it had before, in KiB; `None` where the system does not say.
    pub memory_kib: Option<u64>,
    /// The coefficient of variation of the slices' rates.
    pub cv_percent: f64,
}

impl Measurement {
    /// Where one operation is really so many: the rate and the costs of each. Latencies stay: nobody is answered sooner.
    pub fn of_each(self, count: u32) -> Self {
        Self {
            operations: self.operations * u64::from(count),
            per_second: self.per_second * f64::from(count),
            wall: self.wall / count,
            cpu: self.cpu.map(|cpu| cpu / count),
            ..self
        }
    }

    pub fn is_steady(&self) -> bool {
        self.cv_percent < STEADY_PERCENT
    }
}

/// A pool just large enough: for so many at once of so much memory each, and for the engine's own target.
pub fn pool(engine: &Arc<Engine>, workers: usize, memory_kib: u32, clients: usize) -> Result<HashPool, Failure> {
    let memory_kib = memory_kib.max(engine.target_cost().memory_kib);
    let config = PoolConfig { workers, memory_kib, queue_len: clients };
    HashPool::start(Arc::clone(engine), config).map_err(|error| Failure::new(Exit::Busy, error.to_string()))
}

/// Starts a pool, lets `clients` use it for as long, and ends it: the next measurement finds the memory as this one did.
pub fn measure(
    start: impl FnOnce() -> Result<HashPool, Failure>,
    work: &Work,
    run: &Run,
) -> Result<Measurement, Failure> {
    let memory = Memory::before();
    let pool = start()?;
    let measured = run.on(&pool, work);
    pool.shutdown(Duration::ZERO);
    let mut measured = measured?;
    measured.memory_kib = memory.and_then(Memory::taken_kib);
    Ok(measured)
}

/// How long, and with how many clients.
#[derive(Clone, Copy, Debug)]
pub struct Run {
    pub clients: usize,
    pub duration: Duration,
    /// Rounds that each client makes in a slice at least, however long that takes.
    pub rounds_min: usize,
}

/// What one client saw in one slice.
#[derive(Default)]
struct Seen {
    /// Of each job, divided by its operations, in nanoseconds.
    latencies: Vec<u64>,
    elapsed: Duration,
}

impl Run {
    fn on(&self, pool: &HashPool, work: &Work) -> Result<Measurement, Failure> {
        let batch = self.warm_up(pool, work)?;
        let (mut rates, mut latencies) = (Vec::new(), Vec::new());
        let (mut cpu, mut is_cpu_known) = (Duration::ZERO, true);
        for _ in 0..SLICES {
            let before = cpu_time();
            let seen = self.slice(pool, work, batch)?;
            match (before, cpu_time()) {
                (Some(before), Some(after)) => cpu += after.saturating_sub(before),
                _ => is_cpu_known = false,
            }
            // Each over its own time: the last of them to end does not make the others look idle.
            let rate = |seen: &Seen| seen.latencies.len() as f64 * f64::from(batch) / seen.elapsed.as_secs_f64();
            rates.push(seen.iter().map(rate).sum::<f64>());
            seen.into_iter().for_each(|seen| latencies.extend(seen.latencies));
        }
        latencies.sort_unstable();
        let operations = latencies.len() as u64 * u64::from(batch);
        let cv_percent = variation_percent(&rates);
        let per_second = median(&mut rates);
        Ok(Measurement {
            operations,
            per_second,
            p50: percentile(&latencies, 50),
            p95: percentile(&latencies, 95),
            p99: percentile(&latencies, 99),
            wall: Duration::from_secs_f64(1.0 / per_second),
            cpu: is_cpu_known.then(|| cpu.div_f64(operations as f64)),
            memory_kib: None,
            cv_percent,
        })
    }

    /// All clients once, so that block memory is there; then how many operations make a job.
    fn warm_up(&self, pool: &HashPool, work: &Work) -> Result<u32, Failure> {
        Self { duration: Duration::ZERO, rounds_min: 1, ..*self }.slice(pool, work, 1)?;
        let mut batch = 1;
        while batch < BATCH_MAX {
            let start = Instant::now();
            work(pool, batch)?;
            if start.elapsed() >= JOB_TIME_MIN {
                break;
            }
            batch *= 2;
        }
        Ok(batch)
    }

    fn slice(&self, pool: &HashPool, work: &Work, batch: u32) -> Result<Vec<Seen>, Failure> {
        let together = Barrier::new(self.clients);
        let duration = self.duration / SLICES;
        let client = || {
            together.wait();
            let (start, mut seen) = (Instant::now(), Seen::default());
            while seen.elapsed < duration || seen.latencies.len() < self.rounds_min {
                work(pool, batch)?;
                let now = start.elapsed();
                seen.latencies.push((now - seen.elapsed).as_nanos() as u64 / u64::from(batch));
                seen.elapsed = now;
            }
            Ok(seen)
        };
        thread::scope(|scope| {
            let clients: Vec<_> = (0..self.clients).map(|_| scope.spawn(client)).collect();
            let ended = clients.into_iter().map(|client| client.join());
            ended.map(|seen| seen.unwrap_or_else(|_| Err(Failure::new(Exit::Fault, "a client panicked")))).collect()
        })
    }
}

/// The value that this many percent of a sorted list are not above.
pub fn percentile(sorted: &[u64], percent: usize) -> Duration {
    let place = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    sorted.get(place).map_or(Duration::ZERO, |nanos| Duration::from_nanos(*nanos))
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

/// The standard deviation in percent of the mean.
fn variation_percent(values: &[f64]) -> f64 {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>();
    100.0 * (squares / (count - 1.0)).sqrt() / mean
}

/// The processor time that this process has taken.
#[cfg(unix)]
fn cpu_time() -> Option<Duration> {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Some(Duration::new(u64::try_from(time.tv_sec).ok()?, u32::try_from(time.tv_nsec).ok()?))
}

#[cfg(not(unix))]
fn cpu_time() -> Option<Duration> {
    None
}

/// What the process had in memory before something began.
#[derive(Clone, Copy)]
pub struct Memory {
    before_kib: u64,
}

impl Memory {
    /// Starts the system's record of the peak anew; `None` where it cannot.
    pub fn before() -> Option<Self> {
        std::fs::write("/proc/self/clear_refs", "5").ok()?;
        Some(Self { before_kib: status_kib("VmRSS:")? })
    }

    fn taken_kib(self) -> Option<u64> {
        Some(status_kib("VmHWM:")?.saturating_sub(self.before_kib))
    }
}

/// The most that the process has had in memory, or since the record was last begun, in KiB.
pub fn peak_kib() -> Option<u64> {
    status_kib("VmHWM:")
}

fn status_kib(field: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix(field)?.trim().strip_suffix(" kB")?.parse().ok())
}

/// A job that was not taken, or not answered.
pub fn refused(error: &Overloaded) -> Failure {
    Failure::new(Exit::Busy, error.to_string())
}

/// See [`refused`].
pub fn failed(error: JobError) -> Failure {
    Failure::new(Exit::Fault, error.to_string())
}

/// A verification that was to succeed.
pub fn denied(what: &dyn fmt::Display, denied: &Denied) -> Failure {
    let exit = match denied {
        Denied::Unverifiable(Unverifiable::OutOfMemory { .. }) => Exit::Busy,
        _ => Exit::Fault,
    };
    Failure::new(exit, format!("{what}: {denied}"))
}

/// A hash that was to be made.
pub fn not_hashed(error: &HashError) -> Failure {
    let exit = if matches!(error, HashError::OutOfMemory { .. }) { Exit::Busy } else { Exit::Fault };
    Failure::new(exit, error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_what_was_seen() {
        let sorted: Vec<u64> = (1..=200).collect();
        let nanos = |percent| percentile(&sorted, percent).as_nanos();
        assert_eq!((nanos(50), nanos(95), nanos(99), nanos(100)), (100, 190, 198, 200));
        assert_eq!(percentile(&[7], 99).as_nanos(), 7);
        assert_eq!(percentile(&[], 99), Duration::ZERO);
    }

    #[test]
    fn variation_is_nought_where_nothing_varies() {
        assert_eq!(variation_percent(&[4.0; 5]), 0.0);
        let varies = variation_percent(&[9.0, 11.0]);
        assert!((varies - 14.142).abs() < 0.01, "{varies}");
        assert_eq!(median(&mut [3.0, 1.0, 2.0]), 2.0);
    }
}
