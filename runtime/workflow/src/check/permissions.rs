//! A called workflow cannot get more rights than its caller has.

use super::calls::{Calls, Outcome};
use crate::codes;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::model::{Job, Permissions, Workflow, own};
use crate::words::name;

/// How many called workflows are looked at for one call. No real workflow reaches as many; one made to would take forever.
const MOST: usize = 1_000;

pub(super) fn check(
    caller: &Workflow,
    job: &Job,
    called: &Workflow,
    calls: &mut Calls<'_>,
    diagnostics: &mut Diagnostics,
) {
    // Without any, the settings of the repository decide, which nobody knows here.
    let Some(limit) = job.permissions.as_deref().or(caller.permissions.as_deref()) else {
        return;
    };
    let mut left = MOST;
    if let Some(problem) = beyond(called, limit, calls, &mut left) {
        let mut diagnostic = Diagnostic::new(
            codes::CALL_PERMISSIONS,
            format!(
                "job {} calls a workflow that wants more rights than it has",
                name(job.id.as_str())
            ),
        )
        .at(job.id.span, problem);
        if let Some(uses) = &job.uses {
            diagnostic = diagnostic.related(uses.span, "the called workflow");
        }
        diagnostics.push(
            diagnostic
                .help("add the right to `permissions` of this job, or take it out of the called workflow"),
        );
    }
}

/// What of a called workflow asks for more than it can get.
fn beyond(called: &Workflow, limit: &Permissions, calls: &mut Calls<'_>, left: &mut usize) -> Option<String> {
    *left = left.checked_sub(1)?;
    if let Some((scope, asked, allowed)) = called.permissions.as_deref().and_then(|own| own.beyond(limit)) {
        return Some(format!(
            "the called workflow asks for `{scope}: {}`, and only `{scope}: {}` is allowed",
            asked.as_str(),
            allowed.as_str()
        ));
    }
    called.jobs.values().find_map(|job| {
        if let Some((scope, asked, allowed)) = job.permissions.as_deref().and_then(|own| own.beyond(limit)) {
            return Some(format!(
                "its job {} asks for `{scope}: {}`, and only `{scope}: {}` is allowed",
                name(job.id.as_str()),
                asked.as_str(),
                allowed.as_str()
            ));
        }
        let path = own(job.uses.as_ref()?.as_plain()?)?;
        let Outcome::Read(next) = calls.read(&path) else {
            return None;
        };
        let limit = job
            .permissions
            .as_deref()
            .or(called.permissions.as_deref())
            .unwrap_or(limit);
        beyond(&next, limit, calls, left)
    })
}
