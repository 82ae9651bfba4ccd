//! What runs the jobs of an engine.

use std::sync::Arc;

use crate::executor::{Executor, RoomSpec};

/// What runs jobs, by where they run.
#[derive(Clone)]
pub struct Executors {
    /// On this machine.
    pub host: Arc<dyn Executor>,
    /// In containers. It looks for its engine when it is first needed.
    pub docker: Arc<dyn Executor>,
}

impl Executors {
    /// The one for a room.
    pub(crate) fn of(&self, room: &RoomSpec) -> Arc<dyn Executor> {
        match room {
            RoomSpec::Host => Arc::clone(&self.host),
            RoomSpec::Image(_) | RoomSpec::Container(_) => Arc::clone(&self.docker),
        }
    }
}
