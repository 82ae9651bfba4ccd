//! The one error of the HTTP side: what becomes an RFC 9457 problem.

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName};
use actix_web::{HttpResponse, ResponseError};
use loom_protocol::Problem;
use loom_protocol::filter::InvalidFilter;

use crate::directory::{InvalidCursor, Refusal};
use crate::replication::{Away, NotTaken};

/// What a handler answers, or the problem it found.
pub type ApiResult<T> = Result<T, ApiError>;

/// A problem to be answered. `code` is stable; `detail` is for people and says what to do next.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{title}: {detail}")]
pub struct ApiError {
    status: StatusCode,
    code: &'static str,
    title: &'static str,
    detail: String,
    headers: Vec<(HeaderName, String)>,
}

impl ApiError {
    /// A problem with its status, its stable code, its kind in a few words, and what went wrong this time.
    pub fn new(
        status: StatusCode,
        code: &'static str,
        title: &'static str,
        detail: impl Into<String>,
    ) -> Self {
        Self {
            status,
            code,
            title,
            detail: detail.into(),
            headers: Vec::new(),
        }
    }

    /// Says in `Retry-After` in how many seconds it is worth another try.
    #[must_use]
    pub fn retry_after(self, seconds: u64) -> Self {
        self.with_header(header::RETRY_AFTER, seconds.to_string())
    }

    /// Is answered with this header.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// 404: nobody reports an actor of this id.
    pub(super) fn unknown_actor(id: &str) -> Self {
        let detail = format!("no actor `{id}` is registered here; GET /api/actors lists those that are");
        Self::not_found("unknown_actor", detail)
    }

    /// 400: the request can't be understood.
    pub fn bad_request(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, "bad request", detail)
    }

    /// 401: the caller has to show who it is.
    pub fn unauthorized(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, code, "unauthorized", detail)
    }

    /// 403: the request may not be made from there.
    pub fn forbidden(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, code, "refused", detail)
    }

    /// 404: there is no such thing.
    pub fn not_found(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, "not found", detail)
    }

    /// 409: it can't be done as things stand.
    pub fn conflict(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, code, "conflict", detail)
    }

    /// 503: not now; `detail` says when.
    pub fn unavailable(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, code, "unavailable", detail)
    }

    /// 500. Logs `error` here, where it is handled, and tells the caller no more than that it is in the log.
    pub fn internal(error: &dyn std::error::Error) -> Self {
        tracing::error!(error = %Chain(error), "a request failed");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "internal error",
            "the server could not do this; its log says why",
        )
    }

    /// The status it is answered with.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The stable word for programs.
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// The body of the answer.
    pub fn problem(&self) -> Problem {
        Problem {
            kind: format!("urn:loom:problem:{}", self.code),
            title: self.title.to_owned(),
            status: self.status.as_u16(),
            detail: Some(self.detail.clone()),
            code: self.code.to_owned(),
        }
    }

    /// The answer.
    pub fn response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status);
        if self.status == StatusCode::UNAUTHORIZED {
            response.insert_header(("WWW-Authenticate", "Bearer"));
        }
        for (name, value) in &self.headers {
            response.insert_header((name.clone(), value.as_str()));
        }
        let body = serde_json::to_string(&self.problem()).unwrap_or_default();
        response.content_type("application/problem+json").body(body)
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        self.response()
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        let detail = refusal.to_string();
        match refusal {
            Refusal::Unknown(_) => Self::not_found("unknown_actor", detail),
            Refusal::OtherOwner { .. } => Self::conflict("other_owner", detail),
            Refusal::UsedNumber { .. } => Self::conflict("used_number", detail),
            Refusal::Empty { .. }
            | Refusal::Control { .. }
            | Refusal::TooLarge { .. }
            | Refusal::Dots { .. }
            | Refusal::Senseless { .. }
            | Refusal::OtherBoot { .. } => Self::bad_request("invalid_record", detail),
            Refusal::Full { .. } | Refusal::TooManyBoots { .. } => {
                Self::unavailable("directory_full", detail)
            }
        }
    }
}

impl From<NotTaken> for ApiError {
    fn from(not_taken: NotTaken) -> Self {
        match not_taken {
            NotTaken::Refused(refusal) => refusal.into(),
            NotTaken::Away(away) => away.into(),
        }
    }
}

impl From<Away> for ApiError {
    fn from(away: Away) -> Self {
        Self::unavailable("not_taken", away.to_string()).retry_after(1)
    }
}

impl From<InvalidCursor> for ApiError {
    fn from(error: InvalidCursor) -> Self {
        Self::bad_request("invalid_cursor", error.to_string())
    }
}

impl From<InvalidFilter> for ApiError {
    fn from(error: InvalidFilter) -> Self {
        Self::bad_request("invalid_filter", error.to_string())
    }
}

/// An error and its causes in one line.
struct Chain<'a>(&'a dyn std::error::Error);

impl std::fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}
