//! Search in stored logs with ripgrep's engine: in one log, in those of a run, or in those of many runs, one after the other.
//!
//! A search is done in turns. A turn reads a bounded piece, holds one buffer of it, and gives back a bounded number of hits; whoever
//! waits for the hits decides whether there is another one, so that nobody searches for a reader who has gone. The text is searched
//! as it is stored: what was masked is not in it. A hit counts where the index has a line that begins there.

mod excerpt;
mod index;
mod pattern;
mod within;

#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet, VecDeque};
use std::mem;

pub use excerpt::Excerpt;
pub use pattern::{Case, Kind, Pattern, PatternError};

use loom_protocol::Timestamp;

use self::within::Within;
use super::{LogError, LogKey, LogStore, Source};
use crate::id::{JobId, RunId, StepId};

/// Bytes of text that a turn reads, about.
const TURN_BYTES: u64 = 4 * 1024 * 1024;
/// Logs that a turn opens, about: many small ones take their time, too.
const TURN_LOGS: usize = 64;
/// Hits of a turn at most.
pub const TURN_HITS: usize = 256;

/// A log to search, and the run as whose it is shown: a job that was reused has its log in an earlier attempt of its run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The run that shows it.
    pub run: RunId,
    /// Where it is.
    pub log: LogKey,
}

/// Where to search.
pub enum Scope {
    /// In these logs, in this order.
    Logs(Vec<Target>),
    /// In all logs of these runs, in this order; those of a run by the ids of its jobs.
    Runs(Vec<RunId>),
}

/// Which lines count beside those that match; all where nothing is said.
#[derive(Clone, Debug, Default)]
pub struct Only {
    /// Lines of this job, of its combinations and of those that it called.
    pub job: Option<String>,
    /// Lines of these steps of these jobs.
    pub steps: Option<HashMap<JobId, HashSet<StepId>>>,
    /// Lines from this one on, from 1, of each log.
    pub from: u64,
}

/// A line that matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Whose it is.
    pub target: Target,
    /// Its number in the log, from 1.
    pub line: u64,
    /// When it was written.
    pub time: Timestamp,
    /// The step that wrote it; absent for what Loom itself said.
    pub step: Option<StepId>,
    /// Where it was written to.
    pub source: Source,
    /// What stands there.
    pub excerpt: Excerpt,
}

/// Where a search goes on: the line that comes next, from 1, of a job's log. Without a job, at the beginning of the run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The run.
    pub run: RunId,
    /// The job and its attempt.
    pub job: Option<(JobId, u32)>,
    /// The line.
    pub line: u64,
}

/// How much was searched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Searched {
    /// Logs that were opened; jobs that wrote nothing have none.
    pub logs: u64,
    /// Bytes of text.
    pub bytes: u64,
}

/// What a turn found.
#[derive(Debug, Default)]
pub struct Turn {
    /// Hits, in the order of the logs.
    pub hits: Vec<Hit>,
    /// Logs, or directories of them, that could not be read.
    pub unreadable: Vec<LogError>,
    /// Whether all was searched.
    pub is_last: bool,
}

/// A search on its way.
pub struct Search {
    store: LogStore,
    pattern: Pattern,
    only: Only,
    runs: VecDeque<RunId>,
    targets: VecDeque<Target>,
    /// The log that is searched now, and the line that comes next in it.
    current: Option<(Target, Within)>,
    /// The line to begin with in the first log.
    first_line: u64,
    searched: Searched,
}

impl Search {
    /// A search that has not begun.
    pub fn new(store: LogStore, pattern: Pattern, scope: Scope, only: Only) -> Self {
        let (runs, targets) = match scope {
            Scope::Logs(targets) => (VecDeque::new(), targets.into()),
            Scope::Runs(runs) => (runs.into(), VecDeque::new()),
        };
        Self {
            store,
            pattern,
            only,
            runs,
            targets,
            current: None,
            first_line: 1,
            searched: Searched::default(),
        }
    }

