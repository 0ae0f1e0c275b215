//! The floor under refusals: none is answered before a time that covers the dearest hash, so that the time tells nothing. It is
//! waited for without a worker and without a place in the queue.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::config::FloorMode;
use super::middleware::now_millis;
use crate::cost::ScryptMemory;
use crate::pool::{HashPool, PoolConfig};
use crate::store::MethodCount;
use crate::{Cost, Engine, Limits, Password};

/// What a refusal may wait for a worker on top of twice its work: until the queue is worked off, where it has as many as it takes and
/// each takes as long as the target, and a quarter more. Within these.
const MARGIN_MIN: Duration = Duration::from_millis(250);
const MARGIN_MAX: Duration = Duration::from_secs(1);
/// Nobody waits longer for a refusal, whatever is in the store.
const LONGEST: Duration = Duration::from_secs(10);
/// How often the target is measured; the median counts.
const MEASUREMENTS: usize = 7;

pub(super) struct Floor {
    mode: FloorMode,
    /// What this machine takes for a nanosecond of estimate, in thousandths.
    scale: u64,
    /// What a refusal may wait for a worker.
    margin: Duration,
    /// The dearest refusal that is known, in nanoseconds on this machine.
    dearest: AtomicU64,
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
        let floor = Self { mode, scale, margin, dearest: AtomicU64::new(measured), told: AtomicU64::new(0) };
        floor.learn(pool.engine(), counts);
        floor
    }

    /// Takes what the store holds into account.
    pub(super) fn learn(&self, engine: &Engine, counts: &[MethodCount]) {
        let costs = counts.iter().filter_map(|count| dearest_cost(&count.method, &count.parameters));
        costs.for_each(|cost| self.learn_cost(engine, cost));
    }

    /// Takes one hash into account: its verification, and the decoy that may come on top.
    pub(super) fn learn_cost(&self, engine: &Engine, cost: Cost) {
        let estimate = nanos(cost.time + engine.target_cost().time);
        self.dearest.fetch_max(estimate.saturating_mul(self.scale) / 1000, Ordering::Relaxed);
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
        Duration::from_nanos(self.dearest.load(Ordering::Relaxed))
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

/// What one verification costs, from a method's name and its parameters as a store counts them: after an expression, where there is
/// one, and of all steps of a chain. `None` where they are not known to be dear.
fn cost(method: &str, parameters: &str) -> Option<Cost> {
    let costs = steps(method, parameters).filter_map(|(method, parameters)| cost_of_step(method, parameters));
    costs.reduce(|sum, step| Cost {
        memory_kib: sum.memory_kib.max(step.memory_kib),
        time: sum.time.saturating_add(step.time),
    })
}

/// The parameters of each step, with the method that they are of: within an expression its outermost function. What comes before the last
/// one with a mere cost is phpass.
fn steps<'a>(method: &'a str, parameters: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
    let steps = parameters.rsplit(' ').next().unwrap_or_default();
    let (before, last) = steps.rsplit_once('+').unwrap_or(("", steps));
    before.split('+').map(|step| ("phpass", step)).chain([(outermost(method, parameters), last)])
}

fn outermost<'a>(method: &'a str, parameters: &'a str) -> &'a str {
    parameters.rsplit_once(' ').and_then(|(expression, _)| expression.split_once('(')).map_or(method, |(name, _)| name)
}

fn cost_of_step(method: &str, parameters: &str) -> Option<Cost> {
    let value = |name| value(parameters, name);
    let small = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
    if let (Some(memory), Some(passes)) = (value("m"), value("t")) {
        return Some(Cost::argon2(small(memory), small(passes)));
    }
    if let (Some(log_n), Some(r)) = (value("ln"), value("r")) {
        let (p, again) = (value("p").unwrap_or(1), value("t").unwrap_or(0));
        return Some(Cost::scrypt(ScryptMemory::of(small(log_n), r, p), p.saturating_mul(again.saturating_add(1))));
    }
    if let Some(cost) = value("cost") {
        let is_digest = is_phpass(method);
        let cost = small(cost).min(31);
        return Some(if is_digest { Cost::digests(1 << cost) } else { Cost::bcrypt(cost) });
    }
    // Two digests for each iteration of PBKDF2; crypt's rounds are of several hundred bytes.
    let rounds = value("i").map(|rounds| 2 * rounds).or(value("rounds").map(|rounds| 4 * rounds))?;
    Some(Cost::digests(rounds))
}

