//! What a hash would match instead: where a known password does not verify, the likely mistakes of a mapping are tried, and
//! those that verify are named. For an operator with passwords of their own, before an import; never for a sign-in, since
//! it asks a password against hundreds of computations.

use crate::codec::{self, Alphabet};
use crate::{Columns, Denied, Engine, Method, Password, StoredHash, Tag};

/// Digest functions by the bytes of their output.
const FUNCTIONS: [(usize, &[&str]); 5] = [
    (16, &["md5", "md4"]),
    (20, &["sha1", "ripemd160"]),
    (28, &["sha224"]),
    (32, &["sha256", "sha3_256", "blake2s256"]),
    (64, &["sha512", "whirlpool", "sha3_512", "blake2b512"]),
];

/// What stands in for the password within a digest: `$p` as other systems handed it over.
const INPUTS: [&str; 17] = [
    "$p",
    "utf16le($p)",
    "latin1($p)",
    "lc($p)",
    "uc($p)",
    "md5($p)",
    "MD5($p)",
    "md5_raw($p)",
    "md5_64($p)",
    "sha1($p)",
    "SHA1($p)",
    "sha1_raw($p)",
    "sha1_64($p)",
    "sha256($p)",
    "SHA256($p)",
    "sha256_raw($p)",
    "sha512($p)",
];

/// How salt and name are joined to it.
const JOINS: [&str; 11] = [
    "{}",
    "$s.{}",
    "{}.$s",
    "$s.{}.$s",
    "md5($s).{}",
    "{}.md5($s)",
    "$s.':'.{}",
    "{}.':'.$s",
    "$u.{}",
    "{}.$u",
    "lc($u).{}",
];

