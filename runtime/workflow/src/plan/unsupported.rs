//! What the engine does not do yet, as data: whoever makes it do one of these deletes the row.
//!
//! The rule is the design's: what changes which commands run or where refuses; the rest warns and goes on. `on` has
//! no row: what starts a workflow does not matter to one that was started by hand.

use std::fmt;

use crate::codes;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::model::{Action, Field, Fields, Job, Step, Workflow};
use crate::tree::{Kind, Value};
use crate::words::plain;

/// A key that has no effect yet.
struct Row {
    key: &'static str,
    effect: Effect,
    /// What running all the same would mean.
    consequence: &'static str,
    /// What to do about one that is refused.
    remedy: &'static str,
}

/// What to do about it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Effect {
    /// Other commands would run, or in another place.
    Refuse,
    /// As `Refuse`, unless the value is `false`, which asks for nothing.
    RefuseUnlessFalse,
    /// The same commands run in the same place.
    Ignore,
}

const fn row(key: &'static str, effect: Effect, consequence: &'static str) -> Row {
    Row {
        key,
        effect,
        consequence,
        remedy: "remove the key to run the workflow without it",
    }
}

const fn refuse(key: &'static str, consequence: &'static str) -> Row {
    row(key, Effect::Refuse, consequence)
}

const fn refuse_unless_false(key: &'static str, consequence: &'static str) -> Row {
    row(key, Effect::RefuseUnlessFalse, consequence)
}

const fn ignore(key: &'static str, consequence: &'static str) -> Row {
    row(key, Effect::Ignore, consequence)
}

/// For keys that are all there is to a job or step: it would be nothing without.
const fn refuse_whole(key: &'static str, consequence: &'static str, remedy: &'static str) -> Row {
    Row {
        remedy,
        ..refuse(key, consequence)
    }
}

const SCRIPT: &str = "do its work in a `run` step instead";
const INLINE: &str = "give the job the steps of the called workflow";
const IN_ORDER: &str = "remove the step, and run what it is about in order";

const CACHE: &str = "there is no cache of the repository";

static WORKFLOW: &[Row] = &[
    ignore("run-name", "runs are named after the workflow"),
    ignore("permissions", "there is no token whose rights it could limit"),
    ignore("concurrency", "runs do not wait for each other"),
    ignore("cache-mode", CACHE),
];

static JOB: &[Row] = &[
    refuse("if", "the job would run when it should not"),
    refuse("strategy", "the job would run once instead of once a combination"),
    refuse("container", "the steps would run in another image"),
    refuse("services", "the steps would find no such service"),
    refuse_whole("uses", "the called workflow would not run", INLINE),
    refuse("outputs", "other jobs would find nothing there"),
    refuse("retry", "the job would run only once"),
    refuse_unless_false("continue-on-error", "a failure would fail the run"),
    ignore("permissions", "there is no token whose rights it could limit"),
    ignore("environment", "there are no protection rules to wait for"),
    ignore("concurrency", "jobs do not wait for those of other runs"),
    ignore("cache-mode", CACHE),
    ignore(
        "cancel-timeout-minutes",
        "a cancelled job has the usual time to end",
    ),
    ignore("snapshot", "no image is made of the machine"),
];

static STEP: &[Row] = &[
    refuse("if", "the step would run when it should not"),
    refuse_whole("uses", "the action would not run", SCRIPT),
    refuse_whole("wait", "later steps would not wait", IN_ORDER),
    refuse_whole("wait-all", "later steps would not wait", IN_ORDER),
    refuse_whole("cancel", "the background step would go on", IN_ORDER),
    refuse_whole("parallel", "its steps would not run", IN_ORDER),
    refuse("retry", "the step would run only once"),
    refuse("on-lost", "a lost step would fail its job"),
    refuse_unless_false("background", "later steps would wait for this one"),
    refuse_unless_false("continue-on-error", "a failure would fail the job"),
    refuse_unless_false("tty", "the step would have no terminal"),
];

/// Whose key it is, as messages say it. Put together only when there is something to report.
#[derive(Clone, Copy)]
enum Owner<'a> {
    Workflow,
    Job(&'a Job),
    /// By its place in a list, from 0, of something.
    Step(usize, &'a Self),
}

impl fmt::Display for Owner<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Workflow => Ok(()),
            Self::Job(job) => {
                formatter.write_str(" of job `")?;
                formatter.write_str(&plain(job.id.as_str()))?;
                formatter.write_str("`")
            }
            Self::Step(index, outer) => {
                write!(formatter, " of step {}", index + 1)?;
                outer.fmt(formatter)
            }
        }
    }
}

/// Reports everything at the top of the workflow that has no effect yet.
pub(super) fn check_workflow(workflow: &Workflow, diagnostics: &mut Diagnostics) {
    report(WORKFLOW, &workflow.fields, Owner::Workflow, diagnostics);
}

/// Reports everything in a job that has no effect yet.
pub(super) fn check_job(job: &Job, diagnostics: &mut Diagnostics) {
    let owner = Owner::Job(job);
    report(JOB, &job.fields, owner, diagnostics);
    steps(&job.steps, owner, diagnostics);
}

fn steps(steps: &[Step], owner: Owner<'_>, diagnostics: &mut Diagnostics) {
    for (index, step) in steps.iter().enumerate() {
        let owner = Owner::Step(index, &owner);
        report(STEP, &step.fields, owner, diagnostics);
        if let Action::Parallel(inner) = &step.action {
            self::steps(inner, owner, diagnostics);
        }
    }
}

fn report(rows: &[Row], fields: &Fields, owner: Owner<'_>, diagnostics: &mut Diagnostics) {
    for row in rows {
        let Some(field) = fields.get(row.key) else {
            continue;
        };
        if row.effect == Effect::RefuseUnlessFalse && is_false(field) {
            continue;
        }
        let diagnostic = match row.effect {
            Effect::Ignore => {
                Diagnostic::new(codes::IGNORED, format!("`{}`{owner} has no effect here", row.key))
            }
            Effect::Refuse | Effect::RefuseUnlessFalse => Diagnostic::new(
                codes::UNSUPPORTED,
                format!("`{}`{owner} is not supported yet", row.key),
            )
            .help(row.remedy),
        };
        let diagnostic = diagnostic.at(field.key, row.consequence);
        diagnostics.push(diagnostic);
    }
}

fn is_false(field: &Field) -> bool {
    matches!(&field.value.kind, Kind::Scalar(scalar) if scalar.value == Value::Bool(false))
}
