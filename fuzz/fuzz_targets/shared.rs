//! What the targets have in common.
#![allow(dead_code)]

use std::io::Cursor;

use rehash::import::{Chunks, Format, Rules, Source, Verdict};
use rehash::{Argon2Target, Engine, Limits, Method, Policy, StoredHash};

/// A hash that parses must come back the same from every form it has.
pub fn round_trip(method: Method, text: &str) -> Option<StoredHash> {
    let limits = Limits::default();
    let stored = StoredHash::parse(method, text, &limits).ok()?;
    assert_eq!(stored.text(), text);
    let canonical = stored.clone().into_canonical();
    assert_eq!(canonical.text(), stored.canonical());
    let again = StoredHash::parse(method, canonical.text(), &limits).expect("canonical text parses");
    assert_eq!(again.canonical(), canonical.text());
    let described = stored.self_describing();
    let again = StoredHash::parse_self_describing(&described, &limits).expect("the self-describing form parses");
    // What was read is kept, be it a pair's text or one string: a compare-and-swap names it.
    assert_eq!((again.text(), again.self_describing()), (described.as_str(), described.clone()));
    assert_eq!((again.method(), again.canonical()), (method, stored.canonical()));
    let _ = (stored.parameters(), stored.cost(), format!("{stored:?}"));
    Some(stored)
}

/// A text of one line, and what follows it: seeds are read so, and what the fuzzer makes of them.
pub fn line(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    Some((std::str::from_utf8(&bytes[..end]).ok()?, &bytes[end + 1..]))
}

/// A cheap engine without a decoy's cost.
pub fn engine() -> Engine {
    let target = Argon2Target { memory_kib: 8, passes: 1, lanes: 1 };
    Engine::new(Policy::builder(target).build().expect("within limits")).expect("entropy")
}

/// Splits and judges: no panic, lines never go back, and what is good can be written and read again.
pub fn records(bytes: &[u8], format: Format) {
    let Ok(source) = Source::new("fuzz", Cursor::new(bytes.to_vec())) else { return };
    let Ok(mut chunks) = Chunks::new(source, format) else { return };
    let (rules, mut line) = (Rules::default(), 0);
    while let Ok(Some(chunk)) = chunks.next_chunk() {
        for raw in chunk.records() {
            assert!(raw.line >= line, "lines go back");
            line = raw.line;
            if let Verdict::Good(record) = rules.judge(&chunk, raw) {
                let text = record.to_json_line().expect("nothing in the clear");
                assert!(!text.contains('\n'));
                assert_eq!(good(&text).as_deref(), Some(text.as_str()));
            }
        }
    }
}

/// The one record of a line of JSON, written again.
pub fn good(line: &str) -> Option<String> {
    let source = Source::new("again", Cursor::new(line.as_bytes().to_vec())).ok()?;
    let chunk = Chunks::new(source, Format::Ndjson).ok()?.next_chunk().ok()??;
    let raw = chunk.records().next()?;
    match Rules::default().judge(&chunk, raw) {
        Verdict::Good(record) => record.to_json_line(),
        Verdict::Bad(problems) => panic!("{problems:?}"),
    }
}
