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
    writeln!(out, "\nlimits by default")?;
    for bound in Limits::default().table() {
        writeln!(out, "    {:<19}{:>10}  {}\n{:35}{}", bound.name, bound.max, bound.methods, "", bound.reason)?;
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
    let computation = method.info().computation;
    let computes = |name: &str| computation.starts_with(name) || computation.contains(&format!("({name}"));
    match method {
        Method::Argon2i
        | Method::Argon2d
        | Method::Argon2id
        | Method::Argon2idNfkc
        | Method::PhpbbArgon2id
        | Method::Magento => format!(
            "memory 8 KiB a lane to {}, passes 1 to {}, lanes 1 to {}, memory × passes to {} KiB",
            show_kib(limits.argon2_memory_kib),
            limits.argon2_passes,
            limits.argon2_lanes,
            limits.argon2_work_kib,
        ),
        Method::Sha256crypt | Method::Sha512crypt => format!("rounds 1000 to {}", limits.crypt_rounds),
        Method::Sha1crypt | Method::Bsdicrypt => format!("rounds 1 to {}", limits.crypt_rounds),
        Method::Sunmd5 => format!("rounds 4096 to {}", limits.crypt_rounds),
        Method::Phpass | Method::WordpressPhpass | Method::Phpbb3 | Method::Drupal7 => {
            format!("cost 7 to {}", limits.phpass_cost)
        }
        Method::Legacy => "those of what it says".to_owned(),
        _ if computes("bcrypt(") => format!("cost 4 to {}", limits.bcrypt_cost),
        _ if computes("pbkdf2(") || computes("scram_") => format!("rounds 1 to {}", limits.pbkdf2_iterations),
        _ if computes("scrypt(") || computes("yescrypt(") => {
            format!("128 N r to {}, times p to {} KiB", show_kib(limits.scrypt_memory_kib), limits.scrypt_work_kib)
        }
        _ if computes("iterate(") || method == Method::Expression => {
            format!("hashes 1 to {}", limits.digest_rounds)
        }
        _ => String::new(),
    }
}
