//! bcrypt under its five prefixes, each as the implementation behind it computed it.
//!
//! The prefixes differ only in the eighteen words that the key schedule cycles through, so each is turned into
//! those words first, and the one kernel runs on the result:
//!
//! - `$2b$`, `$2y$`: the password and one NUL, cycled. Correct.
//! - `$2a$`: the same, plus crypt_blowfish's countermeasure: passwords for which the buggy and the correct
//!   schedule could be made to collide get a flipped bit in the first expansion.
//! - `$2x$`: crypt_blowfish up to 1.0.4 sign-extended each byte before or-ing it in, so that a byte above 0x7f wipes out
//!   the up to three before it in its word.
//! - `$2$`: no NUL: the password alone, cycled.

use subtle::{Choice, ConstantTimeEq};
use zeroize::{Zeroize, Zeroizing};

use super::{Scheme, text};
use crate::codec::{self, Alphabet};
use crate::error::{Fault, OutOfBounds};
use crate::function::Secret;
use crate::kernel::bcrypt::{self as kernel, Job};
use crate::keyring::Keyring;
use crate::{Cost, Limits, Unverifiable};

/// bcrypt ignores everything after this many bytes.
const INPUT_BYTES_MAX: usize = 72;

const TEXT_CHARS: usize = 60;
const SALT_CHARS: usize = 22;
/// The digest is 23 of the 24 encrypted bytes: the reference implementation drops one, and so must we.
const DIGEST_BYTES: usize = 23;
const EXPECTED: &str = "`$2b$`, a two-digit cost, `$`, and 53 characters of bcrypt's base64";

/// Which implementation's key schedule.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Prefix {
    /// `$2$`
    Bare,
    /// `$2a$`
    A,
    /// `$2b$`
    B,
    /// `$2x$`
    X,
    /// `$2y$`
    Y,
}

impl Prefix {
    const ALL: [Self; 5] = [Self::Bare, Self::A, Self::B, Self::X, Self::Y];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Bare => "$2$",
            Self::A => "$2a$",
            Self::B => "$2b$",
            Self::X => "$2x$",
            Self::Y => "$2y$",
        }
    }
}

/// A stored bcrypt hash, decoded.
#[derive(Clone)]
pub(crate) struct Bcrypt {
    prefix: Prefix,
    cost: u32,
    salt: [u8; 16],
    digest: [u8; DIGEST_BYTES],
}

impl Bcrypt {
    /// The text as crypt(3) has it, or in one of the two forms that take it apart: AdonisJS' and MediaWiki's.
    pub(crate) fn parse(text: &str) -> Result<Self, Fault> {
        match text.as_bytes() {
            [b'$', b'b', ..] => Self::adonis(text),
            [b':', ..] => Self::mediawiki(text),
            _ => Self::crypt(text),
        }
    }

    /// `$bcrypt$v=98$r=10$salt$hash`: the letter of the prefix as a number, and plain base64.
    fn adonis(text: &str) -> Result<Self, Fault> {
        const EXPECTED: Fault = Fault::Structure {
            expected: "`$bcrypt$v=97` or `98`, `$r=COST$`, a salt of 16 bytes, `$` and 23 bytes in base64",
        };
        let ["", "bcrypt", version, rounds, salt, digest] = text::parts::<6>(text, '$').ok_or(EXPECTED)? else {
            return Err(EXPECTED);
        };
        let prefix = match version {
            "v=97" => Prefix::A,
            "v=98" => Prefix::B,
            _ => return Err(EXPECTED),
        };
        let cost = text::decimal("cost", rounds.strip_prefix("r=").ok_or(EXPECTED)?)?;
        let mut parsed = Self { prefix, cost, salt: [0; 16], digest: [0; DIGEST_BYTES] };
        codec::base64_exact(salt.as_bytes(), Alphabet::Standard, &mut parsed.salt)?;
        codec::base64_exact(digest.as_bytes(), Alphabet::Standard, &mut parsed.digest)?;
        Ok(parsed)
    }

    /// `:bcrypt:9$salt$hash`
    fn mediawiki(text: &str) -> Result<Self, Fault> {
        const EXPECTED: Fault = Fault::Structure { expected: "`:bcrypt:`, a cost, `$`, 22 characters, `$` and 31" };
        let [cost, salt, hash] =
            text.strip_prefix(":bcrypt:").and_then(|rest| text::parts::<3>(rest, '$')).ok_or(EXPECTED)?;
        let cost = text::decimal("cost", cost)?;
        if cost > 99 || salt.len() != SALT_CHARS {
            return Err(EXPECTED);
        }
        Self::crypt(&format!("$2y${cost:02}${salt}{hash}"))
    }

