//! Every code a diagnostic can have, in one table: its level, severity and title.
//!
//! Codes are stable for ever: scripts filter by them. A code is never renamed nor given another meaning; a rule that
//! goes away keeps its row. What a code means, with examples that are tests, is its entry in `docs/checks.md`, which
//! [`CodeEntry`] gives and `loom-runtime explain CODE` prints.

use std::fmt;
use std::hash::{Hash, Hasher};

use crate::entry::CodeEntry;
use crate::words;

/// The stable name of a kind of mistake, e.g. `yaml/syntax`. Only the codes of this table exist.
#[derive(Clone, Copy)]
pub struct Code(&'static CodeInfo);

/// Who objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Level {
    /// The language itself: GitHub would refuse the file, or (in `.loom.yml`) Loom does. `run` refuses.
    Schema,
    /// The file is valid, but goes wrong when it runs. `run` prints it and goes on.
    Lint,
    /// The file is valid and right, but asks for what this engine does not do yet. Only planning says so; `run`
    /// refuses the errors and prints the warnings.
    Engine,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing and no more: a project has said so of a lint.
    Note,
    /// Probably wrong; nothing is refused for it.
    Warning,
    /// Wrong.
    Error,
}

impl Severity {
    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// A row of the table.
#[derive(Debug)]
pub struct CodeInfo {
    /// The code as text.
    pub text: &'static str,
    /// Who objects.
    pub level: Level,
    /// How bad it is.
    pub severity: Severity,
    /// The kind of mistake in a few words.
    pub title: &'static str,
}

impl Code {
    /// The code as text.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.0.text
    }

    /// The code with this text, if there is one.
    #[must_use]
    pub fn find(text: &str) -> Option<Self> {
        TABLE.iter().copied().find(|code| code.as_str() == text)
    }

    /// The codes that a text may have meant: those with this name in any area, else the one that is nearly so.
    #[must_use]
    pub fn meant(text: &str) -> Vec<Self> {
        let name = |code: &Self| code.as_str().split_once('/').map_or("", |(_, name)| name);
        let written = text.rsplit('/').next().unwrap_or(text);
        let named: Vec<Self> = TABLE
            .iter()
            .copied()
            .filter(|code| name(code) == written)
            .collect();
        if !named.is_empty() {
            return named;
        }
        let names = TABLE.iter().map(name);
        let guess = match text.contains('/') {
            true => words::closest(text, TABLE.iter().map(|code| code.as_str())).and_then(Self::find),
            false => None,
        };
        match guess {
            Some(code) => vec![code],
            None => words::closest(written, names)
                .map(|closest| {
                    TABLE
                        .iter()
                        .copied()
                        .filter(|code| name(code) == closest)
                        .collect()
                })
                .unwrap_or_default(),
        }
    }

    /// Its row of the table.
    #[must_use]
    pub fn info(self) -> &'static CodeInfo {
        self.0
    }

    /// Its entry in `docs/checks.md`.
    #[must_use]
    pub fn entry(self) -> CodeEntry {
        CodeEntry::of(self.as_str())
    }
}

