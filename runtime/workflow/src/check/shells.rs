//! Shells must be there where a step runs.

use crate::codes;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::model::{Action, Defaults, Job, Template, Workflow};
use crate::span::Spanned;
use crate::words::{alternatives, closest, name};

use super::labels;

/// The shells that need no command line.
const SHELLS: &[&str] = &["bash", "sh", "pwsh", "python", "cmd", "powershell"];

pub(super) fn check(workflow: &Workflow, diagnostics: &mut Diagnostics) {
    defaults(&workflow.defaults, None, diagnostics);
    for job in workflow.jobs.values() {
        // In a container the shells are those of its image.
        let windows = if job.fields.contains("container") {
            None
        } else {
            labels::is_windows(job)
        };
        defaults(&job.defaults, windows, diagnostics);
        steps(job, windows, diagnostics);
    }
}

fn steps(job: &Job, windows: Option<bool>, diagnostics: &mut Diagnostics) {
    super::each_step(&job.steps, &mut |step| {
        if let Action::Run(run) = &step.action
            && let Some(name) = &run.shell
        {
            shell(name, windows, diagnostics);
        }
    });
}

fn defaults(defaults: &Defaults, windows: Option<bool>, diagnostics: &mut Diagnostics) {
    if let Some(name) = &defaults.shell {
        shell(name, windows, diagnostics);
    }
}

fn shell(written: &Spanned<Template>, windows: Option<bool>, diagnostics: &mut Diagnostics) {
    let Some(text) = written.as_plain() else { return };
    if text.contains("{0}") {
        return;
    }
    let known = SHELLS
        .iter()
        .find(|shell| shell.eq_ignore_ascii_case(text.trim()));
    let Some(known) = known else {
        let help = closest(text, SHELLS.iter().copied()).map_or_else(
            || {
                format!(
                    "use {}, or a command with `{{0}}` where the path of the script goes",
                    alternatives(SHELLS)
                )
            },
            |near| format!("did you mean `{near}`?"),
        );
        diagnostics.push(
            Diagnostic::new(codes::SHELL_NAME, format!("{} is no shell", name(text)))
                .at(written.span, "neither a known shell nor a command with `{0}`")
                .help(help),
        );
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
