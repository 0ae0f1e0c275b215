//! PBKDF2 over any hash function. The text forms are many and differ only in where the four values stand; each is read by
//! its own function.

use stringprep::tables;
use subtle::{Choice, ConstantTimeEq};
use zeroize::Zeroizing;

use super::Scheme;
use super::text::{self, End, decimal};
use crate::codec::{self, Alphabet};
use crate::error::{Fault, OutOfBounds};
use crate::function::{Function, Secret};
use crate::keyring::Keyring;
use crate::{Cost, Limits, Unverifiable, unicode};

mod directory;
mod programs;

/// OWASP's figures for 2023 and later.
const fn recommended(function: Function) -> u32 {
    match function {
        Function::Sha512 => 210_000,
        Function::Sha1 => 1_300_000,
        _ => 600_000,
    }
}

/// A stored PBKDF2 hash, decoded.
pub(crate) struct Pbkdf2 {
    function: Function,
    iterations: u32,
    salt: Box<[u8]>,
    output: Box<[u8]>,
    end: End,
    derived: Derived,
}

/// What is stored of an output.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Derived {
    /// The output itself.
    Output,
    /// The output, over a password that SASLprep prepared.
    Prepared,
    /// The two keys that SCRAM derives from that.
    Keys,
}

/// Outputs that are chosen beside the hash function's own length. Shorter ones are possible and rare, and what a narrow column leaves
/// of passlib's is 12 to 28 bytes.
const OUTPUT_BYTES_CHOSEN: [usize; 4] = [32, 48, 64, 128];
/// ASP.NET Identity's keys are of one length, unless somebody asked for another.
const ASPNET_BYTES: usize = 32;

const EMPTY: Fault = Fault::Structure { expected: "an output of 10 to 512 bytes" };

impl Pbkdf2 {
    pub(crate) fn new(function: Function, iterations: u32, salt: Vec<u8>, output: Vec<u8>) -> Result<Self, Fault> {
        if !(10..=512).contains(&output.len()) {
            return Err(EMPTY);
        }
        Ok(Self {
            function,
            iterations,
            salt: salt.into(),
            output: output.into(),
            end: End::Seen,
            derived: Derived::Output,
        })
    }

    /// The same of a text that does not say where it ends.
    pub(crate) fn with_open_end(self) -> Self {
        Self { end: End::Open, ..self }
    }

    /// `$pbkdf2-sha256$29000$salt$hash` (passlib), `$pbkdf2-sha256$i=29000,l=32$salt$hash` (PHC, Kratos, Auth0) and
    /// `$pbkdf2$f=SHA256,w=600000,l=32$salt$hash` (Mattermost). Kratos means SHA-3 by sha224 and sha384.
    pub(crate) fn crypt(text: &str, is_kratos: bool) -> Result<Self, Fault> {
        const EXPECTED: Fault = Fault::Structure {
            expected: "`$pbkdf2-HASH$`, `ROUNDS$` or `i=ROUNDS,l=BYTES$`, a salt, `$` and a hash, or `$pbkdf2$f=HASH,w=ROUNDS,l=BYTES$`",
        };
        let ["", name, parameters, salt, hash] = text::parts::<5>(text, '$').ok_or(EXPECTED)? else {
            return Err(EXPECTED);
        };
        let name = name.strip_prefix("pbkdf2").ok_or(EXPECTED)?;
        let function = match name.strip_prefix('-') {
            None if name.is_empty() => Function::Sha1,
            Some("sha224") if is_kratos => Function::Sha3T224,
            Some("sha384") if is_kratos => Function::Sha3T384,
            Some(name) => Function::of(&name.replace('-', "_")).ok_or(Fault::Structure { expected: "a known hash" })?,
            None => return Err(EXPECTED),
        };
        let (mut iterations, mut length, mut named) = (None, None, None);
        if parameters.contains('=') {
            for pair in parameters.split(',') {
                match pair.split_once('=') {
                    Some(("i", value)) if iterations.is_none() => iterations = Some(decimal("iterations", value)?),
                    Some(("w", value)) if iterations.is_none() && name.is_empty() => {
                        iterations = Some(decimal("iterations", value)?);
                    }
                    Some(("l", value)) if length.is_none() => length = Some(decimal("length", value)?),
                    Some(("f", value)) if named.is_none() && name.is_empty() => {
                        named = Some(
                            Function::of(&value.to_ascii_lowercase())
                                .ok_or(Fault::Structure { expected: "a known hash" })?,
                        );
                    }
                    _ => return Err(EXPECTED),
                }
            }
        } else {
            iterations = Some(decimal("iterations", parameters)?);
        }
        let output = text::adapted(hash)?;
        let end = match length {
            // Kratos looks at the hash's own length instead, and its samples say bits.
            Some(length) if is_kratos && length as usize == 8 * output.len() => End::Seen,
            Some(length) if length as usize != output.len() => {
                return Err(Fault::Structure { expected: "a hash as long as `l=` says" });
            }
            Some(_) => End::Seen,
            None => {
                text::check_whole(&output, text)?;
                End::of_base64(hash)
            }
        };
        let function = named.unwrap_or(function);
        let pbkdf2 = Self::new(function, iterations.ok_or(EXPECTED)?, text::adapted(salt)?, output)?;
        Ok(Self { end, ..pbkdf2 })
    }

