//! The pool's promises, each with jobs that wait for a gate, so that nothing depends on how quick the machine is.

use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::task::{Context, Poll, Wake, Waker};

use super::*;
use crate::{Argon2Target, Limits, Method, Policy, Upgrade};

const TARGET: Argon2Target = Argon2Target { memory_kib: 64, passes: 1, lanes: 1 };

fn engine(target: Argon2Target) -> Arc<Engine> {
    Arc::new(Engine::new(Policy::builder(target).build().expect("within limits")).expect("entropy"))
}

fn pool(workers: usize, memory_kib: u32, queue_len: usize) -> HashPool {
    HashPool::start(engine(TARGET), PoolConfig { workers, memory_kib, queue_len }).expect("a pool")
}

fn cost(memory_kib: u32, millis: u64) -> Cost {
    Cost { memory_kib, time: Duration::from_millis(millis) }
}

/// A job that runs until the sender is dropped, and has begun when this returns.
fn blocker(pool: &HashPool, cost: Cost) -> (mpsc::Sender<()>, Job<()>) {
    let (gate, wait) = mpsc::channel::<()>();
    let (begun, begins) = mpsc::channel();
    let job = pool.run(cost, None, move |_| {
        begun.send(()).expect("awaited");
        let _ = wait.recv();
    });
    let job = job.expect("room");
    begins.recv().expect("begun");
    (gate, job)
}

fn until(what: impl Fn() -> bool) {
    let start = Instant::now();
    while !what() {
        assert!(start.elapsed() < Duration::from_secs(60), "it never happens");
        thread::sleep(Duration::from_millis(1));
    }
}

fn md5() -> StoredHash {
    StoredHash::parse(Method::Md5, "5f4dcc3b5aa765d61d8327deb882cf99", &Limits::default()).expect("well formed")
}

/// The smallest executor there is.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(thread::Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}

#[test]
fn answers_are_the_engines() {
    let pool = pool(2, 1024, 8);
    let accepted = pool.verify(md5(), Password::new("password"), None).expect("room").wait().expect("computed");
    let new = match accepted.expect("right").upgrade {
        Upgrade::Ready(replacement) => Some(replacement.new_hash().clone()),
        _ => None,
    };
    let new = new.expect("md5 is weak");
    let again = block_on(pool.verify(new.clone(), Password::new("password"), None).expect("room"));
    assert!(matches!(again.expect("computed").expect("right").upgrade, Upgrade::NotNeeded));
    let wrong = block_on(pool.verify(new, Password::new("passwort"), None).expect("room")).expect("computed");
    assert_eq!(wrong.expect_err("wrong"), Denied::WrongPassword);
    let unknown = pool.verify_unknown_user(Password::new("password"), None).expect("room").wait();
    assert_eq!(unknown, Ok(Denied::WrongPassword));
    let hash = pool.hash(Password::new("p"), None).expect("room").wait().expect("computed").expect("hashed");
    assert!(pool.engine().verify(&hash, &Password::new("p")).is_ok());
    until(|| pool.gauges().running == 0);
    let gauges = pool.gauges();
    assert_eq!((gauges.completed, gauges.queued), (5, 0));
}

#[test]
fn lanes_filled_by_idle_workers_give_the_same_hash() {
    let target = Argon2Target { memory_kib: 256, passes: 2, lanes: 4 };
    let engine = engine(target);
    let alone = engine.hash(&Password::new("p")).expect("hashed");
    let config = PoolConfig { workers: 3, memory_kib: 4096, queue_len: 8 };
    let pool = HashPool::start(engine, config).expect("a pool");
    until(|| pool.gauges().busy_workers == 0);
    for _ in 0..20 {
        let accepted = pool.verify(alone.clone(), Password::new("p"), None).expect("room").wait().expect("computed");
        assert!(accepted.is_ok());
    }
    until(|| pool.gauges().busy_workers == 0);
}

