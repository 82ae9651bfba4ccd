//! Agents that wait for another job of their run: to start one anew costs more than a short job does.
//!
//! Safe where nothing tells the next job of the one before: the same run, whose jobs have the same secrets and the same user;
//! an agent that was alone with its job, closed it in order and found nothing that it left. Whatever else there is, an agent
//! is of one job.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::process::Child;
use tokio::task::JoinHandle;

use crate::executor::channel::Idle;
use crate::id::RunId;

/// Agents that wait at most; more end at once. As many as jobs may end at once while others begin.
const MOST: usize = 32;
/// How long one waits.
const PATIENCE: Duration = Duration::from_millis(500);
/// How long one may take to end when it is hung up on, and when it was killed.
const END_TIME: Duration = Duration::from_secs(5);
/// Jobs of one agent at most.
const MOST_JOBS: u32 = 1000;

/// An agent that runs.
#[derive(Debug)]
pub(super) struct Agent {
    /// The process that watches over it.
    pub(super) child: Child,
    /// The run that it serves.
    pub(super) run: RunId,
    /// What marks it, and nothing else.
    pub(super) mark: String,
    /// How long it goes on when its owner has vanished.
    pub(super) grace: Duration,
    /// Jobs it had, the one at hand included.
    pub(super) jobs: u32,
}

/// One that waits.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) agent: Agent,
    pub(super) idle: Idle,
}

/// The agents that wait. Cheap to clone; all clones are the same.
#[derive(Clone, Debug, Default)]
pub(super) struct Warm {
    all: Arc<Mutex<All>>,
}

#[derive(Debug, Default)]
struct All {
    /// The one that waits longest first.
    waiting: VecDeque<(Instant, Waiting)>,
    /// Those that are being ended, by run.
    ending: Vec<(RunId, JoinHandle<()>)>,
    /// Whether somebody looks after them.
    watched: bool,
}

impl Warm {
    /// An agent that has no job any more waits for another one for a while. Must be called within a tokio runtime.
    pub(super) fn keep(&self, waiting: Waiting) {
        let mut all = self.lock();
        if waiting.agent.jobs >= MOST_JOBS {
            return all.end(waiting);
        }
        all.waiting.push_back((Instant::now(), waiting));
        if all.waiting.len() > MOST
            && let Some((_, waiting)) = all.waiting.pop_front()
        {
            all.end(waiting);
        }
        if !std::mem::replace(&mut all.watched, true) {
            tokio::spawn(self.clone().watch());
        }
    }

    /// An agent that may serve another job of this run.
    pub(super) fn take(&self, run: &RunId, grace: Duration) -> Option<Waiting> {
        let mut all = self.lock();
        let fits =
            |(_, waiting): &(Instant, Waiting)| waiting.agent.run == *run && waiting.agent.grace == grace;
        let place = all.waiting.iter().rposition(fits)?;
        let (_, mut waiting) = all.waiting.remove(place)?;
        waiting.agent.jobs += 1;
        Some(waiting)
    }

    /// Ends those that wait for a job of this run, and waits until they are gone.
    pub(super) async fn release(&self, run: &RunId) {
        let ending: Vec<_> = {
            let mut all = self.lock();
            let (of_run, others): (VecDeque<_>, _) = std::mem::take(&mut all.waiting)
                .into_iter()
                .partition(|(_, waiting)| waiting.agent.run == *run);
            all.waiting = others;
            for (_, waiting) in of_run {
                all.end(waiting);
            }
            all.ending.extract_if(.., |(of, _)| of == run).collect()
        };
        for (_, task) in ending {
            // One that broke off has let go of its agent, which has been hung up on.
            let _ = task.await;
        }
    }

    async fn watch(self) {
        loop {
            tokio::time::sleep(PATIENCE).await;
            let mut all = self.lock();
            while let Some((_, waiting)) = all.waiting.pop_front_if(|(since, _)| since.elapsed() >= PATIENCE)
            {
                all.end(waiting);
            }
            all.ending.retain(|(_, task)| !task.is_finished());
            if all.waiting.is_empty() && all.ending.is_empty() {
                all.watched = false;
                return;
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, All> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl All {
    /// Ends an agent that nobody needs: by hanging up, else by force. Must be called within a tokio runtime.
    fn end(&mut self, waiting: Waiting) {
        let Waiting { agent, idle } = waiting;
        drop(idle);
        let mut child = agent.child;
        let task = tokio::spawn(async move {
            if tokio::time::timeout(END_TIME, child.wait()).await.is_err() {
                let _ = child.start_kill();
                let _ = tokio::time::timeout(END_TIME, child.wait()).await;
            }
        });
        self.ending.push((agent.run, task));
    }
}
