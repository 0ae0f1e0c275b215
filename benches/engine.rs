//! The engine against the bare primitive it stands on: what parsing, bounds, comparison and policy add to a
//! verification.

#[path = "support/interleaved.rs"]
mod interleaved;

use std::hint::black_box;

use criterion::{Criterion, criterion_group};
use interleaved::Contender;
use md5::Md5;
use rehash::{Argon2Target, Engine, Limits, Method, Password, Policy, StoredHash};
use sha1::Sha1;
use sha2::{Digest, Sha256};

const PASSWORD: &str = "correct horse battery staple";

fn engine(upgrade: rehash::UpgradeMode) -> Engine {
    let policy = Policy::builder(Argon2Target::OWASP_19_MIB).upgrade(upgrade).build().expect("within limits");
    Engine::new(policy).expect("entropy")
}

/// Parsing the row and verifying it, as a sign-in does, but without the upgrade: that is another hash.
fn engine_verifies(c: &mut Criterion, name: &str, method: Method, text: &str) {
    let engine = engine(rehash::UpgradeMode::Off);
    c.bench_function(name, |b| {
        b.iter(|| {
            let stored = StoredHash::parse(method, black_box(text), &Limits::default()).expect("a hash");
            engine.verify(&stored, &Password::new(black_box(PASSWORD))).expect("accepted")
        });
    });
}

fn digests(c: &mut Criterion) {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    c.bench_function("md5/primitive", |b| b.iter(|| Md5::digest(black_box(PASSWORD))));
    engine_verifies(c, "md5/engine", Method::Md5, &hex(&Md5::digest(PASSWORD)));
    c.bench_function("sha1/primitive", |b| b.iter(|| Sha1::digest(black_box(PASSWORD))));
    engine_verifies(c, "sha1/engine", Method::Sha1, &hex(&Sha1::digest(PASSWORD)));
    c.bench_function("sha256/primitive", |b| b.iter(|| Sha256::digest(black_box(PASSWORD))));
    engine_verifies(c, "sha256/engine", Method::Sha256, &hex(&Sha256::digest(PASSWORD)));
}

fn iterated(c: &mut Criterion) {
    let text = bcrypt::hash_with_salt(PASSWORD, 5, [9; 16]).expect("a hash").to_string();
    c.bench_function("bcrypt-5/primitive", |b| {
        b.iter(|| bcrypt::verify(black_box(PASSWORD), &text).expect("verified"));
    });
    engine_verifies(c, "bcrypt-5/engine", Method::Bcrypt, &text);

    // Small, so that the difference is not lost in the noise of the hash.
    let params = argon2::Params::new(64, 1, 1, Some(32)).expect("legal");
    let argon2 = argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
    let policy = Policy::builder(Argon2Target { memory_kib: 64, passes: 1, lanes: 1 }).build().expect("within limits");
    let stored = Engine::new(policy).expect("entropy").hash(&Password::new(PASSWORD)).expect("a hash");
    c.bench_function("argon2id-64KiB/primitive", |b| {
        let mut output = [0; 32];
        b.iter(|| argon2.hash_password_into(black_box(PASSWORD.as_bytes()), b"0123456789abcdef", &mut output));
    });
    engine_verifies(c, "argon2id-64KiB/engine", Method::Argon2id, stored.text());
}

/// Whole calls at the default policy: what a sign-in costs.
fn sign_ins(c: &mut Criterion) {
    let engine = engine(rehash::UpgradeMode::On);
    let stored =
        StoredHash::parse(Method::Md5, "5f4dcc3b5aa765d61d8327deb882cf99", &Limits::default()).expect("an MD5");
    let current = engine.hash(&Password::new(PASSWORD)).expect("a hash");
    let mut group = c.benchmark_group("sign-in");
    group.sample_size(20);
    group
        .bench_function("md5 accepted and upgraded", |b| b.iter(|| engine.verify(&stored, &Password::new("password"))));
    group.bench_function("md5 wrong password", |b| b.iter(|| engine.verify(&stored, &Password::new("wrong"))));
    group.bench_function("argon2id accepted", |b| b.iter(|| engine.verify(&current, &Password::new(PASSWORD))));
    group.bench_function("argon2id wrong password", |b| b.iter(|| engine.verify(&current, &Password::new("wrong"))));
    group.bench_function("unknown user", |b| b.iter(|| engine.verify_unknown_user(&Password::new(PASSWORD))));
    group.finish();
}

/// What the engine adds to a digest, which is so quick that nothing hides it: many in one run, in turn with the digest alone.
fn overhead() {
    const MANY: u32 = 20_000;
    let engine = engine(rehash::UpgradeMode::Off);
    let text = Sha256::digest(PASSWORD).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let sign_in = || {
        let stored = StoredHash::parse(Method::Sha256, black_box(&text), &Limits::default()).expect("a hash");
        drop(engine.verify(&stored, &Password::new(black_box(PASSWORD))).expect("accepted"));
    };
    let contenders = vec![
        Contender::new("parse, bounds, compare, policy, and sha256", MANY, || (0..MANY).for_each(|_| sign_in())),
        Contender::new("sha256 alone", MANY, || {
            (0..MANY).for_each(|_| {
                black_box(Sha256::digest(black_box(PASSWORD)));
            });
        }),
    ];
    interleaved::compare("engine overhead", 31, contenders);
}

criterion_group!(benches, digests, iterated, sign_ins);

fn main() {
    benches();
    overhead();
    Criterion::default().configure_from_args().final_summary();
}
