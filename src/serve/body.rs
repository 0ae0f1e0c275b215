//! Bodies of requests: JSON of a bounded length, arrived in a bounded time.

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use axum::http::header::CONTENT_TYPE;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde::de::DeserializeOwned;
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::Service;
use super::problem::Problem;
use crate::Password;

/// The text of a body; wiped when it is dropped, since it may hold a password.
pub(super) struct Text(Zeroizing<Vec<u8>>);

impl Text {
    pub(super) fn as_str(&self) -> Result<&str, Problem> {
        std::str::from_utf8(&self.0)
            .map_err(|error| Problem::bad_json(format!("byte {} is not UTF-8", error.valid_up_to() + 1)))
    }

    pub(super) fn parse<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        serde_json::from_str(self.as_str()?).map_err(|error| {
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
        let is_json = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).is_some_and(|value| {
            let kind = value.split(';').next().unwrap_or_default().trim();
            kind.eq_ignore_ascii_case("application/json")
        });
        if !is_json {
            return Err(Problem::NOT_JSON);
        }
        let body = collect(request.into_body(), config.body_bytes_max);
        timeout(config.body_timeout, body).await.unwrap_or(Err(Problem::TIMEOUT)).map(Self)
    }
}

async fn collect(body: Body, limit: usize) -> Result<Zeroizing<Vec<u8>>, Problem> {
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
