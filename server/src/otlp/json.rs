//! OTLP in JSON: as protobuf writes it, but that ids are hex digits.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{self, IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::span::{MOST_SPANS, Request, Resource, Span, Value};

/// Attributes of one span or resource that are looked at.
const MOST_ATTRIBUTES: usize = 256;
/// Resources and scopes of a request.
const MOST_GROUPS: usize = 10_000;

impl Request {
    /// Reads an `ExportTraceServiceRequest`.
    pub(crate) fn from_json(body: &[u8]) -> serde_json::Result<Self> {
        let read: All = serde_json::from_slice(body)?;
        let mut request = Self::default();
        for group in read.resource_spans.kept {
            let mut resource = Resource::default();
            for attribute in &group.resource.unwrap_or_default().attributes.kept {
                attribute.tell(|key, value| resource.set(key, value));
            }
            request.begin(resource);
            for scope in group.scope_spans.kept {
                request.leave_out(scope.spans.left_out);
                for span in scope.spans.kept {
                    // Each list is within the bound; here all of them together are.
                    if request.room() == 0 {
                        request.leave_out(1);
                    } else {
                        request.add(span.read());
                    }
                }
            }
        }
        Ok(request)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct All {
    #[serde(default)]
    resource_spans: Most<ResourceSpans, MOST_GROUPS>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ResourceSpans {
    resource: Option<Attributed>,
    #[serde(default)]
    scope_spans: Most<ScopeSpans, MOST_GROUPS>,
}

#[derive(Default, Deserialize)]
struct Attributed {
    #[serde(default)]
    attributes: Most<Attribute, MOST_ATTRIBUTES>,
}

#[derive(Deserialize)]
struct ScopeSpans {
    #[serde(default)]
    spans: Most<JsonSpan, MOST_SPANS>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct JsonSpan {
    #[serde(default)]
    trace_id: String,
    #[serde(default)]
    span_id: String,
    #[serde(default)]
    parent_span_id: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    kind: u64,
    #[serde(default)]
    start_time_unix_nano: Digits,
    #[serde(default)]
    end_time_unix_nano: Digits,
    #[serde(default)]
    attributes: Most<Attribute, MOST_ATTRIBUTES>,
    #[serde(default)]
    links: Most<Link, 128>,
    status: Option<Status>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Link {
    #[serde(default)]
    trace_id: String,
    #[serde(default)]
    span_id: String,
}

#[derive(Deserialize)]
struct Status {
    #[serde(default)]
    code: u64,
    #[serde(default)]
    message: String,
}

#[derive(Deserialize)]
struct Attribute {
    #[serde(default)]
    key: String,
    value: Option<AnyValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AnyValue {
    string_value: Option<String>,
    int_value: Option<Digits>,
    bool_value: Option<bool>,
}

impl Attribute {
    fn tell(&self, set: impl FnOnce(&str, Value<'_>)) {
        let value = self.value.as_ref();
        let value = match value {
            Some(AnyValue {
                string_value: Some(text),
                ..
            }) => Value::Text(text),
            Some(AnyValue {
                int_value: Some(number),
                ..
            }) => Value::Number(number.0),
            Some(AnyValue {
                bool_value: Some(flag),
                ..
            }) => Value::Flag(*flag),
            _ => Value::Other,
        };
        set(&self.key, value);
    }
}

impl JsonSpan {
    fn read(self) -> Span {
        let mut span = Span::default();
        span.trace = hex(&self.trace_id, 32).unwrap_or_default();
        (span.id, span.parent) = (span_id(&self.span_id), span_id(&self.parent_span_id));
        span.kind = self.kind;
        span.start = self.start_time_unix_nano.0.cast_unsigned();
        span.end = self.end_time_unix_nano.0.cast_unsigned();
        span.set_name(&self.name);
        for attribute in &self.attributes.kept {
            attribute.tell(|key, value| span.set(key, value));
        }
        for link in &self.links.kept {
            span.link(
                hex(&link.trace_id, 32).unwrap_or_default(),
                span_id(&link.span_id),
            );
        }
        if let Some(status) = &self.status {
            span.set_status(status.code, &status.message);
        }
        span
    }
}

fn span_id(digits: &str) -> u64 {
    hex(digits, 16)
        .and_then(|id| u64::try_from(id).ok())
        .unwrap_or_default()
}

fn hex(digits: &str, count: usize) -> Option<u128> {
    let is_hex = digits.len() == count && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    is_hex.then(|| u128::from_str_radix(digits, 16).ok()).flatten()
}

/// A whole number of 64 bits, which JSON may have in quotes.
#[derive(Clone, Copy, Default)]
struct Digits(i64);

impl<'de> Deserialize<'de> for Digits {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        struct Read;
        impl Visitor<'_> for Read {
            type Value = Digits;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number, in quotes or not")
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Digits, E> {
                Ok(Digits(number.cast_signed()))
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Digits, E> {
                Ok(Digits(number))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Digits, E> {
                let number = text
                    .parse::<i64>()
                    .or_else(|_| text.parse::<u64>().map(u64::cast_signed));
                number.map(Digits).map_err(E::custom)
            }
        }
        reader.deserialize_any(Read)
    }
}

/// A list of which no more is kept than a bound; the others are passed over and counted.
struct Most<T, const N: usize> {
    kept: Vec<T>,
    left_out: u64,
}

impl<T, const N: usize> Default for Most<T, N> {
    fn default() -> Self {
        Self {
            kept: Vec::new(),
            left_out: 0,
        }
    }
}

impl<'de, T: Deserialize<'de>, const N: usize> Deserialize<'de> for Most<T, N> {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        struct Read<T, const N: usize>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>, const N: usize> Visitor<'de> for Read<T, N> {
            type Value = Most<T, N>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }

            fn visit_unit<E: de::Error>(self) -> Result<Most<T, N>, E> {
                Ok(Most::default())
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Most<T, N>, A::Error> {
                let mut most = Most::default();
                while most.kept.len() < N {
                    match list.next_element()? {
                        Some(entry) => most.kept.push(entry),
                        None => return Ok(most),
                    }
                }
                while list.next_element::<IgnoredAny>()?.is_some() {
                    most.left_out += 1;
                }
                Ok(most)
            }
        }
        reader.deserialize_any(Read(PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_sdk_writes_is_read() {
        let body = r#"{"resourceSpans":[{"resource":{"attributes":[
            {"key":"service.name","value":{"stringValue":"shop"}},
            {"key":"process.pid","value":{"intValue":"42"}},
            {"key":"process.command_args","value":{"arrayValue":{"values":[{"stringValue":"-v"}]}}}],"droppedAttributesCount":0},
          "scopeSpans":[{"scope":{"name":"x"},"spans":[{"traceId":"5b8efff798038103d269b633813fc60c",
            "spanId":"EEE19B7EC3C1B174","parentSpanId":"","name":"process orders","kind":5,
            "startTimeUnixNano":"1544712660000000000","endTimeUnixNano":1544712661000000000,
            "attributes":[{"key":"messaging.destination.name","value":{"stringValue":"orders"}},
              {"key":"messaging.batch.message_count","value":{"intValue":3}}],
            "links":[{"traceId":"5b8efff798038103d269b633813fc60d","spanId":"eee19b7ec3c1b173"}],
            "status":{"code":2,"message":"no"}}]}]}]}"#;
        let read = Request::from_json(body.as_bytes()).unwrap();
        let (resource, span) = read.spans().next().unwrap();
        assert_eq!((resource.service().as_str(), resource.pid), ("shop", Some(42)));
        assert_eq!(span.trace, 0x5b8e_fff7_9803_8103_d269_b633_813f_c60c);
        assert_eq!((span.id, span.parent, span.kind), (0xeee1_9b7e_c3c1_b174, 0, 5));
        assert_eq!((span.nanos(), span.count()), (1_000_000_000, 3));
        assert_eq!((span.destination(), span.error()), ("orders", Some("no")));
        assert_eq!(span.links().len(), 1);
    }

    #[test]
    fn what_says_nothing_is_bounded_and_what_makes_no_sense_refused() {
        let many = "{},".repeat(MOST_SPANS + 499) + "{}";
        let body =
            format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{many}]}},{{"spans":[{{}}]}}]}}]}}"#);
        let read = Request::from_json(body.as_bytes()).unwrap();
        assert_eq!((read.spans().count(), read.left_out()), (MOST_SPANS, 501));
        for body in [
            "",
            r#"{"resourceSpans":7}"#,
            r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"kind":"x"}]}]}]}"#,
            r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"startTimeUnixNano":"soon"}]}]}]}"#,
        ] {
            assert!(Request::from_json(body.as_bytes()).is_err(), "{body}");
        }
        let zero = r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"xyz","spanId":"12"}]}]}]}"#;
        let read = Request::from_json(zero.as_bytes()).unwrap();
        assert!(!read.spans().next().unwrap().1.is_named());
    }
}
