//! The command as a process: signals, closed pipes, crashes, bounded memory, and secrets that must not show.
#![allow(clippy::panic, reason = "a test may")]
#![cfg(all(feature = "cli", unix))]

use std::fs;
use std::hash::{BuildHasher as _, RandomState};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use rehash::store::sqlite::Sqlite;

const MD5: &str = "5f4dcc3b5aa765d61d8327deb882cf99";

fn rehash(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rehash"));
    command.current_dir(directory).args(arguments).stdin(Stdio::null());
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("REHASH_")) {
        command.env_remove(name);
    }
    command
}

fn run(directory: &Path, arguments: &[&str], input: &[u8]) -> Output {
    let mut child = rehash(directory, arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("started");
    let mut stdin = child.stdin.take().expect("a pipe");
    let input = input.to_vec();
    let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().expect("ended");
    writer.join().expect("written");
    output
}

fn json(directory: &Path, arguments: &[&str]) -> serde_json::Value {
    let output = run(directory, arguments, b"");
    serde_json::from_slice(&output.stdout).expect("one JSON document")
}

fn table(directory: &Path, records: usize) {
    let lines: String = (0..records)
        .map(|number| {
            let hash = format!("{:032x}", number.wrapping_mul(0x9e37_79b9));
            format!("{{\"username\":\"user{number}\",\"passwordDigest\":\"{hash}\",\"passwordAlgorithm\":\"MD5\"}}\n")
        })
        .collect();
    fs::write(directory.join("users.ndjson"), lines).expect("written");
}

fn signal(child: &Child, name: &str) {
    let status = Command::new("kill").args([name, &child.id().to_string()]).status().expect("kill runs");
    assert!(status.success() || name == "-KILL");
}

/// Imports what is left, and holds that every record is there exactly once.
fn finish(directory: &Path, records: u64) -> serde_json::Value {
    let result = json(directory, &["import", "users.ndjson", "--json"]);
    let count = |name: &str| result[name].as_u64().unwrap_or(0);
    assert_eq!((count("records"), count("rejected")), (records, 0), "{result}");
    // What a run before this one had committed is not read again.
    let earlier = result["committed_earlier"].as_u64().unwrap_or(0);
    assert_eq!(count("imported") + count("already_there") + earlier, records, "{result}");
    assert_eq!(json(directory, &["status", "--json"])["records"], records);
    result
}

#[test]
fn a_killed_import_loses_nothing_and_doubles_nothing() {
    let kills = std::env::var("REHASH_TEST_KILLS").ok().and_then(|count| count.parse().ok()).unwrap_or(3);
    const RECORDS: usize = 150_000;
    let directory = tempfile::tempdir().expect("a directory");
    table(directory.path(), RECORDS);
    let (random, mut longest, mut in_the_middle) = (RandomState::new(), 1500, 0);
    for kill in 0..kills {
        for file in ["rehash.db", "rehash.db-wal", "rehash.db-shm", "rehash.db-journal"] {
            let _ = fs::remove_file(directory.path().join(file));
        }
        let mut child =
            rehash(directory.path(), &["import", "users.ndjson", "-q"]).stdout(Stdio::null()).spawn().expect("started");
        // At random; where one has ended before its moment comes, moments come sooner.
        std::thread::sleep(Duration::from_millis(random.hash_one(kill) % longest));
        let is_over = child.try_wait().expect("known").is_some();
        longest = longest * if is_over { 9 } else { 11 } / 10;
        signal(&child, "-KILL");
        child.wait().expect("ended");
        let earlier = finish(directory.path(), RECORDS as u64)["committed_earlier"].as_u64().unwrap_or(0);
        in_the_middle += u32::from(earlier > 0 && earlier < RECORDS as u64);
    }
    println!("{in_the_middle} of {kills} kills came between the first commit and the last");
    assert!(kills < 20 || in_the_middle > 0, "no kill came between the first commit and the last");
}

#[test]
fn an_interrupted_import_ends_between_batches_and_goes_on() {
    const RECORDS: usize = 150_000;
    let directory = tempfile::tempdir().expect("a directory");
    table(directory.path(), RECORDS);
    let mut child = rehash(directory.path(), &["import", "-", "--json", "--jobs", "1"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("started");
    let lines = fs::read(directory.path().join("users.ndjson")).expect("read");
    let mut stdin = child.stdin.take().expect("a pipe");
    // Once this much is taken, the import is under way; and there is more to come.
    stdin.write_all(&lines[..lines.len() / 2]).expect("written");
    signal(&child, "-INT");
    let rest = stdin.write_all(&lines[lines.len() / 2..]);
    assert!(rest.is_err(), "the interrupted import reads to the end");
    drop(stdin);
    let output = child.wait_with_output().expect("ended");
    let said: serde_json::Value = serde_json::from_slice(&output.stdout).expect("one JSON document");
    assert_eq!(output.status.code(), Some(130), "{said}");
    let count = |name: &str| said[name].as_u64().unwrap_or(0);
    let imported = count("imported");
    assert!(imported > 0 && imported < RECORDS as u64, "{said}");
    assert_eq!(
        count("records"),
        ["imported", "already_there", "rejected", "unprocessed"].into_iter().map(count).sum::<u64>(),
        "{said}"
    );
    assert_eq!(said["errors"][0], "interrupted");
    assert_eq!(json(directory.path(), &["status", "--json"])["records"], imported);
    finish(directory.path(), RECORDS as u64);
}

#[test]
fn a_closed_pipe_ends_a_check_quietly_and_an_import_not_at_all() {
    let directory = tempfile::tempdir().expect("a directory");
    let bad: String = (0..100_000).map(|number| format!("{{\"username\":{number}}}\n")).collect();
    fs::write(directory.path().join("users.ndjson"), bad + "{\"username\":\"last\"}\n").expect("written");
    for (arguments, code) in [(["check", "users.ndjson"], 141), (["import", "users.ndjson"], 1)] {
        let mut child = rehash(directory.path(), &arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("started");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
        assert!(line.starts_with("users.ndjson:1: username: bad_field"), "{line}");
        let output = child.wait_with_output().expect("ended");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "");
        assert_eq!(output.status.code(), Some(code));
    }
    assert_eq!(json(directory.path(), &["status", "--json"])["records"], 1);
}

#[test]
fn a_batch_answers_line_by_line() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut child = rehash(directory.path(), &["verify", "--batch", "--no-upgrade"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("started");
    let mut stdin = child.stdin.take().expect("a pipe");
    let mut answers = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    for number in 1..=20 {
        let password = if number % 2 == 0 { "password" } else { "wrong" };
        writeln!(stdin, "{{\"password\":\"{password}\",\"passwordDigest\":\"{MD5}\",\"passwordAlgorithm\":\"MD5\"}}")
            .expect("written");
        let answer: serde_json::Value =
            serde_json::from_str(&answers.next().expect("an answer").expect("text")).expect("JSON");
        assert_eq!(answer["line"], number);
        assert_eq!(answer["outcome"], if number % 2 == 0 { "accepted" } else { "rejected" });
    }
    drop(stdin);
    assert_eq!(child.wait().expect("ended").code(), Some(1));
}

#[test]
fn jobs_change_nothing_that_is_said() {
    let directory = tempfile::tempdir().expect("a directory");
    let lines: String = (0..30_000)
        .map(|number| match number % 3 {
            0 => "{broken\n".to_owned(),
            _ => format!("{{\"username\":\"u{}\"}}\n", number / 2),
        })
        .collect();
    fs::write(directory.path().join("users.ndjson"), lines).expect("written");
    for command in ["check", "import"] {
        let said = |jobs: &str| {
            let store = format!("sqlite:{command}{jobs}.db");
            let mut arguments = vec![command, "users.ndjson", "--json", "--jobs", jobs];
            if command == "import" {
                arguments.extend(["--store", &store]);
            }
            run(directory.path(), &arguments, b"").stdout
        };
        assert!(said("1") == said("4"), "{command}");
    }
}

/// Peak memory in KiB of a child that is still there.
fn peak_kib(child: &Child) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kib| kib.parse().ok()).unwrap_or(0)
}

#[cfg(target_os = "linux")]
#[test]
fn a_line_without_end_takes_no_memory() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut child = rehash(directory.path(), &["check", "-", "--format", "ndjson", "--json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("started");
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(b"{\"username\":\"").expect("written");
    for _ in 0..100 {
        stdin.write_all(&vec![b'x'; 1024 * 1024]).expect("written");
    }
    stdin.write_all(b"\"}\n{\"username\":\"ada\"}\n").expect("written");
    let peak = peak_kib(&child);
    drop(stdin);
    let mut said = String::new();
    child.stdout.take().expect("a pipe").read_to_string(&mut said).expect("text");
    assert_eq!(child.wait().expect("ended").code(), Some(1));
    let said: serde_json::Value = serde_json::from_str(&said).expect("JSON");
    assert_eq!((&said["records"], &said["good"]), (&2.into(), &1.into()));
    assert_eq!(said["problems"][0]["code"], "record_too_large");
    assert!(peak > 0 && peak < 64 * 1024, "{peak} KiB");
}

#[test]
fn no_secret_shows_in_any_output() {
    let directory = tempfile::tempdir().expect("a directory");
    let canary = |name: &str| format!("CANARY{name}");
    let hash = format!("CANARYHASH{}", "0".repeat(22));
    let record = |tag: &str, hash: &str| {
        format!(
            "{{\"username\":\"u\",\"password\":\"{}\",\"passwordSalt\":\"{}\",\"passwordEncrypted\":\"{hash}\",\"passwordEncryptionMethod\":\"{tag}\"}}\n",
            canary("PASSWORD"),
            canary("SALT"),
        )
    };
    let bcrypt = "$2b$04$CANARYHASHCANARYHASH..CANARYHASHCANARYHASHCANARYHASH.O";
    let argon2 = "$argon2id$v=19$m=8,t=1,p=1$CANARYSALTCANARYSALT$CANARYHASHCANARYHASH";
    let lines: String = [
        ("MD5", hash.as_str()),
        ("CANARYTAG", MD5),
        ("Bcrypt", bcrypt),
        ("argon2", argon2),
        ("Plaintext", "CANARYPLAIN"),
    ]
    .iter()
    .map(|(tag, hash)| record(tag, hash))
    .collect();
    fs::write(directory.path().join("users.ndjson"), &lines).expect("written");
    let broken = lines.replace("\"}\n", "\"\n");
    fs::write(directory.path().join("broken.ndjson"), &broken).expect("written");
    fs::write(directory.path().join("hashes.csv"), format!("{hash},{argon2}\n")).expect("written");
    let password = canary("PASSWORD");
    for (arguments, input) in [
        (vec!["check", "users.ndjson", "broken.ndjson", "hashes.csv", "--warnings"], ""),
        (vec!["check", "users.ndjson", "broken.ndjson", "--json"], ""),
        (vec!["import", "users.ndjson", "broken.ndjson"], ""),
        (vec!["import", "users.ndjson", "--json"], ""),
        (vec!["verify", "--batch", "--no-upgrade"], lines.as_str()),
        (vec!["verify", "--batch", "--no-upgrade"], broken.as_str()),
        (vec!["verify", "--method", "md5", "--hash", &hash], &password),
        (vec!["verify", "--method", "CANARYTAG", "--hash", MD5], &password),
        (vec!["verify", "--hash", bcrypt, "--json"], &password),
        (vec!["verify", "--hash", argon2], &password),
        (vec!["verify", "--hash", &hash], &password),
        (vec!["sign-in", "u", "--explain"], &password),
        (vec!["identify", &hash, bcrypt, argon2, "--json"], ""),
        (vec!["hash", "--memory", "64KiB"], &password),
        (vec!["status"], ""),
    ] {
        let output = run(directory.path(), &arguments, input.as_bytes());
        for stream in [&output.stdout, &output.stderr] {
            let said = String::from_utf8_lossy(stream);
            assert!(!said.contains("CANARY"), "{arguments:?}: {said}");
        }
        assert!(!output.stdout.is_empty() || !output.stderr.is_empty(), "{arguments:?}");
        assert_ne!(output.status.code(), Some(70), "{arguments:?}");
    }
}

#[test]
fn a_locked_store_stops_an_import_with_counts_that_add_up() {
    let directory = tempfile::tempdir().expect("a directory");
    table(directory.path(), 1000);
    let store = Sqlite::create_or_open(directory.path().join("rehash.db")).expect("a store");
    let batch = store.batch().expect("a batch");
    let output = run(directory.path(), &["import", "users.ndjson", "--json"], b"");
    assert_eq!(output.status.code(), Some(69));
    let said: serde_json::Value = serde_json::from_slice(&output.stdout).expect("one JSON document");
    assert_eq!((&said["imported"], &said["unprocessed"]), (&0.into(), &said["records"]), "{said}");
    assert!(said["errors"][0].as_str().is_some_and(|error| error.contains("locked")), "{said}");
    drop(batch);
    finish(directory.path(), 1000);
}

#[test]
fn a_disk_that_fills_up_at_any_moment_stops_an_import_and_loses_nothing() {
    const RECORDS: u64 = 250_000;
    let directory = tempfile::tempdir().expect("a directory");
    table(directory.path(), 250_000);
    // In the first batch, in later ones, while the indexes are built, and not at all: half a KiB each.
    let (mut stopped, mut part) = (0, 0);
    for blocks in [400, 20_000, 40_000, 60_000, 80_000, 100_000, 1_000_000] {
        for file in ["rehash.db", "rehash.db-wal", "rehash.db-shm", "rehash.db-journal"] {
            let _ = fs::remove_file(directory.path().join(file));
        }
        let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" import users.ndjson --json");
        let output = Command::new("sh")
            .args(["-c", &script, env!("CARGO_BIN_EXE_rehash")])
            .current_dir(directory.path())
            .output()
            .expect("ran");
        let said: serde_json::Value = serde_json::from_slice(&output.stdout).expect("one JSON document");
        let imported = said["imported"].as_u64().expect("a number");
        match output.status.code() {
            Some(0) => assert_eq!(imported, RECORDS, "{said}"),
            Some(69) => stopped += 1,
            code => panic!("{code:?}: {said}"),
        }
        // What it says is what is there.
        if imported > 0 {
            part += u32::from(imported < RECORDS);
            assert_eq!(json(directory.path(), &["status", "--json"])["records"], imported, "{said}");
        }
        finish(directory.path(), RECORDS);
    }
    assert!(stopped >= 3 && part >= 1, "{stopped} stopped, {part} of them after a batch");
}

#[test]
fn a_read_only_store_signs_in_and_says_that_nothing_was_written() {
    let directory = tempfile::tempdir().expect("a directory");
    let line = format!("{{\"username\":\"ada\",\"passwordDigest\":\"{MD5}\",\"passwordAlgorithm\":\"MD5\"}}\n");
    fs::write(directory.path().join("users.ndjson"), line).expect("written");
    assert!(run(directory.path(), &["import", "users.ndjson"], b"").status.success());
    let cheap = ["--memory", "64KiB", "--passes", "1", "--json"];
    for (store, upgrade) in [
        ("sqlite:rehash.db?mode=ro", "not_written"),
        ("sqlite:rehash.db", "upgraded"),
        ("sqlite:rehash.db", "not_needed"),
    ] {
        let output =
            run(directory.path(), &[&["sign-in", "ada", "--store", store], &cheap[..]].concat(), b"password\n");
        let said: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        assert_eq!(
            (output.status.code(), &said["outcome"], &said["upgrade"]),
            (Some(0), &"accepted".into(), &upgrade.into())
        );
    }
}

#[test]
fn outputs_never_replace_what_is_read() {
    let directory = tempfile::tempdir().expect("a directory");
    table(directory.path(), 10);
    assert!(run(directory.path(), &["import", "users.ndjson"], b"").status.success());
    std::os::unix::fs::symlink("users.ndjson", directory.path().join("link")).expect("linked");
    let before: Vec<_> =
        ["users.ndjson", "rehash.db"].map(|name| fs::read(directory.path().join(name)).expect("read")).into();
    for arguments in [
        ["check", "users.ndjson", "--rejects", "users.ndjson"].as_slice(),
        &["check", "users.ndjson", "--tagged", "link"],
        &["check", "users.ndjson", "--tagged", "out", "--rejects", "out"],
        &["import", "users.ndjson", "--rejects", "rehash.db"],
        &["check", "absent", "--rejects", "absent"],
        &["check", "users.ndjson", "--tagged", "./out", "--rejects", "out"],
        &["import", "users.ndjson", "--store", "sqlite:new.db", "--rejects", "./new.db"],
    ] {
        assert_eq!(run(directory.path(), arguments, b"").status.code(), Some(2), "{arguments:?}");
    }
    let after: Vec<_> =
        ["users.ndjson", "rehash.db"].map(|name| fs::read(directory.path().join(name)).expect("read")).into();
    assert!(before == after);
    // An earlier file is replaced only when the new one is whole.
    fs::write(directory.path().join("rejects"), "earlier").expect("written");
    assert_eq!(run(directory.path(), &["check", "absent", "--rejects", "rejects"], b"").status.code(), Some(65));
}

#[test]
fn passwords_in_the_clear_can_be_imported_again() {
    let directory = tempfile::tempdir().expect("a directory");
    let lines: String = (0..40)
        .map(|number| format!("{{\"username\":\"u{number}\",\"passwordDigest\":\"secret {number}\",\"passwordAlgorithm\":\"Plaintext\"}}\n"))
        .collect();
    fs::write(directory.path().join("users.ndjson"), &lines).expect("written");
    let import = ["import", "users.ndjson", "--allow-plaintext", "--memory", "64KiB", "--passes", "1", "--json"];
    assert_eq!(json(directory.path(), &import)["imported"], 40);
    assert_eq!(json(directory.path(), &import)["already_there"], 40);
    let database = fs::read(directory.path().join("rehash.db")).expect("read");
    assert!(!database.windows(7).any(|window| window == b"secret "));
}

/// The canary test above has records that are refused. Here they are good, in the store, and refused at the sign-in.
#[test]
fn no_secret_of_a_stored_record_shows() {
    let directory = tempfile::tempdir().expect("a directory");
    let bcrypt = "$2b$05$CANARYCANARYCANARYCANuCANARYCANARYCANARYCANARYCANARYC";
    let argon2 = "$argon2id$v=19$m=64,t=1,p=1$CANARYSALTCANARYSALT$CANARYHASHCANARYHASH";
    let record = |name: &str, hash: &str| format!("{{\"username\":\"{name}\",\"passwordDigest\":\"{hash}\"}}\n");
    let clear = "{\"username\":\"c\",\"passwordDigest\":\"CANARYPLAIN\",\"passwordAlgorithm\":\"Plaintext\"}\n";
    let attempt = |hash: &str| format!("{{\"passwordDigest\":\"{hash}\",\"password\":\"CANARYPASSWORD\"}}\n");
    let write = |name: &str, text: String| fs::write(directory.path().join(name), text).expect("written");
    write("users.ndjson", record("a", bcrypt) + &record("b", argon2) + clear);
    write("others.ndjson", record("a", argon2) + &record("b", bcrypt) + &clear.replace("PLAIN", "OTHER"));
    write("CANARYPEPPER", "CANARYPEPPER\n".into());
    let attempts = attempt(bcrypt) + &attempt(argon2);

    let cheap = ["--memory", "64KiB", "--passes", "1", "--lanes", "1"];
    let import = ["--allow-plaintext", "--json", "--warnings"];
    for (arguments, input, code) in [
        ([&["import", "users.ndjson"], &import[..], &cheap].concat(), "", 0),
        ([&["import", "others.ndjson"], &import[..], &cheap].concat(), "", 1),
        (["import", "others.ndjson", "--rejects", "rejects.ndjson", "--warnings"].to_vec(), "", 1),
        (["check", "users.ndjson", "--allow-plaintext", "--tagged", "tagged.ndjson", "--json"].to_vec(), "", 0),
        ([&["sign-in", "a", "--explain"], &cheap[..]].concat(), "CANARYPASSWORD", 1),
        ([&["sign-in", "b", "--explain", "--json"], &cheap[..]].concat(), "CANARYPASSWORD", 1),
        ([&["sign-in", "CANARYUSER", "--explain"], &cheap[..]].concat(), "CANARYPASSWORD", 1),
        ([&["sign-in", "a", "--max-bcrypt-cost", "4"], &cheap[..]].concat(), "CANARYPASSWORD", 1),
        ([&["sign-in", "b", "--max-memory", "64KiB", "--max-passes", "1"], &cheap[..]].concat(), "CANARYPASSWORD", 1),
        ([&["sign-in", "c", "--json"], &cheap[..]].concat(), "CANARYPLAIN", 0),
        ([&["verify", "--batch"], &cheap[..]].concat(), &attempts, 1),
        (["verify", "--batch", "--max-memory", "32KiB", "--memory", "32KiB"].to_vec(), &attempts, 1),
        (["hash", "--key-file", "k=CANARYPEPPER", "--current-key", "other"].to_vec(), "CANARYPASSWORD", 2),
        (["status", "--json"].to_vec(), "", 0),
    ] {
        let output = run(directory.path(), &arguments, input.as_bytes());
        let said = [output.stdout, output.stderr].map(|stream| String::from_utf8_lossy(&stream).into_owned()).concat();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
        assert!(!said.is_empty() && !said.contains("CANARY"), "{arguments:?}: {said}");
    }
    let stored = fs::read(directory.path().join("rehash.db")).expect("read");
    for secret in ["CANARYPLAIN", "CANARYOTHER", "CANARYPASSWORD"] {
        assert!(!stored.windows(secret.len()).any(|window| window == secret.as_bytes()), "{secret}");
    }
}

#[test]
fn no_name_from_outside_can_fool_the_terminal() {
    let directory = tempfile::tempdir().expect("a directory");
    let output = run(directory.path(), &["check", "a\u{1b}[31m\u{202e}b"], b"");
    assert_eq!(output.status.code(), Some(65));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.starts_with(r"rehash: a\u{1b}[31m\u{202e}b: cannot be read"), "{said}");

    let record = b"{\"username\":\"u\",\"pass\\u001b[2Jword\":1,\"password\xe2\x80\xae_hash\":2}\n";
    fs::write(directory.path().join("a\u{202e}b"), record).expect("written");
    for arguments in [["check", "a\u{202e}b"].as_slice(), &["check", "a\u{202e}b", "--json"], &["import", "a\u{202e}b"]]
    {
        let output = run(directory.path(), arguments, b"");
        assert_eq!(output.status.code(), Some(1));
        let said = String::from_utf8(output.stdout).expect("text");
        assert!(said.contains("bad_field") && !said.contains(['\u{1b}', '\u{202e}']), "{said:?}");
    }
}

#[test]
fn an_input_that_is_cut_off_keeps_what_was_read() {
    let directory = tempfile::tempdir().expect("a directory");
    fs::copy("tests/cmd/check_gzip_cut_off.in/users.gz", directory.path().join("users.gz")).expect("copied");
    fs::create_dir(directory.path().join("tables")).expect("made");
    let output = run(directory.path(), &["import", "users.gz", "tables", "--json"], b"");
    assert_eq!(output.status.code(), Some(65));
    let said: serde_json::Value = serde_json::from_slice(&output.stdout).expect("one JSON document");
    assert_eq!(said["errors"].as_array().map(Vec::len), Some(2), "{said}");
    let imported = said["imported"].as_u64().unwrap_or(0);
    assert!(imported > 0 && imported < 40, "{said}");
    assert_eq!(json(directory.path(), &["status", "--json"])["records"], imported);
}

#[test]
fn an_import_waits_longer_for_who_writes_than_a_sign_in_would() {
    let directory = tempfile::tempdir().expect("a directory");
    table(directory.path(), 100);
    assert!(run(directory.path(), &["import", "users.ndjson"], b"").status.success());
    table(directory.path(), 150);
    let other = rusqlite::Connection::open(directory.path().join("rehash.db")).expect("opened");
    other.execute_batch("BEGIN IMMEDIATE").expect("locked");
    let child = rehash(directory.path(), &["import", "users.ndjson", "--json"]).stdout(Stdio::piped()).spawn();
    // Longer than the store's usual patience of five seconds.
    std::thread::sleep(Duration::from_secs(7));
    other.execute_batch("ROLLBACK").expect("let go");
    let output = child.expect("it starts").wait_with_output().expect("it ends");
    let said: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!((&said["imported"], &said["already_there"]), (&50.into(), &100.into()), "{said}");
}

#[test]
fn a_dry_run_stops_where_the_import_would() {
    let directory = tempfile::tempdir().expect("a directory");
    let md5 = |name: &str, digest: &str| {
        format!("{{\"username\":\"{name}\",\"passwordDigest\":\"{digest}\",\"passwordAlgorithm\":\"md5\"}}\n")
    };
    let digests = ["5f4dcc3b5aa765d61d8327deb882cf99", "00000000000000000000000000000000"];
    std::fs::write(directory.path().join("first.ndjson"), md5("ada", digests[0])).expect("written");
    let second = [md5("bob", digests[0]), md5("ada", digests[1]), md5("cyd", digests[0])].concat();
    std::fs::write(directory.path().join("second.ndjson"), second).expect("written");
    assert!(rehash(directory.path(), &["import", "first.ndjson", "-q"]).status().expect("it runs").success());
    let outcome = |more: &[&str]| {
        let arguments = [&["import", "second.ndjson", "--on-conflict", "fail", "--json"], more].concat();
        let output = rehash(directory.path(), &arguments).output().expect("it runs");
        let said: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        (output.status.code(), said["imported"].clone(), said["rejected"].clone())
    };
    let dry = outcome(&["--dry-run"]);
    assert_eq!((&dry, dry.0), (&outcome(&[]), Some(1)));
    assert_eq!(dry.1, 0);
}

#[test]
fn a_dry_run_leaves_the_store_as_it_is() {
    let directory = tempfile::tempdir().expect("a directory");
    table(directory.path(), 100);
    let dry_run = ["import", "users.ndjson", "--dry-run", "--json"];
    assert_eq!(json(directory.path(), &dry_run)["imported"], 100);
    assert!(!directory.path().join("rehash.db").exists());
    assert!(run(directory.path(), &["import", "users.ndjson"], b"").status.success());
    let before = fs::read(directory.path().join("rehash.db")).expect("read");
    table(directory.path(), 150);
    let said = json(directory.path(), &dry_run);
    assert_eq!((&said["imported"], &said["already_there"]), (&50.into(), &100.into()));
    assert!(before == fs::read(directory.path().join("rehash.db")).expect("read"));
}

#[test]
fn a_dry_run_of_passwords_in_the_clear_meets_what_the_import_would() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let clear = |name| {
        format!("{{\"username\":\"{name}\",\"passwordDigest\":\"right\",\"passwordAlgorithm\":\"Plaintext\"}}\n")
    };
    let users = clear("ada") + &clear("bob");
    fs::write(path.join("before.ndjson"), "{\"username\":\"ada\"}\n").expect("written");
    fs::write(path.join("users.ndjson"), users).expect("written");
    assert!(run(path, &["import", "before.ndjson"], b"").status.success());
    let outcome = |more: &[&str]| {
        let arguments = [&["import", "users.ndjson", "--allow-plaintext", "--json"], more].concat();
        let output = run(path, &arguments, b"");
        let said: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let counts = ["imported", "rejected", "replaced", "already_there"].map(|count| said[count].clone());
        (output.status.code(), counts, said["problem_counts"].clone(), said["methods"].clone())
    };
    let dry = outcome(&["--dry-run"]);
    assert_eq!((dry.0, &dry.1[0], &dry.1[1]), (Some(1), &1.into(), &1.into()));
    assert_eq!(dry, outcome(&[]));
    // Bob is there by now, with this password.
    let dry = outcome(&["--dry-run"]);
    assert_eq!(dry, outcome(&[]));
    assert_eq!(dry.1[3], 1);
    let replacing = ["--on-conflict", "replace-legacy"];
    let dry = outcome(&[&replacing[..], &["--dry-run"]].concat());
    assert_eq!(dry, outcome(&replacing));
    assert_eq!(dry.1[2], 1);
}

