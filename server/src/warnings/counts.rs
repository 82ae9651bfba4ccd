//! Numbers of warnings, for who counts rather than reads.

use std::collections::BTreeMap;

use super::store::Warnings;
use super::warning::WarningState;

/// How many there are of what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct WarningCounts {
    /// Of each rule, in the order of their list.
    pub(crate) rules: Vec<RuleCounts>,
    /// Warnings of which nothing is sent because of a silence.
    pub(crate) silenced: u64,
    /// Attempts to send something that were taken, and that were not.
    pub(crate) delivered: u64,
    pub(crate) failed: u64,
    /// Messages that wait to be sent, and that found no room.
    pub(crate) waiting: u64,
    pub(crate) dropped: u64,
    /// Channels that did not take what was last sent there.
    pub(crate) failing: u64,
}

/// How many warnings a rule raised that are not over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RuleCounts {
    /// What it is called.
    pub(crate) name: String,
    pub(crate) firing: u64,
    pub(crate) pending: u64,
}

impl Warnings {
    /// How many there are of what.
    pub(crate) fn counts(&self) -> WarningCounts {
        let now = self.clock.now();
        let state = self.lock();
        let (mut by_rule, mut silenced) = (BTreeMap::<&str, (u64, u64)>::new(), 0);
        for warning in state.open() {
            let of_rule = by_rule.entry(&warning.rule).or_default();
            match warning.state {
                WarningState::Firing => of_rule.0 += 1,
                WarningState::Pending | WarningState::Resolved => of_rule.1 += 1,
            }
            silenced += u64::from(state.silence_of(warning, now).is_some());
        }
        let rules = state.settings.rules.iter().map(|rule| {
            let (firing, pending) = by_rule.get(rule.id.as_str()).copied().unwrap_or_default();
            RuleCounts {
                name: rule.name.clone(),
                firing,
                pending,
            }
        });
        let attempts = state.kept.outbox.attempts();
        let (waiting, dropped) = state.kept.outbox.counts();
        WarningCounts {
            rules: rules.collect(),
            silenced,
            delivered: attempts.delivered,
            failed: attempts.failed,
            waiting: waiting as u64,
            dropped,
            failing: state.kept.outbox.failing() as u64,
        }
    }
}
