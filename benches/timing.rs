//! Whether the time of comparing and decoding depends on where two digests differ: a dudect-style test. For each digest
//! length the same password is verified against two hashes, one that differs from its digest in the first byte only and one
//! that differs in the last, in random order; Welch's t between the two classes is printed after cropping the slowest
//! measurements, which are the machine's and not the code's.
//!
//! `cargo bench --bench timing` prints a table and exits with 1 where |t| reaches 4.5, dudect's threshold for
//! "there may be a leak".

use std::hint::black_box;
use std::time::Instant;

use md5::Md5;
use rehash::{Engine, Limits, Method, Password, Policy, StoredHash};
use sha1::Sha1;
use sha2::{Digest, Sha256};

const PASSWORD: &[u8] = b"correct horse battery staple";
const SAMPLES: usize = 400_000;
const THRESHOLD: f64 = 4.5;

fn main() {
    // `cargo test --benches` and `cargo bench --no-run` have no use for a minute of measurement.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let digests: [(Method, Vec<u8>); 3] = [
        (Method::Md5, Md5::digest(PASSWORD).to_vec()),
        (Method::Sha1, Sha1::digest(PASSWORD).to_vec()),
        (Method::Sha256, Sha256::digest(PASSWORD).to_vec()),
    ];
    let mut is_leaky = false;
    println!("{:<28}{:>8}{:>12}{:>10}", "path", "bytes", "samples", "|t|");
    let mut show = |name: String, bytes: usize, t: f64| {
        is_leaky |= t.abs() >= THRESHOLD;
        println!("{name:<28}{bytes:>8}{:>12}{:>10.2}", 2 * SAMPLES, t.abs());
    };
    let engine = Engine::new(Policy::default()).expect("entropy");
    for (method, digest) in &digests {
        let texts = [differing(digest, 0), differing(digest, digest.len() - 1)];
        let parse = |text: &str| StoredHash::parse(*method, text, &Limits::default()).expect("a hash");
        let prepare = |class: usize| (parse(&texts[class]), Password::new(PASSWORD));
        let verify = |(stored, password): &(StoredHash, Password)| {
            black_box(engine.verify_without_decoy(stored, password).is_ok());
        };
        show(format!("verify {method}"), digest.len(), compare(&prepare, &verify));
        show(format!("decode {method}"), digest.len(), decoding(*method, &texts));
    }
    // bcrypt's and Argon2's digests are compared by the same code, whose time theirs would drown.
    show("decode argon2id".to_owned(), 32, decoding(Method::Argon2id, &argon2()));
    show("decode bcrypt".to_owned(), 23, decoding(Method::Bcrypt, &bcrypt_texts()));
    if is_leaky {
        println!(
            "|t| reaches {THRESHOLD}: the time may depend on where the digests differ; run again on an idle machine"
        );
        std::process::exit(1);
    }
    println!("|t| < {THRESHOLD} everywhere: no difference to be seen");
}

/// The digest in hex with every bit of one byte flipped.
fn differing(digest: &[u8], at: usize) -> String {
    let hex = |(place, byte): (usize, &u8)| format!("{:02x}", if place == at { !byte } else { *byte });
    digest.iter().enumerate().map(hex).collect()
}

fn argon2() -> [String; 2] {
    ["AAjSJ3H5x1LhqTA6yB6T6D1EW4hUk0gmfbkx5LCONcE", "IAjSJ3H5x1LhqTA6yB6T6D1EW4hUk0gmfbkx5LCONAA"]
        .map(|hash| format!("$argon2id$v=19$m=8,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg${hash}"))
}

fn bcrypt_texts() -> [String; 2] {
    ["A5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "E5YPO9kmyuRGyh0XouQYb4YMJKvyOAS"]
        .map(|hash| format!("$2b$04$CCCCCCCCCCCCCCCCCCCCC.{hash}"))
}

/// Parsing two texts that differ in their first and in their last byte.
fn decoding(method: Method, texts: &[String; 2]) -> f64 {
    let parse = |text: &String| drop(black_box(StoredHash::parse(method, text, &Limits::default())));
    compare(&|class: usize| texts[class].clone(), &parse)
}

/// Welch's t of the times of one piece of work on inputs of two classes, in random order. Each input is made anew just
/// before it is used, so that both classes lie in the same place in memory.
///
/// The median of three runs: a difference in the code shows in each of them, one of the machine's seldom does.
fn compare<T>(prepare: &dyn Fn(usize) -> T, work: &dyn Fn(&T)) -> f64 {
    let mut runs = [0; 3].map(|_| measure(prepare, work).abs());
    runs.sort_by(f64::total_cmp);
    runs[1]
}

fn measure<T>(prepare: &dyn Fn(usize) -> T, work: &dyn Fn(&T)) -> f64 {
    let mut random = 0x9e37_79b9_7f4a_7c15u64;
    let mut times: [Vec<f64>; 2] = [Vec::with_capacity(SAMPLES), Vec::with_capacity(SAMPLES)];
    while times.iter().any(|times| times.len() < SAMPLES) {
        // xorshift64*: which class comes next must not follow a pattern that the processor can learn.
        random ^= random >> 12;
        random ^= random << 25;
        random ^= random >> 27;
        let class = (random.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 63) as usize;
        let input = prepare(class);
        let start = Instant::now();
        work(black_box(&input));
        let took = start.elapsed().as_nanos() as f64;
        if times[class].len() < SAMPLES {
            times[class].push(took);
        }
    }
    let crop = percentile(&times, 0.90);
    for times in &mut times {
        times.retain(|time| *time <= crop);
    }
    welch(&times[0], &times[1])
}

/// The value below which this share of all measurements lies.
fn percentile(times: &[Vec<f64>; 2], share: f64) -> f64 {
    let mut all: Vec<f64> = times.iter().flatten().copied().collect();
    all.sort_by(f64::total_cmp);
    all[(all.len() as f64 * share) as usize]
}

fn welch(one: &[f64], other: &[f64]) -> f64 {
    let mean = |times: &[f64]| times.iter().sum::<f64>() / times.len() as f64;
    let error = |times: &[f64], mean: f64| {
        times.iter().map(|time| (time - mean).powi(2)).sum::<f64>() / (times.len() as f64 - 1.0) / times.len() as f64
    };
    let (a, b) = (mean(one), mean(other));
    (a - b) / (error(one, a) + error(other, b)).sqrt()
}
