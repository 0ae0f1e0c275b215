//! The floor under refusals: none is answered before a time that covers the dearest hash, so that the time tells nothing. It is
//! waited for without a worker and without a place in the queue.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::config::FloorMode;
use super::counted::dearest_cost;
use super::middleware::now_millis;
use crate::pool::{HashPool, PoolConfig};
use crate::store::MethodCount;
use crate::{Cost, Engine, Password};

/// What a refusal may wait for a worker on top of twice its work: until the queue is worked off, where it has as many as it takes and
/// each takes as long as the target, and a quarter more. Within these.
const MARGIN_MIN: Duration = Duration::from_millis(250);
const MARGIN_MAX: Duration = Duration::from_secs(1);
/// Nobody waits longer for a refusal, whatever is in the store.
const LONGEST: Duration = Duration::from_secs(10);
/// How long a row that was seen counts at least, whatever the store's counts say: those of a table of others are of a while ago, and not
/// every text's cost can be told from its parameters. Up to twice as long.
const SEEN_FOR: Duration = Duration::from_secs(600);
/// How often the target is measured; the median counts.
const MEASUREMENTS: usize = 7;

pub(super) struct Floor {
    mode: FloorMode,
    /// What this machine takes for a nanosecond of estimate, in thousandths.
    scale: u64,
    /// What a refusal may wait for a worker.
    margin: Duration,
    /// What the target takes, in nanoseconds on this machine.
    measured: u64,
    /// The dearest refusal among what the store counts, so many.
    counted: AtomicU64,
    /// The dearest among rows that were seen of late, and in the time before.
    seen: [AtomicU64; 2],
    seen_since: Mutex<Instant>,
    /// The dearest of which it was said that the floor is too low for it.
    told: AtomicU64,
}

/// A floor that was given is too low for a hash that was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooLow {
    pub(super) floor: Duration,
    pub(super) dearest: Duration,
    /// What hides it.
    pub(super) needed: Duration,
}

impl Floor {
    /// Measures what the target takes in the pool, and looks for the dearest hash among what the store holds.
    pub(super) fn measure(mode: FloorMode, pool: &HashPool, counts: &[MethodCount]) -> Self {
        let estimate = nanos(pool.engine().target_cost().time).max(1);
        let mut times: Vec<u64> = (0..MEASUREMENTS)
            .filter_map(|_| {
                let start = Instant::now();
                let _ = pool.verify_unknown_user(Password::new("measured"), None).ok()?.wait().ok()?;
                Some(nanos(start.elapsed()))
            })
            .collect();
        times.sort_unstable();
        let measured = times.get(times.len() / 2).copied().unwrap_or(estimate);
        let scale = (measured.saturating_mul(1000) / estimate).clamp(100, 100_000);
        let PoolConfig { queue_len, workers, .. } = pool.config();
        let rounds = u32::try_from(queue_len.div_ceil(workers.max(1))).unwrap_or(u32::MAX);
        let margin = (Duration::from_nanos(measured).saturating_mul(rounds) * 5 / 4).clamp(MARGIN_MIN, MARGIN_MAX);
        let floor = Self::new(mode, scale, margin, measured);
        floor.learn(pool.engine(), counts);
        floor
    }

    fn new(mode: FloorMode, scale: u64, margin: Duration, measured: u64) -> Self {
        let (counted, seen) = (AtomicU64::new(0), [AtomicU64::new(0), AtomicU64::new(0)]);
        Self {
            mode,
            scale,
            margin,
            measured,
            counted,
            seen,
            seen_since: Mutex::new(Instant::now()),
            told: AtomicU64::new(0),
        }
    }

    /// Takes what the store holds into account: that alone, and what was seen of late.
    pub(super) fn learn(&self, engine: &Engine, counts: &[MethodCount]) {
        let counts = counts.iter().filter(|count| count.records > 0);
        let costs = counts.filter_map(|count| dearest_cost(&count.method, &count.parameters));
        let dearest = costs.map(|cost| self.refusal(engine, cost)).max();
        self.counted.store(dearest.unwrap_or(0), Ordering::Relaxed);
        let mut since = self.seen_since.lock().unwrap_or_else(PoisonError::into_inner);
        if since.elapsed() >= SEEN_FOR {
            *since = Instant::now();
            self.forget();
        }
    }

    /// What was seen in the time before the last is forgotten.
    fn forget(&self) {
        self.seen[1].store(self.seen[0].swap(0, Ordering::Relaxed), Ordering::Relaxed);
    }

    /// Takes one hash into account that was seen.
    pub(super) fn learn_cost(&self, engine: &Engine, cost: Cost) {
        self.seen[0].fetch_max(self.refusal(engine, cost), Ordering::Relaxed);
    }

    /// What a refusal takes, in nanoseconds: the verification, and the decoy that may come on top.
    fn refusal(&self, engine: &Engine, cost: Cost) -> u64 {
        nanos(cost.time + engine.target_cost().time).saturating_mul(self.scale) / 1000
    }

    /// How long refusals wait; nought where the floor is off.
    pub(super) fn current(&self) -> Duration {
        match self.mode {
            FloorMode::Off => Duration::ZERO,
            FloorMode::Fixed(floor) => floor,
            FloorMode::Measured => self.needed(),
        }
    }

    /// What hides the dearest.
    fn needed(&self) -> Duration {
        (2 * self.dearest() + self.margin).min(LONGEST)
    }

