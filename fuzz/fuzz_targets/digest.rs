#![no_main]
//! MD5, SHA-1 and SHA-256 texts in every encoding.

mod shared;

use rehash::Method;

libfuzzer_sys::fuzz_target!(|text: &str| {
    for method in [Method::Md5, Method::Sha1, Method::Sha256] {
        if let Some(stored) = shared::round_trip(method, text) {
            assert!(stored.canonical().bytes().all(|c| c.is_ascii_digit() || (b'a'..=b'f').contains(&c)));
        }
    }
});
