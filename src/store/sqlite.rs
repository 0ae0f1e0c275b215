//! The embedded store: one SQLite file, created and migrated on first use. It keeps the whole user record, the
//! hash with its method, when it was imported and upgraded, and from which method. It never keeps a hash that was
//! replaced, nor anything derived from one.

mod batch;
mod bulk;
mod deferred;
mod edits;
mod find;
mod guesses;
mod identities;
mod mapped;
mod patience;
mod record;
mod schema;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rusqlite::{Connection, OptionalExtension as _, Row, TransactionBehavior, params};

pub use self::batch::Batch;
pub(crate) use self::mapped::Mapped;
use self::record::{Counted, Event};
use self::schema::failed;
use super::changes::{Change, Changes};
use super::slots::{Slot, Slots};
use super::spelling::folded;
use super::users::shown;
pub use super::users::{Inserted, MethodCount, NewUser, User};
use super::{
    AuditEntry, Bulk, BulkOptions, Created, Day, Found, GuessEnd, Guessed, Linked, OpenOptions, Store, StoreError,
    StoreErrorKind, StoreInfo, Subject, Swap, TaggedText, Users,
};
use crate::{Replacement, StoredHash};

/// A bulk import's log is folded into the file after this many pages of 4 KiB. In a large table each batch touches most pages of
/// the keys' indexes, and a page that several batches have touched is then folded once.
const IMPORT_WAL_PAGES: i64 = 200_000;

const SET_UPGRADED: &str = "
UPDATE users SET password_encrypted = ?1, password_encryption_method = ?2, password_parameters = ?3, upgraded_at = ?4
WHERE id = ?5";

const SET_CHANGED: &str = "
UPDATE users SET password_encrypted = ?1, password_encryption_method = ?2, password_parameters = ?3,
    password_changed_at = ?4
WHERE id = ?5";

const USER: &str = "
SELECT id, username, primary_email, primary_phone, name, avatar, profile, custom_data, identities,
    password_encryption_method, password_encrypted, imported_method, imported_at, upgraded_at, password_changed_at
FROM users WHERE id = ?1";

const USERS: &str = "
SELECT id, username, primary_email, primary_phone, name, avatar, profile, custom_data, identities,
    password_encryption_method, password_encrypted, imported_method, imported_at, upgraded_at, password_changed_at
FROM users ORDER BY id";

/// A SQLite file of users. Threads share it: it holds one connection that writes and some that read.
#[derive(Debug)]
pub struct Sqlite {
    /// `None` in memory, where there is but one connection.
    path: Option<PathBuf>,
    options: OpenOptions,
    writer: Slots<Connection>,
    readers: Slots<Connection>,
}

