//! `rehash import --probe`: nothing is written unless every known password verifies, and the likely mistake is named.
#![cfg(feature = "cli")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

/// A table of two users: one MD5 of salt and password, one SHA-256 of the password.
const USERS: &str = "\
username,passwordEncrypted,passwordEncryptionMethod,passwordSalt
ada,AAA,TAG,00ff
grace,5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8,sha256,
";
/// Of `00ff` and `password`.
const SALTED: &str = "453a005ab2b3602ff8f91c2df8e223ae";

fn import(directory: &Path, tag: &str, pairs: &str) -> Output {
    fs::write(directory.join("users.csv"), USERS.replace("AAA", SALTED).replace("TAG", tag)).expect("written");
    fs::write(directory.join("known.ndjson"), pairs).expect("written");
    let mut command = Command::new(env!("CARGO_BIN_EXE_rehash"));
    let arguments = ["import", "users.csv", "--store", "sqlite:store.db", "--probe", "known.ndjson"];
    command.current_dir(directory).args(arguments).env_remove("REHASH_STORE").output().expect("it runs")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn passwords_that_verify_let_the_import_go_on() {
    let directory = tempfile::tempdir().expect("a directory");
    let pairs =
        "{\"username\":\"ada\",\"password\":\"password\"}\n{\"username\":\"grace\",\"password\":\"password\"}\n";
    let output = import(directory.path(), "md5_salted_prefix", pairs);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(said(&output).contains("all 2 known passwords verify"), "{}", said(&output));
    assert!(directory.path().join("store.db").exists());
}

#[test]
fn a_mistake_is_named_and_nothing_is_written() {
    let directory = tempfile::tempdir().expect("a directory");
    let pairs = "{\"username\":\"ada\",\"password\":\"password\"}\n{\"username\":\"grace\",\"password\":\"password\"}\n\
                 {\"username\":\"nobody\",\"password\":\"s3cret\"}\n";
    let output = import(directory.path(), "md5_salted_suffix", pairs);
    let said = said(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("ada: does not verify as md5_salted_suffix; would match as md5($s.$p)"), "{said}");
    assert!(said.contains("nobody: the input has no such user"), "{said}");
    assert!(said.contains("2 of 3 known passwords do not verify; nothing was imported"), "{said}");
    assert!(!said.contains("s3cret") && !said.contains(SALTED) && !said.contains("00ff"), "{said}");
    assert!(!directory.path().join("store.db").exists(), "nothing was written");
}

#[test]
fn a_record_that_is_rejected_and_a_password_that_is_wrong_are_said() {
    let directory = tempfile::tempdir().expect("a directory");
    let pairs = "{\"username\":\"ada\",\"password\":\"password\"}\n{\"username\":\"grace\",\"password\":\"wrong\"}\n";
    let output = import(directory.path(), "sha1", pairs);
    let said = said(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("ada: the record is rejected: users.csv:2: passwordEncrypted: wrong_length"), "{said}");
    assert!(said.contains("grace: does not verify as sha256, and nothing that was tried matches"), "{said}");
}

#[test]
fn pairs_that_are_none_are_refused() {
    let directory = tempfile::tempdir().expect("a directory");
    for (pairs, expected) in [
        ("{\"username\":\"ada\"}\n", "there is no password to verify"),
        ("{\"password\":\"password\"}\n", "a pair needs a username"),
        ("", "is empty"),
    ] {
        let output = import(directory.path(), "md5_salted_prefix", pairs);
        assert_eq!(output.status.code(), Some(65), "{}", said(&output));
        assert!(said(&output).contains(expected), "{}", said(&output));
        assert!(!directory.path().join("store.db").exists());
    }
}
