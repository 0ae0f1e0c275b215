//! The accounts elsewhere that users' identities name, each held by one user.

use std::ops::ControlFlow;
use std::pin::pin;

use futures_util::TryStreamExt as _;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Error, GenericClient, Row, Transaction};

use super::Postgres;
use crate::store::identities::{Account, Link, account, accounts, link};
use crate::store::{Linked, StoreError};

/// Rows that are looked at together when all identities are.
const ROWS: u32 = 2_000;

/// `$1` the user, `$2` the new object, `$3` the old one, `$4` and `$5` the account, or null.
pub(super) const LINK: &str = "
WITH linked AS (
    UPDATE {s}.users SET identities = $2 WHERE id = $1 AND identities IS NOT DISTINCT FROM $3 RETURNING id
), held AS (
    INSERT INTO {s}.identities (target, identity, user_id) SELECT $4, $5, id FROM linked WHERE $4 IS NOT NULL
)
SELECT count(*) FROM linked";

const HOLD: &str = "
INSERT INTO {s}.identities (target, identity, user_id)
SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[]) ON CONFLICT DO NOTHING";

/// Whether another user holds what was to be unique.
pub(super) fn is_taken(error: &Error) -> bool {
    error.code() == Some(&SqlState::UNIQUE_VIOLATION)
}

impl Postgres {
    pub(super) fn link(&self, id: i64, provider: &str, identity: &str) -> Result<Linked, StoreError> {
        let read = format!("SELECT identities FROM {}.users WHERE id = $1", self.server.target().schema);
        let account = account(provider, identity);
        let (target, named) = account.as_ref().map(|account| (&account.target, &account.identity)).unzip();
        self.server.change(|| {
            let rows = self.server.with(async |client| client.query_typed(&read, &[(&id, Type::INT8)]).await)?;
            let Some(row) = rows.first() else { return Ok(Some(Linked::NoSuchUser)) };
            let held: Option<String> = row.get(0);
            let merged = match link(held.as_deref(), provider, identity)? {
                Link::Add(merged) => merged,
                Link::Same => return Ok(Some(Linked::Written)),
                Link::Other => return Ok(Some(Linked::Taken)),
            };
            self.server.with(async |client| {
                let values: [(&(dyn ToSql + Sync), Type); 5] = [
                    (&id, Type::INT8),
                    (&merged, Type::TEXT),
                    (&held, Type::TEXT),
                    (&target, Type::TEXT),
                    (&named, Type::TEXT),
                ];
                match client.query_typed(&self.statements.link, &values).await {
                    Ok(rows) if rows.first().is_some_and(|row| row.get::<_, i64>(0) == 1) => Ok(Some(Linked::Written)),
                    Ok(_) => Ok(None),
                    Err(error) if is_taken(&error) => Ok(Some(Linked::AnotherUsers)),
                    Err(error) => Err(error),
                }
            })
        })
    }
}

/// Those who are there hold what their identities name. Where two name the same account, the one who came first has it.
pub(super) async fn hold_all(transaction: &Transaction<'_>, schema: &str) -> Result<(), Error> {
    let hold = HOLD.replace("{s}", schema);
    let everyone = format!(
        "DECLARE everyone NO SCROLL CURSOR FOR SELECT id, identities FROM {schema}.users
         WHERE identities IS NOT NULL ORDER BY id"
    );
    transaction.batch_execute(&everyone).await?;
    let fetch = format!("FETCH {ROWS} FROM everyone");
    loop {
        let (mut targets, mut identities, mut users, mut is_ended) = (Vec::new(), Vec::new(), Vec::new(), true);
        each_row(transaction, &fetch, |row| {
            is_ended = false;
            for Account { target, identity } in accounts(row.get(1)) {
                targets.push(target);
                identities.push(identity);
                users.push(row.get::<_, i64>(0));
            }
            ControlFlow::Continue(())
        })
        .await?;
        if is_ended {
            return transaction.batch_execute("CLOSE everyone").await;
        }
        transaction.execute(&hold, &[&targets, &identities, &users]).await?;
    }
}

/// Identifiers for as many new users.
pub(super) async fn new_ids(client: &Transaction<'_>, schema: &str, count: usize) -> Result<Vec<i64>, Error> {
    let query = "SELECT nextval(pg_get_serial_sequence($1, 'id')) FROM generate_series(1, $2)";
    let (table, count) = (format!("{schema}.users"), i64::try_from(count).unwrap_or(i64::MAX));
    let rows = client.query_typed(query, &[(&table, Type::TEXT), (&count, Type::INT8)]).await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

async fn each_row(
    client: &impl GenericClient,
    query: &str,
    mut each: impl FnMut(&Row) -> ControlFlow<()>,
) -> Result<(), Error> {
    let nothing: [(String, Type); 0] = [];
    let mut rows = pin!(client.query_typed_raw(query, nothing).await?);
    while let Some(row) = rows.try_next().await? {
        if each(&row).is_break() {
            break;
        }
    }
    Ok(())
}
