//! Tables of the embedder's own, in a file and on a server: sign-ins, password changes, and nothing else of a user's.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rehash::pool::PoolConfig;
use rehash::serve::Table;
use rehash::store::{
    Found, Mapped, MappedId, Mapping, MethodCount, OpenOptions, Store, StoreError, StoreErrorKind, Swap, UNREADABLE,
};
use rehash::{Engine, Replacement};
use serde_json::json;

use crate::client::{CHEAP, Server, config, engine};

/// MD5 of `Xk3correct horse`.
const SALTED: &str = "774d85b2f39d963f57060df7f239dd1d";

/// A database with a table in it, and how it is asked.
struct Own {
    url: String,
    table: String,
    _file: Option<tempfile::TempDir>,
    is_on_server: bool,
}

impl Own {
    fn in_file() -> Self {
        let file = tempfile::tempdir().expect("a directory");
        let url = format!("sqlite:{}", file.path().join("own.db").display());
        Self { url, table: "accounts".to_owned(), _file: Some(file), is_on_server: false }.filled()
    }

    #[cfg(feature = "cli")]
    fn on_server() -> Option<Self> {
        let Ok(url) = std::env::var("REHASH_TEST_POSTGRES") else {
            eprintln!("skipped: REHASH_TEST_POSTGRES is not set");
            return None;
        };
        static NUMBER: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let table = format!("public.rehash_own_{}_{number}", std::process::id());
        Some(Self { url, table, _file: None, is_on_server: true }.filled())
    }

    /// Work with a table in a file, and with one on a server where there is one.
    fn each(work: impl Fn(&Self)) {
        work(&Self::in_file());
        #[cfg(feature = "cli")]
        if let Some(own) = Self::on_server() {
            work(&own);
        }
    }

    fn filled(self) -> Self {
        let table = &self.table;
        self.run(&format!(
            "CREATE TABLE {table} (id integer PRIMARY KEY, email text UNIQUE, pw text, salt text, deleted_at integer);
             INSERT INTO {table} VALUES (1, 'ada@example.com', '{SALTED}', 'Xk3', NULL),
                 (2, 'broken@example.com', 'zz', 'Xk3', NULL), (3, 'none@example.com', NULL, NULL, NULL),
                 (4, 'gone@example.com', '{SALTED}', 'Xk3', 1)"
        ));
        self
    }

    fn run(&self, sql: &str) {
        if self.is_on_server {
            #[cfg(feature = "cli")]
            postgres::Client::connect(&self.url, postgres::NoTls)
                .and_then(|mut client| client.batch_execute(sql))
                .expect("done");
        } else {
            rusqlite::Connection::open(&self.url["sqlite:".len()..])
                .and_then(|connection| connection.execute_batch(sql))
                .expect("done");
        }
    }

    fn pw(&self, id: u32) -> String {
        let sql = format!("SELECT pw FROM {} WHERE id = {id}", self.table);
        #[cfg(feature = "cli")]
        if self.is_on_server {
            let client = postgres::Client::connect(&self.url, postgres::NoTls);
            return client.and_then(|mut client| client.query_one(&sql, &[])).expect("a row").get(0);
        }
        let connection = rusqlite::Connection::open(&self.url["sqlite:".len()..]).expect("a file");
        connection.query_row(&sql, [], |row| row.get(0)).expect("a row")
    }

    fn open(&self, engine: &Engine) -> Mapped {
        let mapping = Mapping::new(&self.table, "id", "pw")
            .identifier("email")
            .salt_column("salt")
            .method_otherwise("md5_salted_prefix".parse().expect("a tag"))
            .only_where("deleted_at IS NULL");
        Mapped::open(&self.url, mapping, engine.policy(), &OpenOptions::default()).expect("it fits")
    }

    fn serve(&self) -> Server {
        let mut config = config();
        config.status_page = true;
        Server::over_table(Arc::new(self.open(&engine(CHEAP))), pool(), CHEAP, config)
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        if self.is_on_server {
            self.run(&format!("DROP TABLE {}", self.table));
        }
    }
}

fn pool() -> PoolConfig {
    PoolConfig { workers: 2, memory_kib: 1024, queue_len: 64 }
}

