//! What happens around each request: an id, a measurement, a log line, and the refusal of what no honest client sends.

use std::net::IpAddr;
use std::sync::{Arc, OnceLock};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_LENGTH, HeaderName, TRANSFER_ENCODING, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;

use super::Service;
use super::answer::Note;
use super::problem::Problem;
use super::shares::{Full, Share};
use super::sign_in::Visitor;
use super::wire::Head;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

#[derive(Serialize)]
struct Line<'a> {
    time_ms: u64,
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

/// Every route, as it is logged and counted, wherever the router is mounted.
const ROUTES: [&str; 18] = [
    "/",
    "/healthz",
    "/readyz",
    "/metrics",
    "/openapi.json",
    "/v1/sign-in",
    "/v1/password",
    "/v1/verify",
    "/v1/hash",
    "/api/users",
    "/api/users/{id}",
    "/api/users/{id}/custom-data",
    "/api/users/{id}/profile",
    "/api/users/{id}/password",
    "/api/users/{id}/password/verify",
    "/api/users/{id}/has-password",
    "/api/users/{id}/identities",
    "/api/users/{id}/identities/{target}",
];

/// The route of a pattern, which begins with where the router is mounted: the longest that it ends with.
fn route_of(pattern: &str) -> &'static str {
    ROUTES.into_iter().filter(|route| pattern.ends_with(route)).max_by_key(|route| route.len()).unwrap_or("/")
}

/// Routes that wait for nothing; `none` is not there.
const ANSWERED_AT_ONCE: [&str; 4] = ["/healthz", "/metrics", "/openapi.json", "none"];

/// For the log and the metrics alone: the client went away before there was an answer.
const CLIENT_CLOSED: u16 = 499;

