//! The status page: how far the migration is, and what the service is doing. One page without scripts and without anything
//! from elsewhere; it loads itself anew every half minute. Counts only: no names, no hashes.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_FRAME_OPTIONS};
use axum::response::{IntoResponse, Response};

use super::Service;
use super::metrics::{Histogram, MINUTES, Minute, Snapshot, now_minute};
use super::middleware::random_hex;
use super::progress::{self, HEIGHT, STYLE, WIDTH, escaped, grouped};
use crate::pool::{Gauges, PoolConfig};

/// How long the page waits for newer counts of the store.
const COUNTS_PATIENCE: Duration = Duration::from_secs(1);

pub(super) async fn page(State(service): State<Service>) -> Response {
    service.refresh_counts_within(COUNTS_PATIENCE).await;
    let inner = &service.inner;
    let snapshot = inner.metrics.snapshot();
    let mut page = String::with_capacity(16 * 1024);
    page.push_str(progress::HEAD);
    page.push_str("<meta http-equiv=\"refresh\" content=\"30\"><title>rehash: migration</title>");
    // There is no script on the page that a nonce which is known could let in.
    let nonce = random_hex::<16>();
    let _ = write!(page, "<style nonce=\"{nonce}\">{STYLE}</style></head><body><h1>Migration to Argon2id</h1>");
    progress::records(&mut page, snapshot.counts.clone());
    progress::time(&mut page, &snapshot.days, &snapshot.counts);
    over_time(&mut page, &snapshot.minutes);
    latency(&mut page, &snapshot.sign_in_latency, service.floor().as_millis());
    outcomes(&mut page, &snapshot);
    load(&mut page, &inner.pool.gauges(), inner.pool.config(), inner.admission.turned_away());
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

/// The last hour, a bar for each minute.
fn over_time(page: &mut String, minutes: &[Minute]) {
    let first = (now_minute() + 1).saturating_sub(MINUTES);
    let most = minutes.iter().map(|minute| minute.accepted + minute.refused).max().unwrap_or(0).max(1);
    let step = WIDTH / MINUTES as f64;
    let _ = write!(
        page,
        "<h2>The last hour</h2><svg id=\"hour\" viewBox=\"0 0 {WIDTH} {}\" role=\"img\" aria-label=\"sign-ins in each of the last sixty minutes\">",
        HEIGHT,
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
    page.push_str("</svg>");
    progress::axis(page, "an hour ago", &format!("now; at most {} in a minute", grouped(most)));
    progress::key(page, &[("good", "accepted and upgraded"), ("todo", "accepted"), ("bad", "refused")]);
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
    let is_used = |bucket: &(f64, u64)| bucket.1 > 0;
    let (first, last) = (buckets.iter().position(is_used), buckets.iter().rposition(is_used));
    page.push_str("<table id=\"latency\" class=\"bars\">");
    for (bound, count) in &buckets[first.unwrap_or(0)..=last.unwrap_or(0)] {
        let label = match *bound {
            bound if bound.is_infinite() => "any time".to_owned(),
            bound if bound < 1.0 => format!("{} ms", bound * 1000.0),
            bound => format!("{bound} s"),
        };
        let _ = write!(
            page,
            "<tr><td>to {label}</td><td><svg viewBox=\"0 0 {WIDTH} 20\" preserveAspectRatio=\"none\" height=\"14\" aria-hidden=\"true\">\
             <rect class=\"good\" width=\"{:.1}\" height=\"20\"/></svg></td><td class=\"n\">{}</td></tr>",
            WIDTH * *count as f64 / most as f64,
            grouped(*count),
        );
    }
    let _ = write!(
        page,
        "</table><p>Of those that were accepted or refused, half were answered within {}, 95 % within {}, 99 % within {}. \
         Refusals wait for {floor_ms} ms.</p>",
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

fn load(page: &mut String, gauges: &Gauges, config: PoolConfig, turned_away: u64) {
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
        grouped(turned_away + gauges.overloaded + gauges.expired),
    );
}