    /// `pbkdf2_sha256$N$salt$base64`: Django's, whose salt is text.
    pub(crate) fn django(text: &str, is_wrapped: bool) -> Result<Self, Fault> {
        const EXPECTED: Fault = Fault::Structure { expected: "`pbkdf2_sha256$`, rounds, `$`, a salt, `$` and base64" };
        let [name, rounds, salt, hash] = text::parts::<4>(text, '$').ok_or(EXPECTED)?;
        let function = match name {
            "pbkdf2_wrapped_sha1" | "pbkdf2_wrapped_md5" if is_wrapped => Function::Sha256,
            "pbkdf2_sha256" if !is_wrapped => Function::Sha256,
            "pbkdf2_sha1" if !is_wrapped => Function::Sha1,
            _ => return Err(EXPECTED),
        };
        text::check_last(hash, (function.bytes() * 4).div_ceil(3), text)?;
        let hash = codec::base64_padded_or_not(hash.as_bytes(), Alphabet::Standard)?;
        if hash.len() != function.bytes() || salt.is_empty() {
            return Err(EXPECTED);
        }
        Self::new(function, decimal("iterations", rounds)?, salt.into(), hash)
    }

    /// Clerk's four forms. Its `pbkdf2_sha1` takes the salt for hex where it is hex: a guess that is theirs.
    pub(crate) fn clerk(text: &str) -> Result<Self, Fault> {
        const EXPECTED: Fault = Fault::Structure { expected: "`pbkdf2_sha256$`, rounds, `$`, a salt, `$` and a hash" };
        let parts: Vec<&str> = text.split('$').collect();
        let (name, rounds, salt, hash, length) = match parts[..] {
            [name, rounds, salt, hash] => (name, rounds, salt, hash, None),
            [name @ "pbkdf2_sha1", rounds, salt, hash, length] => (name, rounds, salt, hash, Some(length)),
            _ => return Err(EXPECTED),
        };
        let base64 = |text: &str| codec::base64_padded_or_not(text.as_bytes(), Alphabet::Standard);
        let hex = |text: &str| codec::hex(text.as_bytes());
        let (function, salt, output) = match name {
            "pbkdf2_sha1" => (Function::Sha1, hex(salt).unwrap_or_else(|_| salt.into()), hex(hash)?),
            "pbkdf2_sha256" => (Function::Sha256, base64(salt)?, base64(hash)?),
            "pbkdf2_sha512" => (Function::Sha512, salt.into(), hex(hash)?),
            "pbkdf2_sha512_hex" => (Function::Sha512, hex(salt)?, hex(hash)?),
            _ => return Err(EXPECTED),
        };
        let mut end = End::of_base64(hash);
        match length {
            Some(length) if decimal("length", length)? as usize == output.len() => end = End::Seen,
            Some(_) => return Err(Fault::Structure { expected: "a hash as long as its last part says" }),
            // 32 bytes are the default, and what is asked for beside the hash function's own length.
            None if end == End::Open && output.len() != 32 => {
                text::check_least(&output, function.bytes().max(32), text)?;
            }
            None => {}
        }
        let pbkdf2 = Self::new(function, decimal("iterations", rounds)?, salt, output)?;
        Ok(Self { end, ..pbkdf2 })
    }

