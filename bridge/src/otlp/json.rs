//! Spans in the JSON form of OTLP.

use serde_json::{Value, json};

use crate::names::{new_boot_id, node, program, shorten};
use crate::trace::{Recorded, SpanId, TraceId};

/// Who sends: the same with each request.
pub(super) fn resource(service: Option<&str>) -> Value {
    let service = service.map(str::to_owned).or_else(program);
    let mut attributes = vec![
        text("service.name", service.as_deref().unwrap_or("unknown_service")),
        text("service.instance.id", &new_boot_id().0),
        json!({"key": "process.pid", "value": {"intValue": std::process::id().to_string()}}),
    ];
    attributes.extend(node().map(|node| text("host.name", node)));
    json!({ "attributes": attributes })
}

/// A request of these spans.
pub(super) fn request(resource: &Value, spans: &[Recorded]) -> Value {
    let scope = json!({"name": "loom-bridge", "version": env!("CARGO_PKG_VERSION")});
    let spans: Vec<Value> = spans.iter().filter_map(span).collect();
    json!({"resourceSpans": [{"resource": resource, "scopeSpans": [{"scope": scope, "spans": spans}]}]})
}

/// The kind of a span that takes a message.
const CONSUMER: u8 = 5;

/// The status of one that failed.
const ERROR: u8 = 2;

fn span(recorded: &Recorded) -> Option<Value> {
    let message = shorten(recorded.message);
    let mut attributes = vec![
        text("messaging.system", "actix"),
        text("messaging.operation.name", "process"),
        text("messaging.operation.type", "process"),
        text("messaging.destination.name", &recorded.actor),
        text("messaging.destination.template", &recorded.kind),
    ];
    attributes.extend(recorded.error.map(|error| text("error.type", error)));
    let status = match recorded.error {
        Some(_) => json!({ "code": ERROR }),
        None => json!({}),
    };
    let mut span = json!({
        "traceId": TraceId::new(recorded.trace)?.to_string(),
        "spanId": SpanId::new(recorded.id)?.to_string(),
        "name": format!("process {message}"),
        "kind": CONSUMER,
        // Numbers of 64 bits are text in this form.
        "startTimeUnixNano": recorded.began.to_string(),
        "endTimeUnixNano": recorded.began.saturating_add(recorded.took).to_string(),
        "attributes": attributes,
        "status": status,
    });
    if let Some(parent) = SpanId::new(recorded.parent) {
        span.as_object_mut()?
            .insert("parentSpanId".to_owned(), parent.to_string().into());
    }
    Some(span)
}

fn text(key: &str, value: &str) -> Value {
    json!({"key": key, "value": {"stringValue": value}})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_written_as_the_protocol_has_it() {
        let recorded = Recorded {
            trace: 0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c,
            id: 7,
            parent: 0,
            message: "shop::Order",
            actor: "cart-1".into(),
            kind: "Cart".into(),
            began: 1_000,
            took: 500,
            error: None,
        };
        let first = span(&recorded).unwrap();
        assert_eq!(first["traceId"], "0af7651916cd43dd8448eb211c80319c");
        assert_eq!(
            (&first["spanId"], &first["name"]),
            (&json!("0000000000000007"), &json!("process Order"))
        );
        assert_eq!(
            (&first["startTimeUnixNano"], &first["endTimeUnixNano"]),
            (&json!("1000"), &json!("1500"))
        );
        assert_eq!(
            (&first["kind"], &first["status"], first.get("parentSpanId")),
            (&json!(5), &json!({}), None)
        );
        let template = json!({"key": "messaging.destination.template", "value": {"stringValue": "Cart"}});
        assert!(
            first["attributes"].as_array().unwrap().contains(&template),
            "{first}"
        );
        let second = span(&Recorded {
            parent: 9,
            error: Some("panic"),
            ..recorded
        })
        .unwrap();
        assert_eq!(
            (&second["parentSpanId"], &second["status"]),
            (&json!("0000000000000009"), &json!({"code": 2}))
        );
        let whole = request(&resource(Some("shop")), &[]);
        let name = &whole["resourceSpans"][0]["resource"]["attributes"][0];
        assert_eq!(
            *name,
            json!({"key": "service.name", "value": {"stringValue": "shop"}})
        );
    }
}
