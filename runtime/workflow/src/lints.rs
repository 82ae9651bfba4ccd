//! What a project wants of lints: how bad each is to it, and which labels its own runners have.

use std::fmt;

use crate::codes::{self, Code, Level, Severity};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::words::name;

/// The settings of a project. Without any every lint is as bad as its code says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lints {
    /// The level of each lint that one was given to.
    levels: Vec<(Code, LintLevel)>,
    /// Labels of its own runners, lowercase; `*` stands for anything.
    labels: Vec<String>,
}

/// How bad a lint is to a project.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LintLevel {
    /// It is not reported.
    Off,
    /// It is reported, and counts as nothing.
    Note,
    /// It is a warning.
    Warning,
    /// It is an error: `validate` ends with 1. A run begins all the same, as with every lint.
    Error,
}

/// What cannot be a setting, with what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LintError(String);

impl fmt::Display for LintError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for LintError {}

impl LintLevel {
    /// The words for levels.
    pub const WORDS: [&str; 4] = ["off", "note", "warning", "error"];

    /// The level with this word.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        match word {
            "off" => Some(Self::Off),
            "note" => Some(Self::Note),
            "warning" => Some(Self::Warning),
            "error" => Some(Self::Error),
            _ => None,
        }
    }

    /// The severity of findings; none where there are none.
    fn severity(self) -> Option<Severity> {
        match self {
            Self::Off => None,
            Self::Note => Some(Severity::Note),
            Self::Warning => Some(Severity::Warning),
            Self::Error => Some(Severity::Error),
        }
    }
}

impl Lints {
    /// No settings.
    #[must_use]
    pub fn none() -> &'static Self {
        static NONE: Lints = Lints {
            levels: Vec::new(),
            labels: Vec::new(),
        };
        &NONE
    }

    /// Settings: levels by the code of a lint, or by the beginning of codes and `*` (`lint/script-*`), and labels of own
    /// runners. The longest name that fits a code counts.
    ///
    /// # Errors
    /// For a name that is no lint's.
    pub fn new<'a>(
        levels: impl IntoIterator<Item = (&'a str, LintLevel)>,
        labels: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, LintError> {
        let mut named: Vec<(&str, LintLevel)> = levels.into_iter().collect();
        // A code has no `*`, which is less than any letter: it comes after all beginnings of itself.
        named.sort_by_key(|(name, _)| (!name.ends_with('*'), name.len()));
        let mut lints = Self::default();
        for (name, level) in named {
            for code in Self::meant(name)? {
                lints.levels.retain(|(known, _)| *known != code);
                lints.levels.push((code, level));
            }
        }
        lints.labels = labels.into_iter().map(str::to_ascii_lowercase).collect();
        Ok(lints)
    }

    /// The lints that a name of the settings stands for: at least one.
    ///
    /// # Errors
    /// Where there is none, or it is what a file is refused for.
    pub fn meant(written: &str) -> Result<Vec<Code>, LintError> {
        let is_lint = |code: &Code| code.info().level == Level::Lint;
        if let Some(begin) = written.strip_suffix('*') {
            let fit = |code: &&Code| code.as_str().starts_with(begin);
            let all: Vec<Code> = codes::all().iter().filter(fit).copied().collect();
            let lints: Vec<Code> = all.iter().copied().filter(is_lint).collect();
            return match (all.is_empty(), lints.is_empty()) {
                (true, _) => Err(LintError(format!(
                    "no code begins with {}: `loom-runtime explain` lists all codes",
                    name(begin)
                ))),
                (false, true) => Err(LintError(format!(
                    "nothing that begins with {} is a lint: what a file is refused for keeps its level",
                    name(begin)
                ))),
                (false, false) => Ok(lints),
            };
        }
        match Code::find(written) {
            Some(code) if is_lint(&code) => Ok(vec![code]),
            Some(code) => Err(LintError(format!(
                "`{code}` keeps its level: a run is refused for it; lints alone can be given another"
            ))),
            None => Err(LintError(match Code::meant(written).first() {
                Some(near) => format!("there is no code {}; did you mean `{near}`?", name(written)),
                None => format!(
                    "there is no code {}: `loom-runtime explain` lists all codes",
                    name(written)
                ),
            })),
        }
    }

    /// Whether a runner of the project's own has a label.
    pub(crate) fn has_runner(&self, label: &str) -> bool {
        if self.labels.is_empty() {
            return false;
        }
        let label = label.to_ascii_lowercase();
        self.labels.iter().any(|own| fits(own, &label))
    }

    /// Findings as the project wants them.
    pub(crate) fn apply(&self, diagnostics: Diagnostics) -> Diagnostics {
        if self.levels.is_empty() {
            return diagnostics;
        }
        diagnostics.weighed(|one| self.severity(one))
    }

    fn severity(&self, found: &Diagnostic) -> Option<Severity> {
        let set = self.levels.iter().find(|(code, _)| *code == found.code);
        set.map_or(Some(found.severity), |(_, level)| level.severity())
    }
}

