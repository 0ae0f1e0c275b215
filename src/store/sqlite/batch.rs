//! Inserting many users in one transaction, and how a record that is there already relates to the one that comes.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::schema::failed;
use super::{now, user};
use crate::StoredHash;
use crate::store::slots::Slot;
use crate::store::{Created, Inserted, NewUser, StoreError, TaggedText};

const INSERT: &str = "
INSERT INTO users (username, primary_email, primary_phone, name, avatar, profile, custom_data, identities,
    password_encrypted, password_encryption_method, password_parameters, imported_at, imported_method, password_changed_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14) ON CONFLICT DO NOTHING";

/// A batch of inserts in one transaction.
#[derive(Debug)]
pub struct Batch<'a> {
    connection: Slot<'a, Connection>,
    is_open: bool,
}

impl<'a> Batch<'a> {
    pub(super) fn begin(connection: Slot<'a, Connection>) -> Result<Self, StoreError> {
        connection.execute_batch("BEGIN IMMEDIATE").map_err(failed)?;
        Ok(Self { connection, is_open: true })
    }

    /// Inserts a user, or says why it is not inserted. Never changes a row.
    ///
    /// # Errors
    ///
    /// [`StoreError`]; the batch is then best dropped.
    pub fn insert(&mut self, new: &NewUser<'_>) -> Result<Inserted, StoreError> {
        let method = new.password.map(|hash| hash.method().as_str());
        if self.insert_row(new, method, None)? { Ok(Inserted::New) } else { self.compare(new) }
    }

    /// Inserts a user who signs up: not from an import, and with a password of their own.
    pub(super) fn create(&mut self, new: &NewUser<'_>) -> Result<Created, StoreError> {
        if self.insert_row(new, None, new.password.map(|_| now()))? {
            return Ok(Created::New(self.connection.last_insert_rowid()));
        }
        let taken = taken(&self.connection, new).map_err(failed)?;
        Ok(Created::Taken(taken.map_or("username", |(field, _)| field)))
    }

    fn insert_row(
        &mut self,
        new: &NewUser<'_>,
        imported_method: Option<&str>,
        password_changed_at: Option<i64>,
    ) -> Result<bool, StoreError> {
        let mut insert = self.connection.prepare_cached(INSERT).map_err(failed)?;
        let inserted = insert.execute(params![
            new.username,
            new.primary_email,
            new.primary_phone,
            new.name,
            new.avatar,
            new.profile,
            new.custom_data,
            new.identities,
            new.password.map(StoredHash::text),
            new.password.map(|hash| hash.method().as_str()),
            new.password.map(StoredHash::parameters),
            now(),
            imported_method,
            password_changed_at,
        ]);
        Ok(inserted.map_err(failed)? == 1)
    }

    fn compare(&self, new: &NewUser<'_>) -> Result<Inserted, StoreError> {
        compare(&self.connection, new).map_err(failed)
    }

    /// Ends the batch: all of it is in the store, and on the disk unless [`super::Sqlite::tune_for_import`] put that off.
    ///
    /// # Errors
    ///
    /// [`StoreError`]; none of it is then in the store.
    pub fn commit(mut self) -> Result<(), StoreError> {
        self.connection.execute_batch("COMMIT").map_err(failed)?;
        self.is_open = false;
        Ok(())
    }
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        if self.is_open {
            // Fails only where SQLite has rolled back by itself, which is what is wanted.
            let _ = self.connection.execute_batch("ROLLBACK");
        }
    }
}

/// Which identifier of a record another row has, and the row.
fn taken(connection: &Connection, new: &NewUser<'_>) -> rusqlite::Result<Option<(&'static str, i64)>> {
    let identifiers = [
        ("username", new.username, "SELECT id FROM users WHERE username = ?1"),
        ("primaryEmail", new.primary_email, "SELECT id FROM users WHERE primary_email = ?1"),
        ("primaryPhone", new.primary_phone, "SELECT id FROM users WHERE primary_phone = ?1"),
    ];
    for (field, value, query) in identifiers {
        let Some(value) = value else { continue };
        if let Some(id) = connection.prepare_cached(query)?.query_row([value], |row| row.get(0)).optional()? {
            return Ok(Some((field, id)));
        }
    }
    Ok(None)
}

/// How a record that was not inserted relates to what stands there.
fn compare(connection: &Connection, new: &NewUser<'_>) -> rusqlite::Result<Inserted> {
    let Some((field, id)) = taken(connection, new)? else { return Ok(Inserted::Conflict("username")) };
    let Some(old) = user(connection, id)? else { return Ok(Inserted::Conflict(field)) };

    let same_data = [
        (&old.username, new.username),
        (&old.primary_email, new.primary_email),
        (&old.primary_phone, new.primary_phone),
        (&old.name, new.name),
        (&old.avatar, new.avatar),
        (&old.profile, new.profile),
        (&old.custom_data, new.custom_data),
        (&old.identities, new.identities),
    ]
    .iter()
    .all(|(old, new)| old.as_deref() == *new);
    let same_hash = old.password == new.password.map(TaggedText::of);
    let is_newer = old.upgraded_at.is_some() || old.password_changed_at.is_some();
    Ok(match (same_data, same_hash, is_newer) {
        (true, true, _) => Inserted::AlreadyThere { kept_newer: false },
        (true, false, true) => Inserted::AlreadyThere { kept_newer: true },
        _ => Inserted::Conflict(field),
    })
}
