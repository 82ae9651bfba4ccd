//! Programs that speak OpenTelemetry: their producers and consumers are actors, counted as they say, and what makes no sense is refused.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use loom_studio::{Services, StudioOptions};
use serde_json::{Value, json};

use crate::support::{Answer, get, post, post_bytes, services};

const JSON: (&str, &str) = ("content-type", "application/json");
const PROTOBUF: (&str, &str) = ("content-type", "application/x-protobuf");

fn attribute(key: &str, value: &str) -> Value {
    json!({"key": key, "value": {"stringValue": value}})
}

/// A span about a message; `from` is what sent it, by trace and number.
struct Span {
    id: u64,
    kind: u64,
    destination: String,
    parent: u64,
    link: Option<u64>,
    more: Value,
}

/// All spans are of one trace.
const TRACE: &str = "5b8efff798038103d269b633813fc60c";

impl Span {
    fn new(kind: u64, id: u64, destination: &str) -> Self {
        Self {
            id,
            kind,
            destination: destination.to_owned(),
            parent: 0,
            link: None,
            more: json!({}),
        }
    }

    fn producer(id: u64, destination: &str) -> Self {
        Self::new(4, id, destination)
    }

    fn consumer(id: u64, destination: &str) -> Self {
        Self::new(5, id, destination)
    }

    fn below(mut self, parent: u64) -> Self {
        self.parent = parent;
        self
    }

    fn linked(mut self, link: u64) -> Self {
        self.link = Some(link);
        self
    }

    fn with(mut self, more: Value) -> Self {
        self.more = more;
        self
    }

    fn json(&self) -> Value {
        let mut span = json!({
            "traceId": TRACE,
            "spanId": format!("{:016x}", self.id),
            "name": format!("{} something", self.destination),
            "kind": self.kind,
            "startTimeUnixNano": "1765596837077000000",
            "endTimeUnixNano": "1765596837079000000",
        });
        if !self.destination.is_empty() {
            span["attributes"] = json!([
                attribute("messaging.system", "rabbitmq"),
                attribute("messaging.destination.name", &self.destination),
            ]);
        }
        if self.parent != 0 {
            span["parentSpanId"] = format!("{:016x}", self.parent).into();
        }
        if let Some(link) = self.link {
            span["links"] = json!([{"traceId": TRACE, "spanId": format!("{link:016x}")}]);
        }
        for (key, value) in self.more.as_object().unwrap() {
            match (key.as_str(), span.get_mut(key)) {
                ("attributes", Some(Value::Array(known))) => known.extend(value.as_array().unwrap().clone()),
                _ => span[key] = value.clone(),
            }
        }
        span
    }
}

fn request(service: &str, pid: u64, spans: &[Span]) -> Value {
    let pid = json!({"key": "process.pid", "value": {"intValue": pid.to_string()}});
    let resource =
        json!({"attributes": [attribute("service.name", service), attribute("host.name", "web-1"), pid]});
    let spans: Vec<_> = spans.iter().map(Span::json).collect();
    json!({"resourceSpans": [{"resource": resource, "scopeSpans": [{"scope": {"name": "t"}, "spans": spans}]}]})
}

async fn tell(services: &Services, service: &str, spans: &[Span]) {
    let answer = post(services, "/v1/traces", request(service, 1, spans)).await;
    assert_eq!((answer.status, answer.text().as_str()), (200, "{}"));
}

