//! `rehash status`: how far the migration is. Counts only: no names, no hashes.

use std::io::Write;
use std::time::{SystemTime, UNIX_EPOCH};

use rehash::serve::progress_page;
use rehash::store::{Day, MethodCount, OpenOptions, Projection, left_to_replace, sort_weakest_first, weeks};
use rehash::{Method, Policy};
use serde::Serialize;

use crate::args;
use crate::output::{Exit, Failure, grouped, print_json, printable};
use crate::record_file::RecordFile;
use crate::reserved::Reserved;
use crate::{mapping, store};

/// Days or weeks that the text shows.
const SHOWN: usize = 14;

#[derive(Serialize)]
struct Status {
    records: u64,
    with_password: u64,
    argon2id: u64,
    upgraded: u64,
    /// Imported hashes that still stand and are not Argon2id.
    left_to_replace: u64,
    methods: Vec<Row>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    days: Vec<DayRow>,
    /// By their Mondays.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    weeks: Vec<DayRow>,
    #[serde(skip_serializing_if = "Option::is_none")]
    projection: Option<Projected>,
}

#[derive(Serialize)]
struct DayRow {
    day: String,
    imported: u64,
    upgraded: u64,
    changed: u64,
}

#[derive(Serialize)]
struct Projected {
    per_day: f64,
    days_left: u64,
    assumption: &'static str,
}

#[derive(Serialize)]
struct Row {
    method: String,
    parameters: String,
    records: u64,
    upgraded: u64,
}

pub fn run(args: &args::Status, out: &mut impl Write) -> Result<Exit, Failure> {
    let url = args.store.url()?;
    let mut reserved = Reserved::default().database(&url).files(&args.store.file);
    args.html.iter().try_for_each(|path| reserved.take(path))?;
    let (counts, store) = match &args.mapping {
        Some(path) => (of_table(path, &url, args)?, None),
        None => {
            let store = store::existing(&url)?;
            (store.counts()?, Some(store))
        }
    };
    let mut status = Status::of(counts.clone());
    let by = match (args.json, args.weeks, args.days) {
        (true, ..) => Some(By::Both),
        (_, true, _) => Some(By::Week),
        (.., true) => Some(By::Day),
        _ => None,
    };
    let days = match store.filter(|_| by.is_some() || args.html.is_some()) {
        Some(store) => store.days()?,
        None => Vec::new(),
    };
    if let Some(by) = by {
        status.add_days(&days, by);
    }
    if let Some(path) = &args.html {
        let page = progress_page(&counts, &days);
        let mut file = RecordFile::create(path)?;
        file.line(page.as_bytes())?;
        file.finish()?;
    }
    if args.json {
        print_json(out, &status)?;
    } else {
        status.print(out)?;
    }
    Ok(Exit::Done)
}

/// What a table of others holds. Nobody has kept when its rows were upgraded.
fn of_table(path: &std::path::Path, url: &str, args: &args::Status) -> Result<Vec<MethodCount>, Failure> {
    if args.days || args.weeks {
        return Err(Failure::usage(
            "--days and --weeks are of a store of this program: a table of yours keeps no days",
        ));
    }
    let options = OpenOptions::default().read_only(true);
    Ok(mapping::open(path, url, &Policy::default(), &options)?.counts()?)
}

/// What the passage of time is shown by.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    Day,
    Week,
    Both,
}

impl DayRow {
    fn of(row: &Day) -> Self {
        Self { day: row.date(), imported: row.imported, upgraded: row.upgraded, changed: row.changed }
    }
}

impl Status {
    fn of(mut counts: Vec<MethodCount>) -> Self {
        sort_weakest_first(&mut counts);
        let sum = |of: &dyn Fn(&MethodCount) -> bool| counts.iter().filter(|row| of(row)).map(|row| row.records).sum();
        Self {
            records: sum(&|_| true),
            with_password: sum(&|row| !row.method.is_empty()),
            argon2id: sum(&|row| row.method == Method::Argon2id.as_str()),
            upgraded: counts.iter().map(|row| row.upgraded).sum(),
            left_to_replace: left_to_replace(&counts),
            days: Vec::new(),
            weeks: Vec::new(),
            projection: None,
            methods: counts
                .into_iter()
                .map(|row| Row {
                    method: row.method,
                    parameters: row.parameters,
                    records: row.records,
                    upgraded: row.upgraded,
                })
                .collect(),
        }
    }

