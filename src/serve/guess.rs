//! A guess at a password while it is under way: begun where it is counted, in memory and in the store, and ended there
//! whatever becomes of its request.

use std::net::IpAddr;
use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use tokio::time::sleep;

use super::Inner;
use super::config::Config;
use super::middleware::now_millis;
use super::throttle::{Key, Throttle};
use crate::store::{GuessEnd, Guessed, Subject};

/// How long a sign-in waits for the store to count it: well below the floor, so that one that is slow to write, and not to read,
/// holds up nobody.
const PATIENCE: Duration = Duration::from_millis(100);
/// How long one waits for others that are under way, before it is looked again. The store is asked less often.
const BREATH: Duration = Duration::from_millis(20);
const BREATH_OF_STORE: Duration = Duration::from_millis(60);

/// A guess that this process has taken. It is carried to its end whether its client waits or not: who hangs up before the answer to
/// a wrong password comes has learned what they wanted to know, and whose password was right has lost nothing. Dropped before it has
/// ended, it was wrong.
pub(super) struct Guess {
    inner: Arc<Inner>,
    identifier: Key,
    address: Option<Key>,
    in_store: Option<Arc<Named>>,
    end: GuessEnd,
}

/// A guess as the store counts it.
struct Named {
    identifier: (String, u32),
    address: Option<(String, u32)>,
    /// Whether the store took it; nothing where it was not asked, or did not answer.
    is_taken: OnceLock<bool>,
}

/// What became of a guess.
pub(super) enum Begun {
    Taken(Guess),
    Locked,
    /// Others are under way, and took too long.
    Throttled,
}

impl Guess {
    /// Takes a guess, where identifier and address have not been refused too often. Waits while only others that are under way
    /// are in the way, and holds nothing meanwhile but its place among those who are let in.
    pub(super) async fn begin(
        inner: &Arc<Inner>,
        identifier: &str,
        address: Option<IpAddr>,
        deadline: Instant,
    ) -> Begun {
        let throttle = &inner.throttle;
        let keys = (throttle.identifier(identifier), address.map(|address| throttle.address(address)));
        loop {
            match throttle.begin(keys.0, keys.1, inner.guesses_at_once()) {
                Guessed::Taken => break,
                Guessed::Locked => {
                    let is_address_locked = keys.1.is_some_and(|key| throttle.is_address_locked(key));
                    inner.look_at_lock(address.filter(|_| is_address_locked));
                    return Begun::Locked;
                }
                Guessed::Busy if Instant::now() + BREATH > deadline => return Begun::Throttled,
                Guessed::Busy => sleep(BREATH).await,
            }
        }
        let in_store = inner.config.throttle_in_store.then(|| Arc::new(Named::of(&inner.config, identifier, address)));
        let (identifier, address) = keys;
        Begun::Taken(Self { inner: Arc::clone(inner), identifier, address, in_store, end: GuessEnd::Wrong })
    }

    /// Whether the store, too, takes it; where it cannot say, this instance counts alone.
    pub(super) async fn begin_in_store(&mut self, deadline: Instant) -> Guessed {
        let Some(named) = self.in_store.clone() else { return Guessed::Taken };
        let told = loop {
            match self.ask(&named).await {
                Guessed::Busy if Instant::now() + BREATH_OF_STORE <= deadline => sleep(BREATH_OF_STORE).await,
                told => break told,
            }
        };
        if told != Guessed::Taken {
            // One whom the store has locked is not locked here for longer by trying.
            self.end = GuessEnd::Nothing;
        }
        told
    }

    async fn ask(&self, named: &Arc<Named>) -> Guessed {
        let (store, named, window) =
            (self.inner.accounts.clone(), Arc::clone(named), self.inner.config.throttle_window);
        let begin = move || {
            let told = store.begin_guess(&named.subjects(), window)?;
            if told != Guessed::Busy {
                named.is_taken.get_or_init(|| told == Guessed::Taken);
            }
            Ok(told)
        };
        let told = tokio::time::timeout(PATIENCE, self.inner.counting.run(begin)).await;
        told.ok().and_then(Result::ok).unwrap_or_else(|| {
            self.inner.metrics.throttle_alone();
            Guessed::Taken
        })
    }

    /// It ended so.
    pub(super) fn end(mut self, end: GuessEnd) {
        if self.end == GuessEnd::Wrong {
            self.end = end;
        }
    }
}

impl Inner {
    /// How many guesses at one identifier are under way at once.
    fn guesses_at_once(&self) -> u32 {
        self.floor.at_once(self.patience(), self.workers())
    }

    /// Behind a proxy on this machine all visitors have one address where no header of its tells theirs apart: then a few who guess lock
    /// everybody out, which is told of once.
    fn look_at_lock(&self, locked: Option<IpAddr>) {
        let is_proxys = locked.is_some_and(|address| address.to_canonical().is_loopback());
        if !is_proxys || self.config.address_header.is_some() || self.has_told_of_proxy.swap(true, Ordering::Relaxed) {
            return;
        }
        if let Some(log) = &self.config.log {
            let message = "an address of this machine is locked: where a proxy is in front, all of its visitors are, until \
                           --address-header names the header in which it tells their addresses";
            let line = serde_json::json!({
                "time_ms": now_millis(), "level": "warn", "event": "local_address_locked", "message": message,
            });
            log(&line.to_string());
        }
    }
}

impl Drop for Guess {
    fn drop(&mut self) {
        let (throttle, end) = (&self.inner.throttle, self.end);
        throttle.end(self.identifier, end);
        if let Some(address) = self.address {
            // An address may be many people's.
            throttle.end(address, without_forgiving(end));
        }
        let (Some(named), Ok(runtime)) = (self.in_store.take(), tokio::runtime::Handle::try_current()) else { return };
        let (store, counting) = (self.inner.accounts.clone(), Arc::clone(&self.inner.counting));
        // Beside the answer.
        runtime.spawn(async move {
            // Looked at when its turn comes: a count that came late has then come.
            let end = move || match named.is_taken.get() {
                Some(true) => store.end_guess(&named.subjects(), end),
                _ => Ok(()),
            };
            let _ = counting.run(end).await;
        });
    }
}

const fn without_forgiving(end: GuessEnd) -> GuessEnd {
    match end {
        GuessEnd::Right | GuessEnd::Nothing => GuessEnd::Nothing,
        GuessEnd::Wrong => GuessEnd::Wrong,
    }
}

impl Named {
    fn of(config: &Config, identifier: &str, address: Option<IpAddr>) -> Self {
        let (identifier, address) = Throttle::names(identifier, address);
        Self {
            identifier: (identifier, config.failures_per_identifier),
            address: address.map(|name| (name, config.failures_per_address)),
            is_taken: OnceLock::new(),
        }
    }

    fn subjects(&self) -> Vec<Subject<'_>> {
        let (name, limit) = &self.identifier;
        let identifier = Subject { name, limit: *limit, is_forgiven: true };
        let address = self.address.iter().map(|(name, limit)| Subject { name, limit: *limit, is_forgiven: false });
        std::iter::once(identifier).chain(address).collect()
    }
}
