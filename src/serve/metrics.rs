//! What the service counts, in Prometheus' text format. Labels are methods, routes and outcomes, never users.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::pool::{Gauges, HashPool};
use crate::store::{Day, MethodCount};

/// Upper bounds of the latency histogram, in seconds.
const BOUNDS: [f64; 14] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

#[derive(Default)]
pub(super) struct Metrics {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    sign_ins: BTreeMap<(&'static str, &'static str), u64>,
    upgrades: BTreeMap<&'static str, u64>,
    /// Guesses that the store could not count.
    throttled_alone: u64,
    routes: BTreeMap<String, Route>,
    /// Of sign-ins that were accepted or refused.
    sign_in_latency: Histogram,
    counts: Option<(Instant, Vec<MethodCount>)>,
    days: Vec<Day>,
    /// The last hour, oldest first; a minute in which nothing happened is not there.
    minutes: VecDeque<Minute>,
}

/// What was answered on a route, by status, and how soon.
#[derive(Default)]
struct Route {
    statuses: BTreeMap<u16, u64>,
    latency: Histogram,
}

impl Route {
    fn observe(&mut self, status: u16, time: Duration) {
        *self.statuses.entry(status).or_default() += 1;
        self.latency.observe(time.as_secs_f64());
    }
}

/// What happened in a minute.
#[derive(Clone, Copy, Default)]
pub(super) struct Minute {
    /// Since the epoch.
    pub(super) number: u64,
    pub(super) accepted: u64,
    pub(super) refused: u64,
    pub(super) upgraded: u64,
}

/// How many minutes are kept.
pub(super) const MINUTES: u64 = 60;

#[derive(Default, Clone)]
pub(super) struct Histogram {
    buckets: [u64; BOUNDS.len() + 1],
    sum: f64,
}

impl Histogram {
    fn observe(&mut self, seconds: f64) {
        let place = BOUNDS.iter().position(|bound| seconds <= *bound).unwrap_or(BOUNDS.len());
        self.buckets[place] += 1;
        self.sum += seconds;
    }

    /// How many there were.
    pub(super) fn count(&self) -> u64 {
        self.buckets.iter().sum()
    }

    /// The upper bound of the bucket that so large a part of all is at or below, in seconds.
    pub(super) fn quantile(&self, part: f64) -> Option<f64> {
        let rank = (self.count() as f64 * part).ceil() as u64;
        let mut seen = 0;
        for (bucket, bound) in self.buckets.iter().zip(BOUNDS) {
            seen += bucket;
            if seen >= rank && rank > 0 {
                return Some(bound);
            }
        }
        None
    }

    /// Each bucket's upper bound and how many are in it.
    pub(super) fn buckets(&self) -> impl Iterator<Item = (f64, u64)> {
        BOUNDS.into_iter().chain([f64::INFINITY]).zip(self.buckets)
    }
}

/// What the status page shows.
pub(super) struct Snapshot {
    pub(super) sign_ins: BTreeMap<(&'static str, &'static str), u64>,
    pub(super) upgrades: BTreeMap<&'static str, u64>,
    pub(super) counts: Vec<MethodCount>,
    pub(super) days: Vec<Day>,
    pub(super) sign_in_latency: Histogram,
    pub(super) minutes: Vec<Minute>,
}

impl Metrics {
    fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// A sign-in ended so, on a hash of this method.
    pub(super) fn sign_in(&self, outcome: &'static str, method: &'static str) {
        self.with(|state| {
            *state.sign_ins.entry((outcome, method)).or_default() += 1;
            let minute = state.minute();
            if outcome == "accepted" { minute.accepted += 1 } else { minute.refused += 1 }
        });
    }

    /// A sign-in could not be decided: it was neither accepted nor refused.
    pub(super) fn undecided(&self, outcome: &'static str) {
        self.with(|state| *state.sign_ins.entry((outcome, "none")).or_default() += 1);
    }

    /// An upgrade ended so.
    pub(super) fn upgrade(&self, result: &'static str) {
        self.with(|state| {
            *state.upgrades.entry(result).or_default() += 1;
            state.minute().upgraded += u64::from(result == "written");
        });
    }

