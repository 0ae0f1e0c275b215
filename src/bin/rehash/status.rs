//! `rehash status`: how far the migration is. Counts only: no names, no hashes.

use std::io::Write;

use rehash::Method;
use rehash::store::MethodCount;
use serde::Serialize;

use crate::args;
use crate::output::{Exit, Failure, grouped, print_json, printable};
use crate::store;

#[derive(Serialize)]
struct Status {
    records: u64,
    with_password: u64,
    argon2id: u64,
    upgraded: u64,
    methods: Vec<Row>,
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
    let status = Status::of(store.counts()?);
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
        Ok(())
    }
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
