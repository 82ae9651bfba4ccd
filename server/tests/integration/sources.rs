//! Who speaks for an actor: processes with the same ids, those that start anew, and what they no longer name.

use std::sync::Arc;

use loom_protocol::{
    ActorBatch, ActorId, ActorPatch, ActorRecord, ActorStatus, BootId, RejectionCode, Source,
};
use loom_studio::directory::{Refusal, Registered};
use loom_studio::{Directory, DirectoryOptions, StudioOptions};
use serde_json::json;

use crate::support::{TestClock, post, services};

fn directory() -> (Directory, TestClock) {
    let clock = TestClock::new();
    let directory = Directory::new(DirectoryOptions::default(), Arc::new(clock.clone()));
    (directory, clock)
}

fn batch(boot: &str, seq: u64) -> ActorBatch {
    ActorBatch::new(BootId(boot.to_owned()), seq)
}

fn registering(boot: &str, seq: u64, ids: &[&str]) -> ActorBatch {
    let mut batch = batch(boot, seq);
    batch.register = ids.iter().map(|id| record(id)).collect();
    batch
}

/// Of a process in a container, where every process is number 1.
fn from(node: &str, mut batch: ActorBatch) -> ActorBatch {
    batch.source = Some(Source {
        app: Some("shop".into()),
        node: Some(node.into()),
        pid: Some(1),
        boot: batch.boot.clone(),
        started: None,
    });
    batch
}

fn record(id: &str) -> ActorRecord {
    let mut record = ActorRecord::new(id, "T");
    record.status = Some(ActorStatus::Active);
    record
}

fn counted(id: &str, count: u64) -> ActorPatch {
    let mut patch = ActorPatch::new(id);
    patch.message_count = Some(count);
    patch
}

fn counts(directory: &Directory, id: &str) -> Option<u64> {
    directory.get(id)?.message_count
}

fn ids(directory: &Directory) -> Vec<String> {
    let page = directory.list(&Default::default()).unwrap();
    page.records.into_iter().map(|record| record.id.0).collect()
}

#[test]
fn a_batch_takes_no_actor_from_a_living_process() {
    let (directory, clock) = directory();
    directory.apply(registering("old", 1, &["a", "b"])).unwrap();
    let outcome = directory.apply(registering("new", 1, &["a", "c"])).unwrap();
    assert_eq!(outcome.accepted, 1);
    let [rejection] = &outcome.rejected[..] else {
        panic!("{outcome:?}")
    };
    assert_eq!(
        (rejection.index, rejection.code),
        (0, Some(RejectionCode::OtherOwner))
    );
    assert!(rejection.problem.contains("`old`"), "{rejection:?}");
    let mut old = batch("old", 2);
    old.update = vec![counted("a", 18)];
    assert_eq!(directory.apply(old).unwrap().rejected, []);
    let mut new = batch("new", 2);
    new.update = vec![counted("a", 9), counted("nobody", 1)];
    let codes: Vec<_> = directory
        .apply(new)
        .unwrap()
        .rejected
        .iter()
        .map(|it| it.code)
        .collect();
    assert_eq!(
        codes,
        [Some(RejectionCode::OtherOwner), Some(RejectionCode::UnknownActor)]
    );
    assert_eq!(counts(&directory, "a"), Some(18), "it never runs backwards");
    assert!(matches!(
        directory.register(record("a")),
        Err(Refusal::OtherOwner { .. })
    ));

    // One that fell silent has lost its actors to whoever asks first.
    clock.advance(10_000);
    let outcome = directory.apply(registering("new", 3, &["a"])).unwrap();
    assert_eq!(outcome.rejected, []);
    let mut late = batch("old", 3);
    late.update = vec![counted("a", 19)];
    late.unregister = vec![ActorId::from("a")];
    let outcome = directory.apply(late).unwrap();
    assert_eq!(outcome.accepted, 1, "the good-bye is taken note of");
    assert_eq!(outcome.rejected[0].code, Some(RejectionCode::OtherOwner));
    assert!(directory.get("a").is_some());
}

