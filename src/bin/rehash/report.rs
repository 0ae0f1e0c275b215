//! What `check` and `import` say: a line for each problem as it comes, then the counts; as text, or as one JSON
//! document that is written as it grows.

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal as _, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use rehash::import::{Checked, Format, InputError, Problem, Source, Summary};
use serde::Serialize;

use crate::args;
use crate::output::{Exit, Failure, grouped, json};

/// Writes problems and counts.
pub struct Reporter<W> {
    out: W,
    is_json: bool,
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
    pub problems: Vec<(&'static str, u64)>,
    pub rejected: u64,
}

impl<W: Write> Reporter<W> {
    pub fn new(out: W, args: &args::Report) -> Self {
        let args::Report { json, quiet, warnings, .. } = *args;
        Self { out, is_json: json, is_quiet: quiet, shows_warnings: warnings, is_first: true, is_deaf: false }
    }

    /// Goes on in silence once the output's reader is gone; `false` for any other error.
    pub fn tolerate(&mut self, error: &io::Error) -> bool {
        self.is_deaf |= error.kind() == io::ErrorKind::BrokenPipe;
        self.is_deaf
    }

    pub fn record(&mut self, checked: &Checked<'_>) -> io::Result<()> {
        for problem in checked.problems {
            self.problem(checked.source, checked.line, problem)?;
        }
        if self.shows_warnings {
            for code in checked.warnings.iter() {
                self.line(checked.source, checked.line, "passwordEncrypted", code.as_str(), warning(code))?;
            }
        }
        Ok(())
    }

    pub fn problem(&mut self, source: &str, line: u64, problem: &Problem) -> io::Result<()> {
        self.line(source, line, &problem.field, problem.code.as_str(), &problem.remedy)
    }

    pub fn line(&mut self, file: &str, line: u64, field: &str, code: &'static str, message: &str) -> io::Result<()> {
        if self.is_quiet || self.is_deaf {
            return Ok(());
        }
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
        rest.insert("without_password".into(), summary.without_password.into());
        rest.insert("plaintext".into(), summary.plaintext.into());
        let methods = summary.methods.iter().map(|(method, count)| (method.to_string(), (*count).into()));
        rest.insert("methods".into(), serde_json::Value::Object(methods.collect()));
        let problems = totals.problems.iter().map(|(code, count)| ((*code).to_owned(), (*count).into()));
        rest.insert("problem_counts".into(), serde_json::Value::Object(problems.collect()));
        let warnings = summary.warnings.iter().map(|(code, count)| (code.to_string(), (*count).into()));
        rest.insert("warnings".into(), serde_json::Value::Object(warnings.collect()));
        let errors = summary.errors.iter().map(|error| error.to_string().into());
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
        for (name, count) in &totals.outcomes {
            row(2, &name.replace('_', " "), *count)?;
        }
        row(2, "rejected", totals.rejected)?;
        let groups: [(&str, Vec<(&str, u64)>); 3] = [
            ("good records by method", methods(summary)),
            ("problems", totals.problems.clone()),
            ("warnings", summary.warnings.iter().map(|(code, count)| (code.as_str(), *count)).collect()),
        ];
        for (title, rows) in groups.iter().filter(|(_, rows)| !rows.is_empty()) {
            row(0, title, rows.iter().map(|(_, count)| count).sum())?;
            for (name, count) in rows {
                row(2, name, *count)?;
            }
        }
        Ok(())
    }
}

/// Good records by method, those without one last.
fn methods(summary: &Summary) -> Vec<(&'static str, u64)> {
    let mut rows: Vec<_> = summary.methods.iter().map(|(method, count)| (method.as_str(), *count)).collect();
    rows.extend((summary.plaintext > 0).then_some(("plaintext", summary.plaintext)));
    rows.extend((summary.without_password > 0).then_some(("without password", summary.without_password)));
    rows
}

fn warning(code: rehash::Code) -> &'static str {
    match code {
        rehash::Code::TrimmedWhitespace => "white space around the hash was removed",
        rehash::Code::UppercaseHex => "upper-case hex, kept in lower case",
        rehash::Code::TruncatingMethod => "the method ignores all after 72 bytes; longer passwords are not upgraded",
        rehash::Code::WeakCost => "the cost is below what is recommended today",
        _ => "worth knowing",
    }
}

/// A file name for a terminal.
fn printable(name: &str) -> String {
    name.chars().flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] }).collect()
}

/// Says on stderr which inputs could not be read; the exit code for the run.
pub fn exit(summary: &Summary, rejected: u64) -> Exit {
    for error in &summary.errors {
        eprintln!("rehash: {error}");
    }
    if !summary.errors.is_empty() {
        Exit::Data
    } else if rejected > 0 {
        Exit::No
    } else {
        Exit::Done
    }
}

/// A file of records, readable by its owner alone: it holds hashes.
pub struct RecordFile {
    path: PathBuf,
    out: BufWriter<File>,
    format: Option<Format>,
}

impl RecordFile {
    pub fn create(path: &Path) -> Result<Self, Failure> {
        let mut options = File::options();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(path).map_err(|error| Failure::output(path, &error))?;
        Ok(Self { path: path.to_owned(), out: BufWriter::with_capacity(64 * 1024, file), format: None })
    }

    pub fn line(&mut self, line: &[u8]) -> Result<(), Failure> {
        let written = self.out.write_all(line).and_then(|()| self.out.write_all(b"\n"));
        written.map_err(|error| Failure::output(&self.path, &error))
    }

    /// Writes a record as it stands in its input, so that it can be mended and read again: CSV under its header, JSON as
    /// NDJSON.
    pub fn raw(&mut self, record: &RawRecord<'_>) -> Result<(), Failure> {
        let format = if record.format == Format::Csv { Format::Csv } else { Format::Ndjson };
        match self.format {
            None => {
                self.format = Some(format);
                if let Some(header) = record.header_line {
                    self.line(header)?;
                }
            }
            Some(first) if first == format => {}
            Some(_) => return Err(Failure::usage("--rejects takes CSV or JSON, not both; run them apart")),
        }
        match (record.raw, format) {
            ([], _) => Ok(()),
            (raw, Format::Csv) => self.line(raw),
            // An element of an array may stand on several lines; outside strings a line end is white space.
            (raw, _) => {
                let flat = raw.iter().map(|c| if matches!(c, b'\n' | b'\r') { b' ' } else { *c });
                self.line(&flat.collect::<Vec<_>>())
            }
        }
    }

    pub fn finish(mut self) -> Result<(), Failure> {
        self.out.flush().map_err(|error| Failure::output(&self.path, &error))
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

/// The files of the command line, `-` being standard input.
pub fn sources(files: &[PathBuf]) -> impl Iterator<Item = Result<Source, InputError>> {
    files.iter().map(
        |path| {
            if path.as_os_str() == "-" { Source::new("stdin", io::stdin()) } else { Source::open(path) }
        },
    )
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
