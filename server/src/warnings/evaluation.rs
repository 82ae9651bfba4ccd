//! One rule over time: what it looks at, each thing by itself, and what it raised. Pure: time and values are given, so that the
//! past is judged as the present is.

use std::collections::{BTreeMap, BTreeSet};

use loom_protocol::Timestamp;
use serde::{Deserialize, Serialize};

use super::rule::{Condition, NoData, Rule, WorkEvent};
use super::warning::{About, Warning, WarningState};
use super::watch::{Bounds, Level, Phase, Turn, Watch};
use crate::memory::HistoryUnit;

/// Things of one rule that are not well, at most.
const MOST: usize = 500;

/// What was found of one thing in one step.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Reading {
    pub(crate) about: About,
    /// What tells it from others of the rule.
    pub(crate) key: String,
    pub(crate) subject: String,
    pub(crate) level: Level,
    /// Whether anything was heard of it.
    pub(crate) is_heard: bool,
    pub(crate) value: Option<f64>,
    pub(crate) threshold: Option<f64>,
    pub(crate) unit: Option<HistoryUnit>,
    pub(crate) sentence: String,
    pub(crate) link: Option<String>,
}

/// A stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stretch {
    pub(crate) from: Timestamp,
    pub(crate) to: Timestamp,
}

/// What became of a warning by a step.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Change {
    pub(crate) turn: Turn,
    /// As it is now.
    pub(crate) warning: Warning,
    /// Whether it was said that it fires.
    pub(crate) is_said: bool,
}

/// What one rule looks at.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Evaluation {
    pub(crate) watched: BTreeMap<String, Watched>,
    /// Things that were not well and found no room.
    #[serde(default)]
    pub(crate) left_out: u64,
}

/// One thing that a rule looks at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Watched {
    about: About,
    subject: String,
    watch: Watch,
    /// What it raised and is not over.
    pub(crate) warning: Option<Warning>,
    /// Whether it was said that it fires.
    pub(crate) is_said: bool,
}

impl Stretch {
    pub(crate) fn seconds(self) -> i64 {
        i64::try_from(self.to.millis_since(self.from) / 1_000).unwrap_or(i64::MAX)
    }
}

impl Evaluation {
    /// Takes in what was found in a stretch of time, all of it: things that are not named were not heard of.
    pub(crate) fn step(&mut self, rule: &Rule, stretch: Stretch, readings: Vec<Reading>) -> Vec<Change> {
        let mut changes = Vec::new();
        // How many there are now, not how often one was.
        self.left_out = 0;
        let mut absent: BTreeSet<String> = self.watched.keys().cloned().collect();
        for reading in readings {
            absent.remove(&reading.key);
            changes.extend(self.take(rule, stretch, reading));
        }
        for key in absent {
            if let Some(reading) = self.watched.get(&key).map(|watched| missing(rule, &key, watched)) {
                changes.extend(self.take(rule, stretch, reading));
            }
        }
        changes
    }

    /// Takes in what was found of one thing.
    pub(crate) fn take(&mut self, rule: &Rule, stretch: Stretch, reading: Reading) -> Option<Change> {
        let remembers = remembers(&rule.when);
        if !self.watched.contains_key(&reading.key) {
            let is_idle = reading.level != Level::Bad && !(remembers && reading.is_heard);
            // Of what was never heard of it is not known that it is silent.
            let is_unknown = !reading.is_heard && reading.about != About::All;
            if is_idle || is_unknown {
                return None;
            }
            if self.watched.len() >= MOST {
                self.left_out = self
                    .left_out
                    .saturating_add(u64::from(reading.level == Level::Bad));
                return None;
            }
        }
        let watched = self
            .watched
            .entry(reading.key.clone())
            .or_insert_with(|| Watched {
                about: reading.about,
                subject: reading.subject.clone(),
                watch: Watch::default(),
                warning: None,
                is_said: false,
            });
        let change = watched.take(rule, stretch, &reading);
        let is_over = watched.watch.phase == Phase::Well;
        let is_gone = is_over && (!remembers || change.as_ref().is_some_and(|(_, gone)| *gone));
        if is_gone {
            self.watched.remove(&reading.key);
        }
        change.and_then(|(change, _)| change)
    }

    /// Ends all that is not over, because the rule does.
    pub(crate) fn end(&mut self, at: Timestamp) -> Vec<Change> {
        let ended = std::mem::take(&mut self.watched).into_values();
        ended
            .filter_map(|mut watched| {
                let turn = watched.watch.end()?;
                watched.changed(turn, at)
            })
            .collect()
    }