impl Sqlite {
    /// Opens a store, creating the file (readable by its owner alone) and the schema where they are not there yet.
    ///
    /// # Errors
    ///
    /// [`StoreError`]; of kind [`StoreErrorKind::Unreachable`] where the file is not a store of ours.
    pub fn create_or_open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        Self::open_with(path, &OpenOptions::default().creates(true))
    }

    /// Opens a store that is there.
    ///
    /// # Errors
    ///
    /// As [`Sqlite::create_or_open`], and where there is no such file.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        Self::open_with(path, &OpenOptions::default())
    }

    /// Opens a store for reading: sign-ins are verified, and upgrades are reported as not written.
    ///
    /// # Errors
    ///
    /// As [`Sqlite::open`].
    pub fn open_read_only(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        Self::open_with(path, &OpenOptions::default().read_only(true))
    }

    /// A store in memory, gone when it is dropped.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn in_memory() -> Result<Self, StoreError> {
        let options = OpenOptions::default();
        let connection = schema::connect(Path::new(":memory:"), &options)?;
        Self::over(connection, None, &options)
    }

    /// Opens a file as the options say.
    ///
    /// # Errors
    ///
    /// As [`Sqlite::create_or_open`].
    pub fn open_with(path: impl AsRef<Path>, options: &OpenOptions) -> Result<Self, StoreError> {
        let path = path.as_ref();
        if options.creates {
            schema::create_private(path).map_err(|error| {
                StoreError::new(StoreErrorKind::Unreachable, format!("the store's file cannot be created: {error}"))
            })?;
        }
        let store = Self::over(schema::connect(path, options)?, Some(path.to_owned()), options)?;
        if options.is_shared && !options.is_read_only {
            let _ = set_journal(&*store.writer()?, "wal");
        }
        Ok(store)
    }

    fn over(mut writer: Connection, path: Option<PathBuf>, options: &OpenOptions) -> Result<Self, StoreError> {
        if options.creates || path.is_none() {
            schema::migrate(&mut writer)?;
        }
        schema::check(&writer, options)?;
        let slots = |size| Slots::new(size, options.acquire_timeout);
        let store = Self { path, options: options.clone(), writer: slots(1), readers: slots(options.connections) };
        patience::install(&writer)?;
        store.writer.put(writer);
        Ok(store)
    }

    fn writer(&self) -> Result<Slot<'_, Connection>, StoreError> {
        self.patient_writer(self.options.statement_timeout)
    }

    /// The connection that writes; it waits so long for other processes, for as long as this thread has it.
    fn patient_writer(&self, patience: Duration) -> Result<Slot<'_, Connection>, StoreError> {
        patience::set(patience);
        self.writer.take(|| Err(StoreError::new(StoreErrorKind::Other, "the connection that writes is gone")))
    }

    fn reader(&self) -> Result<Slot<'_, Connection>, StoreError> {
        match &self.path {
            None => self.writer(),
            Some(path) => self.readers.take(|| schema::connect(path, &self.options)),
        }
    }

    /// Whether no other process is seen to have the file open.
    fn is_alone(&self) -> Result<bool, StoreError> {
        Ok(self.path.is_some() && set_journal(&*self.writer()?, "delete").is_ok_and(|mode| mode == "delete"))
    }

    /// Prepares for a bulk import: a larger page cache, and a write-ahead log, so that sign-ins go on beside it. Commits
    /// survive a crash of the process at once, and one of the machine once [`Sqlite::settle`] has been called.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn tune_for_import(&self) -> Result<(), StoreError> {
        self.tune(deferred::BUILD_CACHE_KIB)
    }

    fn tune(&self, cache_kib: i64) -> Result<(), StoreError> {
        let writer = self.writer()?;
        let _ = set_journal(&writer, "wal");
        let pragmas = [("cache_size", cache_kib), ("synchronous", 1), ("wal_autocheckpoint", IMPORT_WAL_PAGES)];
        pragmas.into_iter().try_for_each(|(name, value)| writer.pragma_update(None, name, value)).map_err(failed)
    }

    /// Ends a bulk import: everything that was committed is on the disk, and the file stands alone again, so that it can
    /// be read where nothing can be written beside it.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn settle(&self) -> Result<(), StoreError> {
        let writer = self.writer()?;
        writer.pragma_update(None, "synchronous", 2).map_err(failed)?;
        writer.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).map_err(failed)?;
        if !self.options.is_shared {
            // A reader of our own would hold the log.
            while let Ok(reader) = self.readers.take(|| Err(StoreError::new(StoreErrorKind::Other, "none is left"))) {
                reader.discard();
            }
            let _ = set_journal(&writer, "delete");
        }
        Ok(())
    }

    /// Starts a batch of inserts: one transaction, which is rolled back unless [`Batch::commit`] is called. Whoever else
    /// writes waits for its end.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn batch(&self) -> Result<Batch<'_>, StoreError> {
        Batch::begin(self.writer()?, None)
    }

    /// Sets a password at sign-up or password change, whatever was there: the newest change wins, and an upgrade that was
    /// on its way finds the row changed.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn set_password(&self, id: i64, hash: &StoredHash) -> Result<(), StoreError> {
        match self.swap(id, Event::Change, |_| true, hash)? {
            Swap::Written => Ok(()),
            Swap::Superseded => Err(StoreError::new(StoreErrorKind::Other, "there is no such user")),
        }
    }

    /// Sets a hash where the row is as it is expected to be, and all that is kept beside it.
    fn swap(
        &self,
        id: i64,
        event: Event,
        is_expected: impl FnOnce(&Counted) -> bool,
        new: &StoredHash,
    ) -> Result<Swap, StoreError> {
        let mut writer = self.writer()?;
        let swapped = writer.transaction_with_behavior(TransactionBehavior::Immediate).and_then(|transaction| {
            let Some(was) = record::read(&transaction, id)?.filter(is_expected) else { return Ok(Swap::Superseded) };
            let (column, set) = match event {
                Event::Upgrade => ("upgraded", SET_UPGRADED),
                _ => ("changed", SET_CHANGED),
            };
            let (method, parameters) = (new.method().as_str(), new.parameters());
            transaction.prepare_cached(set)?.execute(params![new.kept_text(), method, parameters, now(), id])?;
            let is_upgraded = was.is_upgraded || matches!(event, Event::Upgrade);
            let mut changes = Changes::default();
            changes.add(&was.method, &was.parameters, was.gone());
            changes.add(method, &parameters, Change { records: 1, upgraded: i64::from(is_upgraded), untouched: 0 });
            record::count(&transaction, &changes)?;
            record::day(&transaction, column, 1)?;
            let from = Some(&*was.method).filter(|method| !method.is_empty());
            record::note(&transaction, event, id, from, Some(method))?;
            transaction.commit()?;
            Ok(Swap::Written)
        });
        swapped.map_err(failed)
    }

    /// The user that an identifier names: a username before an email before a phone. As [`Store::find`].
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn look_up(&self, identifier: &str) -> Result<Option<Found<i64>>, StoreError> {
        find::look_up(self, identifier)
    }
}

