//! How pieces of work ended, as products report it: which failed, which went well again, and what is usual. Pure.

use std::collections::{BTreeMap, VecDeque};

use loom_protocol::Timestamp;
use serde::{Deserialize, Serialize};

use super::evaluation::Reading;
use super::rule::{Condition, FACTOR, Rule, WorkEvent};
use super::warning::{About, duration};
use super::watch::Level;

/// Pieces of work whose ends are kept, for previews.
const KEPT: usize = 1_000;
/// Subjects that are known.
const SUBJECTS: usize = 1_000;
/// Durations of a subject from which the usual one is found.
const DURATIONS: usize = 20;
/// So many are needed to say what is usual.
const ENOUGH: usize = 5;
/// Letters of what is told.
const LONGEST: usize = 300;

/// How one piece of work ended. What kinds of work there are, and what they are on, is the product's to say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkOutcome {
    /// The kind of work, as one word: `run`.
    pub kind: String,
    /// What it was on, the same for all pieces that are compared with each other.
    pub subject: String,
    /// Which piece it was. One that is reported again counts once.
    pub id: String,
    /// How it ended.
    pub result: WorkResult,
    /// Milliseconds that it took.
    pub took: u64,
    /// When it ended.
    pub ended: Timestamp,
    /// Where there is more to see, as a path of the page.
    pub link: Option<String>,
}

/// How work ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum WorkResult {
    /// As it should.
    Succeeded,
    /// Not as it should.
    Failed,
    /// Somebody did not want it any more: it says nothing.
    Cancelled,
}

/// What is known of work.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct WorkLog {
    kept: VecDeque<WorkOutcome>,
    /// By kind and subject.
    subjects: BTreeMap<String, Subject>,
}

/// What is known of one subject.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Subject {
    /// Of those that succeeded, the last ones.
    durations: VecDeque<u64>,
    /// Since the last that succeeded.
    failures: u64,
    /// When the last one ended.
    last: i64,
}

/// A piece of work beside those before it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Judged {
    pub(crate) outcome: WorkOutcome,
    /// Failures in a row, before it.
    failures: u64,
    /// Milliseconds that the ones before took, where that is known.
    usual: Option<u64>,
}

impl WorkOutcome {
    /// What it is compared with.
    fn key(&self) -> String {
        format!("{}\n{}", self.kind, self.subject)
    }

    /// Cut to what may be kept.
    fn bounded(mut self) -> Self {
        for text in [&mut self.kind, &mut self.subject, &mut self.id] {
            *text = text
                .chars()
                .filter(|letter| !letter.is_control())
                .take(LONGEST)
                .collect();
        }
        // Nothing that leads out of the page.
        let is_path =
            |link: &String| link.starts_with('/') && !link.starts_with("//") && link.len() <= LONGEST;
        self.link = self.link.filter(is_path);
        self
    }
}

impl WorkLog {
    /// Takes in how a piece of work ended; nothing when that is known already.
    pub(crate) fn take(&mut self, outcome: WorkOutcome) -> Option<Judged> {
        let outcome = outcome.bounded();
        let is_same = |other: &WorkOutcome| other.kind == outcome.kind && other.id == outcome.id;
        if self.kept.iter().rev().any(is_same) {
            return None;
        }
        let key = outcome.key();
        if !self.subjects.contains_key(&key) && self.subjects.len() >= SUBJECTS {
            let oldest = self.subjects.iter().min_by_key(|(_, subject)| subject.last);
            let oldest = oldest.map(|(key, _)| key.clone());
            oldest.and_then(|key| self.subjects.remove(&key));
        }
        let judged = self.subjects.entry(key).or_default().take(&outcome);
        self.kept.push_back(outcome);
        if self.kept.len() > KEPT {
            self.kept.pop_front();
        }
        Some(judged)
    }

    /// All that is kept, each beside those before it.
    pub(crate) fn past(&self) -> Vec<Judged> {
        let mut again = Self::default();
        self.kept
            .iter()
            .filter_map(|outcome| again.take(outcome.clone()))
            .collect()
    }

    /// When the first that is kept ended.
    pub(crate) fn since(&self) -> Option<Timestamp> {
        self.kept.iter().map(|outcome| outcome.ended).min()
    }
}

impl Subject {
    fn take(&mut self, outcome: &WorkOutcome) -> Judged {
        let judged = Judged {
            outcome: outcome.clone(),
            failures: self.failures,
            usual: self.usual(),
        };
        self.last = outcome.ended.as_millis();
        match outcome.result {
            WorkResult::Succeeded => {
                self.failures = 0;
                self.durations.push_back(outcome.took);
                if self.durations.len() > DURATIONS {
                    self.durations.pop_front();
                }
            }
            WorkResult::Failed => self.failures = self.failures.saturating_add(1),
            WorkResult::Cancelled => {}
        }
        judged
    }

    /// The median.
    fn usual(&self) -> Option<u64> {
        let mut sorted: Vec<u64> = self.durations.iter().copied().collect();
        sorted.sort_unstable();
        let middle = sorted.get(sorted.len() / 2).copied();
        middle.filter(|_| sorted.len() >= ENOUGH)
    }
}

