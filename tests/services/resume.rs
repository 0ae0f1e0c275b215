//! Imports from databases that are killed, and go on by themselves: every record is there once, what was committed is not
//! read again, and the counts add up.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use rehash::store::{OpenOptions, open};

use super::source::{Mysql, Postgres};
use super::stores::{Moments, Schema, counters_are_right, kills};

/// More than a batch of any store.
const ROWS: u64 = 200_000;
/// A batch of the store that has two under way at once.
const BATCH: u64 = 20_000;
const QUERY: &str =
    "SELECT id, login AS username, pw AS \"passwordEncrypted\", 'md5' AS \"passwordEncryptionMethod\" FROM people";

fn import(source: &str, store: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rehash"));
    let query = if source.starts_with("mysql") { QUERY.replace('"', "`") } else { QUERY.to_owned() };
    command.args(["import", "--json", "--quiet", "--store", store, "--source", source, "--source-key", "id"]);
    command.args(["--source-query", &query]).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

struct Counts(serde_json::Value);

impl Counts {
    fn of(output: &Output) -> Self {
        let (text, said) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{text}{said}");
        Self(serde_json::from_str(&text).expect("JSON"))
    }

    fn of_records(&self, name: &str) -> u64 {
        self.0[name].as_u64().unwrap_or(0)
    }
}

fn stored(url: &str) -> u64 {
    let Ok(store) = open(url, &OpenOptions::default()) else { return 0 };
    store.counts().expect("counts").iter().map(|count| count.records).sum()
}

/// How many are stored once the server has ended what those who were killed had sent.
fn at_rest(url: &str) -> u64 {
    let mut before = stored(url);
    loop {
        std::thread::sleep(Duration::from_millis(500));
        match stored(url) {
            now if now == before => return now,
            now => before = now,
        }
    }
}

/// Kills imports at random moments, and lets the last one end.
/// Whether one of them had committed a part when it was killed, and the last one went on after it.
fn is_killed_and_ends(source: &str, store: &str, kills: u32, moments: &mut Moments) -> bool {
    for _ in 0..kills {
        moments.kill(import(source, store).spawn().expect("started"));
    }
    let before = at_rest(store);
    let counts = Counts::of(&import(source, store).output().expect("ended"));
    let of = |name| counts.of_records(name);
    assert_eq!((of("records"), of("rejected"), of("imported")), (ROWS, 0, ROWS - before), "{}", counts.0);
    assert_eq!(of("already_there") + of("committed_earlier"), before, "{}", counts.0);
    // Read again is what came after a batch that was cut off; or all, where an earlier run came to the end.
    assert!(of("already_there") <= BATCH || before == ROWS, "{}", counts.0);
    println!("{before} were there: {}", counts.0);

    let all = open(store, &OpenOptions::default()).expect("a store");
    let mut seen = BTreeSet::new();
    let each = &mut |user: &rehash::store::User| {
        assert!(seen.insert(user.username.clone()), "a record is there twice");
        ControlFlow::Continue(())
    };
    all.export(each).expect("exported");
    assert_eq!(seen.len() as u64, ROWS);
    counters_are_right(&*all);
    let earlier = of("committed_earlier");
    earlier > 0 && earlier < ROWS
}

fn into_each_store(source: &str) {
    let all = kills();
    let mut stores = [Moments::new(), Moments::new()];
    let mut in_the_middle = [0, 0];
    for round in 0..all.div_ceil(5) {
        let kills = (all - round * 5).min(5);
        let directory = tempfile::tempdir().expect("a directory");
        let file = format!("sqlite:{}", directory.path().join("s.db").display());
        in_the_middle[0] += u32::from(is_killed_and_ends(source, &file, kills, &mut stores[0]));
        if let Some(schema) = Schema::new() {
            in_the_middle[1] += u32::from(is_killed_and_ends(source, &schema.url, kills, &mut stores[1]));
        }
    }
    assert!(all < 40 || in_the_middle[0] > 0, "no kill came between the first commit and the last");
    println!("{in_the_middle:?} of {} rounds ended in the middle", all.div_ceil(5));
}

fn file(path: &Path) -> String {
    let connection = rusqlite::Connection::open(path).expect("a database");
    let rows = format!(
        "CREATE TABLE people (id INTEGER PRIMARY KEY, login TEXT, pw TEXT);
         WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {ROWS})
         INSERT INTO people SELECT n, 'user' || n, printf('%032x', n) FROM n"
    );
    connection.execute_batch(&rows).expect("rows");
    format!("sqlite:{}", path.display())
}

