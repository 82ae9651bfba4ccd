//! How a discovery bridge works, with its defaults.

use std::time::Duration;

/// How a discovery bridge works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The pause between two looks at the registries; 1 s by default, no less than 10 ms.
    pub poll_interval: Duration,
    /// Whether handles that were not used for `max_age` are removed; on by default.
    pub auto_cleanup: bool,
    /// How long a handle may be silent; 300 s by default. Actors on the observed context beat with their process and are
    /// never removed while they run.
    pub max_age: Duration,
    /// Where the bridge runs.
    pub placement: Placement,
    /// What the application is called in a studio; the name of its program by default.
    pub app: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            poll_interval: Duration::from_secs(1),
            auto_cleanup: true,
            max_age: Duration::from_secs(300),
            placement: Placement::OwnArbiter,
            app: None,
        }
    }
}

/// Where a discovery bridge runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Placement {
    /// On a thread of its own, so that it can tell of an arbiter that is stuck.
    #[default]
    OwnArbiter,
    /// On the arbiter that connects first.
    CurrentArbiter,
}
