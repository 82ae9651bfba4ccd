//! What of a line is shown: the match with what is around it, without what was meant for a terminal.

/// Characters before the match at most.
const BEFORE: usize = 80;
/// Characters of the match, and of what follows it.
const BEHIND: usize = 200;
/// Bytes that are looked at on each side: enough for so many characters of any length, with colours between them.
const LOOKED_AT: usize = 4096;

/// A stretch of a line around its first match. What was cut off is `…`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Excerpt {
    /// What comes before the match.
    pub before: String,
    /// The match.
    pub matched: String,
    /// What comes after it.
    pub after: String,
}

impl Excerpt {
    /// Cuts it out of a line: the match is at `from..to`.
    pub(super) fn new(line: &[u8], from: usize, to: usize) -> Self {
        let to = to.min(line.len());
        let from = from.min(to);
        let (before, rest) = line.split_at(from);
        let (matched, after) = rest.split_at(to - from);
        let near = before.len().saturating_sub(LOOKED_AT);
        let before = plain(before.get(near..).unwrap_or_default());
        let length = before.chars().count();
        let before = if length > BEFORE || near > 0 {
            let kept = before.chars().skip(length.saturating_sub(BEFORE));
            std::iter::once('…').chain(kept).collect()
        } else {
            before
        };
        Self {
            before,
            matched: beginning(matched),
            after: beginning(after),
        }
    }
}

/// The first characters.
fn beginning(bytes: &[u8]) -> String {
    let text = plain(bytes.get(..LOOKED_AT).unwrap_or(bytes));
    match text.char_indices().nth(BEHIND) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None if bytes.len() > LOOKED_AT => text + "…",
        None => text,
    }
}

/// The text without sequences for terminals (ECMA-48) and other characters that are not seen, but for tabs.
fn plain(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    if !text.contains(|c: char| c.is_control() && c != '\t') {
        return text.into_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\u{1b}' => match chars.next() {
                // Parameters, and a last letter.
                Some('[') => drop(chars.find(|c| ('@'..='~').contains(c))),
                // A text for the terminal itself.
                Some(']') => drop(chars.find(|c| matches!(c, '\u{7}' | '\u{9c}' | '\\'))),
                _ => {}
            },
            '\t' => out.push(c),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn around(line: &str, found: &str) -> (String, String, String) {
        let from = line.find(found).unwrap();
        let Excerpt {
            before,
            matched,
            after,
        } = Excerpt::new(line.as_bytes(), from, from + found.len());
        (before, matched, after)
    }

    #[test]
    fn what_was_for_a_terminal_is_left_out() {
        assert_eq!(
            around(
                "\u{1b}[1;31merror\u{1b}[0m: \u{1b}]8;;http://x\u{7}it\u{1b}]8;;\u{7} broke\r",
                "error"
            ),
            ("".into(), "error".into(), ": it broke".into())
        );
        assert_eq!(around("a\tb", "b"), ("a\t".into(), "b".into(), "".into()));
    }

    #[test]
    fn a_long_line_is_cut_around_its_match_between_characters() {
        let line = format!("{}needle{}", "é".repeat(10_000), "ü".repeat(10_000));
        let (before, matched, after) = around(&line, "needle");
        assert_eq!(before, format!("…{}", "é".repeat(BEFORE)));
        assert_eq!(matched, "needle");
        assert_eq!(after, format!("{}…", "ü".repeat(BEHIND)));
        let (_, matched, _) = around(&line, &"ü".repeat(5000));
        assert_eq!(matched, format!("{}…", "ü".repeat(BEHIND)));
    }

    #[test]
    fn a_place_that_is_none_is_no_panic() {
        assert_eq!(Excerpt::new(b"ab", 7, 3).before, "ab");
        assert_eq!(Excerpt::new(b"", 0, 0), Excerpt::default());
    }
}
