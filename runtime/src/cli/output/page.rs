//! The end of a run on one page: what failed with its last lines, what was said of the code, what was skipped and why, how
//! long it took, and what the exit code means. A run in which all went well is a few lines.

use indexmap::IndexMap;

use super::lines::{Columns, called, duration, how, numbered, place, since, why};
use super::missing;
use super::tails::{Tails, failed};
use crate::cli::Exit;
use crate::event::{Annotation, AnnotationLevel, JobState, RunState, StepState};
use crate::id::{JobId, StepId};
use crate::state::{Job, Run, Step};

/// Jobs, steps or annotations in a list, at most; the others are counted.
const LISTED: usize = 20;
/// Jobs in the table, at most.
const JOBS: usize = 60;
/// Steps that are told to be the slowest.
const SLOWEST: usize = 3;
/// A run that took less is not looked through for what was slow, in milliseconds.
const SLOW: u64 = 10_000;
/// Characters of a line of a log that are shown.
const WIDTH: usize = 400;

/// What a run came to. `tails` has the last lines of what failed; empty when nobody wants them.
pub(in crate::cli) fn page(run: &Run, tails: &Tails) -> String {
    let mut text = table(run);
    if run.state != RunState::Success && run.state.is_final() {
        failures(run, tails, &mut text);
        annotations(run, &mut text);
        skipped(run, &mut text);
        slowest(run, &mut text);
        summaries(run, &mut text);
    } else {
        annotations(run, &mut text);
    }
    if run.state.is_final() && run.state != RunState::Success {
        let exit = Exit::of(run.state, run.somebody_cancelled());
        let meaning = match (run.state, exit) {
            (RunState::Cancelled, Exit::Failure) => "it gave way to a newer one of its concurrency group",
            _ => exit.meaning(),
        };
        text.push_str(&format!("\nexit code {}: {meaning}\n", exit as u8));
    }
    text.push_str(&format!("run {}\n", run.id));
    text
}

/// A line for the run and a line for each job; of very many those that ended well are counted.
fn table(run: &Run) -> String {
    let columns = Columns::of(run);
    let took = since(run.started_at, run.finished_at)
        .map(|took| format!(" in {took}"))
        .unwrap_or_default();
    let attempt = match run.attempt() {
        1 => String::new(),
        attempt => format!(", attempt {attempt} of the run"),
    };
    let mut text = format!(
        "\n{}{}: {}{took}{attempt}\n",
        run.workflow.name,
        numbered(run.number),
        run.state_word()
    );
    if let Some(reason) = &run.reason {
        text.push_str(&format!("  {}\n", reason.message));
    }
    for at in &run.resumed_at {
        text.push_str(&format!("  resumed at {at}: the process that ran it had died\n"));
    }
    // A group is told by its jobs.
    let jobs: Vec<(&JobId, &Job)> = run.jobs.iter().filter(|(_, job)| job.group.is_none()).collect();
    let well = |job: &Job| matches!(job.state, JobState::Success | JobState::Skipped);
    let wrong = jobs.iter().filter(|(_, job)| !well(job)).count();
    let (mut room_wrong, mut room_well) = (JOBS, JOBS.saturating_sub(wrong));
    let mut more: IndexMap<JobState, usize> = IndexMap::new();
    for (id, job) in jobs {
        let room = if well(job) {
            &mut room_well
        } else {
            &mut room_wrong
        };
        if *room == 0 {
            *more.entry(job.state).or_default() += 1;
            continue;
        }
        *room -= 1;
        let took = since(job.started_at, job.finished_at).unwrap_or_default();
        text.push_str(&format!(
            "  {} {:<9} {took:>7}{}{}\n",
            columns.job(&id.0),
            job.state_word(),
            called(id, job)
                .map(|name| format!("  {name}"))
                .unwrap_or_default(),
            why(job)
        ));
    }
    for (state, count) in more {
        text.push_str(&format!("  … and {count} more: {state}\n"));
    }
    text
}

