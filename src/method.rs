//! The tag: which method made a hash. One name each, in one spelling, with the aliases that other systems use.
//! This file knows names only; what a method computes is in `scheme`.

use std::fmt;
use std::str::FromStr;

/// A method that makes stored hashes: the tag of a record.
///
/// Parses from any documented alias in any case; prints its one canonical name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Method {
    /// MD5 of the password.
    Md5,
    /// SHA-1 of the password.
    Sha1,
    /// SHA-256 of the password.
    Sha256,
    /// bcrypt under any of its five prefixes.
    Bcrypt,
    /// Argon2i, version 1.0 or 1.3.
    Argon2i,
    /// Argon2d, version 1.0 or 1.3.
    Argon2d,
    /// Argon2id, version 1.0 or 1.3.
    Argon2id,
}

/// What `rehash methods` shows of a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MethodInfo {
    /// The method.
    pub method: Method,
    /// The canonical name.
    pub name: &'static str,
    /// Other accepted spellings, in lower case.
    pub aliases: &'static [&'static str],
    /// The stored text.
    pub grammar: &'static str,
    /// What is computed.
    pub computation: &'static str,
    /// What the method does that surprises.
    pub notes: &'static str,
}

const fn row(
    method: Method,
    name: &'static str,
    aliases: &'static [&'static str],
    grammar: &'static str,
    computation: &'static str,
    notes: &'static str,
) -> MethodInfo {
    MethodInfo { method, name, aliases, grammar, computation, notes }
}

const DIGEST_NOTES: &str = "hex in either case, base64 or base64url, padded or not";
const ARGON2I: &str = "$argon2i$[v=19$]m=KIB,t=PASSES,p=LANES[,keyid=…][,data=…]$SALT$HASH";
const ARGON2D: &str = "$argon2d$[v=19$]m=KIB,t=PASSES,p=LANES[,keyid=…][,data=…]$SALT$HASH";
const ARGON2ID: &str = "$argon2id$[v=19$]m=KIB,t=PASSES,p=LANES[,keyid=…][,data=…]$SALT$HASH";
const ARGON2_NOTES: &str = "no v= means version 0x10; keyid= needs a registered key";

/// Every method, in the order of the enum.
const METHODS: [MethodInfo; 7] = [
    row(Method::Md5, "md5", &["raw-md5"], "16 bytes: 32 hex or 22 to 24 base64", "md5($p)", DIGEST_NOTES),
    row(Method::Sha1, "sha1", &["sha-1", "raw-sha1"], "20 bytes: 40 hex or 27 to 28 base64", "sha1($p)", DIGEST_NOTES),
    row(
        Method::Sha256,
        "sha256",
        &["sha-256", "sha2-256", "raw-sha256"],
        "32 bytes: 64 hex or 43 to 44 base64",
        "sha256($p)",
        DIGEST_NOTES,
    ),
    row(
        Method::Bcrypt,
        "bcrypt",
        &["blowfish", "bf"],
        "$2[abxy]$NN$ and 53 of ./A-Za-z0-9; $2$ too",
        "bcrypt($p)",
        "ignores all after 72 bytes; a password with a NUL never matches; $2x$ has its sign-extension bug",
    ),
    row(Method::Argon2i, "argon2i", &[], ARGON2I, "argon2i($p)", ARGON2_NOTES),
    row(Method::Argon2d, "argon2d", &[], ARGON2D, "argon2d($p)", ARGON2_NOTES),
    row(Method::Argon2id, "argon2id", &[], ARGON2ID, "argon2id($p)", ARGON2_NOTES),
];

impl Method {
    /// Every method.
    pub fn all() -> impl Iterator<Item = Self> {
        METHODS.iter().map(|row| row.method)
    }

    /// Name, aliases, grammar and notes.
    #[must_use]
    pub const fn info(self) -> &'static MethodInfo {
        &METHODS[self as usize]
    }

    /// The canonical name: lower case, stable, the spelling in every output.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.info().name
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The tag names no method. It does not repeat the tag: columns get swapped, and the text may be a hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownMethod;

impl fmt::Display for UnknownMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the tag names no method; `rehash methods` lists them")
    }
}

impl std::error::Error for UnknownMethod {}

impl FromStr for Method {
    type Err = UnknownMethod;

    fn from_str(tag: &str) -> Result<Self, UnknownMethod> {
        METHODS
            .iter()
            .find(|row| {
                row.name.eq_ignore_ascii_case(tag) || row.aliases.iter().any(|alias| alias.eq_ignore_ascii_case(tag))
            })
            .map(|row| row.method)
            .ok_or(UnknownMethod)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn each_row_stands_where_its_method_points() {
        for method in Method::all() {
            assert_eq!(method.info().method, method);
        }
    }

    #[test]
    fn names_and_aliases_are_unique_and_parse_in_any_case() {
        let mut seen = HashSet::new();
        for row in METHODS {
            for name in [row.name].iter().chain(row.aliases) {
                assert!(seen.insert(*name), "{name} stands twice");
                assert_eq!(name.parse(), Ok(row.method));
                assert_eq!(name.to_uppercase().parse(), Ok(row.method));
            }
        }
        assert_eq!("md6".parse::<Method>(), Err(UnknownMethod));
        assert_eq!("".parse::<Method>(), Err(UnknownMethod));
    }
}
