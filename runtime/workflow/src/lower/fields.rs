//! Reading a mapping by the table of its level.

use super::context::{Context, Owner};
use super::keys::{Key, Level, SHAPES, Shape};
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::dialect::Dialect;
use crate::model::{Field, Fields};
use crate::span::Span;
use crate::tree::{self, Kind, Mapping, Node};
use crate::words::{closest, name, plain};

/// The known keys of `node`, which is the value of `key`; reports the unknown ones, and that it is no mapping.
pub(super) fn read(
    context: &mut Context<'_>,
    level: &'static Level,
    node: &Node,
    key: &str,
    owner: &Owner,
) -> Option<Fields> {
    let Kind::Mapping(mapping) = &node.kind else {
        context.expected(node, key, owner, "a mapping");
        return None;
    };
    Some(read_mapping(context, level, mapping, owner))
}

/// The known keys of a mapping; reports the unknown ones.
pub(super) fn read_mapping(
    context: &mut Context<'_>,
    level: &'static Level,
    mapping: &Mapping,
    owner: &Owner,
) -> Fields {
    let mut fields = Fields::default();
    for entry in &mapping.entries {
        match level.keys.iter().find(|key| key.name == &*entry.key.text) {
            Some(key) if allowed(key, context.dialect) => {
                fields.insert(
                    key.name,
                    Field {
                        key: entry.key.span,
                        value: entry.value.clone(),
                    },
                );
            }
            known => unknown(context, level, &entry.key, known, owner),
        }
    }
    fields
}

/// Checks the own keys of the fields that are kept as written.
pub(super) fn check_shapes(context: &mut Context<'_>, fields: &Fields, owner: &Owner) {
    for Shape { key, level, named } in SHAPES {
        let Some(mapping) = fields.get(key).and_then(|field| field.value.as_mapping()) else {
            continue;
        };
        if *named {
            for entry in &mapping.entries {
                if let Some(mapping) = entry.value.as_mapping() {
                    read_mapping(
                        context,
                        level,
                        mapping,
                        &owner.part(format!("`{key}.{}`", plain(&entry.key.text))),
                    );
                }
            }
        } else {
            read_mapping(context, level, mapping, &owner.part(format!("`{key}`")));
        }
    }
}

/// Reports that a key without which nothing goes is not there. `wanted` is the key in backticks, or several.
pub(super) fn report_missing(context: &mut Context<'_>, wanted: &str, start: Span, owner: &Owner) {
    let mut diagnostic = Diagnostic::new(codes::MISSING_KEY, format!("{} has no {wanted}", owner.name))
        .at(start, format!("{wanted} is missing here"));
    if let Some(span) = owner.span {
        diagnostic = diagnostic.related(span, format!("in {}", owner.name));
    }
    context.report(diagnostic.help(format!("add {wanted}")));
}

fn allowed(key: &Key, dialect: Dialect) -> bool {
    !key.loom_only || dialect == Dialect::Loom
}

fn unknown(context: &mut Context<'_>, level: &Level, key: &tree::Key, known: Option<&Key>, owner: &Owner) {
    let mut diagnostic = Diagnostic::new(
        codes::UNKNOWN_KEY,
        format!("unknown key {} in {}", name(&key.text), owner.name),
    )
    .at(key.span, "not known here");
    let names = || {
        level
            .keys
            .iter()
            .filter(|key| allowed(key, context.dialect))
            .map(|key| key.name)
    };
    if known.is_some() {
        diagnostic = diagnostic.help(format!(
            "`{}` is a key of `.loom.yml`, which GitHub does not know",
            key.text
        ));
    } else if context.diagnostics.is_full() {
        // Only counted: no guess is needed.
    } else if let Some(near) = closest(&key.text, names()) {
        diagnostic = diagnostic
            .help(format!("did you mean `{near}`?"))
            .suggest(key.span, near);
    } else {
        let all: Vec<String> = names().map(|name| format!("`{name}`")).collect();
        diagnostic = diagnostic.help(format!("known here: {}", all.join(", ")));
    }
    context.report(diagnostic);
}
