//! What processes use of their machines, in single seconds.

use std::collections::{HashMap, VecDeque};

use loom_history::{By, Key, Slot, Step};
use loom_protocol::{ActorBatch, ProcessFigures, Source, Timestamp};

use crate::directory::Text;
use crate::traffic::{GAP_MILLIS, second_of};

/// Processes that are followed.
const MOST: usize = 1_000;
/// Seconds that are kept of each: until they are handed over, and some more.
const KEPT: usize = 32;
/// A process that said nothing for so long is forgotten.
const FORGET_MILLIS: i64 = 60_000;
/// A clock that is so far behind where it was has jumped.
const JUMPED_MILLIS: i64 = 5_000;

/// What each process uses.
#[derive(Default)]
pub(super) struct Processes {
    all: HashMap<Text, Process>,
    /// Those that there was no room for.
    pub(super) left_out: u64,
}

struct Process {
    name: Option<Text>,
    /// The last that it told, and when.
    last: Option<(ProcessFigures, Timestamp)>,
    seconds: VecDeque<(i64, Step)>,
    heard: Timestamp,
}

impl Processes {
    pub(super) fn batch(&mut self, boot: &Text, batch: &ActorBatch, now: Timestamp) {
        if batch.process.is_none() && batch.source.is_none() {
            return;
        }
        if !self.all.contains_key(boot) {
            if self.all.len() >= MOST {
                self.left_out += 1;
                return;
            }
            let process = Process {
                name: None,
                last: None,
                seconds: VecDeque::new(),
                heard: now,
            };
            self.all.insert(boot.clone(), process);
        }
        let Some(process) = self.all.get_mut(boot) else {
            return;
        };
        process.heard = now;
        if let Some(source) = &batch.source {
            process.name = Some(name(source));
        }
        // Not each batch tells them.
        let Some(figures) = batch.process else { return };
        if let Some((before, at)) = process.last.replace((figures, now)) {
            process.add(&before, at, &figures, now);
        }
    }

    /// What was measured from one second to another.
    pub(super) fn seconds(&self, from: i64, to: i64) -> Vec<(i64, Key, Step)> {
        let mut told = Vec::new();
        for process in self.all.values() {
            let Some(name) = &process.name else { continue };
            let within = process
                .seconds
                .iter()
                .filter(|(second, _)| (from..=to).contains(second));
            told.extend(
                within.map(|(second, step)| (*second, Key::new(By::Process, name.clone()), step.clone())),
            );
        }
        told
    }

    pub(super) fn forget(&mut self, now: Timestamp) {
        let before = now.as_millis().saturating_sub(FORGET_MILLIS);
        // A report may have come in since somebody looked at the clock; one that is much later came before the clock went back.
        let after = now.as_millis().saturating_add(JUMPED_MILLIS);
        self.all
            .retain(|_, process| (before..=after).contains(&process.heard.as_millis()));
    }
}

impl Process {
    fn add(&mut self, before: &ProcessFigures, at: Timestamp, figures: &ProcessFigures, now: Timestamp) {
        let between = now.millis_since(at);
        if between == 0 || between > GAP_MILLIS {
            return;
        }
        let cpu = grown(before.cpu_us, figures.cpu_us).map(|micros| micros.saturating_mul(1_000) / between);
        let load = before.arbiters.zip(figures.arbiters).and_then(|(before, now)| {
            let of = grown(Some(before.of_us), Some(now.of_us)).filter(|of| *of > 0)?;
            let busy = grown(Some(before.busy_us), Some(now.busy_us))?;
            Some(busy.min(of).saturating_mul(1_000_000) / of)
        });
        let once = |value: Option<u64>| value.map_or(Slot::default(), Slot::once);
        let step = Step {
            slots: [once(cpu), once(figures.memory), once(figures.files), once(load)],
            ..Step::default()
        };
        let to = second_of(now);
        let from = self
            .seconds
            .back()
            .map_or(second_of(at), |(second, _)| second_of(at).max(*second));
        for second in from + 1..=to {
            self.seconds.push_back((second, step.clone()));
        }
        while self.seconds.len() > KEPT {
            self.seconds.pop_front();
        }
    }
}

