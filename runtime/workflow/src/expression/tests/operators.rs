//! Comparing, joining and looking into values.

use super::*;

#[test]
fn kinds_meet_as_numbers() {
    check(
        r#"{"o": {"a": 1}, "l": [1]}"#,
        &[
            ("false == ''", "true"),
            ("true == '1'", "true"),
            ("true == 'true'", "false"),
            ("null == false", "true"),
            ("null == ' '", "true"),
            ("null == 'x'", "false"),
            ("'0x10' == 16", "true"),
            ("'0o11' == 9", "true"),
            ("' 25e-1\t' == 2.5", "true"),
            ("'' == 0", "true"),
            ("'ten' == 10", "false"),
            ("'ten' != 10", "true"),
            ("o == 'Object'", "false"),
            ("l == 1", "false"),
            ("l != null", "true"),
            ("'10' > 9", "true"),
            ("'10' > '9'", "false"),
            ("null < 1", "true"),
            ("null >= null", "true"),
            ("null > null", "false"),
            ("true >= '1'", "true"),
            ("o >= o", "true"),
            ("o > o", "false"),
            ("o <= l", "false"),
        ],
    );
}

#[test]
fn nan_is_equal_to_nothing() {
    check(
        "{}",
        &[
            ("NaN == NaN", "false"),
            ("NaN != NaN", "true"),
            ("NaN < 1", "false"),
            ("NaN >= 1", "false"),
            ("'x' == NaN", "false"),
            ("!NaN", "true"),
            ("-Infinity < Infinity", "true"),
            ("-0 == 0", "true"),
        ],
    );
}

#[test]
fn lists_and_mappings_are_equal_to_themselves_only() {
    check(
        r#"{"a": {"x": [1]}, "b": {"x": [1]}}"#,
        &[
            ("a.x == a.x", "true"),
            ("a.x == b.x", "false"),
            ("a == a", "true"),
            ("fromJSON('{}') == fromJSON('{}')", "false"),
        ],
    );
}

#[test]
fn conditions_give_the_operand_that_decides() {
    check(
        r#"{"o": {}}"#,
        &[
            ("'' && 'x'", r#""""#),
            ("'a' && 0 && 'x'", "0"),
            ("'a' && 'b'", r#""b""#),
            ("null || 0 || 'x' || 'y'", r#""x""#),
            ("false || null", "null"),
            ("o && 1", "1"),
            ("!'false'", "false"),
            ("!o", "false"),
            // What does not decide is never looked at.
            ("true || fromJSON('broken')", "true"),
            ("false && fromJSON('broken')", "false"),
        ],
    );
}

#[test]
fn precedence() {
    check(
        r#"{"a": {"b": 1}}"#,
        &[
            ("1 || 0 && 0", "1"),
            ("(1 || 0) && 0", "0"),
            ("0 == 1 || 2 == 2", "true"),
            ("1 < 2 == true", "true"),
            ("5 > 4 > 3", "false"),
            ("!a.b == false", "true"),
            ("!(a.b == false)", "true"),
            ("!!a.b && 'yes'", r#""yes""#),
            ("1 == 1 != 0 == true", "true"),
        ],
    );
}

#[test]
fn names_are_found_without_regard_to_case() {
    check(
        r#"{"GitHub": {"Event": {"PULL-request": [7, 8]}}, "e": {"15": "n", "": "empty", "true": "t"}}"#,
        &[
            ("github.EVENT.pull-REQUEST[1]", "8"),
            ("github['event']['PULL-request'][0.9]", "7"),
            ("github.event.nothing.at.all", "null"),
            ("github.event.pull-request['1']", "8"),
            ("github.event.pull-request[-1]", "null"),
            ("github.event.pull-request['x']", "null"),
            ("github.event.pull-request[9e99]", "null"),
            ("github.event.pull-request[1].x", "null"),
            ("e[15.0]", r#""n""#),
            ("e[null]", r#""empty""#),
            ("e[1 == 1]", r#""t""#),
            ("e[e]", "null"),
            ("'x' == 'X'", "true"),
            ("'ÄÖ' == 'äö'", "true"),
        ],
    );
}

#[test]
fn a_star_looks_into_each() {
    check(
        r#"{"l": [{"n": 1, "t": ["a", "b"]}, {"t": ["c"]}, {"n": 3}, "text", null], "o": {"a": {"n": 1}, "b": {"n": 2}}}"#,
        &[
            ("l.*.n", "[1,3]"),
            ("l[*].n", "[1,3]"),
            ("l.*.t", r#"[["a","b"],["c"]]"#),
            ("l.*.t.*", r#"["a","b","c"]"#),
            ("l.*.t[0]", r#"["a","c"]"#),
            ("o.*.n", "[1,2]"),
            ("o.a.*", "[1]"),
            ("l[3].*", "[]"),
            ("l.*.t[0] == null", "false"),
            ("o.*[o]", "[]"),
            ("contains(o.*.n, 2)", "true"),
            ("join(o.*.n, '-')", r#""1-2""#),
            ("toJSON(o.*.n)", r#""[\n  1,\n  2\n]""#),
        ],
    );
}

#[test]
fn truthiness() {
    for (text, want) in [
        ("null", false),
        ("false", false),
        ("0", false),
        ("-0", false),
        ("NaN", false),
        ("''", false),
        ("' '", true),
        ("'0'", true),
        ("-1", true),
        ("fromJSON('[]')", true),
        ("fromJSON('{}')", true),
    ] {
        assert_eq!(value(text).unwrap().is_truthy(), want, "{text}");
    }
}
