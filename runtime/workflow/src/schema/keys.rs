//! Every key of the language, level by level: GitHub's whole workflow syntax (its published schema
//! `workflow-v1.0.json`, and the background and parallel steps of June 2026) and Loom's own.

use super::forms::{Form, Forms};
use crate::dialect::Dialect;
use crate::expression::WorkflowKey as At;
use crate::schema::events::ON;
use crate::schema::types::ValueSchema;

/// The keys that may stand at one place.
pub(crate) struct MappingSchema {
    pub(crate) keys: &'static [KeySchema],
    /// The shapes a thing of this level can have; none where there is only one.
    pub(crate) forms: &'static [Form],
    /// What stands under keys that are none of these; `None` where there may be no others.
    pub(crate) others: Option<&'static ValueSchema>,
    /// Keys that do not go together.
    pub(crate) rivals: &'static [(&'static str, &'static str)],
    /// Whether GitHub passes over keys that it does not know here.
    pub(crate) lenient: bool,
    /// What a message calls the thing under a key of this level: an `event`, an `input`.
    pub(crate) thing: Option<&'static str>,
}

/// A key.
pub(crate) struct KeySchema {
    pub(crate) name: &'static str,
    /// Whether only `.loom.yml` has it.
    pub(crate) loom_only: bool,
    /// The forms it may stand in.
    pub(crate) forms: Forms,
    /// What may stand under it.
    pub(crate) value: &'static ValueSchema,
    pub(crate) checked: Checked,
    pub(crate) required: bool,
}

/// Where a value is checked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Checked {
    /// By its type.
    Here,
    /// Where a typed value is made of it; only expressions are looked at by its type.
    WhereTyped,
    /// Where its parts are read one by one.
    ByParts,
}

/// A key whose value is checked by its type.
pub(crate) const fn key(name: &'static str, value: &'static ValueSchema) -> KeySchema {
    KeySchema {
        name,
        loom_only: false,
        forms: Forms::ALL,
        value,
        checked: Checked::Here,
        required: false,
    }
}

/// A key whose value is checked where it is made a typed value of.
const fn typed(name: &'static str, value: &'static ValueSchema) -> KeySchema {
    KeySchema {
        checked: Checked::WhereTyped,
        ..key(name, value)
    }
}

/// A key whose value has parts that are checked one by one.
pub(crate) const fn parts(name: &'static str) -> KeySchema {
    KeySchema {
        checked: Checked::ByParts,
        ..key(name, &ANY)
    }
}

const fn loom(name: &'static str, value: &'static ValueSchema) -> KeySchema {
    KeySchema {
        loom_only: true,
        ..key(name, value)
    }
}

impl KeySchema {
    /// Whether a dialect has it.
    pub(crate) fn is_in(&self, dialect: Dialect) -> bool {
        !self.loom_only || dialect == Dialect::Loom
    }

    const fn only(self, forms: Forms) -> Self {
        Self { forms, ..self }
    }

    pub(crate) const fn required(self) -> Self {
        Self {
            required: true,
            ..self
        }
    }
}

pub(crate) const fn plain(keys: &'static [KeySchema]) -> MappingSchema {
    MappingSchema {
        keys,
        forms: &[],
        others: None,
        rivals: &[],
        lenient: false,
        thing: None,
    }
}

/// A mapping from free names to values of one type.
pub(crate) const fn named(value: &'static ValueSchema) -> MappingSchema {
    MappingSchema {
        others: Some(value),
        ..plain(&[])
    }
}

pub(crate) static ANY: ValueSchema = ValueSchema::ANY;
pub(crate) static TEXT: ValueSchema = ValueSchema::TEXT;
pub(crate) static FILLED: ValueSchema = ValueSchema::FILLED;
pub(crate) static BOOLEAN: ValueSchema = ValueSchema::BOOLEAN;
static NUMBER: ValueSchema = ValueSchema::NUMBER;
pub(crate) static FILLED_LIST: ValueSchema = ValueSchema::list(&FILLED);
pub(crate) static ONE_OR_MORE: ValueSchema = ValueSchema::FILLED.or_list(&FILLED);
/// Texts under free names: `env`, `with` of a step.
pub(crate) static TEXTS: MappingSchema = named(&TEXT);

