//! The rates of many in small pictures: what each handled in the steps of a window.

use std::collections::BTreeMap;

use loom_protocol::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::WINDOW;
use super::actors::COARSE;
use super::coverage::Coverage;
use super::read::per_second;
use super::series::end_of_step;
use super::span::second_of;
use super::store::Traffic;

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
        let step = step_of(window, steps);
        let oldest = oldest(now, window, step);
        // What comes in waits for this lock: under it numbers are copied, and nothing is made of them.
        let state = self.lock();
        let kept = |id: &'a str| {
            let actor = state.actors.all.get(id)?;
            let step = match actor.fine_since {
                Some(_) if step < COARSE => step,
                _ => (step + COARSE - 1).div_euclid(COARSE) * COARSE,
            };
            let (handled, covered) = (actor.series.handled_since(oldest), state.coverage_of(actor));
            Some((id, step, handled, covered))
        };
        let kept: Vec<_> = ids.into_iter().filter_map(kept).collect();
        drop(state);
        let lines = kept.into_iter();
        lines
            .map(|(id, step, handled, covered)| {
                (id.to_owned(), rate_line(&handled, &covered, now, window, step))
            })
            .collect()
    }

    /// The same of all actors of some types.
    pub(crate) fn rates_of_types<'a>(
        &self,
        names: impl IntoIterator<Item = &'a str>,
        now: Timestamp,
        window: i64,
        steps: i64,
    ) -> BTreeMap<String, RateLine> {
        let step = step_of(window, steps);
        let oldest = oldest(now, window, step);
        let state = self.lock();
        let kept = |name: &'a str| {
            let kind = state.kinds.all.get(name)?;
            let mut covered = kind.loners.clone();
            let boots = state.boots.values();
            boots
                .filter(|boot| boot.kinds.contains_key(name))
                .for_each(|boot| covered.add(&boot.coverage));
            Some((name, kind.series.handled_since(oldest), covered))
        };
        let kept: Vec<_> = names.into_iter().filter_map(kept).collect();
        drop(state);
        let lines = kept.into_iter();
        lines
            .map(|(name, handled, covered)| {
                (name.to_owned(), rate_line(&handled, &covered, now, window, step))
            })
            .collect()
    }
}

/// What is older is in no step of a window, whatever their length.
fn oldest(now: Timestamp, window: i64, step: i64) -> i64 {
    second_of(now) - window.clamp(1, WINDOW) - 2 * step.max(COARSE)
}

/// Seconds of a step, so that a window has about so many.
fn step_of(window: i64, steps: i64) -> i64 {
    (window.clamp(1, WINDOW) / steps.max(1)).max(1)
}

/// What was handled in each whole step of a window; `handled` as [`super::series::Series::handled_since`] gives it. The second that
/// runs is not over, and neither is the step that it is in.
fn rate_line(
    handled: &[(i64, i64, f32)],
    covered: &Coverage,
    now: Timestamp,
    window: i64,
    step: i64,
) -> RateLine {
    let to = (second_of(now) - 1).div_euclid(step) * step;
    let from = to - window.clamp(1, WINDOW).div_euclid(step).max(1) * step;
    let mut sums: BTreeMap<i64, f64> = BTreeMap::new();
    for (after, until, count) in handled {
        #[expect(clippy::cast_precision_loss, reason = "a step has a few seconds")]
        let each = f64::from(*count) / (until - after).max(1) as f64;
        for second in after + 1..=*until {
            if second > from && second <= to {
                *sums.entry(end_of_step(second, step)).or_default() += each;
            }
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
