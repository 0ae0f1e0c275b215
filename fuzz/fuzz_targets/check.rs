#![no_main]
//! The whole of `check` on arbitrary bytes: it ends, on any number of threads, with counts that add up.

use std::io::Cursor;
use std::ops::ControlFlow;

use rehash::import::{Options, Rules, Source, check};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let run = |jobs| {
        let mut options = Options::default();
        options.jobs = jobs;
        let mut lines = Vec::new();
        let source = Source::new("fuzz", Cursor::new(bytes.to_vec()));
        let (summary, _) = check([source], &Rules::default(), options, |checked| {
            lines.push((checked.line, checked.problems.to_vec()));
            ControlFlow::<()>::Continue(())
        });
        assert_eq!(summary.records, summary.good + summary.rejected);
        assert_eq!(summary.records, lines.len() as u64);
        lines
    };
    assert_eq!(run(1), run(2));
});
