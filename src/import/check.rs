//! Whole inputs: split, judge on several threads, find duplicate users, and hand every record over in order.

use std::collections::BTreeMap;
use std::ops::{ControlFlow, Range};

use super::duplicates::{Fingerprinter, of_username};
use super::field::{Field, Problem};
use super::pipeline::in_order;
use super::record::{Record, Rules, Warnings};
use super::source::{Format, InputError, Source};
use super::split::{Chunk, Chunks};
use super::vendor::Export;
use crate::kernel::prints::{Fingerprints, Seen};
use crate::{Code, Method};

/// How many records before they are counted the places of their fingerprints are fetched: long enough for memory to answer,
/// and no more than the processor's nearest cache and its table of memory pages hold.
const WARM_RECORDS: usize = 16;

/// How to go through inputs.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Options {
    /// On how many threads records are judged.
    pub jobs: usize,
    /// The format of every input; told from its content where `None`.
    pub format: Option<Format>,
    /// Whose exports the inputs are, where they are not in our own record.
    pub export: Option<Export>,
    /// Whether good records are handed over. Without them, for who only counts what is there, going through a file is faster.
    pub keeps_records: bool,
}

impl Default for Options {
    /// One job, formats by content, records kept.
    fn default() -> Self {
        Self { jobs: 1, format: None, export: None, keeps_records: true }
    }
}

impl Options {
    /// The records of a source, split as the options say.
    ///
    /// # Errors
    ///
    /// [`InputError`] where it is not what they say.
    pub fn chunks(&self, source: Source) -> Result<Chunks, InputError> {
        if let Some(export) = &self.export {
            return Chunks::of_export(source, export);
        }
        let (source, format) = match self.format {
            Some(format) => (source, format),
            None => source.detect()?,
        };
        Chunks::new(source, format)
    }
}

/// A record of an input, judged.
#[non_exhaustive]
pub struct Checked<'a> {
    /// The input's name.
    pub source: &'a str,
    /// How the input's records are laid out.
    pub format: Format,
    /// The input's header line, if it is CSV.
    pub header_line: Option<&'a [u8]>,
    /// The line the record begins on, from 1.
    pub line: u64,
    /// Its number in the input, from 1, where another record begins on the same line before it: then the line does not say which it is.
    pub number: Option<u64>,
    /// The record as it stands in the input; empty where it was too large to keep.
    pub raw: &'a [u8],
    /// What is wrong with it; nothing where it is good.
    pub problems: &'a [Problem],
    /// What is worth knowing about a good record.
    pub warnings: Warnings,
    /// The good record; `None` of a bad one, and of all where [`Options::keeps_records`] is not set.
    pub record: Option<Box<Record<'static>>>,
}

/// Counts that add up: `records == good + rejected`, and `good` is the sum over `methods`, `without_password`
/// and `plaintext`.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Summary {
    /// Records in the inputs, good and bad.
    pub records: u64,
    /// Good ones.
    pub good: u64,
    /// Bad ones.
    pub rejected: u64,
    /// Good ones of users without a password.
    pub without_password: u64,
    /// Good ones with a password in the clear.
    pub plaintext: u64,
    /// Good ones by method.
    pub methods: BTreeMap<Method, u64>,
    /// Problems by code; a record can have several.
    pub problems: BTreeMap<Code, u64>,
    /// Warnings by code; a record can have several.
    pub warnings: BTreeMap<Code, u64>,
    /// Inputs that could not be read, or not to their end. What came before is in the counts.
    pub errors: Vec<InputError>,
}

