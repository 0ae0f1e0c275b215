//! Guesses at passwords, in the file that several processes share.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior, params};

use super::schema::failed;
use super::{Sqlite, now};
use crate::store::guesses::Guess;
use crate::store::{StoreError, Subject};

const SECRET: &str = "SELECT value FROM secrets WHERE name = 'guesses'";

/// `?1` the place, `?2` the key, `?3` its limit, `?4` now, `?5` the moment before which all is over. What stands in the place gives
/// way unless it has reached its own limit.
const COUNT: &str = "
INSERT INTO guesses AS held (place, key, failures, most, since) VALUES (?1, ?2, 1, ?3, ?4)
ON CONFLICT (place) DO UPDATE SET
    failures = CASE WHEN held.key = excluded.key AND held.since > ?5 THEN held.failures + 1 ELSE 1 END,
    since = CASE WHEN held.key = excluded.key AND held.since > ?5 THEN held.since ELSE excluded.since END,
    key = excluded.key, most = excluded.most
WHERE held.since <= ?5 OR held.failures < CASE WHEN held.key = excluded.key THEN excluded.most ELSE held.most END";

const IS_LOCKED: &str = "SELECT 1 FROM guesses WHERE place = ?1 AND key = ?2 AND failures >= ?3 AND since > ?4";
const TAKE_BACK: &str = "UPDATE guesses SET failures = max(failures - 1, 0) WHERE place = ?1 AND key = ?2";
const FORGIVE: &str = "DELETE FROM guesses WHERE place = ?1 AND key = ?2";

pub(super) fn begin(store: &Sqlite, subjects: &[Subject<'_>], window: Duration) -> Result<bool, StoreError> {
    let mut writer = store.writer()?;
    let begun = writer.transaction_with_behavior(TransactionBehavior::Immediate).and_then(|transaction| {
        let now = now();
        let over = now.saturating_sub(i64::try_from(window.as_secs()).unwrap_or(i64::MAX));
        for guess in guesses(&transaction, subjects)? {
            let Guess { place, key, limit, .. } = guess;
            let counted = transaction.prepare_cached(COUNT)?.execute(params![place, key, limit, now, over])?;
            let is_locked = || transaction.prepare_cached(IS_LOCKED)?.exists(params![place, key, limit, over]);
            if counted == 0 && is_locked()? {
                // What was counted before it is rolled back.
                return Ok(false);
            }
        }
        transaction.commit()?;
        Ok(true)
    });
    begun.map_err(failed)
}

pub(super) fn end(store: &Sqlite, subjects: &[Subject<'_>], is_right: bool) -> Result<(), StoreError> {
    let mut writer = store.writer()?;
    let ended = writer.transaction_with_behavior(TransactionBehavior::Immediate).and_then(|transaction| {
        for guess in guesses(&transaction, subjects)? {
            let statement = if is_right && guess.is_forgiven { FORGIVE } else { TAKE_BACK };
            transaction.prepare_cached(statement)?.execute(params![guess.place, guess.key])?;
        }
        transaction.commit()
    });
    ended.map_err(failed)
}

fn guesses(connection: &Connection, subjects: &[Subject<'_>]) -> rusqlite::Result<Vec<Guess>> {
    let secret: Option<Vec<u8>> = connection.prepare_cached(SECRET)?.query_row([], |row| row.get(0)).optional()?;
    let secret = secret.unwrap_or_default();
    Ok(subjects.iter().map(|subject| Guess::of(&secret, subject)).collect())
}
