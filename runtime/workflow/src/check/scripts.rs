//! Scripts of steps have no mistakes that can be seen without running them.

use crate::codes;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::model::{Action, Run, Workflow};
use crate::scripts::{Mistake, check_python};
use crate::source::Source;
use crate::span::Span;
use crate::tree::Style;
use crate::words::name;

pub(super) fn check(workflow: &Workflow, source: &Source, diagnostics: &mut Diagnostics) {
    for job in workflow.jobs.values() {
        let default = job.defaults.shell.as_ref().or(workflow.defaults.shell.as_ref());
        super::each_step(&job.steps, &mut |step| {
            let Action::Run(run) = &step.action else { return };
            let shell = run.shell.as_ref().or(default).and_then(|shell| shell.as_plain());
            if shell.is_some_and(is_python) && !diagnostics.is_full() {
                python(run, source, diagnostics);
            }
        });
    }
}

/// Whether a shell is Python, with or without a command line.
fn is_python(shell: &str) -> bool {
    let mut words = shell.split_whitespace();
    let program = words.next().unwrap_or_default();
    let program = program.rsplit('/').next().unwrap_or_default();
    let version = program.strip_prefix("python");
    // Options such as `-c` would make something else of the script.
    let plain = words.all(|word| word == "{0}");
    plain && version.is_some_and(|version| version.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.'))
}

fn python(run: &Run, source: &Source, diagnostics: &mut Diagnostics) {
    for mistake in check_python(&run.script.text) {
        let (code, span, message, label) = match mistake {
            Mistake::NotClosed(span) => (
                codes::SCRIPT_SYNTAX,
                span,
                format!("{} is not closed", part(run, span)),
                "opened here",
            ),
            Mistake::NotOpen(span) => (
                codes::SCRIPT_SYNTAX,
                span,
                format!("{} closes nothing", part(run, span)),
                "nothing is open here",
            ),
            Mistake::Undefined(span) => (
                codes::SCRIPT_NAME,
                span,
                format!("{} is not defined in this script", part(run, span)),
                "nothing in the script gives this name a value",
            ),
        };
        let help = if code == codes::SCRIPT_NAME {
            "each step is a script of its own: import or define it here, or put a text in quotes"
        } else {
            "close it, or remove it"
        };
        diagnostics.push(
            Diagnostic::new(code, message)
                .at(place(run, source, span), label)
                .help(help),
        );
    }
}

fn part(run: &Run, span: Span) -> String {
    name(run.script.text.get(span.range()).unwrap_or_default())
}

/// Where a part of a script stands in the file. Block texts lose their indentation only, so the same line of the text
/// is found again; for others the whole value is the place where it is not there as it is.
fn place(run: &Run, source: &Source, span: Span) -> Span {
    let text = &run.script.text;
    let whole = run.script.span;
    let written = source.slice(whole);
    let line_start = text
        .get(..span.start)
        .and_then(|before| before.rfind('\n'))
        .map_or(0, |at| at + 1);
    let number = text.get(..line_start).unwrap_or_default().matches('\n').count();
    let line = text
        .get(line_start..)
        .and_then(|rest| rest.lines().next())
        .unwrap_or_default();
    let (start, wanted) = match run.script.style {
        // The place of a block begins with its first line, not with its `|`.
        Style::Literal => {
            let mut lines = written.split_inclusive('\n');
            let before: usize = lines.by_ref().take(number).map(str::len).sum();
            (before, lines.next().unwrap_or_default())
        }
        _ => (0, written),
    };
    match wanted.find(line).filter(|_| !line.is_empty()) {
        Some(at) => {
            let start = whole.start + start + at + (span.start - line_start);
            Span::new(start, start + (span.end - span.start))
        }
        None => whole,
    }
}
