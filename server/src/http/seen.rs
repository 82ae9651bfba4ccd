//! `?at=`: what is read as it was at a moment that is recorded. Every read of actors has it; without it they answer as of now.

use std::future::{Future, Ready, ready};
use std::pin::Pin;
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::{FromRequest, HttpMessage, HttpRequest, web};
use loom_protocol::Timestamp;
use serde::de::DeserializeOwned;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{Ref, RefOr, Required};

use super::error::{ApiError, ApiResult};
use super::extract::query_problem;
use crate::directory::Directory;
use crate::recording::Unseen;
use crate::{Intake, Workspace};

/// The name of the parameter.
const AT: &str = "at";

/// The studio at the moment that a request asks for.
pub(super) struct Seen {
    intake: Arc<Intake>,
    is_live: bool,
}

impl Seen {
    /// All that is known.
    pub(super) fn intake(&self) -> &Arc<Intake> {
        &self.intake
    }

    /// The actors.
    pub(super) fn directory(&self) -> &Arc<Directory> {
        self.intake.directory()
    }

    /// The moment.
    pub(super) fn now(&self) -> Timestamp {
        self.intake.now()
    }

    /// Tells that somebody looks at something, which makes no difference to what was.
    pub(super) fn look(&self, look: impl FnOnce(&Intake)) {
        if self.is_live {
            look(&self.intake);
            self.intake.watched_changed();
        }
    }
}

impl FromRequest for Seen {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = ApiResult<Self>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let workspace = request.extensions().get::<Arc<Workspace>>().cloned();
        let at = at(request.query_string());
        Box::pin(async move {
            let not_now = |detail: &str| ApiError::unavailable("busy", detail);
            let workspace =
                workspace.ok_or_else(|| not_now("this server was put together without a studio"))?;
            let Some(at) = at? else {
                return Ok(Self {
                    intake: workspace.intake.clone(),
                    is_live: true,
                });
            };
            let recordings = workspace.recordings.clone();
            let turn = recordings.turn().await;
            let made = move || {
                // Until it is made: who asked may be gone sooner.
                let _turn = turn;
                workspace.recordings.at(at, &workspace.intake)
            };
            let seen = web::block(made).await;
            let seen = seen.map_err(|_| not_now("that moment could not be made at present; try again"))?;
            let intake = seen.map_err(|unseen| problem(at, unseen))?;
            Ok(Self {
                intake,
                is_live: false,
            })
        })
    }
}

/// The moment that an address asks for, if it does.
fn at(query: &str) -> ApiResult<Option<Timestamp>> {
    let pairs = web::Query::<Vec<(String, String)>>::from_query(query);
    let pairs = pairs.map(web::Query::into_inner).unwrap_or_default();
    let mut asked = pairs.into_iter().filter(|(name, _)| name == AT);
    let Some((_, text)) = asked.next() else {
        return Ok(None);
    };
    let millis = text.parse::<i64>().ok().map(Timestamp::from_millis);
    let moment = millis.or_else(|| text.parse::<Timestamp>().ok());
    match moment.filter(|_| asked.next().is_none()) {
        Some(moment) => Ok(Some(moment)),
        None => Err(ApiError::bad_request(
            "invalid_query",
            format!(
                "`at` is `{text}`; it must be one moment, in milliseconds since 1970 or as RFC 3339 such as 2026-11-30T22:41:05Z"
            ),
        )),
    }
}

fn problem(at: Timestamp, unseen: Unseen) -> ApiError {
    let gone = |code, detail: String| ApiError::new(StatusCode::GONE, code, "no longer there", detail);
    match unseen {
        Unseen::Off => ApiError::not_found(
            "nothing_recorded",
            "nothing is recorded here, so only the present can be seen; LOOM_RECORDER_MB says how much may be",
        ),
        Unseen::Outside(stretch) => {
            let detail = format!(
                "{at} is not recorded; what is recorded is from {} to {}",
                stretch.from, stretch.to
            );
            if at < stretch.from {
                gone("before_recording", detail)
            } else {
                ApiError::not_found("after_recording", detail)
            }
        }
        Unseen::Lost(hole) => gone(
            "hole_in_recording",
            format!(
                "{at} can't be seen: {} reports came too fast to be recorded, and until {} it is not known what they changed; \
                 before {} all is known",
                hole.lost, hole.to, hole.from
            ),
        ),
        Unseen::Unreadable(stretch) => gone(
            "recording_unreadable",
            format!(
                "what is recorded of {at} can't be read; try another moment between {} and {}",
                stretch.from, stretch.to
            ),
        ),
    }
}