async fn actor(services: &Services, id: &str) -> Value {
    let answer = get(services, &format!("/api/actors/{}", id.replace(' ', "%20"))).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

async fn ids(services: &Services) -> Vec<String> {
    let answer = get(services, "/api/v1/actors?limit=1000").await.json();
    let items = answer["items"].as_array().unwrap();
    let mut ids: Vec<_> = items
        .iter()
        .map(|actor| actor["id"].as_str().unwrap().to_owned())
        .collect();
    ids.sort();
    ids
}

/// The edges between actors, with how many messages passed.
async fn edges(services: &Services) -> Vec<(String, String, u64)> {
    let map = get(services, "/api/map?group=actor").await.json();
    let mut edges = Vec::new();
    for edge in map["edges"].as_array().unwrap() {
        let end = |name: &str| edge[name].as_str().unwrap_or("outside").to_owned();
        edges.push((end("from"), end("to"), edge["count"].as_u64().unwrap()));
    }
    edges.sort();
    edges
}

fn refused(answer: &Answer) -> (u16, String) {
    // A `google.rpc.Status` with nothing but its message.
    assert_eq!(answer.header("content-type"), Some("application/x-protobuf"));
    assert_eq!(answer.body.first(), Some(&0x12));
    (
        answer.status,
        String::from_utf8_lossy(&answer.body[2..]).into_owned(),
    )
}

#[actix_web::test]
async fn a_message_goes_from_its_producer_to_its_consumer_in_another_service() {
    let (services, _clock) = services(StudioOptions::default());
    // A consumer hands on: its producer's span is below an internal one, and all of it comes before what is above it.
    tell(
        &services,
        "kitchen",
        &[
            Span::producer(13, "baked").below(12),
            Span::new(1, 12, "").below(11),
            Span::consumer(11, "orders")
                .linked(1)
                .with(json!({"status": {"code": 2, "message": "no dough"}})),
        ],
    )
    .await;
    tell(
        &services,
        "shop",
        &[Span::producer(1, "orders"), Span::producer(2, "orders")],
    )
    .await;
    tell(&services, "kitchen", &[Span::consumer(14, "orders").below(2)]).await;
    assert_eq!(
        ids(&services).await,
        [
            "kitchen: baked producer",
            "kitchen: orders consumer",
            "shop: orders producer"
        ]
    );
    let consumer = actor(&services, "kitchen: orders consumer").await;
    assert_eq!(consumer["type"], "orders consumer");
    assert_eq!(
        (&consumer["messageCount"], &consumer["errorCount"]),
        (&json!(2), &json!(1))
    );
    assert_eq!(consumer["work"]["handled"], 2);
    assert_eq!(consumer["work"]["handleUs"], 4_000);
    assert_eq!(
        (&consumer["node"], &consumer["workerId"]),
        (&json!("web-1"), &json!("1"))
    );
    assert_eq!(consumer["metadata"]["role"], "consumer");

    let messages = get(&services, "/api/actors/kitchen:%20orders%20consumer/messages")
        .await
        .json();
    assert!(
        messages.to_string().contains("shop: orders producer"),
        "{messages}"
    );
    let of_consumer = &messages["messages"].as_array().unwrap()[0];
    assert_eq!(
        (&of_consumer["type"], &of_consumer["handled"]),
        (&json!("orders"), &json!(2))
    );

    let journal = get(&services, "/api/journal/kitchen:%20orders%20consumer")
        .await
        .json();
    let line = journal
        .as_array()
        .unwrap()
        .iter()
        .find(|line| line["kind"] == "error")
        .unwrap();
    assert_eq!(line["message"], "`orders` ended in an error: no dough");
    assert_eq!(line["correlationId"], TRACE);

    let (shop, kitchen) = (
        "shop: orders producer".to_owned(),
        "kitchen: orders consumer".to_owned(),
    );
    let outside = || "outside".to_owned();
    assert_eq!(
        edges(&services).await,
        [
            (kitchen.clone(), "kitchen: baked producer".into(), 1),
            (outside(), shop.clone(), 2),
            (shop, kitchen, 2),
        ]
    );
}

#[actix_web::test]
async fn who_sent_is_nobody_where_it_never_comes() {
    let (services, clock) = services(StudioOptions::default());
    tell(&services, "kitchen", &[Span::consumer(1, "orders").below(77)]).await;
    assert_eq!(edges(&services).await, [], "it may come still");
    for _ in 0..31 {
        clock.advance(1_000);
        services.sweep();
    }
    assert_eq!(
        edges(&services).await,
        [("outside".into(), "kitchen: orders consumer".into(), 1)]
    );
}

#[actix_web::test]
async fn what_comes_twice_counts_once_and_batches_count_their_messages() {
    let (services, _clock) = services(StudioOptions::default());
    let count = |count: u64| {
        let count = json!({"key": "messaging.batch.message_count", "value": {"intValue": count}});
        let receive = |word: &str| attribute("messaging.operation.type", word);
        (
            json!({"attributes": [count, receive("process")]}),
            json!({"attributes": [count, receive("receive")]}),
        )
    };
    let (process, receive) = count(5);
    let spans = || {
        vec![
            Span::consumer(1, "orders").with(process.clone()),
            // It only fetched.
            Span::consumer(2, "orders").with(receive.clone()),
            Span::consumer(3, "orders").below(2),
        ]
    };
    tell(&services, "kitchen", &spans()).await;
    tell(&services, "kitchen", &spans()).await;
    let consumer = actor(&services, "kitchen: orders consumer").await;
    assert_eq!(consumer["messageCount"], 6);
    assert_eq!(consumer["work"]["handled"], 2, "the time is of the batch");
}

#[actix_web::test]
async fn two_starts_of_a_service_are_two_and_quiet_ones_live_on_for_a_while() {
    let (services, clock) = services(StudioOptions::default());
    for pid in [7, 8] {
        let body = request("shop", pid, &[Span::producer(pid, "orders")]);
        assert_eq!(post(&services, "/v1/traces", body).await.status, 200);
    }
    let both = ["shop: orders producer", "shop: orders producer @ web-1:8"];
    assert_eq!(ids(&services).await, both);
    let status = async |id: &str| actor(&services, id).await["status"].clone();
    // As a running studio does each second.
    let wait = |seconds: i64| {
        for _ in 0..seconds {
            clock.advance(1_000);
            services.sweep();
        }
    };
    wait(50);
    assert_ne!(status(both[0]).await, "stale", "it may have nothing to do");
    wait(30);
    assert_eq!(status(both[0]).await, "stale", "nobody knows");
    wait(10 * 60);
    assert_eq!(ids(&services).await, [""; 0]);
    tell(&services, "shop", &[Span::producer(9, "orders")]).await;
    assert_eq!(ids(&services).await, ["shop: orders producer"]);
    assert_eq!(
        actor(&services, both[0]).await["messageCount"],
        1,
        "of a new start"
    );
}

#[actix_web::test]
async fn names_that_grow_for_ever_are_bounded_and_said() {
    let (services, _clock) = services(StudioOptions::default());
    let spans: Vec<_> = (1..=500)
        .map(|n| Span::producer(n, &format!("reply-{n}")))
        .collect();
    tell(&services, "shop", &spans).await;
    assert_eq!(ids(&services).await.len(), 201);
    let others = actor(&services, "shop: (others) producer").await;
    assert_eq!(others["messageCount"], 300);
    let journal = get(&services, "/api/journal/shop:%20(others)%20producer")
        .await
        .text();
    assert!(journal.contains("messaging.destination.template"), "{journal}");

    // A kind of destination is one, and so are those that are made for one answer.
    let kind = |n: u64, more: Value| Span::consumer(n, &format!("q-{n}")).with(json!({"attributes": [more]}));
    let mut spans: Vec<_> = (1_001..1_101)
        .map(|n| kind(n, attribute("messaging.destination.template", "q-{n}")))
        .collect();
    let temporary = || json!({"key": "messaging.destination.temporary", "value": {"boolValue": true}});
    spans.extend((2_001..2_101).map(|n| kind(n, temporary())));
    tell(&services, "desk", &spans).await;
    let of_desk: Vec<_> = ids(&services)
        .await
        .into_iter()
        .filter(|id| id.starts_with("desk"))
        .collect();
    assert_eq!(of_desk, ["desk: (temporary) consumer", "desk: q-{n} consumer"]);
}

#[actix_web::test]
async fn both_forms_are_read_packed_or_not_and_what_is_not_taken_is_said() {
    let (services, _clock) = services(StudioOptions::default());
    let body = request("shop", 1, &[Span::producer(1, "orders")]).to_string();
    let packed = |plain: &[u8]| {
        let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
        packer.write_all(plain).unwrap();
        packer.finish().unwrap()
    };
    let gzip = ("content-encoding", "gzip");
    let answer = post_bytes(&services, "/v1/traces", packed(body.as_bytes()), &[JSON, gzip]).await;
    assert_eq!((answer.status, answer.text().as_str()), (200, "{}"));
    assert_eq!(ids(&services).await, ["shop: orders producer"]);

    // Nothing at all is a request too.
    let answer = post_bytes(&services, "/v1/traces", Vec::new(), &[PROTOBUF]).await;
    assert_eq!((answer.status, answer.body.len()), (200, 0));
    assert_eq!(answer.header("content-type"), Some("application/x-protobuf"));

    let nameless = json!({"resourceSpans": [{"scopeSpans": [{"spans": [{"traceId": "12", "kind": 4}]}]}]});
    let answer = post(&services, "/v1/traces", nameless).await;
    let partial = &answer.json()["partialSuccess"];
    assert_eq!((answer.status, &partial["rejectedSpans"]), (200, &json!("1")));
    assert!(
        partial["errorMessage"].as_str().unwrap().contains("span id"),
        "{partial}"
    );
    // One span that says nothing.
    let answer = post_bytes(
        &services,
        "/v1/traces",
        b"\x0a\x04\x12\x02\x12\x00".to_vec(),
        &[PROTOBUF],
    )
    .await;
    assert_eq!((answer.status, &answer.body[2..4]), (200, &b"\x08\x01"[..]));
}

#[actix_web::test]
async fn what_makes_no_sense_is_refused_in_the_form_in_which_it_came() {
    let (services, _clock) = services(StudioOptions::default());
    let text = ("content-type", "text/plain");
    let gzip = ("content-encoding", "gzip");
    let zstd = ("content-encoding", "zstd");
    let send = async |body: &[u8], headers: &[(&str, &str)]| {
        post_bytes(&services, "/v1/traces", body.to_vec(), headers).await
    };
    assert_eq!(send(b"{", &[JSON]).await.problem(), (400, "invalid_otlp".into()));
    assert_eq!(
        send(b"{}", &[text]).await.problem(),
        (415, "unsupported_media_type".into())
    );
    assert_eq!(
        send(b"{}", &[]).await.problem(),
        (415, "unsupported_media_type".into())
    );
    assert_eq!(
        send(b"{}", &[JSON, gzip]).await.problem(),
        (400, "invalid_body".into())
    );
    assert_eq!(
        send(b"{}", &[JSON, zstd]).await.problem(),
        (415, "unsupported_encoding".into())
    );
    for forged in [&b"{}"[..], b"\x0a\xff\xff\xff\xff\x0f", b"\x0b"] {
        let (status, text) = refused(&send(forged, &[PROTOBUF]).await);
        assert_eq!(status, 400, "{text}");
        assert!(text.contains("ExportTraceServiceRequest"), "{text}");
    }
    assert_eq!(refused(&send(b"", &[PROTOBUF, zstd]).await).0, 415);
    // Small as it comes, and larger than any body may be once it is unpacked.
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    let piece = vec![b' '; 1024 * 1024];
    (0..17).for_each(|_| packer.write_all(&piece).unwrap());
    let bomb = packer.finish().unwrap();
    assert!(bomb.len() < 200_000);
    assert_eq!(
        send(&bomb, &[JSON, gzip]).await.problem(),
        (413, "body_too_large".into())
    );
    assert_eq!(refused(&send(&bomb, &[PROTOBUF, gzip]).await).0, 413);
    assert_eq!(ids(&services).await, [""; 0]);
}