#[test]
fn an_actor_that_has_ended_leaves_its_id_to_anybody() {
    let (directory, _) = directory();
    let mut ended = registering("old", 1, &["a"]);
    ended.register[0].status = Some(ActorStatus::Stopped);
    directory.apply(ended).unwrap();
    assert_eq!(
        directory.apply(registering("new", 1, &["a"])).unwrap().accepted,
        1
    );
    assert_eq!(directory.get("a").unwrap().status, Some(ActorStatus::Active));
    let mut alone = record("b");
    alone.status = Some(ActorStatus::Failed);
    directory.register(alone).unwrap();
    assert_eq!(directory.register(record("b")), Ok(Registered::Known));
}

#[test]
fn processes_that_say_who_they_are_are_shown_side_by_side() {
    let (directory, _) = directory();
    for (boot, node) in [
        ("boot-one-of-web", "web-1"),
        ("boot-two-of-web", "web-2"),
        ("b3", "web-2"),
    ] {
        let mut batch = from(node, registering(boot, 1, &["orchestrator-1", "child"]));
        batch.register[1].parent_id = Some("orchestrator-1".into());
        assert_eq!(directory.apply(batch).unwrap().rejected, [], "{boot}");
    }
    assert_eq!(
        ids(&directory),
        [
            "child",
            "child@web-2:1",
            "child@web-2:1~b3",
            "orchestrator-1",
            "orchestrator-1@web-2:1",
            "orchestrator-1@web-2:1~b3",
        ]
    );
    for (boot, count) in [("boot-one-of-web", 18), ("boot-two-of-web", 9), ("b3", 4)] {
        let mut batch = batch(boot, 2);
        batch.update = vec![counted("orchestrator-1", count)];
        assert_eq!(directory.apply(batch).unwrap().accepted, 1);
    }
    assert_eq!(counts(&directory, "orchestrator-1"), Some(18));
    assert_eq!(counts(&directory, "orchestrator-1@web-2:1"), Some(9));
    assert_eq!(counts(&directory, "orchestrator-1@web-2:1~b3"), Some(4));
    let parent = directory.get("child@web-2:1").unwrap().parent_id;
    assert_eq!(
        parent,
        Some("orchestrator-1@web-2:1".into()),
        "its own, not the namesake"
    );
    let mut farewell = batch("boot-two-of-web", 3);
    farewell.unregister = vec!["child".into(), "orchestrator-1".into()];
    directory.apply(farewell).unwrap();
    assert_eq!(
        ids(&directory),
        [
            "child",
            "child@web-2:1~b3",
            "orchestrator-1",
            "orchestrator-1@web-2:1~b3"
        ]
    );
}

#[test]
fn a_process_that_crashed_and_came_back_gets_its_ids_back() {
    let (directory, clock) = directory();
    directory
        .apply(from("web", registering("first", 1, &["a", "only-first"])))
        .unwrap();
    clock.advance(3_000);
    directory
        .apply(from("web", registering("second", 1, &["a"])))
        .unwrap();
    assert_eq!(ids(&directory), ["a", "a@web:1", "only-first"]);
    directory.sweep();
    assert_eq!(
        ids(&directory),
        ["a", "a@web:1", "only-first"],
        "the first may live"
    );
    clock.advance(7_000);
    directory.apply(batch("second", 2)).unwrap();
    directory.sweep();
    assert_eq!(ids(&directory), ["a", "only-first"]);
    let mut third = batch("second", 3);
    third.update = vec![counted("a", 7)];
    directory.apply(third).unwrap();
    assert_eq!(counts(&directory, "a"), Some(7));
    assert_eq!(
        directory.get("only-first").unwrap().status,
        Some(ActorStatus::Stale)
    );
}

#[test]
fn what_a_generation_does_not_name_is_gone_with_its_end() {
    let (directory, _) = directory();
    let in_generation = |seq, generation, complete, ids: &[&str]| {
        let mut batch = registering("b", seq, ids);
        batch.generation = Some(generation);
        batch.complete = complete;
        batch
    };
    directory.apply(registering("other", 1, &["z"])).unwrap();
    directory.register(record("alone")).unwrap();
    directory.apply(in_generation(1, 1, false, &["a", "b"])).unwrap();
    directory.apply(in_generation(2, 1, true, &["c"])).unwrap();
    assert_eq!(ids(&directory), ["a", "alone", "b", "c", "z"]);
    directory.apply(in_generation(3, 2, false, &["a"])).unwrap();
    assert_eq!(
        ids(&directory),
        ["a", "alone", "b", "c", "z"],
        "not before its end"
    );
    directory.apply(in_generation(4, 2, true, &["new"])).unwrap();
    assert_eq!(ids(&directory), ["a", "alone", "new", "z"]);

    // A batch is missing: what it named is not known, so nothing is taken for gone until all is named anew.
    let outcome = directory.apply(in_generation(6, 3, true, &["a"])).unwrap();
    assert!(outcome.resync);
    assert_eq!(ids(&directory), ["a", "alone", "new", "z"]);
    directory.apply(in_generation(7, 4, true, &["a"])).unwrap();
    assert_eq!(ids(&directory), ["a", "alone", "z"]);
}

