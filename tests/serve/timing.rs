//! Whether the time of a refusal tells what is behind it. `REHASH_TEST_TIMING_N` sets the number of requests of each class, and
//! from a hundred on the statistics are asserted; `REHASH_TEST_TIMING_FLOOR=off` shows what leaks without the floor, and
//! `REHASH_TEST_TIMING_LOAD` adds so many clients that sign in meanwhile. `REHASH_TEST_TIMING_STREAMS` asks on so many connections
//! side by side, each in an order of its own, which a floor of a second makes worth while. The long form, without load and with it:
//!
//! ```sh
//! REHASH_TEST_TIMING_N=300 REHASH_TEST_TIMING_STREAMS=8 cargo test --release --test serve refusals_of_all -- --nocapture
//! REHASH_TEST_TIMING_LOAD=2 REHASH_TEST_TIMING_N=300 REHASH_TEST_TIMING_STREAMS=8 cargo test --release --test serve refusals_of_all -- --nocapture
//! ```
//!
//! Each takes twelve times N, divided by STREAMS, times the floor: seven minutes where that is a second.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use rehash::Argon2Target;
use rehash::pool::PoolConfig;
use rehash::serve::FloorMode;
use serde_json::json;

use crate::client::{Answer, Server, config};
use crate::stores::Switched;

/// Well-formed hashes of passwords that nobody tries.
const CLASSES: [(&str, &str); 6] = [
    ("md5", "5f4dcc3b5aa765d61d8327deb882cf99"),
    (
        "sha512crypt",
        "$6$72820166$U4DVzpcYxgw7MVVDGGvB2/H5lRistD5.Ah4upwENR5UtffLR4X4SxSzfREv8z6wVl0jRFX40/KnYVvK4829kD1",
    ),
    ("bcrypt10", "$2b$10$FxDtpTNaL303lLcWtd6LFO2U6Gc63VJ07qycHcfqbQQ71GhO/qSzu"),
    ("bcrypt12", "$2b$12$FxDtpTNaL303lLcWtd6LFO2U6Gc63VJ07qycHcfqbQQ71GhO/qSzu"),
    ("argon2old", "$argon2id$v=19$m=4096,t=3,p=1$FBMjI4RJBhIykCgol1KEJA$2ky5GAdhT1kH4kIgPN/oERE3Taiy43vNN70a3HpiKQU"),
    (
        "argon2current",
        "$argon2id$v=19$m=19456,t=2,p=1$FBMjI4RJBhIykCgol1KEJA$2ky5GAdhT1kH4kIgPN/oERE3Taiy43vNN70a3HpiKQU",
    ),
];

fn number(name: &str) -> Option<usize> {
    std::env::var(name).ok()?.parse().ok()
}

