//! LDIF's entries, with empty lines between them, and the rows of SQL's `INSERT` into a users table.

use memchr::memchr_iter;

use super::{GiveUp, Span, Split, Step};

/// One entry after the other.
pub(super) struct Ldif {
    line: u64,
    is_skipping: bool,
}

impl Ldif {
    pub(super) const fn new() -> Self {
        Self { line: 1, is_skipping: false }
    }
}

/// The end of the entry's last line, and where the next begins.
fn end_of_entry(bytes: &[u8], at: usize) -> Option<(usize, usize)> {
    memchr_iter(b'\n', &bytes[at..]).find_map(|newline| {
        let next = at + newline + 1;
        let blank = match &bytes[next..] {
            [b'\n', ..] => 1,
            [b'\r', b'\n', ..] => 2,
            _ => return None,
        };
        Some((next - 1, next + blank))
    })
}

/// Whether an entry says of itself that it is nobody's: a container, a group, a server's settings. Directories are exported
/// whole, so that every export has some.
fn is_of_no_user(entry: &[u8]) -> bool {
    const NOBODYS: [&str; 10] = [
        "organization",
        "organizationalunit",
        "dcobject",
        "domain",
        "groupofnames",
        "groupofuniquenames",
        "posixgroup",
        "container",
        "country",
        "olcglobal",
    ];
    const OF_A_USER: [&[u8]; 3] = [b"userpassword:", b"uid:", b"mail:"];
    let mut is_nobodys = false;
    for line in entry.split(|c| *c == b'\n') {
        let line = line.trim_ascii_end().to_ascii_lowercase();
        if OF_A_USER.iter().any(|name| line.starts_with(name)) {
            return false;
        }
        let class = line.strip_prefix(b"objectclass:").map(<[u8]>::trim_ascii);
        is_nobodys |= class.is_some_and(|class| NOBODYS.iter().any(|name| name.as_bytes() == class));
    }
    is_nobodys
}

impl Split for Ldif {
    fn step(&mut self, bytes: &[u8], at: usize, is_end: bool) -> Result<Step, String> {
        let blank = bytes[at..].iter().take_while(|c| matches!(c, b'\n' | b'\r')).count();
        if blank > 0 {
            self.line += memchr_iter(b'\n', &bytes[at..at + blank]).count() as u64;
            return Ok(Step::Skip { next: at + blank });
        }
        let (end, next) = match end_of_entry(bytes, at) {
            Some(found) => found,
            None if is_end && at < bytes.len() => (bytes.len(), bytes.len()),
            None => return Ok(Step::More { keep: if self.is_skipping { bytes.len() } else { at } }),
        };
        let line = self.line;
        self.line += memchr_iter(b'\n', &bytes[at..next]).count() as u64;
        let end = at + bytes[at..end].trim_ascii_end().len();
        // Nothing but comments, or the version.
        let is_entry = bytes[at..end].split(|c| *c == b'\n').any(|line| {
            !line.starts_with(b"#") && !line.starts_with(b" ") && !line.to_ascii_lowercase().starts_with(b"version:")
        });
        if std::mem::take(&mut self.is_skipping) || !is_entry || is_of_no_user(&bytes[at..end]) {
            return Ok(Step::Skip { next });
        }
        Ok(Step::Record { span: Span { start: at, end, line, fault: None }, next })
    }

    fn give_up(&mut self, bytes: &[u8], _at: usize) -> GiveUp {
        self.is_skipping = true;
        GiveUp { line: self.line, next: bytes.len() }
    }

    fn line(&self) -> u64 {
        self.line
    }
}

/// The rows that are inserted into a table (by `INSERT` or `REPLACE`) whose name ends with `users`.
pub(super) struct Sql {
    line: u64,
    state: State,
    /// The statement before its rows, as the first one has it.
    pub(super) statement: Option<String>,
}

enum State {
    /// Where a statement may begin.
    Between,
    /// Within a statement, or a row that is too large, of which nothing is wanted.
    Other(Quotes),
    /// Within the rows of a wanted one.
    Rows,
}

/// Whether a byte is within a quoted text.
#[derive(Clone, Copy, Default)]
struct Quotes {
    open: Option<u8>,
    is_escaped: bool,
}

impl Quotes {
    /// Takes a byte; whether it stands outside of quotes.
    fn next(&mut self, byte: u8) -> bool {
        match (self.open, byte) {
            (Some(_), _) if self.is_escaped => self.is_escaped = false,
            (Some(b'\'' | b'"'), b'\\') => self.is_escaped = true,
            // A doubled quote closes and opens again.
            (Some(open), byte) if open == byte => self.open = None,
            (None, b'\'' | b'"' | b'`') => self.open = Some(byte),
            (None, _) => return true,
            (Some(_), _) => {}
        }
        false
    }
}

/// The longest text between `INSERT` and the first row.
const STATEMENT_MAX: usize = 4096;

impl Sql {
    pub(super) const fn new() -> Self {
        Self { line: 1, state: State::Between, statement: None }
    }

    fn advance(&mut self, bytes: &[u8]) {
        self.line += memchr_iter(b'\n', bytes).count() as u64;
    }

    fn skip(&mut self, bytes: &[u8], at: usize, next: usize) -> Step {
        self.advance(&bytes[at..next]);
        Step::Skip { next }
    }

