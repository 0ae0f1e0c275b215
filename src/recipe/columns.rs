//! Keys of PBKDF2 and scrypt that stand bare in a column, with the salt in another and the cost nowhere but in a program:
//! `pbkdf2_sha512($p,$s,25000)`, `scrypt($p,$s,16384,8,1)`.

use std::fmt::{self, Write as _};

use super::{Built, Given, over};
use crate::codec::{self, Alphabet};
use crate::error::Fault;
use crate::expression::{Expression, ExpressionError};
use crate::function::Function;
use crate::scheme::pbkdf2::Pbkdf2;
use crate::scheme::scrypt::Scrypt;
use crate::scheme::{Parsed, TextEncoding, text};

/// A tag of this kind, taken apart.
pub(super) struct Call<'t> {
    derivation: Derivation,
    /// What is hashed.
    pub(super) input: &'t str,
}

enum Derivation {
    Pbkdf2 { function: Function, rounds: u32 },
    Scrypt { log_n: u32, r: u32, p: u32 },
}

/// `None` where the tag is of another kind.
pub(super) fn call(tag: &str) -> Option<Call<'_>> {
    let (name, rest) = tag.split_once('(')?;
    let (name, rest) = (name.trim().to_ascii_lowercase(), rest.trim_end().strip_suffix(')')?);
    let number = |text: &str| text.trim().parse::<u32>().ok().filter(|number| *number > 0);
    let (derivation, rest) = if name == "scrypt" {
        let mut parts = rest.rsplitn(4, ',');
        let [p, r, n] = [number(parts.next()?)?, number(parts.next()?)?, number(parts.next()?)?];
        if !n.is_power_of_two() || n < 2 {
            return None;
        }
        (Derivation::Scrypt { log_n: n.ilog2(), r, p }, parts.next()?)
    } else {
        let function = Function::of(&name.strip_prefix("pbkdf2_")?.replace('-', "_"))?;
        let (rest, rounds) = rest.rsplit_once(',')?;
        (Derivation::Pbkdf2 { function, rounds: number(rounds)? }, rest)
    };
    let (input, salt) = rest.rsplit_once(',')?;
    matches!(salt.trim(), "$s" | "$salt").then_some(Call { derivation, input })
}

impl Call<'_> {
    /// The tag in its one spelling, around what is hashed.
    pub(super) fn around(&self, input: impl fmt::Display) -> String {
        let mut tag = String::new();
        let _ = match &self.derivation {
            Derivation::Pbkdf2 { function, rounds } => write!(tag, "pbkdf2_{}({input},$s,{rounds})", function.as_str()),
            Derivation::Scrypt { log_n, r, p } => write!(tag, "scrypt({input},$s,{},{r},{p})", 1u64 << log_n),
        };
        tag
    }

    pub(super) fn expression(&self) -> Result<Expression, ExpressionError> {
        Expression::parse(self.input)
    }

    /// Reads a key, in hex or base64.
    pub(super) fn read(&self, key: &str, given: &Given) -> Result<Built, Fault> {
        let wrap = |error: ExpressionError| Fault::Expression { column: error.column, expected: error.expected };
        let (input, variables) = (self.expression().map_err(wrap)?, given.variables.clone());
        let salt = variables.salt.as_deref().ok_or(Fault::MissingSalt)?.to_vec();
        let uses = input.uses();
        if (uses.salt2 && variables.salt2.is_none()) || (uses.user && variables.user.is_none()) {
            return Err(if uses.user { Fault::MissingUser } else { Fault::MissingSalt });
        }
        if variables.salt2.is_some() && !uses.salt2 {
            return Err(Fault::UnusedSalt);
        }
        if variables.user.is_some() && !uses.user {
            return Err(Fault::UnusedUser);
        }
        let output = decoded(key, given.encoding)?;
        text::check_least(&output, KEY_BYTES_MIN, key)?;
        let parsed = match self.derivation {
            Derivation::Pbkdf2 { function, rounds } => {
                Parsed::other(Pbkdf2::new(function, rounds, salt, output)?.with_open_end())
            }
            Derivation::Scrypt { log_n, r, p } => {
                Parsed::other(Scrypt::new(log_n, r, p, salt, output)?.with_open_end())
            }
        };
        Ok(Built { has_columns: true, ..over(parsed, input, variables) })
    }
}

/// Nobody derives less; what is shorter was cut off.
const KEY_BYTES_MIN: usize = 16;

fn decoded(key: &str, encoding: Option<TextEncoding>) -> Result<Vec<u8>, Fault> {
    let is_hex = key.len().is_multiple_of(2) && key.bytes().all(|c| c.is_ascii_hexdigit());
    match encoding {
        Some(TextEncoding::Hex) => codec::hex(key.as_bytes()),
        Some(TextEncoding::Base64) => codec::base64_padded_or_not(key.as_bytes(), Alphabet::Standard),
        Some(TextEncoding::Base64Url) => codec::base64_padded_or_not(key.as_bytes(), Alphabet::Url),
        None if is_hex => codec::hex(key.as_bytes()),
        None => codec::base64_padded_or_not(key.as_bytes(), Alphabet::StandardOrUrl),
    }
}
