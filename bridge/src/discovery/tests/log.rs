//! What a bridge logs.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::bridge_here;
use crate::spec::ActorSpec;

/// Keeps what all tests log: who listens is remembered for all threads at once, so one that listens on its own thread may
/// miss events.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl tracing::Subscriber for Log {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}

    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        struct Fields(String);
        impl tracing::field::Visit for Fields {
            fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn std::fmt::Debug) {
                self.0.push_str(&format!("{field}={value:?} "));
            }
        }
        let mut fields = Fields(format!("{} ", event.metadata().level()));
        event.record(&mut fields);
        // A test that fails with the lines in hand is no reason for others to fail.
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.push(fields.0);
    }

    fn enter(&self, _: &tracing::span::Id) {}

    fn exit(&self, _: &tracing::span::Id) {}
}

#[actix::test]
async fn each_new_actor_is_logged_once_as_discovered() {
    let log = Log::default();
    tracing::subscriber::set_global_default(log.clone()).unwrap();
    // What another test logged for the first time just before this is remembered as heard by nobody.
    tracing::callsite::rebuild_interest_cache();
    let (_bridge, registry, _sink) = bridge_here();
    let handle = registry.register(ActorSpec::new("Pump").id("logged"));
    tokio::time::sleep(Duration::from_secs(2)).await;
    handle.set_status("active");
    tokio::time::sleep(Duration::from_secs(2)).await;
    let lines = log.0.lock().unwrap().clone();
    let is_ours = |line: &&String| line.contains("Discovered actor") && line.contains("id=logged");
    let found: Vec<_> = lines.iter().filter(is_ours).collect();
    assert_eq!(found.len(), 1, "{lines:?}");
    assert!(
        found[0].starts_with("INFO") && found[0].contains("type=Pump"),
        "{found:?}"
    );
}
