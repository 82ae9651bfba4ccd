//! Which contexts and functions may be used under which key.
//!
//! From GitHub's documentation, "Contexts reference", section "Context availability", and the schemas of workflows and
//! actions in `actions/languageservices`; read in 2026. A key that is not here takes no expressions.
//!
//! This is the only table: reading a file (`lower/`) names a row of it for every place where expressions may stand.

use super::function::Function;

/// What may be used under a key. General functions such as `format` may be used everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Availability {
    /// Names of contexts.
    pub contexts: &'static [&'static str],
    /// Status functions and `hashFiles`, where they are allowed.
    pub functions: &'static [Function],
}

const HASH: &[Function] = &[Function::HashFiles];
const STATUS: &[Function] = &[
    Function::Always,
    Function::Cancelled,
    Function::Success,
    Function::Failure,
];
const STATUS_AND_HASH: &[Function] = &[
    Function::Always,
    Function::Cancelled,
    Function::Success,
    Function::Failure,
    Function::HashFiles,
];

/// Every context of the language.
const CONTEXTS: &[&str] = &[
    "github", "env", "vars", "job", "jobs", "steps", "runner", "secrets", "strategy", "matrix", "needs",
    "inputs",
];

const RUN: &[&str] = &["github", "inputs", "vars"];
const NEEDS: &[&str] = &["github", "needs", "vars", "inputs"];
const MATRIX: &[&str] = &["github", "needs", "strategy", "matrix", "vars", "inputs"];
const MATRIX_AND_SECRETS: &[&str] = &[
    "github", "needs", "strategy", "matrix", "vars", "secrets", "inputs",
];
const MATRIX_AND_ENV: &[&str] = &["github", "needs", "strategy", "matrix", "env", "vars", "inputs"];
const CREDENTIALS: &[&str] = &[
    "github", "needs", "strategy", "matrix", "env", "vars", "secrets", "inputs",
];
const JOB: &[&str] = &[
    "github", "needs", "strategy", "matrix", "job", "runner", "env", "vars", "secrets", "steps", "inputs",
];
const JOB_WITHOUT_SECRETS: &[&str] = &[
    "github", "needs", "strategy", "matrix", "job", "runner", "env", "vars", "steps", "inputs",
];
/// The documentation leaves `steps` out here, the schema lets it in; what GitHub accepts counts.
const CONTAINER_ENV: &[&str] = JOB;
const ACTION: &[&str] = &[
    "github", "inputs", "strategy", "matrix", "steps", "job", "runner", "env",
];
const ACTION_HOOK: &[&str] = &["runner", "github", "job", "strategy", "matrix", "env", "inputs"];
const ACTION_DEFAULT: &[&str] = &["github", "strategy", "matrix", "job", "runner"];

macro_rules! keys {
    ($($name:ident = $text:literal, $contexts:expr, $functions:expr;)+) => {
        /// A key of a workflow or action file whose value may hold expressions.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum WorkflowKey {
            $(#[doc = concat!("`", $text, "`")] $name,)+
        }

        impl WorkflowKey {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The key as GitHub's documentation writes it.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)+
                }
            }
        }

        /// What may be used under a key.
        #[must_use]
        pub fn allowed(key: WorkflowKey) -> Availability {
            let (contexts, functions): (&'static [&'static str], &'static [Function]) = match key {
                $(WorkflowKey::$name => ($contexts, $functions),)+
            };
            Availability { contexts, functions }
        }
    };
}

keys! {
    RunName = "run-name", RUN, &[];
    Concurrency = "concurrency", RUN, &[];
    Env = "env", &["github", "secrets", "inputs", "vars"], &[];
    DefaultsShell = "defaults.run.shell", &[], &[];
    CallInputDefault = "on.workflow_call.inputs.<inputs_id>.default", RUN, &[];
    CallOutputValue = "on.workflow_call.outputs.<output_id>.value", &["github", "jobs", "vars", "inputs"], &[];
    JobName = "jobs.<job_id>.name", MATRIX, &[];
    JobIf = "jobs.<job_id>.if", NEEDS, STATUS;
    JobRunsOn = "jobs.<job_id>.runs-on", MATRIX, &[];
    JobStrategy = "jobs.<job_id>.strategy", NEEDS, &[];
    JobContinueOnError = "jobs.<job_id>.continue-on-error", MATRIX, &[];
    JobTimeout = "jobs.<job_id>.timeout-minutes", MATRIX, &[];
    JobConcurrency = "jobs.<job_id>.concurrency", MATRIX, &[];
    JobEnvironment = "jobs.<job_id>.environment", MATRIX, &[];
    JobEnvironmentUrl = "jobs.<job_id>.environment.url", JOB_WITHOUT_SECRETS, &[];
    JobEnv = "jobs.<job_id>.env", MATRIX_AND_SECRETS, &[];
    JobDefaultsRun = "jobs.<job_id>.defaults.run", MATRIX_AND_ENV, &[];
    JobOutputs = "jobs.<job_id>.outputs.<output_id>", JOB, &[];
    JobContainer = "jobs.<job_id>.container", MATRIX, &[];
    JobContainerCredentials = "jobs.<job_id>.container.credentials", CREDENTIALS, &[];
    JobContainerEnv = "jobs.<job_id>.container.env.<env_id>", CONTAINER_ENV, &[];
    JobServices = "jobs.<job_id>.services", MATRIX, &[];
    JobServiceCredentials = "jobs.<job_id>.services.<service_id>.credentials", CREDENTIALS, &[];
    JobServiceEnv = "jobs.<job_id>.services.<service_id>.env.<env_id>", CONTAINER_ENV, &[];
    JobSnapshotIf = "jobs.<job_id>.snapshot.if", MATRIX, &[];
    JobWith = "jobs.<job_id>.with.<with_id>", MATRIX, &[];
    JobSecrets = "jobs.<job_id>.secrets.<secrets_id>", MATRIX_AND_SECRETS, &[];
    StepName = "jobs.<job_id>.steps.name", JOB, HASH;
    StepIf = "jobs.<job_id>.steps.if", JOB_WITHOUT_SECRETS, STATUS_AND_HASH;
    StepRun = "jobs.<job_id>.steps.run", JOB, HASH;
    StepWith = "jobs.<job_id>.steps.with", JOB, HASH;
    StepEnv = "jobs.<job_id>.steps.env", JOB, HASH;
    StepShell = "jobs.<job_id>.steps.shell", &[], &[];
    StepWorkingDirectory = "jobs.<job_id>.steps.working-directory", JOB, HASH;
    StepContinueOnError = "jobs.<job_id>.steps.continue-on-error", JOB, HASH;
    StepTimeout = "jobs.<job_id>.steps.timeout-minutes", JOB, HASH;
    ActionInputDefault = "inputs.<input_id>.default", ACTION_DEFAULT, HASH;
    ActionOutputValue = "outputs.<output_id>.value", ACTION, &[];
    ActionRunsArgs = "runs.args", &["inputs"], &[];
    ActionRunsEnv = "runs.env", &["inputs"], &[];
    ActionPreIf = "runs.pre-if", ACTION_HOOK, STATUS_AND_HASH;
    ActionPostIf = "runs.post-if", ACTION_HOOK, STATUS_AND_HASH;
    ActionStep = "runs.steps", ACTION, HASH;
    ActionStepIf = "runs.steps.if", ACTION, STATUS_AND_HASH;
}

impl WorkflowKey {
    /// Whether there is a context of this name at all, under whatever key.
    pub(crate) fn is_context(name: &str) -> bool {
        CONTEXTS.iter().any(|context| super::fold::equal(context, name))
    }
}
