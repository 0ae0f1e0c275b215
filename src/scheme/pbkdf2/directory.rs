//! PBKDF2 as directories, mail servers and portals write it, and the keys that SCRAM derives from it.

use super::{Derived, Pbkdf2};
use crate::codec::{self, Alphabet};
use crate::error::Fault;
use crate::function::Function;
use crate::scheme::text::{self, decimal};

/// 389 Directory Server's older form.
const NETSCAPE_SALT_BYTES: usize = 64;
const NETSCAPE_KEY_BYTES: usize = 256;

fn base64(text: &str) -> Result<Vec<u8>, Fault> {
    codec::base64_padded_or_not(text.as_bytes(), Alphabet::Standard)
}

impl Pbkdf2 {
    /// `{PBKDF2-SHA256}ROUNDS$salt$hash`, OpenLDAP's; `{PBKDF2-HMAC-SHA256}ROUNDS:base64(hash || salt)`, OpenDJ's; `{PBKDF2}$1$salt$ROUNDS$hex`,
    /// Dovecot's, whose salt is text; and `{PBKDF2_SHA256}` with base64 of rounds, 64 bytes of salt and a key of 256 bytes, 389
    /// Directory Server's older one.
    pub(crate) fn ldap(text: &str) -> Result<Self, Fault> {
        const EXPECTED: Fault = Fault::Structure {
            expected: "`{PBKDF2-SHA256}ROUNDS$SALT$HASH`, `{PBKDF2-HMAC-SHA256}ROUNDS:` and base64, `{PBKDF2}$1$SALT$ROUNDS$HEX`, or `{PBKDF2_SHA256}` and base64",
        };
        let (name, rest) = text.strip_prefix('{').and_then(|rest| rest.split_once('}')).ok_or(EXPECTED)?;
        let name = name.to_ascii_uppercase();
        if name == "PBKDF2_SHA256" {
            let bytes = base64(rest)?;
            let (rounds, rest) = bytes.split_first_chunk::<4>().ok_or(EXPECTED)?;
            let (salt, key) = rest
                .split_at_checked(NETSCAPE_SALT_BYTES)
                .filter(|(_, key)| key.len() == NETSCAPE_KEY_BYTES)
                .ok_or(EXPECTED)?;
            return Self::new(Function::Sha256, u32::from_be_bytes(*rounds), salt.into(), key.into());
        }
        let function = match name.as_str() {
            "PBKDF2" | "PBKDF2-SHA1" | "PBKDF2-HMAC-SHA1" => Function::Sha1,
            "PBKDF2-SHA256" | "PBKDF2-HMAC-SHA256" => Function::Sha256,
            "PBKDF2-SHA512" | "PBKDF2-HMAC-SHA512" => Function::Sha512,
            _ => return Err(EXPECTED),
        };
        if let Some((rounds, body)) = rest.split_once(':') {
            let bytes = base64(body)?;
            let (hash, salt) = bytes
                .split_at_checked(function.bytes())
                .filter(|(_, salt)| !salt.is_empty() && body.len().is_multiple_of(4))
                .ok_or(EXPECTED)?;
            return Self::new(function, decimal("iterations", rounds)?, salt.into(), hash.into());
        }
        let (rounds, salt, hash) = if let Some(rest) = rest.strip_prefix("$1$") {
            let [salt, rounds, hash] = text::parts::<3>(rest, '$').ok_or(EXPECTED)?;
            (rounds, salt.into(), codec::hex(hash.as_bytes())?)
        } else {
            let [rounds, salt, hash] = text::parts::<3>(rest, '$').ok_or(EXPECTED)?;
            (rounds, text::adapted(salt)?, text::adapted(hash)?)
        };
        if hash.len() != function.bytes() {
            return Err(EXPECTED);
        }
        Self::new(function, decimal("iterations", rounds)?, salt, hash)
    }

