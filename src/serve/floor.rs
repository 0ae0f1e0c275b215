//! The floor under refusals: none is answered before a time that covers the dearest hash, so that the time tells nothing. It is
//! waited for without a worker and without a place in the queue.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::config::FloorMode;
use super::counted::dearest_cost;
use super::middleware::now_millis;
use crate::pool::{DEAR, HashPool, PoolConfig};
use crate::store::MethodCount;
use crate::{Cost, Engine, Password, StoredHash};

/// What a refusal may wait for a worker on top of twice its work: until the queue is worked off, where it has as many as it takes and
/// each takes as long as the target, and a quarter more. Within these.
const MARGIN_MIN: Duration = Duration::from_millis(250);
const MARGIN_MAX: Duration = Duration::from_secs(1);
/// Nobody waits longer for a refusal, whatever is in the store.
const LONGEST: Duration = Duration::from_secs(10);
/// How many kinds of rows that were seen are told apart. Those of all others together are never forgotten.
const KINDS_MAX: usize = 256;
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
    /// The dearest refusal among what the store counts, in nanoseconds, and among the rows that were seen.
    counted: AtomicU64,
    seen: AtomicU64,
    /// The dearest row of each kind that was seen: what it takes is not all told by its method and parameters.
    kinds: Mutex<HashMap<Kind, u64>>,
    /// The dearest of which it was said that the floor is too low for it.
    told: AtomicU64,
}

/// A method and parameters, as the store counts them; empty for all beyond the first [`KINDS_MAX`].
type Kind = (&'static str, String);

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
        let (counted, seen, kinds, told) = (AtomicU64::new(0), AtomicU64::new(0), Mutex::default(), AtomicU64::new(0));
        Self { mode, scale, margin, measured, counted, seen, kinds, told }
    }

    /// Takes what the store holds into account: that alone. A kind of row that is there keeps what was seen of it: were it forgotten, the
    /// next guess at such a user would tell by the time of all others that they are there.
    pub(super) fn learn(&self, engine: &Engine, counts: &[MethodCount]) {
        let there = || counts.iter().filter(|count| count.records > 0);
        let costs = there().filter_map(|count| dearest_cost(&count.method, &count.parameters));
        let dearest = costs.map(|cost| self.refusal(engine, cost)).max();
        self.counted.store(dearest.unwrap_or(0), Ordering::Relaxed);
        let mut kinds = self.kinds();
        kinds.retain(|(method, parameters), _| {
            method.is_empty() || there().any(|count| count.method == *method && count.parameters == *parameters)
        });
        self.seen.store(kinds.values().copied().max().unwrap_or(0), Ordering::Relaxed);
    }

    /// Takes a row into account that was seen.
    pub(super) fn learn_row(&self, engine: &Engine, stored: &StoredHash, cost: Cost) {
        let refusal = self.refusal(engine, cost);
        let mut kind = (stored.method().as_str(), stored.parameters());
        let mut kinds = self.kinds();
        if kinds.len() >= KINDS_MAX && !kinds.contains_key(&kind) {
            kind = Kind::default();
        }
        let known = kinds.entry(kind).or_default();
        *known = refusal.max(*known);
        self.seen.fetch_max(refusal, Ordering::Relaxed);
    }

    fn kinds(&self) -> MutexGuard<'_, HashMap<Kind, u64>> {
        // Nothing that is done under the lock can leave it half done.
        self.kinds.lock().unwrap_or_else(PoisonError::into_inner)
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
        let [counted, seen] = [&self.counted, &self.seen].map(|known| known.load(Ordering::Relaxed));
        Duration::from_nanos(self.measured.max(counted).max(seen))
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

    /// How many hashes as dear as the dearest, come at once, are begun within the patience on so many workers that others leave.
    pub(super) fn at_once(&self, patience: Duration, workers: usize) -> u32 {
        let dearest = self.dearest();
        let estimated = Duration::from_nanos(nanos(dearest).saturating_mul(1000) / self.scale.max(1));
        let workers = if estimated >= DEAR { workers.saturating_sub(1).max(1) } else { workers };
        let in_turn = 1 + patience.as_nanos() / (dearest * 5 / 4).as_nanos().max(1);
        u32::try_from(in_turn.saturating_mul(workers as u128)).unwrap_or(u32::MAX)
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
    fn as_many_are_at_one_name_as_would_be_done_were_its_hash_the_dearest() {
        for (dearest_ms, workers, expected) in [(20, 2, 22), (350, 2, 2), (350, 4, 4), (800, 2, 1), (800, 4, 3)] {
            let floor = floor(FloorMode::Measured, dearest_ms);
            let at_once = floor.at_once(floor.patience(Duration::from_secs(5)), workers);
            assert_eq!(at_once, expected, "{dearest_ms} ms, {workers} workers");
        }
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
        // A kind that was seen stays what it was found to be for as long as there are rows of it.
        let text = "$2b$14$abcdefghijklmnopqrstuu23JPZtHcGhwXSF41f93o/7vBdDut3Xu";
        let row = StoredHash::parse(crate::Method::Bcrypt, text, &crate::Limits::default()).expect("a hash");
        floor.learn_row(&engine, &row, Cost::bcrypt(15));
        let seen = floor.current();
        floor.learn(&engine, &[bcrypt(8), bcrypt(14)]);
        assert!(seen > highest && floor.current() == seen);
        floor.learn(&engine, &[bcrypt(8)]);
        assert!(floor.current() < highest);
        floor.learn(&engine, &[]);
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
