//! What is remembered against a naive count of what was reported.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use loom_history::{By, Metric, Past};
use loom_protocol::filter::Filter;
use loom_protocol::{ActorBatch, ActorPatch, ActorRecord, BootId, Timestamp};
use proptest::prelude::*;

use super::Asked;
use crate::directory::{Directory, DirectoryOptions};
use crate::ingest::{Ingest, Intake};
use crate::{Clock, SystemClock};

const START: i64 = 1_765_596_838_000;

/// What one of two processes does.
#[derive(Clone, Debug)]
enum Turn {
    /// So many milliseconds later it reports so many messages more.
    Report(usize, i64, u64),
    /// It starts anew: its counter begins at zero, or at any number.
    Boot(usize, u64),
    /// Its counter falls, without a word.
    Fall(usize),
    /// Nobody reports for so many milliseconds.
    Silence(i64),
    /// The clock jumps by so many seconds.
    Jump(i64),
}

fn turn() -> impl Strategy<Value = Turn> {
    prop_oneof![
        12 => (0..2_usize, 200..4_000_i64, 0..900_u64).prop_map(|(who, pause, more)| Turn::Report(who, pause, more)),
        1 => (0..2_usize, 0..100_000_u64).prop_map(|(who, from)| Turn::Boot(who, from)),
        1 => (0..2_usize).prop_map(Turn::Fall),
        1 => (500..30_000_i64).prop_map(Turn::Silence),
    ]
}

fn turn_with_jumps() -> impl Strategy<Value = Turn> {
    prop_oneof![
        12 => turn(),
        1 => prop_oneof![Just(-3_600), -90..90_i64, Just(7_200)].prop_map(Turn::Jump),
    ]
}

/// A studio, two processes with one actor each, and the naive count.
struct World {
    intake: Intake,
    now: i64,
    swept: i64,
    starts: u64,
    processes: [Process; 2],
    /// Messages that were seen to come, and the seconds that somebody was heard in.
    counted: u64,
    heard: BTreeSet<i64>,
}

#[derive(Clone)]
struct Process {
    boot: String,
    seq: u64,
    count: u64,
    last: Option<(i64, u64)>,
}

impl World {
    fn new() -> Self {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let directory = Directory::new(DirectoryOptions::default(), clock);
        let process = |who: usize| Process {
            boot: format!("boot-{who}-0"),
            seq: 0,
            count: 40,
            last: None,
        };
        Self {
            intake: Intake::new(Arc::new(directory)),
            now: START,
            swept: START,
            starts: 0,
            processes: [process(0), process(1)],
            counted: 0,
            heard: BTreeSet::new(),
        }
    }

    /// Time goes by, and each second somebody sweeps.
    fn pass(&mut self, millis: i64) {
        let until = self.now + millis;
        while self.swept + 1_000 <= until {
            self.swept += 1_000;
            self.intake.sweep_at(Timestamp::from_millis(self.swept));
        }
        self.now = until;
    }

    fn report(&mut self, who: usize) {
        let now = self.now;
        let Some(process) = self.processes.get_mut(who) else {
            return;
        };
        process.seq += 1;
        let mut batch = ActorBatch::new(BootId(process.boot.clone()), process.seq);
        if process.seq == 1 {
            let mut record = ActorRecord::new(format!("actor-{who}"), "T");
            record.message_count = Some(process.count);
            batch.register.push(record);
        } else {
            let mut patch = ActorPatch::new(format!("actor-{who}"));
            patch.message_count = Some(process.count);
            batch.update.push(patch);
        }
        let taken = self
            .intake
            .take(Timestamp::from_millis(now), Ingest::Batch(Box::new(batch)));
        assert!(taken.is_ok());
        if let Some((last, count)) = process.last.replace((now, process.count))
            && now - last <= 10_000
        {
            self.counted += process.count.saturating_sub(count);
            let (from, to) = (last.div_euclid(1_000), now.div_euclid(1_000));
            self.heard.extend(from.min(to - 1) + 1..=to);
        }
    }

