//! Inserting many users in one transaction, and how a record that is there already relates to the one that comes.

use rusqlite::{Connection, ErrorCode, OptionalExtension as _, params};

use super::deferred::{self, Deferral, Spelling};
use super::find::named_already;
use super::identities::{hold, hold_only, other_holder};
use super::record::{self, Event, day, note};
use super::schema::failed;
use super::{now, user};
use crate::StoredHash;
use crate::store::changes::{Change, Changes};
use crate::store::identities::accounts;
use crate::store::renamed::{is_renamed, is_same_hash};
use crate::store::slots::Slot;
use crate::store::users::is_legacy;
use crate::store::{Created, Inserted, NewUser, StoreError, User};
use crate::store::{Mark, Tally};

const INSERT: &str = "
INSERT INTO users (username, primary_email, primary_phone, name, avatar, profile, custom_data, identities,
    password_encrypted, password_encryption_method, password_parameters, imported_at, imported_method,
    password_changed_at, id)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15) ON CONFLICT DO NOTHING";

/// The id of the next user, where the one after the last is that of somebody who was deleted.
const NEXT_ID: &str = "
SELECT id + 1 FROM last_deleted WHERE id > coalesce((SELECT max(id) FROM users), 0)";

/// Only what nobody has touched since its own import.
const REPLACE_LEGACY: &str = "
UPDATE users SET username = ?1, primary_email = ?2, primary_phone = ?3, name = ?4, avatar = ?5, profile = ?6,
    custom_data = ?7, identities = ?8, password_encrypted = ?9, password_encryption_method = ?10,
    password_parameters = ?11, imported_at = ?12, imported_method = ?13
WHERE id = ?14 AND upgraded_at IS NULL AND password_changed_at IS NULL";

/// The same of what is not there.
const COMPLETE: &str = "
UPDATE users SET username = coalesce(username, ?1), primary_email = coalesce(primary_email, ?2),
    primary_phone = coalesce(primary_phone, ?3), name = coalesce(name, ?4), avatar = coalesce(avatar, ?5),
    profile = coalesce(profile, ?6), custom_data = coalesce(custom_data, ?7), identities = coalesce(identities, ?8),
    password_encrypted = coalesce(password_encrypted, ?9),
    password_encryption_method = coalesce(password_encryption_method, ?10),
    password_parameters = coalesce(password_parameters, ?11), imported_at = ?12,
    imported_method = coalesce(imported_method, ?13)
WHERE id = ?14 AND upgraded_at IS NULL AND password_changed_at IS NULL";

const JOURNAL: &str = "
INSERT INTO import_batches VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)
ON CONFLICT DO NOTHING";

/// A batch of inserts in one transaction.
#[derive(Debug)]
pub struct Batch<'a> {
    connection: Slot<'a, Connection>,
    is_open: bool,
    imported: i64,
    changes: Changes,
    /// The id of the next user, where SQLite would take that of somebody who was deleted.
    next_id: Option<i64>,
    /// In place of the indexes.
    deferral: Option<Box<Deferral>>,
}

impl<'a> Batch<'a> {
    pub(super) fn begin(connection: Slot<'a, Connection>, deferral: Option<Box<Deferral>>) -> Result<Self, StoreError> {
        let mut batch = Self {
            connection,
            is_open: false,
            imported: 0,
            changes: Changes::default(),
            next_id: None,
            deferral: None,
        };
        batch.open(deferral).map_err(failed)?;
        Ok(batch)
    }

    fn open(&mut self, deferral: Option<Box<Deferral>>) -> rusqlite::Result<()> {
        if let Some(mut deferral) = deferral {
            self.connection.execute_batch("BEGIN IMMEDIATE")?;
            self.is_open = true;
            if deferral.begin_batch(&self.connection)? {
                self.deferral = Some(deferral);
            } else {
                self.connection.execute_batch("ROLLBACK")?;
                self.is_open = false;
            }
        }
        if !self.is_open {
            deferred::begin_indexed(&self.connection)?;
            self.is_open = true;
        }
        self.next_id = self.connection.query_row(NEXT_ID, [], |row| row.get(0)).optional()?;
        Ok(())
    }

