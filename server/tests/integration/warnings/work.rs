//! How pieces of work ended, as products report it.

use std::sync::{Arc, OnceLock};

use actix_web::web::ServiceConfig;
use loom_protocol::Timestamp;
use loom_studio::{Clock, Extension, Studio, StudioHandle, StudioOptions, WorkOutcome, WorkResult};
use serde_json::{Value, json};

use super::World;
use super::receiver::{Does, Receiver};
use crate::support::TestClock;

/// A product that does nothing but report.
#[derive(Clone, Default)]
pub(super) struct Product(Arc<OnceLock<StudioHandle>>);

impl Product {
    pub(super) fn studio(&self) -> &StudioHandle {
        self.0.get().unwrap()
    }
}

impl Extension for Product {
    fn name(&self) -> &str {
        "product"
    }

    fn configure(&self, _: &mut ServiceConfig) {}

    fn attach(&self, studio: &StudioHandle) {
        let _once = self.0.set(studio.clone());
    }
}

struct Factory {
    world: World,
    product: Product,
    number: u64,
}

impl Factory {
    async fn new() -> Self {
        let (product, clock) = (Product::default(), TestClock::new());
        let builder = Studio::builder(StudioOptions::default()).clock(Arc::new(clock.clone()));
        let services = builder.extension(Arc::new(product.clone())).services().unwrap();
        let world = World {
            services,
            clock,
            boot: "one".to_owned(),
            seq: 0,
            totals: [(0, 0); 2],
        };
        let world = world.without_rules().await;
        Self {
            world,
            product,
            number: 0,
        }
    }

    fn ended(&mut self, result: WorkResult, took: u64) -> WorkOutcome {
        self.number += 1;
        self.world.clock.advance(1_000);
        let outcome = WorkOutcome {
            kind: "run".to_owned(),
            subject: "CI".to_owned(),
            id: self.number.to_string(),
            result,
            took,
            ended: self.world.clock.now(),
            link: Some(format!("/runs/{}", self.number)),
        };
        self.product.studio().work.ended(outcome.clone());
        outcome
    }

    async fn told(&mut self, receiver: &Receiver) -> Vec<(String, String)> {
        self.world.services.sweep();
        // What is of one rule goes one after the other.
        for _ in 0..20 {
            self.world.services.send_warnings().await;
        }
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let requests = receiver.requests();
        let bodies = requests.iter().map(super::receiver::Request::json);
        bodies
            .map(|body| (text(&body["what"]), text(&body["warnings"][0]["sentence"])))
            .collect()
    }
}

fn rule(event: &str, channel: &str) -> Value {
    json!({"name": event, "channels": [channel], "when": {"kind": "work", "event": event, "work": "run", "subject": "C*"}})
}

#[actix_web::test]
async fn failed_fixed_and_slower_are_told_once_each_and_a_preview_knows_them() {
    use WorkResult::{Cancelled, Failed, Succeeded};
    let mut factory = Factory::new().await;
    for (event, expected) in [
        (
            "failed",
            vec![
                ("fired", "run CI failed"),
                ("resolved", "run CI failed, 2 times in a row"),
            ],
        ),
        (
            "fixed",
            vec![("fired", "run CI succeeded again after 2 failures")],
        ),
        (
            "slower",
            vec![
                ("fired", "run CI took 9.0 s; usual are 1.0 s"),
                ("resolved", "run CI took 9.0 s; usual are 1.0 s"),
            ],
        ),
    ] {
        let receiver = Receiver::doing(&[Does::Answer(200)]).await;
        let channel = factory.world.webhook(&receiver.url()).await;
        let made = factory
            .world
            .post("/api/warnings/rules", rule(event, &channel))
            .await;
        let before = factory.world.clock.now();
        for _ in 0..5 {
            factory.ended(Succeeded, 1_000);
        }
        assert_eq!(factory.told(&receiver).await, [], "{event}");
        for (result, took) in [
            (Failed, 100),
            (Failed, 100),
            (Cancelled, 90_000),
            (Succeeded, 9_000),
            (Succeeded, 1_000),
        ] {
            let outcome = factory.ended(result, took);
            factory.product.studio().work.ended(outcome);
            factory.told(&receiver).await;
        }
        let expected: Vec<_> = expected
            .into_iter()
            .map(|(what, sentence)| (what.to_owned(), sentence.to_owned()))
            .collect();
        assert_eq!(factory.told(&receiver).await, expected, "{event}");
        let list = factory.world.get("/api/warnings").await;
        assert_eq!(
            (&list["firing"], &list["resolved"][0]["rule"]),
            (&json!([]), &made["id"]),
            "{event}"
        );
        assert_eq!(list["resolved"][0]["about"], "work");
        assert!(
            list["resolved"][0]["link"]
                .as_str()
                .unwrap()
                .starts_with("/runs/")
        );
        let asked = json!({"rule": rule(event, &channel), "range": "hour"});
        let preview = factory.world.post("/api/warnings/preview", asked).await;
        let firings = preview["firings"].as_array().unwrap().iter();
        let since: Vec<&Value> = firings
            .filter(|firing| firing["fired"].as_str().unwrap().parse::<Timestamp>().unwrap() > before)
            .collect();
        assert_eq!(since.len(), 1, "{event}: {preview}");
        assert_eq!(since[0]["resolved"], list["resolved"][0]["resolved"], "{event}");
        let id = made["id"].as_str().unwrap();
        factory.world.delete(&format!("/api/warnings/rules/{id}")).await;
    }
}
