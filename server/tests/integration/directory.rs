//! The directory: beats, boots, staleness and bounds, by a clock that the tests set.

use std::sync::Arc;
use std::time::Duration;

use loom_bridge::StudioSink;
use loom_protocol::{ActorBatch, ActorId, ActorPatch, ActorRecord, ActorStatus, BatchOutcome, BootId};
use loom_studio::directory::{ActorQuery, Refusal, Registered};
use loom_studio::{Directory, DirectoryOptions, Door, Intake};

use crate::support::TestClock;

fn directory() -> (Directory, TestClock) {
    with(DirectoryOptions::default())
}

fn with(options: DirectoryOptions) -> (Directory, TestClock) {
    let clock = TestClock::new();
    (Directory::new(options, Arc::new(clock.clone())), clock)
}

fn batch(boot: &str, seq: u64) -> ActorBatch {
    ActorBatch::new(BootId(boot.to_owned()), seq)
}

fn registering(boot: &str, seq: u64, ids: &[&str]) -> ActorBatch {
    ActorBatch {
        register: ids.iter().map(|id| record(id, "active")).collect(),
        ..batch(boot, seq)
    }
}

fn record(id: &str, status: &str) -> ActorRecord {
    let mut record = ActorRecord::new(id, "T");
    record.status = Some(status.into());
    record
}

fn counted(id: &str, count: u64) -> ActorPatch {
    let mut patch = ActorPatch::new(id);
    patch.message_count = Some(count);
    patch
}

fn status(directory: &Directory, id: &str) -> ActorStatus {
    directory.get(id).unwrap().status.unwrap()
}

#[test]
fn ten_seconds_without_a_beat_are_stale_and_one_beat_is_enough() {
    let (directory, clock) = directory();
    directory.register(record("a", "active")).unwrap();
    clock.advance(9_999);
    assert_eq!(status(&directory, "a"), ActorStatus::Active);
    clock.advance(1);
    assert_eq!(status(&directory, "a"), ActorStatus::Stale);
    directory.update(ActorPatch::new("a")).unwrap();
    assert_eq!(
        status(&directory, "a"),
        ActorStatus::Active,
        "what it was is not lost"
    );
}

#[test]
fn what_has_ended_does_not_go_stale_and_its_uptime_stands() {
    let (directory, clock) = directory();
    for (id, status) in [("stopped", "stopped"), ("failed", "failed")] {
        let mut ended = record(id, status);
        ended.uptime = Some(500);
        directory.register(ended).unwrap();
    }
    clock.advance(60_000);
    for id in ["stopped", "failed"] {
        let record = directory.get(id).unwrap();
        assert_eq!(record.status, Some(id.into()));
        assert_eq!(record.uptime, Some(500));
    }
}

#[test]
fn an_empty_batch_is_a_beat_for_all_actors_of_its_boot() {
    let (directory, clock) = directory();
    directory.apply(registering("b1", 1, &["a", "b"])).unwrap();
    directory.apply(registering("b2", 1, &["c"])).unwrap();
    let registered = directory.get("a").unwrap().last_heartbeat.unwrap();
    clock.advance(9_000);
    assert_eq!(directory.apply(batch("b1", 2)).unwrap(), BatchOutcome::default());
    clock.advance(9_000);
    assert_eq!(status(&directory, "a"), ActorStatus::Active);
    assert_eq!(status(&directory, "b"), ActorStatus::Active);
    assert_eq!(status(&directory, "c"), ActorStatus::Stale);
    let beat = directory.get("a").unwrap().last_heartbeat.unwrap();
    assert_eq!(beat.millis_since(registered), 9_000);
}

#[test]
fn a_batch_that_arrives_twice_is_answered_twice_and_applied_once() {
    let (directory, _) = directory();
    directory.apply(registering("b", 1, &["a"])).unwrap();
    let mut second = batch("b", 2);
    second.update = vec![counted("a", 5), counted("nobody", 1)];
    let outcome = directory.apply(second.clone()).unwrap();
    assert_eq!((outcome.accepted, outcome.rejected.len()), (1, 1));
    let mut third = batch("b", 3);
    third.update = vec![counted("a", 9)];
    let later = directory.apply(third.clone()).unwrap();
    assert_eq!(directory.apply(third).unwrap(), later);
    assert_eq!(directory.get("a").unwrap().message_count, Some(9));
    let mut first = batch("b", 1);
    first.unregister = vec![ActorId::from("a")];
    assert!(directory.apply(first).is_err(), "an old one brings nothing");
    assert!(directory.get("a").is_some());
}

#[test]
fn a_studio_that_missed_a_batch_asks_for_everything_again() {
    let (directory, _) = directory();
    assert!(!directory.apply(batch("from-the-start", 1)).unwrap().resync);
    assert!(directory.apply(batch("from-the-start", 3)).unwrap().resync);
    assert!(!directory.apply(batch("from-the-start", 4)).unwrap().resync);
    assert!(directory.apply(batch("studio-was-restarted", 57)).unwrap().resync);
}

