//! Magento's chains: `hex:salt:version[:version…]`, each version over the hex of the one before.

use super::{Built, Parsed, Raw, over, salted};
use crate::codec;
use crate::error::Fault;
use crate::expression::Expression;
use crate::kernel::argon2::Variant;
use crate::scheme::argon2::Argon2;
use crate::scheme::text::decimal;

const EXPECTED: Fault = Fault::Structure {
    expected: "hex, `:`, a salt, `:` and a version of 0, 1, 2 or 3_BYTES_PASSES_MEMORY, or several",
};

/// What version 2 means: libsodium's interactive limits.
const ARGON2: [u32; 3] = [32, 2, 67_108_864];
/// libsodium's salts have 16 bytes: Magento cuts or repeats its own.
const SALT_BYTES: usize = 16;

pub(super) fn read(text: &str) -> Result<Built, Fault> {
    let mut parts = text.split(':');
    let (hash, salt) = (parts.next().unwrap_or_default(), parts.next().ok_or(EXPECTED)?);
    let versions: Vec<&str> = parts.collect();
    let (last, earlier) = versions.split_last().ok_or(EXPECTED)?;
    let mut expression = "$p".to_owned();
    for version in earlier {
        let name = digest(version).ok_or(Fault::Structure { expected: "Argon2id at the end of the chain alone" })?;
        expression = format!("{name}($s.{expression})");
    }
    let hash = codec::hex(hash.as_bytes())?;
    let parse = |text: &str| Expression::parse(text).map_err(|_| EXPECTED);
    if let Some(name) = digest(last) {
        let expression = parse(&format!("{name}_raw($s.{expression})"))?;
        if expression.digest_bytes() != Some(hash.len()) {
            return Err(Fault::Length { actual: 2 * hash.len(), expected: "the hex of the last version's digest" });
        }
        let variables = salted(salt.as_bytes());
        return Ok(over(Parsed::other(Raw::decoded(hash, expression.rounds(&variables))), expression, variables));
    }
    let [bytes, passes, memory] = match last.strip_prefix("3_") {
        Some(parameters) => {
            let [bytes, passes, memory] = crate::scheme::text::parts::<3>(parameters, '_').ok_or(EXPECTED)?;
            [decimal("length", bytes)?, decimal("passes", passes)?, decimal("memory", memory)?]
        }
        None if *last == "2" => ARGON2,
        None => return Err(EXPECTED),
    };
    if !memory.is_multiple_of(1024) {
        return Err(Fault::Structure { expected: "memory in bytes, of whole KiB" });
    }
    if bytes as usize != hash.len() {
        return Err(Fault::Length { actual: 2 * hash.len(), expected: "the hex of as many bytes as the version says" });
    }
    if salt.is_empty() {
        return Err(Fault::Structure { expected: "a salt for Argon2id" });
    }
    let repeated: Vec<u8> = salt.bytes().cycle().take(SALT_BYTES).collect();
    let argon2 = format!(
        "$argon2id$v=19$m={},t={passes},p=1${}${}",
        memory / 1024,
        codec::to_base64(&repeated),
        codec::to_base64(&hash)
    );
    let parsed = Parsed::Argon2(Argon2::parse(&argon2, Variant::Id)?);
    if expression == "$p" {
        return Ok(parsed.into());
    }
    Ok(over(parsed, parse(&expression)?, salted(salt.as_bytes())))
}

fn digest(version: &str) -> Option<&'static str> {
    match version {
        "0" => Some("md5"),
        "1" => Some("sha256"),
        _ => None,
    }
}
