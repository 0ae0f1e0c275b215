#![no_main]
//! Expressions: what is read is printed so that it is read again as the same, and evaluating it ends.

mod shared;

use rehash::{Columns, Limits, Password, StoredHash, Tag};

libfuzzer_sys::fuzz_target!(|text: &str| {
    let Ok(tag) = text.parse::<Tag>() else { return };
    let printed = tag.to_string();
    assert_eq!(printed.parse::<Tag>().as_ref(), Ok(&tag), "{printed}");
    let limits = Limits::default();
    // A digest of any length that an expression can have, over each set of columns.
    for length in [32, 40, 56, 64, 96, 128] {
        let digest = "0".repeat(length);
        for columns in [
            Columns::default(),
            Columns::default().salt(b"salt"),
            Columns::default().user(b"user"),
            Columns::default().salt(b"salt").user(b"user"),
            Columns::default().salt(b"salt").salt2(b"pepper"),
        ] {
            let Ok(stored) = StoredHash::parse_tagged(&tag, &digest, &columns, &limits) else { continue };
            if stored.cost().time < std::time::Duration::from_millis(2) {
                let _ = shared::engine().verify_without_decoy(&stored, &Password::new("p\u{e9}\0ssword"));
            }
        }
    }
});
