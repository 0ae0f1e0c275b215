//! Guesses at passwords, in a table that all instances share. It is not logged: after a crash of the server counts begin anew,
//! and a replica has none of it.

use std::time::Duration;

use futures_util::future::{join3, try_join_all};
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Error};

use super::Postgres;
use crate::store::guesses::Guess;
use crate::store::{GuessEnd, Guessed, StoreError, Subject};

pub(super) const SECRET: &str = "SELECT value FROM {s}.secrets WHERE name = 'guesses'";

/// `$1` the place, `$2` the key, `$3` its limit, `$4` the window in seconds. What stands in the place gives way unless it has reached
/// its own limit. Those under way count while the last of them can be (`with_times`). A row comes back where the guess was counted.
pub(super) const COUNT: &str = "
INSERT INTO {s}.guesses AS held (place, key, failures, pending, most, since)
VALUES ($1, $2, 0, (extract(epoch FROM now())::bigint << {bits}) + 1, $3, extract(epoch FROM now())::bigint)
ON CONFLICT (place) DO UPDATE SET
    failures = CASE WHEN held.key = excluded.key AND {current} THEN held.failures ELSE 0 END,
    pending = excluded.pending
        + CASE WHEN held.key = excluded.key AND {current} AND {fresh} THEN held.pending & {count} ELSE 0 END,
    since = CASE WHEN held.key = excluded.key AND {current} THEN held.since ELSE excluded.since END,
    key = excluded.key, most = excluded.most
WHERE NOT {current} OR held.failures + CASE WHEN {fresh} THEN held.pending & {count} ELSE 0 END
    < CASE WHEN held.key = excluded.key THEN excluded.most ELSE held.most END
RETURNING 1";

/// Whether it is this subject that stands in the place, and not another that is locked; then whether it is locked itself, by the
/// limit `$3`. Asked after [`COUNT`], which waits for others and sees what they wrote, where its own statement would not.
pub(super) const STANDS: &str = "SELECT failures >= $3 FROM {s}.guesses WHERE place = $1 AND key = $2";

/// One less is under way; after the last, nothing is left of when it began.
pub(super) const TAKE_BACK: &str = "UPDATE {s}.guesses SET
    pending = CASE WHEN pending & {count} > 1 THEN pending - 1 ELSE 0 END WHERE place = $1 AND key = $2";
pub(super) const HOLD: &str = "UPDATE {s}.guesses SET failures = failures + 1,
    pending = CASE WHEN pending & {count} > 1 THEN pending - 1 ELSE 0 END WHERE place = $1 AND key = $2";
pub(super) const FORGIVE: &str = "UPDATE {s}.guesses SET failures = 0,
    pending = CASE WHEN pending & {count} > 1 THEN pending - 1 ELSE 0 END WHERE place = $1 AND key = $2";

/// What became of one subject's guess.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Answer {
    Counted,
    Busy,
    Locked,
    /// Another one that is locked has its place.
    NoRoom,
}

impl Postgres {
    fn guesses(&self, subjects: &[Subject<'_>]) -> Result<Vec<Guess>, StoreError> {
        let secret = match self.guess_secret.get() {
            Some(secret) => secret,
            None => {
                let query = &self.statements.guess_secret;
                let rows = self.server.with(async |client| client.query_typed(query, &[]).await)?;
                let secret = rows.first().map(|row| row.get::<_, Vec<u8>>(0)).unwrap_or_default();
                self.guess_secret.get_or_init(|| secret)
            }
        };
        Ok(subjects.iter().map(|subject| Guess::of(secret, subject)).collect())
    }

    /// One round trip, whatever the number of subjects; more where one of them may be locked.
    pub(super) fn begin(&self, subjects: &[Subject<'_>], window: Duration) -> Result<Guessed, StoreError> {
        let (guesses, statements) = (self.guesses(subjects)?, &self.statements);
        let window = i64::try_from(window.as_secs()).unwrap_or(i64::MAX >> 1);
        let is_pooled = self.server.target().is_pooled();
        let answers = self.server.with(async |client| {
            let counting = guesses.iter().map(async |guess| {
                let values: [(&(dyn ToSql + Sync), Type); 4] = [
                    (&guess.place, Type::INT8),
                    (&guess.key, Type::INT8),
                    (&guess.limit, Type::INT8),
                    (&window, Type::INT8),
                ];
                client.query_typed(&statements.count_guess, &values).await.map(|rows| !rows.is_empty())
            });
            let counted = whole(client, is_pooled, try_join_all(counting)).await?;
            let standing = guesses.iter().zip(counted).map(async |(guess, is_counted)| {
                if is_counted {
                    return Ok(Answer::Counted);
                }
                let values: [(&(dyn ToSql + Sync), Type); 3] =
                    [(&guess.place, Type::INT8), (&guess.key, Type::INT8), (&guess.limit, Type::INT8)];
                let rows = client.query_typed(&statements.guess_stands, &values).await?;
                Ok::<_, Error>(match rows.first().map(|row| row.get(0)) {
                    None => Answer::NoRoom,
                    Some(true) => Answer::Locked,
                    Some(false) => Answer::Busy,
                })
            });
            try_join_all(standing).await
        })?;
        let told = if answers.contains(&Answer::Locked) {
            Guessed::Locked
        } else if answers.contains(&Answer::Busy) {
            Guessed::Busy
        } else {
            return Ok(Guessed::Taken);
        };
        let counted = guesses.iter().zip(&answers).filter(|(_, answer)| **answer == Answer::Counted);
        self.settle(&counted.map(|(guess, _)| *guess).collect::<Vec<_>>(), GuessEnd::Nothing)?;
        Ok(told)
    }

    pub(super) fn end(&self, subjects: &[Subject<'_>], end: GuessEnd) -> Result<(), StoreError> {
        self.settle(&self.guesses(subjects)?, end)
    }

    fn settle(&self, guesses: &[Guess], end: GuessEnd) -> Result<(), StoreError> {
        let (statements, is_pooled) = (&self.statements, self.server.target().is_pooled());
        self.server.with(async |client| {
            let each = guesses.iter().map(async |guess| {
                let statement = match end {
                    GuessEnd::Wrong => &statements.hold_guess,
                    GuessEnd::Right if guess.is_forgiven => &statements.forgive_guess,
                    GuessEnd::Right | GuessEnd::Nothing => &statements.take_back_guess,
                };
                client.query_typed(statement, &[(&guess.place, Type::INT8), (&guess.key, Type::INT8)]).await
            });
            whole(client, is_pooled, try_join_all(each)).await.map(drop)
        })
    }
}

/// Runs statements that are sent at once as one transaction, which is no round trip more: what is tried again was not done in part.
/// Behind a pooler each piece of work is one already.
async fn whole<T>(client: &Client, is_pooled: bool, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    if is_pooled {
        return work.await;
    }
    // In this order, each without waiting for the one before.
    let (begun, done, ended) = join3(client.batch_execute("BEGIN"), work, client.batch_execute("COMMIT")).await;
    begun?;
    let value = done?;
    ended.map(|()| value)
}