#[test]
fn an_import_that_waits_for_its_input_can_be_interrupted() {
    let directory = tempfile::tempdir().expect("a directory");
    table(directory.path(), 1000);
    let lines = fs::read(directory.path().join("users.ndjson")).expect("read");
    for jobs in ["1", "2"] {
        let mut child = rehash(directory.path(), &["import", "-", "--json", "--jobs", jobs])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("started");
        let mut stdin = child.stdin.take().expect("a pipe");
        stdin.write_all(&lines).expect("written");
        std::thread::sleep(Duration::from_millis(500));
        signal(&child, "-TERM");
        // The pipe stays open: nothing more comes, and no end either.
        let output = child.wait_with_output().expect("ended");
        drop(stdin);
        assert_eq!(output.status.code(), Some(130), "{}", String::from_utf8_lossy(&output.stderr));
        let said: serde_json::Value = serde_json::from_slice(&output.stdout).expect("one JSON document");
        assert_eq!(said["errors"], serde_json::json!(["interrupted"]), "{said}");
    }
    finish(directory.path(), 1000);
}

#[test]
#[cfg(unix)]
fn nobody_reading_the_diagnostics_changes_nothing() {
    let directory = tempfile::tempdir().expect("a directory");
    table(directory.path(), 10);
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let status = rehash(directory.path(), &["import", "users.ndjson", "--dry-run", "-q"])
        .stdout(Stdio::null())
        .stderr(writer)
        .status()
        .expect("it runs");
    assert_eq!(status.code(), Some(0));
    let full = fs::File::options().write(true).open("/dev/full").expect("there");
    let status = rehash(directory.path(), &["import", "users.ndjson", "--dry-run", "-q"])
        .stdout(Stdio::null())
        .stderr(full)
        .status()
        .expect("it runs");
    assert_eq!(status.code(), Some(0));
}