    /// `pbkdf2:sha256:1000$salt$hex`: Werkzeug's. Without rounds it means whatever that version's default was: refused.
    pub(crate) fn werkzeug(text: &str) -> Result<Self, Fault> {
        const EXPECTED: Fault = Fault::Structure { expected: "`pbkdf2:sha256:ROUNDS$`, a salt, `$` and hex" };
        let [method, salt, hash] = text::parts::<3>(text, '$').ok_or(EXPECTED)?;
        let ["pbkdf2", name, rounds] = text::parts::<3>(method, ':').ok_or(Fault::Structure {
            expected: "`pbkdf2:sha256:ROUNDS`: without rounds, nothing says which version's default made the hash",
        })?
        else {
            return Err(EXPECTED);
        };
        let function = Function::of(name).ok_or(EXPECTED)?;
        let hash = codec::hex(hash.as_bytes())?;
        if hash.len() != function.bytes() {
            return Err(Fault::Length { actual: 2 * hash.len(), expected: "the hex of the hash function's length" });
        }
        Self::new(function, decimal("iterations", rounds)?, salt.into(), hash)
    }

    /// `{PKCS5S2}base64(salt16 || key32)`: Atlassian's.
    pub(crate) fn atlassian(text: &str) -> Result<Self, Fault> {
        const EXPECTED: Fault = Fault::Structure { expected: "`{PKCS5S2}` and 64 characters of base64" };
        let body = text.strip_prefix("{PKCS5S2}").ok_or(EXPECTED)?;
        let bytes = codec::base64_padded_or_not(body.as_bytes(), Alphabet::Standard)?;
        let (salt, key) = bytes.split_at_checked(16).filter(|(_, key)| key.len() == 32).ok_or(EXPECTED)?;
        Self::new(Function::Sha1, 10_000, salt.into(), key.into())
    }

    /// base64 of a format byte and what it says: ASP.NET Identity, versions 2 and 3.
    pub(crate) fn aspnet(text: &str) -> Result<Self, Fault> {
        const EXPECTED: Fault = Fault::Structure { expected: "base64 of an ASP.NET Identity hash, version 2 or 3" };
        let bytes = codec::base64_padded_or_not(text.as_bytes(), Alphabet::Standard)?;
        let word = |at: usize| {
            bytes.get(at..at + 4).map(|word| word.iter().fold(0, |value, byte| value << 8 | u32::from(*byte)))
        };
        if bytes.first() == Some(&0) {
            text::check_least(&bytes, 1 + 16 + ASPNET_BYTES, text)?;
        }
        match bytes.first() {
            Some(0) if bytes.len() == 49 => Self::new(Function::Sha1, 1000, bytes[1..17].into(), bytes[17..].into()),
            Some(1) => {
                let (Some(prf), Some(iterations), Some(salt_bytes)) = (word(1), word(5), word(9)) else {
                    return Err(EXPECTED);
                };
                let function = match prf {
                    0 => Function::Sha1,
                    1 => Function::Sha256,
                    2 => Function::Sha512,
                    _ => return Err(Fault::Structure { expected: "a PRF of 0, 1 or 2" }),
                };
                let (salt, key) = bytes[13..].split_at_checked(salt_bytes as usize).ok_or(EXPECTED)?;
                if salt.len() < 16 {
                    return Err(Fault::Structure { expected: "a salt of 16 bytes or more" });
                }
                // Another length may have been asked for: only where nothing is seen of the end, a column cut it. The vectors of ASP.NET's own
                // tests have keys of 16 bytes; what a column of 60 leaves of a longer one is the same, and opens for nobody else.
                if key.len() != 16 && End::of_base64(text) == End::Open && text::fills_a_column(text.len()) {
                    text::check_least(key, ASPNET_BYTES, text)?;
                }
                if key.len() < 16 {
                    return Err(Fault::Structure { expected: "a key of 16 bytes or more" });
                }
                Self::new(function, iterations, salt.into(), key.into())
            }
            _ => Err(EXPECTED),
        }
    }