#[test]
fn an_import_from_mysql_that_is_killed_goes_on() {
    let Some(mut server) = Mysql::new("killed") else { return };
    server.run(&[&format!(
        "CREATE TABLE people (PRIMARY KEY (id)) AS SELECT seq AS id, CONCAT('user', seq) AS login, \
         LPAD(HEX(seq), 32, '0') AS pw FROM seq_1_to_{ROWS}"
    )]);
    into_each_store(&server.url);
}

#[test]
fn an_import_from_postgres_that_is_killed_goes_on() {
    let Some(mut server) = Postgres::new("killed") else { return };
    let rows = format!(
        "CREATE TABLE people AS SELECT n AS id, 'user' || n AS login, lpad(to_hex(n), 32, '0') AS pw
         FROM generate_series(1, {ROWS}) n; ALTER TABLE people ADD PRIMARY KEY (id)"
    );
    server.client.batch_execute(&rows).expect("rows");
    into_each_store(&server.url);
}

#[test]
fn an_import_from_a_file_that_is_killed_goes_on() {
    let directory = tempfile::tempdir().expect("a directory");
    into_each_store(&file(&directory.path().join("legacy.db")));
}

/// The rows that were committed are no longer what they were: who read them again would see it.
#[test]
fn what_was_committed_is_not_read_again() {
    super::stores::each_store(|store| {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("legacy.db");
        let source = file(&path);
        let own = |sql: &str| rusqlite::Connection::open(&path).expect("a file").execute_batch(sql).expect(sql);
        // A row that the reading stumbles over, once enough is committed.
        own("CREATE TABLE stumble (id INTEGER, login TEXT, pw TEXT);
             INSERT INTO stumble SELECT * FROM people; ALTER TABLE people RENAME TO all_people;
             ALTER TABLE stumble RENAME TO people; INSERT INTO people VALUES (110000, 'other', '')");
        let output = import(&source, store).output().expect("ended");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains("two rows have the key 110000") && said.contains("the same command goes on"), "{said}");
        assert_eq!(output.status.code(), Some(65), "{said}");
        let before = stored(store);
        assert!((BATCH..=110_000).contains(&before), "{before}");

        own(
            "DROP TABLE people; ALTER TABLE all_people RENAME TO people; UPDATE people SET pw = 'nothing' WHERE id < 100000",
        );
        let output = import(&source, store).output().expect("ended");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains(&format!("had committed {before} records: {before} imported")), "{said}");
        assert!(said.contains(&format!("going on after the key '{before}'")), "{said}");
        let counts = Counts::of(&output);
        let of = |name| counts.of_records(name);
        assert_eq!((of("records"), of("committed_earlier"), of("imported")), (ROWS, before, ROWS - before));
        assert_eq!(stored(store), ROWS);

        // It came to its end: run again, it is compared from the beginning, and so it is after another key.
        let output = import(&source, store).output().expect("ended");
        assert_eq!(output.status.code(), Some(1), "what was changed is seen");
        let rest = import(&source, store).args(["--source-after", "199990"]).output().expect("ended");
        assert_eq!(Counts::of(&rest).of_records("already_there"), 10);
    });
}

