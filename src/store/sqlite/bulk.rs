//! A bulk import into the file: one batch at a time, each record's outcome known as it is inserted.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use rusqlite::{Connection, Row, ToSql, params};

use super::deferred::{self, Deferral};
use super::schema::failed;
use super::{Batch, Sqlite, now, patience};
use crate::store::bulk::given_up;
use crate::store::journal;
use crate::store::slots::Slot;
use crate::store::{
    Bulk, BulkOptions, Committed, Input, Inserted, Mark, NewUser, OnConflict, StoreError, Users as _, Written,
};

/// Large, because each transaction writes every page it touched.
const BATCH_RECORDS: u64 = 100_000;
/// The same where others have the file open and may want to write: an upgrade waits for a second.
const BATCH_RECORDS_SHARED: u64 = 20_000;

/// How long an import waits for others' transactions: another import's are long.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// How long an import waits for another's transaction where the indexes are missing: it can be the one that builds them, of millions
/// of users.
const BUILD_PATIENCE: Duration = Duration::from_secs(600);

pub(super) struct SqliteBulk<'a> {
    store: &'a Sqlite,
    options: BulkOptions,
    batch: Option<Batch<'a>>,
    outcomes: Vec<Inserted>,
    written: VecDeque<Written>,
    /// Inputs that have begun and not ended.
    unfinished: BTreeSet<i64>,
    /// In place of the indexes, between batches.
    deferral: Option<Box<Deferral>>,
    /// Whether nobody else had the file open when it began.
    is_alone: bool,
}

impl<'a> SqliteBulk<'a> {
    pub(super) fn start(store: &'a Sqlite, options: BulkOptions) -> Result<Self, StoreError> {
        let mut deferral = None;
        if !options.is_dry_run {
            // Building the indexes keeps others from writing for a while: not where somebody may want to.
            deferral = store.is_alone()?.then(|| Box::new(Deferral::new(options.are_distinct)));
            store.tune(if deferral.is_some() { deferred::APPEND_CACHE_KIB } else { deferred::BUILD_CACHE_KIB })?;
        }
        let (batch, outcomes, written, unfinished) = (None, Vec::new(), VecDeque::new(), BTreeSet::new());
        let is_alone = deferral.is_some();
        Ok(Self { store, options, batch, outcomes, written, unfinished, deferral, is_alone })
    }

    fn begin_batch(&mut self) -> Result<Batch<'a>, StoreError> {
        let (writer, deferral) = (self.writer()?, self.deferral.take());
        if !deferred::is_indexed(&writer).map_err(failed)? {
            patience::set(BUILD_PATIENCE);
        }
        if deferral.is_none() {
            writer.pragma_update(None, "cache_size", deferred::BUILD_CACHE_KIB).map_err(failed)?;
        }
        Batch::begin(writer, deferral)
    }

    fn writer(&self) -> Result<Slot<'a, Connection>, StoreError> {
        self.store.patient_writer(PATIENCE)
    }

    fn is_stopped(&self) -> bool {
        let is_conflict = |outcome: &Inserted| matches!(outcome, Inserted::Conflict(_));
        self.options.on_conflict == OnConflict::Fail && self.outcomes.iter().any(is_conflict)
    }
}

impl Bulk for SqliteBulk<'_> {
    fn batch_records(&self) -> u64 {
        if self.is_alone { BATCH_RECORDS } else { BATCH_RECORDS_SHARED }
    }

    fn begin_input(&mut self, fingerprint: Option<&str>, name: &str) -> Result<Input, StoreError> {
        if self.options.is_dry_run {
            return Ok(Input::default());
        }
        let writer = self.writer()?;
        let begun = begin(&writer, fingerprint, name, self.options.restarts);
        let input = begun.and_then(|id| earlier(&writer, id)).map_err(failed)?;
        self.unfinished.insert(input.id);
        Ok(input)
    }

    fn begin_source(&mut self, fingerprint: &str, name: &str, after: Option<&str>) -> Result<Input, StoreError> {
        let Input { id, committed, is_doubted, .. } = self.begin_input(Some(fingerprint), name)?;
        let mut input = Input::of_chain(id, after, committed);
        input.is_doubted = is_doubted;
        if self.options.is_dry_run {
            return Ok(input);
        }
        // What is read again is journalled again.
        let next = i64::try_from(input.next()).unwrap_or(i64::MAX);
        let forget = "DELETE FROM import_batches WHERE import_id = ?1 AND first >= ?2";
        self.writer()?.execute(forget, params![id, next]).map_err(failed)?;
        Ok(input)
    }

    fn forget(&mut self, input: i64, firsts: &[u64]) -> Result<(), StoreError> {
        let writer = self.writer()?;
        let mut forget =
            writer.prepare("DELETE FROM import_batches WHERE import_id = ?1 AND first = ?2").map_err(failed)?;
        let mut forget = |first: &u64| forget.execute(params![input, i64::try_from(*first).unwrap_or(i64::MAX)]);
        firsts.iter().try_for_each(|first| forget(first).map(drop)).map_err(failed)
    }

    fn push(&mut self, new: &NewUser<'_>) -> Result<(), StoreError> {
        if self.batch.is_none() {
            self.batch = Some(self.begin_batch()?);
        }
        let Some(batch) = &mut self.batch else { return Ok(()) };
        self.outcomes.push(match self.options.on_conflict {
            OnConflict::ReplaceLegacy => batch.insert_or_replace(new)?,
            OnConflict::Complete => batch.insert_or_complete(new)?,
            OnConflict::Fail | OnConflict::Skip => batch.insert(new)?,
        });
        Ok(())
    }

    fn end_batch(&mut self, mark: Mark) -> Result<(), StoreError> {
        let is_stopped = self.is_stopped();
        let is_committed = !self.options.is_dry_run && !is_stopped;
        let outcomes = std::mem::take(&mut self.outcomes);
        let batch = match self.batch.take() {
            Some(batch) => batch,
            None if is_committed => self.begin_batch()?,
            None => {
                self.written.push_back(Written { outcomes, is_committed, is_stopped });
                return Ok(());
            }
        };
        if is_committed {
            batch.mark(&mark, &outcomes)?;
            self.deferral = batch.commit_deferring()?;
            if self.deferral.is_none() {
                std::thread::sleep(patience::BREATH);
            }
        }
        self.written.push_back(Written { outcomes, is_committed, is_stopped });
        Ok(())
    }

    fn next_written(&mut self, _waits: bool) -> Option<Result<Written, StoreError>> {
        self.written.pop_front().map(Ok)
    }

    fn end_input(&mut self, input: i64) -> Result<(), StoreError> {
        if self.options.is_dry_run {
            return Ok(());
        }
        if self.unfinished.iter().all(|unfinished| *unfinished == input) {
            self.deferral = None;
            self.store.build_indexes()?;
        }
        end(&*self.writer()?, "id = ?1", input).map_err(failed)?;
        self.unfinished.remove(&input);
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<(), StoreError> {
        // What was rolled back must be rolled back before the log is folded.
        let is_given_up = self.batch.take().is_some();
        if self.options.is_dry_run {
            return Ok(());
        }
        self.deferral = None;
        // An input that goes on later goes on without them.
        let built = if self.unfinished.is_empty() { self.store.build_indexes() } else { Ok(()) };
        self.store.settle()?;
        built?;
        if is_given_up { Err(given_up()) } else { Ok(()) }
    }
}

