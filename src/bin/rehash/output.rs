//! Exit codes, failures, and JSON on standard output.

use std::io::{self, Write};
use std::process::ExitCode;

use rehash::store::{StoreError, StoreErrorKind};

/// What the exit code says; scripts rely on the numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done; the password matched; every record was good.
    Done = 0,
    /// The password did not match; some records were rejected.
    No = 1,
    /// Wrong usage.
    Usage = 2,
    /// The input as a whole cannot be read as what it claims to be.
    Data = 65,
    /// The store cannot be reached or refuses.
    Store = 69,
    /// A fault of the program.
    Fault = 70,
    /// Overloaded, try later.
    Busy = 75,
    /// Ended by Ctrl-C, as a shell reports it.
    Interrupted = 130,
    /// Nobody reads the output any more, as a shell reports it.
    BrokenPipe = 141,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command ended without an answer.
#[derive(Debug)]
pub struct Failure {
    exit: Exit,
    message: Option<String>,
    is_lasting: bool,
}

impl Failure {
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: Some(message.into()), is_lasting: false }
    }

    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// A file that the command was to write.
    pub fn output(path: &std::path::Path, error: &io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self { exit: Exit::BrokenPipe, message: None, is_lasting: false };
        }
        Self::new(Exit::Fault, format!("{}: cannot be written: {}", path.display(), told(error)))
    }

    /// A file that the command cannot even begin, for the system's reasons.
    pub fn output_begin(path: &std::path::Path, error: &io::Error) -> Self {
        Self::output_path(path, &told(error))
    }

    /// A file that the command cannot even begin.
    pub fn output_path(path: &std::path::Path, why: &impl std::fmt::Display) -> Self {
        Self::usage(format!("{}: cannot be written: {why}", path.display()))
    }

    /// Whether the same command would fail in the same way.
    pub const fn is_lasting(&self) -> bool {
        self.is_lasting
    }

    pub const fn exit(&self) -> Exit {
        self.exit
    }

    pub fn message(&self) -> Option<&str> {
        self.message.as_deref()
    }
}

/// What the system says, without the name of a temporary file that the error may hold.
fn told(error: &io::Error) -> String {
    match (error.kind(), error.raw_os_error()) {
        (io::ErrorKind::NotFound, _) => "there is no such directory".to_owned(),
        (_, Some(code)) => io::Error::from_raw_os_error(code).to_string(),
        (kind, None) => io::Error::from(kind).to_string(),
    }
}

impl From<io::Error> for Failure {
    /// An error of standard output or input.
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self { exit: Exit::BrokenPipe, message: None, is_lasting: false };
        }
        Self::new(Exit::Fault, format!("standard input or output: {error}"))
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        use StoreErrorKind::{BadUrl, NewerSchema, NoSchema, OlderSchema, ReadOnly};
        let failure = match error.kind() {
            BadUrl => Self::usage(error.to_string()),
            _ => Self::new(Exit::Store, format!("the store: {error}")),
        };
        Self { is_lasting: matches!(error.kind(), BadUrl | NewerSchema | NoSchema | OlderSchema | ReadOnly), ..failure }
    }
}

/// A value as one line of JSON. Characters that could fool a terminal are escaped, which JSON allows anywhere in a string.
pub fn json(value: &impl serde::Serialize) -> Result<String, Failure> {
    let text = serde_json::to_string(value).map_err(|error| Failure::new(Exit::Fault, error.to_string()))?;
    let is_plain = |c: char| !(c == '\u{7f}' || ('\u{80}'..='\u{9f}').contains(&c) || is_deceptive(c));
    if text.chars().all(is_plain) {
        return Ok(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_plain(c) {
            escaped.push(c);
        } else {
            escaped.push_str(&format!("\\u{:04x}", u32::from(c)));
        }
    }
    Ok(escaped)
}

/// Characters that reorder or break the text around them, or are not seen at all; all in the basic plane.
const fn is_deceptive(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// A line on standard error. That nobody reads it is no reason to stop.
pub fn say(message: &str) {
    let _ = writeln!(io::stderr(), "rehash: {}", printable(message));
}

pub fn print_json(out: &mut impl Write, value: &impl serde::Serialize) -> Result<(), Failure> {
    writeln!(out, "{}", json(value)?)?;
    Ok(())
}

/// Text for a terminal: control characters are escaped.
pub fn printable(text: &str) -> String {
    text.chars()
        .flat_map(|c| if c.is_control() || is_deceptive(c) { c.escape_default().collect() } else { vec![c] })
        .collect()
}

/// A number with its thousands apart: `1 234 567`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(' ');
        }
        out.push(digit);
    }
    out
}
