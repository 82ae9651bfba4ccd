//! The step of a paused job as its file has it now. Blocks (a file is read), so never on an arbiter or an async thread.
//!
//! The job itself stays what it began as: where it runs, its variables, its defaults. Only its steps are read anew, and
//! the one that is done again has to be told from the others: by its id, else by its place among as many steps as before.

use std::mem::discriminant;
use std::path::Path;
use std::sync::Arc;

use loom_workflow::model::{Step, StepAction};
use loom_workflow::{Reference, References};

use crate::event::{Reason, SourceFile};
use crate::plan::JobPlan;
use crate::project;
use crate::repository::Repository;

/// A step as its file has it now.
pub(super) struct Reread {
    pub(super) plan: Arc<JobPlan>,
    /// Its place among the steps, and that among the members of a `parallel`.
    pub(super) place: (usize, Option<usize>),
    /// Whether all steps are of the same shape as before, so that those behind it are taken from the file too.
    pub(super) all: bool,
    /// The file, where its text is another one than before.
    pub(super) file: Option<SourceFile>,
}

/// Reads the file of a step anew, and finds the step there.
///
/// # Errors
/// Why it cannot be done again from what there is now.
pub(super) fn reread(
    plan: &Arc<JobPlan>,
    place: (usize, Option<usize>),
    project: &Path,
) -> Result<Reread, Reason> {
    let same = || Reread {
        plan: Arc::clone(plan),
        place,
        all: false,
        file: None,
    };
    // A workflow of another repository is the commit that was fetched.
    let Some(text) = text_of(plan, project)? else {
        return Ok(same());
    };
    if text == plan.scope.source.text() {
        return Ok(same());
    }
    let (scope, file) = plan.scope.with_text(&text)?;
    let plan_now = JobPlan {
        scope: Arc::new(scope),
        ..JobPlan::clone(plan)
    };
    let (Some(before), Some(now)) = (plan.job(), plan_now.job()) else {
        return Err(changed(format!("its job `{}` is not there any more", plan.key)));
    };
    let (place, all) = find(&before.steps, &now.steps, place)?;
    Ok(Reread {
        plan: Arc::new(plan_now),
        place,
        all,
        file: Some(file),
    })
}

/// The text that the workflow's file has now; none for one of another repository.
fn text_of(plan: &JobPlan, project: &Path) -> Result<Option<String>, Reason> {
    let scope = &plan.scope;
    if scope.repository.is_some() {
        return Ok(None);
    }
    let unreadable = |why: String| Reason::new("file", format!("its file cannot be read: {why}"));
    let Some(root) = scope.run.files.first() else {
        return Ok(None);
    };
    let root = project.join(&root.name);
    if scope.caller.is_none() {
        let read = project::read(&root).map_err(|error| unreadable(error.to_string()))?;
        return Ok(Some(read.source.text().to_owned()));
    }
    match Repository::of(&root).workflow(scope.source.name()) {
        Reference::Found(source) => Ok(Some(source.text().to_owned())),
        _ => Err(unreadable(format!("`{}` is not there", scope.source.name()))),
    }
}

fn changed(what: String) -> Reason {
    Reason::new("file", format!("its file has changed: {what}"))
}

type Place = (usize, Option<usize>);

/// The step's place now, and whether all steps have the shape that they had.
fn find(before: &[Step], now: &[Step], place: Place) -> Result<(Place, bool), Reason> {
    let all = have_one_shape(before, now);
    if all {
        return Ok((place, true));
    }
    let step = at(before, place).ok_or_else(|| changed("the step is not in it".to_owned()))?;
    let found = match &step.id {
        Some(id) => named(now, id.value.as_str())
            .ok_or_else(|| changed(format!("it has no step with the id `{}` any more", id.value)))?,
        None => {
            let (old, new) = (before.len(), now.len());
            if old != new {
                let what = format!(
                    "its job has {new} steps instead of {old}, and the step has no id to be found by; take the others back"
                );
                return Err(changed(what));
            }
            place
        }
    };
    let is_alike = at(now, found).is_some_and(|now| is_work(step) && is_alike(step, now));
    if is_alike {
        Ok((found, false))
    } else {
        Err(changed("the step does something of another kind now".to_owned()))
    }
}

