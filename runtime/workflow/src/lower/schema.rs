//! The tables of keys as a JSON Schema, for editors.
//!
//! Editors complete and mark while somebody types; the last word has `validate`, which knows rules that no schema can
//! say. Where an expression may stand instead of a value, the schema takes any text with `${{`.

use std::fmt::Write;

use super::keys::{JOB, Key, Level, STEP, WORKFLOW};
use super::types::{Text, Type};

/// The JSON Schema (draft 2020-12) of `.loom.yml`.
pub(crate) fn schema() -> String {
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

/// Keys whose values are read one by one, so that the tables say nothing of them.
fn by_parts(key: &str) -> Option<&'static str> {
    Some(match key {
        "jobs" => {
            r##"{"type":"object","minProperties":1,"propertyNames":{"pattern":"^[A-Za-z_][A-Za-z0-9_-]{0,98}$"},"additionalProperties":{"$ref":"#/$defs/job"}}"##
        }
        "steps" | "parallel" => r##"{"type":"array","minItems":1,"items":{"$ref":"#/$defs/step"}}"##,
        _ => return None,
    })
}

/// `computed`: whether expressions may stand here because of a place around.
fn level(out: &mut String, level: &Level, computed: bool) {
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
        Some(others) => self::value(out, others, computed),
        None => write(out, if level.lenient { "true" } else { "false" }),
    }
    let forms: Vec<&str> = level.forms.iter().map(|form| form.key).collect();
    if !forms.is_empty() {
        write(out, ",\"oneOf\":[");
        for (index, key) in forms.iter().enumerate() {
            write(out, if index > 0 { "," } else { "" });
            write(out, "{\"required\":[");
            text(out, key);
            write(out, "]}");
        }
        write(out, "]");
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
        write(out, ",\"required\":[");
        for (index, key) in required.iter().enumerate() {
            write(out, if index > 0 { "," } else { "" });
            text(out, key);
        }
        write(out, "]");
    }
    write(out, "}");
}

fn value_of(out: &mut String, key: &Key, computed: bool) {
    match by_parts(key.name) {
        Some(known) => write(out, known),
        None => value(out, key.value, computed),
    }
}

fn value(out: &mut String, wanted: &Type, computed: bool) {
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
            kinds.push("{\"type\":[\"string\",\"number\",\"boolean\"],\"minLength\":1}".to_owned())
        }
        Text::No => {
            for (takes, kind) in [
                (wanted.boolean, "boolean"),
                (wanted.number, "number"),
                (wanted.nothing, "null"),
            ] {
                if takes {
                    kinds.push(format!("{{\"type\":\"{kind}\"}}"));
                }
            }
        }
    }
    if !wanted.words.is_empty() {
        let mut words = String::from("{\"enum\":[");
        for (index, word) in wanted.words.iter().enumerate() {
            write(&mut words, if index > 0 { "," } else { "" });
            text(&mut words, word);
        }
        write(&mut words, "]}");
        kinds.push(words);
    }
    if let Some(item) = wanted.list {
        let mut list = String::from("{\"type\":\"array\",\"items\":");
        value(&mut list, item, computed);
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
