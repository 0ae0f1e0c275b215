//! `rehash methods`: the whole table, and the default limits.

use std::io::Write;

use rehash::{Limits, Method};
use serde::Serialize;

use crate::args;
use crate::output::{Exit, Failure, print_json};
use crate::units::show_kib;

#[derive(Serialize)]
struct Row {
    method: &'static str,
    aliases: &'static [&'static str],
    grammar: &'static str,
    computation: &'static str,
    limits: String,
    notes: &'static str,
}

pub fn run(args: &args::Methods, out: &mut impl Write) -> Result<Exit, Failure> {
    let rows: Vec<Row> = Method::all().map(row).collect();
    if args.json {
        print_json(out, &rows)?;
        return Ok(Exit::Done);
    }
    for row in &rows {
        writeln!(out, "{}", row.method)?;
        let mut line = |name: &str, value: &str| {
            if value.is_empty() { Ok(()) } else { writeln!(out, "    {name:<10}{value}") }
        };
        line("aliases", &row.aliases.join(", "))?;
        line("text", row.grammar)?;
        line("computes", row.computation)?;
        line("limits", &row.limits)?;
        line("notes", row.notes)?;
    }
    Ok(Exit::Done)
}

fn row(method: Method) -> Row {
    let info = method.info();
    Row {
        method: info.name,
        aliases: info.aliases,
        grammar: info.grammar,
        computation: info.computation,
        limits: limits(method, &Limits::default()),
        notes: info.notes,
    }
}

fn limits(method: Method, limits: &Limits) -> String {
    match method {
        Method::Bcrypt => format!("cost 4 to {}", limits.bcrypt_cost),
        Method::Argon2i | Method::Argon2d | Method::Argon2id => format!(
            "memory 8 KiB a lane to {}, passes 1 to {}, lanes 1 to {}, memory × passes to {} KiB",
            show_kib(limits.argon2_memory_kib),
            limits.argon2_passes,
            limits.argon2_lanes,
            limits.argon2_work_kib,
        ),
        _ => String::new(),
    }
}
