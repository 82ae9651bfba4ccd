//! What remembering a second costs at 1,000 types and 100,000 actors. `cargo bench -p loom-studio --bench history`.
//!
//! Each second is swept twice: the first time there is a second to be remembered, the second time there is none. What lies between the
//! two is the cost.
#![expect(clippy::print_stdout, reason = "a bench prints what it measured")]

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

use loom_protocol::{
    ActorBatch, ActorPatch, ActorRecord, BootId, Histogram, MessageTotals, Timestamp, TypeTotals,
};
use loom_studio::{Clock, Directory, DirectoryOptions, Intake};

const TYPES: u64 = 1_000;
const ACTORS: u64 = 100_000;
/// Actors that do something in a second.
const BUSY: u64 = 5_000;
const SECONDS: u64 = 60;

#[derive(Clone)]
struct Hand(Arc<AtomicI64>);

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::Relaxed))
    }
}

fn boot() -> BootId {
    BootId("bench".to_owned())
}

fn totals(kind: u64, second: u64) -> TypeTotals {
    let mut times = Histogram::default();
    (0..=second).for_each(|number| times.record(1_000 << (number % 16)));
    TypeTotals {
        kind: format!("Type{kind}"),
        messages: vec![MessageTotals {
            kind: "Order".to_owned(),
            handled: 50 * second,
            wait: Some(times.clone()),
            handle: Some(times),
            ..MessageTotals::default()
        }],
    }
}

fn main() {
    let clock = Hand(Arc::new(AtomicI64::new(1_765_596_838_000)));
    let options = DirectoryOptions {
        max_actors: 200_000,
        ..DirectoryOptions::default()
    };
    let intake = Intake::new(Arc::new(Directory::new(options, Arc::new(clock.clone()))));
    let mut seq = 0;
    let mut send = |fill: &dyn Fn(&mut ActorBatch)| {
        seq += 1;
        let mut batch = ActorBatch::new(boot(), seq);
        fill(&mut batch);
        let began = Instant::now();
        let taken = intake.batch(batch);
        assert!(
            taken.is_ok_and(|outcome| outcome.rejected.is_empty()),
            "the batch is taken"
        );
        began.elapsed().as_secs_f64() * 1e3
    };
    for first in (0..ACTORS).step_by(10_000) {
        send(&|batch| {
            batch.register.extend((first..first + 10_000).map(|number| {
                let mut record =
                    ActorRecord::new(format!("actor-{number}"), format!("Type{}", number % TYPES));
                record.message_count = Some(0);
                record
            }));
        });
    }
    let (mut batches, mut remembered, mut others) = (Vec::new(), Vec::new(), Vec::new());
    for second in 1..=SECONDS {
        clock.0.fetch_add(1_000, Ordering::Relaxed);
        batches.push(send(&|batch| {
            batch.types.extend((0..TYPES).map(|kind| totals(kind, second)));
            batch.update.extend((0..BUSY).map(|number| {
                let mut patch = ActorPatch::new(format!("actor-{number}"));
                patch.message_count = Some(10 * second);
                patch
            }));
        }));
        let mut sweep = || {
            let began = Instant::now();
            intake.sweep();
            began.elapsed().as_secs_f64() * 1e3
        };
        let (first, again) = (sweep(), sweep());
        // Before, nothing was over yet.
        if second > 20 {
            remembered.push(first);
            others.push(again);
        }
    }
    let median = |mut times: Vec<f64>| {
        times.sort_by(f64::total_cmp);
        times.get(times.len() / 2).copied().unwrap_or(f64::NAN)
    };
    println!(
        "a batch of {BUSY} actors and {TYPES} types: {:.2} ms",
        median(batches)
    );
    let (first, again) = (median(remembered), median(others));
    println!("a sweep with a second to remember: {first:.2} ms; without: {again:.2} ms");
    let health = intake.history().health();
    println!("{} series, {:.1} MB", health.series, health.memory as f64 / 1e6);
}
