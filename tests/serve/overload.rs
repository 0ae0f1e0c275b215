//! Far more sign-ins than can be hashed: most are told at once to come back, memory stays what was promised, and health answers.
//! `REHASH_TEST_CLIENTS` sets how many at once.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rehash::Argon2Target;
use rehash::pool::PoolConfig;
use serde_json::json;

use crate::client::{Server, config, sqlite};

fn clients() -> usize {
    std::env::var("REHASH_TEST_CLIENTS").ok().and_then(|count| count.parse().ok()).unwrap_or(100)
}

#[test]
fn a_storm_is_shed_within_the_promised_memory() {
    let target = Argon2Target::OWASP_19_MIB;
    let pool = PoolConfig { workers: 2, memory_kib: 2 * target.memory_kib, queue_len: 8 };
    let server = Server::over(sqlite(), pool, target, config());
    server.create(&json!({"username": "ada", "password": "right"}));
    let is_over = AtomicBool::new(false);
    let (accepted, refused, shed) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
    let (shed_time, health_time) = (AtomicU64::new(0), AtomicU64::new(0));
    let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
    std::thread::scope(|scope| {
        let storm: Vec<_> = (0..clients())
            .map(|number| {
                let (server, accepted, refused, shed, shed_time) = (&server, &accepted, &refused, &shed, &shed_time);
                scope.spawn(move || {
                    for round in 0..3 {
                        let name = if (number + round) % 2 == 0 { "ada" } else { "nobody" };
                        let answer = server.sign_in(name, "right");
                        match answer.status {
                            200 => accepted.fetch_add(1, Ordering::Relaxed),
                            401 => refused.fetch_add(1, Ordering::Relaxed),
                            503 => {
                                assert_eq!(answer.header("retry-after"), Some("1"));
                                assert_eq!(answer.json()["code"], "overloaded");
                                shed_time.fetch_max(micros(answer.time), Ordering::Relaxed);
                                shed.fetch_add(1, Ordering::Relaxed)
                            }
                            status => panic!("{status}: {}", answer.body),
                        };
                    }
                })
            })
            .collect();
        let health = scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                let start = Instant::now();
                assert_eq!(server.get("/healthz").status, 200);
                health_time.fetch_max(micros(start.elapsed()), Ordering::Relaxed);
                std::thread::sleep(Duration::from_millis(10));
            }
        });
        let ended: Vec<_> = storm.into_iter().map(std::thread::ScopedJoinHandle::join).collect();
        is_over.store(true, Ordering::Relaxed);
        health.join().expect("no panic");
        ended.into_iter().for_each(|client| client.expect("no panic"));
    });
    let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    let gauges = server.service.pool().gauges();
    println!(
        "{} clients: {} accepted, {} refused, {} shed; slowest shed {} µs, slowest health {} µs; memory {} KiB at most",
        clients(),
        count(&accepted),
        count(&refused),
        count(&shed),
        count(&shed_time),
        count(&health_time),
        gauges.memory_kib_peak,
    );
    assert_eq!(count(&accepted) + count(&refused) + count(&shed), 3 * clients() as u64);
    assert!(count(&accepted) > 0 && count(&shed) > 0);
    assert!(gauges.memory_kib_peak <= 2 * target.memory_kib);
    let metrics = server.metrics();
    let turned_away = metrics.lines().find_map(|line| line.strip_prefix("rehash_turned_away_total ")?.parse().ok());
    // The others had a place, and no turn in time.
    assert_eq!(turned_away.unwrap_or(0) + gauges.overloaded + gauges.expired, count(&shed));
    assert_eq!(server.sign_in("ada", "right").status, 200, "and it goes on");
}

