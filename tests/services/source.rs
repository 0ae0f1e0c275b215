//! Reading user tables from live databases: real servers, tables as the systems make them, rows as they come.

use std::ops::ControlFlow;

use mysql::prelude::Queryable as _;
use rehash::import::database::{self, DatabaseOptions, Preset, Select};
use rehash::import::{Checked, Credential, Format, Options, Problem, Rules, Summary, check};
use rehash::{Denied, Engine, Password, Policy, StoredHash};

/// A schema of one test's own, and a URL whose tables are in it.
pub(crate) struct Postgres {
    pub(crate) client: postgres::Client,
    pub(crate) url: String,
    pub(crate) schema: String,
}

impl Postgres {
    pub(crate) fn new(name: &str) -> Option<Self> {
        let Ok(url) = std::env::var("REHASH_TEST_POSTGRES") else {
            println!("{name}: skipped: REHASH_TEST_POSTGRES is not set");
            return None;
        };
        let schema = format!("source_{name}_{}", std::process::id());
        let mut client = postgres::Client::connect(&url, postgres::NoTls).expect("the server is there");
        client
            .batch_execute(&format!(
                "DROP SCHEMA IF EXISTS {schema} CASCADE; CREATE SCHEMA {schema}; SET search_path = {schema}"
            ))
            .expect("a schema");
        let joint = if url.contains('?') { '&' } else { '?' };
        let url = format!("{url}{joint}options=-csearch_path%3D{schema}");
        Some(Self { client, url, schema })
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let _ = self.client.batch_execute(&format!("DROP SCHEMA {} CASCADE", self.schema));
    }
}

/// A database of one test's own.
pub(crate) struct Mysql {
    pub(crate) client: mysql::Conn,
    pub(crate) url: String,
    pub(crate) database: String,
}

impl Mysql {
    pub(crate) fn new(name: &str) -> Option<Self> {
        let Ok(url) = std::env::var("REHASH_TEST_MYSQL") else {
            println!("{name}: skipped: REHASH_TEST_MYSQL is not set");
            return None;
        };
        let database = format!("source_{name}_{}", std::process::id());
        let base = url.rsplit_once('/').expect("a database").0;
        let mut client = mysql::Conn::new(&*url).expect("the server is there");
        for sql in ["DROP DATABASE IF EXISTS `{}`", "CREATE DATABASE `{}` CHARACTER SET utf8mb4", "USE `{}`"] {
            client.query_drop(sql.replace("{}", &database)).expect("a database");
        }
        Some(Self { url: format!("{base}/{database}"), client, database })
    }

