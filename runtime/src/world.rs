//! Time and chance: the one door through which the engine learns what time it is, waits, and draws new names.
//!
//! A simulation is another world: its time goes on when nothing is left to do, and a seed decides all that is left to
//! chance or to threads.

use std::pin::Pin;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use loom_protocol::Timestamp;
use uuid::Uuid;

use crate::id::RunId;

/// A time that passes. Dropped, nobody waits for it any more.
pub type Sleep = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What the engine asks of the world outside. Tests bring their own.
pub trait World: Send + Sync {
    /// The time now, by the wall clock.
    fn now(&self) -> Timestamp;

    /// The time since a moment that stays the same for as long as the process lives: it never goes back. Two of them
    /// measure how long something took.
    fn elapsed(&self) -> Duration;

    /// Ends after this time, counted from the call. To be called where a tokio runtime runs.
    fn sleep(&self, time: Duration) -> Sleep;

    /// A name that no other run has and that sorts after those drawn before.
    fn new_run_id(&self) -> RunId;

    /// When work that is handed to other threads gets its turn. `None` where there are such threads and the machine
    /// decides; a simulation, whose one thread does all, decides here.
    fn turn(&self) -> Option<Sleep> {
        None
    }
}

/// The machine's clock and random source.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemWorld;

impl World for SystemWorld {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(jiff::Timestamp::now().as_millisecond())
    }

    fn elapsed(&self) -> Duration {
        static BEGAN: OnceLock<Instant> = OnceLock::new();
        BEGAN.get_or_init(Instant::now).elapsed()
    }

    fn sleep(&self, time: Duration) -> Sleep {
        Box::pin(tokio::time::sleep(time))
    }

    fn new_run_id(&self) -> RunId {
        RunId(Uuid::now_v7().simple().to_string())
    }
}
