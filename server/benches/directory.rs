//! What the directory costs with 100,000 actors, and a poll and a sweep with 1,000 to 1,000,000. Prints medians; nothing here fails.
//!
//! `cargo bench -p loom-studio --bench directory`

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a bench prints, and stops when it can't run"
)]

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use loom_protocol::{ActorBatch, ActorPatch, ActorRecord, BootId};
use loom_studio::directory::ActorQuery;
use loom_studio::{Directory, DirectoryOptions, Intake, SystemClock};

const ACTORS: usize = 100_000;

fn main() {
    let before = resident_kib();
    let directory = Directory::new(DirectoryOptions::default(), Arc::new(SystemClock));
    let start = Instant::now();
    let mut seq = 0;
    for ids in (0..ACTORS).collect::<Vec<_>>().chunks(5_000) {
        seq += 1;
        directory
            .apply(ActorBatch {
                register: ids.iter().map(|id| record(*id)).collect(),
                ..empty(seq)
            })
            .unwrap();
    }
    println!("register {ACTORS}: {:?}", start.elapsed());
    if let (Some(before), Some(after)) = (before, resident_kib()) {
        println!("resident memory: {} MiB more", (after - before) / 1024);
    }
    report("beat of all (empty batch)", || {
        seq += 1;
        black_box(directory.apply(empty(seq)).unwrap());
    });
    report("poll of 1 % changed", || {
        seq += 1;
        let update = (0..ACTORS / 100).map(|id| changed(id * 100, seq)).collect();
        black_box(directory.apply(ActorBatch { update, ..empty(seq) }).unwrap());
    });
    let page = |query: ActorQuery| ActorQuery {
        limit: Some(100),
        ..query
    };
    for (name, query) in [
        ("page of 100, by id", ActorQuery::default()),
        (
            "page of 100, one type",
            ActorQuery {
                kind: Some("CounterActor3".to_owned()),
                ..ActorQuery::default()
            },
        ),
        (
            "page of 100, by messages",
            ActorQuery {
                sort: "-messageCount".parse().unwrap(),
                ..ActorQuery::default()
            },
        ),
        (
            "page of 100, searched",
            ActorQuery {
                filter: "worker-7".parse().unwrap(),
                ..ActorQuery::default()
            },
        ),
    ] {
        let query = page(query);
        report(name, || {
            black_box(directory.list(&query).unwrap());
        });
    }
    // What lists are made of where actors tell more of themselves: texts of their own, and a parent.
    let rich = Directory::new(DirectoryOptions::default(), Arc::new(SystemClock));
    for (seq, ids) in (0..ACTORS).collect::<Vec<_>>().chunks(5_000).enumerate() {
        rich.apply(ActorBatch {
            register: ids.iter().map(|id| told(*id)).collect(),
            ..empty(seq as u64 + 1)
        })
        .unwrap();
    }
    for filter in [
        "10.0.7",
        "nowhere",
        "counter-99",
        "-type:CounterActor3 state:active messages:>500",
    ] {
        let query = page(ActorQuery {
            filter: filter.parse().unwrap(),
            ..ActorQuery::default()
        });
        report(
            &format!("page of 100 with metadata and parents, `{filter}`"),
            || {
                black_box(rich.list(&query).unwrap());
            },
        );
    }
    report("metrics", || {
        black_box(directory.metrics());
    });
    report("sweep", || directory.sweep());
    drop((directory, rich));
    for actors in [1_000, 100_000, 1_000_000] {
        grow(actors);
    }
}

/// What a poll and a sweep cost with so many actors, with all that the studio makes of them: journals, traffic, lints, rates.
fn grow(actors: usize) {
    let options = DirectoryOptions {
        max_actors: actors,
        ..DirectoryOptions::default()
    };
    let before = resident_kib();
    let intake = Intake::new(Arc::new(Directory::new(options, Arc::new(SystemClock))));
    let mut seq = 0;
    for ids in (0..actors).collect::<Vec<_>>().chunks(5_000) {
        seq += 1;
        let register = ids.iter().map(|id| record(*id)).collect();
        intake
            .batch(ActorBatch {
                register,
                ..empty(seq)
            })
            .unwrap();
    }
    let more = |from: Option<u64>| match (from, resident_kib()) {
        (Some(before), Some(after)) => format!("{} MiB", after.saturating_sub(before) / 1024),
        _ => "?".to_owned(),
    };
    println!("{actors} actors, resident memory: {}", more(before));
    report(&format!("{actors} actors, beat"), || {
        seq += 1;
        black_box(intake.batch(empty(seq)).unwrap());
    });
    report(&format!("{actors} actors, sweep"), || intake.sweep());
    let count = (actors / 100).max(1);
    report(&format!("{actors} actors, poll of 1 % changed"), || {
        seq += 1;
        let update = (0..count).map(|id| changed(id * 100, seq + 10_000_000)).collect();
        black_box(intake.batch(ActorBatch { update, ..empty(seq) }).unwrap());
    });
    report(&format!("{actors} actors, sweep while 1 % change"), || {
        intake.sweep()
    });
    if actors > 100_000 {
        return;
    }
    for round in 0..3 {
        let start = Instant::now();
        for ids in (0..actors).collect::<Vec<_>>().chunks(5_000) {
            seq += 1;
            let update = ids.iter().map(|id| changed(*id, 20_000_000 + round)).collect();
            intake.batch(ActorBatch { update, ..empty(seq) }).unwrap();
        }
        let polled = start.elapsed();
        let start = Instant::now();
        intake.sweep();
        println!(
            "{actors} actors, all changed: poll {polled:?}, sweep {:?}",
            start.elapsed()
        );
    }
    println!(
        "{actors} actors, resident memory once all did something: {}",
        more(before)
    );
}

fn record(id: usize) -> ActorRecord {
    let mut record = ActorRecord::new(format!("counter-{id}"), format!("CounterActor{}", id % 10));
    record.status = Some("active".into());
    record.worker_id = Some(format!("worker-{}", id % 16));
    record.node = Some("node-1".to_owned());
    record.message_count = Some(id as u64);
    record.queue_depth = Some(0);
    record.uptime = Some(1);
    record
}

fn told(id: usize) -> ActorRecord {
    let mut record = record(id);
    record.parent_id = Some(format!("counter-{}", id / 10).as_str().into());
    let told = serde_json::json!({"peer":format!("10.0.{}.{}:9000", id % 200, id % 250),"shard":id % 64,"warm":true});
    record.metadata = told.as_object().cloned();
    record
}

fn changed(id: usize, count: u64) -> ActorPatch {
    let mut patch = ActorPatch::new(format!("counter-{id}"));
    patch.message_count = Some(count);
    patch
}

fn empty(seq: u64) -> ActorBatch {
    ActorBatch::new(BootId("bench".to_owned()), seq)
}

fn report(what: &str, mut run: impl FnMut()) {
    let mut times: Vec<Duration> = (0..51)
        .map(|_| {
            let start = Instant::now();
            run();
            start.elapsed()
        })
        .collect();
    times.sort();
    println!("{what}: {:?}", times.get(25).copied().unwrap_or_default());
}

/// Linux only.
fn resident_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}
