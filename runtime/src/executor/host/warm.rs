//! Agents that wait for another job of their run: to start one anew costs more than a short job does.
//!
//! Safe where nothing tells the next job of the one before: the same run, whose jobs have the same secrets and the same user;
//! an agent that was alone with its job, closed it in order and found nothing that it left. Whatever else there is, an agent
//! is of one job.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::process::Child;

use crate::executor::channel::Idle;
use crate::id::RunId;

/// Agents that wait at most; more end at once.
const MOST: usize = 8;
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

/// The agents that wait. Cheap to clone; all clones are the same.
#[derive(Clone, Debug, Default)]
pub(super) struct Warm {
    waiting: Arc<Mutex<Waiting>>,
}

#[derive(Debug, Default)]
struct Waiting {
    /// The one that waits longest first.
    agents: VecDeque<(Instant, Agent, Idle)>,
    /// Whether somebody looks after them.
    watched: bool,
}

impl Warm {
    /// An agent that has no job any more waits for another one for a while. Must be called within a tokio runtime.
    pub(super) fn keep(&self, agent: Agent, idle: Idle) {
        if agent.jobs >= MOST_JOBS {
            return end(agent, idle);
        }
        let mut waiting = self.lock();
        waiting.agents.push_back((Instant::now(), agent, idle));
        if waiting.agents.len() > MOST
            && let Some((_, agent, idle)) = waiting.agents.pop_front()
        {
            end(agent, idle);
        }
        if !std::mem::replace(&mut waiting.watched, true) {
            tokio::spawn(self.clone().watch());
        }
    }

    /// An agent that may serve another job of this run.
    pub(super) fn take(&self, run: &RunId, grace: Duration) -> Option<(Agent, Idle)> {
        let mut waiting = self.lock();
        let fits = |(_, agent, _): &(Instant, Agent, Idle)| agent.run == *run && agent.grace == grace;
        let place = waiting.agents.iter().rposition(fits)?;
        let (_, mut agent, idle) = waiting.agents.remove(place)?;
        agent.jobs += 1;
        Some((agent, idle))
    }

    async fn watch(self) {
        loop {
            tokio::time::sleep(PATIENCE).await;
            let mut waiting = self.lock();
            while let Some((_, agent, idle)) = waiting
                .agents
                .pop_front_if(|(since, ..)| since.elapsed() >= PATIENCE)
            {
                end(agent, idle);
            }
            if waiting.agents.is_empty() {
                waiting.watched = false;
                return;
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ends an agent that nobody needs: by hanging up, else by force. Must be called within a tokio runtime.
fn end(agent: Agent, idle: Idle) {
    drop(idle);
    let mut child = agent.child;
    tokio::spawn(async move {
        if tokio::time::timeout(END_TIME, child.wait()).await.is_err() {
            let _ = child.start_kill();
            let _ = tokio::time::timeout(END_TIME, child.wait()).await;
        }
    });
}
