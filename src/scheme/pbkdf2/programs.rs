//! PBKDF2 as programs write it that are copied from one application into the next.

use super::Pbkdf2;
use crate::codec::{self, Alphabet};
use crate::error::Fault;
use crate::function::Function;
use crate::scheme::text::{self, decimal};

impl Pbkdf2 {
    /// `sha256:1000:salt:hash`: Defuse's, whose salt is the text, and `sha1:64000:18:salt:hash`, PasswordStorage's, whose salt is base64.
    pub(crate) fn defuse(text: &str) -> Result<Self, Fault> {
        const EXPECTED: Fault = Fault::Structure {
            expected: "a hash's name, rounds, the hash's length or nothing, a salt and a hash in base64, with `:` between",
        };
        let parts: Vec<&str> = text.split(':').collect();
        let (name, rounds, length, salt, hash) = match parts[..] {
            [name, rounds, salt, hash] => (name, rounds, None, salt, hash),
            [name, rounds, length, salt, hash] => (name, rounds, Some(decimal("length", length)?), salt, hash),
            _ => return Err(EXPECTED),
        };
        let function = Function::of(name).ok_or(EXPECTED)?;
        let base64 = |text: &str| codec::base64_padded_or_not(text.as_bytes(), Alphabet::Standard);
        let (output, decoded) = (base64(hash)?, base64(salt)?);
        match length {
            Some(length) if length as usize != output.len() => {
                return Err(Fault::Structure { expected: "a hash as long as its third part says" });
            }
            // It is 24 bytes unless somebody changed it.
            None if output.len() != 24 => text::check_least(&output, 24, text)?,
            _ => {}
        }
        let salt = if length.is_some() { decoded } else { salt.into() };
        Self::new(function, decimal("iterations", rounds)?, salt, output)
    }

    /// `PBKDF2SHA256$10000$salt$hash`: Seafile's.
    pub(crate) fn seafile(text: &str) -> Result<Self, Fault> {
        const EXPECTED: Fault =
            Fault::Structure { expected: "`PBKDF2SHA256$`, rounds, `$`, a salt, `$` and 64 digits in hex" };
        let ["PBKDF2SHA256", rounds, salt, hash] = text::parts::<4>(text, '$').ok_or(EXPECTED)? else {
            return Err(EXPECTED);
        };
        text::check_last(hash, 64, text)?;
        let (salt, output) = (codec::hex(salt.as_bytes())?, codec::hex(hash.as_bytes())?);
        if output.len() != 32 || salt.is_empty() {
            return Err(EXPECTED);
        }
        Self::new(Function::Sha256, decimal("iterations", rounds)?, salt, output)
    }

    /// `pbkdf2$10000$hash$salt`: of npm's password-hash-and-salt.
    pub(crate) fn hash_and_salt(text: &str) -> Result<Self, Fault> {
        const EXPECTED: Fault = Fault::Structure { expected: "`pbkdf2$`, rounds, `$`, a hash, `$` and a salt in hex" };
        let ["pbkdf2", rounds, hash, salt] = text::parts::<4>(text, '$').ok_or(EXPECTED)? else {
            return Err(EXPECTED);
        };
        // Both have 64 bytes unless somebody changed it; the salt stands last, so that it is what a column would cut.
        let (salt, output) = (codec::hex(salt.as_bytes())?, codec::hex(hash.as_bytes())?);
        if salt.is_empty() || output.len() < 16 {
            return Err(EXPECTED);
        }
        Self::new(Function::Sha1, decimal("iterations", rounds)?, salt, output)
    }

    /// `pbkdf2(1000,20,sha512)$salt$hex`: web2py's.
    pub(crate) fn web2py(text: &str) -> Result<Self, Fault> {
        const EXPECTED: Fault =
            Fault::Structure { expected: "`pbkdf2(ROUNDS,BYTES,HASH)$`, a salt, `$` and so many bytes in hex" };
        let [parameters, salt, hash] = text::parts::<3>(text, '$').ok_or(EXPECTED)?;
        let parameters = parameters.strip_prefix("pbkdf2(").and_then(|rest| rest.strip_suffix(')')).ok_or(EXPECTED)?;
        let [rounds, length, name] = text::parts::<3>(parameters, ',').ok_or(EXPECTED)?;
        let (function, output) = (Function::of(name).ok_or(EXPECTED)?, codec::hex(hash.as_bytes())?);
        if decimal("length", length)? as usize != output.len() {
            return Err(EXPECTED);
        }
        Self::new(function, decimal("iterations", rounds)?, salt.into(), output)
    }
}
