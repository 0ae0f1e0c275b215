//! What went wrong, as RFC 9457 problem details with stable codes. No problem says anything of a password, a hash or whether
//! a user is there.

use axum::Json;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::answer::Note;
use crate::{Code, import};

/// A problem; [`Problem::INVALID_CREDENTIALS`] is the one answer to every failed sign-in.
#[derive(Clone, Debug)]
pub(super) struct Problem {
    status: StatusCode,
    code: &'static str,
    title: &'static str,
    detail: Option<String>,
    errors: Vec<FieldError>,
    retry_after_secs: Option<u64>,
    /// For the log: the client is not told.
    reason: Option<Box<str>>,
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
    pub(super) const NO_SUCH_IDENTITY: Self =
        Self::new(StatusCode::NOT_FOUND, "no_such_identity", "The user has no identity of that provider");
    pub(super) const OVERLOADED: Self = Self::unavailable("overloaded", "There is no room just now; come back", 1);
    pub(super) const STORE_UNAVAILABLE: Self =
        Self::unavailable("store_unavailable", "The store does not answer; come back", 5);
    pub(super) const FAULT: Self = Self::new(StatusCode::INTERNAL_SERVER_ERROR, "fault", "A fault of the service");
    pub(super) const TOO_LARGE: Self =
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "record_too_large", "The body is too long");
    pub(super) const TIMEOUT: Self =
        Self::new(StatusCode::REQUEST_TIMEOUT, "timeout", "The body took too long to arrive");
    pub(super) const NOT_JSON: Self = Self::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "not_json",
        "The body must be application/json, in UTF-8 and as it is",
    );
    pub(super) const TRANSFER_CODING: Self =
        Self::new(StatusCode::NOT_IMPLEMENTED, "transfer_coding", "A body comes whole or in chunks");
    pub(super) const CONFLICT: Self =
        Self::new(StatusCode::CONFLICT, "conflict", "Somebody else changed it meanwhile; try again");

    const fn new(status: StatusCode, code: &'static str, title: &'static str) -> Self {
        Self { status, code, title, detail: None, errors: Vec::new(), retry_after_secs: None, reason: None }
    }

    pub(super) const fn code(&self) -> Option<&'static str> {
        Some(self.code)
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
            reason: None,
        }
    }

    /// The same, and the log says why.
    pub(super) fn because(self, reason: impl ToString) -> Self {
        Self { reason: Some(reason.to_string().into()), ..self }
    }

    /// The request, and not its record, is other than what is described.
    pub(super) fn misshapen(self) -> Self {
        Self { status: StatusCode::BAD_REQUEST, title: "The request is not as described", ..self }
    }

    /// The head can be read in two ways.
    pub(super) fn bad_head(detail: &'static str) -> Self {
        let detail = Some(detail.to_owned());
        Self { detail, ..Self::new(StatusCode::BAD_REQUEST, "bad_head", "The head of the request is doubtful") }
    }

    /// What is no request that can be read; `None` for a status that says something else.
    pub(super) fn no_request(status: u16) -> Option<Self> {
        let title = match status {
            400 => "The head of the request cannot be read",
            414 => "The path of the request is too long",
            431 => "The head of the request is too large",
            505 => "The version of HTTP is not spoken here",
            _ => return None,
        };
        Some(Self::new(StatusCode::from_u16(status).ok()?, "bad_head", title))
    }

    /// A whole answer, after which the connection ends, for where there is no request to answer.
    pub(super) fn as_bytes(&self, id: &str) -> Vec<u8> {
        let body = serde_json::to_vec(&self.body()).unwrap_or_default();
        let head = format!(
            "HTTP/1.1 {} {}\r\ncontent-type: application/problem+json\r\ncache-control: no-store\r\n\
             x-content-type-options: nosniff\r\nx-request-id: {id}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
            self.status.as_u16(),
            self.status.canonical_reason().unwrap_or_default(),
            body.len()
        );
        [head.into_bytes(), body].concat()
    }

    fn body(&self) -> Body<'_> {
        Body {
            r#type: "about:blank",
            title: self.title,
            status: self.status.as_u16(),
            code: self.code,
            detail: self.detail.as_deref(),
            message: self.detail.as_deref().unwrap_or(self.title),
            errors: &self.errors,
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
                detail: remedy(problem).to_owned(),
            })
            .collect();
        let detail = errors.first().map(|error| format!("{}: {}", error.field, error.detail));
        let code = errors.first().map_or("malformed", |error| error.code);
        Self { detail, errors, ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, "The record is not valid") }
    }

    /// The same for a new user: what makes the body another than the one described is told from what is wrong with its hash.
    pub(super) fn of_user(problems: &[import::Problem]) -> Self {
        let is_shape = |problem: &import::Problem| {
            matches!(problem.code, Code::BadJson | Code::DuplicateField | Code::MissingHash | Code::AmbiguousMethod)
        };
        let said = Self::of_record(problems);
        if problems.iter().any(is_shape) { said.misshapen() } else { said }
    }

    /// The same for a record to be verified.
    pub(super) fn of_given(problems: &[import::Problem]) -> Self {
        let is_shape = |problem: &import::Problem| matches!(problem.code, Code::BadJson | Code::DuplicateField);
        let said = Self::of_record(problems);
        if problems.iter().any(is_shape) { said.misshapen() } else { said }
    }

    /// Too many requests.
    pub(super) fn rate_limited(retry_after_secs: u64) -> Self {
        Self {
            retry_after_secs: Some(retry_after_secs),
            ..Self::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", "Too many requests; come back")
        }
    }
}

/// What to do, for one who sends a request: the importer's words name options of the command.
fn remedy(problem: &import::Problem) -> &str {
    match problem.code {
        Code::AmbiguousMethod => "does not say which method it is of; send passwordAlgorithm too",
        Code::UnknownMethod if problem.remedy.contains("--") => "a password in the clear is sent as password",
        _ if problem.remedy.contains("rehash check") => "is not a field; is it a password field that is misspelt?",
        _ => &problem.remedy,
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self.body())).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = self.retry_after_secs {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        let note = Note { code: Some(self.code), reason: self.reason.map(String::from), ..Note::default() };
        response.extensions_mut().insert(note);
        response
    }
}

pub(super) async fn not_found() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "not_found", "There is nothing here")
}

pub(super) async fn method_not_allowed() -> Problem {
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "The method is not for this")
}
