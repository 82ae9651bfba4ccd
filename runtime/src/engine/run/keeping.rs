//! Whether the place of a job that is done is removed or kept: as it is chosen for the run, and as the job ended.

use loom_bridge::Context;

use super::actor::RunActor;
use super::prepared::ClosePlace;
use crate::config::Keep;
use crate::engine::job::{close, keep};
use crate::event::{Event, JobState};
use crate::id::JobId;

/// Whether the place of a job that ended so is kept. One that the machine has lost is not: nobody knows what it is.
fn is_kept(keep: Keep, state: JobState) -> bool {
    match keep {
        Keep::Never => false,
        Keep::Failed => state == JobState::Failure,
        Keep::Always => matches!(state, JobState::Success | JobState::Failure | JobState::Cancelled),
    }
}

impl RunActor {
    /// Removes a place. Where it may be kept, that waits for the job's end, which follows; it counts as being removed.
    pub(super) fn close_or_keep(&mut self, message: ClosePlace, ctx: &mut Context<Self>) {
        if self.launch.source.options.keep.is_never() {
            let ClosePlace {
                key,
                opened,
                place_tasks,
                ..
            } = message;
            return self.until_closed(key.job, place_tasks.track(close(*opened)), ctx);
        }
        let (job, attempt) = (message.key.job.clone(), message.key.attempt);
        *self.closing.entry(job.clone()).or_default() += 1;
        self.undecided.insert(job.clone(), message);
        let Some(known) = self.run.jobs.get(&job) else {
            return;
        };
        // What becomes of the job may have been written before this came.
        if known.state.is_final() {
            self.decide_place(&job, Some(known.state), ctx);
        } else if known.retry_at.is_some() || known.attempt > attempt {
            self.decide_place(&job, None, ctx);
        }
    }

    /// A job has ended, or is tried again (no state): what becomes of its place is known now.
    pub(super) fn decide_place(&mut self, job: &JobId, state: Option<JobState>, ctx: &mut Context<Self>) {
        let Some(ClosePlace {
            key,
            opened,
            place_tasks,
            entrances,
        }) = self.undecided.remove(job)
        else {
            return;
        };
        let wanted = self.launch.source.options.keep;
        if !state.is_some_and(|state| is_kept(wanted, state)) {
            let closing = async move { close(*opened).await.map(|closed| (closed, None)) };
            return self.while_closing(job.clone(), place_tasks.track(closing), ctx);
        }
        let keeping = async move {
            let left = keep(*opened, entrances).await?;
            let event = left.is_kept.then(|| Event::JobKept {
                resource: key.resource_name(),
                job: key.job,
                attempt: key.attempt,
            });
            Ok((left.closed, event))
        };
        self.while_closing(job.clone(), place_tasks.track(keeping), ctx);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_kept_as_its_job_ended() {
        let ended = [
            JobState::Success,
            JobState::Failure,
            JobState::Cancelled,
            JobState::Skipped,
            JobState::Lost,
        ];
        for (keep, kept) in [
            (Keep::Never, [false; 5]),
            (Keep::Failed, [false, true, false, false, false]),
            (Keep::Always, [true, true, true, false, false]),
        ] {
            assert_eq!(ended.map(|state| is_kept(keep, state)), kept, "{keep:?}");
        }
    }
}
