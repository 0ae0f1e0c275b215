//! phpass: `$P$` and `$H$` over MD5, and Drupal 7's `$S$` over SHA-512, cut to 55 characters.

use subtle::{Choice, ConstantTimeEq};

use super::{Scheme, h64};
use crate::error::{Fault, OutOfBounds};
use crate::function::{Function, Secret};
use crate::keyring::Keyring;
use crate::{Cost, Limits, Unverifiable};

/// Drupal refuses longer passwords.
const DRUPAL_INPUT_BYTES_MAX: usize = 512;
const EXPECTED: Fault =
    Fault::Structure { expected: "`$P$`, `$H$` or `$S$`, a cost, eight characters of salt and the hash" };

/// A stored phpass hash.
pub(crate) struct Phpass {
    function: Function,
    cost: u32,
    salt: [u8; 8],
    hash: Box<[u8]>,
}

impl Phpass {
    pub(crate) fn parse(text: &str) -> Result<Self, Fault> {
        let text = text.as_bytes();
        let function = match text {
            [b'$', b'P' | b'H', b'$', ..] => Function::Md5,
            [b'$', b'S', b'$', ..] => Function::Sha512,
            _ => return Err(EXPECTED),
        };
        let [cost, rest @ ..] = &text[3..] else { return Err(EXPECTED) };
        let cost = h64::value(*cost).map(u32::from).ok_or(EXPECTED)?;
        let (salt, hash) = rest.split_first_chunk::<8>().ok_or(EXPECTED)?;
        let hash = if function == Function::Md5 {
            h64::check(hash, 16)?
        } else {
            // 43 characters hold 32 bytes and two bits of the next.
            let whole = [hash, b"."].concat();
            h64::check(&whole, 33).map(|_| hash.into())?
        };
        Ok(Self { function, cost, salt: *salt, hash })
    }

    fn compute(&self, input: &[u8]) -> Secret {
        let mut block = Secret::new(Vec::with_capacity(64 + input.len()));
        block.extend_from_slice(&self.salt);
        block.extend_from_slice(input);
        let mut digest = self.function.digest(&block);
        block.clear();
        block.extend_from_slice(&digest);
        block.extend_from_slice(input);
        for _ in 0..1u64 << self.cost {
            block[..digest.len()].copy_from_slice(&digest);
            digest = self.function.digest(&block);
        }
        digest
    }
}

impl Scheme for Phpass {
    fn cost(&self) -> Cost {
        Cost::digests(1 << self.cost.min(40))
    }

    fn check(&self, limits: &Limits) -> Result<(), OutOfBounds> {
        OutOfBounds::check("phpass_cost", 7, limits.phpass_cost.min(30).into(), self.cost.into())
    }

    fn work(&self, input_bytes: usize) -> u64 {
        self.function.blocks((self.function.bytes() + input_bytes) as u64).saturating_mul(1 << self.cost.min(40))
    }

    fn takes(&self, input_bytes: usize) -> bool {
        self.function == Function::Md5 || input_bytes <= DRUPAL_INPUT_BYTES_MAX
    }

    fn verify(&self, input: &[u8], _keys: &Keyring) -> Result<Choice, Unverifiable> {
        let computed = h64::encode(self.compute(input).iter().copied());
        let is_taken = self.takes(input.len());
        let computed = computed.get(..self.hash.len()).unwrap_or_default();
        Ok(self.hash.ct_eq(computed) & Choice::from(u8::from(is_taken)))
    }

    fn derive(&self, input: &[u8], _keys: &Keyring) -> Result<Secret, Unverifiable> {
        let mut text = h64::encode(self.compute(input).iter().copied());
        text.truncate(self.hash.len());
        Ok(text)
    }

    fn canonical(&self, _text: &str) -> Option<String> {
        None
    }

    fn parameters(&self) -> String {
        format!("cost={}", self.cost)
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
            ("test12345", "$P$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0"),
            ("test1", "$H$9aaaaaSXBjgypwqm.JsMssPLiS8YQ00"),
            ("hashcat", "$S$C20340258nzjDWpoQthrdNTR02f0pmev0K/5/Nx80WSkOQcPEQRh"),
        ] {
            let hash = Phpass::parse(text).unwrap();
            assert!(bool::from(hash.verify(password.as_bytes(), &Keyring::new()).unwrap()), "{text}");
            assert!(!bool::from(hash.verify(b"x", &Keyring::new()).unwrap()), "{text}");
        }
        for text in [
            "$P$",
            "$P$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L",
            "$P$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L00",
            "$P$!IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0",
        ] {
            assert!(Phpass::parse(text).is_err(), "{text}");
        }
    }
}
