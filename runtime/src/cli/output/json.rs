//! The run's events as JSON, one a line: the journal's own form.

use std::io::Write;

use super::out::Out;
use super::{Printer, Tails};
use crate::event::Recorded;
use crate::id::JobId;
use crate::logs::Line;
use crate::state::Run;

pub(super) struct Json<W> {
    out: Out<W>,
}

impl<W: Write + Send> Json<W> {
    pub(super) fn new(out: Out<W>) -> Self {
        Self { out }
    }
}

impl<W: Write + Send> Printer for Json<W> {
    fn event(&mut self, _: &Run, event: &Recorded) {
        match event.to_json() {
            Ok(json) => self.out.push(&format!("{json}\n")),
            Err(error) => tracing::error!(%error, "an event is not printed"),
        }
    }

    fn line(&mut self, _: &Run, _: &JobId, _: &Line) {}

    fn flush(&mut self) {
        self.out.flush();
    }

    fn finish(&mut self, _: &Run, _: &Tails) {}
}
