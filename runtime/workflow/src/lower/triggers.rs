//! `on` and `permissions` as typed values. What is wrong with them was reported where their types were checked.

use std::sync::Arc;

use super::checked::{by_name, has_known_keys, value};
use super::context::Context;
use super::free::named;
use crate::model::{
    Access, ByName, Filter, Input, InputKind, Permissions, Schedule, Secret, Trigger, Triggers,
};
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
    let mut events = ByName::default();
    match &on.kind {
        Kind::Scalar(_) | Kind::Sequence(_) => {
            for name in texts(on) {
                events.add(&name.value, || Trigger {
                    span: name.span,
                    ..Trigger::default()
                });
            }
        }
        Kind::Mapping(_) => {
            events = by_name(Some(on), |entry| Some(trigger(context, &entry.key, &entry.value)));
        }
        Kind::Invalid => events.incomplete = true,
    }
    Triggers {
        events,
        names_only: on.as_mapping().is_none(),
    }
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
    let inside = |key: &str| value(mapping?, key);
    let mut inputs = by_name(inside("inputs"), |entry| Some(input(context, entry)));
    let secrets = inside("secrets").map(|secrets| by_name(Some(secrets), |entry| Some(secret(entry))));
    // One of its own keys may be what is missing.
    if mapping.is_some_and(|mapping| !has_known_keys(mapping)) {
        inputs.incomplete = true;
    }
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
        inputs,
        secrets,
        outputs: context.named(inside("outputs"), |output| {
            let text = value(output.as_mapping()?, "value")?;
            Some(context.plain_text(text)?.value)
        }),
    }
}

fn secret(entry: &Entry) -> Secret {
    let mapping = entry.value.as_mapping();
    Secret {
        span: entry.key.span,
        required: mapping.is_some_and(|mapping| truth(mapping, "required")),
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
        Kind::Mapping(_) => Some(Permissions::Scopes(by_name(Some(node), |entry| {
            let access = text(&entry.value)?.map(|text| Access::find(&text));
            Some(named(&entry.key, Spanned::new(access.value?, access.span)))
        }))),
        Kind::Sequence(_) | Kind::Invalid => None,
    }
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
