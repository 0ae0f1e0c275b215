//! Imports that are cut off and go on: nothing that was rejected is forgotten, nothing that changed meanwhile is passed over, and
//! the journal is not believed where the store contradicts it.
#![allow(clippy::panic, reason = "a test may")]
#![cfg(all(feature = "cli", unix))]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use serde_json::Value;

/// More than a batch of the store, which has 100 000.
const RECORDS: usize = 150_000;
/// Every so many records is broken.
const BROKEN: usize = 1_000;
/// Stands in the way of the second batch.
const OTHER: &str = "INSERT INTO users (username, imported_at) VALUES ('user140001', 0)";

struct Work {
    directory: tempfile::TempDir,
}

impl Work {
    /// With a store in which a user stands in the way of the second batch.
    fn new() -> Self {
        let work = Self { directory: tempfile::tempdir().expect("a directory") };
        assert!(work.rehash(&["store", "migrate"]).status.success());
        work.store(OTHER);
        work
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rehash"));
        command.current_dir(self.directory.path()).args(arguments).stdin(Stdio::null());
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("REHASH_")) {
            command.env_remove(name);
        }
        command
    }

    fn rehash(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("it runs")
    }

    fn store(&self, sql: &str) {
        let file = rusqlite::Connection::open(self.path("rehash.db")).expect("a store");
        file.execute_batch(sql).expect(sql);
    }

    fn number(&self, sql: &str) -> u64 {
        let file = rusqlite::Connection::open(self.path("rehash.db")).expect("a store");
        file.query_row(sql, [], |row| row.get::<_, i64>(0)).expect(sql).unsigned_abs()
    }

    /// Runs an import that commits its first batch and stops at the second, and gets out of its way what it stopped at.
    fn cut_off(&self, arguments: &[&str]) {
        let output = self.rehash(arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains("nothing of its batch was written"), "{said}");
        assert_eq!(self.number("SELECT count(*) FROM import_batches"), 1);
        self.store("DELETE FROM users WHERE username = 'user140001' AND password_encrypted IS NULL");
    }

    /// Runs it again; its exit code, counts, and what it said.
    fn again(&self, arguments: &[&str]) -> (Option<i32>, Value, String) {
        let output = self.rehash(arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let counts = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{said}"));
        (output.status.code(), counts, said)
    }

    fn lines(&self, name: &str) -> Vec<String> {
        fs::read_to_string(self.path(name)).expect("a file").lines().map(str::to_owned).collect()
    }
}

fn record(number: usize, hash: &str) -> String {
    format!("{{\"username\":\"user{number}\",\"passwordDigest\":\"{hash}\",\"passwordAlgorithm\":\"MD5\"}}\n")
}

fn table(path: &Path) {
    let mut text = String::new();
    for number in 0..RECORDS {
        let is_broken = number % BROKEN == 0;
        text += &record(number, &if is_broken { "broken".to_owned() } else { format!("{number:032x}") });
    }
    fs::write(path, text).expect("written");
}

const IMPORT: [&str; 6] = ["import", "users.ndjson", "--json", "--quiet", "--on-conflict", "fail"];

fn of(counts: &Value, name: &str) -> usize {
    usize::try_from(counts[name].as_u64().unwrap_or(0)).expect("a count")
}

#[test]
fn what_was_rejected_before_a_file_was_cut_off_is_rejected_again() {
    let work = Work::new();
    table(&work.path("users.ndjson"));
    let import = [&IMPORT[..], &["--rejects", "rejects"]].concat();
    work.cut_off(&import);
    assert_eq!(work.lines("rejects").len(), 101, "those of the first batch, and what stood in the way");
    let (code, counts, said) = work.again(&import);
    assert_eq!((code, of(&counts, "rejected")), (Some(1), RECORDS / BROKEN), "{counts} {said}");
    assert_eq!(of(&counts, "committed_earlier"), 99_900, "{counts}");
    assert_eq!(of(&counts, "records"), RECORDS);
    assert_eq!(work.lines("rejects").len(), RECORDS / BROKEN);
    // What is counted by method is of the same records as the rest.
    assert_eq!(of(&counts["methods"], "md5"), RECORDS - RECORDS / BROKEN);
    assert_eq!((of(&counts["journal"], "imported"), of(&counts["journal"], "rejected")), (99_900, 100), "{counts}");
}

