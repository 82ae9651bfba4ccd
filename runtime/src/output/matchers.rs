//! Problem matchers: patterns that make annotations of a step's ordinary lines. The JSON form is GitHub's.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use regex_automata::meta::Regex;
use serde::Deserialize;
use thiserror::Error;

use super::annotation::Level;
use super::pattern::{PatternError, compile};

/// A file of problem matchers cannot be taken. The step that named it fails.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum MatcherError {
    /// It is no JSON of this form.
    #[error("it is no JSON of problem matchers: {0}")]
    Json(#[source] serde_json::Error),
    /// A matcher has no owner.
    #[error("a problem matcher has no `owner`")]
    NoOwner,
    /// Two matchers have one owner.
    #[error("two problem matchers have the owner `{0}`")]
    Twice(String),
    /// A matcher is not well formed.
    #[error("the problem matcher `{owner}` {reason}")]
    Malformed {
        /// Whose it is.
        owner: String,
        /// What is wrong.
        reason: String,
    },
}

/// The problem matchers of a job. All clones are one: what a step adds counts for the steps after it too, as in the
/// runner. Where a match has got to is each step's own.
#[derive(Clone, Debug, Default)]
pub struct MatcherSet {
    pub(super) shared: Arc<Shared>,
}

#[derive(Debug, Default)]
pub(super) struct Shared {
    pub(super) version: AtomicU64,
    pub(super) matchers: RwLock<Vec<Arc<Matcher>>>,
}

#[derive(Debug)]
pub(super) struct Matcher {
    pub(super) owner: String,
    pub(super) severity: Option<String>,
    pub(super) from_path: Option<String>,
    pub(super) patterns: Vec<Pattern>,
}

#[derive(Debug)]
pub(super) struct Pattern {
    pub(super) regex: Regex,
    pub(super) groups: Fields<usize>,
    pub(super) repeats: bool,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Fields<T> {
    pub(super) file: Option<T>,
    pub(super) line: Option<T>,
    pub(super) column: Option<T>,
    pub(super) severity: Option<T>,
    pub(super) code: Option<T>,
    pub(super) message: Option<T>,
    pub(super) from_path: Option<T>,
}

#[derive(Deserialize)]
struct MatchersFile {
    #[serde(rename = "problemMatcher", default)]
    matchers: Vec<MatcherEntry>,
}

#[derive(Deserialize)]
struct MatcherEntry {
    #[serde(default)]
    owner: Option<String>,
    #[serde(default)]
    severity: Option<String>,
    #[serde(rename = "fromPath", default)]
    from_path: Option<String>,
    #[serde(default)]
    pattern: serde_json::Value,
}

#[derive(Deserialize)]
struct PatternEntry {
    #[serde(default)]
    regexp: Option<String>,
    file: Option<usize>,
    line: Option<usize>,
    column: Option<usize>,
    severity: Option<usize>,
    code: Option<usize>,
    message: Option<usize>,
    #[serde(rename = "fromPath")]
    from_path: Option<usize>,
    #[serde(rename = "loop", default)]
    repeats: bool,
}

impl MatcherSet {
    /// None.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the matchers of a file; those of the same owners go. Gives a sentence for each that is left out because
    /// its pattern needs what a linear engine has not.
    ///
    /// # Errors
    /// When the file is not well formed. Then nothing of it is taken.
    pub fn add(&self, json: &[u8]) -> Result<Vec<String>, MatcherError> {
        let mut left_out = Vec::new();
        let mut new: Vec<Arc<Matcher>> = Vec::new();
        let mut owners = HashSet::new();
        for entry in parse(json)? {
            let owner = owner_of(&entry)?;
            if !owners.insert(owner.to_lowercase()) {
                return Err(MatcherError::Twice(owner));
            }
            match Matcher::new(owner, entry)? {
                Ok(matcher) => new.push(Arc::new(matcher)),
                Err(reason) => left_out.push(reason),
            }
        }
        // The last of a file is asked first, as in the runner.
        new.reverse();
        self.change(|matchers| {
            matchers.retain(|matcher| !owners.contains(&matcher.owner.to_lowercase()));
            matchers.splice(0..0, new);
        });
        Ok(left_out)
    }

    /// Takes the matchers of an owner away.
    pub fn remove_owner(&self, owner: &str) {
        let owner = owner.to_lowercase();
        self.change(|matchers| matchers.retain(|matcher| matcher.owner.to_lowercase() != owner));
    }

