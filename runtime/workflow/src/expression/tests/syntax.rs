//! Mistakes and their places.

use super::*;
use crate::expression::{ErrorKind, WorkflowKey};

/// All errors: what is wrong, and the text that is marked.
fn errors(text: &str) -> Vec<(String, &str)> {
    let contexts = contexts(r#"{"github": {}, "matrix": {}}"#);
    parse(text, 0, &Scope::of_contexts(&contexts))
        .errors
        .into_iter()
        .map(|error| (error.reason.to_string(), &text[error.span.range()]))
        .collect()
}

#[test]
fn a_mistake_is_marked_where_it_is() {
    for (text, what, marked) in [
        ("1 +", "Unexpected symbol: '+'", "+"),
        ("github.ref = 'x'", "Unexpected symbol: '='", "="),
        ("github.ref === 'x'", "Unexpected symbol: '='", "="),
        ("a & b", "Unrecognized named-value: 'a'", "a"),
        ("1 & 2", "Unexpected symbol: '&'", "&"),
        ("1 |x", "Unexpected symbol: '|x'", "|x"),
        ("\"x\"", "Unexpected symbol: '\"x\"'", "\"x\""),
        ("'it's'", "Unexpected symbol: 's''", "s'"),
        ("'open", "Unexpected symbol: ''open'", "'open"),
        ("$github", "Unexpected symbol: '$github'", "$github"),
        ("é", "Unexpected symbol: 'é'", "é"),
        ("1.2.3", "Unexpected symbol: '1.2.3'", "1.2.3"),
        ("1 < .", "Unexpected symbol: '.'", "."),
        ("0x", "Unexpected symbol: '0x'", "0x"),
        ("1 == ", "Unexpected end of expression: '=='", "=="),
        ("!", "Unexpected end of expression: '!'", "!"),
        ("(1", "Unexpected end of expression: '1'", "1"),
        ("github.", "Unexpected end of expression: '.'", "."),
        ("github['a'", "Unexpected end of expression: ''a''", "'a'"),
        ("github..ref", "Unexpected symbol: '.'", "."),
        ("github.*.*.", "Unexpected end of expression: '.'", "."),
        ("github.'x'", "Unexpected symbol: ''x''", "'x'"),
        ("github ref", "Unrecognized named-value: 'ref'", "ref"),
        ("'a'.b", "Unexpected symbol: '.'", "."),
        ("'a'[0]", "Unexpected symbol: '['", "["),
        ("true.x", "Unexpected symbol: '.'", "."),
        ("1)", "Unexpected symbol: ')'", ")"),
        ("()", "Unexpected symbol: ')'", ")"),
        ("*", "Unexpected symbol: '*'", "*"),
        ("github[]", "Unexpected symbol: ']'", "]"),
        ("join(github,)", "Unexpected symbol: ')'", ")"),
        ("join(,github)", "Unexpected symbol: ','", ","),
        ("join(github matrix)", "Unexpected symbol: 'matrix'", "matrix"),
        ("github.join('x')", "Unexpected symbol: '('", "("),
        ("contains", "Unrecognized named-value: 'contains'", "contains"),
        ("git.ref", "Unrecognized named-value: 'git'", "git"),
        ("nope(1)", "Unrecognized function: 'nope'", "nope"),
        ("success()", "Unrecognized function: 'success'", "success"),
        (
            "contains('a')",
            "Too few parameters supplied: 'contains'",
            "contains",
        ),
        ("toJSON()", "Too few parameters supplied: 'toJSON'", "toJSON"),
        ("join(1, 2, 3)", "Too many parameters supplied: 'join'", "join"),
        (
            "case(true, 1, true, 2)",
            "Even number of parameters supplied, requires an odd number of parameters: 'case'",
            "case",
        ),
    ] {
        let found = errors(text);
        assert_eq!(found.first(), Some(&(what.to_owned(), marked)), "{text}");
    }
}

#[test]
fn all_mistakes_come_at_once_the_upstream_one_first() {
    let found: Vec<String> = errors("githb.ref == \"x\" && toJson() || nope(matrx, contains(1))")
        .into_iter()
        .map(|(what, _)| what)
        .collect();
    assert_eq!(
        found,
        [
            "Unrecognized named-value: 'githb'",
            "Unexpected symbol: '\"x\"'",
            "Unrecognized function: 'nope'",
            "Unrecognized named-value: 'matrx'",
        ]
    );
    let found: Vec<String> = errors("contains(env.X) || join(a b)")
        .into_iter()
        .map(|(what, _)| what)
        .collect();
    assert_eq!(
        found,
        [
            "Unrecognized named-value: 'env'",
            "Too few parameters supplied: 'contains'",
            "Unrecognized named-value: 'a'",
            "Unrecognized named-value: 'b'",
            "Unexpected symbol: 'b'",
        ]
    );
}

#[test]
fn messages_name_the_position_in_utf_16() {
    let error = value("'é😀' == nope").unwrap_err();
    assert_eq!(
        error.message(),
        "Unrecognized named-value: 'nope'. Located at position 10 within expression: 'é😀' == nope"
    );
    assert_eq!(error.kind, ErrorKind::Parsing);
    assert_eq!(value("1 @ 2").unwrap_err().kind, ErrorKind::Lexing);
}

#[test]
fn places_count_from_the_base() {
    let negated = parse("!true", 100, &Scope::anything()).expression.unwrap();
    assert_eq!(negated.span().range(), 100..105);
    let parsed = parse(" github.ref == nope( 1 )", 100, &Scope::of(WorkflowKey::JobIf));
    assert_eq!(parsed.errors.len(), 1);
    assert_eq!(parsed.errors[0].span.range(), 115..119);
    let expression = parsed.expression.unwrap();
    let spans: Vec<_> = expression.parts().map(|part| part.span().range()).collect();
    assert_eq!(
        spans,
        [101..124, 101..111, 101..107, 108..111, 115..124, 121..122]
    );
}

#[test]
fn evaluation_marks_the_call() {
    let error = value("'x' == format('{0}') && 1").unwrap_err();
    assert_eq!((error.kind, error.span.range()), (ErrorKind::Evaluation, 7..20));
}

#[test]
fn space_of_any_kind_separates() {
    assert_eq!(printed("\u{a0}1\n==\r\n\t1\u{2003}", "{}"), "true");
    assert_eq!(printed(" \n", "{}"), "null");
    assert_eq!(printed("fromJSON\n('[1]') [ 0 ]", "{}"), "1");
}

#[test]
fn paths_are_read_as_far_as_they_are_written_out() {
    for (text, want) in [
        ("steps.a.outputs['b c']", Some("steps/a/outputs/b c")),
        ("steps", Some("steps")),
        ("steps[0].x", None),
        ("steps.*.x", None),
        ("fromJSON('{}').x", None),
    ] {
        let expression = parse(text, 0, &Scope::anything()).into_result().unwrap().unwrap();
        let path = expression.path().map(|names| names.join("/"));
        assert_eq!(path.as_deref(), want, "{text}");
    }
}
