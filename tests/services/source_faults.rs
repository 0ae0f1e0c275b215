//! What goes wrong while a live database is read: it changes, it goes away, it would be written to, it is not what was said.

use mysql::prelude::Queryable as _;

use super::source::{Mysql, Postgres, Read, query, read, read_with, refused};

const ROWS: usize = 20_000;

fn names(read: &Read) -> Vec<String> {
    let name = |line: &String| {
        let value: serde_json::Value = serde_json::from_str(line).expect("JSON");
        value["username"].as_str().expect("a name").to_owned()
    };
    read.lines.iter().map(name).collect()
}

/// Every row that nobody touched, once: the others are the even ones up to a third of the table, and all new ones.
fn assert_untouched_rows_are_whole(names: &[String]) {
    let mut found = vec![0; ROWS + 1];
    for name in names {
        if let Some(place) = name.strip_prefix("user").and_then(|n| n.parse::<usize>().ok()).filter(|n| *n <= ROWS) {
            found[place] += 1;
        }
    }
    let untouched = (1..=ROWS).filter(|n| n % 2 == 1);
    assert_eq!(untouched.filter(|n| found[*n] != 1).count(), 0, "an untouched row was lost or doubled");
    assert!(found.iter().all(|count| *count <= 1), "a row was doubled");
}

#[test]
fn a_table_that_changes_while_it_is_read_loses_and_doubles_no_untouched_row() {
    let sql = "SELECT id, login AS username FROM people";
    let changes = [
        "DELETE FROM people WHERE id % 4 = 0",
        "UPDATE people SET login = concat(login, 'x') WHERE id % 4 = 2",
        "INSERT INTO people SELECT id + 1000000, concat('new', id) FROM people WHERE id % 2 = 1",
        "INSERT INTO people SELECT -id, concat('old', id) FROM people WHERE id < 100 AND id > 0",
    ];
    if let Some(mut server) = Postgres::new("changing") {
        let rows = format!(
            "CREATE TABLE people AS SELECT n AS id, 'user' || n AS login FROM generate_series(1, {ROWS}) n; \
                            ALTER TABLE people ADD PRIMARY KEY (id)"
        );
        server.client.batch_execute(&rows).expect("rows");
        let url = server.url.clone();
        let read = read_with(&url, &query(sql, "id"), |checked| {
            if checked.line == 1 {
                changes.iter().for_each(|sql| server.client.batch_execute(sql).expect("a change"));
            }
        });
        assert!(read.summary.errors.is_empty());
        assert_untouched_rows_are_whole(&names(&read));
    }
    if let Some(mut server) = Mysql::new("changing") {
        let rows = format!(
            "CREATE TABLE people (PRIMARY KEY (id)) AS SELECT CAST(seq AS SIGNED) AS id, \
                            CONCAT('user', seq) AS login FROM seq_1_to_{ROWS}"
        );
        server.run(&[&rows, "ALTER TABLE people MODIFY login VARCHAR(200)"]);
        let url = server.url.clone();
        let read = read_with(&url, &query(sql, "id"), |checked| {
            if checked.line == 1 {
                server.run(&changes);
            }
        });
        assert!(read.summary.errors.is_empty());
        assert_untouched_rows_are_whole(&names(&read));
    }
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("legacy.db");
    let file = rusqlite::Connection::open(&path).expect("a database");
    // With a log, so that others may write while it is read.
    let rows = format!(
        "PRAGMA journal_mode = wal; CREATE TABLE people (id INTEGER PRIMARY KEY, login TEXT);
         WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {ROWS})
         INSERT INTO people SELECT n, 'user' || n FROM n"
    );
    file.execute_batch(&rows).expect("rows");
    let read = read_with(&format!("sqlite:{}", path.display()), &query(sql, "id"), |checked| {
        if checked.line == 1 {
            for sql in changes {
                // This SQLite may not have the function.
                let sql = sql.replace("concat(login, 'x')", "login || 'x'");
                let sql = sql.replace("concat('new', id)", "'new' || id").replace("concat('old', id)", "'old' || id");
                file.execute_batch(&sql).expect("a change");
            }
        }
    });
    assert!(read.summary.errors.is_empty());
    assert_untouched_rows_are_whole(&names(&read));
}

