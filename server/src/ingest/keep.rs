//! All that came of what came in, at one moment: a keyframe. Recordings are made of them, and servers of several begin with one.

use std::sync::{Arc, PoisonError};

use bytes::Bytes;
use loom_protocol::Timestamp;

use super::Intake;
use crate::Clock;
use crate::directory::{Directory, DirectoryOptions};
use crate::journal::Journal;
use crate::lints::Lints;
use crate::traffic::Traffic;

/// The form of a keyframe. To be counted up with each change of what stands in one, in `keep.rs` of each store: files and other
/// servers may have another.
pub(crate) const FORM: u32 = 2;
/// Bytes that a keyframe has at most.
pub(crate) const MOST_KEYFRAME: u64 = 512 * 1024 * 1024;
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

    /// Becomes what was written, as of `at`. Nothing changes where that can't be read.
    pub(crate) fn take_over(&self, at: Timestamp, bytes: &Bytes) -> postcard::Result<()> {
        let (directory, rest) = Directory::read_kept(bytes)?;
        let (traffic, rest) = Traffic::of_kept(rest)?;
        let (journal, rest) = Journal::of_kept(rest)?;
        let (lints, rest) = Lints::of_kept(rest)?;
        if !rest.is_empty() {
            return Err(postcard::Error::DeserializeBadEncoding);
        }
        {
            let _alone = self.door.write().unwrap_or_else(PoisonError::into_inner);
            for recorder in &self.recorders {
                recorder.took_over(at, bytes);
            }
            self.directory().take_over(directory);
            self.traffic.take_over(traffic);
            self.journal.take_over(journal);
            self.lints.take_over(lints);
        }
        // Others are looked at here than where that was written.
        self.watched_changed();
        Ok(())
    }
}
