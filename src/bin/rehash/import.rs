//! `rehash import`: the checks of `check`, and every good record into a store. Batches are transactions: what is
//! counted as imported is in the store, and a run that was killed goes on where it stood when it is run again.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::ops::ControlFlow;
use std::sync::Arc;

use rehash::import::{Checked, Credential, Format, Problem, Record, check};
use rehash::store::sqlite::{Batch, Sqlite};
use rehash::store::{Inserted, NewUser};
use rehash::{Code, Engine, Password, StoredHash, UpgradeMode};

use crate::args;
use crate::check::options;
use crate::interrupt::Interrupt;
use crate::keys;
use crate::output::{Exit, Failure, say};
use crate::probe;
use crate::report::{self, Progress, RawRecord, Rejects, Reporter, Reserved, Totals};
use crate::source::Inputs;
use crate::store;

/// Records in one transaction. Large, because each transaction writes every page it touched, and the keys of a user table
/// touch most of an index; small enough that a sign-in which waits for the writer does not time out.
const TRANSACTION_RECORDS: u64 = 100_000;
/// Rejected records that wait for their transaction to end before they are reported.
const TRANSACTION_REJECTS: usize = 10_000;
/// Records that are given to the store together.
const PENDING_RECORDS: usize = 512;
/// Passwords in the clear among them: each is hashed with Argon2 while the others wait.
const PENDING_PLAINTEXT: usize = 64;

pub fn run(args: &args::Import, out: &mut impl Write) -> Result<Exit, Failure> {
    let rules = keys::rules(&args.input)?;
    let engine = keys::engine(&args.target, args.input.limits.limits(), args.input.keys.keyring()?, UpgradeMode::Off)?;
    let url = &*args.store.url;
    let mut reserved = Reserved::new(&args.input).store(store::path(url)?);
    args.report.rejects.iter().try_for_each(|output| reserved.take(output))?;
    let interrupt = Interrupt::watch()?;
    let inputs = Inputs::new(&args.input)?;
    if let Some(path) = &args.probe {
        match probe::passes(path, &args.input, &rules, &engine, &interrupt)? {
            Exit::Done => {}
            exit => return Ok(exit),
        }
    }
    let store = if args.dry_run { store::open_or_imagine(url)? } else { store::create_or_open(url)? };
    if !args.dry_run {
        store.tune_for_import()?;
    }
    let options = options(&args.input, true)?;
    let mut importer = Importer {
        store: &store,
        engine: &engine,
        jobs: args.input.jobs.count(),
        is_dry_run: args.dry_run,
        pending: Vec::new(),
        plaintext: 0,
        transaction: None,
        counts: Counts::default(),
        reporter: Reporter::new(out, &args.report),
        rejects: args.report.rejects.as_deref().map(|path| Rejects::create(path, &reserved)).transpose()?,
    };
    let mut progress = Progress::start();
    let (mut summary, mut stopped) = check(inputs.sources(&interrupt), &rules, options, |checked| {
        progress.tick();
        inputs.reached(checked.line);
        match importer.take(checked) {
            Err(failure) => ControlFlow::Break(Stop::Failed(failure)),
            Ok(()) if interrupt.is_asked() => ControlFlow::Break(Stop::Interrupted),
            Ok(()) => ControlFlow::Continue(()),
        }
    });
    if stopped.is_none() && interrupt.has_cut_input() {
        summary.errors.clear();
        stopped = Some(Stop::Interrupted);
    }
    let flushed = if matches!(stopped, Some(Stop::Failed(_))) { Ok(()) } else { importer.commit() };
    drop(progress);
    let (failure, is_stopped) = match (stopped, flushed) {
        (Some(Stop::Failed(failure)), _) | (_, Err(failure)) => (Some(failure), true),
        (Some(Stop::Interrupted), Ok(())) => (None, true),
        (None, Ok(())) => (None, false),
    };
    // What was rolled back must be rolled back before the log is folded.
    importer.transaction = None;
    let settled = if args.dry_run { Ok(()) } else { store.settle() };
    let failure = failure.or_else(|| settled.err().map(Failure::from));
    let stopped = match &failure {
        Some(failure) => failure.message().map(str::to_owned),
        None => is_stopped.then(|| "interrupted".to_owned()),
    };
    importer.finish(&summary, stopped)?;
    if let Some(failure) = failure {
        say("stopped at a batch boundary; run the same command again to go on");
        return Err(failure);
    }
    if is_stopped {
        say("interrupted at a batch boundary; run the same command again to go on");
        inputs.say_how_to_go_on();
        return Ok(Exit::Interrupted);
    }
    if args.dry_run {
        say("a dry run: nothing was written");
    }
    keys::say_what_is_missing(&args.input)?;
    Ok(report::exit(&summary, importer.counts.rejected))
}

