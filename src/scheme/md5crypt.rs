//! The MD5 crypt of FreeBSD (`$1$`) and of Apache (`$apr1$`), which differ in their mark alone: 1000 rounds, a salt of up to
//! eight characters.

use subtle::{Choice, ConstantTimeEq};

use super::{Scheme, h64, rounds};
use crate::error::{Fault, OutOfBounds};
use crate::function::{Digest, Function, Secret};
use crate::keyring::Keyring;
use crate::{Cost, Limits, Unverifiable};

const ROUNDS: u32 = 1000;
const EXPECTED: Fault =
    Fault::Structure { expected: "`$1$` or `$apr1$`, a salt of up to 8 characters, `$` and 22 more" };

/// A stored MD5 crypt hash.
pub(crate) struct Md5crypt {
    mark: &'static [u8],
    salt: Box<[u8]>,
    hash: Box<[u8]>,
}

impl Md5crypt {
    pub(crate) fn parse(text: &str, is_apache: bool) -> Result<Self, Fault> {
        let mark: &[u8] = if is_apache { b"$apr1$" } else { b"$1$" };
        let rest = if is_apache {
            text.strip_prefix("$apr1$")
        } else {
            text.strip_prefix("$1$").or_else(|| text.strip_prefix("$md5-crypt$"))
        };
        let (salt, hash) = rest.and_then(|rest| rest.split_once('$')).ok_or(EXPECTED)?;
        if salt.len() > 8 || salt.contains([':', '\n']) {
            return Err(EXPECTED);
        }
        Ok(Self { mark, salt: salt.as_bytes().into(), hash: h64::check(hash.as_bytes(), 16)? })
    }

    fn compute(&self, input: &[u8]) -> Secret {
        let md5 = |parts: &[&[u8]]| {
            let mut block = Secret::new(Vec::with_capacity(parts.iter().map(|part| part.len()).sum()));
            parts.iter().for_each(|part| block.extend_from_slice(part));
            Function::Md5.digest(&block)
        };
        let inner = md5(&[input, &self.salt, input]);
        let mut first = Secret::new(Vec::with_capacity(2 * input.len() + 64));
        first.extend_from_slice(input);
        first.extend_from_slice(self.mark);
        first.extend_from_slice(&self.salt);
        first.extend(inner.iter().copied().cycle().take(input.len()));
        let mut bits = input.len();
        while bits > 0 {
            first.push(if bits & 1 == 1 { 0 } else { input[0] });
            bits >>= 1;
        }
        let mut digest = Function::Md5.digest(&first);
        let mut last = Digest::new([0; 64]);
        last[..16].copy_from_slice(&digest);
        rounds::run(Function::Md5, input, &self.salt, ROUNDS, &mut last);
        digest.copy_from_slice(&last[..16]);
        digest
    }
}

/// The order in which crypt writes the bytes.
const ORDER: [usize; 16] = [12, 6, 0, 13, 7, 1, 14, 8, 2, 15, 9, 3, 5, 10, 4, 11];

impl Scheme for Md5crypt {
    fn cost(&self) -> Cost {
        Cost::digests(ROUNDS.into())
    }

    fn check(&self, _limits: &Limits) -> Result<(), OutOfBounds> {
        Ok(())
    }

    fn work(&self, input_bytes: usize) -> u64 {
        rounds::work(Function::Md5, input_bytes, self.salt.len(), ROUNDS)
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
        format!("rounds={ROUNDS}")
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
        for (password, text, is_apache) in [
            ("password", "$1$kJ4QkJaQ$3EbD/pJddrq5HW3mpZ4KZ1", false),
            ("hashcat", "$apr1$62722340$zGjeAwVP2KwY6MtumUI1N/", true),
        ] {
            let hash = Md5crypt::parse(text, is_apache).unwrap();
            assert!(bool::from(hash.verify(password.as_bytes(), &Keyring::new()).unwrap()), "{text}");
            assert!(!bool::from(hash.verify(b"x", &Keyring::new()).unwrap()), "{text}");
            assert!(Md5crypt::parse(text, !is_apache).is_err());
            assert!(Md5crypt::parse(&text[..text.len() - 1], is_apache).is_err());
        }
    }
}
