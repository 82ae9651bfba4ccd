//! The schema says what the language says, as far as a schema can: looked at with a small validator of the words it uses.

use loom_workflow::tree::{self, Kind, Limits, Node};
use loom_workflow::{Diagnostics, Dialect, Source};
use serde_json::{Value, json};

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
    assert_eq!(schema["$defs"]["workflow"]["required"], json!(["jobs"]));
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

#[test]
fn what_is_valid_is_accepted() {
    let schema = schema();
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut checked = 0;
    for folder in ["../examples/workflows", "workflow/tests/cases/right"] {
        for entry in std::fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                continue;
            }
            let source = Source::new(
                path.display().to_string(),
                std::fs::read_to_string(&path).unwrap(),
            );
            // Some of them are right in the other dialect only.
            if loom_workflow::load(&source, Dialect::Loom).workflow.is_some() {
                assert_eq!(refused(&schema, &source), None, "{}", path.display());
                checked += 1;
            }
        }
    }
    assert!(checked > 4, "{checked}");
}

#[test]
fn what_the_language_refuses_is_refused() {
    let schema = schema();
    let step = |step: &str| format!("jobs: {{a: {{steps: [{step}]}}}}\n");
    let job = |keys: &str| format!("jobs: {{a: {{{keys}, steps: [{{run: x}}]}}}}\n");
    let input = |keys: &str| {
        format!(
            "on: {{workflow_dispatch: {{inputs: {{i: {{{keys}}}}}}}}}\n{}",
            step("{run: x}")
        )
    };
    for (good, bad) in [
        (job("retry: {max-attempts: 1}"), job("retry: {max-attempts: -1}")),
        (job("retry: {max-attempts: 2}"), job("retry: {max-attempts: 1.5}")),
        (job("retry: {factor: 1.5}"), job("retry: {factor: 0.5}")),
        (job("retry: {delay: 1.5 min}"), job("retry: {delay: 3d}")),
        (job("timeout-minutes: 0.5"), job("timeout-minutes: 0")),
        (job("timeout-minutes: '${{ 1 }}'"), job("timeout-minutes: ten")),
        (job("runs-on: [x]"), job("runs-on: []")),
        (
            job("strategy: {matrix: {x: [1]}}"),
            job("strategy: {matrix: {x: []}}"),
        ),
        (
            job("strategy: {matrix: '${{ x }}'}"),
            job("strategy: {matrix: {}}"),
        ),
        (step("{run: x, shell: sh}"), step("{uses: x, shell: sh}")),
        (step("{uses: x, with: {a: b}}"), step("{run: x, with: {a: b}}")),
        (step("{run: x, id: a-1}"), step("{run: x, id: 1-a}")),
        (step("{run: x, tty: true}"), step("{run: x, uses: y}")),
        (
            "jobs: {a: {uses: ./x.yml, with: {a: b}}}\n".to_owned(),
            "jobs: {a: {uses: ./x.yml, runs-on: x}}\n".to_owned(),
        ),
        (input("type: choice, options: [a]"), input("type: choice")),
        (
            input("type: choice, options: ['']"),
            input("type: choice, options: []"),
        ),
        (input("type: string"), input("type: string, options: [a]")),
        (
            format!("on: {{push: {{branches: [a]}}}}\n{}", step("{run: x}")),
            format!(
                "on: {{push: {{branches: [a], branches-ignore: [b]}}}}\n{}",
                step("{run: x}")
            ),
        ),
    ] {
        assert_eq!(
            refused(&schema, &Source::new("w.yml", good.as_str())),
            None,
            "{good}"
        );
        let bad = Source::new("w.yml", bad.as_str());
        assert!(refused(&schema, &bad).is_some(), "{}", bad.text());
        let found = loom_workflow::load(&bad, Dialect::Loom).diagnostics;
        assert!(found.has_errors(), "the schema alone refuses {}", bad.text());
    }
}

/// Where the schema refuses a file.
fn refused(schema: &Value, source: &Source) -> Option<String> {
    let root = tree::parse(source, &Limits::default(), &mut Diagnostics::new()).unwrap();
    Validator { root: schema }.refused(schema, &as_json(&root), "")
}

fn as_json(node: &Node) -> Value {
    match &node.kind {
        Kind::Scalar(scalar) => match scalar.value {
            tree::Value::Null => Value::Null,
            tree::Value::Bool(value) => value.into(),
            tree::Value::Number(value) => value.into(),
            tree::Value::String => (*scalar.text).into(),
        },
        Kind::Invalid => panic!("it was refused before"),
        Kind::Sequence(items) => items.iter().map(as_json).collect(),
        Kind::Mapping(mapping) => {
            let entries = mapping.entries.iter();
            entries
                .map(|entry| (entry.key.text.to_string(), as_json(&entry.value)))
                .collect()
        }
    }
}

