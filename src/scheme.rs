//! Outer schemes, each in a file of its own and in the same shape: parse the text, hold the cost against the
//! limits, verify an input, print the canonical text. No scheme imports another, does I/O or reads a clock.

use std::sync::Arc;

use subtle::Choice;

use crate::codec;
use crate::error::{Fault, OutOfBounds};
use crate::function::Secret;
use crate::keyring::Keyring;
use crate::{Cost, Limits, Unverifiable};

pub(crate) mod argon2;
pub(crate) mod bcrypt;
pub(crate) mod chain;
pub(crate) mod cram;
pub(crate) mod des;
pub(crate) mod descrypt;
pub(crate) mod digest;
pub(crate) mod h64;
pub(crate) mod md5crypt;
pub(crate) mod mysql323;
pub(crate) mod oracle10;
pub(crate) mod pbkdf2;
pub(crate) mod phpass;
pub(crate) mod raw;
mod rounds;
pub(crate) mod scrypt;
pub(crate) mod sha1crypt;
pub(crate) mod shacrypt;
pub(crate) mod sunmd5;
pub(crate) mod text;
pub(crate) mod yescrypt;

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

impl TextEncoding {
    /// The bytes of a text in this encoding; `None` where it is not.
    #[must_use]
    pub fn decode(self, text: &str) -> Option<Vec<u8>> {
        let text = text.as_bytes();
        match self {
            Self::Hex => codec::hex(text).ok(),
            Self::Base64 => codec::base64_padded_or_not(text, codec::Alphabet::Standard).ok(),
            Self::Base64Url => codec::base64_padded_or_not(text, codec::Alphabet::Url).ok(),
        }
    }
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

    /// How often it is computed for a password that is tried as it is and in another form.
    #[cfg(feature = "serve")]
    fn tries_max(&self) -> u32 {
        1
    }

    /// Whether the input belongs to the hash; the comparison takes the same time whatever the bytes are.
    fn verify(&self, input: &[u8], keys: &Keyring) -> Result<Choice, Unverifiable>;

    /// What it derives of an input, as its own text would have it: what the next of a chain is computed over. Schemes that stand in no
    /// chain refuse.
    fn derive(&self, _input: &[u8], _keys: &Keyring) -> Result<Secret, Unverifiable> {
        Err(Unverifiable::Refused)
    }

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

    /// How many bytes of an input are looked at, where the end of long ones is ignored.
    fn input_bytes_max(&self) -> Option<usize> {
        None
    }

    /// How many blocks are hashed for an input of so many bytes, where its length is work in every round; nought where it is not.
    fn work(&self, _input_bytes: usize) -> u64 {
        0
    }

    /// Whether an input of so many bytes can match at all: where it cannot, nothing is computed.
    fn takes(&self, _input_bytes: usize) -> bool {
        true
    }

    /// Whether it computes nothing, and its cost is that of the expression whose value it compares.
    fn is_comparison(&self) -> bool {
        false
    }

    /// bcrypt, several of which can be computed side by side.
    fn as_bcrypt(&self) -> Option<&bcrypt::Bcrypt> {
        None
    }

    /// Whether the text is nothing but a digest.
    fn takes_encoding(&self) -> bool {
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
    pub(crate) fn other(scheme: impl Scheme + 'static) -> Self {
        Self::Other(Arc::new(scheme))
    }

    /// Where it is Argon2.
    #[cfg(feature = "pool")]
    pub(crate) fn argon2_lanes(&self) -> Option<u32> {
        match self {
            Self::Argon2(argon2) => Some(argon2.lanes),
            _ => None,
        }
    }

    /// Whether its cost is that of the expression whose value it compares.
    pub(crate) fn counts_its_input(&self) -> bool {
        match self {
            Self::Digest(_) => true,
            Self::Argon2(_) => false,
            Self::Other(scheme) => scheme.is_comparison(),
        }
    }

    pub(crate) fn scheme(&self) -> &dyn Scheme {
        match self {
            Self::Digest(digest) => digest,
            Self::Argon2(argon2) => argon2,
            Self::Other(scheme) => &**scheme,
        }
    }
}
