//! Names of variables must be such that scripts can use them.

use crate::codes;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::expression::is_in;
use crate::model::action::{Action, ActionKind};
use crate::model::{Env, Workflow};
use crate::words::name;

use super::steps::Steps;

pub(super) fn check(all: &[Steps<'_>], diagnostics: &mut Diagnostics) {
    for steps in all {
        steps.each(&mut |step| names(step.env.as_deref(), diagnostics));
    }
}

/// Looks at what is set for whole jobs, and for their containers.
pub(super) fn check_around(workflow: &Workflow, diagnostics: &mut Diagnostics) {
    names(workflow.env.as_deref(), diagnostics);
    for job in workflow.jobs.values() {
        names(job.env.as_deref(), diagnostics);
        for container in job.containers() {
            names(container.env.as_deref(), diagnostics);
        }
    }
}

/// Looks at what an action sets for its container.
pub(super) fn check_container(action: &Action, diagnostics: &mut Diagnostics) {
    if let ActionKind::Docker { env, .. } = &action.kind {
        names(env.as_deref(), diagnostics);
    }
}

fn names(env: Option<&Env>, diagnostics: &mut Diagnostics) {
    let Some(Env::Variables(variables)) = env else {
        return;
    };
    for (text, variable) in variables {
        if is_in(text) || !text.contains(['&', '=', ' ']) {
            continue;
        }
        diagnostics.push(
            Diagnostic::new(
                codes::VARIABLE_NAME,
                format!("{} is no name for a variable", name(text)),
            )
            .at(variable.key, "`&`, `=` and spaces cannot be in a name")
            .help("use letters, digits and `_`"),
        );
    }
}
