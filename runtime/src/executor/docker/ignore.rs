//! `.dockerignore`: which files of a folder do not go to the engine.
//!
//! Source of the rules: Docker's reference of Dockerfiles, ".dockerignore file". A pattern matches a path or a folder
//! above it, `**` is any number of folders, the last pattern that matches decides, and `!` takes back.

/// The patterns of a file.
#[derive(Debug, Default)]
pub(super) struct Ignore {
    patterns: Vec<Pattern>,
}

#[derive(Debug)]
struct Pattern {
    segments: Vec<String>,
    excepted: bool,
}

impl Ignore {
    /// Reads a file's text.
    pub(super) fn parse(text: &str) -> Self {
        let patterns = text.trim_start_matches('\u{feff}').lines().filter_map(|line| {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                return None;
            }
            let (line, excepted) = match line.strip_prefix('!') {
                Some(rest) => (rest.trim(), true),
                None => (line, false),
            };
            let mut segments: Vec<String> = Vec::new();
            for segment in line.split('/') {
                match segment {
                    "" | "." => {}
                    ".." => drop(segments.pop()),
                    other => segments.push(other.to_owned()),
                }
            }
            (!segments.is_empty()).then_some(Pattern { segments, excepted })
        });
        Self {
            patterns: patterns.collect(),
        }
    }

    /// Whether a path, relative to the folder, is left out.
    pub(super) fn leaves_out(&self, path: &str) -> bool {
        let segments: Vec<&str> = path.split('/').collect();
        let mut out = false;
        for pattern in &self.patterns {
            let matches = (1..=segments.len()).any(|length| {
                let above = segments.get(..length).unwrap_or_default();
                matches_all(&pattern.segments, above)
            });
            if matches {
                out = !pattern.excepted;
            }
        }
        out
    }

    /// Whether something below a folder that is left out may be taken back.
    pub(super) fn has_exceptions(&self) -> bool {
        self.patterns.iter().any(|pattern| pattern.excepted)
    }
}

fn matches_all(pattern: &[String], path: &[&str]) -> bool {
    match (pattern.split_first(), path.split_first()) {
        (None, None) => true,
        (Some((first, rest)), _) if first == "**" => {
            matches_all(rest, path)
                || path
                    .split_first()
                    .is_some_and(|(_, below)| matches_all(pattern, below))
        }
        (Some((first, rest)), Some((segment, below))) => {
            let (first, segment): (Vec<char>, Vec<char>) =
                (first.chars().collect(), segment.chars().collect());
            matches_one(&first, &segment) && matches_all(rest, below)
        }
        _ => false,
    }
}

/// `*`, `?`, `[a-z]`, `[^a]` and backslashes, as Go's `filepath.Match`.
fn matches_one(pattern: &[char], text: &[char]) -> bool {
    match pattern.split_first() {
        None => text.is_empty(),
        Some(('*', rest)) => {
            (0..=text.len()).any(|skipped| matches_one(rest, text.get(skipped..).unwrap_or_default()))
        }
        Some(('?', rest)) => text
            .split_first()
            .is_some_and(|(_, after)| matches_one(rest, after)),
        Some(('[', rest)) => {
            let Some(end) = rest.iter().skip(1).position(|c| *c == ']').map(|at| at + 1) else {
                return false;
            };
            let (class, after) = (
                rest.get(..end).unwrap_or_default(),
                rest.get(end + 1..).unwrap_or_default(),
            );
            text.split_first()
                .is_some_and(|(first, text)| in_class(class, *first) && matches_one(after, text))
        }
        Some(('\\', rest)) => match (rest.split_first(), text.split_first()) {
            (Some((escaped, rest)), Some((first, text))) => escaped == first && matches_one(rest, text),
            _ => false,
        },
        Some((literal, rest)) => text
            .split_first()
            .is_some_and(|(first, text)| first == literal && matches_one(rest, text)),
    }
}

fn in_class(class: &[char], character: char) -> bool {
    let (class, negated) = match class.split_first() {
        Some(('^' | '!', rest)) => (rest, true),
        _ => (class, false),
    };
    let mut rest = class;
    let mut found = false;
    while let Some((first, after)) = rest.split_first() {
        match after {
            ['-', last, after @ ..] => {
                found |= (*first..=*last).contains(&character);
                rest = after;
            }
            _ => {
                found |= *first == character;
                rest = after;
            }
        }
    }
    found != negated
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_pattern_that_matches_decides() {
        let ignore =
            Ignore::parse("# a comment\n*.md\n!README.md\n/build/\n**/node_modules\na/*/c\n[xy]?.txt\n");
        for (path, out) in [
            ("CHANGES.md", true),
            ("README.md", false),
            ("docs/CHANGES.md", false),
            ("build", true),
            ("build/deep/file", true),
            ("node_modules/x", true),
            ("web/app/node_modules/y/z", true),
            ("a/b/c", true),
            ("a/c", false),
            ("x1.txt", true),
            ("z1.txt", false),
        ] {
            assert_eq!(ignore.leaves_out(path), out, "{path}");
        }
        assert!(ignore.has_exceptions());
        assert!(
            Ignore::parse("*\n!keep").leaves_out("other")
                && !Ignore::parse("*\n!keep").leaves_out("keep/file")
        );
    }
}
