//! Scripts of steps have no mistakes that can be seen without running them.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::steps::Steps;
use crate::codes;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::dialect::Dialect;
use crate::model::{Run, StepAction, Template};
use crate::scripts::{Mistake, Reading, check_python, read_shell};
use crate::source::Source;
use crate::span::{Span, Spanned};
use crate::tree::Style;
use crate::words::name;

/// What was seen in the scripts of shells, each read once for all rules that ask.
#[derive(Default)]
pub(super) struct Readings {
    /// By where the text begins; that of an alias begins where its anchor does.
    of: RefCell<BTreeMap<usize, Rc<Reading>>>,
}

impl Readings {
    /// What is seen in a script.
    pub(super) fn of(&self, script: &Spanned<Template>) -> Rc<Reading> {
        let mut known = self.of.borrow_mut();
        let reading = known
            .entry(script.span.start)
            .or_insert_with(|| Rc::new(read_shell(&script.text)));
        Rc::clone(reading)
    }
}

pub(super) fn check(all: &[Steps<'_>], source: &Source, readings: &Readings, diagnostics: &mut Diagnostics) {
    for steps in all {
        // On Windows it would be PowerShell, which is also what somebody's own runner may be.
        let bash = steps.is_on_windows() == Some(false) || steps.dialect == Dialect::Loom;
        steps.each(&mut |step| {
            let StepAction::Run(run) = &step.action else {
                return;
            };
            if diagnostics.is_full() {
                return;
            }
            let mistakes = match run.shell.as_ref().or(steps.shell) {
                Some(shell) => match shell.as_plain().unwrap_or_default() {
                    shell if is_python(shell) => check_python(&run.script.text),
                    shell if is_bash(shell) => readings.of(&run.script).mistake.iter().cloned().collect(),
                    _ => return,
                },
                None if bash => readings.of(&run.script).mistake.iter().cloned().collect(),
                None => return,
            };
            report(run, mistakes, source, diagnostics);
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

/// Whether a shell reads scripts as `bash` does, given nothing but its options and the script.
pub(super) fn is_bash(shell: &str) -> bool {
    let mut words = shell.split_whitespace();
    let program = words.next().unwrap_or_default();
    let program = program.rsplit('/').next().unwrap_or_default();
    matches!(program.to_ascii_lowercase().as_str(), "bash" | "sh")
        && words
            .all(|word| word == "{0}" || (word.starts_with('-') && !word.contains('c')) || word == "pipefail")
}

fn report(run: &Run, mistakes: Vec<Mistake>, source: &Source, diagnostics: &mut Diagnostics) {
    for mistake in mistakes {
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
pub(super) fn place(run: &Run, source: &Source, span: Span) -> Span {
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
        Style::Literal => {
            let begin = run.script.style.text_start(written);
            let mut lines = written.get(begin..).unwrap_or_default().split_inclusive('\n');
            let before: usize = lines.by_ref().take(number).map(str::len).sum();
            (begin + before, lines.next().unwrap_or_default())
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