impl PartialEq for Code {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Code {}

impl Hash for Code {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl fmt::Display for Code {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// All codes, in the order of the documentation.
#[must_use]
pub fn all() -> &'static [Code] {
    TABLE
}

macro_rules! codes {
    ($($name:ident = $text:literal, $level:ident, $severity:ident, $title:literal;)+) => {
        $(
            #[doc = $title]
            pub const $name: Code = Code(&CodeInfo {
                text: $text,
                level: Level::$level,
                severity: Severity::$severity,
                title: $title,
            });
        )+

        static TABLE: &[Code] = &[$($name),+];
    };
}

codes! {
    YAML_SYNTAX = "yaml/syntax", Schema, Error, "The file is not YAML";
    YAML_EMPTY = "yaml/empty", Schema, Error, "The file is empty";
    YAML_TOO_LARGE = "yaml/too-large", Schema, Error, "The file is too large";
    YAML_ENCODING = "yaml/encoding", Schema, Error, "The file is not UTF-8 text";
    YAML_TOO_DEEP = "yaml/too-deep", Schema, Error, "The file is nested too deeply";
    YAML_TOO_MUCH = "yaml/too-much", Schema, Error, "The file stands for too much";
    YAML_MULTIPLE_DOCUMENTS = "yaml/multiple-documents", Schema, Error, "The file has more than one document";
    YAML_UNKNOWN_ANCHOR = "yaml/unknown-anchor", Schema, Error, "An alias names no anchor";
    YAML_RECURSIVE_ALIAS = "yaml/recursive-alias", Schema, Error, "An alias contains itself";
    YAML_MERGE_KEY = "yaml/merge-key", Schema, Error, "Merge keys are not supported";
    YAML_DUPLICATE_KEY = "yaml/duplicate-key", Schema, Error, "A key is written twice";
    YAML_COMPLEX_KEY = "yaml/complex-key", Schema, Error, "A key is not a word";
    YAML_TAG = "yaml/tag", Schema, Error, "A tag does not fit";
    YAML_UNUSED_ANCHOR = "yaml/unused-anchor", Lint, Warning, "An anchor is not used";
    UNKNOWN_KEY = "schema/unknown-key", Schema, Error, "A key is not known here";
    MISSING_KEY = "schema/missing-key", Schema, Error, "A key is missing";
    KEY_CONFLICT = "schema/key-conflict", Schema, Error, "Two keys exclude each other";
    WRONG_TYPE = "schema/type", Schema, Error, "A value has the wrong type";
    IGNORED_KEY = "schema/ignored-key", Schema, Warning, "A key is passed over";
    UNKNOWN_VALUE = "schema/value", Schema, Error, "A value is not one of those that are allowed";
    EMPTY_VALUE = "schema/empty", Schema, Error, "A value is empty";
    JOB_ID = "schema/job-id", Schema, Error, "A job id is not allowed";
    STEP_ID = "schema/step-id", Schema, Error, "A step id is not allowed";
    DUPLICATE_STEP_ID = "schema/duplicate-step-id", Schema, Error, "Two steps have one id";
    UNKNOWN_STEP = "schema/unknown-step", Schema, Error, "A step waits for one that is not there";
    ACTION_REFERENCE = "schema/action-reference", Schema, Error, "A step names no action";
    UNKNOWN_NEEDS = "schema/unknown-needs", Schema, Error, "A needed job does not exist";
    SELF_NEEDS = "schema/self-needs", Schema, Error, "A job needs itself";
    CYCLE = "schema/cycle", Schema, Error, "Jobs need each other in a circle";
    EXPRESSION_PLACE = "expression/place", Schema, Error, "An expression cannot stand here";
    EXPRESSION_SYNTAX = "expression/syntax", Schema, Error, "An expression cannot be read";
    EXPRESSION_NAME = "expression/name", Schema, Error, "An expression uses a name that is not known here";
    EXPRESSION_TOO_LONG = "expression/too-long", Schema, Error, "An expression is too long";
    CRON = "schema/cron", Schema, Error, "A schedule cannot be read";
    MALFORMED_PATTERN = "schema/pattern", Schema, Error, "A filter pattern cannot be read";
    CALL = "schema/call", Schema, Error, "A workflow cannot be called";
    CALL_INPUT = "schema/call-input", Schema, Error, "The inputs of a call do not fit";
    CALL_SECRET = "schema/call-secret", Schema, Error, "The secrets of a call do not fit";
    CALL_PERMISSIONS = "schema/call-permissions", Schema, Error, "A called workflow wants more than its caller has";
    CALL_REFERENCE = "schema/call-reference", Schema, Error, "A called workflow is named wrongly";
    EMPTY_MATRIX = "schema/empty-matrix", Schema, Error, "A key of a matrix has no values";
    MATRIX_SHAPE = "schema/matrix", Schema, Error, "A matrix is not well formed";
    INPUT_OPTIONS = "schema/input-options", Schema, Error, "Options and type of an input do not fit";
    INPUT_DEFAULT = "lint/input-default", Lint, Error, "The default of an input is not of its type";
    INPUT_DEFAULT_UNUSED = "lint/input-default-unused", Lint, Warning, "A default is never used";
    INPUT_TWICE = "lint/input-twice", Lint, Warning, "An input offers an option twice";
    TOO_MANY_INPUTS = "schema/too-many-inputs", Schema, Error, "A workflow takes too many inputs";
    EVENT_FILTER = "lint/event-filter", Lint, Error, "A filter does nothing at its event";
    CRON_INTERVAL = "lint/cron-interval", Lint, Warning, "A schedule asks for too many starts";
    TIMEZONE = "lint/timezone", Lint, Error, "A time zone is not known";
    PATTERN = "lint/pattern", Lint, Warning, "A filter pattern is wrong";
    PATTERN_ORDER = "lint/pattern-order", Lint, Warning, "A pattern takes back nothing";
    ACTION_METADATA = "lint/action-metadata", Lint, Warning, "An action is described incompletely";
    ACTION_FILE = "lint/action-file", Lint, Warning, "A file of an action is not there";
    ACTION_OUTPUT = "lint/action-output", Lint, Warning, "An output of an action is never given";
    EXPRESSION_PROPERTY = "lint/expression-property", Lint, Warning, "An expression looks up what is not there";
    EXPRESSION_ACCESS = "lint/expression-access", Lint, Warning, "An expression looks into a value that holds nothing";
    EXPRESSION_COMPARISON = "lint/expression-comparison", Lint, Warning, "A comparison has one answer only";
    EXPRESSION_ARGUMENT = "lint/expression-argument", Lint, Warning, "A function is given what it cannot use";
    EXPRESSION_TEXT = "lint/expression-text", Lint, Warning, "A list or mapping would become text";
    EXPRESSION_VALUE = "lint/expression-value", Lint, Warning, "An expression has another type than its place takes";
    FORMAT = "lint/format", Lint, Error, "A format does not fit its values";
    FORMAT_UNUSED = "lint/format-unused", Lint, Warning, "A format leaves out a value";
    FROM_JSON = "lint/from-json", Lint, Error, "A text is no JSON";
    CONDITION_TEXT = "lint/condition-text", Lint, Warning, "A condition always holds because of text around it";
    CONDITION_CONSTANT = "lint/condition-constant", Lint, Warning, "A condition has one answer only";
    SCRIPT_INJECTION = "lint/script-injection", Lint, Warning, "What strangers write becomes part of a script";
    TIMEOUT = "lint/timeout", Lint, Error, "A timeout is not above zero";
    ACTION_FORM = "lint/action-form", Lint, Error, "An action is named wrongly";
    LOCAL_ACTION = "lint/local-action", Lint, Error, "An action of the repository cannot be used";
    ACTION_NOT_FETCHED = "lint/action-not-fetched", Lint, Warning, "An action of the repository is not there yet";
    ACTION_INPUT = "lint/action-input", Lint, Warning, "An action does not have an input";
    ACTION_INPUT_MISSING = "lint/action-input-missing", Lint, Warning, "An action is not given what it requires";
    ACTION_INPUT_DEPRECATED = "lint/action-input-deprecated", Lint, Warning, "An input of an action is deprecated";
    ACTION_REFUSED = "lint/action-refused", Lint, Error, "GitHub does not run an action any more";
    ACTION_OUTDATED = "lint/action-outdated", Lint, Warning, "An action is too old";
    COMMAND_REFUSED = "lint/command-refused", Lint, Error, "A workflow command is refused";
    COMMAND_DEPRECATED = "lint/command-deprecated", Lint, Warning, "A workflow command is deprecated";
    SCRIPT_SYNTAX = "lint/script-syntax", Lint, Error, "A script is not well formed";
    SCRIPT_NAME = "lint/script-name", Lint, Warning, "A script uses a name that nothing defines";
    SCRIPT_VARIABLE = "lint/script-variable", Lint, Warning, "A script reads a variable that nothing sets";
    RUNNER_LABEL = "lint/runner-label", Lint, Warning, "A label of GitHub's runners does not exist";
    RUNNER_CONFLICT = "lint/runner-conflict", Lint, Error, "No runner can have all labels";
    MATRIX_TWICE = "lint/matrix-twice", Lint, Warning, "A matrix has a value twice";
    MATRIX_EXCLUDE = "lint/matrix-exclude", Lint, Warning, "A matrix excludes what it does not have";
    MATRIX_SIZE = "lint/matrix-size", Lint, Error, "A matrix is too large";
    NEEDS_TWICE = "lint/needs-twice", Lint, Warning, "A job is needed twice";
    VARIABLE_NAME = "lint/variable-name", Lint, Warning, "A variable has an unusable name";
    VERSION_NUMBER = "lint/version-number", Lint, Warning, "A version loses a zero";
    PASSWORD = "lint/password", Lint, Warning, "A password is written in the file";
    SHELL_NAME = "lint/shell-name", Lint, Error, "A shell is not known";
    SHELL_MISSING = "lint/shell-missing", Lint, Warning, "A shell is not there on the runner";
    IGNORE = "lint/ignore", Lint, Warning, "A comment about findings is wrong";
    IGNORE_UNUSED = "lint/unused-ignore", Lint, Warning, "A comment ignores nothing";
    NO_STEPS = "lint/no-steps", Lint, Warning, "A job has nothing to do";
    EMPTY_LIST = "lint/empty-list", Lint, Warning, "A list is empty";
    UNREACHABLE = "lint/unreachable-job", Lint, Warning, "A job can never run";
    SNAPSHOT_VERSION = "lint/snapshot-version", Lint, Error, "The version of an image is not one";
    CONCURRENCY = "lint/concurrency", Lint, Error, "A job waits for its own workflow";
    UNSUPPORTED = "engine/unsupported", Engine, Error, "Loom does not do this yet";
    IGNORED = "engine/ignored", Engine, Warning, "This has no effect here";
    EXPRESSION = "engine/expression", Engine, Error, "Loom does not evaluate expressions yet";
    EVALUATION = "engine/evaluation", Engine, Error, "A value cannot be computed";
    MATRIX = "engine/matrix", Engine, Error, "A matrix has no combinations";
    INPUT = "engine/input", Engine, Error, "An input does not fit";
    SHELL = "engine/shell", Engine, Error, "The shell cannot be used here";
    VARIABLE = "engine/variable", Engine, Error, "No program can be given this variable";
    IMAGE = "engine/image", Engine, Error, "This cannot be the name of an image";
    TOO_LARGE = "engine/too-large", Engine, Error, "The plan is too large";
    UNKNOWN_JOB = "engine/unknown-job", Engine, Error, "The asked-for job does not exist";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_unique_and_well_formed() {
        let mut seen = std::collections::HashSet::new();
        for code in all() {
            assert!(seen.insert(*code), "{code} is there twice");
            assert_eq!(Code::find(code.as_str()), Some(*code));
            let (area, name) = code.as_str().split_once('/').unwrap();
            assert!(
                [area, name]
                    .iter()
                    .all(|part| part.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'))
            );
        }
        assert_eq!(Code::find("nope"), None);
    }

    #[test]
    fn what_was_meant_is_guessed() {
        for (text, want) in [
            ("unknown-key", &["schema/unknown-key"][..]),
            ("lint/unknown-key", &["schema/unknown-key"]),
            ("matrix", &["schema/matrix", "engine/matrix"]),
            ("too-large", &["yaml/too-large", "engine/too-large"]),
            ("schema/unkown-key", &["schema/unknown-key"]),
            ("schemas/unknown_key", &["schema/unknown-key"]),
            ("unkown_key", &["schema/unknown-key"]),
            ("cicle", &["schema/cycle"]),
            ("something-else", &[]),
            ("", &[]),
        ] {
            let meant: Vec<&str> = Code::meant(text).iter().map(|code| code.as_str()).collect();
            assert_eq!(meant, want, "{text}");
        }
    }
}
