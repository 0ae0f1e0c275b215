//! Sign-ins and password changes: one answer for every refusal, and the newest password always wins.

use rehash::pool::PoolConfig;
use rehash::store::{Created, NewUser};
use rehash::{Limits, Method, StoredHash};
use serde_json::json;

use crate::client::{CHEAP, Server, config, sqlite};

#[test]
fn every_refusal_has_the_same_status_headers_and_body() {
    let server = Server::start(config());
    server.create(&json!({"username": "md5", "passwordEncrypted": "5f4dcc3b5aa765d61d8327deb882cf99", "passwordEncryptionMethod": "md5"}));
    server.create(&json!({"username": "bcrypt", "passwordEncrypted": "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"}));
    server.create(&json!({"username": "social"}));
    let refusals = [
        server.sign_in("md5", "wrong"),
        server.sign_in("bcrypt", "wrong"),
        server.sign_in("social", "wrong"),
        server.sign_in("nobody", "wrong"),
        server.sign_in("", ""),
        server.sign_in("md5", &"x".repeat(5000)),
        server.sign_in("md5", "\u{0}"),
    ];
    let strip = |head: &str| -> Vec<String> {
        head.lines()
            .filter(|line| !line.starts_with("x-request-id") && !line.starts_with("date"))
            .map(str::to_owned)
            .collect()
    };
    for refusal in &refusals {
        assert_eq!(
            (refusal.status, strip(&refusal.head), &refusal.body),
            (401, strip(&refusals[0].head), &refusals[0].body)
        );
    }
    assert_eq!(refusals[0].json()["code"], "invalid_credentials");
}

#[test]
fn a_hash_that_takes_more_memory_than_there_is_costs_what_an_unknown_user_does_and_is_counted() {
    let store = sqlite();
    let text = "$argon2id$v=19$m=4096,t=1,p=1$c2FsdHNhbHRzYWx0c2FsdA$Zyt0MmR2nyLVNI8bB5LEM7QXOx9nfMlnaa2RJ6TfmWE";
    let large = StoredHash::parse(Method::Argon2id, text, &Limits::default()).expect("a hash");
    // As an import writes it, which knows nothing of the service's memory.
    let user = NewUser { username: Some("large"), password: Some(&large), ..NewUser::default() };
    assert!(matches!(store.create(&user), Ok(Created::New(_))));
    let server = Server::over(store, PoolConfig { workers: 2, memory_kib: 1024, queue_len: 64 }, CHEAP, config());
    let count = |name: &str| {
        let metrics = server.metrics();
        let line = metrics.lines().find_map(|line| line.strip_prefix(name)).unwrap_or("0");
        line.trim().parse::<u64>().expect("a number")
    };
    // A job is counted a moment after it is answered.
    let completes = |expected: u64| {
        let is_so = || count("rehash_pool_completed_total") == expected;
        (0..400).any(|_| {
            is_so() || {
                std::thread::sleep(std::time::Duration::from_millis(5));
                false
            }
        })
    };
    std::thread::sleep(std::time::Duration::from_millis(300));
    let before = count("rehash_pool_completed_total");
    let unknown = server.sign_in("nobody", "wrong");
    assert!(completes(before + 1), "the decoy");
    let refused = server.sign_in("large", "wrong");
    assert_eq!((refused.status, &refused.body), (unknown.status, &unknown.body));
    assert!(completes(before + 2), "the decoy again");
    assert_eq!(count("rehash_sign_ins_total{outcome=\"unverifiable\",method=\"argon2id\"}"), 1, "{}", server.metrics());
    let log = server.log.lock().expect("whole").join("\n");
    assert!(log.contains("\"outcome\":\"unverifiable\"") && log.contains("KiB"), "{log}");
}

