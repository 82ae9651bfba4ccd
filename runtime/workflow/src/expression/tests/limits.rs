//! Hostile input ends in an error, in bounded memory and on a small stack.

use super::*;
use crate::expression::{Condition, MAX_LENGTH, Template};

fn error(text: &str) -> String {
    value_in(text, r#"{"x": null}"#).unwrap_err().message()
}

#[test]
fn depth_is_bounded() {
    let deep = "Exceeded max expression depth 50";
    assert!(value_in(&format!("x{}", ".a".repeat(49)), r#"{"x": null}"#).is_ok());
    for text in [
        format!("x{}", ".a".repeat(50)),
        format!("x{}", "[*]".repeat(50)),
        format!("{}1", "!".repeat(50)),
        "1 == ".repeat(50) + "1",
        "1 < ".repeat(5000) + "1",
        format!("{}1{}", "toJSON(".repeat(50), ")".repeat(50)),
        format!("{}1{}", "x[".repeat(50), "]".repeat(50)),
        format!("{}1", "!".repeat(20_000)),
        format!("{}1", "(".repeat(20_000)),
        "x[".repeat(10_000),
        "fromJSON(".repeat(2_000),
    ] {
        assert_eq!(error(&text), deep, "{}", text.get(..20).unwrap_or(&text));
    }
}

#[test]
fn parentheses_and_long_chains_are_not_deep() {
    for text in [
        format!("{}1{}", "(".repeat(99), ")".repeat(99)),
        "1 && ".repeat(4000) + "1",
        "0 || ".repeat(4000) + "1",
        format!("{}{}", "1 && (".repeat(49), "1".to_owned() + &")".repeat(49)),
    ] {
        assert_eq!(printed(&text, "{}"), "1");
    }
}

#[test]
fn length_is_bounded() {
    let long = format!("'{}'", "é".repeat(MAX_LENGTH));
    assert_eq!(error(&long), "Exceeded max expression length 21000");
    let fits = format!("'{}'", "é".repeat(MAX_LENGTH - 2));
    assert!(value(&fits).is_ok());
}

#[test]
fn a_text_with_expressions_counts_whole() {
    let scope = Scope::anything();
    // `format('…{0}', 1)` has sixteen characters beside the text.
    for (count, right) in [(MAX_LENGTH - 16, true), (MAX_LENGTH - 15, false)] {
        let (_, errors) = Template::parse(&format!("{}${{{{ 1 }}}}", "a".repeat(count)), 0, &scope);
        assert_eq!(errors.is_empty(), right, "{count}");
    }
    let (_, errors) = Template::parse(&"a".repeat(2 * MAX_LENGTH), 0, &scope);
    assert!(errors.is_empty(), "a text without expressions may be long");
}

#[test]
fn memory_is_bounded() {
    let many = format!("format('{}', toJSON(x))", "{0}".repeat(5_000));
    let json = format!(r#"{{"x": "{}"}}"#, "y".repeat(10_000));
    let message = value_in(&many, &json).unwrap_err().message();
    assert!(
        message.starts_with(
            "The maximum allowed memory size was exceeded while evaluating the following expression: format("
        ),
        "{message}"
    );

    let contexts = contexts(&json);
    let text = "${{ x }}".repeat(1_000);
    let (template, errors) = Template::parse(&text, 0, &Scope::of_contexts(&contexts));
    assert!(errors.is_empty());
    assert!(template.evaluate(&Environment::new(&contexts)).is_err());
    assert!(
        template
            .evaluate(&Environment::new(&contexts).with_memory(100_000_000))
            .is_ok()
    );
}

#[test]
fn what_a_part_took_is_given_back() {
    let json = format!(r#"{{"x": "{}"}}"#, "y".repeat(1_000_000));
    let text = "contains(toJSON(x), 'z') || ".repeat(20) + "contains(toJSON(x), 'y')";
    assert_eq!(printed(&text, &json), "true");
}

#[test]
fn stars_over_stars_are_bounded() {
    // Each star multiplies what is found by the number of items that share one list.
    let row = format!("[{}]", vec!["1"; 2_000].join(","));
    let json = format!(r#"{{"x": [{}]}}"#, vec![row; 700].join(","));
    let message = value_in("x.*.*", &json).unwrap_err().message();
    assert!(message.ends_with("following expression: x.*.*"), "{message}");
}

#[test]
fn a_thousand_mistakes_are_told_a_few_times() {
    // Each message quotes the whole expression.
    let hostile = ["nope ", "@ ", "join() ,", "format( "].map(|piece| piece.repeat(20_900 / piece.len()));
    for text in hostile {
        let parsed = parse(&text, 0, &Scope::of_names([]));
        assert!((1..=42).contains(&parsed.errors.len()), "{}", parsed.errors.len());
    }
    // GitHub's own error stays the first one, of whatever sort the many others are.
    let text = format!("nope {}", "@ ".repeat(500));
    let parsed = parse(&text, 0, &Scope::of_names([]));
    assert_eq!(parsed.errors[0].reason, Reason::UnknownContext("nope".to_owned()));

    let (_, errors) = Template::parse(&"${{x}}".repeat(100_000), 0, &Scope::of_names([]));
    assert_eq!(errors.len(), 1_000);
}

#[test]
fn json_may_not_be_nested_without_end() {
    assert!(Value::from_json(&("[".repeat(100) + &"]".repeat(100))).is_ok());
    for text in ["[".repeat(1_000_000), r#"{"a":"#.repeat(1_000_000)] {
        let why = Value::from_json(&text).unwrap_err();
        assert!(
            why.starts_with("there are more than 100 levels of lists and mappings"),
            "{why}"
        );
    }
}

#[test]
fn what_could_not_be_read_has_no_value() {
    let contexts = Object::new();
    let environment = Environment::new(&contexts);
    let scope = Scope::of_contexts(&contexts);
    let (template, errors) = Template::parse("a ${{ 1 + }} b", 0, &scope);
    assert!(!errors.is_empty() && template.evaluate(&environment).is_err());
    for text in ["1 +", "${{ 1"] {
        let (condition, errors) = Condition::parse(text, 0, &scope);
        assert!(!errors.is_empty());
        assert!(
            condition
                .holds(&crate::expression::Status::Success, &environment)
                .is_err()
        );
    }
}
