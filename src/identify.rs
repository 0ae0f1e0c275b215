//! Which methods a text can be. It never chooses: where more than one fits, it names them all, and what would
//! decide between them.

use crate::{Method, StoredHash};

/// What [`identify`] found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Identification {
    /// The text names its method; it may still be malformed.
    Named(Method),
    /// The text names a scheme that is recognised and not supported here.
    Foreign(&'static str),
    /// The text has the form of several methods.
    Ambiguous {
        /// What it can be, supported here or not, in the field's names.
        candidates: &'static [&'static str],
        /// What decides between them.
        decided_by: &'static str,
    },
    /// The text has no form that is known.
    Unknown,
}

const DECIDED_BY: &str = "the system that made it, or one known password";

/// Marks of schemes that other systems write, longest first where one begins another.
const FOREIGN: [(&str, &str); 35] = [
    ("$1$", "md5crypt"),
    ("$5$", "sha256crypt"),
    ("$6$", "sha512crypt"),
    ("$7$", "scrypt (crypt)"),
    ("$y$", "yescrypt"),
    ("$gy$", "gost-yescrypt"),
    ("$3$", "ntlm (crypt)"),
    ("$apr1$", "Apache md5crypt"),
    ("$md5$", "SunMD5 or Kratos MD5"),
    ("$md5,", "SunMD5"),
    ("$sha1$", "sha1crypt"),
    ("$P$", "phpass"),
    ("$H$", "phpass"),
    ("$S$", "Drupal 7"),
    ("U$", "Drupal 7 over an older hash"),
    ("$B$", "MediaWiki"),
    ("$wp$", "WordPress 6.8"),
    ("$scrypt$", "scrypt"),
    ("$pbkdf2", "PBKDF2"),
    ("$bcrypt-sha256$", "passlib bcrypt-sha256"),
    ("$fbscrypt$", "Firebase scrypt"),
    ("$firescrypt$", "Firebase scrypt"),
    ("$hmac-", "Kratos HMAC"),
    ("$md5-crypt$", "md5crypt"),
    ("$sha256-crypt$", "sha256crypt"),
    ("$sha512-crypt$", "sha512crypt"),
    ("pbkdf2_", "Django PBKDF2"),
    ("bcrypt_sha256$", "Django bcrypt-sha256"),
    ("bcrypt$", "Django bcrypt"),
    ("argon2$", "Django Argon2"),
    ("scrypt$", "Django scrypt"),
    ("scrypt:", "Werkzeug scrypt"),
    ("pbkdf2:", "Werkzeug PBKDF2"),
    ("SCRAM-SHA-256$", "SCRAM-SHA-256"),
    ("0x0100", "MSSQL"),
];

/// Which methods a text can be.
#[must_use]
pub fn identify(text: &str) -> Identification {
    if let Some(method) = StoredHash::method_named_by(text) {
        return Identification::Named(method);
    }
    if let Some(rest) = text.strip_prefix("$rehash$")
        && let Some(method) = rest.split('$').next().and_then(|name| name.parse().ok())
    {
        return Identification::Named(method);
    }
    if let Some((_, name)) = FOREIGN.iter().find(|(prefix, _)| text.starts_with(prefix)) {
        return Identification::Foreign(name);
    }
    if is_braced(text) {
        return Identification::Foreign("an LDAP or Spring scheme");
    }
    match candidates(text) {
        [] => Identification::Unknown,
        candidates => Identification::Ambiguous { candidates, decided_by: DECIDED_BY },
    }
}

/// `{SSHA}…`, `{bcrypt}…`
fn is_braced(text: &str) -> bool {
    let name = text.strip_prefix('{').and_then(|rest| rest.split_once('}')).map_or("", |(name, _)| name);
    (2..=40).contains(&name.len()) && name.bytes().all(|c| c.is_ascii_alphanumeric() || b"-_@.".contains(&c))
}

/// Raw digests have no mark but their length.
fn candidates(text: &str) -> &'static [&'static str] {
    let body = text.trim_end_matches('=');
    let is_hex = text.bytes().all(|c| c.is_ascii_hexdigit());
    let is_base64 = body.bytes().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'+' | b'/' | b'-' | b'_'));
    match (is_hex, is_base64, text.len(), body.len()) {
        (true, _, 32, _) => &["md5", "md4", "ntlm", "a nested or salted md5"],
        (true, _, 40, _) => &["sha1", "ripemd160", "mysql41 without its *", "a nested or salted sha1"],
        (true, _, 64, _) => &["sha256", "sha3-256", "blake2s256", "a nested or salted sha256"],
        (_, true, _, 22) => &["md5 in base64", "md4 in base64"],
        (_, true, _, 27) => &["sha1 in base64", "ripemd160 in base64"],
        (_, true, _, 43) => &["sha256 in base64", "sha3-256 in base64", "md5 hex text in base64"],
        _ => &[],
    }
}
