//! The table of rules: which codes each has, and what runs it.
//!
//! A code stands in one row only. Its level, severity and title are its row in [`codes`], its entry is in `docs/checks.md`,
//! and all else follows from the level: lints can be ignored by a comment or the configuration, and rules that find
//! nothing but lints do not run where only the language is asked for.

use super::calls::Calls;
use super::scripts::Readings;
use super::steps::Steps;
use super::{
    actions, commands, concurrency, containers, empty, expressions, files, labels, matrix, needs, outdated,
    outputs, references, runs, scripts, shells, snapshot, triggers, unreachable, unset, variables, versions,
    waits,
};
use crate::actions::Actions;
use crate::codes::{self, Code, Level};
use crate::diagnostic::Diagnostics;
use crate::model;
use crate::references::References;
use crate::source::Source;
use crate::tree::Node;

/// A row of the table.
pub(super) struct Rule {
    /// What it is called here.
    pub(super) name: &'static str,
    /// The codes of what it finds; no other rule has them.
    pub(super) codes: &'static [Code],
    /// What runs it; nothing where the mistakes are found while a file is read.
    pub(super) runs: &'static [Run],
}

/// What a rule looks at.
pub(super) enum Run {
    /// Nothing but a workflow itself: these look at called workflows, too.
    Standalone(fn(&model::Workflow, &Source, &mut Diagnostics)),
    /// A workflow with what it refers to.
    Workflow(for<'c, 'r> fn(&mut OfWorkflow<'c, 'r>, &mut Diagnostics)),
    /// Steps, those of jobs or of an action.
    Steps(for<'c, 'r> fn(&OfSteps<'c, 'r>, &mut Diagnostics)),
    /// An action.
    Action(for<'c, 'r> fn(&OfAction<'c, 'r>, &mut Diagnostics)),
}

/// What rules about workflows are given.
pub(super) struct OfWorkflow<'c, 'r> {
    pub(super) workflow: &'c model::Workflow,
    /// What it was read from, for rules about how something is written.
    pub(super) tree: &'c Node,
    pub(super) references: &'r dyn References,
    pub(super) calls: Calls<'r>,
    pub(super) steps: OfSteps<'c, 'r>,
}

/// What rules about actions are given.
pub(super) struct OfAction<'c, 'r> {
    pub(super) action: &'c model::action::Action,
    pub(super) references: &'r dyn References,
    pub(super) steps: OfSteps<'c, 'r>,
}

/// What rules about steps are given.
pub(super) struct OfSteps<'c, 'r> {
    pub(super) all: Vec<Steps<'c>>,
    pub(super) source: &'c Source,
    pub(super) actions: Actions<'r>,
    pub(super) readings: Readings,
}

impl Rule {
    /// Whether it has to run for findings of a level: [`Level::Lint`] is all of them.
    pub(super) fn is_of(&self, level: Level) -> bool {
        level == Level::Lint || self.codes.iter().any(|code| code.info().level == Level::Schema)
    }
}

