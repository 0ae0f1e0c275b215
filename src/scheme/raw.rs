//! A digest of an expression: the engine evaluates the expression, and what it gives is compared with the decoded hash. The
//! text is hex in either case or base64, and its length proves which.

use subtle::{Choice, ConstantTimeEq};

use super::{Scheme, TextEncoding};
use crate::codec::{self, Alphabet};
use crate::error::{Fault, OutOfBounds};
use crate::keyring::Keyring;
use crate::{Cost, Limits, Unverifiable};

/// A stored digest, decoded.
pub(crate) struct Raw {
    digest: Box<[u8]>,
    /// How many digests one verification computes.
    rounds: u64,
    /// Whether the text is the digest and nothing else, so that lower-case hex is its one spelling.
    is_bare: bool,
}

impl Raw {
    /// A digest that was decoded with the rest of its text.
    pub(crate) fn decoded(digest: Vec<u8>, rounds: u64) -> Self {
        Self { digest: digest.into(), rounds, is_bare: false }
    }

    /// Reads a text that is nothing but the digest.
    pub(crate) fn parse(text: &str, bytes: usize, rounds: u64, encoding: Option<TextEncoding>) -> Result<Self, Fault> {
        let digest = decode(text.as_bytes(), bytes, encoding)?;
        Ok(Self { digest: digest.into(), rounds, is_bare: true })
    }
}

/// The bytes of a digest in hex or base64, of a length that is known.
pub(crate) fn decode(text: &[u8], bytes: usize, encoding: Option<TextEncoding>) -> Result<Vec<u8>, Fault> {
    let length = || Fault::Length { actual: text.len(), expected: "a digest of the method in hex or base64" };
    let base64 = |text, alphabet| codec::base64_padded_or_not(text, alphabet);
    let unpadded = text.iter().rposition(|c| *c != b'=').map_or(0, |last| last + 1);
    let decoded = match encoding {
        Some(TextEncoding::Hex) => codec::hex(text)?,
        Some(TextEncoding::Base64) => base64(text, Alphabet::Standard)?,
        Some(TextEncoding::Base64Url) => base64(text, Alphabet::Url)?,
        None if text.len() == 2 * bytes => codec::hex(text)?,
        None if text.len() == 4 * bytes
            && codec::hex(text).is_ok_and(|inner| inner.iter().all(u8::is_ascii_hexdigit)) =>
        {
            return Err(Fault::DoubleEncoded { outer: "hex", inner: "hex" });
        }
        // Hex of another digest, or cut off: base64 of a digest has other symbols too, but once in ten thousand million.
        None if text.len() >= 22 && text.iter().all(u8::is_ascii_hexdigit) => return Err(length()),
        None if unpadded == (bytes * 4).div_ceil(3) => base64(text, Alphabet::StandardOrUrl)?,
        None => {
            let is_symbol = |c: &u8| c.is_ascii_alphanumeric() || b"+/-_=".contains(c);
            let is_hex_of_digest = |inner: Vec<u8>| inner.len() == 2 * bytes && inner.iter().all(u8::is_ascii_hexdigit);
            return Err(match text.iter().position(|c| !is_symbol(c)) {
                Some(at) => Fault::Symbol { at: at + 1, alphabet: "hex, base64 or base64url" },
                None if base64(text, Alphabet::StandardOrUrl).is_ok_and(is_hex_of_digest) => {
                    Fault::DoubleEncoded { outer: "base64", inner: "hex" }
                }
                None => length(),
            });
        }
    };
    match decoded {
        decoded if decoded.len() == bytes => Ok(decoded),
        inner if inner.len() == 2 * bytes && inner.iter().all(u8::is_ascii_hexdigit) => {
            let outer = if encoding == Some(TextEncoding::Hex) { "hex" } else { "base64" };
            Err(Fault::DoubleEncoded { outer, inner: "hex" })
        }
        _ => Err(length()),
    }
}

impl Scheme for Raw {
    fn cost(&self) -> Cost {
        Cost::digests(self.rounds)
    }

    fn check(&self, limits: &Limits) -> Result<(), OutOfBounds> {
        OutOfBounds::check("digest_rounds", 0, limits.digest_rounds.into(), self.rounds)
    }

    fn verify(&self, input: &[u8], _keys: &Keyring) -> Result<Choice, Unverifiable> {
        Ok(self.digest.ct_eq(input))
    }

    fn canonical(&self, text: &str) -> Option<String> {
        if !self.is_bare {
            return None;
        }
        Some(codec::to_hex(&self.digest)).filter(|hex| hex != text)
    }

    fn parameters(&self) -> String {
        String::new()
    }

    fn is_comparison(&self) -> bool {
        true
    }

    fn takes_encoding(&self) -> bool {
        self.is_bare
    }
}