fn failures(run: &Run, tails: &Tails, text: &mut String) {
    let all: Vec<(&JobId, &Job, &StepId, &Step)> = run
        .jobs
        .iter()
        .flat_map(|(id, job)| failed(job).map(move |(step_id, step)| (id, job, step_id, step)))
        .collect();
    for (id, job, step_id, step) in all.iter().take(LISTED) {
        let took = since(step.started_at, step.finished_at)
            .map(|took| format!(" ({took})"))
            .unwrap_or_default();
        let name = called(id, job).map(|name| format!(" {name}")).unwrap_or_default();
        text.push_str(&format!(
            "\nfailed: {id}{name}, step {} `{}`: {}{took}\n",
            place(job, step_id),
            step.name,
            how(step)
        ));
        let tail = tails.get(&((*id).clone(), (*step_id).clone()));
        for line in tail.into_iter().flatten() {
            text.push_str(&format!("  | {}\n", cut(line)));
        }
        if let Some(help) = missing::help(run, id, job, step, tail) {
            text.push_str(&format!("  help: {help}\n"));
        }
    }
    if all.len() > LISTED {
        text.push_str(&format!("\n… and {} more steps failed\n", all.len() - LISTED));
    }
    if let Some((id, ..)) = all.first() {
        text.push_str(&format!(
            "all of it: loom-runtime runs logs {} -j '{id}'\n",
            run.id.short()
        ));
    }
}

/// What steps said of places in files, the worst first. Of a run that went well, notices are only counted.
fn annotations(run: &Run, text: &mut String) {
    let mut all: Vec<(&JobId, &Annotation)> = run
        .jobs
        .iter()
        .flat_map(|(id, job)| {
            job.steps
                .values()
                .flat_map(move |step| step.annotations.iter().map(move |one| (id, one)))
        })
        .collect();
    if all.is_empty() {
        return;
    }
    let rank = |level: AnnotationLevel| match level {
        AnnotationLevel::Error => 0,
        AnnotationLevel::Warning => 1,
        AnnotationLevel::Notice => 2,
    };
    all.sort_by_key(|(_, one)| rank(one.level));
    text.push_str("\nannotations:\n");
    for (id, one) in all.iter().take(LISTED) {
        let level = match one.level {
            AnnotationLevel::Error => "error",
            AnnotationLevel::Warning => "warning",
            AnnotationLevel::Notice => "notice",
        };
        let title = one
            .title
            .as_ref()
            .map(|title| format!("{}: ", cut(title)))
            .unwrap_or_default();
        let message = one.message.lines().next().unwrap_or_default();
        text.push_str(&format!(
            "  {level:<7} {}{title}{} ({id})\n",
            at(one),
            cut(message)
        ));
    }
    if all.len() > LISTED {
        text.push_str(&format!("  … and {} more\n", all.len() - LISTED));
    }
}

/// Where in a file an annotation is: `src/a.rs:3:7: `.
fn at(one: &Annotation) -> String {
    let Some(file) = &one.file else {
        return String::new();
    };
    let number = |number: Option<u32>| number.map(|number| format!(":{number}"));
    let line = number(one.line).unwrap_or_default();
    let column = number(one.column)
        .filter(|_| one.line.is_some())
        .unwrap_or_default();
    format!("{file}{line}{column}: ")
}

/// The steps that were skipped in jobs that ran, a line for each reason; a job's own reason stands in the table.
fn skipped(run: &Run, text: &mut String) {
    let mut lines: IndexMap<(&JobId, &str), Vec<String>> = IndexMap::new();
    for (id, job) in run.jobs.iter().filter(|(_, job)| job.attempt > 0) {
        let mut before = false;
        for (step_id, step) in &job.steps {
            before |= step.state == StepState::Failure;
            if step.state != StepState::Skipped || step.parent.is_some() {
                continue;
            }
            let reason = match &step.reason {
                Some(reason) => reason.message.as_str(),
                None if before => "an earlier step failed",
                None if job.state == JobState::Cancelled => "the job was cancelled",
                None if job.reason.is_some() && job.state != JobState::Success => "the job ended before it",
                None => "its `if` does not hold",
            };
            lines.entry((id, reason)).or_default().push(place(job, step_id));
        }
    }
    if lines.is_empty() {
        return;
    }
    text.push_str("\nskipped:\n");
    for ((id, reason), places) in lines.iter().take(LISTED) {
        let steps = match places.as_slice() {
            [one] => format!("step {one}"),
            [first, .., last] if places.len() > 3 => format!("{} steps, {first} to {last}", places.len()),
            some => format!("steps {}", some.join(", ")),
        };
        text.push_str(&format!("  {id}, {steps}: {reason}\n"));
    }
    if lines.len() > LISTED {
        text.push_str(&format!("  … and {} more\n", lines.len() - LISTED));
    }
}