#[test]
fn a_row_is_signed_in_to_upgraded_and_given_another_password() {
    Own::each(|own| {
        let server = own.serve();
        let ada = "ada@example.com";
        assert_eq!(server.sign_in(ada, "wrong").status, 401);
        let first = server.sign_in(ada, "correct horse");
        assert_eq!((first.status, first.json()), (200, json!({"user": {"id": "1"}, "upgraded": true})));
        assert!(own.pw(1).starts_with("$argon2id$"), "{}", own.pw(1));
        let again = server.sign_in(ada, "correct horse");
        assert_eq!((again.status, again.json()["upgraded"].as_bool()), (200, Some(false)));

        let change = |old: &str| {
            let body = json!({"identifier": ada, "password": old, "newPassword": "battery staple"});
            server.post("/v1/password", &body).status
        };
        assert_eq!((change("wrong"), change("correct horse")), (401, 204));
        assert_eq!(
            (server.sign_in(ada, "correct horse").status, server.sign_in(ada, "battery staple").status),
            (401, 200)
        );
        // Of a hash that was never upgraded, too.
        own.run(&format!("UPDATE {} SET pw = '{SALTED}' WHERE id = 1", own.table));
        assert_eq!((change("correct horse"), server.sign_in(ada, "battery staple").status), (204, 200));
    });
}

#[test]
fn whoever_has_no_row_that_can_be_read_is_refused_as_everybody_is() {
    Own::each(|own| {
        let server = own.serve();
        let wrong = server.sign_in("ada@example.com", "wrong");
        for name in ["nobody", "", "none@example.com", "broken@example.com", "gone@example.com"] {
            let refused = server.sign_in(name, "correct horse");
            assert_eq!((refused.status, &refused.body), (401, &wrong.body), "{name}");
        }
        let log = server.log.lock().expect("whole").join("\n");
        for outcome in ["unknown_user", "no_password", "broken_row", "wrong_password"] {
            assert!(log.contains(&format!("\"outcome\":\"{outcome}\"")), "{outcome}: {log}");
        }
    });
}

#[test]
fn there_are_no_routes_for_users_of_whom_only_the_hash_is_known() {
    let own = Own::in_file();
    let server = own.serve();
    for (method, path) in [("POST", "/api/users"), ("GET", "/api/users?search.username=ada"), ("GET", "/api/users/1")] {
        assert_eq!(server.admin(method, path, &json!({"username": "eve"})).status, 404, "{method} {path}");
    }
    let described = server.get("/openapi.json").json();
    let paths: Vec<&String> = described["paths"].as_object().expect("paths").keys().collect();
    assert!(
        paths.iter().any(|path| *path == "/v1/sign-in") && !paths.iter().any(|path| path.starts_with("/api")),
        "{paths:?}"
    );
    assert_eq!((server.get("/readyz").status, server.get("/healthz").status), (200, 200));
    let metrics = server.metrics();
    for count in ["{method=\"md5_salted_prefix\"} 1", "{method=\"unreadable\"} 1"] {
        assert!(metrics.contains(&format!("rehash_records{count}")), "{count}: {metrics}");
    }
    let page = server.admin("GET", "/", &json!(null));
    assert!(page.status == 200 && page.body.contains("md5_salted_prefix"), "{}", page.body);
}

#[test]
fn every_row_is_counted_once_however_many_there_are() {
    Own::each(|own| {
        let rows: Vec<String> = (10..12_010).map(|id| format!("({id}, 'u{id}', '{SALTED}', 's', NULL)")).collect();
        own.run(&format!("INSERT INTO {} VALUES {}", own.table, rows.join(",")));
        let mut counts = own.open(&engine(CHEAP)).counts().expect("they are read");
        counts.sort_by(|one, other| one.method.cmp(&other.method));
        let counts: Vec<_> =
            counts.iter().map(|row| (row.method.as_str(), row.parameters.as_str(), row.records)).collect();
        assert_eq!(counts, [("", "", 1), ("md5_salted_prefix", "", 12_001), (UNREADABLE, "wrong_length", 1)]);
    });
}

