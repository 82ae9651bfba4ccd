//! Numbers in text: literals, and strings that are compared with numbers.

/// The number a text stands for by GitHub's rules; `NaN` when it stands for none.
///
/// Decimal with sign, point and exponent; `0x` and `0o` without a sign, of at most 32 bits, which are read as signed as
/// the runner does (`0xFFFFFFFF` is -1); `Infinity`; nothing at all is 0. Space around it does not count.
pub(super) fn parse(text: &str) -> f64 {
    let text = text.trim();
    if text.is_empty() {
        return 0.0;
    }
    if let Some(digits) = text.strip_prefix("0x") {
        return bits(digits, 16);
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return bits(digits, 8);
    }
    match text {
        "Infinity" | "+Infinity" => f64::INFINITY,
        "-Infinity" => f64::NEG_INFINITY,
        _ if is_decimal(text) => text.parse().unwrap_or(f64::NAN),
        _ => f64::NAN,
    }
}

fn bits(digits: &str, radix: u32) -> f64 {
    // `from_str_radix` takes a sign, which does not belong here.
    if digits.is_empty() || !digits.chars().all(|digit| digit.is_digit(radix)) {
        return f64::NAN;
    }
    u32::from_str_radix(digits, radix).map_or(f64::NAN, |value| f64::from(value.cast_signed()))
}

/// `[+-] digits [. digits] [e [+-] digits]`, with a digit on at least one side of the point.
fn is_decimal(text: &str) -> bool {
    let text = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(at) => (text.get(..at), text.get(at + 1..)),
        None => (Some(text), None),
    };
    let Some(mantissa) = mantissa else { return false };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let mantissa_is_right = digits(whole) && digits(fraction) && !(whole.is_empty() && fraction.is_empty());
    let exponent_is_right = exponent.is_none_or(|exponent| {
        let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        !exponent.is_empty() && digits(exponent)
    });
    mantissa_is_right && exponent_is_right
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_are_numbers() {
        for (text, want) in [
            ("", 0.0),
            (" \t", 0.0),
            ("7", 7.0),
            ("+7.", 7.0),
            ("-.25e1", -2.5),
            ("1E+3", 1000.0),
            ("0x1f", 31.0),
            (" 0xAb ", 171.0),
            ("0o17", 15.0),
            ("0xFFFFFFFF", -1.0),
            ("Infinity", f64::INFINITY),
            ("-Infinity", f64::NEG_INFINITY),
            ("1e999", f64::INFINITY),
        ] {
            assert_eq!(parse(text), want, "{text}");
        }
    }

    #[test]
    fn texts_that_are_not() {
        for text in [
            "x",
            "1x",
            "0x",
            "0xg",
            "0o8",
            "-0x1",
            "0x+1",
            "0X1",
            "0x100000000",
            "1e",
            "e1",
            ".",
            "-",
            "1.2.3",
            "inf",
            "nan",
            "NaN",
            "infinity",
            "1_000",
            "0b1",
            "- 1",
        ] {
            assert!(parse(text).is_nan(), "{text}");
        }
    }
}