/// The unfinished import of this fingerprint, or a new one.
fn begin(connection: &Connection, fingerprint: Option<&str>, name: &str, restarts: bool) -> rusqlite::Result<i64> {
    if let Some(fingerprint) = fingerprint.filter(|_| restarts) {
        end(connection, "fingerprint = ?1", fingerprint)?;
    }
    let unfinished = "SELECT max(id) FROM imports WHERE fingerprint = ?1 AND ended_at IS NULL";
    if let Some(id) = connection.query_row(unfinished, [fingerprint], |row| row.get(0))? {
        return Ok(id);
    }
    let begin = "INSERT INTO imports (fingerprint, name, started_at) VALUES (?1, ?2, ?3)";
    connection.execute(begin, params![fingerprint, name, now()])?;
    Ok(connection.last_insert_rowid())
}

/// Ends the imports of which this is true. Keys can name people, and digests are of their hashes: nobody asks for them any more.
fn end(connection: &Connection, which: &str, value: impl ToSql) -> rusqlite::Result<()> {
    let forget = format!(
        "UPDATE import_batches SET after_key = NULL, last_key = NULL, digest = NULL
         WHERE import_id IN (SELECT id FROM imports WHERE {which} AND ended_at IS NULL)"
    );
    connection.execute(&forget, [&value])?;
    let end = format!("UPDATE imports SET ended_at = ?2, fingerprint = NULL WHERE {which} AND ended_at IS NULL");
    connection.execute(&end, params![value, now()]).map(drop)
}

/// What the journal has of an import, where the store can hold as many users as it speaks of.
fn earlier(connection: &Connection, id: i64) -> rusqlite::Result<Input> {
    let committed = journal::apart(committed(connection, id)?);
    let users = i64::try_from(journal::users(&committed)).unwrap_or(i64::MAX);
    let query = "SELECT count(*) FROM (SELECT 1 FROM users LIMIT ?1)";
    let held = connection.query_row(query, [users], |row| row.get::<_, i64>(0))?;
    // Who was deleted since, one by one, is not missing.
    let deleted = "SELECT count(*) FROM audit WHERE event = 'delete'
        AND at >= (SELECT started_at FROM imports WHERE id = ?1)";
    if held >= users || held + connection.query_row(deleted, [id], |row| row.get::<_, i64>(0))? >= users {
        return Ok(Input { id, committed, ..Input::default() });
    }
    connection.execute("DELETE FROM import_batches WHERE import_id = ?1", [id])?;
    Ok(Input { id, is_doubted: true, ..Input::default() })
}

fn committed(connection: &Connection, import: i64) -> rusqlite::Result<Vec<Committed>> {
    let query = "SELECT first, records, imported, already_there, kept_newer, replaced, left_newer, rejected, refused,
        after_key, last_key, digest FROM import_batches WHERE import_id = ?1 ORDER BY first";
    let mut batches = connection.prepare(query)?;
    let read = |row: &Row<'_>| {
        let mut numbers = [0; 8];
        for (column, number) in numbers.iter_mut().enumerate() {
            *number = row.get(column)?;
        }
        Ok(Committed::of(numbers, row.get(8)?, [row.get(9)?, row.get(10)?, row.get(11)?]))
    };
    batches.query_map([import], read)?.collect()
}