    fn between(&mut self, bytes: &[u8], at: usize, is_end: bool) -> Result<Step, String> {
        let rest = &bytes[at..];
        let space = rest.iter().take_while(|c| c.is_ascii_whitespace() || **c == b';').count();
        if space > 0 {
            return Ok(self.skip(bytes, at, at + space));
        }
        let until =
            |mark: &[u8]| rest.windows(mark.len()).position(|window| window == mark).map(|end| end + mark.len());
        if rest.starts_with(b"--") || rest.starts_with(b"#") {
            let end = until(b"\n").or_else(|| is_end.then_some(rest.len()));
            return Ok(end.map_or(Step::More { keep: at }, |end| self.skip(bytes, at, at + end)));
        }
        if rest.starts_with(b"/*") {
            let end = until(b"*/").or_else(|| is_end.then_some(rest.len()));
            return Ok(end.map_or(Step::More { keep: at }, |end| self.skip(bytes, at, at + end)));
        }
        if rest.is_empty() {
            return Ok(Step::More { keep: at });
        }
        let head = &rest[..rest.len().min(STATEMENT_MAX)];
        let is_insert = |word: &[u8]| [b"INSERT", b"REPLAC"].iter().any(|known| word.eq_ignore_ascii_case(*known));
        if !head.get(..6).is_some_and(is_insert) {
            if head.len() < 6 && !is_end {
                return Ok(Step::More { keep: at });
            }
            self.state = State::Other(Quotes::default());
            return Ok(Step::Skip { next: at });
        }
        let upper = head.to_ascii_uppercase();
        let Some(values) = upper.windows(6).position(|window| window == b"VALUES") else {
            if head.len() < STATEMENT_MAX && !is_end {
                return Ok(Step::More { keep: at });
            }
            self.state = State::Other(Quotes::default());
            return Ok(Step::Skip { next: at });
        };
        let statement = String::from_utf8_lossy(&head[..values + 6]).into_owned();
        if !is_into_users(&statement) {
            self.state = State::Other(Quotes::default());
            return Ok(Step::Skip { next: at });
        }
        let same = |known: &String| columns(known) == columns(&statement);
        if !self.statement.as_ref().is_none_or(same) {
            return Err("has statements with other columns than the first; split the file".to_owned());
        }
        self.statement.get_or_insert(statement);
        self.state = State::Rows;
        Ok(self.skip(bytes, at, at + values + 6))
    }

    fn rows(&mut self, bytes: &[u8], at: usize, is_end: bool) -> Step {
        let space = bytes[at..].iter().take_while(|c| c.is_ascii_whitespace() || **c == b',').count();
        if space > 0 {
            return self.skip(bytes, at, at + space);
        }
        match bytes.get(at) {
            None => Step::More { keep: at },
            Some(b'(') => {
                let mut quotes = Quotes::default();
                let end = bytes[at..].iter().position(|byte| quotes.next(*byte) && *byte == b')');
                let (end, fault) = match end {
                    Some(end) => (at + end + 1, None),
                    None if is_end => (bytes.len(), Some(crate::Code::Malformed)),
                    None => return Step::More { keep: at },
                };
                let span = Span { start: at, end, line: self.line, fault };
                self.advance(&bytes[at..end]);
                Step::Record { span, next: end }
            }
            Some(b';') => {
                self.state = State::Between;
                Step::Skip { next: at + 1 }
            }
            // `ON DUPLICATE KEY …`, a comment, or another statement among rejected rows.
            Some(_) => {
                self.state = State::Between;
                Step::Skip { next: at }
            }
        }
    }
}

/// `INSERT INTO wp_users (…) VALUES`, with or without quotes around the name.
fn is_into_users(statement: &str) -> bool {
    let mut words = statement.split_whitespace().skip(1).filter(|word| {
        !["INTO", "IGNORE", "LOW_PRIORITY", "DELAYED", "HIGH_PRIORITY"]
            .iter()
            .any(|known| word.eq_ignore_ascii_case(known))
    });
    let table = words.next().unwrap_or_default();
    let table = table.split('(').next().unwrap_or_default();
    let table = table.rsplit('.').next().unwrap_or_default().trim_matches(['`', '"', '\'']);
    table.to_ascii_lowercase().ends_with("users")
}

/// What an INSERT statement says of its columns, less blanks.
fn columns(statement: &str) -> Option<String> {
    let (names, _) = statement.split_once('(')?.1.split_once(')')?;
    Some(names.split_whitespace().collect())
}

impl Split for Sql {
    fn step(&mut self, bytes: &[u8], at: usize, is_end: bool) -> Result<Step, String> {
        match &mut self.state {
            State::Between => self.between(bytes, at, is_end),
            State::Rows => Ok(self.rows(bytes, at, is_end)),
            State::Other(quotes) => {
                let end = bytes[at..].iter().position(|byte| quotes.next(*byte) && *byte == b';');
                let next = match end {
                    Some(end) => {
                        self.state = State::Between;
                        at + end + 1
                    }
                    None if at == bytes.len() => return Ok(Step::More { keep: at }),
                    None => bytes.len(),
                };
                Ok(self.skip(bytes, at, next))
            }
        }
    }

    fn give_up(&mut self, bytes: &[u8], at: usize) -> GiveUp {
        let line = self.line;
        let mut quotes = Quotes::default();
        for byte in &bytes[at..] {
            quotes.next(*byte);
        }
        self.advance(&bytes[at..]);
        self.state = State::Other(quotes);
        GiveUp { line, next: bytes.len() }
    }

    fn line(&self) -> u64 {
        self.line
    }

    fn statement(&self) -> Option<&str> {
        self.statement.as_deref()
    }
}
