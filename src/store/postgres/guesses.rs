//! Guesses at passwords, in a table that all instances share. It is not logged: after a crash of the server counts begin anew,
//! and a replica has none of it.

use std::time::Duration;

use futures_util::future::try_join_all;
use tokio_postgres::types::{ToSql, Type};

use super::Postgres;
use crate::store::guesses::Guess;
use crate::store::{StoreError, Subject};

/// `$1` the place, `$2` the key, `$3` its limit, `$4` the window in seconds. What stands in the place gives way unless it is
/// locked. The answer is whether the guess may be made: it was counted, or the place is another's.
const COUNT: &str = "
WITH clock AS (SELECT extract(epoch FROM now())::bigint AS now),
counted AS (
    INSERT INTO {s}.guesses AS held (place, key, failures, last) SELECT $1, $2, 1, now FROM clock
    ON CONFLICT (place) DO UPDATE SET
        failures = CASE WHEN held.key = excluded.key AND held.last > excluded.last - $4 THEN held.failures + 1 ELSE 1 END,
        key = excluded.key, last = excluded.last
    WHERE held.last <= excluded.last - $4 OR held.failures < $3
    RETURNING 1
)
SELECT EXISTS (SELECT 1 FROM counted), EXISTS (SELECT 1 FROM {s}.guesses held, clock
    WHERE place = $1 AND key = $2 AND failures >= $3 AND last > now - $4)";

const TAKE_BACK: &str = "UPDATE {s}.guesses SET failures = greatest(failures - 1, 0) WHERE place = $1 AND key = $2";
const FORGIVE: &str = "DELETE FROM {s}.guesses WHERE place = $1 AND key = $2";

impl Postgres {
    fn guesses(&self, subjects: &[Subject<'_>]) -> Result<Vec<Guess>, StoreError> {
        let secret = match self.guess_secret.get() {
            Some(secret) => secret,
            None => {
                let query = self.in_schema("SELECT value FROM {s}.secrets WHERE name = 'guesses'");
                let rows = self.server.with(async |client| client.query_typed(&query, &[]).await)?;
                let secret = rows.first().map(|row| row.get::<_, Vec<u8>>(0)).unwrap_or_default();
                self.guess_secret.get_or_init(|| secret)
            }
        };
        Ok(subjects.iter().map(|subject| Guess::of(secret, subject)).collect())
    }

    fn in_schema(&self, statement: &str) -> String {
        statement.replace("{s}", &self.server.target().schema)
    }

    /// One round trip, whatever the number of subjects; another one where what was counted has to be taken back.
    pub(super) fn begin(&self, subjects: &[Subject<'_>], window: Duration) -> Result<bool, StoreError> {
        let (guesses, count) = (self.guesses(subjects)?, self.in_schema(COUNT));
        let window = i64::try_from(window.as_secs()).unwrap_or(i64::MAX >> 1);
        let answers = self.server.with(async |client| {
            let counting = guesses.iter().map(async |guess| {
                let values: [(&(dyn ToSql + Sync), Type); 4] = [
                    (&guess.place, Type::INT8),
                    (&guess.key, Type::INT8),
                    (&guess.limit, Type::INT8),
                    (&window, Type::INT8),
                ];
                let rows = client.query_typed(&count, &values).await?;
                let answer = |at: usize| rows.first().is_some_and(|row| row.get::<_, bool>(at));
                Ok::<_, tokio_postgres::Error>((answer(0), answer(1)))
            });
            try_join_all(counting).await
        })?;
        let is_admitted = answers.iter().all(|(is_counted, is_locked)| *is_counted || !is_locked);
        if !is_admitted {
            let counted = guesses.iter().zip(&answers).filter(|(_, (is_counted, _))| *is_counted);
            self.take_back(&counted.map(|(guess, _)| *guess).collect::<Vec<_>>(), false)?;
        }
        Ok(is_admitted)
    }

    pub(super) fn end(&self, subjects: &[Subject<'_>], is_right: bool) -> Result<(), StoreError> {
        self.take_back(&self.guesses(subjects)?, is_right)
    }

    fn take_back(&self, guesses: &[Guess], is_right: bool) -> Result<(), StoreError> {
        let (take_back, forgive) = (self.in_schema(TAKE_BACK), self.in_schema(FORGIVE));
        self.server.with(async |client| {
            let each = guesses.iter().map(async |guess| {
                let statement = if is_right && guess.is_forgiven { &forgive } else { &take_back };
                client.query_typed(statement, &[(&guess.place, Type::INT8), (&guess.key, Type::INT8)]).await
            });
            try_join_all(each).await.map(drop)
        })
    }
}
