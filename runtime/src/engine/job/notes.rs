//! What is written to a job's log: by Loom itself, and by its steps.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::engine::shared::{Progress, Shared};
use crate::executor::Notes;
use crate::id::{JobKey, StepId};
use crate::logs::{LogError, LogWriterHandle};
use crate::output::{Line, LineSink, Masks};

/// Writes what Loom has to say into a job's log, masked.
pub(super) struct LogNotes {
    writer: Mutex<LogWriterHandle>,
    shared: Arc<Shared>,
    key: JobKey,
    masks: Masks,
    /// What a process has said that is gone: whoever goes on with its job comes to say it again.
    said: Mutex<Vec<String>>,
}

impl LogNotes {
    pub(super) fn new(writer: LogWriterHandle, shared: Arc<Shared>, key: JobKey, masks: Masks) -> Self {
        Self {
            writer: Mutex::new(writer),
            shared,
            key,
            masks,
            said: Mutex::default(),
        }
    }

    /// The same behind what another process has said already.
    pub(super) fn behind(mut self, said: Vec<String>) -> Self {
        self.said = Mutex::new(said);
        self
    }

    /// Whether the log has this line of another process already, once for each that it has.
    fn was_said(&self, text: &str) -> bool {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let known = said.iter().position(|said| said == text);
        known.map(|place| said.swap_remove(place)).is_some()
    }

    /// Writes a line, or several. Never waits.
    pub(super) fn say(&self, text: &str) {
        self.write(None, text);
    }

    /// The same about a step.
    pub(super) fn say_of(&self, step: &StepId, text: &str) {
        self.write(Some(step), text);
    }

    fn write(&self, step: Option<&StepId>, text: &str) {
        let text = self.masks.mask(text);
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        // What is lost is counted in the log, where the job's end looks.
        for line in text.lines() {
            if step.is_none() && self.was_said(line) {
                continue;
            }
            let _counted = writer.line(
                step,
                crate::logs::Source::Loom,
                self.shared.world.now(),
                line.as_bytes(),
            );
        }
        writer.hand_over_if_room();
    }
}

impl Notes for LogNotes {
    fn line(&self, text: &str) {
        self.say(text);
    }

    fn progress(&self, what: &str, done: u64, total: Option<u64>) {
        let (run, job) = (self.key.run.clone(), self.key.job.clone());
        // Nobody watching is no error.
        drop(self.shared.progress.send(Progress {
            run,
            job,
            what: what.to_owned(),
            done,
            total,
        }));
    }
}

/// Takes the lines of one step to its job's log.
pub(super) struct StepLines {
    writer: Mutex<LogWriterHandle>,
    step: StepId,
    /// So many lines are in the log already, by a process that is gone.
    said: AtomicU64,
}

impl StepLines {
    /// Behind so many lines that the log has already: they come again, and are not written again.
    pub(super) fn behind(writer: LogWriterHandle, step: StepId, said: u64) -> Self {
        Self {
            writer: Mutex::new(writer),
            step,
            said: AtomicU64::new(said),
        }
    }

    fn was_said(&self) -> bool {
        let left = self.said.load(Ordering::Relaxed);
        self.said.store(left.saturating_sub(1), Ordering::Relaxed);
        left > 0
    }
}

impl LineSink for StepLines {
    fn line(&self, line: &Line<'_>) -> io::Result<()> {
        // Those of one step come one after the other.
        if self.was_said() {
            return Ok(());
        }
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let marker = line.kind.marker();
        let text = if marker.is_empty() {
            std::borrow::Cow::Borrowed(line.text)
        } else {
            std::borrow::Cow::Owned(format!("{marker}{}", line.text))
        };
        writer
            .line(Some(&self.step), line.source, line.at, text.as_bytes())
            .map_err(|error| lost(&error))
    }

    fn flush(&self) -> io::Result<()> {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        writer.hand_over().map_err(|error| lost(&error))
    }
}

/// What Loom itself says as a step that it does the work of.
pub(super) struct StepNotes {
    writer: Mutex<LogWriterHandle>,
    step: StepId,
    shared: Arc<Shared>,
    masks: Masks,
}

impl StepNotes {
    pub(super) fn new(writer: LogWriterHandle, step: StepId, shared: Arc<Shared>, masks: Masks) -> Self {
        Self {
            writer: Mutex::new(writer),
            step,
            shared,
            masks,
        }
    }
}

impl Notes for StepNotes {
    fn line(&self, text: &str) {
        let text = self.masks.mask(text);
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        for line in text.lines() {
            // What is lost is counted in the log, where the job's end looks.
            let (source, now) = (crate::logs::Source::Stdout, self.shared.world.now());
            let _counted = writer.line(Some(&self.step), source, now, line.as_bytes());
        }
        writer.hand_over_if_room();
    }

    fn progress(&self, _: &str, _: u64, _: Option<u64>) {}
}

fn lost(error: &LogError) -> io::Error {
    io::Error::other(crate::chain::chain(error))
}
