//! The table for people.

use std::io::{self, Write};
use std::time::Duration;

use super::{Report, Row};
use crate::measure::STEADY_PERCENT;
use crate::output::printable;
use crate::units::{show_duration, show_kib, show_rate};

pub(super) fn print(report: &Report, out: &mut impl Write) -> io::Result<()> {
    let machine = &report.machine;
    writeln!(out, "{}", printable(&machine.line()))?;
    let (duration, cap) = (show_duration(Duration::from_millis(report.duration_ms)), show_kib(report.memory_cap_kib));
    writeln!(out, "each for {duration}; {} workers; at most {cap}", report.jobs)?;
    if machine.is_debug() {
        writeln!(out, "a debug build: these figures say nothing about the machine")?;
    }
    for (kind, title) in KINDS {
        let rows: Vec<&Row> = report.rows.iter().filter(|row| row.kind == kind).collect();
        if !rows.is_empty() {
            writeln!(out)?;
            table(title, &rows, out)?;
        }
    }
    let unsteady = report.rows.iter().filter(|row| !row.steady).count();
    if unsteady > 0 {
        writeln!(
            out,
            "\n* {unsteady} of {} rows varied by {STEADY_PERCENT} % or more: the machine was not idle, or the time too short; \
             measure again",
            report.rows.len()
        )?;
    }
    Ok(())
}

/// What each kind of row is, in the order of the tables.
pub(super) const KINDS: [(&str, &str); 2] = [("verify", "verifying"), ("sign-in", "whole sign-ins")];

/// What stands in a row, in the order of [`HEAD`].
pub(super) fn cells(row: &Row) -> [String; 11] {
    let time = |nanos| show_duration(Duration::from_nanos(nanos));
    let mark = if row.steady { "" } else { "*" };
    [
        row.name.clone(),
        row.parameters.clone(),
        row.concurrency.to_string(),
        show_rate(row.per_second),
        time(row.p50_ns),
        time(row.p95_ns),
        time(row.p99_ns),
        time(row.wall_ns),
        row.cpu_ns.map_or_else(|| "-".to_owned(), time),
        row.peak_memory_kib.map_or_else(|| "-".to_owned(), mebibytes),
        format!("{:.1} %{mark}", row.cv_percent),
    ]
}

#[allow(clippy::cast_precision_loss, reason = "to a tenth, for people")]
fn mebibytes(kib: u64) -> String {
    format!("{:.1} MiB", kib as f64 / 1024.0)
}

pub(super) const HEAD: [&str; 10] =
    ["parameters", "at once", "rate", "p50", "p95", "p99", "wall each", "CPU each", "memory", "varies"];

fn table(title: &str, rows: &[&Row], out: &mut impl Write) -> io::Result<()> {
    let head = std::iter::once(title).chain(HEAD).map(str::to_owned).collect::<Vec<_>>();
    let rows: Vec<[String; 11]> = rows.iter().map(|row| cells(row)).collect();
    let width = |column: usize| {
        let cells = rows.iter().map(|row| &row[column]).chain([&head[column]]);
        cells.map(|cell| cell.trim_end_matches('*').chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    for row in std::iter::once(&head[..]).chain(rows.iter().map(|row| &row[..])) {
        let mut line = String::new();
        for (column, cell) in row.iter().enumerate() {
            let fill = " ".repeat(widths[column].saturating_sub(cell.trim_end_matches('*').chars().count()));
            // Words to the left, numbers to the right.
            let is_word = column < 2;
            line.push_str(if column > 0 { "  " } else { "" });
            line.push_str(if is_word { "" } else { &fill });
            line.push_str(cell);
            line.push_str(if is_word { &fill } else { "" });
        }
        writeln!(out, "{}", printable(line.trim_end()))?;
    }
    Ok(())
}