pub(crate) static WORKFLOW: MappingSchema = plain(&[
    typed("name", &TEXT),
    typed("description", &TEXT),
    typed("run-name", &ValueSchema::TEXT.at(At::RunName)),
    key("on", &ON),
    typed("env", &ValueSchema::mapping(&TEXTS).at(At::Env)),
    typed("defaults", &ValueSchema::mapping(&WORKFLOW_DEFAULTS)),
    key("permissions", &PERMISSIONS),
    key(
        "concurrency",
        &ValueSchema::TEXT.or_mapping(&CONCURRENCY).at(At::Concurrency),
    ),
    key("cache-mode", &CACHE_MODE),
    parts("jobs"),
]);
/// What a job may do with the cache of its repository: the changelog of September 2026.
static CACHE_MODE: ValueSchema = ValueSchema::one_of(&["read", "write", "write-only", "none"]);

const STEPS: Forms = Forms::bit(0);
const CALL: Forms = Forms::bit(1);

pub(crate) static JOB: MappingSchema = MappingSchema {
    forms: &[form(STEPS, "steps", true), form(CALL, "uses", false)],
    ..plain(&[
        typed("name", &ValueSchema::TEXT.at(At::JobName)),
        typed("needs", &ONE_OR_MORE),
        key("if", &ValueSchema::CONDITION.at(At::JobIf)),
        key("permissions", &PERMISSIONS),
        key("cache-mode", &CACHE_MODE),
        key(
            "concurrency",
            &ValueSchema::FILLED
                .or_mapping(&CONCURRENCY)
                .at(At::JobConcurrency),
        ),
        key("strategy", &ValueSchema::mapping(&STRATEGY).at(At::JobStrategy)),
        typed("runs-on", &ONE_OR_MORE.or_mapping(&RUNS_ON).at(At::JobRunsOn)).only(STEPS),
        parts("steps").only(STEPS),
        typed("env", &ValueSchema::mapping(&TEXTS).at(At::JobEnv)).only(STEPS),
        typed(
            "defaults",
            &ValueSchema::mapping(&DEFAULTS).at(At::JobDefaultsRun),
        )
        .only(STEPS),
        typed("timeout-minutes", &ValueSchema::NUMBER.at(At::JobTimeout)).only(STEPS),
        key("cancel-timeout-minutes", &ValueSchema::NUMBER.at(At::JobTimeout)).only(STEPS),
        key(
            "continue-on-error",
            &ValueSchema::BOOLEAN.at(At::JobContinueOnError),
        )
        .only(STEPS),
        key(
            "container",
            &ValueSchema::TEXT
                .image()
                .or_mapping(&CONTAINER)
                .at(At::JobContainer),
        )
        .only(STEPS),
        key(
            "services",
            &ValueSchema::mapping(&named(&SERVICE)).at(At::JobServices),
        )
        .only(STEPS),
        key(
            "environment",
            &ValueSchema::TEXT.or_mapping(&ENVIRONMENT).at(At::JobEnvironment),
        )
        .only(STEPS),
        key(
            "outputs",
            &ValueSchema::mapping(&named(&ValueSchema::TEXT.at(At::JobOutputs))),
        )
        .only(STEPS),
        key("snapshot", &ValueSchema::FILLED.or_mapping(&SNAPSHOT)).only(STEPS),
        typed("uses", &FILLED).only(CALL),
        key(
            "with",
            &ValueSchema::mapping(&named(&ValueSchema::SCALAR.at(At::JobWith))),
        )
        .only(CALL),
        key(
            "secrets",
            &ValueSchema::one_of(&["inherit"]).or_mapping(&named(&ValueSchema::SCALAR.at(At::JobSecrets))),
        )
        .only(CALL),
        loom("retry", &ValueSchema::mapping(&RETRY)).only(STEPS),
    ])
};

const RUN: Forms = Forms::bit(0);
const USES: Forms = Forms::bit(1);
const WAIT: Forms = Forms::bit(2);
const WAIT_ALL: Forms = Forms::bit(3);
const CANCEL: Forms = Forms::bit(4);
const PARALLEL: Forms = Forms::bit(5);
const WORK: Forms = RUN.or(USES);
const NAMED: Forms = WORK.or(WAIT).or(WAIT_ALL).or(CANCEL);

