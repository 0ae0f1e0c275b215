//! `rehash import`: the checks of `check`, and every good record into a store. Batches are transactions: what is
//! counted as imported is in the store, and a run that was killed goes on where it stood when it is run again.

mod counts;
mod rejects;

use std::collections::{HashMap, VecDeque};
use std::io::{self, Write};
use std::ops::ControlFlow;
use std::sync::Arc;

use rehash::import::database;
use rehash::import::{Checked, Problem, Summary, check};
use rehash::store::{Bulk, Inserted, Mark, NewUser, Users, Written};
use rehash::{Code, Engine, UpgradeMode};

use self::{counts::Counts, rejects::Kept};
use crate::check::options;
use crate::interrupt::Interrupt;
use crate::output::{Exit, Failure, say};
use crate::patience::Patience;
use crate::pending::{Batch, Held, Pending, Reading, conflict, method_of, new_user, say_what_is_committed, size};
use crate::plaintext::hash_plaintext;
use crate::report::{self, Progress, Reporter};
use crate::reserved::Reserved;
use crate::source::Inputs;
use crate::{args, committed, fingerprint, keys, pending, probe, store};

/// Rejected records that wait for their batch to end before they are reported.
const BATCH_REJECTS: usize = 10_000;
/// What the records of a batch may hold together; a batch of large ones has fewer.
const BATCH_BYTES: usize = 32 << 20;
/// Why a batch that an earlier run had committed is gone through again.
const AGAIN: &str = "they are not what they were, or the store refused some of their records";
/// Records that are given to the store together.
const PENDING_RECORDS: usize = 512;
/// What they may hold together, but for the last of them.
const PENDING_BYTES: usize = 4 << 20;
/// Passwords in the clear among them: each is hashed with Argon2 while the others wait.
const PENDING_PLAINTEXT: usize = 64;

