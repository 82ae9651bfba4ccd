//! Draws what is wrong with a workflow as rustc draws it: place, source line, cause, next step.

use annotate_snippets::{AnnotationKind, Group, Level, Patch, Renderer, Snippet};
use loom_workflow::{Diagnostic, Diagnostics, Role, Severity, Source};

use super::talk;

/// Draws all of them to stderr.
pub(super) fn report(source: &Source, diagnostics: &Diagnostics) {
    let drawn = draw(source, diagnostics, talk::in_colour());
    if !drawn.is_empty() {
        talk::raw(drawn.trim_end_matches('\n'));
        talk::raw("");
    }
    if diagnostics.omitted() > 0 {
        talk::note(&format!("{} more findings are not shown", diagnostics.omitted()));
    }
}

/// Draws all of them, each with an empty line after it.
pub(super) fn draw<'a>(
    source: &Source,
    diagnostics: impl IntoIterator<Item = &'a Diagnostic>,
    in_colour: bool,
) -> String {
    let renderer = if in_colour {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    diagnostics
        .into_iter()
        .map(|diagnostic| render(&renderer, source, diagnostic) + "\n\n")
        .collect()
}

fn render(renderer: &Renderer, source: &Source, diagnostic: &Diagnostic) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let title = level
        .primary_title(diagnostic.message.as_str())
        .id(diagnostic.code.as_str());
    let mut groups = vec![place(Group::with_title(title), source, diagnostic)];
    for cause in diagnostic.causes() {
        let title = Level::NOTE
            .secondary_title(cause.diagnostic.message.as_str())
            .id(cause.diagnostic.code.as_str());
        groups.push(place(Group::with_title(title), &cause.source, &cause.diagnostic));
    }
    if let Some(suggestion) = &diagnostic.suggestion {
        let patches = suggestion
            .edits
            .iter()
            .map(|edit| Patch::new(edit.span.start..edit.span.end, edit.replacement.as_str()));
        let snippet = Snippet::source(source.text())
            .path(source.name())
            .patches(patches);
        groups.push(Group::with_title(Level::HELP.secondary_title("try this")).element(snippet));
    }
    renderer.render(&groups)
}

/// Adds the marked places of a finding, and what to do.
fn place<'a>(mut group: Group<'a>, source: &'a Source, diagnostic: &'a Diagnostic) -> Group<'a> {
    if !diagnostic.labels.is_empty() {
        let annotations = diagnostic.labels.iter().map(|label| {
            let kind = match label.role {
                Role::Primary => AnnotationKind::Primary,
                Role::Related => AnnotationKind::Context,
            };
            kind.span(label.span.start..label.span.end)
                .label(label.text.as_str())
        });
        group = group.element(
            Snippet::source(source.text())
                .path(source.name())
                .annotations(annotations),
        );
    }
    match &diagnostic.help {
        Some(help) => group.element(Level::HELP.message(help.as_str())),
        None => group,
    }
}
