//! Every code a diagnostic can have, in one table: its level, severity, title and explanation.
//!
//! Codes are stable for ever: scripts filter by them, and `loom-runtime explain CODE` prints what stands here. A
//! code is never renamed nor given another meaning; a rule that goes away keeps its row.

use std::fmt;
use std::hash::{Hash, Hasher};

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
    /// Worth knowing; nothing is refused for it.
    Warning,
    /// Wrong.
    Error,
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
    /// What it means, why it is one, and what to do: a paragraph for `explain`.
    pub explanation: &'static str,
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

    /// Its row of the table.
    #[must_use]
    pub fn info(self) -> &'static CodeInfo {
        self.0
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
    ($($name:ident = $text:literal, $level:ident, $severity:ident, $title:literal, $explanation:literal;)+) => {
        $(
            #[doc = $title]
            pub const $name: Code = Code(&CodeInfo {
                text: $text,
                level: Level::$level,
                severity: Severity::$severity,
                title: $title,
                explanation: $explanation,
            });
        )+

        static TABLE: &[Code] = &[$($name),+];
    };
}

codes! {
    YAML_SYNTAX = "yaml/syntax", Schema, Error, "The file is not YAML",
        "The text cannot be read as YAML at all, so nothing else in it was checked. Usual causes: a tab in the \
         indentation, a value with `: ` or a leading `*`, `&`, `!`, `%`, `@` that needs quotes, a bracket or quote that \
         is not closed, or lines that are indented differently from their neighbours.";
    YAML_EMPTY = "yaml/empty", Schema, Error, "The file is empty",
        "The file holds nothing but spaces and comments. A workflow needs at least `jobs` with one job.";
    YAML_TOO_LARGE = "yaml/too-large", Schema, Error, "The file is too large",
        "Files above 4 MiB are refused unread, so that a wrong path or a hostile file cannot take the machine down. \
         Real workflows are some kilobytes; move generated data into files that a step reads.";
    YAML_TOO_DEEP = "yaml/too-deep", Schema, Error, "The file is nested too deeply",
        "Lists and mappings may be nested 100 levels deep, aliases included. A workflow needs about ten.";
    YAML_TOO_MUCH = "yaml/too-much", Schema, Error, "The file stands for too much",
        "Once its aliases are written out, a file may stand for 500,000 values and 32 MiB of text. More than that is \
         usually an alias of an alias of an alias, which grows without bound.";
    YAML_MULTIPLE_DOCUMENTS = "yaml/multiple-documents", Schema, Error, "The file has more than one document",
        "A line `---` starts a second YAML document. A workflow file holds exactly one; put the other in its own file.";
    YAML_UNKNOWN_ANCHOR = "yaml/unknown-anchor", Schema, Error, "An alias names no anchor",
        "`*name` repeats a value that was marked `&name` earlier in the same file, and there is no such mark before \
         it. If the value should begin with a star, put it in quotes.";
    YAML_RECURSIVE_ALIAS = "yaml/recursive-alias", Schema, Error, "An alias contains itself",
        "The alias stands inside the very value it repeats, which would never end.";
    YAML_MERGE_KEY = "yaml/merge-key", Schema, Error, "Merge keys are not supported",
        "`<<` is not part of YAML 1.2, and GitHub refuses it although it knows anchors and aliases. Write the keys out, \
         or repeat the whole value by an alias.";
    YAML_DUPLICATE_KEY = "yaml/duplicate-key", Schema, Error, "A key is written twice",
        "A mapping may hold each key once. Keys are compared without regard to case, as GitHub does, so `FOO` and \
         `foo` are the same key. Rename or remove one.";
    YAML_COMPLEX_KEY = "yaml/complex-key", Schema, Error, "A key is not a word",
        "A list or mapping stands where the name of a key belongs. Usually a value such as `{{ name }}` or `[x]` was \
         meant as text and needs quotes.";
    YAML_TAG = "yaml/tag", Schema, Error, "A tag does not fit",
        "A tag (`!!int`, `!!str`, …) forces the type of a value. Either this tag is not one of YAML's core types, or \
         the value is not of the type that the tag asks for.";
    UNKNOWN_KEY = "schema/unknown-key", Schema, Error, "A key is not known here",
        "The key does not exist at this place. Keys are lowercase, with `-` between words, and each belongs to one \
         level: `needs` to a job, `run` to a step.";
    MISSING_KEY = "schema/missing-key", Schema, Error, "A key is missing",
        "Something cannot do without this key: a workflow needs `jobs` (GitHub's also `on`), a job needs `steps` \
         (GitHub's also `runs-on`), a step needs `run` or `uses`.";
    KEY_CONFLICT = "schema/key-conflict", Schema, Error, "Two keys exclude each other",
        "Both keys are known, but not together: a step either runs a script or uses an action, a job either has steps \
         or calls another workflow, and some keys belong to one of the two only.";
    WRONG_TYPE = "schema/type", Schema, Error, "A value has the wrong type",
        "The key wants another kind of value: text, a number, a list or a mapping. Quotes make text of anything, so \
         `'5'` is not a number.";
    IGNORED_KEY = "schema/ignored-key", Schema, Warning, "A key is passed over",
        "The key does not exist at this place, and GitHub does not object to it: it behaves as if it were not there. \
         Usually it is a typo, or belongs to another level.";
    UNKNOWN_VALUE = "schema/value", Schema, Error, "A value is not one of those that are allowed",
        "The key takes a few words only, such as the names of events under `on`, or `read`, `write` and `none` under \
         `permissions`. They are compared with regard to case.";
    EMPTY_VALUE = "schema/empty", Schema, Error, "A value is empty",
        "The key is there but holds nothing. Give it a value or remove the key.";
    JOB_ID = "schema/job-id", Schema, Error, "A job id is not allowed",
        "Ids of jobs start with a letter or `_`, go on with letters, digits, `-` and `_`, are shorter than 100 \
         characters, and do not start with `__`, which is reserved. Use `name` for what people read.";
    STEP_ID = "schema/step-id", Schema, Error, "A step id is not allowed",
        "Ids of steps follow the rule of job ids: a letter or `_`, then letters, digits, `-` and `_`, shorter than 100 \
         characters, not starting with `__`. Use `name` for what people read.";
    DUPLICATE_STEP_ID = "schema/duplicate-step-id", Schema, Error, "Two steps have one id",
        "Within a job every step id is unique, without regard to case: expressions could not tell the two apart.";
    UNKNOWN_STEP = "schema/unknown-step", Schema, Error, "A step waits for one that is not there",
        "`wait` and `cancel` name ids of steps that stand before them in the same job, usually such with \
         `background: true`.";
    UNKNOWN_NEEDS = "schema/unknown-needs", Schema, Error, "A needed job does not exist",
        "`needs` names a job id of the same file, and no job has this one. Ids are the keys under `jobs`, not the \
         `name` of a job.";
    SELF_NEEDS = "schema/self-needs", Schema, Error, "A job needs itself",
        "The job would wait for its own end, so it could never start. Remove it from its own `needs`.";
    CYCLE = "schema/cycle", Schema, Error, "Jobs need each other in a circle",
        "Every job of the circle waits for another one of it, so none could ever start. Remove one of the `needs` that \
         are shown.";
    EXPRESSION_PLACE = "expression/place", Schema, Error, "An expression cannot stand here",
        "`${{ … }}` works only where the value is used after the run has begun. Names of workflows, triggers, ids and \
         `uses` are read before that, so they have to be written out.";
    EXPRESSION_SYNTAX = "expression/syntax", Schema, Error, "An expression cannot be read",
        "What stands between `${{` and `}}`, or after `if:`, is not an expression: it is empty, not closed, or not well \
         formed. Text is written in single quotes, and a quote within it twice: `'it''s'`.";
    EXPRESSION_NAME = "expression/name", Schema, Error, "An expression uses a name that is not known here",
        "A context such as `github` or `matrix`, or a function such as `hashFiles`, is misspelt or cannot be used at this \
         place: each key of a workflow is evaluated when only some contexts exist yet. Text stands in single quotes.";
    EXPRESSION_TOO_LONG = "expression/too-long", Schema, Error, "An expression is too long",
        "GitHub reads expressions of up to 21,000 characters. A text with `${{ … }}` in it becomes one expression, so a \
         long script counts whole. Put the expressions into `env` and use the variables in the script.";
    CRON = "schema/cron", Schema, Error, "A schedule cannot be read",
        "`cron` has five fields: minute, hour, day of the month, month, day of the week (0 is Sunday). Each is `*`, a \
         number, a range `1-5`, a step `*/15`, or a list of these with commas. Names such as `@daily` are not known.";
    CALL = "schema/call", Schema, Error, "A workflow cannot be called",
        "A job calls a workflow of the same repository that is not there, has mistakes itself, does not list \
         `workflow_call` among its events, calls itself in the end, or is nested deeper than GitHub allows.";
    CALL_INPUT = "schema/call-input", Schema, Error, "The inputs of a call do not fit",
        "What stands under `with` must fit `on.workflow_call.inputs` of the called workflow: every required input is given, \
         no other is, and values have the declared type.";
    CALL_SECRET = "schema/call-secret", Schema, Error, "The secrets of a call do not fit",
        "What stands under `secrets` must fit `on.workflow_call.secrets` of the called workflow: every required secret is \
         given and no other is. `secrets: inherit` passes all of them.";
    CALL_PERMISSIONS = "schema/call-permissions", Schema, Error, "A called workflow wants more rights than its caller has",
        "Rights can only become fewer from caller to called workflow. GitHub refuses to start a workflow whose called \
         workflows, or jobs in them, ask for more under `permissions` than the calling job has.";
    CALL_FORM = "lint/call-form", Lint, Error, "A called workflow is named wrongly",
        "`uses` of a job is either a path in the same repository, `./.github/workflows/FILE`, or a workflow of another one \
         at a version, `OWNER/REPOSITORY/.github/workflows/FILE@VERSION`.";
    EMPTY_MATRIX = "schema/empty-matrix", Schema, Error, "A key of a matrix has no values",
        "A job runs once for every combination of the values of its matrix. With an empty list there are none, and GitHub \
         refuses the workflow.";
    INPUT_OPTIONS = "schema/input-options", Schema, Error, "Options and type of an input do not fit",
        "An input of `type: choice` needs `options` with at least one value, and no other type has any.";
    INPUT_DEFAULT = "lint/input-default", Lint, Error, "The default of an input is not of its type",
        "Whoever starts the workflow without a value gets the default, which is no number, no truth value, or not among \
         the options that the input allows.";
    INPUT_TWICE = "lint/input-twice", Lint, Warning, "An input offers an option twice",
        "The same option stands twice in the list that people choose from; usually one of them should be another.";
    TOO_MANY_INPUTS = "schema/too-many-inputs", Schema, Error, "A workflow takes too many inputs",
        "`workflow_dispatch` may have up to 25 inputs. GitHub refuses a workflow with more.";
    CRON_INTERVAL = "lint/cron-interval", Lint, Warning, "A schedule asks for too many starts",
        "GitHub starts scheduled workflows every five minutes at most, whatever the schedule says, and often later.";
    TIMEZONE = "lint/timezone", Lint, Error, "A time zone is not known",
        "`timezone` is a name of the IANA list, `Europe/Berlin` or `America/New_York`, not an abbreviation or an offset.";
    PATTERN = "lint/pattern", Lint, Error, "A filter pattern is wrong",
        "The pattern of a filter is not well formed, or can match no branch, tag or path. Patterns are no regular \
         expressions: `*` is anything but `/`, `**` anything, `?` and `+` are about the character before them, `[]` is \
         one of some characters, and `!` in front takes back what patterns before it matched.";
    ACTION_METADATA = "lint/action-metadata", Lint, Warning, "An action is described incompletely",
        "`name` and `description` say what an action is, and `branding` how its badge looks. Actions run without them, but \
         cannot be published on the marketplace.";
    TIMEOUT = "lint/timeout", Lint, Error, "A timeout is not above zero",
        "`timeout-minutes` counts minutes and must be greater than zero. GitHub accepts other numbers and then behaves \
         as if the key were not there.";
    UNSUPPORTED = "engine/unsupported", Engine, Error, "Loom does not do this yet",
        "The workflow is valid, but this version of Loom does not do what the key asks for, and without it other \
         commands would run, or in another place. Loom refuses rather than to do something else silently.";
    IGNORED = "engine/ignored", Engine, Warning, "This has no effect here",
        "The key is valid and changes nothing about which commands run or where, so the run goes on without it.";
    EXPRESSION = "engine/expression", Engine, Error, "Loom does not evaluate expressions yet",
        "The value holds `${{ … }}`, which this version of Loom cannot evaluate. Use a plain value, or an environment \
         variable in a script.";
    SHELL = "engine/shell", Engine, Error, "The shell cannot be used here",
        "Loom runs steps on Linux: `bash`, `sh`, `python`, `pwsh`, or a command with `{0}` where the script's path \
         goes, such as `perl {0}`. Windows shells (`cmd`, `powershell`) do not exist there.";
    VARIABLE = "engine/variable", Engine, Error, "No program can be given this variable",
        "A process gets its variables as `NAME=value`, ended by a zero byte. A name that is empty or holds `=`, and a \
         zero byte in a name or value, cannot be passed on.";
    IMAGE = "engine/image", Engine, Error, "This cannot be the name of an image",
        "In `.loom.yml`, a word in `runs-on` that is not in the image table is the name of a Docker image, and names of \
         images are lowercase and hold no spaces. Name an image, or map the label with `--platform LABEL=IMAGE`.";
    TOO_LARGE = "engine/too-large", Engine, Error, "The plan is too large",
        "Every job gets its own copy of the variables and defaults of the workflow. Here these copies would take more \
         than 256 MiB, which no workflow needs: there are too many jobs with too much text.";
    UNKNOWN_JOB = "engine/unknown-job", Engine, Error, "The asked-for job does not exist",
        "A job was named on the command line that the workflow does not have.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_unique_well_formed_and_explained() {
        let mut seen = std::collections::HashSet::new();
        for code in all() {
            let info = code.info();
            assert!(seen.insert(*code), "{code} is there twice");
            assert_eq!(Code::find(code.as_str()), Some(*code));
            let (area, name) = code.as_str().split_once('/').unwrap();
            assert!(
                [area, name]
                    .iter()
                    .all(|part| part.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'))
            );
            assert!(
                info.explanation.ends_with('.') && info.explanation.len() > 60,
                "{code} is not explained"
            );
            assert!(!info.explanation.contains("  "), "{code} has ragged spaces");
        }
        assert_eq!(Code::find("nope"), None);
    }
}
