//! `rehash identify`: which methods a text can be. The text itself is never printed back.

use std::io::{self, BufRead as _, Write};

use rehash::{Code, Identification, Limits, Method, StoredHash, identify};
use serde::Serialize;

use crate::args;
use crate::output::{Exit, Failure, print_json};
use crate::verify::ErrorText;

#[derive(Serialize)]
struct Answer {
    line: usize,
    method: Option<String>,
    supported: bool,
    candidates: Vec<&'static str>,
    decided_by: Option<&'static str>,
    /// Why a text that names its method cannot be a hash of it.
    error: Option<ErrorText>,
}

pub fn run(args: &args::Identify, out: &mut impl Write) -> Result<Exit, Failure> {
    let mut is_clear = true;
    let mut each = |line: usize, text: &str| -> Result<(), Failure> {
        let answer = answer(line, text);
        is_clear &= answer.method.is_some() && answer.error.is_none();
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
    let empty = Answer { line, method: None, supported: false, candidates: Vec::new(), decided_by: None, error: None };
    match identify(text) {
        Identification::Named(method) => {
            Answer { method: Some(method.to_string()), supported: true, error: wrong(method, text), ..empty }
        }
        Identification::Foreign(name) => Answer { method: Some(name.to_owned()), ..empty },
        Identification::Ambiguous { candidates, decided_by } => {
            Answer { candidates, decided_by: Some(decided_by), ..empty }
        }
        _ => empty,
    }
}

/// What is wrong with the text itself: not what else a record would have to say, or what it costs.
fn wrong(method: Method, text: &str) -> Option<ErrorText> {
    let error = match StoredHash::parse_self_describing(text, &Limits::default()) {
        Ok(stored) if stored.looks_truncated() => {
            let message = "cut off by a narrow column, as its length tells".to_owned();
            return Some(ErrorText { code: Code::Truncated.as_str(), message });
        }
        Ok(_) => return None,
        Err(error) => error,
    };
    let is_elsewhere = matches!(
        error.code(),
        Code::MissingSalt | Code::MissingUsername | Code::MissingKey | Code::CostTooHigh | Code::AmbiguousMethod
    ) || method == Method::Expression;
    (!is_elsewhere).then(|| ErrorText { code: error.code().as_str(), message: error.to_string() })
}

fn print(answer: &Answer, out: &mut impl Write) -> Result<(), Failure> {
    if let (Some(method), Some(ErrorText { code, message })) = (&answer.method, &answer.error) {
        writeln!(out, "{method}, but {code}: {message}")?;
        return Ok(());
    }
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
