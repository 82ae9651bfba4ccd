//! What a step wants to be seen about it: notices, warnings and errors, with the place in a file they are about.

/// An annotation keeps so many characters of its message, as in the runner; the log has it whole.
const LONGEST_MESSAGE: usize = 4096;

/// How grave an annotation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Level {
    /// Good to know.
    Notice,
    /// May be wrong.
    Warning,
    /// Is wrong. The step does not fail by it.
    Error,
}

/// A notice, warning or error of a step, from a workflow command, a problem matcher, or Loom itself. Masked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Annotation {
    /// How grave it is.
    pub level: Level,
    /// What it says; may have several lines.
    pub message: String,
    /// Its heading.
    pub title: Option<String>,
    /// The file it is about, relative to the workspace when it is below it.
    pub file: Option<String>,
    /// The first line, from 1.
    pub line: Option<u32>,
    /// The last line.
    pub end_line: Option<u32>,
    /// The first column, from 1.
    pub column: Option<u32>,
    /// The last column.
    pub end_column: Option<u32>,
    /// The code of a problem matcher, such as `TS2304`.
    pub code: Option<String>,
}

/// How many annotations there were of each level.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AnnotationCounts {
    /// Notices.
    pub notices: u64,
    /// Warnings.
    pub warnings: u64,
    /// Errors.
    pub errors: u64,
}

impl Annotation {
    /// One without a place.
    pub fn new(level: Level, message: impl Into<String>) -> Self {
        Self {
            level,
            message: message.into(),
            title: None,
            file: None,
            line: None,
            end_line: None,
            column: None,
            end_column: None,
            code: None,
        }
    }

    /// Passes all its texts through a function, and cuts its message to what an annotation may hold.
    pub(super) fn mapped(mut self, map: impl Fn(&str) -> String) -> Self {
        self.message = map(&self.message);
        if let Some((end, _)) = self.message.char_indices().nth(LONGEST_MESSAGE) {
            self.message.truncate(end);
        }
        for text in [&mut self.title, &mut self.file, &mut self.code]
            .into_iter()
            .flatten()
        {
            *text = map(text);
        }
        self
    }
}

impl AnnotationCounts {
    /// The count of a level.
    pub fn of(self, level: Level) -> u64 {
        match level {
            Level::Notice => self.notices,
            Level::Warning => self.warnings,
            Level::Error => self.errors,
        }
    }

    pub(super) fn add(&mut self, level: Level) {
        match level {
            Level::Notice => self.notices += 1,
            Level::Warning => self.warnings += 1,
            Level::Error => self.errors += 1,
        }
    }
}

/// A path as the repository names it: without the workspace before it, with `/` and no `.` or `..`.
/// `None` when it leads out of the workspace by `..`.
pub(super) fn within(workspace: &str, path: &str) -> Option<String> {
    let path = path.replace('\\', "/");
    let workspace = workspace.trim_end_matches('/');
    let relative = match path.strip_prefix(workspace) {
        Some(rest) if !workspace.is_empty() && rest.starts_with('/') => rest.trim_start_matches('/'),
        _ if path.starts_with('/') => return Some(path),
        _ => &path,
    };
    let mut parts: Vec<&str> = Vec::new();
    for part in relative.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_named_from_the_workspace() {
        for (path, named) in [
            ("/w/s/src/a.rs", Some("src/a.rs")),
            ("src/./x/../a.rs", Some("src/a.rs")),
            ("src\\a.rs", Some("src/a.rs")),
            ("/elsewhere/a.rs", Some("/elsewhere/a.rs")),
            ("/w/sibling/a.rs", Some("/w/sibling/a.rs")),
            ("../a.rs", None),
        ] {
            assert_eq!(within("/w/s/", path).as_deref(), named, "{path}");
        }
        assert_eq!(within("", "/a").as_deref(), Some("/a"));
    }

    #[test]
    fn long_messages_are_cut_at_a_character() {
        let long = Annotation::new(Level::Error, "é".repeat(5000)).mapped(str::to_owned);
        assert_eq!(long.message.chars().count(), 4096);
    }
}