/// Goes through inputs. `sink` gets every record in the order of the input, on the calling thread; when it breaks, the
/// rest is not read, and what it broke with is returned beside the counts so far.
///
/// Memory is bounded whatever the inputs' size, but for the identifiers seen: at most 8 bytes each (a username that could be
/// somebody's email or phone, and is not the record's own, counts twice), and 48 MiB.
pub fn check<B>(
    sources: impl IntoIterator<Item = Result<Source, InputError>>,
    rules: &Rules,
    options: Options,
    mut sink: impl FnMut(Checked<'_>) -> ControlFlow<B>,
) -> (Summary, Option<B>) {
    let mut run =
        Run { rules, options, summary: Summary::default(), seen: SeenUsers::new(), prints: Fingerprinter::default() };
    for source in sources {
        match source.and_then(|source| run.options.chunks(source)) {
            Ok(chunks) => {
                if let ControlFlow::Break(value) = run.input(chunks, &mut sink) {
                    return (run.summary, Some(value));
                }
            }
            Err(error) => run.summary.errors.push(error),
        }
    }
    (run.summary, None)
}

struct Run<'r> {
    rules: &'r Rules,
    options: Options,
    summary: Summary,
    seen: SeenUsers,
    prints: Fingerprinter,
}

/// What the records before were called.
struct SeenUsers {
    prints: Seen,
    /// Whether any had a username that could be an email or a phone.
    has_usernames_elsewhere: bool,
}

impl SeenUsers {
    fn new() -> Self {
        Self { prints: Seen::new(), has_usernames_elsewhere: false }
    }

    /// Whether a record's username is the email or phone of one before it, or the other way round; and keeps the username in mind
    /// for those after it.
    fn is_shared(&mut self, [_, email, phone]: Fingerprints, elsewhere: u64) -> bool {
        let is_username = |print: u64| print != 0 && self.prints.has(of_username(print));
        let mut is_shared = self.has_usernames_elsewhere && (is_username(email) || is_username(phone));
        if elsewhere != 0 {
            is_shared |= self.prints.has(elsewhere);
            // The same username twice was refused before.
            let _ = self.prints.insert([of_username(elsewhere), 0, 0]);
            self.has_usernames_elsewhere = true;
        }
        is_shared
    }
}

/// A judged record, without what it borrowed.
struct Judged {
    line: u64,
    raw: Range<usize>,
    outcome: Outcome,
}

enum Outcome {
    Good {
        prints: Fingerprints,
        /// Of its username, where that could be somebody's email or phone.
        elsewhere: u64,
        /// Of the accounts that its identities name.
        accounts: Vec<u64>,
        method: Option<Method>,
        is_plaintext: bool,
        warnings: Warnings,
        record: Option<Box<Record<'static>>>,
    },
    Bad(Vec<Problem>),
}

impl Judged {
    /// The fingerprints of a good record.
    const fn prints(&self) -> Option<&Fingerprints> {
        match &self.outcome {
            Outcome::Good { prints, .. } => Some(prints),
            Outcome::Bad(_) => None,
        }
    }
}

impl Run<'_> {
    fn input<B>(&mut self, mut chunks: Chunks, sink: &mut impl FnMut(Checked<'_>) -> ControlFlow<B>) -> ControlFlow<B> {
        let (name, format) = (chunks.name().to_owned(), chunks.format());
        let header_line = chunks.header_line().map(<[u8]>::to_vec);
        let (rules, prints, keeps_records) = (self.rules, &self.prints, self.options.keeps_records);
        let (summary, seen) = (&mut self.summary, &mut self.seen);
        let (mut records, mut line_before) = (0, 0);
        let judge = |chunk: Result<Chunk, InputError>| {
            chunk.map(|chunk| {
                let judged = judge_chunk(rules, prints, keeps_records, &chunk);
                (chunk, judged)
            })
        };
        in_order(
            self.options.jobs,
            || chunks.next_chunk().transpose(),
            judge,
            |result| {
                let (chunk, judged) = match result {
                    Ok(judged) => judged,
                    Err(error) => {
                        summary.errors.push(error);
                        return ControlFlow::Continue(());
                    }
                };
                warm(&seen.prints, &judged);
                let mut judged = judged.into_iter();
                while !judged.as_slice().is_empty() {
                    warm(&seen.prints, judged.as_slice().get(WARM_RECORDS..).unwrap_or_default());
                    for judged in judged.by_ref().take(WARM_RECORDS) {
                        let (raw, line) = (chunk.slice(judged.raw), judged.line);
                        let (problems, warnings, record) = count(summary, seen, judged.outcome);
                        let (source, header_line, problems) = (&*name, header_line.as_deref(), &*problems);
                        records += 1;
                        let number = (std::mem::replace(&mut line_before, line) == line).then_some(records);
                        sink(Checked { source, format, header_line, line, number, raw, problems, warnings, record })?;
                    }
                }
                ControlFlow::Continue(())
            },
        )
    }
}

