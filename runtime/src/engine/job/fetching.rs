//! What a job gets before its first step, as GitHub's runner does: the actions that its steps name, those that these name,
//! and the images that they run in. What cannot be had fails the job.

use std::future::Future;
use std::pin::Pin;

use loom_workflow::model::action::ActionKind;
use loom_workflow::model::{ActionReference, Repository, Step, StepAction};

use super::grounds::Place;
use super::machine::Trouble;
use super::opened::Opened;
use super::opening::trouble;
use super::task::Build;
use super::worker::built;
use crate::event::{Phase, StepOutline};
use crate::id::StepId;
use crate::plan::step_name;

/// How deep composite actions may use each other: GitHub's runner has 9 below the first.
pub(super) const DEEPEST: usize = 9;

/// Gets what the steps of the job need, and says what actions do before the first of them.
///
/// # Errors
/// When something cannot be had.
pub(super) async fn prepare(opened: &Opened) -> Result<Vec<StepOutline>, Trouble> {
    let plan = &opened.grounds.plan;
    let mut pre = Vec::new();
    for (index, step) in plan.job().into_iter().flat_map(|job| &job.steps).enumerate() {
        let id = StepId::at(index);
        let all: Vec<(StepId, &Step)> = match &step.action {
            StepAction::Parallel(members) => {
                let members = members.iter().enumerate();
                members.map(|(member, step)| (id.inner(member), step)).collect()
            }
            _ => vec![(id, step)],
        };
        for (id, step) in all {
            let has_pre = match wanted(step) {
                Some(target) => get(opened, target, None, 0).await?,
                None => false,
            };
            if has_pre {
                pre.push(StepOutline {
                    step: id.pre(),
                    parent: None,
                    name: format!("Pre {}", step_name(step)),
                    phase: Phase::Pre,
                });
            }
        }
    }
    Ok(pre)
}

fn wanted(step: &Step) -> Option<ActionReference> {
    match &step.action {
        StepAction::Uses(uses) => uses.target(),
        _ => None,
    }
}

/// The same reference as a step of an action of `around` means it: `$/path` is in the repository that the file lies in.
pub(super) fn seen_from(target: ActionReference, around: Option<&Repository>) -> ActionReference {
    match (target, around) {
        (ActionReference::Own(path), Some(repository)) => ActionReference::Repository(Repository {
            path,
            ..repository.clone()
        }),
        (target, _) => target,
    }
}

type Getting<'a> = Pin<Box<dyn Future<Output = Result<bool, Trouble>> + Send + 'a>>;

/// Gets an action or image, and what it needs itself. Whether it does something before the job. What lies in the workspace
/// may not be there yet, and is looked at when its step comes.
fn get<'a>(
    opened: &'a Opened,
    target: ActionReference,
    around: Option<&'a Repository>,
    depth: usize,
) -> Getting<'a> {
    Box::pin(async move {
        let repository = match seen_from(target, around) {
            ActionReference::Docker(image) => {
                pull(opened, &image).await?;
                return Ok(false);
            }
            ActionReference::Local(_) | ActionReference::Own(_) => return Ok(false),
            ActionReference::Repository(repository) => repository,
        };
        if opened.grounds.is_served(&repository) {
            return Ok(false);
        }
        let reference = ActionReference::Repository(repository.clone());
        let place = opened.grounds.action(&reference, &*opened.notes).await?;
        match &place.definition.action.kind {
            ActionKind::Node { pre, .. } => Ok(pre.run.is_some()),
            ActionKind::Docker { pre, image, .. } => {
                image_of(opened, &place, &image.value).await?;
                Ok(pre.run.is_some())
            }
            ActionKind::Composite { steps } => {
                if depth >= DEEPEST {
                    return Err(Trouble::workflow("action", too_deep(&repository.to_string())));
                }
                let mut early = Vec::new();
                for (index, step) in steps.iter().enumerate() {
                    let target = step.step.as_ref().and_then(wanted);
                    if let Some(target) = target
                        && get(opened, target, Some(&repository), depth + 1).await?
                    {
                        early.push(index);
                    }
                }
                let has_pre = !early.is_empty();
                opened.grounds.keep_early_steps(&repository, early);
                Ok(has_pre)
            }
        }
    })
}

/// Why an action is not used that is within too many others.
pub(super) fn too_deep(reference: &str) -> String {
    format!(
        "`{reference}` is used by an action that is used by an action, and so on, more than {DEEPEST} deep: GitHub does not \
         go further either; look whether one of them uses itself"
    )
}

async fn image_of(opened: &Opened, place: &Place, image: &str) -> Result<(), Trouble> {
    match image.strip_prefix("docker://") {
        Some(image) => pull(opened, image).await,
        None => {
            let build = Build::of(&place.directory, image, true);
            may_wait(built(opened, build).await.map(drop))
        }
    }
}

async fn pull(opened: &Opened, image: &str) -> Result<(), Trouble> {
    let pulled = opened.place.pull(image.trim(), opened.notes.clone()).await;
    may_wait(pulled.map_err(|error| trouble(&error)))
}

/// What is not the workflow's fault is left to the step: its `if` may not want it.
fn may_wait(got: Result<(), Trouble>) -> Result<(), Trouble> {
    match got {
        Err(trouble) if trouble.by_workflow => Err(trouble),
        _ => Ok(()),
    }
}
