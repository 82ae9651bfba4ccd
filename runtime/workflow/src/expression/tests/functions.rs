//! What the functions give.

use std::sync::Arc;

use super::*;
use crate::expression::{Files, Function, JobStatus, Status};

#[test]
fn texts_are_searched_without_regard_to_case() {
    check(
        r#"{"l": ["Ubuntu", 20, null], "o": {"Ubuntu": 1}}"#,
        &[
            ("contains('Hello World', 'WORLD')", "true"),
            ("contains('Hello', '')", "true"),
            ("contains(120, 2)", "true"),
            ("contains(null, 'n')", "false"),
            ("contains(l, 'ubuntu')", "true"),
            ("contains(l, '20')", "true"),
            ("contains(l, '')", "true"),
            ("contains(l, 'bunt')", "false"),
            ("contains(o, 'Ubuntu')", "false"),
            ("contains('Array', l)", "false"),
            ("startsWith('refs/Tags/v1', 'REFS/tags/')", "true"),
            ("startsWith(l, 'A')", "false"),
            ("endsWith('v1.25', 25)", "true"),
            ("endsWith('x', null)", "true"),
        ],
    );
}

#[test]
fn formats() {
    check(
        "{}",
        &[
            ("format('{1}-{0}-{1}', 'a', 2)", r#""2-a-2""#),
            ("format('{{{0}}}', true)", r#""{true}""#),
            ("format('none')", r#""none""#),
            ("format('{0}', null)", r#""""#),
            ("format('{0}', fromJSON('[1]'))", r#""Array""#),
            ("format('{00}', 'x')", r#""x""#),
            ("format('{0:}', 'x')", r#""x""#),
            // A value that no place asks for is never looked at.
            ("format('x', fromJSON('broken'))", r#""x""#),
            ("format('{', 1)", "The following format string is invalid: {"),
            ("format('{}', 1)", "The following format string is invalid: {}"),
            (
                "format('{-1}', 1)",
                "The following format string is invalid: {-1}",
            ),
            (
                "format('{256}', 1)",
                "The following format string is invalid: {256}",
            ),
            ("format('a}b', 1)", "The following format string is invalid: a}b"),
            (
                "format('{1}', 1)",
                "The following format string references more arguments than were supplied: {1}",
            ),
            (
                "format('{0} {0:yy}}mm}', 1)",
                "The format specifiers 'yy}mm' are not valid for objects of type 'Number'",
            ),
        ],
    );
}

#[test]
fn joins() {
    check(
        r#"{"l": ["a", 1.50, true, null, {"x": 1}], "e": [], "o": {"a": 1}}"#,
        &[
            ("join(l)", r#""a,1.5,true,,Object""#),
            ("join(l, ' + ')", r#""a + 1.5 + true +  + Object""#),
            ("join(l, null)", r#""a1.5trueObject""#),
            ("join(l, l)", r#""a,1.5,true,,Object""#),
            ("join(e, ';')", r#""""#),
            ("join('text', ';')", r#""text""#),
            ("join(12)", r#""12""#),
            ("join(o)", r#""""#),
        ],
    );
}

#[test]
fn cases() {
    check(
        "{}",
        &[
            ("case(false, 1, 2 > 1, 'two', 'other')", r#""two""#),
            ("case(1 > 2, 1, 'other')", r#""other""#),
            ("case(true, 1, fromJSON('broken'))", "1"),
            (
                "case(null, 1, 2)",
                "case predicate must evaluate to a boolean value",
            ),
            (
                "case('true', 1, 2)",
                "case predicate must evaluate to a boolean value",
            ),
        ],
    );
}

#[test]
fn numbers_are_written_with_fifteen_digits() {
    check(
        "{}",
        &[
            ("format('{0}', 1.10)", r#""1.1""#),
            ("format('{0}', 1e20)", r#""1E+20""#),
            ("format('{0}', 0.1234567890123456789)", r#""0.123456789012346""#),
            ("format('{0}', -0)", r#""0""#),
            ("toJSON(0.00001)", r#""1E-05""#),
        ],
    );
}

/// Knows two jobs, one of which failed.
struct Jobs;

impl JobStatus for Jobs {
    fn success(&self, names: &[Arc<str>]) -> bool {
        !names.is_empty() && names.iter().all(|name| &**name == "good")
    }

    fn failure(&self, names: &[Arc<str>]) -> bool {
        names.is_empty() || names.iter().any(|name| &**name == "bad")
    }

    fn cancelled(&self) -> bool {
        false
    }
}

fn asked(text: &str, status: &dyn JobStatus) -> bool {
    let contexts = Object::new();
    let parsed = parse(text, 0, &Scope::anything());
    let environment = Environment::new(&contexts).with_status(status);
    let value = evaluate(&parsed.into_result().unwrap().unwrap(), &environment);
    value.unwrap().is_truthy()
}

#[test]
fn the_status_is_asked() {
    for (status, success, failure, cancelled) in [
        (Status::Success, true, false, false),
        (Status::Failure, false, true, false),
        (Status::Cancelled, false, false, true),
    ] {
        assert_eq!(asked("success()", &status), success);
        assert_eq!(asked("Failure()", &status), failure);
        assert_eq!(asked("cancelled ()", &status), cancelled);
        assert!(asked("always()", &status));
    }
    assert!(asked("success('good') && !success('good', 'bad')", &Jobs));
    assert!(asked("failure() && failure('bad') && !failure('good')", &Jobs));
}

/// Hashes by naming what it was given.
struct Echo;

impl Files for Echo {
    fn hash(&self, patterns: &[Arc<str>]) -> Result<String, String> {
        if patterns.iter().any(|pattern| pattern.is_empty()) {
            return Err("an empty pattern".to_owned());
        }
        Ok(patterns.join("+"))
    }
}

#[test]
fn files_are_hashed_by_who_has_them() {
    let contexts = Object::new();
    let hashed = |text: &str| {
        let scope = Scope::of_contexts(&contexts).with_functions(&[Function::HashFiles]);
        let expression = parse(text, 0, &scope).into_result().unwrap().unwrap();
        evaluate(&expression, &Environment::new(&contexts).with_files(&Echo))
    };
    assert_eq!(
        hashed("hashfiles('**/*.lock', 7)").unwrap().to_json(),
        r#""**/*.lock+7""#
    );
    let error = hashed("'x' == hashFiles('')").unwrap_err();
    assert_eq!(
        (error.reason.to_string().as_str(), error.span.range()),
        ("hashFiles failed: an empty pattern", 7..20)
    );
}

#[test]
fn what_is_not_there_cannot_be_asked() {
    let contexts = Object::new();
    for text in ["success()", "hashFiles('x')"] {
        let expression = parse(text, 0, &Scope::anything()).into_result().unwrap().unwrap();
        assert!(
            evaluate(&expression, &Environment::new(&contexts)).is_err(),
            "{text}"
        );
    }
}
