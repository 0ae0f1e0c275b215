//! `rehash sign-in`: verify, upgrade, write back. One answer for every refusal on stdout; the reason goes to stderr where it is
//! a fault to look into, or where it is asked for.

use std::io::Write;

use rehash::sign_in::{Outcome, SignInError, sign_in};
use rehash::store::{OpenOptions, Store};
use rehash::{Engine, HashError, Method, Unverifiable};
use serde::Serialize;

use crate::output::{Exit, Failure, print_json, say};
use crate::{args, keys, mapping, secret, store};

#[derive(Serialize)]
struct Answer {
    outcome: &'static str,
    method: Option<&'static str>,
    upgrade: Option<&'static str>,
    detail: Option<String>,
}

pub fn run(args: &args::SignIn, out: &mut impl Write) -> Result<Exit, Failure> {
    let engine = keys::sign_in_engine(&args.target, &args.limits, &args.keys, &args.upgrading)?;
    let signed_in = match &args.mapping {
        Some(path) => {
            let table = mapping::open(path, &args.store.url()?, engine.policy(), &OpenOptions::default())?;
            attempt(&engine, &table, args)?
        }
        None => attempt(&engine, &*store::existing(&args.store.url()?)?, args)?,
    };
    let (answer, exit) = match signed_in {
        Ok(signed_in) => {
            let (upgrade, detail) = describe(&signed_in.1);
            let method = Some(signed_in.0.as_str());
            (Answer { outcome: "accepted", method, upgrade: Some(upgrade), detail }, Exit::Done)
        }
        Err(SignInError::Store(error)) => return Err(error.into()),
        Err(error) => {
            if args.explain || !error.is_ordinary() {
                say(&error.to_string());
            }
            (Answer { outcome: "rejected", method: None, upgrade: None, detail: None }, exit(&error))
        }
    };
    if args.json {
        print_json(out, &answer)?;
        return Ok(exit);
    }
    writeln!(out, "{}", answer.outcome)?;
    if let (Some(method), Some(upgrade)) = (answer.method, answer.upgrade) {
        let detail = answer.detail.map(|detail| format!(" ({detail})")).unwrap_or_default();
        writeln!(out, "the {method} record: {}{detail}", upgrade.replace('_', " "))?;
    }
    Ok(exit)
}

/// The method that was verified and what became of the upgrade, whatever names a row.
fn attempt<S: Store + ?Sized>(
    engine: &Engine,
    store: &S,
    args: &args::SignIn,
) -> Result<Result<(Method, Outcome), SignInError>, Failure> {
    let password = secret::read(args.keep_newline)?;
    let signed_in = sign_in(engine, store, &args.user, &password);
    Ok(signed_in.map(|signed_in| (signed_in.method, signed_in.upgrade)))
}

/// What happened to the record, as a stable word and in detail.
fn describe(outcome: &Outcome) -> (&'static str, Option<String>) {
    match outcome {
        Outcome::NotNeeded => ("not_needed", None),
        Outcome::Written => ("upgraded", None),
        Outcome::Superseded => ("superseded", Some("the password was changed meanwhile; that change stands".into())),
        Outcome::Skipped(reason) => ("skipped", Some(reason.as_str().into())),
        Outcome::HashFailed(error @ HashError::PasswordTooLong) => ("failed", Some(error.to_string())),
        Outcome::HashFailed(error) => ("failed", Some(error.to_string())),
        Outcome::WriteFailed(error) => ("not_written", Some(error.to_string())),
        _ => ("unknown", None),
    }
}

fn exit(error: &SignInError) -> Exit {
    match error {
        SignInError::Unverifiable(Unverifiable::OutOfMemory { .. }) => Exit::Busy,
        _ => Exit::No,
    }
}
