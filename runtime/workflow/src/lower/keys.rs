//! Every key of the language, level by level: GitHub's whole workflow syntax (its published schema
//! `workflow-v1.0.json`, and the background and parallel steps of June 2026) and Loom's own.

use super::forms::{Form, Forms};

/// The keys that may stand at one place.
pub(super) struct Level {
    pub(super) keys: &'static [Key],
    /// The shapes a thing of this level can have; none where there is only one.
    pub(super) forms: &'static [Form],
}

/// A key.
pub(super) struct Key {
    pub(super) name: &'static str,
    /// Whether only `.loom.yml` has it.
    pub(super) loom_only: bool,
    /// The forms it may stand in.
    pub(super) forms: Forms,
}

const fn key(name: &'static str) -> Key {
    Key {
        name,
        loom_only: false,
        forms: Forms::ALL,
    }
}

const fn loom(name: &'static str) -> Key {
    Key {
        name,
        loom_only: true,
        forms: Forms::ALL,
    }
}

impl Key {
    const fn only(self, forms: Forms) -> Self {
        Self { forms, ..self }
    }
}

const fn plain(keys: &'static [Key]) -> Level {
    Level { keys, forms: &[] }
}

pub(super) static WORKFLOW: Level = plain(&[
    key("name"),
    key("description"),
    key("run-name"),
    key("on"),
    key("env"),
    key("defaults"),
    key("permissions"),
    key("concurrency"),
    key("jobs"),
]);

const STEPS: Forms = Forms::bit(0);
const CALL: Forms = Forms::bit(1);

pub(super) static JOB: Level = Level {
    keys: &[
        key("name"),
        key("needs"),
        key("if"),
        key("permissions"),
        key("concurrency"),
        key("strategy"),
        key("runs-on").only(STEPS),
        key("steps").only(STEPS),
        key("env").only(STEPS),
        key("defaults").only(STEPS),
        key("timeout-minutes").only(STEPS),
        key("cancel-timeout-minutes").only(STEPS),
        key("continue-on-error").only(STEPS),
        key("container").only(STEPS),
        key("services").only(STEPS),
        key("environment").only(STEPS),
        key("outputs").only(STEPS),
        key("snapshot").only(STEPS),
        key("uses").only(CALL),
        key("with").only(CALL),
        key("secrets").only(CALL),
        loom("retry").only(STEPS),
    ],
    forms: &[
        Form {
            bit: STEPS,
            key: "steps",
            common: true,
        },
        Form {
            bit: CALL,
            key: "uses",
            common: false,
        },
    ],
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
    keys: &[
        key("name"),
        key("id").only(NAMED),
        key("if").only(WORK),
        key("run").only(RUN),
        key("uses").only(USES),
        key("with").only(USES),
        key("env").only(WORK),
        key("shell").only(RUN),
        key("working-directory").only(RUN),
        key("continue-on-error").only(NAMED),
        key("timeout-minutes").only(WORK),
        key("background").only(WORK),
        key("wait").only(WAIT),
        key("wait-all").only(WAIT_ALL),
        key("cancel").only(CANCEL),
        key("parallel").only(PARALLEL),
        loom("retry").only(WORK),
        loom("on-lost").only(WORK),
        loom("tty").only(RUN),
    ],
    forms: &[
        Form {
            bit: RUN,
            key: "run",
            common: true,
        },
        Form {
            bit: USES,
            key: "uses",
            common: true,
        },
        Form {
            bit: WAIT,
            key: "wait",
            common: false,
        },
        Form {
            bit: WAIT_ALL,
            key: "wait-all",
            common: false,
        },
        Form {
            bit: CANCEL,
            key: "cancel",
            common: false,
        },
        Form {
            bit: PARALLEL,
            key: "parallel",
            common: false,
        },
    ],
};

pub(super) static DEFAULTS: Level = plain(&[key("run")]);
pub(super) static DEFAULTS_RUN: Level = plain(&[key("shell"), key("working-directory")]);
pub(super) static RUNS_ON: Level = plain(&[key("group"), key("labels")]);

static CONTAINER: Level = plain(&[
    key("image"),
    key("options"),
    key("env"),
    key("ports"),
    key("volumes"),
    key("credentials"),
]);
static SERVICE: Level = plain(&[
    key("image"),
    key("options"),
    key("env"),
    key("ports"),
    key("volumes"),
    key("credentials"),
    key("entrypoint"),
    key("command"),
]);

/// Values that are kept as written, whose own keys are known all the same. `services` holds one such value a key.
pub(super) struct Shape {
    pub(super) key: &'static str,
    pub(super) level: &'static Level,
    /// Whether the value is a mapping from free names to things of that level.
    pub(super) named: bool,
}

pub(super) static SHAPES: &[Shape] = &[
    Shape {
        key: "container",
        level: &CONTAINER,
        named: false,
    },
    Shape {
        key: "services",
        level: &SERVICE,
        named: true,
    },
    Shape {
        key: "strategy",
        level: &plain(&[key("fail-fast"), key("max-parallel"), key("matrix")]),
        named: false,
    },
    Shape {
        key: "environment",
        level: &plain(&[key("name"), key("url"), key("deployment")]),
        named: false,
    },
    Shape {
        key: "concurrency",
        level: &plain(&[key("group"), key("cancel-in-progress"), key("queue")]),
        named: false,
    },
    Shape {
        key: "snapshot",
        level: &plain(&[key("image-name"), key("version"), key("if")]),
        named: false,
    },
    Shape {
        key: "retry",
        level: &plain(&[key("max-attempts"), key("delay"), key("factor"), key("max-delay")]),
        named: false,
    },
    Shape {
        key: "permissions",
        level: &plain(&[
            key("actions"),
            key("artifact-metadata"),
            key("attestations"),
            key("checks"),
            key("contents"),
            key("copilot-requests"),
            key("deployments"),
            key("discussions"),
            key("id-token"),
            key("issues"),
            key("models"),
            key("packages"),
            key("pages"),
            key("pull-requests"),
            key("repository-projects"),
            key("security-events"),
            key("statuses"),
            key("vulnerability-alerts"),
        ]),
        named: false,
    },
];

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
        let shapes = SHAPES.iter().map(|shape| shape.level);
        for level in [&WORKFLOW, &JOB, &STEP, &DEFAULTS, &DEFAULTS_RUN, &RUNS_ON]
            .into_iter()
            .chain(shapes)
        {
            let mut names: Vec<_> = level.keys.iter().map(|key| key.name).collect();
            names.sort_unstable();
            let count = names.len();
            names.dedup();
            assert_eq!(names.len(), count, "{names:?}");
        }
    }
}
