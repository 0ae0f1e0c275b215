//! What went wrong, as RFC 9457 problem details with stable codes. No problem says anything of a password, a hash or whether
//! a user is there.

use axum::Json;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::import;

/// A problem; [`Problem::INVALID_CREDENTIALS`] is the one answer to every failed sign-in.
#[derive(Clone, Debug)]
pub(super) struct Problem {
    status: StatusCode,
    code: &'static str,
    title: &'static str,
    detail: Option<String>,
    errors: Vec<FieldError>,
    retry_after_secs: Option<u64>,
}

/// What is wrong with a field of a record.
#[derive(Clone, Debug, Serialize)]
struct FieldError {
    field: String,
    code: &'static str,
    detail: String,
}

#[derive(Serialize)]
struct Body<'a> {
    r#type: &'static str,
    title: &'a str,
    status: u16,
    code: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
    /// What clients of the user API print.
    message: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldError],
}

impl Problem {
    pub(super) const INVALID_CREDENTIALS: Self =
        Self::new(StatusCode::UNAUTHORIZED, "invalid_credentials", "The identifier or the password is wrong");
    pub(super) const UNAUTHORIZED: Self = Self::new(StatusCode::UNAUTHORIZED, "unauthorized", "A token is needed");
    pub(super) const NO_SUCH_USER: Self = Self::new(StatusCode::NOT_FOUND, "no_such_user", "Nobody has that id");
    pub(super) const OVERLOADED: Self = Self::unavailable("overloaded", "There is no room just now; come back", 1);
    pub(super) const STORE_UNAVAILABLE: Self =
        Self::unavailable("store_unavailable", "The store does not answer; come back", 5);
    pub(super) const FAULT: Self = Self::new(StatusCode::INTERNAL_SERVER_ERROR, "fault", "A fault of the service");
    pub(super) const TOO_LARGE: Self =
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "record_too_large", "The body is too long");
    pub(super) const TIMEOUT: Self =
        Self::new(StatusCode::REQUEST_TIMEOUT, "timeout", "The body took too long to arrive");
    pub(super) const NOT_JSON: Self =
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not_json", "The body must be application/json");
    pub(super) const CONFLICT: Self =
        Self::new(StatusCode::CONFLICT, "conflict", "Somebody else changed it meanwhile; try again");

    const fn new(status: StatusCode, code: &'static str, title: &'static str) -> Self {
        Self { status, code, title, detail: None, errors: Vec::new(), retry_after_secs: None }
    }

    pub(super) const fn status(&self) -> StatusCode {
        self.status
    }

    const fn unavailable(code: &'static str, title: &'static str, seconds: u64) -> Self {
        let retry_after_secs = Some(seconds);
        Self {
            status: StatusCode::SERVICE_UNAVAILABLE,
            code,
            title,
            detail: None,
            errors: Vec::new(),
            retry_after_secs,
        }
    }

    /// The body cannot be read.
    pub(super) fn bad_json(detail: impl Into<String>) -> Self {
        Self {
            detail: Some(detail.into()),
            ..Self::new(StatusCode::BAD_REQUEST, "bad_json", "The body is not as described")
        }
    }

    /// A field holds what it must not.
    pub(super) fn bad_field(field: &str, code: &'static str, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        let errors = vec![FieldError { field: field.to_owned(), code, detail: detail.clone() }];
        let detail = Some(format!("{field}: {detail}"));
        Self { detail, errors, ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, "The record is not valid") }
    }

    /// All that is wrong with a record; the first thing gives the code.
    pub(super) fn of_record(problems: &[import::Problem]) -> Self {
        let errors: Vec<_> = problems
            .iter()
            .map(|problem| FieldError {
                field: problem.field.to_string(),
                code: problem.code.as_str(),
                detail: problem.remedy.to_string(),
            })
            .collect();
        let detail = errors.first().map(|error| format!("{}: {}", error.field, error.detail));
        let code = errors.first().map_or("malformed", |error| error.code);
        Self { detail, errors, ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, "The record is not valid") }
    }

    /// Too many requests.
    pub(super) fn rate_limited(retry_after_secs: u64) -> Self {
        Self {
            retry_after_secs: Some(retry_after_secs),
            ..Self::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", "Too many requests; come back")
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = Body {
            r#type: "about:blank",
            title: self.title,
            status: self.status.as_u16(),
            code: self.code,
            detail: self.detail.as_deref(),
            message: self.detail.as_deref().unwrap_or(self.title),
            errors: &self.errors,
        };
        let mut response = (self.status, Json(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = self.retry_after_secs {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

pub(super) async fn not_found() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "not_found", "There is nothing here")
}

pub(super) async fn method_not_allowed() -> Problem {
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "The method is not for this")
}
