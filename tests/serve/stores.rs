//! A store that is down, slow or read-only: sign-ins answer 503 and not 401, recover by themselves, and an upgrade that cannot
//! be written fails no sign-in.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

use rehash::pool::PoolConfig;
use std::ops::ControlFlow;

use rehash::store::sqlite::Sqlite;
use rehash::store::{
    Bulk, BulkOptions, Created, Day, Edits, Found, Linked, MethodCount, NewUser, Store, StoreError, StoreErrorKind,
    StoreInfo, Swap, TaggedText, User, Users,
};
use rehash::{Replacement, StoredHash};
use serde_json::json;

use crate::client::{CHEAP, Server, config};

/// What the store does to every call.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Mode {
    Works,
    Down,
    Slow,
    ReadOnly,
    WriteFails,
    Panics,
}

const MODES: [Mode; 6] = [Mode::Works, Mode::Down, Mode::Slow, Mode::ReadOnly, Mode::WriteFails, Mode::Panics];

/// A real store behind a switch. The user `broken` has a row that does not parse, and `large` one that takes 256 MiB.
pub(crate) struct Switched {
    inner: Sqlite,
    mode: AtomicU8,
}

impl Switched {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { inner: Sqlite::in_memory().expect("a store"), mode: AtomicU8::new(0) })
    }

    pub(crate) fn set(&self, mode: Mode) {
        let number = MODES.iter().position(|each| *each == mode).expect("one of them");
        self.mode.store(number as u8, Ordering::SeqCst);
    }

    fn check(&self, writes: bool) -> Result<(), StoreError> {
        let error = |kind| Err(StoreError::new(kind, "as it was told"));
        match MODES[usize::from(self.mode.load(Ordering::SeqCst))] {
            Mode::Works => Ok(()),
            Mode::Down => error(StoreErrorKind::Unreachable),
            Mode::Slow => {
                std::thread::sleep(Duration::from_millis(1500));
                Ok(())
            }
            Mode::ReadOnly if writes => error(StoreErrorKind::ReadOnly),
            Mode::WriteFails if writes => error(StoreErrorKind::Full),
            Mode::Panics => panic!("as it was told"),
            Mode::ReadOnly | Mode::WriteFails => Ok(()),
        }
    }
}

impl Store for Switched {
    type Id = i64;

    fn find(&self, identifier: &str) -> Result<Option<Found<i64>>, StoreError> {
        self.check(false)?;
        if identifier == "broken" {
            let password = Some(TaggedText { method: "md5".to_owned(), text: "zz".to_owned() });
            return Ok(Some(Found::new(i64::MAX, password)));
        }
        if identifier == "large" {
            let text =
                "$argon2id$v=19$m=262144,t=2,p=1$FBMjI4RJBhIykCgol1KEJA$2ky5GAdhT1kH4kIgPN/oERE3Taiy43vNN70a3HpiKQU";
            let password = Some(TaggedText { method: "argon2id".to_owned(), text: text.to_owned() });
            return Ok(Some(Found::new(i64::MAX, password)));
        }
        // As a store that knows nothing of spellings.
        Ok(self.inner.find(identifier)?.map(|found| Found::new(found.id, found.password)))
    }

    fn replace(&self, id: &i64, replacement: &Replacement) -> Result<Swap, StoreError> {
        self.check(true)?;
        self.inner.replace(id, replacement)
    }
}

impl Edits for Switched {}

impl Users for Switched {
    fn spelt(&self, identifier: &str) -> String {
        identifier.to_lowercase()
    }

    fn user(&self, id: i64) -> Result<Option<User>, StoreError> {
        self.check(false)?;
        self.inner.user(id)
    }

    fn create(&self, new: &NewUser<'_>) -> Result<Created, StoreError> {
        self.check(true)?;
        self.inner.create(new)
    }

    fn link_identity(&self, id: i64, provider: &str, identity: &str) -> Result<Linked, StoreError> {
        self.check(true)?;
        self.inner.link_identity(id, provider, identity)
    }

    fn change_password(&self, id: i64, expected: Option<&TaggedText>, hash: &StoredHash) -> Result<Swap, StoreError> {
        self.check(true)?;
        self.inner.change_password(id, expected, hash)
    }

    fn counts(&self) -> Result<Vec<MethodCount>, StoreError> {
        self.check(false)?;
        self.inner.counts()
    }

