//! A bulk import into the file: one batch at a time, each record's outcome known as it is inserted.

use std::collections::VecDeque;

use rusqlite::{OptionalExtension as _, params};

use super::schema::failed;
use super::{Batch, Sqlite, now};
use crate::store::bulk::joined;
use crate::store::{Bulk, BulkOptions, Input, Inserted, Mark, NewUser, OnConflict, StoreError, Tally, Written};

/// Large, because each transaction writes every page it touched, and the keys of a user table touch most of an index;
/// small enough that a sign-in which waits for the writer does not time out.
const BATCH_RECORDS: u64 = 100_000;

pub(super) struct SqliteBulk<'a> {
    store: &'a Sqlite,
    options: BulkOptions,
    batch: Option<Batch<'a>>,
    outcomes: Vec<Inserted>,
    written: VecDeque<Written>,
}

impl<'a> SqliteBulk<'a> {
    pub(super) fn start(store: &'a Sqlite, options: BulkOptions) -> Result<Self, StoreError> {
        if !options.is_dry_run {
            store.tune_for_import()?;
        }
        Ok(Self { store, options, batch: None, outcomes: Vec::new(), written: VecDeque::new() })
    }

    fn is_stopped(&self) -> bool {
        let is_conflict = |outcome: &Inserted| matches!(outcome, Inserted::Conflict(_));
        self.options.on_conflict == OnConflict::Fail && self.outcomes.iter().any(is_conflict)
    }
}

impl Bulk for SqliteBulk<'_> {
    fn batch_records(&self) -> u64 {
        BATCH_RECORDS
    }

    fn begin_input(&mut self, fingerprint: Option<&str>, name: &str) -> Result<Input, StoreError> {
        if self.options.is_dry_run {
            return Ok(Input::default());
        }
        let writer = self.store.writer()?;
        let unfinished = "SELECT max(id) FROM imports WHERE fingerprint = ?1 AND ended_at IS NULL";
        let found: Option<i64> = writer.query_row(unfinished, [fingerprint], |row| row.get(0)).map_err(failed)?;
        let Some(id) = found else {
            let begin = "INSERT INTO imports (fingerprint, name, started_at) VALUES (?1, ?2, ?3)";
            writer.execute(begin, params![fingerprint, name, now()]).map_err(failed)?;
            return Ok(Input { id: writer.last_insert_rowid(), ..Input::default() });
        };
        let sums = "SELECT coalesce(sum(imported), 0), coalesce(sum(already_there), 0), coalesce(sum(kept_newer), 0),
            coalesce(sum(replaced), 0), coalesce(sum(left_newer), 0), coalesce(sum(rejected), 0)
            FROM import_batches WHERE import_id = ?1";
        let number = |row: &rusqlite::Row<'_>, column| row.get::<_, i64>(column).map(i64::unsigned_abs);
        let tally = writer.query_row(sums, [id], |row| {
            Ok(Tally {
                imported: number(row, 0)?,
                already_there: number(row, 1)?,
                kept_newer: number(row, 2)?,
                replaced: number(row, 3)?,
                left_newer: number(row, 4)?,
                rejected: number(row, 5)?,
            })
        });
        let ranges = "SELECT first, records FROM import_batches WHERE import_id = ?1 ORDER BY first";
        let mut ranges = writer.prepare(ranges).map_err(failed)?;
        let ranges = ranges.query_map([id], |row| {
            let first = number(row, 0)?;
            Ok(first..first + number(row, 1)?)
        });
        let ranges: Vec<_> = ranges.and_then(Iterator::collect).map_err(failed)?;
        Ok(Input {
            id,
            committed: joined(ranges.into_iter()),
            earlier: tally.optional().map_err(failed)?.unwrap_or_default(),
        })
    }

    fn push(&mut self, new: &NewUser<'_>) -> Result<(), StoreError> {
        let batch = match &mut self.batch {
            Some(batch) => batch,
            none => none.insert(self.store.batch()?),
        };
        self.outcomes.push(match self.options.on_conflict {
            OnConflict::ReplaceLegacy => batch.insert_or_replace(new)?,
            OnConflict::Fail | OnConflict::Skip => batch.insert(new)?,
        });
        Ok(())
    }

    fn end_batch(&mut self, mark: Mark) -> Result<(), StoreError> {
        let is_committed = !self.options.is_dry_run && !self.is_stopped();
        let outcomes = std::mem::take(&mut self.outcomes);
        let batch = match self.batch.take() {
            Some(batch) => batch,
            None if is_committed => self.store.batch()?,
            None => {
                self.written.push_back(Written { outcomes, is_committed });
                return Ok(());
            }
        };
        if is_committed {
            batch.mark(&mark, &outcomes)?;
            batch.commit()?;
        }
        self.written.push_back(Written { outcomes, is_committed });
        Ok(())
    }

    fn next_written(&mut self, _waits: bool) -> Option<Result<Written, StoreError>> {
        self.written.pop_front().map(Ok)
    }

    fn end_input(&mut self, input: i64) -> Result<(), StoreError> {
        if self.options.is_dry_run {
            return Ok(());
        }
        let end = "UPDATE imports SET ended_at = ?1 WHERE id = ?2";
        self.store.writer()?.execute(end, params![now(), input]).map(drop).map_err(failed)
    }

    fn finish(mut self: Box<Self>) -> Result<(), StoreError> {
        // What was rolled back must be rolled back before the log is folded.
        self.batch = None;
        if self.options.is_dry_run { Ok(()) } else { self.store.settle() }
    }
}
