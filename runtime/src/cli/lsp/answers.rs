//! What the language says, in the shapes of the protocol.

use loom_workflow::editor::{Completion, CompletionKind, Declaration, Encoding, Fix, Hover, OutlineEntry};
use loom_workflow::{Diagnostic, Role, Severity, Source, Span};
use serde_json::{Value, json};
use std::path::Path;

use super::documents::uri_of;
use super::protocol::{Position, Range};

/// A file with the address and the units that its editor uses.
#[derive(Clone, Copy)]
pub(super) struct View<'f> {
    pub(super) uri: &'f str,
    pub(super) source: &'f Source,
    pub(super) encoding: Encoding,
}

impl View<'_> {
    pub(super) fn range(&self, span: Span) -> Range {
        range(self.encoding, self.source, span)
    }

    pub(super) fn diagnostic(&self, one: &Diagnostic) -> Value {
        let mut message = one.message.clone();
        for more in [one.label(), one.help.as_deref()].into_iter().flatten() {
            message.push('\n');
            message.push_str(more);
        }
        let related = one.labels.iter().filter(|label| label.role == Role::Related);
        let mut related: Vec<Value> = related
            .map(|label| {
                json!({
                    "location": {"uri": self.uri, "range": self.range(label.span)},
                    "message": label.text,
                })
            })
            .collect();
        related.extend(one.causes().filter_map(|cause| {
            let span = cause.diagnostic.span().unwrap_or_default();
            Some(json!({
                "location": {
                    "uri": uri_of(Path::new(cause.source.name()))?,
                    "range": range(self.encoding, &cause.source, span),
                },
                "message": cause.diagnostic.message,
            }))
        }));
        json!({
            "range": self.range(one.span().unwrap_or_default()),
            "severity": match one.severity {
                loom_workflow::Severity::Note => 3,
                Severity::Error => 1,
                Severity::Warning => 2,
            },
            "code": one.code.as_str(),
            "source": "loom",
            "message": message,
            "relatedInformation": related,
        })
    }

    pub(super) fn hover(&self, hover: &Hover) -> Value {
        json!({
            "contents": {"kind": "markdown", "value": hover.text},
            "range": self.range(hover.span),
        })
    }

    pub(super) fn completion(&self, one: &Completion) -> Value {
        let mut item = json!({
            "label": one.label,
            "kind": kind(one.kind),
            "filterText": one.label,
            // What must be there comes first.
            "sortText": format!("{}{}", u8::from(!one.required), one.label),
            // Further lines are written as far in as they are to stand.
            "insertTextMode": 1,
            "textEdit": {"range": self.range(one.replaced), "newText": one.insert},
        });
        if let Some(fields) = item.as_object_mut() {
            if !one.detail.is_empty() {
                fields.insert("detail".to_owned(), json!(one.detail));
            }
            if let Some(words) = &one.documentation {
                fields.insert(
                    "documentation".to_owned(),
                    json!({"kind": "markdown", "value": words}),
                );
            }
        }
        item
    }

    pub(super) fn declaration(&self, one: &Declaration) -> Option<Value> {
        match &one.source {
            None => Some(json!({"uri": self.uri, "range": self.range(one.span)})),
            Some(source) => Some(json!({
                "uri": uri_of(Path::new(source.name()))?,
                "range": range(self.encoding, source, one.span),
            })),
        }
    }

    pub(super) fn fix(&self, fix: &Fix, about: &[&Diagnostic]) -> Value {
        let edits = fix.edits.iter();
        let edits: Vec<Value> = edits
            .map(|(span, text)| json!({"range": self.range(*span), "newText": text}))
            .collect();
        let mut changes = serde_json::Map::new();
        changes.insert(self.uri.to_owned(), json!(edits));
        let about: Vec<Value> = about.iter().map(|one| self.diagnostic(one)).collect();
        json!({
            "title": fix.title,
            "kind": "quickfix",
            "isPreferred": fix.is_safe,
            "diagnostics": about,
            "edit": {"changes": changes},
        })
    }

    pub(super) fn symbol(&self, entry: &OutlineEntry) -> Value {
        let children: Vec<Value> = entry.children.iter().map(|child| self.symbol(child)).collect();
        json!({
            "name": entry.name,
            "detail": entry.detail,
            // A class, and a method of it: nothing of the protocol is nearer.
            "kind": if entry.is_job { 5 } else { 6 },
            "range": self.range(entry.span.to(entry.selection)),
            "selectionRange": self.range(entry.selection),
            "children": children,
        })
    }
}

fn range(encoding: Encoding, source: &Source, span: Span) -> Range {
    let place = |offset: usize| Position::from(encoding.point(source, offset));
    Range {
        start: place(span.start),
        end: place(span.end),
    }
}

/// The number that the protocol has for what a completion is.
fn kind(kind: CompletionKind) -> u8 {
    match kind {
        CompletionKind::Key | CompletionKind::Property => 10,
        CompletionKind::Word | CompletionKind::Runner => 20,
        CompletionKind::Event => 23,
        CompletionKind::Job => 7,
        CompletionKind::Step => 18,
        CompletionKind::Input => 5,
        CompletionKind::Action => 9,
        // A file.
        CompletionKind::Workflow => 17,
        CompletionKind::Context => 6,
        CompletionKind::Function => 3,
    }
}
