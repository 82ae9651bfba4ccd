//! Reading fields as programs in many languages write them: a harmless form is taken (`12.7` milliseconds, `7` for a name, a
//! date without a zone), anything else is refused with the field's name.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::{Deserialize, Deserializer, de};
use serde_json::{Map, Value};

use crate::{ActorId, ActorStatus, BootId, Controls, Dropped, Latency, Rates, Source, Timestamp, Work};

/// The last number below 2^64 that a float can be, and then some.
const TOO_LARGE: f64 = 18_446_744_073_709_551_616.0;
/// Numbers of seconds since 1970 are below this one, those of milliseconds above.
const SECONDS: f64 = 1e11;

macro_rules! fields {
    ($($name:ident: $wire:literal, $reader:path => $form:ty;)*) => {$(
        pub(crate) fn $name<'de, D: Deserializer<'de>, O: From<Option<$form>>>(from: D) -> Result<O, D::Error> {
            field(from, $wire, $reader).map(O::from)
        }
    )*};
}

fields! {
    status: "status", status_of => ActorStatus;
    some_kind: "type", text => String;
    worker_id: "workerId", text => String;
    node: "node", text => String;
    message_count: "messageCount", count => u64;
    queue_depth: "queueDepth", count => u64;
    error_count: "errorCount", count => u64;
    restart_count: "restartCount", count => u64;
    uptime: "uptime", millis => u64;
    last_heartbeat: "lastHeartbeat", moment => Timestamp;
    metadata: "metadata", object => Map<String, Value>;
    messages: "rates.messages", number => f64;
    errors: "rates.errors", number => f64;
    handle_ms: "latency.handleMs", number => f64;
    wait_ms: "latency.waitMs", number => f64;
    system: "system", flag => bool;
    parent_id: "parentId", actor => ActorId;
    generation: "generation", count => u64;
}

/// Fields that have fields of their own: whatever is wrong within is told with the name of the whole.
macro_rules! structures {
    ($($name:ident: $wire:literal => $form:ty;)*) => {$(
        pub(crate) fn $name<'de, D: Deserializer<'de>, O: From<Option<$form>>>(from: D) -> Result<O, D::Error> {
            let read = from.deserialize_any(Fields::<$form>(PhantomData));
            read.map(O::from).map_err(|error| within($wire, &error))
        }
    )*};
}

structures! {
    rates: "rates" => Rates;
    latency: "latency" => Latency;
    work: "work" => Work;
    controls: "controls" => Controls;
    source: "source" => Source;
    dropped: "dropped" => Dropped;
}

/// An object or nothing. What is derived would take a list as well, for the values of its fields in their order, and an
/// empty one for nothing known.
struct Fields<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> de::Visitor<'de> for Fields<T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_none<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_any(self)
    }

    fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Some)
    }
}

/// Sums, which are zero where they were not measured.
macro_rules! sums {
    ($($name:ident: $wire:literal;)*) => {$(
        pub(crate) fn $name<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
            field(from, $wire, count).map(Option::unwrap_or_default)
        }
    )*};
}

sums! {
    handled: "work.handled";
    handle_us: "work.handleUs";
    queued: "work.queued";
    wait_us: "work.waitUs";
    busy_us: "work.busyUs";
    turns: "work.turns";
}

/// An error with the name of the field that it is in, unless it has that already.
fn within<E: de::Error>(name: &str, error: &impl std::fmt::Display) -> E {
    let text = error.to_string();
    // The place is told once more, by whoever reads the whole.
    let text = text
        .rsplit_once(" at line ")
        .map_or(text.as_str(), |(text, _)| text);
    if text.starts_with(&format!("`{name}.")) {
        E::custom(text)
    } else {
        E::custom(format!("`{name}`: {text}"))
    }
}

pub(crate) fn kind<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    let kind: Option<String> = some_kind(from)?;
    kind.ok_or_else(|| de::Error::custom("`type` is null; it must name the kind of actor"))
}

pub(crate) fn id<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    let id = field(from, "id", text)?;
    id.ok_or_else(|| de::Error::custom("an id is null; it must name an actor"))
}

pub(crate) fn boot<'de, D: Deserializer<'de>>(from: D) -> Result<BootId, D::Error> {
    let boot = field(from, "boot", text)?;
    boot.map(BootId)
        .ok_or_else(|| de::Error::custom("`boot` is null; it must name this start of the process"))
}

pub(crate) fn seq<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
    let seq = field(from, "seq", count)?;
    seq.ok_or_else(|| de::Error::custom("`seq` is null; it must be the number of the batch, from 1"))
}

