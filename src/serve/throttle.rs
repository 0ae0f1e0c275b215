//! Throttling of guesses, in bounded memory: how often an identifier or an address was refused of late. And of requests, for
//! the user API. Keys are hashed under a random key of the process, so that nobody can aim at an entry.

use std::hash::{BuildHasher as _, RandomState};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::config::Config;
use crate::store::{GuessEnd, Guessed};

/// Entries in a row, of which the least wanted gives way.
const WAYS: usize = 8;
/// Longer than the longest request: [`crate::store::Users::begin_guess`] says the same of a store.
const UNDER_WAY_SECS: u32 = 30;

/// Who was refused how often.
pub(super) struct Throttle {
    hasher: RandomState,
    rows: Vec<Mutex<[Entry; WAYS]>>,
    started: Instant,
    window: Duration,
    per_identifier: u32,
    per_address: u32,
}

#[derive(Clone, Copy, Default)]
struct Entry {
    /// Nought where it is free.
    key: u64,
    failures: u32,
    /// Guesses that are under way, and when the last of them began, in seconds since the start.
    pending: u32,
    begun: u32,
    /// Seconds since the start when its first failure was.
    since: u32,
}

impl Entry {
    /// Those whose end is still to come: as in the stores, one that nobody has ended after so long is over.
    const fn under_way(&self, now: u32) -> u32 {
        if now.saturating_sub(self.begun) < UNDER_WAY_SECS { self.pending } else { 0 }
    }
}

/// An identifier or an address, hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Key(u64);

impl Throttle {
    pub(super) fn new(config: &Config) -> Self {
        let rows = config.throttle_entries.div_ceil(WAYS).max(1);
        Self {
            hasher: RandomState::new(),
            rows: (0..rows).map(|_| Mutex::default()).collect(),
            started: Instant::now(),
            window: config.throttle_window,
            per_identifier: config.failures_per_identifier,
            per_address: config.failures_per_address,
        }
    }

    /// Of the one spelling that stands for all ([`Users::spelt`](crate::store::Users::spelt)).
    pub(super) fn identifier(&self, identifier: &str) -> Key {
        Key(self.hasher.hash_one(("identifier", identifier)).max(1))
    }

    /// What the store is told of them, where it counts.
    pub(super) fn names(identifier: &str, address: Option<IpAddr>) -> (String, Option<String>) {
        let network = |address| match network(address) {
            Ok(address) => format!("address {address}"),
            Err(network) => format!("network {network:x}"),
        };
        (format!("identifier {identifier}"), address.map(network))
    }

    /// An IPv6 address counts with its network: whoever has one has them all.
    pub(super) fn address(&self, address: IpAddr) -> Key {
        Key(self.hasher.hash_one(("address", network(address))).max(1))
    }

    /// Takes a guess, which counts as a refusal while it is under way, so that guesses made at once do not slip through. One that
    /// is not taken is not counted. No more than `at_once` are taken for one identifier, whoever it is: so many as would be done in time
    /// if its hash were the dearest there is. Of more, some would be told to come back, and that would tell that there is such a hash.
    pub(super) fn begin(&self, identifier: Key, address: Option<Key>, at_once: u32) -> Guessed {
        let begun = self.count(identifier, self.per_identifier, at_once);
        if begun != Guessed::Taken {
            return begun;
        }
        let begun = address.map_or(Guessed::Taken, |key| self.count(key, self.per_address, u32::MAX));
        if begun != Guessed::Taken {
            self.end(identifier, GuessEnd::Nothing);
        }
        begun
    }

    /// Whether it has been refused too often.
    pub(super) fn is_address_locked(&self, key: Key) -> bool {
        let (now, limit) = (self.now(), self.per_address);
        self.with_row(key, |row| {
            let is_it = |entry: &&Entry| entry.key == key.0 && self.is_current(entry, now);
            limit > 0 && row.iter().find(is_it).is_some_and(|entry| entry.failures >= limit)
        })
    }

    /// One more under way, where with it there are no more than the limit; nought is no limit.
    fn count(&self, key: Key, limit: u32, at_once: u32) -> Guessed {
        let now = self.now();
        self.with_row(key, |row| {
            let is_it = |entry: &&Entry| entry.key == key.0 && self.is_current(entry, now);
            if let Some(entry) = row.iter().find(is_it).filter(|_| limit > 0) {
                if entry.failures >= limit {
                    return Guessed::Locked;
                }
                let under_way = entry.under_way(now);
                if under_way >= at_once.max(1) || entry.failures.saturating_add(under_way) >= limit {
                    return Guessed::Busy;
                }
            }
            let entry = self.entry(row, key, now);
            (entry.pending, entry.begun) = (entry.under_way(now).saturating_add(1), now);
            Guessed::Taken
        })
    }

