//! SHA-crypt: `$5$` over SHA-256 and `$6$` over SHA-512, as Drepper wrote it down. Rounds outside 1000 to 999,999,999 are
//! refused, as libxcrypt does: where another implementation clamped them, the text it wrote says the clamped number.

use subtle::{Choice, ConstantTimeEq};

use super::{Scheme, h64, rounds, text};
use crate::error::{Fault, OutOfBounds};
use crate::function::{Digest, Function, Secret};
use crate::keyring::Keyring;
use crate::{Cost, Limits, Unverifiable};

const DEFAULT_ROUNDS: u32 = 5000;
const EXPECTED: Fault = Fault::Structure {
    expected: "`$5$` or `$6$`, `rounds=N$` or nothing, a salt of up to 16 characters, `$` and the hash",
};

/// A stored SHA-crypt hash.
pub(crate) struct Shacrypt {
    function: Function,
    rounds: u32,
    salt: Box<[u8]>,
    hash: Box<[u8]>,
}

impl Shacrypt {
    pub(crate) fn parse(text: &str, function: Function) -> Result<Self, Fault> {
        let marks = if function == Function::Sha256 { ["$5$", "$sha256-crypt$"] } else { ["$6$", "$sha512-crypt$"] };
        let rest = marks.iter().find_map(|mark| text.strip_prefix(mark)).ok_or(EXPECTED)?;
        let (rounds, rest) = match rest.strip_prefix("rounds=") {
            Some(rest) => {
                let (rounds, rest) = rest.split_once('$').ok_or(EXPECTED)?;
                (text::decimal("rounds", rounds)?, rest)
            }
            None => (DEFAULT_ROUNDS, rest),
        };
        let (salt, hash) = rest.split_once('$').ok_or(EXPECTED)?;
        if salt.len() > 16 || salt.contains([':', '\n']) {
            return Err(EXPECTED);
        }
        Ok(Self {
            function,
            rounds,
            salt: salt.as_bytes().into(),
            hash: h64::check(hash.as_bytes(), function.bytes())?,
        })
    }

    fn compute(&self, input: &[u8]) -> Secret {
        let size = self.function.bytes();
        let mut block = Secret::new(Vec::with_capacity(16 * (input.len() + 64)));
        // B
        block.extend_from_slice(input);
        block.extend_from_slice(&self.salt);
        block.extend_from_slice(input);
        let b = self.function.digest(&block);
        // A
        block.clear();
        block.extend_from_slice(input);
        block.extend_from_slice(&self.salt);
        block.extend(b.iter().copied().cycle().take(input.len()));
        let mut bits = input.len();
        while bits > 0 {
            block.extend_from_slice(if bits & 1 == 1 { &b } else { input });
            bits >>= 1;
        }
        let mut digest = self.function.digest(&block);
        // P: the password's own digest, once for every byte of it.
        let long = self.function.digest_repeated(input, input.len());
        let p = Secret::new(long.iter().copied().cycle().take(input.len()).collect());
        let long = self.function.digest_repeated(&self.salt, 16 + usize::from(digest[0]));
        let s = Secret::new(long.iter().copied().cycle().take(self.salt.len()).collect());
        let mut last = Digest::new([0; 64]);
        last[..size].copy_from_slice(&digest);
        rounds::run(self.function, &p, &s, self.rounds, &mut last);
        digest.copy_from_slice(&last[..size]);
        digest
    }

    /// The bytes in the order in which crypt writes them: three columns, turned by one in each row.
    fn order(&self) -> impl Iterator<Item = usize> {
        let (third, last): (usize, &[usize]) =
            if self.function == Function::Sha256 { (10, &[30, 31]) } else { (21, &[63]) };
        let turn = if self.function == Function::Sha256 { 2 } else { 1 };
        (0..third)
            .flat_map(move |row| {
                let columns = [row, row + third, row + 2 * third];
                let first = (row * turn) % 3;
                // Written lowest first, so that the row stands backwards.
                [columns[(first + 2) % 3], columns[(first + 1) % 3], columns[first]]
            })
            .chain(last.iter().copied())
    }
}

impl Scheme for Shacrypt {
    fn cost(&self) -> Cost {
        Cost::digests(u64::from(self.rounds) * 2)
    }

    fn check(&self, limits: &Limits) -> Result<(), OutOfBounds> {
        OutOfBounds::check("rounds", 1000, limits.crypt_rounds.min(999_999_999).into(), self.rounds.into())
    }

    fn work(&self, input_bytes: usize) -> u64 {
        let before = self.function.blocks((input_bytes * input_bytes) as u64);
        before + rounds::work(self.function, input_bytes, self.salt.len(), self.rounds)
    }

    fn verify(&self, input: &[u8], _keys: &Keyring) -> Result<Choice, Unverifiable> {
        let digest = self.compute(input);
        let computed = h64::encode(self.order().map(|place| digest.get(place).copied().unwrap_or(0)));
        Ok(self.hash.ct_eq(&computed))
    }

    fn canonical(&self, _text: &str) -> Option<String> {
        None
    }

    fn parameters(&self) -> String {
        format!("rounds={}", self.rounds)
    }

    fn is_weak(&self) -> bool {
        // What these cost is that of PBKDF2 with as many rounds.
        self.rounds < 200_000
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn published_vectors() {
        for (text, function) in [
            ("$5$7777657035274252$XftMj84MW.New1/ViLY5V4CM4Y7EBvfETaZsCW9vcJ8", Function::Sha256),
            (
                "$6$72820166$U4DVzpcYxgw7MVVDGGvB2/H5lRistD5.Ah4upwENR5UtffLR4X4SxSzfREv8z6wVl0jRFX40/KnYVvK4829kD1",
                Function::Sha512,
            ),
        ] {
            let hash = Shacrypt::parse(text, function).unwrap();
            assert!(bool::from(hash.verify(b"hashcat", &Keyring::new()).unwrap()), "{text}");
            assert!(!bool::from(hash.verify(b"x", &Keyring::new()).unwrap()), "{text}");
            assert!(Shacrypt::parse(&text[..text.len() - 1], function).is_err());
            assert!(Shacrypt::parse(&format!("{text}."), function).is_err());
        }
    }
}
