//! Warnings as numbers for Prometheus.

use serde_json::json;

use super::World;
use super::receiver::{Does, Receiver};
use crate::support::get;

impl World {
    /// What `/metrics` says of warnings.
    async fn numbers(&self) -> Vec<String> {
        let page = get(&self.services, "/metrics").await.text();
        let lines = page.lines().filter(|line| line.starts_with("loom_warning"));
        lines.map(str::to_owned).collect()
    }
}

#[actix_web::test]
async fn what_pends_fires_is_silenced_and_was_sent_is_a_series() {
    let receiver = Receiver::doing(&[Does::Answer(404), Does::Answer(204)]).await;
    let mut world = World::new(None).without_rules().await;
    let channel = world.webhook(&receiver.url()).await;
    world.rule(20, &[&channel]).await;
    // No number of it is new: two rules of one name are told together.
    world.rule(600, &[]).await;
    let of_rule = |firing: u64, pending: u64| {
        ["firing", "pending"].map(|state| {
            let count = if state == "firing" { firing } else { pending };
            format!("loom_warnings{{rule=\"Too many errors\",state=\"{state}\"}} {count}")
        })
    };
    let numbers = world.numbers().await;
    for line in of_rule(0, 0) {
        assert!(
            numbers.contains(&line),
            "{line}: told before anything is wrong: {numbers:?}"
        );
    }
    world.seconds(60, 5);
    world.services.send_warnings().await;
    let silence = json!({"filter": "type:Cart", "until": world.clock_text(60_000)});
    world.post("/api/warnings/silences", silence).await;
    let numbers = world.numbers().await;
    let [firing, pending] = of_rule(1, 1);
    for line in [
        firing.as_str(),
        &pending,
        "loom_warnings_silenced 2",
        "loom_warning_deliveries_total{outcome=\"delivered\"} 0",
        "loom_warning_deliveries_total{outcome=\"failed\"} 1",
        "loom_warning_messages_waiting 0",
        "loom_warning_messages_dropped_total 0",
        "loom_warning_channels_failing 1",
    ] {
        assert!(numbers.iter().any(|found| found == line), "{line}: {numbers:?}");
    }
    world
        .post(&format!("/api/warnings/channels/{channel}/test"), json!({}))
        .await;
    let numbers = world.numbers().await;
    for line in [
        "loom_warning_deliveries_total{outcome=\"delivered\"} 1",
        "loom_warning_channels_failing 0",
    ] {
        assert!(numbers.iter().any(|found| found == line), "{line}: {numbers:?}");
    }
}
