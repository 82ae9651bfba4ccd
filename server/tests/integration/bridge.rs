//! A discovery bridge in the same process: what lives in a registry shows in the studio.

use std::sync::Arc;
use std::time::Duration;

use loom_bridge::{ActorRegistry, ActorSpec, DiscoveryBridge, Options};
use serde_json::json;

use crate::support::{Viewer, running};

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
    let sink: Arc<loom_studio::Directory> = studio.directory.clone();
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