#[test]
#[cfg(unix)]
fn an_output_is_never_what_is_read_nor_the_store() {
    let directory = tempfile::tempdir().expect("a directory");
    let write = |name: &str, text: &str| fs::write(directory.path().join(name), text).expect("written");
    write("a.csv", "username,passwordDigest,passwordAlgorithm\nada,x,md5\n");
    // Rejects of a second header would go to rejects.csv.2, which is an input here.
    write("rejects.csv.2", "username,passwordDigest\nbob,x\n");
    let before = fs::read(directory.path().join("rejects.csv.2")).expect("read");
    let run = |args: &[&str]| {
        rehash(directory.path(), args).stdout(Stdio::null()).stderr(Stdio::null()).status().expect("it runs").code()
    };
    assert_eq!(run(&["check", "a.csv", "rejects.csv.2", "--rejects", "rejects.csv"]), Some(2));
    assert_eq!(fs::read(directory.path().join("rejects.csv.2")).expect("read"), before);
    assert!(!directory.path().join("rejects.csv").exists());
    for output in ["s.db", "s.db-wal", "s.db-journal"] {
        assert_eq!(run(&["import", "a.csv", "--store", "sqlite:s.db", "--rejects", output]), Some(2), "{output}");
    }
    write("key", "secret");
    assert_eq!(run(&["check", "a.csv", "--key-file", "k=key", "--rejects", "key"]), Some(2));
    // Standard input is a file too.
    let input = fs::File::open(directory.path().join("a.csv")).expect("there");
    let mut from_stdin = rehash(directory.path(), &["check", "-", "--rejects", "a.csv"]);
    let status = from_stdin.stdin(input).stdout(Stdio::null()).stderr(Stdio::null()).status().expect("it runs");
    assert_eq!(status.code(), Some(2));
    // A link stays one.
    write("target", "old");
    std::os::unix::fs::symlink("target", directory.path().join("link")).expect("linked");
    assert_eq!(run(&["check", "a.csv", "--rejects", "link"]), Some(1));
    assert!(directory.path().join("link").is_symlink());
    assert_eq!(
        fs::read_to_string(directory.path().join("target")).expect("read"),
        "username,passwordDigest,passwordAlgorithm\nada,x,md5\n"
    );
}

