//! Magento's chains: `hex:salt:version[:version…]`, each version over the hex of the one before.

use super::{Built, Parsed, Raw, over, salted};
use crate::codec;
use crate::error::Fault;
use crate::expression::Expression;
use crate::function::Function;
use crate::kernel::argon2::Variant;
use crate::scheme::argon2::Argon2;
use crate::scheme::chain::{Chain, Step};
use crate::scheme::text::{self, decimal};

const EXPECTED: Fault = Fault::Structure {
    expected: "hex, `:`, a salt, `:` and a version of 0, 1, 2 or 3_BYTES_PASSES_MEMORY, or several",
};

/// What version 2 means: libsodium's interactive limits.
const ARGON2: [u32; 3] = [32, 2, 67_108_864];
/// libsodium's salts have 16 bytes: Magento cuts or repeats its own.
const SALT_BYTES: usize = 16;
/// How many versions one text may have been through; each that was ever the latest stands in it once.
const VERSIONS_MAX: usize = 8;

pub(super) fn read(text: &str) -> Result<Built, Fault> {
    let mut parts = text.split(':');
    let (hash, salt) = (parts.next().unwrap_or_default(), parts.next().ok_or(EXPECTED)?);
    let versions: Vec<&str> = parts.collect();
    let (last, earlier) = versions.split_last().ok_or(EXPECTED)?;
    if versions.len() > VERSIONS_MAX {
        return Err(Fault::Structure { expected: "eight versions at most" });
    }
    let hash = codec::hex(hash.as_bytes())?;
    if earlier.iter().any(|version| digest(version).is_none()) {
        return chain(&hash, salt, last, earlier);
    }
    let mut expression = "$p".to_owned();
    for version in earlier {
        expression = format!("{}($s.{expression})", digest(version).ok_or(EXPECTED)?.as_str());
    }
    let parse = |text: &str| Expression::parse(text).map_err(|_| EXPECTED);
    if let Some(function) = digest(last) {
        check_digest(function, &hash)?;
        let expression = parse(&format!("{}_raw($s.{expression})", function.as_str()))?;
        let variables = salted(salt.as_bytes());
        return Ok(over(Parsed::other(Raw::decoded(hash, expression.rounds(&variables))), expression, variables));
    }
    let parsed = Parsed::Argon2(argon2(last, salt, &hash)?);
    if expression == "$p" {
        return Ok(parsed.into());
    }
    Ok(over(parsed, parse(&expression)?, salted(salt.as_bytes())))
}

/// A chain with Argon2 before its end: hashes of version 2 that were hashed anew.
fn chain(hash: &[u8], salt: &str, last: &str, earlier: &[&str]) -> Result<Built, Fault> {
    let mut steps = Vec::with_capacity(earlier.len() + 1);
    for version in earlier {
        steps.push(match digest(version) {
            Some(function) => Step::Salted(function, salt.as_bytes().into()),
            // What was derived then is not known: of its length there is something in its place.
            None => Step::Derived(Parsed::Argon2(argon2(version, salt, &vec![0; parameters(version)?[0] as usize])?)),
        });
    }
    let mut work = 0;
    for version in earlier.iter().chain(Some(&last)).filter(|version| digest(version).is_none()) {
        let [_, passes, memory] = parameters(version)?;
        work += u64::from(memory / 1024) * u64::from(passes);
    }
    let Some(function) = digest(last) else {
        let chain = Chain::new(steps, Parsed::Argon2(argon2(last, salt, hash)?));
        return Ok(Parsed::other(chain.with_argon2_work(work)).into());
    };
    check_digest(function, hash)?;
    steps.push(Step::Salted(function, salt.as_bytes().into()));
    let text = codec::to_hex(hash).into_bytes();
    let chain = Chain::new(steps, Parsed::other(Raw::decoded(text, 1)));
    Ok(Parsed::other(chain.with_argon2_work(work)).into())
}

fn check_digest(function: Function, hash: &[u8]) -> Result<(), Fault> {
    if hash.len() == function.bytes() {
        return Ok(());
    }
    Err(Fault::Length { actual: 2 * hash.len(), expected: "the hex of the last version's digest" })
}

/// Bytes, passes and memory in bytes.
fn parameters(version: &str) -> Result<[u32; 3], Fault> {
    let [bytes, passes, memory] = match version.strip_prefix("3_") {
        Some(parameters) => {
            let [bytes, passes, memory] = text::parts::<3>(parameters, '_').ok_or(EXPECTED)?;
            [decimal("length", bytes)?, decimal("passes", passes)?, decimal("memory", memory)?]
        }
        None if version == "2" => ARGON2,
        None => return Err(EXPECTED),
    };
    if !memory.is_multiple_of(1024) {
        return Err(Fault::Structure { expected: "memory in bytes, of whole KiB" });
    }
    if !(4..=512).contains(&bytes) {
        return Err(EXPECTED);
    }
    Ok([bytes, passes, memory])
}

fn argon2(version: &str, salt: &str, hash: &[u8]) -> Result<Argon2, Fault> {
    let [bytes, passes, memory] = parameters(version)?;
    if bytes as usize != hash.len() {
        return Err(Fault::Length { actual: 2 * hash.len(), expected: "the hex of as many bytes as the version says" });
    }
    if salt.is_empty() {
        return Err(Fault::Structure { expected: "a salt for Argon2id" });
    }
    let repeated: Vec<u8> = salt.bytes().cycle().take(SALT_BYTES).collect();
    let text = format!(
        "$argon2id$v=19$m={},t={passes},p=1${}${}",
        memory / 1024,
        codec::to_base64(&repeated),
        codec::to_base64(hash)
    );
    Argon2::parse(&text, Variant::Id)
}

fn digest(version: &str) -> Option<Function> {
    match version {
        "0" => Some(Function::Md5),
        "1" => Some(Function::Sha256),
        _ => None,
    }
}
