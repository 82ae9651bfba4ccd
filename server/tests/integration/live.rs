//! The live socket: places without holes, coming back, being slow.

use std::sync::Arc;
use std::time::Duration;

use loom_bridge::discovery::{DiscoveryBridge, Options, Placement};
use loom_bridge::{ActorRegistry, ActorSpec};
use loom_protocol::ActorRecord;
use loom_studio::directory::ActorQuery;
use loom_studio::{RunningStudio, Studio, StudioOptions};
use serde_json::json;
use tokio::time::{Instant, sleep};

use crate::support::{LIMIT, TestClock, Viewer, options, running};

/// Waits for something that is bound to happen.
async fn until(what: &str, happened: impl Fn() -> bool) {
    let start = Instant::now();
    while !happened() {
        assert!(start.elapsed() < LIMIT, "{what} in time");
        sleep(Duration::from_millis(5)).await;
    }
}

#[actix_web::test]
async fn every_frame_has_the_epoch_and_the_next_place() {
    let studio = running().await;
    let mut viewer = Viewer::open(&studio).await;
    let hello = viewer.next().await;
    assert_eq!(hello.kind, "hello");
    assert_eq!(hello.data, json!({"epoch":studio.hub.epoch(),"seq":hello.seq}));
    for number in 0..300 {
        studio
            .hub
            .publish("note", Some("the-same"), &json!({"number":number}));
        studio
            .directory
            .register(ActorRecord::new(format!("a{number}"), "T"))
            .unwrap();
    }
    let (mut notes, mut updates) = (0, 0);
    let mut place = hello.seq.0;
    while notes < 300 || updates < 300 {
        let frame = viewer.next().await;
        place += 1;
        assert_eq!(frame.seq.0, place, "{frame:?}");
        assert_eq!(frame.epoch, *studio.hub.epoch());
        match frame.kind.as_str() {
            "note" => {
                assert_eq!(frame.data["number"], notes);
                notes += 1;
            }
            "actor:update" => updates += 1,
            "metrics" => assert!(frame.data["actorPools"]["byType"].is_object()),
            other => panic!("{other}"),
        }
    }
    studio.stop().await;
}

#[actix_web::test]
async fn many_changes_of_one_actor_become_few_frames() {
    let studio = running().await;
    let mut viewer = Viewer::open(&studio).await;
    for count in 0..1000 {
        let mut record = ActorRecord::new("busy", "T");
        record.message_count = Some(count);
        studio.directory.register(record).unwrap();
    }
    let mut frames = 0;
    loop {
        let frame = viewer.next_of("actor:update").await;
        frames += 1;
        if frame.data["messageCount"] == 999 {
            break;
        }
    }
    assert!(frames <= 3, "{frames}");
    studio.stop().await;
}

#[actix_web::test]
async fn a_viewer_that_comes_back_goes_on_where_it_was() {
    let studio = running().await;
    let mut viewer = Viewer::open(&studio).await;
    viewer.next_of("hello").await;
    studio.hub.publish("note", None, &1);
    let last = viewer.next_of("note").await;
    drop(viewer);
    studio.hub.publish("note", None, &2);
    studio.hub.publish("note", None, &3);
    let path = format!("/ws?epoch={}&seq={}", last.epoch.0, last.seq.0);
    let mut back = Viewer::connect(studio.addr, &path, &[]).await.ok().unwrap();
    let hello = back.next().await;
    assert_eq!((hello.kind.as_str(), hello.seq), ("hello", last.seq));
    let mut place = last.seq.0;
    let mut notes = Vec::new();
    while notes.len() < 2 {
        let frame = back.next().await;
        place += 1;
        assert_eq!(frame.seq.0, place);
        if frame.kind == "note" {
            notes.push(frame.data);
        }
    }
    assert_eq!(notes, [json!(2), json!(3)]);
    let mut other = Viewer::connect(studio.addr, "/ws?epoch=gone&seq=1", &[])
        .await
        .ok()
        .unwrap();
    assert_eq!(other.next().await.kind, "hello");
    let resync = other.next().await;
    assert_eq!(resync.kind, "resync");
    assert_eq!(resync.data["epoch"], json!(studio.hub.epoch()));
    studio.stop().await;
}