fn judge_chunk(rules: &Rules, prints: &Fingerprinter, keeps_records: bool, chunk: &Chunk) -> Vec<Judged> {
    // All at once, which is quicker; record by record only to find the one that is no text.
    let whole = chunk.text();
    let judge = |(raw, range): (super::split::Raw<'_>, Range<usize>)| {
        let text = whole.and_then(|whole| whole.get(range.clone()));
        let text = text.map_or_else(|| std::str::from_utf8(chunk.slice(range.clone())), Ok);
        let outcome = rules.judge_text(chunk, raw, text, keeps_records, |fields, good| Outcome::Good {
            prints: prints.of(fields.identifiers()),
            elsewhere: prints.of_username_elsewhere(fields.identifiers()),
            accounts: prints.of_accounts(fields.identities()),
            method: good.method,
            is_plaintext: good.is_plaintext(),
            warnings: good.warnings,
            record: keeps_records.then(|| Box::new(Record::new(fields, good).into_owned())),
        });
        let outcome = outcome.unwrap_or_else(Outcome::Bad);
        Judged { line: raw.line, raw: range, outcome }
    };
    chunk.records().zip(chunk.ranges()).map(judge).collect()
}

/// Has the places of the next records' fingerprints fetched, and where to look for those of the ones after them.
fn warm(seen: &Seen, judged: &[Judged]) {
    let (next, after) = judged.split_at_checked(WARM_RECORDS).unwrap_or((judged, &[]));
    seen.warm_shards(after.iter().take(WARM_RECORDS).filter_map(Judged::prints));
    seen.warm(next.iter().filter_map(Judged::prints));
}

/// Adds an outcome to the counts, unless the user has been seen before.
fn count(
    summary: &mut Summary,
    users: &mut SeenUsers,
    outcome: Outcome,
) -> (Vec<Problem>, Warnings, Option<Box<Record<'static>>>) {
    summary.records += 1;
    let mut reject = |problems: Vec<Problem>| {
        summary.rejected += 1;
        for problem in &problems {
            *summary.problems.entry(problem.code).or_default() += 1;
        }
        (problems, Warnings::default(), None)
    };
    let (prints, elsewhere, accounts, method, is_plaintext, mut warnings, record) = match outcome {
        Outcome::Bad(problems) => return reject(problems),
        Outcome::Good { prints, elsewhere, accounts, method, is_plaintext, warnings, record } => {
            (prints, elsewhere, accounts, method, is_plaintext, warnings, record)
        }
    };
    let seen = &mut users.prints;
    let remedy = "an earlier record has the same; keep one of them";
    let is_new_user = |seen: &Seen| !prints.iter().any(|print| seen.has(*print));
    if accounts.iter().any(|account| seen.has(*account)) && is_new_user(seen) {
        return reject(vec![Problem::new(Field::Identities, Code::DuplicateUser, remedy)]);
    }
    if let Err(place) = seen.insert(prints) {
        let field = [Field::Username, Field::PrimaryEmail, Field::PrimaryPhone][place];
        return reject(vec![Problem::new(field, Code::DuplicateUser, remedy)]);
    }
    // None of them is there.
    accounts.into_iter().filter_map(|account| seen.insert([account, 0, 0]).err()).for_each(drop);
    if users.is_shared(prints, elsewhere) {
        warnings.add(Code::SharedIdentifier);
    }
    summary.good += 1;
    match method {
        Some(method) => *summary.methods.entry(method).or_default() += 1,
        None if is_plaintext => summary.plaintext += 1,
        None => summary.without_password += 1,
    }
    for code in warnings.iter() {
        *summary.warnings.entry(code).or_default() += 1;
    }
    (Vec::new(), warnings, record)
}
