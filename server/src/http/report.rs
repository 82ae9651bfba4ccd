//! `POST /api/actor/…`: reporting actors, from any language.

use actix_web::error::JsonPayloadError;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use loom_protocol::{
    ActorBatch, ActorId, ActorPatch, ActorRecord, BatchOutcome, BootId, Dropped, Problem, Rejection,
    RejectionCode, Source,
};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use utoipa::ToSchema;

use super::error::{ApiError, ApiResult};
use super::extract::{MAX_BATCH, json_bytes, json_problem};
use crate::Intake;
use crate::directory::{Directory, Registered};

/// New actors of one batch that are logged by name; the others are counted.
const NAMED: usize = 20;
/// Bytes of a batch that is parsed and applied on the thread that serves it, which takes it a millisecond or two.
const INLINE: usize = 64 * 1024;

/// An actor that is gone.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct Unregister {
    /// Which.
    id: ActorId,
}

/// Reports a whole actor. Again for the same id replaces what was known.
#[utoipa::path(
    post, path = "/api/actor/register", tag = "reporting", request_body = ActorRecord,
    responses(
        (status = 201, description = "it is new; the record as it now stands", body = ActorRecord),
        (status = 200, description = "it was known; the record as it now stands", body = ActorRecord),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "a living process reports an actor with this id", body = Problem,
         content_type = "application/problem+json"),
        (status = 503, body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn register(
    record: web::Json<ActorRecord>,
    intake: web::Data<Intake>,
) -> ApiResult<HttpResponse> {
    let record = record.into_inner();
    let (id, kind) = (record.id.clone(), record.kind.clone());
    let status = match intake.register(record)? {
        Registered::New => {
            tracing::info!(actor = %id, kind, "Discovered actor");
            StatusCode::CREATED
        }
        Registered::Known => StatusCode::OK,
    };
    Ok(HttpResponse::build(status).json(as_it_stands(intake.directory(), &id)?))
}

/// Reports what changed of an actor: the top-level fields given are merged, the others stay.
#[utoipa::path(
    post, path = "/api/actor/update", tag = "reporting", request_body = ActorPatch,
    responses(
        (status = 200, description = "the record as it now stands", body = ActorRecord),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "a living process reports it in batches", body = Problem,
         content_type = "application/problem+json"),
    ),
)]
pub(super) async fn update(
    patch: web::Json<ActorPatch>,
    intake: web::Data<Intake>,
) -> ApiResult<web::Json<ActorRecord>> {
    let patch = patch.into_inner();
    let id = patch.id.clone();
    intake.update(patch)?;
    Ok(web::Json(as_it_stands(intake.directory(), &id)?))
}

/// Reports that an actor is gone.
#[utoipa::path(
    post, path = "/api/actor/unregister", tag = "reporting", request_body = Unregister,
    responses(
        (status = 204, description = "it is not known here, now"),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "a living process reports it in batches", body = Problem,
         content_type = "application/problem+json"),
    ),
)]
pub(super) async fn unregister(
    gone: web::Json<Unregister>,
    intake: web::Data<Intake>,
) -> ApiResult<HttpResponse> {
    intake.unregister(gone.into_inner().id)?;
    Ok(HttpResponse::NoContent().finish())
}

