//! The images of a job's container actions: pulled before their steps' turn, or built.

use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::companions::Companions;
use super::{build, image, pull};
use crate::executor::{ExecutorError, Notes, PullPolicy};

/// How long a registry that could not be asked is not asked again for a step: that was tried more than once.
const JUST: Duration = Duration::from_secs(60);

/// The engine ends the step that it is at when a build is broken off: what comes of that is there a little later, and no
/// question tells when. So often it is looked for,
const LAST_LOOKS: u32 = 10;
/// at such intervals.
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);

impl Companions {
    /// Gets an image before a step wants it.
    pub(in crate::executor) async fn pull(
        &self,
        name: &str,
        notes: Arc<dyn Notes>,
    ) -> Result<(), ExecutorError> {
        let policy = self.policy(name);
        let fetching = image::ensure(&self.connection, name, None, policy, notes.as_ref());
        let found = tokio::select! {
            biased;
            found = self.connection.while_it_answers(|| None, fetching) => found,
            () = self.ending.cancelled() => {
                return Err(ExecutorError::lost("it was closed while an image was pulled"));
            }
        };
        match found {
            Ok(_) => {
                let mut pulled = self.pulled.lock().unwrap_or_else(PoisonError::into_inner);
                pulled.insert(name.to_owned());
                Ok(())
            }
            Err(ExecutorError::Setup { what, cause }) => {
                let error = || ExecutorError::Setup {
                    what: what.clone(),
                    cause: cause.clone(),
                };
                let mut not_pulled = self.not_pulled.lock().unwrap_or_else(PoisonError::into_inner);
                not_pulled.insert(name.to_owned(), (Instant::now(), error()));
                Err(error())
            }
            Err(error) => Err(error),
        }
    }

    /// When to pull the image of a step whose turn it is, if at all; and why it could not be pulled a moment ago, when it is
    /// not there. That is told once: whoever tries the step again means it.
    ///
    /// # Errors
    /// The same of an image that is always to be pulled.
    pub(super) fn policy_of_step(
        &self,
        name: &str,
        pull: bool,
    ) -> Result<(PullPolicy, Option<ExecutorError>), ExecutorError> {
        if !pull {
            return Ok((PullPolicy::Never, None));
        }
        let mut not_pulled = self.not_pulled.lock().unwrap_or_else(PoisonError::into_inner);
        match not_pulled.remove(name) {
            Some((when, error)) if when.elapsed() < JUST => match self.spec.pull {
                PullPolicy::Always => Err(error),
                PullPolicy::Missing | PullPolicy::Never => Ok((PullPolicy::Never, Some(error))),
            },
            _ => Ok((self.policy(name), None)),
        }
    }

    /// When to pull an image that a step wants.
    fn policy(&self, name: &str) -> PullPolicy {
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
            () = self.ending.cancelled() => {
                self.broken_off.store(true, Ordering::Relaxed);
                Err(ExecutorError::lost("it was closed while an image was built"))
            }
        }
    }

    /// Removes the images that were built, with what a build that was broken off has made of one.
    pub(super) async fn remove_images(&self) -> Result<(), ExecutorError> {
        build::remove_labelled(&self.connection, vec![self.label()]).await?;
        if self.broken_off.load(Ordering::Relaxed) {
            for _ in 0..LAST_LOOKS {
                tokio::time::sleep(BETWEEN_LOOKS).await;
                build::remove_labelled(&self.connection, vec![self.label()]).await?;
            }
        }
        Ok(())
    }
}