enum Stop {
    Failed(Failure),
    Interrupted,
}

/// What became of the records that are accounted for.
#[derive(Default)]
struct Counts {
    imported: u64,
    already_there: u64,
    kept_newer: u64,
    rejected: u64,
    problems: BTreeMap<Code, u64>,
    /// Of those that are in the store.
    methods: BTreeMap<&'static str, u64>,
}

/// A judged record that waits for its batch, with what is needed to reject it still.
struct Pending {
    source: Arc<str>,
    format: Format,
    header_line: Option<Arc<[u8]>>,
    line: u64,
    raw: Vec<u8>,
    outcome: Result<Box<Record<'static>>, Vec<Problem>>,
}

/// What has been given to the store and is not yet committed: neither counted nor reported.
struct Transaction<'a> {
    batch: Batch<'a>,
    counts: Counts,
    rejects: Vec<(Pending, Vec<Problem>)>,
}

struct Importer<'a, W> {
    store: &'a Sqlite,
    engine: &'a Engine,
    jobs: usize,
    is_dry_run: bool,
    pending: Vec<Pending>,
    plaintext: usize,
    transaction: Option<Transaction<'a>>,
    counts: Counts,
    reporter: Reporter<W>,
    rejects: Option<Rejects>,
}

impl<W: Write> Importer<'_, W> {
    /// Takes a judged record.
    fn take(&mut self, checked: Checked<'_>) -> Result<(), Failure> {
        if checked.problems.is_empty() {
            let shown = self.reporter.record(&checked);
            self.heard(shown)?;
        }
        let last = self.pending.last();
        let source = match last {
            Some(last) if *last.source == *checked.source => Arc::clone(&last.source),
            _ => checked.source.into(),
        };
        let header_line = match last {
            Some(last) if last.header_line.as_deref() == checked.header_line => last.header_line.clone(),
            _ => checked.header_line.map(Arc::from),
        };
        let outcome = checked.record.ok_or_else(|| checked.problems.to_vec());
        self.plaintext +=
            usize::from(outcome.as_ref().is_ok_and(|record| matches!(record.credential, Credential::Plaintext(_))));
        self.pending.push(Pending {
            source,
            format: checked.format,
            header_line,
            line: checked.line,
            raw: if self.rejects.is_some() { checked.raw.to_vec() } else { Vec::new() },
            outcome,
        });
        if self.pending.len() >= PENDING_RECORDS || self.plaintext >= PENDING_PLAINTEXT {
            self.insert_pending()?;
        }
        Ok(())
    }

    /// Gives what is pending to the store, and ends the transaction when it is large enough.
    fn insert_pending(&mut self) -> Result<(), Failure> {
        let mut pending = std::mem::take(&mut self.pending);
        let has_plaintext = std::mem::take(&mut self.plaintext) > 0;
        if has_plaintext {
            // Nobody waits for the store while passwords are hashed.
            self.end_transaction()?;
            hash_plaintext(self.engine, self.store, self.jobs, self.is_dry_run, &mut pending)?;
        }
        let transaction = match &mut self.transaction {
            Some(transaction) => transaction,
            none => {
                none.insert(Transaction { batch: self.store.batch()?, counts: Counts::default(), rejects: Vec::new() })
            }
        };
        for record in pending {
            transaction.take(record)?;
        }
        let is_large =
            transaction.counts.records() >= TRANSACTION_RECORDS || transaction.rejects.len() >= TRANSACTION_REJECTS;
        if is_large || has_plaintext { self.end_transaction() } else { Ok(()) }
    }

    /// Everything that was taken is in the store.
    fn commit(&mut self) -> Result<(), Failure> {
        if !self.pending.is_empty() {
            self.insert_pending()?;
        }
        self.end_transaction()
    }

    /// Ends the transaction, and only then counts and reports what was in it.
    fn end_transaction(&mut self) -> Result<(), Failure> {
        let Some(Transaction { batch, counts, rejects }) = self.transaction.take() else { return Ok(()) };
        if self.is_dry_run {
            drop(batch)
        } else {
            batch.commit()?
        }
        self.counts.add(counts);
        for (record, problems) in &rejects {
            self.reject(record, problems)?;
        }
        Ok(())
    }

    fn reject(&mut self, record: &Pending, problems: &[Problem]) -> Result<(), Failure> {
        for problem in problems {
            let shown = self.reporter.problem(&record.source, record.line, problem);
            self.heard(shown)?;
        }
        if let Some(rejects) = &mut self.rejects {
            let header_line = record.header_line.as_deref();
            rejects.write(&RawRecord { format: record.format, header_line, raw: &record.raw })?;
        }
        Ok(())
    }

    /// That nobody reads the report is no reason to leave records out.
    fn heard(&mut self, shown: io::Result<()>) -> Result<(), Failure> {
        match shown {
            Err(error) if !self.reporter.tolerate(&error) => Err(error.into()),
            _ => Ok(()),
        }
    }

    fn finish(&mut self, summary: &rehash::import::Summary, stopped: Option<String>) -> Result<(), Failure> {
        if let Some(rejects) = self.rejects.take() {
            rejects.finish()?;
        }
        let counts = &self.counts;
        let mut outcomes = vec![
            ("imported", counts.imported),
            ("already_there", counts.already_there),
            ("kept_newer", counts.kept_newer),
        ];
        // Read, and then not taken: the store failed, or somebody asked for an end.
        let unprocessed = summary.records - counts.records();
        outcomes.extend((unprocessed > 0).then_some(("unprocessed", unprocessed)));
        let problems = counts.problems.iter().map(|(code, count)| (code.as_str(), *count)).collect();
        // In the order of `check`: methods as they are listed, then the others.
        let names = rehash::Method::all().map(rehash::Method::as_str).chain(["plaintext", "without_password"]);
        let methods = names.filter_map(|name| Some((name, *counts.methods.get(name)?))).collect();
        let totals = Totals { summary, outcomes, problems, rejected: counts.rejected, methods, stopped };
        match self.reporter.finish(&totals) {
            Err(failure) if failure.exit() == Exit::BrokenPipe => Ok(()),
            finished => finished,
        }
    }
}

