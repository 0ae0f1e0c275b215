//! The common record: one flat JSON object of the record's own fields, each a string without escapes or null. It is read in
//! two passes over many bytes at a time; whatever else a record is, is left to the JSON parser, which also says what is
//! wrong with it.

use std::borrow::Cow;

use memchr::memchr;

use super::field::Field;
use super::record::Fields;

/// Reads a record; `false` where it is of another kind, and the fields then hold nothing of use.
pub(super) fn read<'a>(text: &'a str, fields: &mut Fields<'a>) -> bool {
    members(text, fields).is_some()
}

fn members<'a>(text: &'a str, fields: &mut Fields<'a>) -> Option<()> {
    if !has_no_escapes(text.as_bytes()) {
        return None;
    }
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

/// Whether there is neither a backslash nor a control character: then each quote begins a string or ends one, and no string
/// needs another look.
fn has_no_escapes(bytes: &[u8]) -> bool {
    // Without an early end, so that the compiler can look at many bytes at once.
    !bytes.iter().fold(false, |found, byte| found | (*byte < b' ') | (*byte == b'\\'))
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    /// The next byte that is not white space, of which blanks alone are no control characters.
    fn peek(&mut self) -> Option<u8> {
        loop {
            match *self.text.as_bytes().get(self.at)? {
                b' ' => self.at += 1,
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

    fn string(&mut self) -> Option<&'a str> {
        self.expect(b'"')?;
        let rest = &self.text[self.at..];
        let length = memchr(b'"', rest.as_bytes())?;
        self.at += length + 1;
        Some(&rest[..length])
    }
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
            " { \"username\" : \"Ada Lovelace, Countess\" ,   \"name\":null } ",
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
            "{\n\"username\":\"ada\"}",
        ] {
            assert!(flat(text).is_none(), "{text}");
        }
    }

    #[test]
    fn an_escape_or_a_control_character_is_found_wherever_it_stands() {
        for wrong in (0..0x20).chain([b'\\']) {
            for place in 0..40 {
                for other in [b' ', b'!', b'"', b'[', b']', 0x7f, 0x80, 0xdc, 0xff] {
                    let mut bytes = [other; 40];
                    assert!(has_no_escapes(&bytes));
                    bytes[place] = wrong;
                    assert!(!has_no_escapes(&bytes), "{wrong} at {place} among {other}");
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
