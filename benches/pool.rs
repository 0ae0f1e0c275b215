//! The pool under load, against what is usually written: `spawn_blocking` on a runtime, and a crate that allocates. A burst of
//! sign-ins comes at once; what counts is when the last is answered, when half and nineteen in twenty are, and the memory that
//! it takes.

#[path = "support/interleaved.rs"]
mod interleaved;

use std::hint::black_box;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use argon2::{Algorithm, Argon2, Params, Version};
use criterion::{Criterion, criterion_group};
use rehash::pool::{HashPool, PoolConfig};
use rehash::{Argon2Target, Engine, Limits, Method, Password, Policy, StoredHash, UpgradeMode};

const PASSWORD: &str = "correct horse battery staple";
const SALT: &[u8; 16] = b"0123456789abcdef";
const BURST: usize = 32;
const TARGET: Argon2Target = Argon2Target::OWASP_19_MIB;
/// Cost 10 takes 50 ms; a lower one has the same shape and takes less of whoever measures.
const BCRYPT_COST: u32 = 8;

struct Load {
    pool: HashPool,
    runtime: tokio::runtime::Runtime,
    argon2id: StoredHash,
    argon2: Argon2<'static>,
    bcrypt: StoredHash,
    bcrypt_text: String,
}

impl Load {
    fn new() -> Self {
        let policy = Policy::builder(TARGET).upgrade(UpgradeMode::Off).build().expect("within limits");
        let engine = Arc::new(Engine::new(policy).expect("entropy"));
        let workers = thread::available_parallelism().map_or(1, usize::from);
        let config = PoolConfig { workers, memory_kib: workers as u32 * TARGET.memory_kib, queue_len: BURST };
        let params = Params::new(TARGET.memory_kib, TARGET.passes, TARGET.lanes, Some(32)).expect("legal");
        let bcrypt_text = bcrypt::hash_with_salt(PASSWORD, BCRYPT_COST, [7; 16]).expect("a hash").to_string();
        Self {
            argon2id: engine.hash(&Password::new(PASSWORD)).expect("a hash"),
            bcrypt: StoredHash::parse(Method::Bcrypt, &bcrypt_text, &Limits::default()).expect("a hash"),
            pool: HashPool::start(engine, config).expect("a pool"),
            runtime: tokio::runtime::Builder::new_multi_thread().build().expect("a runtime"),
            argon2: Argon2::new(Algorithm::Argon2id, Version::V0x13, params),
            bcrypt_text,
        }
    }

    /// When each of a burst was answered, counted from its beginning.
    fn pooled(&self, stored: &StoredHash) -> Vec<Duration> {
        let start = Instant::now();
        self.runtime.block_on(async {
            let jobs = (0..BURST).map(|_| {
                let job = self.pool.verify(stored.clone(), Password::new(PASSWORD), None).expect("room");
                tokio::spawn(async move {
                    assert!(job.await.expect("computed").is_ok());
                    start.elapsed()
                })
            });
            answers(jobs.collect()).await
        })
    }

    /// The same with a blocking thread for each, as many as the runtime has.
    fn naive(&self, verify: impl Fn() + Clone + Send + 'static) -> Vec<Duration> {
        let start = Instant::now();
        self.runtime.block_on(async {
            let jobs = (0..BURST).map(|_| {
                let verify = verify.clone();
                tokio::task::spawn_blocking(move || {
                    verify();
                    start.elapsed()
                })
            });
            answers(jobs.collect()).await
        })
    }

    fn naive_argon2id(&self) -> Vec<Duration> {
        let argon2 = self.argon2.clone();
        self.naive(move || {
            let mut output = [0; 32];
            argon2.hash_password_into(black_box(PASSWORD.as_bytes()), SALT, &mut output).expect("a hash");
            black_box(output);
        })
    }

    fn naive_bcrypt(&self) -> Vec<Duration> {
        let text = self.bcrypt_text.clone();
        self.naive(move || assert!(bcrypt::verify(black_box(PASSWORD), &text).expect("a hash")))
    }

    /// As many threads as there are cores, and nothing between them and the engine: what the machine can do at most.
    fn bare(&self) -> Vec<Duration> {
        let (start, threads) = (Instant::now(), self.pool.config().workers);
        let work = |_| {
            let verified = self.pool.engine().verify(&self.argon2id, &Password::new(PASSWORD));
            assert!(verified.is_ok());
            start.elapsed()
        };
        thread::scope(|scope| {
            let share = BURST / threads;
            let threads: Vec<_> =
                (0..threads).map(|_| scope.spawn(move || (0..share).map(work).collect::<Vec<_>>())).collect();
            threads.into_iter().flat_map(|thread| thread.join().expect("ended")).collect()
        })
    }
}

