//! Workflow commands that GitHub has taken away, or is about to.

use crate::codes;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::model::{Action, Run};
use crate::source::Source;
use crate::span::Span;

use super::steps::Steps;

/// A command that a script prints, and what has taken its place.
struct Command {
    name: &'static str,
    /// Whether GitHub refuses it already.
    refused: bool,
    instead: &'static str,
}

const COMMANDS: &[Command] = &[
    Command {
        name: "set-output",
        refused: false,
        instead: "write `NAME=VALUE` to the file that `$GITHUB_OUTPUT` names",
    },
    Command {
        name: "save-state",
        refused: false,
        instead: "write `NAME=VALUE` to the file that `$GITHUB_STATE` names",
    },
    Command {
        name: "set-env",
        refused: true,
        instead: "write `NAME=VALUE` to the file that `$GITHUB_ENV` names",
    },
    Command {
        name: "add-path",
        refused: true,
        instead: "write the path to the file that `$GITHUB_PATH` names",
    },
];

pub(super) fn check(all: &[Steps<'_>], source: &Source, diagnostics: &mut Diagnostics) {
    // Whoever sets this has read what it is for; it may stand in any `env`.
    if source.text().contains("ACTIONS_ALLOW_UNSECURE_COMMANDS") {
        return;
    }
    for steps in all {
        steps.each(&mut |step| {
            if let Action::Run(run) = &step.action {
                script(run, source, diagnostics);
            }
        });
    }
}

fn script(run: &Run, source: &Source, diagnostics: &mut Diagnostics) {
    if !run.script.text.contains("::") {
        return;
    }
    let written = source.slice(run.script.span);
    let begin = run.script.style.text_start(written);
    let mut start = run.script.span.start + begin;
    for line in written.get(begin..).unwrap_or_default().split_inclusive('\n') {
        for (at, command) in commands(line) {
            let span = Span::new(start + at, start + at + command.name.len() + 2);
            diagnostics.push(diagnostic(command, span));
        }
        start += line.len();
    }
}

/// Every command that a line prints, and where.
fn commands(line: &str) -> impl Iterator<Item = (usize, &'static Command)> {
    let comment = line.trim_start().starts_with('#');
    COMMANDS
        .iter()
        .filter(move |_| !comment)
        .flat_map(move |command| line.match_indices(command.name).map(move |(at, _)| (at, command)))
        .filter_map(move |(at, command)| {
            let before = line.get(..at)?.strip_suffix("::")?;
            let after = line.get(at + command.name.len()..)?;
            let whole = if command.name == "add-path" {
                after.starts_with("::")
            } else {
                after.starts_with(" name=") && after.contains("::")
            };
            whole.then_some((before.len(), command))
        })
}

fn diagnostic(command: &Command, span: Span) -> Diagnostic {
    let (code, label) = if command.refused {
        (codes::COMMAND_REFUSED, "GitHub refuses this command")
    } else {
        (
            codes::COMMAND_DEPRECATED,
            "GitHub is going to refuse this command",
        )
    };
    Diagnostic::new(
        code,
        format!("the workflow command `{}` should not be used", command.name),
    )
    .at(span, label)
    .help(command.instead)
}
