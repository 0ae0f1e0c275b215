//! Hashes that a narrow column cut off: every vector, cut at every usual width, must be refused.
#![cfg(feature = "import")]
#![allow(clippy::panic, reason = "a test may")]

use std::collections::BTreeMap;
use std::io::Cursor;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use rehash::import::{Options, Rules, Source, check};
use rehash::{KeyId, Keyring};
use serde_json::{Value, json};

const WIDTHS: [usize; 21] =
    [32, 40, 45, 48, 50, 60, 64, 72, 80, 90, 96, 100, 120, 128, 150, 160, 191, 200, 250, 255, 256];

/// What cannot be told, and why. Everything else that is cut must be refused.
const UNTOLD: [(&str, &str); 22] = [
    ("md5_salted_suffix", SALT_IS_LAST),
    ("sha1_salted_prefix", SALT_IS_LAST),
    ("sha1_salted_suffix", SALT_IS_LAST),
    ("sha256_salted_suffix", SALT_IS_LAST),
    ("vbulletin", SALT_IS_LAST),
    ("punbb", SALT_IS_LAST),
    ("redmine", SALT_IS_LAST),
    ("opencart", SALT_IS_LAST),
    ("wbb3", SALT_IS_LAST),
    ("joomla_sha256", SALT_IS_LAST),
    (
        BARE_OF_SPRING,
        "without its mark, what 80 characters leave of the later defaults is as long as the older ones are",
    ),
    ("bcrypt_peppered", "the pepper is a text of any length, and the last"),
    ("kratos_hmac", "the key is the last, and one of three cuts of base64 leaves whole bytes"),
    ("argon2i", SIXTEEN_BYTES),
    ("argon2d", SIXTEEN_BYTES),
    ("magento", "a chain that lost its last version is another chain"),
    ("passlib_scram", "of several hashes the first is left whole, and matches as it did"),
    ("hash_and_salt_pbkdf2", SALT_IS_LAST),
    (OF_MAGENTO1, "what is left of 32 digits is one of its MD5s, without a salt"),
    (KEY_ALONE, "32 bytes are chosen as well as 64, of which they are the beginning"),
    (OF_ADONIS, "32 bytes are chosen as well as 64, of which they are the beginning"),
    (BARE_OF_PASSLIB, "passlib's digests are told by their lengths, and half of one is as long as another"),
];
const BARE_OF_PASSLIB: &str = "passlib's digests";
const BARE_OF_SPRING: &str = "Spring's PBKDF2 without its mark";
const OF_MAGENTO1: &str = "OpenMage's SHA-512";
const KEY_ALONE: &str = "PBKDF2's and scrypt's keys without anything";
const OF_ADONIS: &str = "AdonisJS' scrypt";
const SALT_IS_LAST: &str = "the salt is a text of any length, and the last";
const SIXTEEN_BYTES: &str = "one cut in sixteen leaves base64 of 16 bytes, which is an output that many chose";

/// One accepted vector, as a record of a user table.
struct Vector {
    method: String,
    stored: String,
    record: Value,
    keys: Vec<(String, String)>,
    flags: Vec<String>,
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).expect("hex")).collect()
}

fn files() -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors");
    let mut paths: Vec<PathBuf> = [directory.join("methods"), directory]
        .iter()
        .flat_map(|directory| std::fs::read_dir(directory).expect("there"))
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .filter(|path| !path.ends_with("argon2_keyed.json"))
        .collect();
    paths.sort();
    paths
}

fn vectors() -> Vec<Vector> {
    let mut vectors = Vec::new();
    for path in files() {
        let file: Value = serde_json::from_slice(&std::fs::read(path).expect("readable")).expect("JSON");
        let method = file["method"].as_str().expect("a method");
        for test in file["tests"].as_array().expect("tests").iter().filter(|test| test["result"] == "accept") {
            let mut record = json!({
                "passwordEncryptionMethod": test["tag"].as_str().unwrap_or(method),
                "passwordEncrypted": test["stored"],
            });
            if let Some(salt) = test["salt_hex"].as_str() {
                record["passwordSalt"] = salt.into();
                record["passwordSaltEncoding"] = "hex".into();
            }
            if let Some(user) = test["user"].as_str() {
                record["passwordUser"] = user.into();
            }
            if let Some(encoding) = test["encoding"].as_str() {
                record["passwordEncoding"] = encoding.into();
            }
            let keys = test["keys"].as_object().into_iter().flatten();
            let is_bare = test["tag"] == "passlib" && ["sha256", "sha512"].contains(&method);
            let is_key = test["tag"].as_str().is_some_and(|tag| tag.contains(",$s,"));
            vectors.push(Vector {
                method: match test["stored"].as_str() {
                    _ if is_key => KEY_ALONE,
                    _ if test["tag"] == "magento1" && method == "sha512_salted_prefix" => OF_MAGENTO1,
                    _ if is_bare => BARE_OF_PASSLIB,
                    Some(text) if text.starts_with("$scrypt$n=") => OF_ADONIS,
                    Some(text) if method == "spring_pbkdf2" && !text.starts_with('{') => BARE_OF_SPRING,
                    _ => method,
                }
                .to_owned(),
                stored: test["stored"].as_str().expect("a text").to_owned(),
                record,
                flags: test["flags"].as_array().expect("flags").iter().map(|flag| flag.to_string()).collect(),
                keys: keys.map(|(id, hex)| (id.clone(), hex.as_str().expect("hex").to_owned())).collect(),
            });
        }
    }
    assert!(vectors.len() > 1500, "only {} vectors", vectors.len());
    vectors
}

