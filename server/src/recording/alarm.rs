//! When a recording is saved without anybody asking for it: an actor panicked, or something was found to be broken.

use std::collections::HashSet;

use loom_protocol::Timestamp;

use crate::Intake;
use crate::lints::Severity;

/// Milliseconds from what went wrong to the saving, so that what came of it is in the file.
const AFTER: i64 = 10_000;
/// Milliseconds between two savings: what goes wrong in between is in the next one.
const PAUSE: i64 = 10 * 60_000;

/// What was seen to go wrong.
#[derive(Default)]
pub(super) struct Alarm {
    /// What is broken, as of the last look.
    broken: HashSet<(&'static str, Option<String>, Option<String>)>,
    panics: u64,
    /// What is to be saved for, and since when.
    raised: Option<(Timestamp, String)>,
    saved: Option<Timestamp>,
}

impl Alarm {
    /// Looks whether something went wrong; why a recording is to be saved, when it is time for that.
    pub(super) fn look(&mut self, intake: &Intake) -> Option<String> {
        let now = intake.now();
        let lints = intake.lints().list().into_iter();
        let broken: HashSet<_> = lints
            .filter(|lint| lint.severity == Severity::Problem)
            .map(|lint| (lint.code, lint.actor, lint.kind))
            .collect();
        let found = broken.difference(&self.broken).map(|(code, ..)| *code).min();
        self.broken = broken;
        let (actor, panics) = intake.journal().panicked();
        let has_panicked = panics > std::mem::replace(&mut self.panics, panics);
        let reason = match (has_panicked, actor, found) {
            (true, Some(actor), _) => Some(format!("panic of {actor}")),
            (_, _, Some(code)) => Some(format!("lint {code}")),
            _ => None,
        };
        if let (Some(reason), None) = (reason, &self.raised) {
            self.raised = Some((now, reason));
        }
        let since = |at: Timestamp| now.as_millis() - at.as_millis();
        // Where the clock has jumped back nobody waits for it.
        let is_over = |at: Timestamp, pause| !(0..pause).contains(&since(at));
        let rests = self.saved.is_some_and(|saved| !is_over(saved, PAUSE));
        let (_, reason) = self.raised.take_if(|(at, _)| !rests && is_over(*at, AFTER))?;
        self.saved = Some(now);
        Some(reason)
    }
}

#[cfg(test)]
mod tests {
    use loom_protocol::{ActorBatch, ActorEvent, ActorId, BootId, EventKind};

    use super::super::equal::World;
    use super::super::flight::FlightOptions;
    use super::*;

    #[test]
    fn a_panic_is_saved_a_little_later_and_many_are_saved_once_in_a_while() {
        let options = FlightOptions {
            bytes: 1024 * 1024,
            back: 600_000,
            holds: 0,
            is_of_several: false,
        };
        let (world, mut alarm) = (World::new(1, options), Alarm::default());
        let mut seq = 0;
        let mut panic_of = |actor: &str| {
            seq += 1;
            let mut batch = ActorBatch::new(BootId("b".into()), seq);
            batch.events.push(ActorEvent {
                actor: ActorId(actor.into()),
                time: None,
                kind: EventKind::Panicked,
                message: "no stock".into(),
                correlation_id: None,
                data: None,
            });
            world.intake.batch(batch).unwrap();
        };
        let mut after = |seconds: i64| {
            world.pass(seconds * 1_000);
            alarm.look(&world.intake)
        };
        assert_eq!(after(60), None);
        panic_of("cart-7");
        assert_eq!(
            [after(0), after(9)],
            [None, None],
            "what comes of it belongs to it"
        );
        assert_eq!(after(1).as_deref(), Some("panic of cart-7"));
        panic_of("cart-8");
        panic_of("cart-9");
        assert_eq!([after(1), after(598)], [None, None], "one was just saved");
        assert_eq!(after(1).as_deref(), Some("panic of cart-9"));
        assert_eq!(after(6_000), None, "nothing happened since");
    }
}
