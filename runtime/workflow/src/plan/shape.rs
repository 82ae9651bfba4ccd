//! Evaluated values in the shapes that keys want.

use std::sync::Arc;

use indexmap::IndexMap;

use super::evaluation::{Evaluation, as_boolean, as_number};
use super::instance::{ConcurrencyPlan, ContainerPlan, Login};
use super::written;
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::expression::{Object, Value};
use crate::model::{Concurrency, Job, Literal, Minutes, Named, Queue};
use crate::span::{Span, Spanned};

/// The longest name of a group, in UTF-16 units as GitHub counts.
const LONGEST_GROUP: usize = 400;

/// A length of time above zero.
pub(super) fn minutes(
    evaluation: &mut Evaluation<'_>,
    written: Option<&Spanned<Literal<Minutes>>>,
    key: &str,
) -> Option<Minutes> {
    let read = |value: &Value| as_number(value).map(Minutes);
    evaluation
        .literal(written?, key, "a number", read)
        .filter(|minutes| minutes.is_positive())
}

/// The name of a value, which may hold expressions.
pub(super) fn name<T>(
    evaluation: &mut Evaluation<'_>,
    written: &Arc<str>,
    named: &Named<T>,
) -> Option<Arc<str>> {
    match &named.computed {
        Some(computed) => {
            let value = evaluation.template(computed, named.key)?;
            evaluation.as_text(&value, written, named.key)
        }
        None => evaluation.plain(written, named.key),
    }
}

/// The texts of a mapping.
pub(super) fn texts(
    evaluation: &mut Evaluation<'_>,
    value: &Value,
    key: &str,
    place: Span,
) -> Option<IndexMap<String, String>> {
    let Some(object) = mapping(evaluation, value, key, place)? else {
        return Some(IndexMap::new());
    };
    let mut texts = IndexMap::with_capacity(object.len());
    for (name, value) in object.iter() {
        let text = evaluation.as_text(value, name, place)?;
        texts.insert(name.to_owned(), text.to_string());
    }
    Some(texts)
}

/// The labels and the group of `runs-on`.
pub(super) fn runs_on(evaluation: &mut Evaluation<'_>, job: &Job) -> (Vec<Arc<str>>, Option<Arc<str>>) {
    const KEY: &str = "runs-on";
    let Some(written) = &job.runs_on else {
        return (Vec::new(), None);
    };
    let place = written.span;
    let value = match written.labels.as_slice() {
        [whole] if whole.span == place => evaluation.value(whole),
        labels => written::texts(evaluation, labels),
    };
    let (labels, group) = match value.as_ref().map(|value| (value, value.as_object())) {
        Some((_, Some(object))) => (
            object
                .get("labels")
                .and_then(|value| words(evaluation, value, "labels", place)),
            object
                .get("group")
                .and_then(|value| evaluation.as_text(value, "group", place)),
        ),
        Some((value, None)) => (
            words(evaluation, value, KEY, place),
            written
                .group
                .as_ref()
                .and_then(|group| evaluation.text(group, "group")),
        ),
        None => (None, None),
    };
    (
        labels.unwrap_or_default(),
        group.filter(|group| !group.is_empty()),
    )
}

/// The container of a job; none where its image is empty.
pub(super) fn container(evaluation: &mut Evaluation<'_>, job: &Job) -> Option<ContainerPlan> {
    let written = job.container.as_ref()?;
    let value = written::literal(evaluation, written, written::container)?;
    container_of(evaluation, &value, "container", written.span)
}

/// The services of a job; those whose image is empty are left out.
pub(super) fn services(evaluation: &mut Evaluation<'_>, job: &Job) -> IndexMap<Arc<str>, ContainerPlan> {
    let Some(written) = &job.services else {
        return IndexMap::new();
    };
    let place = written.span;
    let value = written::literal(evaluation, written, written::services);
    let Some(Some(object)) = value
        .as_ref()
        .and_then(|value| mapping(evaluation, value, "services", place))
    else {
        return IndexMap::new();
    };
    let mut services = IndexMap::with_capacity(object.len());
    for (name, service) in object.iter() {
        if let Some(container) = container_of(evaluation, service, name, place) {
            services.insert(Arc::from(name), container);
        }
    }
    services
}