    /// Inserts a user, or says why it is not inserted. Never changes a row.
    ///
    /// # Errors
    ///
    /// [`StoreError`]; the batch is then best dropped.
    pub fn insert(&mut self, new: &NewUser<'_>) -> Result<Inserted, StoreError> {
        Ok(self.insert_or_compare(new)?.0)
    }

    /// As [`Batch::insert`], and where another record stands in the way, takes its place if nobody has touched it.
    pub(super) fn insert_or_replace(&mut self, new: &NewUser<'_>) -> Result<Inserted, StoreError> {
        match self.insert_or_compare(new)? {
            (Inserted::Conflict(field), Some(old)) if is_newer(&old) => Ok(Inserted::LeftNewer(field)),
            (Inserted::Conflict(field), Some(old)) => self.replace(new, field, &old, false),
            // The same hash by a name that says more: who runs the import again to mend that has it mended.
            (Inserted::AlreadyThere { kept_newer: false }, Some(old))
                if !is_newer(&old) && is_renamed(old.password.as_ref(), new.password) =>
            {
                self.replace(new, "username", &old, false)
            }
            (inserted, _) => Ok(inserted),
        }
    }

    /// As [`Batch::insert`], and where another record stands in the way, gives it what it lacks.
    pub(super) fn insert_or_complete(&mut self, new: &NewUser<'_>) -> Result<Inserted, StoreError> {
        let (field, old) = match self.insert_or_compare(new)? {
            (Inserted::Conflict(field), Some(old)) => (field, old),
            (inserted, _) => return Ok(inserted),
        };
        if is_newer(&old) {
            return Ok(Inserted::LeftNewer(field));
        }
        let sides = sides(&old, new);
        // Whose name or address is another is not surely the same person.
        if sides[..3].iter().any(|(old, new)| old.zip(*new).is_some_and(|(old, new)| old != new)) {
            return Ok(Inserted::Conflict(field));
        }
        if old.password.is_some() && new.password.is_some() && !is_same_hash(old.password.as_ref(), new.password) {
            return Ok(Inserted::Conflict(field));
        }
        let gives = sides.iter().any(|(old, new)| old.is_none() && new.is_some());
        if !gives && (old.password.is_some() || new.password.is_none()) {
            return Ok(Inserted::AlreadyThere { kept_newer: false });
        }
        self.replace(new, field, &old, true)
    }

    fn insert_or_compare(&mut self, new: &NewUser<'_>) -> Result<(Inserted, Option<User>), StoreError> {
        let method = new.password.map(|hash| hash.method().as_str());
        if let Some(deferral) = &mut self.deferral {
            if deferral.takes_user(new) && self.insert_row(new, method, None)? {
                self.imported += 1;
                return Ok((Inserted::New, None));
            }
            // Who stands in the way is found by the indexes.
            self.deferral = None;
            deferred::build(&self.connection).map_err(failed)?;
        }
        if self.insert_row(new, method, None)? {
            self.imported += 1;
            return Ok((Inserted::New, None));
        }
        compare(&self.connection, new).map_err(failed)
    }