pub(crate) fn complete<'de, D: Deserializer<'de>>(from: D) -> Result<bool, D::Error> {
    field(from, "complete", flag).map(Option::unwrap_or_default)
}

/// Nothing for what is `null`; whether that is as if it were absent, the one who asks says.
fn field<'de, D: Deserializer<'de>, T>(
    from: D,
    name: &str,
    read: impl FnOnce(Value) -> Result<T, String>,
) -> Result<Option<T>, D::Error> {
    match Value::deserialize(from)? {
        Value::Null => Ok(None),
        value => {
            let read = read(value).map(Some);
            read.map_err(|why| de::Error::custom(format!("`{name}` is {why}")))
        }
    }
}

fn text(value: Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text),
        Value::Number(number) if number.is_u64() || number.is_i64() => Ok(number.to_string()),
        other => Err(format!("{}; it must be a text", shown(&other))),
    }
}

fn actor(value: Value) -> Result<ActorId, String> {
    text(value).map(ActorId)
}

fn flag(value: Value) -> Result<bool, String> {
    let flag = value.as_bool();
    flag.ok_or_else(|| format!("{}; it must be `true` or `false`", shown(&value)))
}

fn status_of(value: Value) -> Result<ActorStatus, String> {
    match value {
        Value::String(word) => Ok(ActorStatus::from(word.as_str())),
        other => Err(format!("{}; it must be a word such as `active`", shown(&other))),
    }
}

fn number(value: Value) -> Result<f64, String> {
    let wrong = || format!("{}; it must be a number from 0", shown(&value));
    value.as_f64().filter(|number| *number >= 0.0).ok_or_else(wrong)
}

/// Counts are whole, also where a language writes them as `5.0`.
fn count(value: Value) -> Result<u64, String> {
    if let Some(count) = value.as_u64() {
        return Ok(count);
    }
    let whole = value.as_f64().filter(|number| number.fract() == 0.0);
    whole
        .and_then(rounded)
        .ok_or_else(|| format!("{}; it must be a whole number from 0", shown(&value)))
}

fn millis(value: Value) -> Result<u64, String> {
    if let Some(millis) = value.as_u64() {
        return Ok(millis);
    }
    let wrong = || format!("{}; it must be a number of milliseconds from 0", shown(&value));
    value.as_f64().and_then(rounded).ok_or_else(wrong)
}

fn rounded(number: f64) -> Option<u64> {
    let fits = (0.0..TOO_LARGE).contains(&number);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is within what fits, and the fraction is not wanted"
    )]
    fits.then(|| number.round() as u64)
}

fn moment(value: Value) -> Result<Timestamp, String> {
    if let Value::String(text) = &value {
        return text.parse().map_err(|_| {
            format!(
                "{}; it must be a time such as 2025-12-13T03:33:58.077Z",
                shown(&value)
            )
        });
    }
    let since_1970 = value.as_f64().filter(|number| *number >= 0.0);
    let millis = since_1970.map(|number| if number < SECONDS { number * 1000.0 } else { number });
    let millis = millis
        .and_then(rounded)
        .and_then(|millis| i64::try_from(millis).ok());
    millis.map(Timestamp::from_millis).ok_or_else(|| {
        format!(
            "{}; it must be a time such as 2025-12-13T03:33:58.077Z",
            shown(&value)
        )
    })
}

fn object(value: Value) -> Result<Map<String, Value>, String> {
    match value {
        Value::Object(map) => Ok(map),
        other => Err(format!("{}; it must be an object", shown(&other))),
    }
}

