//! Spans of handled messages at a collector: which, below which, and what becomes of those that it does not take.

use std::collections::HashMap;
use std::time::Duration;

use actix::prelude::*;
use loom_bridge::otlp::{OtlpError, OtlpOptions, Traces, export};
use loom_bridge::{ActorRegistry, Cause, Context, spawn};
use serde_json::{Value, json};

use crate::common::{in_its_own_process, spec, until};
use crate::uplink::{Requests, serve};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN: &str = "00f067aa0ba902b7";

/// Exports are a process's own, and there is one at a time.
fn begin(url: &str, ratio: f64) -> Traces {
    export(&OtlpOptions {
        url: url.to_owned(),
        ratio,
        service: Some("shop".to_owned()),
    })
    .unwrap()
}

/// All spans that came, in their order.
fn spans(requests: &Requests) -> Vec<Value> {
    let requests = requests.lock().unwrap().clone();
    let parsed = requests.iter().flat_map(|(head, body)| {
        assert!(head.starts_with("POST /v1/traces HTTP/1.1"), "{head}");
        assert!(
            head.to_lowercase().contains("content-type: application/json"),
            "{head}"
        );
        let request: Value = serde_json::from_str(body).unwrap();
        let of = |path: &str| {
            request
                .pointer(&format!("/resourceSpans/0/{path}"))
                .cloned()
                .unwrap()
        };
        let service = json!({"key": "service.name", "value": {"stringValue": "shop"}});
        assert_eq!(of("resource/attributes/0"), service);
        of("scopeSpans/0/spans").as_array().unwrap().clone()
    });
    parsed.collect()
}

fn attribute<'a>(span: &'a Value, key: &str) -> &'a str {
    let attributes = span.get("attributes").and_then(Value::as_array).unwrap();
    let is_it = |attribute: &&Value| attribute.get("key").is_some_and(|known| known == key);
    let value = attributes
        .iter()
        .find(is_it)
        .and_then(|found| found.pointer("/value/stringValue"));
    value.and_then(Value::as_str).unwrap_or_default()
}

#[derive(Message, Clone, Copy)]
#[rtype(result = "Result<u32, String>")]
enum Ask {
    /// Answers at once, after it sent to the next.
    Now,
    Fail,
    Panic,
}

#[derive(Message)]
#[rtype(result = "Result<u32, String>")]
struct Later(Ask);

struct Link {
    next: Option<Recipient<Ask>>,
}

#[loom_bridge::actor]
impl Actor for Link {
    type Context = Context<Self>;
}

impl Handler<Ask> for Link {
    type Result = Result<u32, String>;

    fn handle(&mut self, ask: Ask, _: &mut Self::Context) -> Self::Result {
        match ask {
            Ask::Now => {
                if let Some(next) = &self.next {
                    next.do_send(Ask::Now);
                }
                Ok(1)
            }
            Ask::Fail => Err("no".to_owned()),
            Ask::Panic => panic!("boom on purpose"),
        }
    }
}

impl Handler<Later> for Link {
    type Result = ResponseFuture<Result<u32, String>>;

    fn handle(&mut self, Later(ask): Later, _: &mut Self::Context) -> Self::Result {
        let next = self.next.clone();
        Box::pin(async move {
            tokio::task::yield_now().await;
            match ask {
                Ask::Now => next.unwrap().send(Ask::Now).await.unwrap(),
                Ask::Fail => Err("no".to_owned()),
                Ask::Panic => panic!("boom on purpose"),
            }
        })
    }
}

fn chain(registry: &ActorRegistry) -> Addr<Link> {
    let second = spawn(spec(registry, "second"), |_| Link { next: None });
    let next = Some(second.recipient());
    spawn(spec(registry, "first"), |_| Link { next })
}

#[actix::test]
async fn messages_of_a_request_that_is_recorded_are_spans_below_each_other() {
    if !in_its_own_process("otlp::messages_of_a_request_that_is_recorded_are_spans_below_each_other") {
        return;
    }
    let (url, requests) = serve("200 OK", "{}").await;
    let traces = begin(&url, 0.0);
    assert_eq!(export(&OtlpOptions::default()).err(), Some(OtlpError::Twice));
    let registry = ActorRegistry::new();
    let first = chain(&registry);
    for flags in ["00", "01"] {
        let header = format!("00-{TRACE}-{SPAN}-{flags}");
        let cause = Cause::of_request(Some(&header));
        cause
            .carry(async { first.send(Later(Ask::Now)).await.unwrap() })
            .await
            .unwrap();
        cause.run(|| first.do_send(Ask::Now));
    }
    // Of no request that is recorded.
    first.send(Ask::Now).await.unwrap().unwrap();
    until("all are handled", || {
        let handled = |id: &str| registry.get(&id.into()).unwrap().message_count;
        (handled("first"), handled("second")) == (Some(5), Some(5))
    })
    .await;
    traces.close().await;
    let spans = spans(&requests);
    assert_eq!(spans.len(), 4, "{spans:#?}");
    let parents: HashMap<_, _> = spans.iter().map(|span| (span["spanId"].clone(), span)).collect();
    assert_eq!(parents.len(), 4, "each has a name of its own");
    for span in &spans {
        assert_eq!(
            (&span["traceId"], &span["kind"], &span["status"]),
            (&json!(TRACE), &json!(5), &json!({}))
        );
        let nanos = |key: &str| span[key].as_str().unwrap().parse::<u64>().unwrap();
        assert!(nanos("startTimeUnixNano") <= nanos("endTimeUnixNano"));
        assert_eq!(attribute(span, "messaging.destination.template"), "Tested");
        let parent = &span["parentSpanId"];
        match attribute(span, "messaging.destination.name") {
            "first" => assert_eq!(*parent, SPAN, "below the request"),
            "second" => assert_eq!(attribute(parents[parent], "messaging.destination.name"), "first"),
            other => panic!("`{other}` sent nothing"),
        }
    }
    let mut names: Vec<_> = spans.iter().map(|span| span["name"].as_str().unwrap()).collect();
    names.sort_unstable();
    assert_eq!(
        names,
        ["process Ask", "process Ask", "process Ask", "process Later"]
    );
}

