//! The file itself: how it is made and opened, its schema and what brings an older one up to date, and SQLite's errors.

use std::fs;
use std::path::Path;

use rusqlite::types::Value;
use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};

use super::{deferred, identities};
use crate::store::open::check_version;
use crate::store::{OpenOptions, StoreError, StoreErrorKind};

/// `rhsh`: tells our files from other people's.
const APPLICATION_ID: i32 = 0x7268_7368;

/// One entry per schema version, each run once in order. Only ever appended to.
pub(super) const MIGRATIONS: [&str; 9] = ["
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
", "
CREATE TABLE counters (
    method TEXT NOT NULL,
    parameters TEXT NOT NULL,
    records INTEGER NOT NULL,
    upgraded INTEGER NOT NULL,
    untouched INTEGER NOT NULL,
    PRIMARY KEY (method, parameters)
) STRICT, WITHOUT ROWID;
INSERT INTO counters
SELECT coalesce(password_encryption_method, ''), coalesce(password_parameters, ''), count(*), count(upgraded_at),
    count(*) FILTER (WHERE imported_method IS NOT NULL AND upgraded_at IS NULL AND password_changed_at IS NULL)
FROM users GROUP BY 1, 2;
CREATE TABLE days (
    day INTEGER PRIMARY KEY,
    imported INTEGER NOT NULL DEFAULT 0,
    upgraded INTEGER NOT NULL DEFAULT 0,
    changed INTEGER NOT NULL DEFAULT 0
) STRICT;
INSERT INTO days (day, imported) SELECT imported_at / 86400, count(*) FROM users GROUP BY 1;
INSERT INTO days (day, upgraded) SELECT upgraded_at / 86400, count(*) FROM users WHERE upgraded_at IS NOT NULL GROUP BY 1
    ON CONFLICT (day) DO UPDATE SET upgraded = excluded.upgraded;
INSERT INTO days (day, changed)
    SELECT password_changed_at / 86400, count(*) FROM users WHERE password_changed_at IS NOT NULL GROUP BY 1
    ON CONFLICT (day) DO UPDATE SET changed = excluded.changed;
CREATE TABLE imports (
    id INTEGER PRIMARY KEY,
    fingerprint TEXT,
    name TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    ended_at INTEGER
) STRICT;
CREATE INDEX imports_unfinished ON imports (fingerprint) WHERE ended_at IS NULL;
CREATE TABLE import_batches (
    import_id INTEGER NOT NULL REFERENCES imports (id),
    first INTEGER NOT NULL,
    records INTEGER NOT NULL,
    imported INTEGER NOT NULL,
    already_there INTEGER NOT NULL,
    kept_newer INTEGER NOT NULL,
    replaced INTEGER NOT NULL,
    left_newer INTEGER NOT NULL,
    rejected INTEGER NOT NULL,
    committed_at INTEGER NOT NULL,
    PRIMARY KEY (import_id, first)
) STRICT, WITHOUT ROWID;
CREATE TABLE audit (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    event TEXT NOT NULL,
    user_id INTEGER,
    from_method TEXT,
    to_method TEXT,
    import_id INTEGER,
    records INTEGER
) STRICT;
CREATE TRIGGER audit_keeps_rows BEFORE DELETE ON audit BEGIN
    SELECT raise(ABORT, 'the audit is only ever appended to');
END;
CREATE TRIGGER audit_keeps_values BEFORE UPDATE ON audit BEGIN
    SELECT raise(ABORT, 'the audit is only ever appended to');
END;
", "
CREATE TABLE guesses (
    place INTEGER PRIMARY KEY,
    key INTEGER NOT NULL,
    failures INTEGER NOT NULL,
    most INTEGER NOT NULL,
    since INTEGER NOT NULL
) STRICT;
CREATE TABLE secrets (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO secrets VALUES ('guesses', randomblob(32));
", "
ALTER TABLE import_batches ADD COLUMN after_key TEXT;
ALTER TABLE import_batches ADD COLUMN last_key TEXT;
", "
CREATE TABLE identities (
    target TEXT NOT NULL,
    identity TEXT NOT NULL,
    user_id INTEGER NOT NULL,
    PRIMARY KEY (target, identity)
) STRICT, WITHOUT ROWID;
CREATE INDEX identities_user ON identities (user_id);
CREATE TRIGGER users_take_identities_along AFTER DELETE ON users BEGIN
    DELETE FROM identities WHERE user_id = old.id;
END;
", "
ALTER TABLE guesses ADD COLUMN pending INTEGER NOT NULL DEFAULT 0;
", "
ALTER TABLE import_batches ADD COLUMN refused INTEGER;
ALTER TABLE import_batches ADD COLUMN digest TEXT;
CREATE TRIGGER audit_keeps_ids BEFORE INSERT ON audit WHEN EXISTS (SELECT 1 FROM audit WHERE id = new.id) BEGIN
    SELECT raise(ABORT, 'the audit is only ever appended to');
END;
CREATE TABLE last_deleted (id INTEGER NOT NULL) STRICT;
INSERT INTO last_deleted VALUES (0);
CREATE TRIGGER users_keep_ids AFTER DELETE ON users BEGIN
    UPDATE last_deleted SET id = max(id, old.id);
END;
", "
CREATE TABLE unindexed (
    batch INTEGER NOT NULL,
    first INTEGER NOT NULL,
    base INTEGER NOT NULL,
    entries BLOB NOT NULL,
    PRIMARY KEY (batch, first)
) STRICT, WITHOUT ROWID;
", deferred::BUILD_FOLDED];

/// The migration after which the identities of those who are there are held.
const HOLDS_IDENTITIES: usize = 5;

/// The migration after which identifiers are found in other spellings.
const FOLDS_IDENTIFIERS: usize = 9;

/// Counts anew, as the migration did.
pub(super) const RECOUNT: &str = "
DELETE FROM counters;
INSERT INTO counters
SELECT coalesce(password_encryption_method, ''), coalesce(password_parameters, ''), count(*), count(upgraded_at),
    count(*) FILTER (WHERE imported_method IS NOT NULL AND upgraded_at IS NULL AND password_changed_at IS NULL)
FROM users GROUP BY 1, 2;
";

/// One connection to a file that is there.
pub(super) fn connect(path: &Path, options: &OpenOptions) -> Result<Connection, StoreError> {
    let access =
        if options.is_read_only { OpenFlags::SQLITE_OPEN_READ_ONLY } else { OpenFlags::SQLITE_OPEN_READ_WRITE };
    let connection = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX).map_err(reached)?;
    connection.busy_timeout(options.statement_timeout).map_err(reached)?;
    // A hash that was replaced is overwritten in the file too.
    connection.pragma_update(None, "secure_delete", true).map_err(reached)?;
    Ok(connection)
}

/// Refuses what this program does not know, or no longer.
pub(super) fn check(connection: &Connection, options: &OpenOptions) -> Result<(), StoreError> {
    let version = version(connection).map_err(Migrate::told)?;
    if options.takes_older && version > 0 { Ok(()) } else { check_version(version, MIGRATIONS.len()) }
}

/// Brings the schema up to date, in one transaction.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    try_to_migrate(connection).map_err(Migrate::told)
}

