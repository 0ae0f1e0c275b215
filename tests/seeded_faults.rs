//! A large table with a thousand faults of known kinds at known lines: `check` tells of each, by line, field and code, and of nothing
//! else; `import` takes every other record, and hands back the bad ones as they came. `REHASH_TEST_FAULT_RECORDS` says how many
//! records there are in all.
#![cfg(all(feature = "cli", unix))]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

const FAULTS: usize = 1000;

/// A stream of numbers that is the same in every run (SplitMix64).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).expect("below a usize")
    }

    fn hex(&mut self, length: usize) -> String {
        let digits: String = (0..length.div_ceil(16)).map(|_| format!("{:016x}", self.next())).collect();
        digits[..length].to_owned()
    }
}

/// What a row has in its five columns; an empty text is a column without a value.
#[derive(Clone)]
struct Row {
    username: String,
    email: String,
    hash: String,
    tag: &'static str,
    salt: String,
}

const COLUMNS: [&str; 5] =
    ["username", "primaryEmail", "passwordEncrypted", "passwordEncryptionMethod", "passwordSalt"];

/// One of the methods that a table of twenty years holds side by side.
fn good(number: usize, numbers: &mut Numbers) -> Row {
    let (username, email) = (format!("user{number}"), format!("user{number}@example.com"));
    let (hash, tag, salt) = match number % 8 {
        0 => (numbers.hex(32), "MD5", String::new()),
        1 => (numbers.hex(40), "SHA1", String::new()),
        2 => (numbers.hex(64), "SHA256", String::new()),
        3 => (numbers.hex(32), "md5($p.$s)", numbers.hex(8)),
        4 => (format!("$2b$10$N9qo8uLOickgx2ZMRZoMye{}", &alphabet(numbers)[..31]), "Bcrypt", String::new()),
        5 => (format!("$P$B{}", &alphabet(numbers)[..30]), "phpass", String::new()),
        6 => (
            format!("pbkdf2_sha256$1000${}$Y3CEtAnQM6VWBRDdkX9DRGh8KXkCkMgTXvXpOqpZHK4=", numbers.hex(12)),
            "django_pbkdf2",
            String::new(),
        ),
        _ => (
            format!(
                "$argon2id$v=19$m=19456,t=2,p=1${}$Zyt0MmR2nyLVNI8bB5LEM7QXOx9nfMlnaa2RJ6TfmWE",
                "c2FsdHNhbHRzYWx0c2FsdA"
            ),
            "Argon2id",
            String::new(),
        ),
    };
    Row { username, email, hash, tag, salt }
}

/// Text in the alphabet of crypt whose last character has no bits without value.
fn alphabet(numbers: &mut Numbers) -> String {
    let mut text: String = (0..40)
        .map(|_| char::from(b"./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"[numbers.below(54)]))
        .collect();
    text.replace_range(30..31, "u");
    text.replace_range(29..30, ".");
    text
}

/// Changes a good row, and says what is told of it: the field and the code.
type Kind = fn(&mut Row, &mut Numbers) -> (&'static str, &'static str);

const KINDS: [Kind; 18] = [
    |row, numbers| digest(row, numbers.hex(31), "MD5", "wrong_length"),
    |row, numbers| digest(row, numbers.hex(31) + "g", "MD5", "bad_encoding"),
    |row, numbers| digest(row, numbers.hex(39) + "O", "SHA1", "bad_encoding"),
    |row, numbers| digest(row, numbers.hex(40), "SHA256", "wrong_length"),
    |row, _| digest(row, "hello".into(), "MD5", "wrong_length"),
    |row, _| digest(row, String::new(), "MD5", "missing_hash"),
    |row, numbers| {
        digest(row, numbers.hex(32), "MD6", "unknown_method");
        ("passwordEncryptionMethod", "unknown_method")
    },
    |row, numbers| digest(row, numbers.hex(32), "", "ambiguous_method"),
    |row, numbers| {
        digest(row, numbers.hex(32), "md5($p.$s)", "missing_salt");
        ("passwordSalt", "missing_salt")
    },
    // A column of fifty characters.
    |row, _| digest(row, "$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68".into(), "Bcrypt", "truncated"),
    |row, _| {
        digest(row, "$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lh!y".into(), "Bcrypt", "bad_encoding")
    },
    |row, _| {
        digest(row, "$2b$31$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy".into(), "Bcrypt", "cost_too_high")
    },
    |row, _| {
        digest(row, "$2b$03$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy".into(), "Bcrypt", "cost_too_low")
    },
    |row, _| {
        let hash = "$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy";
        digest(row, hash.into(), "Argon2id", "method_conflict")
    },
    |row, _| {
        let hash =
            "$argon2id$v=19$m=4194304,t=9,p=1$c2FsdHNhbHRzYWx0c2FsdA$Zyt0MmR2nyLVNI8bB5LEM7QXOx9nfMlnaa2RJ6TfmWE";
        digest(row, hash.into(), "Argon2id", "cost_too_high")
    },
    |row, _| {
        let hash = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$Zyt0MmR2nyLVNI8bB5LEM7QXOx9nfMlnaa2RJ6TfmWF";
        digest(row, hash.into(), "Argon2id", "non_canonical")
    },
    |row, _| {
        (row.username, row.email) = Default::default();
        ("username", "missing_username")
    },
    |row, _| {
        // Of the first record, which is good.
        row.username = "user0".into();
        ("username", "duplicate_user")
    },
];

fn digest(row: &mut Row, hash: String, tag: &'static str, code: &'static str) -> (&'static str, &'static str) {
    (row.hash, row.tag, row.salt) = (hash, tag, String::new());
    ("passwordEncrypted", code)
}

