//! Which methods a text can be. It never chooses: where more than one fits, it names them all, and what would
//! decide between them.

use crate::{Method, recipe};

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
        candidates: Vec<&'static str>,
        /// What decides between them.
        decided_by: &'static str,
    },
    /// The text has no form that is known.
    Unknown,
}

const DECIDED_BY: &str = "the system that made it, or one known password";

/// Marks of schemes that other systems write and that are not computed here.
const FOREIGN: [(&str, &str); 3] = [
    ("$8$", "Cisco type 8"),
    ("$9$", "Cisco type 9"),
    ("awscognito#", "a reference to Amazon Cognito, which gives no hash"),
];

/// Which methods a text can be.
#[must_use]
pub fn identify(text: &str) -> Identification {
    if let Some(rest) = text.strip_prefix("$rehash$") {
        let name = rest.split(['$', ',']).next().unwrap_or_default();
        return Identification::Named(name.parse().unwrap_or(Method::Expression));
    }
    match recipe::named(text) {
        [] => {}
        [method] => return Identification::Named(*method),
        several => {
            let candidates = several.iter().map(|method| method.as_str()).collect();
            return Identification::Ambiguous { candidates, decided_by: DECIDED_BY };
        }
    }
    if let Some((_, name)) = FOREIGN.iter().find(|(prefix, _)| text.starts_with(prefix)) {
        return Identification::Foreign(name);
    }
    if let Some(candidates) = spring(text) {
        return Identification::Ambiguous { candidates: candidates.to_vec(), decided_by: DECIDED_BY };
    }
    if is_braced(text) {
        return Identification::Foreign("an LDAP or Spring scheme");
    }
    match candidates(text) {
        [] => Identification::Unknown,
        candidates => Identification::Ambiguous { candidates: candidates.to_vec(), decided_by: DECIDED_BY },
    }
}

/// `{SALT}` and hex: Spring's digests do not say which they are.
fn spring(text: &str) -> Option<&'static [&'static str]> {
    let (_, hash) = text.strip_prefix('{')?.split_once('}')?;
    if !hash.bytes().all(|c| c.is_ascii_hexdigit()) {
        return None;
    }
    match hash.len() {
        32 => Some(&["spring_md5", "spring_md4"]),
        40 => Some(&["spring_sha1"]),
        64 => Some(&["spring_sha256"]),
        _ => None,
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
    let (hash, after) = text.split_once(':').unwrap_or((text, ""));
    // A salt before the hash, as Node's programs write it.
    if after.len() == 128 && hash.len() == 32 && after.bytes().chain(hash.bytes()).all(|c| c.is_ascii_hexdigit()) {
        return &[
            "better_auth",
            "scrypt($p,$s,16384,8,1) with its salt in passwordSalt",
            "pbkdf2 of 64 bytes likewise",
        ];
    }
    let is_salted_hex = !after.is_empty() && hash.bytes().all(|c| c.is_ascii_hexdigit());
    match (is_salted_hex, hash.len()) {
        (true, 32) => return &["md5_salted_prefix", "md5_salted_suffix", "vbulletin", "mybb", "ipb"],
        (true, 40) => return &["sha1_salted_prefix", "sha1_salted_suffix", "punbb", "redmine", "opencart", "wbb3"],
        (true, 64) => return &["sha256_salted_prefix", "sha256_salted_suffix"],
        (true, 128) => return &["sha512_salted_prefix", "sha512_salted_suffix"],
        _ => {}
    }
    match (is_hex, is_base64, text.len(), body.len()) {
        (true, _, 16, _) => &["mysql323", "oracle10", "half of an md5"],
        (true, _, 32, _) => &["md5", "md4", "ntlm", "a nested or salted md5"],
        (true, _, 40, _) => &["sha1", "ripemd160", "mysql41 without its *", "a nested or salted sha1"],
        (true, _, 56, _) => &["sha224", "sha3_224"],
        (true, _, 64, _) => {
            &["sha256", "sha3_256", "keccak_256", "blake2s256", "sha512_256", "a nested or salted sha256"]
        }
        (true, _, 96, _) => &["sha384", "sha3_384"],
        (true, _, 128, _) => &["sha512", "sha3_512", "keccak_512", "whirlpool", "blake2b512"],
        (_, true, _, 22) => &["md5 in base64", "md4 in base64"],
        (_, true, _, 27) => &["sha1 in base64", "ripemd160 in base64"],
        (_, true, _, 43) => &["sha256 in base64", "sha3_256 in base64", "md5 hex text in base64"],
        (_, true, _, 86) => &["sha512 in base64", "symfony_digest"],
        (_, _, 13, _) if is_crypt(text) => &["descrypt", "13 characters of another kind"],
        _ => &[],
    }
}

/// The alphabet of crypt(3).
fn is_crypt(text: &str) -> bool {
    text.bytes().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'.' | b'/'))
}
