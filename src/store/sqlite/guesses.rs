//! Guesses at passwords, in the file that several processes share.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior, params};

use super::schema::failed;
use super::{Sqlite, now};
use crate::store::guesses::{Guess, with_times};
use crate::store::{GuessEnd, Guessed, StoreError, Subject};

const SECRET: &str = "SELECT value FROM secrets WHERE name = 'guesses'";

/// `?1` the place, `?2` the key, `?3` its limit, `?4` now, `?5` the moment before which all is over. What stands in the place gives
/// way unless it has reached its own limit. Those under way count while the last of them can be.
const COUNT: &str = "
INSERT INTO guesses AS held (place, key, failures, pending, most, since) VALUES (?1, ?2, 0, (?4 << {bits}) + 1, ?3, ?4)
ON CONFLICT (place) DO UPDATE SET
    failures = CASE WHEN held.key = excluded.key AND {current} THEN held.failures ELSE 0 END,
    pending = excluded.pending
        + CASE WHEN held.key = excluded.key AND {current} AND {fresh} THEN held.pending & {count} ELSE 0 END,
    since = CASE WHEN held.key = excluded.key AND {current} THEN held.since ELSE excluded.since END,
    key = excluded.key, most = excluded.most
WHERE NOT {current} OR held.failures + CASE WHEN {fresh} THEN held.pending & {count} ELSE 0 END
    < CASE WHEN held.key = excluded.key THEN excluded.most ELSE held.most END";

/// Whether it is this subject that stands in the place, and then whether it is locked.
const STANDS: &str = "SELECT failures >= ?3 FROM guesses WHERE place = ?1 AND key = ?2";
/// One less is under way; after the last, nothing is left of when it began.
const TAKE_BACK: &str = "UPDATE guesses SET
    pending = CASE WHEN pending & {count} > 1 THEN pending - 1 ELSE 0 END WHERE place = ?1 AND key = ?2";
const HOLD: &str = "UPDATE guesses SET failures = failures + 1,
    pending = CASE WHEN pending & {count} > 1 THEN pending - 1 ELSE 0 END WHERE place = ?1 AND key = ?2";
const FORGIVE: &str = "UPDATE guesses SET failures = 0,
    pending = CASE WHEN pending & {count} > 1 THEN pending - 1 ELSE 0 END WHERE place = ?1 AND key = ?2";

pub(super) fn begin(store: &Sqlite, subjects: &[Subject<'_>], window: Duration) -> Result<Guessed, StoreError> {
    let mut writer = store.writer()?;
    let begun = writer.transaction_with_behavior(TransactionBehavior::Immediate).and_then(|transaction| {
        let now = now();
        let over = now.saturating_sub(i64::try_from(window.as_secs()).unwrap_or(i64::MAX));
        let mut told = Guessed::Taken;
        for Guess { place, key, limit, .. } in guesses(&transaction, subjects)? {
            let count = with_times(COUNT).replace("{now}", "?4").replace("{over}", "?5");
            if transaction.prepare_cached(&count)?.execute(params![place, key, limit, now, over])? == 0 {
                let is_locked = transaction
                    .prepare_cached(STANDS)?
                    .query_row(params![place, key, limit], |row| row.get::<_, bool>(0))
                    .optional()?;
                told = match (is_locked, told) {
                    // Another one that is locked has its place.
                    (None, told) => told,
                    (Some(true), _) | (_, Guessed::Locked) => Guessed::Locked,
                    (Some(false), _) => Guessed::Busy,
                };
            }
        }
        // What was counted of one that is not taken is rolled back.
        if told == Guessed::Taken { transaction.commit().map(|()| told) } else { Ok(told) }
    });
    begun.map_err(failed)
}

pub(super) fn end(store: &Sqlite, subjects: &[Subject<'_>], end: GuessEnd) -> Result<(), StoreError> {
    let mut writer = store.writer()?;
    let ended = writer.transaction_with_behavior(TransactionBehavior::Immediate).and_then(|transaction| {
        for guess in guesses(&transaction, subjects)? {
            let statement = match end {
                GuessEnd::Wrong => HOLD,
                GuessEnd::Right if guess.is_forgiven => FORGIVE,
                GuessEnd::Right | GuessEnd::Nothing => TAKE_BACK,
            };
            transaction.prepare_cached(&with_times(statement))?.execute(params![guess.place, guess.key])?;
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
