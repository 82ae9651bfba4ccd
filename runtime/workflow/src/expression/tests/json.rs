//! Values from and to JSON.

use super::*;

#[test]
fn what_is_read_is_written_again() {
    for text in [
        "null",
        "true",
        "-12.5",
        "0",
        r#""a\"b\\c\nd\u0001é😀""#,
        "[]",
        "{}",
        r#"[1,[2,[]],{"b":{"a":null}},""]"#,
        "1e300",
        "1e-7",
        "123456789.125",
    ] {
        assert_eq!(Value::from_json(text).unwrap().to_json(), text);
    }
}

#[test]
fn escapes_are_read() {
    let value = Value::from_json(r#" "\u0041\/\b\f\r\t\ud83d\ude00 \ud83d \ude00x" "#).unwrap();
    assert_eq!(value.as_str(), Some("A/\u{8}\u{c}\r\t😀 \u{fffd} \u{fffd}x"));
}

#[test]
fn keys_keep_their_place_and_the_last_value_counts() {
    let value = Value::from_json(r#"{"b": 1, "a": 2, "B": 3}"#).unwrap();
    assert_eq!(value.to_json(), r#"{"b":3,"a":2}"#);
}

#[test]
fn what_is_no_json_is_told_with_its_place() {
    for (text, why) in [
        ("", "a value is missing at line 1, column 1"),
        ("[1,\n 2", "a comma or `]` is missing at line 2, column 2"),
        ("[1,]", "this is no value of JSON at line 1, column 4"),
        (
            "{\"a\" 1}",
            "a colon is missing behind the key at line 1, column 6",
        ),
        (
            "{'a': 1}",
            "a key in double quotes is missing at line 1, column 2",
        ),
        (
            "{\"a\": 1,}",
            "a key in double quotes is missing at line 1, column 9",
        ),
        ("{\"é\": x}", "this is no value of JSON at line 1, column 7"),
        ("1 2", "the text goes on behind its value at line 1, column 3"),
        ("01", "this is no number of JSON at line 1, column 1"),
        ("-", "this is no number of JSON at line 1, column 1"),
        ("1.", "this is no number of JSON at line 1, column 1"),
        ("NaN", "this is no value of JSON at line 1, column 1"),
        ("\"a", "the text has no closing quote at line 1, column 3"),
        (
            "\"a\tb\"",
            "a control character has to be escaped at line 1, column 3",
        ),
        ("\"\\x\"", "there is no such escape at line 1, column 3"),
        ("\"\\é\"", "there is no such escape at line 1, column 3"),
        (
            "\"\\u00g0\"",
            "`\\u` needs four hexadecimal digits at line 1, column 4",
        ),
        ("[1é]", "a comma or `]` is missing at line 1, column 3"),
    ] {
        assert_eq!(Value::from_json(text).unwrap_err(), why, "{text}");
    }
}

#[test]
fn from_json_reads_what_the_reader_of_the_runner_reads() {
    for (text, want) in [
        (
            "{'a': 'it\\'s', b_$1: \"x\", \"c\": '\"'}",
            r#"{"a":"it's","b_$1":"x","c":"\""}"#,
        ),
        ("[1, 2, ]", "[1,2]"),
        ("{a: 1,}", r#"{"a":1}"#),
        ("[1, /* two */ 2 // three\n, 3]", "[1,2,3]"),
        ("{ /* a */ a: /* b */ 1 /* c */ }", r#"{"a":1}"#),
        ("{ö1: 1}", r#"{"ö1":1}"#),
        ("[1] and more", "[1]"),
        ("\"\"\"", r#""""#),
        ("1 2", "1"),
        (
            "[0x1F, 017, 1., .5, -.5, -01, 1e2, 0, 0.5]",
            "[31,15,1,0.5,-0.5,-1,100,0,0.5]",
        ),
        ("\"a\tb\nc\"", r#""a\tb\nc""#),
        ("\u{a0}[\u{2003}true\u{85}]", "[true]"),
        ("0xFFFFFFFFFFFFFFFF", "-1"),
    ] {
        let read = Value::read_by_runner(text).map(|value| value.to_json());
        assert_eq!(read.as_deref(), Ok(want), "{text}");
        assert!(Value::from_json(text).is_err(), "{text}");
    }
    for (text, want) in [
        ("NaN", f64::NAN),
        ("Infinity", f64::INFINITY),
        ("-Infinity", f64::NEG_INFINITY),
    ] {
        let Value::Number(number) = Value::read_by_runner(text).unwrap() else {
            panic!("{text}")
        };
        assert!(number == want || (number.is_nan() && want.is_nan()), "{text}");
    }
}

#[test]
fn from_json_does_not_read_everything() {
    for text in [
        "",
        "[1, , 2]",
        "[,]",
        "{,}",
        "[1 2]",
        "{'a' 1}",
        "{a b: 1}",
        "{a /* x */: 1}",
        "{-a: 1}",
        "'a",
        "[1",
        "{a: 1",
        "[1}",
        "// a\n1",
        "/* a */ 1",
        "[/* a ]",
        "/",
        "undefined",
        "truex",
        "nul",
        "nan",
        "08",
        "0x",
        "0-7",
        "0xG",
        "1_000",
        "+1",
        "--1",
        ".",
        "-",
        "1e",
        "\"\\x\"",
        "new Date(1)",
    ] {
        assert!(Value::read_by_runner(text).is_err(), "{text}");
    }
}

#[test]
fn from_json_tells_what_is_wrong_as_an_error_of_evaluation() {
    for text in [
        "fromJSON('')",
        "fromJSON('[')",
        "fromJSON(null)",
        "fromJSON('\"a')",
    ] {
        let error = value(text).unwrap_err();
        assert_eq!(error.kind.as_str(), "evaluation", "{text}");
        assert!(matches!(error.reason, Reason::Json(_)), "{}", error.reason);
    }
    assert_eq!(printed("fromJSON(12).x", "{}"), "null");
    assert_eq!(
        printed("fromJSON('[null, {\"a\": \"''\"}]')[1].A", "{}"),
        r#""'""#
    );
}

#[test]
fn to_json_is_indented_by_two() {
    let json = r#"{"x": {"a": [], "b": {}, "c": [1, "two", [true]], "d\"": {"e": null}}}"#;
    let value = value_in("toJSON(x)", json).unwrap();
    let want = r#"{
  "a": [],
  "b": {},
  "c": [
    1,
    "two",
    [
      true
    ]
  ],
  "d\"": {
    "e": null
  }
}"#;
    assert_eq!(value.as_str(), Some(want));
    // And back again, to the same.
    assert_eq!(printed("toJSON(fromJSON(toJSON(x))) == toJSON(x)", json), "true");
}

#[test]
fn numbers_that_json_does_not_know() {
    assert_eq!(printed("NaN", "{}"), "null");
    // GitHub writes them as they are, which nobody can read as JSON.
    assert_eq!(printed("toJSON(-Infinity)", "{}"), r#""-Infinity""#);
}