/// What stands in the address beside `at`; read as strictly as it says.
pub(super) struct Beside<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest for Beside<T> {
    type Error = actix_web::Error;
    type Future = Ready<Result<Self, actix_web::Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let is_other = |pair: &&str| *pair != AT && !pair.starts_with("at=");
        let others: Vec<&str> = request.query_string().split('&').filter(is_other).collect();
        let read = web::Query::<T>::from_query(&others.join("&"));
        ready(match read {
            Ok(read) => Ok(Self(read.into_inner())),
            Err(error) => Err(query_problem(error, request)),
        })
    }
}

/// The reads that can be asked for a moment, by their path below `/api`, and whether they are posted.
const READS: &[(&str, Posted)] = &[
    ("/actors", Posted::No),
    ("/actors/type/{type}", Posted::No),
    ("/actors/{id}", Posted::No),
    ("/actors/{id}/messages", Posted::No),
    ("/actors/{id}/history", Posted::No),
    ("/types", Posted::No),
    ("/traffic", Posted::No),
    ("/rates", Posted::Yes),
    ("/tree", Posted::Yes),
    ("/map", Posted::No),
    ("/lints", Posted::No),
    ("/journal", Posted::No),
    ("/journal/{id}", Posted::No),
    ("/metrics", Posted::No),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Posted {
    Yes,
    No,
}

/// Describes the parameter wherever it is.
pub(super) fn describe(
    document: &mut utoipa::openapi::OpenApi,
    refusal: impl Fn(&str) -> utoipa::openapi::Response,
) {
    let components = document.components.get_or_insert_default();
    components.parameters.insert(AT.to_owned(), parameter().into());
    for base in ["/api", "/api/v1"] {
        for (path, posted) in READS {
            let Some(item) = document.paths.paths.get_mut(&format!("{base}{path}")) else {
                continue;
            };
            let operation: Option<&mut Operation> = match posted {
                Posted::Yes => item.post.as_mut(),
                Posted::No => item.get.as_mut(),
            };
            let Some(operation) = operation else { continue };
            operation
                .parameters
                .get_or_insert_default()
                .push(RefOr::Ref(Ref::new("#/components/parameters/at")));
            for (status, why) in [
                ("400", "something in the address can't be read"),
                ("404", "`at` is later than what is recorded, or nothing is"),
                ("410", "`at` is earlier than what is recorded, or in a hole of it"),
                ("503", "the moment can't be made at present"),
            ] {
                let responses = &mut operation.responses.responses;
                if !responses.contains_key(status) {
                    responses.insert(status.to_owned(), refusal(why).into());
                }
            }
        }
    }
}

fn parameter() -> Parameter {
    ParameterBuilder::new()
        .name(AT)
        .parameter_in(ParameterIn::Query)
        .required(Required::False)
        .description(Some(
            "As it was at this moment, in milliseconds since 1970 or as RFC 3339; `GET /api/recording` says which can be asked for. \
             As of now when absent.",
        ))
        .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_read_in_both_forms_and_once() {
        let millis = |query: &str| at(query).map(|at| at.map(Timestamp::as_millis));
        assert_eq!(millis(""), Ok(None));
        assert_eq!(millis("limit=1&attic=2"), Ok(None));
        assert_eq!(millis("at=1765596838077"), Ok(Some(1_765_596_838_077)));
        assert_eq!(
            millis("a=b&at=2025-12-13T03:33:58.077Z"),
            Ok(Some(1_765_596_838_077))
        );
        assert_eq!(
            millis("at=2025-12-13T04%3A33%3A58.077%2B01%3A00"),
            Ok(Some(1_765_596_838_077))
        );
        for wrong in ["at=", "at=now", "at=1&at=2", "at=1.5"] {
            assert_eq!(millis(wrong).unwrap_err().code(), "invalid_query", "{wrong}");
        }
    }
}
