//! The outbox by itself, and what can only be tried from inside: a courier that panics, and the log.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use loom_protocol::{
    ActorBatch, ActorId, ActorPatch, ActorRecord, BatchOutcome, BootId, Rejection, RejectionCode, Source,
};

use super::courier::Boom;
use super::outbox::{Fault, Outbox, Sender, Settled};
use super::{Delivery, DiscoveryBridge, Options, Placement, StudioSink};
use crate::registry::{ActorRegistry, Delta};
use crate::spec::ActorSpec;

fn outbox(batch: usize, backlog: usize) -> Outbox {
    let sender = Sender::new(Source {
        app: None,
        node: Some("n".into()),
        pid: Some(1),
        boot: BootId("b".into()),
        started: None,
    });
    Outbox::with_bounds(sender, batch, backlog)
}

fn new(ids: &[&str]) -> Delta {
    Delta {
        new: ids.iter().map(|id| ActorRecord::new(*id, "T")).collect(),
        ..Delta::default()
    }
}

fn changed(id: &str, messages: u64) -> Delta {
    let patch = ActorPatch {
        message_count: Some(messages),
        ..ActorPatch::new(id)
    };
    Delta {
        changed: vec![patch],
        ..Delta::default()
    }
}

fn gone(id: &str) -> Delta {
    Delta {
        gone: vec![id.into()],
        ..Delta::default()
    }
}

fn sizes(batch: &ActorBatch) -> (usize, usize, usize) {
    (batch.register.len(), batch.update.len(), batch.unregister.len())
}

#[test]
fn a_blank_name_of_the_application_is_none() {
    let named = |app: &str| {
        let options = Options {
            app: Some(app.to_owned()),
            ..Options::default()
        };
        DiscoveryBridge::new(options).shared.sender.source.clone().app
    };
    assert_eq!(named("shop").as_deref(), Some("shop"));
    for blank in ["", " \t"] {
        let app = named(blank);
        assert_eq!(app, crate::names::program(), "{blank:?}");
        assert!(app.is_some_and(|app| !app.trim().is_empty()));
    }
}

#[test]
fn an_actor_is_in_a_batch_once_with_its_newest_state() {
    let mut outbox = outbox(10, 10);
    outbox.put(new(&["a"]));
    outbox.put(changed("a", 1));
    outbox.put(changed("b", 1));
    outbox.put(changed("b", 2));
    let batch = outbox.next_batch();
    assert_eq!(sizes(&batch), (1, 1, 0));
    assert_eq!(batch.register[0].message_count, Some(1));
    assert_eq!(batch.update[0].message_count, Some(2));
}

#[test]
fn a_batch_stays_the_next_one_until_it_is_settled() {
    let mut outbox = outbox(10, 10);
    outbox.put(new(&["a"]));
    let first = outbox.next_batch();
    outbox.put(changed("a", 5));
    assert_eq!(outbox.next_batch(), first);
    outbox.settle(&BatchOutcome::default());
    let second = outbox.next_batch();
    assert_eq!((first.seq, second.seq, sizes(&second)), (1, 2, (0, 1, 0)));
    outbox.settle(&BatchOutcome::default());
    assert_eq!(sizes(&outbox.next_batch()), (0, 0, 0), "a beat");
}

#[test]
fn what_is_gone_is_told_after_it_was_registered_and_not_when_it_came_back() {
    let mut outbox = outbox(2, 10);
    outbox.put(new(&["a", "b", "c"]));
    outbox.put(gone("a"));
    let mut batches = Vec::new();
    while outbox.has_news() {
        batches.push(sizes(&outbox.next_batch()));
        outbox.settle(&BatchOutcome::default());
    }
    assert_eq!(batches, [(2, 0, 0), (1, 0, 1)]);
    outbox.put(gone("a"));
    outbox.put(new(&["a"]));
    assert_eq!(sizes(&outbox.next_batch()), (1, 0, 0));
}

#[test]
fn beyond_its_bound_it_forgets_and_asks_for_everything() {
    let mut outbox = outbox(10, 3);
    outbox.put(new(&["a"]));
    outbox.next_batch();
    outbox.put(new(&["b", "c", "d"]));
    outbox.put(gone("z"));
    assert!(!outbox.wants_everything(), "not before the studio answers");
    outbox.settle(&BatchOutcome::default());
    assert!(outbox.wants_everything());
    outbox.put_everything(vec![ActorRecord::new("b", "T")]);
    assert!(!outbox.wants_everything());
    assert_eq!(sizes(&outbox.next_batch()), (1, 0, 1), "ends are kept");
}

#[test]
fn the_first_look_at_many_actors_is_not_a_backlog() {
    let mut outbox = outbox(10, 3);
    outbox.put(new(&["a", "b", "c", "d", "e"]));
    assert_eq!(sizes(&outbox.next_batch()), (5, 0, 0));
}

