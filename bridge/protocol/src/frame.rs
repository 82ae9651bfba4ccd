//! The envelope of everything that travels over a studio's socket.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::ActorId;

/// One start of a studio server. A cursor of another epoch is void: ask for everything again.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Epoch(pub String);

/// The place of a frame in its epoch, from 1, without holes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seq(pub u64);

/// A frame: what it is, what it says, where it stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Frame {
    /// Its type, one of [`topic`] or one a product added.
    #[serde(rename = "type")]
    pub kind: String,
    /// The server's start that sent it.
    pub epoch: Epoch,
    /// Its place in the epoch.
    pub seq: Seq,
    /// What it says.
    pub data: Value,
}

/// The data of [`topic::ACTOR_REMOVED`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removed {
    /// The actor that is gone.
    pub id: ActorId,
}

/// Types of frames that the studio itself sends.
pub mod topic {
    /// An actor was registered or changed; data is its record.
    pub const ACTOR_UPDATE: &str = "actor:update";
    /// An actor is gone; data is `{"id"}`.
    pub const ACTOR_REMOVED: &str = "actor:removed";
    /// The metrics, every two seconds.
    pub const METRICS: &str = "metrics";
    /// A new line of the journal of an actor that the viewer looks at; data is `{"actor","line"}`.
    pub const JOURNAL: &str = "journal";
    /// The types of actors as `GET /api/types` tells them, every two seconds to viewers of the map; data is `{"types"}`.
    pub const TRAFFIC: &str = "traffic";
    /// What is not as it should be, as `GET /api/lints` tells it, when that changes.
    pub const LINTS: &str = "lints";
    /// Something changed among warnings; data is `{"firing","pending","silenced","failing","version"}`, all numbers: what is shown of
    /// `/api/warnings` is to be fetched again.
    pub const WARNINGS: &str = "warnings";
    /// First frame of every connection; data says which epoch and seq the connection starts at.
    pub const HELLO: &str = "hello";
    /// Frames were lost or are too old to be sent again: fetch the snapshot, then go on from `seq`.
    pub const RESYNC: &str = "resync";
    /// The rows of a window that this viewer asked for, or what changed in them; data is
    /// `{"id","from","total","ids","rows"}`, with all ids in order and the rows that are new or changed, or `{"id","error"}`.
    pub const WINDOW: &str = "window";
}
