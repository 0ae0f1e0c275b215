//! Inputs that are damaged or out of all proportion: what can be read is read, and the error says what happened.
#![cfg(feature = "import")]

use std::io::{Cursor, Read, Write as _};
use std::ops::ControlFlow;

use rehash::Code;
use rehash::import::{Options, Rules, Source, Summary, check};

fn record(n: usize) -> String {
    format!(
        "{{\"username\":\"user{n}\",\"passwordEncrypted\":\"5f4dcc3b5aa765d61d8327deb882cf99\",\"passwordEncryptionMethod\":\"md5\"}}\n"
    )
}

fn read(source: Source) -> (Summary, u64) {
    let mut last = 0;
    let (summary, _) = check([Ok(source)], &Rules::default(), Options::default(), |checked| {
        last = checked.line;
        ControlFlow::<()>::Continue(())
    });
    (summary, last)
}

#[test]
fn a_line_of_a_hundred_megabytes_is_one_bad_record_between_good_ones() {
    let huge =
        Cursor::new("{\"username\":\"").chain(std::io::repeat(b'x').take(100_000_000)).chain(Cursor::new("\"}\n"));
    let input = Cursor::new(record(1)).chain(huge).chain(Cursor::new(record(3)));
    let (summary, last) = read(Source::new("huge", input).expect("readable"));
    assert_eq!((summary.records, summary.good, summary.rejected, last), (3, 2, 1, 3));
    assert_eq!(summary.problems.get(&Code::RecordTooLarge), Some(&1));
    assert!(summary.errors.is_empty());
}

#[test]
fn a_compressed_input_that_is_cut_off_gives_what_is_whole_and_one_error() {
    // Different enough that the first half of the file is about half of the records.
    let lines: Vec<String> = (0..20_000).map(|n| record(n * 7919 % 1_000_003)).collect();
    let text = lines.concat();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(text.as_bytes()).expect("compressed");
    let gzip = gzip.finish().expect("compressed");
    let zstd = zstd::encode_all(text.as_bytes(), 3).expect("compressed");
    for (name, whole) in [("gzip", gzip), ("zstd", zstd)] {
        for part in [whole.len() / 2, whole.len() - 1] {
            let (summary, last) = read(Source::new(name, Cursor::new(whole[..part].to_vec())).expect("it begins well"));
            assert_eq!(summary.errors.len(), 1, "{name}");
            assert!(summary.errors[0].to_string().contains("cut off"), "{name}: {}", summary.errors[0]);
            assert_eq!((summary.rejected, summary.records), (0, last), "{name}");
            assert!(summary.good > 1000 && summary.good <= 20_000, "{name}: {}", summary.good);
        }
        let (summary, _) = read(Source::new(name, Cursor::new(whole)).expect("readable"));
        assert_eq!((summary.good, summary.errors.len()), (20_000, 0));
    }
}

#[test]
fn white_space_before_the_first_record_hides_nothing_of_it() {
    for before in ["\n\n\n", " \r\n", "\n \n", "\n\t\n", "\n", ""] {
        for records in ["{\"username\":\"a\"}\n{\"username\":\"b\"}\n", "[{\"username\":\"a\"},{\"username\":\"b\"}]"] {
            let source = Source::new("users", Cursor::new(format!("{before}{records}").into_bytes()));
            let (summary, _) =
                check([source], &Rules::default(), Options::default(), |_| ControlFlow::<()>::Continue(()));
            assert_eq!((summary.good, summary.errors.len()), (2, 0), "{before:?}{records}: {:?}", summary.errors);
        }
    }
    // And an object on several lines is told of, wherever it begins.
    for before in ["", "\n\n\n", "\n"] {
        let source = Source::new("users", Cursor::new(format!("{before}{{\n\"username\":\"a\"}}\n").into_bytes()));
        let (summary, _) = check([source], &Rules::default(), Options::default(), |_| ControlFlow::<()>::Continue(()));
        assert!(
            summary.records == 0 && summary.errors[0].to_string().contains("several lines"),
            "{:?}",
            summary.errors
        );
    }
    // Of many blank lines, the line numbers stay right.
    let source = Source::new("users", Cursor::new(("\n".repeat(3 << 20) + "{\"username\":\"a\"}\n").into_bytes()));
    let mut line = 0;
    let (_, _) = check([source], &Rules::default(), Options::default(), |checked| {
        line = checked.line;
        ControlFlow::<()>::Continue(())
    });
    assert_eq!(line, (3 << 20) + 1);
}
