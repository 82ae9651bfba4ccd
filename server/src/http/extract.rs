//! Limits of bodies, and problems instead of plain text when a body, a path or a query can't be read.

use actix_web::error::{JsonPayloadError, PathError, PayloadError, QueryPayloadError};
use actix_web::http::StatusCode;
use actix_web::http::header::CONTENT_ENCODING;
use actix_web::{HttpMessage, HttpRequest, web};

use super::error::ApiError;

/// Bytes of a body, unless a resource allows more.
const MAX_BODY: usize = 256 * 1024;
/// Bytes of a batch: some ten thousand records.
pub(super) const MAX_BATCH: usize = 16 * 1024 * 1024;

/// Sets the limits and error answers that hold for all routes, those of extensions included.
pub(crate) fn configure_extractors(config: &mut web::ServiceConfig) {
    config
        .app_data(web::PayloadConfig::new(MAX_BODY))
        .app_data(json(MAX_BODY))
        .app_data(web::PathConfig::default().error_handler(path_problem))
        .app_data(web::QueryConfig::default().error_handler(query_problem));
}

/// JSON bodies of up to `limit` bytes.
pub(super) fn json(limit: usize) -> web::JsonConfig {
    web::JsonConfig::default()
        .limit(limit)
        .error_handler(json_problem)
}

/// The bytes of a JSON body of up to `limit` bytes, for a handler that parses them itself; refused as any other body.
pub(super) async fn json_bytes(
    request: &HttpRequest,
    body: web::Payload,
    limit: usize,
) -> Result<web::Bytes, actix_web::Error> {
    let says_json =
        request.mime_type().ok().flatten().is_some_and(|mime| {
            mime.subtype() == "json" || mime.suffix().is_some_and(|suffix| suffix == "json")
        });
    if !says_json {
        return Err(json_problem(JsonPayloadError::ContentType, request));
    }
    match body.to_bytes_limited(limit).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(_)) => Err(json_problem(
            JsonPayloadError::Payload(PayloadError::Incomplete(None)),
            request,
        )),
        Err(_) => Err(json_problem(JsonPayloadError::Overflow { limit }, request)),
    }
}

pub(super) fn json_problem(error: JsonPayloadError, request: &HttpRequest) -> actix_web::Error {
    let encoding = request
        .headers()
        .get(CONTENT_ENCODING)
        .and_then(|encoding| encoding.to_str().ok());
    let problem = match &error {
        JsonPayloadError::Deserialize(_) if encoding.is_some_and(|encoding| encoding != "identity") => {
            ApiError::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported_encoding",
                "unsupported encoding",
                "compressed bodies are not read here; send the JSON as it is, without `Content-Encoding`",
            )
        }
        JsonPayloadError::ContentType => ApiError::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            "unsupported media type",
            "send JSON with the header `Content-Type: application/json`",
        ),
        JsonPayloadError::Overflow { limit } | JsonPayloadError::OverflowKnownLength { limit, .. } => {
            ApiError::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "body_too_large",
                "body too large",
                format!("a body here has at most {limit} bytes; send less at a time"),
            )
        }
        JsonPayloadError::Deserialize(error) => {
            ApiError::bad_request("invalid_json", format!("the body can't be read: {error}"))
        }
        _ => ApiError::bad_request("invalid_body", "the body did not arrive whole; send it again"),
    };
    problem.into()
}

fn path_problem(error: PathError, _: &HttpRequest) -> actix_web::Error {
    ApiError::bad_request("invalid_path", format!("the path can't be read: {error}")).into()
}

pub(super) fn query_problem(error: QueryPayloadError, _: &HttpRequest) -> actix_web::Error {
    ApiError::bad_request("invalid_query", format!("the query can't be read: {error}")).into()
}
