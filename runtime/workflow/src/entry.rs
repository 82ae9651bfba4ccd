//! The entries of `docs/checks.md`: what each code means, with examples.
//!
//! The page is the one source: `explain` and SARIF print it, and `tests/checks.rs` runs its examples.

/// All entries, as people read them in the repository.
static TEXT: &str = include_str!("../../../docs/checks.md");

/// What the documentation says about a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeEntry {
    /// Title, level and severity in one line.
    pub heading: &'static str,
    /// What it means, why it is a mistake, and what to do. Paragraphs are separated by an empty line and not wrapped.
    pub explanation: String,
    /// What follows, as Markdown: fenced examples below the words "Wrong" and "Right". Empty where there are none.
    pub examples: &'static str,
}

impl CodeEntry {
    /// The entry of a code; empty when there is none, which a test makes sure of for all codes.
    pub(crate) fn of(code: &str) -> Self {
        let entry = entry(code).unwrap_or_default().trim();
        let (heading, rest) = entry.split_once("\n\n").unwrap_or((entry, ""));
        let (prose, examples) = match rest.find("\nWrong:\n") {
            Some(at) => rest.split_at(at),
            None => (rest, ""),
        };
        let paragraphs = prose.trim().split("\n\n");
        Self {
            heading,
            explanation: paragraphs
                .map(|paragraph| paragraph.replace('\n', " "))
                .collect::<Vec<_>>()
                .join("\n\n"),
            examples: examples.trim(),
        }
    }

    /// The codes that have an entry, in the order of the page.
    pub fn codes() -> impl Iterator<Item = &'static str> {
        TEXT.lines().filter_map(|line| line.strip_prefix("### "))
    }
}

/// What stands below the heading of a code.
fn entry(code: &str) -> Option<&'static str> {
    let mut entries = TEXT.split("\n### ").skip(1);
    let entry = entries.find_map(|entry| entry.strip_prefix(code)?.strip_prefix('\n'))?;
    // The last entry of a group is followed by the next group.
    Some(entry.split_once("\n## ").map_or(entry, |(entry, _)| entry))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_has_three_parts() {
        let page = CodeEntry::of("yaml/empty");
        assert_eq!(page.heading, "The file is empty. `schema`, error.");
        assert!(page.explanation.starts_with("The file holds nothing"));
        assert!(page.examples.starts_with("Wrong:") && page.examples.ends_with("```"));
        assert_eq!(CodeEntry::of("engine/unknown-job").examples, "");
        assert_eq!(CodeEntry::of("yaml").heading, "");
    }
}
