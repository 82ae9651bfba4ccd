//! Every key of the language, level by level: GitHub's whole workflow syntax (its published schema
//! `workflow-v1.0.json`, and the background and parallel steps of June 2026) and Loom's own.

use super::events::ON;
use super::forms::{Form, Forms};
use super::types::Type;
use crate::expression::Key as At;

/// The keys that may stand at one place.
pub(super) struct Level {
    pub(super) keys: &'static [Key],
    /// The shapes a thing of this level can have; none where there is only one.
    pub(super) forms: &'static [Form],
    /// What stands under keys that are none of these; `None` where there may be no others.
    pub(super) others: Option<&'static Type>,
    /// Keys that do not go together.
    pub(super) rivals: &'static [(&'static str, &'static str)],
    /// Whether GitHub passes over keys that it does not know here.
    pub(super) lenient: bool,
    /// What a message calls the thing under a key of this level: an `event`, an `input`.
    pub(super) thing: Option<&'static str>,
}

/// A key.
pub(super) struct Key {
    pub(super) name: &'static str,
    /// Whether only `.loom.yml` has it.
    pub(super) loom_only: bool,
    /// The forms it may stand in.
    pub(super) forms: Forms,
    /// What may stand under it.
    pub(super) value: &'static Type,
    pub(super) checked: Checked,
    pub(super) required: bool,
}

/// Where a value is checked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Checked {
    /// By its type.
    Here,
    /// Where a typed value is made of it; only expressions are looked at by its type.
    WhereTyped,
    /// Where its parts are read one by one.
    ByParts,
}

/// A key whose value is checked by its type.
pub(super) const fn key(name: &'static str, value: &'static Type) -> Key {
    Key {
        name,
        loom_only: false,
        forms: Forms::ALL,
        value,
        checked: Checked::Here,
        required: false,
    }
}

/// A key whose value is checked where it is made a typed value of.
const fn typed(name: &'static str, value: &'static Type) -> Key {
    Key {
        checked: Checked::WhereTyped,
        ..key(name, value)
    }
}

/// A key whose value has parts that are checked one by one.
pub(super) const fn parts(name: &'static str) -> Key {
    Key {
        checked: Checked::ByParts,
        ..key(name, &ANY)
    }
}

const fn loom(name: &'static str, value: &'static Type) -> Key {
    Key {
        loom_only: true,
        ..key(name, value)
    }
}

impl Key {
    const fn only(self, forms: Forms) -> Self {
        Self { forms, ..self }
    }

    pub(super) const fn required(self) -> Self {
        Self {
            required: true,
            ..self
        }
    }
}

pub(super) const fn plain(keys: &'static [Key]) -> Level {
    Level {
        keys,
        forms: &[],
        others: None,
        rivals: &[],
        lenient: false,
        thing: None,
    }
}

/// A mapping from free names to values of one type.
pub(super) const fn named(value: &'static Type) -> Level {
    Level {
        others: Some(value),
        ..plain(&[])
    }
}

pub(super) static ANY: Type = Type::ANY;
pub(super) static TEXT: Type = Type::TEXT;
pub(super) static FILLED: Type = Type::FILLED;
pub(super) static BOOLEAN: Type = Type::BOOLEAN;
static NUMBER: Type = Type::NUMBER;
pub(super) static FILLED_LIST: Type = Type::list(&FILLED);
pub(super) static ONE_OR_MORE: Type = Type::FILLED.or_list(&FILLED);
/// Texts under free names: `env`, `with` of a step.
pub(super) static TEXTS: Level = named(&TEXT);

pub(super) static WORKFLOW: Level = plain(&[
    typed("name", &TEXT),
    typed("description", &TEXT),
    typed("run-name", &Type::TEXT.at(At::RunName)),
    key("on", &ON),
    typed("env", &Type::mapping(&TEXTS).at(At::Env)),
    typed("defaults", &Type::mapping(&WORKFLOW_DEFAULTS)),
    key("permissions", &PERMISSIONS),
    key(
        "concurrency",
        &Type::TEXT.or_mapping(&CONCURRENCY).at(At::Concurrency),
    ),
    key("cache-mode", &CACHE_MODE),
    parts("jobs"),
]);
/// What a job may do with the cache of its repository: the changelog of September 2026.
static CACHE_MODE: Type = Type::one_of(&["read", "write", "write-only", "none"]);

