//! The list of what is not as it should be.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use loom_protocol::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::facts::{Ask, EACH_DEPTH, Facts};
use super::{
    ask_cycle, blocked_worker, dead_letters, failed, growing_mailbox, restart_storm, silent_process,
    stuck_handler, too_many,
};
use crate::directory::{Happening, Text};

/// Milliseconds for which a lint stays after its rule last found it.
const STAYS: i64 = 10_000;
/// Milliseconds between two tellings of nothing but other values.
const VALUES: i64 = 10_000;
/// Actors of one type that are told one by one by one rule; of more, the type is.
const ONE_BY_ONE: usize = 5;
/// Lints at most.
const MOST: usize = 200;

type Rule = fn(&Facts, i64) -> Vec<Finding>;

const RULES: &[Rule] = &[
    stuck_handler::check,
    growing_mailbox::check,
    restart_storm::check,
    dead_letters::check,
    failed::check,
    too_many::check,
    blocked_worker::check,
    silent_process::check,
    ask_cycle::check,
];

/// The codes of all rules.
pub(super) const CODES: &[&str] = &[
    "stuck_handler",
    "growing_mailbox",
    "restart_storm",
    "dead_letters",
    "panicked_and_gone",
    "too_many_of_one_type",
    "blocked_arbiter",
    "stale_process",
    "ask_cycle",
];

/// How grave it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Severity {
    /// Something is broken.
    Problem,
    /// Something may become a problem.
    Warning,
}

/// What a rule found.
pub(super) struct Finding {
    pub(super) code: &'static str,
    pub(super) severity: Severity,
    pub(super) actor: Option<Text>,
    pub(super) kind: Option<Text>,
    /// Names what it is about, where that is neither.
    pub(super) about: Option<String>,
    pub(super) sentence: String,
    pub(super) value: i64,
    pub(super) threshold: i64,
}

/// Something that is not as it should be.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct Lint {
    /// Which rule found it; stable.
    pub(crate) code: &'static str,
    /// How grave it is.
    pub(crate) severity: Severity,
    /// The actor, where it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) actor: Option<String>,
    /// The type of actor, where it is about one.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub(crate) kind: Option<String>,
    /// What is wrong.
    pub(crate) sentence: String,
    /// Since when it is known.
    #[schema(value_type = String, format = DateTime)]
    pub(crate) since: Timestamp,
    /// What was measured, in the unit of the sentence.
    pub(crate) value: i64,
    /// From where on it is told.
    pub(crate) threshold: i64,
}

/// Finds what is not as it should be. Safe from any thread.
#[derive(Default)]
pub(crate) struct Lints {
    pub(super) state: Mutex<State>,
}

/// Rule, and what it is about.
pub(super) type Key = (&'static str, String);

#[derive(Default)]
pub(super) struct State {
    pub(super) facts: Facts,
    pub(super) found: BTreeMap<Key, Found>,
    pub(super) measured: Option<i64>,
    pub(super) shown: Vec<Lint>,
    pub(super) shown_at: i64,
    pub(super) changed: bool,
}

pub(super) struct Found {
    pub(super) lint: Lint,
    pub(super) last: i64,
}

impl Lints {
    /// Takes in what happened to actors.
    pub(crate) fn happened(&self, happened: &[Happening]) {
        let mut state = self.lock();
        for happening in happened {
            state.facts.happened(happening);
        }
    }

    /// Takes in which asks wait in a process, all of them.
    pub(crate) fn asks(&self, boot: &Text, asks: Vec<Ask>) {
        self.lock().facts.asks(boot, asks);
    }

    /// Has all rules look. To be called about once a second, with what traffic knows of each type.
    pub(crate) fn check(&self, now: Timestamp, kinds: &[(Text, u64, u64)]) {
        let mut state = self.lock();
        let millis = now.as_millis();
        state.facts.count(now, kinds);
        if state
            .measured
            .is_none_or(|at| millis >= at + EACH_DEPTH || millis < at)
        {
            state.measured = Some(millis);
            state.facts.measure(now);
        }
        let mut findings = Vec::new();
        for rule in RULES {
            findings.extend(by_type(rule(&state.facts, millis)));
        }
        for finding in findings {
            state.found(finding, now);
        }
        // One from the future: the clock has jumped back.
        state
            .found
            .retain(|_, found| (found.last..found.last + STAYS).contains(&millis));
        state.tell(millis);
    }

    /// All that is known, gravest first.
    pub(crate) fn list(&self) -> Vec<Lint> {
        self.lock().shown.clone()
    }

    /// The list, when it changed since this was last asked.
    pub(crate) fn take_changed(&self) -> Option<Vec<Lint>> {
        let mut state = self.lock();
        std::mem::take(&mut state.changed).then(|| state.shown.clone())
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn found(&mut self, finding: Finding, now: Timestamp) {
        let actor = finding.actor.map(|actor| actor.to_string());
        let kind = finding.kind.map(|kind| kind.to_string());
        let about = finding.about.or_else(|| actor.clone()).or_else(|| kind.clone());
        let key = (finding.code, about.unwrap_or_default());
        let since = self.found.get(&key).map_or(now, |known| known.lint.since);
        let lint = Lint {
            code: finding.code,
            severity: finding.severity,
            actor,
            kind,
            sentence: finding.sentence,
            since,
            value: finding.value,
            threshold: finding.threshold,
        };
        let last = now.as_millis();
        self.found.insert(key, Found { lint, last });
    }

    fn tell(&mut self, now: i64) {
        let mut list: Vec<Lint> = self.found.values().map(|found| found.lint.clone()).collect();
        list.sort_by(|a, b| {
            (a.severity, a.since, a.code, &a.actor).cmp(&(b.severity, b.since, b.code, &b.actor))
        });
        list.truncate(MOST);
        let names = |list: &[Lint]| -> Vec<(&str, Option<String>, Option<String>, Timestamp)> {
            let names = list.iter();
            names
                .map(|lint| (lint.code, lint.actor.clone(), lint.kind.clone(), lint.since))
                .collect()
        };
        let others = names(&list) != names(&self.shown);
        if others || (list != self.shown && now - self.shown_at >= VALUES) {
            self.shown = list;
            self.shown_at = now;
            self.changed = true;
        }
    }
}

/// Of many actors of one type that one rule found, the type is told.
fn by_type(findings: Vec<Finding>) -> Vec<Finding> {
    let mut by_kind: BTreeMap<Option<Text>, Vec<Finding>> = BTreeMap::new();
    for finding in findings {
        by_kind.entry(finding.kind.clone()).or_default().push(finding);
    }
    let mut chosen = Vec::new();
    for (kind, mut found) in by_kind {
        let count = found.len();
        match (kind, found.iter().all(|finding| finding.actor.is_some())) {
            (Some(kind), true) if count > ONE_BY_ONE => {
                found.sort_by(|a, b| b.value.cmp(&a.value).then_with(|| a.actor.cmp(&b.actor)));
                if let Some(mut worst) = found.into_iter().next() {
                    worst.sentence =
                        format!("{count} actors of {kind}, of which the worst: {}", worst.sentence);
                    worst.actor = None;
                    chosen.push(worst);
                }
            }
            _ => chosen.append(&mut found),
        }
    }
    chosen
}
