//! What a step says: bytes become lines, lines become workflow commands, everything passes the masks, and what is left
//! goes to the sink. One way for all of it, so that nothing reaches disk, events or a screen unmasked.
//!
//! Pure and synchronous: no clock, no files, no threads of its own. Where documents are silent, the rules are those of
//! GitHub's runner (`ActionCommandManager`, `FileCommandManager`, `OutputManager`, `SecretMasker`).

mod annotation;
mod commands;
mod effects;
mod encodings;
mod files;
mod interpreter;
mod masks;
mod matchers;
mod matching;
mod pattern;
mod pump;
mod sink;
mod terminal;

pub use annotation::{Annotation, AnnotationCounts, Level};
pub use effects::StepEffects;
pub use files::{
    Environment, FILE_LIMIT, FileError, Pairs, SUMMARY_LIMIT, StepFiles, Summary, environment, key_values,
    outputs, paths, state, summary,
};
pub use interpreter::Allowed;
pub use masks::Masks;
pub use matchers::{MatcherError, MatcherSet};
pub use pump::{LONGEST_LINE, MatcherFiles, NoMatcherFiles, Pump, PumpOptions};
pub use sink::{Kind, Line, LineSink};
pub use terminal::printable;
