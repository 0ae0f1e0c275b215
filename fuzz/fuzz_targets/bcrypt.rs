#![no_main]
//! bcrypt texts; what is cheap is verified as the `bcrypt` crate verifies it. The input is a line with the text, sixteen
//! bytes of salt and the password.

mod shared;

use rehash::{Method, Password};

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let Some((text, rest)) = shared::line(input) else { return };
    shared::round_trip(Method::Bcrypt, text);
    let Some((salt, password)) = rest.split_first_chunk() else { return };
    let text = bcrypt::hash_with_salt(password, 4, *salt).expect("a hash").to_string();
    let stored = shared::round_trip(Method::Bcrypt, &text).expect("the crate's text parses");
    let accepted = shared::engine().verify_without_decoy(&stored, &Password::new(password)).is_ok();
    assert_eq!(accepted, !password.contains(&0) && password.len() <= Password::BYTES_MAX);
});
