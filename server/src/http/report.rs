//! `POST /api/actor/…`: reporting actors, from any language.

use actix_web::error::JsonPayloadError;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use loom_protocol::{
    ActorBatch, ActorId, ActorPatch, ActorRecord, BatchOutcome, Problem, Rejection, RejectionCode,
};
use serde::Deserialize;
use serde::de::{self, DeserializeOwned};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::error::{ApiError, ApiResult};
use super::extract::{MAX_BATCH, json_bytes, json_problem};
use crate::directory::{Directory, Registered};
use crate::workspaces::Here;

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
pub(super) async fn register(record: web::Json<ActorRecord>, workspace: Here) -> ApiResult<HttpResponse> {
    let record = record.into_inner();
    let (id, kind) = (record.id.clone(), record.kind.clone());
    let status = match workspace.door.register(record).await? {
        Registered::New => {
            tracing::info!(actor = %id, kind, "Discovered actor");
            StatusCode::CREATED
        }
        Registered::Known => StatusCode::OK,
    };
    Ok(HttpResponse::build(status).json(as_it_stands(&workspace.directory, &id)?))
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
        (status = 503, description = "nothing is taken at the moment", body = Problem,
         content_type = "application/problem+json"),
    ),
)]
pub(super) async fn update(
    patch: web::Json<ActorPatch>,
    workspace: Here,
) -> ApiResult<web::Json<ActorRecord>> {
    let patch = patch.into_inner();
    let id = patch.id.clone();
    workspace.door.update(patch).await?;
    Ok(web::Json(as_it_stands(&workspace.directory, &id)?))
}

/// Reports that an actor is gone.
#[utoipa::path(
    post, path = "/api/actor/unregister", tag = "reporting", request_body = Unregister,
    responses(
        (status = 204, description = "it is not known here, now"),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "a living process reports it in batches", body = Problem,
         content_type = "application/problem+json"),
        (status = 503, description = "nothing is taken at the moment", body = Problem,
         content_type = "application/problem+json"),
    ),
)]
pub(super) async fn unregister(gone: web::Json<Unregister>, workspace: Here) -> ApiResult<HttpResponse> {
    workspace.door.unregister(gone.into_inner().id).await?;
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
    workspace: Here,
) -> Result<web::Json<BatchOutcome>, actix_web::Error> {
    let bytes = json_bytes(&request, body, MAX_BATCH).await?;
    let is_large = bytes.len() > INLINE;
    let text = bytes.clone();
    let read = if is_large {
        // As much as this would hold up every other request of the thread.
        web::block(move || read(&bytes)).await?
    } else {
        read(&bytes)
    };
    let read = read.map_err(|error| json_problem(JsonPayloadError::Deserialize(error), &request))?;
    let (door, intake) = (&workspace.door, &workspace.intake);
    log_new(intake.directory(), &read.batch);
    let (batch, places, malformed) = (read.batch, read.places, read.malformed);
    // Where all of it was read, its text says the same.
    let text = places.is_none().then_some(text);
    let outcome = if !door.is_alone() {
        door.batch(batch).await.map_err(ApiError::from)
    } else if is_large {
        let intake = intake.clone();
        web::block(move || intake.batch_as(batch, text.as_ref()))
            .await?
            .map_err(ApiError::from)
    } else {
        intake.batch_as(batch, text.as_ref()).map_err(ApiError::from)
    };
    Ok(web::Json(counted(outcome?, places, malformed)))
}

/// A batch, and where its entries are among all that were sent.
struct Read {
    batch: ActorBatch,
    places: Option<Vec<usize>>,
    malformed: Vec<Rejection>,
}

/// Parses a batch, once where all of it can be read.
fn read(bytes: &[u8]) -> serde_json::Result<Read> {
    if let Ok(batch) = serde_json::from_slice::<ActorBatch>(bytes) {
        let (places, malformed) = (None, Vec::new());
        return Ok(Read {
            batch,
            places,
            malformed,
        });
    }
    // An entry that makes no sense must not cost the others.
    let (batch, places, malformed) = Loose::parse(bytes)?.read();
    Ok(Read {
        batch,
        places: Some(places),
        malformed,
    })
}

/// The outcome as the sender counts.
fn counted(
    mut outcome: BatchOutcome,
    places: Option<Vec<usize>>,
    mut malformed: Vec<Rejection>,
) -> BatchOutcome {
    if let Some(places) = places {
        for rejection in &mut outcome.rejected {
            // Counted among those that could be read; the sender counts all.
            rejection.index = places.get(rejection.index).copied().unwrap_or(rejection.index);
        }
        outcome.rejected.append(&mut malformed);
        outcome.rejected.sort_by_key(|rejection| rejection.index);
    }
    outcome
}

/// A batch whose entries are not read yet: one that makes no sense must not cost the others.
struct Loose {
    /// Without its lists.
    head: ActorBatch,
    lists: Map<String, Value>,
}

impl Loose {
    fn parse(bytes: &[u8]) -> serde_json::Result<Self> {
        let mut head: Map<String, Value> = serde_json::from_slice(bytes)?;
        let mut lists = Map::new();
        for name in LISTS {
            match head.remove(name) {
                None => {}
                // There is none where it may be absent for a reason of its own.
                Some(Value::Null) if name == "asks" => {}
                Some(list @ Value::Array(_)) => {
                    lists.insert(name.to_owned(), list);
                }
                Some(_) => {
                    return Err(de::Error::custom(format!(
                        "`{name}` is no list; leave it out or send one"
                    )));
                }
            }
        }
        // Figures that make no sense are as good as none.
        let process = head
            .remove("process")
            .and_then(|process| serde_json::from_value(process).ok());
        let mut head: ActorBatch = serde_json::from_value(Value::Object(head))?;
        head.process = process;
        Ok(Self { head, lists })
    }

    /// The entries that can be read, the place of each in the whole, and what is wrong with the others.
    fn read(self) -> (ActorBatch, Vec<usize>, Vec<Rejection>) {
        let (mut reader, mut lists) = (Reader::default(), self.lists);
        let mut list = |name: &str| match lists.remove(name) {
            Some(Value::Array(entries)) => Some(entries),
            _ => None,
        };
        let batch = ActorBatch {
            register: reader.read(list("register")),
            update: reader.read(list("update")),
            unregister: reader.read(list("unregister")),
            events: reader.read(list("events")),
            types: reader.read(list("types")),
            messages: reader.read(list("messages")),
            edges: reader.read(list("edges")),
            answers: reader.read(list("answers")),
            asks: list("asks").map(|asks| reader.read(Some(asks))),
            ..self.head
        };
        (batch, reader.places, reader.malformed)
    }
}

/// The lists of a batch.
const LISTS: [&str; 9] = [
    "register",
    "update",
    "unregister",
    "events",
    "types",
    "messages",
    "edges",
    "answers",
    "asks",
];

#[derive(Default)]
struct Reader {
    next: usize,
    places: Vec<usize>,
    malformed: Vec<Rejection>,
}

impl Reader {
    fn read<T: DeserializeOwned>(&mut self, entries: Option<Vec<Value>>) -> Vec<T> {
        let entries = entries.unwrap_or_default();
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
