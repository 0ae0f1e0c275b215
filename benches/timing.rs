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
        let verify = |text: &str| {
            let stored = StoredHash::parse(*method, text, &Limits::default()).expect("a hash");
            let engine = &engine;
            move || drop(black_box(engine.verify_without_decoy(&stored, &Password::new(PASSWORD))))
        };
        let (first, last) = (verify(&differing(digest, 0)), verify(&differing(digest, digest.len() - 1)));
        show(format!("verify {method}"), digest.len(), compare(&first, &last));

        let decode =
            |text: String| move || drop(black_box(StoredHash::parse(*method, black_box(&text), &Limits::default())));
        let (first, last) = (decode(differing(digest, 0)), decode(differing(digest, digest.len() - 1)));
        show(format!("decode {method}"), digest.len(), compare(&first, &last));
    }
    // bcrypt's and Argon2's digests are compared by the same code; their own time drowns it, so it is measured on the
    // cheapest hashes there are.
    for (name, texts) in [("argon2id", argon2()), ("bcrypt", bcrypt_texts())] {
        let bytes = texts.2;
        let method = StoredHash::method_named_by(&texts.0).expect("it names its method");
        let decode =
            |text: String| move || drop(black_box(StoredHash::parse(method, black_box(&text), &Limits::default())));
        show(format!("decode {name}"), bytes, compare(&decode(texts.0), &decode(texts.1)));
    }
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

fn argon2() -> (String, String, usize) {
    let text = |hash: &str| format!("$argon2id$v=19$m=8,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg${hash}");
    (text("AAjSJ3H5x1LhqTA6yB6T6D1EW4hUk0gmfbkx5LCONcE"), text("IAjSJ3H5x1LhqTA6yB6T6D1EW4hUk0gmfbkx5LCONAA"), 32)
}

fn bcrypt_texts() -> (String, String, usize) {
    let text = |hash: &str| format!("$2b$04$CCCCCCCCCCCCCCCCCCCCC.{hash}");
    (text("A5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"), text("E5YPO9kmyuRGyh0XouQYb4YMJKvyOAS"), 23)
}

/// Welch's t of the times of two classes of work, in random order.
fn compare(one: &dyn Fn(), other: &dyn Fn()) -> f64 {
    let mut random = 0x9e37_79b9_7f4a_7c15u64;
    let mut times: [Vec<f64>; 2] = [Vec::with_capacity(SAMPLES), Vec::with_capacity(SAMPLES)];
    while times.iter().any(|times| times.len() < SAMPLES) {
        // xorshift64*: which class comes next must not follow a pattern that the processor can learn.
        random ^= random >> 12;
        random ^= random << 25;
        random ^= random >> 27;
        let class = (random.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 63) as usize;
        let work = if class == 0 { one } else { other };
        let start = Instant::now();
        work();
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
