//! bcrypt of cost 10 (`REHASH_BENCH_BCRYPT_COST` sets another): one, and several side by side on one thread, against as many
//! of the `bcrypt` crate's one after the other.

#[path = "support/interleaved.rs"]
mod interleaved;

use std::hint::black_box;

use criterion::{Criterion, criterion_group};
use interleaved::Contender;
use rehash::{Argon2Target, Engine, Limits, Method, Password, Policy, StoredHash, UpgradeMode};

const PASSWORD: &str = "correct horse battery staple";

struct Setting {
    cost: u32,
    engine: Engine,
    password: Password,
    texts: Vec<String>,
    stored: Vec<StoredHash>,
}

impl Setting {
    fn new() -> Self {
        let cost = std::env::var("REHASH_BENCH_BCRYPT_COST").ok().and_then(|cost| cost.parse().ok()).unwrap_or(10);
        let target = Argon2Target { memory_kib: 8, passes: 1, lanes: 1 };
        let policy = Policy::builder(target).upgrade(UpgradeMode::Off).build().expect("within limits");
        let text = |salt| bcrypt::hash_with_salt(PASSWORD, cost, [salt; 16]).expect("a hash").to_string();
        let texts: Vec<String> = (0..4u8).map(text).collect();
        let parse = |text: &String| StoredHash::parse(Method::Bcrypt, text, &Limits::default()).expect("a hash");
        Self {
            cost,
            engine: Engine::new(policy).expect("entropy"),
            password: Password::new(PASSWORD),
            stored: texts.iter().map(parse).collect(),
            texts,
        }
    }

    fn ours(&self, count: usize) {
        let pairs: Vec<_> = self.stored[..count].iter().map(|stored| (stored, &self.password)).collect();
        let verdicts = self.engine.verify_batch_without_decoy(black_box(&pairs));
        assert!(verdicts.iter().all(Result::is_ok));
    }

    fn theirs(&self) {
        assert!(bcrypt::verify(black_box(PASSWORD), &self.texts[0]).expect("a hash"));
    }
}

fn side_by_side(c: &mut Criterion) {
    let setting = Setting::new();
    let mut group = c.benchmark_group(format!("bcrypt cost {}", setting.cost));
    group.sample_size(10);
    group.bench_function("bcrypt crate, 1", |b| b.iter(|| setting.theirs()));
    for count in 1..=4 {
        group.bench_function(format!("{count} side by side"), |b| b.iter(|| setting.ours(count)));
    }
    group.finish();
}

/// The time of a whole run is the latency that each in it sees; the time of a hash is that divided by their number.
fn in_turn() {
    let setting = &Setting::new();
    let names = ["1 alone", "2 side by side", "3 side by side", "4 side by side"];
    let ours = |each: fn(usize) -> u32| {
        let contender = move |(count, name): (usize, &'static str)| {
            Contender::new(name, each(count + 1), move || setting.ours(count + 1))
        };
        let ours = names.into_iter().enumerate().map(contender);
        ours.chain([Contender::new("bcrypt crate", 1, || setting.theirs())]).collect::<Vec<_>>()
    };
    interleaved::compare(&format!("bcrypt cost={}, per hash", setting.cost), 15, ours(|count| count as u32));
    interleaved::compare(&format!("bcrypt cost={}, latency", setting.cost), 15, ours(|_| 1));
}

criterion_group!(benches, side_by_side);

fn main() {
    benches();
    in_turn();
    Criterion::default().configure_from_args().final_summary();
}
