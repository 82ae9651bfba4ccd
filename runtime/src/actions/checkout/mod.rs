//! `actions/checkout` of the repository at hand, done by Loom: no token, no network, dirty files included.
//!
//! On GitHub a job begins in an empty workspace and the action fills it. Here the workspace is the project already, so
//! that a checkout without `path` and `ref` finds its work done; with them it makes a repository of its own, which holds
//! nothing of the user's configuration, hooks or credentials. The user's files are never changed: what would is refused.
//!
//! A `.git` that a job may have written to is never used: git would run what its configuration says. It is made anew.

mod inputs;
mod place;
mod project;
mod repository;
#[cfg(test)]
mod tests;

use std::path::PathBuf;

use indexmap::IndexMap;

pub use inputs::{CheckoutInputs, Served, Submodules, serves, token_hint};
use place::Target;
use project::Project;

use super::error::ActionError;
use crate::executor::Notes;

/// A checkout that Loom does.
#[derive(Clone, Debug)]
pub struct CheckoutRequest {
    /// The job's workspace, on this machine.
    pub workspace: PathBuf,
    /// The workspace as the steps see it: `path` may begin with that too, as `github.workspace` has it.
    pub seen_as: PathBuf,
    /// The repository at hand, on this machine.
    pub source: PathBuf,
    /// What the step asks for.
    pub inputs: CheckoutInputs,
    /// Whether the workspace is the user's own directory, which is not to be changed.
    pub in_place: bool,
    /// `github.ref` of the run, where there is one.
    pub github_ref: Option<String>,
}

/// What a checkout came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckoutOutcome {
    /// The outputs of the step, as the action sets them since its fourth version: `ref` and `commit`.
    pub outputs: IndexMap<String, String>,
}

/// What is to be checked out.
enum Wanted {
    /// The files as they are.
    AsIs,
    /// A commit other than the one at hand, and the branch it is the end of.
    Commit { commit: String, branch: Option<String> },
}

/// Does a checkout of the repository at hand.
///
/// # Errors
/// [`ActionError::Checkout`] when it cannot be done without changing the user's files, or the `ref` is not there; else
/// what git or the disk say.
pub async fn checkout(request: CheckoutRequest, notes: &dyn Notes) -> Result<CheckoutOutcome, ActionError> {
    let inputs = &request.inputs;
    let below = inputs
        .place(&[&request.seen_as, &request.workspace])
        .map_err(|path| ActionError::Checkout {
            what: format!("the path `{path}` is not below the workspace"),
            help: "write `path` relative to the workspace, without `..`".into(),
        })?;
    let project = Project::at(&request.source).await?;
    let wanted = wanted(&project, &request).await?;
    match (&wanted, below.as_os_str().is_empty()) {
        (Wanted::AsIs, true) => as_it_is(&project, inputs, notes).await?,
        (Wanted::Commit { .. }, true) if request.in_place => {
            return Err(ActionError::Checkout {
                what: format!(
                    "`ref: {}` is not what {} is at, and Loom does not change your files",
                    inputs.reference.as_deref().unwrap_or_default(),
                    project.top.display(),
                ),
                help: "run with `--workspace-mode copy`, or give the checkout a `path` of its own".into(),
            });
        }
        (Wanted::AsIs, false) => {
            let target = Target::prepare(&request, &below).await?;
            repository::copy(&project, inputs, &target, notes).await?;
        }
        (Wanted::Commit { commit, branch }, _) => {
            let target = Target::prepare(&request, &below).await?;
            repository::export(&project, inputs, &target, commit, branch.as_deref(), notes).await?;
        }
    }
    Ok(outcome(&project, &request, wanted))
}

/// What `ref` means: the files as they are where it is the commit at hand, by whatever name.
async fn wanted(project: &Project, request: &CheckoutRequest) -> Result<Wanted, ActionError> {
    let Some(reference) = &request.inputs.reference else {
        return Ok(Wanted::AsIs);
    };
    let at_hand = project.branch.as_deref();
    let is_at_hand = |name: &str| {
        at_hand.is_some_and(|full| full == name || full.strip_prefix("refs/heads/") == Some(name))
    };
    if reference == "HEAD" || is_at_hand(reference) || request.github_ref.as_ref() == Some(reference) {
        return Ok(Wanted::AsIs);
    }
    let commit = match project.is_repository {
        true => project.commit(reference).await?,
        false => None,
    };
    match commit {
        Some(commit) if project.head.as_ref() == Some(&commit) => Ok(Wanted::AsIs),
        Some(commit) => {
            let name = reference.strip_prefix("refs/heads/").unwrap_or(reference);
            let mut branch = None;
            if !name.starts_with("refs/") {
                for prefix in ["refs/heads/", "refs/remotes/origin/"] {
                    let full = format!("{prefix}{name}");
                    if branch.is_none() && project.commit(&full).await?.as_ref() == Some(&commit) {
                        branch = Some(format!("refs/heads/{name}"));
                    }
                }
            }
            Ok(Wanted::Commit { commit, branch })
        }
        None => Err(ActionError::Checkout {
            what: format!(
                "a branch, tag or commit `{reference}` is not in the repository at {}",
                project.top.display()
            ),
            help: format!(
                "get it there first: `git fetch {}`",
                match reference {
                    full if full.starts_with("refs/") => format!("origin {full}:{full}"),
                    commit if super::remote::is_full(commit) => format!("origin {commit}"),
                    _ => "--tags origin".to_owned(),
                }
            ),
        }),
    }
}

/// Nothing is to be done but to say what is there.
async fn as_it_is(project: &Project, inputs: &CheckoutInputs, notes: &dyn Notes) -> Result<(), ActionError> {
    let at = match (&project.head, &project.branch) {
        (Some(head), Some(branch)) => format!(" (on {} at {head})", short(branch)),
        (Some(head), None) => format!(" (at {head})"),
        (None, _) => String::new(),
    };
    notes.line(&format!(
        "The workspace is {} as it is{at}, with what is not committed",
        project.top.display()
    ));
    if !inputs.sparse.is_empty() {
        notes.line("`sparse-checkout` leaves nothing out here: the workspace has all files");
    }
    if inputs.submodules != Submodules::None && project.is_repository {
        for missing in repository::empty_submodules(&project.top).await? {
            notes.line(&format!(
                "The submodule {} is not there: run `git submodule update --init --recursive`",
                missing.display()
            ));
        }
    }
    Ok(())
}

fn outcome(project: &Project, request: &CheckoutRequest, wanted: Wanted) -> CheckoutOutcome {
    let commit = match wanted {
        Wanted::AsIs => project.head.clone().unwrap_or_default(),
        Wanted::Commit { commit, .. } => commit,
    };
    let reference = match &request.inputs.reference {
        // The action has no name for what was named by its commit.
        Some(reference) if super::remote::is_full(reference) => String::new(),
        Some(reference) => reference.clone(),
        None => request
            .github_ref
            .clone()
            .or_else(|| project.branch.clone())
            .unwrap_or_default(),
    };
    CheckoutOutcome {
        outputs: [("ref".to_owned(), reference), ("commit".to_owned(), commit)]
            .into_iter()
            .collect(),
    }
}

fn short(branch: &str) -> &str {
    branch.strip_prefix("refs/heads/").unwrap_or(branch)
}
