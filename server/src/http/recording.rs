//! `/api/recording…`: what is recorded, as a file, and saved ones.

use std::io::Read;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use bytes::Bytes;
use futures_util::stream;
use loom_protocol::Problem;
use utoipa::ToSchema;

use super::error::{ApiError, ApiResult};
use crate::recording::{RecordingState, Saved, Unsaved, file_name};
use crate::workspaces::Here;

/// What a file of a recording is, to whoever gets it.
const MEDIA: &str = "application/vnd.loom.recording";
/// Bytes of a saved file that are read at a time.
const PIECE: usize = 256 * 1024;

/// A file of a recording, as bytes.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(dead_code, reason = "it stands for what is sent in pieces")]
struct RecordingFile(Vec<u8>);

/// What is recorded: the moments that can be seen with `?at=`, and where not.
#[utoipa::path(
    get, path = "/api/recording", operation_id = "recording", tag = "recording",
    responses(
        (status = 200, body = RecordingState),
        (status = 503, body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn state(workspace: Here) -> ApiResult<web::Json<RecordingState>> {
    let state = web::block(move || workspace.recordings.state(&workspace.intake)).await;
    let state = state.map_err(|_| busy())?;
    state.map(web::Json).map_err(|error| ApiError::internal(&error))
}

/// What is recorded now, as a file that `loom-studio open` shows.
#[utoipa::path(
    get, path = "/api/recording/file", operation_id = "recording_file", tag = "recording",
    responses(
        (status = 200, description = "the file", body = RecordingFile, content_type = "application/vnd.loom.recording"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 503, body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn file(workspace: Here) -> ApiResult<HttpResponse> {
    let made = web::block(move || workspace.recordings.file(&workspace.intake, "by hand")).await;
    let (made, pieces) = made.map_err(|_| busy())?.map_err(problem)?;
    let pieces = pieces.into_iter().map(Ok::<Bytes, actix_web::Error>);
    Ok(HttpResponse::Ok()
        .content_type(MEDIA)
        .insert_header(attachment(&file_name(made, "by hand")))
        .streaming(stream::iter(pieces)))
}

/// Saves what is recorded now where this studio keeps recordings.
#[utoipa::path(
    post, path = "/api/recording/saved", operation_id = "save_recording", tag = "recording",
    responses(
        (status = 201, body = Saved),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "no directory for recordings is given", body = Problem,
         content_type = "application/problem+json"),
        (status = 500, body = Problem, content_type = "application/problem+json"),
        (status = 503, body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn save(workspace: Here) -> ApiResult<HttpResponse> {
    let saved = web::block(move || workspace.recordings.save(&workspace.intake, "by hand")).await;
    let saved = saved.map_err(|_| busy())?.map_err(problem)?;
    Ok(HttpResponse::Created().json(saved))
}

/// A recording that was saved.
#[utoipa::path(
    get, path = "/api/recording/saved/{name}", operation_id = "saved_recording", tag = "recording",
    params(("name" = String, Path, description = "its name, as `GET /api/recording` tells it")),
    responses(
        (status = 200, description = "the file", body = RecordingFile, content_type = "application/vnd.loom.recording"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 500, body = Problem, content_type = "application/problem+json"),
        (status = 503, body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn saved(
    _request: HttpRequest,
    name: web::Path<String>,
    workspace: Here,
) -> ApiResult<HttpResponse> {
    let name = name.into_inner();
    let opened = {
        let name = name.clone();
        web::block(move || workspace.recordings.saved(&name)).await
    };
    let opened = opened
        .map_err(|_| busy())?
        .map_err(|error| ApiError::internal(&error))?;
    let Some(file) = opened else {
        return Err(ApiError::not_found(
            "unknown_recording",
            format!("no recording `{name}` is saved here; GET /api/recording lists those that are"),
        ));
    };
    let pieces = stream::unfold(file, |file| async move {
        let read = web::block(move || {
            let mut file = file;
            let mut piece = Vec::with_capacity(PIECE);
            let read = file.by_ref().take(PIECE as u64).read_to_end(&mut piece);
            read.map(|_| (piece, file))
        });
        match read.await {
            Ok(Ok((piece, _))) if piece.is_empty() => None,
            Ok(Ok((piece, file))) => Some((Ok(Bytes::from(piece)), file)),
            // The answer ends before its time, which whoever reads the file finds.
            Ok(Err(_)) | Err(_) => None,
        }
    });
    Ok(HttpResponse::Ok()
        .content_type(MEDIA)
        .insert_header(attachment(&name))
        .streaming(Box::pin(pieces)
            as std::pin::Pin<
                Box<dyn futures_util::Stream<Item = Result<Bytes, actix_web::Error>>>,
            >))
}

/// Names are made of letters, digits and `-`.
fn attachment(name: &str) -> (header::HeaderName, String) {
    (
        header::CONTENT_DISPOSITION,
        format!("attachment; filename=\"{name}\""),
    )
}

fn busy() -> ApiError {
    ApiError::unavailable(
        "busy",
        "the recording could not be looked at at the moment; try again",
    )
}

fn problem(unsaved: Unsaved) -> ApiError {
    match unsaved {
        Unsaved::Nothing => ApiError::not_found(
            "nothing_recorded",
            "nothing is recorded here, or not yet; LOOM_RECORDER_MB says how much may be",
        ),
        Unsaved::NoShelf => ApiError::conflict(
            "no_recordings_directory",
            "this studio has no directory for recordings; start it with LOOM_RECORDINGS=DIR, or download the file: GET \
             /api/recording/file",
        ),
        error @ Unsaved::Io(_) => ApiError::internal(&error),
    }
}
