//! Splits an input into raw records, a chunk at a time, without building anything: where each record begins and
//! ends, on which line, and whether it can be one at all. Memory is bounded by one chunk and the largest record allowed.

mod array;
mod buffer;
mod delimited;
mod entries;
mod nested;
mod scan;
mod statements;

use std::io::{self, Read};
use std::sync::Arc;

use self::buffer::{Buffer, Lent, Spare};
use super::csv::Header;
use super::source::{Format, InputError, Source, container, is_utf16};
use super::vendor::{self, Export, Layout, Reading};
use crate::Code;

/// How many bytes are read before a chunk is handed over: few enough for what is made of them to stay in the processor's
/// second cache beside the places of identifiers.
const CHUNK_BYTES: usize = 128 * 1024;

/// How many records a chunk holds at most: what is made of them takes more memory than tiny records do.
const CHUNK_RECORDS: usize = 4096;

/// The largest record, in bytes. A user with a megabyte of custom data passes; a file without line ends does not.
const RECORD_BYTES_MAX: usize = 4 * 1024 * 1024;

/// A record as it stands in the input.
///
/// Its `Debug` shows no bytes: they hold hashes.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Raw<'a> {
    /// The line it begins on, from 1.
    pub line: u64,
    /// Its bytes without line end or comma; empty where it was too large to keep.
    pub bytes: &'a [u8],
    /// Why it cannot be a record, if it cannot: [`Code::BadJson`], [`Code::BadCsv`] or [`Code::RecordTooLarge`].
    pub fault: Option<Code>,
}

impl std::fmt::Debug for Raw<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = f.debug_struct("Raw");
        shown.field("line", &self.line).field("length", &self.bytes.len()).field("fault", &self.fault);
        shown.finish_non_exhaustive()
    }
}

/// Some records in a row.
pub struct Chunk {
    bytes: Lent,
    spans: Vec<Span>,
    pub(crate) format: Format,
    pub(crate) header: Option<Arc<Header>>,
    /// How to read a vendor's records.
    pub(super) reading: Option<Arc<Reading>>,
}

impl Chunk {
    /// The records, in order.
    pub fn records(&self) -> impl ExactSizeIterator<Item = Raw<'_>> {
        self.spans.iter().map(|span| Raw {
            line: span.line,
            bytes: &self.bytes[span.start..span.end],
            fault: span.fault,
        })
    }

    /// Where each record stands in the chunk.
    pub(super) fn ranges(&self) -> impl Iterator<Item = std::ops::Range<usize>> {
        self.spans.iter().map(|span| span.start..span.end)
    }

    /// All of the chunk, where it is UTF-8.
    pub(super) fn text(&self) -> Option<&str> {
        std::str::from_utf8(&self.bytes).ok()
    }

    pub(super) fn slice(&self, range: std::ops::Range<usize>) -> &[u8] {
        &self.bytes[range]
    }
}

/// Where a record stands in its chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Span {
    start: usize,
    end: usize,
    line: u64,
    fault: Option<Code>,
}

fn splitter(format: Format) -> Box<dyn Split> {
    match format {
        Format::Json => Box::new(array::Array::new()),
        Format::Ndjson => Box::new(delimited::Lines::new()),
        Format::Lines => Box::new(delimited::Lines::with_comments()),
        Format::Csv => Box::new(delimited::Csv::new()),
        Format::Ldif => Box::new(entries::Ldif::new()),
        Format::Sql => Box::new(statements::Sql::new()),
    }
}

/// A line by itself.
struct Line {
    bytes: Vec<u8>,
    line: u64,
}

/// What a splitter made of the bytes it was given.
enum Step {
    /// A record, and where to go on.
    Record { span: Span, next: usize },
    /// Nothing of interest up to here.
    Skip { next: usize },
    /// It needs more bytes; those before `keep` are done with.
    More { keep: usize },
}

