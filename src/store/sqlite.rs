//! The embedded store: one SQLite file, created and migrated on first use. It keeps the whole user record, the
//! hash with its method, when it was imported and upgraded, and from which method. It never keeps a hash that was
//! replaced, nor anything derived from one.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rusqlite::types::Value;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension as _, Row, Statement, params};

use super::{Found, Store, StoreError, StoreErrorKind, Swap, TaggedText};
use crate::{Replacement, StoredHash};

/// `rhsh`: tells our files from other people's.
const APPLICATION_ID: i32 = 0x7268_7368;
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Page cache of a bulk import, in SQLite's notation: negative KiB.
const IMPORT_CACHE_KIB: i64 = -65_536;
/// A bulk import's log is folded into the file after this many pages of 4 KiB.
const IMPORT_WAL_PAGES: i64 = 25_000;

/// One entry per schema version, each run once in order. Only ever appended to.
const MIGRATIONS: [&str; 1] = ["
CREATE TABLE users (
    id INTEGER PRIMARY KEY,
    username TEXT,
    primary_email TEXT,
    primary_phone TEXT,
    name TEXT,
    avatar TEXT,
    profile TEXT,
    custom_data TEXT,
    identities TEXT,
    password_encrypted TEXT,
    password_encryption_method TEXT,
    password_parameters TEXT,
    imported_method TEXT,
    imported_at INTEGER NOT NULL,
    upgraded_at INTEGER,
    password_changed_at INTEGER
) STRICT;
CREATE UNIQUE INDEX users_username ON users (username) WHERE username IS NOT NULL;
CREATE UNIQUE INDEX users_primary_email ON users (primary_email) WHERE primary_email IS NOT NULL;
CREATE UNIQUE INDEX users_primary_phone ON users (primary_phone) WHERE primary_phone IS NOT NULL;
"];

const INSERT: &str = "
INSERT INTO users (username, primary_email, primary_phone, name, avatar, profile, custom_data, identities,
    password_encrypted, password_encryption_method, password_parameters, imported_method, imported_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?10, ?12) ON CONFLICT DO NOTHING";

/// A username is looked at first, then an email, then a phone, so that nobody's email can shadow a username.
const FIND: &str = "
SELECT id, password_encryption_method, password_encrypted FROM users WHERE username = ?1
UNION ALL SELECT id, password_encryption_method, password_encrypted FROM users WHERE primary_email = ?1
UNION ALL SELECT id, password_encryption_method, password_encrypted FROM users WHERE primary_phone = ?1
LIMIT 1";

const REPLACE: &str = "
UPDATE users SET password_encrypted = ?1, password_encryption_method = ?2, password_parameters = ?3, upgraded_at = ?4
WHERE id = ?5 AND password_encrypted = ?6 AND password_encryption_method = ?7";

const SET_PASSWORD: &str = "
UPDATE users SET password_encrypted = ?1, password_encryption_method = ?2, password_parameters = ?3,
    password_changed_at = ?4 WHERE id = ?5";

const USER: &str = "
SELECT username, primary_email, primary_phone, name, avatar, profile, custom_data, identities,
    password_encryption_method, password_encrypted, imported_method, imported_at, upgraded_at, password_changed_at
FROM users WHERE id = ?1";

const COUNTS: &str = "
SELECT coalesce(password_encryption_method, ''), coalesce(password_parameters, ''), count(*), count(upgraded_at)
FROM users GROUP BY 1, 2";

/// A SQLite file of users.
#[derive(Debug)]
pub struct Sqlite {
    connection: Connection,
}

/// A user to be stored. The three JSON fields are texts that are kept and given back byte for byte.
#[derive(Clone, Copy, Default)]
pub struct NewUser<'a> {
    /// Unique where present.
    pub username: Option<&'a str>,
    /// Unique where present.
    pub primary_email: Option<&'a str>,
    /// Unique where present.
    pub primary_phone: Option<&'a str>,
    /// Display name.
    pub name: Option<&'a str>,
    /// Address of a picture.
    pub avatar: Option<&'a str>,
    /// A JSON object.
    pub profile: Option<&'a str>,
    /// A JSON object.
    pub custom_data: Option<&'a str>,
    /// A JSON object: social identities.
    pub identities: Option<&'a str>,
    /// `None` for a user without a password.
    pub password: Option<&'a StoredHash>,
}