    /// hex or base64 of salt and key: Spring's, whose parameters live in its code. Without a mark the length says which of its defaults they
    /// are: a salt of 8 bytes or one of 16.
    pub(crate) fn spring(text: &str) -> Result<Self, Fault> {
        const EXPECTED: Fault = Fault::Structure {
            expected: "`{pbkdf2}` or `{pbkdf2@SpringSecurity_v5_8}`, and hex or base64 of a salt and a key of 32 bytes",
        };
        let later = text.strip_prefix("{pbkdf2@SpringSecurity_v5_8}");
        let body = later.or_else(|| text.strip_prefix("{pbkdf2}")).unwrap_or(text);
        let is_bare_and_later = body.len() == text.len() && matches!(body.len(), 96 | 64);
        let (function, iterations, salt_bytes) = if later.is_some() || is_bare_and_later {
            (Function::Sha256, 310_000, 16)
        } else {
            (Function::Sha1, 185_000, 8)
        };
        // What `setEncodeHashAsBase64` asks for has another length than hex; all hex, it is what a narrow column left of that.
        let is_hex = body.bytes().all(|c| c.is_ascii_hexdigit());
        let bytes = if !is_hex && body.len() == (salt_bytes + 32_usize).div_ceil(3) * 4 {
            codec::base64_padded_or_not(body.as_bytes(), Alphabet::Standard)?
        } else {
            codec::hex(body.as_bytes())?
        };
        let (salt, key) = bytes.split_at_checked(salt_bytes).filter(|(_, key)| key.len() == 32).ok_or(EXPECTED)?;
        Self::new(function, iterations, salt.into(), key.into())
    }

    /// `grub.pbkdf2.sha512.N.HEXSALT.HEXHASH`
    pub(crate) fn grub(text: &str) -> Result<Self, Fault> {
        const EXPECTED: Fault = Fault::Structure { expected: "`grub.pbkdf2.sha512.`, rounds, `.`, hex, `.` and hex" };
        let ["grub", "pbkdf2", "sha512", rounds, salt, hash] = text::parts::<6>(text, '.').ok_or(EXPECTED)? else {
            return Err(EXPECTED);
        };
        let (salt, hash) = (codec::hex(salt.as_bytes())?, codec::hex(hash.as_bytes())?);
        if hash.len() != 64 {
            return Err(EXPECTED);
        }
        Self::new(Function::Sha512, decimal("iterations", rounds)?, salt, hash)
    }

    /// `$p5k2$HEXROUNDS$salt$hash`: Cryptacular's with base64url in both, or Litzenberger's with a salt that is text and is
    /// hashed with all that stands before it.
    pub(crate) fn p5k2(text: &str, is_dlitz: bool) -> Result<Self, Fault> {
        const EXPECTED: Fault = Fault::Structure { expected: "`$p5k2$`, rounds in hex, `$`, a salt, `$` and a hash" };
        let ["", "p5k2", rounds, salt, hash] = text::parts::<5>(text, '$').ok_or(EXPECTED)? else {
            return Err(EXPECTED);
        };
        let iterations = match rounds {
            "" if is_dlitz => 400,
            _ if !rounds.starts_with('0') => u32::from_str_radix(rounds, 16).map_err(|_| EXPECTED)?,
            _ => return Err(EXPECTED),
        };
        let (salt, hash, bytes) = if is_dlitz {
            let before = &text[..text.len() - hash.len() - 1];
            (before.as_bytes().to_vec(), text::adapted(hash)?, 24)
        } else {
            let decode = |text: &str| codec::base64_padded_or_not(text.as_bytes(), Alphabet::Url);
            (decode(salt)?, decode(hash)?, 20)
        };
        if hash.len() != bytes {
            return Err(EXPECTED);
        }
        Self::new(Function::Sha1, iterations, salt, hash)
    }