fn container_of(
    evaluation: &mut Evaluation<'_>,
    value: &Value,
    key: &str,
    place: Span,
) -> Option<ContainerPlan> {
    let mut plan = ContainerPlan::default();
    match value.as_object() {
        None => plan.image = evaluation.as_text(value, key, place)?.to_string(),
        Some(object) => {
            let mut text = |name: &str| -> Option<String> {
                let value = object.get(name)?;
                Some(evaluation.as_text(value, name, place)?.to_string())
            };
            plan.image = text("image").unwrap_or_default();
            plan.options = text("options").unwrap_or_default();
            plan.entrypoint = text("entrypoint").filter(|text| !text.is_empty());
            plan.command = text("command").filter(|text| !text.is_empty());
            let mut list = |name: &str| -> Vec<String> {
                let found = object
                    .get(name)
                    .and_then(|value| words(evaluation, value, name, place));
                found
                    .unwrap_or_default()
                    .iter()
                    .map(ToString::to_string)
                    .collect()
            };
            plan.ports = list("ports");
            plan.volumes = list("volumes");
            plan.env = object
                .get("env")
                .and_then(|value| texts(evaluation, value, "env", place))
                .unwrap_or_default();
            plan.login = object
                .get("credentials")
                .and_then(|value| texts(evaluation, value, "credentials", place))
                .map(|mut login| Login {
                    username: login.shift_remove("username").unwrap_or_default(),
                    password: login.shift_remove("password").unwrap_or_default(),
                })
                .filter(|login| !login.username.is_empty());
        }
    }
    if let Some(image) = plan.image.strip_prefix("docker://") {
        plan.image = image.to_owned();
    }
    (!plan.image.is_empty()).then_some(plan)
}

/// `concurrency`, as text or mapping.
pub(super) fn concurrency(
    evaluation: &mut Evaluation<'_>,
    written: Option<&Spanned<Literal<Concurrency>>>,
) -> Option<ConcurrencyPlan> {
    let written = written?;
    let value = written::literal(evaluation, written, written::concurrency)?;
    let place = written.span;
    let (group, cancel, queue) = match value.as_object() {
        Some(object) => (
            object.get("group"),
            object.get("cancel-in-progress"),
            object.get("queue"),
        ),
        None => (Some(&value), None, None),
    };
    let group = evaluation.as_text(group.unwrap_or(&Value::Null), "group", place)?;
    let cancel_in_progress = match cancel {
        None | Some(Value::Null) => false,
        Some(cancel) => {
            let truth = as_boolean(cancel);
            if truth.is_none() {
                evaluation.wrong("cancel-in-progress", "a boolean", cancel, place);
            }
            truth?
        }
    };
    let queue = match queue {
        None | Some(Value::Null) => Queue::default(),
        Some(queue) => match Queue::find(&queue.to_text()) {
            Some(queue) => queue,
            None => {
                evaluation.wrong("queue", "`single` or `max`", queue, place);
                return None;
            }
        },
    };
    let problem = if group.is_empty() {
        "the name of its group is empty"
    } else if group.encode_utf16().count() > LONGEST_GROUP {
        "the name of its group has more than 400 characters"
    } else {
        return Some(ConcurrencyPlan {
            group,
            cancel_in_progress,
            queue,
        });
    };
    evaluation.diagnostics.push(
        Diagnostic::new(codes::EVALUATION, "`concurrency` names no group")
            .at(place, problem)
            .help(
                "give the group a name that is never empty, e.g. `${{ github.workflow }}-${{ github.ref }}`",
            ),
    );
    None
}

/// The name of an `environment`; the address is evaluated once the job is done.
pub(super) fn environment(evaluation: &mut Evaluation<'_>, job: &Job) -> Option<Arc<str>> {
    let written = job.environment.as_ref()?;
    let value = evaluation.value(&written.name)?;
    let name = match value.as_object() {
        Some(object) => object.get("name").cloned().unwrap_or(Value::Null),
        None => value,
    };
    evaluation
        .as_text(&name, "environment", written.span)
        .filter(|name| !name.is_empty())
}

/// One text, or a list of texts; what is empty is left out.
fn words(evaluation: &mut Evaluation<'_>, value: &Value, key: &str, place: Span) -> Option<Vec<Arc<str>>> {
    let items = value.as_array().unwrap_or(std::slice::from_ref(value));
    let mut texts = Vec::with_capacity(items.len());
    for item in items {
        texts.push(evaluation.as_text(item, key, place)?);
    }
    texts.retain(|text| !text.is_empty());
    Some(texts)
}

/// A mapping, or nothing.
fn mapping<'v>(
    evaluation: &mut Evaluation<'_>,
    value: &'v Value,
    key: &str,
    place: Span,
) -> Option<Option<&'v Object>> {
    match value {
        Value::Null => Some(None),
        Value::Object(object) => Some(Some(object)),
        _ => {
            evaluation.wrong(key, "a mapping", value, place);
            None
        }
    }
}