impl Transaction<'_> {
    fn take(&mut self, mut record: Pending) -> Result<(), Failure> {
        let problems = match std::mem::replace(&mut record.outcome, Err(Vec::new())) {
            Err(problems) => problems,
            Ok(user) => match self.batch.insert(&new_user(&user))? {
                Inserted::Conflict(field) => vec![conflict(field)],
                inserted => {
                    self.count(inserted, &user.credential);
                    return Ok(());
                }
            },
        };
        self.counts.rejected += 1;
        for problem in &problems {
            *self.counts.problems.entry(problem.code).or_default() += 1;
        }
        self.rejects.push((record, problems));
        Ok(())
    }

    fn count(&mut self, inserted: Inserted, credential: &Credential) {
        match inserted {
            Inserted::AlreadyThere { kept_newer } => {
                self.counts.already_there += 1;
                self.counts.kept_newer += u64::from(kept_newer);
            }
            Inserted::New | Inserted::Conflict(_) => self.counts.imported += 1,
        }
        let method = match credential {
            Credential::Hash(hash) => hash.method().as_str(),
            Credential::Plaintext(_) => "plaintext",
            _ => "without_password",
        };
        *self.counts.methods.entry(method).or_default() += 1;
    }
}

impl Counts {
    const fn records(&self) -> u64 {
        self.imported + self.already_there + self.rejected
    }

