//! Bearer tokens: kept as SHA-256, compared in constant time.

use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::Service;
use super::problem::Problem;

/// A token, as its SHA-256: what is kept does not open anything.
#[derive(Clone)]
pub struct Token([u8; 32]);

impl Token {
    /// The shortest token that is taken, in bytes: 128 bits in hex are 32.
    pub const BYTES_MIN: usize = 16;

    /// From the secret itself. `None` where it has fewer than [`Token::BYTES_MIN`] bytes: it could be guessed.
    #[must_use]
    pub fn new(secret: &str) -> Option<Self> {
        (secret.len() >= Self::BYTES_MIN).then(|| Self(Sha256::digest(secret).into()))
    }

    /// Whether another is the same secret.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }

    fn is(&self, presented: &[u8]) -> bool {
        self.0.ct_eq(&Sha256::digest(presented)).into()
    }
}

pub(super) async fn require_api_token(State(service): State<Service>, request: Request, next: Next) -> Response {
    match &service.inner.config.api_token {
        Some(token) if !is_bearer(token, request.headers()) => unauthorized("Bearer"),
        _ => next.run(request).await,
    }
}

pub(super) async fn require_admin_token(State(service): State<Service>, request: Request, next: Next) -> Response {
    match &service.inner.config.admin_token {
        Some(token) if is_bearer(token, request.headers()) => next.run(request).await,
        _ => unauthorized("Bearer"),
    }
}

/// For browsers: the token as the password of HTTP's basic authentication, under any name.
pub(super) async fn require_admin_login(State(service): State<Service>, request: Request, next: Next) -> Response {
    match &service.inner.config.admin_token {
        Some(token) if is_bearer(token, request.headers()) || is_basic(token, request.headers()) => {
            next.run(request).await
        }
        _ => unauthorized("Basic realm=\"rehash\", charset=\"UTF-8\""),
    }
}

/// For whoever scrapes metrics, which can do both. What is counted by outcome and method would tell a visitor who watches it what
/// is behind one refusal of theirs.
pub(super) async fn require_metrics_login(
    State((service, needs_no_token)): State<(Service, bool)>,
    request: Request,
    next: Next,
) -> Response {
    if needs_no_token {
        return next.run(request).await;
    }
    require_admin_login(State(service), request, next).await
}

fn is_bearer(token: &Token, headers: &HeaderMap) -> bool {
    presented(headers, "bearer").is_some_and(|presented| token.is(presented.as_bytes()))
}

fn is_basic(token: &Token, headers: &HeaderMap) -> bool {
    let decoded = presented(headers, "basic").and_then(|text| crate::TextEncoding::Base64.decode(text));
    let Some(decoded) = decoded else { return false };
    let password = decoded.iter().position(|byte| *byte == b':').map(|at| &decoded[at + 1..]);
    password.is_some_and(|password| token.is(password))
}

/// What stands after the scheme, where exactly one such header is there.
fn presented<'h>(headers: &'h HeaderMap, scheme: &str) -> Option<&'h str> {
    let mut all = headers.get_all(AUTHORIZATION).iter();
    let (Some(value), None) = (all.next(), all.next()) else { return None };
    let (found, rest) = value.to_str().ok()?.split_once(' ')?;
    found.eq_ignore_ascii_case(scheme).then(|| rest.trim())
}

fn unauthorized(challenge: &'static str) -> Response {
    let mut response = Problem::UNAUTHORIZED.into_response();
    response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(value: &str) -> HeaderMap {
        HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from_str(value).expect("legal"))])
    }

    #[test]
    fn only_the_whole_token_opens() {
        assert!(Token::new("short").is_none());
        let token = Token::new("0123456789abcdef").expect("long enough");
        assert!(is_bearer(&token, &headers("Bearer 0123456789abcdef")));
        assert!(is_bearer(&token, &headers("bearer 0123456789abcdef")));
        for wrong in ["Bearer 0123456789abcde", "Bearer 0123456789abcdef0", "Bearer", "Basic 0123456789abcdef", ""] {
            assert!(!is_bearer(&token, &headers(wrong)), "{wrong}");
        }
        let mut twice = headers("Bearer 0123456789abcdef");
        twice.append(AUTHORIZATION, HeaderValue::from_static("Bearer x"));
        assert!(!is_bearer(&token, &twice));
        // "admin:0123456789abcdef"
        assert!(is_basic(&token, &headers("Basic YWRtaW46MDEyMzQ1Njc4OWFiY2RlZg==")));
        assert!(!is_basic(&token, &headers("Basic YWRtaW46MDEyMzQ1Njc4OWFiY2RlZ2c=")));
        assert!(!is_basic(&token, &headers("Basic ?")));
    }
}
