//! The command over databases that are not its own: a legacy one to import from, and a table of the embedder's to sign in
//! against. SQLite files, so that they need no server; the servers' side is in `services.rs`.
#![cfg(feature = "cli")]
#![allow(clippy::panic, reason = "a test may")]

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// Of `password`.
const MD5: &str = "5f4dcc3b5aa765d61d8327deb882cf99";
/// Of `password`, made with Python's hashlib as phpass 0.3 does, with cost 8 so that tests are quick.
const WORDPRESS: &str = "$P$6saltsaltRxaFvRrkynTitytVBZApo0";

fn rehash(directory: &Path, stdin: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rehash"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("REHASH_")) {
        command.env_remove(name);
    }
    command.args(arguments).current_dir(directory);
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = piped.spawn().expect("it starts");
    child.stdin.take().expect("piped").write_all(stdin.as_bytes()).expect("taken");
    child.wait_with_output().expect("it ends")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[track_caller]
fn ends(output: &Output, code: i32) -> String {
    assert_eq!(output.status.code(), Some(code), "{}", said(output));
    said(output)
}

fn wordpress(directory: &Path) {
    let connection = rusqlite::Connection::open(directory.join("wp.db")).expect("a file");
    connection
        .execute_batch(
            "CREATE TABLE site_users (ID INTEGER PRIMARY KEY, user_login TEXT, user_pass TEXT, user_nicename TEXT,
                 user_email TEXT, user_url TEXT, user_registered TEXT, user_activation_key TEXT, user_status INTEGER,
                 display_name TEXT);",
        )
        .expect("made");
    for id in 1..=5 {
        let hash = if id == 4 { "$P$6short" } else { WORDPRESS };
        let row = [format!("u{id}"), hash.to_owned(), format!("u{id}@example.com"), format!("User {id}")];
        connection
            .execute(
                "INSERT INTO site_users (ID, user_login, user_pass, user_email, display_name) VALUES (?1, ?2, ?3, ?4, ?5)",
                rusqlite::params![id, row[0], row[1], row[2], row[3]],
            )
            .expect("written");
    }
}

#[test]
fn the_systems_that_are_known_are_listed() {
    let directory = tempfile::tempdir().expect("a directory");
    let text = ends(&rehash(directory.path(), "", &["sources"]), 0);
    for name in ["wordpress", "django", "laravel", "phpbb3", "joomla", "drupal7", "magento1", "devise"] {
        assert!(text.lines().any(|line| line.starts_with(name)), "{name}: {text}");
    }
    let listed: serde_json::Value =
        serde_json::from_str(&ends(&rehash(directory.path(), "", &["sources", "--json"]), 0)).expect("JSON");
    assert!(listed.as_array().is_some_and(|listed| listed.len() >= 29));
}

