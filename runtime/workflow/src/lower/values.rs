//! Checking a value against its type, and the expressions in it against its place.

use super::context::{Context, Owner, Path, Wanted, What};
use super::fields::{Fields, is_misspelt, report_missing, unknown_key};
use super::sites::Slot;
use crate::codes::{self, Severity};
use crate::diagnostic::Diagnostic;
use crate::expression::{WorkflowKey as At, is_in};
use crate::model::ExpectedType;
use crate::schema::keys::{ANY, Checked, MappingSchema};
use crate::schema::types::{Text, ValueSchema};
use crate::span::Span;
use crate::tree::{Entry, Kind, Mapping, Node, Scalar, Value};
use crate::words::{self, alternatives, closest, name};

/// A value to check.
#[derive(Clone, Copy)]
pub(super) struct Check<'a> {
    /// What messages call it.
    key: Path<'a>,
    owner: &'a Owner<'a>,
    /// Which expressions may stand there.
    place: Option<At>,
    /// Whether somebody else reports values of the wrong type, so that only expressions are looked at.
    typed: bool,
    /// What messages call the value when its own keys are meant, where that is no path of keys.
    called: Option<&'a Owner<'a>>,
    /// Which item of a list under the key it is.
    item: Option<usize>,
}

impl<'a> Check<'a> {
    pub(super) fn of(key: &'a str, owner: &'a Owner<'a>) -> Self {
        Self {
            key: Path::new(key),
            owner,
            place: None,
            typed: false,
            called: None,
            item: None,
        }
    }
}

/// Whether an image is all scheme and no name. Empty text may mean no container; this never does.
fn is_bare(scalar: &Scalar) -> bool {
    &*scalar.text == "docker://"
}

/// Whether a key looks like one of the level. Where any may stand, people note things of their own under others.
fn is_slip(key: &str, level: &MappingSchema) -> bool {
    closest(key, level.keys.iter().map(|known| known.name)).is_some()
}

impl<'a> Check<'a> {
    fn slot(self, wanted: &ValueSchema) -> Slot<'a> {
        Slot {
            key: self.place,
            field: self.key,
            expected: ExpectedType {
                // One of a few words is text.
                text: wanted.expected().text || !wanted.words.is_empty(),
                ..wanted.expected()
            },
        }
    }
}

