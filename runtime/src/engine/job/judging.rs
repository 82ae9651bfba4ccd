//! Questions about steps, answered on threads that may block; what an action brings with it is found out on the IO threads.

use std::sync::Arc;

use loom_workflow::Work;
use loom_workflow::expression::Environment;
use loom_workflow::model::ActionReference;

use super::action;
use super::call::Call;
use super::contexts::{Deeds, View};
use super::evaluate::{self, First, verdict};
use super::fetching::seen_from;
use super::grounds::Grounds;
use super::machine::{Judgement, StepWork, Trouble, WorkEnd};
use super::opened::Opened;
use super::opening::broke_off;
use super::question::{Answer, Ask};
use super::task::Task;
use super::worker::masked;
use crate::event::{Outputs, Reason};
use crate::executor::Notes;
use crate::plan::first_mistake;

/// Finds out whether and as what a step runs. Only waits for other threads, so it may be asked from anywhere.
///
/// # Errors
/// When the machine keeps that from being known.
pub(super) async fn judge(opened: Opened, ask: Ask) -> Result<Answer, Trouble> {
    let (opened, ask) = (Arc::new(opened), Arc::new(ask));
    let (asked, place) = (Arc::clone(&ask), Arc::clone(&opened));
    let first = opened.shared().io.blocking(move || {
        match evaluate::first(&asked, &place.grounds)
            .map_err(|trouble| masked_trouble(&asked, &place, trouble))?
        {
            First::Answer(answer) => Ok(First::Answer(Box::new(said(*answer, &place)))),
            uses => Ok(uses),
        }
    });
    let mut uses = match first.await.map_err(|broken| broke_off(&broken))?? {
        First::Answer(answer) => return Ok(*answer),
        First::Uses(uses) => uses,
    };
    let place = Arc::clone(&opened);
    let second = opened.shared().io.spawn(async move {
        let mut warnings = std::mem::take(&mut uses.warnings);
        let found = find_action(&place, Arc::clone(&ask), Arc::clone(&place.grounds), uses).await;
        let mut answer = found.map_err(|trouble| masked_trouble(&ask, &place, trouble))?;
        warnings.append(&mut answer.warnings);
        Ok(said(Answer { warnings, ..answer }, &place))
    });
    second.await.map_err(|broken| broke_off(&broken))?
}

/// Says in the job's log what is to be said of an answer, and hides secrets in it.
fn said(answer: Answer, opened: &Opened) -> Answer {
    for warning in &answer.warnings {
        opened.notes.line(&format!("##[warning]{warning}"));
    }
    if let Some(Judgement::Fail { reason, .. }) = &answer.judgement {
        opened.notes.line(&format!("##[error]{}", reason.message));
    }
    mask(answer, &opened.grounds)
}

fn masked_trouble(ask: &Ask, opened: &Opened, mut trouble: Trouble) -> Trouble {
    tracing::debug!(step = %ask.id, cause = %trouble.reason.message, "a step cannot be judged");
    let message = &mut trouble.reason.message;
    *message = opened.grounds.masks.mask(message).into_owned();
    trouble
}

/// The same of a step that uses an action.
async fn find_action(
    opened: &Opened,
    ask: Arc<Ask>,
    grounds: Arc<Grounds>,
    uses: Box<evaluate::Uses>,
) -> Result<Answer, Trouble> {
    let io = &opened.shared().io;
    let lenient = uses.values.continue_on_error;
    let refuse = |reason: Reason| Answer {
        judgement: Some(Judgement::Fail {
            reason,
            continue_on_error: lenient,
        }),
        ..Answer::default()
    };
    let Work::Uses { inputs, .. } = &uses.values.work else {
        return Ok(refuse(Reason::new("source", "the step uses no action")));
    };
    let around = ask.what.around().and_then(|call| call.repository.as_ref());
    let target = seen_from(uses.target.clone(), around);
    let mut hint = None;
    match &target {
        ActionReference::Docker(image) => {
            let files = grounds.hashed_files();
            let none = indexmap::IndexMap::new();
            let values = action::Values {
                id: &ask.id,
                view: &uses.view,
                state: &none,
                files: &files,
            };
            return Ok(Answer {
                judgement: Some(Judgement::Run(Box::new(verdict(
                    &uses.values,
                    StepWork::Process,
                    None,
                )))),
                task: Some(action::image(image, inputs, &values)),
                ..Answer::default()
            });
        }
        ActionReference::Repository(repository) => {
            if let Some(row) = grounds.unsupported(repository) {
                return Ok(refuse(Reason::new(
                    "unsupported",
                    row.sentence(&repository.to_string()),
                )));
            }
            if grounds.serves(repository, inputs) {
                return Ok(Answer {
                    judgement: Some(Judgement::Run(Box::new(verdict(
                        &uses.values,
                        StepWork::Process,
                        None,
                    )))),
                    task: Some(Task::Checkout(inputs.clone())),
                    ..Answer::default()
                });
            }
            hint = grounds.hint(repository, inputs);
        }
        ActionReference::Local(_) | ActionReference::Own(_) => {}
    }
    let place = match grounds.action(&target, &*opened.notes).await {
        Ok(place) => place,
        Err(trouble) if trouble.by_workflow => return Ok(refuse(trouble.reason)),
        Err(trouble) => return Err(trouble),
    };
    let second = io.blocking(move || evaluate::second(&ask, &uses, place, &grounds));
    let mut answer = second.await.map_err(|broken| broke_off(&broken))??;
    if matches!(answer.judgement, Some(Judgement::Run(_))) {
        answer.warnings.extend(hint.map(str::to_owned));
    }
    Ok(answer)
}

