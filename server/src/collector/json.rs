//! Metrics in the JSON form of OTLP, with the names of OpenTelemetry's conventions for messaging and processes where these have one.

use loom_protocol::{BUCKETS, Histogram};
use serde_json::{Value, json};

use super::{OfProcess, OfType, Totals};

/// Totals are told since a beginning that each point names.
const CUMULATIVE: u8 = 2;

/// Who sends: the same with each request.
pub(super) fn resource(workspace: &str, instance: &str) -> Value {
    json!({"attributes": [
        text("service.name", "loom-studio"),
        text("service.version", env!("CARGO_PKG_VERSION")),
        text("service.instance.id", instance),
        text("loom.workspace", workspace),
    ]})
}

/// A request that tells all of them.
pub(super) fn request(resource: &Value, totals: &Totals) -> Value {
    let scope = json!({"name": "loom-studio", "version": env!("CARGO_PKG_VERSION")});
    let mut metrics = of_types(totals);
    metrics.extend(of_processes(totals));
    // One without points says nothing.
    metrics.retain(|metric| {
        let data = ["sum", "gauge", "histogram"]
            .iter()
            .find_map(|data| metric.get(*data));
        let points = data
            .and_then(|data| data.get("dataPoints"))
            .and_then(Value::as_array);
        points.is_some_and(|points| !points.is_empty())
    });
    json!({"resourceMetrics": [{"resource": resource, "scopeMetrics": [{"scope": scope, "metrics": metrics}]}]})
}

fn of_types(totals: &Totals) -> Vec<Value> {
    let now = nanos(totals.second.saturating_add(1));
    let all = || totals.by_type.iter();
    let sum = |of: fn(&OfType) -> u64| -> Vec<Value> {
        let points = all().map(|(name, one)| {
            json!({"attributes": processed(name), "startTimeUnixNano": nanos(one.since), "timeUnixNano": now,
                "asInt": (of(one) / 1_000).to_string()})
        });
        points.collect()
    };
    let last = |of: fn(&OfType) -> Option<u64>| -> Vec<Value> {
        let points = all().filter_map(|(name, one)| {
            let value = of(one)?.to_string();
            Some(json!({"attributes": [of_type(name)], "timeUnixNano": now, "asInt": value}))
        });
        points.collect()
    };
    let bounds: Vec<f64> = (1..BUCKETS).map(bound_seconds).collect();
    let times = |of: fn(&OfType) -> &[u64; BUCKETS]| -> Vec<Value> {
        let measured = all().filter(|(_, one)| of(one).iter().any(|count| *count > 0));
        let points = measured.map(|(name, one)| {
            let counts = of(one);
            let count = counts.iter().fold(0_u64, |all, count| all.saturating_add(*count));
            let counts: Vec<String> = counts.iter().map(u64::to_string).collect();
            json!({"attributes": processed(name), "startTimeUnixNano": nanos(one.since), "timeUnixNano": now,
                "count": count.to_string(), "bucketCounts": counts, "explicitBounds": bounds})
        });
        points.collect()
    };
    let counter = |name: &str, unit: &str, help: &str, points: Vec<Value>| {
        json!({"name": name, "unit": unit, "description": help,
            "sum": {"aggregationTemporality": CUMULATIVE, "isMonotonic": true, "dataPoints": points}})
    };
    let histogram = |name: &str, help: &str, points: Vec<Value>| {
        json!({"name": name, "unit": "s", "description": help,
            "histogram": {"aggregationTemporality": CUMULATIVE, "dataPoints": points}})
    };
    vec![
        counter(
            "messaging.client.consumed.messages",
            "{message}",
            "Messages that reached their handler.",
            sum(|one| one.handled),
        ),
        counter(
            "loom.actor.errors",
            "{error}",
            "Panics and reported errors of actors.",
            sum(|one| one.errors),
        ),
        histogram(
            "messaging.process.duration",
            "Times from delivery to the end of handling.",
            times(|one| &one.handle),
        ),
        histogram(
            "loom.actor.wait.duration",
            "Times in the queue, until delivery.",
            times(|one| &one.wait),
        ),
        gauge(
            "loom.actor.queue.depth",
            "{message}",
            "Messages that wait.",
            last(|one| one.queue),
        ),
        gauge(
            "loom.actor.count",
            "{actor}",
            "Living actors.",
            last(|one| one.actors),
        ),
    ]
}

