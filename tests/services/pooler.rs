//! A pooler between the store and the server that hands sessions from one client to the next after each transaction: what works
//! there works as without it, and nothing of ours stays behind in the sessions of others. Left out where PgBouncer is not
//! installed.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rehash::Password;
use rehash::sign_in::{Outcome, sign_in};
use rehash::store::{
    Created, GuessEnd, Guessed, Linked, NewUser, OnConflict, OpenOptions, StoreErrorKind, Subject, Swap, TaggedText,
    open,
};

use super::cluster::free_port;
use super::source::{query, refused};
use super::stores::{OF_PASSWORD, Schema, bulk, counters_are_right, creating, engine, import, md5, table};

/// Somebody without rights, as whom the pooler runs where the tests run as root: as root it will not.
const NOBODY: u32 = 65_534;
const PROGRAM: &str = "/usr/sbin/pgbouncer";

struct Pooler {
    process: Child,
    schema: Schema,
    url: String,
    _directory: tempfile::TempDir,
}

impl Pooler {
    /// With further settings.
    fn start(settings: &str) -> Option<Self> {
        let schema = Schema::new()?;
        if !Path::new(PROGRAM).exists() {
            eprintln!("left out: PgBouncer is not installed");
            return None;
        }
        let server: tokio_postgres::Config = schema.admin.parse().expect("a URL");
        let tokio_postgres::config::Host::Tcp(host) = &server.get_hosts()[0] else { panic!("a host") };
        let (user, database) = (server.get_user().expect("a user"), server.get_dbname().expect("a database"));
        let password = server
            .get_password()
            .map_or_else(String::new, |password| format!(" password={}", String::from_utf8_lossy(password)));
        let (listen, port) = (free_port(), server.get_ports().first().copied().unwrap_or(5432));
        let text = format!(
            "[databases]\n{database} = host={host} port={port} dbname={database} user={user}{password}\n[pgbouncer]\n\
             listen_addr = 127.0.0.1\nlisten_port = {listen}\nunix_socket_dir =\nauth_type = any\n\
             pool_mode = transaction\ndefault_pool_size = 3\nmax_client_conn = 100\n{settings}\n"
        );
        let directory = tempfile::tempdir().expect("a directory");
        std::fs::set_permissions(directory.path(), std::fs::Permissions::from_mode(0o755)).expect("set");
        let file = directory.path().join("pgbouncer.ini");
        std::fs::write(&file, text).expect("written");
        let mut command = Command::new(PROGRAM);
        if std::fs::metadata("/proc/self").expect("there").uid() == 0 {
            command.uid(NOBODY).gid(NOBODY);
        }
        command.arg(&file).current_dir("/").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let process = command.spawn().expect("it starts");
        let comes_up = (0..100).any(|_| {
            std::thread::sleep(Duration::from_millis(50));
            std::net::TcpStream::connect(("127.0.0.1", listen)).is_ok()
        });
        assert!(comes_up, "PgBouncer does not come up");
        let url = format!("postgres://{user}@127.0.0.1:{listen}/{database}?schema={}", schema.name);
        Some(Self { process, schema, url, _directory: directory })
    }