impl Store for Sqlite {
    type Id = i64;

    fn find(&self, identifier: &str) -> Result<Option<Found<i64>>, StoreError> {
        self.look_up(identifier)
    }

    fn replace(&self, id: &i64, replacement: &Replacement) -> Result<Swap, StoreError> {
        let (expected, new) = (replacement.expected(), replacement.new_hash());
        // What was verified is the text, however its row spells the tag.
        let is_expected = |was: &Counted| was.text.as_deref() == Some(expected.text());
        let event = if replacement.is_change() { Event::Change } else { Event::Upgrade };
        self.swap(*id, event, is_expected, new)
    }
}

impl Users for Sqlite {
    fn spelt(&self, identifier: &str) -> String {
        folded(identifier)
    }

    fn user(&self, id: i64) -> Result<Option<User>, StoreError> {
        user(&*self.reader()?, id).map_err(failed)
    }

    fn create(&self, new: &NewUser<'_>) -> Result<Created, StoreError> {
        let mut batch = self.batch()?;
        match batch.create(new)? {
            Created::New(id) => batch.commit().map(|()| Created::New(id)),
            taken => Ok(taken),
        }
    }

    fn link_identity(&self, id: i64, provider: &str, identity: &str) -> Result<Linked, StoreError> {
        identities::link(self, id, provider, identity)
    }

    fn change_password(&self, id: i64, expected: Option<&TaggedText>, hash: &StoredHash) -> Result<Swap, StoreError> {
        let is_expected = |was: &Counted| match (&was.text, expected) {
            (None, None) => true,
            (Some(text), Some(expected)) => *text == expected.text && was.method == expected.method,
            _ => false,
        };
        self.swap(id, Event::Change, is_expected, hash)
    }

    fn counts(&self) -> Result<Vec<MethodCount>, StoreError> {
        record::counts(&*self.reader()?).map(shown).map_err(failed)
    }