#[test]
#[cfg(target_os = "linux")]
fn an_output_that_is_open_already_is_written_to_and_not_replaced() {
    use std::os::unix::fs::MetadataExt as _;
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("out");
    fs::write(
        directory.path().join("a.csv"),
        "username,passwordDigest,passwordAlgorithm\nada,x,md5\nbob,$2b$,bcrypt\n",
    )
    .expect("written");
    let good = "username,passwordDigest,passwordAlgorithm\ncy,5f4dcc3b5aa765d61d8327deb882cf99,md5\n";
    fs::write(directory.path().join("b.csv"), good).expect("written");
    for output in ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"] {
        let mut out = fs::File::create(&path).expect("made");
        std::io::Write::write_all(&mut out, b"before\n").expect("written");
        let place = fs::metadata(&path).expect("there").ino();
        let args = ["check", "a.csv", "b.csv", "-q", "--rejects", output];
        let status = rehash(directory.path(), &args).stdout(out).stderr(Stdio::null()).status().expect("it runs");
        assert_eq!(status.code(), Some(1), "{output}");
        let text = fs::read_to_string(&path).expect("read");
        assert!(
            text.starts_with("before\n") && text.contains("bob,$2b$,bcrypt\n") && text.contains("records"),
            "{output}: {text}"
        );
        assert_eq!(fs::metadata(&path).expect("there").ino(), place, "{output}");
    }
    let out = fs::File::create(&path).expect("made");
    let args = ["check", "b.csv", "-q", "--tagged", "/dev/stdout"];
    let status = rehash(directory.path(), &args).stdout(out).status().expect("it runs");
    assert_eq!(status.code(), Some(0));
    let text = fs::read_to_string(&path).expect("read");
    assert!(text.contains("\"username\":\"cy\"") && text.contains("records"), "{text}");
}

