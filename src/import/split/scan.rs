//! Where one JSON value ends.

use memchr::memchr3;

/// Far deeper than any record is read.
const DEPTH_MAX: usize = 1 << 16;

/// Finds the end of one JSON value; goes on where it stopped when more bytes come.
#[derive(Default)]
pub(super) struct Scan {
    /// Open brackets.
    open: Vec<u8>,
    last: Token,
    is_in_string: bool,
    /// How many bytes have been looked at.
    pub(super) scanned: usize,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Token {
    /// Nothing yet, `{`, `[` or `,`.
    #[default]
    Open,
    Colon,
    /// A string, number or word, or `}`, `]`: only `,`, `:` or a closing bracket may follow.
    Value,
}

pub(super) enum Found {
    /// The value ends before this byte.
    End(usize),
    /// This byte cannot stand here.
    Broken(usize),
    More,
}

impl Scan {
    pub(super) fn run(&mut self, bytes: &[u8]) -> Found {
        let mut at = self.scanned;
        let found = loop {
            if self.is_in_string {
                let Some(length) = memchr3(b'"', b'\\', b'\n', &bytes[at..]) else {
                    at = bytes.len();
                    break Found::More;
                };
                at += length;
                match (bytes[at], bytes.get(at + 1)) {
                    (b'"', _) => {
                        self.is_in_string = false;
                        at += 1;
                        if self.open.is_empty() {
                            break Found::End(at);
                        }
                    }
                    (b'\\', None) => break Found::More,
                    (b'\\', Some(c)) if *c != b'\n' => at += 2,
                    _ => break Found::Broken(at),
                }
                continue;
            }
            let Some(byte) = bytes.get(at) else { break Found::More };
            match self.token(*byte) {
                None => break Found::Broken(at),
                Some(Place::Within) => at += 1,
                Some(Place::Last) => break Found::End(at + 1),
                Some(Place::After) => break Found::End(at),
            }
        };
        self.scanned = at;
        found
    }

    /// Takes a byte outside strings; `None` where it cannot stand.
    fn token(&mut self, byte: u8) -> Option<Place> {
        let is_top = self.open.is_empty();
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' => {
                return Some(if is_top && self.last == Token::Value { Place::After } else { Place::Within });
            }
            b'"' => {
                if self.last == Token::Value {
                    return None;
                }
                self.is_in_string = true;
                self.last = Token::Value;
            }
            b'{' | b'[' => {
                let is_value_due = self.last == Token::Colon
                    || (self.last == Token::Open && self.open.last().is_none_or(|open| *open == b'['));
                if !is_value_due || self.open.len() >= DEPTH_MAX {
                    return None;
                }
                self.open.push(byte);
                self.last = Token::Open;
            }
            b'}' | b']' => {
                let opening = if byte == b'}' { b'{' } else { b'[' };
                match self.open.pop() {
                    None => return Some(Place::After),
                    Some(open) if open != opening => return None,
                    Some(_) if self.open.is_empty() => return Some(Place::Last),
                    Some(_) => self.last = Token::Value,
                }
            }
            b',' if is_top => return Some(Place::After),
            b',' => self.last = Token::Open,
            b':' => self.last = Token::Colon,
            _ => self.last = Token::Value,
        }
        Some(Place::Within)
    }
}

/// Where a byte stands in relation to the value.
enum Place {
    Within,
    Last,
    After,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_without_end_take_no_more_than_so_much_memory() {
        let mut scan = Scan::default();
        assert!(matches!(scan.run(&[b'['; DEPTH_MAX]), Found::More));
        assert!(matches!(scan.run(&[b'['; DEPTH_MAX + 1]), Found::Broken(DEPTH_MAX)));
        assert_eq!(scan.open.len(), DEPTH_MAX);
    }
}
