//! What subscribers are told, moment by moment. Time is given, not waited for.

mod threads;

use std::time::Duration;

use loom_protocol::{ActorPatch, ActorStatus};

use super::*;
use crate::clock;
use crate::measure::{message_cell, type_cell};

struct Kind;

/// A registry, one subscription, and a clock that the test moves.
struct Scene {
    registry: ActorRegistry,
    changes: Changes,
    now: Nanos,
}

impl Scene {
    fn new() -> Self {
        // Tests run side by side: of this type there are several, so that none is the only one at times.
        type_cell::<Kind>().born("Kind".into());
        type_cell::<Kind>().born("Kind".into());
        let registry = ActorRegistry::new();
        let changes = registry.subscribe().unwrap();
        Self {
            registry,
            changes,
            now: Nanos::now(),
        }
    }

    fn actor(&self, id: &str) -> Arc<ActorCell> {
        let spec = ActorSpec::new("Kind").id(id).registry(&self.registry);
        let cell = spec.admit(Some(type_cell::<Kind>()));
        cell.polled(false);
        cell
    }

    fn poll_after(&mut self, duration: Duration) -> Delta {
        // Real time passes too, and what actors do is stamped with it.
        self.now = self.now.plus(duration).max(Nanos::now());
        self.changes.poll_at(self.now)
    }

    fn poll(&mut self) -> Delta {
        self.poll_after(Duration::ZERO)
    }

    /// Polls until the last changes have come to rest.
    fn settle(&mut self) {
        for _ in 0..3 {
            self.poll();
        }
        assert!(self.poll().is_empty());
    }
}

fn handle_one(cell: &Arc<ActorCell>) {
    cell.enter(clock::raw());
    cell.leave();
}

fn ids(delta: &Delta) -> (Vec<&str>, Vec<&str>, Vec<&str>) {
    (
        delta.new.iter().map(|record| record.id.0.as_str()).collect(),
        delta.changed.iter().map(|patch| patch.id.0.as_str()).collect(),
        delta.gone.iter().map(|id| id.0.as_str()).collect(),
    )
}

fn only_patch(delta: Delta) -> ActorPatch {
    let [patch]: [_; 1] = delta.changed.try_into().unwrap();
    patch
}

#[test]
fn an_actor_is_new_once_then_changed_when_it_changes() {
    let mut scene = Scene::new();
    let cell = scene.actor("a");
    let first = scene.poll();
    assert_eq!(ids(&first), (vec!["a"], vec![], vec![]));
    assert_eq!(first.new[0].message_count, Some(0));
    scene.settle();

    handle_one(&cell);
    let patch = only_patch(scene.poll());
    assert_eq!(
        (patch.message_count, patch.status),
        (Some(1), Some(ActorStatus::Active))
    );
    let patch = only_patch(scene.poll());
    assert_eq!(
        patch.status,
        Some(ActorStatus::Idle),
        "nothing happened since the last look"
    );
    scene.settle();
}

#[test]
fn a_handle_that_leaves_no_trace_is_gone_with_its_end() {
    let mut scene = Scene::new();
    let kept = scene.registry.register(ActorSpec::new("Line").id("kept"));
    let passing = scene
        .registry
        .register(ActorSpec::new("Line").id("passing"))
        .leaving_no_trace();
    scene.settle();
    drop((kept, passing));
    assert_eq!(scene.registry.len(), 1);
    assert!(scene.registry.get(&ActorId::from("passing")).is_none());
    let delta = scene.poll();
    assert_eq!(ids(&delta), (vec![], vec!["kept", "passing"], vec!["passing"]));
    // Its name is free, and the burial of its kind does not take the next one with it.
    let _next = scene.registry.register(ActorSpec::new("Line").id("passing"));
    let delta = scene.poll_after(Duration::from_secs(20));
    assert_eq!(ids(&delta), (vec!["passing"], vec![], vec!["kept"]));
}

#[test]
fn a_change_is_queued_once_however_often_it_happens() {
    let mut scene = Scene::new();
    let (busy, _quiet) = (scene.actor("busy"), scene.actor("quiet"));
    scene.settle();
    for _ in 0..1_000 {
        handle_one(&busy);
    }
    let patch = only_patch(scene.poll());
    assert_eq!((patch.id.0.as_str(), patch.message_count), ("busy", Some(1_000)));
}

#[test]
fn a_look_costs_what_changed_and_not_what_is_there() {
    let mut scene = Scene::new();
    let cells: Vec<_> = (0..10_000).map(|n| scene.actor(&format!("a{n}"))).collect();
    assert_eq!(scene.poll().new.len(), 10_000);
    scene.settle();
    for cell in cells.iter().step_by(100) {
        handle_one(cell);
    }
    assert_eq!(scene.changes.waiting(), (100, 0));
    assert_eq!(scene.poll().changed.len(), 100);
    assert_eq!(scene.changes.waiting(), (0, 100));
}

