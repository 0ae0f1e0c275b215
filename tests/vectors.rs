//! Every vector in `tests/vectors`, made and checked by other implementations, against ours.
#![allow(clippy::panic, reason = "a test may")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rehash::{
    Argon2Target, Code, Denied, Engine, KeyId, Keyring, Limits, Method, Password, Policy, StoredHash, TextEncoding,
    Upgrade,
};
use serde_json::Value;

const METHOD_FILES: [&str; 7] = ["md5", "sha1", "sha256", "bcrypt", "argon2i", "argon2d", "argon2id"];

struct Vector {
    id: String,
    method: Method,
    password: Vec<u8>,
    encoding: Option<TextEncoding>,
    stored: String,
    result: String,
    code: Option<String>,
    flags: Vec<String>,
}

impl Vector {
    fn has(&self, flag: &str) -> bool {
        self.flags.iter().any(|found| found == flag)
    }

    fn parse(&self) -> Result<StoredHash, rehash::ParseError> {
        StoredHash::parse_encoded(self.method, &self.stored, self.encoding, &Limits::default())
    }
}

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors")
}

fn read(name: &str) -> Value {
    let text = std::fs::read_to_string(directory().join(format!("{name}.json"))).expect("the vector file is there");
    serde_json::from_str(&text).expect("the vector file is JSON")
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).expect("hex")).collect()
}

fn vectors(name: &str) -> Vec<Vector> {
    let file = read(name);
    let method = file["method"].as_str().expect("a method").parse().expect("a method we know");
    let tests = file["tests"].as_array().expect("tests");
    assert!(tests.len() >= 40, "{name} has {} vectors", tests.len());
    tests
        .iter()
        .map(|test| {
            let text = |key: &str| test[key].as_str().map(str::to_owned);
            Vector {
                id: format!("{name} {}: {}", test["id"], text("comment").unwrap_or_default()),
                method,
                password: match text("password") {
                    Some(password) => password.into_bytes(),
                    None => unhex(&text("password_hex").expect("a password")),
                },
                encoding: text("encoding").map(|name| name.parse().expect("an encoding we know")),
                stored: text("stored").expect("a stored text"),
                result: text("result").expect("a result"),
                code: text("code"),
                flags: test["flags"]
                    .as_array()
                    .map(|flags| flags.iter().filter_map(|flag| flag.as_str().map(str::to_owned)).collect())
                    .unwrap_or_default(),
            }
        })
        .collect()
}

fn all() -> Vec<Vector> {
    METHOD_FILES.iter().flat_map(|name| vectors(name)).collect()
}

/// A cheap target, so that what is measured is the verification.
fn engine() -> Engine {
    let target = Argon2Target { memory_kib: 8, passes: 1, lanes: 1 };
    Engine::new(Policy::builder(target).build().expect("the target is within limits")).expect("there is entropy")
}

