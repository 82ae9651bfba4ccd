//! Warnings: what raises them, what they are told to, and what outlives a restart.

mod broken;
mod counted;
mod docs;
mod evaluated;
mod live;
#[cfg(feature = "bin")]
mod mail;
pub(crate) mod receiver;
mod sent;
mod work;

use std::path::Path;
use std::sync::Arc;

use actix_web::http::Method;
use loom_protocol::{ActorBatch, BootId, Timestamp};
use loom_studio::{Clock, Services, Studio, StudioOptions};
use serde_json::{Value, json};

use crate::support::{Answer, TestClock, call, get, post};

/// A studio with a process that reports each second, both by a clock that is set.
struct World {
    services: Services,
    clock: TestClock,
    boot: String,
    seq: u64,
    /// Messages, and errors, that the actors of each type have had.
    totals: [(u64, u64); 2],
}

const TYPES: [&str; 2] = ["Cart", "Mailer"];

impl World {
    fn new(state: Option<&Path>) -> Self {
        Self::at(state, TestClock::new(), "one")
    }

    fn at(state: Option<&Path>, clock: TestClock, boot: &str) -> Self {
        let options = StudioOptions {
            state: state.map(Path::to_owned),
            ..StudioOptions::default()
        };
        let builder = Studio::builder(options).clock(Arc::new(clock.clone()));
        Self {
            services: builder.services().unwrap(),
            clock,
            boot: boot.to_owned(),
            seq: 0,
            totals: [(0, 0); 2],
        }
    }

    /// A second goes by in which the actor of each type has so many errors; nobody is heard where there is no number.
    fn second(&mut self, errors: [Option<u64>; 2]) {
        let mut batch = json!({"register": [], "update": []});
        for (place, kind) in TYPES.iter().enumerate() {
            let total = &mut self.totals[place];
            if let Some(errors) = errors[place] {
                *total = (total.0 + 10, total.1 + errors);
            }
            let record = json!({"id": format!("{kind}-1"), "type": kind, "messageCount": total.0, "errorCount": total.1});
            let list = if self.seq == 0 { "register" } else { "update" };
            if errors[place].is_some() || self.seq == 0 {
                batch[list].as_array_mut().unwrap().push(record);
            }
        }
        if self.seq == 0 || errors.iter().any(Option::is_some) {
            self.seq += 1;
            let mut told: ActorBatch = serde_json::from_value(json!({
                "boot": self.boot, "seq": self.seq, "register": batch["register"], "update": batch["update"],
            }))
            .unwrap();
            told.boot = BootId(self.boot.clone());
            let outcome = self.services.intake.batch(told).unwrap();
            assert!(outcome.rejected.is_empty(), "{outcome:?}");
        }
        self.clock.advance(1_000);
        self.services.sweep();
    }

    /// So many of them, with so many errors of the first type each.
    fn seconds(&mut self, count: usize, errors: u64) {
        for _ in 0..count {
            self.second([Some(errors), Some(0)]);
        }
    }

    /// Only the present: no rules but those that a test makes.
    async fn without_rules(self) -> Self {
        for rule in ["r-lints", "r-errors", "r-failed"] {
            assert_eq!(
                self.delete(&format!("/api/warnings/rules/{rule}")).await.status,
                204
            );
        }
        self
    }

    async fn get(&self, path: &str) -> Value {
        let answer = get(&self.services, path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        answer.json()
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        let answer = post(&self.services, path, body).await;
        assert!([200, 201].contains(&answer.status), "{path}: {}", answer.text());
        answer.json()
    }

    async fn put(&self, path: &str, body: Value) -> Answer {
        call(&self.services, Method::PUT, path, Some(&body), &[]).await
    }

    async fn delete(&self, path: &str) -> Answer {
        call(&self.services, Method::DELETE, path, None, &[]).await
    }

    /// A rule about errors, by type.
    async fn rule(&self, seconds: u64, channels: &[&str]) -> String {
        let rule = self
            .post("/api/warnings/rules", errors_of_types(seconds, channels))
            .await;
        rule["id"].as_str().unwrap().to_owned()
    }

    /// A channel that leads to an address.
    async fn webhook(&self, url: &str) -> String {
        let target = json!({"kind": "webhook", "url": url, "secret": "SIGNING-KEY"});
        let asked = json!({"name": "On call", "target": target});
        let channel = self.post("/api/warnings/channels", asked).await;
        channel["id"].as_str().unwrap().to_owned()
    }

    /// The moment so many milliseconds from now.
    fn clock_text(&self, millis: i64) -> String {
        Timestamp::from_millis(self.clock.now().as_millis() + millis).to_string()
    }

    async fn deliveries(&self) -> Vec<Value> {
        let list = self.get("/api/warnings/deliveries").await;
        list["deliveries"].as_array().unwrap().clone()
    }

    /// What was sent with which outcome, the first first.
    async fn sent(&self) -> Vec<(String, String, u64)> {
        let mut deliveries = self.deliveries().await;
        deliveries.reverse();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let told = deliveries.iter();
        told.map(|one| {
            (
                text(&one["what"]),
                text(&one["detail"]),
                one["attempt"].as_u64().unwrap(),
            )
        })
        .collect()
    }
}

fn errors_of_types(seconds: u64, channels: &[&str]) -> Value {
    json!({"name": "Too many errors", "severity": "problem", "for": seconds, "channels": channels,
        "when": {"kind": "metric", "metric": "errors", "by": "type", "threshold": 2.0, "clear": 1.0}})
}