#[test]
fn a_legacy_database_is_checked_probed_and_imported_and_read_on_from_where_it_stood() {
    let directory = tempfile::tempdir().expect("a directory");
    let at = directory.path();
    wordpress(at);
    let before = std::fs::read(at.join("wp.db")).expect("a file");
    let source = ["--source", "sqlite:wp.db", "--source-preset", "wordpress", "--source-prefix", "site_"];
    let with = |command: &str, more: &[&'static str]| {
        let mut arguments = vec![command.to_owned()];
        arguments.extend(source.iter().chain(more).map(|text| (*text).to_owned()));
        rehash(at, "", &arguments.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let checked: serde_json::Value = serde_json::from_str(&ends(&with("check", &["--json"]), 1)).expect("JSON");
    assert_eq!((&checked["records"], &checked["good"], &checked["rejected"]), (&5.into(), &4.into(), &1.into()));
    assert_eq!(checked["methods"]["wordpress_phpass"], 4);

    std::fs::write(at.join("wrong.csv"), "username,password\nu1,password\nu2,another\n").expect("written");
    let refused = ends(&with("import", &["--probe", "wrong.csv"]), 1);
    assert!(
        refused.contains("u2: does not match as wordpress_phpass") && refused.contains("nothing was imported"),
        "{refused}"
    );
    assert!(!at.join("rehash.db").exists());
    std::fs::write(at.join("right.csv"), "username,password\nu1,password\nu5,password\n").expect("written");
    let after = ends(&with("import", &["--source-after", "2", "--quiet", "--store", "sqlite:rest.db"]), 1);
    assert!(after.contains("imported                                 2"), "{after}");
    let imported = ends(&with("import", &["--probe", "right.csv", "--quiet"]), 1);
    assert!(imported.contains("imported                                 4"), "{imported}");
    assert_eq!(std::fs::read(at.join("wp.db")).expect("a file"), before, "it is only read");

    let cheap = ["--memory", "64KiB", "--passes", "1", "--lanes", "1"];
    let signed_in = rehash(at, "password\n", &[&["sign-in", "u5@example.com"], &cheap[..]].concat());
    assert!(ends(&signed_in, 0).contains("the wordpress_phpass record: upgraded"));

    let no_such = ends(&with("check", &["--source-preset", "nonesuch"]), 2);
    assert!(no_such.contains("source-preset"), "{no_such}");
    let both = ends(&rehash(at, "", &["check", "--source", "sqlite:wp.db", "users.csv"]), 2);
    assert!(both.contains("cannot be used with"), "{both}");
    let absent = ends(&rehash(at, "", &["check", "--source", "sqlite:no.db", "--source-preset", "wordpress"]), 65);
    assert!(absent.contains("no.db"), "{absent}");
    let neither = ends(&rehash(at, "", &["check", "--source", "sqlite:wp.db"]), 2);
    assert!(neither.contains("--source-preset") || neither.contains("--source-query"), "{neither}");
}

#[test]
fn a_table_of_ones_own_is_signed_in_against() {
    let directory = tempfile::tempdir().expect("a directory");
    let at = directory.path();
    let own = || rusqlite::Connection::open(at.join("own.db")).expect("a file");
    own()
        .execute_batch(&format!(
            "CREATE TABLE accounts (id INTEGER PRIMARY KEY, mail TEXT UNIQUE, pw TEXT, kind TEXT);
             INSERT INTO accounts VALUES (7, 'ada@example.com', '{MD5}', 'md5');"
        ))
        .expect("made");
    let mapping = "table = \"accounts\"\nid = \"id\"\nidentifiers = [\"mail\"]\nhash = \"pw\"\nmethod = \"kind\"\n";
    std::fs::write(at.join("own.toml"), mapping).expect("written");
    std::fs::write(at.join("odd.toml"), mapping.replace("pw", "pass")).expect("written");
    std::fs::write(at.join("typo.toml"), mapping.replace("method", "methods")).expect("written");
    let info = |file| rehash(at, "", &["store", "info", "--store", "sqlite:own.db", "--mapping", file]);
    assert!(ends(&info("own.toml"), 0).contains("the mapping fits"));
    assert!(ends(&info("odd.toml"), 2).contains("no column pass"));
    assert!(ends(&info("typo.toml"), 2).contains("methods"));
    assert!(ends(&info("absent.toml"), 2).contains("absent.toml"));
    let sign_in = |password| {
        let options = ["--store", "sqlite:own.db", "--mapping", "own.toml", "--memory", "64KiB", "--passes", "1"];
        rehash(at, password, &[&["sign-in", "ada@example.com", "--lanes", "1"], &options[..]].concat())
    };
    ends(&sign_in("wrong\n"), 1);
    assert!(ends(&sign_in("password\n"), 0).contains("the md5 record: upgraded"));
    assert!(ends(&sign_in("password\n"), 0).contains("the argon2id record: not needed"));
    let row: (String, String) = own()
        .query_row("SELECT pw, kind FROM accounts WHERE id = 7", [], |row| Ok((row.get(0)?, row.get(1)?)))
        .expect("a row");
    assert!(row.0.starts_with("$argon2id$") && row.1 == "argon2id", "{row:?}");

    own()
        .execute_batch(&format!("INSERT INTO accounts VALUES (8, 'b', '{MD5}', 'MD5'), (9, 'c', 'zz', 'md5')"))
        .expect("made");
    let status = |options: &[&str]| {
        rehash(at, "", &[&["status", "--store", "sqlite:own.db", "--mapping", "own.toml"], options].concat())
    };
    let text = ends(&status(&[]), 0);
    assert!(text.contains("1 of 3 passwords are Argon2id") && text.contains("unreadable  wrong_length"), "{text}");
    let json: serde_json::Value = serde_json::from_str(&ends(&status(&["--json"]), 0)).expect("JSON");
    assert_eq!((&json["records"], &json["argon2id"], &json["left_to_replace"]), (&3.into(), &1.into(), &2.into()));
    assert!(json.get("days").is_none() && json.get("projection").is_none(), "{json}");
    ends(&status(&["--html", "page.html"]), 0);
    assert!(std::fs::read_to_string(at.join("page.html")).expect("a page").contains("wrong_length"));
    assert!(ends(&status(&["--days"]), 2).contains("keeps no days"));
    assert!(ends(&status(&["--weeks"]), 2).contains("keeps no days"));
}

#[test]
fn progress_is_shown_by_weeks_and_on_a_page() {
    let directory = tempfile::tempdir().expect("a directory");
    let at = directory.path();
    let lines = (0..3).map(|id| {
        format!(
            "{{\"username\":\"secret{id}\",\"passwordEncrypted\":\"{MD5}\",\"passwordEncryptionMethod\":\"md5\"}}\n"
        )
    });
    std::fs::write(at.join("users.ndjson"), lines.collect::<String>()).expect("written");
    ends(&rehash(at, "", &["import", "users.ndjson", "--quiet"]), 0);
    let cheap = ["--memory", "64KiB", "--passes", "1", "--lanes", "1"];
    ends(&rehash(at, "password\n", &[&["sign-in", "secret0"], &cheap[..]].concat()), 0);
    let weeks = ends(&rehash(at, "", &["status", "--weeks"]), 0);
    assert!(weeks.contains("week of") && weeks.contains("the last of them would be gone in 2 days"), "{weeks}");
    let json: serde_json::Value = serde_json::from_str(&ends(&rehash(at, "", &["status", "--json"]), 0)).expect("JSON");
    assert_eq!((&json["weeks"][0]["imported"], &json["weeks"][0]["upgraded"]), (&3.into(), &1.into()));
    assert_eq!(json["projection"]["days_left"], 2);
    ends(&rehash(at, "", &["status", "--html", "page.html"]), 0);
    let page = std::fs::read_to_string(at.join("page.html")).expect("a page");
    for part in
        ["1 of 3 passwords are Argon2id", "<svg id=\"days\"", "<table id=\"weeks\"", "gone in 2 days", "</html>"]
    {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(!page.contains("secret") && !page.contains(MD5) && !page.contains("<script") && !page.contains("http"));
    ends(&rehash(at, "", &["status", "--html", "nowhere/page.html"]), 2);
    assert!(ends(&rehash(at, "", &["status", "--weeks", "--days"]), 2).contains("cannot be used with"));
}

#[cfg(unix)]
#[test]
fn a_second_interrupt_ends_a_reading_of_a_server_that_says_nothing() {
    let directory = tempfile::tempdir().expect("a directory");
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("mysql://root@{}/wp", silent.local_addr().expect("an address"));
    let mut child = Command::new(env!("CARGO_BIN_EXE_rehash"))
        .args(["import", "--source", &url, "--source-preset", "wordpress"])
        .current_dir(directory.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    // It has connected, and waits to be greeted.
    let _held = silent.accept().expect("it comes");
    for _ in 0..2 {
        std::thread::sleep(std::time::Duration::from_millis(200));
        let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill runs");
        assert!(killed.success());
    }
    let ended = (0..100).find_map(|_| {
        std::thread::sleep(std::time::Duration::from_millis(50));
        child.try_wait().expect("a child")
    });
    let _ = child.kill();
    assert_eq!(ended.and_then(|status| status.code()), Some(130));
}

#[test]
fn what_is_not_shown_of_progress_is_said() {
    let directory = tempfile::tempdir().expect("a directory");
    let at = directory.path();
    ends(&rehash(at, "", &["store", "migrate"]), 0);
    let store = rusqlite::Connection::open(at.join("rehash.db")).expect("a store");
    let days = "INSERT INTO counters VALUES ('md5', '', 900, 0, 900), ('argon2id', 'm=19456,t=2,p=1', 50, 0, 50);
        WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 28)
        INSERT INTO days (day, upgraded) SELECT 20000 + n, 30 FROM n";
    store.execute_batch(days).expect("days");
    let text = ends(&rehash(at, "", &["status", "--days"]), 0);
    assert!(text.contains("the last 14 of 28; --json has all of them"), "{text}");
    assert!(text.contains("900 imported hashes are left that are not Argon2id"), "{text}");
    assert!(!text.contains("would be gone"), "nothing has happened for long: {text}");
    let weeks = ends(&rehash(at, "", &["status", "--weeks"]), 0);
    assert!(!weeks.contains("--json has all"), "{weeks}");
}

#[test]
fn an_older_store_is_looked_at_and_not_changed() {
    let directory = tempfile::tempdir().expect("a directory");
    let at = directory.path();
    ends(&rehash(at, "", &["store", "migrate"]), 0);
    let store = rusqlite::Connection::open(at.join("rehash.db")).expect("a store");
    let older = "DROP TABLE unindexed; DROP TRIGGER audit_keeps_ids; DROP TRIGGER users_keep_ids; DROP TABLE last_deleted; ALTER TABLE import_batches DROP COLUMN refused;
        ALTER TABLE import_batches DROP COLUMN digest; PRAGMA user_version = 6";
    store.execute_batch(older).expect("older");
    std::fs::write(at.join("users.ndjson"), "{\"username\":\"ada\"}\n").expect("written");
    let info = ends(&rehash(at, "", &["store", "info"]), 0);
    assert!(info.contains("schema      6 of ") && !info.contains("records"), "{info}");
    for arguments in [
        &["status"][..],
        &["export"],
        &["status", "--store", "sqlite:rehash.db?mode=ro"],
        &["import", "users.ndjson", "--dry-run"],
        &["store", "audit"],
    ] {
        let output = rehash(at, "", arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            output.status.code() == Some(69) && said.contains("rehash store migrate brings it up to date"),
            "{said}"
        );
    }
    let version = || store.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0)).expect("a number");
    assert_eq!(version(), 6);
    ends(&rehash(at, "", &["import", "users.ndjson", "-q"]), 0);
    assert!(version() > 6);
}
