//! Connections that are cut, answers that are lost, and a server that is started anew, while users are imported and sign in: what
//! was done is not done twice, and is not called undone.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rehash::import::database;
use rehash::store::{BulkOptions, Created, Inserted, Mark, NewUser, OnConflict, OpenOptions, Swap, Users, open};
use rehash::{Password, Upgrade};

use crate::cluster::Cluster;
use crate::source::query;
use crate::stores::{OF_PASSWORD, Schema, counters_are_right, creating, engine, import, md5, table};

/// Who spoke last, and how often the server began to.
#[derive(Default)]
struct Turns {
    is_answering: AtomicBool,
    answers: AtomicU32,
}

impl Turns {
    fn heard(&self, is_answer: bool) {
        if !self.is_answering.swap(is_answer, Ordering::SeqCst) && is_answer {
            self.answers.fetch_add(1, Ordering::SeqCst);
        }
    }
}

/// A way to the server that can be cut.
struct Proxy {
    port: u16,
    streams: Arc<Mutex<Vec<TcpStream>>>,
    /// How often the server was asked, and then answered.
    turns: Arc<Turns>,
    /// Which of the server's next answers is lost, and the connection with it; nought for none. Then, which of those after it.
    lost: Arc<[AtomicU32; 2]>,
}

impl Proxy {
    fn start(server: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let streams: Arc<Mutex<Vec<TcpStream>>> = Arc::default();
        let held = Arc::clone(&streams);
        let lost: Arc<[AtomicU32; 2]> = Arc::default();
        let counted = Arc::clone(&lost);
        let turns: Arc<Turns> = Arc::default();
        let heard = Arc::clone(&turns);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let Ok(server) = TcpStream::connect(&server) else { continue };
                let clone = |stream: &TcpStream| stream.try_clone().expect("a handle");
                held.lock().expect("held").extend([clone(&client), clone(&server)]);
                let (back, forth) = ((clone(&server), clone(&client)), (client, server));
                let counted = Arc::clone(&counted);
                let (answers, questions) = (Arc::clone(&heard), Arc::clone(&heard));
                std::thread::spawn(move || pump(back.0, back.1, &answers, Some(&counted)));
                std::thread::spawn(move || pump(forth.0, forth.1, &questions, None));
            }
        });
        Self { port, streams, turns, lost }
    }

    fn url(schema: &Schema) -> (Self, String) {
        let Some((_, rest)) = schema.admin.split_once('@') else { panic!("the URL names a user") };
        let (server, database) = rest.split_once('/').expect("a database");
        let proxy = Self::start(server.to_owned());
        let user = schema.admin.split_once("://").expect("a scheme").1.split_once('@').expect("a user").0;
        let url = format!("postgres://{user}@127.0.0.1:{}/{database}?schema={}", proxy.port, schema.name);
        (proxy, url)
    }

    /// How often the server was asked and waited for, while this was done.
    fn round_trips(&self, work: impl FnOnce()) -> u32 {
        let before = self.turns.answers.load(Ordering::SeqCst);
        work();
        self.turns.answers.load(Ordering::SeqCst) - before
    }

    fn lose(&self, answer: u32, then: u32) {
        self.lost[1].store(then, Ordering::SeqCst);
        self.lost[0].store(answer, Ordering::SeqCst);
    }

    fn cut(&self) {
        for stream in self.streams.lock().expect("held").drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

fn pump(mut from: TcpStream, mut to: TcpStream, turns: &Turns, lost: Option<&[AtomicU32; 2]>) {
    let mut buffer = [0; 64 << 10];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        turns.heard(lost.is_some());
        let left = |lost: u32| lost.checked_sub(1);
        if let Some([lost, then]) = lost
            && lost.fetch_update(Ordering::SeqCst, Ordering::SeqCst, left) == Ok(1)
        {
            lost.store(then.swap(0, Ordering::SeqCst), Ordering::SeqCst);
            let _ = from.shutdown(Shutdown::Both);
            break;
        }
        if to.write_all(&buffer[..count]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Both);
}

/// An import's own counts: whatever it went through, each record is told of as it was, once.
fn all_were_imported(output: &std::process::Output, records: u64) {
    let (text, said) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{text}{said}");
    let counts: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let of = |name: &str| counts[name].as_u64().unwrap_or(0);
    assert_eq!(
        (of("records"), of("imported"), of("already_there"), of("rejected")),
        (records, records, 0, 0),
        "{text}"
    );
}

#[test]
fn connections_that_are_cut_are_made_anew() {
    let Some(schema) = Schema::new() else { return };
    let (proxy, url) = Proxy::url(&schema);

    // In the middle of an import.
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("users.ndjson");
    std::fs::write(&file, table(60_000)).expect("written");
    let child = import(&file, &url).spawn().expect("started");
    let is_done = Arc::new(AtomicBool::new(false));
    let (output, cuts) = std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            let output = child.wait_with_output().expect("ended");
            is_done.store(true, Ordering::Relaxed);
            output
        });
        let mut cuts = 0;
        while !is_done.load(Ordering::Relaxed) && cuts < 4 {
            std::thread::sleep(Duration::from_millis(250));
            proxy.cut();
            cuts += 1;
        }
        (waiting.join().expect("joined"), cuts)
    });
    assert!(cuts > 0, "nothing was cut");
    all_were_imported(&output, 60_000);
    assert_eq!(schema.number("SELECT count(*) FROM {s}.users"), 60_000);
    let events = "SELECT sum(records) FROM {s}.audit WHERE event = 'import'";
    assert_eq!(schema.number(events), 60_000, "each batch is in the audit once");

    // Between two sign-ins.
    let store = open(&url, &OpenOptions::default()).expect("a store");
    assert!(store.find("nobody").expect("readable").is_none());
    proxy.cut();
    assert!(store.find("u1@example.com").expect("readable").is_some());
    counters_are_right(&*store);
}

