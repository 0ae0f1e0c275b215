//! `rehash bench`: what this machine hashes in a second, how long one takes, and what memory it needs: each family of methods
//! at its usual parameters, and whole sign-ins. Everything goes through a pool, as in a service.

mod cases;
mod html;
mod text;

use std::io::Write;
use std::sync::Arc;

use rehash::{Engine, Keyring, Limits, UpgradeMode};
use serde::Serialize;

use crate::machine::Machine;
use crate::measure::{self, Measurement, Run};
use crate::output::{Exit, Failure, print_json, say};
use crate::record_file::RecordFile;
use crate::units::show_kib;
use crate::{args, keys};

use cases::Case;

/// Everything that is said, in the shape of the JSON.
#[derive(Serialize)]
struct Report {
    machine: Machine,
    duration_ms: u64,
    jobs: usize,
    memory_cap_kib: u32,
    /// No row varied by [`measure::STEADY_PERCENT`] or more.
    steady: bool,
    rows: Vec<Row>,
}

/// One case at one concurrency. Times are nanoseconds.
#[derive(Serialize)]
struct Row {
    kind: &'static str,
    method: &'static str,
    name: String,
    parameters: String,
    concurrency: usize,
    operations: u64,
    per_second: f64,
    p50_ns: u64,
    p95_ns: u64,
    p99_ns: u64,
    /// Elapsed time per operation of all clients together.
    wall_ns: u64,
    /// Processor time per operation; null where the system does not say.
    cpu_ns: Option<u64>,
    /// Peak memory beyond what the process had before; null where the system does not say.
    peak_memory_kib: Option<u64>,
    cv_percent: f64,
    steady: bool,
}

pub fn run(args: &args::Bench, out: &mut impl Write) -> Result<Exit, Failure> {
    let jobs = args.jobs.count();
    let concurrency = concurrency(args, jobs);
    let (verifying, signing) = (engine(args, UpgradeMode::Off)?, engine(args, UpgradeMode::On)?);
    let cap_kib = args.memory_cap.unwrap_or_else(half_of_memory_kib);
    hold_target(&signing, cap_kib)?;
    let cases = chosen(args, cases::all(&signing)?)?;
    hold_cap(&cases, &concurrency, jobs, cap_kib)?;
    if let Some(path) = &args.html {
        // That it cannot be written is said before the work, not after it.
        drop(RecordFile::create(path)?);
    }
    let machine = Machine::look();
    if machine.is_debug() {
        say("this is a debug build: it is slower than a release build, and says nothing about the machine");
    }
    let mut rows = Vec::new();
    for case in &cases {
        let engine = if case.kind == "verify" { &verifying } else { &signing };
        for clients in &concurrency {
            rows.push(measure_case(case, engine, *clients, jobs, args)?);
        }
    }
    let duration_ms = u64::try_from(args.duration.as_millis()).unwrap_or(u64::MAX);
    let steady = rows.iter().all(|row| row.steady);
    let report = Report { machine, duration_ms, jobs, memory_cap_kib: cap_kib, steady, rows };
    if let Some(path) = &args.html {
        let mut file = RecordFile::create(path)?;
        file.line(html::page(&report).as_bytes())?;
        file.finish()?;
    }
    if args.json {
        print_json(out, &report)?;
    } else {
        text::print(&report, out)?;
    }
    Ok(Exit::Done)
}

fn engine(args: &args::Bench, upgrade: UpgradeMode) -> Result<Arc<Engine>, Failure> {
    keys::engine(&args.target, Limits::default(), Keyring::default(), upgrade).map(Arc::new)
}

/// What was asked for, each once; else powers of two up to the jobs, and these.
fn concurrency(args: &args::Bench, jobs: usize) -> Vec<usize> {
    let mut wanted = args.concurrency.clone();
    if wanted.is_empty() {
        wanted.extend((0..usize::BITS).map(|power| 1 << power).take_while(|number| *number < jobs));
        wanted.push(jobs);
    }
    let mut each_once = Vec::new();
    wanted.into_iter().for_each(|number| {
        if !each_once.contains(&number) {
            each_once.push(number);
        }
    });
    each_once
}