/// Finds records in bytes. Keeps its place by line; positions are the caller's.
trait Split: Send {
    /// Looks at `bytes[at..]`. `is_end` where no more will come; it must then not ask for more, but may return
    /// `More { keep: bytes.len() }` to say that it is done.
    fn step(&mut self, bytes: &[u8], at: usize, is_end: bool) -> Result<Step, String>;

    /// The record under way is larger than allowed: skip the rest of it, whatever comes. Gives the line it began on.
    fn give_up(&mut self, bytes: &[u8], at: usize) -> GiveUp;

    /// The line of the next byte that has not been looked at.
    fn line(&self) -> u64;

    /// From now on a blank line is a record.
    fn keep_blank_lines(&mut self) {}

    /// Why there is not one record, at the end of an input that must have some.
    fn why_nothing(&self) -> Option<String> {
        None
    }

    /// The statement whose rows the records are, and their columns.
    fn statement(&self) -> Option<(&str, &[String])> {
        None
    }
}

/// How to go on after a record that is too large.
struct GiveUp {
    line: u64,
    /// From here on in the same bytes.
    next: usize,
}

/// The chunks of one input.
pub struct Chunks {
    name: String,
    input: Box<dyn Read + Send>,
    format: Format,
    split: Box<dyn Split>,
    header: Option<Arc<Header>>,
    reading: Option<Arc<Reading>>,
    /// The first chunk, which has been looked at.
    peeked: Option<Chunk>,
    /// Bytes read and not yet handed over.
    pending: Buffer,
    spare: Spare,
    /// How many records the last chunk had.
    usual: usize,
    is_end: bool,
    is_done: bool,
    is_eager: bool,
    /// Why no more can be read; what was read before still counts.
    error: Option<InputError>,
}

impl Chunks {
    /// Starts reading. For CSV, reads the header.
    ///
    /// # Errors
    ///
    /// [`InputError`] where the input is not of the given format: no header, no array.
    pub fn new(source: Source, format: Format) -> Result<Self, InputError> {
        let (name, input) = source.into_parts();
        let mut chunks = Self::with(name, input, format, splitter(format));
        chunks.skip_bom();
        if format == Format::Csv {
            let line = chunks.first_line()?;
            let header =
                Header::parse(&line.bytes).map_err(|message| InputError::new(&chunks.name, line.line, message))?;
            chunks.header = Some(Arc::new(header));
        }
        Ok(chunks)
    }

    fn with(name: String, input: Box<dyn Read + Send>, format: Format, split: Box<dyn Split>) -> Self {
        Self {
            name,
            input,
            format,
            split,
            header: None,
            reading: None,
            peeked: None,
            pending: Buffer::default(),
            spare: Spare::default(),
            usual: 0,
            is_end: false,
            is_done: false,
            is_eager: false,
            error: None,
        }
    }

