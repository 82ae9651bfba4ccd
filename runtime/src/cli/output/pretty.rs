//! Live progress on a terminal: the log scrolls on stdout, below it a line for each running job on stderr.

use std::collections::HashMap;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::lines::{Columns, colour, summary};
use super::plain::headline;
use super::{Printer, write_out};
use crate::engine::Progress;
use crate::event::{Event, JobState, Recorded};
use crate::id::JobId;
use crate::logs::{Line, Source};
use crate::state::Run;

const TICK: Duration = Duration::from_millis(100);
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
    bars: MultiProgress,
    jobs: HashMap<JobId, ProgressBar>,
    columns: Option<Columns>,
}

impl Pretty {
    pub(super) fn new() -> Self {
        Self {
            bars: MultiProgress::new(),
            jobs: HashMap::new(),
            columns: None,
        }
    }

    fn say(&mut self, run: &Run, job: &JobId, text: &str) {
        let columns = self.columns.get_or_insert_with(|| Columns::of(run));
        let place = run.jobs.get_index_of(job).unwrap_or(0);
        let colour = JOB_COLOURS
            .get(place % JOB_COLOURS.len())
            .copied()
            .unwrap_or_default();
        let line = format!("{colour}{}{RESET} {text}\n", columns.job(&job.0));
        self.bars.suspend(|| write_out(&mut anstream::stdout(), &line));
    }

    fn bar(&mut self, job: &JobId, text: String) {
        let bars = &self.bars;
        let bar = self.jobs.entry(job.clone()).or_insert_with(|| {
            let bar = bars.add(ProgressBar::new_spinner());
            if let Ok(style) = ProgressStyle::with_template("{spinner} {prefix} {msg} {elapsed}") {
                bar.set_style(style);
            }
            bar.set_prefix(job.0.clone());
            bar.enable_steady_tick(TICK);
            bar
        });
        bar.set_message(text);
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
            Event::StepStarted { job, step } => {
                let state = run.jobs.get(job);
                let index = usize::try_from(*step).unwrap_or(usize::MAX);
                let name = state
                    .and_then(|job| job.steps.get(index))
                    .map(|step| step.name.clone())
                    .unwrap_or_default();
                let all = state.map_or(0, |job| job.steps.len());
                self.bar(job, format!("step {}/{all} {name}", step + 1));
            }
            Event::JobFinished { job, state, .. } => {
                if let Some(bar) = self.jobs.remove(job) {
                    bar.finish_and_clear();
                }
                if *state == JobState::Success {
                    return;
                }
            }
            _ => {}
        }
        if let Some((job, text)) = headline(run, &event.event) {
            let job = job.clone();
            self.say(run, &job, &format!("{DIM}{text}{RESET}"));
        }
    }

    fn line(&mut self, run: &Run, job: &JobId, line: &Line) {
        let text = match line.source {
            Source::Loom => format!("{DIM}* {}{RESET}", line.text),
            Source::Stdout | Source::Stderr => format!("{DIM}|{RESET} {}{RESET}", line.text),
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

    fn finish(&mut self, run: &Run) {
        for (_, bar) in self.jobs.drain() {
            bar.finish_and_clear();
        }
        drop(self.bars.clear());
        let text = summary(run).replacen(
            &run.state.to_string(),
            &format!("{}{}{RESET}", colour(run.state), run.state),
            1,
        );
        write_out(&mut anstream::stdout(), &text);
    }
}
