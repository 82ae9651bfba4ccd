//! When a rule would have fired, had there been one: the past, judged by what judges the present.

use loom_protocol::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::evaluation::{Change, Evaluation, Stretch};
use super::past::{STEP, Steps, found};
use super::rule::{Condition, Rule, RuleAsked, WorkEvent};
use super::warning::About;
use super::watch::Turn;
use super::work::Judged;
use crate::Intake;

/// Firings that are told.
const MOST: usize = 500;

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PreviewAsked {
    /// The rule that there might be.
    pub(crate) rule: RuleAsked,
    /// How far back.
    #[serde(default)]
    #[schema(default = "hour")]
    pub(crate) range: PreviewRange,
}

/// How far back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum PreviewRange {
    /// An hour, in steps of ten seconds, as the present is looked at.
    #[default]
    Hour,
    /// A day, in steps of a minute.
    Day,
    /// A week, in steps of a minute.
    Week,
}

/// When a rule would have fired.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Preview {
    /// Where what was looked at begins.
    #[schema(value_type = String, format = DateTime)]
    pub(crate) from: Timestamp,
    /// Where it ends.
    #[schema(value_type = String, format = DateTime)]
    pub(crate) to: Timestamp,
    /// Milliseconds of a step.
    pub(crate) step: i64,
    /// The oldest that is known of what the rule looks at; absent where nothing is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) since: Option<Timestamp>,
    /// When it would have fired, the first first.
    pub(crate) firings: Vec<Firing>,
    /// Firings that are not told because there are too many.
    pub(crate) more: usize,
    /// Names that were not looked at because there are too many.
    pub(crate) left_out: usize,
}

/// A time that a rule would have fired.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Firing {
    /// What the subject is.
    pub(crate) about: About,
    /// What it would have been of.
    pub(crate) subject: String,
    /// Since when it was not well.
    #[schema(value_type = String, format = DateTime)]
    pub(crate) since: Timestamp,
    /// When it would have fired.
    #[schema(value_type = String, format = DateTime)]
    pub(crate) fired: Timestamp,
    /// When it would have been resolved.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) resolved: Option<Timestamp>,
    /// What would have been said.
    pub(crate) sentence: String,
}

impl PreviewRange {
    fn seconds(self) -> i64 {
        match self {
            Self::Hour => 3_600,
            Self::Day => 86_400,
            Self::Week => 604_800,
        }
    }

    fn step(self) -> i64 {
        match self {
            Self::Hour => STEP,
            Self::Day | Self::Week => 60,
        }
    }

    /// Names that are looked at: each has a value a step.
    fn names(self) -> usize {
        match self {
            Self::Hour => 200,
            Self::Day => 50,
            Self::Week => 20,
        }
    }
}

/// When `rule` would have fired. `work` is what is known of how work ended. Waits for the disk.
pub(crate) fn preview(
    rule: &Rule,
    range: PreviewRange,
    intake: &Intake,
    work: (Vec<Judged>, Option<Timestamp>),
) -> Preview {
    let step = range.step();
    let newest = intake.history().newest();
    let newest = newest.unwrap_or_else(|| intake.now().as_millis().div_euclid(1_000));
    let to = (newest + 1).div_euclid(step) * step;
    let steps = Steps {
        from: to - range.seconds(),
        to,
        step,
    };
    let mut told = Preview {
        from: Timestamp::from_millis(steps.from * 1_000),
        to: Timestamp::from_millis(steps.to * 1_000),
        step: step * 1_000,
        since: None,
        firings: Vec::new(),
        more: 0,
        left_out: 0,
    };
    let mut evaluation = Evaluation::default();
    if let Some(found) = found(rule, intake, steps, range.names()) {
        (told.since, told.left_out) = (found.since, found.left_out);
        let since = found.since;
        // Before that nobody was there to hear that nothing is heard.
        let steps = found.steps.into_iter();
        for (stretch, readings) in steps.filter(|(stretch, _)| since.is_some_and(|since| since < stretch.to))
        {
            told.add(evaluation.step(rule, stretch, readings));
        }
    }
    if matches!(rule.when, Condition::Work { .. }) {
        let (work, since) = work;
        (told.since, told.to) = (since, intake.now());
        for judged in work {
            told.add(of_work(&mut evaluation, rule, &judged));
        }
        let from = told.from;
        told.firings.retain(|firing| firing.fired >= from);
    }
    told.more = told.firings.len().saturating_sub(MOST);
    told.firings.truncate(MOST);
    told
}

/// What the end of a piece of work changes for a rule.
pub(crate) fn of_work(evaluation: &mut Evaluation, rule: &Rule, judged: &Judged) -> Vec<Change> {
    let Some(reading) = judged.reading(rule) else {
        return Vec::new();
    };
    let (at, key) = (judged.outcome.ended, reading.key.clone());
    let mut changes: Vec<Change> = evaluation
        .take(rule, Stretch { from: at, to: at }, reading)
        .into_iter()
        .collect();
    // That something is well again is over once it is said.
    if matches!(
        rule.when,
        Condition::Work {
            event: WorkEvent::Fixed,
            ..
        }
    ) && !changes.is_empty()
    {
        changes.extend(evaluation.end_of(&key, at));
    }
    changes
}

impl Preview {
    fn add(&mut self, changes: Vec<Change>) {
        for Change { turn, warning, .. } in changes {
            match (turn, warning.fired) {
                (Turn::Fired | Turn::FiredAtOnce, Some(fired)) => self.firings.push(Firing {
                    about: warning.about,
                    subject: warning.subject,
                    since: warning.since,
                    fired,
                    resolved: None,
                    sentence: warning.sentence,
                }),
                (Turn::Resolved, _) => {
                    let same = |firing: &&mut Firing| {
                        firing.about == warning.about
                            && firing.subject == warning.subject
                            && firing.since == warning.since
                    };
                    if let Some(firing) = self.firings.iter_mut().rev().find(same) {
                        firing.resolved = warning.resolved;
                    }
                }
                _ => {}
            }
        }
    }
}