fn slowest(run: &Run, text: &mut String) {
    let took = |start: Option<loom_protocol::Timestamp>, end: Option<loom_protocol::Timestamp>| {
        Some(end?.millis_since(start?))
    };
    if took(run.started_at, run.finished_at).is_none_or(|millis| millis < SLOW) {
        return;
    }
    let mut all: Vec<(u64, &JobId, String, &str)> = run
        .jobs
        .iter()
        .flat_map(|(id, job)| {
            let steps = job.steps.iter().filter(|(_, step)| step.parent.is_none());
            steps.filter_map(move |(step_id, step)| {
                let millis = took(step.started_at, step.finished_at)?;
                Some((millis, id, place(job, step_id), step.name.as_str()))
            })
        })
        .collect();
    if all.is_empty() {
        return;
    }
    all.sort_by_key(|(millis, ..)| std::cmp::Reverse(*millis));
    text.push_str("\nslowest steps:\n");
    for (millis, id, place, name) in all.into_iter().take(SLOWEST) {
        text.push_str(&format!(
            "  {:>7}  {id}, step {place} `{name}`\n",
            duration(millis)
        ));
    }
}

fn summaries(run: &Run, text: &mut String) {
    let jobs: Vec<&str> = run
        .jobs
        .iter()
        .filter(|(_, job)| job.steps.values().any(|step| step.summary.is_some()))
        .map(|(id, _)| id.0.as_str())
        .collect();
    let more = match jobs.len().saturating_sub(LISTED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    if !jobs.is_empty() {
        let names: Vec<&str> = jobs.into_iter().take(LISTED).collect();
        text.push_str(&format!(
            "\nsummaries: of {}{more}; loom-runtime runs show {} --format json\n",
            names.join(", "),
            run.id.short()
        ));
    }
}

/// A line, cut visibly where it is long.
fn cut(line: &str) -> String {
    match line.char_indices().nth(WIDTH) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or(line)),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use loom_protocol::Timestamp;

    use super::*;
    use crate::event::{Event, JobOutline, JobTerms, OnCrash, Outputs, Reason, Recorded, Seq, WorkflowRef};
    use crate::executor::Owner;
    use crate::id::RunId;

    struct Story {
        run: Run,
        seq: u64,
    }

    impl Story {
        fn new(jobs: &[(&str, &[&str])]) -> Self {
            let outline = |(id, steps): &(&str, &[&str])| JobOutline {
                id: JobId((*id).into()),
                name: (*id).into(),
                steps: steps.iter().map(|step| (*step).to_owned()).collect(),
                ..JobOutline::default()
            };
            let created = Event::RunCreated {
                workflow: WorkflowRef {
                    name: "ci".into(),
                    file: "ci.yml".into(),
                },
                event: "push".into(),
                executor: "docker".into(),
                on_crash: OnCrash::CleanUp,
                owner: Owner {
                    instance: "i".into(),
                    boot: "b".into(),
                    pid: 1,
                    started: 1,
                },
                workspace: "/w".into(),
                jobs: jobs.iter().map(outline).collect(),
                concurrency: None,
                source: None,
                number: None,
                rerun: None,
            };
            let run = Run::create(&recorded(1, created)).unwrap();
            let mut story = Self { run, seq: 1 };
            story.tell(Event::RunStarted);
            story
        }

        fn tell(&mut self, event: Event) -> &mut Self {
            self.seq += 1;
            self.run.apply(&recorded(self.seq, event)).unwrap();
            self
        }

        fn begin(&mut self, job: &str) -> &mut Self {
            let terms = JobTerms {
                image: Some("ubuntu:latest".into()),
                ..JobTerms::default()
            };
            self.tell(Event::JobQueued {
                job: JobId(job.into()),
                terms,
            });
            self.tell(Event::JobStarting {
                job: JobId(job.into()),
                attempt: 1,
                resource: "r".into(),
            });
            self.tell(Event::JobStarted {
                job: JobId(job.into()),
            })
        }

        fn step(
            &mut self,
            job: &str,
            step: usize,
            conclusion: StepState,
            exit_code: Option<i32>,
        ) -> &mut Self {
            let (job, step) = (JobId(job.into()), StepId::at(step));
            if conclusion != StepState::Skipped {
                self.tell(Event::StepStarted {
                    job: job.clone(),
                    step: step.clone(),
                    name: None,
                    background: false,
                    waits_for: Vec::new(),
                });
            }
            self.tell(Event::StepFinished {
                job,
                step,
                outcome: conclusion,
                conclusion,
                exit_code,
                signal: None,
                reason: None,
                duration_ms: 5,
                outputs: Outputs::new(),
            })
        }

        fn end(&mut self, job: &str, state: JobState, reason: Option<Reason>) -> &mut Self {
            self.tell(Event::JobFinished {
                job: JobId(job.into()),
                state,
                reason,
                outputs: Outputs::new(),
                reused: None,
            })
        }

        fn page(&mut self, state: RunState, tails: &Tails) -> String {
            self.tell(Event::RunFinished { state, reason: None });
            page(&self.run, tails)
        }
    }

    fn recorded(seq: u64, event: Event) -> Recorded {
        Recorded {
            run: RunId("r".into()),
            seq: Seq(seq),
            time: Timestamp::from_millis(1000),
            event,
        }
    }

    #[test]
    fn a_run_that_went_well_is_a_line_for_each_job() {
        let mut story = Story::new(&[("a", &["x"])]);
        story
            .begin("a")
            .step("a", 0, StepState::Success, Some(0))
            .end("a", JobState::Success, None);
        let text = story.page(RunState::Success, &Tails::new());
        assert_eq!(text, "\nci: success in 0ms\n  a success       0ms\nrun r\n");
    }

    #[test]
    fn a_failure_is_told_with_its_last_lines_and_all_that_followed_from_it() {
        let mut story = Story::new(&[
            ("build", &["Fetch", "Run jq .", "Test", "Pack"]),
            ("ship", &["Ship"]),
        ]);
        story.begin("build").step("build", 0, StepState::Success, Some(0));
        story.tell(Event::Annotated {
            job: JobId("build".into()),
            step: StepId::at(0),
            annotation: Annotation {
                level: AnnotationLevel::Warning,
                message: "odd\nmore".into(),
                title: None,
                file: Some("src/a.rs".into()),
                line: Some(3),
                end_line: None,
                column: Some(7),
                end_column: None,
            },
        });
        story.step("build", 1, StepState::Failure, Some(127));
        story
            .step("build", 2, StepState::Skipped, None)
            .step("build", 3, StepState::Skipped, None);
        story.end("build", JobState::Failure, None);
        let reason = Reason::new("needs", "it needs `build`, which ended as failure");
        story.end("ship", JobState::Skipped, Some(reason));
        let line = "bash: line 1: jq: command not found".to_owned();
        let tails = Tails::from([((JobId("build".into()), StepId::at(1)), VecDeque::from([line]))]);
        let text = story.page(RunState::Failure, &tails);
        for part in [
            "ci: failure in 0ms\n",
            "  ship  skipped            it needs `build`, which ended as failure\n",
            "\nfailed: build, step 2/4 `Run jq .`: exit code 127 (0ms)\n  | bash: line 1: jq: command not found\n",
            "  help: `jq` is not in the image ubuntu:latest: ",
            "-P LABEL=",
            "annotations:\n  warning src/a.rs:3:7: odd (build)\n",
            "skipped:\n  build, steps 3/4, 4/4: an earlier step failed\n",
            "exit code 1: the workflow failed\nrun r\n",
        ] {
            assert!(text.contains(part), "no {part:?} in\n{text}");
        }
    }

    #[test]
    fn very_many_jobs_are_counted_and_those_that_failed_shown() {
        let names: Vec<String> = (0..100).map(|n| format!("job-{n:03}")).collect();
        let jobs: Vec<(&str, &[&str])> = names.iter().map(|name| (name.as_str(), &["x"][..])).collect();
        let mut story = Story::new(&jobs);
        for name in &names {
            let state = if name == "job-099" {
                JobState::Failure
            } else {
                JobState::Success
            };
            story.begin(name).end(name, state, None);
        }
        let text = story.page(RunState::Failure, &Tails::new());
        assert!(text.contains("  job-099 failure"), "{text}");
        assert!(text.contains("  … and 40 more: success\n"), "{text}");
    }

    #[test]
    fn long_lines_are_cut() {
        assert_eq!(cut(&"é".repeat(WIDTH + 1)).chars().count(), WIDTH + 1);
        assert_eq!(cut("short"), "short");
    }
}
