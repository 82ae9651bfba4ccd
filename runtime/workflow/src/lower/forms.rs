//! Which of the shapes that its level has a thing is written in.

use super::context::{Context, Owner};
use super::fields::{Fields, is_misspelt};
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::schema::forms::{Form, Forms};
use crate::schema::keys::MappingSchema;
use crate::span::Span;
use crate::tree::Mapping;
use crate::words::alternatives;

/// Finds the form that the fields have, by the key that names it, and reports missing and conflicting keys. `start` is
/// where to say that something is missing.
pub(super) fn form_of(
    context: &mut Context<'_>,
    level: &MappingSchema,
    mapping: &Mapping,
    fields: &Fields<'_>,
    start: Span,
    owner: &Owner<'_>,
) -> Option<&'static str> {
    let mut named = level.forms.iter().filter(|form| fields.contains(form.key));
    let Some(form) = named.next() else {
        if !level
            .forms
            .iter()
            .any(|form| is_misspelt(mapping, level, form.key))
        {
            missing(context, level, fields, start, owner);
        }
        return None;
    };
    for (name, field) in fields.iter() {
        let fits = level
            .keys
            .iter()
            .any(|key| key.name == name && key.forms.has(form.bit));
        let Some(naming) = fields.get(form.key).filter(|_| !fits) else {
            continue;
        };
        // The later of the two is the one that was added to something complete.
        let (later, earlier, text) = if field.key > naming.key {
            (
                field.key,
                naming.key,
                format!("`{name}` does not go with `{}`", form.key),
            )
        } else {
            (
                naming.key,
                field.key,
                format!("`{}` does not go with `{name}`", form.key),
            )
        };
        let rivals = level.forms.iter().any(|other| other.key == name);
        // A key of another form that is there too goes with that one, and the two forms were named already.
        let goes_with = |other: &Form| {
            fields.contains(other.key)
                && level
                    .keys
                    .iter()
                    .any(|key| key.name == name && key.forms.has(other.bit))
        };
        if !rivals && level.forms.iter().any(goes_with) {
            continue;
        }
        let help = if rivals {
            format!("keep one of `{}` and `{name}`", form.key)
        } else {
            format!("remove `{name}`, or `{}` if something else was meant", form.key)
        };
        context.report(
            Diagnostic::new(
                codes::KEY_CONFLICT,
                format!("`{name}` and `{}` cannot both stand in {}", form.key, owner),
            )
            .at(later, text)
            .related(earlier, "the other one")
            .help(help),
        );
    }
    Some(form.key)
}

/// Reports that no key says which form it is, naming only the forms that the other keys leave possible.
fn missing(
    context: &mut Context<'_>,
    level: &MappingSchema,
    fields: &Fields<'_>,
    start: Span,
    owner: &Owner<'_>,
) {
    let possible = fields
        .iter()
        .filter_map(|(name, _)| level.keys.iter().find(|key| key.name == name))
        .fold(Forms::ALL, |forms, key| forms.and(key.forms));
    let fitting: Vec<&Form> = level.forms.iter().filter(|form| possible.has(form.bit)).collect();
    let wanted: Vec<&'static str> = match fitting.as_slice() {
        [only] => vec![only.key],
        _ => level
            .forms
            .iter()
            .filter(|form| form.common)
            .map(|form| form.key)
            .collect(),
    };
    super::fields::report_missing(context, &alternatives(&wanted), start, owner);
}
