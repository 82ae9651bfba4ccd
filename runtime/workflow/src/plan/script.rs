//! What runs a script.

use crate::codes;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::model::{Step, StepAction};
use crate::shell::{Shell, ShellError};
use crate::words::visible;

/// The shell of a step, as [`step_values`](super::step_values) gives it ([`Work::Run`](super::Work::Run)).
///
/// There is none when it cannot be used here; the diagnostics say why, and the step fails.
pub fn shell_of(step: &Step, written: Option<&str>) -> (Option<Shell>, Diagnostics) {
    let mut diagnostics = Diagnostics::new();
    let Some(written) = written else {
        return (Some(Shell::Unspecified), diagnostics);
    };
    match Shell::parse(written) {
        Ok(shell) => (Some(shell), diagnostics),
        Err(error) => {
            let help = match error {
                ShellError::Windows(_) => "use `bash`, `sh`, `python` or `pwsh`",
                ShellError::Brace(_) => "write `{{` and `}}` for braces of the command",
                ShellError::Unknown(_) => {
                    "use `bash`, `sh`, `python` or `pwsh`, or a command with `{0}` where the script's path goes"
                }
            };
            let own = match &step.action {
                StepAction::Run(run) => run.shell.as_ref().map(|shell| shell.span),
                _ => None,
            };
            diagnostics.push(
                Diagnostic::new(codes::SHELL, "this shell cannot be used here")
                    .at(own.unwrap_or(step.span), visible(&error.to_string()))
                    .help(help),
            );
            (None, diagnostics)
        }
    }
}