    fn turn(&mut self, turn: &Turn) {
        match turn {
            Turn::Report(who, pause, more) => {
                self.pass(*pause);
                if let Some(process) = self.processes.get_mut(*who) {
                    process.count += more;
                }
                self.report(*who);
            }
            Turn::Boot(who, from) => {
                self.starts += 1;
                if let Some(process) = self.processes.get_mut(*who) {
                    *process = Process {
                        boot: format!("boot-{who}-{}", self.starts),
                        seq: 0,
                        count: *from,
                        last: None,
                    };
                }
                // Until the one before is silent its actors are its own.
                self.pass(11_000);
                self.report(*who);
            }
            Turn::Fall(who) => {
                if let Some(process) = self.processes.get_mut(*who) {
                    process.count /= 2;
                }
            }
            Turn::Silence(millis) => self.pass(*millis),
            Turn::Jump(seconds) => {
                self.now += seconds * 1_000;
                self.swept = self.now;
                for process in &mut self.processes {
                    process.last = None;
                }
            }
        }
    }

    fn ask(&self, length: i64, points: usize) -> Past {
        let now = Timestamp::from_millis(self.now + 1_000);
        let asked = Asked {
            by: By::Type,
            metrics: vec![Metric::Rate],
            filter: Filter::default(),
            from: now.as_millis() - length * 1_000,
            to: now.as_millis(),
            points,
            limit: 10,
        };
        asked.answer(&self.intake, now)
    }
}

fn values_of(past: &Past) -> BTreeMap<i64, f64> {
    let values = past
        .lines
        .first()
        .map(|line| line.values.clone())
        .unwrap_or_default();
    let steps = (past.from / 1_000..past.to / 1_000).step_by(usize::try_from(past.step / 1_000).unwrap());
    steps
        .zip(values)
        .filter_map(|(second, value)| Some((second, value?)))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(48) })]

    #[test]
    fn what_is_told_is_what_came_and_gaps_are_where_nobody_was_heard(turns in prop::collection::vec(turn(), 1..80)) {
        let mut world = World::new();
        for turn in &turns {
            // All of it must be within the ring that has single seconds.
            if world.now - START < 500_000 {
                world.turn(turn);
            }
        }
        let seconds = values_of(&world.ask(600, 2_000));
        let known: BTreeSet<i64> = seconds.keys().copied().collect();
        let over = (world.now + 1_000).div_euclid(1_000);
        let heard: BTreeSet<i64> = world.heard.iter().copied().filter(|second| *second < over).collect();
        prop_assert_eq!(&known, &heard, "gaps");
        prop_assert!(seconds.values().all(|rate| *rate >= 0.0));
        let sum: f64 = seconds.values().sum();
        #[expect(clippy::cast_precision_loss, reason = "small counts")]
        let counted = world.counted as f64;
        prop_assert!((sum - counted).abs() < 0.01 + counted * 1e-4, "{sum} of {counted}");
        // Coarse steps are sums of the fine ones.
        let past = world.ask(7_200, 800);
        prop_assert_eq!(past.step, 10_000);
        for (at, mean) in values_of(&past) {
            let parts: Vec<f64> = seconds.range(at..at + 10).map(|(_, rate)| *rate).collect();
            #[expect(clippy::cast_precision_loss, reason = "ten at most")]
            let expected = parts.iter().sum::<f64>() / parts.len() as f64;
            prop_assert!((mean - expected).abs() < 1e-6, "{mean} {expected}");
        }
    }

    #[test]
    fn a_clock_that_jumps_makes_no_message_up(turns in prop::collection::vec(turn_with_jumps(), 1..80)) {
        let mut world = World::new();
        turns.iter().for_each(|turn| world.turn(turn));
        let most: u64 = turns.iter().map(|turn| match turn {
            Turn::Report(_, _, more) => *more,
            _ => 0,
        }).sum();
        let seconds = values_of(&world.ask(600, 2_000));
        #[expect(clippy::cast_precision_loss, reason = "small counts")]
        let most = most as f64;
        prop_assert!(seconds.values().all(|rate| *rate >= 0.0));
        prop_assert!(seconds.values().sum::<f64>() <= most + 1.0);
    }
}
