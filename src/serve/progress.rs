//! How far the migration is, as a page: the one that the service shows and the one that a command writes have this in common.
//! Counts only: no names, no hashes.

use std::fmt::Write as _;

use super::metrics::now_minute;
use crate::Method;
use crate::store::{Day, MethodCount, Projection, left_to_replace, sort_weakest_first, weeks};

/// The beginning of a page, up to its title.
pub(super) const HEAD: &str = "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
    <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">";
/// Days that are drawn, and weeks.
const DAYS: i64 = 60;
const WEEKS: usize = 26;

/// Widths of drawings, in their own units; they scale with the page.
pub(super) const WIDTH: f64 = 600.0;
pub(super) const HEIGHT: f64 = 120.0;

pub(super) const STYLE: &str = "
:root{color-scheme:light dark;--ink:#1a1c1e;--dim:#5c6368;--line:#d5d9dc;--good:#1a7f5a;--todo:#b86a00;--bad:#b3261e;--paper:#fff}
@media(prefers-color-scheme:dark){:root{--ink:#e6e8ea;--dim:#9aa2a8;--line:#3a3f44;--good:#4cc38a;--todo:#e5a13d;--bad:#f2736b;--paper:#15181b}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:46rem;padding:1rem;font:16px/1.45 system-ui,sans-serif;color:var(--ink);background:var(--paper)}
h1{font-size:1.3rem;margin:.2rem 0}h2{font-size:1rem;margin:1.6rem 0 .4rem}p{margin:.2rem 0;color:var(--dim)}
.big{font-size:2rem;color:var(--ink);font-variant-numeric:tabular-nums}
table{width:100%;border-collapse:collapse;font-variant-numeric:tabular-nums}
td,th{padding:.25rem .4rem;border-bottom:1px solid var(--line);text-align:left;overflow-wrap:anywhere}
td:first-child{overflow-wrap:normal}#weeks td:first-child{white-space:nowrap}td.n,th.n{text-align:right;white-space:nowrap}th{color:var(--dim);font-weight:500}
svg{width:100%;height:auto;display:block}
.axis{display:flex;justify-content:space-between;gap:1rem;font-size:.85rem}
.key{font-size:.85rem}.key span{white-space:nowrap;margin-right:1rem}.key svg{display:inline-block;width:.8em;height:.8em;margin-right:.3em}
.bars td{border:0;padding:.1rem .4rem}.bars td:first-child{text-align:right;white-space:nowrap;width:5rem}.bars td:last-child{width:6rem}.bars svg{height:.9rem}
.good{fill:var(--good)}.todo{fill:var(--todo)}.bad{fill:var(--bad)}.rail{fill:var(--line)}
";

/// How far a migration is, as one HTML document with charts that needs no other: what a store answers to
/// [`crate::store::Users::counts`] and [`crate::store::Users::days`], drawn.
#[must_use]
pub fn progress_page(counts: &[MethodCount], days: &[Day]) -> String {
    let mut page = format!(
        "{HEAD}<title>rehash: migration</title><style>{STYLE}</style></head><body><h1>Migration to Argon2id</h1>"
    );
    records(&mut page, counts.to_vec());
    time(&mut page, days, counts);
    page.push_str("</body></html>");
    page
}

/// What the store holds, per method, and how much of it is done.
pub(super) fn records(page: &mut String, mut counts: Vec<MethodCount>) {
    sort_weakest_first(&mut counts);
    let records = |is: &dyn Fn(&MethodCount) -> bool| -> u64 {
        counts.iter().filter(|count| is(count)).map(|count| count.records).sum()
    };
    let passwords = records(&|count| !count.method.is_empty());
    let done = records(&|count| count.method == Method::Argon2id.as_str());
    let part = if passwords == 0 { 0.0 } else { done as f64 / passwords as f64 };
    let _ = write!(
        page,
        "<p class=\"big\" id=\"progress\">{:.1} %</p><p>{} of {} passwords are Argon2id.</p>",
        100.0 * part,
        grouped(done),
        grouped(passwords),
    );
    let _ = write!(
        page,
        "<svg viewBox=\"0 0 {WIDTH} 14\" role=\"img\" aria-label=\"share of passwords that are Argon2id\">\
         <rect class=\"rail\" width=\"{WIDTH}\" height=\"14\" rx=\"7\"/><rect class=\"good\" width=\"{:.1}\" height=\"14\" rx=\"7\"/></svg>",
        WIDTH * part,
    );
    page.push_str("<h2>Records by method</h2><table id=\"methods\"><tr><th>Method</th><th>Parameters</th><th class=\"n\">Records</th><th class=\"n\">Upgraded</th></tr>");
    for MethodCount { method, parameters, records, upgraded, .. } in &counts {
        let method = if method.is_empty() { "(none)" } else { method };
        let _ = write!(
            page,
            "<tr><td>{}</td><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td></tr>",
            escaped(method),
            escaped(parameters),
            grouped(*records),
            grouped(*upgraded),
        );
    }
    page.push_str("</table>");
}

/// What happened day by day and week by week, how many have not signed in yet, and when they would have.
pub(super) fn time(page: &mut String, days: &[Day], counts: &[MethodCount]) {
    let left = left_to_replace(counts);
    let today = i64::try_from(now_minute() / (24 * 60)).unwrap_or(i64::MAX);
    page.push_str("<h2>Upgrades and password changes by day</h2>");
    let Some(last) = days.last() else {
        page.push_str("<p>Nothing has happened yet.</p>");
        return;
    };
    let today = today.max(last.day);
    let first = days.first().map_or(today, |first| first.day.max(today + 1 - DAYS));
    bars(page, days, first, today);
    let _ = write!(page, "<p id=\"left\">{} imported hashes are left that are not Argon2id.</p>", grouped(left));
    if let Some(Projection { per_day, days_left, .. }) = Projection::of(days, left, today) {
        let _ = write!(
            page,
            "<p id=\"projection\">At {per_day:.1} a day the last of them would be gone in {} {}; {}.</p>",
            grouped(days_left),
            if days_left == 1 { "day" } else { "days" },
            Projection::ASSUMPTION,
        );
    }
    page.push_str("<h2>By week</h2><table id=\"weeks\"><tr><th>Week of</th><th class=\"n\">Imported</th><th class=\"n\">Upgraded</th><th class=\"n\">Changed</th></tr>");
    for week in weeks(days).iter().rev().take(WEEKS) {
        let [imported, upgraded, changed] = [week.imported, week.upgraded, week.changed].map(grouped);
        let _ = write!(
            page,
            "<tr><td>{}</td><td class=\"n\">{imported}</td><td class=\"n\">{upgraded}</td><td class=\"n\">{changed}</td></tr>",
            week.date(),
        );
    }
    page.push_str("</table>");
}

/// A bar for each day from the first to the last; days without any are gaps.
fn bars(page: &mut String, days: &[Day], first: i64, last: i64) {
    let shown = || days.iter().filter(|row| row.day >= first);
    let most = shown().map(|row| row.upgraded + row.changed).max().unwrap_or(0).max(1);
    // A migration's first days are no wider than the days of a long one.
    let step = (WIDTH / (last - first + 1) as f64).min(WIDTH / 14.0);
    let _ = write!(
        page,
        "<svg id=\"days\" viewBox=\"0 0 {WIDTH} {}\" role=\"img\" aria-label=\"upgrades and password changes on each day\">",
        HEIGHT,
    );
    for row in shown() {
        let (left, mut top) = ((row.day - first) as f64 * step, HEIGHT);
        for (class, count) in [("good", row.upgraded), ("todo", row.changed)] {
            let height = HEIGHT * count as f64 / most as f64;
            top -= height;
            let _ = write!(
                page,
                "<rect class=\"{class}\" x=\"{left:.1}\" y=\"{top:.1}\" width=\"{:.1}\" height=\"{height:.1}\"><title>{}: {}</title></rect>",
                (step - 1.0).max(0.5),
                row.date(),
                grouped(count),
            );
        }
    }
    let day = |day: i64| Day { day, ..Day::default() }.date();
    page.push_str("</svg>");
    axis(page, &day(first), &format!("{}; at most {} in a day", day(last), grouped(most)));
    key(page, &[("good", "upgraded"), ("todo", "changed by the user")]);
}

/// What stands at both ends below a drawing. It is not part of it, since that shrinks with the page.
pub(super) fn axis(page: &mut String, left: &str, right: &str) {
    let _ = write!(page, "<p class=\"axis\"><span>{left}</span><span>{right}</span></p>");
}

/// What the colours of a drawing mean.
pub(super) fn key(page: &mut String, colours: &[(&str, &str)]) {
    page.push_str("<p class=\"key\">");
    for (class, meaning) in colours {
        let _ = write!(
            page,
            "<span><svg viewBox=\"0 0 1 1\" aria-hidden=\"true\"><rect class=\"{class}\" width=\"1\" height=\"1\"/></svg>{meaning}</span>"
        );
    }
    page.push_str("</p>");
}

/// Thousands apart.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<_> = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy).collect();
    groups.join("\u{202f}")
}

pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_a_store_is_escaped_and_numbers_are_grouped() {
        assert_eq!(escaped("<script a=\"&\">"), "&lt;script a=&quot;&amp;&quot;&gt;");
        assert_eq!(
            (grouped(0), grouped(1000), grouped(1_234_567)),
            ("0".into(), "1\u{202f}000".into(), "1\u{202f}234\u{202f}567".into())
        );
    }
}