fn json(row: &Row) -> String {
    let mut line = String::new();
    for (name, value) in COLUMNS.iter().zip(cells(row)).filter(|(_, value)| !value.is_empty()) {
        let _ = write!(line, "{}\"{name}\":\"{value}\"", if line.is_empty() { "{" } else { "," });
    }
    line + "}"
}

fn cells(row: &Row) -> [&str; 5] {
    [&row.username, &row.email, &row.hash, row.tag, &row.salt]
}

/// A table, and what is to be told of it: for each line of a bad record the field and the code.
fn table(
    records: usize,
    print: impl Fn(&Row) -> String,
    lines_before: usize,
) -> (Vec<String>, BTreeMap<usize, Vec<String>>) {
    let mut numbers = Numbers(20);
    let mut faults = BTreeMap::new();
    while faults.len() < FAULTS {
        let kind = faults.len() % KINDS.len();
        // Not the first, which a later one repeats.
        faults.entry(1 + numbers.below(records - 1)).or_insert(kind);
    }
    let (mut lines, mut expected) = (Vec::with_capacity(records), BTreeMap::new());
    for number in 0..records {
        let mut row = good(number, &mut numbers);
        if let Some(kind) = faults.get(&number) {
            let (field, code) = KINDS[*kind](&mut row, &mut numbers);
            expected.insert(number + 1 + lines_before, vec![format!("{field}: {code}")]);
        }
        lines.push(print(&row));
    }
    (lines, expected)
}

fn rehash(directory: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rehash"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("REHASH_")) {
        command.env_remove(name);
    }
    let output = command.current_dir(directory).args(arguments).stdin(Stdio::null()).output().expect("ran");
    let text = |bytes| String::from_utf8(bytes).expect("a text");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// What was told, by line: `file:line: field: code: what to do`.
fn told(said: &str, file: &str) -> BTreeMap<usize, Vec<String>> {
    let mut told: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    for line in said.lines().filter_map(|line| line.strip_prefix(file)?.strip_prefix(':')) {
        let mut parts = line.splitn(4, ": ");
        let mut part = || parts.next().unwrap_or_default();
        let (line, field, code, remedy) = (part(), part(), part(), part());
        assert!(!remedy.is_empty(), "{line}: {field}: {code}: nothing that helps");
        told.entry(line.parse().expect("a line")).or_default().push(format!("{field}: {code}"));
    }
    told
}

fn holds(name: &str, print: impl Fn(&Row) -> String, head: &str, separator: &str, foot: &str) {
    let records = std::env::var("REHASH_TEST_FAULT_RECORDS").ok().and_then(|text| text.parse().ok()).unwrap_or(50_000);
    let directory = tempfile::tempdir().expect("a directory");
    let (lines, expected) = table(records, print, head.lines().count());
    fs::write(directory.path().join(name), format!("{head}{}{foot}", lines.join(separator))).expect("written");

    let (code, said, _) = rehash(directory.path(), &["check", name, "--rejects", "checked"]);
    assert_eq!(code, Some(1), "{said}");
    let told_of = told(&said, name);
    let differs = expected.iter().find(|(line, problems)| told_of.get(line) != Some(problems));
    let also = told_of.iter().find(|(line, _)| !expected.contains_key(line));
    assert!(
        differs.is_none() && also.is_none(),
        "expected {differs:?}, told {:?}; beside them {also:?}",
        differs.and_then(|(line, _)| told_of.get(line))
    );
    assert_eq!(told_of.len(), FAULTS);

    let (code, counts, _) = rehash(directory.path(), &["import", name, "--json", "--rejects", "rejected"]);
    let counts: serde_json::Value = serde_json::from_str(&counts).expect("JSON");
    let mut told_again: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    for problem in counts["problems"].as_array().expect("a list") {
        let text = |name: &str| problem[name].as_str().expect("a text");
        let line = problem["line"].as_u64().and_then(|line| usize::try_from(line).ok()).expect("a line");
        told_again.entry(line).or_default().push(format!("{}: {}", text("field"), text("code")));
    }
    assert_eq!((code, told_again == expected), (Some(1), true), "the import tells of others than the check");
    let good = records - FAULTS;
    assert_eq!((&counts["imported"], &counts["rejected"]), (&good.into(), &FAULTS.into()), "{counts}");
    let (_, status, _) = rehash(directory.path(), &["status", "--json"]);
    let status: serde_json::Value = serde_json::from_str(&status).expect("JSON");
    assert_eq!(status["records"], good, "{status}");

    // The bad ones come back as they were, in their order, and are the same for both.
    let rejected = fs::read_to_string(directory.path().join("rejected")).expect("written");
    assert_eq!(rejected, fs::read_to_string(directory.path().join("checked")).expect("written"));
    let bad = |line: &usize| lines[line - 1 - head.lines().count()].clone();
    let around = |line: &&str| head.lines().chain(foot.lines()).any(|other| other == *line);
    let back: Vec<_> = rejected.lines().filter(|line| !around(line)).collect();
    assert_eq!(back.len(), FAULTS);
    for (line, back) in expected.keys().zip(back) {
        assert!(back.contains(&bad(line)), "line {line}: {back}");
    }
}

#[test]
fn every_fault_of_a_table_in_lines_of_json_is_told_and_no_other() {
    holds("users.ndjson", json, "", "\n", "\n");
}

#[test]
fn every_fault_of_a_table_in_an_array_is_told_and_no_other() {
    holds("users.json", json, "[\n", ",\n", "\n]\n");
}

#[test]
fn every_fault_of_a_table_in_csv_is_told_and_no_other() {
    let head = COLUMNS.join(",") + "\n";
    let cell = |text: &str| if text.contains(',') { format!("\"{text}\"") } else { text.to_owned() };
    holds("users.csv", |row| cells(row).map(cell).join(","), &head, "\n", "\n");
}