/// The same for the dearest password that is admitted: a few times as much where every round hashes the password again.
fn dearest_cost(method: &str, parameters: &str) -> Option<Cost> {
    let cost = cost(method, parameters)?;
    // Crypt's rounds are taken at twice their work for a short password.
    let (times, of_longest) = match outermost(method, parameters) {
        "sha256crypt" | "sha512crypt" | "md5crypt" | "apr1" => (2, 40),
        method if is_phpass(method) => (4, 66),
        _ => return Some(cost),
    };
    let free = Cost::digests(Limits::LENGTH_WORK_FREE).time;
    Some(Cost { time: (cost.time * times).max((cost.time * of_longest).min(free)), ..cost })
}

/// One of the parameters that a store counts by.
fn value(parameters: &str, name: &str) -> Option<u64> {
    parameters.split(',').find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('=')?.parse().ok())
}

fn is_phpass(method: &str) -> bool {
    method.starts_with("phpass") || method == "wordpress_phpass" || method.starts_with("drupal")
}

/// Whether hashes of these parameters take more memory than so much, or more of anything than the limits allow.
pub(super) fn is_out_of_reach(method: &str, parameters: &str, limits: &Limits, memory_kib: u32) -> bool {
    steps(method, parameters).any(|(method, step)| is_step_out_of_reach(method, step, limits, memory_kib))
}

fn is_step_out_of_reach(method: &str, parameters: &str, limits: &Limits, memory_kib: u32) -> bool {
    let value = |name| value(parameters, name);
    let is_over = |value: Option<u64>, limit: u32| value.is_some_and(|value| value > limit.into());
    if let (Some(memory), Some(passes)) = (value("m"), value("t")) {
        return memory > memory_kib.min(limits.argon2_memory_kib).into()
            || is_over(Some(passes), limits.argon2_passes)
            || is_over(value("p"), limits.argon2_lanes)
            || memory.saturating_mul(passes) > limits.argon2_work_kib;
    }
    if let (Some(log_n), Some(r)) = (value("ln"), value("r")) {
        let (p, again) = (value("p").unwrap_or(1), value("t").unwrap_or(0));
        let memory = ScryptMemory::of(u32::try_from(log_n).unwrap_or(u32::MAX), r, p);
        let passes = p.saturating_mul(again.saturating_add(1));
        return memory.kib() > memory_kib.min(limits.scrypt_memory_kib).into()
            || memory.work_kib(passes) > limits.scrypt_work_kib;
    }
    is_over(value("cost"), if is_phpass(method) { limits.phpass_cost } else { limits.bcrypt_cost })
        || is_over(value("i"), limits.pbkdf2_iterations)
        || is_over(value("rounds"), limits.crypt_rounds)
}