    /// Starts reading a vendor's export: how it is laid out is told from its first bytes, and whether it is that vendor's
    /// from its first records.
    ///
    /// # Errors
    ///
    /// [`InputError`] where it is another vendor's, or none.
    pub fn of_export(source: Source, export: &Export) -> Result<Self, InputError> {
        let again = source.again();
        let (name, input) = source.into_parts();
        let mut chunks = Self::with(name, input, Format::Lines, Box::new(delimited::Lines::new()));
        chunks.skip_bom();
        chunks.read(CHUNK_BYTES);
        if let Some(error) = chunks.error.take() {
            return Err(error);
        }
        let wrong = |chunks: &Self, message: String| InputError::new(&chunks.name, 0, message);
        if let Some(container) = container(&chunks.pending) {
            return Err(wrong(&chunks, format!("is {container}; unpack it first")));
        }
        if is_utf16(&chunks.pending) {
            return Err(wrong(&chunks, "is UTF-16; convert it to UTF-8".to_owned()));
        }
        let layout = vendor::layout(export.vendor(), &chunks.pending).map_err(|message| wrong(&chunks, message))?;
        let (scheme, factor) = match layout {
            Layout::Nested { .. } if export.vendor() == vendor::Vendor::Fusionauth => {
                let (scheme, factor) = vendor::defaults(&chunks.pending);
                // Keys of an object have no order: they may stand after the users, and a file can be read twice.
                let of_whole = || again.map_or((None, None), vendor::defaults_of_whole);
                let whole = if scheme.is_none() || factor.is_none() { of_whole() } else { (None, None) };
                (scheme.or(whole.0), factor.or(whole.1))
            }
            _ => (None, None),
        };
        let mut reading = Reading { export: export.clone(), columns: None, scheme, factor };
        chunks.format = match layout {
            Layout::Plain(format) => format,
            Layout::Headless => Format::Csv,
            Layout::Nested { .. } | Layout::Objects => Format::Json,
        };
        chunks.split = match layout {
            Layout::Nested { name, depth } => Box::new(nested::Nested::new(name, depth)),
            Layout::Objects => Box::new(array::Array::loose()),
            Layout::Plain(_) | Layout::Headless => splitter(chunks.format),
        };
        if layout == Layout::Objects {
            chunks.put_in_brackets();
        }
        match layout {
            Layout::Plain(Format::Csv) => {
                let line = chunks.first_line()?;
                let columns =
                    vendor::header(&line.bytes).map_err(|message| InputError::new(&chunks.name, line.line, message))?;
                if export.vendor() == vendor::Vendor::Wordpress
                    && columns.iter().any(|name| name == "user_login")
                    && !columns.iter().any(|name| name == "user_pass")
                {
                    let remedy = "has no column user_pass, so that nobody would have a password: `wp user list` leaves it out unless \
                                  `--fields` names it";
                    return Err(InputError::new(&chunks.name, line.line, remedy));
                }
                chunks.header = Some(Arc::new(Header::foreign(&line.bytes)));
                reading.columns = Some(columns);
            }
            Layout::Headless => reading.columns = Some(vendor::firebase_columns()),
            Layout::Plain(Format::Ndjson) if export.vendor() == vendor::Vendor::Fusionauth => {
                if let Some(found) = vendor::head_of_lines(&chunks.pending) {
                    let _ = chunks.first_line()?;
                    (reading.scheme, reading.factor) = found;
                }
            }
            _ => {}
        }
        // What was rejected keeps what the head said of all.
        if let Some(line) = reading.head_line() {
            chunks.header = Some(Arc::new(Header::foreign(line.as_bytes())));
        }
        chunks.reading = Some(Arc::new(reading));
        chunks.peeked = chunks.chunk()?;
        if let (Some(chunk), Some(reading)) = (&chunks.peeked, &chunks.reading) {
            let records = chunk.records().filter(|raw| raw.fault.is_none()).map(|raw| raw.bytes);
            let stranger = reading.check_vendor(records, chunks.format);
            stranger.map_err(|message| wrong(&chunks, message))?;
        }
        if chunks.peeked.is_none()
            && let Some(message) = chunks.split.why_nothing()
        {
            return Err(wrong(&chunks, message));
        }
        Ok(chunks)
    }

    /// Makes an array of objects that follow each other.
    fn put_in_brackets(&mut self) {
        self.pending.put_before(b'[');
        if std::mem::take(&mut self.is_end) {
            self.input = Box::new(&b"]"[..]);
        } else {
            let input = std::mem::replace(&mut self.input, Box::new(std::io::empty()));
            self.input = Box::new(input.chain(&b"]"[..]));
        }
    }

    /// Hands records over as soon as they are read, for input that is typed or piped one record at a time.
    #[must_use]
    pub const fn eager(mut self) -> Self {
        self.is_eager = true;
        self
    }

    /// Makes blank lines of NDJSON records too, broken ones, so that there is a record for every line.
    #[must_use]
    pub fn with_blank_lines(mut self) -> Self {
        self.split.keep_blank_lines();
        self
    }

    /// The input's name, as given.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How the records are laid out.
    #[must_use]
    pub const fn format(&self) -> Format {
        self.format
    }

    /// The header line of a CSV input, as it stands there: for files that hold some of its records.
    #[must_use]
    pub fn header_line(&self) -> Option<&[u8]> {
        self.header.as_deref().map(Header::line)
    }

