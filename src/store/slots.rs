//! A few connections that many threads share. Whoever needs one waits for it, and not for longer than the time-out; what
//! is broken is thrown away, and made anew by the next who needs it.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::{StoreError, StoreErrorKind};

/// At most `size` connections, made when they are first needed.
pub(super) struct Slots<T> {
    state: Mutex<State<T>>,
    freed: Condvar,
    size: usize,
    timeout: Duration,
}

struct State<T> {
    idle: Vec<T>,
    /// Idle and lent.
    alive: usize,
}

impl<T> Slots<T> {
    pub(super) fn new(size: usize, timeout: Duration) -> Self {
        let state = Mutex::new(State { idle: Vec::new(), alive: 0 });
        Self { state, freed: Condvar::new(), size: size.max(1), timeout }
    }

    /// Gives a connection that was made elsewhere.
    #[cfg(feature = "sqlite")]
    pub(super) fn put(&self, connection: T) {
        let mut state = self.lock();
        state.alive += 1;
        state.idle.push(connection);
    }

    /// Takes a connection, or makes one where there are fewer than there may be.
    pub(super) fn take(&self, make: impl FnOnce() -> Result<T, StoreError>) -> Result<Slot<'_, T>, StoreError> {
        let deadline = Instant::now() + self.timeout;
        let mut state = self.lock();
        loop {
            if let Some(connection) = state.idle.pop() {
                return Ok(Slot { slots: self, connection: Some(connection) });
            }
            if state.alive < self.size {
                state.alive += 1;
                break;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(StoreError::new(
                    StoreErrorKind::Busy,
                    format!("all {} connections have been in use for {:?}; try again later", self.size, self.timeout),
                ));
            }
            state = self.freed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        drop(state);
        // Given back by its drop where making one fails.
        let mut slot = Slot { slots: self, connection: None };
        slot.connection = Some(make()?);
        Ok(slot)
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        // Nothing that is done under the lock can leave it half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> fmt::Debug for Slots<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slots").field("size", &self.size).field("alive", &self.lock().alive).finish_non_exhaustive()
    }
}

/// A connection that is lent; dropped, it goes back.
pub(super) struct Slot<'a, T> {
    slots: &'a Slots<T>,
    connection: Option<T>,
}

impl<T> Slot<'_, T> {
    /// Throws the connection away: it is broken.
    #[allow(dead_code, reason = "a file's connections do not break")]
    pub(super) fn discard(mut self) {
        self.connection = None;
    }
}

impl<T> fmt::Debug for Slot<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slot").finish_non_exhaustive()
    }
}

impl<T> Deref for Slot<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.connection.as_ref().expect("a connection is there until it is discarded, which takes the slot")
    }
}

impl<T> DerefMut for Slot<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        self.connection.as_mut().expect("a connection is there until it is discarded, which takes the slot")
    }
}

impl<T> Drop for Slot<'_, T> {
    fn drop(&mut self) {
        let mut state = self.slots.lock();
        match self.connection.take() {
            Some(connection) => state.idle.push(connection),
            None => state.alive -= 1,
        }
        drop(state);
        self.slots.freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_too_many_waits_and_is_turned_away() {
        let slots = Slots::new(2, Duration::from_millis(50));
        let (one, two) = (slots.take(|| Ok(1)), slots.take(|| Ok(2)));
        assert!(one.is_ok());
        let refused = slots.take(|| Ok(3)).map(|slot| *slot).unwrap_err();
        assert_eq!(refused.kind(), StoreErrorKind::Busy);
        drop(two);
        assert_eq!(slots.take(|| Ok(3)).map(|slot| *slot).ok(), Some(2));
    }

    #[test]
    fn what_is_broken_leaves_room_for_another() {
        let slots = Slots::new(1, Duration::from_millis(50));
        let broken = slots.take(|| Ok(1)).unwrap_or_else(|error| panic!("{error}"));
        broken.discard();
        let unmade = slots.take(|| Err(StoreError::new(StoreErrorKind::Unreachable, "gone")));
        assert!(unmade.is_err());
        drop(unmade);
        assert_eq!(slots.take(|| Ok(2)).map(|slot| *slot).ok(), Some(2));
    }

    #[test]
    fn who_waits_gets_what_is_given_back() {
        let slots = Slots::new(1, Duration::from_secs(10));
        let lent = slots.take(|| Ok(7));
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| slots.take(|| Ok(8)).map(|slot| *slot).ok());
            std::thread::sleep(Duration::from_millis(50));
            drop(lent);
            assert_eq!(waiting.join().ok().flatten(), Some(7));
        });
    }
}
