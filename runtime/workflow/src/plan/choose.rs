//! Which jobs of a workflow run when only some are asked for.

use std::collections::HashSet;

use crate::codes;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::model::{JobId, Workflow};
use crate::words::{closest, name};

/// How many jobs a message lists.
const SHOWN: usize = 12;

/// The jobs that are asked for with all they need; all jobs where none is. Ids are found without regard to case.
///
/// # Errors
/// One finding for each that the workflow does not have.
pub fn choose_jobs(workflow: &Workflow, wanted: &[String]) -> Result<HashSet<JobId>, Diagnostics> {
    if wanted.is_empty() {
        return Ok(workflow.jobs.keys().cloned().collect());
    }
    let wanted: Vec<JobId> = wanted.iter().map(|id| JobId::from(id.as_str())).collect();
    let mut diagnostics = Diagnostics::new();
    for id in wanted.iter().filter(|id| !workflow.jobs.contains_key(*id)) {
        diagnostics.push(unknown(workflow, id));
    }
    if diagnostics.is_empty() {
        Ok(workflow.dag().with_dependencies(&wanted))
    } else {
        Err(diagnostics)
    }
}

fn unknown(workflow: &Workflow, id: &JobId) -> Diagnostic {
    let known = || workflow.jobs.keys().map(JobId::as_str);
    let help = closest(id.as_str(), known()).map_or_else(
        || {
            let mut names: Vec<String> = known().take(SHOWN).map(name).collect();
            let more = workflow.jobs.len().saturating_sub(SHOWN);
            if more > 0 {
                names.push(format!("{more} more"));
            }
            format!("its jobs are {}", names.join(", "))
        },
        |near| format!("did you mean `{near}`?"),
    );
    Diagnostic::new(
        codes::UNKNOWN_JOB,
        format!("the workflow has no job {}", name(id.as_str())),
    )
    .help(help)
}
