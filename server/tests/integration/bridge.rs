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
    let sink: Arc<loom_studio::Intake> = studio.intake.clone();
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
            .deliver_to_shared(studio.intake.clone())
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