#[test]
fn dear_hashes_that_others_bring_shut_out_no_sign_in() {
    let mut measured = config();
    measured.floor = rehash::serve::FloorMode::Measured;
    let server = Server::over(sqlite(), crate::stores::pool(), crate::client::CHEAP, measured);
    server.create(&json!({"username": "ada", "password": "right"}));
    assert_eq!(server.sign_in("ada", "right").status, 200);
    let hash = format!("pbkdf2_sha256$4000000$abcdefgh${}=", "A".repeat(43));
    let dear = json!({"passwordEncrypted": hash, "passwordEncryptionMethod": "django", "password": "x"});
    let is_over = AtomicBool::new(false);
    let sign_ins = std::thread::scope(|scope| {
        let all: Vec<_> = (0..4).map(|_| scope.spawn(|| server.post("/v1/verify", &dear))).collect();
        let sign_ins = scope.spawn(|| {
            let mut statuses = Vec::new();
            while !is_over.load(Ordering::Relaxed) {
                statuses.push(server.sign_in("ada", "right").status);
                std::thread::sleep(Duration::from_millis(50));
            }
            // What was learned of them is gone as well.
            statuses.extend((0..5).map(|_| server.sign_in("ada", "right").status));
            statuses
        });
        for answer in all {
            assert!([200, 503].contains(&answer.join().expect("no panic").status));
        }
        is_over.store(true, Ordering::Relaxed);
        sign_ins.join().expect("no panic")
    });
    // On a machine that does other things meanwhile one may come too late; without a share of their own, all did.
    let shed = sign_ins.iter().filter(|status| **status != 200).count();
    assert!(sign_ins.len() > 8 && 10 * shed <= sign_ins.len(), "{sign_ins:?}");
}

#[test]
fn guesses_at_once_tell_no_dear_hash_from_nobody() {
    let mut measured = config();
    measured.floor = rehash::serve::FloorMode::Measured;
    let server = Server::over(sqlite(), crate::stores::pool(), crate::client::CHEAP, measured);
    let hash = format!("pbkdf2_sha256$1200000$abcdefgh${}=", "A".repeat(43));
    let rounds = 4;
    for number in 0..rounds {
        let dear = json!({"username": format!("dear{number}"), "passwordEncrypted": hash, "passwordEncryptionMethod": "django"});
        server.create(&dear);
    }
    // The floor learns what a row takes from the first guess at one.
    assert_eq!(server.sign_in("dear0", "wrong").status, 401);
    let guess = |name: &str| {
        let mut statuses: Vec<_> = std::thread::scope(|scope| {
            let all: Vec<_> = (0..8).map(|_| scope.spawn(|| server.sign_in(name, "wrong").status)).collect();
            all.into_iter().map(|guess| guess.join().expect("no panic")).collect()
        });
        statuses.sort_unstable();
        statuses
    };
    let told = |number: &u32| {
        let (dear, nobody) = (guess(&format!("dear{number}")), guess(&format!("nobody{number}")));
        println!("{dear:?} {nobody:?}");
        dear.contains(&503) && !nobody.contains(&503)
    };
    // On a machine that does other things meanwhile some may be told to come back; of all dear ones, some were.
    assert!((0..rounds).filter(told).count() <= 2);
}

#[test]
fn as_many_are_let_in_as_are_said_to_wait() {
    let target = Argon2Target::OWASP_19_MIB;
    let pool = PoolConfig { workers: 2, memory_kib: 2 * target.memory_kib, queue_len: 32 };
    let mut measured = config();
    measured.floor = rehash::serve::FloorMode::Measured;
    let server = Server::over(sqlite(), pool, target, measured);
    for number in 0..120 {
        server
            .create(&json!({"username": format!("u{number}"), "passwordEncrypted": "5f4dcc3b5aa765d61d8327deb882cf99",
            "passwordEncryptionMethod": "md5"}));
    }
    // On a machine that does other things meanwhile, jobs take longer than of late.
    let bursts: Vec<_> = (0..3)
        .map(|burst| {
            let at_once = server.service.waiting_places() + 2;
            std::thread::scope(|scope| {
                let sign_in = |number| server.sign_in(&format!("u{}", 40 * burst + number), "password").status;
                let all: Vec<_> = (0..at_once).map(|number| scope.spawn(move || sign_in(number))).collect();
                let statuses = all.into_iter().map(|one| one.join().expect("no panic"));
                (at_once, statuses.filter(|status| *status != 200).count())
            })
        })
        .collect();
    assert!(bursts.iter().any(|(at_once, shed)| (10..=34).contains(at_once) && *shed == 0), "{bursts:?}");
}