#[actix_web::test]
async fn a_slow_viewer_is_resynced_and_slows_nobody() {
    let studio = running().await;
    let mut slow = Viewer::open(&studio).await;
    let mut fast = Viewer::open(&studio).await;
    fast.next_of("hello").await;
    until("both viewers", || studio.hub.stats().viewers == 2).await;
    // 20 MB: more than the sockets' buffers and an outbox hold together, and soon over: the kernel gives up one that takes
    // nothing for ten seconds.
    let weight = "x".repeat(20_000);
    let mut read = 0;
    for number in 0..1000 {
        studio
            .hub
            .publish("note", None, &json!({"number":number,"weight":weight}));
        if number % 50 == 49 {
            while read <= number {
                let frame = fast.next_of("note").await;
                assert_eq!(frame.data["number"], read, "the fast one misses nothing");
                read += 1;
            }
        }
    }
    assert!(studio.hub.stats().left_out > 0, "{:?}", studio.hub.stats());
    // Now it reads: what was under way, then word of what is lost, then it goes on.
    let resync = slow.next_of("resync").await;
    studio.hub.publish("note", None, &json!({"number":"after"}));
    let next = loop {
        let frame = slow.next().await;
        assert!(frame.seq > resync.seq);
        if frame.kind == "note" {
            break frame;
        }
    };
    assert_eq!(next.data["number"], "after");
    studio.stop().await;
}

#[actix_web::test]
async fn an_actor_that_falls_silent_is_shown_as_stale_without_anybody_asking() {
    let clock = TestClock::new();
    let studio = Studio::builder(options())
        .clock(Arc::new(clock.clone()))
        .start()
        .await
        .unwrap();
    let mut viewer = Viewer::open(&studio).await;
    studio.directory.register(ActorRecord::new("quiet", "T")).unwrap();
    viewer.next_of("actor:update").await;
    clock.advance(10_000);
    let frame = viewer.next_of("actor:update").await;
    assert_eq!(
        (&frame.data["id"], &frame.data["status"]),
        (&json!("quiet"), &json!("stale"))
    );
    studio.stop().await;
}

#[actix_web::test]
async fn a_viewer_is_in_the_registry_while_it_is_connected() {
    let registry = ActorRegistry::new();
    let studio = Studio::builder(options())
        .registry(registry.clone())
        .start()
        .await
        .unwrap();
    let mut viewer = Viewer::open(&studio).await;
    viewer.next().await;
    assert_eq!(registry.len(), 1);
    assert_eq!(registry.get_all()[0].kind, "StudioViewer");
    drop(viewer);
    until("the viewer's end", || {
        registry.is_empty() && studio.hub.stats().viewers == 0
    })
    .await;
    studio.stop().await;
}

#[actix_web::test]
async fn viewers_that_only_look_bring_no_frames() {
    let registry = ActorRegistry::new();
    let studio = Studio::builder(options())
        .registry(registry.clone())
        .start()
        .await
        .unwrap();
    let bridge = DiscoveryBridge::new(Options {
        poll_interval: Duration::from_millis(10),
        placement: Placement::CurrentArbiter,
        ..Options::default()
    });
    bridge
        .deliver_to_shared(studio.door.clone())
        .connect(&registry)
        .unwrap();
    let mut viewers = Vec::new();
    for _ in 0..20 {
        viewers.push(Viewer::open(&studio).await);
    }
    until("the viewers in the directory", || {
        let kind = ActorQuery {
            kind: Some("StudioViewer".into()),
            ..ActorQuery::default()
        };
        studio.directory.list(&kind).unwrap().total == 20
    })
    .await;
    for number in 0..10 {
        studio.hub.publish("note", None, &number);
        for viewer in &mut viewers {
            while viewer.next_of("note").await.data != number {}
        }
    }
    // What the deliveries brought is told in the same looks as these, or in earlier ones.
    let mut received = Vec::new();
    for id in ["first", "last"] {
        let _marker = registry.register(ActorSpec::new("Marker").id(id));
        loop {
            let frame = viewers[0].next_of("actor:update").await;
            if frame.data["id"] == id {
                break;
            }
            received.push(frame.data);
        }
    }
    received.retain(|record| record["type"] == "StudioViewer" && record["messageCount"] != 0);
    assert_eq!(received, Vec::<serde_json::Value>::new());
    bridge.close().await;
    studio.stop().await;
}

#[actix_web::test]
async fn a_frame_that_is_too_large_ends_only_its_own_connection() {
    let studio = running().await;
    let mut good = Viewer::open(&studio).await;
    let mut bad = Viewer::open(&studio).await;
    until("both viewers", || studio.hub.stats().viewers == 2).await;
    bad.say(&"x".repeat(100_000)).await;
    while bad.next_text().await.is_some() {}
    until("the end of one", || studio.hub.stats().viewers == 1).await;
    studio.hub.publish("note", None, &1);
    good.next_of("note").await;
    studio.stop().await;
}

