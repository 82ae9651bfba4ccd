//! The run's events as JSON, one a line: the journal's own form.

use std::io::Write;

use super::out::Out;
use super::{Printer, Tails};
use crate::cli::pause::{Waiting, commands, waiting};
use crate::event::{Recorded, VERSION};
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

    fn stands_still(&mut self, run: &Run) {
        let waiting: Vec<_> = waiting(run).iter().map(Waiting::to_json).collect();
        let commands: serde_json::Map<String, serde_json::Value> = commands(run)
            .into_iter()
            .map(|(word, command)| (word.to_owned(), command.into()))
            .collect();
        let line = serde_json::json!({
            "v": VERSION, "runId": run.id.0, "type": "paused", "waiting": waiting, "commands": commands,
        });
        self.out.push(&format!("{line}\n"));
    }

    fn flush(&mut self) {
        self.out.flush();
    }

    fn finish(&mut self, _: &Run, _: &Tails) {}
}
