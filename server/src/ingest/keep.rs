//! All that came of what came in, at one moment: written into a keyframe of a recording, and made of one again.

use std::sync::{Arc, PoisonError};

use super::Intake;
use crate::Clock;
use crate::directory::{Directory, DirectoryOptions};
use crate::journal::Journal;
use crate::lints::Lints;
use crate::traffic::Traffic;

/// Bytes that a keyframe has, as a first guess.
const USUAL: usize = 1024 * 1024;

impl Intake {
    /// Writes all that is known, while nobody changes anything; `at_once` is run in the same moment.
    pub(crate) fn keep<T>(&self, at_once: impl FnOnce() -> T) -> (postcard::Result<Vec<u8>>, T) {
        let _alone = self.door.write().unwrap_or_else(PoisonError::into_inner);
        let kept = self
            .directory()
            .keep(Vec::with_capacity(USUAL))
            .and_then(|to| self.traffic.keep(to))
            .and_then(|to| self.journal.keep(to))
            .and_then(|to| self.lints.keep(to));
        (kept, at_once())
    }

    /// A way into a directory that knows what was written.
    pub(crate) fn of_kept(
        options: DirectoryOptions,
        clock: Arc<dyn Clock>,
        bytes: &[u8],
    ) -> postcard::Result<Self> {
        let (directory, rest) = Directory::of_kept(options, clock, bytes)?;
        let (traffic, rest) = Traffic::of_kept(rest)?;
        let (journal, rest) = Journal::of_kept(rest)?;
        let (lints, rest) = Lints::of_kept(rest)?;
        if !rest.is_empty() {
            return Err(postcard::Error::DeserializeBadEncoding);
        }
        let mut intake = Self::new(Arc::new(directory));
        (intake.traffic, intake.journal, intake.lints) = (traffic, journal, lints);
        Ok(intake)
    }
}
