//! Problem codes and the error that parsing a stored hash gives. Errors carry numbers and positions, never the
//! text they are about: a hash, a salt or a password has no place in a log.

use std::fmt;

use crate::Method;
use crate::keyring::KeyId;

/// A stable name for what is wrong with a record or a stored hash; scripts may rely on the spelling of
/// [`Code::as_str`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Code {
    /// The text can be several methods, and nothing says which.
    AmbiguousMethod,
    /// The tag names no method.
    UnknownMethod,
    /// The tag says one method and the hash another.
    MethodConflict,
    /// A method is named, but there is no hash.
    MissingHash,
    /// The method needs a salt that the record does not have.
    MissingSalt,
    /// The record has no username, email or phone.
    MissingUsername,
    /// The hash names a key that is not registered.
    MissingKey,
    /// A character outside the alphabet, or wrong padding.
    BadEncoding,
    /// The decoded value is itself an encoded digest.
    DoubleEncoded,
    /// The value has another length than the method's.
    WrongLength,
    /// The value was cut off, as a narrow column does.
    Truncated,
    /// Bits that must be zero are set, or a number has leading zeros.
    NonCanonical,
    /// The text does not have the method's structure.
    Malformed,
    /// A cost parameter is above its limit.
    CostTooHigh,
    /// A cost parameter is below the least that the method allows.
    CostTooLow,
    /// Another record has this username, email or phone.
    DuplicateUser,
    /// A field stands twice in one record.
    DuplicateField,
    /// A field has a value it cannot have, or is not known.
    BadField,
    /// The record is not JSON.
    BadJson,
    /// The record is not CSV.
    BadCsv,
    /// The record is not UTF-8.
    BadUtf8,
    /// The record is larger than a record may be.
    RecordTooLarge,
    /// Warning: white space around the hash was removed.
    TrimmedWhitespace,
    /// Warning: the hash was in upper-case hex and is kept in lower case.
    UppercaseHex,
    /// Warning: the method ignores the end of long passwords.
    TruncatingMethod,
    /// Warning: the hash's cost is below what is recommended today.
    WeakCost,
    /// Warning: the vendor's export says that the account was disabled, blocked or suspended; here it can sign in.
    DisabledAccount,
    /// Warning: white space or a byte order mark stands around a username, email or phone, which nobody types.
    PaddedIdentifier,
    /// Warning: a username is another record's email or phone. A sign-in looks for usernames first, so that the other cannot sign in by it.
    SharedIdentifier,
}

impl Code {
    /// Every code: problems first, then warnings.
    pub const ALL: &'static [Self] = &[
        Self::AmbiguousMethod,
        Self::UnknownMethod,
        Self::MethodConflict,
        Self::MissingHash,
        Self::MissingSalt,
        Self::MissingUsername,
        Self::MissingKey,
        Self::BadEncoding,
        Self::DoubleEncoded,
        Self::WrongLength,
        Self::Truncated,
        Self::NonCanonical,
        Self::Malformed,
        Self::CostTooHigh,
        Self::CostTooLow,
        Self::DuplicateUser,
        Self::DuplicateField,
        Self::BadField,
        Self::BadJson,
        Self::BadCsv,
        Self::BadUtf8,
        Self::RecordTooLarge,
        Self::TrimmedWhitespace,
        Self::UppercaseHex,
        Self::TruncatingMethod,
        Self::WeakCost,
        Self::DisabledAccount,
        Self::PaddedIdentifier,
        Self::SharedIdentifier,
    ];

    /// The code's stable spelling.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AmbiguousMethod => "ambiguous_method",
            Self::UnknownMethod => "unknown_method",
            Self::MethodConflict => "method_conflict",
            Self::MissingHash => "missing_hash",
            Self::MissingSalt => "missing_salt",
            Self::MissingUsername => "missing_username",
            Self::MissingKey => "missing_key",
            Self::BadEncoding => "bad_encoding",
            Self::DoubleEncoded => "double_encoded",
            Self::WrongLength => "wrong_length",
            Self::Truncated => "truncated",
            Self::NonCanonical => "non_canonical",
            Self::Malformed => "malformed",
            Self::CostTooHigh => "cost_too_high",
            Self::CostTooLow => "cost_too_low",
            Self::DuplicateUser => "duplicate_user",
            Self::DuplicateField => "duplicate_field",
            Self::BadField => "bad_field",
            Self::BadJson => "bad_json",
            Self::BadCsv => "bad_csv",
            Self::BadUtf8 => "bad_utf8",
            Self::RecordTooLarge => "record_too_large",
            Self::TrimmedWhitespace => "trimmed_whitespace",
            Self::UppercaseHex => "uppercase_hex",
            Self::TruncatingMethod => "truncating_method",
            Self::WeakCost => "weak_cost",
            Self::DisabledAccount => "disabled_account",
            Self::PaddedIdentifier => "padded_identifier",
            Self::SharedIdentifier => "shared_identifier",
        }
    }

    /// Whether the code is a warning: the record is good, and something about it is worth knowing.
    #[must_use]
    pub const fn is_warning(self) -> bool {
        // They come last.
        self as u8 >= Self::TrimmedWhitespace as u8
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A cost parameter outside its bounds: which, what it was, and what is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OutOfBounds {
    /// The parameter with its unit, as `rehash methods` names it: `memory_kib`, `cost`, …
    pub parameter: &'static str,
    /// The least allowed value.
    pub min: u64,
    /// The greatest allowed value.
    pub max: u64,
    /// The value in the stored hash.
    pub actual: u64,
}

impl OutOfBounds {
    pub(crate) const fn new(parameter: &'static str, min: u64, max: u64, actual: u64) -> Self {
        Self { parameter, min, max, actual }
    }

    /// `Err` where `actual` is not within `min..=max`.
    pub(crate) fn check(parameter: &'static str, min: u64, max: u64, actual: u64) -> Result<(), Self> {
        if (min..=max).contains(&actual) { Ok(()) } else { Err(Self::new(parameter, min, max, actual)) }
    }

    /// [`Code::CostTooLow`] or [`Code::CostTooHigh`].
    #[must_use]
    pub const fn code(&self) -> Code {
        if self.actual < self.min { Code::CostTooLow } else { Code::CostTooHigh }
    }
}

impl fmt::Display for OutOfBounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { parameter, min, max, actual } = self;
        if *parameter == "value_bytes" {
            // No limit of anybody's, and past counting where it repeats itself.
            write!(f, "the expression's values grow beyond {max} bytes, which nothing hashes; is it meant so?")
        } else if actual < min {
            write!(f, "{parameter} is {actual}, below the least allowed, {min}")
        } else {
            write!(
                f,
                "{parameter} is {actual}, above the limit of {max}; raise the limit only if the source is trusted"
            )
        }
    }
}