#[test]
fn what_was_done_and_whose_answer_was_lost_is_not_done_twice_and_not_called_undone() {
    let Some(schema) = Schema::new() else { return };
    let (proxy, url) = Proxy::url(&schema);
    let store = open(&url, &creating()).expect("a store");
    let (engine, hash) = (engine(), md5(OF_PASSWORD));
    // Whichever of the answers on the way it is; where there are fewer, none is lost.
    for lost in 1..=6 {
        let name = format!("user{lost}");
        let lose = || proxy.lose(lost, 0);
        lose();
        let new = NewUser { username: Some(&name), password: Some(&hash), ..NewUser::default() };
        let Created::New(id) = store.create(&new).expect("created") else { panic!("{lost}: not created") };
        lose();
        let accepted = engine.verify(&hash, &Password::new("password")).expect("accepted");
        let Upgrade::Ready(replacement) = accepted.upgrade else { panic!("an upgrade is due") };
        assert_eq!(store.replace(&id, &replacement).expect("written"), Swap::Written, "{lost}");
        lose();
        let old = store.find(&name).expect("readable").expect("there").password;
        lose();
        let changed = engine.hash(&Password::new("new")).expect("a hash");
        assert_eq!(store.change_password(id, old.as_ref(), &changed).expect("changed"), Swap::Written, "{lost}");
        lose();
        assert!(store.delete(id).expect("deleted"), "{lost}: deleted, and not called so");
        proxy.lose(0, 0);
        assert!(store.find(&name).expect("readable").is_none());
        assert!(!store.delete(id).expect("nobody is there"), "{lost}: deleted twice");
    }
    for event in ["create", "upgrade", "change", "delete"] {
        let query = format!("SELECT count(*) FROM {{s}}.audit WHERE event = '{event}'");
        assert_eq!(schema.number(&query), 6, "{event}");
    }
    counters_are_right(&*store);
}

#[test]
fn a_sign_in_waits_for_the_server_once_and_where_it_upgrades_twice() {
    let Some(schema) = Schema::new() else { return };
    let (proxy, url) = Proxy::url(&schema);
    let store = open(&url, &creating()).expect("a store");
    let (engine, hash) = (engine(), md5(OF_PASSWORD));
    for name in ["ada", "bob"] {
        let new = NewUser { username: Some(name), password: Some(&hash), ..NewUser::default() };
        assert!(matches!(store.create(&new), Ok(Created::New(_))));
    }
    // The connection is there.
    assert!(store.find("nobody").expect("readable").is_none());
    let sign_in = |name: &str, password: &str| {
        proxy.round_trips(|| drop(rehash::sign_in::sign_in(&engine, &*store, name, &Password::new(password))))
    };
    assert_eq!(sign_in("nobody", "password"), 1);
    assert_eq!(sign_in("ada", "wrong"), 1);
    assert_eq!(sign_in("ada", "password"), 2, "it is found, and its hash replaced");
    assert_eq!(sign_in("ada", "password"), 1, "it is upgraded");
    let bob = store.find("bob").expect("readable").expect("there");
    let new = engine.hash(&Password::new("new")).expect("a hash");
    let change = || assert!(matches!(store.change_password(bob.id, bob.password.as_ref(), &new), Ok(Swap::Written)));
    assert_eq!(proxy.round_trips(change), 1);
}

