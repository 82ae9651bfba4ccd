//! The last minute of all actors that did something in it: what lists show, filter and order by. Small, so that there is room for
//! each of them: the long windows are of the busiest alone.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::actors::COARSE;
use super::series::end_of_step;
use crate::directory::{Look, Measured, Text};

/// Steps of ten seconds: the one that runs and five before it.
const STEPS: usize = 6;
/// Seconds of all steps.
const SPAN: i64 = COARSE * STEPS as i64;

/// What happened in one step.
#[derive(Clone, Copy, Default, Serialize, Deserialize)]
struct Step {
    handled: f32,
    errors: f32,
    /// Messages that waited, and the sum of that in microseconds.
    waited: f32,
    wait_us: f32,
    /// Messages whose handling was timed, and the sum of that in microseconds.
    timed: f32,
    handle_us: f32,
}

/// One actor's minute.
#[derive(Default, Serialize, Deserialize)]
struct Minute {
    /// The process that speaks for it.
    boot: Option<Text>,
    /// The second in which the newest step ends.
    newest: i64,
    steps: [Step; STEPS],
    /// The seconds of each step in which it was heard, a bit each, where no process speaks for it.
    heard: [u16; STEPS],
}

/// The minutes of all actors.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Minutes {
    all: HashMap<Text, Box<Minute>>,
}

impl Minutes {
    /// Spreads counts over the seconds after `from` up to `to`.
    #[expect(clippy::cast_precision_loss, reason = "rates need no more than a few digits")]
    pub(super) fn grew(&mut self, id: &Text, boot: Option<&Text>, (from, to): (i64, i64), grown: (u64, u64)) {
        let minute = self.of(id, boot, to);
        let from = from.min(to - 1);
        let seconds = (to - from) as f32;
        for second in from + 1..=to {
            if let Some((step, heard)) = minute.at(second) {
                step.handled += grown.0 as f32 / seconds;
                step.errors += grown.1 as f32 / seconds;
                if boot.is_none() {
                    *heard |= 1 << second.rem_euclid(COARSE);
                }
            }
        }
    }

    /// Takes over what the sums of its times grew by.
    #[expect(clippy::cast_precision_loss, reason = "means need no more than a few digits")]
    pub(super) fn looked(&mut self, id: &Text, before: Option<&Look>, after: &Look, second: i64) {
        let Some(before) = before else { return };
        let grown = |sum: fn(&Look) -> u64| sum(after).saturating_sub(sum(before)) as f32;
        let (waited, timed) = (grown(|look| look.work.queued), grown(|look| look.work.handled));
        if waited == 0.0 && timed == 0.0 {
            return;
        }
        let minute = self.of(id, after.boot.as_ref(), second);
        if let Some((step, _)) = minute.at(second) {
            step.waited += waited;
            step.wait_us += grown(|look| look.work.wait_us);
            step.timed += timed;
            step.handle_us += grown(|look| look.work.handle_us);
        }
    }

    pub(super) fn rename(&mut self, from: &str, to: &Text) {
        if let Some(minute) = self.all.remove(from) {
            self.all.insert(to.clone(), minute);
        }
    }

    pub(super) fn remove(&mut self, id: &str) {
        self.all.remove(id);
    }

    pub(super) fn clear(&mut self) {
        self.all.values_mut().for_each(|minute| {
            minute.newest = 0;
            minute.steps = Default::default();
            minute.heard = Default::default();
        });
    }

    /// The seconds that a minute is made of: after the first, up to the second one.
    pub(super) fn window(second: i64) -> (i64, i64) {
        (end_of_step(second, COARSE) - SPAN, second)
    }

    /// What all that did something came to, as of a second; nothing of those whose minute is over, which are forgotten. `covered`
    /// says in how many seconds of it a process was heard.
    pub(super) fn tell(&mut self, second: i64, covered: impl Fn(&Text) -> u32) -> Vec<(Text, Measured)> {
        let end = end_of_step(second, COARSE);
        let mut told = Vec::with_capacity(self.all.len());
        self.all.retain(|id, minute| {
            minute.advance(end);
            let covered = match &minute.boot {
                Some(boot) => covered(boot),
                None => minute.heard.iter().map(|heard| heard.count_ones()).sum(),
            };
            let measured = minute.measured(covered);
            told.push((id.clone(), measured.unwrap_or_default()));
            measured.is_some()
        });
        told
    }

    fn of(&mut self, id: &Text, boot: Option<&Text>, second: i64) -> &mut Minute {
        if !self.all.contains_key(id) {
            self.all.insert(id.clone(), Box::default());
        }
        let minute = self.all.entry(id.clone()).or_default();
        if minute.boot.as_ref() != boot {
            minute.boot = boot.cloned();
        }
        minute.advance(end_of_step(second, COARSE));
        minute
    }
}

impl Minute {
    /// Makes the step that ends at `end` the newest.
    fn advance(&mut self, end: i64) {
        if end <= self.newest {
            return;
        }
        let steps = usize::try_from((end - self.newest) / COARSE)
            .unwrap_or(STEPS)
            .min(STEPS);
        self.steps.rotate_right(steps);
        self.heard.rotate_right(steps);
        self.steps
            .iter_mut()
            .take(steps)
            .for_each(|step| *step = Step::default());
        self.heard.iter_mut().take(steps).for_each(|heard| *heard = 0);
        self.newest = end;
    }

    /// The step of a second, where it is not too old.
    fn at(&mut self, second: i64) -> Option<(&mut Step, &mut u16)> {
        let ago = (self.newest - end_of_step(second, COARSE)) / COARSE;
        let place = usize::try_from(ago).ok()?;
        Some((self.steps.get_mut(place)?, self.heard.get_mut(place)?))
    }

    /// Nothing where nothing happened, or nobody was heard.
    fn measured(&self, covered: u32) -> Option<Measured> {
        let sum = |part: fn(&Step) -> f32| self.steps.iter().map(|step| f64::from(part(step))).sum::<f64>();
        let (handled, waited, timed) = (
            sum(|step| step.handled),
            sum(|step| step.waited),
            sum(|step| step.timed),
        );
        let errors = sum(|step| step.errors);
        if covered == 0 || (self.boot.is_some() && handled + waited + timed + errors == 0.0) {
            return None;
        }
        let mean = |sum: f64, count: f64| (count > 0.0).then(|| sum / count);
        Some(Measured::new(
            handled / f64::from(covered),
            errors / f64::from(covered),
            mean(sum(|step| step.wait_us), waited),
            mean(sum(|step| step.handle_us), timed),
        ))
    }
}
