//! bcrypt of cost 10 (`REHASH_BENCH_BCRYPT_COST` sets another): one, and several side by side on one thread, against as many
//! of the `bcrypt` crate's one after the other.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use rehash::{Argon2Target, Engine, Limits, Method, Password, Policy, StoredHash, UpgradeMode};

fn side_by_side(c: &mut Criterion) {
    let cost = std::env::var("REHASH_BENCH_BCRYPT_COST").ok().and_then(|cost| cost.parse().ok()).unwrap_or(10);
    let target = Argon2Target { memory_kib: 8, passes: 1, lanes: 1 };
    let policy = Policy::builder(target).upgrade(UpgradeMode::Off).build().expect("within limits");
    let engine = Engine::new(policy).expect("entropy");
    let password = Password::new("correct horse battery staple");
    let texts: Vec<String> = (0..4u8)
        .map(|salt| {
            bcrypt::hash_with_salt("correct horse battery staple", cost, [salt; 16]).expect("a hash").to_string()
        })
        .collect();
    let stored: Vec<_> =
        texts.iter().map(|text| StoredHash::parse(Method::Bcrypt, text, &Limits::default()).expect("a hash")).collect();
    let mut group = c.benchmark_group(format!("bcrypt cost {cost}"));
    group.sample_size(10);
    group.bench_function("bcrypt crate, 1", |b| {
        b.iter(|| bcrypt::verify(black_box("correct horse battery staple"), &texts[0]).expect("verified"));
    });
    for count in 1..=4 {
        let pairs: Vec<_> = stored[..count].iter().map(|stored| (stored, &password)).collect();
        group.bench_function(format!("{count} side by side"), |b| {
            b.iter(|| engine.verify_batch_without_decoy(black_box(&pairs)));
        });
    }
    group.finish();
}

criterion_group!(benches, side_by_side);
criterion_main!(benches);
