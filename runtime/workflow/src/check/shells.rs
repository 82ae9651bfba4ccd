//! Shells must be there where a step runs.

use crate::codes;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::model::{Defaults, StepAction, Template, Workflow};
use crate::shell::{Shell, ShellError};
use crate::span::Spanned;
use crate::words::{self, alternatives, closest, name};

use super::steps::Steps;

/// The shells that need no command line.
const SHELLS: &[&str] = &["bash", "sh", "pwsh", "python", "cmd", "powershell"];

/// Looks at the shells that scripts of a workflow have unless they name one.
pub(super) fn check_defaults(workflow: &Workflow, diagnostics: &mut Diagnostics) {
    defaults(&workflow.defaults, None, diagnostics);
}

pub(super) fn check(all: &[Steps<'_>], diagnostics: &mut Diagnostics) {
    for steps in all {
        // In a container the shells are those of its image.
        let contained = steps.job.is_some_and(|job| job.keys.contains("container"));
        let windows = steps.is_on_windows().filter(|_| !contained);
        if let Some(job) = steps.job {
            defaults(&job.defaults, windows, diagnostics);
        }
        steps.each(&mut |step| {
            if let StepAction::Run(run) = &step.action
                && let Some(name) = &run.shell
            {
                // Where a condition keeps the step from such a runner, nothing is missing.
                shell(name, windows.filter(|_| step.condition.is_none()), diagnostics);
            }
        });
    }
}

fn defaults(defaults: &Defaults, windows: Option<bool>, diagnostics: &mut Diagnostics) {
    if let Some(name) = &defaults.shell {
        shell(name, windows, diagnostics);
    }
}

fn shell(written: &Spanned<Template>, windows: Option<bool>, diagnostics: &mut Diagnostics) {
    let Some(text) = written.as_plain() else { return };
    match Shell::parse(text) {
        Ok(Shell::Custom(_)) => return,
        Err(ShellError::Brace(_)) => {
            diagnostics.push(
                Diagnostic::new(codes::SHELL_NAME, format!("{} is no shell", name(text)))
                    .at(written.span, "a brace is neither doubled nor part of `{0}`")
                    .help("write `{{` and `}}` for braces of the command"),
            );
            return;
        }
        _ => {}
    }
    let known = SHELLS
        .iter()
        .find(|shell| shell.eq_ignore_ascii_case(text.trim()));
    let Some(known) = known else {
        let near = closest(text, SHELLS.iter().copied());
        let help = near.map_or_else(
            || {
                format!(
                    "use {}, or a command with `{{0}}` where the path of the script goes",
                    alternatives(SHELLS)
                )
            },
            |near| format!("did you mean `{near}`?"),
        );
        let mut diagnostic = Diagnostic::new(codes::SHELL_NAME, format!("{} is no shell", name(text)))
            .at(written.span, "neither a known shell nor a command with `{0}`")
            .help(help);
        if let Some(near) = near {
            let is_certain = words::is_certain(text, near, SHELLS.iter().copied(), false);
            diagnostic = diagnostic.guess(written.span, near, is_certain);
        }
        diagnostics.push(diagnostic);
        return;
    };
    let problem = match (*known, windows) {
        ("cmd" | "powershell", Some(false)) => ("this shell is on Windows only", "use `bash`, or `pwsh`"),
        ("sh", Some(true)) => ("this shell is not on Windows", "use `bash`, or `pwsh`"),
        _ => return,
    };
    diagnostics.push(
        Diagnostic::new(
            codes::SHELL_MISSING,
            format!("the runner of this job has no {}", name(text)),
        )
        .at(written.span, problem.0)
        .help(problem.1),
    );
}
