//! Two instances of the command on one store: sign-ins, password changes and imports at once, one instance killed without
//! warning and started anew. Every operation is written down with the times between which it happened, and a checker holds
//! the history against what one table with one password for each user could have answered. `REHASH_TEST_INSTANCES_SECONDS`
//! is how long it goes on.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, RwLock};
use std::time::{Duration, Instant};

use md5::{Digest as _, Md5};
use serde_json::{Value, json};

use crate::client::{TOKEN, post};

const USERS: usize = 12;

/// One instance, as a process.
struct Instance {
    process: Child,
    address: SocketAddr,
}

impl Instance {
    fn start(url: &str, token: &Path) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_rehash"))
            .args(["serve", "--store", url, "--listen", "127.0.0.1:0", "--no-floor", "--quiet"])
            .args(["--max-failures", "0", "--max-address-failures", "0", "--api-rate", "0"])
            .args(["--memory", "64KiB", "--passes", "1", "--admin-token-file"])
            .arg(token)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        let mut line = String::new();
        BufReader::new(process.stdout.take().expect("piped")).read_line(&mut line).expect("a line");
        let address = line.trim().strip_prefix("listening on http://").unwrap_or_else(|| panic!("{line:?}"));
        Self { address: address.parse().expect("an address"), process }
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What was asked about one user, and between which moments it was answered.
#[derive(Clone, Copy, Debug)]
struct Event {
    begun: Instant,
    /// `None`: the instance died over it, and it may have been done or not.
    ended: Option<Instant>,
    what: What,
}

#[derive(Clone, Copy, Debug)]
enum What {
    /// The user's password became this one.
    Changed { to: usize },
    /// A sign-in with this password.
    SignIn { with: usize, is_accepted: bool, is_upgraded: bool },
}

/// The password after so many changes.
fn password(number: usize) -> String {
    if number == 0 { "password".to_owned() } else { format!("password {number}") }
}

struct Trial {
    instances: [RwLock<Option<Instance>>; 2],
    histories: Vec<Mutex<Vec<Event>>>,
    /// What each user's password was last known to become.
    newest: Vec<AtomicUsize>,
    /// When the change was begun whose instance died over it, and which had come to nothing when it was looked at: a server that waits for
    /// a lock or its disk may finish it later, unless another change came before.
    pending: Vec<Mutex<Option<Instant>>>,
    is_over: AtomicBool,
}

/// Goes on for a while, and then checks all of it.
pub(crate) fn history(url: &str) {
    let seconds = std::env::var("REHASH_TEST_INSTANCES_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(3);
    let directory = tempfile::tempdir().expect("a directory");
    let (token, table) = (directory.path().join("token"), directory.path().join("users.ndjson"));
    std::fs::write(&token, TOKEN).expect("written");
    let prefix = format!("u{}", std::process::id());
    // Of the same password under ever another salt: an import that replaces makes another hash of what nobody has touched, and would
    // bring back the first password of who has changed theirs.
    let import_anew = |round: usize| {
        let salt = format!("{round:08x}");
        let hash = hex(&Md5::digest(format!("{}{salt}", password(0))));
        let line = |user| {
            let name = format!("{prefix}-{user}");
            json!({ "username": name, "passwordDigest": hash, "passwordAlgorithm": "md5($p.$s)", "passwordSalt": salt })
        };
        let lines: String = (0..USERS).map(|user| line(user).to_string() + "\n").collect();
        std::fs::write(&table, lines).expect("written");
        import(url, &table)
    };
    import_anew(0);
    let trial = Trial {
        instances: [0, 1].map(|_| RwLock::new(Some(Instance::start(url, &token)))),
        histories: (0..USERS).map(|_| Mutex::default()).collect(),
        newest: (0..USERS).map(|_| AtomicUsize::new(0)).collect(),
        pending: (0..USERS).map(|_| Mutex::default()).collect(),
        is_over: AtomicBool::new(false),
    };
    let (trial, prefix) = (&trial, &prefix);
    std::thread::scope(|scope| {
        for part in 0..3 {
            scope.spawn(move || trial.change_passwords(prefix, part));
        }
        for seed in 0..4 {
            scope.spawn(move || trial.sign_in(prefix, seed));
        }
        scope.spawn(|| {
            for round in 1.. {
                if trial.is_over.load(Ordering::Relaxed) {
                    break;
                }
                import_anew(round);
                std::thread::sleep(Duration::from_millis(200));
            }
        });
        for _ in 0..seconds {
            std::thread::sleep(Duration::from_millis(500));
            // SIGKILL: nothing is finished, and nobody is told.
            drop(trial.instances[0].write().expect("whole").take());
            std::thread::sleep(Duration::from_millis(200));
            *trial.instances[0].write().expect("whole") = Some(Instance::start(url, &token));
            std::thread::sleep(Duration::from_millis(300));
        }
        trial.is_over.store(true, Ordering::Relaxed);
    });
    let (mut events, mut changes) = (0, 0);
    for user in 0..USERS {
        trial.came_late(prefix, user);
        let newest = trial.newest[user].load(Ordering::Relaxed);
        for number in 0..=newest {
            let (status, _) = trial.ask(number % 2, "/v1/sign-in", &sign_in(prefix, user, number)).expect("an answer");
            assert_eq!(status, if number == newest { 200 } else { 401 }, "user {user}, password {number} of {newest}");
        }
        let history = trial.histories[user].lock().expect("whole");
        check(user, &history);
        (events, changes) = (events + history.len(), changes + newest);
    }
    // An upgrade that an instance wrote and died over before it was told is in the audit all the same.
    let store = rehash::store::open(url, &rehash::store::OpenOptions::default()).expect("a store");
    for user in 0..USERS {
        let id = store.find(&format!("{prefix}-{user}")).expect("readable").expect("there").id;
        let told = store.audit(Some(id), 100_000).expect("answered");
        let of = |event: &str| told.iter().filter(|entry| entry.event == event).count();
        assert!(of("upgrade") <= 1, "user {user}: upgraded {} times", of("upgrade"));
        assert_eq!(of("change"), trial.newest[user].load(Ordering::Relaxed), "user {user}: each change once");
    }
    println!("{events} operations, of them {changes} changes of password, on {USERS} users");
    assert!(events > USERS && changes > USERS, "hardly anything happened");
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn sign_in(prefix: &str, user: usize, number: usize) -> Value {
    json!({ "identifier": format!("{prefix}-{user}"), "password": password(number) })
}

fn import(url: &str, table: &Path) {
    let output = Command::new(env!("CARGO_BIN_EXE_rehash"))
        .args(["import", "--store", url, "--json", "--on-conflict", "replace-legacy"])
        .arg(table)
        .output()
        .expect("it runs");
    assert!(
        output.status.success(),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

impl Trial {
    /// The status and the answer; `None` where the instance is not there, or dies over it.
    fn ask(&self, instance: usize, path: &str, body: &Value) -> Option<(u16, Value)> {
        // The lock is not held meanwhile: it must be possible to kill what is asked.
        let address = self.instances[instance].read().expect("whole").as_ref()?.address;
        post(address, path, body)
    }

    fn note(&self, user: usize, begun: Instant, ended: Option<Instant>, what: What) {
        self.histories[user].lock().expect("whole").push(Event { begun, ended, what });
    }

    /// Changes the passwords of every third user, each after the other.
    fn change_passwords(&self, prefix: &str, part: usize) {
        let mut turn = part;
        while !self.is_over.load(Ordering::Relaxed) {
            turn += 1;
            for user in (part..USERS).step_by(3) {
                self.change_password(prefix, user, turn % 2);
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn change_password(&self, prefix: &str, user: usize, instance: usize) {
        let from = self.newest[user].load(Ordering::Relaxed);
        let mut body = sign_in(prefix, user, from);
        body["newPassword"] = json!(password(from + 1));
        let begun = Instant::now();
        let status = self.ask(instance, "/v1/password", &body).map(|(status, _)| status);
        match status {
            Some(204) => self.changed(user, from + 1, begun, Some(Instant::now())),
            // Upgrades came in between, again and again.
            Some(409 | 503) => {}
            Some(401) if self.came_late(prefix, user) => {}
            Some(other) => panic!("user {user}: a change from {from} was answered {other}"),
            None => self.find_out(prefix, user, from, begun),
        }
    }

    /// Whether a change that an instance died over has been made after all.
    fn came_late(&self, prefix: &str, user: usize) -> bool {
        let from = self.newest[user].load(Ordering::Relaxed);
        let pending = *self.pending[user].lock().expect("whole");
        let Some(begun) = pending else { return false };
        self.find_out(prefix, user, from, begun);
        self.newest[user].load(Ordering::Relaxed) > from
    }

    fn changed(&self, user: usize, to: usize, begun: Instant, ended: Option<Instant>) {
        self.note(user, begun, ended, What::Changed { to });
        self.newest[user].store(to, Ordering::Relaxed);
        // One that is still on its way finds another hash than the one it is to replace.
        *self.pending[user].lock().expect("whole") = None;
    }

    /// The instance died: either password is right, and the other one is not. The other instance knows which.
    fn find_out(&self, prefix: &str, user: usize, from: usize, begun: Instant) {
        let accepts = |number: usize| loop {
            match self.ask(1, "/v1/sign-in", &sign_in(prefix, user, number)) {
                Some((200, _)) => return true,
                Some((401, _)) => return false,
                _ => std::thread::sleep(Duration::from_millis(20)),
            }
        };
        // What the dead instance had begun is done or undone by the store a moment later.
        std::thread::sleep(Duration::from_millis(100));
        let (old, new) = (accepts(from), accepts(from + 1));
        // It may have been made in between.
        let old = old && (!new || accepts(from));
        assert!(old != new, "user {user}: after a change that was cut off, {from} is {old} and the next one is {new}");
        if new {
            self.changed(user, from + 1, begun, Some(Instant::now()));
        } else {
            *self.pending[user].lock().expect("whole") = Some(begun);
        }
    }

    /// Signs in with passwords that are right, were right, or are about to be.
    fn sign_in(&self, prefix: &str, seed: usize) {
        let mut turn = seed;
        while !self.is_over.load(Ordering::Relaxed) {
            turn += 1;
            let user = (turn * 7 + seed * 5) % USERS;
            let with = (self.newest[user].load(Ordering::Relaxed) + turn % 3).saturating_sub(1);
            let begun = Instant::now();
            let Some((status, answer)) = self.ask(turn % 2, "/v1/sign-in", &sign_in(prefix, user, with)) else {
                continue;
            };
            let is_upgraded = answer["upgraded"] == json!(true);
            match status {
                200 | 401 => {
                    let what = What::SignIn { with, is_accepted: status == 200, is_upgraded };
                    self.note(user, begun, Some(Instant::now()), what);
                }
                503 => {}
                other => panic!("user {user}: a sign-in was answered {other}"),
            }
        }
    }
}

/// Whether one table with one password could have answered so.
fn check(user: usize, history: &[Event]) {
    let change = |number: usize| {
        history.iter().find(|event| matches!(event.what, What::Changed { to } if to == number)).copied()
    };
    let mut upgrades = 0;
    for event in history {
        let What::SignIn { with, is_accepted, is_upgraded } = event.what else { continue };
        let ended = event.ended.expect("an answer");
        let (before, after) = (change(with), change(with + 1));
        // It can have been the password at some moment of the sign-in, and at some moment it can have been another.
        let has_begun = with == 0 || before.is_some_and(|change| change.begun <= ended);
        let is_past = after.is_some_and(|change| change.ended.is_some_and(|end| end < event.begun));
        let has_surely_begun =
            with == 0 || before.is_some_and(|change| change.ended.is_some_and(|end| end < event.begun));
        let is_surely_not_past = after.is_none_or(|change| change.begun > ended);
        if is_accepted {
            assert!(has_begun && !is_past, "user {user}: an accepted password was not the user's: {event:?}");
        } else {
            assert!(
                !(has_surely_begun && is_surely_not_past),
                "user {user}: the right password was refused: {event:?}"
            );
        }
        upgrades += usize::from(is_upgraded);
    }
    assert!(upgrades <= 1, "user {user}: upgraded {upgrades} times");
}

#[test]
fn two_instances_on_one_file_lose_no_change() {
    let directory = tempfile::tempdir().expect("a directory");
    history(&format!("sqlite:{}", directory.path().join("users.db").display()));
}

#[test]
fn two_instances_on_one_server_lose_no_change() {
    let Ok(server) = std::env::var("REHASH_TEST_POSTGRES") else {
        eprintln!("skipped: REHASH_TEST_POSTGRES is not set");
        return;
    };
    let url = format!("{server}?schema=rehash_instances_{}", std::process::id());
    history(&url);
    drop_schema(&server, &format!("rehash_instances_{}", std::process::id()));
}

pub(crate) fn drop_schema(server: &str, name: &str) {
    execute(server, &format!("DROP SCHEMA {name} CASCADE"));
}

fn execute(server: &str, statement: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let (client, connection) = tokio_postgres::connect(server, tokio_postgres::NoTls).await.expect("a server");
        tokio::spawn(connection);
        client.batch_execute(statement).await.expect("done");
    });
}

/// What an instance had begun when it was killed is under way for nobody after a while.
fn guesses_of_the_dead_are_over(url: &str, later: impl Fn()) {
    use rehash::store::{Guessed, OpenOptions, Subject, open};
    let store = open(url, &OpenOptions::default().creates(true)).expect("a store");
    let mut throttled = crate::client::config();
    throttled.throttle_in_store = true;
    throttled.failures_per_identifier = 3;
    throttled.queue_timeout = Duration::from_millis(200);
    let ada = Subject { name: "identifier ada", limit: 3, is_forgiven: true };
    let begun =
        || (0..3).all(|_| store.begin_guess(&[ada], Duration::from_secs(900)).expect("counted") == Guessed::Taken);
    assert!(begun());
    let server = crate::client::Server::over(
        std::sync::Arc::clone(&store) as _,
        crate::stores::pool(),
        crate::client::CHEAP,
        throttled,
    );
    server.create(&json!({"username": "ada", "password": "right"}));
    assert_eq!(server.sign_in("ada", "right").status, 429, "it may be that all of them are wrong");
    later();
    assert_eq!(server.sign_in("ada", "right").status, 200);
    // Its end is written beside the answer.
    std::thread::sleep(Duration::from_millis(200));
    assert!(begun(), "and nothing of them is left");
}

/// Sets back when the last guess began, by so many seconds.
const LATER: &str = "UPDATE {s}guesses SET pending = pending - (31 << 24) WHERE pending <> 0";

#[test]
fn guesses_that_a_dead_instance_began_in_a_file_are_over() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("users.db");
    guesses_of_the_dead_are_over(&format!("sqlite:{}", path.display()), || {
        let file = rusqlite::Connection::open(&path).expect("a file");
        file.execute(&LATER.replace("{s}", ""), []).expect("set back");
    });
}

#[test]
fn guesses_that_a_dead_instance_began_at_a_server_are_over() {
    let Ok(server) = std::env::var("REHASH_TEST_POSTGRES") else {
        eprintln!("skipped: REHASH_TEST_POSTGRES is not set");
        return;
    };
    let schema = format!("rehash_guesses_{}", std::process::id());
    guesses_of_the_dead_are_over(&format!("{server}?schema={schema}"), || {
        execute(&server, &LATER.replace("{s}", &format!("{schema}.")));
    });
    drop_schema(&server, &schema);
}