#[test]
fn each_vector_ends_as_it_says() {
    let engine = engine();
    let mut wrong = Vec::new();
    let mut seen = BTreeMap::<String, usize>::new();
    for vector in all() {
        let got = match vector.parse() {
            Err(error) if error.bounds().is_some() && error.code() == Code::CostTooHigh => "over_limit",
            Err(_) => "invalid",
            Ok(stored) => match engine.verify_without_decoy(&stored, &Password::new(vector.password.clone())) {
                Ok(_) => "accept",
                Err(Denied::WrongPassword) => "reject",
                Err(Denied::Unverifiable(rehash::Unverifiable::MissingKey { .. })) => "invalid",
                Err(_) => "unverifiable",
            },
        };
        *seen.entry(vector.result.clone()).or_default() += 1;
        if got != vector.result {
            wrong.push(format!("{}: {got}, expected {}", vector.id, vector.result));
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    for (result, least) in [("accept", 500), ("reject", 150), ("invalid", 500), ("over_limit", 50)] {
        assert!(seen[result] >= least, "only {} vectors {result}", seen[result]);
    }
}

#[test]
fn each_refused_vector_has_its_code() {
    let mut wrong = Vec::new();
    for vector in all() {
        let Some(expected) = &vector.code else { continue };
        // The catalogue leaves the code of these open; that they are refused is held above.
        if vector.has("CodeChoice") || vector.has("MethodMismatch") {
            continue;
        }
        let refused = vector.parse().and_then(|stored| stored.check_keys(&Keyring::new()));
        let got = refused.expect_err(&vector.id).code().as_str();
        if got != expected {
            wrong.push(format!("{}: {got}, expected {expected}", vector.id));
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn no_error_repeats_the_hash() {
    for vector in all() {
        let Err(error) = vector.parse() else { continue };
        let (shown, debugged) = (error.to_string(), format!("{error:?}"));
        for part in vector.stored.split(['$', ',', '=']).filter(|part| part.len() >= 12) {
            assert!(!shown.contains(part) && !debugged.contains(part), "{}: {shown}", vector.id);
        }
    }
}

#[test]
fn both_record_forms_round_trip_exactly() {
    let limits = Limits::default();
    for vector in all() {
        let Ok(stored) = vector.parse() else { continue };
        assert_eq!(stored.text(), vector.stored, "{}", vector.id);

        let again = StoredHash::parse(stored.method(), stored.text(), &limits).expect(&vector.id);
        assert_eq!(again.canonical(), stored.canonical(), "{}", vector.id);

        let described = stored.self_describing();
        let again = StoredHash::parse_self_describing(&described, &limits).expect(&vector.id);
        assert_eq!((again.method(), again.text()), (stored.method(), &*described), "{}", vector.id);
        assert_eq!(again.canonical(), stored.canonical(), "{}", vector.id);
        assert_eq!(again.self_describing(), described, "{}", vector.id);

        let canonical = stored.clone().into_canonical();
        assert_eq!(canonical.text(), stored.canonical(), "{}", vector.id);
        let again = StoredHash::parse(canonical.method(), canonical.text(), &limits).expect(&vector.id);
        assert_eq!(again.canonical(), canonical.text(), "{}", vector.id);
        assert_eq!(again.parameters(), stored.parameters(), "{}", vector.id);
    }
}

#[test]
fn each_accepted_vector_is_upgraded_once_and_verifies_afterwards() {
    let engine = engine();
    for vector in all().iter().filter(|vector| vector.result == "accept" && !vector.has("Slow")) {
        let stored = vector.parse().expect(&vector.id);
        let password = || Password::new(vector.password.clone());
        let accepted = engine.verify(&stored, &password()).expect(&vector.id);
        match accepted.upgrade {
            Upgrade::Ready(replacement) => {
                assert_eq!(replacement.expected().text(), vector.stored, "{}", vector.id);
                let new = replacement.new_hash();
                assert_eq!(new.method(), Method::Argon2id);
                let again = engine.verify(new, &password()).expect(&vector.id);
                assert!(matches!(again.upgrade, Upgrade::NotNeeded), "{}", vector.id);
                assert!(!engine.policy().is_weaker(new));
            }
            Upgrade::NotNeeded => assert_eq!(vector.method, Method::Argon2id, "{}", vector.id),
            Upgrade::Skipped(rehash::SkipReason::TruncationAmbiguous) => {
                let collides = vector.stored.starts_with("$2$") || vector.stored.starts_with("$2x$");
                assert!(vector.method == Method::Bcrypt && (vector.password.len() > 72 || collides), "{}", vector.id);
            }
            other => panic!("{}: {other:?}", vector.id),
        }
    }
}

/// Changing any one byte of an accepted text, to any of a few others, never makes it accept the same password, unless the
/// text still says the same: the case of a hex digit.
#[test]
fn no_flipped_byte_is_accepted() {
    let engine = engine();
    for name in METHOD_FILES {
        let vectors = vectors(name);
        let cheap = vectors.iter().filter(|vector| vector.result == "accept" && !vector.has("Slow"));
        for vector in cheap.take(6) {
            let canonical = vector.parse().expect(&vector.id).canonical();
            for at in 0..vector.stored.len() {
                for new in ["0", "z", "A", "/", "$", "=", "\u{e9}", "\n"] {
                    let mut text = vector.stored.clone();
                    text.replace_range(at..=at, new);
                    let Ok(stored) = StoredHash::parse_encoded(vector.method, &text, vector.encoding, &cheap_limits())
                    else {
                        continue;
                    };
                    if stored.canonical() == canonical || is_same_bcrypt(&stored.canonical(), &canonical) {
                        continue;
                    }
                    let outcome = engine.verify_without_decoy(&stored, &Password::new(vector.password.clone()));
                    assert!(outcome.is_err(), "{} with {new:?} at {at}", vector.id);
                }
            }
        }
    }
}

/// What a flipped digit may make a hash cost in this test.
fn cheap_limits() -> Limits {
    Limits::default().argon2_work_kib(64 * 1024).bcrypt_cost(6)
}

/// The prefixes differ in what they do with bytes above 0x7f only.
fn is_same_bcrypt(one: &str, other: &str) -> bool {
    one.starts_with("$2") && other.starts_with("$2") && one.get(3..) == other.get(3..)
}

#[test]
fn keyed_argon2_gives_the_tags_of_other_implementations() {
    let file = read("argon2_keyed");
    let mut count = 0;
    for test in file["tests"].as_array().expect("tests") {
        let bytes = |key: &str| unhex(test[key].as_str().unwrap_or_default());
        let number = |key: &str| test[key].as_u64().expect("a number");
        let (secret, data) = (bytes("secret_hex"), bytes("data_hex"));
        if secret.is_empty() || data.len() > 32 || bytes("salt_hex").len() < 8 {
            continue;
        }
        let base64 = |bytes: &[u8]| base64(bytes);
        let data = if data.is_empty() { String::new() } else { format!(",data={}", base64(&data)) };
        let text = format!(
            "${}$v={}$m={},t={},p={},keyid={}{data}${}${}",
            test["type"].as_str().expect("a type"),
            number("version"),
            number("m"),
            number("t"),
            number("p"),
            base64(b"k"),
            base64(&bytes("salt_hex")),
            base64(&bytes("tag_hex")),
        );
        let stored = StoredHash::parse_self_describing(&text, &Limits::default()).expect("a keyed hash");
        let verify = |secret: Option<&[u8]>| {
            let mut keys = Keyring::new();
            if let Some(secret) = secret {
                keys.register(KeyId::new("k").expect("an id"), secret).expect("a new key");
            }
            let target = Argon2Target { memory_kib: 8, passes: 1, lanes: 1 };
            let policy = Policy::builder(target).keys(keys).build().expect("within limits");
            let engine = Engine::new(policy).expect("entropy");
            engine.verify(&stored, &Password::new(bytes("password_hex"))).map(|_| ())
        };
        assert_eq!(verify(Some(&secret)), Ok(()), "{}", test["id"]);
        assert_eq!(verify(Some(b"another key")), Err(Denied::WrongPassword), "{}", test["id"]);
        let missing = rehash::Unverifiable::MissingKey { key_id: Some(KeyId::new("k").expect("an id")) };
        assert_eq!(verify(None), Err(Denied::Unverifiable(missing)), "{}", test["id"]);
        count += 1;
    }
    assert!(count >= 20, "only {count} keyed vectors ran");
}

/// Standard base64 without padding, written out so that the test does not lean on what it tests.
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let bits = group.iter().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - group.len()));
        for place in 0..=group.len() {
            text.push(char::from(ALPHABET[(bits >> (18 - 6 * place)) as usize & 63]));
        }
    }
    text
}
