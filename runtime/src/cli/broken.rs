//! What a user sees when Loom itself breaks: a sentence, not a panic.

use std::backtrace::Backtrace;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind, set_hook};

use super::{Exit, talk};

/// Runs a command. A panic inside an actor is told by whoever owns the actor; one that reaches this far ends the command
/// with an explanation. The trace is in the log at level `debug`.
pub(super) fn guard(command: impl FnOnce() -> Exit) -> Exit {
    set_hook(Box::new(|info: &PanicHookInfo<'_>| {
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        tracing::debug!(place, trace = %Backtrace::force_capture(), "something panicked");
    }));
    catch_unwind(AssertUnwindSafe(command)).unwrap_or_else(|payload| {
        let text = payload.downcast_ref::<&str>().copied().map(str::to_owned);
        let text = text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_default();
        talk::error(&format!("Loom itself broke: {text}"));
        talk::help("this is a bug in Loom; `--log-level debug` shows where. What the run left is removed at the next start");
        Exit::Machine
    })
}
