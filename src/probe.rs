//! Why a known password does not match a stored hash: the mistakes that exports and mappings make, tried one by one. It
//! looks for a mistake and not for a password: every candidate is held against the one password that is given.
//!
//! It stands above the engine, and does no I/O.

use std::borrow::Cow;

use crate::stored::DigestParts;
use crate::{Columns, Engine, Method, Password, StoredHash, Tag};

/// As many answers as are of use; two that both match are two names for one computation.
const ANSWERS_MAX: usize = 3;

/// What the password may have become before it was hashed, the usual first.
const PASSWORDS: [&str; 13] = [
    "$p",
    "utf16le($p)",
    "latin1($p)",
    "nfkc($p)",
    "html($p)",
    "ipb($p)",
    "slashes($p)",
    "vb($p)",
    "trim($p)",
    "$p.0x0a",
    "$p.0x0d0a",
    "lc($p)",
    "uc($p)",
];

/// Hashes that stand inside others.
const INNER: [&str; 4] = ["md5", "sha1", "sha256", "sha512"];

/// The same, and those that stand inside what is slow alone.
const INNER_OF_SLOW: [&str; 5] = ["md5", "sha1", "sha256", "sha512", "sha384"];

/// Around a password, where there is no salt: `F` is the hash, `X` what goes in.
const BARE: [&str; 3] = ["F(X)", "F(F(X))", "F(F(F(X)))"];

/// The same with a salt, or with a name in its place.
const SALTED: [&str; 17] = [
    "F($s.X)",
    "F(X.$s)",
    "F($s.X.$s)",
    "F(F(X).$s)",
    "F($s.F(X))",
    "F(F($s).X)",
    "F(X.F($s))",
    "F(F($s).F(X))",
    "F(F(X).F($s))",
    "F(F($s.X))",
    "F(F(X.$s))",
    "F($s.F($s.X))",
    "F($s.':'.X)",
    "F(X.':'.$s)",
    "F(X.'{'.$s.'}')",
    "hmac_F($s,X)",
    "hmac_F(X,$s)",
];

/// What would make a password match.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WouldMatch {
    /// The tag under which it matches.
    pub tag: String,
    /// What else has to be different, in words; empty where nothing has.
    pub with: Cow<'static, str>,
}

/// The tags under which `password` would match `stored`, where it does not under its own: the salt on the other side or left
/// out, the name for a salt, another hash of the same length, hex in upper case or raw bytes inside, base64, a hash
/// over a hash, another character set, a line end after the password. At most three.
///
/// `names` are what the user is called, each after what it is (`username`): a name can be a salt. No secret is in the answer: an expression is about the method.
///
/// Cost: up to two seconds for a digest, up to some thirty verifications for a scheme with a cost.
#[must_use]
pub fn would_match(
    engine: &Engine,
    stored: &StoredHash,
    password: &Password,
    names: &[(&str, &str)],
) -> Vec<WouldMatch> {
    let Some(parts) = stored.digest_parts() else { return slow(engine, stored, password) };
    let mut found = Vec::new();
    let mut search = Search { engine, password, parts: &parts, found: &mut found };
    search.salted("", &SALTED, parts.salt.as_deref());
    for (note, salt) in parts.salt.as_deref().map(readings).unwrap_or_default() {
        search.salted(note, &SALTED, Some(&salt));
    }
    search.salted("", &BARE, None);
    for (what, name) in names {
        search.salted(&format!("the {what} as passwordSalt"), &SALTED, Some(name.as_bytes()));
    }
    for (what, name) in names {
        let lower = name.to_lowercase();
        if lower != *name {
            search.salted(&format!("the {what} in lower case as passwordSalt"), &SALTED, Some(lower.as_bytes()));
        }
    }
    found
}

/// Other ways to read the text of a salt.
fn readings(salt: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    use crate::TextEncoding::{Base64, Hex};
    let text = std::str::from_utf8(salt).unwrap_or_default();
    let mut readings = Vec::new();
    if let Some(bytes) = Hex.decode(text).filter(|bytes| !bytes.is_empty()) {
        readings.push(("passwordSaltEncoding hex", bytes));
    }
    if let Some(bytes) = Base64.decode(text).filter(|bytes| !bytes.is_empty()) {
        readings.push(("passwordSaltEncoding base64", bytes));
    }
    readings.push(("the salt's hex text as passwordSalt", crate::codec::to_hex(salt).into_bytes()));
    if text.trim() != text {
        readings.push(("white space around the salt removed", text.trim().as_bytes().to_vec()));
    }
    readings
}

/// The hash functions with digests of so many bytes.
const fn functions(bytes: usize) -> &'static [&'static str] {
    match bytes {
        16 => &["md5", "md4"],
        20 => &["sha1", "ripemd160"],
        28 => &["sha224", "sha3_224"],
        32 => &["sha256", "sha3_256", "keccak_256", "blake2s256"],
        48 => &["sha384", "sha3_384"],
        64 => &["sha512", "sha3_512", "whirlpool", "blake2b512"],
        _ => &[],
    }
}

