//! Holds a JSON value against a JSON Schema, as far as this project's descriptions use it.

use serde_json::Value;

/// What a value has that its schema does not allow, with the place; empty when it fits. `document` has the schemas that are
/// referred to.
pub(crate) fn misfits(value: &Value, schema: &Value, document: &Value) -> Vec<String> {
    let mut found = Vec::new();
    look(value, schema, document, "", &mut found);
    found
}

fn look(value: &Value, schema: &Value, document: &Value, place: &str, found: &mut Vec<String>) {
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        let pointer = reference.trim_start_matches('#');
        match document.pointer(pointer) {
            Some(schema) => look(value, schema, document, place, found),
            None => found.push(format!("{place}: `{reference}` refers to nothing")),
        }
    }
    let mut say = |what: String| found.push(format!("{place}: {what}"));
    if let Some(wanted) = schema.get("const").filter(|wanted| *wanted != value) {
        say(format!("{value} is not {wanted}"));
    }
    if let Some(Value::Array(all)) = schema.get("enum")
        && !all.contains(value)
    {
        say(format!("{value} is none of {all:?}"));
    }
    let types: Vec<&str> = match schema.get("type") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    if !types.is_empty() && !types.iter().any(|name| is_of(value, name)) {
        say(format!("{value} is no {}", types.join(" or ")));
    }
    if let (Some(least), Some(number)) = (schema.get("minimum").and_then(Value::as_f64), value.as_f64())
        && number < least
    {
        say(format!("{number} is less than {least}"));
    }
    for part in parts(schema, "allOf") {
        look(value, part, document, place, found);
    }
    for word in ["oneOf", "anyOf"] {
        let several = parts(schema, word);
        let tries: Vec<Vec<String>> = several
            .iter()
            .map(|part| misfits(value, part, document))
            .collect();
        if !tries.is_empty() && !tries.iter().any(Vec::is_empty) {
            found.push(format!("{place}: fits none of {word}: {tries:?}"));
        }
    }
    if let (Some(schema), Some(items)) = (schema.get("items"), value.as_array()) {
        for (index, item) in items.iter().enumerate() {
            look(item, schema, document, &format!("{place}/{index}"), found);
        }
    }
    if let Some(object) = value.as_object() {
        for name in parts(schema, "required").iter().filter_map(|name| name.as_str()) {
            if !object.contains_key(name) {
                found.push(format!("{place}: `{name}` is missing"));
            }
        }
        let properties = schema.get("properties");
        for (name, value) in object {
            let place = format!("{place}/{name}");
            match (
                properties.and_then(|properties| properties.get(name)),
                schema.get("additionalProperties"),
            ) {
                (Some(schema), _) => look(value, schema, document, &place, found),
                (None, Some(Value::Bool(false))) => found.push(format!("{place}: is not described")),
                (None, Some(schema @ Value::Object(_))) => look(value, schema, document, &place, found),
                _ => {}
            }
        }
    }
}

fn parts<'a>(schema: &'a Value, word: &str) -> &'a [Value] {
    schema
        .get(word)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

fn is_of(value: &Value, name: &str) -> bool {
    match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64(),
        _ => false,
    }
}

/// The messages that a channel of an AsyncAPI document sends (`sends`) or takes (`takes`): name and schema.
pub(crate) fn messages<'a>(document: &'a Value, channel: &str, way: &str) -> Vec<(&'a str, &'a Value)> {
    let messages = document["channels"][channel]["messages"].as_object();
    messages
        .into_iter()
        .flatten()
        .filter(|(key, _)| key.starts_with(&format!("{way}-")))
        .filter_map(|(_, message)| Some((message["name"].as_str()?, &message["payload"]["schema"])))
        .collect()
}
