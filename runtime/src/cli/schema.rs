//! `loom-runtime schema`: the JSON Schema of `.loom.yml` for editors.

use super::{Exit, data, talk};

pub(super) fn schema() -> Exit {
    // Made without JSON tools; read once, so that what is printed is JSON for sure, and set out for people.
    let pretty = serde_json::from_str::<serde_json::Value>(&loom_workflow::json_schema())
        .and_then(|schema| serde_json::to_string_pretty(&schema));
    match pretty {
        Ok(text) => {
            data::print(&format!("{text}\n"));
            Exit::Success
        }
        Err(error) => {
            talk::error(&format!("the schema cannot be written: {error}"));
            Exit::Machine
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    fn schema() -> Value {
        serde_json::from_str(&loom_workflow::json_schema()).unwrap()
    }

    #[test]
    fn the_schema_is_json_with_all_levels() {
        let schema = schema();
        for (level, key) in [
            ("workflow", "on"),
            ("job", "runs-on"),
            ("job", "retry"),
            ("step", "tty"),
        ] {
            assert!(
                schema["$defs"][level]["properties"][key].is_object(),
                "{level}.{key}"
            );
        }
        let events = &schema["$defs"]["workflow"]["properties"]["on"]["anyOf"];
        assert!(events.to_string().contains("pull_request_target"));
        assert_eq!(
            schema["$defs"]["workflow"]["required"],
            serde_json::json!(["jobs"])
        );
    }

    #[test]
    fn every_reference_leads_somewhere() {
        fn check(value: &Value, root: &Value) {
            match value {
                Value::Object(map) => {
                    if let Some(Value::String(reference)) = map.get("$ref") {
                        let pointer = reference.strip_prefix('#').unwrap();
                        assert!(root.pointer(pointer).is_some(), "{reference}");
                    }
                    map.values().for_each(|inner| check(inner, root));
                }
                Value::Array(items) => items.iter().for_each(|inner| check(inner, root)),
                _ => {}
            }
        }
        let schema = schema();
        check(&schema, &schema);
    }
}
