//! Faults of the input, met by the probe and by the import that follows: what is cut off is said, and what was read before
//! stands.
#![cfg(all(feature = "cli", unix))]

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

fn rehash(directory: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rehash"));
    command.current_dir(directory).args(arguments).stdin(Stdio::null());
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("REHASH_")) {
        command.env_remove(name);
    }
    command.output().expect("it runs")
}

/// A table of so many users; user 7's password is `password`.
fn table(records: usize) -> String {
    (0..records)
        .map(|number| {
            let hash = if number == 7 {
                "5f4dcc3b5aa765d61d8327deb882cf99".to_owned()
            } else {
                format!("{:032x}", number.wrapping_mul(0x9e37_79b9_7f4a_7c15))
            };
            format!("{{\"username\":\"user{number}\",\"passwordEncrypted\":\"{hash}\",\"passwordEncryptionMethod\":\"md5\"}}\n")
        })
        .collect()
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text.as_bytes()).expect("compressed");
    encoder.finish().expect("compressed")
}

fn count(output: &Output, name: &str) -> u64 {
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).expect("one JSON document");
    document[name].as_u64().expect("a count")
}

#[test]
fn a_compressed_input_that_is_cut_off_is_imported_up_to_there_and_again_from_the_whole() {
    const RECORDS: usize = 30_000;
    let text = table(RECORDS);
    let zstd = zstd::encode_all(text.as_bytes(), 3).expect("compressed");
    for (name, whole) in [("users.gz", gzip(&text)), ("users.zst", zstd)] {
        for share in [3, 50, 97] {
            let directory = tempfile::tempdir().expect("a directory");
            let path = directory.path().join(name);
            fs::write(&path, &whole[..whole.len() * share / 100]).expect("written");
            let cut = rehash(directory.path(), &["import", name, "--json"]);
            assert_eq!(cut.status.code(), Some(65), "{name} {share}");
            assert!(String::from_utf8_lossy(&cut.stderr).contains("cut off"), "{name} {share}");
            let imported = count(&cut, "imported");
            assert!(imported < RECORDS as u64 && (share == 3 || imported > 0), "{name} {share}: {imported}");
            fs::write(&path, &whole).expect("written");
            let again = rehash(directory.path(), &["import", name, "--json"]);
            assert_eq!(again.status.code(), Some(0), "{name} {share}");
            let (new, old) = (count(&again, "imported"), count(&again, "already_there"));
            assert_eq!((new + old, old), (RECORDS as u64, imported), "{name} {share}");
        }
    }
}

/// The checksum stands behind what it is of.
#[test]
fn nothing_of_a_compressed_input_that_is_damaged_is_imported() {
    let text = table(3000);
    let directory = tempfile::tempdir().expect("a directory");
    let mut damaged = gzip(&text);
    let place = damaged.len() - 6;
    damaged[place] ^= 2;
    fs::write(directory.path().join("bad.gz"), damaged).expect("written");
    fs::write(directory.path().join("users.ndjson"), "{\"username\":\"other\"}\n").expect("written");
    let output = rehash(directory.path(), &["import", "bad.gz", "users.ndjson", "--json"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(65) && said.contains("nothing of it is taken"), "{said}");
    assert_eq!((count(&output, "imported"), count(&output, "records")), (1, 1), "the other is read");
    let checked = rehash(directory.path(), &["check", "bad.gz", "--json"]);
    assert_eq!((checked.status.code(), count(&checked, "records")), (Some(65), 3000), "to look at it does no harm");
}

#[test]
fn a_probe_over_an_input_that_is_cut_off_imports_nothing() {
    let directory = tempfile::tempdir().expect("a directory");
    let whole = gzip(&table(20_000));
    fs::write(directory.path().join("users.gz"), &whole[..whole.len() / 2]).expect("written");
    fs::write(directory.path().join("probe.csv"), "username,password\nuser7,password\n").expect("written");
    let output = rehash(directory.path(), &["import", "users.gz", "--probe", "probe.csv"]);
    assert_eq!(output.status.code(), Some(65));
    assert!(!directory.path().join("rehash.db").exists());
}

#[test]
fn no_password_and_no_hash_of_a_probe_is_in_any_output() {
    let directory = tempfile::tempdir().expect("a directory");
    fs::write(directory.path().join("users.ndjson"), table(100)).expect("written");
    let secret = "a password that nobody may see";
    fs::write(directory.path().join("probe.csv"), format!("username,password\nuser7,{secret}\nuser8,{secret}\n"))
        .expect("written");
    for more in [&["--json"][..], &[]] {
        let arguments = [&["import", "users.ndjson", "--probe", "probe.csv"], more].concat();
        let output = rehash(directory.path(), &arguments);
        assert_eq!(output.status.code(), Some(1));
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        assert!(said.contains("user7") && said.contains("user8"), "{said}");
        assert!(!said.contains(secret) && !said.contains("5f4dcc3b"), "{said}");
    }
    assert!(!directory.path().join("rehash.db").exists());
}

#[test]
fn a_probe_of_passwords_in_the_clear() {
    let directory = tempfile::tempdir().expect("a directory");
    let users =
        "{\"username\":\"ada\",\"passwordEncrypted\":\"lovelace\",\"passwordEncryptionMethod\":\"Plaintext\"}\n";
    fs::write(directory.path().join("users.ndjson"), users).expect("written");
    let probe = |password: &str| {
        fs::write(directory.path().join("probe.csv"), format!("username,password\nada,{password}\n")).expect("written");
        let arguments = ["import", "users.ndjson", "--probe", "probe.csv", "--allow-plaintext", "--memory", "64KiB"];
        rehash(directory.path(), &arguments).status.code()
    };
    assert_eq!(probe("babbage"), Some(1));
    assert!(!directory.path().join("rehash.db").exists());
    assert_eq!(probe("lovelace"), Some(0));
}

#[test]
fn only_a_record_that_names_the_user_is_told_of_as_theirs() {
    let directory = tempfile::tempdir().expect("a directory");
    let at = |name: &str| directory.path().join(name);
    let bad = |name: &str| {
        format!("{{\"username\":\"{name}\",\"passwordEncrypted\":\"xyz\",\"passwordEncryptionMethod\":\"md5\"}}\n")
    };
    std::fs::write(at("users.ndjson"), bad("joanna")).expect("written");
    std::fs::write(at("probe.ndjson"), "{\"username\":\"joanna\",\"password\":\"x\"}\n{\"username\":\"ann\",\"password\":\"x\"}\n{\"username\":\"user\",\"password\":\"x\"}\n").expect("written");
    let output = rehash(directory.path(), &["import", "users.ndjson", "--probe", "probe.ndjson"]);
    let said = String::from_utf8_lossy(&output.stdout);
    let of = |line: usize| said.lines().nth(line).unwrap_or_default().to_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(of(0).contains("joanna: a record that names this user is rejected"), "{said}");
    assert!(of(1).contains("ann: is not in the input") && of(2).contains("user: is not in the input"), "{said}");
}
