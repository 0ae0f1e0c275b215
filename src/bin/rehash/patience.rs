//! Says that a store is waited for: another import can have it, or whoever writes to it, and silence looks like a fault.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use crate::output::say;

/// How often it is looked whether the store has answered.
const LOOK: Duration = Duration::from_millis(250);
/// Looks after which it is said: two seconds.
const LOOKS: u64 = 8;

const OTHERS: &str =
    "waiting for the store: another import may be writing to it, its indexes are being built, or its disk is slow";
/// At an import's end.
const INDEXES: &str = "the store ends the import: where it has put its indexes off, it builds them now";

/// Watches one thread's dealings with a store.
pub struct Patience(Arc<State>);

#[derive(Default)]
struct State {
    /// Odd while the store is waited for; another number each time.
    turns: AtomicU64,
    is_ending: AtomicBool,
    is_over: AtomicBool,
}

impl Patience {
    pub fn new() -> Self {
        let state = Arc::new(State::default());
        let watched = Arc::clone(&state);
        // Without a thread to spare, nothing is said.
        let _ = std::thread::Builder::new().name("rehash-patience".into()).spawn(move || watched.watch());
        Self(state)
    }

    /// Does what may wait.
    pub fn wait<T>(&self, work: impl FnOnce() -> T) -> T {
        self.0.turns.fetch_add(1, Ordering::Relaxed);
        let done = work();
        self.0.turns.fetch_add(1, Ordering::Relaxed);
        done
    }

    /// The same for what ends an import.
    pub fn end<T>(&self, work: impl FnOnce() -> T) -> T {
        self.0.is_ending.store(true, Ordering::Relaxed);
        let done = self.wait(work);
        self.0.is_ending.store(false, Ordering::Relaxed);
        done
    }
}

impl Drop for Patience {
    fn drop(&mut self) {
        self.0.is_over.store(true, Ordering::Relaxed);
    }
}

impl State {
    fn watch(&self) {
        let (mut seen, mut looks) = (0, 0);
        while !self.is_over.load(Ordering::Relaxed) {
            std::thread::sleep(LOOK);
            let turn = self.turns.load(Ordering::Relaxed);
            looks = if turn == seen && turn % 2 == 1 { looks + 1 } else { 0 };
            seen = turn;
            if looks == LOOKS {
                say(if self.is_ending.load(Ordering::Relaxed) { INDEXES } else { OTHERS });
            }
        }
    }
}
