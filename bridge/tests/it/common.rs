//! What several tests need.

use loom_bridge::{ActorRegistry, ActorSpec};

pub(crate) use loom_truths::{Studio, Tally, in_its_own_process, measured_closely, record, status, until};

pub(crate) fn spec(registry: &ActorRegistry, id: &str) -> ActorSpec {
    ActorSpec::new("Tested").id(id).registry(registry)
}