#[test]
fn a_floor_below_the_dearest_hash_is_told_of_and_turns_nobody_away() {
    let mut low = config();
    low.floor = rehash::serve::FloorMode::Fixed(Duration::from_millis(40));
    let server = Server::over(sqlite(), crate::stores::pool(), crate::client::CHEAP, low);
    let warnings = || {
        let log = server.log.lock().expect("whole");
        log.iter().filter(|line| line.contains("\"event\":\"floor_too_low\"")).cloned().collect::<Vec<_>>()
    };
    assert!(warnings().is_empty());
    let dear = "$2b$12$FxDtpTNaL303lLcWtd6LFO2U6Gc63VJ07qycHcfqbQQ71GhO/qSzu";
    for name in ["ada", "bob", "carol"] {
        server.create(&json!({"username": name, "passwordEncrypted": dear}));
    }
    let statuses = std::thread::scope(|scope| {
        let all = ["ada", "bob", "carol"].map(|name| scope.spawn(|| server.sign_in(name, "wrong").status));
        all.map(|one| one.join().expect("no panic"))
    });
    assert_eq!(statuses, [401, 401, 401]);
    let said = warnings();
    assert_eq!(said.len(), 1, "{said:?}");
    let line: serde_json::Value = serde_json::from_str(&said[0]).expect("JSON");
    assert!(line["floor_ms"] == 40 && line["dearest_ms"].as_u64() > Some(40));
    // The hash that is measured here takes so little that what else the machine does can make of bcrypt's time more than any floor.
    assert!(line["needed_ms"].as_u64() > line["dearest_ms"].as_u64() || line["needed_ms"] == 10_000, "{line}");
}

#[test]
fn who_waits_for_the_floor_leaves_connections_to_others() {
    let mut few = config();
    few.connections_max = 16;
    few.requests_per_address = 4;
    few.address_header = Some("x-forwarded-for".to_owned());
    few.floor = rehash::serve::FloorMode::Fixed(Duration::from_secs(3));
    let server = Server::start(few);
    let from = |address: &str| {
        // Of more guesses at one than may be wrong, those that are too many wait.
        let body = json!({"identifier": format!("nobody at {address}"), "password": "x"}).to_string();
        let headers = [("Content-Type", "application/json"), ("X-Forwarded-For", address)];
        server.request("POST", "/v1/sign-in", &headers, body.as_bytes())
    };
    let healthy = || {
        let answer = server.get("/healthz");
        assert!(answer.status == 200 && answer.time < Duration::from_secs(1), "{:?}", answer.time);
    };
    std::thread::scope(|scope| {
        let mut waiting: Vec<_> = (0..4).map(|_| scope.spawn(|| from("192.0.2.1").status)).collect();
        std::thread::sleep(Duration::from_millis(300));
        let more = from("192.0.2.1");
        assert_eq!((more.status, more.header("retry-after")), (429, Some("1")));
        assert!(more.time < Duration::from_secs(1), "{:?}", more.time);
        for (address, requests) in [("192.0.2.2", 4), ("192.0.2.3", 4), ("192.0.2.5", 3)] {
            waiting.extend((0..requests).map(|_| scope.spawn(move || from(address).status)));
        }
        std::thread::sleep(Duration::from_millis(300));
        let more = from("192.0.2.4");
        assert_eq!((more.status, more.json()["code"].as_str()), (503, Some("overloaded")));
        assert!(more.time < Duration::from_secs(1), "{:?}", more.time);
        // Whatever asks the store waits for a seat, also where nothing but the head is asked for.
        for path in ["/readyz", "/api/users/1"] {
            assert_eq!(server.request("HEAD", path, &[], b"").status, 503, "{path}");
        }
        (0..5).for_each(|_| healthy());
        assert!(waiting.into_iter().all(|one| one.join().expect("no panic") == 401));
    });
}

/// Nobody accepts them, as for a moment in a storm: one who does not fit sends the first packet again after a second.
#[tokio::test]
async fn many_connections_wait_to_be_accepted() {
    let allowed =
        std::fs::read_to_string("/proc/sys/net/core/somaxconn").ok().and_then(|text| text.trim().parse().ok());
    let many = allowed.map_or(100, |allowed: usize| (allowed / 2).min(600));
    let listener = rehash::serve::bind(([127, 0, 0, 1], 0).into()).expect("a port");
    let address = listener.local_addr().expect("bound");
    let wait = std::time::Duration::from_millis(900);
    let waiting: Vec<_> = (0..many).map(|_| std::net::TcpStream::connect_timeout(&address, wait)).collect();
    assert!(waiting.iter().all(Result::is_ok), "{} of {many} wait", waiting.iter().filter(|one| one.is_ok()).count());
}
