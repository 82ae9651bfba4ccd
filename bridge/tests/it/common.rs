//! What several tests need.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::{Duration, Instant};

use loom_bridge::protocol::{ActorId, ActorRecord};
use loom_bridge::{ActorRegistry, ActorSpec};

/// Counts what a handler really saw, from any thread.
#[derive(Clone, Default)]
pub(crate) struct Tally(Arc<AtomicU64>);

impl Tally {
    pub(crate) fn add(&self) {
        self.0.fetch_add(1, SeqCst);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(SeqCst)
    }
}

/// Waits until the condition holds; fails after ten seconds. Yields instead of sleeping, so that it also works on a paused
/// clock without moving it.
pub(crate) async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while !holds() {
        assert!(Instant::now() < deadline, "waited ten seconds for: {what}");
        tokio::task::yield_now().await;
    }
}

pub(crate) fn record(registry: &ActorRegistry, id: &str) -> ActorRecord {
    registry
        .get(&ActorId::from(id))
        .unwrap_or_else(|| panic!("`{id}` is not registered"))
}

pub(crate) fn status(registry: &ActorRegistry, id: &str) -> String {
    record(registry, id)
        .status
        .map(|status| status.to_string())
        .unwrap_or_default()
}

pub(crate) fn spec(registry: &ActorRegistry, id: &str) -> ActorSpec {
    ActorSpec::new("Tested").id(id).registry(registry)
}
