//! Outer schemes, each in a file of its own and in the same shape: parse the text, hold the cost against the
//! limits, verify an input, print the canonical text. No scheme imports another, does I/O or reads a clock.

use std::sync::Arc;

use subtle::Choice;

use crate::error::{Fault, OutOfBounds};
use crate::keyring::Keyring;
use crate::{Cost, Limits, Method, Unverifiable};

pub(crate) mod argon2;
pub(crate) mod bcrypt;
pub(crate) mod digest;

/// How the text of a digest is encoded, where the record says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TextEncoding {
    /// Hex in either case.
    Hex,
    /// `A-Za-z0-9+/`, padded or not.
    Base64,
    /// `A-Za-z0-9-_`, padded or not.
    Base64Url,
}

impl std::str::FromStr for TextEncoding {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        match name.to_ascii_lowercase().as_str() {
            "hex" => Ok(Self::Hex),
            "base64" => Ok(Self::Base64),
            "base64url" => Ok(Self::Base64Url),
            _ => Err(()),
        }
    }
}

/// What every scheme provides. A scheme without a cost does not compile.
pub(crate) trait Scheme: Send + Sync {
    /// What one verification costs.
    fn cost(&self) -> Cost;

    /// `Err` where a cost parameter is out of bounds. Called before any work, at parse and at verify.
    fn check(&self, limits: &Limits) -> Result<(), OutOfBounds>;

    /// Whether the input belongs to the hash; the comparison takes the same time whatever the bytes are.
    fn verify(&self, input: &[u8], keys: &Keyring) -> Result<Choice, Unverifiable>;

    /// The text in the one spelling that the importer stores; `None` where `text`, which this hash was read from, is it.
    fn canonical(&self, text: &str) -> Option<String>;

    /// The cost parameters in words, for statistics: nothing that identifies a user.
    fn parameters(&self) -> String;

    /// Whether the cost is below what is recommended today. What has no cost parameter is not called weak.
    fn is_weak(&self) -> bool {
        false
    }

    /// Whether the scheme ignores part of this input, so that another one matches the same hash.
    fn is_ambiguous(&self, _input: &[u8]) -> bool {
        false
    }

    /// `Err` where the hash needs a key that `keys` does not have.
    fn check_keys(&self, _keys: &Keyring) -> Result<(), Fault> {
        Ok(())
    }

    /// Whether a text of this length holding this hash was likely cut off, although it parses.
    fn looks_cut(&self, _text_len: usize) -> bool {
        false
    }
}

/// A parsed hash of any scheme. Digests and Argon2 stand by themselves: most records are the one or the other.
#[derive(Clone)]
pub(crate) enum Parsed {
    Digest(digest::Digest),
    Argon2(argon2::Argon2),
    Other(Arc<dyn Scheme>),
}

impl Parsed {
    /// Reads `text` as what `method` makes. No bounds are held here.
    pub(crate) fn parse(method: Method, text: &str, encoding: Option<TextEncoding>) -> Result<Self, Fault> {
        if text.is_empty() {
            return Err(Fault::Empty);
        }
        if text.len() > Limits::TEXT_BYTES_MAX {
            return Err(Fault::Length { actual: text.len(), expected: "at most 4096" });
        }
        let kind = match method {
            Method::Md5 => digest::Kind::Md5,
            Method::Sha1 => digest::Kind::Sha1,
            Method::Sha256 => digest::Kind::Sha256,
            Method::Bcrypt => return bcrypt::Bcrypt::parse(text).map(Self::other),
            Method::Argon2i => return argon2::Argon2::parse(text, argon2::Variant::I).map(Self::Argon2),
            Method::Argon2d => return argon2::Argon2::parse(text, argon2::Variant::D).map(Self::Argon2),
            Method::Argon2id => return argon2::Argon2::parse(text, argon2::Variant::Id).map(Self::Argon2),
        };
        digest::Digest::parse(kind, text, encoding).map(Self::Digest)
    }

    fn other(scheme: impl Scheme + 'static) -> Self {
        Self::Other(Arc::new(scheme))
    }

    pub(crate) fn scheme(&self) -> &dyn Scheme {
        match self {
            Self::Digest(digest) => digest,
            Self::Argon2(argon2) => argon2,
            Self::Other(scheme) => &**scheme,
        }
    }
}

/// The method that a text names by itself (`$2b$…`, `$argon2id$…`), where it names one that is supported.
pub(crate) fn named(text: &str) -> Option<Method> {
    if bcrypt::is_named(text) { Some(Method::Bcrypt) } else { argon2::named(text) }
}