    fn skip_bom(&mut self) {
        while self.pending.len() < 3 && !self.is_end && self.error.is_none() {
            self.read(3);
        }
        if self.pending.starts_with(b"\xef\xbb\xbf") {
            self.pending.forget(3);
        }
    }

    /// The header line, and where it stands.
    fn first_line(&mut self) -> Result<Line, InputError> {
        let (bytes, spans) = self.fill(1)?;
        let mut spans = spans.into_iter();
        let Some(first) = spans.next() else {
            return Err(InputError::new(&self.name, 0, "is empty: not even a header line"));
        };
        if first.fault.is_some() {
            return Err(InputError::new(&self.name, first.line, "is neither JSON nor CSV with a header line"));
        }
        let line = &bytes[first.start..first.end];
        // All of the file would be taken for its header.
        if memchr::memchr_iter(b'\r', line).any(|at| line.get(at + 1) != Some(&b'\n')) {
            let remedy = "has lines that end in CR alone; convert them: tr '\\r' '\\n'";
            return Err(InputError::new(&self.name, first.line, remedy));
        }
        Ok(Line { bytes: line.to_vec(), line: first.line })
    }

    /// The next chunk; `None` at the end.
    ///
    /// # Errors
    ///
    /// [`InputError`] where the input cannot be read any further; there is nothing after it.
    pub fn next_chunk(&mut self) -> Result<Option<Chunk>, InputError> {
        match self.peeked.take() {
            Some(chunk) => Ok(Some(chunk)),
            None => self.chunk(),
        }
    }

    fn chunk(&mut self) -> Result<Option<Chunk>, InputError> {
        let (bytes, spans) = self.fill(CHUNK_RECORDS)?;
        if spans.is_empty() {
            return Ok(None);
        }
        self.read_statement();
        let (header, reading) = (self.header.clone(), self.reading.clone());
        let bytes = Lent { buffer: bytes, spare: self.spare.clone() };
        Ok(Some(Chunk { bytes, spans, format: self.format, header, reading }))
    }

    /// The columns of SQL's rows are known when the first row is.
    fn read_statement(&mut self) {
        let (Some(reading), Some((statement, columns))) = (&self.reading, self.split.statement()) else { return };
        if reading.columns.is_none() {
            let columns = Some(columns.to_vec());
            self.header = Some(Arc::new(Header::foreign(statement.as_bytes())));
            let reading = Reading {
                export: reading.export.clone(),
                columns,
                scheme: reading.scheme.clone(),
                factor: reading.factor,
            };
            self.reading = Some(Arc::new(reading));
        }
    }

    /// Up to `records_max` records, as many as a chunk holds; none only at the end.
    fn fill(&mut self, records_max: usize) -> Result<(Buffer, Vec<Span>), InputError> {
        let mut spans = Vec::with_capacity(self.usual);
        let mut at = 0;
        let wanted = if self.is_eager { 1 } else { CHUNK_BYTES };
        while !self.is_done && spans.len() < records_max {
            match self.split.step(&self.pending, at, self.is_end) {
                Ok(Step::Record { span, next }) => {
                    spans.push(span);
                    at = next;
                }
                Ok(Step::Skip { next }) => at = next,
                Ok(Step::More { .. }) if self.is_end => {
                    self.is_done = true;
                }
                Ok(Step::More { keep }) => {
                    at = keep;
                    if !spans.is_empty() {
                        break; // what is under way comes with the next chunk
                    }
                    // Nothing to hand over: what is done with can go.
                    self.pending.forget(at);
                    at = 0;
                    if self.pending.len() > RECORD_BYTES_MAX {
                        let GiveUp { line, next } = self.split.give_up(&self.pending, 0);
                        let fault = Some(Code::RecordTooLarge);
                        spans.push(Span { start: 0, end: 0, line, fault });
                        at = next;
                        break;
                    }
                    if let Some(error) = self.error.take() {
                        self.is_done = true;
                        return Err(error);
                    }
                    self.read(wanted);
                }
                Err(message) => {
                    self.is_done = true;
                    if spans.is_empty() {
                        return Err(InputError::new(&self.name, self.split.line(), message));
                    }
                    // First what was good; the same step fails again on the next call.
                    self.is_done = false;
                    break;
                }
            }
        }
        self.usual = spans.len();
        let rest = self.pending.split_off(at, self.spare.take());
        Ok((std::mem::replace(&mut self.pending, rest), spans))
    }