impl std::error::Error for OutOfBounds {}

/// Why a text is not a well-formed stored hash.
///
/// [`ParseError::code`] is for programs; the `Display` text names the place and the remedy and never repeats any part
/// of the hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError(pub(crate) Fault);

/// What is wrong, with numbers and positions. Kept private so that variants can be added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    Empty,
    Length { actual: usize, expected: &'static str },
    Symbol { at: usize, alphabet: &'static str },
    MixedAlphabet { at: usize },
    Padding,
    DoubleEncoded { outer: &'static str, inner: &'static str },
    NonCanonical { part: &'static str },
    Structure { expected: &'static str },
    Truncated { actual: usize, whole: &'static str },
    Bounds(OutOfBounds),
    Conflict { tag: Method, named: Method },
    NotSelfDescribing,
    MissingKey { key_id: String },
    DataWithoutKey,
    MissingSalt,
    MissingUser,
    UnusedSalt,
    UnusedUser,
    NoDigest,
    Expression { column: usize, expected: &'static str },
    AnyPassword,
    Ambiguous { candidates: &'static [Method] },
    NotOfFamily { family: &'static str },
}

impl ParseError {
    /// The stable problem code.
    #[must_use]
    pub const fn code(&self) -> Code {
        match &self.0 {
            Fault::Empty => Code::MissingHash,
            Fault::Length { .. } => Code::WrongLength,
            Fault::Symbol { .. } | Fault::MixedAlphabet { .. } | Fault::Padding => Code::BadEncoding,
            Fault::DoubleEncoded { .. } => Code::DoubleEncoded,
            Fault::NonCanonical { .. } => Code::NonCanonical,
            Fault::Structure { .. } | Fault::AnyPassword => Code::Malformed,
            Fault::Truncated { .. } => Code::Truncated,
            Fault::Bounds(bounds) => bounds.code(),
            Fault::Conflict { .. } => Code::MethodConflict,
            Fault::NotSelfDescribing => Code::AmbiguousMethod,
            Fault::MissingKey { .. } | Fault::DataWithoutKey => Code::MissingKey,
            Fault::MissingSalt => Code::MissingSalt,
            Fault::MissingUser => Code::MissingUsername,
            Fault::UnusedSalt | Fault::UnusedUser => Code::BadField,
            Fault::NoDigest | Fault::Expression { .. } => Code::UnknownMethod,
            Fault::Ambiguous { .. } => Code::AmbiguousMethod,
            Fault::NotOfFamily { .. } => Code::MethodConflict,
        }
    }

    /// Whether the problem is with the name that goes into the hash.
    #[cfg(feature = "import")]
    pub(crate) const fn is_about_user(&self) -> bool {
        matches!(self.0, Fault::UnusedUser)
    }

    /// The bounds that were broken, where the problem is a cost parameter.
    #[must_use]
    pub const fn bounds(&self) -> Option<&OutOfBounds> {
        match &self.0 {
            Fault::Bounds(bounds) => Some(bounds),
            _ => None,
        }
    }
}

impl From<OutOfBounds> for Fault {
    fn from(bounds: OutOfBounds) -> Self {
        Self::Bounds(bounds)
    }
}

impl From<Fault> for ParseError {
    fn from(fault: Fault) -> Self {
        Self(fault)
    }
}

impl From<OutOfBounds> for ParseError {
    fn from(bounds: OutOfBounds) -> Self {
        Self(Fault::Bounds(bounds))
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Fault::Empty => write!(f, "the hash is empty; leave out the method too for a user without a password"),
            Fault::Length { actual, expected } => {
                write!(f, "{actual} characters, expected {expected}; check the method and the column's width")
            }
            Fault::Symbol { at, alphabet } => {
                write!(f, "character {at} is not {alphabet}; export the value again, untouched")
            }
            Fault::MixedAlphabet { at } => {
                write!(f, "character {at} mixes base64 and base64url; export the value in one alphabet")
            }
            Fault::Padding => write!(f, "wrong `=` padding; pad to a multiple of four or leave the padding out"),
            Fault::DoubleEncoded { outer, inner } => {
                write!(f, "{outer} of {inner} text, encoded twice; decode the {outer} once")
            }
            Fault::NonCanonical { part } => {
                write!(f, "{part}, so the text was altered or made by a faulty encoder; export it again")
            }
            Fault::Structure { expected } => write!(f, "expected {expected}"),
            Fault::Truncated { actual, whole } => {
                write!(f, "cut off after {actual} characters, {whole}; widen the source column and export again")
            }
            Fault::Bounds(bounds) => bounds.fmt(f),
            Fault::Conflict { tag, named } => {
                write!(f, "tagged {tag}, but the hash says {named}; correct the tag or leave it out")
            }
            Fault::NotSelfDescribing => write!(f, "the text does not name its method; say which it is"),
            Fault::MissingKey { key_id } => {
                write!(f, "needs the key `{}`, which is not registered", key_id.escape_default())
            }
            Fault::DataWithoutKey => write!(f, "carries associated data without a registered key"),
            Fault::MissingSalt => write!(f, "the method needs a salt: in passwordSalt, or after the hash and a `:`"),
            Fault::MissingUser => write!(f, "the method hashes the user's name: in passwordUser, or username"),
            Fault::UnusedSalt => write!(f, "the method takes no salt of its own column; is the tag right?"),
            Fault::UnusedUser => write!(f, "the method does not use a name; is the tag right?"),
            Fault::NoDigest => write!(f, "the expression is no digest of the password, or one of less than 64 bits"),
            Fault::Expression { column, expected } => {
                write!(f, "the tag is neither a method nor an expression: at column {column}, expected {expected}")
            }
            Fault::AnyPassword => write!(
                f,
                "what stands before the password (a salt, a name) fills all that the method looks at, so that any password \
                 would match; leave the password out, and let the user set a new one"
            ),
            Fault::Ambiguous { candidates } => {
                let names: Vec<_> = candidates.iter().map(|method| method.as_str()).collect();
                write!(f, "can be {}; say which", names.join(" or "))
            }
            Fault::NotOfFamily { family } => write!(f, "is in no form that {family} writes; is the tag right?"),
        }
    }
}

impl std::error::Error for ParseError {}

/// Why a well-formed hash cannot be verified.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unverifiable {
    /// A cost parameter is beyond the engine's limits.
    OverLimit(OutOfBounds),
    /// The hash needs a key that is not registered.
    MissingKey {
        /// Its id; `None` where the hash carries associated data and names no key.
        key_id: Option<KeyId>,
    },
    /// The memory could not be reserved.
    OutOfMemory {
        /// How much was asked for, in KiB.
        memory_kib: u32,
    },
    /// A verification takes more than all the memory of the pool that was to make it.
    BeyondPool {
        /// What it takes, in KiB.
        needed_kib: u32,
        /// What the pool has, in KiB.
        memory_kib: u32,
    },
    /// The password is so long that the hash's rounds would cost a multiple of what they cost for a short one, or longer than the
    /// method takes. Whether it is right is not known; most of what is that long comes from nobody's fingers.
    PasswordTooLong,
    /// The input that the hash is made of leaves no byte of the password: any password would match.
    AnyPassword,
    /// The policy has retired the hash's method.
    Retired,
    /// The primitive refused the parameters although they are within limits: a fault of this library.
    Refused,
}

impl fmt::Display for Unverifiable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OverLimit(bounds) => bounds.fmt(f),
            Self::MissingKey { key_id: Some(id) } => write!(f, "the key `{id}` is not registered"),
            Self::MissingKey { key_id: None } => f.write_str("associated data without a registered key"),
            Self::OutOfMemory { memory_kib } => write!(f, "{memory_kib} KiB of memory could not be reserved"),
            Self::BeyondPool { needed_kib, memory_kib } => {
                write!(f, "takes {needed_kib} of the pool's {memory_kib} KiB")
            }
            Self::PasswordTooLong => f.write_str(
                "the password is so long that this hash's rounds would cost too much, or the method takes none such",
            ),
            Self::AnyPassword => f.write_str("what stands before the password leaves nothing of it: any would match"),
            Self::Retired => f.write_str("the method is retired: its user needs a new password"),
            Self::Refused => f.write_str("the parameters were refused by the primitive"),
        }
    }
}

impl std::error::Error for Unverifiable {}
