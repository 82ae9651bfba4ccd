//! The discovery service: what owns a registry in an application.

use super::ActorRegistry;

/// Owns the registry that a discovery bridge connects to.
#[derive(Clone)]
pub struct DiscoveryService {
    /// The registry.
    pub registry: ActorRegistry,
}

impl DiscoveryService {
    /// With the process-wide registry, which actors enter when nothing else was said.
    pub fn new() -> Self {
        Self::with_registry(ActorRegistry::process_wide())
    }

    /// With a registry of its own.
    pub fn with_registry(registry: ActorRegistry) -> Self {
        Self { registry }
    }
}

impl Default for DiscoveryService {
    fn default() -> Self {
        Self::new()
    }
}
