//! Argon2id: the kernel, by way of the engine, against the `argon2` crate with its memory reused and allocated anew, and against
//! two other implementations in Rust. Criterion's figures one after the other, then the ratios from rounds in turn, alone and
//! on all cores at once.

#[path = "support/interleaved.rs"]
mod interleaved;

use std::hint::black_box;
use std::sync::Arc;
use std::thread;

use argon2::{Algorithm, Argon2, Block, Params, Version};
use criterion::{Criterion, criterion_group};
use dryoc::classic::crypto_pwhash::{PasswordHashAlgorithm, crypto_pwhash};
use interleaved::Contender;
use rehash::pool::{HashPool, PoolConfig};
use rehash::{Argon2Target, Engine, Password, Policy};

const PASSWORD: &[u8] = b"correct horse battery staple";
const SALT: &[u8; 16] = b"0123456789abcdef";

fn engine(target: Argon2Target) -> Engine {
    Engine::new(Policy::builder(target).build().expect("within limits")).expect("entropy")
}

fn ours(engine: &Engine) {
    black_box(engine.hash(&Password::new(black_box(PASSWORD))).expect("a hash"));
}

/// The `argon2` crate, with what it needs.
struct Crate {
    argon2: Argon2<'static>,
    blocks: Vec<Block>,
}

impl Crate {
    fn new(target: Argon2Target) -> Self {
        let params = Params::new(target.memory_kib, target.passes, target.lanes, Some(32)).expect("legal");
        let blocks = vec![Block::default(); params.block_count()];
        Self { argon2: Argon2::new(Algorithm::Argon2id, Version::V0x13, params), blocks }
    }

    fn reused(&mut self) {
        let mut output = [0; 32];
        let hashed =
            self.argon2.hash_password_into_with_memory(black_box(PASSWORD), SALT, &mut output, &mut self.blocks);
        hashed.expect("a hash");
    }

    fn allocated(&self) {
        let mut output = [0; 32];
        self.argon2.hash_password_into(black_box(PASSWORD), SALT, &mut output).expect("a hash");
    }
}

fn rust_argon2(target: Argon2Target) {
    let config = rust_argon2::Config {
        mem_cost: target.memory_kib,
        time_cost: target.passes,
        lanes: target.lanes,
        hash_length: 32,
        variant: rust_argon2::Variant::Argon2id,
        version: rust_argon2::Version::Version13,
        ..rust_argon2::Config::default()
    };
    black_box(rust_argon2::hash_raw(black_box(PASSWORD), SALT, &config).expect("a hash"));
}

/// It knows one lane only.
fn dryoc(target: Argon2Target) {
    let (mut output, algorithm) = ([0; 32], PasswordHashAlgorithm::Argon2id13);
    let (passes, bytes) = (u64::from(target.passes), target.memory_kib as usize * 1024);
    crypto_pwhash(&mut output, black_box(PASSWORD), SALT, passes, bytes, algorithm).expect("a hash");
}

/// Every implementation makes the same hash, or the comparison is of different things.
fn assert_same(target: Argon2Target) {
    let mut expected = [0; 32];
    Crate::new(target).argon2.hash_password_into(PASSWORD, SALT, &mut expected).expect("a hash");
    let (passes, bytes) = (u64::from(target.passes), target.memory_kib as usize * 1024);
    let mut output = [0; 32];
    crypto_pwhash(&mut output, PASSWORD, SALT, passes, bytes, PasswordHashAlgorithm::Argon2id13).expect("a hash");
    assert_eq!(output, expected);
}

fn one_after_the_other(c: &mut Criterion, name: &str, target: Argon2Target) {
    let mut group = c.benchmark_group(format!("argon2id {name}"));
    group.sample_size(20);
    let (engine, mut other) = (engine(target), Crate::new(target));
    group.bench_function("engine", |b| b.iter(|| ours(&engine)));
    group.bench_function("argon2 crate, memory reused", |b| b.iter(|| other.reused()));
    group.bench_function("argon2 crate, memory allocated", |b| b.iter(|| other.allocated()));
    group.bench_function("rust-argon2 crate", |b| b.iter(|| rust_argon2(target)));
    if target.lanes == 1 {
        group.bench_function("dryoc crate", |b| b.iter(|| dryoc(target)));
    }
    group.finish();
}