    /// Takes the matchers of the owners in a file away.
    ///
    /// # Errors
    /// When the file is not well formed.
    pub fn remove_file(&self, json: &[u8]) -> Result<(), MatcherError> {
        for entry in parse(json)? {
            self.remove_owner(&owner_of(&entry)?);
        }
        Ok(())
    }

    fn change(&self, change: impl FnOnce(&mut Vec<Arc<Matcher>>)) {
        let mut matchers = self
            .shared
            .matchers
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        change(&mut matchers);
        self.shared.version.fetch_add(1, Ordering::Release);
    }
}

fn parse(json: &[u8]) -> Result<Vec<MatcherEntry>, MatcherError> {
    let json = json.strip_prefix(b"\xef\xbb\xbf").unwrap_or(json);
    let file: MatchersFile = serde_json::from_slice(json).map_err(MatcherError::Json)?;
    Ok(file.matchers)
}

fn owner_of(entry: &MatcherEntry) -> Result<String, MatcherError> {
    entry
        .owner
        .clone()
        .filter(|owner| !owner.is_empty())
        .ok_or(MatcherError::NoOwner)
}

impl Matcher {
    /// The inner error: a pattern that other engines may take.
    fn new(owner: String, entry: MatcherEntry) -> Result<Result<Self, String>, MatcherError> {
        let malformed = |reason: String| MatcherError::Malformed {
            owner: owner.clone(),
            reason,
        };
        let severity = entry.severity.filter(|severity| !severity.is_empty());
        if severity
            .as_deref()
            .is_some_and(|severity| level(severity).is_none())
        {
            return Err(malformed(
                "has a `severity` that is not `error`, `warning` or `notice`".to_owned(),
            ));
        }
        let entries: Vec<PatternEntry> = match entry.pattern {
            serde_json::Value::Null => Vec::new(),
            one @ serde_json::Value::Object(_) => {
                vec![serde_json::from_value(one).map_err(MatcherError::Json)?]
            }
            more => serde_json::from_value(more).map_err(MatcherError::Json)?,
        };
        let Some(last) = entries.len().checked_sub(1) else {
            return Err(malformed("has no `pattern`".to_owned()));
        };
        let mut patterns = Vec::new();
        let mut set: HashSet<&'static str> = HashSet::new();
        for (at, entry) in entries.into_iter().enumerate() {
            if entry.repeats && (at == 0 || at != last) {
                return Err(malformed(
                    "sets `loop` on a pattern that is not the last of several".to_owned(),
                ));
            }
            if entry.repeats && entry.message.is_none() {
                return Err(malformed("sets `loop` on a pattern without `message`".to_owned()));
            }
            let regex = match compile(entry.regexp.as_deref().unwrap_or_default()) {
                Ok(regex) => regex,
                Err(PatternError::Invalid(reason)) => {
                    return Err(malformed(format!(
                        "has a pattern that is no regular expression: {reason}"
                    )));
                }
                Err(PatternError::Unsupported(reason)) => {
                    return Ok(Err(format!(
                        "the problem matcher `{owner}` is left out: Loom cannot use its pattern ({reason})"
                    )));
                }
            };
            let named = [
                ("file", entry.file),
                ("line", entry.line),
                ("column", entry.column),
                ("severity", entry.severity),
                ("code", entry.code),
                ("message", entry.message),
                ("fromPath", entry.from_path),
            ];
            for (name, group) in named {
                let Some(group) = group else { continue };
                if !set.insert(name) {
                    return Err(malformed(format!("sets `{name}` twice")));
                }
                if group >= regex.captures_len() {
                    return Err(malformed(format!(
                        "sets `{name}` to {group}, a group that its pattern has not"
                    )));
                }
            }
            patterns.push(Pattern {
                regex,
                groups: Fields {
                    file: entry.file,
                    line: entry.line,
                    column: entry.column,
                    severity: entry.severity,
                    code: entry.code,
                    message: entry.message,
                    from_path: entry.from_path,
                },
                repeats: entry.repeats,
            });
        }
        if !set.contains("message") {
            return Err(malformed("sets `message` in no pattern".to_owned()));
        }
        Ok(Ok(Self {
            owner,
            severity,
            from_path: entry.from_path.filter(|path| !path.is_empty()),
            patterns,
        }))
    }
}

impl Pattern {
    /// What the line says by this pattern; what an earlier line said comes first.
    pub(super) fn fields(&self, line: &str, before: Option<&Fields<String>>) -> Option<Fields<String>> {
        if !self.regex.is_match(line) {
            return None;
        }
        let mut captures = self.regex.create_captures();
        self.regex.captures(line, &mut captures);
        let take = |before: Option<&String>, group: Option<usize>| {
            before.cloned().or_else(|| {
                let span = group.map(|group| captures.get_group(group))?;
                Some(
                    span.and_then(|span| line.get(span.range()))
                        .unwrap_or_default()
                        .to_owned(),
                )
            })
        };
        let g = &self.groups;
        Some(Fields {
            file: take(before.and_then(|f| f.file.as_ref()), g.file),
            line: take(before.and_then(|f| f.line.as_ref()), g.line),
            column: take(before.and_then(|f| f.column.as_ref()), g.column),
            severity: take(before.and_then(|f| f.severity.as_ref()), g.severity),
            code: take(before.and_then(|f| f.code.as_ref()), g.code),
            message: take(before.and_then(|f| f.message.as_ref()), g.message),
            from_path: take(before.and_then(|f| f.from_path.as_ref()), g.from_path),
        })
    }
}

pub(super) fn level(severity: &str) -> Option<Level> {
    [
        ("error", Level::Error),
        ("warning", Level::Warning),
        ("notice", Level::Notice),
    ]
    .into_iter()
    .find_map(|(name, level)| name.eq_ignore_ascii_case(severity).then_some(level))
}

#[cfg(test)]
mod tests {
    use super::super::matching::Matching;
    use super::*;

