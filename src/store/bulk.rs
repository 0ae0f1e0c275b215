//! Many records into a store: batches that are transactions, what became of each record in them, and the journal by which
//! a run that was killed goes on where it stood.

use super::{Inserted, NewUser, StoreError};

/// How a bulk import works.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct BulkOptions {
    /// What becomes of a record whose identifier another record of the store has.
    pub on_conflict: OnConflict,
    /// Do everything but write.
    pub is_dry_run: bool,
    /// What unfinished runs left in the journal is given up, and their inputs begin anew.
    pub restarts: bool,
    /// No two records that are pushed have a username, an email or a phone in common: whoever pushes them has seen to it, as
    /// `import::check` does for all that one call reads. An import into an empty store then keeps nothing in mind of those
    /// it has written. Where it is not true after all, the import fails at its end, and the store needs mending by hand.
    pub are_distinct: bool,
}

impl BulkOptions {
    /// Options.
    #[must_use]
    pub const fn new(on_conflict: OnConflict, is_dry_run: bool) -> Self {
        Self { on_conflict, is_dry_run, restarts: false, are_distinct: false }
    }

    /// The same for records of which [`BulkOptions::are_distinct`] is true.
    #[must_use]
    pub const fn distinct(mut self, are_distinct: bool) -> Self {
        self.are_distinct = are_distinct;
        self
    }

    /// The same, and inputs go on nowhere.
    #[must_use]
    pub const fn restarting(mut self, restarts: bool) -> Self {
        self.restarts = restarts;
        self
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
    /// What the store's record lacks is taken from the new one, the password too, and nothing it has is changed: where profiles and
    /// hashes come in two files, the profiles first: `customData`, `profile` and `identities` are each taken or left as a whole. Two
    /// passwords are a conflict, and so is another name or address beside the one that both have; whoever was upgraded or has changed their password is left alone.
    Complete,
}

/// A bulk import. One thread drives it; several batches may be on their way at once.
pub trait Bulk {
    /// How many records a batch best has.
    fn batch_records(&self) -> u64;

    /// Begins an input, or goes on with it: with a fingerprint that an unfinished run left in the journal, this says what
    /// that run had committed. Whether the input still is what it was is for the caller to see ([`Committed::digest`]).
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    fn begin_input(&mut self, fingerprint: Option<&str>, name: &str) -> Result<Input, StoreError>;

    /// Begins a source that is read in the order of a unique key, from after `after` on, or goes on with it: where an
    /// unfinished run left batches in the journal whose marks have [`Keys`], [`Input::after`] says from where.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    fn begin_source(&mut self, fingerprint: &str, name: &str, after: Option<&str>) -> Result<Input, StoreError>;

    /// Strikes batches from an input's journal, by the numbers of their first records: they are gone through again.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    fn forget(&mut self, input: i64, firsts: &[u64]) -> Result<(), StoreError>;

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

    /// Ends the import. What was pushed and not ended with [`Bulk::end_batch`] is not written; neither is, where batches are still on
    /// their way, what was not waited for with [`Bulk::next_written`].
    ///
    /// # Errors
    ///
    /// [`StoreError`], also where something was given up in this way.
    fn finish(self: Box<Self>) -> Result<(), StoreError>;
}

/// What [`Bulk::finish`] says where it gives something up.
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub(super) fn given_up() -> StoreError {
    let message = "records were pushed whose batch was not ended and waited for: they are not in the store";
    StoreError::new(super::StoreErrorKind::Other, message)
}

/// An input in the journal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Input {
    /// Names it in a [`Mark`].
    pub id: i64,
    /// The batches that an earlier run committed, in order, none over another.
    pub committed: Vec<Committed>,
    /// Of a source: the key after which it goes on; the records up to it are those that were committed.
    pub after: Option<String>,
    /// The store has fewer users than the journal says were committed. It was not believed.
    pub is_doubted: bool,
}

impl Input {
    /// What became of the records that an earlier run committed.
    #[must_use]
    pub fn earlier(&self) -> Tally {
        let mut earlier = Tally::default();
        self.committed.iter().for_each(|batch| earlier.add(&batch.tally));
        earlier
    }

    /// The number of the first record after those that were committed.
    #[must_use]
    pub fn next(&self) -> u64 {
        self.committed.last().map_or(0, |batch| batch.first + batch.records)
    }
}

/// A batch, as the journal has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Committed {
    /// The number of its first record in the input, from 0.
    pub first: u64,
    /// How many records of the input it stands for.
    pub records: u64,
    /// What became of them.
    pub tally: Tally,
    /// How many of those that were rejected the store itself refused; `None` where that was not kept.
    pub refused: Option<u64>,
    /// [`Mark::digest`].
    pub digest: Option<String>,
    /// [`Mark::keys`].
    pub keys: Option<Keys>,
}

/// What a batch holds: consecutive records of one input.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Mark {
    /// From [`Bulk::begin_input`].
    pub input: i64,
    /// The number of its first record in the input, from 0.
    pub first: u64,
    /// How many records of the input it stands for, those included that were not pushed.
    pub records: u64,
    /// Where it stands in a source that is read in the order of a key.
    pub keys: Option<Keys>,
    /// Of what its records were made, in the caller's own form: by it a batch is known that was changed since.
    pub digest: Option<String>,
}

impl Mark {
    /// A batch of records that are known by their numbers.
    #[must_use]
    pub const fn new(input: i64, first: u64, records: u64) -> Self {
        Self { input, first, records, keys: None, digest: None }
    }

    /// The same batch, made of this.
    #[must_use]
    pub fn with_digest(mut self, digest: Option<String>) -> Self {
        self.digest = digest;
        self
    }

    /// The same batch of a source, of the rows that come after one key and up to another. What a store cannot write down is
    /// left out; the source then goes on before this batch.
    #[must_use]
    pub fn with_keys(mut self, keys: Option<Keys>) -> Self {
        let is_text =
            |keys: &Keys| !keys.last.contains('\0') && !keys.after.as_ref().is_some_and(|key| key.contains('\0'));
        self.keys = keys.filter(is_text);
        self
    }
}

/// Where a batch begins and ends in a source that is read in the order of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keys {
    /// The key of the row before its first; `None` where it is the first of all.
    pub after: Option<String>,
    /// The key of its last row.
    pub last: String,
}

/// A batch that is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// What became of each record that was pushed, in order.
    pub outcomes: Vec<Inserted>,
    /// Whether it is in the store. Not so in a dry run, and not where a conflict is to stop the import.
    pub is_committed: bool,
    /// Whether a conflict is to stop the import ([`OnConflict::Fail`]), in a dry run as well.
    pub is_stopped: bool,
}

impl Written {
    #[cfg(feature = "postgres")]
    pub(super) const fn committed(outcomes: Vec<Inserted>) -> Self {
        Self { outcomes, is_committed: true, is_stopped: false }
    }
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
}