fn at(steps: &[Step], (index, member): Place) -> Option<&Step> {
    let step = steps.get(index)?;
    match (member, &step.action) {
        (None, _) => Some(step),
        (Some(member), StepAction::Parallel(inner)) => inner.get(member),
        (Some(_), _) => None,
    }
}

fn named(steps: &[Step], id: &str) -> Option<Place> {
    let is = |step: &Step| step.id.as_ref().is_some_and(|known| known.value.as_str() == id);
    steps.iter().enumerate().find_map(|(index, step)| {
        if is(step) {
            return Some((index, None));
        }
        let StepAction::Parallel(inner) = &step.action else {
            return None;
        };
        Some((index, Some(inner.iter().position(is)?)))
    })
}

/// Whether a step runs something, or an action: others stand for what is around them.
fn is_work(step: &Step) -> bool {
    matches!(step.action, StepAction::Run(_) | StepAction::Uses(_))
}

/// Whether one step may stand for the other among those around it.
fn is_alike(before: &Step, now: &Step) -> bool {
    let behind = |step: &Step| step.background.as_ref().is_some_and(|written| written.value);
    let same_kind =
        is_work(before) && is_work(now) || discriminant(&before.action) == discriminant(&now.action);
    same_kind && behind(before) == behind(now)
}

fn have_one_shape(before: &[Step], now: &[Step]) -> bool {
    let id = |step: &Step| step.id.as_ref().map(|id| id.value.clone());
    before.len() == now.len()
        && before.iter().zip(now).all(|(before, now)| {
            let inner = match (&before.action, &now.action) {
                (StepAction::Parallel(before), StepAction::Parallel(now)) => have_one_shape(before, now),
                _ => true,
            };
            inner && is_alike(before, now) && id(before) == id(now)
        })
}

#[cfg(test)]
mod tests {
    use loom_workflow::{Dialect, Source};

    use super::*;

    fn steps(text: &str) -> Vec<Step> {
        let source = Source::new(
            "w",
            format!("on: push\njobs:\n  j:\n    runs-on: x\n    steps: {text}\n"),
        );
        let loaded = loom_workflow::load_unlinted(&source, Dialect::GitHub, &loom_workflow::NoReferences);
        let workflow = loaded
            .workflow
            .unwrap_or_else(|| panic!("{:?}", loaded.diagnostics));
        workflow.jobs.values().next().unwrap().steps.clone()
    }

    fn found(before: &str, now: &str, place: Place) -> Result<(Place, bool), String> {
        find(&steps(before), &steps(now), place).map_err(|reason| reason.message)
    }

    #[test]
    fn steps_of_one_shape_are_found_by_their_place_and_the_others_are_taken_too() {
        assert_eq!(
            found("[{run: a}, {run: b}]", "[{run: c}, {uses: ./x}]", (1, None)),
            Ok(((1, None), true))
        );
    }

    #[test]
    fn a_step_with_an_id_is_found_wherever_it_stands_now() {
        assert_eq!(
            found(
                "[{run: a}, {id: i, run: b}]",
                "[{run: a}, {run: n}, {id: i, run: b}]",
                (1, None)
            ),
            Ok(((2, None), false))
        );
        let gone = found("[{id: i, run: b}]", "[{id: j, run: b}]", (0, None)).unwrap_err();
        assert!(gone.contains("no step with the id `i`"), "{gone}");
    }

    #[test]
    fn a_step_without_an_id_is_not_guessed() {
        let other = found(
            "[{run: a}, {run: b}]",
            "[{run: n}, {run: a}, {run: b}]",
            (1, None),
        )
        .unwrap_err();
        assert!(other.contains("3 steps instead of 2"), "{other}");
        // One that got an id meanwhile is where it was.
        assert_eq!(
            found("[{run: a}, {run: b}]", "[{run: a}, {id: i, run: b}]", (1, None)),
            Ok(((1, None), false))
        );
    }

    #[test]
    fn a_step_stays_of_its_kind() {
        let other = found("[{id: i, run: a}]", "[{id: i, wait-all: }]", (0, None)).unwrap_err();
        assert!(other.contains("another kind"), "{other}");
        let background = found(
            "[{id: i, run: a}]",
            "[{id: i, run: a, background: true}]",
            (0, None),
        );
        assert!(background.is_err());
    }
}