/// Whatever is read, and every database, is kept from being an output's place.
#[test]
fn no_output_replaces_a_database_or_what_belongs_to_a_source() {
    let directory = tempfile::tempdir().expect("a directory");
    let write = |name: &str, text: &str| fs::write(directory.path().join(name), text).expect("written");
    let legacy = rusqlite::Connection::open(directory.path().join("legacy.db")).expect("a database");
    legacy
        .execute_batch("CREATE TABLE t (id INTEGER PRIMARY KEY, username TEXT); INSERT INTO t VALUES (1, 'ada')")
        .expect("a row");
    drop(legacy);
    write("url", "sqlite:legacy.db\n");
    write("ca.pem", "");
    write("probe.csv", "username,password\nada,x\n");
    table(directory.path(), 3);
    assert!(run(directory.path(), &["import", "users.ndjson"], b"").status.success());
    let bytes = |name: &str| fs::read(directory.path().join(name)).unwrap_or_default();
    let kept = ["legacy.db", "url", "ca.pem", "probe.csv", "rehash.db"];
    let before = kept.map(bytes);
    let query = ["--source-query", "SELECT id, username FROM t", "--source-key", "id", "--source-ca", "ca.pem"];
    let from = |first: &[&'static str], rest: &[&'static str]| [first, &query, rest].concat();
    for arguments in [
        from(&["check", "--source", "sqlite:legacy.db"], &["--tagged", "legacy.db"]),
        from(&["check", "--source", "sqlite:legacy.db?mode=ro"], &["--tagged", "legacy.db-wal"]),
        from(&["check", "--source-url-file", "url"], &["--rejects", "./legacy.db"]),
        from(&["check", "--source-url-file", "url"], &["--rejects", "url"]),
        from(&["check", "--source", "sqlite:legacy.db"], &["--rejects", "ca.pem"]),
        from(&["import", "--source", "sqlite:legacy.db"], &["--rejects", "legacy.db"]),
        vec!["import", "users.ndjson", "--probe", "probe.csv", "--rejects", "probe.csv"],
        vec!["status", "--html", "rehash.db"],
        vec!["status", "--html", "rehash.db-wal"],
        vec!["check", "users.ndjson", "--tagged", "legacy.db"],
        vec!["export", "-o", "legacy.db"],
        vec!["bench", "--html", "rehash.db", "--duration", "1ms"],
    ] {
        let output = run(directory.path(), &arguments, b"");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(2) && said.contains("cannot be written"), "{arguments:?}: {said}");
    }
    assert!(kept.map(bytes) == before);
}

