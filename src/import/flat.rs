//! The common record: one flat JSON object of the record's own fields, each a string without escapes or null. It is read in
//! one pass over eight bytes at a time; whatever else a record is, is left to the JSON parser, which also says what is
//! wrong with it.

use std::borrow::Cow;

use super::field::Field;
use super::record::Fields;

const ONES: u64 = u64::MAX / 255;
const HIGHS: u64 = ONES << 7;

/// Reads a record; `false` where it is of another kind, and the fields then hold nothing of use.
pub(super) fn read<'a>(text: &'a str, fields: &mut Fields<'a>) -> bool {
    members(text, fields).is_some()
}

fn members<'a>(text: &'a str, fields: &mut Fields<'a>) -> Option<()> {
    let mut reader = Reader { text, at: 0 };
    reader.expect(b'{')?;
    loop {
        let field = Field::of(reader.string()?)?;
        reader.expect(b':')?;
        let value = match reader.peek()? {
            b'"' if !field.is_object() => Some(Cow::Borrowed(reader.string()?)),
            b'n' => reader.null()?,
            _ => return None,
        };
        fields.take(field, value).ok()?;
        match reader.next()? {
            b',' => {}
            b'}' => break,
            _ => return None,
        }
    }
    // Nothing may follow.
    reader.peek().is_none().then_some(())
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    /// The next byte that is not white space.
    fn peek(&mut self) -> Option<u8> {
        loop {
            match *self.text.as_bytes().get(self.at)? {
                b' ' | b'\t' | b'\n' | b'\r' => self.at += 1,
                byte => return Some(byte),
            }
        }
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        (self.next()? == byte).then_some(())
    }

    fn null(&mut self) -> Option<Option<Cow<'a, str>>> {
        self.text[self.at..].starts_with("null").then(|| {
            self.at += "null".len();
            None
        })
    }

    /// A string without escapes.
    fn string(&mut self) -> Option<&'a str> {
        self.expect(b'"')?;
        let start = self.at;
        let end = end_of_string(self.text.as_bytes(), start)?;
        self.at = end + 1;
        self.text.get(start..end)
    }
}

/// Where the quote stands that ends a string; `None` where an escape, a control character or the end comes before it.
fn end_of_string(bytes: &[u8], mut at: usize) -> Option<usize> {
    while let Some(word) = bytes.get(at..).and_then(<[u8]>::first_chunk) {
        let found = specials(u64::from_le_bytes(*word));
        if found != 0 {
            at += found.trailing_zeros() as usize / 8;
            return (bytes[at] == b'"').then_some(at);
        }
        at += 8;
    }
    let rest = bytes.get(at..)?;
    let length = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20))?;
    (rest[length] == b'"').then_some(at + length)
}

/// The highest bit of each byte that is a quote, a backslash or a control character. Above the lowest such byte, and only
/// there, others may be marked too.
const fn specials(word: u64) -> u64 {
    let quotes = word ^ (ONES * b'"' as u64);
    let backslashes = word ^ (ONES * b'\\' as u64);
    ((quotes.wrapping_sub(ONES) & !quotes)
        | (backslashes.wrapping_sub(ONES) & !backslashes)
        | (word.wrapping_sub(ONES * 0x20) & !word))
        & HIGHS
}

#[cfg(test)]
mod tests {
    use super::super::json;
    use super::*;
    use proptest::prelude::*;

    fn flat(text: &str) -> Option<Fields<'_>> {
        let mut fields = Fields::default();
        read(text, &mut fields).then_some(fields)
    }

    #[test]
    fn what_is_flat_is_read_and_what_is_not_is_left() {
        for text in [
            r#"{"username":"ada","primaryEmail":"ada@example.com"}"#,
            " { \"username\" : \"Ada Lovelace, Countess\" ,\r\n\t\"name\":null } ",
            r#"{"passwordDigest":"é€𝄞 and more than eight bytes"}"#,
        ] {
            assert!(flat(text).is_some(), "{text}");
        }
        for text in [
            "",
            "{}",
            "[]",
            r#"{"username":"ada"} x"#,
            r#"{"username":"ada",}"#,
            r#"{"username":"ada""#,
            r#"{"username":"a\"da"}"#,
            r#"{"username":1}"#,
            r#"{"username":nul}"#,
            r#"{"username":nullnull}"#,
            r#"{"username":"ada","username":"bob"}"#,
            r#"{"customData":"{}"}"#,
            r#"{"shoeSize":"39"}"#,
            "{\"username\":\"tab\tand more than eight\"}",
            "{\"username\":\"\u{1}\"}",
        ] {
            assert!(flat(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_byte_that_ends_a_string_is_found_wherever_it_stands() {
        for special in (0..0x20).chain([b'"', b'\\']) {
            for place in 0..24 {
                for other in [b' ', b'!', b'#', b'[', b']', 0x7f, 0x80, 0xa2, 0xdc, 0xff] {
                    let mut bytes = [other; 24];
                    assert_eq!(end_of_string(&bytes, 0), None);
                    bytes[place] = special;
                    let expected = (special == b'"').then_some(place);
                    assert_eq!(end_of_string(&bytes, 0), expected, "{special} at {place} among {other}");
                }
            }
        }
    }

    proptest! {
        #[test]
        fn what_is_read_is_what_the_parser_reads(
            pieces in proptest::collection::vec(
                prop_oneof![
                    Just("{"), Just("}"), Just("\"username\""), Just("\"name\""), Just("\"customData\""), Just(":"),
                    Just(","), Just("null"), Just(" "), Just("\n"), Just("\"a b c d e f g h\""), Just("\"é\""),
                    Just("\"\\n\""), Just("\"\u{7f}\u{1}\""), Just("\"\""), Just("[]"),
                ],
                0..12,
            ),
            is_object in any::<bool>(),
        ) {
            let inner = pieces.concat();
            let text = if is_object { format!("{{\"username\":\"x\",{inner}}}") } else { inner };
            if let Some(flat) = flat(&text) {
                let parsed = json::fields(&text);
                prop_assert!(parsed.is_ok_and(|parsed| parsed == flat), "{}", text);
            }
        }
    }
}
