//! What of a text may reach a terminal: letters and colours. All else that a terminal obeys (moving the cursor, clearing the
//! screen, renaming the window, answering questions) is left out.

use std::borrow::Cow;
use std::io::IsTerminal;
use std::iter::Peekable;
use std::str::Chars;

/// A line that is not Loom's own as it may go to stdout: as it is, unless a terminal would obey it.
pub(in crate::cli) fn for_stdout(line: &str) -> Cow<'_, str> {
    if std::io::stdout().is_terminal() {
        closed(line)
    } else {
        Cow::Borrowed(line)
    }
}

/// A line as it may stand on a terminal, with the colours that it begins ended.
pub(super) fn closed(line: &str) -> Cow<'_, str> {
    let text = printable(line);
    if text.contains('\u{1b}') {
        Cow::Owned(format!("{text}\u{1b}[0m"))
    } else {
        text
    }
}

/// A text of several lines as it may stand on a terminal.
pub(in crate::cli) fn printable_lines(text: &str) -> String {
    let lines: Vec<Cow<'_, str>> = text.split('\n').map(printable).collect();
    lines.join("\n")
}

/// A text of several lines, the colours of each ended with it.
pub(in crate::cli) fn closed_lines(text: &str) -> String {
    let lines: Vec<Cow<'_, str>> = text.split('\n').map(closed).collect();
    lines.join("\n")
}

/// A text as it may stand on a terminal.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    let harmless = |c: char| c == '\t' || !c.is_control();
    if text.chars().all(harmless) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\u{1b}' => escape(&mut chars, &mut out),
            '\u{9b}' => control_sequence(&mut chars, &mut out),
            '\u{90}' | '\u{98}' | '\u{9d}' | '\u{9e}' | '\u{9f}' => skip_string(&mut chars),
            c if harmless(c) => out.push(c),
            _ => {}
        }
    }
    Cow::Owned(out)
}

/// What stands behind an escape character (ECMA-48).
fn escape(chars: &mut Peekable<Chars<'_>>, out: &mut String) {
    match chars.peek() {
        Some('[') => {
            chars.next();
            control_sequence(chars, out);
        }
        Some(']' | 'P' | 'X' | '^' | '_') => {
            chars.next();
            skip_string(chars);
        }
        Some(' '..='~') => {
            while chars.next_if(|c| (' '..='/').contains(c)).is_some() {}
            chars.next_if(|c| ('0'..='~').contains(c));
        }
        _ => {}
    }
}

/// Parameters and a last letter; only `m`, which sets colours, passes.
fn control_sequence(chars: &mut Peekable<Chars<'_>>, out: &mut String) {
    let mut parameters = String::new();
    while let Some(c) = chars.next_if(|c| (' '..='?').contains(c)) {
        parameters.push(c);
    }
    let last = chars.next_if(|c| ('@'..='~').contains(c));
    let of_colours = |c: char| c.is_ascii_digit() || matches!(c, ';' | ':');
    if last == Some('m') && parameters.chars().all(of_colours) {
        out.push_str("\u{1b}[");
        out.push_str(&parameters);
        out.push('m');
    }
}

/// A text for the terminal itself, up to its end mark.
fn skip_string(chars: &mut Peekable<Chars<'_>>) {
    while let Some(c) = chars.next() {
        match c {
            '\u{7}' | '\u{9c}' => return,
            '\u{1b}' => {
                chars.next_if_eq(&'\\');
                return;
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_and_colours_pass_and_nothing_else() {
        for (text, want) in [
            ("plain ü\ttext", "plain ü\ttext"),
            ("\u{1b}[1;31mred\u{1b}[0m", "\u{1b}[1;31mred\u{1b}[0m"),
            ("\u{1b}[38:2:1:2:3mx\u{1b}[m", "\u{1b}[38:2:1:2:3mx\u{1b}[m"),
            ("a\u{1b}[2J\u{1b}[?25lb", "ab"),
            ("a\u{1b}[10;10Hb\u{1b}7c\u{1b}(Bd", "abcd"),
            ("a\u{1b}]0;title\u{7}b", "ab"),
            ("a\u{1b}]8;;http://x\u{1b}\\b", "ab"),
            ("a\u{1b}P+q544e\u{1b}\\b", "ab"),
            ("a\u{9b}2Jb\u{9d}0;t\u{9c}c", "abc"),
            ("a\u{1b}[>4;2mb", "ab"),
            ("a\rb\u{8}c\u{7}d\u{7f}e\u{0}", "abcde"),
            ("a\u{1b}", "a"),
            ("a\u{1b}[", "a"),
            ("a\u{1b}[12", "a"),
            ("a\u{1b}]never ends", "a"),
            ("a\u{1b}üb", "aüb"),
            ("\u{1b}cx", "x"),
        ] {
            assert_eq!(printable(text), want, "{text:?}");
        }
    }

    #[test]
    fn colours_end_with_their_line_and_lines_stay_lines() {
        assert_eq!(closed("a\u{1b}[31mb"), "a\u{1b}[31mb\u{1b}[0m");
        assert_eq!(closed("a\u{1b}[2Jb"), "ab");
        assert_eq!(printable_lines("a\rb\n\u{1b}[2Jc\n"), "ab\nc\n");
    }

    #[test]
    fn a_harmless_text_is_not_copied() {
        assert!(matches!(printable("abc\tü"), Cow::Borrowed(_)));
    }
}
