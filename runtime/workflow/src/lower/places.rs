//! What expressions may use at each place of a workflow: GitHub's table "Context availability" and its published
//! schema, as data.

/// Contexts and functions that expressions may use at a place, beside the functions that are allowed everywhere.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) contexts: &'static [&'static str],
    pub(crate) functions: &'static [Function],
}

/// A function that only some places allow, with its number of arguments there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Function {
    pub(crate) name: &'static str,
    pub(crate) least: usize,
    pub(crate) most: usize,
}

const fn function(name: &'static str, least: usize, most: usize) -> Function {
    Function { name, least, most }
}

const fn place(contexts: &'static [&'static str]) -> Place {
    Place {
        contexts,
        functions: &[],
    }
}

impl Place {
    const fn with(self, functions: &'static [Function]) -> Place {
        Place {
            functions,
            contexts: self.contexts,
        }
    }
}

const HASH_FILES: Function = function("hashFiles", 1, 255);

/// Expressions without any context: only literals and functions.
pub(super) static CONSTANT: Place = place(&[]);
/// `run-name`, `concurrency` of a workflow, defaults of `workflow_call` inputs.
pub(super) static RUN: Place = place(&["github", "inputs", "vars"]);
/// `on.workflow_call.outputs.<id>.value`.
pub(super) static CALL_OUTPUT: Place = place(&["github", "inputs", "vars", "jobs"]);
/// `env` of a workflow.
pub(super) static WORKFLOW_ENV: Place = place(&["github", "inputs", "vars", "secrets"]);
/// `if` of a job.
pub(super) static JOB_IF: Place = place(&["github", "inputs", "vars", "needs"]).with(&[
    function("always", 0, 0),
    function("failure", 0, usize::MAX),
    function("cancelled", 0, 0),
    function("success", 0, usize::MAX),
]);
/// `strategy`, which decides what jobs there are.
pub(super) static STRATEGY: Place = place(&["github", "inputs", "vars", "needs"]);
/// What is read before a job has a machine.
pub(super) static JOB: Place = place(&["github", "inputs", "vars", "needs", "strategy", "matrix"]);
/// `secrets` of a job that calls a workflow, and `env` of a job.
pub(super) static JOB_SECRETS: Place = place(&[
    "github", "inputs", "vars", "needs", "strategy", "matrix", "secrets",
]);
/// `defaults.run` of a job.
pub(super) static JOB_DEFAULTS: Place =
    place(&["github", "inputs", "vars", "strategy", "matrix", "needs", "env"]);
/// `credentials` of containers.
pub(super) static CREDENTIALS: Place = place(&["github", "inputs", "vars", "secrets", "env"]);
/// What the machine of a job reads: `outputs`, `env` of containers.
pub(super) static RUNNER: Place = place(&[
    "github", "inputs", "vars", "needs", "strategy", "matrix", "secrets", "steps", "job", "runner", "env",
]);
/// `environment.url`.
pub(super) static RUNNER_PUBLIC: Place = place(&[
    "github", "inputs", "vars", "needs", "strategy", "matrix", "steps", "job", "runner", "env",
]);
/// Most keys of a step.
pub(super) static STEP: Place = place(RUNNER.contexts).with(&[HASH_FILES]);
/// `if` of a step.
pub(super) static STEP_IF: Place = place(RUNNER_PUBLIC.contexts).with(&[
    function("always", 0, 0),
    function("failure", 0, 0),
    function("cancelled", 0, 0),
    function("success", 0, 0),
    HASH_FILES,
]);
/// The places around a value, the innermost first: all of them count.
#[derive(Clone, Copy, Default)]
pub(crate) struct Allowed<'a> {
    place: Option<&'static Place>,
    outer: Option<&'a Allowed<'a>>,
}

impl<'a> Allowed<'a> {
    /// No expressions at all.
    pub(crate) const NONE: Allowed<'static> = Allowed {
        place: None,
        outer: None,
    };

    /// What is allowed in a place within this one.
    pub(super) fn within(&'a self, place: Option<&'static Place>) -> Allowed<'a> {
        Allowed {
            place,
            outer: Some(self),
        }
    }

    /// The places, the innermost first.
    pub(crate) fn places(&self) -> impl Iterator<Item = &'static Place> {
        std::iter::successors(Some(*self), |allowed| allowed.outer.copied())
            .filter_map(|allowed| allowed.place)
    }

    /// Whether there may be expressions.
    pub(super) fn any(&self) -> bool {
        self.places().next().is_some()
    }
}
