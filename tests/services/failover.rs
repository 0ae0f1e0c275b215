//! A primary that dies under sign-ins, and a standby that takes its place: the service says 503 meanwhile and never 401, comes
//! back by itself, and what it acknowledged is there. The servers are the tests' own; see `cluster.rs`.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rehash::store::{NewUser, OnConflict, open};
use serde_json::{Value, json};

use crate::cluster::Cluster;
use crate::stores::{OF_PASSWORD, bulk, creating, md5};

const USERS: usize = 60;
/// Users from here on have their passwords changed meanwhile.
const CHANGED: usize = 40;
/// How soon after a server takes writes the service answers as before.
const RECOVERS_WITHIN: Duration = Duration::from_secs(3);

/// `rehash serve`, ended when this is dropped.
struct Service {
    process: Child,
    address: SocketAddr,
}

impl Service {
    fn start(store: &str) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_rehash"))
            .args([
                "serve",
                "--store",
                store,
                "--listen",
                "127.0.0.1:0",
                "--no-floor",
                "--quiet",
                "--metrics-without-token",
            ])
            .args(["--max-failures", "0", "--max-address-failures", "0", "--memory", "64KiB", "--passes", "1"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        let mut line = String::new();
        BufReader::new(process.stdout.take().expect("piped")).read_line(&mut line).expect("a line");
        let address = line.trim().strip_prefix("listening on http://").unwrap_or_else(|| panic!("{line:?}"));
        Self { address: address.parse().expect("an address"), process }
    }

    fn ask(&self, method: &str, path: &str, body: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(self.address).expect("the service itself is there");
        stream.set_read_timeout(Some(Duration::from_secs(60))).expect("set");
        let head = "Host: x\r\nConnection: close\r\nContent-Type: application/json";
        let request = format!("{method} {path} HTTP/1.1\r\n{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        stream.write_all(request.as_bytes()).expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        (status, answer.split_once("\r\n\r\n").map_or("", |(_, body)| body).to_owned())
    }

    fn sign_in(&self, user: usize, password: &str) -> (u16, bool) {
        let body = json!({"identifier": format!("user{user}"), "password": password}).to_string();
        let (status, answer) = self.ask("POST", "/v1/sign-in", &body);
        let answer: Value = serde_json::from_str(&answer).unwrap_or_default();
        (status, answer["upgraded"] == json!(true))
    }

    fn change(&self, user: usize, from: &str, to: &str) -> u16 {
        let body = json!({"identifier": format!("user{user}"), "password": from, "newPassword": to}).to_string();
        self.ask("POST", "/v1/password", &body).0
    }

    fn is_ready(&self) -> bool {
        self.ask("GET", "/readyz", "").0 == 200
    }

    fn metric(&self, line: &str) -> u64 {
        let metrics = self.ask("GET", "/metrics", "").1;
        let value = metrics.lines().find_map(|sample| sample.strip_prefix(line)?.trim().parse().ok());
        value.unwrap_or(0)
    }

    /// How long it takes until it is ready and lets somebody in.
    fn recovers(&self) -> Duration {
        let start = Instant::now();
        while !(self.is_ready() && self.sign_in(0, "password").0 == 200) {
            assert!(start.elapsed() < Duration::from_secs(60), "it does not come back");
            std::thread::sleep(Duration::from_millis(20));
        }
        start.elapsed()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What visitors were told.
#[derive(Default)]
struct Told {
    is_over: AtomicBool,
    accepted: AtomicU64,
    unavailable: AtomicU64,
    upgraded: Mutex<Vec<usize>>,
    /// Of each user from [`CHANGED`] on: the newest password that was acknowledged, and whether the next one may be there.
    changed: Mutex<Vec<(usize, bool)>>,
}

fn password(number: usize) -> String {
    if number == 0 { "password".to_owned() } else { format!("password {number}") }
}

impl Told {
    /// Signs in with passwords that are right.
    fn visit(&self, service: &Service, part: usize) {
        for turn in 0.. {
            if self.is_over.load(Ordering::Relaxed) {
                return;
            }
            let user = (part + 3 * turn) % CHANGED;
            match service.sign_in(user, "password") {
                (200, is_upgraded) => {
                    self.accepted.fetch_add(1, Ordering::Relaxed);
                    if is_upgraded {
                        self.upgraded.lock().expect("whole").push(user);
                    }
                }
                (503, _) => drop(self.unavailable.fetch_add(1, Ordering::Relaxed)),
                (other, _) => panic!("the right password was answered {other}"),
            }
            // So that some have not been upgraded when the primary dies.
            std::thread::sleep(Duration::from_millis(40));
        }
    }

    /// Changes passwords, until a change is not acknowledged.
    fn change(&self, service: &Service) {
        for turn in 0.. {
            let user = turn % (USERS - CHANGED);
            let (newest, is_open) = self.changed.lock().expect("whole")[user];
            if is_open || self.is_over.load(Ordering::Relaxed) {
                return;
            }
            self.changed.lock().expect("whole")[user].1 = true;
            match service.change(CHANGED + user, &password(newest), &password(newest + 1)) {
                204 => self.changed.lock().expect("whole")[user] = (newest + 1, false),
                503 => {}
                other => panic!("a change was answered {other}"),
            }
        }
    }
}

/// A primary with users, and a standby that it waits for.
fn servers() -> Option<(Cluster, Cluster)> {
    let primary = Cluster::primary()?;
    let store = open(&primary.url(""), &creating()).expect("a store");
    let hash = md5(OF_PASSWORD);
    let names: Vec<String> = (0..USERS).map(|number| format!("user{number}")).collect();
    let user = |name| NewUser { username: Some(name), password: Some(&hash), ..NewUser::default() };
    bulk(&*store, OnConflict::Skip, &names.iter().map(|name| user(name.as_str())).collect::<Vec<_>>());
    let standby = primary.standby()?;
    // From now on what is acknowledged is on both.
    primary.run("ALTER SYSTEM SET synchronous_standby_names = '*'");
    primary.run("SELECT pg_reload_conf()");
    let waits = "SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'";
    let waits = (0..400).any(|_| {
        std::thread::sleep(Duration::from_millis(50));
        primary.run(waits) == 1
    });
    assert!(waits, "nobody follows");
    Some((primary, standby))
}

#[test]
fn a_standby_takes_over_and_nothing_that_was_acknowledged_is_lost() {
    let Some((primary, standby)) = servers() else { return };
    let both = format!(
        "postgres://postgres@127.0.0.1:{},127.0.0.1:{}/postgres?target_session_attrs=read-write",
        primary.port, standby.port
    );
    let (service, reader) = (Service::start(&both), Service::start(&standby.url("")));
    // At the standby alone everybody gets in, and upgrades are left out and counted.
    assert_eq!(reader.sign_in(0, "password"), (200, false));
    assert_eq!(reader.sign_in(0, "wrong").0, 401);
    assert_eq!(reader.metric("rehash_upgrades_total{result=\"read_only\"}"), 1);
    assert_eq!(reader.change(0, "password", "other"), 503, "what is not written is not told as done");
    assert!(service.is_ready() && reader.is_ready());

    let told = Told { changed: Mutex::new(vec![(0, false); USERS - CHANGED]), ..Told::default() };
    let mut recovered = Duration::ZERO;
    std::thread::scope(|scope| {
        for part in 0..3 {
            let (told, service) = (&told, &service);
            scope.spawn(move || told.visit(service, part));
        }
        scope.spawn(|| told.change(&service));
        std::thread::sleep(Duration::from_millis(400));
        primary.kill();
        std::thread::sleep(Duration::from_millis(1000));
        assert!(!service.is_ready());
        assert_eq!(reader.sign_in(1, "password").0, 200, "who may read signs in all the time");
        standby.promote();
        recovered = service.recovers();
        std::thread::sleep(Duration::from_millis(500));
        told.is_over.store(true, Ordering::Relaxed);
    });
    let (accepted, unavailable) = (told.accepted.into_inner(), told.unavailable.into_inner());
    println!("{accepted} signed in, {unavailable} told 503; back {} ms after the promotion", recovered.as_millis());
    assert!(unavailable > 0 && recovered < RECOVERS_WITHIN);

    let store = open(&standby.url(""), &creating()).expect("the store");
    let upgraded = told.upgraded.into_inner().expect("whole");
    for user in &upgraded {
        let found = store.find(&format!("user{user}")).expect("readable").expect("there");
        assert_eq!(found.password.expect("a hash").method, "argon2id", "the upgrade of user {user} is lost");
    }
    let changed = told.changed.into_inner().expect("whole");
    for (user, (newest, is_open)) in changed.iter().enumerate() {
        let signs_in = |number: usize| service.sign_in(CHANGED + user, &password(number)).0;
        let is_newest = signs_in(*newest) == 200;
        assert!(is_newest || *is_open && signs_in(newest + 1) == 200, "user {user}: change {newest} is lost");
        assert!(*newest == 0 || signs_in(newest - 1) == 401, "user {user}: a password is back that was changed");
    }
    assert!(upgraded.len() > 5 && changed.iter().any(|(newest, _)| *newest > 0), "hardly anything happened");
    assert_eq!(reader.change(0, "password", "other"), 204, "what was a standby is written to");
}

#[test]
fn one_server_that_dies_and_comes_back_is_found_again() {
    let Some(server) = Cluster::primary() else { return };
    let store = open(&server.url(""), &creating()).expect("a store");
    let hash = md5(OF_PASSWORD);
    let user = NewUser { username: Some("user0"), password: Some(&hash), ..NewUser::default() };
    bulk(&*store, OnConflict::Skip, &[user]);
    let service = Service::start(&server.url(""));
    assert_eq!(service.sign_in(0, "password"), (200, true));
    server.kill();
    for password in ["password", "wrong"] {
        assert_eq!(service.sign_in(0, password).0, 503);
    }
    assert!(!service.is_ready());
    server.start();
    let recovered = service.recovers();
    println!("back {} ms after the server", recovered.as_millis());
    assert!(recovered < RECOVERS_WITHIN);
    assert_eq!(service.sign_in(0, "wrong").0, 401);
}
