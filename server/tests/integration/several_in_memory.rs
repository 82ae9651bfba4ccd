//! Several servers of one process as one studio, on a log in memory.

use std::sync::Arc;

use loom_studio::replication::ReplicatedLog;
use loom_studio::{MemoryLog, SystemClock};

use crate::several::world::Site;

struct Memory(Arc<MemoryLog>);

impl Memory {
    fn new() -> Self {
        Self(Arc::new(MemoryLog::new(Arc::new(SystemClock), 10_000)))
    }
}

impl Site for Memory {
    fn log(&self) -> Arc<dyn ReplicatedLog> {
        self.0.clone()
    }

    fn set_away(&self, away: bool) {
        self.0.set_away(away);
    }

    fn lose_all(&self) {
        self.0.lose_all();
    }

    fn keep_newest(&self, count: usize) {
        self.0.keep_newest(count);
    }
}

crate::several::all_cases!(super::Memory::new());
