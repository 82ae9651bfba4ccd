//! The images of a job's container actions: pulled before their steps' turn, or built.

use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use super::companions::Companions;
use super::{build, image, pull};
use crate::executor::{ExecutorError, Notes, PullPolicy};

impl Companions {
    /// Gets an image before a step wants it.
    pub(in crate::executor) async fn pull(
        &self,
        name: &str,
        notes: Arc<dyn Notes>,
    ) -> Result<(), ExecutorError> {
        let policy = self.policy(name);
        let fetching = image::ensure(&self.connection, name, None, policy, notes.as_ref());
        tokio::select! {
            biased;
            found = self.connection.while_it_answers(|| None, fetching) => found?,
            () = self.ending.cancelled() => {
                return Err(ExecutorError::lost("it was closed while an image was pulled"));
            }
        };
        let mut pulled = self.pulled.lock().unwrap_or_else(PoisonError::into_inner);
        pulled.insert(name.to_owned());
        Ok(())
    }

    /// When to pull an image that a step wants.
    pub(super) fn policy(&self, name: &str) -> PullPolicy {
        let pulled = self.pulled.lock().unwrap_or_else(PoisonError::into_inner);
        if pulled.contains(name) {
            pull::again(self.spec.pull)
        } else {
            self.spec.pull
        }
    }

    /// Builds an image of the job's own.
    pub(in crate::executor) async fn build(
        &self,
        context: PathBuf,
        dockerfile: PathBuf,
        notes: Arc<dyn Notes>,
    ) -> Result<String, ExecutorError> {
        let _gate = self.gate().await?;
        self.built.store(true, Ordering::Relaxed);
        let context = std::path::absolute(&context).unwrap_or(context);
        let building = build::build(&self.connection, &self.marks, context, dockerfile, notes.as_ref());
        tokio::select! {
            biased;
            built = self.connection.while_it_answers(|| None, building) => built,
            () = self.ending.cancelled() => Err(ExecutorError::lost("it was closed while an image was built")),
        }
    }
}
