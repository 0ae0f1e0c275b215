//! `rehash import --probe FILE`: a few users whose passwords are known, tried against the input before anything is written.
//! Each must match, else nothing is imported and the likely mistakes are named. Neither a password nor a hash is in
//! any output.

use std::collections::HashMap;
use std::io::Write;
use std::ops::ControlFlow;
use std::path::Path;

use rehash::import::{
    Chunk, Chunks, Credential, Format, InputError, Problem, Record, Rules, Source, Verdict, in_order,
};
use rehash::probe::{WouldMatch, would_match};
use rehash::{Denied, Engine, Password, StoredHash};
use serde::Serialize;

use crate::output::{Exit, Failure, print_json, printable, say};
use crate::{args, keys};

/// Which of a user's names it is; the same text as another is another user's.
type Name = (u8, String);

/// A user whose password is known.
struct Pair {
    line: u64,
    names: Vec<Name>,
    password: Password,
}

/// What the input has for a pair.
enum Found {
    /// A hash, and the user's names, which can be salts.
    Hash(Box<StoredHash>, Vec<Name>),
    /// A password in the clear: the same, or another.
    Same,
    Other,
    NoPassword,
    /// A record that names the user and is rejected.
    Rejected(Problem),
}

/// A pair that did not match.
#[derive(Serialize)]
struct Missed {
    file: String,
    line: u64,
    user: String,
    outcome: &'static str,
    message: String,
    would_match: Vec<String>,
}

/// Tries every pair of `--probe` against the input. `Some` exit where the import must not begin.
pub fn run(
    args: &args::Import,
    sources: impl Iterator<Item = Result<Source, InputError>>,
    rules: &Rules,
    engine: &Engine,
    out: &mut impl Write,
) -> Result<Option<Exit>, Failure> {
    let Some(path) = &args.probe else { return Ok(None) };
    check_inputs(&args.input)?;
    let pairs = pairs(path)?;
    let found = find(&args.input, sources, rules, engine, &pairs)?;
    let file = path.display().to_string();
    let missed: Vec<Missed> = pairs
        .iter()
        .zip(found)
        .filter_map(|(pair, found)| {
            let (outcome, message, tags) = judge(engine, pair, found)?;
            let user = pair.names.first().map_or(String::new(), |(_, name)| name.clone());
            Some(Missed { file: file.clone(), line: pair.line, user, outcome, message, would_match: tags })
        })
        .collect();
    if missed.is_empty() {
        say(&format!("the probe matches: {} of {} passwords", pairs.len(), pairs.len()));
        return Ok(None);
    }
    if args.report.json {
        print_json(out, &serde_json::json!({ "pairs": pairs.len(), "probe": missed }))?;
    } else {
        for miss in &missed {
            let Missed { file, line, user, message, .. } = miss;
            writeln!(out, "{}:{line}: {}: {message}", printable(file), printable(user))?;
        }
    }
    out.flush()?;
    say(&format!("{} of {} passwords of the probe do not match; nothing was imported", missed.len(), pairs.len()));
    Ok(Some(Exit::No))
}

/// The input is read twice, which a pipe cannot be.
fn check_inputs(input: &args::Input) -> Result<(), Failure> {
    let is_once = |path: &&std::path::PathBuf| {
        path.as_os_str() == "-" || std::fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir())
    };
    match input.files.iter().find(is_once) {
        Some(path) => {
            let shown = printable(&path.display().to_string());
            Err(Failure::usage(format!("--probe reads the input twice, which `{shown}` cannot be; save it to a file")))
        }
        None => Ok(()),
    }
}

fn unreadable(error: &InputError) -> Failure {
    Failure::new(Exit::Data, error.to_string())
}

/// The pairs of the probe's file: records with a name and a `password`.
fn pairs(path: &Path) -> Result<Vec<Pair>, Failure> {
    let mut rules = Rules::default();
    rules.is_batch = true;
    let (source, format) = Source::open(path).and_then(Source::detect).map_err(|error| unreadable(&error))?;
    let mut chunks = Chunks::new(source, format).map_err(|error| unreadable(&error))?;
    let mut pairs = Vec::new();
    while let Some(chunk) = chunks.next_chunk().map_err(|error| unreadable(&error))? {
        for raw in chunk.records() {
            let wrong = |why: &str| {
                let file = printable(&path.display().to_string());
                Failure::new(Exit::Data, format!("{file}:{}: {why}", raw.line))
            };
            let mut record = match rules.judge(&chunk, raw) {
                Verdict::Good(record) => record,
                Verdict::Bad(problems) => {
                    return Err(wrong(&problems.first().map(ToString::to_string).unwrap_or_default()));
                }
            };
            let names = names(&record);
            match record.attempt.take() {
                Some(password) if !names.is_empty() => pairs.push(Pair { line: raw.line, names, password }),
                _ => return Err(wrong("a probe needs a username, primaryEmail or primaryPhone, and a password")),
            }
        }
    }
    if pairs.is_empty() {
        let file = printable(&path.display().to_string());
        return Err(Failure::new(Exit::Data, format!("{file}: there are no users to try in it")));
    }
    Ok(pairs)
}

fn names(record: &Record<'_>) -> Vec<Name> {
    let all = [&record.username, &record.primary_email, &record.primary_phone];
    (0..).zip(all).filter_map(|(kind, name)| Some((kind, name.as_deref()?.to_owned()))).collect()
}

