//! Random expressions, evaluated a second time by the plainest means there are, while they are written.
#![allow(clippy::panic, reason = "a test may")]

use md5::Digest;
use proptest::prelude::*;
use rehash::{Argon2Target, Columns, Engine, KeyId, Keyring, Limits, Password, Policy, StoredHash, Tag, UpgradeMode};

const KEY: &[u8] = b"a site's secret";

struct Case {
    password: Vec<u8>,
    salt: Vec<u8>,
    salt2: Vec<u8>,
    user: String,
}

/// Choices, one after the other.
struct Choices(Vec<u8>, usize);

impl Choices {
    fn next(&mut self, below: usize) -> usize {
        self.1 += 1;
        usize::from(self.0[self.1 % self.0.len()]) % below
    }
}

const HASHES: [&str; 12] = [
    "md4",
    "md5",
    "sha1",
    "sha224",
    "sha256",
    "sha384",
    "sha512",
    "sha3_256",
    "keccak_256",
    "ripemd160",
    "whirlpool",
    "blake2b512",
];

fn digest(name: &str, input: &[u8]) -> Vec<u8> {
    match name {
        "md4" => md4::Md4::digest(input).to_vec(),
        "md5" => md5::Md5::digest(input).to_vec(),
        "sha1" => sha1::Sha1::digest(input).to_vec(),
        "sha224" => sha2::Sha224::digest(input).to_vec(),
        "sha256" => sha2::Sha256::digest(input).to_vec(),
        "sha384" => sha2::Sha384::digest(input).to_vec(),
        "sha512" => sha2::Sha512::digest(input).to_vec(),
        "sha3_256" => sha3::Sha3_256::digest(input).to_vec(),
        "keccak_256" => sha3::Keccak256::digest(input).to_vec(),
        "ripemd160" => ripemd::Ripemd160::digest(input).to_vec(),
        "whirlpool" => whirlpool::Whirlpool::digest(input).to_vec(),
        "blake2b512" => blake2::Blake2b512::digest(input).to_vec(),
        _ => panic!("{name}"),
    }
}

/// HMAC as RFC 2104 writes it.
fn hmac(name: &str, key: &[u8], message: &[u8]) -> Vec<u8> {
    let block = match name {
        "sha384" | "sha512" | "blake2b512" => 128,
        "sha3_256" | "keccak_256" => 136,
        _ => 64,
    };
    let mut padded = if key.len() > block { digest(name, key) } else { key.to_vec() };
    padded.resize(block, 0);
    let inner: Vec<u8> = padded.iter().map(|byte| byte ^ 0x36).chain(message.iter().copied()).collect();
    let outer: Vec<u8> = padded.iter().map(|byte| byte ^ 0x5c).chain(digest(name, &inner)).collect();
    digest(name, &outer)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn base64(bytes: &[u8]) -> String {
    const SYMBOLS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for group in bytes.chunks(3) {
        let bits = group.iter().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - group.len()));
        for place in 0..4 {
            let symbol = SYMBOLS[(bits >> (18 - 6 * place) & 63) as usize];
            out.push(if place <= group.len() { char::from(symbol) } else { '=' });
        }
    }
    out
}

/// A digest: its text in an expression, its value there, and the raw bytes of it.
fn hashed(choices: &mut Choices, case: &Case, depth: usize) -> (String, Vec<u8>, Vec<u8>) {
    let name = HASHES[choices.next(HASHES.len())];
    let (call, raw) = if choices.next(4) == 0 {
        let (key, key_value) = joined(choices, case, depth);
        let (message, message_value) = joined(choices, case, depth);
        (format!("({key},{message})"), hmac(name, &key_value, &message_value))
    } else {
        let (inner, value) = joined(choices, case, depth);
        (format!("({inner})"), digest(name, &value))
    };
    let name = if call.contains(',') && is_pair(&call) { format!("hmac_{name}") } else { name.to_owned() };
    match choices.next(4) {
        0 => (format!("{name}{call}"), hex(&raw).into_bytes(), raw),
        1 => (format!("{}{call}", name.to_uppercase()), hex(&raw).to_uppercase().into_bytes(), raw),
        2 => (format!("{name}_raw{call}"), raw.clone(), raw),
        _ => (format!("{name}_64{call}"), base64(&raw).into_bytes(), raw),
    }
}

/// Whether a comma stands outside of the brackets and quotes within these brackets.
fn is_pair(call: &str) -> bool {
    let (mut depth, mut is_quoted) = (0, false);
    call.chars().any(|c| {
        match c {
            '\'' => is_quoted = !is_quoted,
            '(' if !is_quoted => depth += 1,
            ')' if !is_quoted => depth -= 1,
            _ => {}
        }
        c == ',' && depth == 1 && !is_quoted
    })
}

