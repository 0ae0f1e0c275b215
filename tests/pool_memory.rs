//! What a pool promises about memory, measured on this process. Alone in its file, since what is measured is the process.
#![cfg(all(feature = "pool", target_os = "linux"))]
#![allow(clippy::panic, reason = "a test says what is wrong by it")]

use std::fs;
use std::sync::Arc;

use rehash::pool::{HashPool, Overloaded, PoolConfig};
use rehash::{Argon2Target, Denied, Engine, Limits, Method, Password, Policy, StoredHash, Upgrade};

const WORKERS: usize = 4;

fn status_kib(field: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("readable");
    let line = status.lines().find_map(|line| line.strip_prefix(field)).expect("a field");
    line.trim_start_matches(':').trim().trim_end_matches(" kB").parse().expect("a number")
}

/// Page faults of the process that needed no disk.
fn minor_faults() -> u64 {
    let stat = fs::read_to_string("/proc/self/stat").expect("readable");
    let (_, fields) = stat.rsplit_once(')').expect("a name");
    fields.split_ascii_whitespace().nth(7).expect("a field").parse().expect("a number")
}

#[test]
fn five_hundred_at_once_stay_within_the_promise_and_a_warm_sign_in_takes_no_page() {
    let target = Argon2Target::OWASP_19_MIB;
    let engine = Arc::new(Engine::new(Policy::builder(target).build().expect("within limits")).expect("entropy"));
    let memory_kib = WORKERS as u32 * target.memory_kib;
    let pool = HashPool::start(engine, PoolConfig { workers: WORKERS, memory_kib, queue_len: 60 }).expect("a pool");
    let baseline = status_kib("VmRSS");

    // Five hundred threads' worth of sign-ins at once: of unknown users, and of a user whose hash is weak.
    let stored =
        StoredHash::parse(Method::Md5, "5f4dcc3b5aa765d61d8327deb882cf99", &Limits::default()).expect("a hash");
    let (mut jobs, mut unknown, mut refused) = (Vec::new(), Vec::new(), 0);
    for number in 0..500 {
        let taken = if number % 2 == 0 {
            pool.verify(stored.clone(), Password::new("password"), None).map(|job| jobs.push(job))
        } else {
            pool.verify_unknown_user(Password::new("password"), None).map(|job| unknown.push(job))
        };
        match taken {
            Ok(()) => {}
            Err(Overloaded::QueueFull { .. }) => refused += 1,
            Err(error) => panic!("{error}"),
        }
    }
    assert!(refused > 0 && jobs.len() + unknown.len() + refused == 500);
    let mut current = None;
    for job in jobs {
        let accepted = job.wait().expect("computed").expect("right");
        let Upgrade::Ready(replacement) = accepted.upgrade else { panic!("md5 is weak") };
        current = Some(replacement.new_hash().clone());
    }
    unknown.into_iter().for_each(|job| assert_eq!(job.wait(), Ok(Denied::WrongPassword)));
    let peak = status_kib("VmHWM");
    let promise = baseline + u64::from(memory_kib) * 11 / 10;
    println!("peak RSS {peak} KiB, baseline {baseline} KiB, promise {promise} KiB, {refused} refused");
    assert!(peak <= promise, "{peak} > {promise}");
    assert!(pool.gauges().memory_kib_peak <= memory_kib);

    // All workers are warm.
    let current = current.expect("upgraded");
    let sign_ins = 40;
    let before = minor_faults();
    for _ in 0..sign_ins {
        let accepted = pool.verify(current.clone(), Password::new("password"), None).expect("room").wait();
        assert!(matches!(accepted.expect("computed").expect("right").upgrade, Upgrade::NotNeeded));
    }
    let faults = minor_faults() - before;
    println!("{faults} page faults in {sign_ins} warm sign-ins");
    // A mapping of 19 MiB would take 4864 small pages or ten large ones for each.
    assert!(faults < sign_ins, "{faults} page faults in {sign_ins} warm sign-ins");
}
