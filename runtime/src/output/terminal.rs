//! What of a job's line a terminal may get: its text and its colours, nothing that moves, clears or names anything.

use std::borrow::Cow;

const ESCAPE: char = '\u{1b}';
const RESET: &str = "\u{1b}[0m";

/// The line with its colours (SGR sequences) and without every other control sequence and control character, tabs
/// excepted. A colour that is left on is put off at the end.
pub fn printable(line: &str) -> Cow<'_, str> {
    let is_plain = |c: char| !c.is_control() || c == '\t';
    if line.chars().all(is_plain) {
        return Cow::Borrowed(line);
    }
    let mut kept = String::with_capacity(line.len() + RESET.len());
    let mut coloured = false;
    let mut rest = line;
    while let Some(c) = rest.chars().next() {
        let after = rest.get(c.len_utf8()..).unwrap_or_default();
        rest = match c {
            ESCAPE => match after.chars().next() {
                Some('[') => csi(after.get(1..).unwrap_or_default(), &mut kept, &mut coloured),
                Some(']') => string(after, true),
                Some('P' | 'X' | '^' | '_') => string(after, false),
                _ => short(after),
            },
            '\u{9b}' => csi(after, &mut kept, &mut coloured),
            '\u{9d}' => string(after, true),
            '\u{90}' | '\u{98}' | '\u{9e}' | '\u{9f}' => string(after, false),
            c => {
                if is_plain(c) {
                    kept.push(c);
                }
                after
            }
        };
    }
    if coloured {
        kept.push_str(RESET);
    }
    Cow::Owned(kept)
}

/// A sequence after its introducer: kept when it sets colours. Gives what follows it.
fn csi<'a>(text: &'a str, kept: &mut String, coloured: &mut bool) -> &'a str {
    let length = |text: &str, range: std::ops::RangeInclusive<char>| {
        text.find(|c| !range.contains(&c)).unwrap_or(text.len())
    };
    let (parameters, rest) = text.split_at(length(text, '0'..='?'));
    let (between, rest) = rest.split_at(length(rest, ' '..='/'));
    let Some(last) = rest.chars().next().filter(|c| ('@'..='~').contains(c)) else {
        // Broken off: what broke it is text again.
        return rest;
    };
    let is_colour = last == 'm'
        && between.is_empty()
        && parameters
            .chars()
            .all(|c| c.is_ascii_digit() || c == ';' || c == ':');
    if is_colour {
        kept.push_str("\u{1b}[");
        kept.push_str(parameters);
        kept.push('m');
        *coloured = leaves_colour(parameters, *coloured);
    }
    rest.get(1..).unwrap_or_default()
}

/// Whether something is on after these parameters.
fn leaves_colour(parameters: &str, before: bool) -> bool {
    let mut coloured = before;
    let mut all = parameters.split(';');
    while let Some(one) = all.next() {
        match one.trim_start_matches('0') {
            "" => coloured = false,
            "38" | "48" | "58" => {
                coloured = true;
                let skipped = match all.next() {
                    Some("5") => 1,
                    Some("2") => 3,
                    _ => 0,
                };
                for _ in 0..skipped {
                    all.next();
                }
            }
            _ => coloured = true,
        }
    }
    coloured
}

/// A control string such as a title or a link, up to its end; without an end it is the rest of the line.
fn string(text: &str, bell_ends: bool) -> &str {
    let end = text.find(|c| c == ESCAPE || c == '\u{9c}' || (bell_ends && c == '\u{7}'));
    let Some(end) = end else { return "" };
    let rest = text.get(end..).unwrap_or_default();
    if let Some(rest) = rest.strip_prefix("\u{1b}\\") {
        return rest;
    }
    if rest.starts_with(ESCAPE) {
        // Another sequence ends it too.
        return rest;
    }
    let mut rest = rest.chars();
    rest.next();
    rest.as_str()
}

/// A short sequence after its escape: intermediate characters and one more.
fn short(text: &str) -> &str {
    let rest = text.trim_start_matches(|c| (' '..='/').contains(&c));
    match rest.chars().next() {
        Some('0'..='~') => rest.get(1..).unwrap_or_default(),
        _ => rest,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn colours_pass_and_nothing_else_does() {
        for (line, shown) in [
            ("plain\ttext é", "plain\ttext é"),
            ("\u{1b}[31mred\u{1b}[0m", "\u{1b}[31mred\u{1b}[0m"),
            ("\u{1b}[31mred\u{1b}[m", "\u{1b}[31mred\u{1b}[m"),
            ("\u{1b}[1;31mred", "\u{1b}[1;31mred\u{1b}[0m"),
            ("\u{1b}[38;5;0mx", "\u{1b}[38;5;0mx\u{1b}[0m"),
            ("\u{1b}[38;2;0;0;0mx", "\u{1b}[38;2;0;0;0mx\u{1b}[0m"),
            ("\u{1b}[0;32mx\u{1b}[1;0my", "\u{1b}[0;32mx\u{1b}[1;0my"),
            ("\u{1b}[2J\u{1b}[?25lx", "x"),
            ("\u{1b}[3;4Hx\u{1b}[Ky\u{1b}[1Az", "xyz"),
            ("\u{1b}[>4;2mx\u{1b}[?1mx\u{1b}[1 mx", "xxx"),
            ("\u{1b}]0;title\u{7}x", "x"),
            ("\u{1b}]8;;http://a\u{1b}\\link\u{1b}]8;;\u{1b}\\", "link"),
            ("\u{1b}]0;never ends", ""),
            ("\u{1b}]0;a\u{1b}[31mx", "\u{1b}[31mx\u{1b}[0m"),
            ("\u{1b}Pq\u{7}data\u{1b}\\x", "x"),
            ("\u{1b}_apc\u{9c}x", "x"),
            ("\u{9b}31mx\u{9b}2Jy", "\u{1b}[31mxy\u{1b}[0m"),
            ("\u{9d}0;t\u{7}x", "x"),
            ("\u{1b}c\u{1b}(0\u{1b}=\u{1b}7x", "x"),
            ("a\rb\u{8}c\0d\u{7f}e\u{85}f", "abcdef"),
            ("\u{1b}", ""),
            ("\u{1b}[", ""),
            ("\u{1b}[31", ""),
            ("\u{1b}[31\u{1b}[2Jx", "x"),
            ("\u{1b}[31éx", "éx"),
            ("\u{1b}\u{1b}[2Jx", "x"),
        ] {
            assert_eq!(printable(line), shown, "{line:?}");
        }
    }

    #[test]
    fn a_plain_line_is_not_copied() {
        assert!(matches!(printable("plain\ttext"), Cow::Borrowed(_)));
    }

    proptest! {
        #[test]
        fn what_is_left_is_text_and_colours(line in "[\u{1b}\\[\\]0-9;:?mHJPx\u{7}\u{9b}\u{9c}\u{9d}\\\\ \ré]{0,40}") {
            let shown = printable(&line);
            let mut rest: &str = &shown;
            while let Some(at) = rest.find(char::is_control) {
                let sequence = rest[at..].strip_prefix("\u{1b}[");
                prop_assert!(sequence.is_some(), "{:?}", shown);
                let tail = sequence.unwrap().trim_start_matches(|c: char| c.is_ascii_digit() || ";:".contains(c));
                prop_assert!(tail.starts_with('m'), "{:?}", shown);
                rest = &tail[1..];
            }
            let again = printable(&shown).into_owned();
            prop_assert_eq!(again, shown.into_owned());
        }
    }
}
