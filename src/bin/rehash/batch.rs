//! `rehash verify --batch`: records with passwords in, verdicts out, one line each, in order.

use std::borrow::Cow;
use std::io::{self, Write};
use std::ops::ControlFlow;

use rehash::import::{
    Chunk, Chunks, Credential, Format, InputError, Raw, Rules, Source, Verdict as Judgement, in_order,
};
use rehash::{Engine, Password, StoredHash};
use serde::Serialize;

use crate::output::{Exit, Failure, json};
use crate::verify::Verdict;
use crate::{args, keys};

/// Records that are verified together: bcrypt hashes of one cost take a quarter of the time side by side.
const TOGETHER: usize = 64;

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
        let records: Vec<_> = chunk.records().collect();
        for some in records.chunks(TOGETHER) {
            is_all_accepted &= verify(engine, &rules, &chunk, some, &mut text)?;
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

/// Verifies some records and appends a line for each; whether all were accepted.
fn verify(
    engine: &Engine,
    rules: &Rules,
    chunk: &Chunk,
    records: &[Raw<'_>],
    text: &mut String,
) -> Result<bool, Failure> {
    let judged: Vec<_> = records.iter().map(|raw| (raw, rules.judge(chunk, *raw))).collect();
    let attempts: Vec<_> = judged.iter().filter_map(|(_, judgement)| attempt(judgement)).collect();
    let mut outcomes = engine.verify_batch_without_decoy(&attempts).into_iter();
    let mut is_all_accepted = true;
    for (raw, judgement) in &judged {
        let verdict = match (judgement, attempt(judgement)) {
            (Judgement::Bad(problems), _) => problems.first().map_or_else(
                || Verdict::error("malformed", String::new()),
                |problem| Verdict::error(problem.code.as_str(), format!("{}: {}", problem.field, problem.remedy)),
            ),
            (Judgement::Good(_), Some((stored, _))) => match outcomes.next() {
                Some(outcome) => Verdict::from(stored, outcome),
                None => Verdict::error("malformed", String::new()),
            },
            (Judgement::Good(_), None) => {
                Verdict::error("missing_hash", "passwordEncrypted: there is no hash to verify against".into())
            }
        };
        let username = match judgement {
            Judgement::Bad(_) => name_of(raw.bytes).map(Cow::Owned),
            Judgement::Good(record) => {
                let names = [&record.username, &record.primary_email, &record.primary_phone];
                names.into_iter().flatten().next().map(|name| Cow::Borrowed(&**name))
            }
        };
        is_all_accepted &= verdict.is_accepted();
        text.push_str(&json(&Line { line: raw.line, username: username.as_deref(), verdict })?);
        text.push('\n');
    }
    Ok(is_all_accepted)
}

/// The hash of a record and the password to try against it.
fn attempt<'j>(judgement: &'j Judgement<'_>) -> Option<(&'j StoredHash, &'j Password)> {
    match judgement {
        Judgement::Good(record) => match (&record.credential, &record.attempt) {
            (Credential::Hash(stored), Some(password)) => Some((stored, password)),
            _ => None,
        },
        Judgement::Bad(_) => None,
    }
}

/// Who a broken record is about, where that much of it can be read.
fn name_of(record: &[u8]) -> Option<String> {
    let value: serde_json::Value = serde_json::from_slice(record).ok()?;
    ["username", "primaryEmail", "primaryPhone"].into_iter().find_map(|field| value[field].as_str().map(str::to_owned))
}

fn unreadable(error: InputError) -> Failure {
    Failure::new(Exit::Data, error.to_string())
}
