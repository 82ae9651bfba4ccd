//! Combinations of matrices, from the examples of GitHub's documentation and of its `MatrixBuilder`.

use proptest::prelude::*;

use crate::expression::{Object, Value};
use crate::{MOST_COMBINATIONS, MatrixError, combinations};

fn all(json: &str) -> Vec<String> {
    let found = combinations(&Value::from_json(json).unwrap()).unwrap();
    found
        .iter()
        .map(|one| Value::object(one.matrix.clone()).to_json())
        .collect()
}

fn names(json: &str) -> Vec<String> {
    let found = combinations(&Value::from_json(json).unwrap()).unwrap();
    found.iter().map(|one| one.parts.join(", ")).collect()
}

fn error(json: &str) -> MatrixError {
    combinations(&Value::from_json(json).unwrap()).unwrap_err()
}

#[test]
fn the_last_vector_runs_fastest() {
    assert_eq!(
        names(r#"{"version": [10, 12, 14], "os": ["ubuntu-latest", "windows-latest"]}"#),
        [
            "10, ubuntu-latest",
            "10, windows-latest",
            "12, ubuntu-latest",
            "12, windows-latest",
            "14, ubuntu-latest",
            "14, windows-latest"
        ]
    );
}

#[test]
fn include_extends_combinations_or_adds_new_ones() {
    let json = r#"{
        "fruit": ["apple", "pear"], "animal": ["cat", "dog"],
        "include": [
            {"color": "green"}, {"color": "pink", "animal": "cat"}, {"fruit": "apple", "shape": "circle"},
            {"fruit": "banana"}, {"fruit": "banana", "animal": "cat"}
        ]
    }"#;
    assert_eq!(
        all(json),
        [
            r#"{"fruit":"apple","animal":"cat","color":"pink","shape":"circle"}"#,
            r#"{"fruit":"apple","animal":"dog","color":"green","shape":"circle"}"#,
            r#"{"fruit":"pear","animal":"cat","color":"pink"}"#,
            r#"{"fruit":"pear","animal":"dog","color":"green"}"#,
            r#"{"fruit":"banana"}"#,
            r#"{"fruit":"banana","animal":"cat"}"#,
        ]
    );
    // What `include` adds to a combination is no part of its name; of its own combinations all is.
    assert_eq!(
        names(json),
        [
            "apple, cat",
            "apple, dog",
            "pear, cat",
            "pear, dog",
            "banana",
            "banana, cat"
        ]
    );
}

#[test]
fn include_adds_a_key_to_one_combination() {
    let json = r#"{"os": ["windows-latest", "ubuntu-latest"], "node": [14, 16],
        "include": [{"os": "windows-latest", "node": 16, "npm": 6}]}"#;
    assert_eq!(
        all(json),
        [
            r#"{"os":"windows-latest","node":14}"#,
            r#"{"os":"windows-latest","node":16,"npm":6}"#,
            r#"{"os":"ubuntu-latest","node":14}"#,
            r#"{"os":"ubuntu-latest","node":16}"#,
        ]
    );
}

