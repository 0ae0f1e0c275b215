//! `rehash import --probe`: a few known passwords must verify against the input's records before anything is written. It
//! reads the whole input once, for the users that it knows, and names the likely mistakes where one does not verify.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::path::Path;

use rehash::import::{Checked, Credential, Options, Rules, Source, check};
use rehash::{Denied, Engine, Password, StoredHash, probe};

use crate::args;
use crate::interrupt::Interrupt;
use crate::output::{Exit, Failure, printable, say};
use crate::source::Inputs;

/// A known password, and what came of it.
struct Pair {
    identifier: String,
    password: Password,
    outcome: Option<Outcome>,
}

enum Outcome {
    Matches,
    /// It does not verify as tagged; what it would match as.
    Differs {
        tag: String,
        matches: Vec<String>,
    },
    Broken(String),
    NoPassword,
}

/// Whether every pair of the file verifies against the record of the input; what does not is said on stderr.
pub fn passes(
    path: &Path,
    input: &args::Input,
    rules: &Rules,
    engine: &Engine,
    interrupt: &Interrupt,
) -> Result<Exit, Failure> {
    if input.files.iter().any(|file| file.as_os_str() == "-") {
        return Err(Failure::usage("--probe reads the input twice, and stdin can be read once; write it to a file"));
    }
    let mut pairs = pairs(path)?;
    let places: HashMap<String, usize> =
        pairs.iter().enumerate().map(|(place, pair)| (pair.identifier.clone(), place)).collect();
    let options = crate::check::options(input, true)?;
    let inputs = Inputs::new(input)?;
    let (summary, stopped) = check(inputs.sources(interrupt), rules, options, |checked| {
        look(&checked, &places, &mut pairs, engine);
        if interrupt.is_asked() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    if stopped.is_some() || interrupt.has_cut_input() {
        return Ok(Exit::Interrupted);
    }
    if let Some(error) = summary.errors.first() {
        return Err(Failure::new(Exit::Data, error.to_string()));
    }
    let failed = pairs.iter().filter(|pair| !report(pair)).count();
    if failed > 0 {
        say(&format!("{failed} of {} known passwords do not verify; nothing was imported", pairs.len()));
        return Ok(Exit::No);
    }
    say(&format!("all {} known passwords verify", pairs.len()));
    Ok(Exit::Done)
}

/// The pairs of a file: records with an identifier and a password.
fn pairs(path: &Path) -> Result<Vec<Pair>, Failure> {
    let name = printable(&path.display().to_string());
    let mut rules = Rules::default();
    rules.is_batch = true;
    let mut options = Options::default();
    options.keeps_records = true;
    let mut pairs = Vec::new();
    let (summary, refused) = check([Source::open(path)], &rules, options, |checked| match pair(checked) {
        Ok(pair) => {
            pairs.push(pair);
            ControlFlow::Continue(())
        }
        Err(message) => ControlFlow::Break(message),
    });
    if let Some(message) = refused {
        return Err(Failure::new(Exit::Data, format!("--probe {name}:{message}")));
    }
    if let Some(error) = summary.errors.first() {
        return Err(Failure::new(Exit::Data, format!("--probe {error}")));
    }
    if pairs.is_empty() {
        return Err(Failure::new(Exit::Data, format!("--probe {name}: there are no passwords in it")));
    }
    Ok(pairs)
}

fn pair(checked: Checked<'_>) -> Result<Pair, String> {
    let line = checked.line;
    let Some(record) = checked.record else {
        let problem = checked.problems.first().map(ToString::to_string).unwrap_or_default();
        return Err(format!("{line}: {problem}"));
    };
    let identifier = [&record.username, &record.primary_email, &record.primary_phone].into_iter().flatten().next();
    let identifier = identifier.map(|identifier| identifier.clone().into_owned());
    match (identifier, record.attempt) {
        (Some(identifier), Some(password)) => Ok(Pair { identifier, password, outcome: None }),
        (None, _) => Err(format!("{line}: a pair needs a username, primaryEmail or primaryPhone")),
        (_, None) => Err(format!("{line}: a pair needs a password")),
    }
}

/// Verifies the pairs of a record's user.
fn look(checked: &Checked<'_>, places: &HashMap<String, usize>, pairs: &mut [Pair], engine: &Engine) {
    let Some(record) = &checked.record else {
        // A broken record has no fields to ask: the name is looked for as it stands.
        let raw = String::from_utf8_lossy(checked.raw);
        let Some(problem) = checked.problems.first() else { return };
        for pair in pairs.iter_mut().filter(|pair| pair.outcome.is_none() && holds(&raw, &pair.identifier)) {
            pair.outcome = Some(Outcome::Broken(format!("{}:{}: {problem}", checked.source, checked.line)));
        }
        return;
    };
    for identifier in [&record.username, &record.primary_email, &record.primary_phone].into_iter().flatten() {
        let Some(pair) = places.get(&**identifier).and_then(|place| pairs.get_mut(*place)) else { continue };
        pair.outcome = Some(match &record.credential {
            Credential::Hash(stored) => verify(engine, stored, record.username.as_deref(), &pair.password),
            // Hashed at the import; nothing can be mapped wrongly but the column.
            Credential::Plaintext(_) => Outcome::Matches,
            _ => Outcome::NoPassword,
        });
    }
}

fn holds(raw: &str, identifier: &str) -> bool {
    raw.match_indices(identifier).any(|(at, found)| {
        let is_end = |c: Option<char>| c.is_none_or(|c| matches!(c, '"' | ',' | '\n' | '\r' | ':'));
        is_end(raw[..at].chars().next_back()) && is_end(raw[at + found.len()..].chars().next())
    })
}

fn verify(engine: &Engine, stored: &StoredHash, username: Option<&str>, password: &Password) -> Outcome {
    match engine.verify_without_decoy(stored, password) {
        Ok(_) => Outcome::Matches,
        Err(Denied::Unverifiable(why)) => Outcome::Broken(why.to_string()),
        Err(_) => Outcome::Differs {
            tag: stored.tag().to_owned(),
            matches: probe::mistakes(engine, stored, username, password),
        },
    }
}

/// Says what came of a pair that does not verify.
fn report(pair: &Pair) -> bool {
    let user = printable(&pair.identifier);
    match &pair.outcome {
        Some(Outcome::Matches) => return true,
        None => say(&format!("probe: {user}: the input has no such user")),
        Some(Outcome::NoPassword) => say(&format!("probe: {user}: the record has no password")),
        Some(Outcome::Broken(message)) => say(&format!("probe: {user}: the record is rejected: {message}")),
        Some(Outcome::Differs { tag, matches }) if matches.is_empty() => say(&format!(
            "probe: {user}: does not verify as {}, and nothing that was tried matches; is it this user's password?",
            printable(tag)
        )),
        Some(Outcome::Differs { tag, matches }) => say(&format!(
            "probe: {user}: does not verify as {}; would match as {}",
            printable(tag),
            matches.iter().take(3).map(|found| printable(found)).collect::<Vec<_>>().join(", or as ")
        )),
    }
    false
}
