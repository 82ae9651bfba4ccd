//! Regular expressions as problem matchers write them (ECMAScript, as .NET reads it), for an engine in linear time.

use std::fmt::Write as _;
use std::iter::Peekable;
use std::str::Chars;

use regex_automata::meta::Regex;
use regex_automata::util::syntax;

/// A compiled pattern may need so many bytes; one that repeats thousands of times needs more.
const LARGEST_PROGRAM: usize = 4 * 1024 * 1024;

/// Why a pattern cannot be used, with a sentence about the place.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum PatternError {
    /// It is no pattern: the runner refuses it.
    Invalid(String),
    /// The runner takes it, but it uses what linear engines have not: look-around, references back and the like.
    Unsupported(String),
}

/// Compiles a pattern.
///
/// # Errors
/// When it is none, or one for other engines.
pub(super) fn compile(pattern: &str) -> Result<Regex, PatternError> {
    if let Some(reason) = refused(pattern) {
        return Err(PatternError::Invalid(reason.to_owned()));
    }
    Regex::builder()
        .configure(
            Regex::config()
                .nfa_size_limit(Some(LARGEST_PROGRAM))
                .hybrid_cache_capacity(LARGEST_PROGRAM),
        )
        .syntax(syntax::Config::new().nest_limit(100))
        .build(&translate(pattern))
        .map_err(|error| match error.syntax_error() {
            Some(cause) if is_beyond(pattern) => PatternError::Unsupported(cause.to_string()),
            Some(cause) => PatternError::Invalid(cause.to_string()),
            None => PatternError::Unsupported(error.to_string()),
        })
}

/// What the runner's engine refuses and Rust's takes.
fn refused(pattern: &str) -> Option<&'static str> {
    let mut found = None;
    // Whether a quantifier has just been read, or one with the `?` that makes it lazy.
    let (mut counted, mut lazy) = (false, false);
    outside_classes(pattern, |c, rest| {
        let counts = matches!(c, '*' | '+' | '?') || (c == '{' && is_quantifier(rest));
        if counts && counted && (c != '?' || lazy) {
            found = found.or(Some("a quantifier follows a quantifier"));
        }
        if c == '(' && rest.clone().take(2).eq(['?', 'P']) {
            found = found.or(Some("`(?P` begins no group"));
        }
        if c == '{' && counts {
            while rest.next().is_some_and(|c| c != '}') {}
        }
        lazy = counts && counted;
        counted = counts;
        // The `?` behind a bracket belongs to the group.
        if c == '(' {
            rest.next_if_eq(&'?');
        }
    });
    found
}

/// Whether a pattern has something that other engines know and this one does not, so that its refusal says nothing.
fn is_beyond(pattern: &str) -> bool {
    let mut found = false;
    let mut rest = pattern.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\\' => {
                found |= rest
                    .next()
                    .is_some_and(|c| matches!(c, '1'..='9' | 'k' | 'p' | 'P'))
            }
            '(' if rest.next_if_eq(&'?').is_some() => {
                found |= match rest.peek() {
                    Some('<') => {
                        let begins_odd = |c: char| !c.is_alphabetic() && c != '_';
                        let mut name = rest
                            .clone()
                            .skip(1)
                            .take_while(|c| *c != '>' && *c != '(')
                            .peekable();
                        name.peek().is_some_and(|c| begins_odd(*c)) || name.any(|c| c == '-')
                    }
                    Some(c) => matches!(c, '=' | '!' | '>' | '(' | '\'' | '#' | 'n'),
                    None => false,
                };
            }
            _ => {}
        }
    }
    found
}

/// Calls `visit` for every character that is neither escaped nor in a class; a class and an escape count as one `x`.
fn outside_classes(pattern: &str, mut visit: impl FnMut(char, &mut Peekable<Chars<'_>>)) {
    let mut rest = pattern.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\\' => {
                rest.next();
                visit('x', &mut rest);
            }
            '[' => {
                rest.next_if_eq(&'^');
                rest.next_if_eq(&']');
                while let Some(c) = rest.next() {
                    match c {
                        '\\' => drop(rest.next()),
                        ']' => break,
                        _ => {}
                    }
                }
                visit('x', &mut rest);
            }
            c => visit(c, &mut rest),
        }
    }
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
        'Z' => translated.push_str("\\z"),
        'G' => translated.push_str("\\A"),
        'a' | 'f' | 'n' | 'r' | 't' | 'v' | 'A' | 'z' | 'B' | 'x' | 'u' | 'k' | 'p' | 'P' | '1'..='9' => {
            translated.push('\\');
            translated.push(c);
        }
        // Other letters stand for themselves.
        c if c.is_alphanumeric() || !c.is_ascii() => translated.push(c),
        c => {
            translated.push('\\');
            translated.push(c);
        }
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
            ("^\\q\\_\\:x\\Z", "q_:x", "q_:xy"),
        ] {
            let regex = compile(pattern).unwrap_or_else(|error| panic!("{pattern}: {error:?}"));
            assert!(regex.is_match(matching), "{pattern} {matching}");
            assert!(!regex.is_match(other), "{pattern} {other}");
        }
    }

    #[test]
    fn what_the_runner_takes_and_this_engine_does_not_is_not_called_wrong() {
        for pattern in [
            "(?=x)",
            "(?!x)",
            "(?<=x)y",
            "(a)\\1",
            "(?<n>a)\\k<n>",
            "(?>a)",
            "(?'n'a)",
            "(?<n-m>a)",
            "(?n)(a)",
            "(?(a)b|c)",
            "\\p{IsGreek}",
            "((a{1000}){1000}){1000}",
        ] {
            let error = compile(pattern).unwrap_err();
            assert!(
                matches!(error, PatternError::Unsupported(_)),
                "{pattern}: {error:?}"
            );
        }
    }

    #[test]
    fn what_the_runner_refuses_is_wrong() {
        for pattern in [
            "(", ")", "[a", "*a", "a|*", "{2}", "a{3,2}", "[z-a]", "a**", "a+*", "a{2}{3}", "a{2}+", "a*??",
            "a???", "(a)**", "[a]++", "(?P<n>a)", "\\", "\\x4", "\\u12",
        ] {
            let error = compile(pattern).unwrap_err();
            assert!(matches!(error, PatternError::Invalid(_)), "{pattern}: {error:?}");
        }
        for pattern in [
            "a*?",
            "a??",
            "a{2}?",
            "[*+]*",
            "\\**",
            "(?:a)?",
            "a(?:b)*",
            "a?b?",
            "x*(?<n>a)+",
            "a{b}*",
        ] {
            compile(pattern).unwrap_or_else(|error| panic!("{pattern}: {error:?}"));
        }
    }

    proptest! {
        #[test]
        fn no_pattern_panics(pattern in "[\\\\\\[\\](){}^$.*+?|a-c0-9dwsSbB<>&~,-]{0,20}") {
            let _ = compile(&pattern);
        }
    }
}