    fn crypt(text: &str) -> Result<Self, Fault> {
        // From here on bytes: a character beyond ASCII must not split a slice.
        let text = text.as_bytes();
        let prefix = Prefix::ALL
            .into_iter()
            .find(|prefix| text.starts_with(prefix.as_str().as_bytes()))
            .ok_or(Fault::Structure { expected: EXPECTED })?;
        let rest = &text[prefix.as_str().len()..];
        let whole = TEXT_CHARS - "$2b$".len();
        if rest.len() < whole {
            return Err(Fault::Truncated {
                actual: text.len(),
                whole: "a bcrypt hash has 60 (59 with the prefix `$2$`)",
            });
        }
        let &[tens @ b'0'..=b'9', ones @ b'0'..=b'9', b'$', ref body @ ..] = rest else {
            return Err(Fault::Structure { expected: EXPECTED });
        };
        if rest.len() > whole {
            return Err(Fault::Length { actual: text.len(), expected: "60 characters (59 with the prefix `$2$`)" });
        }
        let (salt, digest) = body.split_at(SALT_CHARS);
        let part =
            |fault, part| if let Fault::NonCanonical { .. } = fault { Fault::NonCanonical { part } } else { fault };
        let mut parsed = Self {
            prefix,
            cost: u32::from(tens - b'0') * 10 + u32::from(ones - b'0'),
            salt: [0; 16],
            digest: [0; DIGEST_BYTES],
        };
        codec::base64_exact(salt, Alphabet::Bcrypt, &mut parsed.salt)
            .map_err(|fault| part(fault, "the last character of the salt has bits set that bcrypt ignores"))?;
        codec::base64_exact(digest, Alphabet::Bcrypt, &mut parsed.digest)
            .map_err(|fault| part(fault, "the last character has bits set that bcrypt ignores"))?;
        Ok(parsed)
    }

    /// What the kernel needs of an input under this hash's prefix and salt.
    fn job(&self, input: &[u8]) -> Job {
        let keys = KeyWords::of(self.prefix, input);
        let word = |bytes: &[u8]| bytes.iter().fold(0, |word, byte| word << 8 | u32::from(*byte));
        Job {
            first: std::array::from_fn(|place| word(&keys.first[4 * place..4 * place + 4])),
            key: std::array::from_fn(|place| word(&keys.all[4 * place..4 * place + 4])),
            salt: std::array::from_fn(|place| word(&self.salt[4 * place..4 * place + 4])),
        }
    }

    /// The digest of an input under this hash's prefix, cost and salt.
    fn compute(&self, input: &[u8]) -> Zeroizing<[u8; DIGEST_BYTES]> {
        kernel::hash(&[self.job(input)], self.cost)
            .pop()
            .map(digest)
            .unwrap_or_else(|| Zeroizing::new([0; DIGEST_BYTES]))
    }

    /// Whether a cost is below OWASP's least work factor.
    pub(crate) const fn is_weak_cost(cost: u32) -> bool {
        cost < 10
    }

    /// The cost: the logarithm of the rounds.
    pub(crate) const fn cost_parameter(&self) -> u32 {
        self.cost
    }

    /// As `verify` for each, all of one cost: as many at once as the kernel can.
    pub(crate) fn verify_side_by_side(work: &[(&Self, &[u8])]) -> Vec<Choice> {
        let Some(cost) = work.first().map(|(hash, _)| hash.cost) else { return Vec::new() };
        let jobs: Vec<Job> = work.iter().map(|(hash, input)| hash.job(input)).collect();
        let outputs = kernel::hash(&jobs, cost).into_iter().map(digest);
        let verdicts = work.iter().zip(outputs).map(|((hash, input), output)| {
            let is_of_cost = Choice::from(u8::from(hash.cost == cost));
            hash.digest.ct_eq(&*output) & is_whole(input) & is_of_cost
        });
        verdicts.collect()
    }
}

/// What bcrypt keeps of its output: all bytes but the last.
fn digest(mut output: kernel::Output) -> Zeroizing<[u8; DIGEST_BYTES]> {
    let mut digest = Zeroizing::new([0; DIGEST_BYTES]);
    for (bytes, word) in digest.chunks_mut(4).zip(&output) {
        bytes.copy_from_slice(&word.to_be_bytes()[..bytes.len()]);
    }
    output.zeroize();
    digest
}