/// Reports what one process has to tell of its actors, in one go. An empty batch is a beat for all of them.
#[utoipa::path(
    post, path = "/api/actor/batch", tag = "reporting", request_body = ActorBatch,
    responses(
        (status = 200, body = BatchOutcome),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "its number was used before for another batch of this boot", body = Problem,
         content_type = "application/problem+json"),
        (status = 503, body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn batch(
    request: HttpRequest,
    body: web::Payload,
    intake: web::Data<Intake>,
) -> Result<web::Json<BatchOutcome>, actix_web::Error> {
    let bytes = json_bytes(&request, body, MAX_BATCH).await?;
    let taken = if bytes.len() > INLINE {
        // As much as this would hold up every other request of the thread.
        let intake = intake.into_inner();
        web::block(move || take(&bytes, &intake)).await?
    } else {
        take(&bytes, &intake)
    };
    match taken? {
        Ok(outcome) => Ok(web::Json(outcome)),
        Err(error) => Err(json_problem(JsonPayloadError::Deserialize(error), &request)),
    }
}

/// Parses a batch, once where all of it can be read, and takes it in.
fn take(bytes: &[u8], intake: &Intake) -> ApiResult<serde_json::Result<BatchOutcome>> {
    let (batch, places, mut malformed) = match serde_json::from_slice::<ActorBatch>(bytes) {
        Ok(batch) => (batch, None, Vec::new()),
        // An entry that makes no sense must not cost the others.
        Err(_) => match serde_json::from_slice::<Loose>(bytes) {
            Ok(loose) => {
                let (batch, places, malformed) = loose.read();
                (batch, Some(places), malformed)
            }
            Err(error) => return Ok(Err(error)),
        },
    };
    log_new(intake.directory(), &batch);
    let mut outcome = intake.batch(batch)?;
    if let Some(places) = places {
        for rejection in &mut outcome.rejected {
            // Counted among those that could be read; the sender counts all.
            rejection.index = places.get(rejection.index).copied().unwrap_or(rejection.index);
        }
        outcome.rejected.append(&mut malformed);
        outcome.rejected.sort_by_key(|rejection| rejection.index);
    }
    Ok(Ok(outcome))
}

/// A batch whose entries are not read yet: one that makes no sense must not cost the others.
#[derive(Deserialize)]
pub(super) struct Loose {
    boot: BootId,
    seq: u64,
    source: Option<Source>,
    generation: Option<u64>,
    #[serde(default)]
    complete: bool,
    #[serde(default)]
    register: Vec<Value>,
    #[serde(default)]
    update: Vec<Value>,
    #[serde(default)]
    unregister: Vec<Value>,
    #[serde(default)]
    events: Vec<Value>,
    #[serde(default)]
    types: Vec<Value>,
    #[serde(default)]
    messages: Vec<Value>,
    #[serde(default)]
    edges: Vec<Value>,
    #[serde(default)]
    answers: Vec<Value>,
    asks: Option<Vec<Value>>,
    dropped: Option<Dropped>,
    process: Option<Value>,
}

impl Loose {
    /// The entries that can be read, the place of each in the whole, and what is wrong with the others.
    fn read(self) -> (ActorBatch, Vec<usize>, Vec<Rejection>) {
        let mut reader = Reader::default();
        let batch = ActorBatch {
            boot: self.boot,
            seq: self.seq,
            source: self.source,
            generation: self.generation,
            complete: self.complete,
            register: reader.read(self.register),
            update: reader.read(self.update),
            unregister: reader.read(self.unregister),
            events: reader.read(self.events),
            types: reader.read(self.types),
            messages: reader.read(self.messages),
            edges: reader.read(self.edges),
            answers: reader.read(self.answers),
            asks: self.asks.map(|asks| reader.read(asks)),
            dropped: self.dropped,
            // Figures that make no sense are as good as none.
            process: self
                .process
                .and_then(|process| serde_json::from_value(process).ok()),
        };
        (batch, reader.places, reader.malformed)
    }
}

#[derive(Default)]
struct Reader {
    next: usize,
    places: Vec<usize>,
    malformed: Vec<Rejection>,
}

impl Reader {
    fn read<T: DeserializeOwned>(&mut self, entries: Vec<Value>) -> Vec<T> {
        let mut read = Vec::with_capacity(entries.len());
        for entry in entries {
            let index = self.next;
            self.next += 1;
            match serde_json::from_value(entry) {
                Ok(entry) => {
                    self.places.push(index);
                    read.push(entry);
                }
                Err(error) => self.malformed.push(Rejection {
                    index,
                    code: Some(RejectionCode::InvalidRecord),
                    problem: format!("the entry can't be read: {error}"),
                }),
            }
        }
        read
    }
}

fn as_it_stands(directory: &Directory, id: &ActorId) -> ApiResult<ActorRecord> {
    directory.get(&id.0).ok_or_else(|| {
        ApiError::not_found(
            "unknown_actor",
            format!("actor `{id}` was unregistered in the same moment"),
        )
    })
}

fn log_new(directory: &Directory, batch: &ActorBatch) {
    let new = || {
        let known = |record: &&ActorRecord| directory.get(&record.id.0).is_none();
        batch.register.iter().filter(known)
    };
    for record in new().take(NAMED) {
        tracing::info!(actor = %record.id, kind = record.kind, "Discovered actor");
    }
    let more = new().skip(NAMED).count();
    if more > 0 {
        tracing::info!(more, "Discovered actors");
    }
}