#[actix::test]
async fn what_ended_badly_says_how_and_chains_that_begin_here_are_recorded_by_chance() {
    if !in_its_own_process(
        "otlp::what_ended_badly_says_how_and_chains_that_begin_here_are_recorded_by_chance",
    ) {
        return;
    }
    let (url, requests) = serve("200 OK", "").await;
    let traces = begin(&url, 1.0);
    let registry = ActorRegistry::new();
    let first = chain(&registry);
    assert!(Cause::begin().is_sampled());
    assert_eq!(first.send(Ask::Fail).await.unwrap(), Err("no".to_owned()));
    assert_eq!(first.send(Later(Ask::Fail)).await.unwrap(), Err("no".to_owned()));
    assert!(first.send(Later(Ask::Panic)).await.is_err());
    assert!(first.send(Ask::Panic).await.is_err());
    traces.close().await;
    let spans = spans(&requests);
    let ends: Vec<_> = spans
        .iter()
        .map(|span| (span["name"].as_str().unwrap(), attribute(span, "error.type")))
        .collect();
    assert_eq!(
        ends,
        [
            ("process Ask", "error"),
            ("process Later", "error"),
            ("process Later", "panic"),
            ("process Ask", "panic"),
        ]
    );
    for span in &spans {
        assert_eq!(
            (&span["status"]["code"], span.get("parentSpanId")),
            (&json!(2), None)
        );
    }
    // Nobody carries them off any more.
    assert!(!Cause::begin().is_sampled());
}

#[actix::test]
async fn what_a_collector_does_not_take_is_dropped_and_counted_and_nobody_waits() {
    if !in_its_own_process("otlp::what_a_collector_does_not_take_is_dropped_and_counted_and_nobody_waits") {
        return;
    }
    all_are_dropped("400 Bad Request").await;
}

#[actix::test]
async fn a_collector_that_fails_at_some_spans_for_good_holds_up_no_others() {
    if !in_its_own_process("otlp::a_collector_that_fails_at_some_spans_for_good_holds_up_no_others") {
        return;
    }
    all_are_dropped("500 Internal Server Error").await;
}

async fn all_are_dropped(status: &'static str) {
    const MESSAGES: u64 = 20_000;
    let (url, requests) = serve(status, "no").await;
    let traces = begin(&url, 1.0);
    let registry = ActorRegistry::new();
    let second = spawn(spec(&registry, "second"), |_| Link { next: None });
    for _ in 0..MESSAGES {
        second.do_send(Ask::Now);
    }
    second.send(Ask::Now).await.unwrap().unwrap();
    until("all are refused or dropped", || traces.dropped() == MESSAGES + 1).await;
    let refused = spans(&requests).len() as u64;
    assert!(
        0 < refused && refused < MESSAGES,
        "more came than fits: {refused}"
    );
    traces.close().await;
}

#[actix::test]
async fn a_collector_that_takes_a_part_or_is_away_is_counted_too() {
    if !in_its_own_process("otlp::a_collector_that_takes_a_part_or_is_away_is_counted_too") {
        return;
    }
    let registry = ActorRegistry::new();
    let second = spawn(spec(&registry, "second"), |_| Link { next: None });
    let (url, requests) = serve("200 OK", r#"{"partialSuccess":{"rejectedSpans":"1"}}"#).await;
    let traces = begin(&url, 1.0);
    second.send(Ask::Now).await.unwrap().unwrap();
    second.send(Ask::Now).await.unwrap().unwrap();
    until("both to come", || spans(&requests).len() == 2).await;
    until("one to be counted", || traces.dropped() >= 1).await;
    traces.close().await;
    // Another one, where nobody is.
    let traces = begin("http://127.0.0.1:9", 1.0);
    let before = traces.dropped();
    second.send(Ask::Now).await.unwrap().unwrap();
    let closed = tokio::time::timeout(Duration::from_secs(20), traces.close()).await;
    assert!(closed.is_ok(), "nobody waits for a collector without end");
    let traces = begin("http://127.0.0.1:9", 0.0);
    assert_eq!(traces.dropped(), before + 1);
    drop(traces);
}
