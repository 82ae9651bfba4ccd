//! Problem matchers at work: which lines of a step make annotations.

use std::borrow::Cow;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use super::annotation::{Annotation, Level, within};
use super::matchers::{Fields, Matcher, MatcherSet, level};

/// A longer line is not looked at: what it costs stays bounded.
const LONGEST_LINE: usize = 64 * 1024;

/// One step's matching: which patterns of several lines have got how far.
#[derive(Debug, Default)]
pub(super) struct Matching {
    set: MatcherSet,
    version: u64,
    running: Vec<Running>,
}

#[derive(Debug)]
struct Running {
    matcher: Arc<Matcher>,
    /// What the patterns before the last have matched, one slot each.
    reached: Vec<Option<Fields<String>>>,
}

impl Matching {
    pub(super) fn new(set: MatcherSet) -> Self {
        let mut matching = Self {
            set,
            version: u64::MAX,
            running: Vec::new(),
        };
        matching.refresh();
        matching
    }

    pub(super) fn set(&self) -> &MatcherSet {
        &self.set
    }

    /// Whether lines are to be asked about at all.
    pub(super) fn is_idle(&mut self) -> bool {
        self.refresh();
        self.running.is_empty()
    }

    /// The annotation that this line completes, and the line as it was looked at, without colours.
    pub(super) fn line<'a>(&mut self, line: &'a str, workspace: &str) -> Option<(Annotation, Cow<'a, str>)> {
        if self.is_idle() || line.len() > LONGEST_LINE {
            return None;
        }
        let plain = without_colours(line);
        for at in 0..self.running.len() {
            let Some(found) = self.running.get_mut(at).and_then(|running| running.line(&plain)) else {
                continue;
            };
            for (other, running) in self.running.iter_mut().enumerate() {
                if other != at {
                    running.reset();
                }
            }
            if let Some(annotation) = annotation(&found, workspace) {
                return Some((annotation, plain));
            }
        }
        None
    }

    fn refresh(&mut self) {
        if self.version == self.set.shared.version.load(Ordering::Acquire) {
            return;
        }
        let matchers = self
            .set
            .shared
            .matchers
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        self.version = self.set.shared.version.load(Ordering::Acquire);
        let mut before = std::mem::take(&mut self.running);
        for matcher in matchers.iter() {
            let known = before
                .iter()
                .position(|running| Arc::ptr_eq(&running.matcher, matcher));
            self.running.push(match known {
                Some(at) => before.swap_remove(at),
                None => Running::new(Arc::clone(matcher)),
            });
        }
    }
}

impl Running {
    fn new(matcher: Arc<Matcher>) -> Self {
        let mut running = Self {
            matcher,
            reached: Vec::new(),
        };
        running.reset();
        running
    }

    fn reset(&mut self) {
        self.reached = vec![None; self.matcher.patterns.len().saturating_sub(1)];
    }

    fn line(&mut self, line: &str) -> Option<Fields<String>> {
        let matcher = Arc::clone(&self.matcher);
        let last = matcher.patterns.len().saturating_sub(1);
        for (at, pattern) in matcher.patterns.iter().enumerate().rev() {
            let before = match at.checked_sub(1) {
                None => None,
                Some(earlier) => match self.reached.get(earlier).cloned().flatten() {
                    None => continue,
                    some => some,
                },
            };
            let found = pattern.fields(line, before.as_ref());
            if at < last {
                if let Some(slot) = self.reached.get_mut(at) {
                    *slot = found;
                }
                continue;
            }
            let Some(mut found) = found else {
                // A broken run starts anew.
                if let Some(slot) = at.checked_sub(1).and_then(|at| self.reached.get_mut(at)) {
                    *slot = None;
                }
                continue;
            };
            self.reset();
            if pattern.repeats
                && let Some(slot) = self.reached.last_mut()
            {
                *slot = before;
            }
            let or_default = |own: Option<String>, default: &Option<String>| {
                own.filter(|own| !own.is_empty()).or_else(|| default.clone())
            };
            found.severity = or_default(found.severity, &matcher.severity);
            found.from_path = or_default(found.from_path, &matcher.from_path);
            return Some(found);
        }
        None
    }
}

/// `None` when there is no message, or a severity that is none: the line is ordinary then.
fn annotation(found: &Fields<String>, workspace: &str) -> Option<Annotation> {
    let level = match found.severity.as_deref() {
        None | Some("") => Level::Error,
        Some(severity) => level(severity)?,
    };
    let message = found
        .message
        .as_deref()
        .filter(|message| !message.trim().is_empty())?;
    let number = |text: &Option<String>| text.as_deref().and_then(|text| text.parse::<u32>().ok());
    let file = found.file.as_deref().filter(|file| !file.trim().is_empty());
    let file = file.and_then(|file| {
        let from = found.from_path.as_deref().filter(|_| !file.starts_with('/'));
        let directory = from
            .and_then(|from| from.rsplit_once(['/', '\\']))
            .map(|(directory, _)| directory);
        let path = match directory {
            Some(directory) => format!("{directory}/{file}"),
            None => file.to_owned(),
        };
        // A place outside the workspace is none that anyone could open.
        within(workspace, &path).filter(|path| !path.starts_with('/'))
    });
    Some(Annotation {
        file,
        line: number(&found.line),
        column: number(&found.column),
        code: found
            .code
            .as_deref()
            .map(str::trim)
            .filter(|code| !code.is_empty())
            .map(str::to_owned),
        ..Annotation::new(level, message)
    })
}

fn without_colours(line: &str) -> Cow<'_, str> {
    if !line.contains("\u{1b}[") {
        return Cow::Borrowed(line);
    }
    let mut pieces = line.split("\u{1b}[");
    let mut plain = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let rest = piece.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';');
        plain.push_str(rest.strip_prefix('m').unwrap_or(rest));
    }
    Cow::Owned(plain)
}