pub(crate) static STEP: MappingSchema = MappingSchema {
    forms: &[
        form(RUN, "run", true),
        form(USES, "uses", true),
        form(WAIT, "wait", false),
        form(WAIT_ALL, "wait-all", false),
        form(CANCEL, "cancel", false),
        form(PARALLEL, "parallel", false),
    ],
    ..plain(&[
        typed("name", &ValueSchema::TEXT.at(At::StepName)).only(NAMED),
        typed("id", &FILLED).only(NAMED),
        key("if", &ValueSchema::CONDITION.at(At::StepIf)).only(WORK),
        typed("run", &ValueSchema::TEXT.at(At::StepRun)).only(RUN),
        typed("uses", &FILLED).only(USES),
        key("with", &ValueSchema::mapping(&TEXTS).at(At::StepWith)).only(USES),
        typed("env", &ValueSchema::mapping(&TEXTS).at(At::StepEnv)).only(WORK),
        typed("shell", &ValueSchema::FILLED.at(At::StepShell)).only(RUN),
        typed(
            "working-directory",
            &ValueSchema::TEXT.at(At::StepWorkingDirectory),
        )
        .only(RUN),
        key(
            "continue-on-error",
            &ValueSchema::BOOLEAN.at(At::StepContinueOnError),
        )
        .only(NAMED),
        typed("timeout-minutes", &ValueSchema::NUMBER.at(At::StepTimeout)).only(WORK),
        key("background", &BOOLEAN).only(WORK),
        typed("wait", &ONE_OR_MORE).only(WAIT),
        key("wait-all", &ValueSchema::BOOLEAN.or_nothing()).only(WAIT_ALL),
        typed("cancel", &FILLED).only(CANCEL),
        parts("parallel").only(PARALLEL),
        loom("retry", &ValueSchema::mapping(&RETRY)).only(WORK),
        loom("on-lost", &ValueSchema::one_of(&["retry", "fail"])).only(WORK),
        loom("tty", &BOOLEAN).only(RUN),
    ])
};

const fn form(bit: Forms, key: &'static str, common: bool) -> Form {
    Form { bit, key, common }
}

pub(crate) static DEFAULTS: MappingSchema = plain(&[key("run", &ValueSchema::mapping(&DEFAULTS_RUN))]);
pub(crate) static DEFAULTS_RUN: MappingSchema =
    plain(&[key("shell", &FILLED), key("working-directory", &FILLED)]);
static WORKFLOW_DEFAULTS: MappingSchema = plain(&[key("run", &ValueSchema::mapping(&WORKFLOW_DEFAULTS_RUN))]);
static WORKFLOW_DEFAULTS_RUN: MappingSchema = plain(&[
    key("shell", &ValueSchema::FILLED.at(At::DefaultsShell)),
    key("working-directory", &FILLED),
]);
pub(crate) static RUNS_ON: MappingSchema = plain(&[key("group", &FILLED), key("labels", &ONE_OR_MORE)]);

static CONTAINER: MappingSchema = plain(&[
    key("image", &IMAGE).required(),
    key("options", &TEXT),
    key(
        "env",
        &ValueSchema::mapping(&named(&ValueSchema::TEXT.at(At::JobContainerEnv))),
    ),
    key("ports", &FILLED_LIST),
    key("volumes", &FILLED_LIST),
    key(
        "credentials",
        &ValueSchema::mapping(&LOGIN).at(At::JobContainerCredentials),
    ),
]);
static IMAGE: ValueSchema = ValueSchema::FILLED.image();
static SERVICE: ValueSchema = ValueSchema::FILLED.image().or_mapping(&plain(&[
    key("image", &IMAGE).required(),
    key("options", &TEXT),
    key(
        "env",
        &ValueSchema::mapping(&named(&ValueSchema::TEXT.at(At::JobServiceEnv))),
    ),
    key("ports", &FILLED_LIST),
    key("volumes", &FILLED_LIST),
    key(
        "credentials",
        &ValueSchema::mapping(&LOGIN).at(At::JobServiceCredentials),
    ),
    key("entrypoint", &TEXT),
    key("command", &TEXT),
]));
static LOGIN: MappingSchema = plain(&[key("username", &FILLED), key("password", &FILLED)]);

