//! Text with expressions in it, and conditions.

use super::*;
use crate::expression::{Condition, Segment, Status, Template, WorkflowKey};
use crate::span::Span;

const CONTEXTS: &str = r#"{"a": "x", "n": 1.50, "l": [1, 2], "trap": "${{ a }}"}"#;

fn filled(text: &str) -> String {
    let contexts = contexts(CONTEXTS);
    let (template, errors) = Template::parse(text, 0, &Scope::of_contexts(&contexts));
    match errors.first() {
        Some(error) => error.message(),
        None => match template.evaluate(&Environment::new(&contexts)) {
            Ok(value) => value.to_json(),
            Err(error) => error.message(),
        },
    }
}

#[test]
fn values_stand_in_their_places() {
    for (text, want) in [
        ("", r#""""#),
        ("plain }} text $ {{ }}", r#""plain }} text $ {{ }}""#),
        ("v${{ n }}-${{a}}.", r#""v1.5-x.""#),
        ("${{ a }}${{ a }}", r#""xx""#),
        ("${{ l }}", "[1,2]"),
        (" ${{ l }}", r#"" Array""#),
        ("${{ n }}", "1.5"),
        ("${{ n }}\n", r#""1.5\n""#),
        ("${{ a == 'x' }}", "true"),
        ("${{ '}}' }}", r#""}}""#),
        ("${{ 'it''s }}' }}!", r#""it's }}!""#),
        ("${{ '${{' }} stays", r#""${{ stays""#),
        ("a }} ${{ n }} }}", r#""a }} 1.5 }}""#),
        ("${{ format('{0}}}', 1) }}", r#""1}""#),
    ] {
        assert_eq!(filled(text), want, "{text}");
    }
}

#[test]
fn what_an_expression_gives_is_not_read_again() {
    assert_eq!(
        filled("${{ trap }} and ${{ trap }}"),
        r#""${{ a }} and ${{ a }}""#
    );
    assert_eq!(filled("${{ trap }}"), r#""${{ a }}""#);
}

#[test]
fn what_is_not_right_is_told() {
    let unclosed = "The expression is not closed. An unescaped ${{ sequence was found, but the closing }} sequence was \
                    not found.";
    for (text, want) in [
        ("a ${{ a", unclosed),
        ("${{", unclosed),
        ("${{ 'a }}", unclosed),
        ("${{ a }", unclosed),
        ("${{ }}", "An expression was expected"),
        ("x${{}}", "An expression was expected"),
        (
            "ok ${{ a }} ${{ b }}",
            "Unrecognized named-value: 'b'. Located at position 2 within expression:  b ",
        ),
    ] {
        assert_eq!(filled(text), want, "{text}");
    }
}

#[test]
fn all_mistakes_of_a_text_come_with_their_places() {
    let text = "${{ b }} é ${{ 1 + }} ${{ }} ${{ a";
    let contexts = contexts(CONTEXTS);
    let (_, errors) = Template::parse(text, 0, &Scope::of_contexts(&contexts));
    let marked: Vec<&str> = errors.iter().map(|error| &text[error.span.range()]).collect();
    assert_eq!(marked, ["b", "+", "${{ }}", "${{"]);
}

#[test]
fn parts_know_their_places() {
    let (template, _) = Template::parse("x ${{ a }} y", 10, &Scope::anything());
    let [
        Segment::Text { span: first, .. },
        Segment::Expression {
            span: second,
            expression,
        },
        Segment::Text { text, span: third },
    ] = template.segments()
    else {
        panic!("{template:?}");
    };
    assert_eq!(
        (*first, *second, *third),
        (Span::new(10, 12), Span::new(12, 20), Span::new(20, 22))
    );
    assert_eq!((expression.span(), text.as_str()), (Span::new(16, 17), " y"));
    assert!(template.lone().is_none());
}

fn holds(text: &str, status: Status) -> bool {
    let contexts = contexts(CONTEXTS);
    let (condition, errors) = Condition::parse(text, 0, &scope(&contexts));
    assert!(errors.is_empty(), "{text}: {errors:?}");
    condition.holds(&status, &Environment::new(&contexts)).unwrap()
}

fn scope(contexts: &Object) -> Scope<'_> {
    Scope::of_contexts(contexts).with_functions(crate::expression::allowed(WorkflowKey::StepIf).functions)
}

#[test]
fn conditions_hold_after_success_unless_they_ask_for_the_status() {
    for (text, success, failure, cancelled) in [
        ("", true, false, false),
        (" ", true, false, false),
        ("a == 'x'", true, false, false),
        ("${{ a == 'x' }}", true, false, false),
        ("a == 'y'", false, false, false),
        ("always()", true, true, true),
        ("${{ always() }}", true, true, true),
        ("failure() && a == 'x'", false, true, false),
        ("!cancelled()", true, true, false),
        ("a == 'y' || FAILURE()", false, true, false),
        ("success() || failure()", true, true, false),
        ("contains(toJSON(always()), 'true')", true, true, true),
        ("'always()'", true, false, false),
        ("false", false, false, false),
        ("0", false, false, false),
        ("''", false, false, false),
        // Text around makes a text, which is never empty.
        ("${{ false }} ", true, false, false),
        ("${{ failure() }} && false", true, true, true),
    ] {
        let want = (success, failure, cancelled);
        let got = (
            holds(text, Status::Success),
            holds(text, Status::Failure),
            holds(text, Status::Cancelled),
        );
        assert_eq!(got, want, "{text}");
    }
}

#[test]
fn a_condition_tells_what_it_is() {
    let scope = Scope::anything();
    for (text, is_text, needs_success, expressions) in [
        ("a == 'x'", false, true, 1),
        ("${{ a }}", false, true, 1),
        ("${{ a }} == 'x'", true, true, 1),
        ("${{ a }}\n", true, true, 1),
        ("${{ failure() }}${{ a }}", true, false, 2),
        ("", false, true, 0),
    ] {
        let (condition, _) = Condition::parse(text, 3, &scope);
        assert_eq!(
            (
                condition.is_text(),
                condition.needs_success(),
                condition.expressions().count()
            ),
            (is_text, needs_success, expressions),
            "{text}"
        );
        assert_eq!(condition.span(), Span::new(3, 3 + text.len()));
    }
}
