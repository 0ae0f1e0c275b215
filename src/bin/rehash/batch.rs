//! `rehash verify --batch`: records with passwords in, verdicts out, one line each, in order.

use std::borrow::Cow;
use std::io::{self, Write};
use std::ops::ControlFlow;

use rehash::Engine;
use rehash::import::{
    Chunk, Chunks, Credential, Format, InputError, Raw, Rules, Source, Verdict as Judgement, in_order,
};
use serde::Serialize;

use crate::output::{Exit, Failure, json};
use crate::verify::Verdict;
use crate::{args, keys};

#[derive(Serialize)]
struct Line<'a> {
    line: u64,
    username: Option<&'a str>,
    #[serde(flatten)]
    verdict: Verdict,
}

pub fn run(args: &args::Verify, engine: &Engine, out: &mut impl Write) -> Result<Exit, Failure> {
    let mut rules = Rules::default();
    rules.default_method = args.method.as_deref().map(keys::tag).transpose()?;
    rules.limits = args.limits.limits();
    rules.keys = args.keys.keyring()?;
    rules.allow_plaintext = false;
    rules.is_batch = true;
    let source = Source::new("stdin", io::stdin()).map_err(unreadable)?;
    let mut chunks = Chunks::new(source, Format::Ndjson).map_err(unreadable)?.eager().with_blank_lines();
    let mut is_all_accepted = true;

    let work = |chunk: Result<Chunk, InputError>| -> Result<(String, bool), Failure> {
        let chunk = chunk.map_err(unreadable)?;
        let mut text = String::new();
        let mut is_all_accepted = true;
        for raw in chunk.records() {
            let (line, is_accepted) = verify(engine, &rules, &chunk, raw)?;
            is_all_accepted &= is_accepted;
            text.push_str(&line);
            text.push('\n');
        }
        Ok((text, is_all_accepted))
    };
    let outcome = in_order(
        args.jobs.count(),
        || chunks.next_chunk().transpose(),
        work,
        |result| {
            let written = result.and_then(|(text, is_accepted)| {
                is_all_accepted &= is_accepted;
                out.write_all(text.as_bytes())?;
                out.flush()?;
                Ok(())
            });
            written.map_or_else(ControlFlow::Break, ControlFlow::Continue)
        },
    );
    match outcome {
        ControlFlow::Break(failure) => Err(failure),
        ControlFlow::Continue(()) if is_all_accepted => Ok(Exit::Done),
        ControlFlow::Continue(()) => Ok(Exit::No),
    }
}

fn verify(engine: &Engine, rules: &Rules, chunk: &Chunk, raw: Raw<'_>) -> Result<(String, bool), Failure> {
    let line = raw.line;
    let (username, verdict) = match rules.judge(chunk, raw) {
        Judgement::Bad(problems) => {
            let verdict = problems.first().map_or_else(
                || Verdict::error("malformed", String::new()),
                |problem| Verdict::error(problem.code.as_str(), format!("{}: {}", problem.field, problem.remedy)),
            );
            (name_of(raw.bytes).map(Cow::Owned), verdict)
        }
        Judgement::Good(record) => {
            let verdict = match (&record.credential, &record.attempt) {
                (Credential::Hash(stored), Some(password)) => Verdict::of(engine, stored, password, false),
                _ => Verdict::error("missing_hash", "passwordEncrypted: there is no hash to verify against".into()),
            };
            let name = record.username.or(record.primary_email).or(record.primary_phone);
            (name, verdict)
        }
    };
    let is_accepted = verdict.is_accepted();
    Ok((json(&Line { line, username: username.as_deref(), verdict })?, is_accepted))
}

/// Who a broken record is about, where that much of it can be read.
fn name_of(record: &[u8]) -> Option<String> {
    let value: serde_json::Value = serde_json::from_slice(record).ok()?;
    ["username", "primaryEmail", "primaryPhone"].into_iter().find_map(|field| value[field].as_str().map(str::to_owned))
}

fn unreadable(error: InputError) -> Failure {
    Failure::new(Exit::Data, error.to_string())
}
