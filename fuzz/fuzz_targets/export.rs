#![no_main]
//! Other systems' exports; the first byte says whose. It ends, with counts that add up, and what is good can be written and
//! read again.

mod shared;

use std::io::Cursor;
use std::ops::ControlFlow;

use rehash::import::{Export, HashConfig, Options, Rules, Source, Vendor, check};

libfuzzer_sys::fuzz_target!(|input: (u8, &[u8])| {
    let vendor = Vendor::ALL[usize::from(input.0) % Vendor::ALL.len()];
    let parameters = "hash_config { algorithm: SCRYPT, base64_signer_key: c2lnbmVy, base64_salt_separator: Bw==, rounds: 8, mem_cost: 14 }";
    let export = Export::new(vendor).hash_config(HashConfig::parse(parameters).expect("parameters"));
    let mut options = Options::default();
    options.jobs = 1;
    options.keeps_records = true;
    options.export = Some(export);
    let (mut seen, mut line) = (0, 0);
    let source = Source::new("fuzz", Cursor::new(input.1.to_vec()));
    let (summary, _) = check([source], &Rules::default(), options, |checked| {
        seen += 1;
        assert!(checked.line >= line, "lines go back");
        line = checked.line;
        if let Some(record) = &checked.record
            && let Some(text) = record.to_json_line()
        {
            assert_eq!(shared::good(&text).as_deref(), Some(text.as_str()));
        }
        ControlFlow::<()>::Continue(())
    });
    assert_eq!(summary.records, summary.good + summary.rejected);
    assert_eq!(summary.records, seen);
});
