//! `rehash calibrate`: the strongest Argon2id parameters with which so many sign-ins at once are answered in time, within a
//! memory cap and above OWASP's floor; and what they buy beside the presets.

mod ladder;
mod search;

use std::io::{self, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rehash::{Argon2Target, Engine, Limits, Password, Policy};
use serde::Serialize;

use crate::args;
use crate::bench::half_of_memory_kib;
use crate::machine::Machine;
use crate::measure::{self, Measurement, Run, SLICES, Work};
use crate::output::{Exit, Failure, print_json, printable, say};
use crate::units::{show_duration, show_kib, show_rate, three_digits};

use ladder::{FLOOR, FLOOR_SOURCE, ladder};
use search::{Found, Probe, highest_within};

/// Nothing is begun that would end after this: the command promises a minute.
const TIME_MAX: Duration = Duration::from_secs(50);
/// How long a rung is measured at least, so that quick ones are seen many times.
const EACH_MIN: Duration = Duration::from_secs(1);
/// Nobody waits longer to be signed in.
const TARGET_MAX: Duration = Duration::from_secs(10);
/// What the program takes beside hashing, in KiB, with room to spare.
const PROGRAM_KIB: u32 = 16 * 1024;
/// What a hash's memory and its threads may take beyond its parameters, in KiB: one large page.
const EACH_KIB: u32 = 2 * 1024;

/// Everything that is said, in the shape of the JSON.
#[derive(Serialize)]
struct Report {
    machine: Machine,
    target_ms: f64,
    concurrency: usize,
    memory_cap_kib: u32,
    /// The choice as a PHC string without salt and output; null where nothing fits.
    choice: Option<String>,
    memory_kib: Option<u32>,
    passes: Option<u32>,
    lanes: Option<u32>,
    policy: Option<String>,
    flags: Option<String>,
    /// False where the time did not suffice to measure the choice, and its figures are estimates.
    measured: bool,
    /// The lowest step that takes too long; null where the ladder ends first.
    next: Option<Row>,
    /// Where nothing fits, the nearest: how many at once it could serve.
    nearest_concurrency: Option<usize>,
    floor: &'static str,
    /// The choice, or the nearest, then the presets.
    rows: Vec<Row>,
    /// The most that the process had in memory; null where the system does not say.
    peak_memory_kib: Option<u64>,
    steady: bool,
    seconds: f64,
}

/// Parameters, and what they do at this concurrency; nulls where they were not measured.
#[derive(Serialize)]
struct Row {
    name: &'static str,
    parameters: String,
    /// What so many at once take, in KiB.
    memory_bill_kib: u64,
    p50_ms: Option<f64>,
    p95_ms: Option<f64>,
    sign_ins_per_second: Option<f64>,
    /// Why there are no figures.
    why_not: Option<&'static str>,
}

pub fn run(args: &args::Calibrate, out: &mut impl Write) -> Result<Exit, Failure> {
    let mut calibration = Calibration::plan(args)?;
    let most_kib = calibration.most_kib()?;
    let machine = Machine::look();
    if machine.is_debug() {
        say("this is a debug build: choose parameters with a release build, which affords more");
    }
    let ladder = ladder(most_kib, args.lanes, &Limits::default());
    let found = highest_within(&ladder, args.target, &mut calibration)?;
    let report = calibration.report(machine, &ladder, &found)?;
    if args.json {
        print_json(out, &report)?;
    } else {
        report.print(out)?;
    }
    if let Some(peak) = report.peak_memory_kib.filter(|peak| *peak > u64::from(calibration.cap_kib)) {
        return Err(Failure::new(Exit::Fault, format!("the process took {peak} KiB, which is above the cap")));
    }
    Ok(if report.choice.is_some() { Exit::Done } else { Exit::No })
}

struct Calibration {
    started: Instant,
    target: Duration,
    concurrency: usize,
    cap_kib: u32,
    peak_kib: Option<u64>,
    is_steady: bool,
}

impl Calibration {
    fn plan(args: &args::Calibrate) -> Result<Self, Failure> {
        if args.target > TARGET_MAX {
            let longest = show_duration(TARGET_MAX);
            return Err(Failure::usage(format!("--target: at most {longest}; nobody waits longer to be signed in")));
        }
        let cap_kib = args.memory_cap.unwrap_or_else(half_of_memory_kib);
        let available = rehash::pool::memory_limit_kib().and_then(|kib| u32::try_from(kib).ok());
        if let Some(available) = available.filter(|available| cap_kib > *available) {
            let (cap, available) = (show_kib(cap_kib), show_kib(available));
            return Err(Failure::usage(format!("--memory-cap: {cap} is more than the {available} that there are")));
        }
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        Ok(Self {
            started: Instant::now(),
            target: args.target,
            concurrency: args.concurrency.unwrap_or_else(cores),
            cap_kib,
            peak_kib: None,
            is_steady: true,
        })
    }

    /// What one hash may have, with as many at once as there are to be.
    fn most_kib(&self) -> Result<u32, Failure> {
        let (at_once, least_kib) = (self.concurrency as u64, FLOOR[0].0);
        let beside = u64::from(PROGRAM_KIB) + at_once * u64::from(EACH_KIB);
        let needed = beside + at_once * u64::from(least_kib);
        if u64::from(self.cap_kib) < needed {
            let show = |kib: u64| show_kib(u32::try_from(kib).unwrap_or(u32::MAX));
            return Err(Failure::usage(format!(
                "--memory-cap: {at_once} at once of {} each, the floor ({FLOOR_SOURCE}), and {} beside them need {}; the cap is {}",
                show(least_kib.into()),
                show(beside),
                show(needed),
                show_kib(self.cap_kib),
            )));
        }
        Ok(u32::try_from((u64::from(self.cap_kib) - beside) / at_once).unwrap_or(u32::MAX))
    }

    fn bill_kib(&self, parameters: &Argon2Target) -> u64 {
        self.concurrency as u64 * u64::from(parameters.memory_kib)
    }

    fn fits_cap(&self, parameters: &Argon2Target) -> bool {
        self.most_kib().is_ok_and(|most| parameters.memory_kib <= most)
    }

    fn has_time_for(&self, expected: Duration) -> bool {
        // Once to warm up, once to see how long it takes, and the slices; and half as much again, as it is a guess.
        let takes = (expected * (SLICES + 2)).max(EACH_MIN).mul_f64(1.5);
        self.started.elapsed() + takes <= TIME_MAX
    }

    /// Sign-ins with these parameters, each asked for as soon as the one before is answered.
    fn measure(&mut self, parameters: &Argon2Target) -> Result<Measurement, Failure> {
        let policy = Policy::builder(*parameters).build().map_err(|error| Failure::usage(error.to_string()))?;
        let engine = Arc::new(Engine::new(policy).map_err(|error| measure::not_hashed(&error))?);
        let stored = engine.hash(&Password::new("password")).map_err(|error| measure::not_hashed(&error))?;
        // Else it would be kept beside what the pool takes.
        rehash::release_idle_memory();
        let work: Work = Arc::new(move |pool, count| {
            for _ in 0..count {
                let job = pool.verify(stored.clone(), Password::new("password"), None);
                let verdict = job.map_err(|error| measure::refused(&error))?.wait().map_err(measure::failed)?;
                let _ = verdict.map_err(|denied| measure::denied(&"argon2id", &denied))?;
            }
            Ok(())
        });
        let (at_once, memory_kib) = (self.concurrency, self.bill_kib(parameters));
        let memory_kib = u32::try_from(memory_kib).unwrap_or(u32::MAX);
        let run = Run { clients: at_once, duration: EACH_MIN, rounds_min: 1 };
        let measured = measure::measure(|| measure::pool(&engine, at_once, memory_kib, at_once), &work, &run)?;
        self.peak_kib = self.peak_kib.max(measure::peak_kib());
        self.is_steady &= measured.is_steady();
        Ok(measured)
    }

    fn row(&self, name: &'static str, parameters: &Argon2Target, measured: Option<&Measurement>) -> Row {
        let millis = |time: Duration| time.as_secs_f64() * 1e3;
        Row {
            name,
            parameters: parameters.to_string(),
            memory_bill_kib: self.bill_kib(parameters),
            p50_ms: measured.map(|measured| millis(measured.p50)),
            p95_ms: measured.map(|measured| millis(measured.p95)),
            sign_ins_per_second: measured.map(|measured| measured.per_second),
            why_not: None,
        }
    }

    fn presets(&mut self, found: &Found, ladder: &[Argon2Target]) -> Result<Vec<Row>, Failure> {
        let presets = [
            ("owasp-19-mib", Argon2Target::OWASP_19_MIB),
            ("owasp-46-mib", Argon2Target::OWASP_46_MIB),
            ("rfc-9106-low-memory", Argon2Target::RFC_9106_LOW_MEMORY),
        ];
        let mut rows = Vec::new();
        for (name, parameters) in presets {
            let place = ladder.iter().position(|rung| *rung == parameters);
            let known = place.and_then(|place| found.at(place));
            let expected = found.measured.last().map_or(self.target, |(place, measured)| {
                measured.p50.mul_f64(ladder::work(&parameters) / ladder::work(&ladder[*place]))
            });
            let (measured, why_not) = match known {
                Some(known) => (Some(known.clone()), None),
                None if !self.fits_cap(&parameters) => (None, Some("above the cap")),
                None if !self.has_time_for(expected) => (None, Some("no time to measure it")),
                None => (Some(self.measure(&parameters)?), None),
            };
            rows.push(Row { why_not, ..self.row(name, &parameters, measured.as_ref()) });
        }
        Ok(rows)
    }

    fn report(&mut self, machine: Machine, ladder: &[Argon2Target], found: &Found) -> Result<Report, Failure> {
        let place = found.choice.unwrap_or(0);
        let (rung, measured) = (ladder[place], found.at(place));
        let choice = found.choice.map(|_| rung);
        let name = if choice.is_some() { "this choice" } else { "the nearest" };
        let why_not = measured.is_none().then_some("estimated, no time to measure it");
        let mut first = Row { why_not, ..self.row(name, &rung, measured) };
        if measured.is_none() {
            first.p50_ms = Some(found.estimate(ladder, place).as_secs_f64() * 1e3);
        }
        let nearest_concurrency = measured.filter(|_| choice.is_none()).map(|measured| {
            let share = self.target.as_secs_f64() / measured.p50.as_secs_f64();
            (self.concurrency as f64 * share) as usize
        });
        let above = found.choice.map(|place| place + 1).filter(|above| found.at(*above).is_some());
        let next = above.map(|above| self.row("the next step", &ladder[above], found.at(above)));
        let rows = std::iter::once(first).chain(self.presets(found, ladder)?).collect();
        let fields = |rung: Argon2Target| (rung.memory_kib, rung.passes, rung.lanes);
        Ok(Report {
            machine,
            target_ms: self.target.as_secs_f64() * 1e3,
            concurrency: self.concurrency,
            memory_cap_kib: self.cap_kib,
            choice: choice.map(|rung| format!("$argon2id$v=19${rung}")),
            memory_kib: choice.map(|rung| rung.memory_kib),
            passes: choice.map(|rung| rung.passes),
            lanes: choice.map(|rung| rung.lanes),
            policy: choice.map(fields).map(|(memory_kib, passes, lanes)| {
                format!(
                    "Policy::builder(Argon2Target {{ memory_kib: {memory_kib}, passes: {passes}, lanes: {lanes} }}).build()?"
                )
            }),
            flags: choice
                .map(fields)
                .map(|(memory, passes, lanes)| format!("--memory {memory}KiB --passes {passes} --lanes {lanes}")),
            measured: measured.is_some(),
            next,
            nearest_concurrency,
            floor: FLOOR_SOURCE,
            rows,
            peak_memory_kib: self.peak_kib,
            steady: self.is_steady,
            seconds: self.started.elapsed().as_secs_f64(),
        })
    }
}

impl Probe for Calibration {
    fn measure(&mut self, rung: &Argon2Target, expected: Duration) -> Result<Option<Measurement>, Failure> {
        // The first is the lightest, and is measured in any case.
        let is_first = self.started.elapsed() < EACH_MIN;
        if !is_first && !self.has_time_for(expected) {
            return Ok(None);
        }
        Self::measure(self, rung).map(Some)
    }
}

impl Report {
    fn print(&self, out: &mut impl Write) -> io::Result<()> {
        let target = show_duration(Duration::from_secs_f64(self.target_ms / 1e3));
        let cap = show_kib(self.memory_cap_kib);
        writeln!(out, "{}", printable(&self.machine.line()))?;
        writeln!(out, "target {target}, {} at once, at most {cap} for the process\n", self.concurrency)?;
        match (&self.choice, &self.policy, &self.flags) {
            (Some(choice), Some(policy), Some(flags)) => {
                writeln!(out, "{choice}\n\nin the library   {policy}\nfor the command  {flags}\n")?;
            }
            _ => self.print_no_fit(&target, out)?,
        }
        self.print_rows(out)?;
        if let Some((next, p50)) = self.next.as_ref().and_then(|next| Some((next, next.p50_ms?))) {
            let took = show_duration(Duration::from_secs_f64(p50 / 1e3));
            writeln!(out, "\nthe next step, {}, takes {took}", next.parameters)?;
        }
        let floor = FLOOR.map(|(kib, passes)| format!("m={kib},t={passes}")).join("  ");
        writeln!(out, "\nthe floor, any of: {floor}  ({})", self.floor)?;
        if let Some(peak) = self.peak_memory_kib {
            writeln!(out, "measuring took {} s and at most {peak} KiB", three_digits(self.seconds))?;
        }
        if !self.steady {
            writeln!(out, "the machine was not idle: rates varied by 5 % or more; run it again when it is")?;
        }
        Ok(())
    }

    fn print_no_fit(&self, target: &str, out: &mut impl Write) -> io::Result<()> {
        let nearest = &self.rows[0];
        let took = show_duration(Duration::from_secs_f64(nearest.p50_ms.unwrap_or(0.0) / 1e3));
        writeln!(out, "no parameters fit: the lightest above the floor, {}, take {took}", nearest.parameters)?;
        match self.nearest_concurrency {
            Some(at_once) if at_once > 0 => writeln!(out, "within {target} they serve about {at_once} at once\n"),
            _ => writeln!(out, "a longer target is needed, or a faster machine\n"),
        }
    }

    fn print_rows(&self, out: &mut impl Write) -> io::Result<()> {
        let (name, parameters, at_once) = ("at this concurrency", "parameters", self.concurrency);
        let memory = format!("memory, {at_once} at once");
        writeln!(
            out,
            "{name:<22}{parameters:<22}{:>12}{:>12}{:>14}{memory:>22}",
            "half within", "95 % within", "sign-ins"
        )?;
        let time = |millis: Option<f64>| {
            millis.map_or_else(|| "-".to_owned(), |millis| show_duration(Duration::from_secs_f64(millis / 1e3)))
        };
        for row in &self.rows {
            let Row { name, parameters, .. } = row;
            let rate = row.sign_ins_per_second.map_or_else(|| "-".to_owned(), show_rate);
            let memory = format!("{} MiB", row.memory_bill_kib / 1024);
            let why_not = row.why_not.map_or_else(String::new, |why_not| format!("  {why_not}"));
            let (half, most) = (time(row.p50_ms), time(row.p95_ms));
            writeln!(out, "{name:<22}{parameters:<22}{half:>12}{most:>12}{rate:>14}{memory:>22}{why_not}")?;
        }
        Ok(())
    }
}
