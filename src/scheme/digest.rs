//! A single digest of the input: MD5, SHA-1, SHA-256. The text is the digest's bytes in hex or base64, and its
//! length proves which.

use md5::Md5;
use sha1::Sha1;
use sha2::{Digest as _, Sha256};
use subtle::{Choice, ConstantTimeEq};
use zeroize::Zeroizing;

use super::{Scheme, TextEncoding};
use crate::codec::{self, Alphabet};
use crate::error::{Fault, OutOfBounds};
use crate::keyring::Keyring;
use crate::{Cost, Limits, Unverifiable};

/// Which digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Md5,
    Sha1,
    Sha256,
}

impl Kind {
    /// Digest length in bytes.
    const fn bytes(self) -> usize {
        match self {
            Self::Md5 => 16,
            Self::Sha1 => 20,
            Self::Sha256 => 32,
        }
    }

    /// The lengths a text of this digest can have, for people.
    const fn lengths(self) -> &'static str {
        match self {
            Self::Md5 => "32 hex digits or 22 to 24 of base64",
            Self::Sha1 => "40 hex digits or 27 to 28 of base64",
            Self::Sha256 => "64 hex digits or 43 to 44 of base64",
        }
    }

    /// Characters of unpadded base64.
    const fn base64_chars(bytes: usize) -> usize {
        (bytes * 4).div_ceil(3)
    }
}

/// A stored digest, decoded.
#[derive(Clone)]
pub(crate) struct Digest {
    kind: Kind,
    /// The first `kind.bytes()` of it; the rest is nought, on both sides of every comparison.
    bytes: [u8; 32],
}

impl Digest {
    pub(crate) fn parse(kind: Kind, text: &str, encoding: Option<TextEncoding>) -> Result<Self, Fault> {
        let text = text.as_bytes();
        let is_hex_length = text.len() == 2 * kind.bytes();
        if is_hex_length && matches!(encoding, None | Some(TextEncoding::Hex)) {
            let mut bytes = [0; 32];
            codec::hex_exact(text, &mut bytes[..kind.bytes()])?;
            return Ok(Self { kind, bytes });
        }
        let decoded = match encoding {
            Some(TextEncoding::Hex) => codec::hex(text),
            Some(TextEncoding::Base64) => base64(text, Alphabet::Standard),
            Some(TextEncoding::Base64Url) => base64(text, Alphabet::Url),
            None => return Self::parse_by_length(kind, text),
        };
        Self::whole(kind, text, &decoded?)
    }

    /// Not the length of hex: base64, or a value that has no business here.
    fn parse_by_length(kind: Kind, text: &[u8]) -> Result<Self, Fault> {
        let unpadded = text.iter().rposition(|c| *c != b'=').map_or(0, |last| last + 1);
        // What is hex throughout is another digest's, or cut off: base64 of a digest has other symbols too.
        let is_hex = unpadded == text.len() && text.iter().all(u8::is_ascii_hexdigit);
        if unpadded == Kind::base64_chars(kind.bytes()) && !is_hex {
            return Self::whole(kind, text, &base64(text, Alphabet::StandardOrUrl)?);
        }
        if let Some(fault) = twice_encoded(kind, text) {
            return Err(fault);
        }
        // A symbol that no encoding has says more than the length.
        let is_symbol = |c: &u8| c.is_ascii_alphanumeric() || b"+/-_=".contains(c);
        if let Some(at) = text.iter().position(|c| !is_symbol(c)) {
            return Err(Fault::Symbol { at: at + 1, alphabet: "hex, base64 or base64url" });
        }
        if codec::without_padding(text)?.contains(&b'=') {
            return Err(Fault::Padding);
        }
        Err(Fault::Length { actual: text.len(), expected: kind.lengths() })
    }

    /// The decoded value, if it has the digest's length.
    fn whole(kind: Kind, text: &[u8], decoded: &[u8]) -> Result<Self, Fault> {
        let mut bytes = [0; 32];
        match bytes.get_mut(..decoded.len()) {
            Some(place) if decoded.len() == kind.bytes() => place.copy_from_slice(decoded),
            _ => {
                let length = Fault::Length { actual: text.len(), expected: kind.lengths() };
                return Err(twice_encoded(kind, text).unwrap_or(length));
            }
        }
        Ok(Self { kind, bytes })
    }

    fn compute(kind: Kind, input: &[u8]) -> Zeroizing<[u8; 32]> {
        let mut out = Zeroizing::new([0; 32]);
        match kind {
            Kind::Md5 => out[..16].copy_from_slice(&Md5::digest(input)),
            Kind::Sha1 => out[..20].copy_from_slice(&Sha1::digest(input)),
            Kind::Sha256 => out.copy_from_slice(&Sha256::digest(input)),
        }
        out
    }
}

fn base64(text: &[u8], alphabet: Alphabet) -> Result<Vec<u8>, Fault> {
    codec::base64_padded_or_not(text, alphabet)
}

/// The fault to report where the text is an encoding of the digest's hex text (`base64(hex(…))`, `hex(hex(…))`), a
/// mistake of exporters that hash libraries invite by printing hex.
fn twice_encoded(kind: Kind, text: &[u8]) -> Option<Fault> {
    let is_hex_of_digest = |inner: &[u8]| inner.len() == 2 * kind.bytes() && inner.iter().all(u8::is_ascii_hexdigit);
    let outer = if text.len() == 4 * kind.bytes() && codec::hex(text).is_ok_and(|inner| is_hex_of_digest(&inner)) {
        "hex"
    } else if base64(text, Alphabet::StandardOrUrl).is_ok_and(|inner| is_hex_of_digest(&inner)) {
        "base64"
    } else {
        return None;
    };
    Some(Fault::DoubleEncoded { outer, inner: "hex" })
}

impl Scheme for Digest {
    fn cost(&self) -> Cost {
        Cost::DIGEST
    }

    fn check(&self, _limits: &Limits) -> Result<(), OutOfBounds> {
        Ok(())
    }

    fn verify(&self, input: &[u8], _keys: &Keyring) -> Result<Choice, Unverifiable> {
        Ok(self.bytes.ct_eq(&*Self::compute(self.kind, input)))
    }

    fn canonical(&self, text: &str) -> Option<String> {
        let is_canonical = text.len() == 2 * self.kind.bytes()
            && !text.bytes().fold(false, |is_upper, c| is_upper | c.is_ascii_uppercase());
        (!is_canonical).then(|| codec::to_hex(&self.bytes[..self.kind.bytes()]))
    }

    fn parameters(&self) -> String {
        String::new()
    }

    fn takes_encoding(&self) -> bool {
        true
    }
}