    /// A request was answered.
    pub(super) fn request(&self, route: &str, status: u16, time: Duration) {
        self.with(|state| match state.routes.get_mut(route) {
            Some(route) => route.observe(status, time),
            None => state.routes.entry(route.to_owned()).or_default().observe(status, time),
        });
    }

    /// What came was not the head of a request.
    pub(super) fn refused_head(&self, status: u16) {
        self.with(|state| *state.routes.entry("none".to_owned()).or_default().statuses.entry(status).or_default() += 1);
    }

    /// A sign-in was accepted or refused.
    pub(super) fn decided(&self, time: Duration) {
        self.with(|state| state.sign_in_latency.observe(time.as_secs_f64()));
    }

    /// The store could not count a guess.
    pub(super) fn throttle_alone(&self) {
        self.with(|state| state.throttled_alone += 1);
    }

    pub(super) fn keep_counts(&self, counts: Vec<MethodCount>, days: Vec<Day>) {
        self.with(|state| {
            state.counts = Some((Instant::now(), counts));
            state.days = days;
        });
    }

    pub(super) fn are_counts_newer_than(&self, age: Duration) -> bool {
        self.with(|state| state.counts.as_ref().is_some_and(|(at, _)| at.elapsed() < age))
    }

    pub(super) fn snapshot(&self) -> Snapshot {
        self.with(|state| Snapshot {
            sign_ins: state.sign_ins.clone(),
            upgrades: state.upgrades.clone(),
            counts: state.counts.as_ref().map(|(_, counts)| counts.clone()).unwrap_or_default(),
            days: state.days.clone(),
            sign_in_latency: state.sign_in_latency.clone(),
            minutes: state.minutes.iter().copied().collect(),
        })
    }

    /// All of it, as text.
    pub(super) fn render(&self, pool: &HashPool, turned_away: u64, log_lines_lost: u64, floor: Duration) -> String {
        let mut text = String::with_capacity(4096);
        self.with(|state| state.render(&mut text));
        family(&mut text, "rehash_turned_away_total", "counter", "Requests that were not let in, for want of room");
        sample(&mut text, "rehash_turned_away_total", &[], turned_away as f64);
        family(&mut text, "rehash_log_lines_lost_total", "counter", "Log lines that nobody took in time");
        sample(&mut text, "rehash_log_lines_lost_total", &[], log_lines_lost as f64);
        render_pool(&mut text, &pool.gauges(), pool.config().memory_kib);
        family(&mut text, "rehash_refusal_floor_seconds", "gauge", "No refusal is answered earlier");
        sample(&mut text, "rehash_refusal_floor_seconds", &[], floor.as_secs_f64());
        text
    }
}

impl State {
    fn minute(&mut self) -> &mut Minute {
        let number = now_minute();
        if self.minutes.back().is_none_or(|last| last.number < number) {
            self.minutes.push_back(Minute { number, ..Minute::default() });
            while self.minutes.front().is_some_and(|first| first.number + MINUTES <= number) {
                self.minutes.pop_front();
            }
        }
        // A clock that went back counts in the newest minute.
        let last = self.minutes.len() - 1;
        &mut self.minutes[last]
    }