    /// Ends one thing, whatever it was.
    pub(crate) fn end_of(&mut self, key: &str, at: Timestamp) -> Option<Change> {
        let mut watched = self.watched.remove(key)?;
        let turn = watched.watch.end()?;
        watched.changed(turn, at)
    }

    /// What is not over.
    pub(crate) fn open(&self) -> impl Iterator<Item = &Warning> {
        self.watched
            .values()
            .filter_map(|watched| watched.warning.as_ref())
    }
}

impl Watched {
    /// What became of it, and whether it is forgotten.
    fn take(&mut self, rule: &Rule, stretch: Stretch, reading: &Reading) -> Option<(Option<Change>, bool)> {
        let seconds = stretch.seconds();
        let needed = match rule.when {
            Condition::Work { .. } => 0,
            _ => i64::from(rule.seconds),
        };
        // Of all together it is known that they are, however long nothing is heard.
        let is_forgotten = self.watch.is_forgotten(reading.is_heard, seconds) && self.about != About::All;
        let turn = if is_forgotten {
            self.watch.end()
        } else {
            self.watch.take(reading.level, seconds, needed)
        };
        if matches!(turn, Some(Turn::Began | Turn::FiredAtOnce)) {
            self.warning = Some(Warning::new(rule, self.about, &self.subject, stretch.from));
            self.is_said = false;
        }
        if let Some(warning) = &mut self.warning
            && reading.level == Level::Bad
        {
            warning.sentence.clone_from(&reading.sentence);
            warning.value = reading.value.or(warning.value);
            warning.threshold = reading.threshold;
            warning.unit = reading.unit;
            warning.link = reading.link.clone().or_else(|| warning.link.take());
        }
        let change = turn.and_then(|turn| self.changed(turn, stretch.to));
        Some((change, is_forgotten))
    }

    fn changed(&mut self, turn: Turn, at: Timestamp) -> Option<Change> {
        let is_over = matches!(turn, Turn::Passed | Turn::Resolved);
        let mut warning = if is_over {
            self.warning.take()?
        } else {
            self.warning.clone()?
        };
        match turn {
            Turn::Began | Turn::Passed => {}
            Turn::Fired | Turn::FiredAtOnce => {
                warning.state = WarningState::Firing;
                warning.fired = Some(at);
            }
            Turn::Resolved => {
                warning.state = WarningState::Resolved;
                warning.resolved = Some(at);
            }
        }
        if !is_over {
            self.warning = Some(warning.clone());
        }
        let is_said = self.is_said;
        Some(Change {
            turn,
            warning,
            is_said,
        })
    }
}

/// Whether a thing that is well has to be remembered, because its silence would be wrong.
fn remembers(when: &Condition) -> bool {
    matches!(
        when,
        Condition::Metric {
            no_data: NoData::Fire,
            ..
        }
    )
}

/// What it means that nothing was found of a thing.
fn missing(rule: &Rule, key: &str, watched: &Watched) -> Reading {
    let mut reading = Reading {
        about: watched.about,
        key: key.to_owned(),
        subject: watched.subject.clone(),
        level: Level::Unknown,
        is_heard: false,
        value: None,
        threshold: None,
        unit: None,
        sentence: String::new(),
        link: None,
    };
    match &rule.when {
        Condition::Metric { .. } => {
            return of_metric(rule, watched.about, &watched.subject, None).unwrap_or(reading);
        }
        // Nothing was found: all is well.
        Condition::Lint { .. } => (reading.level, reading.is_heard) = (Level::Well, true),
        Condition::Work {
            event: WorkEvent::Failed | WorkEvent::Fixed | WorkEvent::Slower,
            ..
        } => {}
    }
    reading
}

/// What a value means to a rule about a metric; nothing for any other rule.
pub(crate) fn of_metric(rule: &Rule, about: About, subject: &str, value: Option<f64>) -> Option<Reading> {
    let Condition::Metric {
        metric,
        is,
        threshold,
        clear,
        no_data,
        ..
    } = &rule.when
    else {
        return None;
    };
    let bounds = Bounds {
        side: *is,
        threshold: *threshold,
        clear: clear.unwrap_or(*threshold),
        no_data: *no_data,
    };
    let level = bounds.level(value);
    let sentence = match level {
        Level::Bad => super::warning::of_metric(*metric, (about, subject), value, (*is, *threshold)),
        _ => String::new(),
    };
    Some(Reading {
        about,
        key: subject.to_owned(),
        subject: subject.to_owned(),
        level,
        is_heard: value.is_some(),
        value,
        threshold: Some(*threshold),
        unit: Some(metric.unit()),
        sentence,
        link: None,
    })
}
