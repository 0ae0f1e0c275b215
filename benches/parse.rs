//! Recognising and parsing a stored hash, per method: nanoseconds, no hashing.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use rehash::{Limits, Method, StoredHash, identify};

const TEXTS: [(Method, &str); 5] = [
    (Method::Md5, "5f4dcc3b5aa765d61d8327deb882cf99"),
    (Method::Sha1, "5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8"),
    (Method::Sha256, "5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8"),
    (Method::Bcrypt, "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
    (
        Method::Argon2id,
        "$argon2id$v=19$m=65536,t=3,p=1$FBMjI4RJBhIykCgol1KEJA$2ky5GAdhT1kH4kIgPN/oERE3Taiy43vNN70a3HpiKQU",
    ),
];

fn parse(c: &mut Criterion) {
    let limits = Limits::default();
    let mut group = c.benchmark_group("parse");
    for (method, text) in TEXTS {
        group.bench_function(method.as_str(), |b| b.iter(|| StoredHash::parse(method, black_box(text), &limits)));
    }
    group.finish();

    let mut group = c.benchmark_group("identify");
    for (method, text) in TEXTS {
        group.bench_function(method.as_str(), |b| b.iter(|| identify(black_box(text))));
    }
    group.finish();
}

criterion_group!(benches, parse);
criterion_main!(benches);
