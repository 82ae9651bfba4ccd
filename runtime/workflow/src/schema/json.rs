//! The tables of keys as a JSON Schema, for editors.
//!
//! Editors complete and mark while somebody types; the last word has `validate`, which knows rules that no schema can
//! say. Where an expression may stand instead of a value, the schema takes any text with `${{`.

use std::fmt::Write;

use crate::schema::keys::{JOB, KeySchema, MATRIX, MappingSchema, STEP, WORKFLOW};
use crate::schema::types::{Text, ValueSchema};

/// The JSON Schema (draft 2020-12) of `.loom.yml`.
pub(crate) fn json_schema() -> String {
    let mut out = String::from(
        r##"{"$schema":"https://json-schema.org/draft/2020-12/schema","title":"Loom workflow","$ref":"#/$defs/workflow","$defs":{"expression":{"type":"string","pattern":"\\$\\{\\{"},"##,
    );
    write(&mut out, "\"workflow\":");
    level(&mut out, &WORKFLOW, false);
    write(&mut out, ",\"job\":");
    level(&mut out, &JOB, false);
    write(&mut out, ",\"step\":");
    level(&mut out, &STEP, false);
    write(&mut out, "}}");
    out
}

/// Keys whose values are read one by one, or are more than their types say, so that the tables say too little of them.
fn by_parts(key: &str) -> Option<&'static str> {
    Some(match key {
        "jobs" => {
            r##"{"type":"object","minProperties":1,"propertyNames":{"pattern":"^(?!__)[A-Za-z_][A-Za-z0-9_-]{0,98}$"},"additionalProperties":{"$ref":"#/$defs/job"}}"##
        }
        "id" => r##"{"type":"string","pattern":"^(?!__)[A-Za-z_][A-Za-z0-9_-]{0,98}$"}"##,
        "steps" => r##"{"type":"array","minItems":1,"items":{"$ref":"#/$defs/step"}}"##,
        "parallel" => r##"{"type":"array","items":{"$ref":"#/$defs/step"}}"##,
        "max-attempts" => r##"{"type":"integer","minimum":1}"##,
        "factor" => r##"{"type":"number","minimum":1}"##,
        "delay" | "max-delay" => {
            r##"{"anyOf":[{"type":"number","minimum":0},{"type":"string","pattern":"^\\s*[0-9.]+\\s*(ms|s|m|min|h)?\\s*$"}]}"##
        }
        _ => return None,
    })
}

/// What a number has to be more than one.
fn bounds(key: &str) -> &'static str {
    match key {
        "timeout-minutes" => ",\"exclusiveMinimum\":0",
        _ => "",
    }
}

/// `computed`: whether expressions may stand here because of a place around.
fn level(out: &mut String, level: &MappingSchema, computed: bool) {
    write(out, "{\"type\":\"object\",\"properties\":{");
    for (index, key) in level.keys.iter().enumerate() {
        if index > 0 {
            write(out, ",");
        }
        text(out, key.name);
        write(out, ":");
        value_of(out, key, computed);
    }
    write(out, "},\"additionalProperties\":");
    match level.others {
        // A key of a matrix has values.
        Some(others) if std::ptr::eq(level, &raw const MATRIX) => {
            self::value(out, others, computed, "", ",\"minItems\":1");
            write(out, ",\"minProperties\":1");
        }
        Some(others) => self::value(out, others, computed, "", ""),
        None => write(out, if level.lenient { "true" } else { "false" }),
    }
    forms(out, level);
    rivals(out, level);
    if has(level, "type") && has(level, "options") {
        // An input: a choice has options, and nothing else has any.
        write(
            out,
            r##","if":{"properties":{"type":{"const":"choice"}},"required":["type"]},"then":{"properties":{"options":{"minItems":1}},"required":["options"]},"else":{"properties":{"options":false}}"##,
        );
    }
    let mut required: Vec<&str> = level
        .keys
        .iter()
        .filter(|key| key.required)
        .map(|key| key.name)
        .collect();
    if std::ptr::eq(level, &raw const WORKFLOW) {
        required.push("jobs");
    }
    if !required.is_empty() {
        write(out, ",\"required\":");
        list(out, &required);
    }
    write(out, "}");
}

fn has(level: &MappingSchema, name: &str) -> bool {
    level.keys.iter().any(|key| key.name == name)
}

