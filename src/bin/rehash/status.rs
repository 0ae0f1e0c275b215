//! `rehash status`: how far the migration is. Counts only: no names, no hashes.

use std::io::Write;

use rehash::Method;
use rehash::store::sqlite::MethodCount;
use serde::Serialize;

use crate::args;
use crate::output::{Exit, Failure, grouped, print_json};
use crate::store::StoreUrl;

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
    let store = StoreUrl::parse(&args.store.url)?.open()?;
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
        writeln!(out, "{:<12}{:<24}{:>14}{:>14}", "method", "parameters", "records", "upgraded")?;
        for row in &self.methods {
            let method = if row.method.is_empty() { "(none)" } else { &row.method };
            let (records, upgraded) = (grouped(row.records), grouped(row.upgraded));
            writeln!(out, "{method:<12}{:<24}{records:>14}{upgraded:>14}", row.parameters)?;
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

/// Weakest first: digests, then bcrypt by cost, then Argon2 by work; users without a password last.
fn strength(row: &MethodCount) -> (u8, u64, String) {
    let number = |name: &str| {
        let value = row.parameters.split(',').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
        value.and_then(|value| value.parse::<u64>().ok()).unwrap_or(0)
    };
    let rank = match row.method.parse() {
        Ok(Method::Md5) => 0,
        Ok(Method::Sha1) => 1,
        Ok(Method::Sha256) => 2,
        Ok(Method::Bcrypt) => 10,
        Ok(Method::Argon2i | Method::Argon2d) => 20,
        Ok(Method::Argon2id) => 30,
        Ok(_) => 5,
        Err(_) => u8::MAX,
    };
    let work = number("cost").max(number("m").saturating_mul(number("t")));
    (rank, work, format!("{} {}", row.method, row.parameters))
}