#[test]
fn a_full_queue_refuses_at_once_and_says_so() {
    let pool = pool(1, 1024, 2);
    let (gate, blocked) = blocker(&pool, cost(64, 1));
    let waiting: Vec<_> = (0..2).map(|_| pool.verify_unknown_user(Password::new("p"), None).expect("room")).collect();
    let refused = pool.verify_unknown_user(Password::new("p"), None).expect_err("full");
    assert_eq!(refused, Overloaded::QueueFull { queue_len: 2 });
    assert_eq!((pool.gauges().queued, pool.gauges().overloaded, pool.gauges().running), (2, 1, 1));
    drop(gate);
    blocked.wait().expect("done");
    waiting.into_iter().for_each(|job| assert_eq!(job.wait(), Ok(Denied::WrongPassword)));
}

#[test]
fn ten_thousand_at_once_are_answered_or_refused() {
    let pool = pool(4, 256, 100);
    let (mut taken, mut refused) = (Vec::new(), 0u64);
    for _ in 0..10_000 {
        match pool.verify(md5(), Password::new("password"), None) {
            Ok(job) => taken.push(job),
            Err(_) => refused += 1,
        }
        let gauges = pool.gauges();
        assert!(gauges.running <= 4 && gauges.queued <= 104 && gauges.memory_kib <= 256, "{gauges:?}");
    }
    let answered = taken.into_iter().map(|job| assert!(job.wait().expect("computed").is_ok())).count();
    assert_eq!(answered as u64 + refused, 10_000);
    until(|| pool.gauges().running == 0);
    assert_eq!((pool.gauges().completed, pool.gauges().overloaded), (answered as u64, refused));
    assert!(pool.gauges().memory_kib_peak <= 256);
}

#[test]
fn a_dropped_job_frees_its_place_at_once_and_its_worker_not_early() {
    let pool = pool(1, 1024, 1);
    let (gate, running) = blocker(&pool, cost(64, 1));
    drop(running);
    assert_eq!(pool.gauges().running, 1, "it goes on");
    let waiting = pool.hash(Password::new("p"), None).expect("room");
    assert!(pool.hash(Password::new("p"), None).is_err());
    drop(waiting);
    assert_eq!((pool.gauges().queued, pool.gauges().cancelled), (0, 1));
    let next = pool.hash(Password::new("p"), None).expect("the place is free");
    assert_eq!(pool.gauges().running, 1);
    drop(gate);
    assert!(next.wait().expect("computed").is_ok());
}

#[test]
fn a_deadline_that_passes_is_answered_while_all_workers_are_busy() {
    let pool = pool(1, 1024, 8);
    let (gate, blocked) = blocker(&pool, cost(64, 1));
    let soon = Instant::now() + Duration::from_millis(20);
    let late = pool.hash(Password::new("p"), Some(soon)).expect("room");
    let later = pool.hash(Password::new("p"), Some(Instant::now() + Duration::from_secs(600))).expect("room");
    assert_eq!(late.wait().expect_err("nobody came"), JobError::DeadlinePassed);
    assert!(Instant::now() >= soon);
    let past = pool.run(cost(64, 1), Some(Instant::now()), |_| ()).expect("room");
    assert_eq!(past.wait(), Err(JobError::DeadlinePassed));
    drop(gate);
    blocked.wait().expect("done");
    assert!(later.wait().expect("computed").is_ok());
    assert_eq!(pool.gauges().expired, 2);
}

#[test]
#[allow(clippy::panic, reason = "that is what is tried")]
fn a_panic_harms_no_other_job() {
    let pool = pool(1, 1024, 8);
    let (gate, blocked) = blocker(&pool, cost(64, 1));
    let panics: Job<u8> = pool.run(cost(64, 1), None, |_| panic!("on purpose")).expect("room");
    let other = pool.hash(Password::new("p"), None).expect("room");
    drop(gate);
    blocked.wait().expect("done");
    assert_eq!(panics.wait(), Err(JobError::Panicked));
    assert!(other.wait().expect("computed").is_ok());
    until(|| pool.gauges().running == 0);
    assert_eq!(pool.gauges().panicked, 1);
}