#[test]
fn include_alone_is_a_matrix() {
    let json = r#"{"include": [{"site": "production", "datacenter": "site-a"}, {"site": "staging", "datacenter": "site-b"}]}"#;
    assert_eq!(names(json), ["production, site-a", "staging, site-b"]);
    // Keys that are vectors come first, whatever the order in the file.
    assert_eq!(
        names(r#"{"os": ["a"], "include": [{"extra": 1, "OS": "b"}]}"#),
        ["a", "b, 1"]
    );
}

#[test]
fn exclude_matches_in_part() {
    let json = r#"{
        "os": ["macos-latest", "windows-latest"], "version": [12, 14, 16], "environment": ["staging", "production"],
        "exclude": [
            {"os": "macos-latest", "version": 12, "environment": "production"},
            {"os": "windows-latest", "version": 16}
        ]
    }"#;
    assert_eq!(all(json).len(), 9);
    // What is left out can come back.
    assert_eq!(
        all(r#"{"v": [1, 2], "exclude": [{"v": 1}], "include": [{"v": 1, "w": 3}]}"#),
        [r#"{"v":2}"#, r#"{"v":1,"w":3}"#]
    );
    // Compared as `==` does: without regard to case, and across types.
    assert_eq!(
        all(r#"{"v": ["A", "b", "4"], "exclude": [{"V": "a"}, {"v": 4}]}"#),
        [r#"{"v":"b"}"#]
    );
    assert_eq!(all(r#"{"v": [1], "exclude": [{"v": 1}]}"#), Vec::<String>::new());
}

#[test]
fn values_may_be_lists_and_mappings() {
    let json = r#"{
        "os": ["ubuntu-latest", "macos-latest"],
        "node": [{"version": 14}, {"version": 20, "env": "NODE_OPTIONS=--openssl-legacy-provider"}]
    }"#;
    assert_eq!(
        names(json),
        [
            "ubuntu-latest, 14",
            "ubuntu-latest, 20, NODE_OPTIONS=--openssl-legacy-provider",
            "macos-latest, 14",
            "macos-latest, 20, NODE_OPTIONS=--openssl-legacy-provider"
        ]
    );
    let nested = r#"{"node": [{"version": 14, "tags": ["a", "b"]}, {"version": 20, "tags": ["c"]}],
        "exclude": [{"node": {"version": 14}}]}"#;
    assert_eq!(names(nested), ["20, c"]);
    let listed =
        r#"{"node": [{"tags": ["a", "b"]}, {"tags": ["c"]}], "exclude": [{"node": {"tags": ["c"]}}]}"#;
    assert_eq!(names(listed), ["a, b"]);
    let extended =
        r#"{"node": [{"version": 14}], "include": [{"node": {"version": 14}, "x": [true, null, ""]}]}"#;
    assert_eq!(all(extended), [r#"{"node":{"version":14},"x":[true,null,""]}"#]);
    assert_eq!(
        names(r#"{"v": [[1, [2, true]], null, "", -0.5]}"#),
        ["1, 2, true", "", "", "-0.5"]
    );
}

#[test]
fn what_is_no_matrix_says_why() {
    for (json, want) in [
        ("[]", MatrixError::NoMapping),
        ("{}", MatrixError::Nothing),
        (r#"{"include": []}"#, MatrixError::Nothing),
        (r#"{"exclude": []}"#, MatrixError::Nothing),
        (r#"{"v": 1}"#, MatrixError::NoList("v".to_owned())),
        (r#"{"v": [1], "w": []}"#, MatrixError::Empty("w".to_owned())),
        (r#"{"include": [1]}"#, MatrixError::NoItem("include", 1)),
        (
            r#"{"v": [1], "include": [{}]}"#,
            MatrixError::EmptyItem("include", 1),
        ),
        (
            r#"{"v": [1], "exclude": [{"v": 2}, {}]}"#,
            MatrixError::EmptyItem("exclude", 2),
        ),
        (
            r#"{"v": [1], "exclude": [{"w": 1}]}"#,
            MatrixError::UnknownKey("w".to_owned()),
        ),
    ] {
        assert_eq!(error(json), want, "{json}");
    }
}

#[test]
fn there_is_a_limit() {
    let list = |count: usize| -> String { (0..count).map(|n| n.to_string()).collect::<Vec<_>>().join(",") };
    let matrix = |a: usize, b: usize| format!(r#"{{"a": [{}], "b": [{}]}}"#, list(a), list(b));
    assert_eq!(all(&matrix(16, 16)).len(), MOST_COMBINATIONS);
    assert_eq!(error(&matrix(16, 17)), MatrixError::TooMany);
    assert_eq!(error(&matrix(10_000, 10_000)), MatrixError::TooLong);
    // Only what is left counts.
    let most = format!(
        r#"{{"a": [{}], "b": [1, 2], "exclude": [{{"b": 2}}]}}"#,
        list(256)
    );
    assert_eq!(all(&most).len(), MOST_COMBINATIONS);
}

/// Small values that are equal now and then.
fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        (0..3).prop_map(|n| Value::Number(f64::from(n))),
        "[ab]".prop_map(Value::string),
        Just(Value::Boolean(true)),
        Just(Value::Null),
    ]
}

fn items() -> impl Strategy<Value = Vec<Object>> {
    let pair = ("[a-d]", value());
    let item = prop::collection::vec(pair, 1..3).prop_map(|pairs| pairs.into_iter().collect::<Object>());
    prop::collection::vec(item, 0..4)
}

fn list(items: &[Object]) -> Value {
    Value::array(items.iter().cloned().map(Value::object).collect())
}

proptest! {
    #[test]
    fn as_many_as_the_product_without_the_excluded_and_with_the_added(
        vectors in prop::collection::vec(prop::collection::vec(value(), 1..4), 1..4),
        include in items(),
        exclude in items(),
    ) {
        let names = ["a", "b", "c"];
        let mut matrix: Object = names
            .into_iter()
            .zip(&vectors)
            .map(|(name, values)| (name, Value::array(values.clone())))
            .collect();
        let is_vector = |key: &str| names.iter().take(vectors.len()).any(|name| *name == key);
        let exclude: Vec<Object> = exclude
            .into_iter()
            .filter(|item| item.iter().all(|(key, _)| is_vector(key)))
            .collect();
        matrix.insert("include", list(&include));
        matrix.insert("exclude", list(&exclude));
        let matrix = Value::object(matrix);
        let found = combinations(&matrix).unwrap();

        // The same told another way: every combination by counting, each filter by looking.
        let product: usize = vectors.iter().map(Vec::len).product();
        let fits = |item: &Object, values: &Object| {
            item.iter().filter(|(key, _)| is_vector(key)).all(|(key, wanted)| values.get(key).is_some_and(|value| value.equals(wanted)))
        };
        let mut left = Vec::new();
        for index in 0..product {
            let mut rest = index;
            let mut values = Vec::new();
            for (name, vector) in names.iter().zip(&vectors).rev() {
                values.push((*name, vector[rest % vector.len()].clone()));
                rest /= vector.len();
            }
            let values: Object = values.into_iter().rev().collect();
            if !exclude.iter().any(|item| fits(item, &values)) {
                left.push(values);
            }
        }
        let added = include.iter().filter(|item| !left.iter().any(|values| fits(item, values))).count();
        prop_assert_eq!(found.len(), left.len() + added);
        for (one, values) in found.iter().zip(&left) {
            for (key, value) in values.iter() {
                prop_assert!(one.matrix.get(key).is_some_and(|own| own.to_json() == value.to_json()));
            }
        }
        // The order is always the same.
        let again = combinations(&matrix).unwrap();
        let texts = |all: &[crate::Combination]| all.iter().map(|one| one.parts.clone()).collect::<Vec<_>>();
        prop_assert_eq!(texts(&found), texts(&again));
    }

    #[test]
    fn any_value_has_a_verdict(json in "[\\[\\]{}\":,a-c0-9 ]{0,40}") {
        if let Ok(value) = Value::from_json(&json) {
            let _verdict = combinations(&value);
        }
    }
}