const STEPS: Forms = Forms::bit(0);
const CALL: Forms = Forms::bit(1);

pub(super) static JOB: Level = Level {
    forms: &[form(STEPS, "steps", true), form(CALL, "uses", false)],
    ..plain(&[
        typed("name", &Type::TEXT.at(At::JobName)),
        typed("needs", &ONE_OR_MORE),
        key("if", &Type::CONDITION.at(At::JobIf)),
        key("permissions", &PERMISSIONS),
        key("cache-mode", &CACHE_MODE),
        key(
            "concurrency",
            &Type::FILLED.or_mapping(&CONCURRENCY).at(At::JobConcurrency),
        ),
        key("strategy", &Type::mapping(&STRATEGY).at(At::JobStrategy)),
        typed("runs-on", &ONE_OR_MORE.or_mapping(&RUNS_ON).at(At::JobRunsOn)).only(STEPS),
        parts("steps").only(STEPS),
        typed("env", &Type::mapping(&TEXTS).at(At::JobEnv)).only(STEPS),
        typed("defaults", &Type::mapping(&DEFAULTS).at(At::JobDefaultsRun)).only(STEPS),
        typed("timeout-minutes", &Type::NUMBER.at(At::JobTimeout)).only(STEPS),
        key("cancel-timeout-minutes", &Type::NUMBER.at(At::JobTimeout)).only(STEPS),
        key("continue-on-error", &Type::BOOLEAN.at(At::JobContinueOnError)).only(STEPS),
        key(
            "container",
            &Type::TEXT.or_mapping(&CONTAINER).at(At::JobContainer),
        )
        .only(STEPS),
        key("services", &Type::mapping(&named(&SERVICE)).at(At::JobServices)).only(STEPS),
        key(
            "environment",
            &Type::TEXT.or_mapping(&ENVIRONMENT).at(At::JobEnvironment),
        )
        .only(STEPS),
        key("outputs", &Type::mapping(&named(&Type::TEXT.at(At::JobOutputs)))).only(STEPS),
        key("snapshot", &Type::FILLED.or_mapping(&SNAPSHOT)).only(STEPS),
        typed("uses", &FILLED).only(CALL),
        key("with", &Type::mapping(&named(&Type::SCALAR.at(At::JobWith)))).only(CALL),
        key(
            "secrets",
            &Type::one_of(&["inherit"]).or_mapping(&named(&Type::SCALAR.at(At::JobSecrets))),
        )
        .only(CALL),
        loom("retry", &Type::mapping(&RETRY)).only(STEPS),
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

pub(super) static STEP: Level = Level {
    forms: &[
        form(RUN, "run", true),
        form(USES, "uses", true),
        form(WAIT, "wait", false),
        form(WAIT_ALL, "wait-all", false),
        form(CANCEL, "cancel", false),
        form(PARALLEL, "parallel", false),
    ],
    ..plain(&[
        typed("name", &Type::TEXT.at(At::StepName)).only(NAMED),
        typed("id", &FILLED).only(NAMED),
        key("if", &Type::CONDITION.at(At::StepIf)).only(WORK),
        typed("run", &Type::TEXT.at(At::StepRun)).only(RUN),
        typed("uses", &FILLED).only(USES),
        key("with", &Type::mapping(&TEXTS).at(At::StepWith)).only(USES),
        typed("env", &Type::mapping(&TEXTS).at(At::StepEnv)).only(WORK),
        typed("shell", &Type::FILLED.at(At::StepShell)).only(RUN),
        typed("working-directory", &Type::TEXT.at(At::StepWorkingDirectory)).only(RUN),
        key("continue-on-error", &Type::BOOLEAN.at(At::StepContinueOnError)).only(NAMED),
        typed("timeout-minutes", &Type::NUMBER.at(At::StepTimeout)).only(WORK),
        key("background", &BOOLEAN).only(WORK),
        typed("wait", &ONE_OR_MORE).only(WAIT),
        key("wait-all", &Type::BOOLEAN.or_nothing()).only(WAIT_ALL),
        typed("cancel", &FILLED).only(CANCEL),
        parts("parallel").only(PARALLEL),
        loom("retry", &Type::mapping(&RETRY)).only(WORK),
        loom("on-lost", &Type::one_of(&["retry", "fail"])).only(WORK),
        loom("tty", &BOOLEAN).only(RUN),
    ])
};

const fn form(bit: Forms, key: &'static str, common: bool) -> Form {
    Form { bit, key, common }
}

pub(super) static DEFAULTS: Level = plain(&[key("run", &Type::mapping(&DEFAULTS_RUN))]);
pub(super) static DEFAULTS_RUN: Level = plain(&[key("shell", &FILLED), key("working-directory", &FILLED)]);
static WORKFLOW_DEFAULTS: Level = plain(&[key("run", &Type::mapping(&WORKFLOW_DEFAULTS_RUN))]);
static WORKFLOW_DEFAULTS_RUN: Level = plain(&[
    key("shell", &Type::FILLED.at(At::DefaultsShell)),
    key("working-directory", &FILLED),
]);
pub(super) static RUNS_ON: Level = plain(&[key("group", &FILLED), key("labels", &ONE_OR_MORE)]);

static CONTAINER: Level = plain(&[
    key("image", &FILLED).required(),
    key("options", &TEXT),
    key("env", &Type::mapping(&named(&Type::TEXT.at(At::JobContainerEnv)))),
    key("ports", &FILLED_LIST),
    key("volumes", &FILLED_LIST),
    key(
        "credentials",
        &Type::mapping(&LOGIN).at(At::JobContainerCredentials),
    ),
]);
static SERVICE: Type = Type::FILLED.or_mapping(&plain(&[
    key("image", &FILLED).required(),
    key("options", &TEXT),
    key("env", &Type::mapping(&named(&Type::TEXT.at(At::JobServiceEnv)))),
    key("ports", &FILLED_LIST),
    key("volumes", &FILLED_LIST),
    key(
        "credentials",
        &Type::mapping(&LOGIN).at(At::JobServiceCredentials),
    ),
    key("entrypoint", &TEXT),
    key("command", &TEXT),
]));
static LOGIN: Level = plain(&[key("username", &FILLED), key("password", &FILLED)]);

static STRATEGY: Level = plain(&[
    key("fail-fast", &BOOLEAN),
    key("max-parallel", &NUMBER),
    key("matrix", &Type::mapping(&MATRIX)),
]);
pub(super) static MATRIX: Level = Level {
    others: Some(&Type::list(&ANY)),
    ..plain(&[key("include", &COMBINATIONS), key("exclude", &COMBINATIONS)])
};
static COMBINATIONS: Type = Type::list(&Type::mapping(&named(&ANY)));

static ENVIRONMENT: Level = plain(&[
    key("name", &TEXT).required(),
    key("url", &Type::TEXT.at(At::JobEnvironmentUrl)),
    key("deployment", &BOOLEAN),
]);
static CONCURRENCY: Level = plain(&[
    key("group", &FILLED).required(),
    key("cancel-in-progress", &BOOLEAN),
    key("queue", &Type::one_of(&["single", "max"])),
]);
static SNAPSHOT: Level = plain(&[
    key("image-name", &FILLED).required(),
    key("version", &FILLED),
    key("if", &Type::CONDITION.at(At::JobSnapshotIf)),
]);
static RETRY: Level = plain(&[
    key("max-attempts", &NUMBER),
    key("delay", &SCALAR),
    key("factor", &NUMBER),
    key("max-delay", &SCALAR),
]);
static SCALAR: Type = Type::SCALAR;

pub(super) static PERMISSIONS: Type = Type::one_of(&["read-all", "write-all"]).or_mapping(&SCOPES);
static SCOPES: Level = plain(&[
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
static LEVEL: Type = Type::one_of(&["read", "write", "none"]);
static WRITE: Type = Type::one_of(&["write", "none"]);
static READ: Type = Type::one_of(&["read", "none"]);

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
        fn check(level: &'static Level, seen: &mut Vec<*const Level>) {
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
