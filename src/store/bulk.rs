//! Many records into a store: batches that are transactions, what became of each record in them, and the journal by which
//! a run that was killed goes on where it stood.

use std::collections::HashMap;
use std::ops::Range;

use super::{Inserted, NewUser, StoreError};

/// How a bulk import works.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct BulkOptions {
    /// What becomes of a record whose identifier another record of the store has.
    pub on_conflict: OnConflict,
    /// Do everything but write.
    pub is_dry_run: bool,
}

impl BulkOptions {
    /// Options.
    #[must_use]
    pub const fn new(on_conflict: OnConflict, is_dry_run: bool) -> Self {
        Self { on_conflict, is_dry_run }
    }
}

/// What becomes of a record whose identifier the store has already, with other data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnConflict {
    /// Nothing of its batch is written.
    Fail,
    /// The store's record is left alone, and the new one is reported.
    #[default]
    Skip,
    /// The new one takes its place, unless its user was upgraded or has changed their password.
    ReplaceLegacy,
}

/// A bulk import. One thread drives it; several batches may be on their way at once.
pub trait Bulk {
    /// How many records a batch best has.
    fn batch_records(&self) -> u64;

    /// Begins an input, or goes on with it: with a fingerprint that an unfinished run left in the journal, this says what
    /// that run had committed.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    fn begin_input(&mut self, fingerprint: Option<&str>, name: &str) -> Result<Input, StoreError>;

    /// Takes one record into the batch at hand.
    ///
    /// # Errors
    ///
    /// [`StoreError`]; the batch is lost.
    fn push(&mut self, new: &NewUser<'_>) -> Result<(), StoreError>;

    /// Ends the batch at hand: it is written in one transaction, and its mark with it. It may still be on its way when
    /// this returns.
    ///
    /// # Errors
    ///
    /// [`StoreError`] of this batch or of an earlier one; [`Bulk::next_written`] tells them apart.
    fn end_batch(&mut self, mark: Mark) -> Result<(), StoreError>;

    /// What became of the oldest batch that was not yet asked for, in the order in which they ended. `None` where there
    /// is none, or, without `waits`, where it is still on its way.
    fn next_written(&mut self, waits: bool) -> Option<Result<Written, StoreError>>;

    /// The input was read to its end: its next run starts anew.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    fn end_input(&mut self, input: i64) -> Result<(), StoreError>;

    /// Ends the import. What was pushed and not ended with [`Bulk::end_batch`] is not written.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    fn finish(self: Box<Self>) -> Result<(), StoreError>;
}

/// An input in the journal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Input {
    /// Names it in a [`Mark`].
    pub id: i64,
    /// Which of its records an earlier run committed, by their number from 0, in order.
    pub committed: Vec<Range<u64>>,
    /// What became of them.
    pub earlier: Tally,
}

/// What a batch holds: consecutive records of one input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// From [`Bulk::begin_input`].
    pub input: i64,
    /// The number of its first record in the input, from 0.
    pub first: u64,
    /// How many records of the input it stands for, those included that were not pushed.
    pub records: u64,
}

/// A batch that is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// What became of each record that was pushed, in order.
    pub outcomes: Vec<Inserted>,
    /// Whether it is in the store. Not so in a dry run, and not where a conflict is to stop the import.
    pub is_committed: bool,
}

/// What became of many records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the variants of `Inserted`")]
pub struct Tally {
    pub imported: u64,
    pub already_there: u64,
    /// Of those already there.
    pub kept_newer: u64,
    pub replaced: u64,
    pub left_newer: u64,
    /// Rejected by the store, or before they came to it.
    pub rejected: u64,
}

impl Tally {
    /// Counts one outcome.
    pub fn count(&mut self, outcome: &Inserted) {
        match outcome {
            Inserted::New => self.imported += 1,
            Inserted::AlreadyThere { kept_newer } => {
                self.already_there += 1;
                self.kept_newer += u64::from(*kept_newer);
            }
            Inserted::Replaced => self.replaced += 1,
            Inserted::LeftNewer(_) => self.left_newer += 1,
            Inserted::Conflict(_) | Inserted::Unstorable { .. } => self.rejected += 1,
        }
    }

