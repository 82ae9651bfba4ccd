//! What a plain scalar means: the core schema of YAML 1.2 (section 10.3.2), and nothing of 1.1.

/// The meaning of a scalar.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value {
    /// Nothing: empty, `~`, `null`, `Null`, `NULL`.
    Null,
    /// `true` or `false`, also with a capital or in capitals. `yes`, `on` and the like are text.
    Bool(bool),
    /// Any number. Everything is a double, as in GitHub's language.
    Number(f64),
    /// Text.
    String,
}

/// The meaning of plain text.
pub(crate) fn resolve(text: &str) -> Value {
    // Nearly every scalar of a workflow is a word: one look at its first byte settles it.
    if text.starts_with(|first: char| {
        !matches!(
            first,
            '0'..='9' | '+' | '-' | '.' | '~' | 'n' | 'N' | 't' | 'T' | 'f' | 'F'
        )
    }) {
        return Value::String;
    }
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        _ => number(text).map_or(Value::String, Value::Number),
    }
}

/// The meaning of text that a tag of the core schema is put on, `None` when the two do not fit.
pub(super) fn resolve_as(tag: &str, text: &str) -> Option<Value> {
    match tag {
        "str" => Some(Value::String),
        "null" => matches!(resolve(text), Value::Null).then_some(Value::Null),
        "bool" => match resolve(text) {
            value @ Value::Bool(_) => Some(value),
            _ => None,
        },
        "int" => integer(text).map(Value::Number),
        "float" => number(text).map(Value::Number),
        _ => None,
    }
}

fn number(text: &str) -> Option<f64> {
    if !matches!(text.as_bytes().first(), Some(b'0'..=b'9' | b'+' | b'-' | b'.')) {
        return None;
    }
    integer(text).or_else(|| float(text))
}

fn integer(text: &str) -> Option<f64> {
    if let Some(digits) = text.strip_prefix("0x") {
        return in_base(digits, 16);
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return in_base(digits, 8);
    }
    let digits = unsigned(text);
    (!digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}

fn in_base(digits: &str, base: u32) -> Option<f64> {
    if digits.is_empty() {
        return None;
    }
    digits.chars().try_fold(0.0, |sum, digit| {
        Some(sum * f64::from(base) + f64::from(digit.to_digit(base)?))
    })
}

fn float(text: &str) -> Option<f64> {
    match text {
        ".nan" | ".NaN" | ".NAN" => return Some(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => return Some(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => return Some(f64::NEG_INFINITY),
        _ => {}
    }
    let (mantissa, exponent) = match unsigned(text).split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(unsigned(exponent))),
        None => (unsigned(text), None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let written = !(whole.is_empty() && fraction.is_empty())
        && digits(whole)
        && digits(fraction)
        && exponent.is_none_or(|exponent| !exponent.is_empty() && digits(exponent));
    written.then(|| text.parse().ok())?
}

fn unsigned(text: &str) -> &str {
    text.strip_prefix(['+', '-']).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_follows_the_core_schema() {
        for text in ["", "~", "null", "Null", "NULL"] {
            assert_eq!(resolve(text), Value::Null, "{text}");
        }
        for (text, want) in [
            ("true", true),
            ("True", true),
            ("TRUE", true),
            ("false", false),
            ("FALSE", false),
        ] {
            assert_eq!(resolve(text), Value::Bool(want), "{text}");
        }
        for (text, want) in [
            ("0", 0.0),
            ("-0", 0.0),
            ("+12", 12.0),
            ("0755", 755.0),
            ("-00755", -755.0),
            ("0xff", 255.0),
            ("0o10", 8.0),
            (".5", 0.5),
            ("-.5", -0.5),
            ("1.", 1.0),
            ("1.10", 1.1),
            ("1.2e-2", 0.012),
            ("+1.2E+2", 120.0),
            ("1e3", 1000.0),
            (".inf", f64::INFINITY),
            ("-.INF", f64::NEG_INFINITY),
        ] {
            assert_eq!(resolve(text), Value::Number(want), "{text}");
        }
        assert!(matches!(resolve(".NaN"), Value::Number(number) if number.is_nan()));
        for text in [
            "on",
            "yes",
            "No",
            "y",
            "tRue",
            "nULL",
            "1_000",
            "0b1",
            "0x",
            "0o8",
            "-0x1",
            ".",
            "+",
            "-",
            "e3",
            "1e",
            "1.2.3",
            "inf",
            "NaN",
            "+.nan",
            "2024-01-01",
            "1:30",
            "12e3.4",
            "é",
            "0xFFZ",
            "infinity",
        ] {
            assert_eq!(resolve(text), Value::String, "{text}");
        }
    }

    #[test]
    fn tags_force_a_type_or_refuse() {
        assert_eq!(resolve_as("str", "1"), Some(Value::String));
        assert_eq!(resolve_as("float", "2"), Some(Value::Number(2.0)));
        assert_eq!(resolve_as("int", "2.5"), None);
        assert_eq!(resolve_as("int", "test"), None);
        assert_eq!(resolve_as("bool", "yes"), None);
        assert_eq!(resolve_as("null", ""), Some(Value::Null));
        assert_eq!(resolve_as("timestamp", "x"), None);
    }
}