fn rules(vectors: &[Vector]) -> Rules {
    let mut keys = Keyring::new();
    let known: BTreeMap<_, _> = vectors.iter().flat_map(|vector| &vector.keys).map(|(id, hex)| (id, hex)).collect();
    for (id, hex) in known {
        keys.register(KeyId::new(id).expect("an id"), unhex(hex)).expect("a key");
    }
    let mut rules = Rules::default();
    rules.keys = keys;
    rules
}

/// The codes of each text in the place of its vector's; none where it is taken.
fn codes(rules: &Rules, texts: &[(&Vector, String)]) -> Vec<Vec<String>> {
    let mut lines = String::new();
    for (place, (vector, text)) in texts.iter().enumerate() {
        let mut record = vector.record.clone();
        record["username"] = format!("u{place}").into();
        record["passwordEncrypted"] = text.as_str().into();
        lines.push_str(&record.to_string());
        lines.push('\n');
    }
    let mut found = Vec::new();
    let source = Source::new("cut", Cursor::new(lines.into_bytes()));
    let (summary, _) = check([source], rules, Options::default(), |checked| {
        found.push(checked.problems.iter().map(|problem| problem.code.to_string()).collect());
        ControlFlow::<()>::Continue(())
    });
    assert!(summary.errors.is_empty());
    assert_eq!(found.len(), texts.len());
    found
}

#[test]
fn a_hash_that_is_whole_is_taken_whatever_its_length() {
    let vectors = vectors();
    // Outputs of lengths that nobody chooses, in texts that fill a column by chance.
    let is_usual = |vector: &&Vector| !vector.flags.iter().any(|flag| flag.contains("OutputLength"));
    let texts: Vec<_> = vectors.iter().filter(is_usual).map(|vector| (vector, vector.stored.clone())).collect();
    let refused: Vec<_> = codes(&rules(&vectors), &texts)
        .into_iter()
        .zip(&texts)
        .filter(|(codes, _)| !codes.is_empty())
        .map(|(codes, (vector, text))| format!("{} {text}: {codes:?}", vector.method))
        .collect();
    assert!(refused.is_empty(), "{} refused:\n{}", refused.len(), refused.join("\n"));
}

/// What ends in a hash of one length says what happened to it.
#[test]
fn a_hash_of_one_length_that_lost_its_end_is_truncated() {
    let vectors = vectors();
    let ends_in_it = |vector: &&Vector| {
        ["werkzeug_scrypt", "django_scrypt", "django_pbkdf2_sha256", "django_pbkdf2_sha1"].contains(&&*vector.method)
    };
    let cuts = |vector: &Vector| [4, 11, 17].map(|lost| vector.stored[..vector.stored.len() - lost].to_owned());
    let texts: Vec<_> =
        vectors.iter().filter(ends_in_it).flat_map(|vector| cuts(vector).map(|text| (vector, text))).collect();
    assert!(texts.len() > 45, "only {} texts", texts.len());
    for (codes, (vector, text)) in codes(&rules(&vectors), &texts).into_iter().zip(&texts) {
        assert_eq!(codes, ["truncated"], "{} {text}", vector.method);
    }
}

#[test]
fn a_hash_that_was_cut_at_a_usual_width_is_refused() {
    let vectors = vectors();
    let cuts = |vector: &Vector| {
        let widths = WIDTHS.into_iter().filter(|width| *width < vector.stored.len());
        // Padding holds nothing, and may be missing.
        let is_less = |text: &&str| text.trim_end_matches('=') != vector.stored.trim_end_matches('=');
        widths.filter_map(|width| vector.stored.get(..width)).filter(is_less).map(str::to_owned).collect::<Vec<_>>()
    };
    let texts: Vec<_> =
        vectors.iter().flat_map(|vector| cuts(vector).into_iter().map(move |text| (vector, text))).collect();
    assert!(texts.len() > 4000, "only {} texts", texts.len());
    let mut untold = BTreeMap::<&str, usize>::new();
    let (mut wrong, mut aspnet) = (Vec::new(), 0);
    for (codes, (vector, text)) in codes(&rules(&vectors), &texts).into_iter().zip(&texts) {
        match UNTOLD.iter().find(|(method, _)| *method == vector.method) {
            _ if !codes.is_empty() => {}
            // What is left is what ASP.NET's own tests have, a key of 16 bytes, and still matches.
            None if vector.method == "aspnet" && text.len() == 60 && text.starts_with("AQ") => aspnet += 1,
            Some((method, _)) => *untold.entry(method).or_default() += 1,
            None => wrong.push(format!("{} {} of {}: {text}", vector.method, text.len(), vector.stored.len())),
        }
    }
    assert!(wrong.is_empty(), "{} taken:\n{}", wrong.len(), wrong.join("\n"));
    let needless: Vec<_> = UNTOLD.iter().filter(|(method, _)| !untold.contains_key(method)).collect();
    assert!(needless.is_empty() && aspnet > 0, "every cut of these is told: {needless:?}");
}