/// Its length and its first bytes are what they were.
#[test]
fn what_changed_in_a_file_meanwhile_is_not_passed_over() {
    let work = Work::new();
    table(&work.path("users.ndjson"));
    work.cut_off(&IMPORT);
    let text = fs::read_to_string(work.path("users.ndjson")).expect("a file");
    fs::write(work.path("users.ndjson"), text.replace("\"user50001\"", "\"other0001\"")).expect("written");
    let (_, counts, said) = work.again(&IMPORT);
    assert!(said.contains("1 of the batches are gone through again"), "{said}");
    assert_eq!(work.number("SELECT count(*) FROM users WHERE username = 'other0001'"), 1, "{counts}");
    assert_eq!((of(&counts, "already_there"), of(&counts, "committed_earlier")), (99_899, 0), "{counts}");
}

#[test]
fn what_the_store_refused_is_told_of_again() {
    let import = ["import", "users.ndjson", "--json", "--quiet"];
    // The import can be quicker than who kills it.
    let work = (0..20).find_map(|_| {
        let work = Work::new();
        table(&work.path("users.ndjson"));
        work.store("INSERT INTO users (username, imported_at) VALUES ('user77', 0)");
        let mut child = work.command(&import).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("started");
        while work.number("SELECT count(*) FROM import_batches") == 0 {
            std::thread::sleep(Duration::from_millis(1));
        }
        let _ = child.kill();
        child.wait().expect("ended");
        (work.number("SELECT count(*) FROM import_batches") == 1).then_some(work)
    });
    let (code, counts, _) = work.expect("killed in time").again(&import);
    assert_eq!((code, of(&counts, "rejected")), (Some(1), RECORDS / BROKEN + 2), "{counts}");
}

/// Who changes an option to mend what was rejected means the first records too.
#[test]
fn other_options_make_another_import() {
    let work = Work::new();
    table(&work.path("users.ndjson"));
    let dear =
        "{\"username\":\"dear\",\"passwordDigest\":\"$2b$17$abcdefghijklmnopqrstuu23JPZtHcGhwXSF41f93o/7vBdDut3Xu\"}\n";
    let text = fs::read_to_string(work.path("users.ndjson")).expect("a file");
    fs::write(work.path("users.ndjson"), dear.to_owned() + &text).expect("written");
    work.cut_off(&IMPORT);
    assert_eq!(work.number("SELECT count(*) FROM users WHERE username = 'dear'"), 0);
    let (_, counts, said) = work.again(&[&IMPORT[..], &["--max-bcrypt-cost", "17"]].concat());
    assert_eq!(work.number("SELECT count(*) FROM users WHERE username = 'dear'"), 1, "{counts} {said}");
}

#[test]
fn a_journal_is_not_believed_where_the_users_are_gone() {
    let work = Work::new();
    table(&work.path("users.ndjson"));
    work.cut_off(&IMPORT);
    work.store("DELETE FROM users");
    let (_, counts, said) = work.again(&IMPORT);
    assert!(said.contains("fewer users than an earlier run had committed"), "{said}");
    let good = RECORDS - RECORDS / BROKEN;
    assert_eq!((of(&counts, "imported"), of(&counts, "committed_earlier")), (good, 0), "{counts}");
    assert_eq!(work.number("SELECT count(*) FROM users"), good as u64);
}

#[test]
fn an_import_can_be_begun_anew() {
    let work = Work::new();
    table(&work.path("users.ndjson"));
    work.cut_off(&IMPORT);
    let (_, counts, _) = work.again(&[&IMPORT[..], &["--restart"]].concat());
    assert_eq!((of(&counts, "already_there"), of(&counts, "committed_earlier")), (99_900, 0), "{counts}");
    assert_eq!(work.number("SELECT count(*) FROM imports WHERE ended_at IS NULL OR fingerprint IS NOT NULL"), 0);
    assert_eq!(work.number("SELECT count(*) FROM import_batches WHERE digest IS NOT NULL"), 0);
}

