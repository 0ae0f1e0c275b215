//! What `mysqldump` itself writes, in its forms: every row is read, and the texts are those that the server has.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::ops::ControlFlow;
use std::process::Command;

use mysql::prelude::Queryable as _;
use rehash::import::{Export, Options, Rules, Source, Vendor, check};

use crate::source::Mysql;

const ROWS: usize = 400;
/// What means something in SQL, its comments, its escapes or its encoding.
const PARTS: [&str; 24] = [
    "'", "\"", "\\", "#", "-", "--", "-- ", "/", "*", "/*", "*/", "/*!", ",", ";", "(", ")", "\n", "\r", "\0",
    "\u{1a}", "é", "😀", "NULL", "a",
];
const FORMS: [&[&str]; 7] = [
    &[],
    &["--skip-extended-insert"],
    &["--complete-insert"],
    &["--hex-blob", "--insert-ignore"],
    &["--replace", "--skip-add-locks"],
    &["--skip-quote-names"],
    &["--compact", "--net-buffer-length=4096"],
];

/// A text of up to a dozen parts, the same in every run.
fn text(row: usize) -> String {
    let mut state = row as u64 + 1;
    let mut next = || {
        // The generator of Knuth's MMIX.
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).expect("31 bits")
    };
    (0..next() % 13).map(|_| PARTS[next() % PARTS.len()]).collect()
}

/// The dump of a database; `None` where there is no such program here.
fn dump(server: &Mysql, form: &[&str]) -> Option<Vec<u8>> {
    let opts = mysql::Opts::from_url(&server.url).expect("a URL");
    let mut command = Command::new("mysqldump");
    command
        .args(["--protocol=tcp", "--default-character-set=utf8mb4", "--host", &opts.get_ip_or_hostname()])
        .args(["--port", &opts.get_tcp_port().to_string(), "--user", opts.get_user().unwrap_or("root")])
        .env("MYSQL_PWD", opts.get_pass().unwrap_or_default())
        .args(form)
        .arg(&server.database);
    let output = command.output().ok()?;
    assert!(output.status.success(), "{form:?}: {}", String::from_utf8_lossy(&output.stderr));
    Some(output.stdout)
}

#[test]
fn what_mysqldump_writes_is_read_whatever_stands_in_it() {
    let Some(mut server) = Mysql::new("dumps") else { return };
    server.run(&["CREATE TABLE wp_users (ID bigint unsigned PRIMARY KEY, user_login varchar(60) NOT NULL, \
        user_pass varchar(255) NOT NULL, user_nicename varchar(50) NOT NULL DEFAULT '', user_email varchar(100) NOT NULL, \
        user_url varchar(100) NOT NULL DEFAULT '', user_registered datetime NOT NULL DEFAULT '2025-01-01', \
        user_activation_key varchar(255) NOT NULL DEFAULT '', user_status int NOT NULL DEFAULT 0, display_name varchar(250) \
        NOT NULL DEFAULT '' COMMENT 'it''s (a) -- name; #1') DEFAULT CHARSET=utf8mb4"]);
    let insert = "INSERT INTO wp_users (ID, user_login, user_pass, user_email, display_name) \
        VALUES (?, ?, '$P$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0', ?, ?)";
    for row in 0..ROWS {
        let values = (row + 1, format!("user{row}"), format!("user{row}@example.com"), text(row));
        server.client.exec_drop(insert, values).expect("inserted");
    }
    for form in FORMS {
        let Some(bytes) = dump(&server, form) else {
            println!("left out: there is no mysqldump");
            return;
        };
        let mut options = Options::default();
        options.keeps_records = true;
        options.export = Some(Export::new(Vendor::Wordpress));
        let mut names = BTreeMap::new();
        let (summary, _) =
            check([Source::new("dump.sql", Cursor::new(bytes))], &Rules::default(), options, |checked| {
                let record = checked.record.unwrap_or_else(|| panic!("{form:?}: {:?}", checked.problems));
                let name = record.name.map_or_else(String::new, |name| name.into_owned());
                names.insert(record.username.map(|name| name.into_owned()).unwrap_or_default(), name);
                ControlFlow::<()>::Continue(())
            });
        assert!(summary.errors.is_empty() && summary.good == ROWS as u64, "{form:?}");
        for row in 0..ROWS {
            assert_eq!(names.get(&format!("user{row}")), Some(&text(row)), "{form:?}");
        }
    }
}
