//! Any text is read as an expression, printed, read again to the same tree, and evaluated, without a panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use loom_workflow::expression::{Environment, MAX_LENGTH, Object, Scope, Template, Value, evaluate, parse};

fuzz_target!(|text: &str| {
    let scope = Scope::anything();
    let mut contexts = Object::new();
    if let Ok(value) = Value::from_json(r#"{"ref":"refs/heads/main","list":[1,{"a":null},[true]],"n":1.5}"#) {
        contexts.insert("github", value);
    }
    let environment = Environment::new(&contexts);
    if let Ok(Some(expression)) = parse(text, 0, &scope).into_result() {
        let printed = expression.to_string();
        // What is printed may be longer than what was written, and so too long to be read.
        if printed.len() <= MAX_LENGTH {
            let again = parse(&printed, 0, &scope)
                .into_result()
                .unwrap_or_else(|error| panic!("{printed:?}: {error}"))
                .unwrap_or_else(|| panic!("{printed:?} is nothing"));
            assert_eq!(again.to_string(), printed);
        }
        let _ = evaluate(&expression, &environment);
    }
    let (template, _) = Template::parse(text, 0, &scope);
    let _ = template.evaluate(&environment);
});
