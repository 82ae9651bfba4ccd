//! Follows the journal: every event of the runs it watches, once, in order, whoever writes them.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::{Journal, JournalError, RunQuery};
use crate::event::{Event, Recorded, Seq};
use crate::id::RunId;

/// How soon to ask whether another process wrote; while none does, less and less often.
const FOREIGN_POLL: Duration = Duration::from_millis(100);
const RAREST_POLL: Duration = Duration::from_millis(250);
/// Runs that have ended and whose places are kept.
const ENDED: usize = 1000;
/// Events read at a time.
const PAGE: usize = 500;

/// A reader that keeps its place. Its cursor is (run, seq), so nothing is missed however runs interleave.
pub struct Tail {
    journal: Arc<dyn Journal>,
    scope: Scope,
    /// The last event that was returned, by run.
    cursors: HashMap<RunId, Seq>,
    /// The last event that is known to exist, by run.
    behind: HashMap<RunId, Seq>,
    /// Runs that ended, the oldest first.
    ended: VecDeque<RunId>,
    /// Runs whose history cannot be read: told once and left out from then on, so that they keep no other from being read.
    unreadable: HashSet<RunId>,
    /// What is to be told of such a run, once what was read beside it is handed over.
    unreported: VecDeque<JournalError>,
    /// The last change of the journal that was looked at.
    seen: u64,
    written: watch::Receiver<u64>,
    foreign: Option<i64>,
    /// Whether there may be something to read.
    look: bool,
}

enum Scope {
    One(RunId),
    All,
}

impl Tail {
    /// Follows one run from a place.
    pub fn run(journal: Arc<dyn Journal>, run: RunId, after: Seq) -> Self {
        let cursors = HashMap::from([(run.clone(), after)]);
        Self::new(journal, Scope::One(run), cursors)
    }

    /// Follows every run that is open now or created later, each from its first event.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn all(journal: Arc<dyn Journal>) -> Result<Self, JournalError> {
        let mut tail = Self::new(Arc::clone(&journal), Scope::All, HashMap::new());
        // Changes first, then the open runs: what happens between the two is seen twice rather than never.
        tail.seen = journal.last_change().await?;
        let open = RunQuery {
            open_only: true,
            limit: usize::MAX,
            ..RunQuery::default()
        };
        tail.behind = journal
            .runs(open)
            .await?
            .into_iter()
            .map(|run| (run.id, run.last))
            .collect();
        Ok(tail)
    }

    fn new(journal: Arc<dyn Journal>, scope: Scope, cursors: HashMap<RunId, Seq>) -> Self {
        let written = journal.written();
        Self {
            journal,
            scope,
            cursors,
            behind: HashMap::new(),
            ended: VecDeque::new(),
            unreadable: HashSet::new(),
            unreported: VecDeque::new(),
            seen: 0,
            written,
            foreign: None,
            look: true,
        }
    }

    /// Waits for events and returns them: in order within each run, never empty.
    ///
    /// May be dropped while it waits (in a `select!`): nothing is lost, and the next call goes on where this one was.
    ///
    /// # Errors
    /// When the journal cannot be read; calling again goes on at the same place. [`JournalError::Event`] when one run's
    /// history cannot: a tail of all runs says so once and goes on without that run.
    pub async fn next(&mut self) -> Result<Vec<Recorded>, JournalError> {
        loop {
            if let Some(error) = self.unreported.pop_front() {
                return Err(error);
            }
            if !self.look {
                self.wait().await?;
            }
            // Stays set while the read is under way: a wake-up that was taken must not be forgotten with the future.
            self.look = true;
            let (events, more) = self.read_new().await?;
            // What is written after the read wakes whoever waits.
            self.look = more;
            if !events.is_empty() {
                return Ok(events);
            }
        }
    }

    async fn wait(&mut self) -> Result<(), JournalError> {
        let mut pause = FOREIGN_POLL;
        loop {
            tokio::select! {
                changed = self.written.changed() => {
                    return changed.map_err(|_| JournalError::Closed);
                }
                () = tokio::time::sleep(pause) => {
                    pause = (pause * 5 / 4).min(RAREST_POLL);
                    let version = self.journal.foreign_version().await?;
                    if self.foreign.replace(version) != Some(version) {
                        return Ok(());
                    }
                }
            }
        }
    }

    /// What is new, and whether there may be more than a page of it.
    async fn read_new(&mut self) -> Result<(Vec<Recorded>, bool), JournalError> {
        let behind: Vec<(RunId, Seq)> = match &self.scope {
            Scope::One(run) => vec![(run.clone(), self.cursor(run))],
            Scope::All => self.runs_behind().await?,
        };
        let mut pages = Vec::new();
        for (run, after) in behind {
            match self.journal.read(&run, after, PAGE).await {
                Ok(page) if page.is_empty() => {}
                Ok(page) => pages.push((run, page)),
                Err(error @ JournalError::Event { .. }) if matches!(self.scope, Scope::All) => {
                    self.behind.remove(&run);
                    self.unreadable.insert(run);
                    self.unreported.push_back(error);
                }
                Err(error) => return Err(error),
            }
        }
        // The places move only now that nothing is waited for any more: what was read is returned for certain.
        let (mut events, mut more) = (Vec::new(), false);
        for (run, page) in pages {
            more |= page.len() >= PAGE;
            if let Some(last) = page.last() {
                if matches!(last.event, Event::RunFinished { .. }) {
                    self.behind.remove(&run);
                    self.ended.push_back(run.clone());
                }
                self.cursors.insert(run, last.seq);
            }
            events.extend(page);
        }
        // The place of a run that has ended is kept for a while: the change that ended it may be listed after it was read.
        while self.ended.len() > ENDED {
            self.ended.pop_front().map(|run| self.cursors.remove(&run));
        }
        Ok((events, more))
    }

    fn cursor(&self, run: &RunId) -> Seq {
        self.cursors.get(run).copied().unwrap_or_default()
    }

    /// Runs that changed since the last look. The journal's own counter orders them, so that a run which was created
    /// and ended between two looks is found too.
    async fn runs_behind(&mut self) -> Result<Vec<(RunId, Seq)>, JournalError> {
        for change in self.journal.changes(self.seen).await? {
            self.seen = change.change;
            if change.last > self.cursor(&change.run) && !self.unreadable.contains(&change.run) {
                self.behind.insert(change.run, change.last);
            }
        }
        let behind = self.behind.iter().filter(|(run, last)| **last > self.cursor(run));
        Ok(behind.map(|(run, _)| (run.clone(), self.cursor(run))).collect())
    }
}