    /// Reads until `wanted` more bytes are there, or the end.
    fn read(&mut self, wanted: usize) {
        let enough = self.pending.len() + wanted;
        while self.pending.len() < enough {
            match self.pending.read(&mut self.input, CHUNK_BYTES) {
                Ok(0) => {
                    self.is_end = true;
                    break;
                }
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.error = Some(InputError::read(&self.name, self.split.line(), &error));
                    break;
                }
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::io::Cursor;

    /// Gives a byte at a time, so that every place to stop is tried.
    struct Dribble(Cursor<Vec<u8>>);

    impl Read for Dribble {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let end = buffer.len().min(1);
            self.0.read(&mut buffer[..end])
        }
    }

    /// Line, text and fault of each record; and the error at the end.
    type Found = (Vec<(u64, String, Option<&'static str>)>, Option<String>);

    fn records(text: &str, format: Format) -> Found {
        let whole = split(Source::new("x", Cursor::new(text.as_bytes().to_vec())).unwrap(), format, false);
        let dribbled = split(Source::new("x", Dribble(Cursor::new(text.as_bytes().to_vec()))).unwrap(), format, true);
        assert_eq!(whole, dribbled, "{text}");
        whole
    }

    fn split(source: Source, format: Format, is_eager: bool) -> Found {
        let mut found = Vec::new();
        let mut chunks = match Chunks::new(source, format) {
            Ok(chunks) if is_eager => chunks.eager(),
            Ok(chunks) => chunks,
            Err(error) => return (found, Some(error.to_string())),
        };
        loop {
            match chunks.next_chunk() {
                Ok(Some(chunk)) => found.extend(chunk.records().map(|raw| {
                    let text = String::from_utf8_lossy(raw.bytes).into_owned();
                    (raw.line, text, raw.fault.map(Code::as_str))
                })),
                Ok(None) => return (found, None),
                Err(error) => return (found, Some(error.to_string())),
            }
        }
    }

    fn good(records: &[(u64, &str)]) -> Vec<(u64, String, Option<&'static str>)> {
        records.iter().map(|(line, text)| (*line, (*text).to_owned(), None)).collect()
    }

    #[test]
    fn lines() {
        let (found, error) = records("\u{feff}{\"a\":1}\r\n\n  \n{\"b\":2}", Format::Ndjson);
        assert_eq!((found, error), (good(&[(1, "{\"a\":1}"), (4, "{\"b\":2}")]), None));
        assert_eq!(records("", Format::Ndjson), (vec![], None));
    }

    #[test]
    fn arrays() {
        for text in ["[{\"a\":1},{\"b\":[2,\"]}\"]}]", " [ {\"a\":1} , {\"b\":[2,\"]}\"]} ] \n"] {
            assert_eq!(records(text, Format::Json), (good(&[(1, "{\"a\":1}"), (1, "{\"b\":[2,\"]}\"]}")]), None));
        }
        assert_eq!(records("[]", Format::Json), (vec![], None));
        assert_eq!(records("[\n1,\n\"x\",\nnull]", Format::Json).0, good(&[(2, "1"), (3, "\"x\""), (4, "null")]));
    }

    #[test]
    fn an_array_that_is_not_one_is_refused_after_what_was_good() {
        for (text, good_records, says) in [
            ("[{\"a\":1},", 1, "ends before"),
            ("[{\"a\":1}", 1, "ends before"),
            ("[{\"a\":1}] x", 1, "after the array"),
            ("{\"a\":1}", 0, "does not begin with `[`"),
            ("[{\"a\":\"", 1, "ends before"),
        ] {
            let (found, error) = records(text, Format::Json);
            assert_eq!(found.len(), good_records, "{text}");
            assert!(error.as_deref().is_some_and(|error| error.contains(says)), "{text}: {error:?}");
        }
    }

    #[test]
    fn an_array_goes_on_after_a_broken_element() {
        let text =
            "[\n  {\"a\": \"unclosed},\n  {\"b\": 2},\n  {\"c\": [3},\n  {\"d\": 4\n  {\"e\": {\n      \"f\": 5}}\n]";
        let (found, error) = records(text, Format::Json);
        assert_eq!(error, None);
        let lines: Vec<_> = found.iter().map(|(line, _, fault)| (*line, *fault)).collect();
        assert_eq!(lines, [(2, Some("bad_json")), (3, None), (4, Some("bad_json")), (5, Some("bad_json")), (6, None)]);
    }

    #[test]
    fn a_bracket_that_is_never_closed_costs_its_record_only() {
        let text = "[\n{\"a\":{\"k\":[1,2 ,\n{\"b\":1},\n{\"c\":2}\n]";
        let (found, error) = records(text, Format::Json);
        assert_eq!(error, None);
        assert_eq!(found[0], (2, "{\"a\":{\"k\":[1,2".to_owned(), Some("bad_json")));
        assert_eq!(found[1..], good(&[(3, "{\"b\":1}"), (4, "{\"c\":2}")]));
    }

    /// As some write them, line by line.
    #[test]
    fn a_comma_before_an_element_is_where_the_next_begins() {
        let text = "[\n{\"a\":1}\n,{\"a\":2 \"x\":1}\n , {\"a\":3}\n,{\"a\":\"4}\n,{\"a\":[5}\n,{\"a\":6}\n]";
        let (found, error) = records(text, Format::Json);
        assert_eq!(error, None);
        let lines: Vec<_> = found.iter().map(|(line, _, fault)| (*line, *fault)).collect();
        let bad = Some("bad_json");
        assert_eq!(lines, [(2, None), (3, bad), (4, None), (5, bad), (6, bad), (7, None)]);
        let pretty = "[\n  {\n    \"a\": 1 \"x\": 1\n  }, {\n    \"a\": [{\n      \"b\": 2\n    }, {\n      \"b\": \"3\n    }]\n  }, {\n    \"a\": 4\n  }\n]";
        let (found, error) = records(pretty, Format::Json);
        assert_eq!(error, None);
        let lines: Vec<_> = found.iter().map(|(line, _, fault)| (*line, *fault)).collect();
        assert_eq!(lines, [(2, bad), (4, bad), (10, None)], "what is nested begins no element");
        assert!(found[1].1.starts_with('{') && found[1].1.ends_with("}]\n  }"), "{found:?}");
        assert_eq!(found[2].1, "{\n    \"a\": 4\n  }");
    }

    #[test]
    fn a_broken_element_is_kept_whole() {
        let text = "[\n  {\n    \"a\": 1, BROKEN\n    \"b\": 2\n  },\n  {\n    \"a\": \"x\n    \"b\": 3\n  },\n  {\"c\": 4}\n]";
        let (found, error) = records(text, Format::Json);
        assert_eq!(error, None);
        assert_eq!(found.len(), 3);
        assert!(found[0].1.ends_with("\"b\": 2\n  }") && found[1].1.ends_with("\"b\": 3\n  }"), "{found:?}");
        assert_eq!((found[1].0, found[1].2), (6, Some("bad_json")));
        assert_eq!(found[2..], good(&[(10, "{\"c\": 4}")]));
    }

    #[test]
    fn elements_that_never_end_do_not_cost_the_square_of_their_number() {
        let text = format!("[\n{}", "{\"a\":[\n".repeat(200_000));
        let source = Source::new("x", Cursor::new(text.into_bytes())).unwrap();
        let (found, error) = split(source, Format::Json, false);
        assert!(error.is_some());
        assert!(found.len() < 100 && found.iter().all(|(.., fault)| fault.is_some()));
    }

    #[test]
    fn what_was_read_before_an_error_counts() {
        struct Broken(Cursor<Vec<u8>>);
        impl Read for Broken {
            fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
                match self.0.read(buffer)? {
                    0 => Err(std::io::ErrorKind::UnexpectedEof.into()),
                    read => Ok(read),
                }
            }
        }
        let text = "{\"a\":1}\n".repeat(5000) + "{\"b\"";
        let source = Source::new("x", Broken(Cursor::new(text.into_bytes()))).unwrap();
        let (found, error) = split(source, Format::Ndjson, false);
        assert_eq!(found.len(), 5000);
        assert!(error.unwrap().contains("cut off"));
    }

    #[test]
    fn commas_missing_and_too_many_are_problems_of_their_record() {
        let (found, error) = records("[{\"a\":1}\n{\"b\":2},,{\"c\":3},]", Format::Json);
        assert_eq!(error, None);
        let faults: Vec<_> = found.iter().map(|(_, text, fault)| (text.as_str(), *fault)).collect();
        let bad = Some("bad_json");
        assert_eq!(faults, [("{\"a\":1}", None), ("{\"b\":2}", bad), ("", bad), ("{\"c\":3}", None), ("", bad)]);
    }

    #[test]
    fn csv() {
        let text = "username,name\r\nada,\"Ada, \"\"L\"\"\nof London\"\r\nbob,\n\neve,x";
        let (found, error) = records(text, Format::Csv);
        assert_eq!(error, None);
        assert_eq!(found, good(&[(2, "ada,\"Ada, \"\"L\"\"\nof London\""), (4, "bob,"), (6, "eve,x")]));
    }

    #[test]
    fn csv_goes_on_after_a_stray_quote() {
        let text = "username,name\na,\"x\" y\nb,c\"d\ne,\"open\nf,g\nh,i\n";
        let (found, error) = records(text, Format::Csv);
        assert_eq!(error, None);
        let faults: Vec<_> = found.iter().map(|(line, _, fault)| (*line, *fault)).collect();
        let bad = Some("bad_csv");
        assert_eq!(faults, [(2, bad), (3, bad), (4, bad), (5, None), (6, None)]);
    }

    #[test]
    fn a_large_element_keeps_its_place_at_every_escape() {
        for shift in ["", "x"] {
            let big = format!("{shift}{}", "\\\"".repeat(RECORD_BYTES_MAX));
            let text = format!("[{{\"a\":\"{big}\"}},{{\"b\":1}},{{\"c\":2}}]");
            let source = Source::new("x", Cursor::new(text.into_bytes())).unwrap();
            let (found, error) = split(source, Format::Json, false);
            assert_eq!(error, None);
            assert_eq!((found.len(), found[0].2), (3, Some("record_too_large")));
            assert_eq!(found[1..], good(&[(1, "{\"b\":1}"), (1, "{\"c\":2}")]));
        }
    }

    #[test]
    fn a_record_that_is_too_large_costs_itself_only() {
        let big = "x".repeat(RECORD_BYTES_MAX + CHUNK_BYTES * 3);
        let cases = [
            (Format::Ndjson, format!("{{\"a\":1}}\n{{\"a\":\"{big}\"}}\n{{\"b\":2}}\n"), [1, 2, 3]),
            (Format::Json, format!("[{{\"a\":1}},\n{{\"a\":[\"{big}\"]}},\n{{\"b\":2}}]"), [1, 2, 3]),
            (Format::Csv, format!("username\na\n{big}\nb\n"), [2, 3, 4]),
        ];
        for (format, text, lines) in cases {
            let source = Source::new("x", Cursor::new(text.into_bytes())).unwrap();
            let (found, error) = split(source, format, false);
            assert_eq!(error, None, "{format:?}");
            let faults: Vec<_> = found.iter().map(|(line, _, fault)| (*line, *fault)).collect();
            let large = Some("record_too_large");
            assert_eq!(faults, [(lines[0], None), (lines[1], large), (lines[2], None)], "{format:?}");
        }
    }
}