    fn render(&self, text: &mut String) {
        family(text, "rehash_sign_ins_total", "counter", "Sign-ins by outcome and method of the hash");
        for ((outcome, method), count) in &self.sign_ins {
            sample(text, "rehash_sign_ins_total", &[("outcome", outcome), ("method", method)], *count as f64);
        }
        family(text, "rehash_upgrades_total", "counter", "Upgrades by result");
        for (result, count) in &self.upgrades {
            sample(text, "rehash_upgrades_total", &[("result", result)], *count as f64);
        }
        family(text, "rehash_throttle_uncounted_total", "counter", "Guesses that the store could not count");
        sample(text, "rehash_throttle_uncounted_total", &[], self.throttled_alone as f64);
        family(text, "rehash_http_requests_total", "counter", "Requests by route and status");
        for (name, route) in &self.routes {
            for (status, count) in &route.statuses {
                let status = status.to_string();
                sample(text, "rehash_http_requests_total", &[("route", name), ("status", &status)], *count as f64);
            }
        }
        family(text, "rehash_http_request_duration_seconds", "histogram", "Time from request to answer");
        for (name, route) in &self.routes {
            let mut total = 0;
            for (bound, count) in route.latency.buckets() {
                total += count;
                let bound = if bound.is_finite() { bound.to_string() } else { "+Inf".to_owned() };
                let labels = [("route", name.as_str()), ("le", &bound)];
                sample(text, "rehash_http_request_duration_seconds_bucket", &labels, total as f64);
            }
            let labels = [("route", name.as_str())];
            sample(text, "rehash_http_request_duration_seconds_sum", &labels, route.latency.sum);
            sample(text, "rehash_http_request_duration_seconds_count", &labels, total as f64);
        }
        family(text, "rehash_records", "gauge", "Records in the store by method");
        let mut records = BTreeMap::<&str, u64>::new();
        for count in self.counts.iter().flat_map(|(_, counts)| counts) {
            *records.entry(&count.method).or_default() += count.records;
        }
        for (method, count) in records {
            let method = if method.is_empty() { "none" } else { method };
            sample(text, "rehash_records", &[("method", method)], count as f64);
        }
        family(text, "rehash_records_age_seconds", "gauge", "How long ago the store said so");
        if let Some((at, _)) = &self.counts {
            sample(text, "rehash_records_age_seconds", &[], at.elapsed().as_secs_f64());
        }
    }
}

/// The minute it is, since the epoch.
pub(super) fn now_minute() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() / 60)
}

fn render_pool(text: &mut String, gauges: &Gauges, limit_kib: u32) {
    let bytes = |kib: u32| f64::from(kib) * 1024.0;
    let all = [
        ("rehash_pool_queued", "gauge", "Jobs that wait for a worker", gauges.queued as f64),
        ("rehash_pool_running", "gauge", "Jobs under way", gauges.running as f64),
        ("rehash_pool_busy_workers", "gauge", "Workers that are computing", gauges.busy_workers as f64),
        ("rehash_pool_memory_bytes", "gauge", "Memory of hashes", bytes(gauges.memory_kib)),
        ("rehash_pool_memory_limit_bytes", "gauge", "What it may be at most", bytes(limit_kib)),
        ("rehash_pool_completed_total", "counter", "Jobs that were computed", gauges.completed as f64),
        ("rehash_pool_side_by_side_total", "counter", "Computed beside another", gauges.side_by_side as f64),
        ("rehash_pool_overloaded_total", "counter", "Jobs refused for want of room", gauges.overloaded as f64),
        ("rehash_pool_expired_total", "counter", "Jobs whose deadline passed", gauges.expired as f64),
        ("rehash_pool_cancelled_total", "counter", "Jobs nobody waited for", gauges.cancelled as f64),
        ("rehash_pool_panicked_total", "counter", "Jobs that panicked", gauges.panicked as f64),
    ];
    for (name, kind, help, value) in all {
        family(text, name, kind, help);
        sample(text, name, &[], value);
    }
}

fn family(text: &mut String, name: &str, kind: &str, help: &str) {
    // Writing to a string does not fail.
    let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
}

fn sample(text: &mut String, name: &str, labels: &[(&str, &str)], value: f64) {
    text.push_str(name);
    for (place, (label, value)) in labels.iter().enumerate() {
        let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        let _ = write!(text, "{}{label}=\"{value}\"", if place == 0 { "{" } else { "," });
    }
    let _ = writeln!(text, "{} {value}", if labels.is_empty() { "" } else { "}" });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_bounds_of_buckets() {
        let mut histogram = Histogram::default();
        assert_eq!(histogram.quantile(0.5), None);
        (0..99).for_each(|_| histogram.observe(0.004));
        histogram.observe(3.0);
        assert_eq!((histogram.quantile(0.5), histogram.quantile(0.99)), (Some(0.005), Some(0.005)));
        assert_eq!(histogram.quantile(1.0), Some(5.0));
    }

    #[test]
    fn labels_are_escaped() {
        let mut text = String::new();
        sample(&mut text, "x", &[("a", "b\"\\\n"), ("c", "d")], 1.5);
        assert_eq!(text, "x{a=\"b\\\"\\\\\\n\",c=\"d\"} 1.5\n");
    }
}