impl Context<'_> {
    /// Checks the values of a level's fields.
    pub(super) fn check_fields(
        &mut self,
        fields: &Fields<'_>,
        level: &'static MappingSchema,
        owner: &Owner<'_>,
    ) {
        for (name, field) in fields.iter() {
            let known = level.keys.iter().find(|key| key.name == name);
            if let Some(key) = known.filter(|key| key.checked != Checked::ByParts) {
                let check = Check {
                    typed: key.checked == Checked::WhereTyped,
                    ..Check::of(name, owner)
                };
                self.check_value(field.value, key.value, field.key, check);
            }
        }
    }

    /// Checks a value. `key` is where its key stands.
    pub(super) fn check_value(
        &mut self,
        node: &Node,
        wanted: &'static ValueSchema,
        key: Span,
        check: Check<'_>,
    ) {
        let check = Check {
            place: wanted.place.or(check.place),
            ..check
        };
        match &node.kind {
            Kind::Invalid => {}
            Kind::Scalar(scalar) => self.check_scalar(node, scalar, wanted, key, check),
            Kind::Sequence(items) => match wanted.list.or(wanted.any.then_some(&ANY)) {
                Some(item) => {
                    for (index, node) in items.iter().enumerate() {
                        let check = Check {
                            item: Some(index),
                            ..check
                        };
                        self.check_value(node, item, node.mark(), check);
                    }
                }
                None => self.wrong(node, wanted, key, check),
            },
            Kind::Mapping(mapping) => match wanted.mapping {
                Some(level) => self.check_mapping(node, mapping, level, check),
                None if wanted.any => {
                    for entry in &mapping.entries {
                        self.check_key(entry, check);
                        self.check_value(&entry.value, &ANY, entry.key.span, check);
                    }
                }
                None => self.wrong(node, wanted, key, check),
            },
        }
    }

    fn check_scalar(
        &mut self,
        node: &Node,
        scalar: &Scalar,
        wanted: &'static ValueSchema,
        key: Span,
        check: Check<'_>,
    ) {
        if wanted.text == Text::Condition {
            self.check_condition(node, scalar, check.slot(wanted));
            return;
        }
        if scalar.value == Value::String && is_in(&scalar.text) {
            self.check_expressions(node, scalar, check.slot(wanted));
            return;
        }
        let is_bare = wanted.image && is_bare(scalar);
        let fits = wanted.any
            || match scalar.value {
                Value::Null => wanted.nothing,
                Value::Bool(_) => wanted.boolean,
                Value::Number(_) => wanted.number,
                Value::String => false,
            }
            || (wanted.text == Text::Any && !is_bare)
            || (wanted.text == Text::Filled && !scalar.is_empty() && !is_bare)
            || (!wanted.words.is_empty() && wanted.words.contains(&&*scalar.to_text()));
        if !fits {
            self.wrong(node, wanted, key, check);
        }
    }

    fn check_mapping(
        &mut self,
        node: &Node,
        mapping: &Mapping,
        level: &'static MappingSchema,
        check: Check<'_>,
    ) {
        let inner = match check.called {
            Some(owner) => *owner,
            None => check.owner.part(What::Path(check.key)),
        };
        let mut computed = false;
        for entry in &mapping.entries {
            let text = &*entry.key.text;
            if is_in(text) {
                computed = true;
                self.check_key(entry, check);
                let value = level.others.filter(|_| level.keys.is_empty()).unwrap_or(&ANY);
                self.check_value(&entry.value, value, entry.key.span, check);
                continue;
            }
            let known = level.keys.iter().find(|key| key.name == text);
            let thing = level.thing.map(|thing| match check.called {
                Some(outer) => outer.part(What::Named(thing, text)),
                None => Owner::new(What::Named(thing, text), Some(entry.key.span)),
            });
            let check = Check {
                called: thing.as_ref(),
                item: None,
                ..check
            };
            match (known, level.others) {
                (Some(known), _) if known.is_in(self.dialect) => {
                    let check = Check {
                        key: Path::new(text),
                        owner: &inner,
                        ..check
                    };
                    self.check_value(&entry.value, known.value, entry.key.span, check);
                }
                (None, Some(value)) => {
                    if text.is_empty() && !check.typed {
                        self.report(
                            Diagnostic::new(
                                codes::EMPTY_VALUE,
                                format!("a key in `{}` of {} is empty", check.key, check.owner),
                            )
                            .at(entry.key.span, "a name belongs here"),
                        );
                    } else if level.lenient && !check.typed && is_slip(text, level) {
                        unknown_key(self, level, mapping, &entry.key, None, &inner);
                    }
                    let outer = check.key;
                    let check = Check {
                        key: outer.part(text),
                        ..check
                    };
                    self.check_value(&entry.value, value, entry.key.span, check);
                }
                _ if check.typed => {}
                (known, _) => unknown_key(self, level, mapping, &entry.key, known, &inner),
            }
        }
        if !check.typed && !computed && !mapping.incomplete {
            self.check_required(node, mapping, level, &inner);
        }
        if !check.typed {
            self.check_rivals(mapping, level, &inner);
        }
    }

    fn check_required(&mut self, node: &Node, mapping: &Mapping, level: &MappingSchema, owner: &Owner<'_>) {
        let has = |name: &str| {
            mapping
                .entries
                .iter()
                .any(|entry| entry.key.text.eq_ignore_ascii_case(name))
        };
        for key in level.keys.iter().filter(|key| key.required && !has(key.name)) {
            if is_misspelt(mapping, level, key.name) {
                continue;
            }
            report_missing(self, &format!("`{}`", key.name), node.mark(), owner);
        }
    }

    fn check_rivals(&mut self, mapping: &Mapping, level: &MappingSchema, owner: &Owner<'_>) {
        let find = |name: &str| mapping.entries.iter().find(|entry| &*entry.key.text == name);
        for (one, other) in level.rivals {
            let (Some(first), Some(second)) = (find(one), find(other)) else {
                continue;
            };
            let (earlier, later) = if first.key.span < second.key.span {
                (first, second)
            } else {
                (second, first)
            };
            self.report(
                Diagnostic::new(
                    codes::KEY_CONFLICT,
                    format!("`{one}` and `{other}` cannot both stand in {}", owner),
                )
                .at(
                    later.key.span,
                    format!("`{}` does not go with `{}`", later.key.text, earlier.key.text),
                )
                .related(earlier.key.span, "the other one")
                .help(format!(
                    "keep `{one}`, and put what is to be left out there with a `!` in front"
                )),
            );
        }
    }

    /// Reports a value that does not fit.
    fn wrong(&mut self, node: &Node, wanted: &ValueSchema, key: Span, check: Check<'_>) {
        if check.typed {
            return;
        }
        let scalar = node.as_scalar();
        if let Some(scalar) = scalar.filter(|_| !wanted.words.is_empty() && !node.is_null()) {
            self.wrong_word(node, &scalar.to_text(), wanted, check);
            return;
        }
        let empty = scalar.is_some_and(|scalar| scalar.is_empty() || (wanted.image && is_bare(scalar)));
        if empty {
            // Nothing is nowhere: its key is what can be pointed at.
            let span = if node.span.is_empty() { key } else { node.span };
            self.report(
                Diagnostic::new(
                    codes::EMPTY_VALUE,
                    format!("`{}` of {} is empty", check.key, check.owner),
                )
                .at(span, format!("{} belongs here", wanted.words()))
                .help("give it a value, or remove the key"),
            );
            return;
        }
        let quoted = scalar.is_some_and(|scalar| {
            scalar.value == Value::String && {
                let meaning = crate::tree::resolve(&scalar.text);
                (wanted.boolean && matches!(meaning, Value::Bool(_)))
                    || (wanted.number && matches!(meaning, Value::Number(_)))
            }
        });
        if let Some(scalar) = scalar.filter(|_| quoted) {
            let wanted = wanted.words();
            let message = format!("`{}` of {} must be {wanted}, not text", check.key, check.owner);
            self.made_text(node, scalar, message);
            return;
        }
        let key = match check.item {
            Some(index) => format!("{}[{index}]", check.key),
            None => check.key.to_string(),
        };
        let wanted = Wanted {
            expected: wanted.expected(),
            words: wanted.words().into(),
        };
        self.expected(node, &key, check.owner, &wanted);
    }

    fn wrong_word(&mut self, node: &Node, text: &str, wanted: &ValueSchema, check: Check<'_>) {
        const SHOWN: usize = 24;
        let mut diagnostic = Diagnostic::new(
            codes::UNKNOWN_VALUE,
            format!("`{}` of {} cannot be {}", check.key, check.owner, name(text)),
        )
        .at(
            node.span,
            match wanted.words.first().filter(|_| wanted.forgives) {
                Some(first) => format!("not known: GitHub takes it for `{first}`"),
                None => "not known here".to_owned(),
            },
        );
        if wanted.forgives {
            diagnostic.severity = Severity::Warning;
        }
        if !self.diagnostics.is_full() {
            diagnostic = if let Some(near) = closest(text, wanted.words.iter().copied()) {
                diagnostic.help(format!("did you mean `{near}`?")).guess(
                    node.span,
                    near,
                    words::is_certain(text, near, wanted.words.iter().copied(), false),
                )
            } else {
                let words = wanted.words.get(..SHOWN).unwrap_or(wanted.words);
                diagnostic.help(format!("it can be {}", alternatives(words)))
            };
        }
        self.report(diagnostic);
    }

    /// Checks the expressions in a key.
    fn check_key(&mut self, entry: &Entry, check: Check<'_>) {
        if is_in(&entry.key.text) {
            self.check_key_expressions(&entry.key, check.slot(&ANY));
        }
    }
}
