//! `--quiet`: nothing of a run but its end, on which what failed has its last lines.

use std::io::Write;

use super::out::Out;
use super::plain::say_paused;
use super::pretty::end;
use super::terminal::closed_lines;
use super::{Printer, Tails, page};
use crate::cli::data;
use crate::event::Recorded;
use crate::id::JobId;
use crate::logs::Line;
use crate::state::Run;

pub(super) struct Quiet<W> {
    out: Out<W>,
}

impl<W: Write + Send> Quiet<W> {
    pub(super) fn new(out: Out<W>) -> Self {
        Self { out }
    }
}

impl<W: Write + Send> Printer for Quiet<W> {
    fn event(&mut self, _: &Run, _: &Recorded) {}

    fn line(&mut self, _: &Run, _: &JobId, _: &Line) {}

    fn stands_still(&mut self, run: &Run) {
        // Nothing goes on before somebody answers.
        say_paused(run);
    }

    fn flush(&mut self) {
        self.out.flush();
    }

    fn finish(&mut self, run: &Run, tails: &Tails) {
        let text = if data::in_colour() {
            end(run, tails)
        } else if self.out.is_terminal() {
            closed_lines(&page(run, tails))
        } else {
            page(run, tails)
        };
        self.out.push(text.trim_start_matches('\n'));
    }
}
