//! The elements of one JSON array, found without building them: brackets, strings and commas only. What is inside an
//! element is for the JSON parser to judge; this file must find where it ends, and where to go on when it is
//! broken.

use memchr::{memchr, memchr_iter, memchr3, memrchr};

use super::{GiveUp, Span, Split, Step};
use crate::Code;

const UNCLOSED: &str = "ends before the array's closing `]`; it was cut off";

/// The splitter's place in the array.
pub(super) struct Array {
    state: State,
    line: u64,
    /// Bytes since the line's beginning.
    column: usize,
}

enum State {
    /// Before `[`.
    Start,
    Between(Expect),
    Element(Box<Element>),
    /// After a broken element: the next line that begins an element no deeper than it, or ends the array.
    Resync {
        column: usize,
        is_line_start: bool,
    },
    /// After `]`.
    Done,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Expect {
    First,
    CommaOrEnd,
    Value,
}

/// The element under way.
struct Element {
    line: u64,
    column: usize,
    lacks_comma: bool,
    /// It was too large and has been reported.
    is_discarded: bool,
    scan: Scan,
}

impl Array {
    pub(super) const fn new() -> Self {
        Self { state: State::Start, line: 1, column: 0 }
    }

    fn advance(&mut self, bytes: &[u8]) {
        self.line += memchr_iter(b'\n', bytes).count() as u64;
        self.column = memrchr(b'\n', bytes).map_or(self.column + bytes.len(), |last| bytes.len() - last - 1);
    }

    /// A record that is a problem by itself: `bytes[start..end]`.
    fn fault(&mut self, bytes: &[u8], start: usize, end: usize) -> Step {
        let span = Span { start, end, line: self.line, fault: Some(Code::BadJson) };
        self.advance(&bytes[start..end]);
        Step::Record { span, next: end }
    }

    fn between(&mut self, expect: Expect, bytes: &[u8], at: usize, is_end: bool) -> Result<Step, String> {
        let space = bytes[at..].iter().take_while(|c| c.is_ascii_whitespace()).count();
        self.advance(&bytes[at..at + space]);
        let at = at + space;
        match (bytes.get(at), expect) {
            (None, _) if is_end => Err(UNCLOSED.to_owned()),
            (None, _) => Ok(Step::More { keep: at }),
            (Some(b','), Expect::CommaOrEnd) => {
                self.state = State::Between(Expect::Value);
                self.advance(b",");
                Ok(Step::Skip { next: at + 1 })
            }
            (Some(b','), _) => {
                self.state = State::Between(Expect::Value);
                let Step::Record { span, .. } = self.fault(bytes, at, at) else { return Ok(Step::Skip { next: at }) };
                self.advance(b",");
                Ok(Step::Record { span, next: at + 1 })
            }
            (Some(b']'), Expect::Value) => {
                self.state = State::Between(Expect::CommaOrEnd);
                Ok(self.fault(bytes, at, at))
            }
            (Some(b']'), _) => {
                self.state = State::Done;
                Ok(Step::Skip { next: at + 1 })
            }
            (Some(b'}' | b':'), _) => {
                self.state = State::Between(Expect::CommaOrEnd);
                Ok(self.fault(bytes, at, at + 1))
            }
            (Some(_), _) => {
                self.state = State::Element(Box::new(Element {
                    line: self.line,
                    column: self.column,
                    lacks_comma: expect == Expect::CommaOrEnd,
                    is_discarded: false,
                    scan: Scan::default(),
                }));
                Ok(Step::Skip { next: at })
            }
        }
    }

