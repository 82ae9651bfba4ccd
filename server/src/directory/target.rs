//! Where an order to an actor goes.

use loom_protocol::{ActorId, BootId, Controls, Timestamp};

use super::store::Directory;

/// What is known of an actor to which something is to be ordered.
pub(crate) struct Target {
    /// The process that has it, and what that calls it; nothing when it reports by single calls, which nobody answers.
    pub(crate) process: Option<(BootId, ActorId)>,
    /// What it lets others order of it.
    pub(crate) controls: Option<Controls>,
    pub(crate) has_ended: bool,
    /// Nobody has heard of it for too long.
    pub(crate) is_silent: bool,
}

impl Directory {
    /// Where an order to the actor that is shown as `id` goes.
    pub(crate) fn target(&self, id: &str) -> Option<Target> {
        let now = self.clock.now();
        let entry = self.actors.get(id)?;
        let process = entry
            .owner
            .as_ref()
            .map(|boot| (boot.id.clone(), ActorId(boot.own_name(id).to_string())));
        Some(Target {
            process,
            controls: entry.controls().cloned(),
            has_ended: entry.is_final(),
            is_silent: entry.is_stale(now, self.patience()),
        })
    }

    /// Whether a process has not been heard for too long, or is not known at all.
    pub(super) fn is_silent_boot(&self, boot: &BootId, now: Timestamp) -> bool {
        let boot = self.boots.get(boot);
        boot.is_none_or(|boot| self.patience().is_over(boot.last_beat(), now))
    }
}