#[actix_web::test]
async fn a_viewer_that_breaks_the_protocol_is_told_how() {
    let studio = running().await;
    // Masked, as a client must: too large, no known opcode, no UTF-8.
    for (bytes, code, word) in [
        (
            &[0x81, 0xff, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, b'x'][..],
            1009,
            "65536 bytes",
        ),
        (&[0x8b, 0x80, 0, 0, 0, 0], 1002, "no WebSocket frame"),
        (&[0x81, 0x01], 1002, "no WebSocket frame"),
        (&[0x81, 0x81, 0, 0, 0, 0, 0xff], 1007, "UTF-8"),
    ] {
        let mut viewer = Viewer::open(&studio).await;
        viewer.next_of("hello").await;
        viewer.say_bytes(bytes).await;
        let (received, reason) = viewer.closing().await.expect("a reason");
        assert!(received == code && reason.contains(word), "{received} {reason}");
    }
    until("the end of all", || studio.hub.stats().viewers == 0).await;
    studio.stop().await;
}

#[actix_web::test]
async fn beyond_the_limit_a_socket_is_refused_until_another_closes() {
    let options = StudioOptions {
        max_sockets: 2,
        ..options()
    };
    let studio = Studio::builder(options).start().await.unwrap();
    let first = Viewer::open(&studio).await;
    let _second = Viewer::open(&studio).await;
    let Err(refused) = Viewer::connect(studio.addr, "/ws", &[]).await else {
        panic!("a third socket");
    };
    assert_eq!(refused.problem(), (503, "too_many_sockets".into()));
    assert_eq!(refused.header("retry-after"), Some("5"));
    drop(first);
    until("a free place", || studio.sockets.len() == 1).await;
    Viewer::open(&studio).await.next_of("hello").await;
    studio.stop().await;
}

#[actix_web::test]
async fn a_viewer_that_takes_nothing_is_cut() {
    let options = StudioOptions {
        stalled_after: Duration::from_millis(200),
        ..options()
    };
    let studio = Studio::builder(options).start().await.unwrap();
    let mut stalled = Viewer::open(&studio).await;
    stalled.next_of("hello").await;
    // More than the buffers of the connection hold.
    let weight = "x".repeat(20_000);
    let start = Instant::now();
    while studio.hub.stats().viewers > 0 {
        for _ in 0..100 {
            studio.hub.publish("note", None, &weight);
        }
        assert!(start.elapsed() < Duration::from_secs(5), "sooner than the kernel");
        sleep(Duration::from_millis(5)).await;
    }
    assert!(studio.sockets.is_empty());
    studio.stop().await;
}

#[actix_web::test]
async fn a_stop_tells_the_viewers_and_does_not_wait_for_them() {
    let studio: RunningStudio = running().await;
    let mut viewer = Viewer::open(&studio).await;
    viewer.next_of("hello").await;
    let start = Instant::now();
    let stopping = studio.stop();
    let reading = async { while viewer.next_text().await.is_some() {} };
    tokio::join!(stopping, reading);
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
}

#[actix_web::test]
async fn a_window_shows_a_stretch_of_a_list_and_what_changes_in_it() {
    let studio = running().await;
    for number in 0..50 {
        let mut record = ActorRecord::new(format!("a{number:02}"), "T");
        record.message_count = Some(number);
        studio.directory.register(record).unwrap();
    }
    let mut viewer = Viewer::open(&studio).await;
    viewer
        .say(r#"{"type":"window","id":"top","filter":"messages:<40","sort":"-messageCount","from":1,"count":2}"#)
        .await;
    let first = viewer.next_of("window").await;
    assert_eq!(first.data["ids"], json!(["a38", "a37"]));
    assert_eq!(
        (&first.data["id"], &first.data["total"]),
        (&json!("top"), &json!(40))
    );
    assert_eq!(first.data["rows"][0]["messageCount"], 38);
    assert_eq!(first.epoch, *studio.hub.epoch());
    studio.directory.unregister(&"a39".into()).unwrap();
    let second = viewer.next_of("window").await;
    assert_eq!(second.data["ids"], json!(["a37", "a36"]));
    assert_eq!(
        second.data["rows"].as_array().unwrap().len(),
        1,
        "only what is new"
    );
    viewer
        .say(r#"{"type":"window","id":"bad","filter":"typ:x","count":1}"#)
        .await;
    let wrong = viewer.next_of("window").await;
    assert_eq!(wrong.data["error"]["code"], "invalid_filter");
    assert_eq!(
        (&wrong.data["error"]["start"], &wrong.data["error"]["end"]),
        (&json!(0), &json!(3))
    );
    studio.stop().await;
}