fn argon2id(c: &mut Criterion) {
    assert_same(Argon2Target { memory_kib: 64, passes: 2, lanes: 1 });
    one_after_the_other(c, "m=19456 t=2 p=1", Argon2Target::OWASP_19_MIB);
    one_after_the_other(c, "m=47104 t=1 p=1", Argon2Target::OWASP_46_MIB);
    one_after_the_other(c, "m=65536 t=3 p=4", Argon2Target::RFC_9106_LOW_MEMORY);
}

fn alone() {
    let target = Argon2Target::OWASP_19_MIB;
    let (engine, mut reused, allocated) = (engine(target), Crate::new(target), Crate::new(target));
    let contenders = vec![
        Contender::new("engine", 1, || ours(&engine)),
        Contender::new("argon2 crate, memory reused", 1, || reused.reused()),
        Contender::new("dryoc crate", 1, || dryoc(target)),
        Contender::new("rust-argon2 crate", 1, || rust_argon2(target)),
        Contender::new("argon2 crate, memory allocated", 1, || allocated.allocated()),
    ];
    interleaved::compare("argon2id m=19456 t=2 p=1, one thread", 31, contenders);
}

/// Each core makes four hashes; what a run takes is shared among all of them.
fn on_all_cores() {
    const EACH: usize = 4;
    let target = Argon2Target::OWASP_19_MIB;
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let engine = Arc::new(engine(target));
    let config = PoolConfig { workers: cores, memory_kib: cores as u32 * target.memory_kib, queue_len: EACH * cores };
    let pool = HashPool::start(Arc::clone(&engine), config).expect("a pool");
    let on_threads = |work: &(dyn Fn() + Sync)| {
        thread::scope(|scope| {
            (0..cores).for_each(|_| {
                scope.spawn(|| (0..EACH).for_each(|_| work()));
            });
        });
    };
    let hashes = (cores * EACH) as u32;
    let contenders = vec![
        Contender::new("pool", hashes, || {
            let jobs: Vec<_> = (0..hashes).map(|_| pool.hash(Password::new(PASSWORD), None).expect("room")).collect();
            jobs.into_iter().for_each(|job| drop(black_box(job.wait().expect("computed"))));
        }),
        Contender::new("engine on as many threads", hashes, || on_threads(&|| ours(&engine))),
        Contender::new("argon2 crate, memory reused", hashes, || {
            thread::scope(|scope| {
                (0..cores).for_each(|_| {
                    scope.spawn(|| {
                        let mut other = Crate::new(target);
                        (0..EACH).for_each(|_| other.reused());
                    });
                });
            });
        }),
        Contender::new("argon2 crate, memory allocated", hashes, || {
            let other = Crate { blocks: Vec::new(), ..Crate::new(Argon2Target { memory_kib: 8, passes: 1, lanes: 1 }) };
            let params = Params::new(target.memory_kib, target.passes, target.lanes, Some(32)).expect("legal");
            let other = Crate { argon2: Argon2::new(Algorithm::Argon2id, Version::V0x13, params), ..other };
            on_threads(&|| other.allocated());
        }),
    ];
    interleaved::compare("argon2id m=19456 t=2 p=1, all cores", 15, contenders);
}

/// One hash of four lanes, which idle workers of a pool share.
fn lanes() {
    let target = Argon2Target::RFC_9106_LOW_MEMORY;
    let (single, mut other) = (engine(target), Crate::new(target));
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let config = PoolConfig { workers: cores, memory_kib: target.memory_kib, queue_len: 1 };
    let pool = HashPool::start(Arc::new(engine(target)), config).expect("a pool");
    let contenders = vec![
        Contender::new("pool, otherwise idle", 1, || {
            drop(black_box(pool.hash(Password::new(PASSWORD), None).expect("room").wait().expect("computed")));
        }),
        Contender::new("engine", 1, || ours(&single)),
        Contender::new("rust-argon2 crate", 1, || rust_argon2(target)),
        Contender::new("argon2 crate, memory reused", 1, || other.reused()),
    ];
    interleaved::compare("argon2id m=65536 t=3 p=4, one hash", 11, contenders);
}

criterion_group!(benches, argon2id);

fn main() {
    benches();
    alone();
    on_all_cores();
    lanes();
    Criterion::default().configure_from_args().final_summary();
}