    /// What the pooled sessions hold, asked as somebody else's client.
    fn settings(&self) -> Vec<String> {
        let base = self.url.split('?').next().expect("a URL");
        let mut clients: Vec<_> =
            (0..3).map(|_| postgres::Client::connect(base, postgres::NoTls).expect("the pooler is there")).collect();
        let mut found = Vec::new();
        // All at once, so that each has a session of its own.
        for client in &mut clients {
            client.batch_execute("BEGIN").expect("begun");
            let sql = "SELECT concat_ws(' ', current_setting('statement_timeout'), current_setting('lock_timeout'), \
                       current_setting('default_transaction_read_only'))";
            found.push(client.query_one(sql, &[]).expect("an answer").get(0));
        }
        found
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// One that refuses a session's settings, and one that forgets them.
fn each_pooler(test: impl Fn(&Pooler)) {
    for settings in ["", "ignore_startup_parameters = extra_float_digits, options"] {
        if let Some(pooler) = Pooler::start(settings) {
            test(&pooler);
            let found = pooler.settings();
            assert!(found.iter().all(|settings| settings == "0 0 off"), "others find {found:?}");
        }
    }
}

#[test]
fn a_store_behind_a_pooler_is_a_store() {
    let engine = engine();
    each_pooler(|pooler| {
        let store = &*open(&pooler.url, &creating()).expect("a store");
        let hash = md5(OF_PASSWORD);
        let names: Vec<String> = (0..40).map(|number| format!("user{number}")).collect();
        let users =
            names.iter().map(|name| NewUser { username: Some(name), password: Some(&hash), ..NewUser::default() });
        bulk(store, OnConflict::Skip, &users.collect::<Vec<_>>());
        // Many at once, with fewer sessions than clients.
        std::thread::scope(|scope| {
            for names in names.chunks(5) {
                let engine = &engine;
                scope.spawn(move || {
                    for name in names {
                        let subject = Subject { name, limit: 3, is_forgiven: true };
                        let guessed = store.begin_guess(&[subject], Duration::from_secs(60)).expect("counted");
                        assert_eq!(guessed, Guessed::Taken);
                        let signed_in = sign_in(engine, store, name, &Password::new("password")).expect("accepted");
                        assert!(matches!(signed_in.upgrade, Outcome::Written));
                        store.end_guess(&[subject], GuessEnd::Right).expect("counted");
                        let held = store.find(name).expect("readable").expect("there").password;
                        let new = engine.hash(&Password::new("new")).expect("a hash");
                        let swap = store.change_password(signed_in.id, held.as_ref(), &new).expect("an answer");
                        assert_eq!(swap, Swap::Written);
                        let identity = format!("{{\"userId\":\"{name}\"}}");
                        assert_eq!(store.link_identity(signed_in.id, "x", &identity).expect("linked"), Linked::Written);
                    }
                });
            }
        });
        let ada =
            NewUser { username: Some("ada"), identities: Some(r#"{"x":{"userId":"user1"}}"#), ..NewUser::default() };
        assert_eq!(store.create(&ada).expect("left"), Created::Taken("identities"));
        assert_eq!(store.info().expect("known").kind, "postgres");

        // New records, and again, when each is there already.
        let directory = tempfile::tempdir().expect("a directory");
        let file = directory.path().join("users.ndjson");
        std::fs::write(&file, table(60_000)).expect("written");
        for (name, more) in [("imported", "skip"), ("already_there", "skip"), ("already_there", "replace-legacy")] {
            let output = import(&file, &pooler.url).args(["--on-conflict", more]).output().expect("ended");
            let said: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
            assert_eq!(said[name], 60_000, "{said}{}", String::from_utf8_lossy(&output.stderr));
        }
        let mut count = 0;
        store
            .export(&mut |_| {
                count += 1;
                if count == 30_000 { std::ops::ControlFlow::Break(()) } else { std::ops::ControlFlow::Continue(()) }
            })
            .expect("exported");
        assert_eq!(store.counts().expect("counts").iter().map(|row| row.records).sum::<u64>(), 60_040);
        counters_are_right(store);
    });
}

#[test]
fn who_only_reads_behind_a_pooler_keeps_nobody_from_writing() {
    each_pooler(|pooler| {
        let hash = md5(OF_PASSWORD);
        let ada = NewUser { username: Some("ada"), password: Some(&hash), ..NewUser::default() };
        let store = open(&pooler.url, &creating()).expect("a store");
        let reader = open(&pooler.url, &OpenOptions::default().read_only(true)).expect("a store");
        bulk(&*store, OnConflict::Skip, &[ada]);
        for _ in 0..5 {
            match sign_in(&engine(), &*reader, "ada", &Password::new("password")).expect("accepted").upgrade {
                Outcome::WriteFailed(error) => assert_eq!(error.kind(), StoreErrorKind::ReadOnly),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(reader.recount().unwrap_err().kind(), StoreErrorKind::ReadOnly);
        assert!(reader.info().expect("known").is_read_only && !store.info().expect("known").is_read_only);
        assert!(matches!(
            sign_in(&engine(), &*store, "ada", &Password::new("password")).expect("accepted").upgrade,
            Outcome::Written
        ));
    });
}

#[test]
fn what_takes_too_long_behind_a_pooler_is_ended() {
    each_pooler(|pooler| {
        let hash = md5(OF_PASSWORD);
        let mut options = creating();
        options.statement_timeout = Duration::from_millis(300);
        let store = open(&pooler.url, &options).expect("a store");
        let ada = NewUser { username: Some("ada"), password: Some(&hash), ..NewUser::default() };
        bulk(&*store, OnConflict::Skip, &[ada]);
        let id = store.find("ada").expect("readable").expect("there").id;
        let mut other = postgres::Client::connect(&pooler.schema.admin, postgres::NoTls).expect("the server is there");
        other.batch_execute(&format!("BEGIN; SELECT 1 FROM {}.users FOR UPDATE", pooler.schema.name)).expect("locked");
        let new = engine().hash(&Password::new("new")).expect("a hash");
        let begun = Instant::now();
        let refused = store.change_password(id, Some(&TaggedText::of(&hash)), &new).unwrap_err();
        assert_eq!(refused.kind(), StoreErrorKind::Busy, "{refused}");
        assert!(begun.elapsed() < Duration::from_secs(10));
        // It does not wait on in the server, to write when nobody expects it.
        let waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%{s}%'";
        let is_over = (0..40).any(|_| {
            std::thread::sleep(Duration::from_millis(50));
            pooler.schema.number(waits) == 0
        });
        assert!(is_over);
        other.batch_execute("ROLLBACK").expect("let go");
        assert!(store.find("ada").expect("readable").expect("there").password == Some(TaggedText::of(&hash)));
    });
}

/// Where no session can be made read-only, a source is not read.
#[test]
fn a_source_behind_a_pooler_is_refused() {
    each_pooler(|pooler| {
        let base = pooler.url.split('?').next().expect("a URL");
        let error = refused(base, &query("SELECT 1 AS id, 'ada' AS username", "id"));
        assert!(error.contains("a pooler is between"), "{error}");
    });
}