    fn add(&mut self, more: Self) {
        self.imported += more.imported;
        self.already_there += more.already_there;
        self.kept_newer += more.kept_newer;
        self.rejected += more.rejected;
        for (name, count) in more.methods {
            *self.methods.entry(name).or_default() += count;
        }
        for (code, count) in more.problems {
            *self.problems.entry(code).or_default() += count;
        }
    }
}

/// Hashes the passwords in the clear, on as many threads as there are jobs. A user whom the store has with the same password
/// keeps the hash that stands there, so that an import can be run again; a dry run makes no new ones.
fn hash_plaintext(
    engine: &Engine,
    store: &Sqlite,
    jobs: usize,
    is_dry_run: bool,
    pending: &mut [Pending],
) -> Result<(), Failure> {
    let mut work: Vec<(&mut Credential, Option<StoredHash>)> = Vec::new();
    for user in pending.iter_mut().filter_map(|record| record.outcome.as_mut().ok()) {
        if matches!(user.credential, Credential::Plaintext(_)) {
            let stored = stored_hash(engine, store, user)?;
            work.push((&mut user.credential, stored));
        }
    }
    if work.is_empty() {
        return Ok(());
    }
    let hash_share = |share: &mut [(&mut Credential, Option<StoredHash>)]| -> Result<(), Failure> {
        for (credential, stored) in share {
            let Credential::Plaintext(password) = &**credential else { continue };
            let stands = stored.take().filter(|stored| engine.verify_without_decoy(stored, password).is_ok());
            **credential = match stands {
                Some(stands) => Credential::Hash(stands),
                None if is_dry_run => continue,
                None => Credential::Hash(hash(engine, password)?),
            };
        }
        Ok(())
    };
    let share = work.len().div_ceil(jobs);
    std::thread::scope(|scope| {
        let workers: Vec<_> = work.chunks_mut(share).map(|share| scope.spawn(|| hash_share(share))).collect();
        workers.into_iter().try_for_each(|worker| {
            worker.join().unwrap_or_else(|_| Err(Failure::new(Exit::Fault, "a hashing thread ended early")))
        })
    })
}

/// The hash that the store has for a user, if it has one that can be read.
fn stored_hash(engine: &Engine, store: &Sqlite, user: &Record<'_>) -> Result<Option<StoredHash>, Failure> {
    let identifiers = [&user.username, &user.primary_email, &user.primary_phone];
    let Some(identifier) = identifiers.into_iter().flatten().next() else { return Ok(None) };
    let Some(row) = store.look_up(identifier)?.and_then(|found| found.password) else { return Ok(None) };
    let Ok(tag) = row.method.parse::<rehash::Tag>() else { return Ok(None) };
    Ok(StoredHash::parse_tagged(&tag, &row.text, &rehash::Columns::default(), engine.policy().limits()).ok())
}

fn hash(engine: &Engine, password: &Password) -> Result<StoredHash, Failure> {
    engine.hash(password).map_err(|error| {
        let exit = if matches!(error, rehash::HashError::OutOfMemory { .. }) { Exit::Busy } else { Exit::Fault };
        Failure::new(exit, error.to_string())
    })
}

fn conflict(field: &'static str) -> Problem {
    Problem::conflict(field, "the store has another record with the same; it was left alone")
}

pub fn new_user<'a>(record: &'a Record<'_>) -> NewUser<'a> {
    NewUser {
        username: record.username.as_deref(),
        primary_email: record.primary_email.as_deref(),
        primary_phone: record.primary_phone.as_deref(),
        name: record.name.as_deref(),
        avatar: record.avatar.as_deref(),
        profile: record.profile.as_deref(),
        custom_data: record.custom_data.as_deref(),
        identities: record.identities.as_deref(),
        password: match &record.credential {
            Credential::Hash(hash) => Some(hash),
            _ => None,
        },
    }
}
