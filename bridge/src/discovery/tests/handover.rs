//! What a bridge that panics had in hand goes on with the next one.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use loom_protocol::{ActorBatch, BatchOutcome, Rejection, RejectionCode};

use super::{bridge_here, new, outbox};
use crate::discovery::courier::Boom;
use crate::discovery::outbox::Outbox;
use crate::discovery::{Delivery, StudioSink};
use crate::spec::ActorSpec;

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
