//! Bounds of the directory: how many actors, how large a record, how long a silence.

use std::time::Duration;

use loom_protocol::{
    ActorEvent, ActorId, ActorPatch, ActorRecord, BUCKETS, BootId, Controls, Edge, Latency, MessageTotals,
    Rates, RejectionCode, Source, TypeTotals, WaitingAsk,
};
use serde::Serialize;
use serde_json::{Map, Value};

/// Actors of which any may have been asked.
const MAX_CANDIDATES: usize = 16;

/// How much the directory takes and how long it waits.
#[derive(Clone, Debug)]
pub struct DirectoryOptions {
    /// Without a beat for this long an actor is shown as stale. 10 s by the studio's contract.
    pub stale_after: Duration,
    /// Without a beat for this long an actor that nobody unregistered is forgotten, so that senders that died cannot
    /// fill the directory for ever.
    pub forget_after: Duration,
    /// Actors at most.
    pub max_actors: usize,
    /// Senders (boots) at most.
    pub max_boots: usize,
    /// Bytes of an id, a type or another single text.
    pub max_text: usize,
    /// Bytes of a record's metadata, written as JSON; of its controls as many again.
    pub max_metadata: usize,
}

impl Default for DirectoryOptions {
    fn default() -> Self {
        Self {
            stale_after: Duration::from_secs(10),
            forget_after: Duration::from_secs(60 * 60),
            max_actors: 1_000_000,
            max_boots: 10_000,
            max_text: 512,
            max_metadata: 32 * 1024,
        }
    }
}

/// Why the directory did not take what it was told. The text is made for whoever wrote the sender.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// A part or a removal of an actor that was never registered, or is forgotten.
    #[error("no actor `{0}` is registered here; register it (again) first")]
    Unknown(ActorId),
    /// The actor belongs to another process, or to an earlier start of the same one.
    #[error(
        "actor `{id}` is reported by another process (boot `{owner}`), which lives; choose ids apart, or say in the batch's \
         `source` who you are, so that both are shown"
    )]
    OtherOwner {
        /// The actor.
        id: ActorId,
        /// The boot that registered it last.
        owner: String,
    },
    /// A batch has a number that another one of its boot had.
    #[error(
        "boot `{boot}` counts its batches, and {seq} was used for another one already (the next is {next}): a process that starts \
         anew needs a boot name of its own, such as a random UUID, and counts from 1; one that goes on counts on"
    )]
    UsedNumber {
        /// The boot.
        boot: String,
        /// The number that was used before.
        seq: u64,
        /// The one that is expected.
        next: u64,
    },
    /// A batch's source speaks of another boot than the batch.
    #[error(
        "`source.boot` is `{source_boot}`, but the batch's `boot` is `{boot}`; both name this start of the process"
    )]
    OtherBoot {
        /// The boot of the source.
        source_boot: String,
        /// The boot of the batch.
        boot: String,
    },
    /// A text that must say something says nothing.
    #[error("`{field}` is empty or blank; it must name something")]
    Empty {
        /// The field, as it is called on the wire.
        field: &'static str,
    },
    /// A name holds what no one can see or type.
    #[error("`{field}` has a control character (such as a line break) in it; use letters that can be seen")]
    Control {
        /// The field, as it is called on the wire.
        field: &'static str,
    },
    /// A browser takes the id for a step in a path, and can't ask for the actor.
    #[error(
        "`{field}` is `{text}`, which no browser can ask for: it takes that for a step in a path; choose another name"
    )]
    Dots {
        /// The field, as it is called on the wire.
        field: &'static str,
        /// What it is.
        text: String,
    },
    /// A measure that can't be.
    #[error("`{field}` is {value}; it must be a number from 0")]
    Senseless {
        /// The field, as it is called on the wire.
        field: &'static str,
        /// What it is.
        value: String,
    },
    /// A field is larger than the directory keeps.
    #[error("`{field}` has {size} bytes; at most {limit} are kept")]
    TooLarge {
        /// The field, as it is called on the wire.
        field: &'static str,
        /// What it has.
        size: usize,
        /// What it may have.
        limit: usize,
    },
    /// The directory has as many actors as it takes.
    #[error("the studio already knows {limit} actors, its limit; unregister actors that are gone")]
    Full {
        /// The limit.
        limit: usize,
    },
    /// There are as many senders as the directory takes.
    #[error("the studio already hears {limit} processes, its limit; silent ones are forgotten in time")]
    TooManyBoots {
        /// The limit.
        limit: usize,
    },
}

impl Refusal {
    /// The stable word for programs.
    pub fn code(&self) -> RejectionCode {
        match self {
            Self::Unknown(_) => RejectionCode::UnknownActor,
            Self::OtherOwner { .. } => RejectionCode::OtherOwner,
            Self::Full { .. } | Self::TooManyBoots { .. } => RejectionCode::DirectoryFull,
            _ => RejectionCode::InvalidRecord,
        }
    }
}

impl DirectoryOptions {
    /// Whether a process introduces itself as what its batch is of.
    pub(super) fn check_source(&self, source: &Source, boot: &BootId) -> Result<(), Refusal> {
        if source.boot != *boot {
            return Err(Refusal::OtherBoot {
                source_boot: source.boot.0.clone(),
                boot: boot.0.clone(),
            });
        }
        for (field, text) in [("source.app", &source.app), ("source.node", &source.node)] {
            // A blank one says nothing, and is no reason to show none of the process's actors.
            self.text(field, text.as_deref())?;
        }
        Ok(())
    }

