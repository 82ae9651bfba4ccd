//! Metrics that are sent to a collector: what they say, and what becomes of them when it is away.

use std::sync::Arc;

use loom_studio::{CollectorOptions, Services, Studio, StudioOptions};
use serde_json::{Value, json};

use crate::support::{TestClock, get, post};
use crate::warnings::receiver::{Does, Receiver};

struct World {
    services: Services,
    clock: TestClock,
    seq: u64,
    handled: u64,
}

impl World {
    fn sending_to(collector: Option<CollectorOptions>) -> Self {
        let clock = TestClock::new();
        let options = StudioOptions {
            collector,
            ..StudioOptions::default()
        };
        let services = Studio::builder(options).clock(Arc::new(clock.clone())).services();
        Self {
            services: services.unwrap(),
            clock,
            seq: 0,
            handled: 0,
        }
    }

    /// Seconds go by in each of which ten messages are handled.
    async fn seconds(&mut self, count: u64) {
        for _ in 0..count {
            (self.seq, self.handled) = (self.seq + 1, self.handled + 10);
            let list = if self.seq == 1 { "register" } else { "update" };
            let record =
                json!({"id": "cart-1", "type": "Cart", "messageCount": self.handled - 10, "queueDepth": 3});
            let batch = json!({"boot": "one", "seq": self.seq, list: [record]});
            let answer = post(&self.services, "/api/actor/batch", batch).await;
            assert_eq!(answer.status, 200, "{}", answer.text());
            self.clock.advance(1_000);
            self.services.sweep();
        }
    }

    async fn health(&self) -> Value {
        get(&self.services, "/api/health").await.json()
    }
}

/// What a request says of a metric: its first point.
fn point(request: &Value, name: &str) -> Value {
    let metrics = request["resourceMetrics"][0]["scopeMetrics"][0]["metrics"].clone();
    let found = metrics.as_array().unwrap().iter().find(|one| one["name"] == name);
    let metric = found.unwrap_or_else(|| panic!("{name}: {request}"));
    let data = metric.get("sum").or_else(|| metric.get("gauge")).unwrap();
    data["dataPoints"][0].clone()
}

#[actix_web::test]
async fn what_a_collector_missed_is_in_what_is_sent_later_and_health_says_it() {
    let receiver = Receiver::doing(&[Does::Answer(503), Does::Close, Does::Answer(200)]).await;
    let mut options = CollectorOptions::new(format!("http://{}/otlp", receiver.addr).parse().unwrap());
    options.headers = "authorization=Bearer SECRET".parse().unwrap();
    let mut world = World::sending_to(Some(options));
    world.services.send_metrics().await;
    assert!(receiver.requests().is_empty(), "there is nothing to tell");
    let mut sums = Vec::new();
    for (status, says) in [
        ("degraded", "HTTP 503"),
        ("degraded", "collector"),
        ("ok", "60 s"),
    ] {
        world.seconds(30).await;
        world.services.send_metrics().await;
        let health = world.health().await;
        let part = &health["parts"]["collector"];
        assert_eq!(
            (&part["status"], &health["status"]),
            (&json!(status), &json!(status))
        );
        let message = part["message"].as_str().unwrap();
        assert!(message.contains(says), "{message}");
        assert!(!health.to_string().contains("SECRET"), "{health}");
        let request = receiver.requests().pop().unwrap();
        assert!(
            request.head.starts_with("POST /otlp/v1/metrics HTTP/1.1"),
            "{}",
            request.head
        );
        assert_eq!(request.header("authorization").as_deref(), Some("Bearer SECRET"));
        assert_eq!(
            request.header("content-type").as_deref(),
            Some("application/json")
        );
        let request = request.json();
        let handled = point(&request, "messaging.client.consumed.messages");
        sums.push(handled["asInt"].as_str().unwrap().parse::<u64>().unwrap());
        assert_eq!(point(&request, "loom.actor.queue.depth")["asInt"], "3");
        let template = json!({"key": "messaging.destination.template", "value": {"stringValue": "Cart"}});
        assert!(
            handled["attributes"].as_array().unwrap().contains(&template),
            "{handled}"
        );
    }
    // Each tells all since the beginning, up to the last second that nothing can be added to any more.
    assert_eq!([sums[1] - sums[0], sums[2] - sums[1]], [300, 300], "{sums:?}");
}

#[actix_web::test]
async fn nothing_is_sent_unless_somebody_says_where() {
    let mut world = World::sending_to(None);
    world.seconds(20).await;
    world.services.send_metrics().await;
    let health = world.health().await;
    assert_eq!(health["parts"].get("collector"), None, "{health}");
}