pub fn run(args: &args::Import, out: &mut impl Write) -> Result<Exit, Failure> {
    let rules = keys::rules(&args.input)?;
    keys::say_sizes(&args.input.limits, Some(&args.target));
    let engine = keys::engine(&args.target, args.input.limits.limits(), args.input.keys.keyring()?, UpgradeMode::Off)?;
    let interrupt = Interrupt::watch()?;
    let inputs = Inputs::new(&args.input)?;
    let url = &*args.store.url()?;
    let source = inputs.database().map(|(url, _)| url);
    let mut reserved = Reserved::new(&args.input, source).database(url).files(&args.probe).files(&args.store.file);
    args.report.rejects.iter().try_for_each(|output| reserved.take(output))?;
    if let Some(exit) = probe::run(args, inputs.sources(&interrupt), &rules, &engine, out)? {
        return Ok(exit);
    }
    let is_real = !args.dry_run && inputs.are_there();
    let store = if is_real { store::create_or_open(url)? } else { store::open_or_imagine(url)? };
    let bulk = store.bulk(args.into())?;
    let options = options(&args.input, true)?;
    let mut importer = Importer {
        args,
        interrupt: &interrupt,
        store: &*store,
        bulk,
        engine: &engine,
        jobs: args.input.jobs.count(),
        patience: Patience::new(),
        origin: &inputs,
        fingerprints: fingerprint::of_inputs(args),
        inputs: Vec::new(),
        pending: Vec::new(),
        plaintext: 0,
        pending_bytes: 0,
        batch: Batch::default(),
        under_way: VecDeque::new(),
        counts: Counts::default(),
        reporter: Reporter::new(out, &args.report),
        rejects: None,
    };
    let committed_earlier = importer.begin_database()?;
    importer.begin_rejects(&reserved)?;
    let mut progress = Progress::start();
    let (mut summary, mut stopped) = check(inputs.whole_sources(&interrupt), &rules, options, |checked| {
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
    drop(progress);
    if let Err(failure) = inputs.check_reached(&summary) {
        // Whatever it says, this is why.
        let _ = importer.bulk.finish();
        return Err(failure);
    }
    summary.records += committed_earlier;
    let ended = importer.end(&summary, stopped);
    if args.dry_run && matches!(ended, Ok(Exit::Interrupted)) {
        inputs.say_how_to_go_on();
    }
    ended
}

enum Stop {
    Failed(Failure),
    Interrupted,
}

struct Importer<'a, W> {
    args: &'a args::Import,
    interrupt: &'a Interrupt,
    store: &'a dyn Users,
    bulk: Box<dyn Bulk + 'a>,
    engine: &'a Engine,
    jobs: usize,
    patience: Patience,
    origin: &'a Inputs<'a>,
    fingerprints: HashMap<String, String>,
    inputs: Vec<Reading>,
    pending: Vec<Pending>,
    plaintext: usize,
    pending_bytes: usize,
    batch: Batch,
    under_way: VecDeque<Vec<Held>>,
    counts: Counts,
    reporter: Reporter<W>,
    rejects: Option<Kept>,
}

impl<W: Write> Importer<'_, W> {
    /// Takes a judged record.
    fn take(&mut self, checked: Checked<'_>) -> Result<(), Failure> {
        if self.inputs.last().is_none_or(|input| *input.name != *checked.source) {
            self.begin_input(checked.source)?;
        }
        let is_committed = self.inputs.last_mut().is_some_and(Reading::is_committed);
        if checked.problems.is_empty() {
            let shown = self.reporter.record(&checked);
            self.heard(shown)?;
        }
        if is_committed {
            return self.take_committed(checked);
        }
        let pending = self.pending_of(checked);
        self.plaintext += usize::from(pending.held.method == "plaintext");
        self.pending_bytes +=
            pending.held.raw.len() + pending.user.as_deref().and_then(NewUser::of_record).as_ref().map_or(0, size);
        self.pending.push(pending);
        let is_full = self.pending.len() >= PENDING_RECORDS || self.pending_bytes >= PENDING_BYTES;
        if is_full || self.plaintext >= PENDING_PLAINTEXT {
            self.insert_pending()?;
        }
        Ok(())
    }

    /// A record that an earlier run had committed is in the store; or it is rejected as it was then, and is told of again.
    fn take_committed(&mut self, checked: Checked<'_>) -> Result<(), Failure> {
        // A batch is of consecutive records.
        self.end_batch()?;
        let Pending { held, user } = self.pending_of(checked);
        if user.is_none() {
            self.reject(&held, &held.problems)?;
            return self.keep_reject(&held);
        }
        self.counts.earlier += 1;
        self.counts.method(held.method);
        Ok(())
    }

    fn begin_input(&mut self, source: &str) -> Result<(), Failure> {
        self.end_batch()?;
        let fingerprint = self.fingerprints.get(source).map(String::as_str);
        let input = self.patience.wait(|| self.bulk.begin_input(fingerprint, source))?;
        say_what_is_committed(source, &input);
        let id = input.id;
        let (stand, others) = committed::that_stand(&self.args.input, self.interrupt, source, input.committed)?;
        if !others.is_empty() {
            self.bulk.forget(id, &others)?;
            say(&format!("{source}: {} of the batches are gone through again: {AGAIN}", others.len()));
        }
        stand.iter().for_each(|batch| self.counts.journal.add(&batch.tally));
        let mut reading = Reading::new(source, id, 0, stand);
        reading.has_digests = self.fingerprints.contains_key(source);
        self.inputs.push(reading);
        self.batch.first = 0;
        Ok(())
    }

    /// Goes on with a database after the key up to which an earlier run had committed everything, and says how many records
    /// that are. With files, and in a dry run, there is nothing to begin here.
    fn begin_database(&mut self) -> Result<u64, Failure> {
        let Some((url, options)) = self.origin.database().filter(|_| !self.args.dry_run) else { return Ok(0) };
        let (name, fingerprint) = (database::shown(url), fingerprint::of_database(self.args, url, options));
        let input = self.patience.wait(|| self.bulk.begin_source(&fingerprint, &name, options.after.as_deref()))?;
        say_what_is_committed(&name, &input);
        let next = input.next();
        self.counts.journal = input.earlier();
        self.counts.rejected_earlier = self.counts.journal.rejected;
        self.counts.earlier = next;
        self.reporter.count_on_from(next);
        self.batch.first = next;
        self.inputs.push(Reading::new(&name, input.id, next, Vec::new()));
        self.origin.journal_from(input.after);
        Ok(next)
    }

    fn pending_of(&self, checked: Checked<'_>) -> Pending {
        let last = self.pending.last().map(|pending| &pending.held);
        let source = match last {
            Some(last) if *last.source == *checked.source => Arc::clone(&last.source),
            _ => checked.source.into(),
        };
        let header_line = match last {
            Some(last) if last.header_line.as_deref() == checked.header_line => last.header_line.clone(),
            _ => checked.header_line.map(Arc::from),
        };
        let method = checked.record.as_deref().map_or("", method_of);
        let raw = if self.rejects.is_some() { checked.raw.to_vec() } else { Vec::new() };
        let problems = if checked.record.is_some() { Vec::new() } else { checked.problems.to_vec() };
        let has_digests = self.inputs.last().is_some_and(|input| input.has_digests);
        let digest = if has_digests { committed::of_record(checked.raw) } else { 0 };
        let is_clear = method == "plaintext" || problems.iter().any(|problem| problem.code == Code::UnknownMethod);
        let (format, line, number) = (checked.format, checked.line, checked.number);
        let held = Held { source, format, header_line, line, number, raw, digest, is_clear, method, problems };
        Pending { held, user: checked.record }
    }

    /// Gives what is pending to the store, and ends the batch when it is large enough.
    fn insert_pending(&mut self) -> Result<(), Failure> {
        let mut pending = std::mem::take(&mut self.pending);
        let has_plaintext = std::mem::take(&mut self.plaintext) > 0;
        self.pending_bytes = 0;
        if has_plaintext {
            // Nobody waits for the store while passwords are hashed.
            self.write_batch()?;
            let mut users: Vec<_> = pending.iter_mut().filter_map(|record| record.user.as_deref_mut()).collect();
            hash_plaintext(self.engine, self.store, self.jobs, self.args.dry_run, &mut users)?;
        }
        for Pending { mut held, user } in pending {
            match user {
                Some(user) => {
                    held.method = method_of(&user);
                    let user = new_user(&user)?;
                    self.batch.bytes += size(&user) + held.raw.len();
                    self.patience.wait(|| self.bulk.push(&user))?;
                }
                None => {
                    self.batch.rejects += 1;
                    self.batch.bytes += held.raw.len();
                }
            }
            self.batch.digest.add(held.digest);
            self.batch.records.push(held);
            let is_large = self.batch.records.len() as u64 >= self.bulk.batch_records()
                || self.batch.rejects >= BATCH_REJECTS
                || self.batch.bytes >= BATCH_BYTES;
            if is_large {
                self.write_batch()?;
            }
        }
        if has_plaintext { self.write_batch() } else { Ok(()) }
    }

    /// What was taken is on its way into the store.
    fn end_batch(&mut self) -> Result<(), Failure> {
        if !self.pending.is_empty() {
            self.insert_pending()?;
        }
        self.write_batch()?;
        if let Some(input) = self.inputs.last() {
            self.batch.first = input.next;
        }
        Ok(())
    }

    /// Ends the batch at hand, and counts and reports those that are written by now.
    fn write_batch(&mut self) -> Result<(), Failure> {
        let Batch { first, records, digest, .. } = std::mem::take(&mut self.batch);
        let count = records.len() as u64;
        self.batch.first = first + count;
        let (Some(input), Some(last)) = (self.inputs.last(), records.last()) else { return Ok(()) };
        let mark = Mark::new(input.id, first, count).with_keys(self.origin.keys_up_to(last.line));
        // Whoever reads the store could try passwords against a digest that a password in the clear went into.
        let is_kept = input.has_digests && !records.iter().any(|record| record.is_clear);
        let mark = mark.with_digest(is_kept.then(|| digest.hex()));
        self.keep_rejects_before(&records)?;
        let ended = self.patience.wait(|| self.bulk.end_batch(mark));
        if ended.is_ok() {
            self.under_way.push_back(records);
        }
        self.settle(false)?;
        Ok(ended?)
    }

    fn settle(&mut self, waits: bool) -> Result<(), Failure> {
        let mut failure = None;
        while let Some(written) = self.patience.wait(|| self.bulk.next_written(waits)) {
            let held = self.under_way.pop_front().unwrap_or_default();
            let settled = written.map_err(Failure::from).and_then(|written| self.account(held, &written));
            failure = failure.or(settled.err());
        }
        failure.map_or(Ok(()), Err)
    }

    /// Counts and reports the records of a batch that is done.
    fn account(&mut self, held: Vec<Held>, written: &Written) -> Result<(), Failure> {
        let is_stopped = written.is_stopped;
        let (mut outcomes, mut refused) = (written.outcomes.iter(), 0);
        for record in held {
            if !record.problems.is_empty() {
                if !is_stopped {
                    self.reject(&record, &record.problems)?;
                    if !self.origin.is_journalled() {
                        self.keep_reject(&record)?;
                    }
                }
                continue;
            }
            let Some(outcome) = outcomes.next() else { continue };
            let problem = match outcome {
                Inserted::Conflict(field) => Some(conflict(field)),
                Inserted::Unstorable { field, why } => Some(Problem::unstorable(field, why.to_string())),
                _ => None,
            };
            match problem {
                Some(problem) => {
                    refused += 1;
                    self.reject(&record, &[problem])?;
                    self.keep_reject(&record)?;
                }
                _ if is_stopped => {}
                _ => {
                    self.counts.tally.count(outcome);
                    self.counts.method(record.method);
                }
            }
        }
        self.keep_refused(refused)?;
        if is_stopped {
            return Err(Failure::new(
                Exit::No,
                "a record is in conflict with the store; nothing of its batch was written",
            ));
        }
        Ok(())
    }

    fn reject(&mut self, record: &Held, problems: &[Problem]) -> Result<(), Failure> {
        self.counts.tally.rejected += 1;
        for problem in problems {
            self.counts.problem(problem.code);
            let shown = self.reporter.problem(&record.source, (record.line, record.number), problem);
            self.heard(shown)?;
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

    /// Ends the work, whatever ended the reading, and says how it went.
    fn end(mut self, summary: &Summary, stopped: Option<Stop>) -> Result<Exit, Failure> {
        let (mut failure, is_interrupted) = match stopped {
            Some(Stop::Failed(failure)) => (Some(failure), false),
            Some(Stop::Interrupted) => (None, true),
            None => (None, false),
        };
        if failure.is_none() {
            failure = self.end_batch().err();
        }
        let settled = self.settle(true);
        failure = failure.or(settled.err());
        if failure.is_none() && !is_interrupted && summary.errors.is_empty() {
            let mut ids = self.inputs.iter().map(|input| input.id);
            failure = self.patience.end(|| ids.try_for_each(|id| self.bulk.end_input(id))).err().map(Failure::from);
        }
        let stopped = match &failure {
            Some(failure) => failure.message().map(str::to_owned),
            None => is_interrupted.then(|| "interrupted".to_owned()),
        };
        // A disk without room for them takes nothing from what is said.
        let kept = self.rejects.take().map_or(Ok(()), Kept::finish);
        let finished = self.report(summary, stopped).and(kept);
        let settled = self.bulk.finish();
        finished?;
        if let Some(failure) = failure.or_else(|| settled.err().map(Failure::from)) {
            pending::say_where_it_stopped(&failure, self.args.dry_run);
            return Err(failure);
        }
        if is_interrupted {
            pending::say_interrupted(self.args.dry_run);
            return Ok(Exit::Interrupted);
        }
        if self.args.dry_run {
            say("a dry run: nothing was written");
        }
        if !summary.errors.is_empty() && !self.args.dry_run && self.origin.database().is_some() {
            say("the same command goes on after what is in the store");
        }
        keys::say_what_is_missing(&self.args.input)?;
        Ok(report::exit(summary, self.counts.tally.rejected + self.counts.rejected_earlier))
    }

    fn report(&mut self, summary: &Summary, stopped: Option<String>) -> Result<(), Failure> {
        match self.reporter.finish(&self.counts.totals(summary, stopped)) {
            Err(failure) if failure.exit() == Exit::BrokenPipe => Ok(()),
            finished => finished,
        }
    }
}
