//! What a record's tag means, and what a hash says of itself.

use crate::{Identification, Method, identify};

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
        // The tags of nearly all records, which need no look into the table of names.
        let common = match tag {
            "MD5" | "md5" => Some(Method::Md5),
            "SHA1" | "sha1" => Some(Method::Sha1),
            "SHA256" | "sha256" => Some(Method::Sha256),
            "Bcrypt" | "bcrypt" => Some(Method::Bcrypt),
            "Argon2id" | "argon2id" => Some(Method::Argon2id),
            _ => None,
        };
        if let Some(method) = common {
            return Ok(Self::Hash(method.into()));
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_common_tag_is_what_the_table_of_names_says() {
        for tag in ["MD5", "md5", "SHA1", "sha1", "SHA256", "sha256", "Bcrypt", "bcrypt", "Argon2id", "argon2id"] {
            assert_eq!(Tag::parse(tag), tag.parse().map(Tag::Hash).map_err(|_| String::new()), "{tag}");
        }
    }
}
