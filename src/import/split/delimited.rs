//! Records that end with a line: NDJSON, and CSV with its quotes.

use memchr::{memchr, memchr_iter, memchr3};

use super::{GiveUp, Span, Split, Step};
use crate::Code;

/// One record a line; blank lines are none.
pub(super) struct Lines {
    line: u64,
    /// In the middle of a line that was too large.
    is_skipping: bool,
    keeps_blank: bool,
    /// Whether a line that begins with `#` is none, either.
    has_comments: bool,
}

impl Lines {
    pub(super) const fn new() -> Self {
        Self { line: 1, is_skipping: false, keeps_blank: false, has_comments: false }
    }

    /// As `htpasswd` and `master.passwd` are, which may have comments.
    pub(super) const fn with_comments() -> Self {
        Self { has_comments: true, ..Self::new() }
    }
}

impl Split for Lines {
    fn step(&mut self, bytes: &[u8], at: usize, is_end: bool) -> Result<Step, String> {
        let (end, next) = match memchr(b'\n', &bytes[at..]) {
            Some(length) => (at + length, at + length + 1),
            None if is_end && at < bytes.len() => (bytes.len(), bytes.len()),
            None => return Ok(Step::More { keep: if self.is_skipping { bytes.len() } else { at } }),
        };
        let line = self.line;
        self.line += 1;
        let is_comment = self.has_comments && bytes[at..end].starts_with(b"#");
        let is_blank = || is_comment || bytes[at..end].iter().all(u8::is_ascii_whitespace);
        if std::mem::take(&mut self.is_skipping) || (!self.keeps_blank && is_blank()) {
            return Ok(Step::Skip { next });
        }
        let end = if bytes[at..end].ends_with(b"\r") { end - 1 } else { end };
        Ok(Step::Record { span: Span { start: at, end, line, fault: None }, next })
    }

    fn give_up(&mut self, bytes: &[u8], _at: usize) -> GiveUp {
        self.is_skipping = true;
        GiveUp { line: self.line, next: bytes.len() }
    }

    fn line(&self) -> u64 {
        self.line
    }

    fn keep_blank_lines(&mut self) {
        self.keeps_blank = true;
    }
}

/// RFC 4180: a field is quoted from its first to its last character, or has no quote in it. Lines may end in LF or CRLF.
pub(super) struct Csv {
    line: u64,
    is_skipping: bool,
}

impl Csv {
    pub(super) const fn new() -> Self {
        Self { line: 1, is_skipping: false }
    }

    /// The record at `at` is broken: it is taken to be its first line alone, so that a stray quote costs one line.
    fn broken(&mut self, bytes: &[u8], at: usize) -> Step {
        let (end, next) = match memchr(b'\n', &bytes[at..]) {
            Some(length) => (at + length, at + length + 1),
            None => (bytes.len(), bytes.len()),
        };
        let span = Span { start: at, end, line: self.line, fault: Some(Code::BadCsv) };
        self.line += 1;
        Step::Record { span, next }
    }
}

/// Where a CSV record ends.
enum End {
    At {
        end: usize,
        next: usize,
    },
    /// A quote where none may be.
    Stray,
    /// A quoted field is open at the end of the bytes.
    Open,
    /// No line end yet.
    Unended,
}

fn scan(bytes: &[u8], at: usize) -> End {
    let mut at = at;
    loop {
        // At the beginning of a field.
        if bytes.get(at) == Some(&b'"') {
            at += 1;
            loop {
                let Some(length) = memchr(b'"', &bytes[at..]) else { return End::Open };
                at += length + 1;
                match bytes.get(at) {
                    Some(b'"') => at += 1,
                    _ => break,
                }
            }
            match &bytes[at..] {
                [] => return End::Unended,
                [b'\r'] => return End::Unended,
                [b',', ..] => at += 1,
                [b'\n', ..] => return End::At { end: at, next: at + 1 },
                [b'\r', b'\n', ..] => return End::At { end: at, next: at + 2 },
                _ => return End::Stray,
            }
        } else {
            let Some(length) = memchr3(b',', b'\n', b'"', &bytes[at..]) else { return End::Unended };
            at += length;
            match bytes[at] {
                b',' => at += 1,
                b'"' => return End::Stray,
                _ => {
                    let end = if bytes[..at].ends_with(b"\r") { at - 1 } else { at };
                    return End::At { end, next: at + 1 };
                }
            }
        }
    }
}

impl Split for Csv {
    fn step(&mut self, bytes: &[u8], at: usize, is_end: bool) -> Result<Step, String> {
        if self.is_skipping {
            let Some(length) = memchr(b'\n', &bytes[at..]) else { return Ok(Step::More { keep: bytes.len() }) };
            self.is_skipping = false;
            self.line += 1;
            return Ok(Step::Skip { next: at + length + 1 });
        }
        let (end, next) = match scan(bytes, at) {
            End::At { end, next } => (end, next),
            // Which line is broken is known only when it is all there.
            End::Stray if !is_end && memchr(b'\n', &bytes[at..]).is_none() => return Ok(Step::More { keep: at }),
            End::Stray => return Ok(self.broken(bytes, at)),
            End::Open | End::Unended if !is_end => return Ok(Step::More { keep: at }),
            End::Open => return Ok(self.broken(bytes, at)),
            End::Unended if at == bytes.len() => return Ok(Step::More { keep: at }),
            End::Unended => {
                let end = if bytes.ends_with(b"\r") { bytes.len() - 1 } else { bytes.len() };
                (end, bytes.len())
            }
        };
        let line = self.line;
        self.line += memchr_iter(b'\n', &bytes[at..next]).count() as u64;
        if end == at {
            return Ok(Step::Skip { next });
        }
        Ok(Step::Record { span: Span { start: at, end, line, fault: None }, next })
    }

    fn give_up(&mut self, bytes: &[u8], at: usize) -> GiveUp {
        let line = self.line;
        // Without a line end it is one long line; with one, a quote was never closed, and the next line may be good.
        let next = match memchr(b'\n', &bytes[at..]) {
            Some(length) => {
                self.line += 1;
                at + length + 1
            }
            None => {
                self.is_skipping = true;
                bytes.len()
            }
        };
        GiveUp { line, next }
    }

    fn line(&self) -> u64 {
        self.line
    }
}
