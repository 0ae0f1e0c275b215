//! What a record's tag means, and what a hash says of itself.

use crate::{Identification, identify};

/// A tag that means something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Tag {
    /// A method, a vendor or an expression.
    Hash(crate::Tag),
    /// Not a hash at all.
    Plaintext,
}

impl Tag {
    /// Reads a tag; the error says what to do.
    pub(super) fn parse(tag: &str) -> Result<Self, String> {
        let is_plaintext = ["plaintext", "plain", "cleartext"].iter().any(|name| tag.eq_ignore_ascii_case(name));
        if is_plaintext {
            return Ok(Self::Plaintext);
        }
        tag.parse().map(Self::Hash).map_err(|error: crate::UnknownTag| error.to_string())
    }
}

/// Whether a text that claims to be a password is in truth a hash: it names its scheme, or is hex of a digest's length.
pub(super) fn is_hash(text: &str) -> bool {
    match identify(text) {
        Identification::Named(_) | Identification::Foreign(_) => true,
        Identification::Ambiguous { .. } => text.bytes().all(|c| c.is_ascii_hexdigit()),
        Identification::Unknown => false,
    }
}
