//! Numbers as text, the way GitHub writes them.

/// Writes a number with fifteen significant digits, as GitHub's expressions and coercions do (.NET's `G15` in the
/// invariant culture): `0.84551240822557`, `123456`, `1.58710667238376E+18`, `Infinity`, `NaN`; minus zero is `0`.
#[must_use]
pub fn format_number(number: f64) -> String {
    if number.is_nan() {
        return "NaN".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    if number.fract() == 0.0 && number.abs() < 1e15 {
        // Whole, and short enough to be written out. Minus zero is added away.
        return format!("{:.0}", number + 0.0);
    }
    // `d.dddddddddddddde±x`: the digits are rounded for us, only their arrangement differs.
    let written = format!("{:.14e}", number.abs());
    let (mantissa, exponent) = written.split_once('e').unwrap_or((&written, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let digits = digits.trim_end_matches('0');
    let sign = if number < 0.0 { "-" } else { "" };
    format!("{sign}{}", arrange(digits, exponent))
}

/// Places the decimal point; `digits` has no trailing zeros and starts with a digit above zero.
fn arrange(digits: &str, exponent: i32) -> String {
    let count = i32::try_from(digits.len()).unwrap_or(i32::MAX);
    if !(-4..15).contains(&exponent) {
        let (first, rest) = digits.split_at_checked(1).unwrap_or((digits, ""));
        let point = if rest.is_empty() { "" } else { "." };
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{first}{point}{rest}E{sign}{:02}", exponent.unsigned_abs());
    }
    if exponent < 0 {
        let zeros = usize::try_from(-exponent - 1).unwrap_or_default();
        return format!("0.{}{digits}", "0".repeat(zeros));
    }
    let whole = usize::try_from(exponent + 1).unwrap_or_default();
    match digits.split_at_checked(whole) {
        Some((whole, "")) => whole.to_owned(),
        Some((whole, fraction)) => format!("{whole}.{fraction}"),
        None => format!(
            "{digits}{}",
            "0".repeat(usize::try_from(exponent + 1 - count).unwrap_or_default())
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_on_github() {
        for (number, want) in [
            (0.845_512_408_225_570_1, "0.84551240822557"),
            (123_456.0, "123456"),
            (0.123_456, "0.123456"),
            (123_456.123_456, "123456.123456"),
            (1_587_106_672_383_762_434.0, "1.58710667238376E+18"),
            (f64::MAX, "1.79769313486232E+308"),
            (f64::INFINITY, "Infinity"),
            (f64::NEG_INFINITY, "-Infinity"),
            (f64::NAN, "NaN"),
            (-0.0, "0"),
            (-0.5, "-0.5"),
            (1.10, "1.1"),
            (100.0, "100"),
            (1e14, "100000000000000"),
            (1e15, "1E+15"),
            (0.000_012_3, "1.23E-05"),
            (0.000_123, "0.000123"),
            (13_313_073.0, "13313073"),
            (9.999_999_999_999_99e0 + 1e-14, "10"),
            (0.1 + 0.2, "0.3"),
            (-1234.5, "-1234.5"),
        ] {
            assert_eq!(format_number(number), want);
        }
    }
}
