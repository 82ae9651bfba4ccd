//! A discovery bridge in the same process: what lives in a registry shows in the studio.

use std::sync::Arc;
use std::time::{Duration, Instant};

use loom_bridge::{ActorRegistry, ActorSpec, DiscoveryBridge, Options};
use loom_studio::directory::ActorQuery;
use serde_json::json;

use crate::support::{LIMIT, Viewer, running};

#[actix_web::test]
async fn what_lives_in_a_registry_is_seen_live_until_it_ends() {
    let studio = running().await;
    let mut viewer = Viewer::open(&studio).await;
    viewer.next_of("hello").await;
    let registry = ActorRegistry::new();
    let bridge = DiscoveryBridge::new(Options {
        poll_interval: Duration::from_millis(20),
        ..Options::default()
    });
    let sink: Arc<loom_studio::Door> = studio.door.clone();
    bridge.deliver_to_shared(sink).connect(&registry).unwrap();
    let handle = registry.register(ActorSpec::new("KettleActor").id("kettle-1"));
    let found = loop {
        let frame = viewer.next_of("actor:update").await;
        if frame.data["id"] == "kettle-1" {
            break frame;
        }
    };
    assert_eq!(found.data["type"], "KettleActor");
    for _ in 0..3 {
        handle.message_handled();
    }
    loop {
        let frame = viewer.next_of("actor:update").await;
        if frame.data["id"] == "kettle-1" && frame.data["messageCount"] == 3 {
            break;
        }
    }
    drop(handle);
    loop {
        let frame = viewer.next().await;
        let ended = frame.kind == "actor:removed" || frame.data["status"] == json!("stopped");
        if frame.data["id"] == "kettle-1" && ended {
            break;
        }
    }
    studio.stop().await;
}

#[actix_web::test]
async fn two_processes_with_the_same_ids_are_seen_side_by_side() {
    let studio = running().await;
    let mut processes = Vec::new();
    for messages in [18, 9] {
        let registry = ActorRegistry::new();
        let bridge = DiscoveryBridge::new(Options {
            poll_interval: Duration::from_millis(10),
            ..Options::default()
        });
        let handle = registry.register(ActorSpec::new("Orchestrator").id("orchestrator-1"));
        for _ in 0..messages {
            handle.message_handled();
        }
        bridge
            .deliver_to_shared(studio.door.clone())
            .connect(&registry)
            .unwrap();
        processes.push((bridge, registry, handle));
        let expected = processes.len();
        let start = Instant::now();
        while studio.directory.len() < expected {
            assert!(start.elapsed() < LIMIT, "both in time");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
    let shown = |directory: &loom_studio::Directory| {
        let page = directory.list(&ActorQuery::default()).unwrap();
        let pairs = page.records.into_iter();
        pairs
            .map(|record| (record.id.0, record.message_count))
            .collect::<Vec<_>>()
    };
    let pairs = shown(&studio.directory);
    assert_eq!(pairs[0], ("orchestrator-1".to_owned(), Some(18)));
    let scope = format!(":{}", std::process::id());
    assert!(
        pairs[1].0.starts_with("orchestrator-1@") && pairs[1].0.ends_with(&scope),
        "{pairs:?}"
    );
    assert_eq!(pairs[1].1, Some(9));
    // Each goes on with its own.
    processes[0].2.message_handled();
    processes[1].2.message_handled();
    let start = Instant::now();
    while shown(&studio.directory)
        .iter()
        .map(|pair| pair.1)
        .collect::<Vec<_>>()
        != [Some(19), Some(10)]
    {
        assert!(start.elapsed() < LIMIT, "{:?}", shown(&studio.directory));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    for (bridge, ..) in processes {
        bridge.close().await;
    }
    assert!(studio.directory.is_empty(), "{:?}", shown(&studio.directory));
    studio.stop().await;
}

/// Asks those of its way, the last one first, and takes no message before it has the answer. Of several kinds, so that it is known of
/// which one a message waits for.
struct Link<const KIND: u8>;

#[loom_bridge::actor]
impl<const KIND: u8> actix::Actor for Link<KIND> {
    type Context = loom_bridge::Context<Self>;
}

#[derive(actix::Message)]
#[rtype(result = "u32")]
struct Through<const KIND: u8>(Vec<actix::Addr<Link<KIND>>>);

impl<const KIND: u8> actix::Handler<Through<KIND>> for Link<KIND> {
    type Result = actix::AtomicResponse<Self, u32>;

    fn handle(&mut self, Through(mut way): Through<KIND>, _: &mut Self::Context) -> Self::Result {
        use actix::WrapFuture as _;
        let next = way.pop();
        let answer = async move {
            match next {
                Some(next) => next.send(Through(way)).await.unwrap_or_default() + 1,
                None => 0,
            }
        };
        actix::AtomicResponse::new(Box::pin(answer.into_actor(self)))
    }
}

/// Takes no other message for as long as that is not ready.
#[derive(actix::Message)]
#[rtype(result = "()")]
struct Hold(tokio::sync::oneshot::Receiver<()>);

impl<const KIND: u8> actix::Handler<Hold> for Link<KIND> {
    type Result = actix::AtomicResponse<Self, ()>;

    fn handle(&mut self, Hold(ready): Hold, _: &mut Self::Context) -> Self::Result {
        use actix::WrapFuture as _;
        let hold = async { drop(ready.await) };
        actix::AtomicResponse::new(Box::pin(hold.into_actor(self)))
    }
}

fn link<const KIND: u8>(registry: &ActorRegistry, id: &str) -> actix::Addr<Link<KIND>> {
    loom_bridge::spawn(ActorSpec::new("Link").id(id).registry(registry), |_| Link)
}

#[actix_web::test]
async fn actors_that_ask_each_other_and_wait_are_a_lint_and_others_that_wait_are_none() {
    let studio = running().await;
    let mut viewer = Viewer::open(&studio).await;
    viewer.next_of("hello").await;
    let registry = ActorRegistry::new();
    let bridge = DiscoveryBridge::new(Options {
        poll_interval: Duration::from_millis(50),
        ..Options::default()
    });
    loom_bridge::set_level(loom_bridge::Level::Traffic);
    bridge
        .deliver_to_shared(studio.door.clone())
        .connect(&registry)
        .unwrap();
    let [a, b] = ["a", "b"].map(|id| link::<1>(&registry, id));
    let [one, other] = ["one", "other"].map(|id| link::<2>(&registry, id));
    // These wait as long: one for the other, which waits for somebody who is no actor.
    let (_never, is_never_ready) = tokio::sync::oneshot::channel();
    other.do_send(Hold(is_never_ready));
    one.do_send(Through(vec![other.clone()]));
    a.do_send(Through(vec![a.clone(), b.clone()]));
    let found = viewer.next_of("lints").await.data;
    let found = found.as_array().unwrap();
    loom_bridge::follow_studio();
    let [lint] = found.as_slice() else {
        panic!("{found:?}");
    };
    assert_eq!(
        (&lint["code"], &lint["actor"]),
        (&json!("ask_cycle"), &json!("a"))
    );
    let sentence = lint["sentence"].as_str().unwrap();
    assert!(
        sentence.contains("a asked b (`Through<1>`), b asked a or b (`Through<1>`)"),
        "{sentence}"
    );
    bridge.close().await;
    studio.stop().await;
}
