//! NetBSD's SHA-1 crypt: HMAC-SHA1 under the password, over and over.

use subtle::{Choice, ConstantTimeEq};

use super::{Scheme, h64, text};
use crate::error::{Fault, OutOfBounds};
use crate::function::{Secret, hmac_sha1_chain};
use crate::keyring::Keyring;
use crate::{Cost, Limits, Unverifiable};

const EXPECTED: Fault =
    Fault::Structure { expected: "`$sha1$ROUNDS$`, a salt of up to 64 characters, `$` and 28 characters" };

/// A stored SHA-1 crypt hash.
pub(crate) struct Sha1crypt {
    rounds: u32,
    salt: Box<[u8]>,
    hash: Box<[u8]>,
}

impl Sha1crypt {
    pub(crate) fn parse(text: &str) -> Result<Self, Fault> {
        let ["", "sha1", rounds, salt, hash] = text::parts::<5>(text, '$').ok_or(EXPECTED)? else {
            return Err(EXPECTED);
        };
        if salt.len() > 64 || salt.contains([':', '\n']) {
            return Err(EXPECTED);
        }
        let rounds = text::decimal("rounds", rounds)?;
        Ok(Self { rounds, salt: salt.as_bytes().into(), hash: h64::check(hash.as_bytes(), 21)? })
    }

    fn compute(&self, input: &[u8]) -> Secret {
        let first = [&*self.salt, b"$sha1$", self.rounds.to_string().as_bytes()].concat();
        hmac_sha1_chain(input, &first, self.rounds)
    }
}

/// The order in which crypt writes the bytes; the first of them comes again at the end, to make a group of three.
const ORDER: [usize; 21] = [2, 1, 0, 5, 4, 3, 8, 7, 6, 11, 10, 9, 14, 13, 12, 17, 16, 15, 0, 19, 18];

impl Scheme for Sha1crypt {
    fn cost(&self) -> Cost {
        Cost::digests(u64::from(self.rounds) * 2)
    }

    fn check(&self, limits: &Limits) -> Result<(), OutOfBounds> {
        OutOfBounds::check("rounds", 1, limits.crypt_rounds.into(), self.rounds.into())
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

    fn is_ambiguous(&self, input: &[u8]) -> bool {
        // HMAC fills its key up with NUL.
        input.last() == Some(&0)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn published_vectors() {
        for (password, text) in [
            ("password", "$sha1$19703$iVdJqfSE$v4qYKl1zqYThwpjJAoKX6UvlHq/a"),
            ("password", "$sha1$10$c.mcTzCw$gF8UeYst9yXX7WNZKc5Fjkq0.au7"),
        ] {
            let hash = Sha1crypt::parse(text).unwrap();
            assert!(bool::from(hash.verify(password.as_bytes(), &Keyring::new()).unwrap()), "{text}");
            assert!(!bool::from(hash.verify(b"x", &Keyring::new()).unwrap()), "{text}");
            assert!(Sha1crypt::parse(&text[..text.len() - 1]).is_err());
        }
    }
}
