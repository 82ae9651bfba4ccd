//! The run's events as JSON, one a line: the journal's own form.

use super::{Printer, write_out};
use crate::event::Recorded;
use crate::id::JobId;
use crate::logs::Line;
use crate::state::Run;

pub(super) struct Json;

impl Printer for Json {
    fn event(&mut self, _: &Run, event: &Recorded) {
        match event.to_json() {
            Ok(json) => write_out(&mut std::io::stdout(), &format!("{json}\n")),
            Err(error) => tracing::error!(%error, "an event is not printed"),
        }
    }

    fn line(&mut self, _: &Run, _: &JobId, _: &Line) {}

    fn finish(&mut self, _: &Run) {}
}
