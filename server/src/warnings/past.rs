//! What the history says of a rule, step by step: the same question for the present and for the past.

use std::collections::BTreeMap;

use loom_protocol::Timestamp;

use super::evaluation::{Reading, Stretch, of_metric};
use super::rule::{Condition, Rule};
use super::warning::About;
use crate::Intake;
use crate::memory::{Asked, HistoryBy};

/// Seconds of a step of the present.
pub(crate) const STEP: i64 = 10;

/// What was found, step by step.
pub(crate) struct Found {
    pub(crate) steps: Vec<(Stretch, Vec<Reading>)>,
    /// Names that were not looked at.
    pub(crate) left_out: usize,
    /// The oldest that the history has.
    pub(crate) since: Option<Timestamp>,
}

/// Which seconds, in steps of so many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Steps {
    /// The first; a multiple of the step, as the end is.
    pub(crate) from: i64,
    pub(crate) to: i64,
    pub(crate) step: i64,
}

impl Steps {
    /// Those that are over by `newest`, and that were not looked at. Of what is long past, nothing.
    pub(crate) fn next(evaluated: Option<i64>, newest: i64) -> Option<Self> {
        const LONG: i64 = 60 * STEP;
        let to = (newest + 1).div_euclid(STEP) * STEP;
        let reached = evaluated.filter(|at| (0..=LONG).contains(&(to - at)));
        let from = reached.unwrap_or(to - STEP);
        (from < to).then_some(Self { from, to, step: STEP })
    }

    /// Those of them that begin no sooner.
    pub(crate) fn not_before(self, second: i64) -> Option<Self> {
        let whole = second.saturating_add(self.step - 1).div_euclid(self.step) * self.step;
        let from = self.from.max(whole);
        (from < self.to).then_some(Self { from, ..self })
    }

    fn count(self) -> usize {
        usize::try_from((self.to - self.from) / self.step).unwrap_or(0)
    }
}

/// What the history says of a rule about a metric; nothing for any other. Looks at so many names at most. Waits for the disk where it is of
/// more than is in memory.
pub(crate) fn found(rule: &Rule, intake: &Intake, steps: Steps, limit: usize) -> Option<Found> {
    let Condition::Metric {
        metric, by, filter, ..
    } = &rule.when
    else {
        return None;
    };
    let asked = Asked {
        by: (*by).into(),
        metrics: vec![(*metric).into()],
        // It was checked when the rule was made.
        filter: filter.parse().ok()?,
        from: steps.from.saturating_mul(1_000),
        to: steps.to.saturating_mul(1_000),
        points: steps.count(),
        limit,
    };
    let past = asked.answer(intake, intake.now());
    let about = About::from(*by);
    // What is told in other steps than those that were asked for would be judged otherwise than it was.
    let is_as_asked = past.step == steps.step * 1_000 && past.from == steps.from * 1_000;
    let lines = if is_as_asked { past.lines } else { Vec::new() };
    let mut names: BTreeMap<&str, &[Option<f64>]> = lines
        .iter()
        .map(|line| (&*line.key.name, line.values.as_slice()))
        .collect();
    if *by == HistoryBy::All {
        // All there are, be it nobody.
        names.entry("all").or_default();
    }
    let step = |place: usize| {
        let from = steps.from + steps.step * i64::try_from(place).unwrap_or(0);
        let stretch = Stretch {
            from: Timestamp::from_millis(from * 1_000),
            to: Timestamp::from_millis((from + steps.step) * 1_000),
        };
        let readings = names.iter().filter_map(|(name, values)| {
            let value = values.get(place).copied().flatten();
            of_metric(rule, about, name, value)
        });
        (stretch, readings.collect())
    };
    Some(Found {
        steps: (0..steps.count()).map(step).collect(),
        left_out: past.more,
        since: past.since.map(Timestamp::from_millis),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_step_is_looked_at_once_when_it_is_over() {
        let next = |evaluated, newest| Steps::next(evaluated, newest).map(|steps| (steps.from, steps.to));
        assert_eq!(next(None, 1_008), Some((990, 1_000)));
        assert_eq!(next(None, 1_009), Some((1_000, 1_010)));
        assert_eq!(next(Some(1_010), 1_018), None);
        assert_eq!(next(Some(1_010), 1_019), Some((1_010, 1_020)));
        assert_eq!(next(Some(1_010), 1_045), Some((1_010, 1_040)));
        assert_eq!(
            next(Some(1_010), 9_999),
            Some((9_990, 10_000)),
            "after a long silence"
        );
        assert_eq!(
            next(Some(9_000), 1_019),
            Some((1_010, 1_020)),
            "the clock went back"
        );
    }
}
