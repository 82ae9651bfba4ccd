//! How a run is awaited.

use tokio::sync::watch;

use crate::event::RunState;
use crate::id::RunId;

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Its final state.
    pub state: RunState,
    /// What is wrong with its history, when that could not be written to the end.
    pub problem: Option<String>,
}

/// A run that was begun. Dropping it does not end the run.
#[derive(Clone, Debug)]
pub struct RunHandle {
    pub(in crate::engine) id: RunId,
    pub(in crate::engine) done: watch::Receiver<Option<Outcome>>,
}

impl RunHandle {
    /// The run's id.
    pub fn id(&self) -> &RunId {
        &self.id
    }

    /// Waits for the run's end.
    pub async fn finished(mut self) -> Outcome {
        let ended = self
            .done
            .wait_for(Option::is_some)
            .await
            .ok()
            .and_then(|outcome| outcome.clone());
        ended.unwrap_or_else(|| Outcome {
            state: RunState::Lost,
            problem: Some("the engine went away before the run ended".to_owned()),
        })
    }
}
