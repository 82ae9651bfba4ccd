//! The lines that the studio writes by itself, of what it sees: for actors whose processes tell no events, and of silence,
//! which no process tells.

use loom_protocol::{ActorStatus, EventKind};

use crate::directory::{Happening, Look, What};

/// What there is to say. `tells` says whether the actor's process tells its events itself.
pub(super) fn line(happening: &Happening, tells: impl Fn(&Look) -> bool) -> Option<(EventKind, String)> {
    match &happening.what {
        What::Reported { after, .. } if tells(after) => None,
        What::Reported {
            before: None, after, ..
        } => Some((
            EventKind::Registered,
            format!("reported for the first time, as {}", after.kind),
        )),
        What::Reported {
            before: Some(before),
            after,
            ..
        } => changed(before, after),
        What::Gone(look) if tells(look) => None,
        What::Gone(look) => {
            let how = look.status.as_ref().map(|status| format!(", {status} at last"));
            let message = format!("no longer reported{}", how.unwrap_or_default());
            Some((EventKind::Removed, message))
        }
        What::Silent(look) => {
            let seconds = happening.at.millis_since(look.heard) / 1000;
            Some((EventKind::Stale, format!("not heard for {seconds} s")))
        }
        What::Back(_) => Some((EventKind::Back, "heard again after it was silent".to_owned())),
        What::Renamed(_) | What::BootSilent | What::BootBack => None,
    }
}

fn changed(before: &Look, after: &Look) -> Option<(EventKind, String)> {
    if after.restarts > before.restarts {
        let message = format!("started again, {} times so far", after.restarts);
        return Some((EventKind::Restarted, message));
    }
    if before.status == after.status {
        return None;
    }
    let errors = format!("reported as failed, with {} errors so far", after.errors);
    match after.status.as_ref()? {
        ActorStatus::Stopped => Some((EventKind::Stopped, "reported as stopped".to_owned())),
        ActorStatus::Failed => Some((EventKind::Failed, errors)),
        _ => None,
    }
}