    fn days(&self) -> Result<Vec<Day>, StoreError> {
        self.inner.days()
    }

    fn recount(&self) -> Result<(), StoreError> {
        self.inner.recount()
    }

    fn bulk(&self, options: BulkOptions) -> Result<Box<dyn Bulk + '_>, StoreError> {
        self.inner.bulk(options)
    }

    fn export(&self, each: &mut dyn FnMut(&User) -> ControlFlow<()>) -> Result<(), StoreError> {
        self.inner.export(each)
    }

    fn info(&self) -> Result<StoreInfo, StoreError> {
        self.check(false)?;
        self.inner.info()
    }
}

pub(crate) fn pool() -> PoolConfig {
    PoolConfig { workers: 2, memory_kib: 1024, queue_len: 64 }
}

#[test]
fn a_store_that_is_down_is_no_wrong_password() {
    let store = Switched::new();
    let mut quick = config();
    quick.store_timeout = Duration::from_millis(300);
    let server = Server::over(Arc::clone(&store) as Arc<dyn Users>, pool(), CHEAP, quick);
    server.create(&json!({"username": "ada", "password": "right"}));
    for mode in [Mode::Down, Mode::Slow, Mode::Panics] {
        store.set(mode);
        for (name, password) in [("ada", "right"), ("ada", "wrong"), ("nobody", "x")] {
            let answer = server.sign_in(name, password);
            // A panic takes its time on a busy machine, and is then a call that did not answer.
            let may_be_fault = mode == Mode::Panics;
            assert!(answer.status == 503 || may_be_fault && answer.status == 500, "{}", answer.body);
            assert_eq!(answer.header("retry-after").is_some(), answer.status == 503);
        }
        assert!([500, 503].contains(&server.get("/readyz").status));
        let start = Instant::now();
        assert_eq!(server.get("/healthz").status, 200);
        assert!(start.elapsed() < Duration::from_secs(1), "health does not ask the store");
        store.set(Mode::Works);
        // Calls that took too long still hold their places for a moment.
        std::thread::sleep(Duration::from_millis(if mode == Mode::Slow { 1600 } else { 0 }));
        assert_eq!((server.sign_in("ada", "right").status, server.get("/readyz").status), (200, 200), "it recovers");
    }
}

#[test]
fn an_upgrade_that_cannot_be_written_fails_no_sign_in() {
    let store = Switched::new();
    let server = Server::over(Arc::clone(&store) as Arc<dyn Users>, pool(), CHEAP, config());
    server.create(&json!({"username": "ada", "passwordEncrypted": "5f4dcc3b5aa765d61d8327deb882cf99", "passwordEncryptionMethod": "md5"}));
    for (mode, result) in [(Mode::ReadOnly, "read_only"), (Mode::WriteFails, "write_failed")] {
        store.set(mode);
        let answer = server.sign_in("ada", "password");
        assert_eq!((answer.status, &answer.json()["upgraded"]), (200, &json!(false)));
        assert!(server.metrics().contains(&format!("rehash_upgrades_total{{result=\"{result}\"}} 1")));
        let change = json!({"identifier": "ada", "password": "password", "newPassword": "new"});
        assert_eq!(
            server.post("/v1/password", &change).status,
            503,
            "a change that is not written is not told as done"
        );
    }
    store.set(Mode::Works);
    assert_eq!(server.sign_in("ada", "password").json()["upgraded"], true);
}

#[test]
fn a_row_that_does_not_parse_is_one_refusal_and_a_log_line() {
    let server = Server::over(Switched::new(), pool(), CHEAP, config());
    let (broken, unknown) = (server.sign_in("broken", "x"), server.sign_in("nobody", "x"));
    assert_eq!((broken.status, broken.body), (401, unknown.body));
    assert!(server.log.lock().expect("whole").iter().any(|line| line.contains("broken_row")));
}

