//! What `run` prints while a run goes on: one printer a format, fed in order by a thread of its own, which [`follow`] tells
//! what there is.

mod follow;
mod json;
mod lines;
mod missing;
mod out;
mod page;
mod plain;
mod pretty;
mod quiet;
mod screen;
mod tails;
mod terminal;

pub(super) use follow::{Attention, Audience, Subject, follow};
pub(super) use lines::{Columns, duration, numbered, place, since};
pub(super) use out::stalled;
pub(super) use page::page;
pub(super) use screen::Known;
pub(super) use tails::{Tails, tails};
pub(super) use terminal::{closed_lines, for_stdout, printable_lines};

use super::args::Format;
use crate::engine::Progress;
use crate::event::Recorded;
use crate::id::JobId;
use crate::logs::Line;
use crate::state::Run;

/// Prints a run as it goes on. It may wait for whoever reads stdout: it belongs on a thread that may.
pub(super) trait Printer: Send {
    /// An event, after it was applied to the run.
    fn event(&mut self, run: &Run, event: &Recorded);
    /// A line of a job's log.
    fn line(&mut self, run: &Run, job: &JobId, line: &Line);
    /// How far something long has got.
    fn progress(&mut self, _progress: &Progress) {}
    /// Nothing of the run goes on before somebody answers: some of its jobs are paused.
    fn stands_still(&mut self, _run: &Run) {}
    /// Shows what was held back: nothing more comes for a while.
    fn flush(&mut self);
    /// The run is over; these are the last lines of what failed.
    fn finish(&mut self, run: &Run, tails: &Tails);
}

/// The printer of a format.
pub(super) fn printer(format: Format) -> Box<dyn Printer> {
    match format {
        Format::Pretty => Box::new(pretty::Pretty::new()),
        Format::Plain => Box::new(plain::Plain::new(out::stdout())),
        Format::Quiet => Box::new(quiet::Quiet::new(out::stdout())),
        Format::Json => Box::new(json::Json::new(out::stdout())),
    }
}
