//! How long who writes waits for another process' lock. It is looked at often: who imports lets go of it for a moment between two
//! batches, and SQLite's own way, which looks ten times a second, would miss that.

use std::cell::Cell;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use crate::store::StoreError;

/// The longest sleep before the lock is looked at again.
const LONGEST: Duration = Duration::from_millis(8);

/// How long an import lets go of the lock for others: longer than they sleep.
pub(super) const BREATH: Duration = Duration::from_millis(15);

thread_local! {
    /// Of the thread that has the connection, as SQLite hands no more than a number to who waits.
    static PATIENCE: Cell<Duration> = const { Cell::new(Duration::ZERO) };
    static BEGUN: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// Whoever has this connection waits as this thread was last told to.
pub(super) fn install(connection: &Connection) -> Result<(), StoreError> {
    connection.busy_handler(Some(wait)).map_err(super::schema::failed)
}

/// How long this thread waits from now on.
pub(super) fn set(patience: Duration) {
    PATIENCE.set(patience);
}

fn wait(tries: i32) -> bool {
    let now = Instant::now();
    if tries == 0 {
        BEGUN.set(Some(now));
    }
    let waited = BEGUN.get().map_or(Duration::ZERO, |begun| now.duration_since(begun));
    let is_patient = waited < PATIENCE.get();
    if is_patient {
        std::thread::sleep(LONGEST.min(Duration::from_millis(1) * u32::try_from(tries / 4 + 1).unwrap_or(1)));
    }
    is_patient
}
