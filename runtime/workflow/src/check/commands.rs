//! Workflow commands that GitHub has taken away, or is about to.

use std::cell::LazyCell;

use crate::codes;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::model::{Run, StepAction};
use crate::source::Source;
use crate::span::Span;
use crate::suggestion::Edit;
use crate::tree::Style;

use super::steps::Steps;

/// A command that a script prints, and what has taken its place.
struct Command {
    name: &'static str,
    /// Whether GitHub refuses it already.
    refused: bool,
    /// The variable with the path of the file that has taken its place.
    file: &'static str,
    instead: &'static str,
}

const COMMANDS: &[Command] = &[
    Command {
        name: "set-output",
        refused: false,
        file: "GITHUB_OUTPUT",
        instead: "write `NAME=VALUE` to the file that `$GITHUB_OUTPUT` names",
    },
    Command {
        name: "save-state",
        refused: false,
        file: "GITHUB_STATE",
        instead: "write `NAME=VALUE` to the file that `$GITHUB_STATE` names",
    },
    Command {
        name: "set-env",
        refused: true,
        file: "GITHUB_ENV",
        instead: "write `NAME=VALUE` to the file that `$GITHUB_ENV` names",
    },
    Command {
        name: "add-path",
        refused: true,
        file: "GITHUB_PATH",
        instead: "write the path to the file that `$GITHUB_PATH` names",
    },
];

pub(super) fn check(all: &[Steps<'_>], source: &Source, diagnostics: &mut Diagnostics) {
    // Whoever sets this has read what it is for; it may stand in any `env`. Most files print no command, and are not searched.
    let allowed = LazyCell::new(|| source.text().contains("ACTIONS_ALLOW_UNSECURE_COMMANDS"));
    for steps in all {
        // Elsewhere it may be PowerShell.
        let bash = steps.is_on_windows() == Some(false) && steps.shell.is_none();
        steps.each(&mut |step| {
            if let StepAction::Run(run) = &step.action
                && run.script.text.contains("::")
                && !*allowed
            {
                let shell = run
                    .shell
                    .as_ref()
                    .map(|shell| shell.as_plain().unwrap_or_default());
                let is_bash = shell.map_or(bash, |shell| matches!(shell, "bash" | "sh"));
                script(run, source, is_bash, diagnostics);
            }
        });
    }
}

fn script(run: &Run, source: &Source, is_bash: bool, diagnostics: &mut Diagnostics) {
    let written = source.slice(run.script.span);
    // One that stands in several jobs may run in several shells.
    let is_plain = is_sequence(&run.script.text) && !has_aliases(source);
    let begin = run.script.style.text_start(written);
    let mut start = run.script.span.start + begin;
    for line in written.get(begin..).unwrap_or_default().split_inclusive('\n') {
        for (at, command) in commands(line) {
            let span = Span::new(start + at, start + at + command.name.len() + 2);
            let mut diagnostic = diagnostic(command, span);
            if is_bash
                && matches!(run.script.style, Style::Plain | Style::Literal)
                && let Some((edit, is_certain)) = instead(command, line, start)
            {
                diagnostic = diagnostic.guess(edit.span, edit.replacement, is_certain && is_plain);
            }
            diagnostics.push(diagnostic);
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

/// What to write instead of a line that is nothing but an `echo` of one command, and whether that is certain: what a variable
/// holds may have several lines, which the file takes in another form.
fn instead(command: &Command, line: &str, start: usize) -> Option<(Edit, bool)> {
    let text = line.trim();
    let said = text.strip_prefix("echo ")?.trim();
    let quote = said.chars().next().filter(|first| matches!(first, '"' | '\''));
    let inner = match quote {
        Some(quote) => said.strip_prefix(quote)?.strip_suffix(quote)?,
        None => said,
    };
    let rest = inner.strip_prefix("::")?.strip_prefix(command.name)?;
    let written = match rest.strip_prefix(" name=") {
        Some(rest) => {
            let (name, value) = rest.split_once("::")?;
            let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
            if name.is_empty() || !name.bytes().all(is_name) {
                return None;
            }
            format!("{name}={value}")
        }
        None => rest.strip_prefix("::")?.to_owned(),
    };
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || b"=_-./${}".contains(&byte);
    let is_simple = match quote {
        Some(quote) => !inner.contains(quote) && !inner.contains(['\\', '`']) && !inner.contains("$("),
        None => {
            inner
                .bytes()
                .all(|byte| is_word(byte) || byte == b':' || byte == b' ')
                && written.bytes().all(is_word)
        }
    };
    // The runner reads `%0A` and its like in commands, and nothing of that kind in files.
    if !is_simple || written.contains('%') {
        return None;
    }
    let quote = quote.unwrap_or('"');
    let begin = start + (line.len() - line.trim_start().len());
    let replacement = format!("echo {quote}{written}{quote} >> \"${}\"", command.file);
    let is_certain = !written.contains('$');
    Some((
        Edit::new(Span::new(begin, begin + text.len()), replacement),
        is_certain,
    ))
}

/// Whether a script is nothing but simple commands, a line each: what one prints is then seen by the runner, and nobody else.
fn is_sequence(script: &str) -> bool {
    const WORDS: [&str; 14] = [
        "if", "then", "else", "elif", "fi", "for", "while", "until", "do", "done", "case", "esac",
        "function", "select",
    ];
    let is_simple = |line: &str| {
        let line = line.trim();
        let first = line.split([' ', ';', '\t']).next().unwrap_or_default();
        let is_whole = |quote: char| line.matches(quote).count().is_multiple_of(2);
        is_whole('"')
            && is_whole('\'')
            && !WORDS.contains(&first)
            && !line.contains(['(', ')', '`'])
            && !line.starts_with(['{', '}', '|', '&'])
            && !line.ends_with(['\\', '{', '|', '&'])
    };
    !script.contains("<<") && !script.contains("::stop-commands::") && script.lines().all(is_simple)
}

/// Whether a file may use a part of it twice.
fn has_aliases(source: &Source) -> bool {
    source.text().match_indices('*').any(|(at, _)| {
        let before = source.text().get(..at).unwrap_or_default();
        let after = source.text().get(at + 1..).unwrap_or_default();
        before.ends_with([' ', '[', ','])
            && after.starts_with(|next: char| next.is_alphanumeric() || next == '_')
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