#[test]
fn nobody_is_told_when_nobody_subscribes() {
    let registry = ActorRegistry::new();
    let cell = ActorSpec::new("Kind")
        .id("a")
        .registry(&registry)
        .admit(Some(type_cell::<Kind>()));
    handle_one(&cell);
    assert!(!cell.marks.is_wanted_by_anyone());
    let changes = registry.subscribe().unwrap();
    drop(changes);
    handle_one(&cell);
    assert!(!cell.marks.is_wanted_by_anyone());
    assert_eq!(registry.get(&cell.id()).unwrap().message_count, Some(2));
}

#[test]
fn two_subscribers_hear_everything_each_at_its_own_pace() {
    let mut scene = Scene::new();
    let cell = scene.actor("a");
    let mut slow = scene.registry.subscribe().unwrap();
    scene.settle();
    handle_one(&cell);
    assert_eq!(only_patch(scene.poll()).message_count, Some(1));
    handle_one(&cell);
    assert_eq!(only_patch(scene.poll()).message_count, Some(2));
    let delta = slow.poll_at(scene.now);
    assert_eq!(ids(&delta).0, ["a"]);
    assert_eq!(delta.new[0].message_count, Some(2));
    handle_one(&cell);
    assert_eq!(only_patch(slow.poll_at(scene.now)).message_count, Some(3));
}

#[test]
fn subscriptions_run_out_with_a_reason_and_come_back() {
    let registry = ActorRegistry::new();
    let mut all: Vec<_> = (0..32).map(|_| registry.subscribe().unwrap()).collect();
    let Err(error) = registry.subscribe() else {
        panic!("the 33rd was served")
    };
    assert!(error.to_string().contains("32"), "{error}");
    all.pop();
    assert!(registry.subscribe().is_ok());
}

#[test]
fn a_reused_subscription_starts_from_nothing() {
    let mut scene = Scene::new();
    let _cell = scene.actor("a");
    scene.settle();
    let registry = scene.registry.clone();
    drop(scene);
    assert_eq!(ids(&registry.subscribe().unwrap().poll()).0, ["a"]);
}

#[test]
fn what_stopped_stays_ten_seconds_and_what_failed_five_minutes() {
    let mut scene = Scene::new();
    let (stopped, failed) = (scene.actor("stopped"), scene.actor("failed"));
    scene.settle();
    stopped.end(None);
    failed.end(Some("boom".into()));
    let delta = scene.poll();
    let seen: Vec<_> = delta
        .changed
        .iter()
        .map(|patch| patch.status.clone().unwrap())
        .collect();
    assert_eq!(seen, [ActorStatus::Stopped, ActorStatus::Failed]);
    assert_eq!(delta.changed[1].metadata.as_ref().unwrap()["panic"], "boom");
    assert_eq!(delta.changed[1].error_count, Some(1));
    assert!(scene.poll_after(Duration::from_secs(9)).is_empty());
    assert_eq!(ids(&scene.poll_after(Duration::from_secs(2))).2, ["stopped"]);
    assert!(scene.poll_after(Duration::from_secs(280)).is_empty());
    assert_eq!(ids(&scene.poll_after(Duration::from_secs(20))).2, ["failed"]);
    assert!(scene.registry.is_empty());
}

#[test]
fn a_life_between_two_looks_is_seen_once_whole_and_gone() {
    let mut scene = Scene::new();
    let cell = scene.actor("short");
    handle_one(&cell);
    cell.end(Some("boom".into()));
    let delta = scene.poll_after(Duration::from_secs(3_600));
    assert_eq!(ids(&delta), (vec!["short"], vec![], vec!["short"]));
    assert_eq!(delta.new[0].status, Some(ActorStatus::Failed));
    assert_eq!(delta.new[0].message_count, Some(1));
    scene.settle();
}

#[test]
fn an_end_between_two_slow_looks_is_told_before_the_actor_is_gone() {
    let mut scene = Scene::new();
    let cell = scene.actor("a");
    scene.settle();
    handle_one(&cell);
    cell.end(None);
    let delta = scene.poll_after(Duration::from_secs(60));
    assert_eq!(ids(&delta), (vec![], vec!["a"], vec!["a"]));
    assert_eq!(delta.changed[0].message_count, Some(1));
}

#[test]
fn a_storm_of_short_lives_stays_small() {
    let registry = ActorRegistry::new();
    for n in 0..25_000 {
        let spec = ActorSpec::new("Kind").id(format!("a{n}")).registry(&registry);
        spec.admit(Some(type_cell::<Kind>())).end(None);
    }
    assert_eq!(registry.len(), 10_000);
}

#[test]
fn an_actor_that_takes_over_an_id_goes_on_counting() {
    let mut scene = Scene::new();
    let first = scene.actor("a");
    handle_one(&first);
    scene.settle();
    first.end(Some("boom".into()));
    let second = scene.actor("a");
    handle_one(&second);
    let delta = scene.poll();
    assert_eq!(ids(&delta), (vec!["a"], vec![], vec![]));
    let record = &delta.new[0];
    assert_eq!(
        (record.message_count, record.restart_count, record.error_count),
        (Some(2), Some(1), Some(1))
    );
    assert_eq!(record.metadata.as_ref().unwrap()["lastFailure"], "boom");
    assert!(
        scene.poll_after(Duration::from_secs(3_600)).gone.is_empty(),
        "the grave has a new owner"
    );
    assert_eq!(scene.registry.len(), 1);
}

