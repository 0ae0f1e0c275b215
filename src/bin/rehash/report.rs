//! What `check` and `import` say: a line for each problem as it comes, then the counts; as text, or as one JSON
//! document that is written as it grows.

use std::io::{self, IsTerminal as _, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use rehash::import::{Checked, Format, Problem, Summary};
use rehash::store::Tally;
use serde::Serialize;

use crate::args;
use crate::output::{Exit, Failure, grouped, json, printable, say};
use crate::record_file::{RecordFile, is_of_process};
use crate::reserved::Reserved;

/// Writes problems and counts.
pub struct Reporter<W> {
    out: W,
    is_json: bool,
    rows_before: u64,
    is_quiet: bool,
    shows_warnings: bool,
    is_first: bool,
    /// Where nobody reads the output any more, the work goes on without it.
    is_deaf: bool,
}

#[derive(Serialize)]
struct ProblemLine<'a> {
    file: &'a str,
    line: u64,
    field: &'a str,
    code: &'static str,
    message: &'a str,
}

/// The counts after the work is done, beside the library's summary.
pub struct Totals<'a> {
    pub summary: &'a Summary,
    /// Counts that only the command knows, by their name in JSON; the text shows them with blanks.
    pub outcomes: Vec<(&'static str, u64)>,
    /// What earlier runs had committed, as the store's journal has it.
    pub journal: Option<Tally>,
    pub problems: Vec<(&'static str, u64)>,
    pub rejected: u64,
    /// Good records by method, in a stable order.
    pub methods: Vec<(&'static str, u64)>,
    /// Why the work stopped before its end, beside the inputs that could not be read.
    pub stopped: Option<String>,
}

impl<W: Write> Reporter<W> {
    pub fn new(out: W, args: &args::Report) -> Self {
        let args::Report { json, quiet, warnings, .. } = *args;
        Self {
            out,
            is_json: json,
            is_quiet: quiet,
            shows_warnings: warnings,
            is_first: true,
            is_deaf: false,
            rows_before: 0,
        }
    }

    /// Goes on in silence once the output's reader is gone; `false` for any other error.
    pub fn tolerate(&mut self, error: &io::Error) -> bool {
        self.is_deaf |= error.kind() == io::ErrorKind::BrokenPipe;
        self.is_deaf
    }

    pub fn record(&mut self, checked: &Checked<'_>) -> io::Result<()> {
        for problem in checked.problems {
            self.problem(checked.source, (checked.line, checked.number), problem)?;
        }
        if self.shows_warnings {
            for code in checked.warnings.iter() {
                let field = match code {
                    rehash::Code::DisabledAccount | rehash::Code::PaddedIdentifier | rehash::Code::SharedIdentifier => {
                        "record"
                    }
                    _ => "passwordEncrypted",
                };
                let place = (checked.line, checked.number);
                self.line(checked.source, place, field, code.as_str(), warning(code))?;
            }
        }
        Ok(())
    }

    pub fn problem(&mut self, source: &str, place: (u64, Option<u64>), problem: &Problem) -> io::Result<()> {
        self.line(source, place, &problem.field, problem.code.as_str(), &problem.remedy)
    }

    /// The rows of a database are numbered on after those that an earlier run has read.
    pub const fn count_on_from(&mut self, rows: u64) {
        self.rows_before = rows;
    }

    /// `place` is the line, and the record's number where the line does not say which it is.
    pub fn line(
        &mut self,
        file: &str,
        (line, number): (u64, Option<u64>),
        field: &str,
        code: &'static str,
        message: &str,
    ) -> io::Result<()> {
        if self.is_quiet || self.is_deaf {
            return Ok(());
        }
        let line = self.rows_before + line;
        let named = number.map(|number| format!("{message} (record {number} of the input)"));
        let message = named.as_deref().unwrap_or(message);
        if !self.is_json {
            return writeln!(self.out, "{}:{line}: {field}: {code}: {message}", printable(file));
        }
        let opening = if std::mem::take(&mut self.is_first) { "{\"problems\":[\n" } else { ",\n" };
        let text = json(&ProblemLine { file, line, field, code, message }).map_err(|_| io::ErrorKind::InvalidData)?;
        write!(self.out, "{opening}{text}")
    }

    pub fn finish(&mut self, totals: &Totals<'_>) -> Result<(), Failure> {
        if self.is_deaf {
            return Ok(());
        }
        if self.is_json {
            self.finish_json(totals)?
        } else {
            self.finish_text(totals)?
        }
        self.out.flush()?;
        Ok(())
    }

    fn finish_json(&mut self, totals: &Totals<'_>) -> Result<(), Failure> {
        let opening = if self.is_first { "{\"problems\":[" } else { "\n" };
        let summary = totals.summary;
        let mut rest = serde_json::Map::new();
        rest.insert("records".into(), summary.records.into());
        if totals.outcomes.is_empty() {
            rest.insert("good".into(), summary.good.into());
        }
        for (name, count) in &totals.outcomes {
            rest.insert((*name).into(), (*count).into());
        }
        rest.insert("rejected".into(), totals.rejected.into());
        rest.extend(totals.journal.map(|journal| ("journal".to_owned(), journalled(&journal))));
        let methods = totals.methods.iter().map(|(method, count)| ((*method).to_owned(), (*count).into()));
        rest.insert("methods".into(), serde_json::Value::Object(methods.collect()));
        let problems = totals.problems.iter().map(|(code, count)| ((*code).to_owned(), (*count).into()));
        rest.insert("problem_counts".into(), serde_json::Value::Object(problems.collect()));
        let warnings = summary.warnings.iter().map(|(code, count)| (code.to_string(), (*count).into()));
        rest.insert("warnings".into(), serde_json::Value::Object(warnings.collect()));
        let errors = summary.errors.iter().map(ToString::to_string).chain(totals.stopped.clone()).map(Into::into);
        rest.insert("errors".into(), serde_json::Value::Array(errors.collect()));
        let rest = json(&rest)?;
        let members = rest.strip_prefix('{').unwrap_or(&rest);
        writeln!(self.out, "{opening}],{members}")?;
        Ok(())
    }

    fn finish_text(&mut self, totals: &Totals<'_>) -> io::Result<()> {
        let summary = totals.summary;
        let out = &mut self.out;
        let mut row = |indent: usize, name: &str, count: u64| {
            let width = 30 - indent;
            writeln!(out, "{:indent$}{name:<width$}{:>14}", "", grouped(count))
        };
        row(0, "records", summary.records)?;
        if totals.outcomes.is_empty() {
            row(2, "good", summary.good)?;
        }
        // People are not told of what an import seldom meets, where it did not; programs always are.
        let is_usual = |name: &str| matches!(name, "imported" | "already_there" | "kept_newer");
        for (name, count) in totals.outcomes.iter().filter(|(name, count)| *count > 0 || is_usual(name)) {
            let indent = if matches!(*name, "kept_newer" | "rejected_earlier") { 4 } else { 2 };
            row(indent, &name.replace('_', " "), *count)?;
        }
        row(2, "rejected", totals.rejected)?;
        let groups: [(&str, Vec<(&str, u64)>); 3] = [
            ("by method", totals.methods.clone()),
            ("problems", totals.problems.clone()),
            ("warnings", summary.warnings.iter().map(|(code, count)| (code.as_str(), *count)).collect()),
        ];
        for (title, rows) in groups.iter().filter(|(_, rows)| !rows.is_empty()) {
            row(0, title, rows.iter().map(|(_, count)| count).sum())?;
            for (name, count) in rows {
                row(2, if *name == "without_password" { "without password" } else { name }, *count)?;
            }
        }
        Ok(())
    }
}

/// Good records by method, those without one last.
pub fn methods(summary: &Summary) -> Vec<(&'static str, u64)> {
    let mut rows: Vec<_> = summary.methods.iter().map(|(method, count)| (method.as_str(), *count)).collect();
    rows.extend((summary.plaintext > 0).then_some(("plaintext", summary.plaintext)));
    rows.extend((summary.without_password > 0).then_some(("without_password", summary.without_password)));
    rows
}

/// The journal's counts as JSON.
fn journalled(journal: &Tally) -> serde_json::Value {
    let Tally { imported, already_there, kept_newer, replaced, left_newer, rejected } = *journal;
    serde_json::json!({
        "records": journal.records(), "imported": imported, "already_there": already_there, "kept_newer": kept_newer,
        "replaced": replaced, "left_newer": left_newer, "rejected": rejected,
    })
}

fn warning(code: rehash::Code) -> &'static str {
    match code {
        rehash::Code::TrimmedWhitespace => "white space around the hash was removed",
        rehash::Code::UppercaseHex => "upper-case hex, kept in lower case",
        rehash::Code::TruncatingMethod => "the method ignores all after 72 bytes; longer passwords are not upgraded",
        rehash::Code::WeakCost => "the cost is below what is recommended today",
        rehash::Code::DisabledAccount => "was disabled, blocked or suspended; here it can sign in",
        rehash::Code::PaddedIdentifier => "white space around a username, email or phone, which has to be typed too",
        rehash::Code::SharedIdentifier => {
            "its username is another's email or phone, or the other way round: the username's owner signs in with it"
        }
        _ => "worth knowing",
    }
}

/// Says on stderr which inputs could not be read; the exit code for the run.
pub fn exit(summary: &Summary, rejected: u64) -> Exit {
    for error in &summary.errors {
        say(&error.to_string());
    }
    if !summary.errors.is_empty() {
        Exit::Data
    } else if rejected > 0 {
        Exit::No
    } else {
        Exit::Done
    }
}

/// The bad records as they stand in the input, to be mended and read again: CSV under its header, JSON as NDJSON. Records
/// under another header, or in another format, go to a file of their own: `OUT.2`, `OUT.3` …
pub struct Rejects {
    path: PathBuf,
    reserved: Reserved,
    /// Made before the work begins, so that it is known to be writable.
    first: Option<RecordFile>,
    files: Vec<(Option<Vec<u8>>, RecordFile)>,
}

impl Rejects {
    pub fn create(path: &Path, reserved: &Reserved) -> Result<Self, Failure> {
        let first = Some(RecordFile::create(path)?);
        Ok(Self { path: path.to_owned(), reserved: reserved.clone(), first, files: Vec::new() })
    }

    /// After those that an earlier run left there.
    pub fn go_on(path: &Path, reserved: &Reserved) -> Result<Self, Failure> {
        let first = Some(RecordFile::go_on(path)?);
        Ok(Self { path: path.to_owned(), reserved: reserved.clone(), first, files: Vec::new() })
    }

    /// What was written so far is under its name from now on, and stays there whatever comes.
    pub fn keep(&mut self) -> Result<(), Failure> {
        self.files.iter_mut().try_for_each(|(_, file)| file.keep())
    }

    pub fn write(&mut self, record: &RawRecord<'_>) -> Result<(), Failure> {
        let file = self.file(record.header_line)?;
        match (record.raw, record.format) {
            ([], _) => Ok(()),
            (raw, Format::Csv | Format::Lines | Format::Sql) => file.line(raw),
            (raw, Format::Ldif) => file.line(raw).and_then(|()| file.line(b"")),
            // An element of an array may stand on several lines; outside strings a line end is white space.
            (raw, _) => {
                let flat = raw.iter().map(|c| if matches!(c, b'\n' | b'\r') { b' ' } else { *c });
                file.line(&flat.collect::<Vec<_>>())
            }
        }
    }

    fn file(&mut self, header_line: Option<&[u8]>) -> Result<&mut RecordFile, Failure> {
        let known = self.files.iter().position(|(header, _)| header.as_deref() == header_line);
        let place = match known {
            Some(place) => place,
            // A stream has no second file beside it: what has another header follows under it.
            None if self.first.is_none() && is_of_process(&self.path) => {
                if let (Some(header), Some((_, file))) = (header_line, self.files.first_mut()) {
                    file.line(header)?;
                }
                if let Some((last, _)) = self.files.first_mut() {
                    *last = header_line.map(<[u8]>::to_vec);
                }
                0
            }
            None => {
                let mut file = match self.first.take() {
                    Some(first) => first,
                    None => {
                        let path = self.path_of(self.files.len());
                        self.reserved.take(&path)?;
                        RecordFile::create(&path)?
                    }
                };
                if let Some(header) = header_line {
                    file.line(header)?;
                }
                self.files.push((header_line.map(<[u8]>::to_vec), file));
                self.files.len() - 1
            }
        };
        Ok(&mut self.files[place].1)
    }

    fn path_of(&self, place: usize) -> PathBuf {
        if place == 0 {
            return self.path.clone();
        }
        let mut path = self.path.clone().into_os_string();
        path.push(format!(".{}", place + 1));
        path.into()
    }

    pub fn finish(mut self) -> Result<(), Failure> {
        self.files.extend(self.first.take().map(|file| (None, file)));
        for place in 1..self.files.len() {
            say(&format!("records of another format or header are in {}", self.path_of(place).display()));
        }
        self.files.into_iter().try_for_each(|(_, file)| file.finish())
    }
}

/// A record as it stands in its input.
pub struct RawRecord<'a> {
    pub format: Format,
    pub header_line: Option<&'a [u8]>,
    pub raw: &'a [u8],
}

impl<'a> From<&Checked<'a>> for RawRecord<'a> {
    fn from(checked: &Checked<'a>) -> Self {
        Self { format: checked.format, header_line: checked.header_line, raw: checked.raw }
    }
}

/// How far it is, on a terminal only.
pub struct Progress {
    bar: ProgressBar,
    records: u64,
}

impl Progress {
    pub fn start() -> Self {
        let bar = if io::stderr().is_terminal() { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
        if let Ok(style) = ProgressStyle::with_template("{spinner} {human_pos} records, {per_sec}, {elapsed}") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(250));
        Self { bar, records: 0 }
    }

    pub fn tick(&mut self) {
        self.records += 1;
        if self.records.is_multiple_of(1024) {
            self.bar.set_position(self.records);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