    fn element(&mut self, bytes: &[u8], at: usize, is_end: bool) -> Result<Step, String> {
        let State::Element(element) = &mut self.state else { return Ok(Step::Skip { next: at }) };
        let found = element.scan.run(&bytes[at..]);
        let (line, column, is_discarded) = (element.line, element.column, element.is_discarded);
        let fault = element.lacks_comma.then_some(Code::BadJson);
        let (end, fault) = match found {
            Found::End(length) => {
                self.state = State::Between(Expect::CommaOrEnd);
                (at + length, fault)
            }
            Found::Broken(length) => {
                // What stands on the line of the break, if that is not the element's first, may be the next element.
                let line_start = memrchr(b'\n', &bytes[at..at + length]).map(|newline| at + newline + 1);
                self.state = State::Resync { column, is_line_start: line_start.is_some() };
                (line_start.unwrap_or(at + length), Some(Code::BadJson))
            }
            Found::More if is_end => return Err(UNCLOSED.to_owned()),
            Found::More if is_discarded => {
                element.scan.scanned = 0;
                self.advance(&bytes[at..]);
                return Ok(Step::More { keep: bytes.len() });
            }
            Found::More => return Ok(Step::More { keep: at }),
        };
        self.advance(&bytes[at..end]);
        if is_discarded {
            return Ok(Step::Skip { next: end });
        }
        let length = bytes[at..end].trim_ascii_end().len();
        Ok(Step::Record { span: Span { start: at, end: at + length, line, fault }, next: end })
    }

    fn resync(
        &mut self,
        column: usize,
        is_line_start: bool,
        bytes: &[u8],
        at: usize,
        is_end: bool,
    ) -> Result<Step, String> {
        let next = if is_line_start {
            let indent = bytes[at..].iter().take_while(|c| matches!(c, b' ' | b'\t')).count();
            let first = bytes.get(at + indent);
            if first.is_none() && !is_end {
                return Ok(Step::More { keep: at });
            }
            let expect = match first {
                Some(b'{') if indent <= column => Some(Expect::Value),
                Some(b']') if indent <= column => Some(Expect::CommaOrEnd),
                _ => None,
            };
            self.state = match expect {
                Some(expect) => State::Between(expect),
                None => State::Resync { column, is_line_start: false },
            };
            at + indent
        } else if let Some(length) = memchr(b'\n', &bytes[at..]) {
            self.state = State::Resync { column, is_line_start: true };
            at + length + 1
        } else if is_end {
            return Err(UNCLOSED.to_owned());
        } else {
            self.advance(&bytes[at..]);
            return Ok(Step::More { keep: bytes.len() });
        };
        self.advance(&bytes[at..next]);
        Ok(Step::Skip { next })
    }
}

impl Split for Array {
    fn step(&mut self, bytes: &[u8], at: usize, is_end: bool) -> Result<Step, String> {
        match self.state {
            State::Start | State::Done => {
                let space = bytes[at..].iter().take_while(|c| c.is_ascii_whitespace()).count();
                let is_start = matches!(self.state, State::Start);
                match bytes.get(at + space) {
                    Some(b'[') if is_start => {
                        self.state = State::Between(Expect::First);
                        self.advance(&bytes[at..=at + space]);
                        Ok(Step::Skip { next: at + space + 1 })
                    }
                    None if !is_start || !is_end => {
                        self.advance(&bytes[at..]);
                        Ok(Step::More { keep: bytes.len() })
                    }
                    _ if is_start => Err("does not begin with `[`: not a JSON array".to_owned()),
                    _ => Err("something stands after the array's closing `]`".to_owned()),
                }
            }
            State::Between(expect) => self.between(expect, bytes, at, is_end),
            State::Element(_) => self.element(bytes, at, is_end),
            State::Resync { column, is_line_start } => self.resync(column, is_line_start, bytes, at, is_end),
        }
    }

    fn give_up(&mut self, bytes: &[u8], at: usize) -> GiveUp {
        let mut line = self.line;
        match &mut self.state {
            State::Element(element) => {
                line = element.line;
                element.is_discarded = true;
                element.scan.scanned = 0;
            }
            State::Resync { is_line_start, .. } => *is_line_start = false,
            State::Start | State::Between(_) | State::Done => {}
        }
        self.advance(&bytes[at..]);
        GiveUp { line, next: bytes.len() }
    }

    fn line(&self) -> u64 {
        self.line
    }
}

/// Finds the end of one JSON value; goes on where it stopped when more bytes come.
#[derive(Default)]
struct Scan {
    /// Open brackets.
    open: Vec<u8>,
    last: Token,
    is_in_string: bool,
    /// How many bytes have been looked at.
    scanned: usize,
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

enum Found {
    /// The value ends before this byte.
    End(usize),
    /// This byte cannot stand here.
    Broken(usize),
    More,
}

impl Scan {
    fn run(&mut self, bytes: &[u8]) -> Found {
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
                if !is_value_due {
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