    /// Goes on at a place that another search of the same scope came to. Whether there is such a place; where not, nothing has
    /// changed. Waits for the disk.
    pub fn go_to(&mut self, place: &Place) -> bool {
        if let Some(at) = self.runs.iter().position(|run| *run == place.run) {
            self.runs.drain(..at);
            if place.job.is_none() {
                return true;
            }
            self.runs.pop_front();
            // What cannot be read is told when it is met, and was told when the place was given.
            let (targets, _) = self.store.logs_of(&place.run).unwrap_or_default();
            self.targets = targets.into();
        }
        let Some((job, attempt)) = &place.job else {
            return false;
        };
        let is_it = |target: &Target| {
            target.run == place.run && target.log.job == *job && target.log.attempt == *attempt
        };
        match self.targets.iter().position(is_it) {
            Some(at) => {
                self.targets.drain(..at);
                self.first_line = place.line.max(1);
                true
            }
            None => false,
        }
    }

    /// Where it goes on; nothing when all was searched.
    pub fn place(&self) -> Option<Place> {
        let of = |target: &Target, line| Place {
            run: target.run.clone(),
            job: Some((target.log.job.clone(), target.log.attempt)),
            line,
        };
        let current = self.current.as_ref();
        current
            .map(|(target, within)| of(target, within.next_line()))
            .or_else(|| self.targets.front().map(|target| of(target, self.first_line)))
            .or_else(|| {
                self.runs.front().map(|run| Place {
                    run: run.clone(),
                    job: None,
                    line: 1,
                })
            })
    }

    /// How much was searched so far.
    pub fn searched(&self) -> Searched {
        self.searched
    }

    /// Searches on, for at most `hits` hits and about as much text as [`Search`] reads at a time. Waits for the disk.
    pub fn turn(&mut self, hits: usize) -> Turn {
        let hits = hits.min(TURN_HITS);
        let mut turn = Turn::default();
        let (mut bytes, mut opened) = (0, 0);
        while turn.hits.len() < hits && bytes < TURN_BYTES && opened < TURN_LOGS {
            let Some((target, mut within)) = self.next_log(&mut turn, &mut opened) else {
                break;
            };
            let room = hits - turn.hits.len();
            let steps = self.only.steps_of(&target.log.job);
            let searched = within.piece(&self.pattern, steps, TURN_BYTES - bytes, room, |found| {
                turn.hits.push(Hit {
                    target: target.clone(),
                    line: found.line,
                    time: found.time,
                    step: found.step,
                    source: found.source,
                    excerpt: found.excerpt,
                });
            });
            match searched {
                Ok(piece) => {
                    bytes += piece.bytes;
                    self.searched.bytes += piece.bytes;
                    if !piece.is_last {
                        self.current = Some((target, within));
                    }
                }
                Err(error) => turn.unreadable.push(error),
            }
        }
        turn.is_last = self.place().is_none();
        turn
    }

    /// The log that comes next, opened; nothing when there is none, or this turn has opened enough.
    fn next_log(&mut self, turn: &mut Turn, opened: &mut usize) -> Option<(Target, Within)> {
        if let Some(current) = self.current.take() {
            return Some(current);
        }
        loop {
            if *opened >= TURN_LOGS {
                return None;
            }
            *opened += 1;
            let Some(target) = self.targets.pop_front() else {
                let run = self.runs.pop_front()?;
                match self.store.logs_of(&run) {
                    Ok((targets, nameless)) => {
                        self.targets = targets.into();
                        turn.unreadable.extend(nameless);
                    }
                    Err(error) => turn.unreadable.push(error),
                }
                continue;
            };
            let line = mem::replace(&mut self.first_line, 1);
            if !self.only.has_job(&target.log.job) {
                continue;
            }
            let key = &target.log;
            match self.store.open(&key.run, &key.job, key.attempt) {
                Ok(reader) => {
                    self.searched.logs += u64::from(reader.is_begun());
                    return Some((target, Within::new(reader, line.max(self.only.from))));
                }
                Err(error) => turn.unreadable.push(error),
            }
        }
    }
}

impl Only {
    fn has_job(&self, id: &JobId) -> bool {
        let is_named = self.job.as_ref().is_none_or(|job| id.is_of(job));
        is_named && self.steps.as_ref().is_none_or(|steps| steps.contains_key(id))
    }

    /// The steps of a job whose lines count; all when nothing was said.
    fn steps_of(&self, job: &JobId) -> Option<&HashSet<StepId>> {
        self.steps.as_ref().and_then(|steps| steps.get(job))
    }
}
