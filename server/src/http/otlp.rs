//! `POST /v1/traces`: spans of programs that speak OpenTelemetry, in OTLP over HTTP.

use std::io::Read;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpMessage, HttpRequest, HttpResponse, web};
use flate2::read::MultiGzDecoder;
use loom_protocol::Problem;

use super::error::ApiError;
use super::extract::MAX_BATCH;
use crate::otlp::{self, Outcome, Request};
use crate::workspaces::Here;

const PROTOBUF: &str = "application/x-protobuf";

/// In which of OTLP's two forms a request is, and so is its answer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Protobuf,
    Json,
}

/// Takes spans of OpenTelemetry in; those that send or handle messages are shown as producers and consumers. In protobuf or JSON, packed
/// with gzip or not.
#[utoipa::path(
    post, path = "/v1/traces", tag = "reporting",
    request_body(
        description = "an `ExportTraceServiceRequest` of OTLP",
        content(("application/json"), ("application/x-protobuf")),
    ),
    responses(
        (status = 200, description = "an `ExportTraceServiceResponse`, which says how many spans were rejected, if any were",
         body = Object, content_type = "application/json"),
        (status = 400, body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn traces(
    request: HttpRequest,
    body: web::Payload,
    workspace: Here,
) -> Result<HttpResponse, actix_web::Error> {
    let form = form_of(&request)?;
    let is_packed = is_packed(&request).map_err(|problem| problem.answer(form))?;
    let bytes = match body.to_bytes_limited(MAX_BATCH).await {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(_)) => {
            let problem =
                ApiError::bad_request("invalid_body", "the body did not arrive whole; send it again");
            return Ok(Refused(problem).response(form));
        }
        Err(_) => return Ok(Refused(too_large()).response(form)),
    };
    let receiver = workspace.otlp.clone();
    // A large one would hold up every other request of the thread; and they are taken in one after the other.
    let taken = web::block(move || {
        let bytes = if is_packed {
            unpacked(&bytes)?
        } else {
            bytes.to_vec()
        };
        let request = match form {
            Form::Protobuf => Request::from_protobuf(&bytes).map_err(|error| invalid(&error))?,
            Form::Json => Request::from_json(&bytes).map_err(|error| invalid(&error))?,
        };
        Ok::<_, ApiError>(receiver.take(request))
    });
    Ok(match taken.await? {
        Ok(outcome) => answer(&outcome, form),
        Err(problem) => Refused(problem).response(form),
    })
}

fn form_of(request: &HttpRequest) -> Result<Form, ApiError> {
    match request.mime_type().ok().flatten() {
        Some(mime) if mime.essence_str() == PROTOBUF => Ok(Form::Protobuf),
        Some(mime) if mime.essence_str() == "application/json" => Ok(Form::Json),
        _ => Err(ApiError::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            "unsupported media type",
            "send OTLP with `Content-Type: application/x-protobuf` or `application/json`; gRPC is not spoken here",
        )),
    }
}

fn is_packed(request: &HttpRequest) -> Result<bool, Refused> {
    let encoding = request
        .headers()
        .get(header::CONTENT_ENCODING)
        .map(HeaderValue::as_bytes);
    match encoding {
        None | Some(b"identity") => Ok(false),
        Some(b"gzip") => Ok(true),
        Some(_) => Err(Refused(ApiError::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_encoding",
            "unsupported encoding",
            "bodies are read as they are, or packed with gzip",
        ))),
    }
}

/// What is in a packed body, within the bound of those that are not.
fn unpacked(bytes: &[u8]) -> Result<Vec<u8>, ApiError> {
    let mut plain = Vec::new();
    let most = MAX_BATCH as u64 + 1;
    let read = MultiGzDecoder::new(bytes).take(most).read_to_end(&mut plain);
    match read {
        Ok(_) if plain.len() > MAX_BATCH => Err(too_large()),
        Ok(_) => Ok(plain),
        Err(error) => Err(ApiError::bad_request(
            "invalid_body",
            format!("the body is no whole gzip: {error}"),
        )),
    }
}

fn too_large() -> ApiError {
    ApiError::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "body_too_large",
        "body too large",
        format!("a body here has at most {MAX_BATCH} bytes, unpacked; send less at a time"),
    )
}

fn invalid(error: &dyn std::error::Error) -> ApiError {
    ApiError::bad_request("invalid_otlp", format!("the body can't be read: {error}"))
}

fn answer(outcome: &Outcome, form: Form) -> HttpResponse {
    if form == Form::Protobuf {
        let body = otlp::partial_success(outcome.rejected, &outcome.why);
        return HttpResponse::Ok().content_type(PROTOBUF).body(body);
    }
    let body = if outcome.rejected == 0 {
        serde_json::json!({})
    } else {
        // Numbers of 64 bits are in quotes in protobuf's JSON.
        let rejected = outcome.rejected.to_string();
        serde_json::json!({"partialSuccess": {"rejectedSpans": rejected, "errorMessage": outcome.why}})
    };
    HttpResponse::Ok().json(body)
}

/// Why a request is not taken, as its client reads it: as a status of gRPC in protobuf, as a problem in JSON.
struct Refused(ApiError);

impl Refused {
    fn response(&self, form: Form) -> HttpResponse {
        if form == Form::Json {
            return self.0.response();
        }
        let detail = self.0.problem().detail.unwrap_or_default();
        HttpResponse::build(self.0.status())
            .content_type(PROTOBUF)
            .body(otlp::status(&detail))
    }

    fn answer(&self, form: Form) -> actix_web::Error {
        actix_web::error::InternalError::from_response("refused", self.response(form)).into()
    }
}
