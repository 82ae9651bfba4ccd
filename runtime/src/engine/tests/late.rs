//! What an engine makes for a dead owner after all that owner had was removed.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use loom_protocol::Timestamp;

use super::fakes::{Bench, Odd};
use super::{dead_run, system};
use crate::id::RunId;
use crate::journal::SqliteJournal;
use crate::world::{Sleep, SystemWorld, World};

/// A world in which it is later than it is.
struct Later(AtomicI64);

impl World for Later {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(SystemWorld.now().as_millis() + self.0.load(Ordering::Relaxed))
    }

    fn elapsed(&self) -> Duration {
        SystemWorld.elapsed()
    }

    fn sleep(&self, time: Duration) -> Sleep {
        SystemWorld.sleep(time)
    }

    fn new_run_id(&self) -> RunId {
        SystemWorld.new_run_id()
    }
}

#[test]
fn what_an_engine_may_still_make_of_a_lost_run_is_looked_for_for_a_while() {
    system(async {
        let world = Arc::new(Later(AtomicI64::new(0)));
        let bench = Bench::with(world.clone(), |state| {
            let inner = SqliteJournal::open(&state.journal(), world.clone()).unwrap();
            let instance = inner.instance().to_owned();
            (Odd::new(inner), instance)
        });
        let run = dead_run(&bench, "r1").await;
        // It is swept at once, after nine minutes, and for the last time after eleven.
        for (minutes, late) in [(0, vec![run.clone()]), (9, vec![run]), (11, Vec::new())] {
            world.0.store(minutes * 60_000, Ordering::Relaxed);
            bench.fake.hold("loom-r1-job-1");
            let found = bench.engine.recover(bench.executors()).await.unwrap();
            assert_eq!(
                (found.late, found.unswept),
                (late, Vec::new()),
                "after {minutes} minutes"
            );
            bench.holds_nothing();
        }
        let sweeps = bench.fake.sweeps.load(Ordering::Relaxed);
        bench.engine.recover(bench.executors()).await.unwrap();
        assert_eq!(
            bench.fake.sweeps.load(Ordering::Relaxed),
            sweeps,
            "it is known to be swept"
        );
    });
}
