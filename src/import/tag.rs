//! What a record's tag means, and what a hash says of itself.

use crate::{Identification, Method, identify};

/// A tag that means something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tag {
    Method(Method),
    /// Any Argon2 variant; the hash says which.
    Argon2,
    /// Not a hash at all.
    Plaintext,
}

impl Tag {
    pub(super) fn parse(tag: &str) -> Option<Self> {
        if let Ok(method) = tag.parse() {
            return Some(Self::Method(method));
        }
        let is = |name: &str| tag.eq_ignore_ascii_case(name);
        if is("argon2") {
            Some(Self::Argon2)
        } else if is("plaintext") || is("plain") || is("cleartext") {
            Some(Self::Plaintext)
        } else {
            None
        }
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
