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
        storm.into_iter().for_each(|client| client.join().expect("no panic"));
        is_over.store(true, Ordering::Relaxed);
        health.join().expect("no panic");
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
    let metrics = server.get("/metrics").body;
    let turned_away = metrics.lines().find_map(|line| line.strip_prefix("rehash_turned_away_total ")?.parse().ok());
    // The others had a place, and no turn in time.
    assert_eq!(turned_away.unwrap_or(0) + gauges.overloaded + gauges.expired, count(&shed));
    assert_eq!(server.sign_in("ada", "right").status, 200, "and it goes on");
}