/// A whole row, as [`Sqlite::user`] gives it. It has no `Debug`: it holds a hash.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the fields of `NewUser`")]
pub struct User {
    pub username: Option<String>,
    pub primary_email: Option<String>,
    pub primary_phone: Option<String>,
    pub name: Option<String>,
    pub avatar: Option<String>,
    pub profile: Option<String>,
    pub custom_data: Option<String>,
    pub identities: Option<String>,
    pub password: Option<TaggedText>,
    /// The method of the hash that was imported.
    pub imported_method: Option<String>,
    /// Unix time in seconds.
    pub imported_at: i64,
    /// Unix time in seconds of the last upgrade.
    pub upgraded_at: Option<i64>,
    /// Unix time in seconds of the last password change.
    pub password_changed_at: Option<i64>,
}

/// What became of a record that was given to the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Inserted {
    /// It is new.
    New,
    /// The store had it, the same in every field.
    AlreadyThere {
        /// The user has been upgraded, or has changed their password, since; the store's hash was kept.
        kept_newer: bool,
    },
    /// Another record has this identifier; the store was left alone. Names the field.
    Conflict(&'static str),
}

/// Records of one method with the same cost parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MethodCount {
    /// The method; empty for users without a password.
    pub method: String,
    /// As [`StoredHash::parameters`].
    pub parameters: String,
    /// How many.
    pub records: u64,
    /// How many of them were upgraded at a sign-in.
    pub upgraded: u64,
}

impl MethodCount {
    /// A count.
    #[must_use]
    pub const fn new(method: String, parameters: String, records: u64, upgraded: u64) -> Self {
        Self { method, parameters, records, upgraded }
    }
}

