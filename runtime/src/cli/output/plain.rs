//! Plain lines: every line says its job; made for files, pipes and CI logs.

use std::io::Write;

use super::lines::{Columns, called, duration, place, sign};
use super::out::Out;
use super::terminal::{closed, closed_lines};
use super::{Printer, Tails, page, pretty};
use crate::cli::pause::{commands, waiting};
use crate::cli::{colour, talk};
use crate::event::{Event, JobState, PauseAnswer, Recorded, StepState};
use crate::id::{JobId, StepId};
use crate::logs::{Line, Source};
use crate::state::Run;

pub(super) struct Plain<W> {
    out: Out<W>,
    columns: Option<Columns>,
    /// Whether `--color always` was said: for pagers and pipes.
    in_colour: bool,
}

impl<W: Write + Send> Plain<W> {
    pub(super) fn new(out: Out<W>) -> Self {
        Self {
            out,
            columns: None,
            in_colour: colour::is_always(),
        }
    }

    fn say(&mut self, run: &Run, job: &JobId, text: &str) {
        let columns = self.columns.get_or_insert_with(|| Columns::of(run));
        columns.make_room(run, job);
        let name = columns.job(&job.0);
        let line = if self.in_colour {
            closed(&pretty::in_colour_of(run, job, &name, text)).into_owned()
        } else {
            format!("{name} {text}")
        };
        let is_terminal = self.out.is_terminal();
        self.out.push(&if is_terminal {
            closed(&line)
        } else {
            line.as_str().into()
        });
        self.out.push("\n");
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

    fn stands_still(&mut self, run: &Run) {
        say_paused(run);
    }

    fn flush(&mut self) {
        self.out.flush();
    }

    fn finish(&mut self, run: &Run, tails: &Tails) {
        if self.in_colour {
            self.out.push(&pretty::end(run, tails));
            return;
        }
        let text = page(run, tails);
        let is_terminal = self.out.is_terminal();
        self.out
            .push(&if is_terminal { closed_lines(&text) } else { text });
    }
}

/// Tells on stderr what waits for an answer, and how to give it.
pub(super) fn say_paused(run: &Run) {
    for paused in waiting(run) {
        talk::note(&paused.line());
    }
    let (shell, answers): (Vec<_>, Vec<_>) =
        commands(run).into_iter().partition(|(word, _)| *word == "shell");
    let quoted = |(_, command): (&str, String)| format!("`{command}`");
    let answers: Vec<String> = answers.into_iter().map(quoted).collect();
    talk::help(&format!(
        "{} go on, for one job with its id behind",
        answers.join(", ")
    ));
    for command in shell.into_iter().map(quoted) {
        talk::help(&format!("{command} looks around first"));
    }
}

/// What an event of a job says, where a person wants to read it.
pub(super) fn headline<'a>(run: &Run, event: &'a Event) -> Option<(&'a JobId, String)> {
    let job = event.job()?;
    let state = run.jobs.get(job)?;
    let step_name = |step: &StepId| Some((place(state, step), state.steps.get(step)?.name.as_str()));
    let text = match event {
        Event::JobStarted { .. } => format!("* job {}", called(job, state).map(|_| state.name.as_str())?),
        Event::StepStarted { step, .. } => {
            let (place, name) = step_name(step)?;
            format!("> step {place}: {name}")
        }
        Event::StepFinished {
            step,
            conclusion: StepState::Skipped,
            ..
        } => {
            let (place, name) = step_name(step)?;
            format!("- step {place}: skipped: {name}")
        }
        Event::StepFinished {
            step,
            conclusion,
            exit_code,
            duration_ms,
            reason,
            ..
        } => {
            let (place, _) = step_name(step)?;
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
                "{} step {place}: {conclusion} ({took}{code}){why}",
                sign(*conclusion)
            )
        }
        Event::JobPaused {
            problem: Some(problem),
            ..
        } => format!("! it cannot be done again: {}", problem.message),
        Event::JobPaused {
            step,
            exit_code,
            reason,
            ..
        } => {
            let (place, _) = step_name(step)?;
            let why = match (reason, exit_code) {
                (Some(reason), _) => format!(": {}", reason.message),
                (None, Some(code)) => format!(": exit code {code}"),
                (None, None) => String::new(),
            };
            format!("! step {place}: failed{why}; the job is paused")
        }
        Event::JobResumed { step, answer, .. } => {
            let (place, _) = step_name(step)?;
            let how = match answer {
                PauseAnswer::Retry => "done again",
                PauseAnswer::Skip => "left out",
                PauseAnswer::End => "it has failed",
            };
            format!("! step {place}: {how}")
        }
        Event::ConcurrencyClaimed {
            group, held: false, ..
        } => format!("waits for the concurrency group {group}"),
        Event::JobFinished {
            state: end,
            reused: Some(from),
            ..
        } => format!("= {end}, reused from attempt {} of the run", from.attempt),
        Event::JobFinished {
            state: end, reason, ..
        } => {
            let why = reason
                .as_ref()
                .map(|reason| format!(": {}", reason.message))
                .unwrap_or_default();
            let allowed = if *end == JobState::Failure && state.continues_on_error() {
                " (allowed to fail: continue-on-error)"
            } else {
                ""
            };
            format!("= {end}{why}{allowed}")
        }
        _ => return None,
    };
    Some((job, text))
}
