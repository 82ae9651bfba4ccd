//! What `run` prints while a run goes on: one printer a format, fed in order by [`follow`].

mod follow;
mod json;
mod lines;
mod plain;
mod pretty;

pub(super) use follow::follow;
pub(super) use lines::{Columns, since, summary};

use super::args::Format;
use crate::engine::Progress;
use crate::event::Recorded;
use crate::id::JobId;
use crate::logs::Line;
use crate::state::Run;

/// Prints a run as it goes on.
pub(super) trait Printer: Send {
    /// An event, after it was applied to the run.
    fn event(&mut self, run: &Run, event: &Recorded);
    /// A line of a job's log.
    fn line(&mut self, run: &Run, job: &JobId, line: &Line);
    /// How far something long has got.
    fn progress(&mut self, _progress: &Progress) {}
    /// The run is over.
    fn finish(&mut self, run: &Run);
}

/// The printer of a format.
pub(super) fn printer(format: Format) -> Box<dyn Printer> {
    match format {
        Format::Pretty => Box::new(pretty::Pretty::new()),
        Format::Plain => Box::new(plain::Plain::new(anstream::stdout())),
        Format::Json => Box::new(json::Json),
    }
}

/// Writes data to stdout. A reader that has gone away (`| head`) wants no more: that is success, and said to nobody.
fn write_out(out: &mut impl std::io::Write, text: &str) {
    if out.write_all(text.as_bytes()).and_then(|()| out.flush()).is_err() {
        tracing::debug!("stdout is closed");
    }
}