#[test]
fn refusals_of_all_kinds_take_the_same_time() {
    let n = number("REHASH_TEST_TIMING_N").unwrap_or(3);
    let has_floor = std::env::var("REHASH_TEST_TIMING_FLOOR").as_deref() != Ok("off");
    let load = number("REHASH_TEST_TIMING_LOAD").unwrap_or(0);
    let mut timed = config();
    timed.floor = if has_floor { FloorMode::Measured } else { FloorMode::Off };
    // Two classes are of one identifier; a third one is locked beforehand.
    let failures = 2 * n + 20;
    timed.failures_per_identifier = u32::try_from(failures).expect("a small number");
    let pool = PoolConfig { workers: 2, memory_kib: 128 * 1024, queue_len: 32 };
    let store = Switched::new();
    let server = Server::over(Arc::clone(&store) as _, pool, Argon2Target::OWASP_19_MIB, timed);
    for (name, hash) in CLASSES {
        let mut user = json!({"username": name, "passwordEncrypted": hash});
        if name == "md5" {
            user["passwordEncryptionMethod"] = json!("md5");
        }
        server.create(&user);
    }
    server.create(&json!({"username": "social"}));
    server.create(&json!({"username": "loader", "password": "right"}));
    server.create(&json!({"username": "locked", "password": "right"}));
    std::thread::scope(|scope| {
        for _ in 0..10 {
            scope.spawn(|| (0..=failures / 10).for_each(|_| drop(answered(&server, "locked", "wrong"))));
        }
    });
    assert_eq!(server.sign_in("locked", "right").status, 401);
    let oversized = "x".repeat(8000);
    let mut classes: Vec<(&str, &str, &str)> = CLASSES.iter().map(|(name, _)| (*name, *name, "wrong")).collect();
    classes.extend([
        ("unknown", "nobody", "wrong"),
        ("no password", "social", "wrong"),
        ("oversized", "md5", oversized.as_str()),
    ]);
    classes.extend([
        ("broken row", "broken", "wrong"),
        ("beyond the pool", "large", "wrong"),
        ("locked", "locked", "wrong"),
    ]);
    let mut times = BTreeMap::<&str, Vec<f64>>::new();
    let is_over = AtomicBool::new(false);
    // The first requests teach the floor what the dearest hash is.
    for (_, name, password) in &classes {
        server.sign_in(name, password);
    }
    let rounds = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..load {
            scope.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    server.sign_in("loader", "right");
                    std::thread::sleep(Duration::from_millis(20));
                }
            });
        }
        let ask = || {
            let mut own = Vec::new();
            loop {
                let round = rounds.fetch_add(1, Ordering::Relaxed);
                if round >= n {
                    return own;
                }
                for place in 0..classes.len() {
                    // In another order each time.
                    let (class, name, password) = classes[(place * 7 + round * 3) % classes.len()];
                    let answer = answered(&server, name, password);
                    assert_eq!(answer.status, 401, "{class}: {}", answer.body);
                    own.push((class, answer.time.as_secs_f64() * 1e3));
                }
            }
        };
        let streams: Vec<_> =
            (0..number("REHASH_TEST_TIMING_STREAMS").unwrap_or(1)).map(|_| scope.spawn(ask)).collect();
        for (class, time) in streams.into_iter().flat_map(|stream| stream.join().expect("no panic")) {
            times.entry(class).or_default().push(time);
        }
        is_over.store(true, Ordering::Relaxed);
    });
    report(&mut times, n, has_floor, server.service.floor());
}

/// What a sign-in is answered that is let in: who is told to come back does, also where others are at the same name.
fn answered(server: &Server, name: &str, password: &str) -> Answer {
    loop {
        let answer = server.sign_in(name, password);
        if ![429, 503].contains(&answer.status) {
            return answer;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn report(times: &mut BTreeMap<&str, Vec<f64>>, n: usize, has_floor: bool, floor: Duration) {
    times.values_mut().for_each(|times| times.sort_by(f64::total_cmp));
    let median = |times: &[f64]| times[times.len() / 2];
    println!("floor {} ms", floor.as_millis());
    for (class, times) in times.iter() {
        println!(
            "{class:<14} n={:<5} median {:8.2} ms, 1 % {:8.2}, 99 % {:8.2}",
            times.len(),
            median(times),
            times[times.len() / 100],
            times[times.len() * 99 / 100]
        );
        assert!(!has_floor || times[0] >= floor.as_secs_f64() * 1e3, "{class} was answered before the floor");
    }
    let names: Vec<_> = times.keys().copied().collect();
    let (mut worst, mut spread) = ((0.0, "", ""), 0.0f64);
    for (place, one) in names.iter().enumerate() {
        for other in &names[place + 1..] {
            let t = welch(&times[one], &times[other]).abs();
            if t > worst.0 {
                worst = (t, one, other);
            }
            let (a, b) = (median(&times[one]), median(&times[other]));
            spread = spread.max((a - b).abs() / a.min(b));
        }
    }
    println!(
        "the greatest |t| is {:.2} ({} and {}), medians differ by {:.2} %",
        worst.0,
        worst.1,
        worst.2,
        100.0 * spread
    );
    assert!(times.values().all(|times| times.len() == n));
    if n >= 100 && has_floor {
        assert!(worst.0 < 4.5, "{} and {} are told apart", worst.1, worst.2);
        assert!(spread < 0.02);
    }
}

fn welch(one: &[f64], other: &[f64]) -> f64 {
    let moments = |times: &[f64]| {
        let mean = times.iter().sum::<f64>() / times.len() as f64;
        let variance =
            times.iter().map(|time| (time - mean).powi(2)).sum::<f64>() / (times.len() as f64 - 1.0).max(1.0);
        (mean, variance / times.len() as f64)
    };
    let ((one, a), (other, b)) = (moments(one), moments(other));
    if a + b == 0.0 { 0.0 } else { (one - other) / (a + b).sqrt() }
}