/// The parts of a hash that a digest's text is made of.
struct Parts {
    digest: Vec<u8>,
    salts: Vec<(Vec<u8>, &'static str)>,
    user: Option<Vec<u8>>,
}

/// The tags under which a hash of a digest, or of a scheme over another input, would match a password; with how its salt
/// must be read where it is not as it stands. Empty where nothing that is known does.
///
/// `username` is the record's, for hashes that a name went into. Costs a few hundred digests, and as many of the hash's own
/// computation as there are methods that can read its text.
#[must_use]
pub fn mistakes(engine: &Engine, stored: &StoredHash, username: Option<&str>, password: &Password) -> Vec<String> {
    let mut found = Vec::new();
    let text = stored.self_describing();
    let (inner, mut parts) = take_apart(&text);
    if parts.user.is_none() {
        parts.user = username.map(|name| name.as_bytes().to_vec());
    }
    for (salt, how) in parts.salts.iter().map(|(salt, how)| (Some(&**salt), *how)).chain([(None, "without the salt")]) {
        let how = if salt.is_none() && parts.salts.is_empty() { "" } else { how };
        let columns = Columns { salt, user: parts.user.as_deref(), ..Columns::default() };
        for tag in tags(inner, &parts.digest, salt.is_some(), parts.user.is_some()) {
            if tag != stored.tag() && matches(engine, &tag, inner, &parts, &columns, password) {
                found.push(if how.is_empty() { tag } else { format!("{tag}, {how}") });
            }
        }
    }
    found.dedup();
    found
}

fn matches(engine: &Engine, tag: &str, text: &str, parts: &Parts, columns: &Columns<'_>, password: &Password) -> bool {
    let Ok(tag) = tag.parse::<Tag>() else { return false };
    let hex = codec::to_hex(&parts.digest);
    let text = if parts.digest.is_empty() { text } else { &hex };
    let Ok(stored) = StoredHash::parse_tagged(&tag, text, columns, engine.policy().limits()) else { return false };
    !matches!(engine.verify_without_decoy(&stored, password), Err(Denied::WrongPassword | Denied::Unverifiable(_)))
}

/// The tags to try: methods that may read the text, and expressions over the functions whose output is as long.
fn tags(text: &str, digest: &[u8], has_salt: bool, has_user: bool) -> Vec<String> {
    let methods = Method::all().filter(|method| !matches!(method, Method::Expression | Method::Legacy));
    // A scheme's text names its method; its relatives differ in what they hash.
    let is_relative = |method: &Method| {
        digest.is_empty() && (!text.starts_with("$2") || method.info().computation.starts_with("bcrypt("))
    };
    let mut tags: Vec<String> = methods.filter(is_relative).map(|method| method.as_str().to_owned()).collect();
    let functions = FUNCTIONS.iter().find(|(length, _)| *length == digest.len()).map_or(&[][..], |(_, names)| names);
    for function in functions {
        for join in JOINS.iter().filter(|join| (has_salt || !join.contains("$s")) && (has_user || !join.contains("$u")))
        {
            tags.extend(INPUTS.iter().map(|input| format!("{function}({})", join.replace("{}", input))));
        }
        if has_salt {
            tags.push(format!("hmac_{function}($s,$p)"));
            tags.push(format!("hmac_{function}($p,$s)"));
        }
    }
    tags
}

/// Text, digest, salts and name of a self-describing text.
fn take_apart(text: &str) -> (&str, Parts) {
    let mut parts = Parts { digest: Vec::new(), salts: Vec::new(), user: None };
    let mut inner = text;
    if let Some((head, rest)) = text.strip_prefix("$rehash$").and_then(|text| text.split_once('$')) {
        inner = rest;
        for part in head.split(',').skip(1) {
            match part.split_once('=') {
                Some(("s", salt)) => parts.salts.extend(salts(from_base64(salt))),
                Some(("u", user)) => parts.user = from_base64(user),
                _ => {}
            }
        }
    }
    let (digest, salt) = inner.split_once(':').map_or((inner, None), |(digest, salt)| (digest, Some(salt)));
    parts.digest = from_hex(digest).or_else(|| from_base64(digest)).unwrap_or_default();
    if parts.salts.is_empty() {
        parts.salts.extend(salts(salt.map(|salt| salt.as_bytes().to_vec())));
    }
    (inner, parts)
}

/// A salt as it stands, and as what it may be the text of.
fn salts(salt: Option<Vec<u8>>) -> Vec<(Vec<u8>, &'static str)> {
    let Some(salt) = salt else { return Vec::new() };
    let text = std::str::from_utf8(&salt).ok();
    let hex = text.and_then(from_hex).map(|bytes| (bytes, "with passwordSaltEncoding hex"));
    let base64 = text.and_then(from_base64).map(|bytes| (bytes, "with passwordSaltEncoding base64"));
    let spelled = (codec::to_hex(&salt).into_bytes(), "with the salt's hex as its text");
    let trimmed = text.map(str::trim).filter(|text| text.len() != salt.len());
    let trimmed = trimmed.map(|text| (text.as_bytes().to_vec(), "with the white space around the salt removed"));
    [Some((salt.clone(), "")), hex, base64, Some(spelled), trimmed].into_iter().flatten().collect()
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    codec::hex(text.as_bytes()).ok().filter(|bytes| !bytes.is_empty())
}

fn from_base64(text: &str) -> Option<Vec<u8>> {
    codec::base64_padded_or_not(text.as_bytes(), Alphabet::StandardOrUrl).ok().filter(|bytes| !bytes.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Policy;

    fn named(tag: &str, text: &str, salt: Option<&str>, password: &str) -> Vec<String> {
        let engine = Engine::new(Policy::default()).expect("an engine");
        let columns = Columns { salt: salt.map(str::as_bytes), ..Columns::default() };
        let tag = tag.parse().expect("a tag");
        let stored = StoredHash::parse_tagged(&tag, text, &columns, engine.policy().limits()).expect("a hash");
        mistakes(&engine, &stored, Some("Ada"), &Password::new(password))
    }

    /// Computed with Python's hashlib: of `password`, with the salt `00ff` where one is named.
    #[test]
    fn the_likely_mistakes_are_named() {
        for (tag, text, salt, expected) in [
            ("md5_salted_suffix", "453a005ab2b3602ff8f91c2df8e223ae", Some("00ff"), "md5($s.$p)"),
            (
                "md5_salted_prefix",
                "b07b3c8b8a56b161ded3182583db1472",
                Some("00ff"),
                "md5($s.$p), with passwordSaltEncoding hex",
            ),
            ("md5", "8846f7eaee8fb117ad06bdd830b7586c", None, "md4(utf16le($p))"),
            ("md5", "696d29e0940a4957748fe3fc9efd22a3", None, "md5(md5($p))"),
            ("md5", "3b73cca8b7d9d93a834631fb22769334", None, "md5(MD5($p))"),
            ("md5", "9bf4b3611c53176f5c649aa4fc1ff6b2", None, "md5(md5_raw($p))"),
            ("sha1", "d8d7a47ede938b49ea99c484b7c2c9cf75a4ea98", None, "sha1(lc($u).$p)"),
            (
                "sha1_salted_prefix",
                "5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8",
                Some("00ff"),
                "sha1($p), without the salt",
            ),
        ] {
            let found = named(tag, text, salt, "password");
            assert!(found.iter().any(|found| found == expected), "{expected}: {found:?}");
        }
        assert!(named("md5", "00000000000000000000000000000000", None, "password").is_empty());
    }
}
