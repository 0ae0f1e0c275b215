//! How a user is found by an identifier: by its index, or, while an import has put the indexes off, by its hash.

use rusqlite::{Connection, OptionalExtension as _, Row, params};

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

/// `?1` is somebody's identifier, whichever of the three, or, where it is of a username or an email, is so in another spelling (`?3`
/// in lower case), and that is not the user `?2`.
const NAMED: &str = "
SELECT 1 FROM (
    SELECT id FROM users INDEXED BY users_username WHERE username = ?1
    UNION ALL SELECT id FROM users INDEXED BY users_primary_email WHERE primary_email = ?1
    UNION ALL SELECT id FROM users INDEXED BY users_primary_phone WHERE primary_phone = ?1
    UNION ALL SELECT id FROM users INDEXED BY users_username WHERE username = ?3
    UNION ALL SELECT id FROM users INDEXED BY users_username_folded
        WHERE lower(username) = ?3 AND username <> lower(username)
    UNION ALL SELECT id FROM users INDEXED BY users_primary_email WHERE primary_email = ?3
    UNION ALL SELECT id FROM users INDEXED BY users_primary_email_folded
        WHERE lower(primary_email) = ?3 AND primary_email <> lower(primary_email)
) WHERE id IS NOT ?2 LIMIT 1";

/// Which of a username, an email and a phone names another user already, as whichever of the three: who signs in with it would no longer
/// be who did before. To be called where the indexes are there.
pub(super) fn named_already(
    connection: &Connection,
    names: [Option<&str>; 3],
    user: Option<i64>,
    spelling: Spelling,
) -> rusqlite::Result<Option<&'static str>> {
    for (field, name) in ["username", "primaryEmail", "primaryPhone"].into_iter().zip(names) {
        let Some(name) = name else { continue };
        let folded = Some(folded(name)).filter(|_| spelling == Spelling::Any);
        if connection.prepare_cached(NAMED)?.exists(params![name, user, folded])? {
            return Ok(Some(field));
        }
    }
    Ok(None)
}

const fn column(kind: Identifier) -> &'static str {
    match kind {
        Identifier::Username => "username",
        Identifier::PrimaryEmail => "primary_email",
        Identifier::PrimaryPhone => "primary_phone",
    }
}

/// Those who have it in any spelling, who has it as it is written first. A phone has no capitals.
pub(super) fn find_users(store: &Sqlite, kind: Identifier, text: &str) -> Result<Vec<User>, StoreError> {
    if matches!(kind, Identifier::PrimaryPhone) {
        return Ok(find_user(store, kind, text)?.into_iter().collect());
    }
    let (column, folded) = (column(kind), folded(text));
    let by_column = USER.replace(
        "WHERE id = ?1",
        &format!(
            "WHERE id IN (
                SELECT id FROM users INDEXED BY users_{column} WHERE {column} = ?2
                UNION ALL SELECT id FROM users INDEXED BY users_{column}_folded
                    WHERE lower({column}) = ?2 AND {column} <> lower({column})
            ) ORDER BY {column} <> ?1, id LIMIT 16"
        ),
    );
    let indexed = |connection: &Connection| {
        connection.prepare_cached(&by_column)?.query_map([text, &folded], read_user)?.collect()
    };
    let deferred = |connection: &Connection| {
        let written = deferred::holders(connection, &[column], text, Spelling::Written)?;
        let mut ids: Vec<i64> = written.into_iter().map(|(_, id)| id).collect();
        for (_, id) in deferred::holders(connection, &[column], &folded, Spelling::Any)? {
            if !ids.contains(&id) && ids.len() < 16 {
                ids.push(id);
            }
        }
        let mut by_id = connection.prepare_cached(USER)?;
        ids.into_iter().map(|id| by_id.query_row([id], read_user)).collect()
    };
    find(&*store.reader()?, indexed, deferred).map_err(failed)
}

pub(super) fn find_user(store: &Sqlite, kind: Identifier, text: &str) -> Result<Option<User>, StoreError> {
    let column = column(kind);
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
