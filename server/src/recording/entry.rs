//! One thing that came in, as a recording holds it: what kind it is of, when it came, and a text.

use std::collections::HashSet;
use std::sync::Arc;

use loom_protocol::{ActorBatch, Timestamp};
use serde::de::DeserializeOwned;

use crate::Intake;
use crate::directory::Deaf;
use crate::ingest::Ingest;

/// Bytes before the text: the kind, the moment, and the length of the text.
const HEAD: usize = 1 + 8 + 4;

/// The kinds. Numbers stay what they are, for files are kept.
const BATCH: u8 = 1;
const REGISTER: u8 = 2;
const UPDATE: u8 = 3;
const UNREGISTER: u8 = 4;
const SWEPT: u8 = 5;
const FOLLOWED: u8 = 6;
const DEAF: u8 = 7;

/// Something that came in and is to be written down.
pub(super) enum Came {
    /// A batch, as its JSON text.
    Text(bytes::Bytes),
    /// A report that came otherwise.
    Ingest(Box<Ingest>),
    Swept,
    /// Actors that are followed each second from here on.
    Followed(Vec<Arc<str>>),
    /// Nobody could be heard in this stretch of time.
    Deaf(Deaf),
    /// All that is known became what another server wrote down. Nothing is known of what came before it and after the first moment.
    TookOver(Timestamp, bytes::Bytes),
    /// So many reports found no room.
    Lost(u64),
}

impl Came {
    /// What it weighs while it waits, in bytes, about.
    pub(super) fn weight(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Ingest(ingest) => match &**ingest {
                Ingest::Batch(batch) => {
                    let entries = batch.register.len() + batch.update.len() + batch.events.len();
                    let totals = batch.types.len() + batch.messages.len() + batch.edges.len();
                    1_024 + 512 * (entries + totals)
                }
                _ => 1_024,
            },
            Self::Followed(actors) => 64 * actors.len(),
            Self::TookOver(_, keyframe) => keyframe.len(),
            Self::Swept | Self::Deaf(_) | Self::Lost(_) => 64,
        }
    }

    /// Writes it. What has no JSON form can't have come in.
    pub(super) fn write(&self, at: Timestamp, to: &mut Vec<u8>) {
        let json = |value: serde_json::Result<Vec<u8>>| value.unwrap_or_default();
        match self {
            Self::Text(text) => put(BATCH, at, text, to),
            Self::Ingest(ingest) => match &**ingest {
                Ingest::Batch(batch) => put(BATCH, at, &json(serde_json::to_vec(batch)), to),
                Ingest::Register(record) => put(REGISTER, at, &json(serde_json::to_vec(record)), to),
                Ingest::Update(patch) => put(UPDATE, at, &json(serde_json::to_vec(patch)), to),
                Ingest::Unregister(id) => put(UNREGISTER, at, &json(serde_json::to_vec(id)), to),
            },
            Self::Swept => put(SWEPT, at, &[], to),
            Self::Followed(actors) => put(FOLLOWED, at, &json(serde_json::to_vec(actors)), to),
            Self::Deaf(deaf) => put(DEAF, at, &json(serde_json::to_vec(deaf)), to),
            // They stand beside the chunk that they end.
            Self::Lost(_) | Self::TookOver(..) => {}
        }
    }
}

fn put(kind: u8, at: Timestamp, text: &[u8], to: &mut Vec<u8>) {
    // A body is bounded far below this.
    let len = u32::try_from(text.len()).unwrap_or(u32::MAX);
    to.push(kind);
    to.extend(at.as_millis().to_le_bytes());
    to.extend(len.to_le_bytes());
    to.extend(text);
}

/// An entry as it stands in a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry<'a> {
    pub(super) kind: u8,
    pub(super) at: Timestamp,
    text: &'a [u8],
}

/// The entries of a chunk, in order. Ends with a mistake where the rest is no entry.
pub(super) fn entries(mut chunk: &[u8]) -> impl Iterator<Item = Result<Entry<'_>, Unreadable>> {
    std::iter::from_fn(move || {
        if chunk.is_empty() {
            return None;
        }
        let read = read(chunk).ok_or(Unreadable);
        chunk = read.as_ref().map_or(&[][..], |(_, rest)| rest);
        Some(read.map(|(entry, _)| entry))
    })
}

fn read(chunk: &[u8]) -> Option<(Entry<'_>, &[u8])> {
    let (head, rest) = chunk.split_at_checked(HEAD)?;
    let (kind, head) = head.split_first()?;
    let (at, len) = head.split_first_chunk::<8>()?;
    let len = u32::from_le_bytes(len.try_into().ok()?);
    let (text, rest) = rest.split_at_checked(usize::try_from(len).ok()?)?;
    let entry = Entry {
        kind: *kind,
        at: Timestamp::from_millis(i64::from_le_bytes(*at)),
        text,
    };
    Some((entry, rest))
}

/// What stands in a recording is not what a recorder writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unreadable;

impl Entry<'_> {
    /// Takes it in again. What was refused then is refused again.
    pub(super) fn take_in(&self, intake: &Intake) -> Result<(), Unreadable> {
        let ingest = match self.kind {
            BATCH => Ingest::Batch(Box::new(self.read::<ActorBatch>()?)),
            REGISTER => Ingest::Register(Box::new(self.read()?)),
            UPDATE => Ingest::Update(Box::new(self.read()?)),
            UNREGISTER => Ingest::Unregister(self.read()?),
            SWEPT => {
                intake.sweep_at(self.at);
                return Ok(());
            }
            FOLLOWED => {
                let actors: Vec<Arc<str>> = self.read()?;
                intake.follow(self.at, &actors.into_iter().collect::<HashSet<_>>());
                return Ok(());
            }
            DEAF => {
                intake.was_deaf(self.read()?);
                return Ok(());
            }
            _ => return Err(Unreadable),
        };
        let _as_then = intake.take(self.at, ingest);
        Ok(())
    }

    /// Whether it came by the log, where there is one: what is looked at here does not.
    pub(super) fn is_of_log(&self) -> bool {
        self.kind != FOLLOWED
    }

    fn read<T: DeserializeOwned>(&self) -> Result<T, Unreadable> {
        serde_json::from_slice(self.text).map_err(|_| Unreadable)
    }
}