fn joined(choices: &mut Choices, case: &Case, depth: usize) -> (String, Vec<u8>) {
    let mut texts = Vec::new();
    let mut value = Vec::new();
    for _ in 0..=choices.next(3) {
        let (text, more) = part(choices, case, depth);
        texts.push(text);
        value.extend(more);
    }
    (texts.join("."), value)
}

fn part(choices: &mut Choices, case: &Case, depth: usize) -> (String, Vec<u8>) {
    match choices.next(if depth == 0 { 7 } else { 16 }) {
        0 | 1 => ("$p".to_owned(), case.password.clone()),
        2 => ("$s".to_owned(), case.salt.clone()),
        3 => ("$s2".to_owned(), case.salt2.clone()),
        4 => ("$u".to_owned(), case.user.clone().into_bytes()),
        5 => ("'it''s, (x)'".to_owned(), b"it's, (x)".to_vec()),
        6 => ("key:site".to_owned(), KEY.to_vec()),
        7 => ("0x00ff".to_owned(), vec![0, 0xff]),
        8 => {
            let (text, value) = joined(choices, case, depth - 1);
            (format!("hex({text})"), hex(&value).into_bytes())
        }
        9 => {
            let (text, value) = joined(choices, case, depth - 1);
            (format!("b64({text})"), base64(&value).into_bytes())
        }
        10 => {
            let (text, mut value) = joined(choices, case, depth - 1);
            value.reverse();
            (format!("rev({text})"), value)
        }
        11 => {
            let (text, value) = joined(choices, case, depth - 1);
            (format!("substr({text},2,5)"), value.into_iter().skip(2).take(5).collect())
        }
        12 => {
            let (text, mut value) = joined(choices, case, depth - 1);
            value.resize(11, 0);
            (format!("pad({text},11)"), value)
        }
        13 => {
            let (text, value) = joined(choices, case, depth - 1);
            let raw = (0..3).fold(value, |value, _| digest("sha1", &value));
            (format!("iterate(3,sha1_raw({text}))"), raw)
        }
        _ => {
            let (text, value, _) = hashed(choices, case, depth - 1);
            (text, value)
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(
        std::env::var("REHASH_EXPRESSION_CASES").ok().and_then(|count| count.parse().ok()).unwrap_or(1500)
    ))]

    #[test]
    fn each_has_the_value_that_is_computed_step_by_step(
        password in prop_oneof!["[ -~]{0,20}".prop_map(String::into_bytes), proptest::collection::vec(any::<u8>(), 0..200)],
        salt in proptest::collection::vec(any::<u8>(), 1..20),
        salt2 in proptest::collection::vec(any::<u8>(), 1..20),
        user in "[a-z]{1,9}",
        choices in proptest::collection::vec(any::<u8>(), 64..65),
    ) {
        let case = Case { password, salt, salt2, user };
        let (text, _, raw) = hashed(&mut Choices(choices.clone(), 0), &case, 3);
        // Where nothing of the password reaches the value it is no tag; and one column's text has its bounds.
        let is_reached = [&b"x"[..], &[b'y'; 300]].into_iter().any(|other| {
            let other = Case { password: other.to_vec(), salt: case.salt.clone(), salt2: case.salt2.clone(), user: case.user.clone() };
            hashed(&mut Choices(choices.clone(), 0), &other, 3).2 != raw
        });
        prop_assume!(is_reached && text.len() < 1000);
        let tag: Tag = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
        let mut columns = Columns::default();
        if text.contains("$s2") {
            columns = columns.salt2(&case.salt2);
        }
        if text.replace("$s2", "").contains("$s") {
            columns = columns.salt(&case.salt);
        }
        if text.contains("$u") {
            columns = columns.user(case.user.as_bytes());
        }
        let stored = StoredHash::parse_tagged(&tag, &hex(&raw), &columns, &Limits::default());
        let stored = stored.unwrap_or_else(|error| panic!("{text}: {error}"));
        let mut keys = Keyring::new();
        keys.register(KeyId::new("site").expect("an id"), KEY.to_vec()).expect("a key");
        let target = Argon2Target { memory_kib: 8, passes: 1, lanes: 1 };
        let policy = Policy::builder(target).keys(keys).upgrade(UpgradeMode::Off).build().expect("a policy");
        let engine = Engine::new(policy).expect("entropy");
        prop_assert!(engine.verify(&stored, &Password::new(case.password.clone())).is_ok(), "{text}");
        // And so it is when it has been through a store.
        let canonical = stored.into_canonical();
        let again = StoredHash::parse_self_describing(canonical.text(), &Limits::default());
        let again = again.unwrap_or_else(|error| panic!("{}: {error}", canonical.text()));
        prop_assert!(engine.verify(&again, &Password::new(case.password.clone())).is_ok(), "{}", canonical.text());
    }
}