#[test]
fn no_password_of_a_source_shows_wherever_its_url_ends() {
    let directory = tempfile::tempdir().expect("a directory");
    let query = ["--source-query", "SELECT 1 AS id, 'a' AS username", "--source-key", "id"];
    for (url, code) in [
        ("mysql://root:pa#S3CRET@127.0.0.1:3307/x", 2),
        ("mysql://root:pa?S3CRET@127.0.0.1:3307/x", 2),
        ("postgres://root:pa#S3CRET@127.0.0.1:1/x", 2),
        ("root:S3CRET@127.0.0.1/x", 2),
        ("postgres:root:S3CRET@h", 2),
        ("mysql:/root:S3CRET@h/x", 2),
        ("mysql://root:S3CRET@127.0.0.1:1/x", 69),
        ("postgres://root:S3CRET@127.0.0.1:1/x", 69),
    ] {
        for command in ["check", "import"] {
            let output = run(directory.path(), &[&[command, "--source", url], &query[..]].concat(), b"");
            let said = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
            assert_eq!(output.status.code(), Some(code), "{url}: {said}");
            assert!(
                !said.contains("S3CRET") && !said.contains("Error {") && !said.contains("records  "),
                "{url}: {said}"
            );
        }
    }
    fs::write(directory.path().join("url"), "\n").expect("written");
    let output = run(directory.path(), &[&["check", "--source-url-file", "url"], &query[..]].concat(), b"");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(2) && said.contains("--source-url-file: the URL is no database"), "{said}");
    // Nothing of it is in the store, where the journal has the place of each source.
    let stored = fs::read(directory.path().join("rehash.db")).unwrap_or_default();
    assert!(!stored.windows(6).any(|window| window == b"S3CRET"));
}