    /// A guess that was taken ended so.
    pub(super) fn end(&self, key: Key, end: GuessEnd) {
        let now = self.now();
        self.with_row(key, |row| {
            let is_held = row.iter().any(|entry| entry.key == key.0);
            if !is_held && end != GuessEnd::Wrong {
                return;
            }
            let entry = self.entry(row, key, now);
            entry.pending = entry.pending.saturating_sub(1);
            match end {
                GuessEnd::Right => entry.failures = 0,
                GuessEnd::Wrong => entry.failures = entry.failures.saturating_add(1),
                GuessEnd::Nothing => {}
            }
        });
    }

    /// The key's entry, which takes the place of another where it has none, and begins anew where its time is over.
    fn entry<'r>(&self, row: &'r mut [Entry; WAYS], key: Key, now: u32) -> &'r mut Entry {
        let place = row.iter().position(|entry| entry.key == key.0).unwrap_or_else(|| {
            // What is over gives way first, then what was refused least.
            let want = |entry: &Entry| {
                (self.is_current(entry, now), entry.failures.saturating_add(entry.under_way(now)), entry.since)
            };
            (0..WAYS).min_by_key(|place| want(&row[*place])).unwrap_or(0)
        });
        let entry = &mut row[place];
        if entry.key != key.0 {
            *entry = Entry { key: key.0, failures: 0, pending: 0, begun: now, since: now };
        } else if !self.is_current(entry, now) {
            (entry.failures, entry.since) = (0, now);
        }
        entry
    }

    fn with_row<T>(&self, key: Key, work: impl FnOnce(&mut [Entry; WAYS]) -> T) -> T {
        let row = &self.rows[(key.0 % self.rows.len() as u64) as usize];
        work(&mut row.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn is_current(&self, entry: &Entry, now: u32) -> bool {
        entry.key != 0 && u64::from(now.saturating_sub(entry.since)) < self.window.as_secs().max(1)
    }

    fn now(&self) -> u32 {
        u32::try_from(self.started.elapsed().as_secs()).unwrap_or(u32::MAX)
    }
}

/// What counts as one address: an address, or the network of one.
pub(super) type Network = Result<Ipv4Addr, u64>;

/// An IPv6 address counts with its network: whoever has one has them all.
pub(super) fn network(address: IpAddr) -> Network {
    match address.to_canonical() {
        IpAddr::V4(address) => Ok(address),
        IpAddr::V6(address) => Err((u128::from(address) >> 64) as u64),
    }
}

/// So many requests a second, with bursts of twice as many.
pub(super) struct Buckets {
    rate: u32,
    state: Mutex<(f64, Instant)>,
}

impl Buckets {
    pub(super) fn new(rate: u32) -> Self {
        Self { rate, state: Mutex::new((2.0 * f64::from(rate), Instant::now())) }
    }

    /// Whether one more may come; else after how many seconds.
    pub(super) fn take(&self) -> Result<(), u64> {
        if self.rate == 0 {
            return Ok(());
        }
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (tokens, last) = *state;
        let now = Instant::now();
        let rate = f64::from(self.rate);
        let tokens = (tokens + now.duration_since(last).as_secs_f64() * rate).min(2.0 * rate);
        let is_taken = tokens >= 1.0;
        *state = (if is_taken { tokens - 1.0 } else { tokens }, now);
        if is_taken { Ok(()) } else { Err(1) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn throttle(entries: usize, window_secs: u64) -> Throttle {
        let throttle_window = Duration::from_secs(window_secs);
        let config =
            Config { throttle_entries: entries, throttle_window, failures_per_identifier: 3, ..Config::default() };
        Throttle::new(&config)
    }

    /// How many of so many guesses were taken, all of them wrong.
    fn wrong(throttle: &Throttle, key: Key, guesses: usize) -> usize {
        let is_taken = || throttle.begin(key, None, 9) == Guessed::Taken;
        (0..guesses).filter(|_| is_taken().then(|| throttle.end(key, GuessEnd::Wrong)).is_some()).count()
    }

    #[test]
    fn an_identifier_is_locked_after_its_failures_and_forgiven_after_a_sign_in() {
        let throttle = throttle(1024, 900);
        let (ada, bob) = (throttle.identifier("ada"), throttle.identifier("bob"));
        assert_eq!((wrong(&throttle, ada, 9), wrong(&throttle, bob, 1)), (3, 1));
        assert_eq!(throttle.begin(ada, None, 9), Guessed::Locked);
        assert_eq!(throttle.begin(bob, None, 9), Guessed::Taken);
        throttle.end(bob, GuessEnd::Right);
        assert_eq!(wrong(&throttle, bob, 9), 3, "it began anew");
    }

    #[test]
    fn guesses_under_way_are_waited_for_and_not_held_against_anybody() {
        let throttle = throttle(1024, 900);
        let ada = throttle.identifier("ada");
        let begin = || throttle.begin(ada, None, 9);
        assert_eq!(
            [begin(), begin(), begin(), begin()],
            [Guessed::Taken, Guessed::Taken, Guessed::Taken, Guessed::Busy]
        );
        throttle.end(ada, GuessEnd::Nothing);
        throttle.end(ada, GuessEnd::Wrong);
        assert_eq!([begin(), begin()], [Guessed::Taken, Guessed::Busy]);
        throttle.end(ada, GuessEnd::Wrong);
        throttle.end(ada, GuessEnd::Wrong);
        assert_eq!(begin(), Guessed::Locked);
    }

    #[test]
    fn no_more_are_under_way_at_once_than_would_be_done_in_time() {
        let throttle = throttle(1024, 900);
        let (ada, bob) = (throttle.identifier("ada"), throttle.identifier("bob"));
        let begin = |key| throttle.begin(key, None, 2);
        assert_eq!([begin(ada), begin(ada), begin(ada)], [Guessed::Taken, Guessed::Taken, Guessed::Busy]);
        assert_eq!(begin(bob), Guessed::Taken, "each for itself");
        throttle.end(ada, GuessEnd::Right);
        assert_eq!([begin(ada), begin(ada)], [Guessed::Taken, Guessed::Busy]);
        // Who wants no limit has none: nobody keeps a user out by guessing.
        let open = Throttle::new(&Config { failures_per_identifier: 0, ..Config::default() });
        let ada = open.identifier("ada");
        assert!((0..9).all(|_| open.begin(ada, None, 2) == Guessed::Taken));
    }

    #[test]
    fn guesses_that_nobody_ends_are_over_after_half_a_minute() {
        let entry = Entry { pending: 3, begun: 100, ..Entry::default() };
        assert_eq!([100, 129, 130, 1000].map(|now| entry.under_way(now)), [3, 3, 0, 0]);
    }

    #[test]
    fn guesses_at_once_do_not_slip_through() {
        let throttle = throttle(1024, 900);
        let ada = throttle.identifier("ada");
        let begun: usize = std::thread::scope(|scope| {
            let guess = || (0..50).filter(|_| throttle.begin(ada, None, 99) == Guessed::Taken).count();
            let guessers: Vec<_> = (0..8).map(|_| scope.spawn(guess)).collect();
            guessers.into_iter().map(|guesser| guesser.join().unwrap_or(0)).sum()
        });
        assert_eq!(begun, 3);
    }

    #[test]
    fn what_the_address_is_refused_is_not_held_against_the_identifier() {
        let config = Config { failures_per_address: 1, failures_per_identifier: 3, ..Config::default() };
        let throttle = Throttle::new(&config);
        let (ada, address) = (throttle.identifier("ada"), throttle.address("192.0.2.1".parse().expect("an address")));
        assert_eq!(throttle.begin(ada, Some(address), 9), Guessed::Taken);
        [ada, address].into_iter().for_each(|key| throttle.end(key, GuessEnd::Wrong));
        assert!((0..9).all(|_| throttle.begin(ada, Some(address), 9) == Guessed::Locked));
        assert_eq!(wrong(&throttle, ada, 9), 2);
    }

    #[test]
    fn failures_are_forgotten_after_the_window() {
        let throttle = throttle(8, 1);
        let ada = throttle.identifier("ada");
        assert_eq!(wrong(&throttle, ada, 9), 3);
        std::thread::sleep(Duration::from_millis(2100));
        assert_eq!(wrong(&throttle, ada, 9), 3, "they start anew");
    }

    #[test]
    fn memory_is_bounded_and_a_flood_of_names_does_not_free_a_locked_one() {
        let throttle = throttle(64, 900);
        let ada = throttle.identifier("ada");
        wrong(&throttle, ada, 3);
        for number in 0..10_000 {
            wrong(&throttle, throttle.identifier(&number.to_string()), 1);
        }
        assert_eq!(throttle.begin(ada, None, 9), Guessed::Locked);
        assert_eq!(throttle.rows.len(), 8);
    }

    #[test]
    fn addresses_of_one_network_count_together() {
        let throttle = throttle(64, 900);
        let key = |text: &str| throttle.address(text.parse().expect("an address"));
        assert_eq!(key("2001:db8::1"), key("2001:db8::2"));
        assert_ne!(key("2001:db8::1"), key("2001:db8:0:1::1"));
        assert_eq!(key("::ffff:192.0.2.1"), key("192.0.2.1"));
        assert_ne!(key("192.0.2.1"), key("192.0.2.2"));
    }

    #[test]
    fn requests_above_the_rate_are_refused_and_nought_is_no_limit() {
        let buckets = Buckets::new(5);
        assert_eq!((0..10).filter(|_| buckets.take().is_ok()).count(), 10, "a burst");
        assert_eq!(buckets.take(), Err(1));
        let open = Buckets::new(0);
        assert!((0..1000).all(|_| open.take().is_ok()));
    }
}
