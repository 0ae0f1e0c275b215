//! `rehash status`: how far the migration is. Counts only: no names, no hashes.

use std::io::Write;

use rehash::Method;
use rehash::store::{Day, MethodCount};
use serde::Serialize;

use crate::args;
use crate::output::{Exit, Failure, grouped, print_json, printable};
use crate::store;

/// Days that the text shows, and that a projection looks back on.
const DAYS_SHOWN: usize = 14;
const PROJECTION_DAYS: i64 = 28;
const ASSUMPTION: &str =
    "as many sign in each day as on the last 28 on which there is anything to count, and everybody comes back";

#[derive(Serialize)]
struct Status {
    records: u64,
    with_password: u64,
    argon2id: u64,
    upgraded: u64,
    /// Still with the hash that was imported.
    not_signed_in: u64,
    methods: Vec<Row>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    days: Vec<DayRow>,
    #[serde(skip_serializing_if = "Option::is_none")]
    projection: Option<Projection>,
}

#[derive(Serialize)]
struct DayRow {
    day: String,
    imported: u64,
    upgraded: u64,
    changed: u64,
}

/// When the last untouched record would be gone, if it went on as in the last four weeks.
#[derive(Serialize)]
struct Projection {
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
    let store = store::existing(&args.store.url)?;
    let mut status = Status::of(store.counts()?);
    if args.days || args.json {
        status.add_days(&store.days()?);
    }
    if args.json {
        print_json(out, &status)?;
    } else {
        status.print(out)?;
    }
    Ok(Exit::Done)
}

impl Status {
    fn of(mut counts: Vec<MethodCount>) -> Self {
        counts.sort_by_cached_key(strength);
        let sum = |of: &dyn Fn(&MethodCount) -> bool| counts.iter().filter(|row| of(row)).map(|row| row.records).sum();
        Self {
            records: sum(&|_| true),
            with_password: sum(&|row| !row.method.is_empty()),
            argon2id: sum(&|row| row.method == Method::Argon2id.as_str()),
            upgraded: counts.iter().map(|row| row.upgraded).sum(),
            not_signed_in: counts.iter().map(|row| row.untouched).sum(),
            days: Vec::new(),
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

    fn add_days(&mut self, days: &[Day]) {
        self.days = days
            .iter()
            .map(|row| DayRow {
                day: date(row.day),
                imported: row.imported,
                upgraded: row.upgraded,
                changed: row.changed,
            })
            .collect();
        let Some(last) = days.last().map(|row| row.day) else { return };
        let span = days.first().map_or(1, |first| (last - first.day + 1).clamp(1, PROJECTION_DAYS));
        let recent = days.iter().filter(|row| row.day > last - PROJECTION_DAYS);
        let signed_in: u64 = recent.map(|row| row.upgraded + row.changed).sum();
        if signed_in == 0 || self.not_signed_in == 0 {
            return;
        }
        #[allow(clippy::cast_precision_loss, reason = "an average for people")]
        let per_day = signed_in as f64 / span as f64;
        let days_left = self.not_signed_in.saturating_mul(span.unsigned_abs()).div_ceil(signed_in);
        self.projection = Some(Projection { per_day, days_left, assumption: ASSUMPTION });
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
        if self.days.is_empty() {
            return Ok(());
        }
        let untouched = grouped(self.not_signed_in);
        writeln!(out, "{untouched} still have the hash that was imported: nobody has signed in with them since")?;
        let (title, imported, upgraded, changed) = ("day", "imported", "upgraded", "changed");
        writeln!(out, "\n{title:<36}{imported:>14}{upgraded:>14}{changed:>14}")?;
        for row in self.days.iter().rev().take(DAYS_SHOWN).rev() {
            let [imported, upgraded, changed] = [row.imported, row.upgraded, row.changed].map(grouped);
            writeln!(out, "{:<36}{imported:>14}{upgraded:>14}{changed:>14}", row.day)?;
        }
        if let Some(Projection { per_day, days_left, assumption }) = &self.projection {
            let days_left = grouped(*days_left);
            writeln!(out, "at {per_day:.1} a day the last of them would be gone in {days_left} days; {assumption}")?;
        }
        Ok(())
    }
}

/// A day of the Gregorian calendar, from its number since 1970-01-01.
fn date(day: i64) -> String {
    // Counted from 0000-03-01, so that a leap day ends its year.
    let days = day + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

/// The table for the demonstration.
pub fn print(counts: Vec<MethodCount>, out: &mut impl Write) -> Result<(), Failure> {
    Status::of(counts).print(out)
}

#[allow(clippy::cast_precision_loss, reason = "a percentage for people")]
fn share(part: u64, whole: u64) -> f64 {
    part as f64 * 100.0 / whole as f64
}

/// Weakest first: digests, then what is iterated, then what takes memory, Argon2id last, each by its work; users without a
/// password at the end.
fn strength(row: &MethodCount) -> (u8, u64, Option<Method>, String) {
    let number = |name: &str| {
        let mut pairs = row.parameters.split([',', ' ']);
        pairs.find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')?.parse::<u64>().ok())
    };
    let method = row.method.parse::<Method>().ok();
    let shifted = |by: u64| 1u64.checked_shl(u32::try_from(by).unwrap_or(u32::MAX)).unwrap_or(u64::MAX);
    // In the time of one digest, roughly.
    let (class, work) = match (number("m"), number("ln"), number("cost"), number("i").or(number("rounds"))) {
        _ if method.is_none() => (u8::MAX, 0),
        (Some(kib), ..) => (2, kib.saturating_mul(number("t").unwrap_or(1)).saturating_mul(3)),
        (_, Some(log_n), ..) => (2, shifted(log_n).saturating_mul(number("r").unwrap_or(8)).saturating_mul(2)),
        (_, _, Some(cost), _) if matches!(method, Some(Method::Phpass | Method::Drupal7)) => (1, shifted(cost)),
        (_, _, Some(cost), _) => (1, shifted(cost).saturating_mul(270)),
        (.., Some(rounds)) => (1, rounds.saturating_mul(2)),
        _ => (0, 0),
    };
    let class = if method == Some(Method::Argon2id) { 3 } else { class };
    (class, work, method, row.parameters.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        let known =
            [(0, "1970-01-01"), (59, "1970-03-01"), (11_016, "2000-02-29"), (20_781, "2026-11-24"), (-1, "1969-12-31")];
        for (day, expected) in known {
            assert_eq!(date(day), expected);
        }
    }

    #[test]
    fn the_weakest_come_first() {
        let ordered = [
            ("md5", ""),
            ("sha1", ""),
            ("expression", "md5(md5($p).$s)"),
            ("phpass", "cost=13"),
            ("sha512crypt", "rounds=5000"),
            ("bcrypt", "cost=12"),
            ("pbkdf2", "sha256,i=600000"),
            ("scrypt", "ln=14,r=8,p=1"),
            ("argon2i", "m=65536,t=3,p=1"),
            ("argon2id", "m=19456,t=2,p=1"),
            ("argon2id", "m=65536,t=3,p=4"),
            ("", ""),
        ];
        for pair in ordered.windows(2) {
            let [one, other] = [pair[0], pair[1]].map(|(method, parameters)| {
                let (method, parameters) = (method.to_owned(), parameters.to_owned());
                strength(&MethodCount::new(method, parameters, 1, 0))
            });
            assert!(one < other, "{pair:?}");
        }
    }
}
