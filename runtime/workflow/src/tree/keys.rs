//! The rules of keys: words only, each once, no merging.

use std::collections::HashMap;

use super::node::{Entry, Key, Kind, Node, Style};
use crate::codes;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::words::name;

/// The key that a node makes, or `None` after it was reported.
pub(super) fn key_of(node: &Node, diagnostics: &mut Diagnostics) -> Option<Key> {
    let span = node.alias.unwrap_or(node.span);
    match &node.kind {
        Kind::Scalar(scalar) if scalar.style == Style::Plain && &*scalar.text == "<<" => {
            diagnostics.push(
                Diagnostic::new(codes::YAML_MERGE_KEY, "merge keys `<<` are not supported")
                    .at(span, "this would merge another mapping into this one")
                    .help("write the keys out, or repeat the whole value by an alias, e.g. `env: *name`"),
            );
            None
        }
        Kind::Scalar(scalar) => Some(Key {
            text: scalar.to_text(),
            span,
        }),
        Kind::Invalid => None,
        Kind::Sequence(_) | Kind::Mapping(_) => {
            diagnostics.push(
                Diagnostic::new(
                    codes::YAML_COMPLEX_KEY,
                    format!("{} cannot be a key", node.describe()),
                )
                .at(
                    node.mark(),
                    format!("{} stands where the name of a key belongs", node.describe()),
                )
                .help("put quotes around a value that starts with `[` or `{`"),
            );
            None
        }
    }
}

/// Reports every key that repeats an earlier one. Keys are compared as GitHub compares them: without case.
pub(super) fn report_duplicates(entries: &[Entry], diagnostics: &mut Diagnostics) {
    let mut first: HashMap<String, &Key> = HashMap::with_capacity(entries.len());
    for Entry { key, .. } in entries {
        let folded = key.text.to_lowercase();
        let Some(earlier) = first.get(&folded) else {
            first.insert(folded, key);
            continue;
        };
        let message = if earlier.text == key.text {
            format!("{} is defined twice", name(&key.text))
        } else {
            format!("{} and {} are the same key", name(&earlier.text), name(&key.text))
        };
        let help = if earlier.text == key.text {
            "rename or remove one of them"
        } else {
            "keys are compared without regard to case: rename or remove one of them"
        };
        diagnostics.push(
            Diagnostic::new(codes::YAML_DUPLICATE_KEY, message)
                .at(key.span, "defined again here")
                .related(earlier.span, "first defined here")
                .help(help),
        );
    }
}
