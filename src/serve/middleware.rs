//! What happens around each request: an id, a measurement, a log line, and the refusal of what no honest client sends.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{CONTENT_LENGTH, HeaderName, TRANSFER_ENCODING, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderValue, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;

use super::Service;
use super::answer::Note;
use super::problem::Problem;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

#[derive(Serialize)]
struct Line<'a> {
    time_ms: u128,
    level: &'static str,
    request_id: &'a str,
    method: &'a str,
    route: &'a str,
    status: u16,
    duration_ms: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hash_method: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    upgrade: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
}

pub(super) async fn observe(State(service): State<Service>, request: Request, next: Next) -> Response {
    let start = Instant::now();
    let id = request_id(&request);
    let method = request.method().clone();
    // The pattern and not the path: a path can hold anything.
    let matched = request.extensions().get::<MatchedPath>().cloned();
    let route = matched.as_ref().map_or("none", MatchedPath::as_str);
    let is_smuggled =
        request.headers().contains_key(TRANSFER_ENCODING) && request.headers().contains_key(CONTENT_LENGTH);
    let mut response = if is_smuggled {
        Problem::bad_json("two lengths of one body").into_response()
    } else {
        next.run(request).await
    };
    let (status, elapsed) = (response.status(), start.elapsed());
    service.inner.metrics.request(route, status.as_u16(), elapsed);
    if let Some(log) = &service.inner.config.log {
        let note = response.extensions_mut().remove::<Note>().unwrap_or_default();
        let line = Line {
            time_ms: SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis()),
            level: if status.is_server_error() { "error" } else { "info" },
            request_id: &id,
            method: known(&method),
            route,
            status: status.as_u16(),
            duration_ms: (elapsed.as_secs_f64() * 1e6).round() / 1e3,
            outcome: note.outcome,
            hash_method: note.method,
            upgrade: note.upgrade,
            reason: note.reason.as_deref(),
        };
        if let Ok(line) = serde_json::to_string(&line) {
            log(&line);
        }
    }
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(&id) {
        headers.insert(REQUEST_ID, id);
    }
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// The client's id where it is harmless, else a random one.
fn request_id(request: &Request) -> String {
    let given = request.headers().get(&REQUEST_ID).and_then(|value| value.to_str().ok()).filter(|id| {
        (1..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    });
    given.map_or_else(random_hex::<12>, str::to_owned)
}

/// So many random bytes, as hex.
pub(super) fn random_hex<const BYTES: usize>() -> String {
    let mut bytes = [0; BYTES];
    // Without entropy all are equal: no reason to refuse a request, and nothing that is made of them is a secret.
    let _ = getrandom::fill(&mut bytes);
    base16ct::lower::encode_string(&bytes)
}

fn known(method: &Method) -> &str {
    if [Method::GET, Method::POST, Method::HEAD, Method::OPTIONS].contains(method) { method.as_str() } else { "other" }
}