impl Judged {
    /// What it means to a rule; nothing where that does not look at it.
    #[expect(clippy::cast_precision_loss, reason = "durations and counts, told to people")]
    pub(crate) fn reading(&self, rule: &Rule) -> Option<Reading> {
        let Condition::Work {
            event,
            work,
            subject,
            factor,
        } = &rule.when
        else {
            return None;
        };
        let outcome = &self.outcome;
        let is_meant = (work.is_empty() || *work == outcome.kind)
            && (subject.is_empty() || fits(subject, &outcome.subject));
        if !is_meant {
            return None;
        }
        let factor = factor.unwrap_or(FACTOR);
        let (name, took) = (format!("{} {}", outcome.kind, outcome.subject), outcome.took);
        let (level, value, threshold, sentence) = match (event, outcome.result) {
            (WorkEvent::Failed, WorkResult::Failed) => {
                let failures = self.failures.saturating_add(1);
                let sentence = match failures {
                    1 => format!("{name} failed"),
                    _ => format!("{name} failed, {failures} times in a row"),
                };
                (Level::Bad, Some(failures as f64), None, sentence)
            }
            (WorkEvent::Failed, WorkResult::Succeeded) => (Level::Well, None, None, String::new()),
            (WorkEvent::Fixed, WorkResult::Succeeded) if self.failures > 0 => {
                let sentence = match self.failures {
                    1 => format!("{name} succeeded again after it had failed"),
                    failures => format!("{name} succeeded again after {failures} failures"),
                };
                (Level::Bad, Some(self.failures as f64), None, sentence)
            }
            (WorkEvent::Slower, WorkResult::Succeeded) => {
                let usual = self.usual?;
                let bound = usual as f64 * factor;
                if took as f64 > bound {
                    let (took_text, usual) = (duration(took), duration(usual));
                    let sentence = format!("{name} took {took_text}; usual are {usual}");
                    let seconds = |millis: f64| Some(millis / 1e3);
                    (Level::Bad, seconds(took as f64), seconds(bound), sentence)
                } else {
                    (Level::Well, None, None, String::new())
                }
            }
            _ => return None,
        };
        Some(Reading {
            about: About::Work,
            key: outcome.key(),
            subject: outcome.subject.clone(),
            level,
            is_heard: true,
            value,
            threshold,
            unit: None,
            sentence,
            link: outcome.link.clone(),
        })
    }
}

/// Whether a text is as a pattern, in which `*` stands for any letters, says.
fn fits(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.to_lowercase(), text.to_lowercase());
    let mut pieces = pattern.split('*');
    let first = pieces.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let mut last = None;
    for piece in pieces {
        if let Some(piece) = last.replace(piece) {
            match rest.split_once(piece) {
                Some((_, after)) => rest = after,
                None => return false,
            }
        }
    }
    last.map_or(rest.is_empty(), |last: &str| rest.ends_with(last))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::warnings::rule::defaults;

    fn rule(event: WorkEvent) -> Rule {
        let mut rule = defaults().remove(2);
        rule.when = Condition::Work {
            event,
            work: "run".to_owned(),
            subject: "C*".to_owned(),
            factor: None,
        };
        rule
    }

    /// What each outcome means to a rule: `!` not well, `.` well, `-` nothing.
    fn levels(event: WorkEvent, outcomes: &[(WorkResult, u64)]) -> String {
        let (mut log, rule) = (WorkLog::default(), rule(event));
        let outcomes = (0..).zip(outcomes);
        outcomes
            .map(|(number, (result, took))| {
                let outcome = WorkOutcome {
                    kind: "run".to_owned(),
                    subject: "CI".to_owned(),
                    id: format!("{number}"),
                    result: *result,
                    took: *took,
                    ended: Timestamp::from_millis(number),
                    link: None,
                };
                let judged = log.take(outcome.clone()).unwrap();
                assert_eq!(log.take(outcome), None, "each counts once");
                match judged.reading(&rule).map(|reading| reading.level) {
                    Some(Level::Bad) => '!',
                    Some(Level::Well) => '.',
                    _ => '-',
                }
            })
            .collect()
    }

    #[test]
    fn failed_fixed_and_slower_are_what_they_say() {
        use WorkResult::{Cancelled, Failed, Succeeded};
        let ends = [Succeeded, Failed, Failed, Cancelled, Succeeded, Succeeded].map(|result| (result, 1));
        assert_eq!(levels(WorkEvent::Failed, &ends), ".!!-..");
        assert_eq!(levels(WorkEvent::Fixed, &ends), "----!-");
        let slow: Vec<_> = [100, 100, 110, 90, 100, 200, 201, 100]
            .map(|took| (Succeeded, took))
            .into();
        assert_eq!(levels(WorkEvent::Slower, &slow), "-----.!.");
        let failed = [&slow[..5], &[(Failed, 900), (Cancelled, 900)]].concat();
        assert_eq!(levels(WorkEvent::Slower, &failed), "-------");
    }

    #[test]
    fn a_star_stands_for_any_letters() {
        for (pattern, text, expected) in [
            ("CI", "ci", true),
            ("CI", "CI 2", false),
            ("C*", "CI 2", true),
            ("*", "", true),
            ("a*b*c", "aXbYc", true),
            ("a*b*c", "aXcYb", false),
            ("*ab", "aab", true),
            ("a*a", "a", false),
        ] {
            assert_eq!(fits(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn links_stay_in_the_page_and_texts_are_bounded() {
        let outcome = |link: &str| WorkOutcome {
            kind: "run".to_owned(),
            subject: "x\r\n".repeat(1_000),
            id: "1".to_owned(),
            result: WorkResult::Failed,
            took: 1,
            ended: Timestamp::from_millis(1),
            link: Some(link.to_owned()),
        };
        let kept = outcome("/runs/1").bounded();
        assert_eq!(
            (kept.subject, kept.link.as_deref()),
            ("x".repeat(300), Some("/runs/1"))
        );
        for link in ["https://evil.example", "//evil.example", "javascript:x"] {
            assert_eq!(outcome(link).bounded().link, None);
        }
    }
}
