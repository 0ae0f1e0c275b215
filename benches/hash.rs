//! Each scheme, one hash at a time at the parameters that its systems use; and iterated schemes against the same loop over the
//! bare primitive: what a scheme adds to the hashing that it must do.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use md5::Md5;
use rehash::{Argon2Target, Columns, Engine, Limits, Password, Policy, StoredHash, Tag, UpgradeMode};
use sha2::{Digest, Sha256, Sha512};

const PASSWORD: &[u8] = b"correct horse battery staple";

/// A wrong password costs what the right one does, so that no right hash is needed here.
fn scheme(c: &mut Criterion, group: &str, tag: &str, text: &str) {
    let target = Argon2Target { memory_kib: 8, passes: 1, lanes: 1 };
    let policy = Policy::builder(target).upgrade(UpgradeMode::Off).build().expect("within limits");
    let engine = Engine::new(policy).expect("entropy");
    let tag: Tag = tag.parse().expect("a tag");
    let stored = StoredHash::parse_tagged(&tag, text, &Columns::default(), &Limits::default()).expect(text);
    let password = Password::new(PASSWORD);
    c.benchmark_group(group)
        .bench_function("scheme", |b| b.iter(|| engine.verify_without_decoy(black_box(&stored), &password).is_ok()));
}

fn bare<D: Digest>(c: &mut Criterion, group: &str, rounds: usize, length: impl Fn(usize) -> usize) {
    let mut input = [7u8; 256];
    c.benchmark_group(group).bench_function("bare loop", |b| {
        b.iter(|| {
            // Each digest goes into the next message, as it does there: none can begin before the other has ended.
            for round in 0..rounds {
                let digest = D::digest(black_box(&input[..length(round)]));
                input[..digest.len()].copy_from_slice(&digest);
            }
        });
    });
}

fn schemes(c: &mut Criterion) {
    let password = PASSWORD.len();
    // What crypt's rounds hash: the digest before and the password each time, the salt and the password again most times.
    let crypt = |digest: usize, salt: usize| {
        move |round: usize| {
            let salt = if round.is_multiple_of(3) { 0 } else { salt };
            digest + password + salt + if round.is_multiple_of(7) { 0 } else { password }
        }
    };
    scheme(c, "md5crypt", "md5crypt", &format!("$1$abcdefgh${}", ".".repeat(22)));
    bare::<Md5>(c, "md5crypt", 1000, crypt(16, 8));
    scheme(c, "sha256crypt", "sha256crypt", &format!("$5$abcdefghijklmnop${}", ".".repeat(43)));
    bare::<Sha256>(c, "sha256crypt", 5000, crypt(32, 16));
    scheme(c, "sha512crypt", "sha512crypt", &format!("$6$abcdefghijklmnop${}", ".".repeat(86)));
    bare::<Sha512>(c, "sha512crypt", 5000, crypt(64, 16));
    scheme(c, "phpass-11", "phpass", &format!("$P$9abcdefgh{}", ".".repeat(22)));
    bare::<Md5>(c, "phpass-11", 2049, |round| if round == 0 { 8 + password } else { 16 + password });
    scheme(c, "iterate", "iterate(4999,sha256_raw($p),sha256_raw($x.$p))", &"0".repeat(64));
    bare::<Sha256>(c, "iterate", 5000, |round| if round == 0 { password } else { 32 + password });
    // Two compressions of one block for each iteration.
    scheme(c, "pbkdf2-sha256", "pbkdf2", &format!("$pbkdf2-sha256$i=5000$c2FsdHNhbHQ${}", "A".repeat(43)));
    c.benchmark_group("pbkdf2-sha256").bench_function("bare loop", |b| {
        let mut output = [0; 32];
        b.iter(|| pbkdf2::pbkdf2_hmac::<Sha256>(black_box(PASSWORD), b"saltsalt", 5000, &mut output));
    });
}

/// Those that have no loop of a digest beside them above.
fn others(c: &mut Criterion) {
    let zeros = |count: usize| ".".repeat(count);
    scheme(c, "md5", "md5", &"0".repeat(32));
    scheme(c, "sha1", "sha1", &"0".repeat(40));
    scheme(c, "sha256", "sha256", &"0".repeat(64));
    scheme(c, "sha512", "sha512", &"0".repeat(128));
    scheme(c, "mysql323", "mysql323", &"0".repeat(16));
    scheme(c, "descrypt", "descrypt", "sa3tHJ3/KuYvI");
    scheme(c, "bsdicrypt, 725 rounds", "bsdicrypt", "_J9..saltJW8FtKdEkNM");
    scheme(c, "sha1crypt, 24680 rounds", "sha1crypt", "$sha1$24680$saltsalt$cjWYY8m.GxzIaOChpqX.LIZkGuOY");
    scheme(c, "sunmd5, 4096 rounds", "sunmd5", "$md5,rounds=4096$saltsalt$$kt9d1ZmqTXN7W1YgmYN0h0");
    scheme(c, "bcrypt cost 10", "bcrypt", &format!("$2b$10${}{}", zeros(22), zeros(31)));
    scheme(c, "scrypt ln=14 r=8 p=1", "scrypt", &format!("$scrypt$ln=14,r=8,p=1$c2FsdHNhbHQ${}", "A".repeat(43)));
    scheme(c, "yescrypt j9T", "yescrypt", "$y$j9T$saltsaltsaltsaltsalt/.$ShZi8WoAmIjIjhnuTSnz/y/H1s8mWn5Jjb7MoU0ozP0");
    for variant in ["argon2i", "argon2d", "argon2id"] {
        let text = format!("${variant}$v=19$m=19456,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg${}", "A".repeat(43));
        scheme(c, &format!("{variant} m=19456 t=2 p=1"), variant, &text);
    }
}

criterion_group!(benches, schemes, others);
criterion_main!(benches);
