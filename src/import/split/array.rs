//! The elements of one JSON array, found without building them: brackets, strings and commas only. What is inside an
//! element is for the JSON parser to judge; this file must find where it ends, and where to go on when it is
//! broken.

use memchr::{memchr, memchr_iter, memrchr};

use super::scan::{Found, Scan};
use super::{GiveUp, Span, Split, Step};
use crate::Code;

const UNCLOSED: &str = "ends before the array's closing `]`; it was cut off";

/// After so many elements without an end, the rest of the input is given up.
const UNENDED_MAX: u32 = 64;

/// The splitter's place in the array.
pub(super) struct Array {
    state: State,
    line: u64,
    /// Bytes since the line's beginning, and how many of them are the blanks it begins with.
    column: usize,
    indent: usize,
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
    /// The blanks before the line on which it begins.
    indent: usize,
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
    indent: usize,
    lacks_comma: bool,
    /// It was too large and has been reported.
    is_discarded: bool,
    scan: Scan,
}

impl Array {
    pub(super) const fn new() -> Self {
        Self { state: State::Start, line: 1, column: 0, indent: 0, unended: 0, is_loose: false }
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
        let tail = match memrchr(b'\n', bytes) {
            Some(last) => {
                (self.column, self.indent) = (0, 0);
                &bytes[last + 1..]
            }
            None => bytes,
        };
        if self.indent == self.column {
            self.indent += tail.iter().take_while(|c| matches!(c, b' ' | b'\t')).count();
        }
        self.column += tail.len();
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
                    indent: self.indent,
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
        let is_discarded = element.is_discarded;
        let resync = Resync {
            line: element.line,
            column: element.column,
            indent: element.indent,
            looked_at: 0,
            is_line_start: false,
            is_reported: is_discarded,
        };
        let fault = element.lacks_comma.then_some(Code::BadJson);
        let (end, fault) = match found {
            Found::End(length) => {
                self.state = State::Between(Expect::CommaOrEnd);
                (at + length, fault)
            }
            Found::Broken(length) => {
                // What stands on the line of the break, if that is not the element's first, may be the next element.
                let line_start = memrchr(b'\n', &bytes[at..at + length]).map(|newline| newline + 1);
                let looked_at = line_start.unwrap_or(length);
                self.state = State::Resync(Resync { looked_at, is_line_start: line_start.is_some(), ..resync });
                return Ok(Step::Skip { next: at });
            }
            // It never ends: a bracket is missing, and what it swallowed are records that may be good. Each look at them
            // goes through the rest of the bytes, so there is an end to it.
            Found::More if is_end && self.unended == UNENDED_MAX => {
                return Ok(self.end_resync(resync, State::Unclosed, bytes, at, bytes.len()));
            }
            Found::More if is_end => {
                self.unended += 1;
                self.state = State::Resync(resync);
                return Ok(Step::Skip { next: at });
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
        Ok(Step::Record { span: Span { start: at, end: at + length, line: resync.line, fault }, next: end })
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
        let indent = blanks(&bytes[from..]);
        let line = &bytes[from + indent..];
        let (length, expect) = match line.first() {
            None if !is_end => return self.wait(resync, bytes, at, resync.looked_at),
            Some(b'{') if indent <= resync.column => (0, Expect::Value),
            Some(b']') if indent <= resync.column => (0, Expect::CommaOrEnd),
            Some(b',' | b'}') => match begins_element(line, is_end) {
                None => return self.wait(resync, bytes, at, resync.looked_at),
                // Before the comma; or after the bracket that ends the broken one.
                Some(true) if line[0] == b',' && indent <= resync.column => (0, Expect::CommaOrEnd),
                Some(true) if line[0] == b'}' && indent <= resync.indent => (1, Expect::CommaOrEnd),
                Some(_) => return self.look_on(resync, at, indent),
            },
            _ => return self.look_on(resync, at, indent),
        };
        self.end_resync(resync, State::Between(expect), bytes, at, from + indent + length)
    }

    /// Nothing begins on this line.
    fn look_on(&mut self, resync: Resync, at: usize, indent: usize) -> Step {
        let looked_at = resync.looked_at + indent;
        self.state = State::Resync(Resync { looked_at, is_line_start: false, ..resync });
        Step::Skip { next: at }
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

fn blanks(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|c| matches!(c, b' ' | b'\t')).count()
}

/// Whether a line that begins with `,` or `}` goes on as `,{` or `},{`, with blanks anywhere; `None` where the bytes end before that is known.
fn begins_element(line: &[u8], is_end: bool) -> Option<bool> {
    let mut rest = line;
    for expected in [b'}', b',', b'{'] {
        rest = &rest[blanks(rest)..];
        match rest.split_first() {
            Some((first, after)) if *first == expected => rest = after,
            Some((b',', _)) if expected == b'}' => {}
            Some(_) => return Some(false),
            None => return is_end.then_some(false),
        }
    }
    Some(true)
}
