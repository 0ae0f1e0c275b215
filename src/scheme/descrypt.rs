//! The oldest crypt(3): DES over a block of zeros, 25 times with a salt of 12 bits, or BSDi's `_`, with a count and a salt of
//! 24 bits. Each looks at seven bits of a character, the first at eight characters.

use subtle::{Choice, ConstantTimeEq};

use super::des::Des;
use super::{Scheme, h64};
use crate::error::{Fault, OutOfBounds};
use crate::keyring::Keyring;
use crate::{Cost, Limits, Unverifiable};

const ROUNDS: u32 = 25;
/// How many characters of a password the older form looks at.
const INPUT_BYTES_MAX: usize = 8;
const EXPECTED: Fault = Fault::Structure { expected: "13 characters of ./0-9A-Za-z, or `_` and 19" };

/// A stored DES crypt hash.
pub(crate) struct Descrypt {
    is_extended: bool,
    rounds: u32,
    salt: u32,
    hash: u64,
}

/// Six bits a character, the lowest first.
fn number(text: &[u8]) -> Result<u32, Fault> {
    let digits = text.iter().rev().map(|c| h64::value(*c).map(u32::from));
    digits.into_iter().try_fold(0, |value, digit| digit.map(|digit| value << 6 | digit)).ok_or(EXPECTED)
}

/// Eight characters as a key: seven bits of each, over the bit of parity.
fn key(part: &[u8]) -> u64 {
    (0..8).fold(0, |key, place| key << 8 | u64::from(part.get(place).copied().unwrap_or(0) << 1))
}

impl Descrypt {
    pub(crate) fn parse(text: &str, is_extended: bool) -> Result<Self, Fault> {
        let text = text.as_bytes();
        let (rounds, salt, hash) = match text {
            [b'_', rest @ ..] if is_extended && rest.len() == 19 => {
                // crypt(3) takes no rounds for one.
                (number(&rest[..4])?.max(1), number(&rest[4..8])?, &rest[8..])
            }
            [first, second, hash @ ..] if !is_extended && hash.len() == 11 => {
                (ROUNDS, number(&[*first, *second])?, hash)
            }
            _ => return Err(EXPECTED),
        };
        // Eleven characters, highest bits first; the last holds four.
        let hash = hash.iter().try_fold(0u128, |value, c| h64::value(*c).map(|bits| value << 6 | u128::from(bits)));
        let hash = hash.ok_or(EXPECTED)?;
        if hash & 0b11 != 0 {
            return Err(Fault::NonCanonical { part: "the last character has bits set that carry no value" });
        }
        Ok(Self { is_extended, rounds, salt, hash: (hash >> 2) as u64 })
    }

    fn compute(&self, input: &[u8]) -> u64 {
        let mut parts = input.chunks(8);
        let mut folded = key(parts.next().unwrap_or_default());
        if self.is_extended {
            for part in parts {
                folded = Des::new(folded).encrypt(folded, 0, 1) ^ key(part);
            }
        }
        Des::new(folded).encrypt(0, self.salt, self.rounds)
    }
}

impl Scheme for Descrypt {
    fn cost(&self) -> Cost {
        Cost::digests(u64::from(self.rounds))
    }

    fn check(&self, limits: &Limits) -> Result<(), OutOfBounds> {
        OutOfBounds::check("rounds", 1, limits.crypt_rounds.into(), self.rounds.into())
    }

    fn verify(&self, input: &[u8], _keys: &Keyring) -> Result<Choice, Unverifiable> {
        // Where C would have stopped, nothing matches: a key is filled up with NUL, so that "a" and "a\0" were one.
        let is_text = !input.contains(&0);
        Ok(self.hash.to_be_bytes().ct_eq(&self.compute(input).to_be_bytes()) & Choice::from(u8::from(is_text)))
    }

    fn canonical(&self, _text: &str) -> Option<String> {
        None
    }

    fn parameters(&self) -> String {
        format!("rounds={}", self.rounds)
    }

    fn is_weak(&self) -> bool {
        true
    }

    fn is_ambiguous(&self, input: &[u8]) -> bool {
        !input.is_ascii() || (!self.is_extended && input.len() > INPUT_BYTES_MAX)
    }

    fn input_bytes_max(&self) -> Option<usize> {
        (!self.is_extended).then_some(INPUT_BYTES_MAX)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn published_vectors() {
        for (password, text) in [
            ("U*U*U*U*", "CCNf8Sbh3HDfQ"),
            ("U*U***U", "CCX.K.MFy4Ois"),
            ("U*U***U*", "CC4rMpbg9AMZ."),
            ("*U*U*U*U", "XXxzOu6maQKqQ"),
            ("", "SDbsugeBiC58A"),
            ("U*U*U*U*", "_J9..CCCCXBrJUJV154M"),
            ("U*U***U", "_J9..CCCCXUhOBTXzaiE"),
            ("ab1234567", "_J9..SDizh.vll5VED9g"),
        ] {
            let hash = Descrypt::parse(text, text.starts_with('_')).unwrap();
            assert!(bool::from(hash.verify(password.as_bytes(), &Keyring::new()).unwrap()), "{text}");
            assert!(!bool::from(hash.verify(b"x", &Keyring::new()).unwrap()), "{text}");
            assert!(Descrypt::parse(&text[..text.len() - 1], text.starts_with('_')).is_err());
        }
        let old = Descrypt::parse("CCNf8Sbh3HDfQ", false).unwrap();
        assert!(bool::from(old.verify(b"U*U*U*U*ignored", &Keyring::new()).unwrap()));
        assert!(old.is_ambiguous(b"U*U*U*U*ignored") && !old.is_ambiguous(b"U*U*U*U*"));
        let short = Descrypt::parse("SDbsugeBiC58A", false).unwrap();
        assert!(!bool::from(short.verify(b"\0", &Keyring::new()).unwrap()));
        assert!(Descrypt::parse("CCNf8Sbh3HDfR", false).is_err());
    }
}
