//! Plain lines: every line says its job; made for files, pipes and CI logs.

use std::io::Write;

use super::lines::{Columns, duration, sign, summary};
use super::{Printer, write_out};
use crate::event::{Event, Recorded};
use crate::id::JobId;
use crate::logs::{Line, Source};
use crate::state::Run;

pub(super) struct Plain<W> {
    out: W,
    columns: Option<Columns>,
}

impl<W: Write + Send> Plain<W> {
    pub(super) fn new(out: W) -> Self {
        Self { out, columns: None }
    }

    fn say(&mut self, run: &Run, job: &JobId, text: &str) {
        let columns = self.columns.get_or_insert_with(|| Columns::of(run));
        let line = format!("{} {text}\n", columns.job(&job.0));
        write_out(&mut self.out, &line);
    }
}

impl<W: Write + Send> Printer for Plain<W> {
    fn event(&mut self, run: &Run, event: &Recorded) {
        if let Some((job, text)) = headline(run, &event.event) {
            self.say(run, job, &text);
        }
    }

    fn line(&mut self, run: &Run, job: &JobId, line: &Line) {
        let mark = if line.source == Source::Loom { "*" } else { "|" };
        self.say(run, job, &format!("{mark} {}", line.text));
    }

    fn finish(&mut self, run: &Run) {
        write_out(&mut self.out, &summary(run));
    }
}

/// What an event of a job says, where a person wants to read it.
pub(super) fn headline<'a>(run: &Run, event: &'a Event) -> Option<(&'a JobId, String)> {
    let job = event.job()?;
    let state = run.jobs.get(job)?;
    let step_name = |step: u32| {
        let step = usize::try_from(step).ok()?;
        Some((step + 1, state.steps.len(), state.steps.get(step)?.name.as_str()))
    };
    let text = match event {
        Event::StepStarted { step, .. } => {
            let (place, all, name) = step_name(*step)?;
            format!("> step {place}/{all}: {name}")
        }
        Event::StepFinished {
            step,
            conclusion,
            exit_code,
            duration_ms,
            reason,
            ..
        } => {
            let (place, all, _) = step_name(*step)?;
            let code = exit_code
                .filter(|code| *code != 0)
                .map(|code| format!(", exit code {code}"))
                .unwrap_or_default();
            let why = reason
                .as_ref()
                .map(|reason| format!(": {}", reason.message))
                .unwrap_or_default();
            let took = duration(*duration_ms);
            format!(
                "{} step {place}/{all}: {conclusion} ({took}{code}){why}",
                sign(*conclusion)
            )
        }
        Event::JobFinished { state, reason, .. } => {
            let why = reason
                .as_ref()
                .map(|reason| format!(": {}", reason.message))
                .unwrap_or_default();
            format!("= {state}{why}")
        }
        _ => return None,
    };
    Some((job, text))
}