/// Goes through the candidates of one digest.
struct Search<'s> {
    engine: &'s Engine,
    password: &'s Password,
    parts: &'s DigestParts,
    found: &'s mut Vec<WouldMatch>,
}

impl Search<'_> {
    /// Tries shapes with a salt, or without one.
    fn salted(&mut self, with: &str, shapes: &[&str], salt: Option<&[u8]>) {
        if salt.is_none() && shapes.len() == SALTED.len() {
            return;
        }
        for function in functions(self.parts.hex.len() / 2) {
            for password in PASSWORDS {
                // What a plainer answer explains, `lc($p)` of a password in lower case explains no better.
                if !self.found.is_empty() {
                    return;
                }
                for input in inputs(password) {
                    for shape in shapes {
                        if self.found.len() >= ANSWERS_MAX {
                            return;
                        }
                        self.attempt(&shape.replace('X', &input).replace('F', function), with, salt);
                    }
                }
            }
        }
    }

    fn attempt(&mut self, expression: &str, with: &str, salt: Option<&[u8]>) {
        let Ok(tag) = expression.parse::<Tag>() else { return };
        let columns = Columns { salt, ..Columns::default() };
        let limits = self.engine.policy().limits();
        let Ok(stored) = StoredHash::parse_tagged(&tag, &self.parts.hex, &columns, limits) else { return };
        if self.engine.verify_without_decoy(&stored, self.password).is_err() {
            return;
        }
        let tag = named(&tag, &self.parts.hex, &columns, self.engine).unwrap_or_else(|| tag.to_string());
        if self.found.iter().all(|other| other.tag != tag) {
            self.found.push(WouldMatch { tag, with: with.to_owned().into() });
        }
    }
}

/// What a password becomes before the outer hash: itself, and hashes of it as hex, upper-case hex, raw bytes and base64.
fn inputs(password: &str) -> Vec<String> {
    let mut inputs = vec![password.to_owned(), format!("b64({password})")];
    for inner in INNER {
        let upper = inner.to_uppercase();
        inputs.extend([
            format!("{inner}({password})"),
            format!("{upper}({password})"),
            format!("{inner}_raw({password})"),
            format!("{inner}_64({password})"),
            format!("b64({inner}({password}))"),
        ]);
    }
    inputs
}

/// The method that is this computation and reads the text as it is.
fn named(tag: &Tag, text: &str, columns: &Columns<'_>, engine: &Engine) -> Option<String> {
    let is_it = |method: &Method| {
        let computation = method.info().computation.parse::<Tag>();
        computation.is_ok_and(|other| other == *tag)
            && StoredHash::parse_tagged(&Tag::from(*method), text, columns, engine.policy().limits()).is_ok()
    };
    Method::all().find(is_it).map(|method| method.as_str().to_owned())
}