#[test]
fn a_refused_batch_is_taken_apart_until_the_entry_at_fault_stands_alone() {
    let mut outbox = outbox(8, 100);
    let ids = ["a", "b", "c", "poison", "e", "f", "g", "h"];
    outbox.put(new(&ids));
    outbox.put(gone("z"));
    let (mut delivered, mut dropped, mut tries) = (Vec::new(), Vec::new(), 0);
    while outbox.has_news() {
        tries += 1;
        let batch = outbox.next_batch();
        if batch.register.iter().any(|record| record.id.0 == "poison") {
            dropped.extend(outbox.batch_refused(Fault::Entry));
        } else {
            delivered.extend(batch.register.into_iter().map(|record| record.id.0));
            delivered.extend(batch.unregister.into_iter().map(|id| id.0));
            outbox.settle(&BatchOutcome::default());
        }
    }
    delivered.sort();
    assert_eq!(delivered, ["a", "b", "c", "e", "f", "g", "h", "z"]);
    assert_eq!(dropped, [ActorId::from("poison")]);
    assert!(tries < 20, "{tries}");
}

#[test]
fn what_comes_back_from_a_refused_batch_does_not_undo_what_is_newer() {
    let mut outbox = outbox(10, 100);
    outbox.put(new(&["new"]));
    outbox.put(changed("old", 1));
    outbox.put(changed("ended", 1));
    outbox.put(gone("back"));
    outbox.next_batch();
    outbox.put(changed("new", 7));
    outbox.put(changed("old", 7));
    outbox.put(gone("ended"));
    outbox.put(new(&["back"]));
    assert_eq!(outbox.batch_refused(Fault::Entry), None);
    let batches = [outbox.next_batch(), {
        outbox.settle(&BatchOutcome::default());
        outbox.next_batch()
    }];
    let counts = |id: &str| {
        let new = batches
            .iter()
            .flat_map(|batch| &batch.register)
            .map(|record| (&record.id.0, record.message_count));
        let changed = batches
            .iter()
            .flat_map(|batch| &batch.update)
            .map(|patch| (&patch.id.0, patch.message_count));
        new.chain(changed)
            .filter(|(named, _)| *named == id)
            .map(|(_, count)| count)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        (counts("new"), counts("old"), counts("ended")),
        (vec![Some(7)], vec![Some(7)], vec![])
    );
    let gone: Vec<_> = batches.iter().flat_map(|batch| &batch.unregister).collect();
    assert_eq!(gone, [&ActorId::from("ended")]);
}

#[test]
fn rejections_are_told_apart_by_where_they_point() {
    let mut outbox = outbox(10, 10);
    outbox.put(new(&["a"]));
    outbox.put(changed("b", 1));
    outbox.put(gone("c"));
    outbox.next_batch();
    let reject = |index| Rejection {
        index,
        code: None,
        problem: "odd".into(),
    };
    let outcome = BatchOutcome {
        rejected: [0, 1, 2, 9].map(reject).into(),
        resync: true,
        ..BatchOutcome::default()
    };
    let settled = outbox.settle(&outcome);
    let expected = Settled {
        unknown: vec![ActorId::from("b")],
        refused: vec![("a".into(), "odd".into())],
        lost: vec![],
    };
    assert_eq!(settled, expected);
    assert!(outbox.wants_everything());
}

fn lost(index: usize) -> BatchOutcome {
    let rejection = Rejection {
        index,
        code: Some(RejectionCode::OtherOwner),
        problem: "another process".into(),
    };
    BatchOutcome {
        rejected: vec![rejection],
        ..BatchOutcome::default()
    }
}

#[test]
fn an_id_that_another_process_has_is_told_once_and_claimed_no_more() {
    let mut outbox = outbox(10, 10);
    outbox.put(new(&["a"]));
    outbox.next_batch();
    assert_eq!(outbox.settle(&lost(0)).lost, [ActorId::from("a")]);
    outbox.put(changed("a", 1));
    outbox.put(new(&["a"]));
    assert!(!outbox.has_news(), "it is claimed no more");

    // A patch may be refused for it as well: then it is registered, for the studio may show both.
    outbox.put(new(&["b"]));
    outbox.next_batch();
    outbox.settle(&BatchOutcome::default());
    outbox.put(changed("b", 1));
    outbox.next_batch();
    assert_eq!(outbox.settle(&lost(0)).unknown, [ActorId::from("b")]);

    // Who had it may have gone when the studio wants everything; that it was lost is not said again.
    outbox.put_everything(vec![ActorRecord::new("a", "T")]);
    assert_eq!(sizes(&outbox.next_batch()), (1, 0, 0));
    assert_eq!(outbox.settle(&lost(0)), Settled::default());
    outbox.put(gone("a"));
    assert!(!outbox.has_news(), "it is not this one's to remove");
}