    fn set(json: &str) -> MatcherSet {
        let set = MatcherSet::new();
        assert_eq!(set.add(json.as_bytes()).unwrap(), [""; 0]);
        set
    }

    fn shown(matching: &mut Matching, lines: &str) -> Vec<String> {
        lines
            .lines()
            .filter_map(|line| matching.line(line, "/w"))
            .map(|(a, _)| {
                let number = |n: Option<u32>| n.map(|n| n.to_string()).unwrap_or_default();
                format!(
                    "{:?} {}:{}:{} [{}] {}",
                    a.level,
                    a.file.unwrap_or_default(),
                    number(a.line),
                    number(a.column),
                    a.code.unwrap_or_default(),
                    a.message
                )
            })
            .collect()
    }

    const TSC: &str = r#"{"problemMatcher": [{"owner": "tsc", "pattern": [{
        "regexp": "^(?:\\s+\\d+\\>)?([^\\s].*)\\((\\d+),(\\d+)\\)\\s*:\\s+(error|warning|info)\\s+(\\w{1,2}\\d+)\\s*:\\s*(.*)$",
        "file": 1, "line": 2, "column": 3, "severity": 4, "code": 5, "message": 6}]}]}"#;

    const ESLINT: &str = r#"{"problemMatcher": [{"owner": "eslint-stylish", "pattern": [
        {"regexp": "^([^\\s].*)$", "file": 1},
        {"regexp": "^\\s+(\\d+):(\\d+)\\s+(error|warning|info)\\s+(.*)\\s\\s+(.*)$",
         "line": 1, "column": 2, "severity": 3, "message": 4, "code": 5, "loop": true}]}]}"#;

    #[test]
    fn a_single_pattern_makes_an_annotation_a_line() {
        let mut matching = Matching::new(set(TSC));
        assert_eq!(
            shown(
                &mut matching,
                "src/a.ts(3,5): error TS2304: Cannot find name 'x'.\n\
                 nothing\n\
                 /w/src/b.ts(1,2): warning TS1: \u{1b}[31mred\u{1b}[0m\n\
                 /elsewhere/b.ts(1,2): error TS1: m\n\
                 a.ts(1,2): info TS1: not a level"
            ),
            [
                "Error src/a.ts:3:5 [TS2304] Cannot find name 'x'.",
                "Warning src/b.ts:1:2 [TS1] red",
                "Error :1:2 [TS1] m",
            ]
        );
    }

    #[test]
    fn the_last_pattern_loops_until_a_line_breaks_it() {
        let mut matching = Matching::new(set(ESLINT));
        assert_eq!(
            shown(
                &mut matching,
                "/w/src/a.js\n  1:2  error  One thing  no-one\n  3:4  warning  Other  no-two\n\n  5:6  error  Lost  x\n\
                 src/b.js\n  7:8  error  Third  z"
            ),
            [
                "Error src/a.js:1:2 [no-one] One thing",
                "Warning src/a.js:3:4 [no-two] Other",
                "Error src/b.js:7:8 [z] Third",
            ]
        );
    }

    #[test]
    fn three_lines_without_a_loop_make_one() {
        let json = r#"{"problemMatcher": [{"owner": "py", "severity": "warning", "fromPath": "sub/x.proj", "pattern": [
            {"regexp": "^\\s*File\\s\\\"(.*)\\\",\\sline\\s(\\d+),\\sin\\s(.*)$", "file": 1, "line": 2},
            {"regexp": "^\\s*raise\\s(.*)\\(\\'(.*)\\'\\)$", "message": 2}]}]}"#;
        let mut matching = Matching::new(set(json));
        assert_eq!(
            shown(
                &mut matching,
                "  File \"a.py\", line 7, in f\n    raise Error('bad')\n    raise Error('again')"
            ),
            ["Warning sub/a.py:7: [] bad"]
        );
    }

    #[test]
    fn owners_replace_and_remove_in_any_case() {
        let matchers = set(TSC);
        let mut matching = Matching::new(matchers.clone());
        let line = "a.ts(1,2): error TS1: m";
        matchers.add(ESLINT.as_bytes()).unwrap();
        matchers.remove_owner("TSC");
        assert_eq!(shown(&mut matching, line), [""; 0]);
        matchers.add(TSC.as_bytes()).unwrap();
        matchers.add(TSC.as_bytes()).unwrap();
        assert_eq!(shown(&mut matching, line).len(), 1);
        matchers.remove_file(TSC.as_bytes()).unwrap();
        matchers.remove_file(ESLINT.as_bytes()).unwrap();
        assert!(matching.is_idle());
    }

    #[test]
    fn files_that_are_not_well_formed_are_refused_whole() {
        let matcher = |rest: &str| format!(r#"{{"problemMatcher": [{{"owner": "o", {rest}}}]}}"#);
        for (json, said) in [
            ("[".to_owned(), "no JSON"),
            (
                r#"{"problemMatcher": [{"pattern": []}]}"#.to_owned(),
                "no `owner`",
            ),
            (matcher(r#""pattern": []"#), "no `pattern`"),
            (matcher(r#""severity": "fatal", "pattern": []"#), "`severity`"),
            (
                matcher(r#""pattern": [{"regexp": "(x)", "file": 1}]"#),
                "`message` in no",
            ),
            (matcher(r#""pattern": [{"regexp": "(x)", "message": 2}]"#), "to 2"),
            (
                matcher(r#""pattern": [{"regexp": "(x)", "message": 1, "loop": true}]"#),
                "`loop`",
            ),
            (
                matcher(r#""pattern": [{"regexp": "(x)", "message": 1}, {"regexp": "(x)", "message": 1}]"#),
                "twice",
            ),
            (
                matcher(r#""pattern": [{"regexp": "(x", "message": 1}]"#),
                "no regular expression",
            ),
            (
                matcher(r#""pattern": {"regexp": "(x)**", "message": 1}"#),
                "a quantifier follows a quantifier",
            ),
        ] {
            let set = MatcherSet::new();
            let error = set.add(json.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
            assert!(Matching::new(set).is_idle());
        }
        let twice = format!(
            "{{\"problemMatcher\": [{0}, {0}]}}",
            r#"{"owner": "o", "pattern": {"regexp": "", "message": 0}}"#
        );
        assert!(matches!(
            MatcherSet::new().add(twice.as_bytes()),
            Err(MatcherError::Twice(_))
        ));
        assert!(MatcherSet::new().add(b"\xef\xbb\xbf{}").unwrap().is_empty());
    }

    #[test]
    fn a_pattern_with_look_around_is_left_out_and_said() {
        let json =
            r#"{"problemMatcher": [{"owner": "o", "pattern": [{"regexp": "(?=x)(.*)", "message": 1}]}]}"#;
        let set = MatcherSet::new();
        let left_out = set.add(json.as_bytes()).unwrap();
        assert!(left_out[0].contains("`o` is left out"), "{left_out:?}");
    }
}