/// C implementations stopped at a NUL and others did not, so a password that holds one matches nothing: it costs the same and
/// is refused.
fn is_whole(input: &[u8]) -> Choice {
    input.iter().fold(Choice::from(1), |whole, byte| whole & !byte.ct_eq(&0))
}

/// The eighteen words of the key schedule as bytes, for the first expansion and for all others.
struct KeyWords {
    first: Zeroizing<[u8; INPUT_BYTES_MAX]>,
    all: Zeroizing<[u8; INPUT_BYTES_MAX]>,
}

impl KeyWords {
    /// The loop runs over eighteen words whatever the input holds; only which bytes it reads depends on the length.
    fn of(prefix: Prefix, input: &[u8]) -> Self {
        let mut all = Zeroizing::new([0; INPUT_BYTES_MAX]);
        // `sign`: a byte above 0x7f stood where sign extension destroys others. `differ`: the two schedules are not
        // the same. Both as in crypt_blowfish, which keeps them free of branches.
        let (mut sign, mut differ) = (0u32, 0u32);
        let mut bytes = cycle(prefix, input);
        for place in all.chunks_exact_mut(4) {
            let (mut correct, mut extended) = (0u32, 0u32);
            for position in 0..4 {
                let byte = bytes.next().unwrap_or(0);
                correct = correct << 8 | u32::from(byte);
                extended = extended << 8 | i32::from(byte.cast_signed()).cast_unsigned();
                sign |= if position > 0 { extended & 0x80 } else { 0 };
            }
            differ |= correct ^ extended;
            place.copy_from_slice(&if prefix == Prefix::X { extended } else { correct }.to_be_bytes());
        }
        let mut first = all.clone();
        if prefix == Prefix::A {
            let differ = ((differ | differ >> 16) & 0xffff) + 0xffff; // bit 16 is set where the schedules differ
            let flip = (sign << 9) & !differ & 0x1_0000;
            first[1] ^= flip.to_be_bytes()[1];
        }
        Self { first, all }
    }
}

/// The input's first 72 bytes with the prefix's terminator, over and over.
fn cycle(prefix: Prefix, input: &[u8]) -> impl Iterator<Item = u8> {
    let input = &input[..input.len().min(INPUT_BYTES_MAX)];
    let terminator: &[u8] = if prefix == Prefix::Bare && !input.is_empty() { b"" } else { b"\0" };
    input.iter().chain(terminator).copied().cycle()
}

impl Scheme for Bcrypt {
    fn cost(&self) -> Cost {
        Cost::bcrypt(self.cost)
    }

    fn check(&self, limits: &Limits) -> Result<(), OutOfBounds> {
        limits.check_bcrypt(self.cost)
    }

    fn verify(&self, input: &[u8], _keys: &Keyring) -> Result<Choice, Unverifiable> {
        Ok(self.digest.ct_eq(&*self.compute(input)) & is_whole(input))
    }

    /// The whole text. Of an input that matches nothing it is none, either.
    fn derive(&self, input: &[u8], _keys: &Keyring) -> Result<Secret, Unverifiable> {
        let mut text = Secret::new(Vec::with_capacity(TEXT_CHARS + 1));
        text.extend_from_slice(format!("{}{:02}$", self.prefix.as_str(), self.cost).as_bytes());
        text.extend_from_slice(codec::to_base64_bcrypt(&self.salt).as_bytes());
        text.extend_from_slice(Zeroizing::new(codec::to_base64_bcrypt(&*self.compute(input))).as_bytes());
        if !bool::from(is_whole(input)) {
            text.push(0);
        }
        Ok(text)
    }

    fn canonical(&self, _text: &str) -> Option<String> {
        None
    }

    fn parameters(&self) -> String {
        format!("cost={}", self.cost)
    }

    fn is_weak(&self) -> bool {
        Self::is_weak_cost(self.cost)
    }

    // Whether other passwords are known to match wherever this one does: bytes after 72 are ignored; without a terminator
    // (`$2$`) a password and its repetition are one; and sign extension (`$2x$`) wipes bytes out.
    fn is_ambiguous(&self, input: &[u8]) -> bool {
        input.len() > INPUT_BYTES_MAX
            || match self.prefix {
                Prefix::Bare => true,
                Prefix::X => !input.is_ascii(),
                Prefix::A | Prefix::B | Prefix::Y => false,
            }
    }

    fn input_bytes_max(&self) -> Option<usize> {
        Some(INPUT_BYTES_MAX)
    }

    fn as_bcrypt(&self) -> Option<&Self> {
        Some(self)
    }
}
