//! Records on their way from an input into a store: what is kept of each until its batch is written, and where in the input
//! it stands.

use std::ops::Range;
use std::sync::Arc;

use rehash::import::{Credential, Format, Problem, Record};
use rehash::store::{Committed, Input, NewUser, Tally};

use crate::committed::BatchDigest;
use crate::output::{Exit, Failure, printable, say};
use crate::report::RawRecord;

/// A judged record that waits to be given to the store, with what is needed to reject it still.
pub struct Pending {
    pub held: Held,
    pub user: Option<Box<Record<'static>>>,
}

/// What is kept of a record until its batch is written.
pub struct Held {
    pub source: Arc<str>,
    pub format: Format,
    pub header_line: Option<Arc<[u8]>>,
    pub line: u64,
    pub number: Option<u64>,
    pub raw: Vec<u8>,
    /// Of the record as it stands in a file.
    pub digest: u64,
    /// It holds a password in the clear, or may: its tag means no hash.
    pub is_clear: bool,
    pub method: &'static str,
    /// Why it was not given to the store.
    pub problems: Vec<Problem>,
}

impl Held {
    /// As it stands in its input.
    pub fn as_raw(&self) -> RawRecord<'_> {
        RawRecord { format: self.format, header_line: self.header_line.as_deref(), raw: &self.raw }
    }
}

/// The batch at hand: consecutive records of one input.
#[derive(Default)]
pub struct Batch {
    pub first: u64,
    pub records: Vec<Held>,
    pub rejects: usize,
    pub bytes: usize,
    pub digest: BatchDigest,
}

/// An input, and how far it has been read.
pub struct Reading {
    pub name: Arc<str>,
    pub id: i64,
    /// The number of its next record.
    pub next: u64,
    committed: std::vec::IntoIter<Committed>,
    skips: Range<u64>,
    /// Its batches are known by digests.
    pub has_digests: bool,
}

impl Reading {
    pub fn new(name: &str, id: i64, next: u64, committed: Vec<Committed>) -> Self {
        Self { name: name.into(), id, next, committed: committed.into_iter(), skips: 0..0, has_digests: false }
    }

    /// Whether the next record was committed by an earlier run; counts it as read.
    pub fn is_committed(&mut self) -> bool {
        let number = self.next;
        self.next += 1;
        while self.skips.end <= number {
            match self.committed.next() {
                Some(batch) => self.skips = batch.first..batch.first + batch.records,
                None => return false,
            }
        }
        self.skips.contains(&number)
    }
}

/// Says what an earlier run had done of an input.
pub fn say_what_is_committed(source: &str, input: &Input) {
    if input.is_doubted {
        say(&format!(
            "{source}: the store has fewer users than an earlier run had committed; every record is compared again"
        ));
    }
    let earlier = input.earlier();
    let Tally { imported, already_there, replaced, left_newer, rejected, .. } = earlier;
    let records = earlier.records();
    if records == 0 {
        return;
    }
    let after = input.after.as_ref().map_or_else(String::new, |key| format!(" after the key '{}'", printable(key)));
    say(&format!(
        "{source}: going on{after} where an earlier run ended; it had committed {records} records: {imported} imported, \
         {already_there} already there, {} replaced or left, {rejected} rejected",
        replaced + left_newer,
    ));
}

pub const fn method_of(record: &Record<'_>) -> &'static str {
    match &record.credential {
        Credential::Hash(hash) => hash.method().as_str(),
        Credential::Plaintext(_) => "plaintext",
        _ => "without_password",
    }
}

pub fn conflict(field: &'static str) -> Problem {
    Problem::conflict(field, "the store has another record with the same; it was left alone")
}

/// What a record takes in a batch, in bytes.
pub fn size(user: &NewUser<'_>) -> usize {
    let NewUser { username, primary_email, primary_phone, name, avatar, profile, custom_data, identities, .. } = user;
    let texts = [username, primary_email, primary_phone, name, avatar, profile, custom_data, identities];
    let hash = user.password.map_or(0, |hash| hash.text().len());
    texts.into_iter().flatten().map(|text| text.len()).sum::<usize>() + hash + 64
}

/// A record whose password, if it has one, is no longer in the clear.
pub fn new_user<'a>(record: &'a Record<'_>) -> Result<NewUser<'a>, Failure> {
    NewUser::of_record(record).ok_or_else(|| Failure::new(Exit::Fault, "a password in the clear was not hashed"))
}

/// What is to be done after an import that failed.
pub fn say_where_it_stopped(failure: &Failure, is_dry_run: bool) {
    say(match (failure.exit(), failure.is_lasting()) {
        _ if is_dry_run => "stopped; a dry run writes nothing",
        (Exit::No, _) => "stopped at a batch boundary; once the conflict is gone, the same command goes on",
        (_, true) => "stopped at a batch boundary",
        _ => "stopped at a batch boundary; run the same command again to go on",
    });
}

pub fn say_interrupted(is_dry_run: bool) {
    say(if is_dry_run {
        "interrupted; a dry run writes nothing"
    } else {
        "interrupted at a batch boundary; run the same command again to go on"
    });
}