impl Sqlite {
    /// Opens a store, creating the file (readable by its owner alone) and the schema where they are not there yet.
    ///
    /// # Errors
    ///
    /// [`StoreError`]; of kind [`StoreErrorKind::Unreachable`] where the file is not a store of ours.
    pub fn create_or_open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        create_private(path.as_ref()).map_err(|error| {
            StoreError::new(StoreErrorKind::Unreachable, format!("the store's file cannot be created: {error}"))
        })?;
        Self::open_with(path.as_ref().to_owned(), OpenFlags::SQLITE_OPEN_READ_WRITE)
    }

    /// Opens a store that is there.
    ///
    /// # Errors
    ///
    /// As [`Sqlite::create_or_open`], and where there is no such file.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        Self::open_with(path.as_ref().to_owned(), OpenFlags::SQLITE_OPEN_READ_WRITE)
    }

    /// Opens a store for reading: sign-ins are verified, and upgrades are reported as not written.
    ///
    /// # Errors
    ///
    /// As [`Sqlite::open`].
    pub fn open_read_only(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        Self::open_with(path.as_ref().to_owned(), OpenFlags::SQLITE_OPEN_READ_ONLY)
    }

    /// A store in memory, gone when it is dropped.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn in_memory() -> Result<Self, StoreError> {
        Self::open_with(":memory:".into(), OpenFlags::SQLITE_OPEN_READ_WRITE)
    }

    fn open_with(path: PathBuf, access: OpenFlags) -> Result<Self, StoreError> {
        let connection =
            Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX).map_err(reached)?;
        connection.busy_timeout(BUSY_TIMEOUT).map_err(reached)?;
        // A hash that was replaced is overwritten in the file too.
        connection.pragma_update(None, "secure_delete", true).map_err(reached)?;
        let mut store = Self { connection };
        store.migrate().map_err(|error| match error {
            Migrate::Sqlite(error) => reached(error),
            Migrate::Refused(error) => error,
        })?;
        Ok(store)
    }

    /// Brings the schema up to date, in one transaction.
    fn migrate(&mut self) -> Result<(), Migrate> {
        let version = schema_version(&self.connection)?;
        if version == MIGRATIONS.len() {
            return Ok(());
        }
        let transaction = self.connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        let version = schema_version(&transaction)?; // another process may have been quicker
        for migration in &MIGRATIONS[version..] {
            transaction.execute_batch(migration)?;
        }
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", i32::try_from(MIGRATIONS.len()).unwrap_or(i32::MAX))?;
        Ok(transaction.commit()?)
    }

    /// Prepares for a bulk import: a larger page cache, and a write-ahead log, so that sign-ins go on beside it. Commits
    /// survive a crash of the process at once, and one of the machine once [`Sqlite::settle`] has been called.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn tune_for_import(&self) -> Result<(), StoreError> {
        self.set_journal("wal");
        let pragmas = [("cache_size", IMPORT_CACHE_KIB), ("synchronous", 1), ("wal_autocheckpoint", IMPORT_WAL_PAGES)];
        pragmas
            .into_iter()
            .try_for_each(|(name, value)| self.connection.pragma_update(None, name, value))
            .map_err(failed)
    }

    /// Ends a bulk import: everything that was committed is on the disk, and the file stands alone again, so that it can
    /// be read where nothing can be written beside it.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn settle(&self) -> Result<(), StoreError> {
        self.connection.pragma_update(None, "synchronous", 2).map_err(failed)?;
        self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).map_err(failed)?;
        self.set_journal("delete");
        Ok(())
    }

    /// Changes the journal if nobody else is using the file; either kind is safe.
    fn set_journal(&self, mode: &str) {
        let _: rusqlite::Result<String> =
            self.connection.pragma_update_and_check(None, "journal_mode", mode, |row| row.get(0));
    }

    /// Starts a batch of inserts: one transaction, which is rolled back unless [`Batch::commit`] is called. One batch at
    /// a time.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn batch(&self) -> Result<Batch<'_>, StoreError> {
        self.connection.execute_batch("BEGIN IMMEDIATE").map_err(failed)?;
        let mut batch = Batch { connection: &self.connection, insert: None, is_open: true };
        batch.insert = Some(self.connection.prepare(INSERT).map_err(failed)?);
        Ok(batch)
    }

    /// Sets a password at sign-up or password change, whatever was there: the newest change wins, and an upgrade that was
    /// on its way finds the row changed.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn set_password(&mut self, id: i64, hash: &StoredHash) -> Result<(), StoreError> {
        let changed = self
            .connection
            .prepare_cached(SET_PASSWORD)
            .and_then(|mut statement| {
                statement.execute(params![hash.text(), hash.method().as_str(), hash.parameters(), now(), id])
            })
            .map_err(failed)?;
        if changed == 1 { Ok(()) } else { Err(StoreError::new(StoreErrorKind::Other, "there is no such user")) }
    }

    /// A whole row.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn user(&self, id: i64) -> Result<Option<User>, StoreError> {
        user(&self.connection, id).map_err(failed)
    }

    /// The user that an identifier names: a username before an email before a phone. As [`Store::find`].
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn look_up(&self, identifier: &str) -> Result<Option<Found<i64>>, StoreError> {
        let mut statement = self.connection.prepare_cached(FIND).map_err(failed)?;
        let found = statement.query_row([identifier], |row| {
            let tagged = tagged(row.get(1)?, row.get(2)?);
            Ok(Found { id: row.get(0)?, password: tagged })
        });
        found.optional().map_err(failed)
    }

    /// How many records there are of each method and parameters, in no particular order.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn counts(&self) -> Result<Vec<MethodCount>, StoreError> {
        let mut statement = self.connection.prepare_cached(COUNTS).map_err(failed)?;
        let rows = statement.query_map([], |row| {
            let count = |column| row.get::<_, i64>(column).map(i64::unsigned_abs);
            Ok(MethodCount { method: row.get(0)?, parameters: row.get(1)?, records: count(2)?, upgraded: count(3)? })
        });
        rows.and_then(Iterator::collect).map_err(failed)
    }
}

impl Store for Sqlite {
    type Id = i64;

    fn find(&mut self, identifier: &str) -> Result<Option<Found<i64>>, StoreError> {
        self.look_up(identifier)
    }

    fn replace(&mut self, id: &i64, replacement: &Replacement) -> Result<Swap, StoreError> {
        let (expected, new) = (replacement.expected(), replacement.new_hash());
        let written = self
            .connection
            .prepare_cached(REPLACE)
            .and_then(|mut statement| {
                statement.execute(params![
                    new.text(),
                    new.method().as_str(),
                    new.parameters(),
                    now(),
                    id,
                    expected.text(),
                    expected.method().as_str(),
                ])
            })
            .map_err(failed)?;
        Ok(if written == 1 { Swap::Written } else { Swap::Superseded })
    }
}

/// A batch of inserts in one transaction.
#[derive(Debug)]
pub struct Batch<'a> {
    connection: &'a Connection,
    insert: Option<Statement<'a>>,
    is_open: bool,
}

