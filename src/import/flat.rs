//! The common record: one flat JSON object of the record's own fields, each a string without escapes or null. Where its
//! quotes stand is found many bytes at a time; whatever else a record is, is left to the JSON parser, which also says what is
//! wrong with it.

use std::borrow::Cow;

use super::field::Field;
use super::record::Fields;
use crate::kernel::marks::{BLOCK, Marks};

/// The most quotes that a common record has: two for the name and two for the value of each field.
const QUOTES_MAX: usize = 4 * Field::COUNT;

/// Reads a record; `false` where it is of another kind, and the fields then hold nothing of use.
pub(super) fn read<'a>(text: &'a str, fields: &mut Fields<'a>) -> bool {
    members(text, fields).is_some()
}

fn members<'a>(text: &'a str, fields: &mut Fields<'a>) -> Option<()> {
    let mut places = [0; QUOTES_MAX];
    let quotes = quotes(text.as_bytes(), &mut places)?;
    let mut reader = Reader { text, at: 0, quotes };
    reader.expect(b'{')?;
    loop {
        let field = Field::of(reader.string()?)?;
        reader.expect(b':')?;
        let value = match reader.peek()? {
            b'"' if !field.is_object() => Some(Cow::Borrowed(reader.string()?)),
            b'n' => reader.null()?,
            _ => return None,
        };
        if !fields.take_once(field, value) {
            return None;
        }
        match reader.next()? {
            b',' => {}
            b'}' => break,
            _ => return None,
        }
    }
    // Nothing may follow.
    reader.peek().is_none().then_some(())
}

/// Where the quotes stand, where each begins a string or ends one and no string needs another look: there is no backslash,
/// and no control character within a string.
fn quotes<'p>(bytes: &[u8], places: &'p mut [u32; QUOTES_MAX]) -> Option<&'p [u32]> {
    let mut count = 0;
    let mut is_within = 0;
    for (number, part) in bytes.chunks(BLOCK).enumerate() {
        let marks = match part.try_into() {
            Ok(block) => Marks::of(block),
            Err(_) => {
                let mut block = [b' '; BLOCK];
                block[..part.len()].copy_from_slice(part);
                Marks::of(&block)
            }
        };
        // All bits from an opening quote to before its closing one.
        let mut within = marks.quotes;
        for distance in [1, 2, 4, 8, 16, 32] {
            within ^= within << distance;
        }
        within ^= is_within;
        if marks.backslashes | (marks.controls & within) != 0 {
            return None;
        }
        is_within = 0u64.wrapping_sub(within >> (BLOCK - 1));
        let mut left = marks.quotes;
        while left != 0 {
            *places.get_mut(count)? = u32::try_from(number * BLOCK).ok()? + left.trailing_zeros();
            count += 1;
            left &= left - 1;
        }
    }
    Some(&places[..count])
}

struct Reader<'a, 'q> {
    text: &'a str,
    at: usize,
    /// The quotes that have not been come to.
    quotes: &'q [u32],
}

impl<'a> Reader<'a, '_> {
    /// The next byte that is not white space.
    #[inline]
    fn peek(&mut self) -> Option<u8> {
        loop {
            match *self.text.as_bytes().get(self.at)? {
                b' ' | b'\n' | b'\r' | b'\t' => self.at += 1,
                byte => return Some(byte),
            }
        }
    }

    #[inline]
    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    #[inline]
    fn expect(&mut self, byte: u8) -> Option<()> {
        // Mostly without white space before it.
        if self.text.as_bytes().get(self.at) == Some(&byte) {
            self.at += 1;
            return Some(());
        }
        (self.next()? == byte).then_some(())
    }

    fn null(&mut self) -> Option<Option<Cow<'a, str>>> {
        self.text[self.at..].starts_with("null").then(|| {
            self.at += "null".len();
            None
        })
    }

    #[inline]
    fn string(&mut self) -> Option<&'a str> {
        self.expect(b'"')?;
        let [_, closing, ref rest @ ..] = *self.quotes else { return None };
        let (start, end) = (self.at, closing as usize);
        self.quotes = rest;
        self.at = end + 1;
        self.text.get(start..end)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
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
            " { \"username\" : \"Ada Lovelace, Countess\" ,   \"name\":null } ",
            r#"{"passwordDigest":"é€𝄞 and more than eight bytes"}"#,
            "{\r\n\t\"username\": \"ada\",\n\t\"name\": null\n}\n",
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
            "{\u{1}\"username\":\"ada\"}",
            "{\"username\":\"line\nend\"}",
        ] {
            assert!(flat(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_control_character_is_found_in_a_string_wherever_it_stands() {
        for place in 1..3 * BLOCK {
            for wrong in (0..0x20).chain([b'\\']) {
                let mut name = "n".repeat(3 * BLOCK).into_bytes();
                name[place] = wrong;
                let name = String::from_utf8(name).unwrap();
                assert!(flat(&format!("{{\"username\":\"{name}\"}}")).is_none(), "{wrong} at {place}");
            }
        }
    }

    #[test]
    fn more_quotes_than_a_record_has_are_left_to_the_parser() {
        assert!(flat(&format!("{{{}", "\"\"".repeat(200))).is_none());
    }

    proptest! {
        #[test]
        fn what_is_read_is_what_the_parser_reads(
            pieces in proptest::collection::vec(
                prop_oneof![
                    Just("{"), Just("}"), Just("\"username\""), Just("\"name\""), Just("\"customData\""), Just(":"),
                    Just(","), Just("null"), Just(" "), Just("\n"), Just("\r\n\t"), Just("\"a b c d e f g h\""), Just("\"é\""),
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
