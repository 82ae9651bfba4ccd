//! What a step asked for while it ran.

use std::collections::HashSet;
use std::fmt;
use std::io;

use super::annotation::{Annotation, AnnotationCounts, Level};

/// So many annotations of a level are kept of a step, as on GitHub.
const MOST_OF_A_LEVEL: u64 = 10;
/// Outputs, state, variables and paths that commands set may have so many bytes in all.
const LARGEST: usize = 64 * 1024 * 1024;

/// What a step asked for by workflow commands, and what became of its lines. `Debug` shows no values.
#[derive(Default)]
pub struct StepEffects {
    /// Its outputs; names differ by more than case.
    pub outputs: Vec<(String, String)>,
    /// Variables for the steps after it, in order.
    pub env: Vec<(String, String)>,
    /// Directories for the `PATH` of the steps after it: a later one goes before an earlier one.
    pub path: Vec<String>,
    /// State for the post step of the same action.
    pub state: Vec<(String, String)>,
    /// What it wrote for its summary: Markdown, masked.
    pub summary: Option<String>,
    /// The first ten of each level.
    pub annotations: Vec<Annotation>,
    /// How many there were of each level.
    pub counted: AnnotationCounts,
    /// Why the step fails, whatever its exit code.
    pub failed_by: Option<String>,
    /// How many lines were handed to the sink.
    pub lines: u64,
    /// How many of them it lost. A job that lost lines is `lost`.
    pub lost_lines: u64,
    /// Why the first was lost.
    pub lost_by: Option<io::Error>,
    held: usize,
}

impl StepEffects {
    /// Annotations that are not kept.
    pub fn dropped(&self, level: Level) -> u64 {
        self.counted.of(level).saturating_sub(MOST_OF_A_LEVEL)
    }

    pub(super) fn annotate(&mut self, annotation: Annotation) {
        self.counted.add(annotation.level);
        if self.counted.of(annotation.level) <= MOST_OF_A_LEVEL {
            self.annotations.push(annotation);
        }
    }

    pub(super) fn lose(&mut self, lines: u64, error: io::Error) {
        self.lost_lines += lines;
        self.lost_by.get_or_insert(error);
    }

    /// Whether so many bytes more may be kept.
    pub(super) fn reserve(&mut self, bytes: usize) -> bool {
        // What a name and a value cost beside their bytes.
        let held = self.held.saturating_add(bytes).saturating_add(64);
        let fits = held <= LARGEST;
        if fits {
            self.held = held;
        }
        fits
    }

    /// Of what was set twice the last counts, at its place.
    pub(super) fn settled(mut self) -> Self {
        keep_last(&mut self.outputs, |(name, _)| name.to_lowercase());
        keep_last(&mut self.state, |(name, _)| name.to_lowercase());
        keep_last(&mut self.env, |(name, _)| name.clone());
        keep_last(&mut self.path, String::clone);
        self
    }
}

fn keep_last<T>(list: &mut Vec<T>, key: impl Fn(&T) -> String) {
    let mut seen = HashSet::new();
    list.reverse();
    list.retain(|one| seen.insert(key(one)));
    list.reverse();
}

impl fmt::Debug for StepEffects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StepEffects")
            .field("outputs", &self.outputs.len())
            .field("env", &self.env.len())
            .field("path", &self.path.len())
            .field("state", &self.state.len())
            .field("counted", &self.counted)
            .field("failed_by", &self.failed_by)
            .field("lines", &self.lines)
            .field("lost_lines", &self.lost_lines)
            .finish_non_exhaustive()
    }
}