#[test]
fn an_interrupted_check_says_how_far_it_came() {
    let directory = tempfile::tempdir().expect("a directory");
    let legacy = rusqlite::Connection::open(directory.path().join("legacy.db")).expect("a database");
    legacy
        .execute_batch(
            "CREATE TABLE t (id TEXT PRIMARY KEY, username TEXT);
             WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 300000)
             INSERT INTO t SELECT printf('o''brien %06d', n), 'user' || n FROM n",
        )
        .expect("rows");
    let check =
        ["check", "--source", "sqlite:legacy.db", "--source-query", "SELECT id, username, 1 AS primaryEmail FROM t"];
    // Everything is a problem of its own, which nobody reads until somebody has asked for an end.
    let mut child = rehash(directory.path(), &[&check[..], &["--source-key", "id"]].concat())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("started");
    let mut out = BufReader::new(child.stdout.take().expect("a pipe"));
    let mut line = String::new();
    for _ in 0..2000 {
        out.read_line(&mut line).expect("a line");
    }
    signal(&child, "-INT");
    let mut rest = String::new();
    out.read_to_string(&mut rest).expect("a text");
    let output = child.wait_with_output().expect("ended");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(130), "{said}");
    assert!(rest.contains("\nrecords   ") && rest.contains("bad_field"), "the counts are there");
    let key = said.split_once("--source-after ").expect("a key").1.split(" it does not").next().expect("its end");
    assert!(key.starts_with(r"'o'\''brien "), "{said}");
    // Pasted into a shell, it goes on there.
    let script = format!("\"$0\" \"$@\" --source-after {key} -q");
    let output = Command::new("sh")
        .args(["-c", &script, env!("CARGO_BIN_EXE_rehash")])
        .args([&check[..], &["--source-key", "id"]].concat())
        .current_dir(directory.path())
        .output()
        .expect("it runs");
    let text = String::from_utf8_lossy(&output.stdout).replace(' ', "");
    let records: u64 =
        text.lines().find_map(|line| line.strip_prefix("records")).expect("a count").parse().expect("a number");
    assert!(records > 0 && records < 300_000, "{records}");
}

