#![no_main]
//! Texts that name their own method, and what they are told to be.

mod shared;

use rehash::{Identification, Limits, StoredHash, identify};

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Ok(stored) = StoredHash::parse_self_describing(text, &Limits::default()) {
        assert_eq!(stored.self_describing(), text);
        assert_eq!(identify(text), Identification::Named(stored.method()));
    }
});