    /// Inserts a user who signs up: not from an import, and with a password of their own.
    pub(super) fn create(&mut self, new: &NewUser<'_>) -> Result<Created, StoreError> {
        let method = new.password.map(|hash| hash.method().as_str());
        let legacy = new.password.filter(|hash| is_legacy(hash)).map(|hash| hash.method().as_str());
        let changed_at = if legacy.is_none() { new.password.map(|_| now()) } else { None };
        let names = [new.username, new.primary_email, new.primary_phone];
        // Who comes from elsewhere may be called as another was there; who is new may not.
        let spelling = if legacy.is_some() { Spelling::Written } else { Spelling::Any };
        if let Some(field) = named_already(&self.connection, names, None, spelling).map_err(failed)? {
            return Ok(Created::Taken(field));
        }
        if self.insert_row(new, legacy, changed_at)? {
            self.imported += i64::from(legacy.is_some());
            let id = self.connection.last_insert_rowid();
            note(&self.connection, Event::Create, id, None, method).map_err(failed)?;
            return Ok(Created::New(id));
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
        let accounts = accounts(new.identities);
        if other_holder(&self.connection, &accounts, None).map_err(failed)?.is_some() {
            return Ok(false);
        }
        let text = new.password.map(StoredHash::kept_text);
        let parameters = new.password.map(StoredHash::parameters);
        let method = new.password.map(|hash| hash.method().as_str());
        let inserted = self.connection.prepare_cached(INSERT).and_then(|mut insert| {
            insert.execute(params![
                new.username,
                new.primary_email,
                new.primary_phone,
                new.name,
                new.avatar,
                new.profile,
                new.custom_data,
                new.identities,
                text,
                method,
                parameters,
                now(),
                imported_method,
                password_changed_at,
                self.next_id,
            ])
        });
        if inserted.map_err(failed)? != 1 {
            return Ok(false);
        }
        self.next_id = None;
        if let Some(deferral) = &mut self.deferral {
            deferral.has_id(self.connection.last_insert_rowid());
        }
        if !accounts.is_empty() {
            hold(&self.connection, self.connection.last_insert_rowid(), &accounts).map_err(failed)?;
        }
        let change = Change { records: 1, upgraded: 0, untouched: i64::from(imported_method.is_some()) };
        self.changes.add(method.unwrap_or(""), parameters.as_deref().unwrap_or(""), change);
        Ok(true)
    }

    /// Puts the new one in the place of the old, or (`completes`) only where the old has nothing.
    fn replace(
        &mut self,
        new: &NewUser<'_>,
        field: &'static str,
        old: &User,
        completes: bool,
    ) -> Result<Inserted, StoreError> {
        let takes_accounts = !completes || old.identities.is_none();
        let keeps_password = completes && old.password.is_some();
        let accounts = if takes_accounts { accounts(new.identities) } else { Vec::new() };
        if other_holder(&self.connection, &accounts, Some(old.id)).map_err(failed)?.is_some() {
            return Ok(Inserted::Conflict("identities"));
        }
        // Nobody loses the password they have to a record that has none.
        if !completes && new.password.is_none() && old.password.is_some() {
            return Ok(Inserted::Conflict(field));
        }
        let was = record::read(&self.connection, old.id).map_err(failed)?;
        let text = new.password.map(StoredHash::kept_text);
        let parameters = new.password.map(StoredHash::parameters);
        let method = new.password.map(|hash| hash.method().as_str());
        let statement = if completes { COMPLETE } else { REPLACE_LEGACY };
        let replaced = self.connection.prepare_cached(statement).and_then(|mut replace| {
            replace.execute(params![
                new.username,
                new.primary_email,
                new.primary_phone,
                new.name,
                new.avatar,
                new.profile,
                new.custom_data,
                new.identities,
                text,
                method,
                parameters,
                now(),
                method,
                old.id,
            ])
        });
        match (replaced, was) {
            (Ok(1), Some(was)) => {
                if takes_accounts {
                    hold_only(&self.connection, old.id, &accounts).map_err(failed)?;
                }
                let from = Some(&*was.method).filter(|method| !method.is_empty());
                if keeps_password {
                    note(&self.connection, Event::Replace, old.id, from, from).map_err(failed)?;
                    return Ok(Inserted::Replaced);
                }
                self.changes.add(&was.method, &was.parameters, was.gone());
                let change = Change { records: 1, upgraded: 0, untouched: i64::from(method.is_some()) };
                self.changes.add(method.unwrap_or(""), parameters.as_deref().unwrap_or(""), change);
                note(&self.connection, Event::Replace, old.id, from, method).map_err(failed)?;
                Ok(Inserted::Replaced)
            }
            (Ok(_), _) => Ok(Inserted::LeftNewer(field)),
            // Another of its identifiers is somebody else's.
            (Err(error), _) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
                Ok(Inserted::Conflict(field))
            }
            (Err(error), _) => Err(failed(error)),
        }
    }

