//! Whether the container of a job goes on once it was started.

use super::{ExecSteps, LOOK, container};
use crate::executor::{ExecutorError, StepOutput, Stream};

/// How often to look whether a container in which nothing can be run has ended.
const LOOKS: u32 = 10;

/// Takes what nobody wants to hear.
struct Unheard;

impl StepOutput for Unheard {
    fn chunk(&mut self, _: Stream, _: jiff::Timestamp, _: &[u8]) {}
}

impl ExecSteps {
    /// Makes sure that the container goes on: one whose image or limits let no shell run ends at once, and no step of it
    /// could say why.
    pub(super) async fn see_it_going_on(&self) -> Result<(), ExecutorError> {
        let nothing = ["sh", "-c", ":"].map(str::to_owned).to_vec();
        if matches!(self.exec(nothing, Vec::new(), Box::new(Unheard)).await, Ok(0)) {
            return Ok(());
        }
        for _ in 0..LOOKS {
            if let Some(state) = container::state(&self.connection, &self.name).await?
                && state.running == Some(false)
            {
                let cause = format!(
                    "{}; not even a shell runs in it: look at its image, and at the limits in its `options`",
                    container::epitaph(&state)
                );
                return Err(ExecutorError::workflow("start the job's container", cause));
            }
            tokio::time::sleep(LOOK).await;
        }
        // Something else was in the way, which the first step says.
        Ok(())
    }
}