#[test]
fn dear_jobs_do_not_hold_up_the_others() {
    let pool = pool(1, 1024, 64);
    let (gate, blocked) = blocker(&pool, cost(64, 1));
    let order = Arc::new(Mutex::new(Vec::new()));
    let queue = |name: &'static str, millis| {
        let order = Arc::clone(&order);
        pool.run(cost(64, millis), None, move |_| order.lock().expect("whole").push(name)).expect("room")
    };
    let dear: Vec<_> = (0..10).map(|_| queue("dear", 1000)).collect();
    let cheap: Vec<_> = (0..10).map(|_| queue("cheap", 1)).collect();
    drop(gate);
    blocked.wait().expect("done");
    dear.into_iter().chain(cheap).for_each(|job| job.wait().expect("done"));
    let order = order.lock().expect("whole");
    let first_cheap = order.iter().position(|name| *name == "cheap").expect("done");
    let last_cheap = order.iter().rposition(|name| *name == "cheap").expect("done");
    // One dear job may come first; then the cheap ones have a second to make up for.
    assert!(first_cheap <= 1 && last_cheap <= 11, "{order:?}");
    // And the other way round: cheap ones that keep coming do not starve the dear.
    assert_eq!(order.len(), 20);
}

#[test]
fn cheap_jobs_that_keep_coming_do_not_starve_a_dear_one() {
    let pool = pool(1, 1024, 64);
    let (gate, blocked) = blocker(&pool, cost(64, 1));
    let done = Arc::new(AtomicUsize::new(0));
    let dear = {
        let done = Arc::clone(&done);
        pool.run(cost(64, 40), None, move |_| done.load(Ordering::SeqCst)).expect("room")
    };
    let cheap: Vec<_> = (0..60)
        .map(|_| {
            let done = Arc::clone(&done);
            pool.run(cost(64, 1), None, move |_| done.fetch_add(1, Ordering::SeqCst)).expect("room")
        })
        .collect();
    drop(gate);
    blocked.wait().expect("done");
    let before_it = dear.wait().expect("done");
    assert!(before_it < 60, "{before_it}");
    cheap.into_iter().for_each(|job| assert!(job.wait().is_ok()));
}

#[test]
fn dear_jobs_leave_a_worker_to_the_others() {
    let pool = pool(2, 1024, 8);
    until(|| pool.gauges().busy_workers == 0);
    let (gate, blocked) = blocker(&pool, cost(64, 900));
    let second = pool.run(cost(64, 900), None, |_| ()).expect("room");
    let cheap = pool.hash(Password::new("p"), None).expect("room");
    assert!(cheap.wait().expect("computed").is_ok());
    until(|| pool.gauges().running == 1);
    thread::sleep(Duration::from_millis(20));
    assert_eq!((pool.gauges().running, pool.gauges().queued), (1, 1), "one worker is kept for others");
    drop(gate);
    blocked.wait().expect("done");
    second.wait().expect("done");
}

#[test]
fn bcrypt_hashes_that_wait_are_computed_side_by_side() {
    let pool = pool(1, 1024, 16);
    let (gate, blocked) = blocker(&pool, cost(64, 1));
    let parse = |text: &str| StoredHash::parse(Method::Bcrypt, text, &Limits::default()).expect("well formed");
    // From John the Ripper's test vectors.
    let stored = parse("$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW");
    let passwords = ["U*U", "wrong", "U*U", "U*U*", "U*U"];
    let jobs: Vec<_> =
        passwords.map(|password| pool.verify(stored.clone(), Password::new(password), None).expect("room")).into();
    drop(gate);
    blocked.wait().expect("done");
    for (job, password) in jobs.into_iter().zip(passwords) {
        assert_eq!(job.wait().expect("computed").is_ok(), password == "U*U");
    }
    assert_eq!(pool.gauges().side_by_side, 3, "four, and then one");
}

