//! Processes elsewhere hear of what is there for them at once, and not with their next beat.

use std::time::Duration;

use actix::Actor;
use actix_web::http::Method;
use futures_util::future::join;
use loom_bridge::discovery::uplink::{Token, Uplink, UplinkOptions};
use loom_bridge::{ActorRegistry, ActorSpec, Context, DiscoveryBridge, Options, spawn};
use loom_protocol::BootId;
use loom_studio::{Directory, Studio, StudioOptions};
use serde::Serialize;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::orders::{Process, open, order};
use crate::support::{LIMIT, call, options, post, running, send_post};

const POLL: &str = "/api/actor/poll";
/// Far beyond the end of a test: what comes earlier came by a poll.
const NEVER: Duration = Duration::from_secs(24 * 60 * 60);

#[derive(Serialize)]
struct Till {
    money: u64,
}

#[loom_bridge::actor(controls(snapshot))]
impl Actor for Till {
    type Context = Context<Self>;
}

/// A process with one till, which says nothing by itself after its first batch.
async fn process(url: &str, token: Option<&str>) -> (DiscoveryBridge, actix::Addr<Till>) {
    let registry = ActorRegistry::new();
    let till = spawn(ActorSpec::new("Till").id("till-1").registry(&registry), |_| {
        Till { money: 7 }
    });
    // What it lets others order it says in `started`; that must be in the one batch.
    let says = async {
        while registry
            .get(&"till-1".into())
            .is_none_or(|till| till.controls.is_none())
        {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    timeout(LIMIT, says).await.unwrap();
    let bridge = DiscoveryBridge::new(Options {
        poll_interval: NEVER,
        ..Options::default()
    });
    let uplink = Uplink::new(&UplinkOptions {
        url: url.to_owned(),
        token: token.map(Token::new),
        ..UplinkOptions::default()
    });
    bridge.deliver_to(uplink.unwrap()).connect(&registry).unwrap();
    (bridge, till)
}

async fn has_till(directory: &Directory) {
    let there = async {
        while directory.get("till-1").is_none() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(LIMIT, there).await.unwrap();
}

#[actix_web::test]
async fn an_order_to_another_process_does_not_wait_for_its_next_beat() {
    let studio = running().await;
    let (bridge, _till) = process(&studio.url(), None).await;
    has_till(&studio.directory).await;
    for _ in 0..3 {
        let answer = send_post(studio.addr, "/api/actors/till-1/snapshot", "{}", &[]).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(answer.json()["value"], json!({"money": 7}));
    }
    bridge.close().await;
    // An open poll holds up no end: requests would have three seconds.
    studio.stop().await;
}

#[actix_web::test]
async fn a_process_hears_of_orders_with_the_token_that_it_reports_with() {
    let studio = Studio::builder(StudioOptions {
        token: loom_studio::Token::new("s3cret"),
        ..options()
    });
    let studio = studio.start().await.unwrap();
    let (bridge, _till) = process(&studio.url(), Some("s3cret")).await;
    has_till(&studio.directory).await;
    let bearer = [("Authorization", "Bearer s3cret")];
    let answer = send_post(studio.addr, "/api/actors/till-1/snapshot", "{}", &bearer).await;
    assert_eq!(answer.json()["outcome"], "done", "{answer:?}");
    bridge.close().await;
    studio.stop().await;
}

#[actix_web::test]
async fn a_poll_ends_with_an_order_with_a_look_or_with_its_time() {
    let (services, _) = open();
    let mut process = Process::new(&services, "b", &["a"]);
    let poll = async |seen: &Value, wait: u64| {
        let answer = post(&services, POLL, json!({"boot": "b", "seen": seen, "wait": wait})).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let answer = answer.json();
        (answer["changed"].as_bool().unwrap(), answer["seen"].clone())
    };
    let (changed, first) = poll(&Value::Null, 60_000).await;
    assert!(changed, "who has seen nothing is answered at once");
    assert_eq!(poll(&first, 0).await, (false, first.clone()));
    let (answer, (changed, ordered)) = join(order(&services, "a", "pause", json!({})), async {
        let polled = poll(&first, 60_000).await;
        let order = process.ordered(1).await.remove(0);
        process.deliver(vec![crate::orders::done(&order, Value::Null)]);
        polled
    })
    .await;
    assert!(changed && ordered != first && answer.status == 200, "{answer:?}");
    // That it was answered is no news.
    assert_eq!(poll(&ordered, 0).await, (false, ordered.clone()));
    let (looked, ()) = join(poll(&ordered, 60_000), async {
        let answer = call(&services, Method::GET, "/api/actors/a/messages", None, &[]).await;
        assert_eq!(answer.status, 200);
    })
    .await;
    assert!(looked.0, "the next batch tells what is looked at");
    let attention = process.deliver(Vec::new());
    assert!(attention.orders.is_empty());
}

#[actix_web::test]
async fn what_makes_no_sense_is_not_waited_for() {
    let (services, _) = open();
    let _process = Process::new(&services, "b", &["a"]);
    for (body, expected) in [
        (json!({"boot": "nobody"}), (404, "unknown_boot")),
        (
            json!({"boot": BootId("b".into()), "wait": 60_001}),
            (400, "invalid_poll"),
        ),
        (
            json!({"boot": "b", "seen": "x".repeat(101)}),
            (400, "invalid_poll"),
        ),
        (json!({"boot": "b", "sean": "x"}), (400, "invalid_json")),
        (json!({}), (400, "invalid_json")),
    ] {
        let problem = post(&services, POLL, body.clone()).await.problem();
        assert_eq!((problem.0, &*problem.1), expected, "{body}");
    }
}
