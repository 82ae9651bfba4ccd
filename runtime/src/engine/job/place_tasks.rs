//! What a job has under way in its executor, as its owner sees it: it goes on when the job's actor has broken.

use std::future::Future;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The openings and closings of places that are under way: of one job, or of all jobs of a run. Cheap to clone; all
/// clones are the same.
#[derive(Clone, Debug, Default)]
pub(in crate::engine) struct PlaceTasks {
    unwanted: CancellationToken,
    tasks: TaskTracker,
    /// The one of the whole run, when this is a job's.
    of_all: Option<TaskTracker>,
}

impl PlaceTasks {
    /// A part of this one: what ends the whole ends the part.
    pub(in crate::engine) fn part(&self) -> Self {
        Self {
            unwanted: self.unwanted.child_token(),
            tasks: TaskTracker::new(),
            of_all: Some(self.tasks.clone()),
        }
    }

    /// Cancelled when nobody wants the place any more.
    pub(in crate::engine) fn unwanted(&self) -> &CancellationToken {
        &self.unwanted
    }

    /// The same work, waited for by [`Self::end`] from now on.
    pub(in crate::engine) fn track<F: Future>(&self, work: F) -> impl Future<Output = F::Output> + use<F> {
        let token = self.of_all.as_ref().map(TaskTracker::token);
        let work = self.tasks.track_future(work);
        async move {
            let _token = token;
            work.await
        }
    }

    /// Gives up what is being opened and waits until nothing is under way any more: what is removed after that stays
    /// removed.
    pub(in crate::engine) async fn end(&self) {
        self.unwanted.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}