#[test]
fn a_batch_whose_answers_are_lost_is_told_as_what_became_of_it() {
    let Some(schema) = Schema::new() else { return };
    let (proxy, url) = Proxy::url(&schema);
    let store = open(&url, &creating()).expect("a store");
    let hash = md5(OF_PASSWORD);
    let mut batches = 0;
    // Whichever of the answers on the way it is, and whichever of those after it: that of the commit and that of the question whether
    // it came through are among them. Where there are fewer, none is lost.
    for lost in 1..=9 {
        for then in 0..=3 {
            let names: Vec<_> = (0..3).map(|number| format!("user{lost}.{then}.{number}")).collect();
            let mut bulk = store.bulk(BulkOptions::new(OnConflict::Skip, false)).expect("a bulk");
            let input = bulk.begin_input(None, "test").expect("begun");
            for name in &names {
                let new = NewUser { username: Some(name), password: Some(&hash), ..NewUser::default() };
                bulk.push(&new).expect("pushed");
            }
            proxy.lose(lost, then);
            bulk.end_batch(Mark::new(input.id, 0, 3)).expect("ended");
            let written = bulk.next_written(true).expect("a batch").expect("written");
            proxy.lose(0, 0);
            assert_eq!(written.outcomes, [Inserted::New; 3], "{lost}, then {then}");
            bulk.end_input(input.id).expect("ended");
            bulk.finish().expect("finished");
            batches += 1;
        }
    }
    assert_eq!(schema.number("SELECT count(*) FROM {s}.audit WHERE event = 'import'"), batches);
    assert_eq!(schema.number("SELECT count(*) FROM {s}.users"), 3 * batches);
    assert_eq!(schema.number("SELECT sum(imported) FROM {s}.days"), 3 * batches);
    counters_are_right(&*store);
}

#[test]
fn a_server_that_is_started_anew_is_waited_for_in_the_middle_of_an_import() {
    let Some(cluster) = Cluster::primary() else { return };
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("users.ndjson");
    let records = 400_000;
    std::fs::write(&file, table(records)).expect("written");
    let store = open(&cluster.url(""), &creating()).expect("a store");
    let stored =
        |store: &dyn Users| store.counts().map_or(0, |counts| counts.iter().map(|count| count.records).sum::<u64>());
    let import = import(&file, &cluster.url("")).spawn().expect("started");
    while stored(&*store) == 0 {
        std::thread::sleep(Duration::from_millis(5));
    }
    // As a machine dies; longer than a handful of tries take.
    cluster.kill();
    std::thread::sleep(Duration::from_secs(5));
    cluster.start();
    let output = import.wait_with_output().expect("ended");
    all_were_imported(&output, records as u64);
    assert_eq!(stored(&*store), records as u64);
    counters_are_right(&*store);
}

/// The kernel's timers of connections to this port: 2 is one that asks a silent other side whether it is still there.
#[cfg(target_os = "linux")]
fn timers(port: u16) -> Vec<u8> {
    let table = std::fs::read_to_string("/proc/self/net/tcp").expect("readable");
    let (remote, established) = (format!("0100007F:{port:04X}"), "01");
    let of = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let ours = of.filter(|columns| columns.get(2) == Some(&&*remote) && columns.get(3) == Some(&established));
    ours.map(|columns| u8::from_str_radix(&columns[5][..2], 16).expect("a number")).collect()
}

/// A host that vanishes says nothing any more: who waits for a statement without an end of its own would wait for hours.
#[cfg(target_os = "linux")]
#[test]
fn connections_notice_a_host_that_has_vanished() {
    let Some(schema) = Schema::new() else { return };
    let asks = |port: u16, whose: &str| {
        // Until what was sent is acknowledged, another timer runs.
        let is_kept =
            || Some(timers(port)).is_some_and(|timers| !timers.is_empty() && timers.iter().all(|timer| *timer == 2));
        assert!(
            (0..200).any(|_| is_kept() || {
                std::thread::sleep(Duration::from_millis(10));
                false
            }),
            "{whose}: {:?}",
            timers(port)
        );
    };
    let (proxy, url) = Proxy::url(&schema);
    let store = open(&url, &creating()).expect("a store");
    asks(proxy.port, "a store");
    let bulk = store.bulk(BulkOptions::new(OnConflict::Skip, false)).expect("a bulk");
    asks(proxy.port, "an import");
    drop(bulk);

    let (proxy, url) = Proxy::url(&schema);
    let everyone = format!("SELECT id, username FROM {}.users", schema.name);
    let source = database::open(url.split('?').next().expect("a URL"), &query(&everyone, "id")).expect("opened");
    asks(proxy.port, "a source in PostgreSQL");
    drop(source);
    let Ok(url) = std::env::var("REHASH_TEST_MYSQL") else { return };
    let (user, rest) = url.strip_prefix("mysql://").and_then(|rest| rest.split_once('@')).expect("a URL");
    let (server, database) = rest.split_once('/').expect("a database");
    let proxy = Proxy::start(server.to_owned());
    let url = format!("mysql://{user}@127.0.0.1:{}/{database}", proxy.port);
    let source = database::open(&url, &query("SELECT 1 AS id, 'ada' AS username", "id")).expect("opened");
    asks(proxy.port, "a source in MySQL");
    drop(source);
}
