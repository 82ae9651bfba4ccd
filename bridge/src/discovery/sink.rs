//! Where batches go.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use loom_protocol::{ActorBatch, BatchOutcome, BootId};

use super::outbox::Fault;

/// A delivery under way.
pub type Delivery<'a> = BoxFuture<'a, Result<BatchOutcome, SinkError>>;

/// Has a bridge deliver now instead of with its next look. Answers whether the bridge is still there. Cheap, and from any
/// thread.
pub type Notify = Arc<dyn Fn() -> bool + Send + Sync>;

/// A studio as a bridge sees it.
///
/// The contract: batches of one boot arrive in the order of their `seq`, one after the other. A batch whose outcome did not
/// arrive is delivered again with the same `seq`, and must not be applied twice. An empty batch is a beat for all actors of
/// the boot. A sink that does not know the boot, or finds that batches are missing, answers with `resync`; one that does not
/// know an actor rejects its update. Either makes the bridge register again what is missing; all of it is one generation, and
/// with the batch that is `complete` the sink forgets what was not named in it. A registration that is rejected with
/// [`OtherOwner`](loom_protocol::RejectionCode::OtherOwner) is not made again.
pub trait StudioSink: Send + Sync + 'static {
    /// Delivers one batch. Called on the bridge's arbiter, so it must not block.
    fn deliver(&self, batch: ActorBatch) -> Delivery<'_>;

    /// Called before the first batch to this sink: it may call `notify` whenever there are orders for actors of `boot`, which
    /// otherwise travel with the outcome of the next batch. A sink that can't do that leaves it.
    fn notify_of_orders(&self, boot: &BootId, notify: Notify) {
        let _unused = (boot, notify);
    }

    /// What the studio is called in logs, e.g. its address. Never with a secret.
    fn name(&self) -> String;
}

/// Why a batch was not delivered. Fits after "failed to".
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SinkError {
    /// Nobody answers there.
    #[error("reach the studio at {studio}; is it running, and is this its address?")]
    Unreachable {
        /// Its name.
        studio: String,
        /// What the network said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// It took too long.
    #[error("deliver to the studio at {studio}: no answer within {limit:?}")]
    TimedOut {
        /// Its name.
        studio: String,
        /// How long it had.
        limit: Duration,
    },
    /// It wants another token, or one at all.
    #[error(
        "deliver to the studio at {studio}: it refuses the token (status {status}); set STUDIO_TOKEN to the one it was started with"
    )]
    Unauthorized {
        /// Its name.
        studio: String,
        /// The HTTP status.
        status: u16,
    },
    /// It does not take this batch, and will not take it later.
    #[error("deliver to the studio at {studio}: it refuses the batch (status {status}): {detail}")]
    Refused {
        /// Its name.
        studio: String,
        /// The HTTP status.
        status: u16,
        /// What it says about it.
        detail: String,
    },
    /// It cannot take the batch now.
    #[error("deliver to the studio at {studio}: it has trouble (status {status}): {detail}")]
    Troubled {
        /// Its name.
        studio: String,
        /// The HTTP status.
        status: u16,
        /// What it says about it.
        detail: String,
    },
    /// What answers there does not speak as a studio does.
    #[error("deliver to {studio}: its answer is not that of a studio; is this the address of one?")]
    Unintelligible {
        /// Its name.
        studio: String,
        /// What was wrong with the answer.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The studio is in this process and has stopped.
    #[error("deliver to the studio {studio}: it has stopped")]
    Closed {
        /// Its name.
        studio: String,
    },
    /// The sink itself is broken.
    #[error("deliver to the studio {studio}: the sink panicked: {panic}")]
    Panicked {
        /// Its name.
        studio: String,
        /// What the panic said.
        panic: String,
    },
}

impl SinkError {
    /// Whether it is another trouble than `other`, and so worth a line in the log.
    pub(super) fn differs_from(&self, other: Option<&Self>) -> bool {
        other.is_none_or(|other| std::mem::discriminant(self) != std::mem::discriminant(other))
    }

    /// What becomes of it, in a few words that fit behind the error.
    pub(super) fn next_step(&self) -> &'static str {
        match self {
            Self::Unauthorized { .. } => "without the right token no try will work",
            Self::Refused { .. } => "what it refuses is left out, the rest is sent again",
            Self::Unintelligible { .. } => "give the address of a studio; until then it is tried again",
            Self::Closed { .. } | Self::Panicked { .. } => "start it again",
            Self::Unreachable { .. } | Self::TimedOut { .. } | Self::Troubled { .. } => {
                "it is tried again until it works; nothing is lost"
            }
        }
    }

    /// What is wrong with the batch, when the same one would be refused for ever.
    pub(super) fn fault(&self) -> Option<Fault> {
        match self {
            Self::Refused { status: 413, .. } => Some(Fault::Size),
            Self::Refused { status: 409, .. } => Some(Fault::Number),
            Self::Refused { .. } => Some(Fault::Entry),
            _ => None,
        }
    }

    /// The error and its causes in one line.
    pub(super) fn chain(&self) -> String {
        let mut text = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            text.push_str(": ");
            text.push_str(&error.to_string());
            cause = error.source();
        }
        text
    }
}
