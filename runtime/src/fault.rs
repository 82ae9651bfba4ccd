//! Faults that tests inject, in builds with debug assertions only; a release build does not look.
//!
//! `LOOM_FAULT=panic-job:NAME` makes the actor of that job panic in its first step, `panic-opening:NAME` while its place is
//! made, `panic-run:NAME` the actor of a run of that workflow once a job has begun; `panic-actor:ID` one of the actors
//! that serve, once.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::id::JobId;

/// Whether the actor of this job is to panic.
pub(crate) fn in_job(job: &JobId) -> bool {
    injected("panic-job:", &job.0)
}

/// Panics when the job's actor is to do so while its place is made.
pub(crate) fn while_opening(job: &JobId) {
    if injected("panic-opening:", &job.0) {
        panic_now(&job.0);
    }
}

/// Panics when the actor of a run of this workflow is to do so.
pub(crate) fn in_run(workflow: &str) {
    if injected("panic-run:", workflow) {
        panic_now(workflow);
    }
}

/// Panics the first time it is asked for the actor that is to panic.
pub(crate) fn in_actor(id: &str) {
    static DONE: AtomicBool = AtomicBool::new(false);
    if injected("panic-actor:", id) && !DONE.swap(true, Ordering::Relaxed) {
        panic_now(id);
    }
}

/// The panic itself.
#[expect(clippy::panic, reason = "that is the fault")]
pub(crate) fn panic_now(whose: &str) {
    panic!("a test injected a panic into `{whose}`");
}

fn injected(kind: &str, whose: &str) -> bool {
    cfg!(debug_assertions)
        && std::env::var("LOOM_FAULT").is_ok_and(|fault| fault.strip_prefix(kind) == Some(whose))
}
