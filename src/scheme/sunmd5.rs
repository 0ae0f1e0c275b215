//! Solaris' MD5 crypt: `$md5$`, 4096 rounds and more, each over a soliloquy or not as a coin falls that the digest tosses.

use subtle::{Choice, ConstantTimeEq};

use super::{Scheme, h64, text};
use crate::error::{Fault, OutOfBounds};
use crate::function::{Function, Secret};
use crate::keyring::Keyring;
use crate::{Cost, Limits, Unverifiable};

/// Hamlet, act III, scene 1; the NUL at its end is hashed too.
const SPEECH: &[u8] = include_bytes!("hamlet.txt");
const ROUNDS_LEAST: u32 = 4096;
const EXPECTED: Fault = Fault::Structure {
    expected: "`$md5$`, `$md5,rounds=N$` or `$md5$rounds=N$`, a salt, `$` or `$$`, and 22 characters",
};

/// A stored Solaris hash.
pub(crate) struct Sunmd5 {
    rounds: u32,
    /// All that stands before the hash: it is the salt, the second `$` included where there is one.
    setting: Box<[u8]>,
    hash: Box<[u8]>,
}

impl Sunmd5 {
    pub(crate) fn parse(text: &str) -> Result<Self, Fault> {
        // The manual has a comma; others write the rounds after a `$`, which crypt(3) reads too.
        let rest = text.strip_prefix("$md5,rounds=").or_else(|| text.strip_prefix("$md5$rounds="));
        let (extra, salt_at) = match rest {
            Some(rest) => {
                let (rounds, _) = rest.split_once('$').ok_or(EXPECTED)?;
                (text::decimal("rounds", rounds)?, text.len() - rest.len() + rounds.len() + 1)
            }
            None if text.starts_with("$md5$") => (0, 5),
            None => return Err(EXPECTED),
        };
        let (setting, hash) = text.rsplit_once('$').ok_or(EXPECTED)?;
        let salt = setting.get(salt_at..).ok_or(EXPECTED)?;
        let salt = salt.strip_suffix('$').unwrap_or(salt);
        if salt.contains(['$', ':', '\n']) {
            return Err(EXPECTED);
        }
        let rounds = extra.checked_add(ROUNDS_LEAST).ok_or(EXPECTED)?;
        Ok(Self { rounds, setting: setting.as_bytes().into(), hash: h64::check(hash.as_bytes(), 16)? })
    }

    fn compute(&self, input: &[u8]) -> Secret {
        let mut block = Secret::new(Vec::with_capacity(input.len() + self.setting.len() + SPEECH.len() + 32));
        block.extend_from_slice(input);
        block.extend_from_slice(&self.setting);
        let mut digest = Function::Md5.digest(&block);
        for round in 0..self.rounds {
            block.clear();
            block.extend_from_slice(&digest);
            if toss(&digest, round) {
                block.extend_from_slice(SPEECH);
                block.push(0);
            }
            block.extend_from_slice(round.to_string().as_bytes());
            digest = Function::Md5.digest(&block);
        }
        digest
    }
}

/// The bit of a digest at a place below 128.
fn bit(digest: &[u8], place: u32) -> u32 {
    let byte = digest.get((place >> 3 & 15) as usize).copied().unwrap_or(0);
    u32::from(byte >> (place & 7)) & 1
}

/// Two numbers of seven bits are read off the digest, each by its own bytes; the coin is the two bits they point at.
fn toss(digest: &[u8], round: u32) -> bool {
    let byte = |place: usize| digest.get(place & 15).copied().map_or(0, u32::from);
    let number = |from: usize, shift: u32| {
        (0..7).fold(0, |number, place: usize| {
            let a = byte(from + place + shift as usize);
            let b = byte(from + place + shift as usize + 3);
            let value = byte((a >> (b % 5)) as usize) >> (b >> (a & 7) & 1);
            number | bit(digest, value & 127) << place
        })
    };
    let x = number(0, bit(digest, round & 127));
    let y = number(8, bit(digest, (round + 64) & 127));
    bit(digest, x) ^ bit(digest, y) == 1
}

/// The order in which crypt writes the bytes.
const ORDER: [usize; 16] = [12, 6, 0, 13, 7, 1, 14, 8, 2, 15, 9, 3, 5, 10, 4, 11];

impl Scheme for Sunmd5 {
    fn cost(&self) -> Cost {
        // About half of the rounds hash the speech too: 24 blocks of 64 bytes.
        Cost::digests(u64::from(self.rounds) * 13)
    }

    fn check(&self, limits: &Limits) -> Result<(), OutOfBounds> {
        OutOfBounds::check("rounds", 0, limits.crypt_rounds.into(), self.rounds.into())
    }

    fn verify(&self, input: &[u8], _keys: &Keyring) -> Result<Choice, Unverifiable> {
        let digest = self.compute(input);
        let computed = h64::encode(ORDER.iter().map(|place| digest.get(*place).copied().unwrap_or(0)));
        Ok(self.hash.ct_eq(&computed))
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
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn published_vectors() {
        for (password, text) in [
            ("Gpcs3_adm", "$md5$zrdhpMlZ$$wBvMOEqbSjU.hu5T2VEP01"),
            ("passwd", "$md5$RPgLF6IJ$WTvAlUJ7MqH5xak2FMEwS/"),
            ("aa12345678", "$md5$vyy8.OVF$$FY4TWzuauRl4.VQNobqMY."),
        ] {
            let hash = Sunmd5::parse(text).unwrap();
            assert!(bool::from(hash.verify(password.as_bytes(), &Keyring::new()).unwrap()), "{text}");
            assert!(!bool::from(hash.verify(b"x", &Keyring::new()).unwrap()), "{text}");
        }
        assert!(Sunmd5::parse("$md5$$$wBvMOEqbSjU.hu5T2VEP01").is_ok(), "an empty salt");
        for text in ["$md5$", "$md5$zrdhpMlZ$$wBvMOEqbSjU.hu5T2VEP0", "$md5,rounds=$a$$wBvMOEqbSjU.hu5T2VEP01"] {
            assert!(Sunmd5::parse(text).is_err(), "{text}");
        }
    }
}