    fn days(&self) -> Result<Vec<Day>, StoreError> {
        record::days(&*self.reader()?).map_err(failed)
    }

    fn recount(&self) -> Result<(), StoreError> {
        let mut writer = self.writer()?;
        let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
        transaction.execute_batch(schema::RECOUNT).and_then(|()| transaction.commit()).map_err(failed)
    }

    fn build_indexes(&self) -> Result<(), StoreError> {
        deferred::build_missing(&*self.patient_writer(bulk::PATIENCE)?).map_err(failed)
    }

    fn bulk(&self, options: BulkOptions) -> Result<Box<dyn Bulk + '_>, StoreError> {
        Ok(Box::new(bulk::SqliteBulk::start(self, options)?))
    }

    fn export(&self, each: &mut dyn FnMut(&User) -> ControlFlow<()>) -> Result<(), StoreError> {
        let reader = self.reader()?;
        let mut statement = reader.prepare_cached(USERS).map_err(failed)?;
        let mut rows = statement.query([]).map_err(failed)?;
        while let Some(row) = rows.next().map_err(failed)? {
            if each(&read_user(row).map_err(failed)?).is_break() {
                break;
            }
        }
        Ok(())
    }

    fn begin_guess(&self, subjects: &[Subject<'_>], window: Duration) -> Result<Guessed, StoreError> {
        guesses::begin(self, subjects, window)
    }

    fn end_guess(&self, subjects: &[Subject<'_>], end: GuessEnd) -> Result<(), StoreError> {
        guesses::end(self, subjects, end)
    }

    fn audit(&self, user: Option<i64>, limit: u32) -> Result<Vec<AuditEntry>, StoreError> {
        let reader = self.reader()?;
        record::audit(&reader, user, limit).map_err(failed)
    }

    fn info(&self) -> Result<StoreInfo, StoreError> {
        let reader = self.reader()?;
        let pragma = |name| reader.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).map_err(failed);
        Ok(StoreInfo {
            kind: "sqlite",
            place: self.path.as_deref().map_or_else(|| "memory".to_owned(), |path| path.display().to_string()),
            server: format!("SQLite {}", rusqlite::version()),
            schema: usize::try_from(pragma("user_version")?).unwrap_or(0),
            known_schema: schema::MIGRATIONS.len(),
            is_indexed: deferred::is_unique(&reader).map_err(failed)?,
            is_read_only: reader.is_readonly("main").map_err(failed)?,
            bytes: Some((pragma("page_count")? * pragma("page_size")?).unsigned_abs()),
        })
    }
}

/// Changes the journal if nobody else is using the file; either kind is safe. Which it is then.
fn set_journal(connection: &Connection, mode: &str) -> rusqlite::Result<String> {
    connection.pragma_update_and_check(None, "journal_mode", mode, |row| row.get(0))
}

fn user(connection: &Connection, id: i64) -> rusqlite::Result<Option<User>> {
    connection.prepare_cached(USER)?.query_row([id], read_user).optional()
}

fn read_user(row: &Row<'_>) -> rusqlite::Result<User> {
    Ok(User {
        id: row.get(0)?,
        username: row.get(1)?,
        primary_email: row.get(2)?,
        primary_phone: row.get(3)?,
        name: row.get(4)?,
        avatar: row.get(5)?,
        profile: row.get(6)?,
        custom_data: row.get(7)?,
        identities: row.get(8)?,
        password: tagged(row.get(9)?, row.get(10)?),
        imported_method: row.get(11)?,
        imported_at: row.get(12)?,
        upgraded_at: row.get(13)?,
        password_changed_at: row.get(14)?,
    })
}

/// A row has a password when it has a hash; without a tag that must name its own method.
fn tagged(method: Option<String>, text: Option<String>) -> Option<TaggedText> {
    text.map(|text| TaggedText { method: method.unwrap_or_default(), text })
}

fn now() -> i64 {
    // A clock before 1970 is no reason to refuse a sign-in.
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}
