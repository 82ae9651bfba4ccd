//! A turn of the studio: all rules look at what is new, and what is to be said is sent.

use std::sync::Arc;

use super::channel::Channel;
use super::evaluation::{Reading, Stretch};
use super::message::Message;
use super::outbox::{Attempt, Delivery};
use super::past::{Steps, found};
use super::rule::{Condition, Rule};
use super::store::{Warnings, new_id};
use super::warning::About;
use super::watch::Level;
use crate::Intake;
use crate::lints::Lint;
use loom_protocol::filter::Filter;
use loom_protocol::{ActorRecord, Timestamp};

/// Milliseconds that one look at lints stands for, at most: longer than that nobody looked.
const LOOKS: i64 = 10_000;

impl Warnings {
    /// Has all rules look. To be called about once a second. Waits for the disk.
    pub(crate) fn turn(&self, intake: &Intake) {
        let now = self.clock.now();
        let state = self.lock();
        if state.broken.is_some() {
            return;
        }
        let rules = state.looked_at();
        let evaluated = state.kept.evaluated;
        drop(state);
        self.look_at_metrics(&rules, evaluated, intake);
        self.look_at_lints(&rules, intake, now);
        let mut state = self.lock();
        let before = state.settings.silences.len();
        state.settings.silences.retain(|silence| !silence.is_over(now));
        if state.settings.silences.len() != before {
            state.touch();
        }
        state.say(now);
        drop(state);
        self.save();
    }

    fn look_at_metrics(&self, rules: &[Rule], evaluated: Option<i64>, intake: &Intake) {
        let rules = rules
            .iter()
            .filter(|rule| matches!(rule.when, Condition::Metric { .. }));
        let now = intake.now();
        if rules.clone().any(|rule| rule.when.is_of_times()) {
            // Such times are measured only while somebody wants to know them.
            intake.lookers().looked_at_traffic(now);
        }
        let newest = intake.history().newest();
        // Of the time before it nobody could have told this process: that nothing was heard then is no silence.
        let steps = newest.and_then(|newest| Steps::next(evaluated, newest)?.not_before(self.opened));
        let Some(steps) = steps else {
            return;
        };
        for rule in rules {
            let Some(found) = found(rule, intake, steps, usize::MAX) else {
                continue;
            };
            let mut state = self.lock();
            // It may have been changed meanwhile.
            if !state.is_looked_at(rule) {
                continue;
            }
            for (stretch, readings) in found.steps {
                let evaluation = state.kept.evaluations.entry(rule.id.clone()).or_default();
                let changes = evaluation.step(rule, stretch, readings);
                state.changed(rule, changes, now);
            }
        }
        let mut state = self.lock();
        state.kept.evaluated = Some(steps.to);
        // What was counted on the way to firing outlives a restart, too.
        let is_counting = state.open().next().is_some();
        state.is_dirty |= is_counting;
    }

    fn look_at_lints(&self, rules: &[Rule], intake: &Intake, now: Timestamp) {
        let lints = intake.lints().list();
        for rule in rules {
            let Condition::Lint { codes, filter } = &rule.when else {
                continue;
            };
            let Ok(filter) = filter.parse::<Filter>() else {
                continue;
            };
            let found = lints
                .iter()
                .filter(|lint| codes.is_empty() || codes.iter().any(|code| code == lint.code))
                .filter(|lint| filter.is_empty() || filter.matches(&record(lint, intake)))
                .map(reading);
            let mut readings: Vec<Reading> = Vec::new();
            for reading in found {
                if readings.iter().all(|other| other.key != reading.key) {
                    readings.push(reading);
                }
            }
            let mut state = self.lock();
            if !state.is_looked_at(rule) {
                continue;
            }
            let looked = state.kept.lints_looked.get(&rule.id).copied();
            let from = looked.filter(|from| *from <= now && now.as_millis() - from.as_millis() <= LOOKS);
            let stretch = Stretch {
                from: from.unwrap_or(now),
                to: now,
            };
            // Seconds are counted whole: what is left of one belongs to the next look.
            let counted = stretch.from.as_millis().saturating_add(stretch.seconds() * 1_000);
            let counted = Timestamp::from_millis(counted);
            state.kept.lints_looked.insert(rule.id.clone(), counted);
            let is_new = !readings.is_empty() || state.kept.evaluations.contains_key(&rule.id);
            if !is_new {
                continue;
            }
            let evaluation = state.kept.evaluations.entry(rule.id.clone()).or_default();
            let changes = evaluation.step(rule, stretch, readings);
            state.changed(rule, changes, now);
        }
    }

    /// Whatever was on its way when its task ended is to be sent again.
    pub(crate) fn begin_sending(&self) {
        self.lock().kept.outbox.begin();
    }

    /// What is to be sent now; each is on its way until it was [`Warnings::send`].
    pub(crate) fn due(&self) -> Vec<(Channel, Message)> {
        let now = self.clock.now();
        let mut state = self.lock();
        let channels = state.settings.channels.clone();
        state.kept.outbox.due(&channels, now)
    }

    /// Waits until there is something to do at once.
    pub(crate) async fn wait(&self) {
        self.wake.notified().await;
    }

    /// Sends one message and writes down what became of it.
    pub(crate) async fn send(self: &Arc<Self>, (channel, message): (Channel, Message)) -> Delivery {
        let delivery = self.attempt(&channel, &message).await;
        let saving = self.clone();
        // It waits for the disk. That it panics would be a fault of ours, and is tried again with the next change.
        let _panic = tokio::task::spawn_blocking(move || saving.save()).await;
        delivery
    }

    async fn attempt(&self, channel: &Channel, message: &Message) -> Delivery {
        let (at, began) = (self.clock.now(), tokio::time::Instant::now());
        let sent = self.sender.send(channel, message).await;
        let attempt = Attempt {
            id: new_id("d"),
            at,
            ended: self.clock.now(),
            took: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
            sent,
        };
        let mut state = self.lock();
        let delivery = state.kept.outbox.done(channel, message, attempt);
        state.touch();
        delivery
    }
}

/// What a lint means to a rule that looks at it.
#[expect(clippy::cast_precision_loss, reason = "told to people")]
fn reading(lint: &Lint) -> Reading {
    let (about, subject) = match (&lint.actor, &lint.kind) {
        (Some(actor), _) => (About::Actor, actor.clone()),
        (None, Some(kind)) => (About::Type, kind.clone()),
        (None, None) => (About::All, "all".to_owned()),
    };
    Reading {
        about,
        key: format!("{}\n{subject}", lint.code),
        subject,
        level: Level::Bad,
        is_heard: true,
        value: Some(lint.value as f64),
        threshold: Some(lint.threshold as f64),
        unit: None,
        sentence: lint.sentence.clone(),
        link: None,
    }
}

/// What a lint is about, as an actor that filters can be asked of.
fn record(lint: &Lint, intake: &Intake) -> ActorRecord {
    let known = lint
        .actor
        .as_deref()
        .and_then(|actor| intake.directory().get(actor));
    known.unwrap_or_else(|| {
        let (actor, kind) = (lint.actor.as_deref(), lint.kind.as_deref());
        ActorRecord::new(actor.unwrap_or_default(), kind.unwrap_or_default())
    })
}