    fn add_days(&mut self, days: &[Day], by: By) {
        if by != By::Week {
            self.days = days.iter().map(DayRow::of).collect();
        }
        if by != By::Day {
            self.weeks = weeks(days).iter().map(DayRow::of).collect();
        }
        self.projection =
            Projection::of(days, self.left_to_replace, today()).map(|Projection { per_day, days_left, .. }| {
                Projected { per_day, days_left, assumption: Projection::ASSUMPTION }
            });
    }

    pub fn print(&self, out: &mut impl Write) -> Result<(), Failure> {
        let widest = |least: usize, text: &dyn Fn(&Row) -> String| {
            self.methods.iter().map(|row| text(row).chars().count() + 2).fold(least, usize::max)
        };
        let method_width = widest(12, &|row| printable(&row.method));
        let parameters_width = widest(24, &|row| printable(&row.parameters));
        let (method, parameters) = ("method", "parameters");
        writeln!(out, "{method:<method_width$}{parameters:<parameters_width$}{:>14}{:>14}", "records", "upgraded")?;
        for row in &self.methods {
            let method = if row.method.is_empty() { "(none)" } else { &row.method };
            let (records, upgraded) = (grouped(row.records), grouped(row.upgraded));
            let (method, parameters) = (printable(method), printable(&row.parameters));
            writeln!(out, "{method:<method_width$}{parameters:<parameters_width$}{records:>14}{upgraded:>14}")?;
        }
        if self.with_password == 0 {
            writeln!(out, "there are no passwords yet")?;
            return Ok(());
        }
        let percent = share(self.argon2id, self.with_password);
        let (argon2id, with_password) = (grouped(self.argon2id), grouped(self.with_password));
        writeln!(out, "{argon2id} of {with_password} passwords are Argon2id ({percent:.1} %)")?;
        let (title, rows) = if self.days.is_empty() { ("week of", &self.weeks) } else { ("day", &self.days) };
        if rows.is_empty() {
            return Ok(());
        }
        writeln!(out, "{} imported hashes are left that are not Argon2id", grouped(self.left_to_replace))?;
        let (imported, upgraded, changed) = ("imported", "upgraded", "changed");
        writeln!(out, "\n{title:<36}{imported:>14}{upgraded:>14}{changed:>14}")?;
        for row in rows.iter().rev().take(SHOWN).rev() {
            let [imported, upgraded, changed] = [row.imported, row.upgraded, row.changed].map(grouped);
            writeln!(out, "{:<36}{imported:>14}{upgraded:>14}{changed:>14}", row.day)?;
        }
        if rows.len() > SHOWN {
            writeln!(out, "the last {SHOWN} of {}; --json has all of them", grouped(rows.len() as u64))?;
        }
        if let Some(Projected { per_day, days_left, assumption }) = &self.projection {
            let days = if *days_left == 1 { "day" } else { "days" };
            let days_left = grouped(*days_left);
            writeln!(out, "at {per_day:.1} a day the last of them would be gone in {days_left} {days}; {assumption}")?;
        }
        Ok(())
    }
}

/// Days since 1970-01-01, in UTC.
fn today() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs() / 86_400).unwrap_or(i64::MAX)
}

/// The table for the demonstration.
pub fn print(counts: Vec<MethodCount>, out: &mut impl Write) -> Result<(), Failure> {
    Status::of(counts).print(out)
}

#[allow(clippy::cast_precision_loss, reason = "a percentage for people")]
fn share(part: u64, whole: u64) -> f64 {
    part as f64 * 100.0 / whole as f64
}
