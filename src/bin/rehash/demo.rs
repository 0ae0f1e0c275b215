//! `rehash demo`: the whole story on sample data. Every step is the real one: the same importer, store and sign-in as the other
//! commands, on a store that is gone afterwards.

use std::io::{Cursor, Write};
use std::ops::ControlFlow;

use rehash::import::{Options, Rules, Source, check};
use rehash::sign_in::{Outcome, SignInError, sign_in};
use rehash::store::sqlite::Sqlite;
use rehash::store::{Inserted, NewUser, Store as _, Users as _};
use rehash::{Engine, Limits, Password, Upgrade, UpgradeMode};

use crate::output::{Exit, Failure};
use crate::{args, keys, pending, status};

/// Users as a legacy system would export them, one of them broken. Every password is `correct horse`, but for
/// Frances's, which has 81 bytes, and Grace, who has none.
const SAMPLE: &str = include_str!("demo.ndjson");
const PASSWORD: &str = "correct horse";
const LONG_PASSWORD: &str = "correct horse battery staple, and then some more words until bcrypt stops looking";

pub fn run(args: &args::Demo, out: &mut impl Write) -> Result<Exit, Failure> {
    let engine = keys::engine(&args.target, Limits::default(), rehash::Keyring::new(), UpgradeMode::On)?;
    let directory = tempfile::tempdir()?;
    let store = Sqlite::create_or_open(directory.path().join("demo.db"))?;

    writeln!(out, "1. A legacy user table goes in.\n")?;
    import_sample(&store, out)?;
    writeln!(out)?;
    status::print(store.counts()?, out)?;

    writeln!(out, "\n2. Users sign in with the passwords they have.\n")?;
    for user in ["ada", "bob", "carol@example.com", "dan", "eve"] {
        try_sign_in(&engine, &store, user, PASSWORD, out)?;
    }
    try_sign_in(&engine, &store, "frances", LONG_PASSWORD, out)?;

    writeln!(out, "\n3. A second time, and those who should not get in.\n")?;
    try_sign_in(&engine, &store, "ada", PASSWORD, out)?;
    try_sign_in(&engine, &store, "ada", "wrong horse", out)?;
    try_sign_in(&engine, &store, "nobody", PASSWORD, out)?;
    try_sign_in(&engine, &store, "grace", PASSWORD, out)?;

    writeln!(out, "\n4. A password is changed while an upgrade is on its way: the change wins.\n")?;
    race(&engine, &store, out)?;

    writeln!(out, "\n5. What the table holds now.\n")?;
    status::print(store.counts()?, out)?;
    Ok(Exit::Done)
}

fn import_sample(store: &Sqlite, out: &mut impl Write) -> Result<(), Failure> {
    let source = Source::new("users.ndjson", Cursor::new(SAMPLE));
    let mut options = Options::default();
    options.keeps_records = true;
    let batch = store.batch()?;
    let mut batch = Some(batch);
    let (summary, failure) = check([source], &Rules::default(), options, |checked| {
        let mut each = || -> Result<(), Failure> {
            for problem in checked.problems {
                writeln!(out, "{}:{}: {problem}", checked.source, checked.line)?;
            }
            if let (Some(record), Some(batch)) = (&checked.record, &mut batch) {
                let new: NewUser<'_> = pending::new_user(record)?;
                let _: Inserted = batch.insert(&new)?;
            }
            Ok(())
        };
        each().map_or_else(ControlFlow::Break, ControlFlow::Continue)
    });
    if let Some(failure) = failure {
        return Err(failure);
    }
    if let Some(batch) = batch {
        batch.commit()?;
    }
    writeln!(out, "{} records: {} imported, {} rejected", summary.records, summary.good, summary.rejected)?;
    Ok(())
}

fn try_sign_in(
    engine: &Engine,
    store: &Sqlite,
    user: &str,
    password: &str,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let said = match sign_in(engine, store, user, &Password::new(password)) {
        Ok(signed_in) => {
            let method = signed_in.method;
            match signed_in.upgrade {
                Outcome::Written => format!("accepted, {method} replaced by argon2id"),
                Outcome::NotNeeded => format!("accepted, {method} stays as it is"),
                Outcome::Skipped(reason) => format!("accepted, {method} not replaced: {reason}"),
                other => format!("accepted, {method}: {other:?}"),
            }
        }
        Err(SignInError::Store(error)) => return Err(error.into()),
        Err(reason) => format!("refused          (to the operator: {reason})"),
    };
    writeln!(out, "{user:<18} {said}")?;
    Ok(())
}

/// A sign-in and a password change that overlap, step by step.
fn race(engine: &Engine, store: &Sqlite, out: &mut impl Write) -> Result<(), Failure> {
    let missing = || Failure::new(Exit::Fault, "the sample lacks a user");
    let found = store.find("heidi")?.ok_or_else(missing)?;
    let row = found.password.ok_or_else(missing)?;
    let fault = |error: &dyn std::fmt::Display| Failure::new(Exit::Fault, error.to_string());
    let stored = row.parse(&Limits::default()).map_err(|broken| fault(&broken))?;

    let accepted = engine.verify(&stored, &Password::new(PASSWORD)).map_err(|error| fault(&error))?;
    writeln!(out, "heidi signs in with her old password; its replacement is ready")?;
    let changed = engine.hash(&Password::new("a new password")).map_err(|error| fault(&error))?;
    store.set_password(found.id, &changed)?;
    writeln!(out, "heidi changes her password in another window")?;
    if let Upgrade::Ready(replacement) = accepted.upgrade {
        let swap = store.replace(&found.id, &replacement)?;
        writeln!(out, "the replacement is written: {swap:?}")?;
    }
    try_sign_in(engine, store, "heidi", "a new password", out)?;
    try_sign_in(engine, store, "heidi", PASSWORD, out)
}