    /// Writes how far an import has come, to be committed with the rest.
    pub(super) fn mark(&self, mark: &Mark, outcomes: &[Inserted]) -> Result<(), StoreError> {
        let tally = Tally::of(outcomes, mark);
        let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        let values = params![
            mark.input,
            number(mark.first),
            number(mark.records),
            number(tally.imported),
            number(tally.already_there),
            number(tally.kept_newer),
            number(tally.replaced),
            number(tally.left_newer),
            number(tally.rejected),
            now(),
            mark.keys.as_ref().and_then(|keys| keys.after.as_deref()),
            mark.keys.as_ref().map(|keys| &*keys.last),
            number(Tally::refused(outcomes)),
            mark.digest,
        ];
        self.connection.execute(JOURNAL, values).map_err(failed)?;
        let audited = "INSERT INTO audit (at, event, import_id, records) VALUES (?1, 'import', ?2, ?3)";
        self.connection.execute(audited, params![now(), mark.input, number(tally.imported)]).map_err(failed)?;
        Ok(())
    }

    /// Ends the batch: all of it is in the store, and on the disk unless [`super::Sqlite::tune_for_import`] put that off.
    ///
    /// # Errors
    ///
    /// [`StoreError`]; none of it is then in the store.
    pub fn commit(self) -> Result<(), StoreError> {
        self.commit_deferring().map(drop)
    }

    /// The same; what stands in place of the indexes is for the next batch.
    pub(super) fn commit_deferring(mut self) -> Result<Option<Box<Deferral>>, StoreError> {
        if let Some(deferral) = &mut self.deferral {
            deferral.end_batch(&self.connection).map_err(failed)?;
        }
        record::count(&self.connection, &self.changes).map_err(failed)?;
        if self.imported > 0 {
            day(&self.connection, "imported", self.imported).map_err(failed)?;
        }
        self.connection.execute_batch("COMMIT").map_err(failed)?;
        self.is_open = false;
        Ok(self.deferral.take())
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
    Ok(other_holder(connection, &accounts(new.identities), None)?.map(|id| ("identities", id)))
}

/// What a record and a new one have in each field, identifiers first.
fn sides<'a>(old: &'a User, new: &NewUser<'a>) -> [(Option<&'a str>, Option<&'a str>); 8] {
    [
        (old.username.as_deref(), new.username),
        (old.primary_email.as_deref(), new.primary_email),
        (old.primary_phone.as_deref(), new.primary_phone),
        (old.name.as_deref(), new.name),
        (old.avatar.as_deref(), new.avatar),
        (old.profile.as_deref(), new.profile),
        (old.custom_data.as_deref(), new.custom_data),
        (old.identities.as_deref(), new.identities),
    ]
}

/// How a record that was not inserted relates to what stands there, and what that is.
fn compare(connection: &Connection, new: &NewUser<'_>) -> rusqlite::Result<(Inserted, Option<User>)> {
    let Some((field, id)) = taken(connection, new)? else { return Ok((Inserted::Conflict("username"), None)) };
    let Some(old) = user(connection, id)? else { return Ok((Inserted::Conflict(field), None)) };

    let same_data = sides(&old, new).iter().all(|(old, new)| old == new);
    let same_hash = is_same_hash(old.password.as_ref(), new.password);
    let inserted = match (same_data, same_hash, is_newer(&old)) {
        (true, true, _) => Inserted::AlreadyThere { kept_newer: false },
        (true, false, true) => Inserted::AlreadyThere { kept_newer: true },
        _ => Inserted::Conflict(field),
    };
    // Who has an identity is not thereby the same user, whose place another could take.
    Ok((inserted, Some(old).filter(|_| field != "identities")))
}

/// Its hash is not the one that was imported.
const fn is_newer(user: &User) -> bool {
    user.upgraded_at.is_some() || user.password_changed_at.is_some()
}
