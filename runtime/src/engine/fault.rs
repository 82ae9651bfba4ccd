//! Faults that tests inject: `LOOM_FAULT=panic-job:NAME` makes the actor of that job panic in its first step.
//!
//! Only in builds with debug assertions; a release build does not look.

use crate::id::JobId;

pub(super) struct Fault;

impl Fault {
    pub(super) fn injected_into(job: &JobId) -> bool {
        cfg!(debug_assertions)
            && std::env::var("LOOM_FAULT")
                .is_ok_and(|fault| fault.strip_prefix("panic-job:") == Some(job.0.as_str()))
    }

    #[expect(clippy::panic, reason = "that is the fault")]
    pub(super) fn panic(job: &JobId) {
        panic!("a test injected a panic into job `{job}`");
    }
}