/// A value as an error shows it: short.
fn shown(value: &Value) -> String {
    match value {
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
        Value::String(text) if text.chars().count() > 40 => "a long text".to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::{ActorBatch, ActorId, ActorPatch, ActorRecord};

    #[test]
    fn harmless_forms_are_taken() {
        let read: ActorRecord =
            serde_json::from_value(json!({"id":7,"type":3,"workerId":12,"node":-1,"parentId":8,
            "messageCount":5.0,"uptime":1234.56,"lastHeartbeat":"2025-12-13T03:33:58.077","metadata":null,
            "queueDepth":9007199254740993_u64,"rates":{"messages":2},"work":{"handled":3.0}}))
            .unwrap();
        assert_eq!(
            serde_json::to_value(&read).unwrap(),
            json!({"id":"7","type":"3","workerId":"12","node":"-1","parentId":"8","messageCount":5,"uptime":1235,
                "lastHeartbeat":"2025-12-13T03:33:58.077Z","queueDepth":9007199254740993_u64,"rates":{"messages":2.0},
                "work":{"handled":3,"handleUs":0,"queued":0,"waitUs":0,"busyUs":0,"turns":0}})
        );
        for (moment, millis) in [
            (json!("2025-12-13 03:33:58"), 1_765_596_838_000),
            (json!(1_765_596_838.077), 1_765_596_838_077),
            (json!(1_765_596_838_077_i64), 1_765_596_838_077),
        ] {
            let patch: ActorPatch = serde_json::from_value(json!({"id":"a","lastHeartbeat":moment})).unwrap();
            assert_eq!(patch.last_heartbeat.unwrap().as_millis(), millis);
        }
        let snake: ActorPatch =
            serde_json::from_value(json!({"id":"a","message_count":5,"queue_depth":1,"worker_id":"w",
                "latency":{"handle_ms":1.5}}))
            .unwrap();
        assert_eq!((snake.message_count, snake.queue_depth), (Some(5), Some(1)));
        assert_eq!(snake.latency.unwrap().handle_ms, Some(1.5));
        assert_eq!(serde_json::from_value::<ActorId>(json!(4)).unwrap().0, "4");
    }

    #[test]
    fn what_makes_no_sense_in_the_head_of_a_batch_is_refused_with_the_fields_name() {
        for (field, value, word) in [
            ("boot", json!(null), "null"),
            ("boot", json!({}), "an object"),
            ("seq", json!("one"), "\"one\""),
            ("seq", json!(-1), "-1"),
            ("seq", json!(null), "null"),
            ("generation", json!(1.5), "1.5"),
            ("complete", json!("yes"), "\"yes\""),
            ("source", json!([]), "an object"),
            ("source", json!({"app": 5}), "5"),
            ("dropped", json!([]), "an object"),
        ] {
            let mut whole = json!({"boot":"b","seq":1});
            whole[field] = value;
            let error = serde_json::from_value::<ActorBatch>(whole)
                .unwrap_err()
                .to_string();
            assert!(
                error.contains(&format!("`{field}`")) && error.contains(word),
                "{error}"
            );
        }
        let forms =
            json!({"boot":7,"seq":2.0,"generation":null,"complete":null,"source":null,"dropped":null});
        let batch: ActorBatch = serde_json::from_value(forms).unwrap();
        assert_eq!(
            (batch.boot.0.as_str(), batch.seq, batch.generation),
            ("7", 2, None)
        );
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_the_fields_name() {
        for (field, value, word) in [
            ("uptime", json!(-1), "-1"),
            ("uptime", json!("long"), "\"long\""),
            ("uptime", json!(1e30), "1e+30"),
            ("messageCount", json!(1.5), "1.5"),
            ("queueDepth", json!(-2), "-2"),
            ("workerId", json!({}), "an object"),
            ("workerId", json!(true), "true"),
            ("node", json!(["x"]), "a list"),
            ("status", json!(5), "5"),
            ("type", json!([]), "a list"),
            ("id", json!(1.5), "1.5"),
            ("lastHeartbeat", json!("yesterday"), "\"yesterday\""),
            ("metadata", json!("x"), "\"x\""),
            ("parentId", json!(true), "true"),
            ("system", json!("yes"), "\"yes\""),
            ("rates", json!(5), "5"),
            ("latency", json!("fast"), "fast"),
            ("work", json!(7), "7"),
            ("controls", json!(false), "false"),
            ("rates", json!([]), "an object"),
            ("latency", json!([]), "an object"),
            ("work", json!([1, 2]), "an object"),
            ("controls", json!([[]]), "an object"),
        ] {
            let mut whole = json!({"id":"a","type":"T"});
            whole[field] = value;
            let error = serde_json::from_value::<ActorPatch>(whole)
                .unwrap_err()
                .to_string();
            assert!(
                error.contains(&format!("`{field}`")) && error.contains(word),
                "{error}"
            );
        }
        let rates = json!({"id":"a","rates":{"messages":-5}});
        let error = serde_json::from_value::<ActorPatch>(rates)
            .unwrap_err()
            .to_string();
        assert!(error.starts_with("`rates.messages` is -5"), "{error}");
        let error = serde_json::from_str::<ActorPatch>(r#"{"id":"a","work":{"busyUs":-1}}"#).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`work.busyUs` is -1; it must be a whole number from 0 at line 1 column 31"
        );
    }
}
