//! `rehash hash`: a new Argon2id hash of a password from stdin.

use std::io::Write;

use rehash::{HashError, UpgradeMode};
use serde::Serialize;

use crate::output::{Exit, Failure, print_json, say};
use crate::units::show_kib;
use crate::{args, keys, secret};

#[derive(Serialize)]
struct Hash<'a> {
    method: &'static str,
    parameters: String,
    hash: &'a str,
}

pub fn run(args: &args::Hash, out: &mut impl Write) -> Result<Exit, Failure> {
    let limits = rehash::Limits::default();
    let engine = keys::engine(&args.target, limits, args.keys.keyring()?, UpgradeMode::On)?;
    let target = engine.policy().target();
    let memory = show_kib(target.memory_kib);
    say(&format!("argon2id with {memory}, {} passes, {} lanes", target.passes, target.lanes));
    let password = secret::read(args.keep_newline)?;
    let hash = engine.hash(&password).map_err(|error| match error {
        HashError::PasswordTooLong => Failure::new(Exit::Data, error.to_string()),
        HashError::OutOfMemory { .. } => Failure::new(Exit::Busy, error.to_string()),
        _ => Failure::new(Exit::Fault, error.to_string()),
    })?;
    if args.json {
        let (method, parameters) = (hash.method().as_str(), hash.parameters());
        print_json(out, &Hash { method, parameters, hash: hash.text() })?;
    } else {
        writeln!(out, "{}", hash.text())?;
    }
    Ok(Exit::Done)
}
