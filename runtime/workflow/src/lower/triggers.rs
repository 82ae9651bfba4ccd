//! `on` and `permissions` as typed values. What is wrong with them was reported where their types were checked.

use std::sync::Arc;

use indexmap::IndexMap;

use super::checked::value;
use super::context::Context;
use crate::model::{Access, Filter, Input, InputKind, Permissions, Schedule, Secret, Trigger, Triggers};
use crate::schema::events::takes;
use crate::span::Spanned;
use crate::tree::{Entry, Key, Kind, Mapping, Node, Value};

type Texts = Vec<Spanned<Arc<str>>>;

impl Context<'_> {
    /// The events of an `on`.
    pub(super) fn triggers(&self, on: &Node) -> Triggers {
        triggers(self, on)
    }
}

fn triggers(context: &Context<'_>, on: &Node) -> Triggers {
    let mut events = IndexMap::new();
    match &on.kind {
        Kind::Scalar(_) | Kind::Sequence(_) => {
            for name in texts(on) {
                let trigger = Trigger {
                    span: name.span,
                    ..Trigger::default()
                };
                events.entry(name.value).or_insert(trigger);
            }
        }
        Kind::Mapping(mapping) => {
            for entry in &mapping.entries {
                let trigger = trigger(context, &entry.key, &entry.value);
                events.entry(Arc::clone(&entry.key.text)).or_insert(trigger);
            }
        }
        Kind::Invalid => {}
    }
    Triggers { events }
}

fn trigger(context: &Context<'_>, event: &Key, node: &Node) -> Trigger {
    let span = event.span;
    if let Kind::Sequence(items) = &node.kind {
        return Trigger {
            span,
            schedule: items.iter().filter_map(schedule).collect(),
            ..Trigger::default()
        };
    }
    let mapping = node.as_mapping();
    // A filter that the event does not have chooses nothing.
    let list = |key: &str| {
        let mapping = mapping.filter(|_| takes(&event.text, key));
        mapping.and_then(|mapping| value(mapping, key)).map(texts)
    };
    let filter = |only: &str, ignored: &str| Filter {
        only: list(only).unwrap_or_default(),
        ignored: list(ignored).unwrap_or_default(),
    };
    let inside = |key: &str| {
        mapping
            .and_then(|mapping| value(mapping, key))
            .and_then(Node::as_mapping)
    };
    Trigger {
        span,
        types: list("types").unwrap_or_default(),
        branches: filter("branches", "branches-ignore"),
        tags: filter("tags", "tags-ignore"),
        paths: filter("paths", "paths-ignore"),
        names: list("names").unwrap_or_default(),
        versions: list("versions").unwrap_or_default(),
        workflows: list("workflows").unwrap_or_default(),
        schedule: Vec::new(),
        inputs: named(inside("inputs"), |entry| input(context, entry)),
        secrets: named(inside("secrets"), |entry| Secret {
            span: entry.key.span,
            required: entry
                .value
                .as_mapping()
                .is_some_and(|mapping| truth(mapping, "required")),
        }),
        outputs: context.named(mapping.and_then(|mapping| value(mapping, "outputs")), |output| {
            let text = value(output.as_mapping()?, "value")?;
            Some(context.plain_text(text)?.value)
        }),
    }
}

fn schedule(node: &Node) -> Option<Schedule> {
    let mapping = node.as_mapping()?;
    Some(Schedule {
        cron: text(value(mapping, "cron")?)?,
        timezone: value(mapping, "timezone").and_then(text),
    })
}

fn input(context: &Context<'_>, entry: &Entry) -> Input {
    let empty = Mapping::default();
    let mapping = entry.value.as_mapping().unwrap_or(&empty);
    let options = mapping.entries.iter().find(|entry| &*entry.key.text == "options");
    Input {
        span: entry.key.span,
        kind: value(mapping, "type")
            .and_then(text)
            .and_then(|name| InputKind::find(&name))
            .unwrap_or_default(),
        required: truth(mapping, "required"),
        default: value(mapping, "default").map(|node| context.free(node)),
        options: options.map(|entry| Spanned::new(texts(&entry.value), entry.key.span)),
    }
}

/// `permissions`; `None` when it could not be read.
pub(super) fn permissions(node: &Node) -> Option<Spanned<Permissions>> {
    access(node).map(|permissions| Spanned::new(permissions, node.span))
}

fn access(node: &Node) -> Option<Permissions> {
    match &node.kind {
        Kind::Scalar(scalar) => match &*scalar.text {
            "read-all" => Some(Permissions::All(Access::Read)),
            "write-all" => Some(Permissions::All(Access::Write)),
            _ => None,
        },
        Kind::Mapping(mapping) => {
            let scopes = mapping.entries.iter().filter_map(|entry| {
                let access = match &*text(&entry.value)?.value {
                    "read" => Access::Read,
                    "write" => Access::Write,
                    "none" => Access::None,
                    _ => return None,
                };
                Some((String::from(&*entry.key.text), access))
            });
            Some(Permissions::Scopes(scopes.collect()))
        }
        Kind::Sequence(_) | Kind::Invalid => None,
    }
}

fn named<T>(mapping: Option<&Mapping>, make: impl Fn(&Entry) -> T) -> IndexMap<Arc<str>, T> {
    let mut values = IndexMap::new();
    for entry in mapping.iter().flat_map(|mapping| &mapping.entries) {
        values
            .entry(Arc::clone(&entry.key.text))
            .or_insert_with(|| make(entry));
    }
    values
}

fn text(node: &Node) -> Option<Spanned<Arc<str>>> {
    node.as_scalar()
        .map(|scalar| Spanned::new(scalar.to_text(), node.span))
}

fn texts(node: &Node) -> Texts {
    match &node.kind {
        Kind::Sequence(items) => items.iter().filter_map(text).collect(),
        _ if node.is_null() => Vec::new(),
        _ => text(node).into_iter().collect(),
    }
}

fn truth(mapping: &Mapping, key: &str) -> bool {
    let scalar = value(mapping, key).and_then(Node::as_scalar);
    scalar.is_some_and(|scalar| scalar.value == Value::Bool(true))
}