/// A scheme with a cost: only what is common is tried inside it.
fn slow(engine: &Engine, stored: &StoredHash, password: &Password) -> Vec<WouldMatch> {
    let scheme = StoredHash::method_named_by(stored.text()).unwrap_or(stored.method()).as_str();
    let inner = PASSWORDS.into_iter().map(str::to_owned).chain(INNER_OF_SLOW.into_iter().flat_map(|inner| {
        let upper = inner.to_uppercase();
        [format!("{inner}($p)"), format!("{upper}($p)"), format!("b64({inner}_raw($p))")]
    }));
    let mut found = Vec::new();
    for input in inner.skip(1).chain(["$p".to_owned()]) {
        let Ok(tag) = format!("{scheme}({input})").parse::<Tag>() else { continue };
        let limits = engine.policy().limits();
        let Ok(other) = StoredHash::parse_tagged(&tag, stored.text(), &Columns::default(), limits) else { continue };
        if engine.verify_without_decoy(&other, password).is_ok() {
            found.push(WouldMatch { tag: tag.to_string(), with: "".into() });
            break;
        }
    }
    found
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::function::Function;
    use crate::{Argon2Target, Limits, Policy, UpgradeMode};

    const PASSWORD: &str = "Grün & Rot";

    fn engine() -> Engine {
        Engine::new(Policy::builder(Argon2Target::OWASP_19_MIB).upgrade(UpgradeMode::Off).build().unwrap()).unwrap()
    }

    fn hex(function: Function, parts: &[&[u8]]) -> String {
        crate::codec::to_hex(&function.digest(&parts.concat()))
    }

    fn answers(tag: &str, text: &str, salt: Option<&[u8]>) -> Vec<WouldMatch> {
        let columns = Columns { salt, ..Columns::default() };
        let tag = tag.parse().unwrap();
        let stored = StoredHash::parse_tagged(&tag, text, &columns, &Limits::default()).unwrap().into_canonical();
        let (engine, password) = (engine(), Password::new(PASSWORD));
        assert!(engine.verify_without_decoy(&stored, &password).is_err());
        would_match(&engine, &stored, &password, &[("username", "Ada"), ("primaryEmail", "ada@x")])
    }

    #[test]
    fn each_mistake_is_named() {
        use Function::{Md4, Md5, Sha1, Sha256, Sha512};
        let (p, salt) = (PASSWORD.as_bytes(), b"s4lt".as_slice());
        let utf16: Vec<u8> = PASSWORD.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let latin1: Vec<u8> = PASSWORD.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
        let inner = hex(Md5, &[p]);
        let upper = inner.to_uppercase();
        let raw = Md5.digest(p);
        let some = Some(salt);
        let cases: [(&str, String, Option<&[u8]>, &str); 15] = [
            (
                "mybb",
                hex(Md5, &[hex(Md5, &[salt]).as_bytes(), hex(Md5, &["Grün &amp; Rot".as_bytes()]).as_bytes()]),
                some,
                "md5(md5($s).md5(html($p)))",
            ),
            ("md5_salted_prefix", hex(Md5, &[p, salt]), some, "md5_salted_suffix"),
            ("sha256_salted_suffix", hex(Sha256, &[salt, p]), some, "sha256_salted_prefix"),
            ("sha1_salted_suffix", hex(Sha1, &[p]), some, "sha1"),
            ("md5", hex(Md5, &[inner.as_bytes()]), None, "md5(md5($p))"),
            ("md5(md5($p))", hex(Md5, &[upper.as_bytes()]), None, "md5(MD5($p))"),
            ("md5(md5($p))", hex(Md5, &[&raw]), None, "md5(md5_raw($p))"),
            ("md5(md5($p).$s)", hex(Md5, &[upper.as_bytes(), salt]), some, "md5(MD5($p).$s)"),
            ("md5", hex(Md4, &[&utf16]), None, "ntlm"),
            ("md5", hex(Md4, &[p]), None, "md4"),
            ("sha1", hex(Sha1, &[&latin1]), None, "sha1(latin1($p))"),
            ("sha512", hex(Sha512, &[&utf16]), None, "sha512(utf16le($p))"),
            ("sha256", hex(Sha256, &[p, b"\n"]), None, "sha256($p.0x0a)"),
            (
                "sha256",
                hex(Sha256, &[crate::codec::to_base64(inner.as_bytes()).as_bytes(), b"="]),
                None,
                "sha256(b64(md5($p)))",
            ),
            ("md5(md5($p).$s)", hex(Md5, &[salt, inner.as_bytes()]), some, "md5($s.md5($p))"),
        ];
        for (tag, text, salt, expected) in cases {
            let expected = expected.parse::<Tag>().unwrap().to_string();
            let found = answers(tag, &text, salt);
            let is_it = |answer: &WouldMatch| {
                let tag = answer.tag.parse::<Tag>().unwrap();
                answer.tag == expected
                    || tag.method().is_some_and(|method| {
                        method.info().computation.parse::<Tag>().is_ok_and(|tag| tag.to_string() == expected)
                    })
            };
            assert!(found.iter().any(is_it), "{tag}: {found:?} lacks {expected}");
        }
    }

    #[test]
    fn a_salt_that_is_read_wrongly_is_named() {
        let text = hex(Function::Md5, &[b"\x01\xfe", PASSWORD.as_bytes()]);
        let found = answers("md5_salted_prefix", &text, Some(b"01fe"));
        assert_eq!(
            found[0],
            WouldMatch { tag: "md5_salted_prefix".to_owned(), with: "passwordSaltEncoding hex".into() }
        );
        let text = hex(Function::Md5, &[PASSWORD.as_bytes(), b"ada"]);
        let found = answers("md5_salted_prefix", &text, Some(b"x"));
        assert_eq!(found[0].with, "the username in lower case as passwordSalt");
        let text = hex(Function::Md5, &[b"ada@x", PASSWORD.as_bytes()]);
        let found = answers("md5_salted_prefix", &text, Some(b"x"));
        assert_eq!((&*found[0].tag, &*found[0].with), ("md5_salted_prefix", "the primaryEmail as passwordSalt"));
    }

    #[test]
    fn inside_a_scheme_with_a_cost() {
        let inner = hex(Function::Md5, &[PASSWORD.as_bytes()]);
        let text = ::bcrypt::hash(&inner, 4).unwrap();
        let found = answers("bcrypt", &text, None);
        assert_eq!(found, [WouldMatch { tag: "bcrypt(md5($p))".to_owned(), with: "".into() }]);
    }

    #[test]
    fn another_password_matches_nothing() {
        let text = hex(Function::Md5, &[b"another", b"s4lt"]);
        assert!(answers("md5_salted_prefix", &text, Some(b"s4lt")).is_empty());
    }

    #[test]
    fn every_function_and_shape_is_one() {
        for function in [16, 20, 28, 32, 48, 64].into_iter().flat_map(functions) {
            assert!(Function::of(function).is_some(), "{function}");
            for shape in SALTED.iter().chain(&BARE) {
                for input in PASSWORDS.into_iter().flat_map(inputs) {
                    let expression = shape.replace('X', &input).replace('F', function);
                    assert!(expression.parse::<Tag>().is_ok(), "{expression}");
                }
            }
        }
    }
}
