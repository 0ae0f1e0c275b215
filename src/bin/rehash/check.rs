//! `rehash check`: reads, tags and validates; writes nothing but the files it is asked for.

use std::io::Write;
use std::ops::ControlFlow;

use rehash::import::{Checked, Format, Options, Summary, check};

use crate::args;
use crate::interrupt::Interrupt;
use crate::keys;
use crate::output::{Exit, Failure, say};
use crate::record_file::RecordFile;
use crate::report::{self, Progress, RawRecord, Rejects, Reporter, Totals};
use crate::reserved::Reserved;
use crate::source::Inputs;

pub fn run(args: &args::Check, out: &mut impl Write) -> Result<Exit, Failure> {
    let rules = keys::rules(&args.input)?;
    keys::say_sizes(&args.input.limits, None);
    let inputs = Inputs::new(&args.input)?;
    let mut reserved = Reserved::new(&args.input, inputs.database().map(|(url, _)| url));
    [&args.tagged, &args.report.rejects].into_iter().flatten().try_for_each(|output| reserved.take(output))?;
    let mut tagged = args.tagged.as_deref().map(RecordFile::create).transpose()?;
    let mut rejects = args.report.rejects.as_deref().map(|path| Rejects::create(path, &reserved)).transpose()?;
    let mut reporter = Reporter::new(out, &args.report);
    // Files that are not finished must not stay behind: they hold hashes.
    let interrupt = Interrupt::watch()?;
    let mut progress = Progress::start();
    let options = options(&args.input, tagged.is_some())?;

    let mut each = |checked: Checked<'_>| -> Result<(), Failure> {
        progress.tick();
        inputs.reached(checked.line);
        reporter.record(&checked)?;
        match (&checked.record, &mut tagged, &mut rejects) {
            (Some(record), Some(tagged), _) => {
                if let Some(line) = record.to_json_line() {
                    tagged.line(line.as_bytes())?;
                }
            }
            (None, _, Some(rejects)) if !checked.problems.is_empty() => rejects.write(&RawRecord::from(&checked))?,
            _ => {}
        }
        Ok(())
    };
    let (mut summary, failure) = check(inputs.sources(&interrupt), &rules, options, |checked| match each(checked) {
        Err(failure) => ControlFlow::Break(Some(failure)),
        Ok(()) if interrupt.is_asked() => ControlFlow::Break(None),
        Ok(()) => ControlFlow::Continue(()),
    });
    drop(progress);
    inputs.check_reached(&summary)?;
    let is_interrupted = match failure {
        Some(Some(failure)) => return Err(failure),
        Some(None) => true,
        None => interrupt.has_cut_input(),
    };
    if is_interrupted {
        summary.errors.clear();
        tell(&mut reporter, &summary, Some("interrupted"))?;
        let is_lost = args.tagged.is_some() || args.report.rejects.is_some();
        say(if is_lost { "interrupted; the files of records were not written" } else { "interrupted" });
        inputs.say_how_to_go_on();
        return Ok(Exit::Interrupted);
    }
    if tagged.is_some() && summary.plaintext > 0 {
        say(&format!(
            "{} passwords in the clear are not among the tagged records; import the original file",
            summary.plaintext
        ));
    }
    // What could not be written takes nothing from what is said.
    let finished = tagged.map_or(Ok(()), RecordFile::finish).and(rejects.map_or(Ok(()), Rejects::finish));
    tell(&mut reporter, &summary, None)?;
    finished?;
    keys::say_what_is_missing(&args.input)?;
    Ok(report::exit(&summary, summary.rejected))
}

/// The counts, of all or of what was read until somebody asked for an end.
fn tell(reporter: &mut Reporter<impl Write>, summary: &Summary, stopped: Option<&str>) -> Result<(), Failure> {
    let problems = summary.problems.iter().map(|(code, count)| (code.as_str(), *count)).collect();
    let (rejected, methods, stopped) = (summary.rejected, report::methods(summary), stopped.map(str::to_owned));
    reporter.finish(&Totals { summary, outcomes: Vec::new(), journal: None, problems, rejected, methods, stopped })
}

pub fn options(input: &args::Input, keeps_records: bool) -> Result<Options, Failure> {
    let mut options = Options::default();
    options.jobs = input.jobs.count();
    options.format = if input.origin.is_given() { Some(Format::Ndjson) } else { input.format.map(Format::from) };
    options.export = keys::export(input)?;
    options.keeps_records = keeps_records;
    Ok(options)
}

impl From<args::Format> for Format {
    fn from(format: args::Format) -> Self {
        match format {
            args::Format::Json => Self::Json,
            args::Format::Ndjson => Self::Ndjson,
            args::Format::Csv => Self::Csv,
        }
    }
}