#[test]
fn all_actors_are_named_in_a_generation_that_has_an_end() {
    let mut outbox = outbox(2, 10);
    outbox.put(new(&["a"]));
    let first = outbox.next_batch();
    assert!(!first.complete && first.source.is_some());
    outbox.settle(&BatchOutcome {
        resync: true,
        ..BatchOutcome::default()
    });
    outbox.put_everything(["a", "b", "c"].map(|id| ActorRecord::new(id, "T")).into());
    let half = outbox.next_batch();
    assert!(!half.complete && half.generation > first.generation);
    outbox.settle(&BatchOutcome::default());
    let end = outbox.next_batch();
    assert!(end.complete && end.generation == half.generation);
    assert_eq!(
        outbox.batch_refused(Fault::Size),
        Some(end.register[0].id.clone())
    );
    let end = outbox.next_batch();
    assert!(end.complete, "also when what was left was refused");
    outbox.settle(&BatchOutcome::default());
    assert!(!outbox.next_batch().complete, "once");
}

#[test]
fn what_came_and_went_is_gone_also_when_a_batch_was_too_large() {
    let mut outbox = outbox(8, 100);
    outbox.put(new(&["a", "b"]));
    outbox.put(gone("a"));
    let mut shown = std::collections::BTreeSet::new();
    let (mut numbers, mut refused) = (Vec::new(), 0);
    while outbox.has_news() {
        let batch = outbox.next_batch();
        if batch.register.len() + batch.unregister.len() > 1 {
            refused += 1;
            assert_eq!(outbox.batch_refused(Fault::Size), None);
            continue;
        }
        numbers.push(batch.seq);
        shown.extend(batch.register.into_iter().map(|record| record.id.0));
        for id in batch.unregister {
            shown.remove(&id.0);
        }
        outbox.settle(&BatchOutcome::default());
    }
    assert_eq!(Vec::from_iter(shown), ["b"]);
    assert_eq!(
        numbers,
        [1, 2, 3],
        "without holes, which would ask for everything"
    );
    outbox.put(new(&["c", "d"]));
    assert_eq!(
        outbox.next_batch().register.len(),
        1,
        "what is too large is not tried again"
    );
    assert_eq!(refused, 1);
}

#[test]
fn a_number_that_was_used_already_loses_nothing() {
    let mut outbox = outbox(8, 100);
    outbox.put(new(&["a"]));
    let first = outbox.next_batch();
    assert_eq!(outbox.batch_refused(Fault::Number), None);
    let second = outbox.next_batch();
    assert_eq!((second.register, second.seq), (first.register, first.seq + 1));
}

#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<ActorBatch>>>);

impl StudioSink for Kept {
    fn deliver(&self, batch: ActorBatch) -> Delivery<'_> {
        self.0.lock().unwrap().push(batch);
        Box::pin(async { Ok(BatchOutcome::default()) })
    }

    fn name(&self) -> String {
        "kept".into()
    }
}

fn bridge_here() -> (DiscoveryBridge, ActorRegistry, Kept) {
    tokio::time::pause();
    let bridge = DiscoveryBridge::new(Options {
        placement: Placement::CurrentArbiter,
        ..Options::default()
    });
    let (registry, sink) = (ActorRegistry::new(), Kept::default());
    bridge.deliver_to(sink.clone()).connect(&registry).unwrap();
    (bridge, registry, sink)
}

#[actix::test]
async fn a_bridge_that_panics_comes_back_and_goes_on() {
    let (bridge, registry, sink) = bridge_here();
    let _before = registry.register(ActorSpec::new("Pump").id("before"));
    tokio::time::sleep(Duration::from_secs(2)).await;
    let courier = bridge.courier().unwrap();
    assert!(courier.send(Boom).await.is_err());
    let _after = registry.register(ActorSpec::new("Pump").id("after"));
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_ne!(bridge.courier().unwrap(), courier);
    let batches = sink.0.lock().unwrap();
    let seqs: Vec<_> = batches.iter().map(|batch| batch.seq).collect();
    assert_eq!(
        seqs,
        (1..=seqs.len() as u64).collect::<Vec<_>>(),
        "one boot, no number twice"
    );
    let was_registered = |id: &str| {
        batches
            .iter()
            .flat_map(|batch| &batch.register)
            .any(|record| record.id.0 == id)
    };
    assert!(was_registered("before") && was_registered("after"));
}

/// Takes the first batch that tells events and never answers it; takes all others.
#[derive(Clone, Default)]
struct Hesitant(Arc<Mutex<Vec<ActorBatch>>>);