#[test]
fn a_boot_that_counts_anew_is_refused_and_its_dead_do_not_beat() {
    let (directory, clock) = directory();
    directory.apply(registering("my-app", 1, &["a"])).unwrap();
    clock.advance(9_000);
    let refusal = directory.apply(registering("my-app", 1, &["b"])).unwrap_err();
    let text = refusal.to_string();
    assert!(text.contains("`my-app`") && text.contains("UUID"), "{text}");
    assert!(directory.get("b").is_none());
    clock.advance(1_000);
    assert_eq!(directory.get("a").unwrap().status, Some(ActorStatus::Stale));
    let repeated = directory.apply(registering("my-app", 1, &["a"])).unwrap();
    assert_eq!(repeated.accepted, 1, "the same one again is a lost answer");
}

#[test]
fn who_lost_an_actor_while_silent_is_asked_for_all_of_them() {
    for by_hand in [false, true] {
        let (directory, clock) = directory();
        directory
            .apply(from("web-1", registering("one", 1, &["a", "b"])))
            .unwrap();
        directory
            .apply(from("web-2", registering("two", 1, &["a"])))
            .unwrap();
        assert_eq!(ids(&directory), ["a", "a@web-2:1", "b"]);
        clock.advance(10_000);
        if by_hand {
            directory.update(counted("a", 1)).unwrap();
        } else {
            assert!(!directory.apply(batch("two", 2)).unwrap().resync);
            directory.sweep();
            assert_eq!(ids(&directory), ["a", "b"]);
        }
        let back = directory.apply(batch("one", 2)).unwrap();
        assert!(back.resync, "its own is not shown any more");
        let again = directory.apply(registering("one", 3, &["a", "b"])).unwrap();
        assert_eq!((again.accepted, again.resync), (2, false));
        assert_eq!(ids(&directory).len(), 3, "{:?}", ids(&directory));
    }
}

#[test]
fn the_silent_take_nothing_from_the_silent() {
    let (directory, clock) = directory();
    for (boot, node) in [("one", "web-1"), ("two", "web-2")] {
        directory.apply(from(node, registering(boot, 1, &["a"]))).unwrap();
    }
    // The machine slept.
    clock.advance(60_000);
    directory.sweep();
    assert_eq!(ids(&directory), ["a", "a@web-2:1"]);
    for boot in ["one", "two"] {
        assert!(!directory.apply(batch(boot, 2)).unwrap().resync);
    }
    directory.sweep();
    assert_eq!(ids(&directory), ["a", "a@web-2:1"]);
}

#[test]
fn an_actor_that_failed_stays_beside_its_namesake() {
    let (directory, clock) = directory();
    directory
        .apply(from("web-1", registering("one", 1, &["a"])))
        .unwrap();
    directory
        .apply(from("web-2", registering("two", 1, &["a"])))
        .unwrap();
    let mut end = batch("one", 2);
    end.update = vec![ActorPatch::new("a")];
    end.update[0].status = Some(ActorStatus::Failed);
    directory.apply(end).unwrap();
    directory.sweep();
    assert_eq!(ids(&directory), ["a", "a@web-2:1"]);
    assert_eq!(directory.get("a").unwrap().status, Some(ActorStatus::Failed));
    clock.advance(10_000);
    assert!(!directory.apply(batch("two", 2)).unwrap().resync);
    directory.sweep();
    assert_eq!(ids(&directory), ["a"], "nobody stands behind it any more");
    assert!(!directory.apply(batch("one", 3)).unwrap().resync, "it had ended");
}

