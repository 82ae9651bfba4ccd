//! Problems for errors that are none yet: no such route, no such method, and whatever else the framework or an extension
//! answers with a bare status or a line of plain text.

use actix_web::HttpRequest;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::ServiceResponse;
use actix_web::http::{StatusCode, header};

use super::error::ApiError;

/// The answer, or the problem that it stands for.
pub(super) fn named(response: ServiceResponse<BoxBody>) -> ServiceResponse<BoxBody> {
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error()) || is_problem(&response) {
        return response;
    }
    let problem = problem(response.request(), status);
    response.into_response(problem.response())
}

/// Whether the answer has a body that says what it means: JSON, a page, but not the framework's plain text.
fn is_problem(response: &ServiceResponse<BoxBody>) -> bool {
    let empty = matches!(
        response.response().body().size(),
        BodySize::None | BodySize::Sized(0)
    );
    let media_type = response.headers().get(header::CONTENT_TYPE);
    let plain = media_type.is_none_or(|value| value.as_bytes().starts_with(b"text/plain"));
    !empty && !plain
}

fn problem(request: &HttpRequest, status: StatusCode) -> ApiError {
    let (method, path) = (request.method(), request.path());
    match status {
        StatusCode::NOT_FOUND => ApiError::not_found(
            "no_such_path",
            format!("there is nothing at `{path}`; /api/openapi.json lists what there is"),
        ),
        StatusCode::METHOD_NOT_ALLOWED => ApiError::new(
            status,
            "method_not_allowed",
            "method not allowed",
            format!("`{path}` does not know {method}; /api/openapi.json lists what there is"),
        ),
        StatusCode::PAYLOAD_TOO_LARGE => ApiError::new(
            status,
            "body_too_large",
            "body too large",
            format!("the body is larger than `{path}` takes; send less at a time"),
        ),
        _ => ApiError::new(
            status,
            "refused_by_server",
            status.canonical_reason().unwrap_or("error"),
            format!("{method} `{path}` was answered with {status}"),
        ),
    }
}
