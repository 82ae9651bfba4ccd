//! The face for adapters, where the suite of all systems (`loom-truths`) does not look: bounds, and what is taken back.

use loom_bridge::observe::{ActorKind, ActorRef, Letter, Observer};
use loom_bridge::{ActorRegistry, TypeStats, type_stats};

use crate::common::{in_its_own_process, record, spec, status};

fn stats(kind: &str) -> TypeStats {
    type_stats()
        .into_iter()
        .rfind(|stats| stats.kind == kind)
        .unwrap()
}

#[test]
fn names_beyond_a_bound_share_one() {
    if !in_its_own_process("observe::names_beyond_a_bound_share_one") {
        return;
    }
    let kinds: Vec<_> = (0..3_000)
        .map(|n| ActorKind::named(&format!("kind-{n}")).name())
        .collect();
    assert_eq!(
        (kinds[0], kinds[999], kinds[1_000]),
        ("kind-0", "kind-999", "(others)")
    );
    assert_eq!(ActorKind::named("kind-7").name(), "kind-7", "it was there before");
    let kind = ActorKind::named("kind-1");
    let messages: Vec<_> = (0..1_000)
        .map(|n| kind.message(&format!("m-{n}")).name())
        .collect();
    assert_eq!(
        (messages[255], messages[256], messages[999]),
        ("m-255", "(others)", "(others)")
    );
    assert!(type_stats().len() <= 1_001);
}

#[test]
fn a_letter_waits_until_it_is_taken_and_one_that_comes_back_was_never_sent() {
    let kind = ActorKind::named("Posted");
    let message = kind.message("Card");
    let letters: Vec<_> = (0..3).map(|_| Letter::to(message)).collect();
    assert_eq!(stats("Posted").queued, 3);
    let mut letters = letters.into_iter();
    let back = letters.next().unwrap();
    // From another thread than that which sent it.
    std::thread::spawn(move || back.take_back()).join().unwrap();
    assert_eq!((stats("Posted").queued, stats("Posted").dropped), (2, 0));
    drop(letters.next());
    assert_eq!((stats("Posted").queued, stats("Posted").dropped), (1, 1));

    let registry = ActorRegistry::new();
    let mut observer = Observer::begin(kind, spec(&registry, "posted"));
    assert_eq!(status(&registry, "posted"), "starting");
    assert!(ActorRef::current().is_none());
    observer.poll(|actor| {
        assert_eq!(ActorRef::current().unwrap().id(), actor.id());
        actor.take(letters.next().unwrap()).end();
    });
    assert_eq!((stats("Posted").queued, stats("Posted").handled), (0, 1));
    observer.failed("no more cards");
    let last = record(&registry, "posted");
    assert_eq!(last.message_count, Some(1));
    assert_eq!(last.metadata.unwrap()["failure"], "no more cards");
    assert_eq!(status(&registry, "posted"), "failed");
}