#[cfg(target_os = "linux")]
#[test]
fn large_records_take_no_more_memory_than_small_ones() {
    let directory = tempfile::tempdir().expect("a directory");
    let large = "x".repeat(1 << 20);
    let mut file = std::io::BufWriter::new(fs::File::create(directory.path().join("users.ndjson")).expect("made"));
    for number in 0..300 {
        writeln!(file, "{{\"username\":\"user{number}\",\"customData\":{{\"k\":\"{large}\"}}}}").expect("written");
    }
    drop(file);
    let mut child = rehash(directory.path(), &["import", "users.ndjson", "--jobs", "1", "-q"])
        .stdout(Stdio::null())
        .spawn()
        .expect("started");
    let mut peak = 0;
    while child.try_wait().expect("a child").is_none() {
        peak = peak.max(peak_kib(&child));
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(child.wait().expect("ended").success());
    assert!(peak > 0 && peak < 250 << 10, "{peak} KiB");
    assert_eq!(json(directory.path(), &["status", "--json"])["records"], 300);
}

#[test]
fn a_store_can_be_named_by_a_file() {
    let directory = tempfile::tempdir().expect("a directory");
    table(directory.path(), 3);
    fs::write(directory.path().join("url"), "sqlite:own.db\n").expect("written");
    for (arguments, code) in [
        (&["import", "users.ndjson", "--store-file", "url", "-q"][..], 0),
        (&["status", "--store-file", "url"], 0),
        (&["store", "info", "--store-file", "url"], 0),
        (&["export", "--store-file", "url", "-o", "url"], 2),
        (&["status", "--store-file", "users.ndjson"], 2),
        (&["status", "--store-file", "absent"], 2),
        (&["status", "--store-file", "url", "--store", "sqlite:own.db"], 2),
    ] {
        let output = run(directory.path(), arguments, b"");
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
    assert!(directory.path().join("own.db").exists() && !directory.path().join("rehash.db").exists());
    // What the command line says comes before the environment's other way.
    for (variable, value, arguments, code) in [
        ("REHASH_STORE_FILE", "url", &["status"][..], 0),
        ("REHASH_STORE_FILE", "absent", &["status", "--store", "sqlite:own.db"], 0),
        ("REHASH_STORE", "sqlite:absent.db", &["store", "info", "--store-file", "url"], 0),
        ("REHASH_STORE", "sqlite:absent.db", &["status"], 69),
        // What is there and empty is not given.
        ("REHASH_STORE_FILE", "", &["status", "--store", "sqlite:own.db"], 0),
        ("REHASH_STORE_FILE", "", &["status"], 69),
        ("REHASH_STORE", "", &["status"], 69),
    ] {
        let status = rehash(directory.path(), arguments)
            .env(variable, value)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .expect("it runs");
        assert_eq!(status.code(), Some(code), "{variable} {arguments:?}");
    }
}

#[test]
fn an_import_of_files_that_are_not_there_makes_no_store() {
    let directory = tempfile::tempdir().expect("a directory");
    let absent = run(directory.path(), &["import", "absent.ndjson"], b"");
    assert_eq!(absent.status.code(), Some(65), "{}", String::from_utf8_lossy(&absent.stderr));
    assert_eq!(fs::read_dir(directory.path()).expect("there").count(), 0);
    // With one that is there, it is an import.
    table(directory.path(), 3);
    let one = run(directory.path(), &["import", "absent.ndjson", "users.ndjson", "-q", "--json"], b"");
    let counts: serde_json::Value = serde_json::from_slice(&one.stdout).expect("JSON");
    assert_eq!(
        (one.status.code(), counts["imported"].as_u64(), counts["replaced"].as_u64()),
        (Some(65), Some(3), Some(0))
    );
    assert!(directory.path().join("rehash.db").exists());
}

#[test]
fn the_audit_is_shown_newest_first() {
    let directory = tempfile::tempdir().expect("a directory");
    table(directory.path(), 3);
    let ada = format!("{{\"username\":\"ada\",\"passwordDigest\":\"{MD5}\",\"passwordAlgorithm\":\"MD5\"}}\n");
    fs::write(directory.path().join("ada.ndjson"), ada).expect("written");
    for input in ["users.ndjson", "ada.ndjson"] {
        assert!(run(directory.path(), &["import", input, "-q"], b"").status.success());
    }
    let cheap = ["--memory", "64KiB", "--passes", "1"];
    assert!(run(directory.path(), &[&["sign-in", "ada"], &cheap[..]].concat(), b"password").status.success());
    let all = json(directory.path(), &["store", "audit", "--json"]);
    let events: Vec<_> =
        all.as_array().expect("a list").iter().map(|entry| entry["event"].as_str().expect("a text")).collect();
    assert_eq!(events, ["upgrade", "import", "import"], "{all}");
    assert_eq!(
        (&all[0]["from"], &all[0]["to"], &all[2]["import"]),
        (&"md5".into(), &"argon2id".into(), &"users.ndjson".into())
    );
    assert_eq!(all[2]["records"], 3);
    for arguments in [&["--user", "ada"][..], &["--user-id", "4"], &["--limit", "1"]] {
        let one = json(directory.path(), &[&["store", "audit", "--json"], arguments].concat());
        assert_eq!((one.as_array().map(Vec::len), &one[0]), (Some(1), &all[0]), "{arguments:?}");
    }
    assert_eq!(run(directory.path(), &["store", "audit", "--user", "nobody"], b"").status.code(), Some(1));
    let text = run(directory.path(), &["store", "audit"], b"").stdout;
    let text = String::from_utf8_lossy(&text);
    assert!(text.contains("from md5 to argon2id") && text.contains("3 records of users.ndjson"), "{text}");
}

/// Every command but demo, completions and man has it.
#[test]
fn commands_print_json_where_they_say_so() {
    let directory = tempfile::tempdir().expect("a directory");
    table(directory.path(), 3);
    assert!(run(directory.path(), &["import", "users.ndjson", "-q"], b"").status.success());
    let migrated = json(directory.path(), &["store", "migrate", "--json"]);
    assert!(migrated["schema"] == migrated["known_schema"] && migrated["recounted"] == false, "{migrated}");
    assert_eq!(json(directory.path(), &["export", "--json", "-o", "out"])["written"], 3);
    let output = run(directory.path(), &["export", "--json"], b"");
    let counts: serde_json::Value = serde_json::from_slice(&output.stderr).expect("one document");
    assert_eq!((&counts["written"], output.stdout.iter().filter(|c| **c == b'\n').count()), (&3.into(), 3));
    fs::write(
        directory.path().join("m.toml"),
        "table = \"accounts\"\nid = \"id\"\nidentifiers = [\"email\"]\nhash = \"hash\"\nmethod_otherwise = \"md5\"\n",
    )
    .expect("written");
    let own = rusqlite::Connection::open(directory.path().join("own.db")).expect("a file");
    own.execute_batch("CREATE TABLE accounts (id INTEGER PRIMARY KEY, email TEXT, hash TEXT)").expect("a table");
    let fits = json(directory.path(), &["store", "info", "--store", "sqlite:own.db", "--mapping", "m.toml", "--json"]);
    assert_eq!(fits["fits"], true);
}

/// What the program and its libraries are made of is nobody's concern.
#[test]
fn errors_speak_of_what_was_given() {
    let directory = tempfile::tempdir().expect("a directory");
    table(directory.path(), 3);
    assert!(run(directory.path(), &["import", "users.ndjson", "-q"], b"").status.success());
    let write = |name: &str, text: &str| fs::write(directory.path().join(name), text).expect("written");
    let mapping = "table = \"users\"\nid = \"id\"\nidentifiers = [\"username\"]\nhash = \"password_encrypted\"\nmethod_otherwise = \"md5\"\n";
    write("bad.toml", "table = \"users\"\nnothing = 1\n");
    write("where.toml", &format!("{mapping}only_where = \"deleted_at IS NUL\"\n"));
    for (arguments, said, not) in [
        (&["store", "info", "--mapping", "bad.toml"][..], "line 2: unknown field `nothing`", "\\n"),
        (&["store", "info", "--mapping", "where.toml"], "no such column: NUL", "SELECT"),
        (&["check", "users.ndjson", "--rejects", "/nodir/x"], "there is no such directory", "entity"),
        (&["check", "users.ndjson", "--max-memory", "2GiB"], "--max-memory is 2097152 KiB (2048 MiB)", "error"),
    ] {
        let output = run(directory.path(), arguments, b"");
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(text.contains(said) && !text.contains(not), "{arguments:?}: {text}");
    }
    let output = rehash(directory.path(), &["export", "--store", "sqlite:users.ndjson"])
        .env("REHASH_MAPPING", "where.toml")
        .output()
        .expect("it runs");
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(text.contains("REHASH_MAPPING is for sign-in, serve, status and store info"), "{text}");
}

#[test]
fn nobody_reading_the_records_ends_a_check_quietly() {
    let directory = tempfile::tempdir().expect("a directory");
    table(directory.path(), 50_000);
    for option in ["--tagged", "--rejects"] {
        let script =
            format!("{{ \"$0\" check users.ndjson --method sha1 -q {option} /dev/stdout; echo $? >&2; }} | head -1");
        let output = Command::new("sh")
            .args(["-c", &script, env!("CARGO_BIN_EXE_rehash")])
            .current_dir(directory.path())
            .output()
            .expect("it runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.trim() == "141" || (option == "--rejects" && said.trim() == "0"), "{option}: {said}");
    }
}

/// The counts say what is in the store, whatever becomes of the file.
#[cfg(target_os = "linux")]
#[test]
fn rejects_that_cannot_be_written_do_not_take_the_counts_along() {
    let directory = tempfile::tempdir().expect("a directory");
    table(directory.path(), 3);
    let bad = format!(
        "{{\"username\":\"bad\",\"passwordDigest\":\"x{}\",\"passwordAlgorithm\":\"MD5\"}}\n",
        "x".repeat(2000)
    );
    fs::write(directory.path().join("bad.ndjson"), bad.repeat(200)).expect("written");
    let output = run(directory.path(), &["import", "users.ndjson", "bad.ndjson", "-q", "--rejects", "/dev/full"], b"");
    let (text, said) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(70), "{said}");
    assert!(
        text.contains("imported                                 3") && said.contains("No space left"),
        "{text}{said}"
    );
}

#[test]
fn who_waits_for_another_import_is_told_so() {
    let directory = tempfile::tempdir().expect("a directory");
    table(directory.path(), 3);
    let store = Sqlite::create_or_open(directory.path().join("rehash.db")).expect("a store");
    let batch = store.batch().expect("a batch");
    let output = run(directory.path(), &["import", "users.ndjson", "-q"], b"");
    drop(batch);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("waiting for the store: another import"), "{said}");
}

#[cfg(target_os = "linux")]
#[test]
fn who_is_killed_leaves_no_files_of_records_behind() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut child = rehash(directory.path(), &["check", "-", "--tagged", "tagged", "--rejects", "rejects"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("started");
    let mut stdin = child.stdin.take().expect("a pipe");
    let record = format!("{{\"username\":\"ada\",\"passwordDigest\":\"{MD5}\",\"passwordAlgorithm\":\"MD5\"}}\n");
    stdin.write_all(record.repeat(20_000).as_bytes()).expect("written");
    child.kill().expect("killed");
    child.wait().expect("ended");
    assert_eq!(fs::read_dir(directory.path()).expect("readable").count(), 0);
}