/// The key that the error says to go on after.
fn after(read: &Read) -> String {
    let message = read.summary.errors[0].to_string();
    let (_, rest) = message.split_once("go on with --source-after '").unwrap_or_else(|| panic!("{message}"));
    rest.trim_end_matches('\'').to_owned()
}

/// What was read before the cut, and what is read after it, are the whole table.
fn assert_goes_on(cut: &Read, url: &str, sql: &str) {
    assert_eq!(cut.summary.errors.len(), 1, "the cut is said once");
    let mut rest = query(sql, "id");
    rest.after = Some(after(cut));
    let rest = read(url, &rest);
    assert!(!cut.lines.is_empty() && !rest.lines.is_empty());
    let mut all = names(cut);
    all.extend(names(&rest));
    let expected: Vec<String> = (1..=ROWS).map(|n| format!("user{n}")).collect();
    assert!(all == expected, "{} of {ROWS} rows, or in another order", all.len());
}

#[test]
fn a_connection_that_is_cut_says_where_to_go_on() {
    let sql = "SELECT id, login AS username FROM people";
    if let Some(mut server) = Postgres::new("cut") {
        let rows =
            format!("CREATE TABLE people AS SELECT n AS id, 'user' || n AS login FROM generate_series(1, {ROWS}) n");
        server.client.batch_execute(&rows).expect("rows");
        let url = server.url.clone();
        // The name of the schema is in no other connection's query.
        let kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'rehash' AND query LIKE '%' || $1 || '%'";
        let marked = format!("{sql} /* {} */", server.schema);
        let cut = read_with(&url, &query(&marked, "id"), |checked| {
            if checked.line == 1 {
                let killed = server.client.query(kill, &[&server.schema]).expect("killed");
                assert_eq!(killed.len(), 1);
            }
        });
        assert_goes_on(&cut, &url, sql);
    }
    if let Some(mut server) = Mysql::new("cut") {
        server.run(&[&format!("CREATE TABLE people (PRIMARY KEY (id)) AS SELECT seq AS id, CONCAT('user', seq) AS login FROM seq_1_to_{ROWS}")]);
        let url = server.url.clone();
        let cut = read_with(&url, &query(sql, "id"), |checked| {
            if checked.line == 1 {
                let find = format!(
                    "SELECT id FROM information_schema.processlist WHERE db = '{}' AND id <> connection_id()",
                    server.database
                );
                let ids: Vec<u64> = server.client.query(find).expect("a list");
                assert_eq!(ids.len(), 1);
                server.run(&[&format!("KILL CONNECTION {}", ids[0])]);
            }
        });
        assert_goes_on(&cut, &url, sql);
    }
}

