//! The outbox by itself, and what can only be tried from inside: a courier that panics, and the log.

mod handover;
mod log;

use std::sync::{Arc, Mutex};

use loom_protocol::{
    ActorBatch, ActorId, ActorPatch, ActorRecord, BatchOutcome, BootId, Rejection, RejectionCode, Source,
};

use super::outbox::{Fault, Outbox, Sender, Settled};
use super::{Delivery, DiscoveryBridge, Options, Placement, StudioSink};
use crate::registry::{ActorRegistry, Delta};

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
