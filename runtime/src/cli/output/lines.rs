//! Text that several printers share.

use loom_protocol::Timestamp;

use crate::event::{JobState, Phase, RunState, StepState};
use crate::id::{JobId, StepId};
use crate::state::{Job, Run, Step};

/// A time span as people say it: `40ms`, `12.3s`, `2m 05s`, `1h 02m`.
pub(in crate::cli) fn duration(millis: u64) -> String {
    let seconds = millis / 1000;
    match seconds {
        0 => format!("{millis}ms"),
        1..60 => format!("{}.{}s", seconds, millis % 1000 / 100),
        60..3600 => format!("{}m {:02}s", seconds / 60, seconds % 60),
        _ => format!("{}h {:02}m", seconds / 3600, seconds % 3600 / 60),
    }
}

/// The time between two moments, when both are known.
pub(in crate::cli) fn since(start: Option<Timestamp>, end: Option<Timestamp>) -> Option<String> {
    Some(duration(end?.millis_since(start?)))
}

/// Which run of its workflow's file it is, behind the workflow's name; nothing where nobody knows.
pub(in crate::cli) fn numbered(number: Option<u64>) -> String {
    number.map(|number| format!(" #{number}")).unwrap_or_default()
}

/// Characters of a job's id that a line has room for.
const WIDEST: usize = 24;
/// Characters at the end of a longer id that stay: which instance of its matrix it is.
const TAIL: usize = 8;

/// Widths for the names at the start of each line.
pub(in crate::cli) struct Columns {
    width: usize,
}

impl Columns {
    pub(in crate::cli) fn of(run: &Run) -> Self {
        Self {
            width: run
                .jobs
                .keys()
                .map(|job| job.0.chars().count())
                .max()
                .unwrap_or(0)
                .min(WIDEST),
        }
    }

    /// Makes room for a job that came later than the others, as those of a matrix do.
    pub(super) fn make_room(&mut self, run: &Run, job: &JobId) {
        if job.0.chars().count().min(WIDEST) > self.width {
            *self = Self::of(run);
        }
    }

    /// A job's id, filled to the width, or cut to it in the middle: its end tells it from the others of its matrix.
    pub(in crate::cli) fn job(&self, name: &str) -> String {
        let length = name.chars().count();
        if length > self.width {
            let tail = TAIL.min(self.width / 2);
            let head = self.width.saturating_sub(tail + 1);
            let start: String = name.chars().take(head).collect();
            let end: String = name.chars().skip(length - tail).collect();
            return format!("{start}…{end}");
        }
        format!("{name}{}", " ".repeat(self.width - length))
    }
}

/// What people call a job where its id does not say it: the `(ubuntu-latest, 20)` of a matrix, or its own `name`.
pub(super) fn called<'a>(id: &JobId, job: &'a Job) -> Option<&'a str> {
    if job.name == id.0 || job.name == id.key() {
        return None;
    }
    let values = job
        .name
        .strip_prefix(id.key())
        .and_then(|rest| rest.strip_prefix(' '));
    Some(
        values
            .filter(|values| values.starts_with('('))
            .unwrap_or(&job.name),
    )
}

/// Why a job ended as it did, in a few words.
pub(super) fn why(job: &Job) -> String {
    if let Some(from) = &job.reused {
        return format!("  reused from attempt {} of the run", from.attempt);
    }
    if let Some(reason) = &job.reason {
        return format!("  {}", reason.message);
    }
    let wrong = match job.state {
        JobState::Failure => StepState::Failure,
        JobState::Lost => StepState::Lost,
        _ => return String::new(),
    };
    let failed = job.steps.iter().find(|(_, step)| step.state == wrong);
    match failed {
        Some((id, step)) => format!("  step {} `{}`: {}", place(job, id), step.name, how(step)),
        None => String::new(),
    }
}

/// How a step that did not go well ended.
pub(super) fn how(step: &Step) -> String {
    let tries = match step.attempt {
        0 | 1 => String::new(),
        attempt => format!(", at attempt {attempt}"),
    };
    let how = match (step.exit_code, &step.reason, step.state) {
        (Some(code), None, _) => format!("exit code {code}"),
        (Some(code), Some(reason), _) if code != 0 => format!("exit code {code}: {}", reason.message),
        (_, Some(reason), _) => reason.message.clone(),
        (None, None, StepState::Lost) => "how it ended is not known".to_owned(),
        (None, None, StepState::Cancelled) => "it was cancelled".to_owned(),
        (None, None, _) => "it failed".to_owned(),
    };
    format!("{how}{tries}")
}

/// A step's place as people count: `2/5` of those as written, `2.1` within another, in words before and after them.
pub(in crate::cli) fn place(job: &Job, step: &StepId) -> String {
    let written = job
        .steps
        .values()
        .filter(|step| step.parent.is_none() && step.phase == Phase::Main)
        .count();
    let numbers = |text: &str| {
        let numbers = text.split('.').map(|part| {
            part.parse::<usize>()
                .map_or_else(|_| part.to_owned(), |n| (n + 1).to_string())
        });
        numbers.collect::<Vec<_>>().join(".")
    };
    match step.0.split_once('-') {
        Some((phase, of)) => format!("{phase} {}", numbers(of)),
        None if step.0.contains('.') => numbers(&step.0),
        None => format!("{}/{written}", numbers(&step.0)),
    }
}

/// A sign for a state, for places with room for one character. The word always stands beside it.
pub(super) fn sign(state: StepState) -> &'static str {
    match state {
        StepState::Success => "✓",
        StepState::Failure => "✗",
        StepState::Cancelled | StepState::Lost => "!",
        StepState::Skipped => "-",
        StepState::Running | StepState::Waiting => "·",
    }
}

/// The ANSI colour of a final state.
pub(super) fn colour(state: RunState) -> &'static str {
    match state {
        RunState::Success => "\u{1b}[32m",
        RunState::Failure | RunState::Lost => "\u{1b}[31m",
        RunState::Cancelled | RunState::Skipped => "\u{1b}[33m",
        RunState::Queued | RunState::Running => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_said_in_the_unit_that_fits() {
        assert_eq!(duration(440), "440ms");
        assert_eq!(duration(12_345), "12.3s");
        assert_eq!(duration(125_000), "2m 05s");
        assert_eq!(duration(3_720_000), "1h 02m");
    }

    #[test]
    fn how_a_step_ended_is_said_in_the_words_of_its_state() {
        let step = |state, attempt, exit_code| Step {
            state,
            attempt,
            exit_code,
            ..Step::new("s".into(), None, Phase::Main)
        };
        for (step, words) in [
            (step(StepState::Failure, 1, Some(2)), "exit code 2"),
            (step(StepState::Failure, 3, Some(2)), "exit code 2, at attempt 3"),
            (step(StepState::Failure, 1, None), "it failed"),
            (step(StepState::Lost, 1, None), "how it ended is not known"),
            (step(StepState::Cancelled, 1, None), "it was cancelled"),
        ] {
            assert_eq!(how(&step), words);
        }
    }

    #[test]
    fn long_names_are_cut_visibly() {
        let columns = Columns { width: 4 };
        assert_eq!(columns.job("ab"), "ab  ");
        assert_eq!(columns.job("abcdef"), "a…ef");
        let columns = Columns { width: 24 };
        assert_eq!(
            columns.job("build-and-test-all-of-it#11"),
            "build-and-test-…of-it#11"
        );
    }
}
