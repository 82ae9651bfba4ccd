//! Sentences about what was written.

use loom_workflow::model::{Step, StepAction};
use loom_workflow::{Diagnostic, Diagnostics, Source};

/// The first mistake of an evaluation, in a line: what is wrong, where and why.
pub(crate) fn first_mistake(diagnostics: &Diagnostics, source: &Source) -> String {
    let first = diagnostics
        .iter()
        .find(|found| found.is_blocking())
        .or_else(|| diagnostics.iter().next());
    match first {
        Some(found) => described(found, source),
        None => "something has no value".to_owned(),
    }
}

/// A finding as one sentence with its place.
pub(crate) fn described(found: &Diagnostic, source: &Source) -> String {
    let mut text = found.message.clone();
    if let Some(label) = found.label().filter(|label| !label.is_empty()) {
        text.push_str(": ");
        text.push_str(label);
    }
    if let Some(span) = found.span() {
        let line = source.position(span.start).line;
        text.push_str(&format!(" ({}, line {line})", source.name()));
    }
    text
}

/// What a step is called before anything of it is evaluated. GitHub's rule: its name, else `Run` and the first line of what it
/// runs.
pub(crate) fn step_name(step: &Step) -> String {
    let named = step
        .name
        .as_ref()
        .map(|name| name.text.trim())
        .filter(|name| !name.is_empty());
    if let Some(name) = named {
        return name.to_owned();
    }
    match &step.action {
        StepAction::Run(run) => {
            let first = run
                .script
                .text
                .trim_start()
                .lines()
                .next()
                .unwrap_or_default()
                .trim_end();
            format!("Run {first}").trim_end().to_owned()
        }
        StepAction::Uses(uses) => format!("Run {}", uses.reference.text),
        StepAction::Wait(_) => "Wait".to_owned(),
        StepAction::WaitAll(_) => "Wait for all".to_owned(),
        StepAction::Cancel(_) => "Cancel".to_owned(),
        StepAction::Parallel(_) => "Parallel group".to_owned(),
        _ => "Step".to_owned(),
    }
}