#[test]
fn an_id_that_is_used_again_after_its_burial_is_new() {
    let mut scene = Scene::new();
    scene.actor("a").end(None);
    scene.settle();
    scene.now = scene.now.plus(Duration::from_secs(60));
    scene.registry.inner.bury(scene.now);
    let _second = scene.actor("a");
    let delta = scene.poll();
    assert_eq!(ids(&delta), (vec!["a"], vec![], vec![]));
    assert_eq!(delta.new[0].restart_count, Some(0));
}

#[test]
fn metadata_and_worker_are_told_when_they_change() {
    let mut scene = Scene::new();
    let spec = ActorSpec::new("Kind")
        .id("a")
        .meta("n", 1)
        .registry(&scene.registry);
    let cell = spec.admit(Some(type_cell::<Kind>()));
    assert_eq!(scene.poll().new[0].status, Some(ActorStatus::Starting));
    cell.polled(false);
    let patch = only_patch(scene.poll());
    assert_eq!(
        (patch.status, patch.worker_id.is_some()),
        (Some(ActorStatus::Idle), true)
    );
    scene.settle();
    cell.amend(|details| {
        details.metadata.insert("m".into(), 2.into());
    });
    let patch = only_patch(scene.poll());
    assert_eq!(
        serde_json::to_value(patch.metadata).unwrap(),
        serde_json::json!({"n": 1, "m": 2})
    );
    handle_one(&cell);
    assert_eq!(only_patch(scene.poll()).metadata, None, "it did not change again");
}

#[test]
fn the_only_instance_of_a_type_has_a_queue_until_there_is_another() {
    struct Lonely;
    let mut scene = Scene::new();
    let start = |id: &str| {
        let spec = ActorSpec::new("Lonely").id(id).registry(&scene.registry);
        spec.admit(Some(type_cell::<Lonely>()))
    };
    message_cell::<Lonely, ()>().here().sent();
    let first = start("first");
    let delta = scene.changes.poll();
    assert_eq!(delta.new[0].queue_depth, Some(1));
    message_cell::<Lonely, ()>().here().sent();
    assert_eq!(
        only_patch(scene.changes.poll()).queue_depth,
        Some(2),
        "messages that pile up are seen"
    );
    let _second = start("second");
    handle_one(&first);
    let delta = scene.changes.poll();
    assert_eq!(
        ids(&delta),
        (vec!["second", "first"], vec![], vec![]),
        "a whole record forgets the queue"
    );
    assert!(delta.new.iter().all(|record| record.queue_depth.is_none()));
}

#[test]
fn handles_report_by_hand_and_are_removed_when_silent() {
    let mut scene = Scene::new();
    let handle = scene
        .registry
        .register(ActorSpec::new("Pump").id("p").worker("pumps"));
    let first = scene.poll();
    assert_eq!(
        (first.new[0].status.clone(), first.new[0].queue_depth),
        (None, None),
        "unknown is absent"
    );
    assert_eq!(first.new[0].worker_id.as_deref(), Some("pumps"));
    handle.set_status("active");
    handle.set_queue_depth(3);
    handle.message_handled();
    handle.error("leak");
    let patch = only_patch(scene.poll());
    assert_eq!(patch.status, Some(ActorStatus::Active));
    assert_eq!(
        (patch.queue_depth, patch.message_count, patch.error_count),
        (Some(3), Some(1), Some(1))
    );
    assert_eq!(patch.metadata.unwrap()["lastError"], "leak");

    let long = Duration::from_secs(300);
    assert_eq!(
        scene
            .registry
            .inner
            .remove_silent(long, Nanos::now().plus(long / 2)),
        0
    );
    assert_eq!(
        scene
            .registry
            .inner
            .remove_silent(long, Nanos::now().plus(long * 2)),
        1
    );
    assert_eq!(ids(&scene.poll()).2, ["p"]);
    handle.beat();
    let again = scene.poll();
    assert_eq!(ids(&again), (vec!["p"], vec![], vec![]), "it was alive after all");
    assert_eq!(again.new[0].message_count, Some(1));

    handle.fail("burst");
    let patch = only_patch(scene.poll());
    assert_eq!(patch.status, Some(ActorStatus::Failed));
    assert_eq!(patch.metadata.unwrap()["failure"], "burst");
    assert_eq!(scene.registry.len(), 1);
}

#[test]
fn observed_actors_are_never_removed_for_silence() {
    let scene = Scene::new();
    let _cell = scene.actor("a");
    assert_eq!(
        scene
            .registry
            .inner
            .remove_silent(Duration::ZERO, Nanos::now().plus(Duration::from_secs(9))),
        0
    );
    assert_eq!(scene.registry.len(), 1);
}