    /// Whether a whole record may be kept.
    pub(super) fn check_record(&self, record: &ActorRecord) -> Result<(), Refusal> {
        self.step("id", &record.id.0)?;
        self.step("type", &record.kind)?;
        self.text("status", record.status.as_ref().map(|status| status.as_str()))?;
        self.text("workerId", record.worker_id.as_deref())?;
        self.text("node", record.node.as_deref())?;
        self.text("parentId", record.parent_id.as_ref().map(|id| id.0.as_str()))?;
        measures(record.rates.as_ref(), record.latency.as_ref())?;
        self.controls(record.controls.as_ref())?;
        self.metadata(record.metadata.as_ref())
    }

    /// Whether a part of a record may be kept.
    pub(super) fn check_patch(&self, patch: &ActorPatch) -> Result<(), Refusal> {
        self.name("id", &patch.id.0)?;
        if let Some(kind) = &patch.kind {
            self.step("type", kind)?;
        }
        self.text("status", patch.status.as_ref().map(|status| status.as_str()))?;
        self.text("workerId", patch.worker_id.as_deref())?;
        self.text("node", patch.node.as_deref())?;
        self.text("parentId", patch.parent_id.as_ref().map(|id| id.0.as_str()))?;
        measures(patch.rates.as_ref(), patch.latency.as_ref())?;
        self.controls(patch.controls.as_ref())?;
        self.metadata(patch.metadata.as_ref())
    }

    /// Whether an event may be kept.
    pub(crate) fn check_event(&self, event: &ActorEvent) -> Result<(), Refusal> {
        self.name("events.kind", event.kind.as_str())?;
        self.text("events.correlationId", event.correlation_id.as_deref())?;
        let size = event.data.as_ref().map_or(0, size_of_json);
        within("events.data", size, self.max_metadata)
    }

    /// Whether a type of actors, told with its totals, may be kept.
    pub(crate) fn check_type(&self, totals: &TypeTotals) -> Result<(), Refusal> {
        self.name("types.type", &totals.kind)?;
        totals
            .messages
            .iter()
            .try_for_each(|totals| self.check_totals(totals))
    }

    /// Whether totals of one type of message may be kept.
    pub(crate) fn check_totals(&self, totals: &MessageTotals) -> Result<(), Refusal> {
        self.name("messages.type", &totals.kind)?;
        for (field, times) in [("wait.buckets", &totals.wait), ("handle.buckets", &totals.handle)] {
            within(
                field,
                times.as_ref().map_or(0, |times| times.buckets.len()),
                BUCKETS,
            )?;
        }
        Ok(())
    }

    /// Whether an edge may be kept; its ends are looked at as ids.
    pub(crate) fn check_edge(&self, edge: &Edge) -> Result<(), Refusal> {
        self.name("edges.message", &edge.message)
    }

    /// Whether an ask that waits may be kept; its ends are looked at as ids.
    pub(crate) fn check_ask(&self, ask: &WaitingAsk) -> Result<(), Refusal> {
        if ask.to.is_empty() {
            return Err(Refusal::Empty { field: "asks.to" });
        }
        within("asks.to", ask.to.len(), MAX_CANDIDATES)?;
        self.name("asks.message", &ask.message)
    }

    /// Whether a text that must be there is there, can be seen, and is short enough.
    pub(super) fn name(&self, field: &'static str, text: &str) -> Result<(), Refusal> {
        if text.trim().is_empty() {
            return Err(Refusal::Empty { field });
        }
        self.text(field, Some(text))
    }

    /// The same of a name that stands in an address by itself.
    fn step(&self, field: &'static str, text: &str) -> Result<(), Refusal> {
        if matches!(text, "." | "..") {
            let text = text.to_owned();
            return Err(Refusal::Dots { field, text });
        }
        self.name(field, text)
    }

    fn text(&self, field: &'static str, text: Option<&str>) -> Result<(), Refusal> {
        if text.is_some_and(|text| text.contains(char::is_control)) {
            return Err(Refusal::Control { field });
        }
        within(field, text.map_or(0, str::len), self.max_text)
    }

    fn metadata(&self, metadata: Option<&Map<String, Value>>) -> Result<(), Refusal> {
        let Some(metadata) = metadata else {
            return Ok(());
        };
        within("metadata", size_of_json(metadata), self.max_metadata)
    }

    fn controls(&self, controls: Option<&Controls>) -> Result<(), Refusal> {
        let size = controls.map_or(0, size_of_json);
        within("controls", size, self.max_metadata)
    }
}

fn measures(rates: Option<&Rates>, latency: Option<&Latency>) -> Result<(), Refusal> {
    let fields = [
        ("rates.messages", rates.and_then(|rates| rates.messages)),
        ("rates.errors", rates.and_then(|rates| rates.errors)),
        ("latency.handleMs", latency.and_then(|latency| latency.handle_ms)),
        ("latency.waitMs", latency.and_then(|latency| latency.wait_ms)),
    ];
    for (field, value) in fields {
        if let Some(value) = value
            && !(value.is_finite() && value >= 0.0)
        {
            let value = value.to_string();
            return Err(Refusal::Senseless { field, value });
        }
    }
    Ok(())
}

fn size_of_json(value: &impl Serialize) -> usize {
    serde_json::to_vec(value).map_or(usize::MAX, |json| json.len())
}

fn within(field: &'static str, size: usize, limit: usize) -> Result<(), Refusal> {
    if size > limit {
        return Err(Refusal::TooLarge { field, size, limit });
    }
    Ok(())
}