#[test]
fn nothing_can_be_written_through_a_query() {
    if let Some(mut server) = Postgres::new("readonly") {
        server
            .client
            .batch_execute(
                "CREATE TABLE people (id int PRIMARY KEY); INSERT INTO people VALUES (1);
                 CREATE FUNCTION shred() RETURNS text LANGUAGE sql AS $$ DELETE FROM people RETURNING 'gone' $$;",
            )
            .expect("rows");
        let sql = "SELECT id, shred() AS username FROM people";
        let read = read_with(&server.url, &query(sql, "id"), |_| {});
        assert!(read.summary.errors[0].to_string().contains("read-only"), "{}", read.summary.errors[0]);
        for sql in
            ["SELECT 1 AS id, 'a' AS username) AS x; DELETE FROM people; SELECT (1", "DELETE FROM people RETURNING id"]
        {
            refused(&server.url, &query(sql, "id"));
        }
        let count: i64 = server.client.query_one("SELECT count(*) FROM people", &[]).expect("a count").get(0);
        assert_eq!(count, 1);
    }
    if let Some(mut server) = Mysql::new("readonly") {
        server.run(&[
            "CREATE TABLE people (id int PRIMARY KEY)",
            "INSERT INTO people VALUES (1)",
            "CREATE FUNCTION shred() RETURNS TEXT MODIFIES SQL DATA BEGIN DELETE FROM people; RETURN 'gone'; END",
        ]);
        let sql = "SELECT id, shred() AS username FROM (SELECT 1 AS id) AS one";
        let read = read_with(&server.url, &query(sql, "id"), |_| {});
        assert!(read.summary.errors[0].to_string().contains("READ ONLY"), "{}", read.summary.errors[0]);
        let count: Option<u64> = server.client.query_first("SELECT count(*) FROM people").expect("a count");
        assert_eq!(count, Some(1));
    }
}

#[test]
fn what_cannot_be_read_is_said_without_a_row_of_it() {
    let refused_by = |url: &str, nowhere: &str| {
        for (sql, key, expected) in [
            ("SELECT id, login AS username FROM people", "ID2", "has no column `ID2`"),
            ("SELECT id, login AS username FROM nothing", "id", "nothing"),
            ("SELECT id, login AS user_name, login AS username FROM people", "id", "twice"),
            ("SELECT id, login AS username, login AS password FROM people", "id", "passwordEncrypted"),
            ("SELECT id, login AS other FROM people", "id", "names users"),
            ("SELECT nothing AS id, login AS username FROM people", "id", "null in some rows"),
        ] {
            let error = refused(url, &query(sql, key));
            assert!(error.contains(expected), "{sql}: {error}");
        }
        let error = refused(nowhere, &query("SELECT 1 AS id, 'a' AS username", "id"));
        assert!(error.contains("connection") && !error.contains("s3cret"), "{error}");
        let twice = query("SELECT same AS id, login AS username FROM people", "id");
        let read = read_with(url, &twice, |_| {});
        assert!(read.summary.errors[0].to_string().contains("two rows have the key 7"), "{}", read.summary.errors[0]);
        let cast = query("SELECT id, login AS username, CAST(login AS DECIMAL(3,1)) / 0 AS x FROM people", "id");
        let read = read_with(url, &cast, |_| {});
        assert!(
            read.summary.errors.iter().all(|error| !error.to_string().contains("t0psecret")),
            "a row's data was said"
        );
    };
    let table = "CREATE TABLE people (id int PRIMARY KEY, login varchar(20), nothing int, same int)";
    let rows = "INSERT INTO people VALUES (1, 't0psecret', NULL, 7), (2, 'b', NULL, 7)";
    if let Some(mut server) = Postgres::new("refused") {
        server.client.batch_execute(&format!("{table}; {rows}")).expect("rows");
        refused_by(&server.url, "postgres://u:s3cret@127.0.0.1:1/d");
    }
    if let Some(mut server) = Mysql::new("refused") {
        server.run(&[table, rows]);
        refused_by(&server.url, "mysql://u:s3cret@127.0.0.1:1/d");
    }
}

#[test]
fn rows_that_grow_suddenly_are_read_in_bounded_pages() {
    let Some(mut server) = Postgres::new("growing") else { return };
    server
        .client
        .batch_execute(
            "CREATE TABLE people AS SELECT n AS id, 'user' || n AS login, CASE WHEN n > 2000 THEN repeat('x', 1000000) END AS note \
             FROM generate_series(1, 2060) n",
        )
        .expect("rows");
    let sql = "SELECT id, login AS username, note FROM people";
    let mut longest = 0;
    let read = read_with(&server.url, &query(sql, "id"), |checked| longest = longest.max(checked.raw.len()));
    assert!(read.summary.errors.is_empty() && read.summary.good == 2060 && longest > 1_000_000);
}
