//! The frames of Phoenix channels, serializers V1 and V2 (`phoenix.js`, `Phoenix.Socket.V1.JSONSerializer` and
//! `V2.JSONSerializer`).

use serde_json::{Map, Value, json};

/// How frames are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Serializer {
    /// Objects: `{"topic","event","payload","ref"}`.
    #[default]
    V1,
    /// Arrays: `[join_ref, ref, topic, event, payload]`.
    V2,
}

/// A frame, however it is written.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Frame {
    pub(super) join_ref: Value,
    pub(super) reference: Value,
    pub(super) topic: String,
    pub(super) event: String,
    pub(super) payload: Value,
}

impl Serializer {
    /// The serializer of a version, as `phoenix.js` asks for it. Without one it is the first, as Phoenix takes it.
    pub(super) fn of_version(version: Option<&str>) -> Option<Self> {
        match version {
            None => Some(Self::V1),
            Some(version) if version.starts_with("1.") => Some(Self::V1),
            Some(version) if version.starts_with("2.") => Some(Self::V2),
            Some(_) => None,
        }
    }

    /// Reads a frame. An array is always the second form and an object the first, whatever was asked for: a program that
    /// asks for nothing may speak either.
    pub(super) fn read(text: &str) -> Option<(Self, Frame)> {
        match serde_json::from_str(text).ok()? {
            Value::Array(parts) => {
                let [
                    join_ref,
                    reference,
                    Value::String(topic),
                    Value::String(event),
                    payload,
                ] = <[Value; 5]>::try_from(parts).ok()?
                else {
                    return None;
                };
                Some((
                    Self::V2,
                    Frame {
                        join_ref,
                        reference,
                        topic,
                        event,
                        payload,
                    },
                ))
            }
            Value::Object(mut parts) => {
                let mut take = |name: &str| parts.remove(name).unwrap_or(Value::Null);
                let (join_ref, reference, payload) = (take("join_ref"), take("ref"), take("payload"));
                let (Value::String(topic), Value::String(event)) = (take("topic"), take("event")) else {
                    return None;
                };
                Some((
                    Self::V1,
                    Frame {
                        join_ref,
                        reference,
                        topic,
                        event,
                        payload,
                    },
                ))
            }
            _ => None,
        }
    }

    /// A frame with something that the server says by itself; `payload` is JSON already.
    pub(super) fn write_push(self, join_ref: &Value, topic: &str, event: &str, payload: &str) -> String {
        let (topic, event) = (Value::from(topic), Value::from(event));
        match self {
            Self::V1 => format!(r#"{{"topic":{topic},"event":{event},"payload":{payload},"ref":null}}"#),
            Self::V2 => format!("[{join_ref},null,{topic},{event},{payload}]"),
        }
    }

    pub(super) fn write(self, frame: &Frame) -> String {
        let Frame {
            join_ref,
            reference,
            topic,
            event,
            payload,
        } = frame;
        match self {
            Self::V1 => json!({"topic": topic, "event": event, "payload": payload, "ref": reference}),
            Self::V2 => json!([join_ref, reference, topic, event, payload]),
        }
        .to_string()
    }
}

impl Frame {
    /// The answer to this frame.
    pub(super) fn reply(&self, join_ref: &Value, answer: Result<(), String>) -> Self {
        let (status, response) = match answer {
            Ok(()) => ("ok", Value::Object(Map::new())),
            Err(reason) => ("error", json!({"reason": reason})),
        };
        Self {
            join_ref: join_ref.clone(),
            reference: self.reference.clone(),
            topic: self.topic.clone(),
            event: "phx_reply".to_owned(),
            payload: json!({"status": status, "response": response}),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_join_without_ref_is_read() {
        let (serializer, frame) =
            Serializer::read(r#"{"topic":"logs:all","event":"phx_join","payload":{}}"#).unwrap();
        assert_eq!((serializer, frame.topic.as_str()), (Serializer::V1, "logs:all"));
        let reply = serializer.write(&frame.reply(&Value::Null, Ok(())));
        let reply: Value = serde_json::from_str(&reply).unwrap();
        assert_eq!(
            reply,
            json!({"topic":"logs:all","event":"phx_reply","payload":{"status":"ok","response":{}},"ref":null})
        );
    }

    #[test]
    fn the_second_form_is_an_array_of_five() {
        let (serializer, frame) = Serializer::read(r#"["1","2","logs:build","phx_join",{}]"#).unwrap();
        assert_eq!(serializer, Serializer::V2);
        let reply: Value =
            serde_json::from_str(&serializer.write(&frame.reply(&frame.join_ref, Err("no".to_owned()))))
                .unwrap();
        let wanted = json!(["1","2","logs:build","phx_reply",{"status":"error","response":{"reason":"no"}}]);
        assert_eq!(reply, wanted);
    }

    #[test]
    fn what_the_server_says_by_itself_has_no_ref() {
        let written = |form: Serializer| -> Value {
            let text = form.write_push(&json!("7"), "logs:\"a\"", "new_log", r#"{"line":1}"#);
            serde_json::from_str(&text).unwrap()
        };
        assert_eq!(
            written(Serializer::V1),
            json!({"topic":"logs:\"a\"","event":"new_log","payload":{"line":1},"ref":null})
        );
        assert_eq!(
            written(Serializer::V2),
            json!(["7", null, "logs:\"a\"", "new_log", {"line":1}])
        );
    }

    #[test]
    fn what_is_no_frame_is_none() {
        for text in ["", "1", "[]", "{}", r#"["1","2",3,"e",{}]"#, "\u{0}"] {
            assert_eq!(Serializer::read(text), None, "{text}");
        }
    }

    #[test]
    fn versions_are_those_of_the_clients() {
        assert_eq!(Serializer::of_version(None), Some(Serializer::V1));
        assert_eq!(Serializer::of_version(Some("2.0.0")), Some(Serializer::V2));
        assert_eq!(Serializer::of_version(Some("9.0.0")), None);
    }
}
