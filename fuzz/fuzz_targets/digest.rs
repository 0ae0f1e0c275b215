#![no_main]
//! MD5, SHA-1 and SHA-256 texts in every encoding.

mod shared;

use rehash::Method;

libfuzzer_sys::fuzz_target!(|input: (u8, &str)| {
    let method = [Method::Md5, Method::Sha1, Method::Sha256][usize::from(input.0) % 3];
    if let Some(stored) = shared::round_trip(method, input.1) {
        assert!(stored.canonical().bytes().all(|c| c.is_ascii_digit() || (b'a'..=b'f').contains(&c)));
    }
});
