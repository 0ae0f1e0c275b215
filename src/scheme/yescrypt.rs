//! yescrypt (`$y$`) and its cover by GOST's hash (`$gy$`), as Linux distributions write them to `shadow`.

use subtle::{Choice, ConstantTimeEq};
use zeroize::Zeroizing;

use super::{Scheme, h64};
use crate::cost::ScryptMemory;
use crate::error::{Fault, OutOfBounds};
use crate::keyring::Keyring;
use crate::{Cost, Limits, Unverifiable};

const EXPECTED: Fault = Fault::Structure {
    expected: "`$y$` or `$gy$`, parameters, `$`, a salt of up to 86 characters, `$` and 43 characters",
};

/// What stands between the first two `$`: which variant, and its cost.
#[derive(Clone, Copy)]
struct Parameters {
    log_n: u32,
    r: u32,
    p: u32,
    t: u32,
}

/// A stored yescrypt hash.
pub(crate) struct Yescrypt {
    parameters: Parameters,
    params: ::yescrypt::Params,
    salt: Box<[u8]>,
    /// All that stands before the hash, for GOST's.
    setting: Option<Box<[u8]>>,
    hash: Box<[u8]>,
}

/// Numbers of a variable length, whose first character says how many follow.
struct Numbers<'t> {
    rest: &'t [u8],
}

impl Numbers<'_> {
    fn next(&mut self, least: u32) -> Result<u32, Fault> {
        let mut take = || {
            let [first, rest @ ..] = self.rest else { return Err(EXPECTED) };
            self.rest = rest;
            h64::value(*first).map(u32::from).ok_or(EXPECTED)
        };
        let first = take()?;
        let (mut start, mut end, mut more, mut value) = (0, 47, 0u32, least);
        while first > end {
            value = (end + 1 - start).checked_shl(6 * more).and_then(|step| value.checked_add(step)).ok_or(EXPECTED)?;
            start = end + 1;
            end = start + (62 - end) / 2;
            more += 1;
        }
        let mut low = first - start;
        for _ in 0..more {
            low = low.checked_mul(64).and_then(|low| low.checked_add(take().ok()?)).ok_or(EXPECTED)?;
        }
        value.checked_add(low).ok_or(EXPECTED)
    }
}

impl Parameters {
    fn parse(text: &str) -> Result<Self, Fault> {
        let mut numbers = Numbers { rest: text.as_bytes() };
        numbers.next(0)?; // the variant, which the crate reads
        let mut parameters = Self { log_n: numbers.next(1)?, r: numbers.next(1)?, p: 1, t: 0 };
        if !numbers.rest.is_empty() {
            let have = numbers.next(1)?;
            if have & !0b11 != 0 {
                return Err(Fault::Structure { expected: "neither upgrades (g) nor a ROM, which nobody uses" });
            }
            if have & 1 != 0 {
                parameters.p = numbers.next(2)?;
            }
            if have & 2 != 0 {
                parameters.t = numbers.next(1)?;
            }
        }
        if numbers.rest.is_empty() { Ok(parameters) } else { Err(EXPECTED) }
    }
}

impl Yescrypt {
    pub(crate) fn parse(text: &str, is_gost: bool) -> Result<Self, Fault> {
        let rest = text.strip_prefix(if is_gost { "$gy$" } else { "$y$" }).ok_or(EXPECTED)?;
        let (written, rest) = rest.split_once('$').ok_or(EXPECTED)?;
        let (salt, hash) = rest.split_once('$').ok_or(EXPECTED)?;
        if salt.len() > 86 {
            return Err(EXPECTED);
        }
        let hash = h64::check(hash.as_bytes(), 32)?;
        let parameters = Parameters::parse(written)?;
        // Held against the limits before anything of that size is made; here only what cannot be computed at all.
        let params = written.parse().map_err(|_| EXPECTED)?;
        let setting = is_gost.then(|| text.as_bytes()[..text.len() - hash.len() - 1].into());
        Ok(Self { parameters, params, salt: h64::decode(salt.as_bytes()).ok_or(EXPECTED)?, setting, hash })
    }