const QUERY: &str = "SELECT id, 'user' || id AS username, pw AS \"passwordEncrypted\", 'md5' AS \"passwordEncryptionMethod\" FROM people";

fn legacy(path: &Path) {
    let file = rusqlite::Connection::open(path).expect("a database");
    let rows = format!(
        "CREATE TABLE people (id INTEGER PRIMARY KEY, pw TEXT);
         WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {RECORDS})
         INSERT INTO people SELECT n, iif(n % {BROKEN} = 0, 'broken', printf('%032x', n)) FROM n"
    );
    file.execute_batch(&rows).expect("rows");
}

const SOURCE: [&str; 13] = [
    "import",
    "--source",
    "sqlite:legacy.db",
    "--source-query",
    QUERY,
    "--source-key",
    "id",
    "--json",
    "--quiet",
    "--on-conflict",
    "fail",
    "--rejects",
    "rejects",
];

#[test]
fn what_was_rejected_of_a_database_stays_in_its_file_and_counts() {
    let work = Work::new();
    legacy(&work.path("legacy.db"));
    fs::write(work.path("rejects"), "of another import\n").expect("written");
    work.cut_off(&SOURCE);
    // All of the bad rows are in the part that is not read again.
    rusqlite::Connection::open(work.path("legacy.db"))
        .and_then(|file| file.execute("UPDATE people SET pw = printf('%032x', id) WHERE id > 100000", []))
        .expect("mended");
    let (code, counts, said) = work.again(&SOURCE);
    assert_eq!((code, of(&counts, "rejected"), of(&counts, "rejected_earlier")), (Some(1), 0, 100), "{counts} {said}");
    assert_eq!((of(&counts, "records"), of(&counts, "committed_earlier")), (RECORDS, 100_000), "{counts}");
    let lines = work.lines("rejects");
    let kept: BTreeSet<String> = lines.iter().cloned().collect();
    assert_eq!(lines.len(), kept.len(), "each once");
    assert!((1..=100).all(|n| kept.iter().any(|line| line.contains(&format!("\"user{}\"", n * BROKEN)))), "{kept:?}");
    assert!(!kept.contains("of another import"));
}

#[test]
fn rejects_of_a_database_that_are_not_in_their_file_are_told_of() {
    let work = Work::new();
    legacy(&work.path("legacy.db"));
    work.cut_off(&SOURCE);
    let lines = work.lines("rejects");
    assert!(lines.len() > 100, "of a batch that was not committed as well");
    fs::write(work.path("rejects"), lines[..99].join("\n") + "\n").expect("written");
    let (_, _, said) = work.again(&SOURCE);
    assert!(said.contains("1 records that an earlier run rejected are not in rejects"), "{said}");
    assert_eq!(work.lines("rejects").len(), RECORDS / BROKEN - 1);
}

#[test]
fn what_was_rejected_of_a_database_is_kept_when_the_import_is_killed() {
    let work = Work::new();
    work.store("DELETE FROM users");
    legacy(&work.path("legacy.db"));
    let mut child = work.command(&SOURCE).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("started");
    while work.number("SELECT count(*) FROM import_batches") == 0 {
        std::thread::sleep(Duration::from_millis(2));
    }
    let _ = child.kill();
    child.wait().expect("ended");
    let rejected = work.number("SELECT sum(rejected) FROM import_batches");
    assert!(work.lines("rejects").len() as u64 >= rejected);
    let left: Vec<_> =
        fs::read_dir(work.directory.path()).expect("readable").flatten().map(|entry| entry.file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().starts_with(".rehash-")), "{left:?}");
    let _ = work.rehash(&SOURCE);
    let lines = work.lines("rejects");
    let kept: BTreeSet<String> = lines.iter().cloned().collect();
    assert_eq!(lines.len(), kept.len(), "each once");
    let is_kept = |n: usize| kept.iter().any(|line| line.contains(&format!("\"user{}\"", n * BROKEN)));
    assert!((1..=RECORDS / BROKEN).all(is_kept), "{kept:?}");
}