#[test]
fn an_identifier_that_is_guessed_at_is_refused_with_the_same_answer() {
    let mut throttled = config();
    throttled.failures_per_identifier = 3;
    let server = Server::start(throttled);
    for name in ["ada", "bob"] {
        server.create(&json!({"username": name, "password": "right"}));
    }
    let wrong = server.sign_in("ada", "wrong");
    (0..2).for_each(|_| drop(server.sign_in("ada", "wrong")));
    let locked = server.sign_in("ada", "right");
    assert_eq!((locked.status, locked.body), (401, wrong.body));
    assert_eq!(server.sign_in("bob", "right").status, 200);
    assert!(server.log.lock().expect("whole").iter().any(|line| line.contains("\"outcome\":\"locked\"")));
    // A good sign-in forgives what was mistyped before.
    for _ in 0..4 {
        (0..2).for_each(|_| assert_eq!(server.sign_in("bob", "wrong").status, 401));
        assert_eq!(server.sign_in("bob", "right").status, 200);
    }
}

#[test]
fn all_spellings_are_counted_together_and_forgiven_where_they_are_one_users() {
    for in_store in [false, true] {
        let mut throttled = config();
        throttled.failures_per_identifier = 3;
        throttled.throttle_in_store = in_store;
        let server = Server::start(throttled);
        for name in ["Ada", "victim", "VICTIM"] {
            // From elsewhere, where two could be called alike: of `right`.
            let md5 = "7c4f29407893c334a6cb7a87bf045c0d";
            server.create(&json!({"username": name, "passwordEncrypted": md5, "passwordEncryptionMethod": "md5"}));
        }
        // She is the only one: however she writes it, it is she.
        for _ in 0..3 {
            for name in ["ADA", "ada"] {
                assert_eq!(server.sign_in(name, "wrong").status, 401);
            }
            assert_eq!(server.sign_in("aDa", "right").status, 200);
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        for name in ["victim", "Victim", "viCtim"] {
            assert_eq!(server.sign_in(name, "wrong").status, 401);
            let is_locked = name == "viCtim";
            assert_eq!(server.sign_in("VICTIM", "right").status, if is_locked { 401 } else { 200 });
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        assert_eq!(server.sign_in("victim", "right").status, 401, "it is locked");
        assert_eq!(server.sign_in("ada", "right").status, 200);
        // Letters that are not ASCII's are not folded: these are two, and the mistakes of each are their own.
        for name in ["ünal", "Ünal"] {
            server.create(&json!({"username": name, "password": "right"}));
        }
        for _ in 0..4 {
            assert_eq!(server.sign_in("ünal", "wrong").status, 401);
            assert_eq!(server.sign_in("ünal", "right").status, 200, "forgiven");
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        (0..3).for_each(|_| assert_eq!(server.sign_in("Ünal", "wrong").status, 401));
        std::thread::sleep(std::time::Duration::from_millis(50));
        assert_eq!(server.sign_in("Ünal", "right").status, 401, "it is locked");
        assert_eq!(server.sign_in("ünal", "right").status, 200);
        assert_eq!(server.sign_in("Ünal", "right").status, 401, "and by nobody else forgiven");
    }
}

/// A store of somebody's own, which does not say whether others are called alike.
#[test]
fn where_others_may_be_called_alike_nothing_is_forgiven() {
    let mut throttled = config();
    throttled.failures_per_identifier = 3;
    let server = Server::over(crate::stores::Switched::new(), crate::stores::pool(), CHEAP, throttled);
    server.create(&json!({"username": "victim", "password": "right"}));
    for name in ["victim", "Victim", "viCtim"] {
        assert_eq!(server.sign_in(name, "wrong").status, 401);
        assert_eq!(server.sign_in("VICTIM", "right").status, if name == "viCtim" { 401 } else { 200 });
    }
}

#[test]
fn right_sign_ins_at_once_are_not_refused_and_wrong_ones_do_not_slip_through() {
    for in_store in [false, true] {
        let mut throttled = config();
        throttled.throttle_in_store = in_store;
        let target = rehash::Argon2Target::OWASP_19_MIB;
        let pool = PoolConfig { workers: 2, memory_kib: 2 * target.memory_kib, queue_len: 64 };
        let server = Server::over(crate::client::sqlite(), pool, target, throttled);
        server.create(&json!({"username": "ada", "password": "right"}));
        let at_once = |name: &'static str, password: &'static str| {
            std::thread::scope(|scope| {
                let all: Vec<_> = (0..30).map(|_| scope.spawn(|| server.sign_in(name, password))).collect();
                all.into_iter().map(|one| one.join().expect("no panic")).collect::<Vec<_>>()
            })
        };
        for answer in at_once("ada", "right") {
            assert!([200, 429, 503].contains(&answer.status), "{}", answer.body);
            assert_eq!(answer.header("retry-after").is_some(), answer.status != 200);
        }
        let verified = |outcome: &str| {
            let log = server.log.lock().expect("whole");
            log.iter().filter(|line| line.contains(&format!("\"outcome\":\"{outcome}\""))).count()
        };
        assert!(verified("accepted") > 10, "those that waited were let in");
        // Whoever is there and whoever is not: ten are verified, and the others are told as much.
        for (name, outcome) in [("ada", "wrong_password"), ("nobody", "unknown_user")] {
            let answers = at_once(name, "wrong");
            assert!(answers.iter().all(|answer| [401, 429, 503].contains(&answer.status)));
            assert_eq!(verified(outcome), 10);
            assert_eq!(server.sign_in(name, "right").status, 401);
        }
    }
}

#[test]
fn a_guess_whose_client_went_away_counts() {
    let mut throttled = config();
    throttled.failures_per_identifier = 2;
    throttled.floor = rehash::serve::FloorMode::Fixed(std::time::Duration::from_millis(400));
    let server = Server::start(throttled);
    server.create(&json!({"username": "ada", "password": "right"}));
    let body = json!({"identifier": "ada", "password": "wrong"}).to_string();
    for _ in 0..2 {
        let mut stream = server.connect();
        let head = "POST /v1/sign-in HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
        let text = format!("{head}Content-Length: {}\r\n\r\n{body}", body.len());
        std::io::Write::write_all(&mut stream, text.as_bytes()).expect("written");
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    assert_eq!(server.sign_in("ada", "right").status, 401);
}

#[test]
fn instances_that_share_a_store_count_guesses_together() {
    let store = crate::client::sqlite();
    let start = || {
        let mut throttled = config();
        throttled.failures_per_identifier = 4;
        throttled.throttle_in_store = true;
        Server::over(std::sync::Arc::clone(&store), crate::stores::pool(), CHEAP, throttled)
    };
    let servers = [start(), start()];
    servers[0].create(&json!({"username": "ada", "password": "right"}));
    // Good ones in between forgive, wherever they are made.
    for number in 0..6 {
        assert_eq!(servers[number % 2].sign_in("ada", "wrong").status, 401);
        assert_eq!(servers[1 - number % 2].sign_in("ada", "right").status, 200, "after {number}");
        // Forgiven beside the answer.
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let wrong = servers[0].sign_in("ada", "wrong");
    (1..4).for_each(|number| drop(servers[number % 2].sign_in("ada", "wrong")));
    for server in &servers {
        let locked = server.sign_in("ada", "right");
        assert_eq!((locked.status, &locked.body), (401, &wrong.body));
    }
}

#[test]
fn an_address_that_guesses_is_refused_and_a_proxy_can_name_it() {
    let mut throttled = config();
    throttled.failures_per_address = 5;
    throttled.address_header = Some("x-forwarded-for".to_owned());
    let server = Server::start(throttled);
    server.create(&json!({"username": "ada", "password": "right"}));
    let from = |address: &str, name: &str, password: &str| {
        let body = json!({"identifier": name, "password": password}).to_string();
        let headers = [("Content-Type", "application/json"), ("X-Forwarded-For", address)];
        server.request("POST", "/v1/sign-in", &headers, body.as_bytes()).status
    };
    for number in 0..5 {
        assert_eq!(from("203.0.113.9, 198.51.100.7", &format!("user{number}"), "x"), 401);
    }
    assert_eq!(from("192.0.2.1, 198.51.100.7", "ada", "right"), 401, "the last address is the one that counts");
    assert_eq!(from("198.51.100.8", "ada", "right"), 200);
    // However the proxy writes it.
    for number in 0..5 {
        assert_eq!(from(&format!("192.0.2.1, [2001:db8::1]:{}", 1000 + number), &format!("user{number}"), "x"), 401);
    }
    assert_eq!(from("2001:db8::1", "ada", "right"), 401);
    // What cannot be read is counted against the proxy itself, and so is what is not there.
    for (number, address) in ["unknown", "", "198.51.100.9, ", "1.2.3", "\u{e9}"].into_iter().enumerate() {
        assert_eq!(from(address, &format!("user{number}"), "x"), 401);
    }
    assert_eq!(server.sign_in("ada", "right").status, 401);
    assert_eq!(from("198.51.100.8", "ada", "right"), 200);
}

#[test]
fn who_waits_too_long_for_others_is_told_to_come_back() {
    let store = crate::stores::Switched::new();
    let mut throttled = config();
    throttled.failures_per_identifier = 1;
    throttled.queue_timeout = std::time::Duration::from_millis(200);
    let server = Server::over(std::sync::Arc::clone(&store) as _, crate::stores::pool(), CHEAP, throttled);
    store.set(crate::stores::Mode::Slow);
    std::thread::scope(|scope| {
        let first = scope.spawn(|| server.sign_in("nobody", "x").status);
        std::thread::sleep(std::time::Duration::from_millis(300));
        let second = server.sign_in("nobody", "x");
        assert_eq!((second.status, second.header("retry-after")), (429, Some("1")));
        assert!([401, 503].contains(&first.join().expect("no panic")));
    });
    let metrics = server.metrics();
    assert!(metrics.contains("rehash_sign_ins_total{outcome=\"throttled\",method=\"none\"} 1"), "{metrics}");
}

#[test]
fn a_changed_password_is_the_only_one_that_signs_in() {
    let server = Server::start(config());
    server.create(&json!({"username": "ada", "passwordEncrypted": "5f4dcc3b5aa765d61d8327deb882cf99", "passwordEncryptionMethod": "md5"}));
    let change = |old: &str, new: &str| {
        server.post("/v1/password", &json!({"identifier": "ada", "password": old, "newPassword": new}))
    };
    assert_eq!(change("wrong", "new").status, 401);
    assert_eq!(change("password", "").status, 422);
    assert_eq!(change("password", &"x".repeat(4097)).status, 422);
    assert_eq!(change("password", "new").status, 204);
    assert_eq!((server.sign_in("ada", "password").status, server.sign_in("ada", "new").status), (401, 200));
    assert_eq!(change("password", "newer").status, 401);
    assert_eq!(change("new", "newer").status, 204);
    assert_eq!((server.sign_in("ada", "new").status, server.sign_in("ada", "newer").status), (401, 200));
}

/// Sign-ins that upgrade and changes of the password race; whatever the order, the newest password verifies and no other.
#[test]
fn changes_and_upgrades_at_once_lose_no_change() {
    let server = Server::start(config());
    for round in 0..12 {
        let name = format!("user{round}");
        server.create(&json!({"username": name, "passwordEncrypted": "5f4dcc3b5aa765d61d8327deb882cf99", "passwordEncryptionMethod": "md5"}));
        let body = json!({"identifier": name, "password": "password", "newPassword": "changed"});
        let changed = std::thread::scope(|scope| {
            let sign_ins: Vec<_> = (0..4).map(|_| scope.spawn(|| server.sign_in(&name, "password").status)).collect();
            let changes: Vec<_> = (0..2).map(|_| scope.spawn(|| server.post("/v1/password", &body).status)).collect();
            for sign_in in sign_ins {
                assert!([200, 401].contains(&sign_in.join().expect("no panic")));
            }
            changes.into_iter().map(|change| change.join().expect("no panic")).collect::<Vec<_>>()
        });
        assert!(changed.contains(&204), "{changed:?}");
        assert_eq!(server.sign_in(&name, "changed").status, 200);
        assert_eq!(server.sign_in(&name, "password").status, 401);
    }
}

#[test]
fn a_proxy_whose_visitors_are_one_address_is_told_of_once() {
    let told = |header: Option<&str>| {
        let mut throttled = config();
        throttled.failures_per_address = 3;
        throttled.address_header = header.map(str::to_owned);
        let server = Server::start(throttled);
        (0..8).for_each(|number| drop(server.sign_in(&format!("nobody{number}"), "wrong")));
        let log = server.log.lock().expect("whole");
        log.iter().filter(|line| line.contains("local_address_locked")).count()
    };
    assert_eq!((told(None), told(Some("x-forwarded-for"))), (1, 0));
}
