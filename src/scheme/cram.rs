//! CRAM-MD5's stored secret: the two states of MD5 after the first block of HMAC, for the outer hash and for the inner. Mail servers
//! keep it so that they can answer a challenge without the password.

use md5::block_api::compress;
use subtle::{Choice, ConstantTimeEq};
use zeroize::Zeroizing;

use super::Scheme;
use crate::codec::{self, Alphabet};
use crate::error::{Fault, OutOfBounds};
use crate::function::Function;
use crate::keyring::Keyring;
use crate::{Cost, Limits, Unverifiable};

const BLOCK_BYTES: usize = 64;
/// What MD5 begins with (RFC 1321, 3.3).
const INITIAL: [u32; 4] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476];
/// What HMAC combines its key with (RFC 2104), in the order in which the states are stored.
const PADS: [u8; 2] = [0x5c, 0x36];

/// A stored secret, decoded.
pub(crate) struct CramMd5 {
    states: [u8; 32],
}

impl CramMd5 {
    /// `{CRAM-MD5}` or `{HMAC-MD5}`, and 64 hex digits; with `.B64` after the name, base64: Dovecot's.
    pub(crate) fn parse(text: &str) -> Result<Self, Fault> {
        const EXPECTED: Fault = Fault::Structure { expected: "`{CRAM-MD5}` and 64 hex digits" };
        let (name, body) = text.strip_prefix('{').and_then(|rest| rest.split_once('}')).ok_or(EXPECTED)?;
        let name = name.to_ascii_uppercase();
        let bytes = match name.strip_prefix("CRAM-MD5").or_else(|| name.strip_prefix("HMAC-MD5")).ok_or(EXPECTED)? {
            "" | ".HEX" => codec::hex(body.as_bytes())?,
            ".B64" | ".BASE64" => codec::base64_padded_or_not(body.as_bytes(), Alphabet::Standard)?,
            _ => return Err(EXPECTED),
        };
        let states = bytes.try_into().map_err(|_| Fault::Length { actual: body.len(), expected: "64 hex digits" })?;
        Ok(Self { states })
    }
}

/// Both states for a password.
fn states(password: &[u8]) -> Zeroizing<[u8; 32]> {
    let mut key = Zeroizing::new([0; BLOCK_BYTES]);
    if password.len() > BLOCK_BYTES {
        let digest = Function::Md5.digest(password);
        key[..digest.len()].copy_from_slice(&digest);
    } else {
        key[..password.len()].copy_from_slice(password);
    }
    let mut states = Zeroizing::new([0; 32]);
    for (pad, place) in PADS.iter().zip(states.chunks_mut(16)) {
        let mut block = Zeroizing::new([[0; BLOCK_BYTES]]);
        for (byte, key) in block[0].iter_mut().zip(key.iter()) {
            *byte = key ^ pad;
        }
        let mut state = Zeroizing::new(INITIAL);
        compress(&mut state, &*block);
        for (bytes, word) in place.chunks_mut(4).zip(state.iter()) {
            bytes.copy_from_slice(&word.to_le_bytes());
        }
    }
    states
}

impl Scheme for CramMd5 {
    fn cost(&self) -> Cost {
        Cost::digests(2)
    }

    fn check(&self, _limits: &Limits) -> Result<(), OutOfBounds> {
        Ok(())
    }

    fn verify(&self, input: &[u8], _keys: &Keyring) -> Result<Choice, Unverifiable> {
        Ok(self.states.ct_eq(&*states(input)))
    }

    fn canonical(&self, _text: &str) -> Option<String> {
        None
    }

    fn parameters(&self) -> String {
        String::new()
    }

    fn is_weak(&self) -> bool {
        true
    }

    fn is_ambiguous(&self, input: &[u8]) -> bool {
        // HMAC fills a short key up with NULs.
        input.last() == Some(&0)
    }
}
