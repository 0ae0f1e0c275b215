//! Bodies of requests: JSON of a bounded length, arrived in a bounded time.

use std::sync::Arc;

use axum::body::{Body, HttpBody as _};
use axum::extract::{FromRequest, Request};
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE, EXPECT};
use axum::http::{HeaderMap, StatusCode};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde::de::DeserializeOwned;
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::Service;
use super::middleware::Seat;
use super::problem::Problem;
use crate::Password;

/// How much of a body that is too long is let come, so that its sender reads the answer.
const DRAINED_MAX: usize = 16 * 1024 * 1024;

/// The text of a body; wiped when it is dropped, since it may hold a password.
pub(super) struct Text(Zeroizing<Vec<u8>>);

impl Text {
    pub(super) fn as_str(&self) -> Result<&str, Problem> {
        std::str::from_utf8(&self.0)
            .map_err(|error| Problem::bad_json(format!("byte {} is not UTF-8", error.valid_up_to() + 1)))
    }

    /// The one object that it holds.
    pub(super) fn parse<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        let text = self.as_str()?;
        // Fields would be taken from a list, too, in their order.
        if text.trim_ascii_start().starts_with('[') {
            return Err(Problem::bad_json("is not an object"));
        }
        serde_json::from_str(text).map_err(|error| {
            // Only the place: the parser's words can hold what stands there.
            Problem::bad_json(match error.classify() {
                serde_json::error::Category::Data => {
                    "is not the object that is described: a field is missing, twice or of another type".to_owned()
                }
                _ => format!("is not JSON at line {} column {}", error.line(), error.column()),
            })
        })
    }
}

impl FromRequest<Service> for Text {
    type Rejection = Problem;

    async fn from_request(request: Request, service: &Service) -> Result<Self, Problem> {
        let config = &service.inner.config;
        if !is_json(request.headers()) || is_encoded(request.headers()) {
            return Err(Problem::NOT_JSON);
        }
        let seat = request.extensions().get::<Arc<Seat>>().cloned();
        let asks_first = request.headers().contains_key(EXPECT);
        let mut body = request.into_body();
        let is_too_long = body.size_hint().lower() > config.body_bytes_max as u64;
        if is_too_long && asks_first {
            // It has not been sent yet.
            return Err(Problem::TOO_LARGE);
        }
        let bytes = timeout(config.body_timeout, async {
            let bytes = collect(&mut body, config.body_bytes_max).await;
            if matches!(&bytes, Err(problem) if problem.status() == StatusCode::PAYLOAD_TOO_LARGE) {
                drain(&mut body).await;
            }
            bytes
        });
        let text = bytes.await.unwrap_or(Err(Problem::TIMEOUT)).map(Self)?;
        seat.map_or(Ok(()), |seat| seat.take())?;
        Ok(text)
    }
}

/// JSON is UTF-8, and a type that says otherwise is another.
fn is_json(headers: &HeaderMap) -> bool {
    let Some(kind) = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()) else { return false };
    let mut parts = kind.split(';').map(str::trim);
    let is_other_charset = |parameter: &str| {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        name.trim().eq_ignore_ascii_case("charset") && !value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
    };
    parts.next().is_some_and(|kind| kind.eq_ignore_ascii_case("application/json")) && !parts.any(is_other_charset)
}

/// Whether the body is compressed, or otherwise not what its type says.
fn is_encoded(headers: &HeaderMap) -> bool {
    headers.get_all(CONTENT_ENCODING).iter().any(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity"))
}

/// Lets the rest of a body that is too long come, and drops it: a client that is cut off while it sends does not read why.
async fn drain(body: &mut Body) {
    let mut left = DRAINED_MAX;
    while let Some(Ok(frame)) = body.frame().await {
        left = left.saturating_sub(frame.data_ref().map_or(0, |data| data.len()));
        if left == 0 {
            return;
        }
    }
}

async fn collect(body: &mut Body, limit: usize) -> Result<Zeroizing<Vec<u8>>, Problem> {
    let mut body = Limited::new(body, limit);
    let mut bytes = Zeroizing::new(Vec::with_capacity(1024));
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| {
            if error.is::<LengthLimitError>() { Problem::TOO_LARGE } else { Problem::bad_json("the body broke off") }
        })?;
        if let Ok(data) = frame.into_data() {
            // A buffer that grows leaves its parts behind; what is left is wiped with the last.
            if bytes.len() + data.len() > bytes.capacity() {
                let mut larger =
                    Zeroizing::new(Vec::with_capacity((2 * bytes.capacity()).max(bytes.len() + data.len())));
                larger.extend_from_slice(&bytes);
                bytes = larger;
            }
            bytes.extend_from_slice(&data);
        }
    }
    Ok(bytes)
}

/// A password in JSON.
pub(super) struct Secret(pub(super) Password);

impl<'de> serde::Deserialize<'de> for Secret {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(Password::new(text)))
    }
}