impl Batch<'_> {
    /// Inserts a user, or says why it is not inserted. Never changes a row.
    ///
    /// # Errors
    ///
    /// [`StoreError`]; the batch is then best dropped.
    pub fn insert(&mut self, new: &NewUser<'_>) -> Result<Inserted, StoreError> {
        let Some(insert) = &mut self.insert else {
            return Err(StoreError::new(StoreErrorKind::Other, "the batch was not started"));
        };
        let inserted = insert
            .execute(params![
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
            ])
            .map_err(failed)?;
        if inserted == 1 { Ok(Inserted::New) } else { compare(self.connection, new).map_err(failed) }
    }

    /// Ends the batch: all of it is in the store, and on the disk unless [`Sqlite::tune_for_import`] put that off.
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
            self.insert = None;
            // Fails only where SQLite has rolled back by itself, which is what is wanted.
            let _ = self.connection.execute_batch("ROLLBACK");
        }
    }
}

/// How a record that was not inserted relates to what stands there.
fn compare(connection: &Connection, new: &NewUser<'_>) -> rusqlite::Result<Inserted> {
    let identifiers = [
        ("username", new.username, "SELECT id FROM users WHERE username = ?1"),
        ("primaryEmail", new.primary_email, "SELECT id FROM users WHERE primary_email = ?1"),
        ("primaryPhone", new.primary_phone, "SELECT id FROM users WHERE primary_phone = ?1"),
    ];
    let mut taken = None;
    for (field, value, query) in identifiers {
        let Some(value) = value else { continue };
        if let Some(id) = connection.prepare_cached(query)?.query_row([value], |row| row.get(0)).optional()? {
            taken = Some((field, id));
            break;
        }
    }
    let Some((field, id)) = taken else { return Ok(Inserted::Conflict("username")) };
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

fn user(connection: &Connection, id: i64) -> rusqlite::Result<Option<User>> {
    let read = |row: &Row<'_>| {
        Ok(User {
            username: row.get(0)?,
            primary_email: row.get(1)?,
            primary_phone: row.get(2)?,
            name: row.get(3)?,
            avatar: row.get(4)?,
            profile: row.get(5)?,
            custom_data: row.get(6)?,
            identities: row.get(7)?,
            password: tagged(row.get(8)?, row.get(9)?),
            imported_method: row.get(10)?,
            imported_at: row.get(11)?,
            upgraded_at: row.get(12)?,
            password_changed_at: row.get(13)?,
        })
    };
    connection.prepare_cached(USER)?.query_row([id], read).optional()
}

/// A row has a password when it has a hash; without a tag it is broken, which the sign-in must say.
fn tagged(method: Option<String>, text: Option<String>) -> Option<TaggedText> {
    text.map(|text| TaggedText { method: method.unwrap_or_default(), text })
}

fn now() -> i64 {
    // A clock before 1970 is no reason to refuse a sign-in.
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}

/// Creates the file with mode 0600 if it is not there: it will hold hashes.
fn create_private(path: &Path) -> std::io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// Why a file was not opened as a store.
enum Migrate {
    Sqlite(rusqlite::Error),
    Refused(StoreError),
}

impl From<rusqlite::Error> for Migrate {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

/// How many migrations the file has had. Refuses a file that is somebody else's or from a later version.
fn schema_version(connection: &Connection) -> Result<usize, Migrate> {
    let pragma = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
    let version = usize::try_from(pragma("user_version")?).unwrap_or(usize::MAX);
    let tables = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, Value>(0))?;
    if pragma("application_id")? != APPLICATION_ID && (version != 0 || tables != Value::Integer(0)) {
        let message = "the file is a SQLite database, but not a store of this program";
        return Err(Migrate::Refused(StoreError::new(StoreErrorKind::Unreachable, message)));
    }
    if version > MIGRATIONS.len() {
        let message = format!("the store has schema {version}; this program knows {}", MIGRATIONS.len());
        return Err(Migrate::Refused(StoreError::new(StoreErrorKind::NewerSchema, message)));
    }
    Ok(version)
}

fn reached(error: rusqlite::Error) -> StoreError {
    match failed(error) {
        StoreError { kind: StoreErrorKind::Other, message } => StoreError::new(StoreErrorKind::Unreachable, message),
        error => error,
    }
}

/// SQLite's messages name tables and columns, never values.
fn failed(error: rusqlite::Error) -> StoreError {
    let kind = match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreErrorKind::Busy,
        Some(ErrorCode::ReadOnly) => StoreErrorKind::ReadOnly,
        Some(ErrorCode::DiskFull) => StoreErrorKind::Full,
        Some(ErrorCode::CannotOpen | ErrorCode::NotADatabase | ErrorCode::PermissionDenied) => {
            StoreErrorKind::Unreachable
        }
        _ => StoreErrorKind::Other,
    };
    StoreError::new(kind, error.to_string())
}
