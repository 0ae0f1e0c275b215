//! How a user is found by an identifier: by its index, or, while an import has put the indexes off, by its hash.

use rusqlite::{Connection, OptionalExtension as _, Row};

use super::deferred::{self, COLUMNS};
use super::schema::{failed, words};
use super::{Sqlite, USER, read_user, tagged};
use crate::store::{Found, Identifier, StoreError, User};

/// A username is looked at first, then an email, then a phone, so that nobody's email can shadow a username. That each has
/// its index is said, so that where one is missing the statement fails, and does not go through all users.
const FIND: &str = "
SELECT id, password_encryption_method, password_encrypted FROM users INDEXED BY users_username WHERE username = ?1
UNION ALL SELECT id, password_encryption_method, password_encrypted
    FROM users INDEXED BY users_primary_email WHERE primary_email = ?1
UNION ALL SELECT id, password_encryption_method, password_encrypted
    FROM users INDEXED BY users_primary_phone WHERE primary_phone = ?1
LIMIT 1";

const FIND_BY_ID: &str = "SELECT id, password_encryption_method, password_encrypted FROM users WHERE id = ?1";

pub(super) fn look_up(store: &Sqlite, identifier: &str) -> Result<Option<Found<i64>>, StoreError> {
    let read = |row: &Row<'_>| {
        let password = tagged(row.get(1)?, row.get(2)?);
        Ok(Found { id: row.get(0)?, password })
    };
    find(&*store.reader()?, &COLUMNS, identifier, [FIND, FIND_BY_ID], read).map_err(failed)
}

pub(super) fn find_user(store: &Sqlite, kind: Identifier, text: &str) -> Result<Option<User>, StoreError> {
    let column = match kind {
        Identifier::Username => "username",
        Identifier::PrimaryEmail => "primary_email",
        Identifier::PrimaryPhone => "primary_phone",
    };
    let indexed = USER.replace("FROM users WHERE id", &format!("FROM users INDEXED BY users_{column} WHERE {column}"));
    find(&*store.reader()?, &[column], text, [&indexed, USER], read_user).map_err(failed)
}

/// Finds a user by a statement that takes an identifier, or by one that takes an id.
fn find<T>(
    connection: &Connection,
    columns: &[&str],
    text: &str,
    [by_identifier, by_id]: [&str; 2],
    read: fn(&Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<Option<T>> {
    let indexed = || connection.prepare_cached(by_identifier)?.query_row([text], read).optional();
    match indexed() {
        Err(error) if is_unindexed(&error) => {}
        found => return found,
    }
    // All that follows sees the same moment: the indexes can be built at any.
    let _snapshot = connection.unchecked_transaction()?;
    match indexed() {
        Err(error) if is_unindexed(&error) => {}
        found => return found,
    }
    match deferred::holder(connection, columns, text)? {
        Some(id) => connection.prepare_cached(by_id)?.query_row([id], read).optional(),
        None => Ok(None),
    }
}

fn is_unindexed(error: &rusqlite::Error) -> bool {
    words(error).contains("no such index")
}
