//! Steps of an agent that another process had begin, which is gone: found by what the agent wrote at the beginning of their
//! spools, and followed from there. So nothing that they said is missed, whoever read how much of it before.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use loom_agent::spool::{self, Record};
use tokio::sync::watch;

use super::numbers::StepNumbers;
use super::reported::{Forget, News};
use super::signals::StepSignals;
use super::tail::Tail;
use super::{Channel, ConnectError, JobDirectory, blocking, socket};
use crate::executor::{ExecutorError, Notes, StepEnd, StepOutput};
use crate::id::StepId;

/// Bytes that spools of steps that have ended may take together while their job runs. Whoever has said more cannot be gone on
/// with, and the disk does not hold all of it twice.
const MOST_KEPT: u64 = 64 * 1024 * 1024;

/// A name in a spool is shorter: one that is not is none of ours.
const LONGEST_NAME: usize = 4096;

/// Keeps the spools of steps that have ended, as far as there is room, for who may go on with their job.
pub(super) struct KeptSpools {
    room: AtomicU64,
}

impl Default for KeptSpools {
    fn default() -> Self {
        Self {
            room: AtomicU64::new(MOST_KEPT),
        }
    }
}

impl KeptSpools {
    /// Whether one of so many bytes is kept.
    pub(super) fn keeps(&self, bytes: u64) -> bool {
        let taken = self
            .room
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |room| {
                room.checked_sub(bytes)
            });
        taken.is_ok()
    }
}

/// The steps that were begun before this process came.
pub(in crate::executor) struct Earlier {
    /// The number of each. A later one of the same name counts.
    numbers: BTreeMap<StepId, u32>,
    /// News of those that still ran.
    running: Mutex<HashMap<u32, watch::Receiver<News>>>,
}

impl Channel {
    /// Connects to the agent of a job that another process began, which is gone.
    ///
    /// # Errors
    /// [`ConnectError`]: the directory and the agent are left as they are.
    pub(in crate::executor) async fn attach(
        directory: JobDirectory,
        patience: Duration,
        notes: Arc<dyn Notes>,
    ) -> Result<(Self, Earlier), ConnectError> {
        let directory = Arc::new(directory);
        let (connected, running) = socket::attach(&directory, patience).await?;
        // The agent has heard all that the dead process had asked for: what has no beginning by now never begins.
        let there = Arc::clone(&directory);
        let begun = blocking(move || there.begun());
        let begun = begun
            .await
            .unwrap_or_else(|broken| Err(io::Error::other(broken.to_string())))
            .map_err(ConnectError::Absent)?;
        let first_free = begun
            .last_key_value()
            .map_or(0, |(number, _)| number.saturating_add(1));
        let mut numbers = BTreeMap::new();
        for (number, name) in begun {
            if let Some(name) = name {
                numbers.insert(StepId(name), number);
            }
        }
        let (channel, running) = Self::expecting(directory, connected, notes, &running);
        let earlier = Earlier {
            numbers,
            running: Mutex::new(running),
        };
        Ok((channel.with_numbers(StepNumbers::from(first_free)), earlier))
    }

    /// Follows a step that another process had begin, from its first byte to its end. `None` when none of this name has begun.
    ///
    /// # Errors
    /// [`ExecutorError::Lost`] when its outcome cannot be known.
    pub(in crate::executor) async fn follow_earlier(
        &self,
        earlier: &Earlier,
        step: &StepId,
        output: Box<dyn StepOutput>,
        signals: &mut StepSignals,
    ) -> Result<Option<StepEnd>, ExecutorError> {
        let Some(number) = earlier.numbers.get(step).copied() else {
            return Ok(None);
        };
        let directory = self.shared_directory();
        let spool = blocking(move || directory.open_spool(number))
            .await?
            .map_err(|error| ExecutorError::lost(format!("read what the step has said: {error}")))?;
        let known = earlier
            .running
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&number);
        // One that does not run any more has said all, or its spool is cut off.
        let news = known.unwrap_or_else(|| {
            let (_, mut news) = watch::channel(News::over("the step's spool has no end"));
            news.mark_changed();
            news
        });
        let _forget = Forget {
            reported: self.reported(),
            number,
        };
        let ended = self.follow_with_signals(number, Tail::new(spool), output, news, signals);
        ended.await.map(Some)
    }
}

impl JobDirectory {
    /// The spools there are, each with the name of its step; without one, where the step never began.
    fn begun(&self) -> io::Result<BTreeMap<u32, Option<String>>> {
        let mut found = BTreeMap::new();
        for number in self.spool_numbers()? {
            found.insert(number, name_in(&self.open_spool(number)?)?);
        }
        Ok(found)
    }
}

/// The name of the step whose spool it is.
fn name_in(spool: &std::fs::File) -> io::Result<Option<String>> {
    use std::os::unix::fs::FileExt as _;

    let mut head = vec![0; spool::HEADER + LONGEST_NAME];
    let mut length = 0;
    while let Some(rest) = head.get_mut(length..).filter(|rest| !rest.is_empty()) {
        match spool.read_at(rest, length as u64)? {
            0 => break,
            read => length += read,
        }
    }
    match spool::decode(head.get(..length).unwrap_or_default()) {
        Ok(Some((Record::Begin(name), _))) => Ok(Some(name)),
        Ok(None) if length == 0 => Ok(None),
        // What the agent writes there is whole: one write.
        _ => Err(io::Error::other("a spool does not begin as one does")),
    }
}