async fn answers(tasks: Vec<tokio::task::JoinHandle<Duration>>) -> Vec<Duration> {
    let mut times = Vec::with_capacity(tasks.len());
    for task in tasks {
        times.push(task.await.expect("answered"));
    }
    times
}

fn bursts(c: &mut Criterion) {
    let load = Load::new();
    let mut group = c.benchmark_group(format!("{BURST} at once"));
    group.sample_size(10);
    group.bench_function("argon2id, pool", |b| b.iter(|| load.pooled(&load.argon2id)));
    group.bench_function("argon2id, spawn_blocking and the argon2 crate", |b| b.iter(|| load.naive_argon2id()));
    group.bench_function("bcrypt, pool", |b| b.iter(|| load.pooled(&load.bcrypt)));
    group.bench_function("bcrypt, spawn_blocking and the bcrypt crate", |b| b.iter(|| load.naive_bcrypt()));
    group.finish();
}

type Burst<'a> = (&'a str, Box<dyn Fn() -> Vec<Duration> + 'a>);

/// Rounds in turn: medians over the rounds of each burst's half, nineteen twentieths and end, and the ratio of the ends.
fn in_turn(title: &str, rounds: usize, contenders: &[Burst<'_>]) {
    if !interleaved::is_wanted(title) {
        return;
    }
    let mut seen: Vec<Vec<[f64; 3]>> = contenders.iter().map(|_| Vec::new()).collect();
    let mut peaks = vec![0u64; contenders.len()];
    for round in 0..=rounds {
        for (place, (_, burst)) in contenders.iter().enumerate() {
            let before = memory_kib("VmRSS:", true);
            let mut times = burst();
            peaks[place] = peaks[place].max(memory_kib("VmHWM:", false).saturating_sub(before));
            times.sort_unstable();
            let at = |percent: usize| times[(times.len() * percent).div_ceil(100) - 1].as_secs_f64() * 1e3;
            if round > 0 {
                seen[place].push([at(50), at(95), at(100)]);
            }
        }
    }
    let median = |place: usize, column: usize| {
        let mut values: Vec<f64> = seen[place].iter().map(|times| times[column]).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    println!("\n{title}: medians of {rounds} bursts of {BURST} in turn");
    println!(
        "{:<44}{:>10}{:>10}{:>10}{:>10}{:>10}{:>13}",
        "", "half ms", "95 % ms", "all ms", "per s", "ratio", "grew by MiB"
    );
    for (place, (name, _)) in contenders.iter().enumerate() {
        let (all, last) = (median(place, 2), median(contenders.len() - 1, 2));
        let rate = BURST as f64 * 1e3 / all;
        println!(
            "{name:<44}{:>10.1}{:>10.1}{all:>10.1}{rate:>10.1}{:>10.3}{:>13}",
            median(place, 0),
            median(place, 1),
            all / last,
            peaks[place] / 1024,
        );
    }
}

/// A field of the process's memory in KiB, nought where the system does not say; the record of the peak begun anew if asked.
fn memory_kib(field: &str, begins_anew: bool) -> u64 {
    if begins_anew {
        let _ = std::fs::write("/proc/self/clear_refs", "5");
    }
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let found = status.lines().find_map(|line| line.strip_prefix(field)?.trim().strip_suffix(" kB")?.parse().ok());
    found.unwrap_or(0)
}

criterion_group!(benches, bursts);

fn main() {
    benches();
    let load = Load::new();
    let argon2id: [Burst<'_>; 3] = [
        ("pool", Box::new(|| load.pooled(&load.argon2id))),
        ("engine on bare threads, one for each core", Box::new(|| load.bare())),
        ("spawn_blocking and the argon2 crate", Box::new(|| load.naive_argon2id())),
    ];
    in_turn("argon2id m=19456 t=2 p=1", 15, &argon2id);
    let bcrypt: [Burst<'_>; 2] = [
        ("pool", Box::new(|| load.pooled(&load.bcrypt))),
        ("spawn_blocking and the bcrypt crate", Box::new(|| load.naive_bcrypt())),
    ];
    in_turn(&format!("bcrypt cost={BCRYPT_COST}"), 15, &bcrypt);
    Criterion::default().configure_from_args().final_summary();
}