/// Whether a text fits a pattern in which `*` stands for anything.
fn fits(pattern: &str, text: &str) -> bool {
    let Some((begin, rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(mut left) = text.strip_prefix(begin) else {
        return false;
    };
    let mut parts = rest.split('*').peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return left.ends_with(part);
        }
        match left.find(part) {
            Some(at) => left = left.get(at + part.len()..).unwrap_or_default(),
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Dialect, Reference, References, Source, load_with};

    struct Project(Lints);

    impl References for Project {
        fn workflow(&self, _: &str) -> Reference {
            Reference::Unknown
        }

        fn lints(&self) -> &Lints {
            &self.0
        }
    }

    fn found(levels: &[(&str, LintLevel)], labels: &[&str]) -> Vec<String> {
        let lints = Lints::new(levels.iter().copied(), labels.iter().copied()).unwrap();
        let text = "on: push\njobs:\n  a:\n    runs-on: ubuntu-lastest\n    timeout-minutes: 0\n    steps: [{run: x}]\n";
        let source = Source::new("ci.yml", text);
        let found = load_with(&source, Dialect::GitHub, &Project(lints)).diagnostics;
        found
            .iter()
            .map(|one| format!("{} {}", one.severity.as_str(), one.code))
            .collect()
    }

    #[test]
    fn the_longest_name_decides() {
        let (label, timeout) = ("lint/runner-label", "lint/timeout");
        let both = ["warning lint/runner-label", "error lint/timeout"];
        assert_eq!(found(&[], &[]), both);
        for (levels, want) in [
            (
                &[(label, LintLevel::Error), (timeout, LintLevel::Note)][..],
                &["error lint/runner-label", "note lint/timeout"][..],
            ),
            (&[("lint/*", LintLevel::Off)], &[]),
            (
                &[(label, LintLevel::Note), ("lint/*", LintLevel::Off)],
                &["note lint/runner-label"],
            ),
            (
                &[("lint/runner-*", LintLevel::Off), ("lint/*", LintLevel::Note)],
                &["note lint/timeout"],
            ),
            (
                &[("*", LintLevel::Warning)],
                &["warning lint/runner-label", "warning lint/timeout"],
            ),
        ] {
            assert_eq!(found(levels, &[]), want, "{levels:?}");
        }
    }

    #[test]
    fn own_labels_are_known() {
        for (label, known) in [
            ("ubuntu-lastest", true),
            ("Ubuntu-*", true),
            ("*-last*", true),
            ("gpu-*", false),
            ("*-last", false),
            ("ubuntu", false),
        ] {
            let is_known = found(&[("lint/timeout", LintLevel::Off)], &[label]).is_empty();
            assert_eq!(is_known, known, "{label}");
        }
    }

    #[test]
    fn what_is_no_lint_is_refused() {
        for (written, want) in [
            (
                "schema/unknown-key",
                "`schema/unknown-key` keeps its level: a run is refused for it; lints alone can be given another",
            ),
            (
                "lint/runner-lable",
                "there is no code `lint/runner-lable`; did you mean `lint/runner-label`?",
            ),
            (
                "zzz",
                "there is no code `zzz`: `loom-runtime explain` lists all codes",
            ),
            (
                "schema/*",
                "nothing that begins with `schema/` is a lint: what a file is refused for keeps its level",
            ),
            (
                "x/*",
                "no code begins with `x/`: `loom-runtime explain` lists all codes",
            ),
        ] {
            assert_eq!(Lints::meant(written).unwrap_err().to_string(), want);
        }
    }
}
