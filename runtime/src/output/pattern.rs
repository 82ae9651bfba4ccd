//! Regular expressions as problem matchers write them (ECMAScript, as .NET reads it), for an engine in linear time.

use std::fmt::Write as _;
use std::iter::Peekable;
use std::str::Chars;

use regex_automata::meta::Regex;
use regex_automata::util::syntax;

/// A compiled pattern may need so many bytes; one that repeats thousands of times needs more.
const LARGEST_PROGRAM: usize = 4 * 1024 * 1024;

/// Compiles a pattern.
///
/// # Errors
/// With a sentence about the place, when it is no pattern or uses what linear engines have not: look-around and
/// references back.
pub(super) fn compile(pattern: &str) -> Result<Regex, String> {
    Regex::builder()
        .configure(
            Regex::config()
                .nfa_size_limit(Some(LARGEST_PROGRAM))
                .hybrid_cache_capacity(LARGEST_PROGRAM),
        )
        .syntax(syntax::Config::new().nest_limit(100))
        .build(&translate(pattern))
        .map_err(|error| match error.syntax_error() {
            Some(cause) => cause.to_string(),
            None => error.to_string(),
        })
}

/// The same pattern in the syntax of Rust's engines: classes are those of ASCII, and what only Rust gives a meaning is
/// taken literally.
fn translate(pattern: &str) -> String {
    let mut translated = String::with_capacity(pattern.len() + 16);
    let mut rest = pattern.chars().peekable();
    let mut in_class = false;
    while let Some(c) = rest.next() {
        match c {
            '\\' => escape(&mut rest, in_class, &mut translated),
            '[' if in_class => translated.push_str("\\["),
            '[' => {
                in_class = true;
                translated.push('[');
                if rest.next_if_eq(&'^').is_some() {
                    translated.push('^');
                }
                if rest.next_if_eq(&']').is_some() {
                    translated.push_str("\\]");
                }
            }
            ']' => {
                in_class = false;
                translated.push(']');
            }
            // Set operations.
            '&' | '~' if in_class => {
                translated.push('\\');
                translated.push(c);
            }
            '-' if in_class && rest.peek() == Some(&'-') => translated.push_str("\\-"),
            '{' if !in_class && !is_quantifier(&rest) => translated.push_str("\\{"),
            c => translated.push(c),
        }
    }
    translated
}

fn escape(rest: &mut Peekable<Chars<'_>>, in_class: bool, translated: &mut String) {
    let Some(c) = rest.next() else {
        translated.push('\\');
        return;
    };
    match c {
        'd' => translated.push_str("[0-9]"),
        'D' => translated.push_str("[^0-9]"),
        'w' => translated.push_str("[0-9A-Za-z_]"),
        'W' => translated.push_str("[^0-9A-Za-z_]"),
        's' => translated.push_str("[\\t\\n\\x0B\\f\\r ]"),
        'S' => translated.push_str("[^\\t\\n\\x0B\\f\\r ]"),
        'b' if in_class => translated.push_str("\\x08"),
        'b' => translated.push_str("(?-u:\\b)"),
        '0' => translated.push_str("\\x00"),
        'e' => translated.push_str("\\x1B"),
        '<' | '>' => translated.push(c),
        'c' => match rest.next_if(char::is_ascii_alphabetic) {
            Some(letter) => {
                let _ = write!(translated, "\\x{:02X}", u32::from(letter) & 0x1f);
            }
            None => translated.push_str("\\\\c"),
        },
        c if c.is_ascii() || c.is_alphanumeric() => {
            translated.push('\\');
            translated.push(c);
        }
        c => translated.push(c),
    }
}

/// Whether what follows a `{` makes it a count.
fn is_quantifier(rest: &Peekable<Chars<'_>>) -> bool {
    let mut rest = rest.clone();
    let mut digits = 0;
    while rest.next_if(char::is_ascii_digit).is_some() {
        digits += 1;
    }
    if rest.next_if_eq(&',').is_some() {
        while rest.next_if(char::is_ascii_digit).is_some() {}
    }
    digits > 0 && rest.next() == Some('}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn patterns_of_ecmascript_mean_the_same() {
        for (pattern, matching, other) in [
            ("^\\d+$", "42", "٤٢"),
            ("^[\\w.-]+$", "a.b-c", "é"),
            ("^\\s+x", " x", "\u{a0}x"),
            ("^[^\\s].*\\>$", "a>", " a>"),
            ("^\\<b\\>$", "<b>", "b"),
            ("^[[]x[]]$", "[x]", "x"),
            ("^[^[]+$", "x", "[x"),
            ("^[a&&b]+$", "a&b", "c"),
            ("^a{b}$", "a{b}", "ab"),
            ("^a{2,3}$", "aa", "a"),
            ("^a\\/b\\\"$", "a/b\"", "ab"),
            ("\\bfoo\\b", "a foo b", "food"),
            ("^\\u00e9$", "é", "e"),
            ("^(?:error|warning)$", "error", "err"),
            ("^(?<name>x)$", "x", "y"),
            ("^x.$", "xé", "x"),
        ] {
            let regex = compile(pattern).unwrap_or_else(|error| panic!("{pattern}: {error}"));
            assert!(regex.is_match(matching), "{pattern} {matching}");
            assert!(!regex.is_match(other), "{pattern} {other}");
        }
    }

    #[test]
    fn what_cannot_be_compiled_is_said() {
        for pattern in ["(?=x)", "(?!x)", "(a)\\1", "(", "[a", "a{1000}{1000}{1000}"] {
            assert!(compile(pattern).is_err(), "{pattern}");
        }
    }

    proptest! {
        #[test]
        fn no_pattern_panics(pattern in "[\\\\\\[\\](){}^$.*+?|a-c0-9dwsSbB<>&~,-]{0,20}") {
            let _ = compile(&pattern);
        }
    }
}
