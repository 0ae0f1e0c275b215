#![no_main]
//! Whole inputs of this format: split, judged, written and read again.

mod shared;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| shared::records(bytes, rehash::import::Format::Ndjson));
