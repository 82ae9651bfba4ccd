//! Live progress on a terminal: the log scrolls on stdout, below it a line for each running job on stderr.

use std::collections::HashMap;
use std::io::Write;
use std::time::Duration;

use anstream::stream::IsTerminal;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::lines::{Columns, colour, place};
use super::out::Out;
use super::plain::{headline, say_paused};
use super::terminal::{closed_lines, printable};
use super::{Printer, Tails, page};
use crate::engine::Progress;
use crate::event::{Event, JobState, Recorded};
use crate::id::JobId;
use crate::logs::{Line, Source};
use crate::state::Run;

const TICK: Duration = Duration::from_millis(100);
/// How much is held back until the next flush, in bytes.
const HELD: usize = 64 * 1024;
/// Distinct on dark and light grounds; a job keeps its own.
const JOB_COLOURS: [&str; 6] = [
    "\u{1b}[36m",
    "\u{1b}[35m",
    "\u{1b}[34m",
    "\u{1b}[32m",
    "\u{1b}[33m",
    "\u{1b}[96m",
];
const DIM: &str = "\u{1b}[2m";
const RESET: &str = "\u{1b}[0m";

pub(super) struct Pretty {
    out: Out<Box<dyn Write + Send>>,
    held: String,
    bars: MultiProgress,
    jobs: HashMap<JobId, ProgressBar>,
    columns: Option<Columns>,
}

impl Pretty {
    pub(super) fn new() -> Self {
        let is_terminal = std::io::stdout().is_terminal();
        Self {
            out: Out::new(Box::new(anstream::stdout()), is_terminal),
            held: String::new(),
            bars: MultiProgress::new(),
            jobs: HashMap::new(),
            columns: None,
        }
    }

    fn say(&mut self, run: &Run, job: &JobId, text: &str) {
        let columns = self.columns.get_or_insert_with(|| Columns::of(run));
        columns.make_room(run, job);
        let line = in_colour_of(run, job, &printable(&columns.job(&job.0)), text) + "\n";
        // Written with the bars out of the way, many lines at once.
        self.held.push_str(&line);
        if self.held.len() >= HELD {
            self.flush();
        }
    }

    fn bar(&mut self, job: &JobId, text: String) {
        let bars = &self.bars;
        let bar = self.jobs.entry(job.clone()).or_insert_with(|| {
            let bar = bars.add(ProgressBar::new_spinner());
            if let Ok(style) = ProgressStyle::with_template("{spinner} {prefix} {msg} {elapsed}") {
                bar.set_style(style);
            }
            bar.set_prefix(printable(&job.0).into_owned());
            bar.enable_steady_tick(TICK);
            bar
        });
        bar.set_message(printable(&text).into_owned());
    }
}

impl Printer for Pretty {
    fn event(&mut self, run: &Run, event: &Recorded) {
        match &event.event {
            Event::JobStarting { job, .. } => {
                let image = run.jobs.get(job).and_then(|job| job.image.clone());
                self.bar(
                    job,
                    image
                        .map(|image| format!("starting {image}"))
                        .unwrap_or_else(|| "starting".to_owned()),
                );
            }
            Event::StepStarted { job, step, .. } => {
                if let Some(state) = run.jobs.get(job) {
                    let name = state
                        .steps
                        .get(step)
                        .map(|step| step.name.as_str())
                        .unwrap_or_default();
                    self.bar(job, format!("step {} {name}", place(state, step)));
                }
            }
            Event::JobPaused { job, .. } => {
                // The line below is the question's.
                if let Some(bar) = self.jobs.remove(job) {
                    bar.finish_and_clear();
                }
            }
            Event::JobFinished {
                job, state, reused, ..
            } => {
                if let Some(bar) = self.jobs.remove(job) {
                    bar.finish_and_clear();
                }
                if *state == JobState::Success && reused.is_none() {
                    return;
                }
            }
            _ => {}
        }
        if let Some((job, text)) = headline(run, &event.event) {
            let job = job.clone();
            self.say(run, &job, &format!("{DIM}{}{RESET}", printable(&text)));
        }
    }

    fn line(&mut self, run: &Run, job: &JobId, line: &Line) {
        let text = printable(&line.text);
        let text = match line.source {
            Source::Loom => format!("{DIM}* {text}{RESET}"),
            Source::Stdout | Source::Stderr => format!("{DIM}|{RESET} {text}{RESET}"),
        };
        self.say(run, job, &text);
    }

    fn progress(&mut self, progress: &Progress) {
        let amount = match progress.total {
            Some(total) if total > 0 => format!("{} %", progress.done.saturating_mul(100) / total),
            _ => format!("{}", progress.done),
        };
        self.bar(&progress.job, format!("{} {amount}", progress.what));
    }

    fn stands_still(&mut self, run: &Run) {
        say_paused(run);
    }

    fn flush(&mut self) {
        if !self.held.is_empty() {
            let (bars, out, held) = (&self.bars, &mut self.out, &self.held);
            bars.suspend(|| {
                out.push(held);
                out.flush();
            });
            self.held.clear();
        }
    }

    fn finish(&mut self, run: &Run, tails: &Tails) {
        self.flush();
        for (_, bar) in self.jobs.drain() {
            bar.finish_and_clear();
        }
        drop(self.bars.clear());
        self.out.push(&end(run, tails));
        self.out.flush();
    }
}

/// A line of a job behind the job's name, in a colour of the job's own.
pub(super) fn in_colour_of(run: &Run, job: &JobId, name: &str, text: &str) -> String {
    let place = run.jobs.get_index_of(job).unwrap_or(0);
    let colour = JOB_COLOURS
        .get(place % JOB_COLOURS.len())
        .copied()
        .unwrap_or_default();
    format!("{colour}{name}{RESET} {text}")
}

/// The end page, the run's state in colour.
pub(super) fn end(run: &Run, tails: &Tails) -> String {
    closed_lines(&page(run, tails)).replacen(
        &run.state.to_string(),
        &format!("{}{}{RESET}", colour(run.state), run.state),
        1,
    )
}
