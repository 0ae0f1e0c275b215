//! The report as one HTML file that needs no other: charts as inline SVG, and the table.

use std::fmt::Write as _;
use std::time::Duration;

use super::text::{HEAD, KINDS, cells};
use super::{Report, Row};
use crate::units::{show_duration, show_rate};

const STYLE: &str = "\
body{font:15px/1.5 system-ui,sans-serif;max-width:1100px;margin:2em auto;padding:0 1em;color:#222;background:#fff}
h1{font-size:1.5em}h2{font-size:1.15em;margin-top:2em}table{border-collapse:collapse;font-size:13px;width:100%}
th,td{padding:.25em .6em;border-bottom:1px solid #ddd;text-align:right;white-space:nowrap}
th:nth-child(-n+2),td:nth-child(-n+2){text-align:left;white-space:normal;overflow-wrap:anywhere}
.warn{background:#fff3cd;padding:.5em 1em;border-left:4px solid #e0a800}svg{width:100%;height:auto}svg text{font:12px system-ui,sans-serif;fill:#222}";

/// A colour for each concurrency, or each percentile; those after the last are like it.
const COLOURS: [&str; 5] = ["#2b6cb0", "#dd6b20", "#2f855a", "#805ad5", "#b83280"];

pub(super) fn page(report: &Report) -> String {
    let mut page = String::from("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">");
    page.push_str("<meta name=\"viewport\" content=\"width=device-width\"><title>rehash bench</title>\n");
    let _ = write!(page, "<style>{STYLE}</style></head><body>\n<h1>Hashing on this machine</h1>\n");
    let _ = writeln!(page, "<p>{}.</p>", escape(&report.machine.line()));
    let duration = show_duration(Duration::from_millis(report.duration_ms));
    let _ = writeln!(page, "<p>Each row was measured for {duration} on a pool of {} workers.</p>", report.jobs);
    if report.machine.is_debug() {
        page.push_str("<p class=\"warn\">A debug build: these figures say nothing about the machine.</p>\n");
    }
    if !report.steady {
        page.push_str("<p class=\"warn\">Rows marked * varied by 5 % or more: the machine was not idle, or the time too short.</p>\n");
    }
    for (kind, title) in KINDS {
        let rows: Vec<&Row> = report.rows.iter().filter(|row| row.kind == kind).collect();
        if rows.is_empty() {
            continue;
        }
        let _ = writeln!(page, "<h2>Rate: {title}, per second</h2>\n{}", rates(&rows));
        let _ = writeln!(page, "<h2>Latency: {title}</h2>\n{}", latencies(&rows));
        let _ = writeln!(page, "<h2>All figures: {title}</h2>\n{}", table(&rows));
    }
    page.push_str("</body></html>");
    page
}

/// A bar with its label and its value.
struct Bar {
    group: String,
    /// Which of the colours, and what it stands for.
    series: usize,
    value: f64,
    text: String,
}

/// One bar for each concurrency of each row.
fn rates(rows: &[&Row]) -> String {
    let concurrency = distinct(rows.iter().map(|row| row.concurrency));
    let bars = rows.iter().map(|row| Bar {
        group: format!("{} {}", row.name, row.parameters),
        series: concurrency.iter().position(|number| *number == row.concurrency).unwrap_or(0),
        value: row.per_second,
        text: show_rate(row.per_second),
    });
    let legend: Vec<_> = concurrency.iter().map(|number| format!("{number} at once")).collect();
    chart(&bars.collect::<Vec<_>>(), &legend)
}

/// The percentiles of each row at the highest concurrency.
fn latencies(rows: &[&Row]) -> String {
    let most = rows.iter().map(|row| row.concurrency).max().unwrap_or(1);
    let bars = rows.iter().filter(|row| row.concurrency == most).flat_map(|row| {
        let percentiles = [row.p50_ns, row.p95_ns, row.p99_ns].into_iter().enumerate();
        percentiles.map(|(series, nanos)| Bar {
            group: format!("{} {}", row.name, row.parameters),
            series,
            value: Duration::from_nanos(nanos).as_secs_f64(),
            text: show_duration(Duration::from_nanos(nanos)),
        })
    });
    let legend = ["half", "95 %", "99 %"].map(|share| format!("{share} within, {most} at once"));
    chart(&bars.collect::<Vec<_>>(), &legend)
}

fn distinct(numbers: impl Iterator<Item = usize>) -> Vec<usize> {
    let mut found = Vec::new();
    numbers.for_each(|number| {
        if !found.contains(&number) {
            found.push(number);
        }
    });
    found
}

const LABEL_WIDTH: f64 = 330.0;
const BARS_WIDTH: f64 = 640.0;
const BAR_HEIGHT: f64 = 13.0;

/// Horizontal bars on a logarithmic scale: what is measured spans seven powers of ten.
fn chart(bars: &[Bar], legend: &[String]) -> String {
    let logarithm = |value: f64| value.max(1e-12).log10();
    let least = bars.iter().map(|bar| logarithm(bar.value)).fold(f64::INFINITY, f64::min).floor() - 0.5;
    let most = bars.iter().map(|bar| logarithm(bar.value)).fold(f64::NEG_INFINITY, f64::max);
    let scale = BARS_WIDTH / (most - least).max(0.5);
    let (mut body, mut y, mut group) = (String::new(), 30.0, "");
    for bar in bars {
        if bar.group != group {
            y += 7.0;
            group = &bar.group;
            let (label, baseline) = (escape(&shortened(group)), y + BAR_HEIGHT - 2.0);
            let x = LABEL_WIDTH - 8.0;
            let _ = writeln!(body, "<text x=\"{x}\" y=\"{baseline}\" text-anchor=\"end\">{label}</text>");
        }
        let (width, colour) = ((logarithm(bar.value) - least) * scale, COLOURS[bar.series.min(COLOURS.len() - 1)]);
        let (text_x, baseline) = (LABEL_WIDTH + width + 6.0, y + BAR_HEIGHT - 2.0);
        let _ = writeln!(
            body,
            "<rect x=\"{LABEL_WIDTH}\" y=\"{y}\" width=\"{width:.1}\" height=\"{}\" fill=\"{colour}\"/>\
             <text x=\"{text_x:.1}\" y=\"{baseline}\">{}</text>",
            BAR_HEIGHT - 1.0,
            escape(&bar.text),
        );
        y += BAR_HEIGHT;
    }
    let mut keys = String::new();
    for (place, text) in legend.iter().enumerate() {
        let (x, colour) = (LABEL_WIDTH + 190.0 * place as f64, COLOURS[place.min(COLOURS.len() - 1)]);
        let _ = writeln!(
            keys,
            "<rect x=\"{x}\" y=\"6\" width=\"12\" height=\"12\" fill=\"{colour}\"/><text x=\"{}\" y=\"16\">{}</text>",
            x + 17.0,
            escape(text),
        );
    }
    let (width, height) = (LABEL_WIDTH + BARS_WIDTH + 100.0, y + 12.0);
    format!("<svg viewBox=\"0 0 {width} {height}\" role=\"img\">\n{keys}{body}</svg>\n<p>The scale is logarithmic.</p>")
}

/// A label that fits beside its bars.
fn shortened(label: &str) -> String {
    const CHARACTERS_MAX: usize = 46;
    if label.chars().count() <= CHARACTERS_MAX {
        return label.to_owned();
    }
    label.chars().take(CHARACTERS_MAX - 1).chain(['…']).collect()
}

fn table(rows: &[&Row]) -> String {
    let mut table = String::from("<table><tr><th></th>");
    HEAD.iter().for_each(|name| table.push_str(&format!("<th>{}</th>", escape(name))));
    table.push_str("</tr>\n");
    for row in rows {
        table.push_str("<tr>");
        cells(row).iter().for_each(|cell| table.push_str(&format!("<td>{}</td>", escape(cell))));
        table.push_str("</tr>\n");
    }
    table.push_str("</table>");
    table
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
