//! `docs/other-systems.md`: a program that speaks OpenTelemetry, with the real SDK.

use std::process::{Command, Stdio};

use serde_json::json;

use super::{example, page};
use crate::harness::{Project, Studio, required, until};

#[test]
fn a_program_with_opentelemetry_is_seen_as_the_page_says() {
    // A Python that has OpenTelemetry's SDK, as the setup of the tests makes it.
    let python = required("LOOM_TEST_OTEL_PYTHON");
    let studio = Studio::of(Project::new());
    let said = Command::new(python)
        .args(["-c", &example(&page("other-systems.md"), "python")])
        .env("STUDIO_URL", studio.url())
        .stdin(Stdio::null())
        .output()
        .expect("python starts");
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    let said = String::from_utf8_lossy(&said.stderr);
    assert!(said.is_empty(), "the exporter is content: {said}");
    let of = |id: &str| studio.value(&format!("/api/actors/{}", id.replace(' ', "%20")));
    until("both actors", || {
        let actors = studio.value("/api/actors");
        (actors
            .as_array()?
            .iter()
            .filter(|actor| actor["metadata"]["service"] == "shop")
            .count()
            == 2)
            .then_some(())
    });
    let (producer, consumer) = (of("shop: orders producer"), of("shop: orders consumer"));
    assert_eq!(
        (&producer["messageCount"], &producer["errorCount"]),
        (&json!(10), &json!(0))
    );
    assert_eq!(
        (&consumer["messageCount"], &consumer["errorCount"]),
        (&json!(10), &json!(1))
    );
    assert_eq!(consumer["type"], "orders consumer");
    let map = studio.value("/api/map?group=actor");
    let edges = map["edges"].as_array().expect("edges");
    let edge = edges
        .iter()
        .find(|edge| edge["from"] == "shop: orders producer" && edge["to"] == "shop: orders consumer");
    assert_eq!(edge.expect("an edge")["count"], 10);
    let journal = studio.value("/api/journal/shop:%20orders%20consumer");
    assert!(journal.to_string().contains("no dough"), "{journal}");
}