#[test]
fn silent_actors_are_forgotten_in_the_end() {
    let (directory, clock) = directory();
    directory.apply(registering("b", 1, &["owned"])).unwrap();
    directory.register(record("alone", "idle")).unwrap();
    let hour = i64::try_from(DirectoryOptions::default().forget_after.as_millis()).unwrap();
    clock.advance(hour - 1);
    directory.update(ActorPatch::new("alone")).unwrap();
    directory.sweep();
    assert_eq!(directory.len(), 2);
    clock.advance(1);
    directory.sweep();
    assert!(directory.get("owned").is_none());
    assert!(directory.get("alone").is_some());
    clock.advance(hour);
    directory.sweep();
    assert!(directory.is_empty());
    assert!(
        directory.apply(batch("b", 2)).unwrap().resync,
        "its boot is forgotten as well"
    );
}

#[test]
fn the_directory_is_bounded() {
    let (directory, clock) = with(DirectoryOptions {
        max_actors: 2,
        max_boots: 1,
        ..DirectoryOptions::default()
    });
    directory.apply(registering("b", 1, &["a", "b"])).unwrap();
    assert_eq!(
        directory.register(record("c", "idle")),
        Err(Refusal::Full { limit: 2 })
    );
    assert!(
        directory.unregister(&ActorId::from("a")).is_err(),
        "its process lives"
    );
    clock.advance(11_000);
    assert_eq!(directory.register(record("a", "idle")), Ok(Registered::Known));
    assert_eq!(directory.unregister(&ActorId::from("a")), Ok(true));
    assert_eq!(directory.register(record("c", "idle")), Ok(Registered::New));
    assert_eq!(
        directory.apply(batch("other", 1)),
        Err(Refusal::TooManyBoots { limit: 1 })
    );
}

#[actix_web::test]
async fn it_is_the_studio_of_a_bridge_in_the_same_process() {
    let (directory, _) = directory();
    let sink: Arc<dyn StudioSink> = Arc::new(Door::alone(Arc::new(Intake::new(Arc::new(directory)))));
    let outcome = sink.deliver(registering("b", 1, &["a"])).await.unwrap();
    assert_eq!(outcome.accepted, 1);
    let error = sink.deliver(registering("", 1, &["a"])).await.unwrap_err();
    assert!(error.to_string().contains("`boot` is empty"), "{error}");
}

#[test]
fn actors_come_and_go_from_many_threads_and_the_index_agrees() {
    let (directory, clock) = directory();
    let directory = &directory;
    std::thread::scope(|scope| {
        scope.spawn(move || {
            for _ in 0..500 {
                clock.advance(10_000);
                directory.sweep();
            }
        });
        for thread in 0..4 {
            scope.spawn(move || {
                for round in 0..500 {
                    let id = format!("a{}", (round + thread) % 50);
                    let kind = if round % 3 == 0 { "X" } else { "Y" };
                    if (round + thread) % 5 == 0 {
                        drop(directory.unregister(&ActorId::from(id)));
                    } else if round % 2 == 0 {
                        let batch = ActorBatch {
                            register: vec![ActorRecord::new(id, kind)],
                            ..batch(&format!("b{thread}"), round + 1)
                        };
                        directory.apply(batch).unwrap();
                    } else {
                        // Refused where a boot of another thread speaks for it.
                        drop(directory.register(ActorRecord::new(id, kind)));
                    }
                }
            });
        }
    });
    let total = |kind: Option<&str>, text: Option<&str>| {
        let query = ActorQuery {
            kind: kind.map(str::to_owned),
            filter: text.unwrap_or_default().parse().unwrap(),
            ..ActorQuery::default()
        };
        let page = directory.list(&query).unwrap();
        assert_eq!(page.records.len(), page.total);
        page.total
    };
    assert_eq!(total(None, None), directory.len());
    assert_eq!(total(None, Some("a")), directory.len());
    assert_eq!(total(Some("X"), None) + total(Some("Y"), None), directory.len());
}

#[test]
fn a_beat_of_many_actors_costs_as_much_as_one_of_few() {
    let (directory, clock) = directory();
    let ids: Vec<String> = (0..20_000).map(|number| format!("a{number}")).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    directory.apply(registering("many", 1, &ids)).unwrap();
    directory.apply(registering("few", 1, &["one"])).unwrap();
    let time = |boot: &str, from: u64| {
        let start = std::time::Instant::now();
        for seq in from..from + 200 {
            directory.apply(batch(boot, seq)).unwrap();
        }
        start.elapsed()
    };
    let (few, many) = (time("few", 2), time("many", 2));
    // A walk over all actors would be thousands of times slower; anything near is the machine's noise.
    assert!(
        many < few * 100 + Duration::from_millis(20),
        "{many:?} against {few:?}"
    );
    clock.advance(9_000);
    assert_eq!(status(&directory, "a19999"), ActorStatus::Active);
}