fn of_processes(totals: &Totals) -> Vec<Value> {
    let now = nanos(totals.second.saturating_add(1));
    let points = |of: fn(&OfProcess) -> Option<Value>| -> Vec<Value> {
        let points = totals.by_process.iter().filter_map(|(name, one)| {
            let mut point = of(one)?;
            let more = point.as_object_mut()?;
            more.insert("attributes".to_owned(), json!([text("loom.process", name)]));
            more.insert("timeUnixNano".to_owned(), json!(now));
            Some(point)
        });
        points.collect()
    };
    vec![
        gauge(
            "loom.process.cpu",
            "{cpu}",
            "Processor cores that the process used.",
            points(|one| one.cpu.map(|cpu| json!({"asDouble": share(cpu)}))),
        ),
        up_down(
            "process.memory.usage",
            "By",
            "Memory of the process, resident.",
            points(|one| one.memory.map(|bytes| json!({"asInt": bytes.to_string()}))),
        ),
        up_down(
            "process.unix.file_descriptor.count",
            "{file_descriptor}",
            "Files that the process has open, sockets among them.",
            points(|one| one.files.map(|files| json!({"asInt": files.to_string()}))),
        ),
        gauge(
            "loom.process.arbiter.load",
            "1",
            "The share of their time in which the arbiters of the process ran.",
            points(|one| one.load.map(|load| json!({"asDouble": share(load)}))),
        ),
    ]
}

/// What the conventions add up over processes, be it measured and not counted.
fn up_down(name: &str, unit: &str, help: &str, points: Vec<Value>) -> Value {
    json!({"name": name, "unit": unit, "description": help,
        "sum": {"aggregationTemporality": CUMULATIVE, "isMonotonic": false, "dataPoints": points}})
}

fn gauge(name: &str, unit: &str, help: &str, points: Vec<Value>) -> Value {
    json!({"name": name, "unit": unit, "description": help, "gauge": {"dataPoints": points}})
}

/// What a point of messages is of, as spans of messages say it.
fn processed(kind: &str) -> Vec<Value> {
    vec![
        text("messaging.system", "loom"),
        text("messaging.operation.name", "process"),
        text("messaging.operation.type", "process"),
        of_type(kind),
    ]
}

/// The type of actors: one name for many destinations.
fn of_type(kind: &str) -> Value {
    text("messaging.destination.template", kind)
}

fn text(key: &str, value: &str) -> Value {
    json!({"key": key, "value": {"stringValue": value}})
}

/// Numbers of 64 bits are text in this form.
fn nanos(second: i64) -> String {
    second.max(0).saturating_mul(1_000_000_000).to_string()
}

#[expect(clippy::cast_precision_loss, reason = "fifteen digits are enough")]
fn share(millionths: u64) -> f64 {
    millionths as f64 / 1e6
}

#[expect(clippy::cast_precision_loss, reason = "below 2^53 nanoseconds")]
fn bound_seconds(bucket: usize) -> f64 {
    Histogram::lower_bound(bucket) as f64 / 1e9
}

#[cfg(test)]
mod tests {
    use loom_history::{By, Key, Slot, Step};

    use super::*;

    #[test]
    fn metrics_are_written_as_the_protocol_has_them() {
        let mut step = Step::default();
        (step.slots[0], step.slots[2]) = (Slot::once(2_500), Slot::once(4));
        step.handle.add(1, 3);
        let mut totals = Totals::default();
        totals.add(100, &[(Key::new(By::Type, "Cart"), step)]);
        let mut step = Step::default();
        step.slots[0] = Slot::once(1_500_000);
        totals.add(101, &[(Key::new(By::Process, "shop@node:7"), step)]);
        let written = request(&resource("main", "i-1"), &totals);
        let metrics = written["resourceMetrics"][0]["scopeMetrics"][0]["metrics"].clone();
        let metric = |name: &str| {
            let mut found = metrics
                .as_array()
                .unwrap()
                .iter()
                .filter(|one| one["name"] == name);
            let one = found.next().cloned();
            assert!(found.next().is_none(), "{name} twice");
            one
        };
        let handled = metric("messaging.client.consumed.messages").unwrap();
        let point = &handled["sum"]["dataPoints"][0];
        assert_eq!(
            (
                &point["asInt"],
                &point["startTimeUnixNano"],
                &point["timeUnixNano"]
            ),
            (&json!("2"), &json!("100000000000"), &json!("102000000000"))
        );
        assert_eq!(
            point["attributes"][3],
            text("messaging.destination.template", "Cart")
        );
        let times = metric("messaging.process.duration").unwrap();
        let point = &times["histogram"]["dataPoints"][0];
        let (counts, bounds) = (&point["bucketCounts"], &point["explicitBounds"]);
        assert_eq!((&point["count"], &counts[1]), (&json!("3"), &json!("3")));
        let len = |list: &Value| list.as_array().unwrap().len();
        assert_eq!((len(counts), len(bounds)), (BUCKETS, BUCKETS - 1));
        assert_eq!(bounds[0], 512e-9);
        assert_eq!(
            metric("loom.process.cpu").unwrap()["gauge"]["dataPoints"][0]["asDouble"],
            1.5
        );
        // Not measured in the last second, or never.
        for name in [
            "loom.actor.queue.depth",
            "loom.actor.wait.duration",
            "process.memory.usage",
        ] {
            assert_eq!(metric(name), None, "{name}");
        }
    }
}
