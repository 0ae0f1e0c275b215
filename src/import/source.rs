//! Where bytes come from: files, standard input, and what is compressed in them. The format of the records is told from
//! the first bytes.

use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::path::{Path, PathBuf};

const BUFFER_BYTES: usize = 128 * 1024;
const BOM: &[u8] = b"\xef\xbb\xbf";

/// How records are laid out in an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// One JSON array of objects.
    Json,
    /// One JSON object on each line.
    Ndjson,
    /// RFC 4180 with a header line.
    Csv,
    /// One record on each line, in a vendor's own syntax.
    Lines,
    /// LDIF: records with empty lines between.
    Ldif,
    /// The rows of `INSERT` statements.
    Sql,
}

impl Format {
    /// The stable spelling, as `--format` takes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Ndjson => "ndjson",
            Self::Csv => "csv",
            Self::Lines => "lines",
            Self::Ldif => "ldif",
            Self::Sql => "sql",
        }
    }
}

/// An input that cannot be read as what it claims to be. The text says where and what to do.
#[derive(Debug)]
pub struct InputError {
    /// The input's name, as given.
    pub name: String,
    /// The line where it stopped making sense, from 1; 0 where the input as a whole does not.
    pub line: u64,
    message: String,
    is_unreachable: bool,
}

impl InputError {
    pub(crate) fn new(name: &str, line: u64, message: impl Into<String>) -> Self {
        Self { name: name.to_owned(), line, message: message.into(), is_unreachable: false }
    }

    /// A database that lets nobody in.
    #[cfg(feature = "source")]
    pub(crate) fn unreachable(name: &str, message: impl Into<String>) -> Self {
        Self { is_unreachable: true, ..Self::new(name, 0, message) }
    }

    /// Whether nothing was read because a database cannot be reached.
    #[must_use]
    pub const fn is_unreachable(&self) -> bool {
        self.is_unreachable
    }

    pub(crate) fn read(name: &str, line: u64, error: &io::Error) -> Self {
        let message = match error.kind() {
            io::ErrorKind::UnexpectedEof => "the compressed input ends too early; it was cut off".to_owned(),
            io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => {
                "the compressed input is damaged; what was read of it may be altered".to_owned()
            }
            io::ErrorKind::IsADirectory => "is a directory; name the files in it".to_owned(),
            _ => format!("cannot be read: {error}"),
        };
        Self::new(name, line, message)
    }
}

impl fmt::Display for InputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = super::field::printable(&self.name);
        match self.line {
            0 => write!(f, "{name}: {}", self.message),
            line => write!(f, "{name}:{line}: {}", self.message),
        }
    }
}

impl std::error::Error for InputError {}

/// A named input, decompressed where it is compressed.
pub struct Source {
    name: String,
    input: Box<dyn Read + Send>,
    is_compressed: bool,
    /// The file, where it is one and can be read twice.
    path: Option<PathBuf>,
}

impl Source {
    /// Takes over a reader; gzip and zstd are recognised by their first bytes.
    ///
    /// # Errors
    ///
    /// [`InputError`] where nothing can be read.
    pub fn new(name: impl Into<String>, input: impl Read + Send + 'static) -> Result<Self, InputError> {
        let name = name.into();
        match decompressed(Box::new(input)) {
            Ok((input, is_compressed)) => Ok(Self { name, input, is_compressed, path: None }),
            Err(error) => Err(InputError::read(&name, 0, &error)),
        }
    }

    /// Opens a file.
    ///
    /// # Errors
    ///
    /// [`InputError`] where it is not there, not readable, or a directory.
    pub fn open(path: &Path) -> Result<Self, InputError> {
        let name = path.display().to_string();
        let file = File::open(path).map_err(|error| InputError::read(&name, 0, &error))?;
        Ok(Self::new(name, file)?.of_file(path))
    }

    /// Says which file the input is, for the one vendor whose file may have to be read twice, because what holds for all its users can
    /// stand after them. What is no regular file is not remembered.
    #[must_use]
    pub fn of_file(self, path: &Path) -> Self {
        let is_regular = std::fs::metadata(path).is_ok_and(|metadata| metadata.is_file());
        Self { path: is_regular.then(|| path.to_owned()), ..self }
    }

