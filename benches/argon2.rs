//! Argon2id: the kernel, by way of the engine, against the `argon2` crate with its memory reused and allocated anew.

use std::hint::black_box;

use argon2::{Algorithm, Argon2, Block, Params, Version};
use criterion::{Criterion, criterion_group, criterion_main};
use rehash::{Argon2Target, Engine, Password, Policy};

const PASSWORD: &[u8] = b"correct horse battery staple";

fn compare(c: &mut Criterion, name: &str, target: Argon2Target) {
    let mut group = c.benchmark_group(format!("argon2id {name}"));
    group.sample_size(20);
    let engine = Engine::new(Policy::builder(target).build().expect("within limits")).expect("entropy");
    let password = Password::new(PASSWORD);
    group.bench_function("engine", |b| b.iter(|| engine.hash(black_box(&password)).expect("a hash")));
    let params = Params::new(target.memory_kib, target.passes, target.lanes, Some(32)).expect("legal");
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
    let mut blocks = vec![Block::default(); params.block_count()];
    let mut output = [0; 32];
    group.bench_function("argon2 crate, memory reused", |b| {
        b.iter(|| {
            argon2
                .hash_password_into_with_memory(black_box(PASSWORD), b"0123456789abcdef", &mut output, &mut blocks)
                .expect("a hash");
        });
    });
    group.bench_function("argon2 crate, memory allocated", |b| {
        b.iter(|| argon2.hash_password_into(black_box(PASSWORD), b"0123456789abcdef", &mut output).expect("a hash"));
    });
    group.finish();
}

fn argon2id(c: &mut Criterion) {
    compare(c, "m=19456 t=2 p=1", Argon2Target::OWASP_19_MIB);
    compare(c, "m=47104 t=1 p=1", Argon2Target::OWASP_46_MIB);
    compare(c, "m=65536 t=3 p=4", Argon2Target::RFC_9106_LOW_MEMORY);
}

criterion_group!(benches, argon2id);
criterion_main!(benches);
