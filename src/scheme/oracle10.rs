//! Oracle before 11: DES over name and password in capitals, so that neither has a case.

use subtle::{Choice, ConstantTimeEq};

use super::Scheme;
use super::des::Des;
use crate::codec;
use crate::error::{Fault, OutOfBounds};
use crate::function::Secret;
use crate::keyring::Keyring;
use crate::{Cost, Limits, Unverifiable};

/// The key of the first of two passes.
const KEY: u64 = 0x0123_4567_89ab_cdef;

/// A stored hash; its input is name and password, one after the other.
pub(crate) struct Oracle10 {
    hash: [u8; 8],
}

impl Oracle10 {
    pub(crate) fn parse(text: &str) -> Result<Self, Fault> {
        let length = || Fault::Length { actual: text.len(), expected: "16 hex digits" };
        let hash = codec::hex(text.as_bytes())?;
        Ok(Self { hash: hash.try_into().map_err(|_| length())? })
    }
}

/// UTF-16, highest byte first, filled up with NUL to whole blocks.
fn capitals(input: &[u8]) -> Secret {
    let text = String::from_utf8_lossy(input);
    let mut out = Secret::new(Vec::with_capacity(6 * input.len() + 8));
    for unit in text.chars().flat_map(char::to_uppercase).collect::<String>().encode_utf16() {
        out.extend_from_slice(&unit.to_be_bytes());
    }
    let whole = out.len().next_multiple_of(8);
    out.resize(whole, 0);
    out
}

/// The last block of DES in CBC mode.
fn last_block(key: u64, blocks: &[u8]) -> u64 {
    let des = Des::new(key);
    blocks.chunks_exact(8).fold(0, |before, block| {
        let block = block.iter().fold(0, |block, byte| block << 8 | u64::from(*byte));
        des.encrypt(before ^ block, 0, 1)
    })
}

impl Scheme for Oracle10 {
    fn cost(&self) -> Cost {
        Cost::digests(2)
    }

    fn check(&self, _limits: &Limits) -> Result<(), OutOfBounds> {
        Ok(())
    }

    fn verify(&self, input: &[u8], _keys: &Keyring) -> Result<Choice, Unverifiable> {
        let blocks = capitals(input);
        let computed = last_block(last_block(KEY, &blocks), &blocks);
        // What is no text was never a password there.
        let is_text = std::str::from_utf8(input).is_ok() && !input.contains(&0);
        Ok(self.hash.ct_eq(&computed.to_be_bytes()) & Choice::from(u8::from(is_text)))
    }

    fn canonical(&self, text: &str) -> Option<String> {
        Some(text.to_ascii_uppercase()).filter(|upper| upper != text)
    }

    fn parameters(&self) -> String {
        String::new()
    }

    fn is_weak(&self) -> bool {
        true
    }

    fn is_ambiguous(&self, input: &[u8]) -> bool {
        let text = String::from_utf8_lossy(input);
        text.to_uppercase() != text.to_lowercase()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn published_vectors() {
        for (input, text) in [
            ("scotttiger", "F894844C34402B67"),
            ("SYSTEMmanager", "D4DF7931AB130E37"),
            ("systemMANAGER", "d4df7931ab130e37"),
        ] {
            let hash = Oracle10::parse(text).unwrap();
            assert!(bool::from(hash.verify(input.as_bytes(), &Keyring::new()).unwrap()), "{text}");
            assert!(!bool::from(hash.verify(b"scottx", &Keyring::new()).unwrap()), "{text}");
        }
    }
}