    /// `:pbkdf2:sha512:30000:64:salt:hash`: MediaWiki's.
    pub(crate) fn mediawiki(text: &str) -> Result<Self, Fault> {
        const EXPECTED: Fault =
            Fault::Structure { expected: "`:pbkdf2:`, a hash, rounds, length, salt and hash in base64, `:` between" };
        let ["", "pbkdf2", name, rounds, length, salt, hash] = text::parts::<7>(text, ':').ok_or(EXPECTED)? else {
            return Err(EXPECTED);
        };
        let decode = |text: &str| codec::base64_padded_or_not(text.as_bytes(), Alphabet::Standard);
        let hash = decode(hash)?;
        if decimal("length", length)? as usize != hash.len() {
            return Err(EXPECTED);
        }
        let function = Function::of(name).ok_or(EXPECTED)?;
        Self::new(function, decimal("iterations", rounds)?, decode(salt)?, hash)
    }
}

/// A password as SASLprep maps and normalises it, where that makes another of it. Where that is prohibited it is hashed as it was typed;
/// what is prohibited is no two systems' opinion, and Dovecot hashes all as they are typed.
fn prepared(input: &[u8]) -> Option<Secret> {
    let text = std::str::from_utf8(input).ok().filter(|text| !text.is_ascii())?;
    let mut mapped = Secret::new(Vec::with_capacity(input.len()));
    let spaced = text.chars().map(|c| if tables::non_ascii_space_character(c) { ' ' } else { c });
    for character in spaced.filter(|c| !tables::commonly_mapped_to_nothing(*c)) {
        mapped.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    }
    let prepared = unicode::nfkc(&mapped).unwrap_or(mapped);
    (!prepared.is_empty() && *prepared != *input).then_some(prepared)
}

impl Pbkdf2 {
    /// How many bytes are derived; SCRAM makes both its keys of as many as one digest has.
    fn output_bytes(&self) -> usize {
        if self.derived == Derived::Keys { self.function.bytes() } else { self.output.len() }
    }

    /// Whether these bytes are what was hashed.
    fn matches(&self, input: &[u8]) -> Choice {
        let mut output = Zeroizing::new(vec![0; self.output_bytes()]);
        self.function.pbkdf2(input, &self.salt, self.iterations, &mut output);
        if self.derived != Derived::Keys {
            return self.output.ct_eq(&output);
        }
        let client = self.function.hmac(&output, b"Client Key");
        let (stored, server) = (self.function.digest(&client), self.function.hmac(&output, b"Server Key"));
        let (of_client, of_server) = self.output.split_at(self.output_bytes());
        of_client.ct_eq(&stored) & of_server.ct_eq(&server)
    }

    /// How many blocks, each of all the rounds.
    fn blocks(&self) -> u64 {
        self.output_bytes().div_ceil(self.function.bytes()) as u64
    }
}

impl Scheme for Pbkdf2 {
    fn cost(&self) -> Cost {
        Cost::digests(2 * self.blocks() * u64::from(self.iterations))
    }

    #[cfg(feature = "serve")]
    fn tries_max(&self) -> u32 {
        if self.derived == Derived::Output { 1 } else { 2 }
    }

    fn check(&self, limits: &Limits) -> Result<(), OutOfBounds> {
        OutOfBounds::check("iterations", 1, limits.pbkdf2_iterations.into(), self.iterations.into())?;
        // A long output costs its multiple.
        let most = 4 * u64::from(limits.pbkdf2_iterations);
        OutOfBounds::check("iterations_in_all", 1, most, self.blocks() * u64::from(self.iterations))
    }

    fn verify(&self, input: &[u8], _keys: &Keyring) -> Result<Choice, Unverifiable> {
        let prepared = if self.derived == Derived::Output { None } else { prepared(input) };
        Ok(match prepared {
            Some(prepared) => self.matches(&prepared) | self.matches(input),
            None => self.matches(input),
        })
    }

    fn canonical(&self, _text: &str) -> Option<String> {
        None
    }

    fn parameters(&self) -> String {
        format!("{},i={}", self.function.as_str(), self.iterations)
    }

    fn looks_cut(&self, text_len: usize) -> bool {
        let is_own = self.output.len() == self.function.bytes();
        !is_own && self.end.is_lost(text_len, &self.output, &OUTPUT_BYTES_CHOSEN)
    }

    fn is_weak(&self) -> bool {
        self.iterations < recommended(self.function)
    }

    fn is_ambiguous(&self, input: &[u8]) -> bool {
        // HMAC fills a short key up with NULs; and SASLprep makes one of several.
        input.last() == Some(&0) || (self.derived != Derived::Output && prepared(input).is_some())
    }
}
