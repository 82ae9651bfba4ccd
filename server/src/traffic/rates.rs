//! The rates of many in small pictures: what each handled in the steps of a window.

use std::collections::BTreeMap;

use loom_protocol::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::WINDOW;
use super::actors::COARSE;
use super::coverage::Coverage;
use super::read::per_second;
use super::series::{Series, end_of_step};
use super::store::{Traffic, second_of};

/// Messages handled per second in each step of a window, oldest first.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct RateLine {
    /// Milliseconds of a step.
    pub(crate) step: u64,
    /// When the first step begins.
    #[schema(value_type = String, format = DateTime)]
    pub(crate) from: Timestamp,
    /// Per step; null where nobody was heard.
    pub(crate) rate: Vec<Option<f64>>,
}

impl Traffic {
    /// The rates of some actors in a window, in `steps` steps or in as many as are kept; of those that did something.
    pub(crate) fn rates_of_actors<'a>(
        &self,
        ids: impl IntoIterator<Item = &'a str>,
        now: Timestamp,
        window: i64,
        steps: i64,
    ) -> BTreeMap<String, RateLine> {
        let state = self.lock();
        let line = |id: &'a str| {
            let actor = state.actors.all.get(id)?;
            let covered = state.coverage_of(actor);
            let step = step_of(window, steps);
            let line = match actor.fine_since {
                Some(since) if step < COARSE => {
                    rate_line(&actor.series.refined(since, COARSE), &covered, now, window, step)
                }
                _ => {
                    let step = (step + COARSE - 1).div_euclid(COARSE) * COARSE;
                    rate_line(&actor.series, &covered, now, window, step)
                }
            };
            Some((id.to_owned(), line))
        };
        ids.into_iter().filter_map(line).collect()
    }

    /// The same of all actors of some types.
    pub(crate) fn rates_of_types<'a>(
        &self,
        names: impl IntoIterator<Item = &'a str>,
        now: Timestamp,
        window: i64,
        steps: i64,
    ) -> BTreeMap<String, RateLine> {
        let state = self.lock();
        let covered = state.coverage_by_kind();
        let line = |name: &'a str| {
            let series = &state.kinds.all.get(name)?.series;
            let covered = covered.get(name).cloned().unwrap_or_default();
            let line = rate_line(series, &covered, now, window, step_of(window, steps));
            Some((name.to_owned(), line))
        };
        names.into_iter().filter_map(line).collect()
    }
}

/// Seconds of a step, so that a window has about so many.
fn step_of(window: i64, steps: i64) -> i64 {
    (window.clamp(1, WINDOW) / steps.max(1)).max(1)
}

/// What was handled in each whole step of a window. The second that runs is not over, and neither is the step that it is in.
fn rate_line(series: &Series, covered: &Coverage, now: Timestamp, window: i64, step: i64) -> RateLine {
    let to = (second_of(now) - 1).div_euclid(step) * step;
    let from = to - window.clamp(1, WINDOW).div_euclid(step).max(1) * step;
    let mut sums: BTreeMap<i64, f64> = BTreeMap::new();
    for sample in series.samples() {
        if sample.second > from && sample.second <= to {
            let end = end_of_step(sample.second, step);
            *sums.entry(end).or_default() += f64::from(sample.handled);
        }
    }
    let mut rate = Vec::new();
    let mut end = from + step;
    while end <= to {
        let handled = sums.get(&end).copied().unwrap_or(0.0);
        rate.push(per_second(handled, covered.count(end - step, end)));
        end += step;
    }
    RateLine {
        step: u64::try_from(step * 1_000).unwrap_or(1_000),
        from: Timestamp::from_millis(from * 1_000),
        rate,
    }
}