pub(super) static RULES: &[Rule] = &[
    // What GitHub refuses a file by.
    Rule {
        name: "needs",
        codes: &[
            codes::UNKNOWN_NEEDS,
            codes::SELF_NEEDS,
            codes::CYCLE,
            codes::NEEDS_TWICE,
        ],
        runs: &[Run::Standalone(needs::check)],
    },
    Rule {
        name: "matrix",
        codes: &[
            codes::EMPTY_MATRIX,
            codes::MATRIX_SHAPE,
            codes::MATRIX_SIZE,
            codes::MATRIX_TWICE,
            codes::MATRIX_EXCLUDE,
        ],
        runs: &[Run::Standalone(|it, _, found| matrix::check(it, found))],
    },
    Rule {
        name: "waits",
        codes: &[codes::UNKNOWN_STEP],
        runs: &[Run::Standalone(|it, _, found| waits::check(it, found))],
    },
    Rule {
        name: "references",
        codes: &[codes::ACTION_REFERENCE],
        runs: &[
            Run::Standalone(|it, _, found| references::check(&Steps::of_workflow(it), found)),
            Run::Action(|it, found| references::check(&it.steps.all, found)),
        ],
    },
    Rule {
        name: "triggers",
        codes: &[
            codes::CRON,
            codes::CRON_INTERVAL,
            codes::TIMEZONE,
            codes::MALFORMED_PATTERN,
            codes::PATTERN,
            codes::PATTERN_ORDER,
            codes::INPUT_OPTIONS,
            codes::INPUT_DEFAULT,
            codes::INPUT_TWICE,
            codes::TOO_MANY_INPUTS,
        ],
        runs: &[Run::Standalone(triggers::check)],
    },
    Rule {
        name: "concurrency",
        codes: &[codes::KEY_CONFLICT, codes::CONCURRENCY],
        runs: &[Run::Workflow(|it, found| concurrency::check(it.workflow, found))],
    },
    Rule {
        name: "calls",
        codes: &[
            codes::CALL,
            codes::CALL_INPUT,
            codes::CALL_SECRET,
            codes::CALL_PERMISSIONS,
            codes::CALL_REFERENCE,
        ],
        runs: &[Run::Workflow(|it, found| it.calls.check(it.workflow, found))],
    },
    // Lints about steps, of whatever they are.
    Rule {
        name: "actions",
        codes: &[
            codes::ACTION_FORM,
            codes::LOCAL_ACTION,
            codes::ACTION_NOT_FETCHED,
            codes::ACTION_INPUT,
            codes::ACTION_INPUT_MISSING,
            codes::ACTION_INPUT_DEPRECATED,
        ],
        runs: &[Run::Steps(|it, found| {
            actions::check(&it.all, &it.actions, found);
        })],
    },
    Rule {
        name: "outdated",
        codes: &[codes::ACTION_OUTDATED, codes::ACTION_REFUSED],
        runs: &[
            Run::Steps(|it, found| outdated::check(&it.all, &it.actions, found)),
            Run::Action(|it, found| runs::check(it.action, found)),
        ],
    },
    Rule {
        name: "commands",
        codes: &[codes::COMMAND_REFUSED, codes::COMMAND_DEPRECATED],
        runs: &[Run::Steps(|it, found| {
            commands::check(&it.all, it.source, found);
        })],
    },
    Rule {
        name: "scripts",
        codes: &[codes::SCRIPT_SYNTAX, codes::SCRIPT_NAME],
        runs: &[Run::Steps(|it, found| {
            scripts::check(&it.all, it.source, &it.readings, found);
        })],
    },
    Rule {
        name: "shells",
        codes: &[codes::SHELL_NAME, codes::SHELL_MISSING],
        runs: &[
            Run::Steps(|it, found| shells::check(&it.all, found)),
            Run::Workflow(|it, found| shells::check_defaults(it.workflow, found)),
        ],
    },
    Rule {
        name: "variables",
        codes: &[codes::VARIABLE_NAME],
        runs: &[
            Run::Steps(|it, found| variables::check(&it.all, found)),
            Run::Workflow(|it, found| variables::check_around(it.workflow, found)),
            Run::Action(|it, found| variables::check_container(it.action, found)),
        ],
    },
    Rule {
        name: "versions",
        codes: &[codes::VERSION_NUMBER],
        runs: &[
            Run::Steps(|it, found| versions::check(&it.all, it.source, found)),
            Run::Workflow(|it, found| {
                versions::check_around(it.workflow, it.steps.source, found);
            }),
        ],
    },
    // Lints about workflows.
    Rule {
        name: "containers",
        codes: &[codes::PASSWORD],
        runs: &[Run::Workflow(|it, found| containers::check(it.workflow, found))],
    },
    Rule {
        name: "empty",
        codes: &[codes::EMPTY_LIST],
        runs: &[Run::Workflow(|it, found| {
            empty::check(it.workflow, it.tree, found)
        })],
    },
    Rule {
        name: "labels",
        codes: &[codes::RUNNER_LABEL, codes::RUNNER_CONFLICT],
        runs: &[Run::Workflow(|it, found| {
            labels::check(it.workflow, it.references.lints(), found);
        })],
    },
    Rule {
        name: "snapshot",
        codes: &[codes::SNAPSHOT_VERSION],
        runs: &[Run::Workflow(|it, found| snapshot::check(it.workflow, found))],
    },
    Rule {
        name: "unreachable",
        codes: &[codes::UNREACHABLE],
        runs: &[Run::Workflow(|it, found| unreachable::check(it.workflow, found))],
    },
    Rule {
        name: "unset",
        codes: &[codes::SCRIPT_VARIABLE],
        runs: &[Run::Workflow(|it, found| {
            unset::check(it.workflow, it.steps.source, &it.steps.readings, found);
        })],
    },
    Rule {
        name: "expressions",
        codes: &[
            codes::EXPRESSION_PROPERTY,
            codes::EXPRESSION_ACCESS,
            codes::EXPRESSION_COMPARISON,
            codes::EXPRESSION_ARGUMENT,
            codes::EXPRESSION_TEXT,
            codes::EXPRESSION_VALUE,
            codes::FORMAT,
            codes::FORMAT_UNUSED,
            codes::FROM_JSON,
            codes::CONDITION_TEXT,
            codes::CONDITION_CONSTANT,
            codes::SCRIPT_INJECTION,
        ],
        runs: &[
            Run::Workflow(|it, found| {
                expressions::check(
                    it.workflow,
                    &mut it.calls,
                    &it.steps.actions,
                    it.steps.source,
                    found,
                );
            }),
            Run::Action(|it, found| {
                expressions::check_action(it.action, &it.steps.actions, found);
            }),
        ],
    },
    // Lints about actions.
    Rule {
        name: "files",
        codes: &[codes::ACTION_FILE],
        runs: &[Run::Action(|it, found| {
            files::check(it.action, it.references, found);
        })],
    },
    Rule {
        name: "outputs",
        codes: &[codes::ACTION_OUTPUT],
        runs: &[Run::Action(|it, found| outputs::check(it.action, found))],
    },
    // What is found while a file is read.
    Rule {
        name: "anchors",
        codes: &[codes::YAML_UNUSED_ANCHOR],
        runs: &[],
    },
    Rule {
        name: "metadata",
        codes: &[codes::ACTION_METADATA],
        runs: &[],
    },
    Rule {
        name: "filters",
        codes: &[codes::EVENT_FILTER],
        runs: &[],
    },
    Rule {
        name: "idle jobs",
        codes: &[codes::NO_STEPS],
        runs: &[],
    },
    Rule {
        name: "timeouts",
        codes: &[codes::TIMEOUT],
        runs: &[],
    },
    Rule {
        name: "comments",
        codes: &[codes::IGNORE, codes::IGNORE_UNUSED],
        runs: &[],
    },
    // What nothing finds any more.
    Rule {
        name: "retired",
        codes: &[codes::INPUT_DEFAULT_UNUSED],
        runs: &[],
    },
];

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn every_lint_belongs_to_one_rule_and_is_documented() {
        let mut owners: HashMap<Code, &str> = HashMap::new();
        for rule in RULES {
            assert!(!rule.codes.is_empty(), "{} finds nothing", rule.name);
            for code in rule.codes {
                let other = owners.insert(*code, rule.name);
                assert_eq!(other, None, "{code} is of {} too", rule.name);
                assert!(!code.entry().explanation.is_empty(), "{code} is not documented");
                assert_ne!(code.info().level, Level::Engine, "{code}: planning alone says so");
            }
        }
        let lints = codes::all()
            .iter()
            .filter(|code| code.info().level == Level::Lint);
        let homeless: Vec<&Code> = lints.filter(|code| !owners.contains_key(code)).collect();
        assert!(homeless.is_empty(), "no rule of the table has {homeless:?}");
        let mut names: Vec<&str> = RULES.iter().map(|rule| rule.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), RULES.len(), "two rules have one name");
    }
}