    fn memory(&self) -> ScryptMemory {
        let Parameters { log_n, r, p, .. } = self.parameters;
        ScryptMemory::of(log_n, r.into(), p.into())
    }

    fn passes(&self) -> u64 {
        u64::from(self.parameters.p) * (u64::from(self.parameters.t) + 1)
    }
}

impl Scheme for Yescrypt {
    fn cost(&self) -> Cost {
        Cost::scrypt(self.memory(), self.passes())
    }

    fn check(&self, limits: &Limits) -> Result<(), OutOfBounds> {
        let Parameters { log_n, r, p, t, .. } = self.parameters;
        OutOfBounds::check("log2_n", 2, 40, log_n.into())?;
        OutOfBounds::check("r", 1, 1 << 20, r.into())?;
        OutOfBounds::check("p", 1, 1 << 10, p.into())?;
        OutOfBounds::check("t", 0, 1 << 10, t.into())?;
        OutOfBounds::check("scrypt_memory_kib", 0, limits.scrypt_memory_kib.into(), self.memory().kib())?;
        OutOfBounds::check("scrypt_work_kib", 0, limits.scrypt_work_kib, self.memory().work_kib(self.passes()))
    }

    fn verify(&self, input: &[u8], _keys: &Keyring) -> Result<Choice, Unverifiable> {
        let mut out = Zeroizing::new([0; 32]);
        ::yescrypt::yescrypt(input, &self.salt, &self.params, &mut *out).map_err(|_| Unverifiable::Refused)?;
        if let Some(setting) = &self.setting {
            let inner = crate::function::gost_hmac(&crate::function::gost(input), setting);
            let covered = crate::function::gost_hmac(&inner, &*out);
            out.copy_from_slice(&covered);
        }
        Ok(self.hash.ct_eq(&h64::encode(out.iter().copied())))
    }

    fn canonical(&self, _text: &str) -> Option<String> {
        None
    }

    fn parameters(&self) -> String {
        let Parameters { log_n, r, p, t, .. } = self.parameters;
        format!("ln={log_n},r={r},p={p},t={t}")
    }

    fn is_weak(&self) -> bool {
        self.memory().kib() < 16 * 1024
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn published_vectors() {
        for (password, text) in [
            ("U*U*U*U*", "$y$j75$.......$Xfm2A6aPRI6z8YWbSD/GG8etKSaE35/W0DOjcWr5w56"),
            ("", "$y$j75$.......$/FQush7wojITE6a6KwAF4pUyKZAyYRCYJdWcgqjTeS7"),
            ("U*U*U*U*", "$gy$j75$.......$pb.gwC5hQUaEdshckBgBtPIZKFmfueHpYL8.uNk6I2."),
        ] {
            let hash = Yescrypt::parse(text, text.starts_with("$gy$")).unwrap();
            assert!(hash.check(&Limits::default()).is_ok(), "{}", hash.parameters());
            assert!(bool::from(hash.verify(password.as_bytes(), &Keyring::new()).unwrap()), "{text}");
            assert!(!bool::from(hash.verify(b"x", &Keyring::new()).unwrap()), "{text}");
            assert!(Yescrypt::parse(&text[..text.len() - 1], text.starts_with("$gy$")).is_err());
        }
        // N = 2^63 is refused before it is made.
        let huge = "$y$j7T$.......$Xfm2A6aPRI6z8YWbSD/GG8etKSaE35/W0DOjcWr5w56";
        let huge = Yescrypt::parse(&huge.replace("j7T", "jsT"), false);
        assert!(huge.is_err() || huge.is_ok_and(|hash| hash.check(&Limits::default()).is_err()));
    }
}