#[test]
fn a_count_takes_no_connection_from_sign_ins() {
    let own = Own::in_file();
    let engine = engine(CHEAP);
    let mut options = OpenOptions::default();
    (options.connections, options.acquire_timeout) = (1, std::time::Duration::from_millis(1));
    let rows: Vec<String> = (10..120_010).map(|id| format!("({id}, 'u{id}', '{SALTED}', 's', NULL)")).collect();
    own.run(&format!("INSERT INTO {} VALUES {}", own.table, rows.join(",")));
    let mapping = Mapping::new(&own.table, "id", "pw").identifier("email").salt_column("salt");
    let mapping = mapping.method_otherwise("md5_salted_prefix".parse().expect("a tag"));
    let table = Mapped::open(&own.url, mapping, engine.policy(), &options).expect("it fits");
    let is_counted = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            table.counts().expect("they are read");
            is_counted.store(true, Ordering::SeqCst);
        });
        let mut found = 0;
        while !is_counted.load(Ordering::SeqCst) {
            found += u32::from(table.find("ada@example.com").expect("it is not waited for").is_some());
        }
        assert!(found > 10, "{found}");
    });
}

/// A table that is no [`Mapped`]: around one, with what comes in between.
struct Between {
    inner: Mapped,
    is_down: AtomicBool,
    /// Before the next swap.
    meanwhile: Box<dyn Fn() + Send + Sync>,
    is_changed_meanwhile: AtomicBool,
}

impl Store for Between {
    type Id = MappedId;

    fn find(&self, identifier: &str) -> Result<Option<Found<MappedId>>, StoreError> {
        if self.is_down.load(Ordering::SeqCst) {
            return Err(StoreError::new(StoreErrorKind::Unreachable, "as it was told"));
        }
        self.inner.find(identifier)
    }

    fn replace(&self, id: &MappedId, replacement: &Replacement) -> Result<Swap, StoreError> {
        if self.is_changed_meanwhile.swap(false, Ordering::SeqCst) {
            (self.meanwhile)();
        }
        self.inner.replace(id, replacement)
    }
}

impl Table for Between {
    fn counts(&self) -> Result<Vec<MethodCount>, StoreError> {
        self.inner.counts()
    }
}

#[test]
fn what_was_changed_meanwhile_stands_and_a_table_that_is_down_refuses_nobody() {
    let own = Arc::new(Own::in_file());
    // Of `battery staple`, as somebody else's program wrote it.
    let other = engine(CHEAP).hash(&rehash::Password::new("battery staple")).expect("hashed").text().to_owned();
    let (theirs, hash) = (Arc::clone(&own), other.clone());
    let table = Arc::new(Between {
        inner: own.open(&engine(CHEAP)),
        is_down: AtomicBool::new(false),
        meanwhile: Box::new(move || theirs.run(&format!("UPDATE accounts SET pw = '{hash}' WHERE id = 1"))),
        is_changed_meanwhile: AtomicBool::new(true),
    });
    let server = Server::over_table(Arc::clone(&table), pool(), CHEAP, config());
    let ada = "ada@example.com";
    let signed_in = server.sign_in(ada, "correct horse");
    assert_eq!((signed_in.status, signed_in.json()["upgraded"].as_bool()), (200, Some(false)));
    assert_eq!(own.pw(1), other, "their change stands");
    assert_eq!((server.sign_in(ada, "correct horse").status, server.sign_in(ada, "battery staple").status), (401, 200));

    // A change that another one comes before verifies the old password again, which is it no more.
    own.run(&format!("UPDATE accounts SET pw = '{SALTED}' WHERE id = 1"));
    table.is_changed_meanwhile.store(true, Ordering::SeqCst);
    let change = json!({"identifier": ada, "password": "correct horse", "newPassword": "third"});
    assert_eq!(server.post("/v1/password", &change).status, 401);
    assert_eq!(own.pw(1), other);

    table.is_down.store(true, Ordering::SeqCst);
    assert_eq!((server.sign_in(ada, "battery staple").status, server.get("/readyz").status), (503, 503));
    table.is_down.store(false, Ordering::SeqCst);
    assert_eq!((server.sign_in(ada, "battery staple").status, server.get("/readyz").status), (200, 200));
}