    /// Where the dearest refusal takes longer than the floor that was given, or than any may be, with a worker at hand: once for each
    /// that is dearer.
    pub(super) fn too_low(&self) -> Option<TooLow> {
        let (floor, dearest) = (self.current(), self.dearest());
        let is_new = !floor.is_zero()
            && !hides(floor, dearest)
            && self.told.fetch_max(nanos(dearest), Ordering::Relaxed) < nanos(dearest);
        is_new.then(|| TooLow { floor, dearest, needed: self.needed() })
    }

    fn dearest(&self) -> Duration {
        let known = [&self.counted, &self.seen[0], &self.seen[1]].map(|known| known.load(Ordering::Relaxed));
        Duration::from_nanos(known.into_iter().fold(self.measured, u64::max))
    }

    /// How long after its request a job must have begun: late enough to be useful, early enough to be done before the floor.
    /// Where the floor is off, `most`. Where it is too low for the dearest hash, still so long that one such hash may be waited for: a
    /// right password is not turned away for it.
    pub(super) fn patience(&self, most: Duration) -> Duration {
        let (floor, dearest) = (self.current(), self.dearest());
        if floor.is_zero() {
            return most;
        }
        let least = if hides(floor, dearest) { floor / 4 } else { dearest + self.margin };
        floor.saturating_sub(dearest * 3 / 2).max(least).min(most)
    }

    /// Waits until the floor. What took longer than it waits for a multiple of it: the time then tells little, and not much.
    pub(super) async fn wait(&self, start: Instant) {
        let floor = self.current();
        if floor.is_zero() {
            return;
        }
        let times = start.elapsed().as_nanos().div_ceil(floor.as_nanos()).max(1);
        let end = start + floor * u32::try_from(times).unwrap_or(u32::MAX);
        tokio::time::sleep_until(end.into()).await;
    }
}

/// Whether a refusal that takes so long, with a worker at hand, and now and then a quarter more, is done before the floor.
fn hides(floor: Duration, dearest: Duration) -> bool {
    dearest * 5 / 4 <= floor
}

impl TooLow {
    /// A line for the log.
    pub(super) fn line(&self) -> String {
        let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let said = serde_json::json!({
            "time_ms": now_millis(),
            "level": "warn",
            "event": "floor_too_low",
            "floor_ms": millis(self.floor),
            "dearest_ms": millis(self.dearest),
            "needed_ms": millis(self.needed),
            "message": format!(
                "refusals of the dearest hash in the store take about {} ms and are told from others; {}",
                millis(self.dearest),
                if hides(self.needed, self.dearest) {
                    format!("set the floor to {} ms, or leave it out", millis(self.needed))
                } else {
                    format!("no floor is longer than {} ms: lower limits refuse such hashes", millis(LONGEST))
                }
            ),
        });
        said.to_string()
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn floor(mode: FloorMode, dearest_ms: u64) -> Floor {
        Floor::new(mode, 1000, MARGIN_MIN, dearest_ms * 1_000_000)
    }

    #[test]
    fn the_floor_sinks_when_the_dearest_hash_is_gone() {
        let engine = Engine::new(crate::Policy::default()).expect("an engine");
        let floor = floor(FloorMode::Measured, 20);
        let bcrypt = |cost: u32| MethodCount {
            method: "bcrypt".to_owned(),
            parameters: format!("cost={cost}"),
            records: 1,
            upgraded: 0,
            untouched: 1,
        };
        let lowest = floor.current();
        floor.learn(&engine, &[bcrypt(8), bcrypt(14)]);
        let highest = floor.current();
        floor.learn(&engine, &[bcrypt(8)]);
        assert!(lowest < floor.current() && floor.current() < highest);
        // A row that was seen counts for a while, whatever is counted.
        floor.learn_cost(&engine, Cost::bcrypt(14));
        floor.learn(&engine, &[]);
        assert_eq!(floor.current(), highest);
        floor.forget();
        assert_eq!(floor.current(), highest);
        floor.forget();
        assert_eq!(floor.current(), lowest);
    }

    #[test]
    fn a_floor_that_is_too_low_is_told_of_once_for_each_hash_that_is_dearer() {
        let millis = Duration::from_millis;
        let low = floor(FloorMode::Fixed(millis(300)), 2000);
        let told = TooLow { floor: millis(300), dearest: millis(2000), needed: millis(4250) };
        assert_eq!((low.too_low(), low.too_low()), (Some(told), None));
        low.counted.store(3_000_000_000, Ordering::Relaxed);
        assert!(low.too_low().is_some() && low.too_low().is_none());
        for (mode, dearest) in [
            (FloorMode::Fixed(millis(300)), 20),
            (FloorMode::Fixed(Duration::ZERO), 2000),
            (FloorMode::Measured, 2000),
            (FloorMode::Off, 2000),
        ] {
            assert_eq!(floor(mode, dearest).too_low(), None);
        }
        // What no floor hides is told of, too.
        let told = floor(FloorMode::Measured, 9000).too_low().expect("told of");
        assert_eq!((told.floor, told.needed), (LONGEST, LONGEST));
        assert!(told.line().contains("no floor is longer than 10000 ms"), "{}", told.line());
    }

    #[test]
    fn there_is_time_for_the_dearest_hash_whatever_the_floor() {
        let (millis, most) = (Duration::from_millis, Duration::from_secs(5));
        assert_eq!(floor(FloorMode::Measured, 20).patience(most), millis(260));
        assert_eq!(floor(FloorMode::Fixed(millis(900)), 20).patience(most), millis(870));
        assert_eq!(floor(FloorMode::Fixed(millis(300)), 2000).patience(most), millis(2250));
        assert_eq!(floor(FloorMode::Off, 20).patience(most), most);
    }
}
