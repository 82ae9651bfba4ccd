//! Runs as their histories tell them, kept for those who ask again: a question costs what was added since the last one.

use std::collections::VecDeque;
use std::sync::{Arc, PoisonError};

use tokio::sync::Mutex;

use super::EngineError;
use crate::event::Seq;
use crate::id::RunId;
use crate::journal::Journal;
use crate::state::Run;

/// Runs that are kept; those that were asked for last.
const KEPT: usize = 32;
/// Events read at a time.
const PAGE: usize = 2000;

/// The runs that were asked for last.
#[derive(Default)]
pub(super) struct Histories {
    known: std::sync::Mutex<VecDeque<(RunId, Slot)>>,
}

/// One reads a history, the others who ask for it wait for that.
type Slot = Arc<Mutex<Option<Arc<Run>>>>;

impl Histories {
    /// A run as it stands now; `None` when there is none.
    pub(super) async fn run(
        &self,
        journal: &dyn Journal,
        id: &RunId,
    ) -> Result<Option<Arc<Run>>, EngineError> {
        let slot = self.slot(id);
        let mut slot = slot.lock().await;
        let run = match slot.take() {
            Some(run) => catch_up(journal, run).await.map(Some),
            None => begin(journal, id).await,
        };
        match run {
            Ok(Some(run)) => {
                *slot = Some(Arc::clone(&run));
                Ok(Some(run))
            }
            nothing => {
                self.forget(id);
                nothing
            }
        }
    }

    fn slot(&self, id: &RunId) -> Slot {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let place = known.iter().position(|(run, _)| run == id);
        let entry = place
            .and_then(|place| known.remove(place))
            .unwrap_or_else(|| (id.clone(), Slot::default()));
        let slot = Arc::clone(&entry.1);
        known.push_back(entry);
        while known.len() > KEPT {
            known.pop_front();
        }
        slot
    }

    fn forget(&self, id: &RunId) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|(run, _)| run != id);
    }
}

async fn begin(journal: &dyn Journal, id: &RunId) -> Result<Option<Arc<Run>>, EngineError> {
    let events = journal.read(id, Seq::default(), PAGE).await?;
    match Run::replay(&events)? {
        Some(run) => catch_up(journal, Arc::new(run)).await.map(Some),
        None => Ok(None),
    }
}

async fn catch_up(journal: &dyn Journal, mut run: Arc<Run>) -> Result<Arc<Run>, EngineError> {
    // Nothing follows an end.
    while !run.state.is_final() {
        let events = journal.read(&run.id, run.last, PAGE).await?;
        if events.is_empty() {
            break;
        }
        let known = Arc::make_mut(&mut run);
        for event in &events {
            known.apply(event)?;
        }
    }
    Ok(run)
}