#[test]
fn a_store_that_is_too_slow_for_sign_ins_is_not_ready_and_holds_up_no_metrics() {
    let store = Switched::new();
    let mut measured = config();
    measured.floor = rehash::serve::FloorMode::Measured;
    measured.counts_age = Duration::ZERO;
    let server = Server::over(Arc::clone(&store) as Arc<dyn Users>, pool(), CHEAP, measured);
    server.create(&json!({"username": "ada", "password": "right"}));
    assert_eq!((server.sign_in("ada", "right").status, server.get("/readyz").status), (200, 200));
    store.set(Mode::Slow);
    let ready = server.get("/readyz");
    assert_eq!((ready.status, &ready.json()["code"]), (503, &json!("store_unavailable")));
    assert!(ready.time < Duration::from_millis(1200), "{:?}", ready.time);
    assert_eq!(server.sign_in("ada", "right").status, 503);
    let metrics = server.admin("GET", "/metrics", &serde_json::Value::Null);
    assert!(metrics.time < Duration::from_millis(1200), "{:?}", metrics.time);
    let age = metrics.body.lines().find_map(|line| line.strip_prefix("rehash_records_age_seconds ")?.parse().ok());
    assert!(age > Some(0.0), "{}", metrics.body);
    assert!(metrics.body.contains("rehash_records{method=\"argon2id\"} 1"), "{}", metrics.body);
}

/// A file whose lock for writing somebody else has.
struct Held(rusqlite::Connection);

impl Held {
    fn new(path: &std::path::Path) -> Self {
        let file = rusqlite::Connection::open(path).expect("opened");
        file.busy_timeout(Duration::from_secs(10)).expect("set");
        Self(file)
    }

    fn during<T>(&self, work: impl FnOnce() -> T) -> T {
        self.0.execute_batch("BEGIN IMMEDIATE").expect("locked");
        let done = work();
        self.0.execute_batch("ROLLBACK").expect("let go");
        done
    }
}

#[test]
fn while_nobody_can_write_those_who_only_read_go_on_and_what_was_refused_is_not_done() {
    const PATIENCE: Duration = Duration::from_millis(1500);
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("users.db");
    let mut options = rehash::store::OpenOptions::default().creates(true).shared(true);
    (options.statement_timeout, options.acquire_timeout) = (PATIENCE, PATIENCE);
    let store = Arc::new(Sqlite::open_with(&path, &options).expect("a store"));
    let mut config = config();
    config.store_timeout = PATIENCE;
    config.failures_per_identifier = 0;
    let server = Server::over(store, PoolConfig { workers: 2, memory_kib: 1024, queue_len: 64 }, CHEAP, config);
    for number in 0..16 {
        let digest = "5f4dcc3b5aa765d61d8327deb882cf99";
        server
            .create(&json!({"username": format!("old{number}"), "passwordDigest": digest, "passwordAlgorithm": "MD5"}));
    }
    server.create(&json!({"username": "bob", "password": "password"}));
    server.create(&json!({"username": "eve", "password": "old"}));
    let held = Held::new(&path);

    // Upgrades that cannot be written keep nobody else from the store, and fail no sign-in.
    held.during(|| {
        std::thread::scope(|scope| {
            let (server, legacy) = (&server, |number: usize| format!("old{number}"));
            let upgrading: Vec<_> =
                (0..16).map(|number| scope.spawn(move || server.sign_in(&legacy(number), "password"))).collect();
            std::thread::sleep(Duration::from_millis(300));
            for _ in 0..5 {
                let answer = server.sign_in("bob", "password");
                assert!(
                    answer.status == 200 && answer.time < Duration::from_secs(1),
                    "{} {:?}",
                    answer.body,
                    answer.time
                );
            }
            for answer in upgrading {
                let answer = answer.join().expect("no panic");
                assert!(
                    (answer.status, answer.time < 2 * PATIENCE) == (200, true),
                    "{} {:?}",
                    answer.body,
                    answer.time
                );
                assert_eq!(answer.json()["upgraded"], false);
            }
        });
    });

    // One write that waits behind another: whoever is told that nothing was done can rely on it.
    let change = json!({"identifier": "eve", "password": "old", "newPassword": "new"});
    let (created, changed) = held.during(|| {
        std::thread::scope(|scope| {
            let server = &server;
            let create =
                scope.spawn(|| server.admin("POST", "/api/users", &json!({"username": "late", "password": "x1"})));
            std::thread::sleep(Duration::from_millis(300));
            let change = scope.spawn(|| server.post("/v1/password", &change));
            (create.join().expect("no panic").status, change.join().expect("no panic").status)
        })
    });
    assert_eq!((created, changed), (503, 503));
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!((server.sign_in("eve", "old").status, server.sign_in("eve", "new").status), (200, 401));
    assert_eq!(server.sign_in("late", "x1").status, 401);
    assert_eq!(server.post("/v1/password", &change).status, 204);
    assert_eq!(server.sign_in("eve", "new").status, 200);
}
