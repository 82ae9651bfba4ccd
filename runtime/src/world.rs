//! Time and chance: the one door through which the engine learns what time it is and draws new names.

use loom_protocol::Timestamp;
use uuid::Uuid;

use crate::id::RunId;

/// What the engine asks of the world outside. Tests bring their own.
pub trait World: Send + Sync {
    /// The time now, by the wall clock.
    fn now(&self) -> Timestamp;
    /// A name that no other run has and that sorts after those drawn before.
    fn new_run_id(&self) -> RunId;
}

/// The machine's clock and random source.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemWorld;

impl World for SystemWorld {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(jiff::Timestamp::now().as_millisecond())
    }

    fn new_run_id(&self) -> RunId {
        RunId(Uuid::now_v7().simple().to_string())
    }
}