/// The keys that hashes of these parameters need, as a store counts them.
pub(super) fn keys(parameters: &str) -> impl Iterator<Item = &str> {
    let of_scheme = parameters.split_once(",keyid=").map(|(_, id)| id);
    // Within an expression.
    let named = parameters.match_indices("key:").map(|(at, mark)| {
        let rest = &parameters[at + mark.len()..];
        rest.split(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '_' | '-')).next().unwrap_or_default()
    });
    of_scheme.into_iter().chain(named).filter(|id| !id.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_are_read_from_what_a_store_counts() {
        let millis = |method, parameters| cost(method, parameters).map(|cost| cost.time.as_millis());
        assert_eq!(millis("bcrypt", "cost=12"), Some(240));
        assert_eq!(millis("argon2id", "m=19456,t=2,p=1"), Some(9));
        assert_eq!(millis("argon2i", "v=16,m=19456,t=2,p=1"), Some(9));
        assert_eq!(millis("phpass", "cost=13"), Some(2));
        assert_eq!(millis("django_pbkdf2_sha256", "sha256,i=1000000"), Some(500));
        assert_eq!(millis("sha512crypt", "rounds=5000"), Some(5));
        assert_eq!(millis("scrypt", "ln=14,r=8,p=1"), Some(45));
        assert_eq!(millis("md5", ""), None);
        assert_eq!(millis("expression", "bcrypt(nfkc($p)) cost=12"), Some(240));
        assert_eq!(millis("expression", "argon2id(md5($p.' ')) m=19456,t=2,p=1"), Some(9));
        assert_eq!(millis("expression", "md5(md5($p).' ')"), None);
        assert_eq!(millis("expression", "phpass(md5($p)) cost=13"), Some(2), "and no bcrypt");
        assert_eq!(millis("phpbb_bcrypt", "cost=13+cost=12"), Some(242), "phpass, and bcrypt over it");
        assert_eq!(millis("magento", "m=19456,t=2,p=1+m=19456,t=2,p=1"), Some(19));
        assert!(millis("scrypt", "ln=99999999999,r=8").is_some());
        let millis = |method, parameters| dearest_cost(method, parameters).map(|cost| cost.time.as_millis());
        assert_eq!(millis("phpass", "cost=8"), Some(4), "the longest password of all");
        assert_eq!(millis("expression", "phpass(md5($p)) cost=8"), Some(4));
        assert_eq!(millis("wordpress_phpass", "cost=16"), Some(250), "as much as any may take");
        assert_eq!(millis("wordpress_phpass", "cost=20"), Some(1048));
        assert_eq!(millis("sha512crypt", "rounds=500000"), Some(1000));
        assert_eq!(millis("bcrypt", "cost=12"), Some(240));
    }

    fn floor(mode: FloorMode, dearest_ms: u64) -> Floor {
        let (dearest, told) = (AtomicU64::new(dearest_ms * 1_000_000), AtomicU64::new(0));
        Floor { mode, scale: 1000, margin: MARGIN_MIN, dearest, told }
    }

    #[test]
    fn a_floor_that_is_too_low_is_told_of_once_for_each_hash_that_is_dearer() {
        let millis = Duration::from_millis;
        let low = floor(FloorMode::Fixed(millis(300)), 2000);
        let told = TooLow { floor: millis(300), dearest: millis(2000), needed: millis(4250) };
        assert_eq!((low.too_low(), low.too_low()), (Some(told), None));
        low.dearest.fetch_max(3_000_000_000, Ordering::Relaxed);
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

    #[test]
    fn keys_are_told_by_parameters() {
        let of = |parameters| keys(parameters).collect::<Vec<_>>();
        assert_eq!(of("m=64,t=1,p=1,keyid=2026-01"), ["2026-01"]);
        assert_eq!(of("hmac_sha256(key:site,$p.key:more)"), ["site", "more"]);
        assert!(of("m=64,t=1,p=1").is_empty() && of("").is_empty());
    }

    #[test]
    fn what_is_out_of_reach_is_told_by_its_parameters() {
        let limits = Limits::default();
        let is = |method, parameters| is_out_of_reach(method, parameters, &limits, 65_536);
        for (method, parameters) in [
            ("argon2id", "m=65537,t=1,p=1"),
            ("argon2id", "m=19456,t=2,p=65"),
            ("scrypt", "ln=17,r=8,p=1"),
            ("bcrypt", "cost=16"),
            ("django_pbkdf2_sha256", "sha256,i=10000001"),
        ] {
            assert!(is(method, parameters), "{method} {parameters}");
        }
        for (method, parameters) in [
            ("argon2id", "m=65536,t=3,p=4"),
            ("scrypt", "ln=16,r=8,p=1"),
            ("bcrypt", "cost=15"),
            ("phpass", "cost=16"),
            ("md5", ""),
        ] {
            assert!(!is(method, parameters), "{method} {parameters}");
        }
    }
}