/// Nothing of a judgement reaches history with a secret in it.
fn mask(mut answer: Answer, grounds: &Grounds) -> Answer {
    let hide = |text: &mut String| *text = grounds.masks.mask(text).into_owned();
    match &mut answer.judgement {
        Some(Judgement::Run(verdict)) => {
            hide(&mut verdict.name);
            if let Some(post) = &mut verdict.post {
                hide(&mut post.name);
            }
            if let StepWork::Steps(inner) | StepWork::Parallel(inner) = &mut verdict.work {
                inner.iter_mut().for_each(|outline| hide(&mut outline.name));
            }
        }
        Some(Judgement::Fail { reason, .. } | Judgement::Broken(reason)) => hide(&mut reason.message),
        Some(Judgement::Skip) | None => {}
    }
    answer
}

/// Whether a step that runs holds on.
pub(super) async fn still_holds(opened: Opened, ask: Ask) -> bool {
    let grounds = Arc::clone(&opened.grounds);
    let asked = opened
        .shared()
        .io
        .blocking(move || evaluate::still_holds(&ask, &grounds));
    asked.await.unwrap_or(false)
}

/// What a composite action gives, whose steps are done.
pub(super) async fn gather(
    opened: Opened,
    call: Arc<Call>,
    view: View,
    failed: bool,
) -> Result<(WorkEnd, Deeds), Trouble> {
    let grounds = Arc::clone(&opened.grounds);
    let gathered = opened.shared().io.blocking(move || {
        let files = grounds.hashed_files();
        let environment = Environment::new(&view.contexts).with_files(&files);
        let (outputs, mistakes) = loom_workflow::action_outputs(call.action(), &environment);
        let found = outputs.ok_or_else(|| first_mistake(&mistakes, &call.definition.source));
        files.failures.take().map_or(Ok(found), Err)
    });
    let (outputs, mistake) = match gathered.await.map_err(|broken| broke_off(&broken))?? {
        Ok(outputs) => (outputs, None),
        Err(mistake) => (Outputs::new(), Some(mistake)),
    };
    let end = WorkEnd {
        success: !failed && mistake.is_none(),
        reason: mistake
            .map(|mistake| Reason::new("evaluation", opened.grounds.masks.mask(&mistake).into_owned())),
        outputs: masked(&opened, &outputs),
        ..WorkEnd::default()
    };
    let deeds = Deeds {
        outputs,
        ..Deeds::default()
    };
    Ok((end, deeds))
}

/// What the job gives. An output that may hold a secret is left out, as on GitHub. Only waits for another thread.
///
/// # Errors
/// When one has no value, or the machine keeps that from being known.
pub(super) async fn conclude(opened: Opened, view: View) -> Result<Outputs, Trouble> {
    let io = opened.shared().io.clone();
    let concluded = io.blocking(move || {
        let grounds = &opened.grounds;
        let files = grounds.hashed_files();
        let environment = Environment::new(&view.contexts).with_files(&files);
        let Some(job) = grounds.plan.job() else {
            return Ok(Outputs::new());
        };
        let (outputs, mistakes) = loom_workflow::job_outputs(job, &environment);
        if let Some(trouble) = files.failures.take() {
            return Err(trouble);
        }
        let mut outputs = outputs.ok_or_else(|| {
            let mistake = first_mistake(&mistakes, &grounds.plan.scope.source);
            Trouble::workflow("evaluation", grounds.masks.mask(&mistake).into_owned())
        })?;
        outputs.retain(|name, value| {
            let may = !grounds.masks.reveals(value);
            if !may {
                opened.notes.line(&format!(
                    "##[warning]Skip output '{name}' since it may contain secret."
                ));
            }
            may
        });
        Ok(outputs)
    });
    concluded.await.map_err(|broken| broke_off(&broken))?
}
