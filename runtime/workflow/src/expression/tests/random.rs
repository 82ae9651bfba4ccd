//! Whatever is written, nothing panics; whatever is printed can be read again.

use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::expression::{
    Comparison, Condition, Expression, Function, Logic, MAX_DEPTH, Node, Status, Template,
};
use crate::span::Span;

/// Pieces that mean something to one of the stages.
const PIECES: [&str; 44] = [
    "github",
    "x",
    ".",
    "*",
    "[",
    "]",
    "(",
    ")",
    ",",
    "!",
    "==",
    "!=",
    "<",
    "<=",
    ">",
    ">=",
    "&&",
    "||",
    "&",
    "|",
    "=",
    "'",
    "''",
    "'a'",
    "0x1f",
    "-1e9",
    ".5",
    "NaN",
    "Infinity",
    "null",
    "true",
    " ",
    "\n",
    "${{",
    "}}",
    "{0}",
    "format(",
    "fromJSON('[1,{}]')",
    "toJSON(",
    "case(",
    "join(",
    "hashFiles(",
    "é😀",
    "\u{0}",
];

const CONTEXTS: &str = r#"{"github": {"a": [1, {"b": "c"}, null], "*": {}}, "x": "[1, {\"a\": 0.5}]"}"#;

/// Runs everything that takes a text.
fn exercise(text: &str) {
    let contexts = contexts(CONTEXTS);
    let scope = Scope::of_contexts(&contexts).with_functions(&Function::ALL);
    let environment = Environment::new(&contexts)
        .with_status(&Status::Success)
        .with_memory(100_000);
    for scope in [&scope, &Scope::anything()] {
        let parsed = parse(text, 7, scope);
        for error in &parsed.errors {
            assert!(error.span.start >= 7 && error.span.end <= 7 + text.len());
            assert!(
                text.get(error.span.start - 7..error.span.end - 7).is_some(),
                "{error}"
            );
        }
        if let Some(expression) = &parsed.expression {
            assert!(expression.depth() <= MAX_DEPTH);
            for part in expression.parts() {
                let place = part.span();
                assert!(
                    place.start >= 7 && place.end <= 7 + text.len(),
                    "{part} in {text}"
                );
            }
            drop(evaluate(expression, &environment));
        }
        let (template, errors) = Template::parse(text, 7, scope);
        assert!(errors.is_empty() || template.evaluate(&environment).is_err());
        let (condition, _) = Condition::parse(text, 7, scope);
        drop(condition.holds(&Status::Failure, &environment));
    }
    if let Ok(value) = Value::from_json(text) {
        assert_eq!(
            Value::from_json(&value.to_json()).map(|value| value.to_json()),
            Ok(value.to_json())
        );
    }
}

fn name() -> impl Strategy<Value = String> {
    "[a-zA-Z_][a-zA-Z0-9_-]{0,6}".prop_filter("a literal", |name| {
        !["null", "true", "false", "NaN", "Infinity"].contains(&name.as_str())
    })
}

fn new(node: Node) -> Expression {
    Expression::new(node, Span::default())
}

fn expressions() -> impl Strategy<Value = Expression> {
    let literal = prop_oneof![
        Just(Node::Null),
        any::<bool>().prop_map(Node::Boolean),
        prop_oneof![
            any::<f64>(),
            Just(f64::NAN),
            Just(-0.0),
            Just(f64::INFINITY),
            (-9..9).prop_map(f64::from)
        ]
        .prop_map(|number| Node::Number(if number.is_nan() { f64::NAN } else { number })),
        "[ -~é'{}😀\n]{0,8}".prop_map(|text| Node::Text(Arc::from(text))),
        name().prop_map(Node::Context),
    ];
    literal.prop_map(new).prop_recursive(6, 60, 4, |inner| {
        let boxed = inner.clone().prop_map(Box::new);
        let comparison = prop_oneof![
            Just(Comparison::Equal),
            Just(Comparison::NotEqual),
            Just(Comparison::Less),
            Just(Comparison::LessOrEqual),
            Just(Comparison::Greater),
            Just(Comparison::GreaterOrEqual),
        ];
        let logic = prop_oneof![Just(Logic::And), Just(Logic::Or)];
        let property = name().prop_map(|name| Box::new(new(Node::Text(Arc::from(name)))));
        prop_oneof![
            (boxed.clone(), prop_oneof![boxed.clone(), property])
                .prop_map(|(of, index)| new(Node::Index { of, index })),
            boxed.clone().prop_map(|of| new(Node::Every(of))),
            boxed.clone().prop_map(|operand| new(Node::Not(operand))),
            (comparison, boxed.clone(), boxed).prop_map(|(operator, left, right)| new(Node::Comparison {
                operator,
                left,
                right
            })),
            (logic, proptest::collection::vec(inner.clone(), 2..4))
                .prop_map(|(operator, operands)| Expression::logic(operator, operands, Span::default())),
            proptest::collection::vec(inner, 1..4).prop_map(|arguments| {
                new(Node::Call {
                    name: "format".to_owned(),
                    function: Some(Function::Format),
                    arguments,
                })
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn random_text_never_panics(text in "\\PC{0,60}") {
        exercise(&text);
    }

    #[test]
    fn random_pieces_never_panic(pieces in proptest::collection::vec(proptest::sample::select(&PIECES[..]), 0..40)) {
        exercise(&pieces.concat());
    }

    #[test]
    fn what_is_printed_is_read_again(expression in expressions()) {
        let text = expression.to_string();
        let parsed = parse(&text, 0, &Scope::anything());
        prop_assert!(parsed.errors.is_empty(), "{text}: {:?}", parsed.errors);
        let again = parsed.expression.unwrap();
        prop_assert_eq!(&again, &expression, "{}", text);
        prop_assert_eq!(again.to_string(), text);
    }
}