fn try_to_migrate(connection: &mut Connection) -> Result<(), Migrate> {
    if version(connection)? == MIGRATIONS.len() {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let version = version(&transaction)?; // another process may have been quicker
    for (at, migration) in MIGRATIONS.iter().enumerate().skip(version) {
        transaction.execute_batch(migration)?;
        if at + 1 == HOLDS_IDENTITIES {
            identities::hold_all(&transaction)?;
        }
        if at + 1 == FOLDS_IDENTIFIERS {
            // What an import has put off is of the version before.
            deferred::build(&transaction)?;
        }
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", i32::try_from(MIGRATIONS.len()).unwrap_or(i32::MAX))?;
    Ok(transaction.commit()?)
}

/// Creates the file with mode 0600 if it is not there: it will hold hashes.
pub(super) fn create_private(path: &Path) -> std::io::Result<()> {
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
pub(super) enum Migrate {
    Sqlite(rusqlite::Error),
    Refused(StoreError),
}

impl Migrate {
    fn told(self) -> StoreError {
        match self {
            Self::Sqlite(error) => reached(error),
            Self::Refused(error) => error,
        }
    }
}

impl From<rusqlite::Error> for Migrate {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

/// How many migrations the file has had. Refuses a file that is somebody else's or from a later version.
pub(super) fn version(connection: &Connection) -> Result<usize, Migrate> {
    let pragma = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
    let version = usize::try_from(pragma("user_version")?).unwrap_or(usize::MAX);
    let tables = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, Value>(0))?;
    if pragma("application_id")? != APPLICATION_ID && (version != 0 || tables != Value::Integer(0)) {
        let message = "the file is a SQLite database, but not a store of this program";
        return Err(Migrate::Refused(StoreError::new(StoreErrorKind::Unreachable, message)));
    }
    if version > MIGRATIONS.len() {
        check_version(version, MIGRATIONS.len()).map_err(Migrate::Refused)?;
    }
    Ok(version)
}

pub(super) fn reached(error: rusqlite::Error) -> StoreError {
    let error = failed(error);
    match error.kind() {
        StoreErrorKind::Other => StoreError::new(StoreErrorKind::Unreachable, error.to_string()),
        _ => error,
    }
}

/// SQLite's messages name tables and columns, never values.
pub(super) fn failed(error: rusqlite::Error) -> StoreError {
    let kind = match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreErrorKind::Busy,
        Some(ErrorCode::ReadOnly) => StoreErrorKind::ReadOnly,
        Some(ErrorCode::DiskFull) => StoreErrorKind::Full,
        Some(ErrorCode::CannotOpen | ErrorCode::NotADatabase | ErrorCode::PermissionDenied) => {
            StoreErrorKind::Unreachable
        }
        _ => StoreErrorKind::Other,
    };
    StoreError::new(kind, words(&error))
}

/// What SQLite says, without the statement it says it of, which is ours.
pub(super) fn words(error: &rusqlite::Error) -> String {
    match error {
        rusqlite::Error::SqlInputError { msg, .. } => msg.clone(),
        error => error.to_string(),
    }
}
