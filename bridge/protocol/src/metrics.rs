//! Aggregates: metrics and health.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Dropped, Timestamp};

/// What `GET /api/metrics` answers and the `metrics` frame carries.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Metrics {
    /// When it was computed, by the studio's clock.
    #[cfg_attr(feature = "utoipa", schema(value_type = String, format = DateTime))]
    pub timestamp: Timestamp,
    /// How many actors there are.
    pub actor_pools: ActorPools,
    /// What they have to do.
    pub message_queues: MessageQueues,
    /// What the processes that are known could not keep for want of room since their start; absent while they kept all.
    #[serde(default, skip_serializing_if = "Dropped::is_none")]
    pub dropped: Dropped,
}

/// Actors by status and by type.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ActorPools {
    /// All that are known.
    pub total_actors: u64,
    /// Those with status `active`.
    pub active_actors: u64,
    /// Those with status `idle`.
    pub idle_actors: u64,
    /// All, by type.
    pub by_type: BTreeMap<String, u64>,
    /// Those of the application, not of the libraries that carry it (`system`), by status as shown; `unknown` where there is none.
    #[serde(default)]
    pub by_status: BTreeMap<String, u64>,
    /// Those of the libraries that carry the application.
    #[serde(default)]
    pub system_actors: u64,
}

/// Messages, summed over all actors that report them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct MessageQueues {
    /// Handled so far.
    pub total_messages: u64,
    /// Waiting now for those that live: not stale, stopped or failed.
    pub pending_messages: u64,
}

/// What `GET /api/health` answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Health {
    /// The worst of its parts.
    pub status: HealthStatus,
    /// The server's version.
    pub version: String,
    /// Milliseconds since the server started.
    pub uptime: u64,
    /// Each part by name.
    pub parts: BTreeMap<String, PartHealth>,
}

/// Whether something does its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum HealthStatus {
    /// It does.
    Ok,
    /// It does with less than it should have; `message` says what is missing.
    Degraded,
}

/// The health of one part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct PartHealth {
    /// Whether it works.
    pub status: HealthStatus,
    /// What there is to say about it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub message: Option<String>,
}
