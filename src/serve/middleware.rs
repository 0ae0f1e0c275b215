//! What happens around each request: an id, a measurement, a log line, and the refusal of what no honest client sends.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{CONTENT_LENGTH, HeaderName, TRANSFER_ENCODING, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;

use super::Service;
use super::answer::Note;
use super::problem::Problem;
use super::wire::Head;

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
    /// Of the problem, where the answer is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hash_method: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    upgrade: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
}

/// For the log and the metrics alone: the client went away before there was an answer.
const CLIENT_CLOSED: u16 = 499;

pub(super) async fn observe(State(service): State<Service>, request: Request, next: Next) -> Response {
    let observed = Observed::new(service, &request);
    let head = request.extensions().get::<Head>().copied();
    let has_two_lengths =
        request.headers().contains_key(TRANSFER_ENCODING) && request.headers().contains_key(CONTENT_LENGTH);
    let mut response = match head {
        Some(Head::Doubtful(why)) => Problem::bad_head(why).into_response(),
        _ if has_two_lengths => Problem::bad_head("two lengths of one body").into_response(),
        _ => next.run(request).await,
    };
    let note = response.extensions_mut().remove::<Note>().unwrap_or_default();
    let id = observed.answered(response.status(), &note);
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(&id) {
        headers.insert(REQUEST_ID, id);
    }
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// A request that is counted and logged once, whatever becomes of it: dropped, its client went away.
struct Observed {
    service: Service,
    start: Instant,
    id: String,
    method: Method,
    route: String,
    is_told: bool,
}

impl Observed {
    fn new(service: Service, request: &Request) -> Self {
        // The pattern and not the path: a path can hold anything.
        let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
        let (start, id, method) = (Instant::now(), request_id(request), request.method().clone());
        Self { service, start, id, method, route, is_told: false }
    }

    /// Gives the id back.
    fn answered(mut self, status: StatusCode, note: &Note) -> String {
        self.tell(status.as_u16(), note);
        std::mem::take(&mut self.id)
    }

    fn tell(&mut self, status: u16, note: &Note) {
        self.is_told = true;
        let (inner, elapsed) = (&self.service.inner, self.start.elapsed());
        inner.metrics.request(&self.route, status, elapsed);
        // What was answered otherwise was not decided, and what has no outcome was stopped at the door.
        if self.route == "/v1/sign-in" && [200, 401].contains(&status) && note.outcome.is_some() {
            inner.metrics.decided(elapsed);
        }
        let Some(log) = &inner.config.log else { return };
        let line = Line {
            time_ms: SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis()),
            level: if status >= 500 { "error" } else { "info" },
            request_id: &self.id,
            method: known(&self.method),
            route: &self.route,
            status,
            duration_ms: (elapsed.as_secs_f64() * 1e6).round() / 1e3,
            code: note.code,
            outcome: note.outcome,
            hash_method: note.method,
            upgrade: note.upgrade,
            reason: note.reason.as_deref(),
        };
        if let Ok(line) = serde_json::to_string(&line) {
            log(&line);
        }
    }
}

impl Drop for Observed {
    fn drop(&mut self) {
        if !self.is_told {
            self.tell(CLIENT_CLOSED, &Note { outcome: Some("client_closed"), ..Note::default() });
        }
    }
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