/// As much of draft 2020-12 as the schema uses. Another word fails the test.
struct Validator<'a> {
    root: &'a Value,
}

impl Validator<'_> {
    fn fits(&self, schema: &Value, value: &Value) -> bool {
        self.refused(schema, value, "").is_none()
    }

    fn refused(&self, schema: &Value, value: &Value, at: &str) -> Option<String> {
        let words = match schema {
            Value::Bool(fits) => return (!fits).then(|| at.to_owned()),
            _ => schema.as_object().unwrap(),
        };
        words
            .iter()
            .find_map(|(word, wanted)| self.refused_by(word, wanted, schema, value, at))
    }

    fn refused_by(
        &self,
        word: &str,
        wanted: &Value,
        schema: &Value,
        value: &Value,
        at: &str,
    ) -> Option<String> {
        let all = |wanted: &Value| wanted.as_array().unwrap().clone();
        let fits = match word {
            "$schema" | "$defs" | "title" | "then" | "else" => true,
            "$ref" => {
                let target = wanted.as_str().unwrap().trim_start_matches('#');
                return self.refused(self.root.pointer(target).unwrap(), value, at);
            }
            "type" => match wanted {
                Value::Array(types) => types.iter().any(|wanted| has_type(wanted, value)),
                wanted => has_type(wanted, value),
            },
            "const" => wanted == value,
            "enum" => all(wanted).contains(value),
            "anyOf" => all(wanted).iter().any(|one| self.fits(one, value)),
            "oneOf" => all(wanted).iter().filter(|one| self.fits(one, value)).count() == 1,
            "allOf" => all(wanted).iter().all(|one| self.fits(one, value)),
            "not" => !self.fits(wanted, value),
            "if" => {
                let branch = if self.fits(wanted, value) { "then" } else { "else" };
                self.fits(&schema[branch], value)
            }
            "minimum" => value
                .as_f64()
                .is_none_or(|number| number >= wanted.as_f64().unwrap()),
            "exclusiveMinimum" => value
                .as_f64()
                .is_none_or(|number| number > wanted.as_f64().unwrap()),
            "minLength" => value.as_str().is_none_or(|text| !text.is_empty()),
            "minItems" => value.as_array().is_none_or(|items| !items.is_empty()),
            "minProperties" => value.as_object().is_none_or(|map| !map.is_empty()),
            "pattern" => value
                .as_str()
                .is_none_or(|text| matches(wanted.as_str().unwrap(), text)),
            "required" => value.as_object().is_none_or(|map| {
                all(wanted)
                    .iter()
                    .all(|key| map.contains_key(key.as_str().unwrap()))
            }),
            "items" => {
                let mut items = value.as_array().into_iter().flatten();
                return items.find_map(|item| self.refused(wanted, item, &format!("{at}/-")));
            }
            "propertyNames" => {
                let mut keys = value.as_object().into_iter().flat_map(|map| map.keys());
                return keys.find_map(|key| self.refused(wanted, &json!(key), &format!("{at}/{key}")));
            }
            "properties" => {
                let mut entries = value.as_object().into_iter().flatten();
                return entries
                    .find_map(|(key, inner)| self.refused(wanted.get(key)?, inner, &format!("{at}/{key}")));
            }
            "additionalProperties" => {
                let known = |key: &str| schema["properties"].get(key).is_some();
                let mut others = value
                    .as_object()
                    .into_iter()
                    .flatten()
                    .filter(|(key, _)| !known(key));
                return others.find_map(|(key, inner)| self.refused(wanted, inner, &format!("{at}/{key}")));
            }
            other => panic!("the validator does not know `{other}`"),
        };
        (!fits).then(|| format!("{at}: {word} {wanted}"))
    }
}

fn has_type(wanted: &Value, value: &Value) -> bool {
    match wanted.as_str().unwrap() {
        "integer" => value.as_f64().is_some_and(|number| number.fract() == 0.0),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("the validator does not know the type `{other}`"),
    }
}

/// The patterns of the schema, by what they mean.
fn matches(pattern: &str, text: &str) -> bool {
    match pattern {
        r"\$\{\{" => text.contains("${{"),
        r"^(?!__)[A-Za-z_][A-Za-z0-9_-]{0,98}$" => loom_workflow::StepId::new(text).problem().is_none(),
        r"^\s*[0-9.]+\s*(ms|s|m|min|h)?\s*$" => loom_workflow::model::parse_delay(text).is_some(),
        other => panic!("the validator does not know the pattern `{other}`"),
    }
}