/// The one key that says what a thing is, and the keys that do not go with it.
fn forms(out: &mut String, level: &MappingSchema) {
    for (index, form) in level.forms.iter().enumerate() {
        write(out, if index > 0 { "," } else { ",\"oneOf\":[" });
        if std::ptr::eq(level, &raw const JOB) && form.key == "steps" {
            // A job that says where it runs may have nothing to do.
            write(
                out,
                r#"{"anyOf":[{"required":["steps"]},{"required":["runs-on"]}]"#,
            );
        } else {
            write(out, "{\"required\":");
            list(out, &[form.key]);
        }
        write(out, ",\"properties\":{");
        let others = level.keys.iter().filter(|key| !key.forms.has(form.bit));
        for (index, other) in others.enumerate() {
            write(out, if index > 0 { "," } else { "" });
            text(out, other.name);
            write(out, ":false");
        }
        write(out, "}}");
    }
    if !level.forms.is_empty() {
        write(out, "]");
    }
}

/// Keys that do not go together.
fn rivals(out: &mut String, level: &MappingSchema) {
    for (index, (one, other)) in level.rivals.iter().enumerate() {
        write(out, if index > 0 { "," } else { ",\"allOf\":[" });
        write(out, "{\"not\":{\"required\":");
        list(out, &[*one, *other]);
        write(out, "}}");
    }
    if !level.rivals.is_empty() {
        write(out, "]");
    }
}

fn list(out: &mut String, names: &[&str]) {
    write(out, "[");
    for (index, name) in names.iter().enumerate() {
        write(out, if index > 0 { "," } else { "" });
        text(out, name);
    }
    write(out, "]");
}

fn value_of(out: &mut String, key: &KeySchema, computed: bool) {
    match by_parts(key.name) {
        Some(known) => write(out, known),
        None => {
            // Most lists may be empty; this one says where to run.
            let filled = if key.name == "runs-on" {
                ",\"minItems\":1"
            } else {
                ""
            };
            value(out, key.value, computed, bounds(key.name), filled);
        }
    }
}

/// `bounds` and `filled`: what else there is to say of a number and of a list.
fn value(out: &mut String, wanted: &ValueSchema, computed: bool, bounds: &str, filled: &str) {
    let computed = computed || wanted.place.is_some();
    if wanted.any {
        write(out, "true");
        return;
    }
    let mut kinds: Vec<String> = Vec::new();
    match wanted.text {
        // Where text is wanted, numbers and booleans become text.
        Text::Any | Text::Condition => {
            kinds.push("{\"type\":[\"string\",\"number\",\"boolean\",\"null\"]}".to_owned())
        }
        Text::Filled => {
            kinds.push("{\"type\":[\"string\",\"number\",\"boolean\"],\"minLength\":1}".to_owned());
            if wanted.nothing {
                kinds.push("{\"type\":\"null\"}".to_owned());
            }
        }
        Text::No => {
            for (takes, kind) in [
                (wanted.boolean, "boolean"),
                (wanted.number, "number"),
                (wanted.nothing, "null"),
            ] {
                if takes {
                    let bounds = if kind == "number" { bounds } else { "" };
                    kinds.push(format!("{{\"type\":\"{kind}\"{bounds}}}"));
                }
            }
        }
    }
    if !wanted.words.is_empty() {
        let mut words = String::from("{\"enum\":");
        self::list(&mut words, wanted.words);
        words.push('}');
        kinds.push(words);
    }
    if let Some(item) = wanted.list {
        let mut list = String::from("{\"type\":\"array\",\"items\":");
        value(&mut list, item, computed, "", "");
        write(&mut list, filled);
        write(&mut list, "}");
        kinds.push(list);
    }
    if let Some(inner) = wanted.mapping {
        let mut mapping = String::new();
        level(&mut mapping, inner, computed);
        kinds.push(mapping);
    }
    if computed && wanted.text == Text::No {
        kinds.push("{\"$ref\":\"#/$defs/expression\"}".to_owned());
    }
    match kinds.as_slice() {
        [one] => write(out, one),
        _ => {
            write(out, "{\"anyOf\":[");
            write(out, &kinds.join(","));
            write(out, "]}");
        }
    }
}

fn text(out: &mut String, text: &str) {
    // Names of the language hold nothing that JSON escapes.
    let _ = write!(out, "\"{text}\"");
}

fn write(out: &mut String, text: &str) {
    out.push_str(text);
}
