//! The rules of keys: words only, each once, no merging.

use std::collections::HashMap;

use super::node::{Entry, Key, Kind, Node};
use crate::codes;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::style::Style;
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
    if are_few_and_distinct(entries) {
        return;
    }
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

/// Whether a look at each pair shows that no key repeats another, as is so nearly always; of many keys, or keys that
/// are not ASCII, nothing is said.
fn are_few_and_distinct(entries: &[Entry]) -> bool {
    const FEW: usize = 12;
    entries.len() <= FEW
        && entries.iter().all(|entry| entry.key.text.is_ascii())
        && entries.iter().enumerate().all(|(index, entry)| {
            let rest = entries.get(index + 1..).unwrap_or_default();
            rest.iter()
                .all(|other| !other.key.text.eq_ignore_ascii_case(&entry.key.text))
        })
}
