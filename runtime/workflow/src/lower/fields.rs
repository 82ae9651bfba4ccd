//! Reading a mapping by the table of its level.

use super::context::{Context, Owner, Wanted};
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::model::Keys;
use crate::schema::keys::{KeySchema, MappingSchema};
use crate::span::Span;
use crate::tree::{self, Kind, Mapping, Node};
use crate::words::{self, closest, name};

/// Every known key that stands at one place of the file, each once, in the order of the file, with its value.
///
/// A list, not a map: no level has more than some twenty keys, and most have three.
pub(super) struct Fields<'t>(Vec<(&'static str, Field<'t>)>);

/// A key and its value, as written.
#[derive(Clone, Copy)]
pub(super) struct Field<'t> {
    /// Where the key stands.
    pub(super) key: Span,
    /// Its value.
    pub(super) value: &'t Node,
}

impl<'t> Fields<'t> {
    /// The field of a key.
    pub(super) fn get(&self, key: &str) -> Option<Field<'t>> {
        let mut fields = self.0.iter();
        fields.find(|(name, _)| *name == key).map(|(_, field)| *field)
    }

    /// The value of a key.
    pub(super) fn value(&self, key: &str) -> Option<&'t Node> {
        self.get(key).map(|field| field.value)
    }

    /// Whether the key is there.
    pub(super) fn contains(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// All of them in the order of the file.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&'static str, Field<'t>)> {
        self.0.iter().copied()
    }

    /// The keys alone.
    pub(super) fn keys(&self) -> Keys {
        self.iter().map(|(key, field)| (key, field.key)).collect()
    }
}

/// The known keys of `node`, which is the value of `key`; reports the unknown ones, and that it is no mapping.
pub(super) fn read<'t>(
    context: &mut Context<'_>,
    level: &'static MappingSchema,
    node: &'t Node,
    key: &str,
    owner: &Owner<'_>,
) -> Option<Fields<'t>> {
    let Kind::Mapping(mapping) = &node.kind else {
        context.expected(node, key, owner, &Wanted::MAPPING);
        return None;
    };
    Some(read_mapping(context, level, mapping, owner))
}

/// The known keys of a mapping; reports the unknown ones.
pub(super) fn read_mapping<'t>(
    context: &mut Context<'_>,
    level: &'static MappingSchema,
    mapping: &'t Mapping,
    owner: &Owner<'_>,
) -> Fields<'t> {
    let mut fields = Fields(Vec::with_capacity(mapping.entries.len().min(level.keys.len())));
    for entry in &mapping.entries {
        match level.keys.iter().find(|key| key.name == &*entry.key.text) {
            // Of duplicates, which were reported, the first counts.
            Some(key) if key.is_in(context.dialect) && fields.contains(key.name) => {}
            Some(key) if key.is_in(context.dialect) => {
                let field = Field {
                    key: entry.key.span,
                    value: &entry.value,
                };
                fields.0.push((key.name, field));
            }
            known => unknown_key(context, level, mapping, &entry.key, known, owner),
        }
    }
    fields
}

/// Reports that a key without which nothing goes is not there. `wanted` is the key in backticks, or several.
pub(super) fn report_missing(context: &mut Context<'_>, wanted: &str, start: Span, owner: &Owner<'_>) {
    let mut diagnostic = Diagnostic::new(codes::MISSING_KEY, format!("{} has no {wanted}", owner))
        .at(start, format!("{wanted} is missing here"));
    if let Some(span) = owner.span {
        diagnostic = diagnostic.related(span, format!("in {}", owner));
    }
    context.report(diagnostic.help(format!("add {wanted}")));
}

/// Whether a key that is missing stands there misspelt, which was reported as an unknown key.
pub(super) fn is_misspelt(mapping: &Mapping, level: &MappingSchema, wanted: &str) -> bool {
    let is_known = |text: &str| level.keys.iter().any(|key| key.name == text);
    let mut unknown = mapping.entries.iter().map(|entry| &*entry.key.text);
    let names = || level.keys.iter().map(|key| key.name);
    unknown.any(|text| !is_known(text) && closest(text, names()) == Some(wanted))
}

/// What narrows some events. At an event that it does not belong to GitHub reads none of them, and refuses none.
const FILTERS: &[&str] = &[
    "types",
    "branches",
    "branches-ignore",
    "tags",
    "tags-ignore",
    "paths",
    "paths-ignore",
    "workflows",
    "names",
    "versions",
];

/// What `workflow_call` and `workflow_dispatch` have beside filters: elsewhere GitHub's readers refuse it.
const OF_CALLS: &[&str] = &["inputs", "outputs", "secrets"];

/// Whether GitHub passes over a key of an event that the event does not know: its service reads what it knows there and no
/// more, but for `workflow_call`, and for the times of `schedule`.
fn is_passed_over(key: &str, owner: &Owner<'_>) -> bool {
    owner
        .event()
        .is_some_and(|event| !matches!(event, "workflow_call" | "schedule"))
        && !OF_CALLS.contains(&key)
}

/// Reports a key of `among` that is not known at its place; `known` is its row when only the other dialect has it.
pub(super) fn unknown_key(
    context: &mut Context<'_>,
    level: &MappingSchema,
    among: &Mapping,
    key: &tree::Key,
    known: Option<&KeySchema>,
    owner: &Owner<'_>,
) {
    let is_passed_over = is_passed_over(&key.text, owner);
    let is_filter = is_passed_over && !level.lenient && FILTERS.contains(&&*key.text);
    let mut diagnostic = if is_filter {
        Diagnostic::new(
            codes::EVENT_FILTER,
            if level.keys.iter().any(|key| key.is_in(context.dialect)) {
                format!("{owner} has no filter `{}`", key.text)
            } else {
                format!("{owner} takes no filters")
            },
        )
        .at(
            key.span,
            format!(
                "GitHub ignores `{}` here: the event starts the workflow all the same",
                key.text
            ),
        )
    } else {
        let code = if level.lenient || is_passed_over {
            codes::IGNORED_KEY
        } else {
            codes::UNKNOWN_KEY
        };
        Diagnostic::new(code, format!("unknown key {} in {}", name(&key.text), owner))
            .at(key.span, "not known here")
    };
    let names = || {
        level
            .keys
            .iter()
            .filter(|key| key.is_in(context.dialect))
            .map(|key| key.name)
    };
    if known.is_some() {
        diagnostic = diagnostic.help(format!(
            "`{}` is a key of `.loom.yml`, which GitHub does not know",
            key.text
        ));
    } else if context.diagnostics.is_full() {
        // Only counted: no guess is needed.
    } else if names().next().is_none() {
        diagnostic = diagnostic.help("nothing can stand here; an `if` of the job can choose");
    } else if let Some(near) = closest(&key.text, names()).filter(|_| !is_filter) {
        // Where it does no harm now, what it would do then is for somebody to see.
        let is_free = !among.entries.iter().any(|entry| &*entry.key.text == near);
        let is_certain = !level.lenient
            && !is_passed_over
            && is_free
            && words::is_certain(&key.text, near, names(), false);
        diagnostic = diagnostic
            .help(format!("did you mean `{near}`?"))
            .guess(key.span, near, is_certain);
    } else {
        let all: Vec<String> = names().map(|name| format!("`{name}`")).collect();
        diagnostic = diagnostic.help(format!("known here: {}", all.join(", ")));
    }
    context.report(diagnostic);
}
