//! The cases that all languages share, and what holds for any text.

use proptest::prelude::*;
use serde::Deserialize;

use super::*;
use crate::ActorRecord;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cases {
    records: Vec<ActorRecord>,
    matches: Vec<Match>,
    errors: Vec<Mistake>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Match {
    filter: String,
    /// Its one form, where it is not written so.
    printed: Option<String>,
    ids: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Mistake {
    filter: String,
    code: String,
    start: usize,
    end: usize,
    message: String,
}

fn cases() -> Cases {
    serde_json::from_str(include_str!("../../filter-cases.json")).unwrap()
}

#[test]
fn filters_match_and_print_as_the_shared_cases_say() {
    let cases = cases();
    for case in cases.matches {
        let filter: Filter = case.filter.parse().unwrap();
        let matched = cases.records.iter().filter(|record| filter.matches(*record));
        let ids: Vec<&str> = matched.map(|record| record.id.0.as_str()).collect();
        assert_eq!(ids, case.ids, "{}", case.filter);
        let printed = filter.to_string();
        assert_eq!(&printed, case.printed.as_ref().unwrap_or(&case.filter));
        assert_eq!(printed.parse::<Filter>().unwrap(), filter, "{printed}");
    }
}

#[test]
fn mistakes_are_told_with_their_place_as_the_shared_cases_say() {
    for case in cases().errors {
        let error = case.filter.parse::<Filter>().unwrap_err();
        let read = (error.fault.code(), error.start, error.end, error.message.as_str());
        let wanted = (case.code.as_str(), case.start, case.end, case.message.as_str());
        assert_eq!(read, wanted, "{}", case.filter);
    }
}

#[test]
fn what_is_too_long_is_refused() {
    for text in [
        "x".repeat(2_001),
        "x ".repeat(65),
        format!("id:{}", "x,".repeat(70)),
    ] {
        let error = text.parse::<Filter>().unwrap_err();
        assert_eq!(error.fault, FilterFault::TooLong, "{error}");
    }
    assert!("x ".repeat(64).parse::<Filter>().is_ok());
}

#[test]
fn a_filter_put_together_reads_as_what_it_is() {
    let filter = Filter::default()
        .and(Condition::Field(Field::Type, vec![Pattern::literal("My *Type")]))
        .and(Condition::Text(Pattern::literal("type:x -y")))
        .and(Condition::Measure(
            Measure::Queue,
            vec![Limit {
                comparison: Comparison::AtLeast,
                amount: Amount::count(7),
            }],
        ));
    assert_eq!(filter.to_string(), r#"type:"My *Type" "type:x -y" queue:>=7"#);
    assert_eq!(filter.to_string().parse::<Filter>().unwrap(), filter);
}

/// Texts that are likely to be filters.
fn likely() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "type:", "state:", "id:", "queue:", "wait:", "uptime:", "rate:", "is:", "-", "\"", "\\", "*", ",",
        ":", ">", "<=", "5", "0.25", "k", "ms", "system", "ended", "Größe", "a b", " ", " ", "x", "\u{a0}",
        "İ", "ς",
    ]);
    prop::collection::vec(word, 0..12).prop_map(|words| words.concat())
}

proptest! {
    #[test]
    fn any_text_is_a_filter_or_a_mistake_within_it(text in any::<String>()) {
        hold(&text)?;
    }

    #[test]
    fn what_is_printed_reads_as_the_same_filter(text in likely()) {
        hold(&text)?;
    }
}

fn hold(text: &str) -> Result<(), TestCaseError> {
    match text.parse::<Filter>() {
        Ok(filter) => {
            let printed = filter.to_string();
            prop_assert_eq!(printed.parse::<Filter>(), Ok(filter.clone()), "{}", printed);
            // Whatever it asks can be answered.
            for record in cases().records {
                let _fits = filter.matches(&record);
            }
        }
        Err(error) => prop_assert!(error.start < error.end && error.start <= text.chars().count()),
    }
    Ok(())
}