impl StudioSink for Hesitant {
    fn deliver(&self, batch: ActorBatch) -> Delivery<'_> {
        let mut batches = self.0.lock().unwrap();
        let is_first = !batch.events.is_empty() && batches.iter().all(|batch| batch.events.is_empty());
        batches.push(batch);
        match is_first {
            true => Box::pin(std::future::pending()),
            false => Box::pin(async { Ok(BatchOutcome::default()) }),
        }
    }

    fn name(&self) -> String {
        "hesitant".into()
    }
}

#[actix::test]
async fn what_was_on_its_way_when_a_bridge_panicked_goes_again_under_its_number() {
    let (bridge, registry, _) = bridge_here();
    let sink = Hesitant::default();
    bridge.deliver_to(sink.clone());
    let _pump = registry.register(ActorSpec::new("Pump").id("pump"));
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(bridge.courier().unwrap().send(Boom).await.is_err());
    let _other = registry.register(ActorSpec::new("Pump").id("other"));
    tokio::time::sleep(Duration::from_secs(2)).await;
    let batches = sink.0.lock().unwrap().clone();
    let mut seen = std::collections::BTreeMap::new();
    for batch in batches {
        let seq = batch.seq;
        let before = seen.insert(seq, batch.clone());
        assert!(
            before.is_none_or(|before| before == batch),
            "one batch a number: {batch:?}"
        );
    }
    let actors: Vec<_> = seen
        .values()
        .flat_map(|batch| &batch.events)
        .map(|event| &*event.actor.0)
        .collect();
    assert_eq!(actors, ["pump", "other"], "each once");
    let seqs: Vec<_> = seen.keys().copied().collect();
    assert_eq!(
        seqs,
        (1..=seqs.len() as u64).collect::<Vec<_>>(),
        "without a hole"
    );
    assert!(
        seen.values().any(|batch| batch.complete),
        "everything is named anew"
    );
}

#[test]
fn events_that_a_studio_does_not_take_are_counted_also_over_a_panic() {
    let event = |text: &str| loom_protocol::ActorEvent {
        actor: "a".into(),
        time: None,
        kind: loom_protocol::EventKind::Note,
        message: text.into(),
        correlation_id: None,
        data: None,
    };
    let mut outbox = outbox(10, 10);
    outbox.put(new(&["a"]));
    outbox.news.put(vec![event("one"), event("two")]);
    assert_eq!(outbox.next_batch().events.len(), 2);
    let rejected = Rejection {
        index: 2,
        problem: "no".into(),
        code: Some(RejectionCode::InvalidRecord),
    };
    let beyond = Rejection {
        index: 3,
        ..rejected.clone()
    };
    outbox.settle(&BatchOutcome {
        rejected: vec![rejected, beyond],
        ..BatchOutcome::default()
    });
    assert_eq!(outbox.next_batch().dropped.unwrap().events, 1);
    outbox.news.put(vec![event("three")]);
    let sender = outbox.sender();
    drop(outbox);
    let mut outbox = Outbox::with_bounds(sender, 10, 10);
    assert!(
        outbox.next_batch().events.is_empty(),
        "the one that was on its way"
    );
    outbox.settle(&BatchOutcome::default());
    let batch = outbox.next_batch();
    assert_eq!((batch.seq, batch.events.len()), (3, 1));
    assert_eq!(batch.dropped.unwrap().events, 1);
}

/// Keeps what all tests log: who listens is remembered for all threads at once, so one that listens on its own thread may
/// miss events.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl tracing::Subscriber for Log {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}

    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        struct Fields(String);
        impl tracing::field::Visit for Fields {
            fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn std::fmt::Debug) {
                self.0.push_str(&format!("{field}={value:?} "));
            }
        }
        let mut fields = Fields(format!("{} ", event.metadata().level()));
        event.record(&mut fields);
        // A test that fails with the lines in hand is no reason for others to fail.
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.push(fields.0);
    }

    fn enter(&self, _: &tracing::span::Id) {}

    fn exit(&self, _: &tracing::span::Id) {}
}

#[actix::test]
async fn each_new_actor_is_logged_once_as_discovered() {
    let log = Log::default();
    tracing::subscriber::set_global_default(log.clone()).unwrap();
    // What another test logged for the first time just before this is remembered as heard by nobody.
    tracing::callsite::rebuild_interest_cache();
    let (_bridge, registry, _sink) = bridge_here();
    let handle = registry.register(ActorSpec::new("Pump").id("logged"));
    tokio::time::sleep(Duration::from_secs(2)).await;
    handle.set_status("active");
    tokio::time::sleep(Duration::from_secs(2)).await;
    let lines = log.0.lock().unwrap().clone();
    let is_ours = |line: &&String| line.contains("Discovered actor") && line.contains("id=logged");
    let found: Vec<_> = lines.iter().filter(is_ours).collect();
    assert_eq!(found.len(), 1, "{lines:?}");
    assert!(
        found[0].starts_with("INFO") && found[0].contains("type=Pump"),
        "{found:?}"
    );
}