static STRATEGY: MappingSchema = plain(&[
    key("fail-fast", &BOOLEAN),
    key("max-parallel", &NUMBER),
    key("matrix", &ValueSchema::mapping(&MATRIX)),
]);
pub(crate) static MATRIX: MappingSchema = MappingSchema {
    others: Some(&ValueSchema::list(&ANY)),
    ..plain(&[key("include", &COMBINATIONS), key("exclude", &COMBINATIONS)])
};
static COMBINATIONS: ValueSchema = ValueSchema::list(&ValueSchema::mapping(&named(&ANY)));

static ENVIRONMENT: MappingSchema = plain(&[
    key("name", &TEXT).required(),
    key("url", &ValueSchema::TEXT.at(At::JobEnvironmentUrl)),
    key("deployment", &BOOLEAN),
]);
static CONCURRENCY: MappingSchema = plain(&[
    key("group", &FILLED).required(),
    key("cancel-in-progress", &BOOLEAN),
    key("queue", &ValueSchema::one_of(&["single", "max"])),
]);
static SNAPSHOT: MappingSchema = plain(&[
    key("image-name", &FILLED).required(),
    key("version", &FILLED),
    key("if", &ValueSchema::CONDITION.at(At::JobSnapshotIf)),
]);
static RETRY: MappingSchema = plain(&[
    key("max-attempts", &NUMBER),
    key("delay", &SCALAR),
    key("factor", &NUMBER),
    key("max-delay", &SCALAR),
]);
static SCALAR: ValueSchema = ValueSchema::SCALAR;

pub(crate) static PERMISSIONS: ValueSchema =
    ValueSchema::one_of(&["read-all", "write-all"]).or_mapping(&SCOPES);
static SCOPES: MappingSchema = plain(&[
    key("actions", &LEVEL),
    key("artifact-metadata", &LEVEL),
    key("attestations", &LEVEL),
    key("checks", &LEVEL),
    key("code-quality", &LEVEL),
    key("contents", &LEVEL),
    key("copilot-requests", &WRITE),
    key("deployments", &LEVEL),
    key("discussions", &LEVEL),
    key("drives", &LEVEL),
    key("id-token", &WRITE),
    key("issues", &LEVEL),
    key("models", &READ),
    key("packages", &LEVEL),
    key("pages", &LEVEL),
    key("pull-requests", &LEVEL),
    key("repository-projects", &LEVEL),
    key("security-events", &LEVEL),
    key("statuses", &LEVEL),
    key("vulnerability-alerts", &READ),
]);
static LEVEL: ValueSchema = ValueSchema::one_of(&["read", "write", "none"]);
static WRITE: ValueSchema = ValueSchema::one_of(&["write", "none"]);
static READ: ValueSchema = ValueSchema::one_of(&["read", "none"]);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_named_by_a_key_of_its_own() {
        for level in [&JOB, &STEP] {
            for form in level.forms {
                let key = level.keys.iter().find(|key| key.name == form.key).unwrap();
                assert!(key.forms == form.bit, "`{}` belongs to its form only", form.key);
            }
        }
    }

    #[test]
    fn no_level_has_a_key_twice() {
        fn check(level: &'static MappingSchema, seen: &mut Vec<*const MappingSchema>) {
            if seen.contains(&std::ptr::from_ref(level)) {
                return;
            }
            seen.push(level);
            let mut names: Vec<_> = level.keys.iter().map(|key| key.name).collect();
            names.sort_unstable();
            let count = names.len();
            names.dedup();
            assert_eq!(names.len(), count, "{names:?}");
            for (one, other) in level.rivals {
                assert!(names.contains(one) && names.contains(other), "{one} {other}");
            }
            let values = level.keys.iter().map(|key| key.value).chain(level.others);
            for value in values {
                for value in std::iter::successors(Some(value), |value| value.list) {
                    if let Some(level) = value.mapping {
                        check(level, seen);
                    }
                }
            }
        }
        let mut seen = Vec::new();
        for level in [&WORKFLOW, &JOB, &STEP] {
            check(level, &mut seen);
        }
        assert!(seen.len() > 30, "{}", seen.len());
    }
}
