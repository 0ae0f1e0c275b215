#![no_main]
//! Argon2 texts; what is cheap is verified as the `argon2` crate computes it. The input is a line with the text, a byte
//! that names variant and cost, and the password.

mod shared;

use argon2::{Algorithm, Argon2, Params, Version};
use rehash::{Method, Password};

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let Some((text, rest)) = shared::line(input) else { return };
    let methods = [Method::Argon2d, Method::Argon2i, Method::Argon2id];
    for method in methods {
        shared::round_trip(method, text);
    }
    let Some((&kind, password)) = rest.split_first() else { return };
    let method = methods[usize::from(kind) % 3];
    // A hash that the crate makes, in the shape of the text's first bytes.
    let algorithm = [Algorithm::Argon2d, Algorithm::Argon2i, Algorithm::Argon2id][usize::from(kind) % 3];
    let (lanes, passes) = (u32::from(kind / 3 % 3) + 1, u32::from(kind / 9 % 3) + 1);
    let memory = 8 * lanes + u32::from(kind / 27);
    let mut output = [0; 16];
    let argon2 = Argon2::new(algorithm, Version::V0x13, Params::new(memory, passes, lanes, Some(16)).expect("legal"));
    argon2.hash_password_into(password, b"saltsalt", &mut output).expect("a hash");
    let canonical = format!("${method}$v=19$m={memory},t={passes},p={lanes}$c2FsdHNhbHQ${}", base64(&output));
    let stored = shared::round_trip(method, &canonical).expect("the crate's hash parses");
    let accepted = shared::engine().verify_without_decoy(&stored, &Password::new(password)).is_ok();
    assert_eq!(accepted, password.len() <= Password::BYTES_MAX);
});

fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let group = |group: &[u8]| -> String {
        let bits = group.iter().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - group.len()));
        (0..=group.len()).map(|place| char::from(ALPHABET[(bits >> (18 - 6 * place)) as usize & 63])).collect()
    };
    bytes.chunks(3).map(group).collect()
}
