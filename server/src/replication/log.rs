//! The log that servers share, as an interface.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use loom_protocol::Timestamp;

use crate::workspaces::WorkspaceName;

/// What a log answers, in a while.
pub type Later<'a, T> = BoxFuture<'a, Result<T, LogError>>;

/// One order of entries for all servers of a studio.
///
/// Nothing waits for longer than a few seconds beyond what it is told: a log that does not answer is away. What was appended
/// may be in the log although an error came back. Records may be lost from either end at any time; each names the one before it, so
/// that whoever reads on finds out. `suite.rs` holds implementations to this.
pub trait ReplicatedLog: Send + Sync + 'static {
    /// The log of a workspace beside `main`, whose log this is. They have nothing in common but the engine they are kept by, and what
    /// becomes of that. Asked for at several servers by one name it is one log.
    fn of_workspace(&self, name: &WorkspaceName) -> Arc<dyn ReplicatedLog>;

    /// Adds records at the end, one after the other and with none of others between them.
    fn append(&self, bodies: Vec<Bytes>) -> Later<'_, ()>;

    /// The records after a place, or from the first that is kept; `most` of them at most. Waits up to `within` until there is one.
    fn read(&self, after: Option<Position>, most: usize, within: Duration) -> Later<'_, Vec<Record>>;

    /// The place of the newest record. None in a log that is new.
    fn head(&self) -> Later<'_, Option<Position>>;

    /// What a server that comes anew begins with.
    fn base(&self) -> Later<'_, Option<Base>>;

    /// The same without what is in it.
    fn base_id(&self) -> Later<'_, Option<String>>;

    /// Puts a base in the place of the one of this id, or of none; `false` when there is another one by now. Records up to
    /// `needless` may be dropped.
    fn set_base(&self, base: Base, instead_of: Option<String>, needless: Option<Position>)
    -> Later<'_, bool>;

    /// Leaves something for another server under a name. It is dropped after a minute.
    fn leave(&self, name: String, parcel: Bytes) -> Later<'_, ()>;

    /// Takes away what was left under a name.
    fn pick_up(&self, name: String) -> Later<'_, Option<Bytes>>;

    /// The moment by the clock that stamps records.
    fn now(&self) -> Later<'_, Timestamp>;

    /// Records that are kept at least, unless they are lost.
    fn keeps(&self) -> usize;

    /// What people call it. Nothing of it is secret.
    fn name(&self) -> String;
}

/// Where a record is: its moment, in milliseconds since 1970, and its number within that. Places only grow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    pub(crate) millis: u64,
    pub(crate) number: u64,
}

/// One record of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Where it is.
    pub position: Position,
    /// Where the one before it is or was; none before the first of all.
    pub before: Option<Position>,
    /// What it says.
    pub body: Bytes,
}

/// All that was known at a place of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Base {
    /// Another one has another.
    pub id: String,
    /// The last record that is in it; none where all of the log comes after it.
    pub after: Option<Position>,
    /// What it says.
    pub body: Bytes,
}

/// Why a log did not do what it was asked for. Fits after "failed to".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// Nobody answers, or not in time.
    #[error("reach {name}: {why}")]
    Away {
        /// Which log.
        name: String,
        /// What went wrong.
        why: String,
    },
    /// It answers, and does not do it.
    #[error("use {name}: {why}")]
    Refused {
        /// Which log.
        name: String,
        /// What it said.
        why: String,
    },
}

impl Position {
    /// The place after which this one comes next; none where it is the first of all.
    pub(crate) fn just_before(self) -> Option<Self> {
        let before = |number| Self { number, ..self };
        let earlier = |millis| Self {
            millis,
            number: u64::MAX,
        };
        let number = self.number.checked_sub(1).map(before);
        number.or_else(|| self.millis.checked_sub(1).map(earlier))
    }

    /// The moment of the record.
    pub(crate) fn moment(self) -> Timestamp {
        Timestamp::from_millis(i64::try_from(self.millis).unwrap_or(i64::MAX))
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.millis, self.number)
    }
}

/// A text that is no place in a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a place in a log is two numbers with `-` between")]
pub struct InvalidPosition;

impl FromStr for Position {
    type Err = InvalidPosition;

    fn from_str(text: &str) -> Result<Self, InvalidPosition> {
        let (millis, number) = text.split_once('-').ok_or(InvalidPosition)?;
        Ok(Self {
            millis: millis.parse().map_err(|_| InvalidPosition)?,
            number: number.parse().map_err(|_| InvalidPosition)?,
        })
    }
}
