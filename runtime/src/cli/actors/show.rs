//! One actor: what is known of it, what happened to it, its children, what it takes.

use loom_protocol::filter::{Condition, Field, Filter, Pattern};
use loom_protocol::{ActorRecord, Controls, JournalLine, OrderKind};
use serde_json::{Map, Value, json};

use super::super::args::{DataFormat, ShowActorArgs};
use super::super::output::{duration, for_stdout};
use super::super::{Exit, data, talk};
use super::studio::{self, Failure, Studio};
use super::table;

/// Children that are shown at most.
const CHILDREN: u32 = 100;
/// Columns for the words at the left.
const MARGIN: usize = 10;

pub(super) async fn show(args: &ShowActorArgs) -> Result<(), Exit> {
    let studio = Studio::at(args.studio.as_deref())?;
    let exit = |failure: Failure| match failure {
        Failure::Unreachable(why) => studio.say_unreachable(&why),
        Failure::Said(exit) => exit,
        Failure::Unknown => {
            talk::error(&format!("the studio knows no actor `{}`", for_stdout(&args.id)));
            talk::help("`loom-runtime actors` lists those it knows, with `is:system` its plumbing");
            Exit::Usage
        }
    };
    let record = studio.actor(&args.id).await.map_err(&exit)?;
    let journal = match studio.journal(&args.id, args.lines).await {
        // It ended a moment ago.
        Err(Failure::Unknown) => "[]".to_owned(),
        found => found.map_err(&exit)?.body,
    };
    let of_parent = Condition::Field(Field::Parent, vec![Pattern::literal(&args.id)]);
    let children = studio
        .actors(&Filter::default().and(of_parent), "id", CHILDREN)
        .await
        .map_err(&exit)?;
    if args.format == DataFormat::Json {
        let value = json!({
            "actor": studio::read::<Value>(&record.body)?,
            "children": studio::read::<Value>(&children.body)?,
            "journal": studio::read::<Value>(&journal)?,
        });
        data::print(&format!("{value}\n"));
        return Ok(());
    }
    let actor: ActorRecord = studio::read(&record.body)?;
    let more = children.total;
    let children: Vec<ActorRecord> = studio::read(&children.body)?;
    let journal: Vec<JournalLine> = studio::read(&journal)?;
    data::print(&text(&actor, &children, &journal));
    if let Some(total) = more.filter(|total| *total > children.len()) {
        talk::note(&format!("{} of {total} children", children.len()));
    }
    Ok(())
}

fn text(actor: &ActorRecord, children: &[ActorRecord], journal: &[JournalLine]) -> String {
    let mut text = table::table(std::slice::from_ref(actor));
    let mut say = |what: &str, value: Option<String>| {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            text.push_str(&format!("{:<MARGIN$} {}\n", for_stdout(what), for_stdout(&value)));
        }
    };
    say("parent", actor.parent_id.as_ref().map(|parent| parent.0.clone()));
    say("process", process(actor));
    say("up", actor.uptime.map(duration));
    say("beat", actor.last_heartbeat.map(|beat| beat.to_string()));
    say("rates", rates(actor));
    say("mean", means(actor));
    say("wrong", wrong(actor));
    for (name, value) in actor.metadata.iter().flatten() {
        say(name, Some(plain(value)));
    }
    takes(actor.controls.as_ref(), &mut text);
    if !children.is_empty() {
        text.push_str("\nchildren\n");
        text.push_str(&table::table(children));
    }
    if !journal.is_empty() {
        text.push_str("\njournal\n");
        for line in journal {
            let said = format!("{}  {:<12}{}", line.time, line.kind.as_str(), line.message);
            for part in said.lines() {
                text.push_str(&format!("{}\n", for_stdout(part).trim_end()));
            }
        }
    }
    text
}

fn process(actor: &ActorRecord) -> Option<String> {
    match (&actor.worker_id, &actor.node) {
        (Some(worker), Some(node)) => Some(format!("{worker} on {node}")),
        (Some(one), None) | (None, Some(one)) => Some(one.clone()),
        (None, None) => None,
    }
}

fn joined(parts: [Option<String>; 2]) -> Option<String> {
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

fn rates(actor: &ActorRecord) -> Option<String> {
    let rates = actor.rates.as_ref()?;
    joined([
        rates.messages.map(|rate| format!("{rate:.1} messages/s")),
        rates.errors.map(|rate| format!("{rate:.1} errors/s")),
    ])
}

fn means(actor: &ActorRecord) -> Option<String> {
    let latency = actor.latency.as_ref()?;
    joined([
        latency.handle_ms.map(|time| format!("{time:.1} ms a message")),
        latency.wait_ms.map(|time| format!("{time:.1} ms in the queue")),
    ])
}

fn wrong(actor: &ActorRecord) -> Option<String> {
    let some = |count: Option<u64>| count.filter(|count| *count > 0);
    joined([
        some(actor.error_count).map(|count| format!("errors: {count}")),
        some(actor.restart_count).map(|count| format!("restarts: {count}")),
    ])
}

/// A value of its metadata: texts without their quotes.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        value => value.to_string(),
    }
}

/// What may be ordered of it, each message with the fields of its body.
fn takes(controls: Option<&Controls>, text: &mut String) {
    let Some(controls) = controls.filter(|controls| !controls.orders.is_empty()) else {
        text.push_str("takes      no orders\n");
        return;
    };
    let orders: Vec<&str> = controls.orders.iter().map(OrderKind::as_str).collect();
    let orders = orders.join(", ");
    text.push_str(&format!("{:<MARGIN$} {}\n", "takes", for_stdout(&orders)));
    for form in &controls.messages {
        let line = format!(
            "{:<MARGIN$} message {} {}",
            "",
            form.kind,
            body(form.schema.as_ref())
        );
        text.push_str(&format!("{}\n", for_stdout(&line).trim_end()));
    }
}

/// The names of a body's fields, those that may be left out with `?`.
fn body(schema: Option<&Value>) -> String {
    let fields = schema.and_then(|schema| schema.get("properties")?.as_object());
    let Some(fields) = fields.filter(|fields: &&Map<String, Value>| !fields.is_empty()) else {
        return String::new();
    };
    let needed = schema
        .and_then(|schema| schema.get("required")?.as_array())
        .map(Vec::as_slice)
        .unwrap_or_default();
    let names: Vec<String> = fields
        .keys()
        .map(|name| {
            let is_needed = needed.iter().any(|needed| needed == name.as_str());
            format!("{name}{}", if is_needed { "" } else { "?" })
        })
        .collect();
    format!("{{{}}}", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fields_of_a_message_are_named() {
        let schema = json!({"type": "object", "properties": {"by": {}, "why": {}}, "required": ["by"]});
        assert_eq!(body(Some(&schema)), "{by, why?}");
        assert_eq!(body(None), "");
        assert_eq!(body(Some(&json!({"type": "object"}))), "");
    }
}