/// What was committed of a file is skipped where it stands as it stood, and gone through again where it does not.
#[test]
fn a_file_goes_on_by_what_stands_in_it() {
    super::stores::each_store(|store| {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("users.ndjson");
        let line = |number: u64| {
            let hash = if number.is_multiple_of(1000) { "broken".to_owned() } else { format!("{number:032x}") };
            format!("{{\"username\":\"user{number}\",\"passwordDigest\":\"{hash}\",\"passwordAlgorithm\":\"MD5\"}}\n")
        };
        let text: String = (0..ROWS).map(line).collect();
        std::fs::write(&path, &text).expect("written");
        let import = || {
            let mut command = Command::new(env!("CARGO_BIN_EXE_rehash"));
            command.args(["import", "--json", "--quiet", "--store", store, "--on-conflict", "fail"]).arg(&path);
            command.output().expect("ended")
        };
        let counts = |output: &Output| Counts(serde_json::from_slice(&output.stdout).expect("JSON"));
        // Somebody stands in the way of a later batch.
        let one = |user: &str, more: &str| {
            let name = directory.path().join(format!("{user}.ndjson"));
            std::fs::write(&name, format!("{{\"username\":\"{user}\"{more}}}\n")).expect("written");
            let status =
                Command::new(env!("CARGO_BIN_EXE_rehash")).args(["import", "-q", "--store", store]).arg(name).output();
            assert!(status.expect("ended").status.success());
        };
        one("user150001", ",\"name\":\"another\"");
        let output = import();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains("once the conflict is gone, the same command goes on"), "{said}");
        let before = stored(store) - 1;
        // Batches beyond the one that was stopped may have been on their way.
        assert!((99_900..ROWS - ROWS / 1000 - BATCH / 2).contains(&before), "{before}");

        // The journal of the store has a row for each batch; the one in the way gives way.
        std::fs::write(&path, text.replace("\"user150001\"", "\"user15000x\"")).expect("written");
        let output = import();
        let found = counts(&output);
        assert_eq!((output.status.code(), found.of_records("committed_earlier")), (Some(1), before), "{}", found.0);
        assert_eq!(
            (found.of_records("rejected"), found.of_records("imported")),
            (ROWS / 1000, ROWS - ROWS / 1000 - before)
        );
        assert_eq!(stored(store), ROWS - ROWS / 1000 + 1);
        counters_are_right(&*open(store, &OpenOptions::default()).expect("a store"));
    });
}

#[test]
fn a_batch_that_changed_is_gone_through_again() {
    super::stores::each_store(|store| {
        use rehash::store::{BulkOptions, Mark, OnConflict};
        let store = open(store, &super::stores::creating()).expect("a store");
        let begin = |restarts| {
            let options = BulkOptions::new(OnConflict::Skip, false).restarting(restarts);
            let mut bulk = store.bulk(options).expect("a bulk");
            let input = bulk.begin_input(Some("fingerprint"), "test").expect("begun");
            (bulk, input)
        };
        let (mut bulk, input) = begin(false);
        for first in [0, 10] {
            let digest = Some(format!("digest of {first}"));
            bulk.end_batch(Mark::new(input.id, first, 10).with_digest(digest)).expect("ended");
            let _ = bulk.next_written(true).expect("a batch").expect("written");
        }
        drop(bulk);
        let (mut bulk, input) = begin(false);
        let known: Vec<_> =
            input.committed.iter().map(|batch| (batch.first, batch.refused, batch.digest.clone())).collect();
        assert_eq!(known, [0, 10].map(|first| (first, Some(0), Some(format!("digest of {first}")))));
        assert_eq!((input.earlier().rejected, input.next()), (20, 20));
        bulk.forget(input.id, &[0]).expect("forgotten");
        drop(bulk);
        let (bulk, input) = begin(false);
        assert_eq!(input.committed.iter().map(|batch| batch.first).collect::<Vec<_>>(), [10]);
        drop(bulk);
        let (mut bulk, again) = begin(true);
        assert!(again.committed.is_empty() && again.id != input.id);
        bulk.end_input(again.id).expect("ended");
        drop(bulk);
        assert_ne!(begin(false).1.id, again.id, "what came to its end is closed");
    });
}
