//! Comparing texts as GitHub does: .NET's `OrdinalIgnoreCase`.
//!
//! Each character is mapped to its upper case on its own (so `ß` stays one letter), and the results are compared as
//! UTF-16. The dotless `ı` and the long `ſ` stay what they are: only ASCII letters are equal to ASCII letters.

use std::cmp::Ordering;

/// The upper case of a character that the comparison uses.
pub(super) fn upper(character: char) -> char {
    if character.is_ascii() {
        return character.to_ascii_uppercase();
    }
    if matches!(character, 'ı' | 'ſ') {
        return character;
    }
    let mut mapped = character.to_uppercase();
    match (mapped.next(), mapped.next()) {
        (Some(one), None) => one,
        _ => character,
    }
}

/// The text in the form in which equal texts are the same.
pub(crate) fn folded(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_uppercase();
    }
    text.chars().map(upper).collect()
}

/// Whether both are the same but for case.
pub(crate) fn equal(left: &str, right: &str) -> bool {
    // Nothing else is equal to letters of ASCII.
    if left.is_ascii() {
        return left.eq_ignore_ascii_case(right);
    }
    left.chars().map(upper).eq(right.chars().map(upper))
}

/// The order of both, case aside.
pub(super) fn compare(left: &str, right: &str) -> Ordering {
    units(left).cmp(units(right))
}

fn units(text: &str) -> impl Iterator<Item = u16> {
    text.chars().flat_map(|character| {
        let mut buffer = [0; 2];
        let count = upper(character).encode_utf16(&mut buffer).len();
        buffer.into_iter().take(count)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_equal_across_case_one_by_one() {
        for (left, right, same) in [
            ("Straße", "STRASSE", false),
            ("straße", "STRAßE", true),
            ("ÀÉ", "àé", true),
            ("ı", "I", false),
            ("ſ", "S", false),
            ("İ", "i", false),
            ("ΟΔΟΣ", "οδος", true),
            ("a", "ab", false),
        ] {
            assert_eq!(equal(left, right), same, "{left} {right}");
            assert_eq!(compare(left, right) == Ordering::Equal, same, "{left} {right}");
            assert_eq!(folded(left) == folded(right), same, "{left} {right}");
        }
    }

    #[test]
    fn only_letters_of_ascii_are_equal_to_those_of_ascii() {
        let others = (char::MIN..=char::MAX).filter(|character| !character.is_ascii());
        assert!(others.map(upper).all(|upper| !upper.is_ascii()));
    }

    #[test]
    fn the_order_is_that_of_utf_16_in_upper_case() {
        // As letters `a` lies behind `_`, in upper case before it.
        assert_eq!(compare("a", "_"), Ordering::Less);
        // A character beyond the basic plane begins with a surrogate, which lies below U+FFFD.
        assert_eq!(compare("😀", "\u{fffd}"), Ordering::Less);
    }
}