#[test]
fn memory_is_a_bound_and_a_large_job_gets_its_turn() {
    let pool = pool(3, 256, 64);
    let refused = pool.run(cost(257, 1), None, |_| ()).expect_err("too large");
    assert_eq!(refused, Overloaded::TooLarge { needed_kib: 257, memory_kib: 256 });
    // Arenas are filled, so that the large one needs idle workers to give theirs back.
    let small: Vec<_> = (0..6).map(|_| pool.hash(Password::new("p"), None).expect("room")).collect();
    let large = pool.run(cost(256, 1), None, |engine| engine.hash(&Password::new("p")).is_ok()).expect("room");
    let more: Vec<_> = (0..20).map(|_| pool.hash(Password::new("p"), None).expect("room")).collect();
    assert!(large.wait().expect("computed"));
    small.into_iter().chain(more).for_each(|job| assert!(job.wait().expect("computed").is_ok()));
    assert!(pool.gauges().memory_kib_peak <= 256, "{:?}", pool.gauges());
}

#[test]
fn a_hash_beyond_the_pool_is_refused_as_an_unknown_user_is() {
    let pool = pool(1, 256, 1);
    let large = "$argon2id$v=19$m=512,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let large = StoredHash::parse(Method::Argon2id, large, &Limits::default()).expect("within limits");
    let why = Unverifiable::BeyondPool { needed_kib: 512, memory_kib: 256 };
    let verdict = pool.verify(large.clone(), Password::new("p"), None).expect("room").wait().expect("computed");
    assert_eq!(verdict.expect_err("it cannot be"), Denied::Unverifiable(why.clone()));
    until(|| pool.job_time() > Duration::ZERO);
    let change = pool.change(large.clone(), Password::new("p"), Password::new("q"), None).expect("room");
    let change = change.wait().expect("computed").expect_err("it cannot be");
    assert_eq!(change, ChangeError::Denied(Denied::Unverifiable(why)));
    // Where there is no room, it is said as to anybody.
    let (gate, blocked) = blocker(&pool, cost(1, 1));
    let waiting = pool.hash(Password::new("p"), None).expect("room");
    let refused = pool.verify(large, Password::new("p"), None).expect_err("full");
    assert_eq!(refused, Overloaded::QueueFull { queue_len: 1 });
    drop((gate, waiting));
    blocked.wait().expect("done");
}

#[test]
fn a_password_is_changed_on_a_worker() {
    // As long a queue as anybody could ask for.
    let pool = pool(1, 256, usize::MAX);
    let change = |old: &str| pool.change(md5(), Password::new(old), Password::new("new"), None).expect("room");
    let change = |old: &str| change(old).wait().expect("computed");
    let changed = change("password").expect("it is right");
    assert!(changed.is_change() && changed.expected().text() == md5().text());
    let now = changed.new_hash();
    assert!(pool.engine().verify(now, &Password::new("new")).is_ok());
    assert_eq!(change("wrong").expect_err("it is not"), ChangeError::Denied(Denied::WrongPassword));
}

#[test]
fn two_large_jobs_do_not_run_at_once() {
    let pool = pool(2, 256, 8);
    let (gate, blocked) = blocker(&pool, cost(200, 1));
    let second = pool.run(cost(200, 1), None, |_| ()).expect("room");
    let small = pool.hash(Password::new("p"), None).expect("room");
    thread::sleep(Duration::from_millis(30));
    assert_eq!(pool.gauges().running, 1);
    drop(gate);
    blocked.wait().expect("done");
    second.wait().expect("done");
    assert!(small.wait().expect("computed").is_ok());
}

#[test]
fn a_shutdown_does_not_wait_for_what_has_gone() {
    for is_cancelled in [true, false] {
        let pool = pool(1, 256, 4);
        let (gate, blocked) = blocker(&pool, cost(1, 1));
        let deadline = (!is_cancelled).then(|| Instant::now() + Duration::from_millis(50));
        let waiting = pool.run(cost(1, 1), deadline, |_| ()).expect("room");
        let closing = pool.clone();
        let closed = thread::spawn(move || {
            let start = Instant::now();
            closing.shutdown(Duration::from_secs(60));
            start.elapsed()
        });
        until(|| pool.run(cost(1, 1), None, |_| ()).is_err());
        let waiting = Some(waiting).filter(|_| !is_cancelled);
        until(|| pool.gauges().queued == 0);
        drop(gate);
        blocked.wait().expect("done");
        assert!(closed.join().expect("no panic") < Duration::from_secs(30), "cancelled: {is_cancelled}");
        drop(waiting);
    }
}

