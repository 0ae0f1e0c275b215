//! How a user is found by an identifier: by its index, or, while an import has put the indexes off, by its hash.

use rusqlite::{Connection, OptionalExtension as _, Row};

use super::deferred::{self, COLUMNS, Spelling};
use super::schema::{failed, words};
use super::{Sqlite, USER, read_user, tagged};
use crate::store::spelling::{Place, choose, folded};
use crate::store::{Found, Identifier, StoreError, User};

/// As it is written, a username is looked at first, then an email, then a phone, so that nobody's email can shadow a username; then,
/// by `?2`, other spellings. That each has its index is said, so that where one is missing the statement fails, and does not go
/// through all users.
const FIND: &str = "
SELECT 0, id, password_encryption_method, password_encrypted FROM users INDEXED BY users_username WHERE username = ?1
UNION ALL SELECT 0, id, password_encryption_method, password_encrypted
    FROM users INDEXED BY users_primary_email WHERE primary_email = ?1
UNION ALL SELECT 0, id, password_encryption_method, password_encrypted
    FROM users INDEXED BY users_primary_phone WHERE primary_phone = ?1
UNION ALL SELECT 1, id, password_encryption_method, password_encrypted
    FROM users INDEXED BY users_username WHERE username = ?2
UNION ALL SELECT 1, id, password_encryption_method, password_encrypted
    FROM users INDEXED BY users_username_folded WHERE lower(username) = ?2 AND username <> lower(username)
UNION ALL SELECT 2, id, password_encryption_method, password_encrypted
    FROM users INDEXED BY users_primary_email WHERE primary_email = ?2
UNION ALL SELECT 2, id, password_encryption_method, password_encrypted
    FROM users INDEXED BY users_primary_email_folded
    WHERE lower(primary_email) = ?2 AND primary_email <> lower(primary_email)
LIMIT 16";

const FIND_BY_ID: &str = "SELECT ?2, id, password_encryption_method, password_encrypted FROM users WHERE id = ?1";

pub(super) fn look_up(store: &Sqlite, identifier: &str) -> Result<Option<Found<i64>>, StoreError> {
    let folded = folded(identifier);
    let read = |row: &Row<'_>| {
        let found = Found::new(row.get(1)?, tagged(row.get(2)?, row.get(3)?));
        Ok((Place::of(row.get(0)?), found))
    };
    let indexed = |connection: &Connection| {
        connection.prepare_cached(FIND)?.query_map([identifier, &folded], read)?.collect::<rusqlite::Result<Vec<_>>>()
    };
    let deferred = |connection: &Connection| {
        let mut ids = deferred::holders(connection, &COLUMNS, identifier, Spelling::Written)?;
        // A phone has no capitals.
        ids.extend(deferred::holders(connection, &COLUMNS[..2], &folded, Spelling::Any)?);
        let mut by_id = connection.prepare_cached(FIND_BY_ID)?;
        ids.into_iter().map(|(place, id)| by_id.query_row([id, place], read)).collect()
    };
    let found = find(&*store.reader()?, indexed, deferred).map_err(failed)?;
    Ok(choose(found))
}

pub(super) fn find_user(store: &Sqlite, kind: Identifier, text: &str) -> Result<Option<User>, StoreError> {
    let column = match kind {
        Identifier::Username => "username",
        Identifier::PrimaryEmail => "primary_email",
        Identifier::PrimaryPhone => "primary_phone",
    };
    let by_column =
        USER.replace("FROM users WHERE id", &format!("FROM users INDEXED BY users_{column} WHERE {column}"));
    let indexed =
        |connection: &Connection| connection.prepare_cached(&by_column)?.query_row([text], read_user).optional();
    let deferred = |connection: &Connection| {
        let holders = deferred::holders(connection, &[column], text, Spelling::Written)?;
        let Some((_, id)) = holders.first() else { return Ok(None) };
        connection.prepare_cached(USER)?.query_row([id], read_user).optional()
    };
    find(&*store.reader()?, indexed, deferred).map_err(failed)
}

/// Finds by the indexes, or, where they are missing, without them.
fn find<T>(
    connection: &Connection,
    indexed: impl Fn(&Connection) -> rusqlite::Result<T>,
    deferred: impl FnOnce(&Connection) -> rusqlite::Result<T>,
) -> rusqlite::Result<T> {
    match indexed(connection) {
        Err(error) if is_unindexed(&error) => {}
        found => return found,
    }
    // All that follows sees the same moment: the indexes can be built at any.
    let _snapshot = connection.unchecked_transaction()?;
    match indexed(connection) {
        Err(error) if is_unindexed(&error) => deferred(connection),
        found => found,
    }
}

fn is_unindexed(error: &rusqlite::Error) -> bool {
    words(error).contains("no such index")
}