    /// Reads a compressed input to its end, and keeps nothing of it: what a damaged one holds may be altered, which the checksum behind it
    /// tells, and too late for whoever has stored it. Ends early where `goes_on` says so. Nothing is read of what is not compressed, and
    /// nothing said of what is cut off: what is left of that is whole.
    ///
    /// # Errors
    ///
    /// [`InputError`] where it is damaged.
    pub fn check_damage(mut self, goes_on: impl Fn() -> bool) -> Result<(), InputError> {
        let mut buffer = vec![0; if self.is_compressed { BUFFER_BYTES } else { 0 }];
        while self.is_compressed && goes_on() {
            match self.input.read(&mut buffer) {
                Ok(0) => break,
                Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData) => {
                    let message =
                        "the compressed input is damaged: nothing of it is taken, since any of it may be altered";
                    return Err(InputError::new(&self.name, 0, message));
                }
                Err(error) if error.kind() != io::ErrorKind::Interrupted => break,
                _ => {}
            }
        }
        Ok(())
    }

    /// The input's name, as given.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Tells the format from the first bytes: `[` begins a JSON array, `{` NDJSON, anything else is CSV if its first
    /// line can be a header.
    ///
    /// # Errors
    ///
    /// [`InputError`] where there is nothing, or nothing of the kind.
    pub fn detect(self) -> Result<(Self, Format), InputError> {
        let Self { name, input, is_compressed, path } = self;
        let mut reader = BufReader::with_capacity(BUFFER_BYTES, input);
        let head = head(&mut reader).map_err(|error| InputError::read(&name, 0, &error))?;
        if let Some(container) = container(&head) {
            return Err(InputError::new(&name, 0, format!("is {container}; unpack it first")));
        }
        let format = match &*head {
            bytes if is_utf16(bytes) => {
                return Err(InputError::new(&name, 0, "is UTF-16; convert it to UTF-8"));
            }
            bytes => match bytes.iter().find(|c| !c.is_ascii_whitespace()) {
                None => return Err(InputError::new(&name, 0, "is empty: there are no records in it")),
                Some(b'{') if is_spread_object(bytes) => {
                    let message = "is one JSON object on several lines; records stand in an array, or one on each line";
                    return Err(InputError::new(&name, 0, message));
                }
                Some(b'[') => Format::Json,
                Some(b'{') => Format::Ndjson,
                Some(_) => Format::Csv,
            },
        };
        let input = Box::new(Cursor::new(head).chain(reader));
        Ok((Self { name, input, is_compressed, path }, format))
    }

    /// The same from its beginning, where it is a file.
    pub(crate) fn again(&self) -> Option<Box<dyn Read + Send>> {
        Self::open(self.path.as_deref()?).ok().map(|source| source.input)
    }

    pub(crate) fn into_parts(self) -> (String, Box<dyn Read + Send>) {
        (self.name, self.input)
    }
}

/// Whether a text begins with UTF-16's mark.
pub(super) const fn is_utf16(bytes: &[u8]) -> bool {
    matches!(bytes, [0xff, 0xfe, ..] | [0xfe, 0xff, ..])
}

/// What the bytes are, where they are surely something else than text.
pub(super) fn container(bytes: &[u8]) -> Option<&'static str> {
    const MAGIC: [(&[u8], &str); 5] = [
        (b"\xfd7zXZ", "an xz archive"),
        (b"BZh", "a bzip2 archive"),
        (b"PK\x03\x04", "a zip archive or a spreadsheet"),
        (b"SQLite format 3", "a SQLite database"),
        (b"\x1f\x8b", "compressed twice"),
    ];
    MAGIC.iter().find(|(magic, _)| bytes.starts_with(magic)).map(|(_, name)| *name)
}

/// A line with nothing but `{` begins a pretty-printed object.
fn is_spread_object(bytes: &[u8]) -> bool {
    bytes.trim_ascii_start().split(|c| *c == b'\n').next().is_some_and(|line| line.trim_ascii() == b"{")
        && bytes.contains(&b'\n')
}

/// The first bytes up to something that is not white space, and beyond a bracket that could stand alone on its line, less a byte order
/// mark; they are taken from the reader.
fn head(reader: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    // So many bytes are white space, and the first of them line ends alone.
    let (mut blank, mut more_lines) = (0, 0);
    loop {
        let more = match reader.fill_buf() {
            Ok(more) => more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let is_end = more.is_empty();
        head.extend_from_slice(more);
        let taken = more.len();
        reader.consume(taken);
        if head.len() >= BOM.len() && head.starts_with(BOM) {
            head.drain(..BOM.len());
        }
        blank += head.get(blank..).unwrap_or_default().iter().take_while(|c| c.is_ascii_whitespace()).count();
        let is_undecided = head.len() < BOM.len()
            || match &head[blank.min(head.len())..] {
                [] => true,
                [b'{', rest @ ..] => rest.iter().all(|c| matches!(c, b' ' | b'\t' | b'\r')),
                _ => false,
            };
        if is_end || !is_undecided {
            return Ok(head);
        }
        // Nothing but white space so far: only its line ends matter.
        if blank == head.len() && head.len() - more_lines > BUFFER_BYTES {
            let kept = head.split_off(more_lines).into_iter().filter(|c| *c == b'\n');
            head.extend(kept);
            (blank, more_lines) = (head.len(), head.len());
        }
    }
}

/// The input as it is read, and whether it is compressed.
fn decompressed(mut input: Box<dyn Read + Send>) -> io::Result<(Box<dyn Read + Send>, bool)> {
    let mut magic = [0; 4];
    let mut filled = 0;
    while filled < magic.len() {
        match input.read(&mut magic[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    let input = Cursor::new(magic).take(filled as u64).chain(input);
    Ok(match magic {
        [0x1f, 0x8b, ..] => {
            let decoder = flate2::bufread::MultiGzDecoder::new(BufReader::with_capacity(BUFFER_BYTES, input));
            (Box::new(decoder), true)
        }
        [0x28, 0xb5, 0x2f, 0xfd] => (Box::new(zstd::stream::read::Decoder::new(input)?), true),
        _ => (Box::new(input), false),
    })
}
