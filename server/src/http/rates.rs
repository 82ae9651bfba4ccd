//! `POST /api/rates`: what the rows of a list did lately, in one answer for all of them.

use std::collections::BTreeMap;

use actix_web::web;
use loom_protocol::Problem;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::error::{ApiError, ApiResult};
use super::seen::Seen;
use super::traffic::window;
use crate::traffic::RateLine;

/// Actors and types together that may be asked for at once: a tall screen of rows.
const MAX_NAMES: usize = 200;
/// Steps of a window: as many as a small picture has room for.
const STEPS: i64 = 30;
/// Seconds of a window when none are given.
const DEFAULT_WINDOW: i64 = 60;

/// Whose rates, and how far back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RatesAsked {
    /// Seconds of the window, from 1 to 600; 60 when absent.
    #[schema(minimum = 1, maximum = 600, default = 60)]
    window: Option<i64>,
    /// Ids of actors; 200 names at most, with those of types.
    #[serde(default)]
    actors: Vec<String>,
    /// Types of actors.
    #[serde(default)]
    types: Vec<String>,
}

/// By name; who never did anything is in neither.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RatesOfMany {
    /// Of actors, by id.
    actors: BTreeMap<String, RateLine>,
    /// Of all actors of a type.
    types: BTreeMap<String, RateLine>,
}

/// How many messages some actors, or all of some types, handled in each step of a window. It is posted because ids may be
/// long; it changes nothing.
#[utoipa::path(
    post, path = "/api/rates", operation_id = "rates", tag = "traffic", request_body = RatesAsked,
    responses(
        (status = 200, body = RatesOfMany),
        (status = 400, body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn rates(asked: web::Json<RatesAsked>, seen: Seen) -> ApiResult<web::Json<RatesOfMany>> {
    let window = window(asked.window, DEFAULT_WINDOW)?;
    let names = asked.actors.len() + asked.types.len();
    if names > MAX_NAMES {
        let detail = format!("{names} actors and types are asked for; there may be {MAX_NAMES} at once");
        return Err(ApiError::bad_request("too_many_names", detail));
    }
    let (now, intake) = (seen.now(), seen.intake());
    let ids = asked.actors.iter().map(String::as_str);
    let known = ids.clone().filter(|id| intake.directory().kind_of(id).is_some());
    seen.look(|intake| intake.lookers().looked_at_rates(known, now));
    let types = asked.types.iter().map(String::as_str);
    Ok(web::Json(RatesOfMany {
        actors: intake.traffic().rates_of_actors(ids, now, window, STEPS),
        types: intake.traffic().rates_of_types(types, now, window, STEPS),
    }))
}