    /// Adds what became of others.
    pub fn add(&mut self, more: &Self) {
        self.imported += more.imported;
        self.already_there += more.already_there;
        self.kept_newer += more.kept_newer;
        self.replaced += more.replaced;
        self.left_newer += more.left_newer;
        self.rejected += more.rejected;
    }

    /// How many they are.
    #[must_use]
    pub const fn records(&self) -> u64 {
        self.imported + self.already_there + self.replaced + self.left_newer + self.rejected
    }

    /// Of a batch: its outcomes, and the rest of its mark, which was rejected before.
    pub(super) fn of(outcomes: &[Inserted], mark: &Mark) -> Self {
        let mut tally = Self::default();
        outcomes.iter().for_each(|outcome| tally.count(outcome));
        tally.rejected += mark.records.saturating_sub(outcomes.len() as u64);
        tally
    }
}

/// How the counters of a method and its parameters change. A store adds them up for a batch and writes them once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) records: i64,
    pub(super) upgraded: i64,
    /// The hash is the one that was imported.
    pub(super) untouched: i64,
}

/// Changes by method and parameters.
#[derive(Debug, Default)]
pub(super) struct Changes(HashMap<String, HashMap<String, Change>>);

impl Changes {
    pub(super) fn add(&mut self, method: &str, parameters: &str, change: Change) {
        if !self.0.contains_key(method) {
            self.0.insert(method.to_owned(), HashMap::new());
        }
        let Some(methods) = self.0.get_mut(method) else { return };
        let held = match methods.get_mut(parameters) {
            Some(held) => held,
            None => methods.entry(parameters.to_owned()).or_default(),
        };
        held.records += change.records;
        held.upgraded += change.upgraded;
        held.untouched += change.untouched;
    }

    /// In the order of their keys, so that two who write them at once do not wait for each other crosswise.
    pub(super) fn sorted(&self) -> Vec<(&str, &str, Change)> {
        let each = self.0.iter().flat_map(|(method, by_parameters)| {
            by_parameters.iter().map(move |(parameters, change)| (&**method, &**parameters, *change))
        });
        let mut all: Vec<_> = each.filter(|(.., change)| *change != Change::default()).collect();
        all.sort_unstable_by(|one, other| (one.0, one.1).cmp(&(other.0, other.1)));
        all
    }
}

/// Ranges of the journal, joined where one ends as the next begins.
pub(super) fn joined(ranges: impl Iterator<Item = Range<u64>>) -> Vec<Range<u64>> {
    let mut all: Vec<Range<u64>> = Vec::new();
    for range in ranges {
        match all.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => all.push(range),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_join_where_they_meet() {
        let ranges = [0..10, 10..20, 30..40, 35..38, 41..42];
        assert_eq!(joined(ranges.into_iter()), [0..20, 30..40, 41..42]);
    }

    #[test]
    fn changes_that_cancel_are_not_written() {
        let mut changes = Changes::default();
        let one = Change { records: 1, upgraded: 0, untouched: 1 };
        changes.add("md5", "", one);
        changes.add("bcrypt", "cost=10", one);
        changes.add("md5", "", Change { records: -1, upgraded: 0, untouched: -1 });
        assert_eq!(changes.sorted(), [("bcrypt", "cost=10", one)]);
    }

    #[test]
    fn a_batch_counts_what_was_rejected_before_it() {
        let mark = Mark { input: 1, first: 0, records: 5 };
        let tally = Tally::of(&[Inserted::New, Inserted::Conflict("username"), Inserted::LeftNewer("username")], &mark);
        assert_eq!((tally.imported, tally.rejected, tally.left_newer, tally.records()), (1, 3, 1, 5));
    }
}