/// Goes through the input once; what it has for each pair, first come first.
fn find(
    input: &args::Input,
    sources: impl Iterator<Item = Result<Source, InputError>>,
    rules: &Rules,
    engine: &Engine,
    pairs: &[Pair],
) -> Result<Vec<Option<Found>>, Failure> {
    let mut wanted: HashMap<&Name, Vec<usize>> = HashMap::new();
    for (place, pair) in pairs.iter().enumerate() {
        pair.names.iter().for_each(|name| wanted.entry(name).or_default().push(place));
    }
    let export = keys::export(input)?;
    let mut found: Vec<Option<Found>> = pairs.iter().map(|_| None).collect();
    let format = if input.origin.is_given() { Some(Format::Ndjson) } else { input.format.map(Format::from) };
    for source in sources {
        let open = |source: Source| match (&export, format) {
            (Some(export), _) => Chunks::of_export(source, export),
            (None, Some(format)) => Chunks::new(source, format),
            (None, None) => source.detect().and_then(|(source, format)| Chunks::new(source, format)),
        };
        let mut chunks = source.and_then(open).map_err(|error| unreadable(&error))?;
        let outcome = in_order(
            input.jobs.count(),
            || chunks.next_chunk().transpose(),
            |chunk| chunk.map(|chunk| search(engine, rules, &chunk, pairs, &wanted)),
            |result| match result {
                Ok(hits) => {
                    for (place, hit) in hits {
                        let is_better = matches!(found[place], None | Some(Found::Rejected(_)));
                        if is_better && !(found[place].is_some() && matches!(hit, Found::Rejected(_))) {
                            found[place] = Some(hit);
                        }
                    }
                    ControlFlow::Continue(())
                }
                Err(error) => ControlFlow::Break(error),
            },
        );
        if let ControlFlow::Break(error) = outcome {
            return Err(unreadable(&error));
        }
    }
    Ok(found)
}

/// The records of a chunk that are about users of the probe.
fn search(
    engine: &Engine,
    rules: &Rules,
    chunk: &Chunk,
    pairs: &[Pair],
    wanted: &HashMap<&Name, Vec<usize>>,
) -> Vec<(usize, Found)> {
    let mut hits = Vec::new();
    for raw in chunk.records() {
        match rules.judge(chunk, raw) {
            Verdict::Good(record) => {
                let names = names(&record);
                let Some(places) = names.iter().find_map(|name| wanted.get(name)) else { continue };
                let found = |place: &usize| (*place, credential(engine, &record.credential, &pairs[*place], &names));
                hits.extend(places.iter().map(found));
            }
            Verdict::Bad(problems) => {
                let is_named = |pair: &Pair| pair.names.iter().any(|(_, name)| holds(raw.bytes, name.as_bytes()));
                let Some(problem) = problems.into_iter().next() else { continue };
                let places = pairs.iter().enumerate().filter(|(_, pair)| is_named(pair));
                hits.extend(places.map(|(place, _)| (place, Found::Rejected(problem.clone()))));
            }
        }
    }
    hits
}

fn credential(engine: &Engine, credential: &Credential, pair: &Pair, names: &[Name]) -> Found {
    match credential {
        Credential::Hash(stored) => Found::Hash(Box::new(stored.clone()), names.to_vec()),
        // Compared as everything else is: in constant time, by way of a hash.
        Credential::Plaintext(password) => match engine.hash(password) {
            Ok(stored) if engine.verify_without_decoy(&stored, &pair.password).is_ok() => Found::Same,
            _ => Found::Other,
        },
        _ => Found::NoPassword,
    }
}

/// Whether a name stands in a record that could not be read, and is no part of a longer word there.
fn holds(bytes: &[u8], name: &[u8]) -> bool {
    let is_of_word = |byte: &u8| byte.is_ascii_alphanumeric() || !byte.is_ascii() || b"._-+@".contains(byte);
    let is_whole = |at: usize| {
        let before = at.checked_sub(1).and_then(|before| bytes.get(before));
        !before.is_some_and(is_of_word) && !bytes.get(at + name.len()).is_some_and(is_of_word)
    };
    !name.is_empty() && memchr::memmem::find_iter(bytes, name).any(is_whole)
}

/// `None` where the password matches; else a stable outcome, what to say, and the tags under which it would match.
fn judge(engine: &Engine, pair: &Pair, found: Option<Found>) -> Option<(&'static str, String, Vec<String>)> {
    let (stored, names) = match found {
        None => return Some(("not_found", "is not in the input".to_owned(), Vec::new())),
        Some(Found::NoPassword) => return Some(("no_password", "has no password in the input".to_owned(), Vec::new())),
        Some(Found::Rejected(problem)) => {
            return Some(("rejected", format!("a record that names this user is rejected: {problem}"), Vec::new()));
        }
        Some(Found::Same) => return None,
        Some(Found::Other) => {
            return Some(("no_match", "is not the password that the input has".to_owned(), Vec::new()));
        }
        Some(Found::Hash(stored, names)) => (stored, names),
    };
    match engine.verify_without_decoy(&stored, &pair.password) {
        Ok(_) => return None,
        Err(Denied::Unverifiable(why)) => {
            return Some(("unverifiable", format!("cannot be verified: {why}"), Vec::new()));
        }
        Err(_) => {}
    }
    let what = |kind: u8| ["username", "primaryEmail", "primaryPhone"][usize::from(kind)];
    let names: Vec<(&str, &str)> = names.iter().map(|(kind, name)| (what(*kind), &**name)).collect();
    let tags: Vec<String> = would_match(engine, &stored, &pair.password, &names).iter().map(spelled).collect();
    let tag = stored.tag();
    let message = if tags.is_empty() {
        format!("does not match as {tag}, nor after any of the mistakes that are tried; is it the right password?")
    } else {
        format!("does not match as {tag}; would match as {}", tags.join(", or as "))
    };
    Some(("no_match", message, tags))
}

fn spelled(answer: &WouldMatch) -> String {
    match &*answer.with {
        "" => answer.tag.clone(),
        with => format!("{} with {with}", answer.tag),
    }
}
