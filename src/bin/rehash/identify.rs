//! `rehash identify`: which methods a text can be. The text itself is never printed back.

use std::io::{self, BufRead as _, Write};

use rehash::{Identification, identify};
use serde::Serialize;

use crate::args;
use crate::output::{Exit, Failure, print_json};

#[derive(Serialize)]
struct Answer {
    line: usize,
    method: Option<String>,
    supported: bool,
    candidates: Vec<&'static str>,
    decided_by: Option<&'static str>,
}

pub fn run(args: &args::Identify, out: &mut impl Write) -> Result<Exit, Failure> {
    let mut is_clear = true;
    let mut each = |line: usize, text: &str| -> Result<(), Failure> {
        let answer = answer(line, text);
        is_clear &= answer.method.is_some();
        if args.json { print_json(out, &answer) } else { print(&answer, out) }
    };
    if args.hashes.is_empty() {
        for (place, line) in io::stdin().lock().split(b'\n').enumerate() {
            // What is not UTF-8 is no method's text.
            each(place + 1, std::str::from_utf8(&line?).unwrap_or_default().trim())?;
        }
    }
    for (place, text) in args.hashes.iter().enumerate() {
        each(place + 1, text.trim())?;
    }
    Ok(if is_clear { Exit::Done } else { Exit::No })
}

fn answer(line: usize, text: &str) -> Answer {
    let empty = Answer { line, method: None, supported: false, candidates: Vec::new(), decided_by: None };
    match identify(text) {
        Identification::Named(method) => Answer { method: Some(method.to_string()), supported: true, ..empty },
        Identification::Foreign(name) => Answer { method: Some(name.to_owned()), ..empty },
        Identification::Ambiguous { candidates, decided_by } => {
            Answer { candidates, decided_by: Some(decided_by), ..empty }
        }
        _ => empty,
    }
}

fn print(answer: &Answer, out: &mut impl Write) -> Result<(), Failure> {
    match (&answer.method, answer.decided_by) {
        (Some(method), _) if answer.supported => writeln!(out, "{method}")?,
        (Some(method), _) => writeln!(out, "{method} (recognised, not supported)")?,
        (None, Some(decided_by)) => {
            writeln!(out, "ambiguous: {}; decided by {decided_by}", answer.candidates.join(", "))?;
        }
        (None, None) => writeln!(out, "unknown")?,
    }
    Ok(())
}
