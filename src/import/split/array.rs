//! The elements of one JSON array, found without building them: brackets, strings and commas only. What is inside an
//! element is for the JSON parser to judge; this file must find where it ends, and where to go on when it is
//! broken.

use memchr::{memchr, memchr_iter, memchr3, memrchr};

use super::{GiveUp, Span, Split, Step};
use crate::Code;

const UNCLOSED: &str = "ends before the array's closing `]`; it was cut off";

/// After so many elements without an end, the rest of the input is given up.
const UNENDED_MAX: u32 = 64;

/// The splitter's place in the array.
pub(super) struct Array {
    state: State,
    line: u64,
    /// Bytes since the line's beginning.
    column: usize,
    /// Elements that had no end.
    unended: u32,
    /// Whether elements may follow each other without a comma.
    is_loose: bool,
}

enum State {
    /// Before `[`.
    Start,
    Between(Expect),
    Element(Box<Element>),
    /// In a broken element: looking for the next line that begins an element no deeper than it, or ends the array.
    Resync(Resync),
    /// After `]`.
    Done,
    /// After an element that never ended.
    Unclosed,
}

/// A broken element, which reaches to where the next one is found.
#[derive(Clone, Copy)]
struct Resync {
    line: u64,
    column: usize,
    /// Bytes of it that have been looked at.
    looked_at: usize,
    /// Whether what comes next begins a line.
    is_line_start: bool,
    /// It was too large to keep, and has been reported.
    is_reported: bool,
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
        Self { state: State::Start, line: 1, column: 0, unended: 0, is_loose: false }
    }

    /// An array that begins on this line.
    pub(super) fn at_line(line: u64) -> Self {
        Self { line, ..Self::new() }
    }

    /// Objects one after the other, around which somebody has put the brackets.
    pub(super) fn loose() -> Self {
        Self { is_loose: true, ..Self::new() }
    }

    /// Whether the closing bracket has been read.
    pub(super) const fn is_done(&self) -> bool {
        matches!(self.state, State::Done)
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
                    lacks_comma: expect == Expect::CommaOrEnd && !self.is_loose,
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
                let line_start = memrchr(b'\n', &bytes[at..at + length]).map(|newline| newline + 1);
                return Ok(self.begin_resync(
                    line,
                    column,
                    line_start.unwrap_or(length),
                    line_start.is_some(),
                    is_discarded,
                    at,
                ));
            }
            // It never ends: a bracket is missing, and what it swallowed are records that may be good. Each look at them
            // goes through the rest of the bytes, so there is an end to it.
            Found::More if is_end && self.unended == UNENDED_MAX => {
                let resync = Resync { line, column, looked_at: 0, is_line_start: false, is_reported: is_discarded };
                return Ok(self.end_resync(resync, State::Unclosed, bytes, at, bytes.len()));
            }
            Found::More if is_end => {
                self.unended += 1;
                return Ok(self.begin_resync(line, column, 0, false, is_discarded, at));
            }
            Found::More if is_discarded => {
                // A backslash at the end waits for what it escapes.
                let keep = at + std::mem::take(&mut element.scan.scanned);
                self.advance(&bytes[at..keep]);
                return Ok(Step::More { keep });
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

    fn begin_resync(
        &mut self,
        line: u64,
        column: usize,
        looked_at: usize,
        is_line_start: bool,
        is_reported: bool,
        at: usize,
    ) -> Step {
        self.state = State::Resync(Resync { line, column, looked_at, is_line_start, is_reported });
        Step::Skip { next: at }
    }

    /// Looks on from where the broken element at `at` was left.
    fn resync(&mut self, resync: Resync, bytes: &[u8], at: usize, is_end: bool) -> Step {
        let from = at + resync.looked_at;
        if !resync.is_line_start {
            return match memchr(b'\n', &bytes[from..]) {
                Some(length) => {
                    let looked_at = resync.looked_at + length + 1;
                    self.state = State::Resync(Resync { looked_at, is_line_start: true, ..resync });
                    Step::Skip { next: at }
                }
                None if is_end => self.end_resync(resync, State::Unclosed, bytes, at, bytes.len()),
                None => self.wait(resync, bytes, at, bytes.len() - at),
            };
        }
        let indent = bytes[from..].iter().take_while(|c| matches!(c, b' ' | b'\t')).count();
        let expect = match bytes.get(from + indent) {
            None if !is_end => return self.wait(resync, bytes, at, resync.looked_at),
            Some(b'{') if indent <= resync.column => Expect::Value,
            Some(b']') if indent <= resync.column => Expect::CommaOrEnd,
            _ => {
                let looked_at = resync.looked_at + indent;
                self.state = State::Resync(Resync { looked_at, is_line_start: false, ..resync });
                return Step::Skip { next: at };
            }
        };
        self.end_resync(resync, State::Between(expect), bytes, at, from + indent)
    }

    /// More bytes are needed; those of an element that was reported need not be kept.
    fn wait(&mut self, resync: Resync, bytes: &[u8], at: usize, looked_at: usize) -> Step {
        if !resync.is_reported {
            self.state = State::Resync(Resync { looked_at, ..resync });
            return Step::More { keep: at };
        }
        self.state = State::Resync(Resync { looked_at: 0, ..resync });
        self.advance(&bytes[at..at + looked_at]);
        Step::More { keep: at + looked_at }
    }

    /// The broken element reaches to `end`.
    fn end_resync(&mut self, resync: Resync, state: State, bytes: &[u8], at: usize, end: usize) -> Step {
        self.state = state;
        self.advance(&bytes[at..end]);
        if resync.is_reported {
            return Step::Skip { next: end };
        }
        let text = bytes[at..end].trim_ascii_end();
        let length = text.strip_suffix(b",").unwrap_or(text).trim_ascii_end().len();
        let span = Span { start: at, end: at + length, line: resync.line, fault: Some(Code::BadJson) };
        Step::Record { span, next: end }
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
            State::Resync(resync) => Ok(self.resync(resync, bytes, at, is_end)),
            State::Unclosed => Err(UNCLOSED.to_owned()),
        }
    }

    fn give_up(&mut self, bytes: &[u8], at: usize) -> GiveUp {
        let (mut line, mut next) = (self.line, bytes.len());
        match &mut self.state {
            State::Element(element) => {
                line = element.line;
                element.is_discarded = true;
                next = at + std::mem::take(&mut element.scan.scanned);
            }
            State::Resync(resync) => {
                line = resync.line;
                *resync = Resync { looked_at: 0, is_line_start: false, is_reported: true, ..*resync };
            }
            State::Start | State::Between(_) | State::Done | State::Unclosed => {}
        }
        self.advance(&bytes[at..next]);
        GiveUp { line, next }
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