pub(super) async fn observe(State(service): State<Service>, mut request: Request, next: Next) -> Response {
    let observed = Observed::new(service, &request);
    let head = request.extensions().get::<Head>().copied();
    let has_two_lengths =
        request.headers().contains_key(TRANSFER_ENCODING) && request.headers().contains_key(CONTENT_LENGTH);
    let mut response = match head {
        Some(Head::Doubtful(why)) => Problem::bad_head(why).into_response(),
        _ if has_two_lengths => Problem::bad_head("two lengths of one body").into_response(),
        _ if is_coded(request.headers()) => Problem::TRANSFER_CODING.into_response(),
        _ => match observed.seat(&request) {
            Ok(seat) => {
                request.extensions_mut().insert(Arc::clone(&seat));
                next.run(request).await
            }
            Err(problem) => problem.into_response(),
        },
    };
    let note = response.extensions_mut().remove::<Note>().unwrap_or_default();
    let id = observed.answered(response.status(), &note);
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(&id) {
        headers.insert(REQUEST_ID, id);
    }
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// Whether the body comes in another transfer coding than chunks, which nobody here takes apart.
fn is_coded(headers: &HeaderMap) -> bool {
    headers
        .get_all(TRANSFER_ENCODING)
        .iter()
        .any(|coding| !coding.as_bytes().trim_ascii().eq_ignore_ascii_case(b"chunked"))
}

/// Where a request waits that may take long: not while its own body has not come, which holds up nobody but its sender.
pub(super) struct Seat {
    service: Service,
    address: Option<IpAddr>,
    share: OnceLock<Share>,
}

impl Seat {
    /// One of those there are, or why there is none.
    pub(super) fn take(&self) -> Result<(), Problem> {
        let share = self.service.inner.busy.take(self.address).map_err(|full| match full {
            Full::All => Problem::OVERLOADED.because("as many requests are under way as may"),
            Full::Address => Problem::rate_limited(1).because("as many of this address are under way as may"),
        })?;
        self.share.get_or_init(|| share);
        Ok(())
    }
}

/// A request that is counted and logged once, whatever becomes of it: dropped, its client went away.
struct Observed {
    service: Service,
    start: Instant,
    id: String,
    method: Method,
    route: &'static str,
    is_told: bool,
}

impl Observed {
    fn new(service: Service, request: &Request) -> Self {
        // The pattern and not the path: a path can hold anything.
        let route = request.extensions().get::<MatchedPath>().map_or("none", |path| route_of(path.as_str()));
        let (start, id, method) = (Instant::now(), request_id(request), request.method().clone());
        Self { service, start, id, method, route, is_told: false }
    }

    /// A seat, kept until the answer is there, and taken at once where there is no body to wait for.
    fn seat(&self, request: &Request) -> Result<Arc<Seat>, Problem> {
        let config = &self.service.inner.config;
        let Visitor(address) = Visitor::of(config, request.headers(), request.extensions());
        let seat = Seat { service: self.service.clone(), address, share: OnceLock::new() };
        let has_body = [Method::POST, Method::PUT, Method::PATCH].contains(&self.method);
        if !has_body && !ANSWERED_AT_ONCE.contains(&self.route) {
            seat.take()?;
        }
        Ok(Arc::new(seat))
    }

    /// Gives the id back.
    fn answered(mut self, status: StatusCode, note: &Note) -> String {
        self.tell(status.as_u16(), note);
        std::mem::take(&mut self.id)
    }

    fn tell(&mut self, status: u16, note: &Note) {
        self.is_told = true;
        let (inner, elapsed) = (&self.service.inner, self.start.elapsed());
        inner.metrics.request(self.route, status, elapsed);
        // What was answered otherwise was not decided, and what has no outcome was stopped at the door.
        if self.route == "/v1/sign-in" && [200, 401].contains(&status) && note.outcome.is_some() {
            inner.metrics.decided(elapsed);
        }
        let Some(log) = &inner.config.log else { return };
        let line = Line {
            time_ms: now_millis(),
            level: level(status, note.code),
            request_id: &self.id,
            method: known(&self.method),
            route: self.route,
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

/// A head that could not be read as one: counted, and logged as long as there are not too many. `reason` holds nothing of it.
pub(super) fn refused_head(service: &Service, status: u16, reason: &str, id: &str) {
    let inner = &service.inner;
    inner.metrics.refused_head(status);
    let Some(log) = inner.config.log.as_ref().filter(|_| inner.head_log_rate.take().is_ok()) else { return };
    let line = Line {
        time_ms: now_millis(),
        level: "info",
        request_id: id,
        method: "other",
        route: "none",
        status,
        duration_ms: 0.0,
        code: Some("bad_head"),
        outcome: None,
        hash_method: None,
        upgrade: None,
        reason: Some(reason),
    };
    if let Ok(line) = serde_json::to_string(&line) {
        log(&line);
    }
}

/// That somebody was told to come back is no fault.
fn level(status: u16, code: Option<&str>) -> &'static str {
    let is_shed = status == 503 && code == Problem::OVERLOADED.code();
    if status >= 500 && !is_shed { "error" } else { "info" }
}

/// Unix time in milliseconds.
pub(super) fn now_millis() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
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
    let all = [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::HEAD, Method::OPTIONS];
    if all.contains(method) { method.as_str() } else { "other" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_route_that_is_described_is_known() {
        let text = include_str!("openapi.json");
        let described: serde_json::Value = serde_json::from_str(text).expect("JSON");
        let described = described["paths"].as_object().expect("paths").keys();
        let unknown: Vec<_> = described.filter(|path| !ROUTES.contains(&path.as_str())).collect();
        assert!(unknown.is_empty(), "{unknown:?}");
    }

    #[test]
    fn routes_are_the_same_wherever_they_are_mounted() {
        for route in ROUTES {
            assert_eq!(route_of(route), route);
            assert_eq!(route_of(&format!("/auth{route}")), route);
            assert_eq!(route_of(&format!("/a/{{tenant}}/api{route}")), route);
        }
        assert_eq!(route_of("/auth"), "/");
    }
}
