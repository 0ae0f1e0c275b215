//! MySQL before 4.1: two sums of 31 bits, which pass over blanks and tabs.

use subtle::{Choice, ConstantTimeEq};

use super::Scheme;
use crate::codec;
use crate::error::{Fault, OutOfBounds};
use crate::keyring::Keyring;
use crate::{Cost, Limits, Unverifiable};

/// A stored hash.
pub(crate) struct Mysql323 {
    hash: [u8; 8],
}

impl Mysql323 {
    pub(crate) fn parse(text: &str) -> Result<Self, Fault> {
        let length = || Fault::Length { actual: text.len(), expected: "16 hex digits" };
        let hash: [u8; 8] = codec::hex(text.as_bytes())?.try_into().map_err(|_| length())?;
        if (hash[0] | hash[4]) & 0x80 != 0 {
            return Err(Fault::NonCanonical { part: "each half is a number of 31 bits, and one has more" });
        }
        Ok(Self { hash })
    }
}

fn compute(input: &[u8]) -> [u8; 8] {
    let (mut first, mut second, mut sum) = (0x5030_5735_u32, 0x1234_5671_u32, 7u32);
    for c in input.iter().filter(|c| !matches!(c, b' ' | b'\t')).map(|c| u32::from(*c)) {
        first ^= (first & 63).wrapping_add(sum).wrapping_mul(c).wrapping_add(first << 8);
        second = second.wrapping_add(second << 8 ^ first);
        sum = sum.wrapping_add(c);
    }
    let mut out = [0; 8];
    out[..4].copy_from_slice(&(first & 0x7fff_ffff).to_be_bytes());
    out[4..].copy_from_slice(&(second & 0x7fff_ffff).to_be_bytes());
    out
}

impl Scheme for Mysql323 {
    fn cost(&self) -> Cost {
        Cost::digests(1)
    }

    fn check(&self, _limits: &Limits) -> Result<(), OutOfBounds> {
        Ok(())
    }

    fn verify(&self, input: &[u8], _keys: &Keyring) -> Result<Choice, Unverifiable> {
        Ok(self.hash.ct_eq(&compute(input)))
    }

    fn canonical(&self, text: &str) -> Option<String> {
        Some(text.to_ascii_lowercase()).filter(|lower| lower != text)
    }

    fn parameters(&self) -> String {
        String::new()
    }

    fn is_weak(&self) -> bool {
        true
    }

    fn is_ambiguous(&self, input: &[u8]) -> bool {
        input.iter().any(|c| matches!(c, b' ' | b'\t'))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn published_vectors() {
        for (password, text) in
            [("drew", "697a7de87c5390b2"), ("password", "5d2e19393cc5ef67"), ("mypass", "6f8c114b58f2ce9e")]
        {
            let hash = Mysql323::parse(text).unwrap();
            assert!(bool::from(hash.verify(password.as_bytes(), &Keyring::new()).unwrap()), "{text}");
            assert!(!bool::from(hash.verify(b"x", &Keyring::new()).unwrap()), "{text}");
            assert!(hash.is_ambiguous(b"d rew"));
        }
    }
}