    /// base64 of the key's length in bits, the rounds, a salt and the key, all numbers of four bytes; newer versions write
    /// `{PBKDF2WithHmacSHA1}` before it: Liferay's.
    pub(crate) fn liferay(text: &str) -> Result<Self, Fault> {
        const EXPECTED: Fault = Fault::Structure {
            expected: "`{PBKDF2WithHmacSHA1}`, or nothing, and base64 of a length in bits, rounds, a salt and a key of that length",
        };
        let (name, body) = match text.strip_prefix('{') {
            Some(rest) => rest.split_once('}').ok_or(EXPECTED)?,
            None => ("PBKDF2WithHmacSHA1", text),
        };
        let function = match name.to_ascii_uppercase().as_str() {
            "PBKDF2WITHHMACSHA1" => Function::Sha1,
            "PBKDF2WITHHMACSHA256" => Function::Sha256,
            "PBKDF2WITHHMACSHA384" => Function::Sha384,
            "PBKDF2WITHHMACSHA512" => Function::Sha512,
            _ => return Err(EXPECTED),
        };
        // It is padded, and salts are of one of two lengths.
        if !body.len().is_multiple_of(4) {
            return Err(EXPECTED);
        }
        let bytes = base64(body)?;
        let (bits, rest) = bytes.split_first_chunk::<4>().ok_or(EXPECTED)?;
        let (rounds, rest) = rest.split_first_chunk::<4>().ok_or(EXPECTED)?;
        let key_bytes = (u32::from_be_bytes(*bits) as usize).div_ceil(8);
        let salt_bytes = rest.len().checked_sub(key_bytes).filter(|bytes| matches!(bytes, 8 | 16)).ok_or(EXPECTED)?;
        let (salt, key) = rest.split_at(salt_bytes);
        Self::new(function, u32::from_be_bytes(*rounds), salt.into(), key.into())
    }

    /// `SCRAM-SHA-256$4096:salt$StoredKey:ServerKey`, PostgreSQL's; `{SCRAM-SHA-256}4096,salt,StoredKey,ServerKey`, Dovecot's.
    pub(crate) fn scram(text: &str, function: Function) -> Result<Self, Fault> {
        const EXPECTED: Fault = Fault::Structure {
            expected: "`SCRAM-SHA-256$`, rounds, `:`, a salt, `$`, two keys with `:` between, or `{SCRAM-SHA-256}` and the four with commas",
        };
        let name = if function == Function::Sha1 { "SCRAM-SHA-1" } else { "SCRAM-SHA-256" };
        let [rounds, salt, stored, server] = match text.strip_prefix('{').and_then(|rest| rest.split_once('}')) {
            Some((known, rest)) if known.eq_ignore_ascii_case(name) => text::parts::<4>(rest, ',').ok_or(EXPECTED)?,
            Some(_) => return Err(EXPECTED),
            None => {
                let [known, head, keys] = text::parts::<3>(text, '$').ok_or(EXPECTED)?;
                if known != name {
                    return Err(EXPECTED);
                }
                let [rounds, salt] = text::parts::<2>(head, ':').ok_or(EXPECTED)?;
                let [stored, server] = text::parts::<2>(keys, ':').ok_or(EXPECTED)?;
                [rounds, salt, stored, server]
            }
        };
        let (stored, server) = (base64(stored)?, base64(server)?);
        if stored.len() != function.bytes() || server.len() != function.bytes() {
            return Err(EXPECTED);
        }
        let both = [stored, server].concat();
        let scram = Self::new(function, decimal("iterations", rounds)?, base64(salt)?, both)?;
        Ok(Self { derived: Derived::Keys, ..scram })
    }

    /// `$scram$ROUNDS$salt$sha-1=hash,sha-256=hash`: passlib's, which compares one of them, the first of this order that is there.
    pub(crate) fn passlib_scram(text: &str) -> Result<Self, Fault> {
        const EXPECTED: Fault = Fault::Structure {
            expected: "`$scram$`, rounds, `$`, a salt, `$` and `sha-256=HASH` or several, with commas",
        };
        const ORDER: [(&str, Function); 5] = [
            ("sha-256", Function::Sha256),
            ("sha-512", Function::Sha512),
            ("sha-224", Function::Sha224),
            ("sha-384", Function::Sha384),
            ("sha-1", Function::Sha1),
        ];
        let ["", "scram", rounds, salt, hashes] = text::parts::<5>(text, '$').ok_or(EXPECTED)? else {
            return Err(EXPECTED);
        };
        let mut found = [const { None }; ORDER.len()];
        for pair in hashes.split(',') {
            let (name, hash) = pair.split_once('=').ok_or(EXPECTED)?;
            // RFC 5802 has it too; it is compared with nothing.
            if name == "md5" {
                continue;
            }
            let place = ORDER.iter().position(|(known, _)| *known == name).ok_or(EXPECTED)?;
            let hash = text::adapted(hash)?;
            if hash.len() != ORDER[place].1.bytes() || found[place].replace(hash).is_some() {
                return Err(EXPECTED);
            }
        }
        let first = found.into_iter().zip(ORDER).find_map(|(hash, (_, function))| hash.map(|hash| (function, hash)));
        let (function, hash) = first.ok_or(EXPECTED)?;
        let scram = Self::new(function, decimal("iterations", rounds)?, text::adapted(salt)?, hash)?;
        Ok(Self { derived: Derived::Prepared, ..scram })
    }
}