#[test]
fn a_shutdown_finishes_what_was_taken() {
    let pool = pool(2, 1024, 64);
    let jobs: Vec<_> = (0..40).map(|_| pool.hash(Password::new("p"), None).expect("room")).collect();
    pool.shutdown(Duration::from_secs(60));
    jobs.into_iter().for_each(|job| assert!(job.wait().expect("computed").is_ok()));
    assert_eq!(pool.hash(Password::new("p"), None).expect_err("closed"), Overloaded::ShutDown);
    assert_eq!((pool.gauges().completed, pool.gauges().memory_kib), (40, 0));
}

#[test]
fn a_shutdown_without_patience_fails_what_waits() {
    let pool = pool(1, 1024, 64);
    let (gate, blocked) = blocker(&pool, cost(64, 1));
    let waiting = pool.hash(Password::new("p"), None).expect("room");
    let verification = pool.verify(md5(), Password::new("p"), None).expect("room");
    let other = pool.clone();
    let closer = thread::spawn(move || other.shutdown(Duration::ZERO));
    assert_eq!(waiting.wait().expect_err("not computed"), JobError::ShutDown);
    assert_eq!(verification.wait().expect_err("not computed"), JobError::ShutDown);
    assert!(!closer.is_finished(), "what runs is finished first");
    drop(gate);
    blocked.wait().expect("done");
    closer.join().expect("closed");
}

#[test]
fn a_pool_that_is_dropped_answers_all_its_jobs() {
    let pool = pool(1, 1024, 64);
    let (gate, blocked) = blocker(&pool, cost(64, 1));
    let waiting = pool.hash(Password::new("p"), None).expect("room");
    drop(pool);
    assert_eq!(waiting.wait().expect_err("not computed"), JobError::ShutDown);
    drop(gate);
    blocked.wait().expect("done");
}

#[test]
fn sizes_that_make_no_pool_are_errors() {
    let start = |workers, memory_kib, queue_len| {
        HashPool::start(engine(TARGET), PoolConfig { workers, memory_kib, queue_len }).map(drop)
    };
    assert_eq!(start(0, 1024, 1), Err(PoolError::Workers { given: 0 }));
    assert_eq!(start(1025, 1024, 1), Err(PoolError::Workers { given: 1025 }));
    assert_eq!(start(1, 63, 1), Err(PoolError::MemoryBelowTarget { needed_kib: 64, given_kib: 63 }));
    assert_eq!(start(1, 64, 0), Err(PoolError::NoQueue));
    assert_eq!(start(1, 64, 1), Ok(()));
    let config = PoolConfig::for_this_machine();
    assert!(config.workers >= 1 && config.memory_kib > 0 && config.queue_len >= 1);
}

#[test]
fn what_a_verification_takes_is_known_before_it_begins() {
    let engine = engine(Argon2Target::OWASP_19_MIB);
    let entry = |method, text: &str| {
        let stored = StoredHash::parse(method, text, &Limits::default()).expect("well formed");
        Entry::of_verification(&engine, &stored, None, true)
    };
    let (salt, hash) = ("A".repeat(22), "A".repeat(43));
    let target = engine.target_cost();
    let md5 = entry(Method::Md5, "5f4dcc3b5aa765d61d8327deb882cf99");
    assert!(md5.fits_arena && md5.memory_kib == target.memory_kib);
    // Its memory is not the arena's, which goes before it.
    let scrypt = entry(Method::Scrypt, &format!("$scrypt$ln=15,r=8,p=1${salt}${hash}"));
    assert!(!scrypt.fits_arena && scrypt.memory_kib == 32 * 1024);
    // As many passes over more memory.
    let argon2 = entry(Method::Argon2i, &format!("$argon2i$v=19$m=4096,t=200,p=1${salt}${hash}"));
    assert_eq!(argon2.time, Cost::argon2(4096, 200).time + Cost::argon2(target.memory_kib, 200).time);
    assert!(argon2.fits_arena && argon2.memory_kib == target.memory_kib);
}