/// What a total grew by; nothing where it is not known, or fell: then it is not of the same count.
fn grown(before: Option<u64>, now: Option<u64>) -> Option<u64> {
    now?.checked_sub(before?)
}

/// `application@node:pid`, or what is known of it.
fn name(source: &Source) -> Text {
    let scope = source.scope();
    let named = source.app.as_deref().filter(|app| !app.trim().is_empty());
    Text::from(match (named, scope) {
        (Some(app), Some(scope)) => format!("{app}@{scope}"),
        (Some(app), None) => app.to_owned(),
        (None, Some(scope)) => scope,
        (None, None) => source.boot.0.clone(),
    })
}

#[cfg(test)]
mod tests {
    use loom_protocol::{ArbiterTime, BootId};

    use super::*;

    fn batch(seq: u64, figures: Option<ProcessFigures>) -> ActorBatch {
        let boot = BootId("boot".into());
        let mut batch = ActorBatch::new(boot.clone(), seq);
        batch.source = (seq == 1).then(|| Source {
            app: Some("shop".into()),
            node: Some("node".into()),
            pid: Some(7),
            boot,
            started: None,
        });
        batch.process = figures;
        batch
    }

    fn figures(cpu_us: u64, busy_us: u64) -> Option<ProcessFigures> {
        Some(ProcessFigures {
            cpu_us: Some(cpu_us),
            memory: Some(9_000),
            files: None,
            arbiters: Some(ArbiterTime {
                busy_us,
                of_us: cpu_us * 4,
            }),
        })
    }

    fn values_of(reports: &[(i64, Option<ProcessFigures>)]) -> Vec<(i64, Vec<Option<u64>>)> {
        let mut processes = Processes::default();
        for (seq, (at, figures)) in (1..).zip(reports) {
            let now = Timestamp::from_millis(*at);
            processes.batch(&Text::from("boot"), &batch(seq, *figures), now);
        }
        let seconds = processes.seconds(0, 1_000);
        seconds
            .iter()
            .map(|(second, key, step)| {
                assert_eq!(&*key.name, "shop@node:7");
                let slots = step.slots.iter();
                (
                    *second,
                    slots.map(|slot| (slot.seconds > 0).then_some(slot.sum)).collect(),
                )
            })
            .collect()
    }

    #[test]
    fn cores_are_what_the_processors_time_grew_by_and_what_is_not_known_is_absent() {
        let half = vec![Some(500_000), Some(9_000), None, Some(250_000)];
        let reports = [
            (100_000, figures(1_000_000, 0)),
            (101_000, figures(1_500_000, 500_000)),
            (103_000, figures(2_500_000, 1_500_000)),
        ];
        assert_eq!(
            values_of(&reports),
            [(101, half.clone()), (102, half.clone()), (103, half)]
        );
    }

    #[test]
    fn who_is_heard_while_somebody_looks_is_not_forgotten_and_who_is_silent_or_of_another_time_is() {
        for (looked, stays) in [
            (100_000, true),
            (99_999, true),
            (95_000, true),
            (94_999, false),
            (160_000, true),
            (160_001, false),
        ] {
            let mut processes = Processes::default();
            let at = Timestamp::from_millis(100_000);
            processes.batch(&Text::from("boot"), &batch(1, figures(1, 1)), at);
            processes.forget(Timestamp::from_millis(looked));
            assert_eq!(processes.all.len(), usize::from(stays), "{looked}");
        }
    }

    #[test]
    fn what_falls_and_what_is_too_far_apart_is_no_growth() {
        let reports = [
            (100_000, figures(9_000_000, 9)),
            (101_000, figures(1_000_000, 4)),
            (120_000, figures(2_000_000, 5)),
            (121_000, None),
            (122_000, figures(3_000_000, 6)),
        ];
        let half = vec![Some(500_000), Some(9_000), None, Some(0)];
        let fell = vec![None, Some(9_000), None, None];
        assert_eq!(
            values_of(&reports),
            [(101, fell), (121, half.clone()), (122, half)]
        );
    }
}