#[test]
fn what_others_post_about_after_its_process_died_is_forgotten_in_time() {
    let forget = i64::try_from(DirectoryOptions::default().forget_after.as_millis()).unwrap();
    for ended in [false, true] {
        let (directory, clock) = directory();
        let mut first = registering("dead", 1, &["a"]);
        if ended {
            first.register[0].status = Some(ActorStatus::Failed);
        }
        directory.apply(first).unwrap();
        clock.advance(if ended { 5_000 } else { 10_000 });
        directory.update(counted("a", 1)).unwrap();
        clock.advance(forget - 5_000);
        directory.sweep();
        assert_eq!(ids(&directory), ["a"], "it was posted about since");
        clock.advance(5_000);
        directory.sweep();
        assert_eq!(ids(&directory), Vec::<String>::new());
    }
}

#[test]
fn an_id_that_leaves_no_room_for_another_beside_it_is_taken() {
    let (directory, _) = directory();
    let id = "a".repeat(DirectoryOptions::default().max_text - 3);
    directory
        .apply(from("web-1", registering("one", 1, &[&id])))
        .unwrap();
    let outcome = directory
        .apply(from("web-2", registering("two", 1, &[&id])))
        .unwrap();
    let codes: Vec<_> = outcome.rejected.iter().map(|it| it.code).collect();
    assert_eq!(codes, [Some(RejectionCode::OtherOwner)]);
    assert_eq!(directory.len(), 1);
}

#[test]
fn of_very_many_that_stand_beside_others_all_have_their_turn() {
    let (directory, clock) = directory();
    let lasting: Vec<String> = (0..3_000).map(|number| format!("lasting-{number}")).collect();
    let lasting: Vec<&str> = lasting.iter().map(String::as_str).collect();
    let dying: Vec<String> = (0..50).map(|number| format!("dying-{number}")).collect();
    let dying: Vec<&str> = dying.iter().map(String::as_str).collect();
    directory
        .apply(from("web-1", registering("lasting", 1, &lasting)))
        .unwrap();
    directory
        .apply(from("web-2", registering("dying", 1, &dying)))
        .unwrap();
    directory
        .apply(from("web-3", registering("third", 1, &[lasting, dying].concat())))
        .unwrap();
    clock.advance(10_000);
    for boot in ["lasting", "third"] {
        directory.apply(batch(boot, 2)).unwrap();
    }
    // A round is four sweeps; those that move make room for others, which are seen a round later.
    for _ in 0..12 {
        directory.sweep();
    }
    let left = ids(&directory);
    let left = left
        .iter()
        .filter(|id| id.starts_with("dying-") && id.contains('@'));
    assert_eq!(left.count(), 0);
}

#[test]
fn a_blank_name_of_a_process_says_nothing() {
    let (directory, _) = directory();
    for (boot, seq) in [("one", 1), ("two", 1)] {
        let mut nameless = from(" ", registering(boot, seq, &["a"]));
        nameless.source.as_mut().unwrap().app = Some(String::new());
        assert_eq!(directory.apply(nameless).unwrap().rejected, [], "{boot}");
    }
    assert_eq!(ids(&directory), ["a", "a@1"]);
    let control = from("a\nb", registering("three", 1, &["c"]));
    assert!(matches!(directory.apply(control), Err(Refusal::Control { .. })));
}

#[actix_web::test]
async fn over_http_these_are_conflicts_and_codes() {
    let (services, _) = services(StudioOptions::default());
    let first = json!({"boot":"one","seq":1,"register":[{"id":"a","type":"T"}]});
    post(&services, "/api/actor/batch", first).await;
    let second = json!({"boot":"two","seq":1,"register":[{"id":"a","type":"T"},{"id":"b"}]});
    let answer = post(&services, "/api/actor/batch", second).await.json();
    assert_eq!(answer["rejected"][0]["code"], "other_owner");
    assert_eq!(answer["rejected"][1]["code"], "invalid_record");
    let beside = json!({"boot":"three","seq":1,"source":{"node":"n","pid":1,"boot":"three"},
        "register":[{"id":"a","type":"T"}]});
    let answer = post(&services, "/api/actor/batch", beside).await.json();
    assert_eq!(
        (&answer["accepted"], &answer["rejected"]),
        (&json!(1), &json!([]))
    );
    let again = json!({"boot":"one","seq":1,"register":[{"id":"new","type":"T"}]});
    let answer = post(&services, "/api/actor/batch", again).await;
    assert_eq!(answer.problem(), (409, "used_number".into()));
    let odd = json!({"boot":"four","seq":1,"source":{"boot":"five"}});
    let answer = post(&services, "/api/actor/batch", odd).await;
    assert_eq!(answer.problem(), (400, "invalid_record".into()));
}
