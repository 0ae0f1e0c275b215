//! The status page: how far the migration is, and what the service is doing. One page without scripts and without anything
//! from elsewhere; it loads itself anew every half minute. Counts only: no names, no hashes.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_FRAME_OPTIONS};
use axum::response::{IntoResponse, Response};

use super::Service;
use super::metrics::{Histogram, MINUTES, Minute, Snapshot, now_minute};
use super::middleware::random_hex;
use crate::pool::{Gauges, PoolConfig};

/// Widths of drawings, in their own units; they scale with the page.
const WIDTH: f64 = 600.0;
const HEIGHT: f64 = 120.0;

const STYLE: &str = "
:root{color-scheme:light dark;--ink:#1a1c1e;--dim:#5c6368;--line:#d5d9dc;--good:#1a7f5a;--todo:#b86a00;--bad:#b3261e;--paper:#fff}
@media(prefers-color-scheme:dark){:root{--ink:#e6e8ea;--dim:#9aa2a8;--line:#3a3f44;--good:#4cc38a;--todo:#e5a13d;--bad:#f2736b;--paper:#15181b}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:46rem;padding:1rem;font:16px/1.45 system-ui,sans-serif;color:var(--ink);background:var(--paper)}
h1{font-size:1.3rem;margin:.2rem 0}h2{font-size:1rem;margin:1.6rem 0 .4rem}p{margin:.2rem 0;color:var(--dim)}
.big{font-size:2rem;color:var(--ink);font-variant-numeric:tabular-nums}
table{width:100%;border-collapse:collapse;font-variant-numeric:tabular-nums}
td,th{padding:.25rem .4rem;border-bottom:1px solid var(--line);text-align:left;overflow-wrap:anywhere}
td:first-child{overflow-wrap:normal}td.n,th.n{text-align:right;white-space:nowrap}th{color:var(--dim);font-weight:500}
svg{width:100%;height:auto;display:block}text{fill:var(--dim);font:11px system-ui,sans-serif}
.good{fill:var(--good)}.todo{fill:var(--todo)}.bad{fill:var(--bad)}.rail{fill:var(--line)}
";

pub(super) async fn page(State(service): State<Service>) -> Response {
    service.refresh_counts().await;
    let inner = &service.inner;
    let snapshot = inner.metrics.snapshot();
    let mut page = String::with_capacity(16 * 1024);
    page.push_str("<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">");
    page.push_str("<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">");
    page.push_str("<meta http-equiv=\"refresh\" content=\"30\"><title>rehash: migration</title>");
    // There is no script on the page that a nonce which is known could let in.
    let nonce = random_hex::<16>();
    let _ = write!(page, "<style nonce=\"{nonce}\">{STYLE}</style></head><body><h1>Migration to Argon2id</h1>");
    progress(&mut page, &snapshot);
    over_time(&mut page, &snapshot.minutes);
    latency(&mut page, &snapshot.sign_in_latency, service.floor().as_millis());
    outcomes(&mut page, &snapshot);
    load(&mut page, &inner.pool.gauges(), inner.pool.config());
    let up = inner.started.elapsed().as_secs();
    let _ = write!(page, "<p>Up for {} h {} min.</p></body></html>", up / 3600, up / 60 % 60);
    let policy = format!(
        "default-src 'none'; style-src 'nonce-{nonce}'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    );
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8".to_owned()),
        (CACHE_CONTROL, "no-store".to_owned()),
        (CONTENT_SECURITY_POLICY, policy),
        (REFERRER_POLICY, "no-referrer".to_owned()),
        (X_FRAME_OPTIONS, "DENY".to_owned()),
    ];
    (headers, page).into_response()
}

/// What the store holds, per method, and how much of it is done.
fn progress(page: &mut String, snapshot: &Snapshot) {
    let mut methods = BTreeMap::<(&str, &str), (u64, u64)>::new();
    for count in &snapshot.counts {
        let entry = methods.entry((&count.method, &count.parameters)).or_default();
        *entry = (entry.0 + count.records, entry.1 + count.upgraded);
    }
    let records = |is: &dyn Fn(&str) -> bool| -> u64 {
        methods.iter().filter(|((method, _), _)| is(method)).map(|(_, (records, _))| records).sum()
    };
    let (passwords, done) = (records(&|method| !method.is_empty()), records(&|method| method == "argon2id"));
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
    for ((method, parameters), (records, upgraded)) in methods {
        let method = if method.is_empty() { "(none)" } else { method };
        let _ = write!(
            page,
            "<tr><td>{}</td><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td></tr>",
            escaped(method),
            escaped(parameters),
            grouped(records),
            grouped(upgraded),
        );
    }
    page.push_str("</table>");
}

/// The last hour, a bar for each minute.
fn over_time(page: &mut String, minutes: &[Minute]) {
    let first = (now_minute() + 1).saturating_sub(MINUTES);
    let most = minutes.iter().map(|minute| minute.accepted + minute.refused).max().unwrap_or(0).max(1);
    let step = WIDTH / MINUTES as f64;
    let _ = write!(
        page,
        "<h2>The last hour</h2><svg id=\"hour\" viewBox=\"0 0 {WIDTH} {}\" role=\"img\" aria-label=\"sign-ins in each of the last sixty minutes\">",
        HEIGHT + 16.0,
    );
    let mut totals = Minute::default();
    for minute in minutes.iter().filter(|minute| minute.number >= first) {
        let left = (minute.number - first) as f64 * step;
        let mut top = HEIGHT;
        let plain = minute.accepted.saturating_sub(minute.upgraded);
        for (class, count) in [("good", minute.upgraded), ("todo", plain), ("bad", minute.refused)] {
            let height = HEIGHT * count as f64 / most as f64;
            top -= height;
            let _ = write!(
                page,
                "<rect class=\"{class}\" x=\"{left:.1}\" y=\"{top:.1}\" width=\"{:.1}\" height=\"{height:.1}\"/>",
                step - 1.0,
            );
        }
        totals.accepted += minute.accepted;
        totals.refused += minute.refused;
        totals.upgraded += minute.upgraded;
    }
    let _ = write!(
        page,
        "<text x=\"0\" y=\"{}\">an hour ago</text><text x=\"{WIDTH}\" y=\"{}\" text-anchor=\"end\">now; at most {most} in a minute</text></svg>",
        HEIGHT + 13.0,
        HEIGHT + 13.0,
    );
    let _ = write!(
        page,
        "<p>{} accepted, of them {} upgraded; {} refused.</p>",
        grouped(totals.accepted),
        grouped(totals.upgraded),
        grouped(totals.refused),
    );
}

fn latency(page: &mut String, histogram: &Histogram, floor_ms: u128) {
    let quantile =
        |part| histogram.quantile(part).map_or("over 30 s".to_owned(), |seconds| format!("{} ms", seconds * 1000.0));
    page.push_str("<h2>Sign-in latency</h2>");
    if histogram.count() == 0 {
        page.push_str("<p>Nobody has signed in since the start.</p>");
        return;
    }
    let buckets: Vec<_> = histogram.buckets().collect();
    let most = buckets.iter().map(|(_, count)| *count).max().unwrap_or(0).max(1);
    let step = WIDTH / buckets.len() as f64;
    let _ = write!(
        page,
        "<svg id=\"latency\" viewBox=\"0 0 {WIDTH} {}\" role=\"img\" aria-label=\"distribution of sign-in latency\">",
        HEIGHT + 16.0,
    );
    for (place, (bound, count)) in buckets.into_iter().enumerate() {
        let (left, height) = (place as f64 * step, HEIGHT * count as f64 / most as f64);
        let label = match bound {
            bound if bound.is_infinite() => "more".to_owned(),
            bound if bound < 1.0 => format!("{} ms", bound * 1000.0),
            bound => format!("{bound} s"),
        };
        let _ = write!(
            page,
            "<rect class=\"good\" x=\"{left:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{height:.1}\"/><text x=\"{:.1}\" y=\"{}\" text-anchor=\"middle\">{label}</text>",
            HEIGHT - height,
            step - 2.0,
            left + step / 2.0,
            HEIGHT + 13.0,
        );
    }
    let _ = write!(
        page,
        "</svg><p>Half within {}, 95 % within {}, 99 % within {}. Refusals wait for {floor_ms} ms.</p>",
        quantile(0.5),
        quantile(0.95),
        quantile(0.99),
    );
}

fn outcomes(page: &mut String, snapshot: &Snapshot) {
    page.push_str("<h2>Since the start</h2><table id=\"outcomes\"><tr><th>Outcome</th><th class=\"n\">Count</th></tr>");
    let mut rows = BTreeMap::<String, u64>::new();
    for ((outcome, _), count) in &snapshot.sign_ins {
        *rows.entry(format!("sign-in: {}", outcome.replace('_', " "))).or_default() += count;
    }
    for (result, count) in &snapshot.upgrades {
        *rows.entry(format!("upgrade: {}", result.replace('_', " "))).or_default() += count;
    }
    for (name, count) in rows {
        let _ = write!(page, "<tr><td>{}</td><td class=\"n\">{}</td></tr>", escaped(&name), grouped(count));
    }
    page.push_str("</table>");
}

fn load(page: &mut String, gauges: &Gauges, config: PoolConfig) {
    let mib = |kib: u32| kib.div_ceil(1024);
    let _ = write!(
        page,
        "<h2>Load</h2><table id=\"load\"><tr><td>Workers that are computing</td><td class=\"n\">{} of {}</td></tr>\
         <tr><td>Jobs that wait</td><td class=\"n\">{} of {}</td></tr>\
         <tr><td>Memory of hashes</td><td class=\"n\">{} of {} MiB</td></tr>\
         <tr><td>Refused for want of room</td><td class=\"n\">{}</td></tr></table>",
        gauges.busy_workers,
        config.workers,
        gauges.queued,
        config.queue_len,
        mib(gauges.memory_kib),
        mib(config.memory_kib),
        grouped(gauges.overloaded + gauges.expired),
    );
}

/// Thousands apart.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<_> = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy).collect();
    groups.join("\u{202f}")
}

fn escaped(text: &str) -> String {
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