    pub(crate) fn run(&mut self, statements: &[&str]) {
        for sql in statements {
            self.client.query_drop(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
        }
    }
}

impl Drop for Mysql {
    fn drop(&mut self) {
        let _ = self.client.query_drop(format!("DROP DATABASE `{}`", self.database));
    }
}

pub(crate) fn query(sql: &str, key: &str) -> DatabaseOptions {
    DatabaseOptions::new(Select::Query { sql: sql.to_owned(), key: key.to_owned() })
}

pub(crate) fn preset(name: &str, prefix: Option<&str>) -> DatabaseOptions {
    let preset = Preset::named(name).expect("a preset");
    DatabaseOptions::new(Select::Preset { preset, prefix: prefix.map(str::to_owned) })
}

/// What came of a reading.
#[derive(Default)]
pub(crate) struct Read {
    /// Good records as NDJSON.
    pub(crate) lines: Vec<String>,
    pub(crate) hashes: Vec<Option<StoredHash>>,
    pub(crate) problems: Vec<(u64, Vec<Problem>, String)>,
    pub(crate) summary: Summary,
}

/// Reads everything, `each` being called for each record on the way.
pub(crate) fn read_with(url: &str, options: &DatabaseOptions, each: impl FnMut(&Checked<'_>)) -> Read {
    read_by(&Rules::default(), url, options, each)
}

pub(crate) fn read_by(rules: &Rules, url: &str, options: &DatabaseOptions, mut each: impl FnMut(&Checked<'_>)) -> Read {
    let mut read = Read::default();
    let mut how = Options::default();
    how.format = Some(Format::Ndjson);
    how.keeps_records = true;
    let source = database::open(url, options).map(|(source, _)| source);
    let (summary, _) = check([source], rules, how, |checked| {
        each(&checked);
        match checked.record {
            Some(record) => {
                read.lines.push(record.to_json_line().expect("no plaintext"));
                read.hashes.push(match record.credential {
                    Credential::Hash(hash) => Some(hash),
                    _ => None,
                });
            }
            None => {
                let raw = String::from_utf8(checked.raw.to_vec()).expect("rejected lines are JSON");
                read.problems.push((checked.line, checked.problems.to_vec(), raw));
            }
        }
        ControlFlow::<()>::Continue(())
    });
    read.summary = summary;
    read
}

pub(crate) fn read(url: &str, options: &DatabaseOptions) -> Read {
    let read = read_with(url, options, |_| {});
    assert!(read.summary.errors.is_empty(), "{:?}", read.summary.errors);
    read
}

/// The error of an opening that must fail.
pub(crate) fn refused(url: &str, options: &DatabaseOptions) -> String {
    database::open(url, options).err().expect("it is refused").to_string()
}

/// The hash of `password`, and its salt, that a real implementation made.
fn vector(method: &str) -> (String, String) {
    let path = format!("{}/tests/vectors/methods/{method}.json", env!("CARGO_MANIFEST_DIR"));
    let vectors: serde_json::Value = serde_json::from_slice(&std::fs::read(path).expect("vectors")).expect("JSON");
    let tests = vectors["tests"].as_array().expect("tests");
    let test = tests
        .iter()
        .find(|test| {
            let is_it = test["password_hex"] == "70617373776f7264" || test["password"] == "password";
            is_it && test["result"] == "accept"
        })
        .unwrap_or_else(|| panic!("{method} has a vector of `password`"));
    let salt = test["salt_hex"].as_str().unwrap_or_default();
    let salt: Vec<u8> =
        (0..salt.len()).step_by(2).map(|at| u8::from_str_radix(&salt[at..at + 2], 16).expect("hex")).collect();
    (test["stored"].as_str().expect("a text").to_owned(), String::from_utf8(salt).expect("a text"))
}

/// Each hash that was read is one of `password`, and not one of another.
fn assert_password(read: &Read, expected: usize) {
    assert!(read.problems.is_empty(), "{:?}", read.problems);
    let engine = Engine::new(Policy::default()).expect("an engine");
    let hashes: Vec<_> = read.hashes.iter().flatten().collect();
    assert_eq!(hashes.len(), expected);
    for hash in hashes {
        assert!(engine.verify(hash, &Password::new("password")).is_ok(), "{}", hash.method());
        let wrong = engine.verify(hash, &Password::new("Password"));
        assert!(matches!(wrong, Err(Denied::WrongPassword)), "{}", hash.method());
    }
}

const MD5: &str = "5f4dcc3b5aa765d61d8327deb882cf99";

#[test]
fn a_query_of_postgres_gives_records_and_keeps_what_else_it_selects() {
    let Some(mut server) = Postgres::new("query") else { return };
    server
        .client
        .batch_execute(&format!(
            "CREATE TABLE people (no bigint PRIMARY KEY, login text, mail text, pw text, raw bytea, born date, \
             is_active boolean, extra jsonb);
             INSERT INTO people VALUES (1, 'ada', 'ada@example.com', '{MD5}', NULL, '1815-12-10', true, '{{\"a\": 1}}'),
             (9007199254740993, 'o''brien', NULL, NULL, '\\xff00', NULL, false, NULL),
             (-5, E'li\\nne\"', NULL, '{MD5}', 'text', NULL, NULL, '{{}}');"
        ))
        .expect("rows");
    let sql = "SELECT no, login AS username, mail AS primaryEmail, pw AS password_encrypted, \
               'md5' AS passwordEncryptionMethod, raw, born, is_active, extra AS customData FROM people";
    let read = read(&server.url, &query(sql, "no"));
    assert_eq!(read.lines.len(), 3, "{:?}", read.problems);
    assert!(read.lines[0].contains(r#""username":"li\nne\"""#), "{}", read.lines[0]);
    assert!(read.lines[0].contains(r#""no":-5"#) && read.lines[0].contains(r#""raw":"text""#), "{}", read.lines[0]);
    assert!(read.lines[1].contains(r#""born":"1815-12-10""#) && read.lines[1].contains(r#""is_active":true"#));
    assert!(read.lines[1].contains(r#""a": 1"#), "{}", read.lines[1]);
    assert!(read.lines[2].contains(r#""no":9007199254740993"#) && read.lines[2].contains(r#""raw":{"hex":"ff00"}"#));
    assert!(read.hashes[2].is_none(), "a tag beside a null hash says nothing");
}

#[test]
fn mysql_tables_of_any_character_set_are_read_as_text() {
    let Some(mut server) = Mysql::new("charsets") else { return };
    server.run(&[
        "SET SESSION sql_mode = ''",
        "CREATE TABLE people (id INT UNSIGNED ZEROFILL PRIMARY KEY, login VARCHAR(40) CHARACTER SET latin1, \
         mail VARBINARY(80), pw BINARY(32), joined DATETIME, flags BIT(8), note BLOB)",
        "INSERT INTO people VALUES (1, _latin1 x'6afc7267', 'j@example.com', '5f4dcc3b5aa765d61d8327deb882cf99', \
         '0000-00-00 00:00:00', b'11111111', x'fffe'), (2, 'nul', NULL, NULL, NULL, NULL, NULL), \
         (3, 'raw', NULL, x'ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00', NULL, NULL, NULL)",
    ]);
    let sql = "SELECT id, login AS username, mail AS primaryEmail, pw AS passwordEncrypted, \
               'md5' AS passwordEncryptionMethod, joined, flags, note FROM people";
    let read = read(&server.url, &query(sql, "id"));
    assert_eq!(read.lines.len(), 2);
    let first = &read.lines[0];
    assert!(first.contains(r#""username":"jürg""#) && first.contains("0000-00-00 00:00:00"), "{first}");
    assert!(first.contains(r#""note":{"hex":"fffe"}"#) && first.contains(r#""flags":{"hex":"ff"}"#), "{first}");
    assert!(read.hashes[0].is_some() && read.hashes[1].is_none());
    let (line, problems, raw) = &read.problems[0];
    assert_eq!((*line, problems[0].code.as_str(), &*problems[0].field), (3, "bad_utf8", "passwordEncrypted"));
    assert!(raw.contains(r#""passwordEncrypted":{"hex":"ff00"#), "{raw}");
}

#[test]
fn keys_of_every_kind_are_followed_page_by_page() {
    let Some(mut server) = Mysql::new("keys") else { return };
    server.run(&["CREATE TABLE people (n BIGINT UNSIGNED UNIQUE, word VARCHAR(40) CHARACTER SET latin1 UNIQUE, \
                  uuid BINARY(16) UNIQUE) AS SELECT 18446744073709540000 + seq AS n, \
                  CONCAT('it''s \\\\ ', MD5(seq)) AS word, UNHEX(MD5(seq)) AS uuid FROM seq_1_to_1500"]);
    for key in ["n", "word", "uuid"] {
        let all = read(&server.url, &query("SELECT n, word, uuid, word AS username FROM people", key));
        assert_eq!((all.lines.len(), all.summary.rejected), (1500, 0), "by {key}");
    }
    let Some(mut server) = Postgres::new("keys") else { return };
    server
        .client
        .batch_execute("CREATE TABLE people AS SELECT n, 'it''s \\ ' || md5(n::text) AS word, decode(md5(n::text), 'hex') AS bytes, \
                        md5(n::text)::uuid AS uuid FROM generate_series(1, 1500) AS n")
        .expect("rows");
    for key in ["n", "word", "bytes", "uuid"] {
        let all = read(&server.url, &query("SELECT n, word, bytes, uuid, word AS username FROM people", key));
        assert_eq!((all.lines.len(), all.summary.rejected), (1500, 0), "by {key}");
    }
}

fn sqlite_of(directory: &tempfile::TempDir, rows: &str) -> String {
    let path = directory.path().join("legacy.db");
    let file = rusqlite::Connection::open(&path).expect("a database");
    file.execute_batch(rows).expect("rows");
    format!("sqlite:{}", path.display())
}

/// What is computed has no affinity: as a text it would be greater than every number.
#[test]
fn computed_numbers_are_followed_page_by_page() {
    let directory = tempfile::tempdir().expect("a directory");
    let url = sqlite_of(
        &directory,
        "CREATE TABLE t (id INTEGER, mixed);
         WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 500)
         INSERT INTO t SELECT n, iif(n % 2, n, n + 0.5) FROM n",
    );
    for key in ["id * 1.0", "id / 7.0", "id * 1e300", "-1.0 / id", "mixed", "id"] {
        let sql = format!("SELECT {key} AS k, 'user' || id AS username FROM t");
        assert_eq!(read(&url, &query(&sql, "k")).summary.good, 500, "{key}");
    }
    let text = refused(&url, &query("SELECT iif(id < 9, id, 'x' || id) AS k, 'u' || id AS username FROM t", "k"));
    assert!(text.contains("integer and text values"), "{text}");
    let mut after = query("SELECT id / 8.0 AS k, 'user' || id AS username FROM t", "k");
    after.after = Some("62.125".to_owned());
    assert_eq!(read(&url, &after).summary.good, 3);
}

#[test]
fn what_cannot_be_a_key_is_refused_and_not_taken_for_nought() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = sqlite_of(
        &directory,
        "CREATE TABLE t (id INTEGER PRIMARY KEY, username TEXT); INSERT INTO t VALUES (1, 'ada')",
    );
    let mut options = query("SELECT id, username FROM t", "id");
    options.after = Some("abc".to_owned());
    let text = refused(&file, &options);
    assert!(text.contains("--source-after: `abc` cannot be a key"), "{text}");
    if let Some(mut server) = Mysql::new("nonsense") {
        server.run(&[
            "CREATE TABLE t (id BIGINT, price DECIMAL(10,2), day DATETIME, code BIGINT(8) ZEROFILL, part FLOAT, username TEXT)",
            "INSERT INTO t SELECT seq, seq / 4, '2026-01-01' + INTERVAL seq SECOND, seq, seq, CONCAT('u', seq) FROM seq_1_to_300",
        ]);
        for (key, after, left) in
            [("id", "298", 2), ("price", "74.50", 2), ("day", "2026-01-01 00:04:58", 2), ("code", "298", 2)]
        {
            let sql = format!("SELECT {key} AS k, username FROM t");
            let mut options = query(&sql, "k");
            assert_eq!(read(&server.url, &options).summary.good, 300, "{key}");
            options.after = Some(after.to_owned());
            assert_eq!(read(&server.url, &options).summary.good, left, "{key}");
            options.after = Some("abc".to_owned());
            assert!(refused(&server.url, &options).contains("cannot be a key"), "{key}");
        }
        let text = refused(&server.url, &query("SELECT part AS k, username FROM t", "k"));
        assert!(text.contains("not printed exactly"), "{text}");
    }
    if let Some(mut server) = Postgres::new("nonsense") {
        server.client.batch_execute("CREATE TABLE t AS SELECT n AS id, n / 4.0 AS price, 'u' || n AS username FROM generate_series(1, 300) n").expect("rows");
        for key in ["id", "price"] {
            let mut options = query(&format!("SELECT {key} AS k, username FROM t"), "k");
            assert_eq!(read(&server.url, &options).summary.good, 300, "{key}");
            options.after = Some("abc".to_owned());
            assert!(refused(&server.url, &options).contains("cannot be a key"), "{key}");
        }
    }
}

#[test]
fn tables_of_forums_and_shops_on_mysql_are_known() {
    let Some(mut server) = Mysql::new("presets") else { return };
    let put = |server: &mut Mysql, table: &str, values: &[&str]| {
        let places = vec!["?"; values.len()].join(",");
        server.client.exec_drop(format!("INSERT INTO {table} VALUES ({places})"), values.to_vec()).expect("a row");
    };
    server.run(&[
        "CREATE TABLE blog_users (ID bigint(20) unsigned NOT NULL AUTO_INCREMENT, user_login varchar(60) NOT NULL DEFAULT '', \
         user_pass varchar(255) NOT NULL DEFAULT '', user_nicename varchar(50) NOT NULL DEFAULT '', user_email varchar(100) NOT NULL \
         DEFAULT '', user_url varchar(100) NOT NULL DEFAULT '', user_registered datetime NOT NULL DEFAULT '1000-01-01 00:00:00', \
         user_activation_key varchar(255) NOT NULL DEFAULT '', user_status int(11) NOT NULL DEFAULT '0', display_name varchar(250) \
         NOT NULL DEFAULT '', PRIMARY KEY (ID), KEY user_login_key (user_login)) DEFAULT CHARSET=utf8mb4",
        "CREATE TABLE mybb_users (uid int unsigned NOT NULL auto_increment, username varchar(120) NOT NULL default '', password \
         varchar(120) NOT NULL default '', salt varchar(10) NOT NULL default '', email varchar(220) NOT NULL default '', \
         PRIMARY KEY (uid), UNIQUE KEY username (username)) ENGINE=MyISAM DEFAULT CHARSET=latin1",
        "CREATE TABLE phpbb_users (user_id int(10) UNSIGNED NOT NULL auto_increment, user_type tinyint(2) DEFAULT '0' NOT NULL, \
         username varchar(255) DEFAULT '' NOT NULL, user_password varchar(255) DEFAULT '' NOT NULL, user_email varchar(100) \
         DEFAULT '' NOT NULL, PRIMARY KEY (user_id)) CHARACTER SET utf8 COLLATE utf8_bin",
        "CREATE TABLE user (user_id int unsigned NOT NULL PRIMARY KEY AUTO_INCREMENT, user_name varbinary(255) NOT NULL, \
         user_real_name varbinary(255) NOT NULL DEFAULT '', user_password tinyblob NOT NULL, user_email tinyblob NOT NULL) \
         DEFAULT CHARSET=binary",
        "CREATE TABLE oc_customer (customer_id int(11) NOT NULL AUTO_INCREMENT, firstname varchar(32) NOT NULL, lastname \
         varchar(32) NOT NULL, email varchar(96) NOT NULL, telephone varchar(32) NOT NULL, password varchar(40) NOT NULL, \
         salt varchar(9) NOT NULL, status tinyint(1) NOT NULL, PRIMARY KEY (customer_id)) ENGINE=MyISAM DEFAULT CHARSET=utf8",
    ]);
    let (wordpress, _) = vector("wordpress_bcrypt");
    put(
        &mut server,
        "blog_users",
        &["1", "ada", &wordpress, "ada", "ada@example.com", "", "2020-01-01", "", "0", "Ada"],
    );
    put(&mut server, "blog_users", &["2", "bot", "*", "bot", "", "", "2020-01-01", "", "0", ""]);
    let (hash, salt) = vector("mybb");
    put(&mut server, "mybb_users", &["7", "jürg", &hash, &salt, "j@example.com"]);
    let (phpass, _) = vector("phpass");
    put(&mut server, "phpbb_users", &["1", "2", "Anonymous", "", ""]);
    put(&mut server, "phpbb_users", &["2", "3", "ada", &phpass, "a@example.com"]);
    let (mediawiki, _) = vector("mediawiki_b");
    put(&mut server, "user", &["1", "Ada Łovelace", "", &mediawiki, "a@example.com"]);
    let (hash, salt) = vector("opencart");
    put(&mut server, "oc_customer", &["3", "Ada", "L", "ada@example.com", "+49 1", &hash, &salt, "1"]);

    let wordpress = read(&server.url, &preset("wordpress", Some("blog_")));
    assert_password(&wordpress, 1);
    assert_eq!(wordpress.lines.len(), 2, "a user without a usable password has none");
    assert!(wordpress.lines[0].contains(r#""legacyId":1"#), "{}", wordpress.lines[0]);
    let mybb = read(&server.url, &preset("mybb", None));
    assert_password(&mybb, 1);
    assert!(mybb.lines[0].contains("jürg"));
    let phpbb = read(&server.url, &preset("phpbb3", None));
    assert_password(&phpbb, 1);
    assert_eq!(phpbb.lines.len(), 1, "bots are no users");
    assert_password(&read(&server.url, &preset("mediawiki", None)), 1);
    assert_password(&read(&server.url, &preset("opencart", None)), 1);
}

#[test]
fn tables_of_frameworks_on_postgres_are_known() {
    let Some(mut server) = Postgres::new("presets") else { return };
    server
        .client
        .batch_execute(
            "CREATE TABLE auth_user (id integer GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, password varchar(128) NOT NULL, \
             last_login timestamptz, is_superuser boolean NOT NULL, username varchar(150) NOT NULL UNIQUE, first_name varchar(150) \
             NOT NULL, last_name varchar(150) NOT NULL, email varchar(254) NOT NULL, is_active boolean NOT NULL DEFAULT true);
             CREATE TABLE users (id serial PRIMARY KEY, login varchar NOT NULL DEFAULT '', hashed_password varchar(40) NOT NULL \
             DEFAULT '', firstname varchar(30) NOT NULL DEFAULT '', lastname varchar(255) NOT NULL DEFAULT '', salt varchar(64), \
             type varchar, auth_source_id integer, status integer NOT NULL DEFAULT 1);
             CREATE TABLE email_addresses (id serial PRIMARY KEY, user_id integer NOT NULL, address varchar NOT NULL, \
             is_default boolean NOT NULL DEFAULT false);",
        )
        .expect("tables");
    let (django, _) = vector("django_pbkdf2");
    let sql = "INSERT INTO auth_user (password, is_superuser, username, first_name, last_name, email) VALUES \
               ($1, true, 'ada', 'Ada', '', 'ada@example.com'), ('!unusable', false, 'social', '', '', '')";
    server.client.execute(sql, &[&django]).expect("rows");
    let (redmine, salt) = vector("redmine");
    let sql = "INSERT INTO users (login, hashed_password, salt, type, firstname) VALUES ($1, $2, $3, $4, 'Ada')";
    server.client.execute(sql, &[&"ada", &redmine, &salt, &"User"]).expect("a row");
    server.client.execute(sql, &[&"", &"", &"", &"AnonymousUser"]).expect("a row");
    server
        .client
        .batch_execute("INSERT INTO email_addresses (user_id, address, is_default) VALUES (1, 'a@example.com', true), (1, 'b@example.com', false)")
        .expect("rows");

    let django = read(&server.url, &preset("django", None));
    assert_password(&django, 1);
    assert_eq!(django.lines.len(), 2, "what nobody can sign in with is no password");
    let redmine = read(&server.url, &preset("redmine", None));
    assert_password(&redmine, 1);
    assert!(redmine.lines.len() == 1 && redmine.lines[0].contains("a@example.com"), "{:?}", redmine.lines);
}

#[test]
fn sqlite_files_are_read_and_left_as_they_are() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("legacy.db");
    let connection = rusqlite::Connection::open(&path).expect("a database");
    connection
        .execute_batch(&format!(
            "CREATE TABLE people (id TEXT PRIMARY KEY, login, pw BLOB, score REAL);
             INSERT INTO people VALUES ('10', 'ada', '{MD5}', 0.5), ('9', 5, x'ff', NULL), ('x''y', 'c', NULL, NULL);"
        ))
        .expect("rows");
    drop(connection);
    let before = std::fs::read(&path).expect("readable");
    let url = format!("sqlite:{}", path.display());
    let sql =
        "SELECT id, login AS username, pw AS passwordEncrypted, 'md5' AS passwordEncryptionMethod, score FROM people;";
    let all = read(&url, &query(sql, "id"));
    assert_eq!(all.lines.len(), 2);
    assert_eq!(all.problems[0].1[0].code.as_str(), "bad_utf8");
    let mut rest = query(sql, "id");
    rest.after = Some("9".to_owned());
    let rest = read(&url, &rest);
    assert!(rest.lines.len() == 1 && rest.lines[0].contains("x'y"), "{:?}", rest.lines);
    assert_eq!(std::fs::read(&path).expect("readable"), before);
    assert_eq!(std::fs::read_dir(directory.path()).expect("readable").count(), 1, "nothing beside it");
}