/// The cases of the methods that were named, or all.
fn chosen(args: &args::Bench, cases: Vec<Case>) -> Result<Vec<Case>, Failure> {
    if args.method.is_empty() {
        return Ok(cases);
    }
    let mut methods = Vec::new();
    for name in &args.method {
        let method =
            name.parse().map_err(|error: rehash::UnknownMethod| Failure::usage(format!("--method: {error}")))?;
        if !cases.iter().any(|case| case.method == method) {
            let verified = cases.iter().filter(|case| case.kind == "verify");
            let mut known: Vec<_> = verified.map(|case| case.method.as_str()).collect();
            known.dedup();
            let known = known.join(", ");
            return Err(Failure::usage(format!("--method: {method} is not among what is measured: {known}")));
        }
        methods.push(method);
    }
    Ok(cases.into_iter().filter(|case| methods.contains(&case.method)).collect())
}

/// Half of what the process may use, as a pool takes at most by default.
pub fn half_of_memory_kib() -> u32 {
    let half = rehash::pool::memory_limit_kib().map(|kib| kib / 2);
    half.and_then(|kib| u32::try_from(kib).ok()).unwrap_or(u32::MAX)
}

/// Refuses a target of which not even one fits, before the one is hashed that is verified later.
fn hold_target(engine: &Engine, cap_kib: u32) -> Result<(), Failure> {
    let (needed, target) = (engine.target_cost().memory_kib, engine.policy().target());
    if needed <= cap_kib {
        return Ok(());
    }
    let (needed, cap) = (show_kib(needed), show_kib(cap_kib));
    let message =
        format!("argon2id ({target}) takes {needed} and the cap is {cap}: raise --memory-cap, or lower --memory");
    Err(Failure::new(Exit::Data, message))
}

/// Refuses before anything is measured what would take more than it may.
fn hold_cap(cases: &[Case], concurrency: &[usize], jobs: usize, cap_kib: u32) -> Result<(), Failure> {
    let most = concurrency.iter().copied().max().unwrap_or(1).min(jobs);
    let needs = |case: &Case| u64::from(case.memory_kib) * most as u64;
    let Some(worst) = cases.iter().max_by_key(|case| needs(case)).filter(|case| needs(case) > u64::from(cap_kib))
    else {
        return Ok(());
    };
    let (name, parameters) = (&worst.name, &worst.parameters);
    let needed = show_kib(u32::try_from(needs(worst)).unwrap_or(u32::MAX));
    Err(Failure::new(
        Exit::Data,
        format!(
            "{} {name} ({parameters}), {most} at once, takes {needed} and the cap is {}: raise --memory-cap, or lower \
             --concurrency, --jobs or --memory, or name others with --method",
            worst.kind,
            show_kib(cap_kib),
        ),
    ))
}

fn measure_case(
    case: &Case,
    engine: &Arc<Engine>,
    clients: usize,
    jobs: usize,
    args: &args::Bench,
) -> Result<Row, Failure> {
    let memory_kib = u32::try_from(u64::from(case.memory_kib) * clients.min(jobs) as u64).unwrap_or(u32::MAX);
    let run = Run { clients, duration: args.duration, rounds_min: 1 };
    // As many workers as there are jobs, however few the clients: lanes may use the others, as they would in a service.
    let start = || measure::pool(engine, jobs, memory_kib, clients);
    let measured = measure::measure(start, &case.work, &run)?;
    let each = if case.is_side_by_side { cases::SIDE_BY_SIDE } else { 1 };
    Ok(Row::of(case, clients, &measured.of_each(each)))
}

impl Row {
    fn of(case: &Case, concurrency: usize, measured: &Measurement) -> Self {
        let nanos = |duration: std::time::Duration| u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        Self {
            kind: case.kind,
            method: case.method.as_str(),
            name: case.name.clone(),
            parameters: case.parameters.clone(),
            concurrency,
            operations: measured.operations,
            per_second: measured.per_second,
            p50_ns: nanos(measured.p50),
            p95_ns: nanos(measured.p95),
            p99_ns: nanos(measured.p99),
            wall_ns: nanos(measured.wall),
            cpu_ns: measured.cpu.map(nanos),
            peak_memory_kib: measured.memory_kib,
            cv_percent: measured.cv_percent,
            steady: measured.is_steady(),
        }
    }
}
