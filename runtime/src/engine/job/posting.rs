//! What an action does at the end of its job.

use std::sync::Arc;

use loom_workflow::Work;
use loom_workflow::expression::{Environment, Files, JobStatus as StatusFunctions};
use loom_workflow::model::action::ActionKind;

use super::call::Call;
use super::contexts::View;
use super::evaluate::{fail, skip};
use super::grounds::Grounds;
use super::machine::{Judgement, StepWork, Verdict};
use super::question::{Answer, Ask};
use crate::event::Reason;
use crate::id::StepId;
use crate::plan::first_mistake;

/// Whether it is to run.
///
/// # Errors
/// When its `post-if` has no value.
pub(super) fn holds(
    call: &Call,
    view: &View,
    files: &dyn Files,
    status: &dyn StatusFunctions,
) -> Result<bool, Reason> {
    let hook = match &call.action().kind {
        ActionKind::Node { post, .. } | ActionKind::Docker { post, .. } => post,
        ActionKind::Composite { .. } => return Ok(false),
    };
    let view = view.clone().within(call);
    let environment = Environment::new(&view.contexts)
        .with_files(files)
        .with_status(status);
    let (answer, mistakes) = loom_workflow::hook_condition(hook, &environment, status);
    answer.ok_or_else(|| Reason::new("evaluation", first_mistake(&mistakes, &call.definition.source)))
}

/// The call as it stands at the end: as in GitHub's runner, variables and inputs are evaluated once more, so that one
/// may tell how the job went (`job.status`). What has no value any more stays as it was.
///
/// Of a call in a composite action the inputs around it are evaluated first. `view` is where the call stands, `around`
/// where those around it do; with it comes what stands there now.
fn at_the_end(call: &Arc<Call>, view: &View, around: &[View], files: &dyn Files) -> (Arc<Call>, View) {
    let mut own = view.clone();
    if let (Some(outer), Some((view, around))) = (call.asked.around(), around.split_last()) {
        let (outer, _) = at_the_end(outer, view, around, files);
        own = own.within(&outer).with_env(&outer.env);
    }
    let Some(step) = call.asked.step() else {
        return (Arc::clone(call), own);
    };
    let environment = Environment::new(&own.contexts).with_files(files);
    let env = loom_workflow::step_env(step, &environment).0;
    let view = own.clone().with_env(env.as_ref().unwrap_or(&call.env));
    let environment = Environment::new(&view.contexts).with_files(files);
    let (values, _) = loom_workflow::step_values(step, &call.asked.defaults(), &environment);
    let inputs = values.and_then(|values| match values.work {
        Work::Uses { inputs, .. } => loom_workflow::action_inputs(call.action(), &inputs, &environment).0,
        _ => None,
    });
    let mut now = Call::clone(call);
    if let Some(env) = env {
        now.env = env;
    }
    if let Some(inputs) = inputs {
        now.inputs = inputs.values;
    }
    (Arc::new(now), own)
}

/// What the calls around one see, the outermost first.
pub(super) fn around(call: &Call, view: &dyn Fn(Option<&StepId>) -> View) -> Vec<View> {
    let Some(outer) = call.asked.around() else {
        return Vec::new();
    };
    let mut views = around(outer, view);
    views.push(view(outer.frame.as_ref()));
    views
}

/// Judges it.
pub(super) fn post(
    ask: &Ask,
    call: &Arc<Call>,
    files: &dyn Files,
    status: &dyn StatusFunctions,
    grounds: &Grounds,
) -> Answer {
    match holds(call, &ask.view, files, status) {
        Ok(true) => {}
        Ok(false) => return skip(),
        Err(reason) => return fail(&reason.code, reason.message, call.continue_on_error),
    }
    let (call, view) = at_the_end(call, &ask.view, &ask.around, files);
    let call = &call;
    let Some(program) = call.post() else { return skip() };
    let view = view
        .with_action(grounds.names.name(&ask.id))
        .with_env(&call.env)
        .within(call);
    let values = super::action::Values {
        id: &ask.id,
        view: &view,
        state: &ask.state,
        files,
    };
    match super::action::process(call, super::action::Part::Post(program), &values, grounds) {
        Ok(task) => Answer {
            judgement: Some(Judgement::Run(Box::new(Verdict {
                name: format!("Post {}", call.name),
                work: StepWork::Process,
                continue_on_error: call.continue_on_error,
                timeout: call.timeout,
                retry: None,
                background: false,
                post: None,
            }))),
            task: Some(task),
            call: Some(Arc::clone(call)),
            ..Answer::default()
        },
        Err(reason) => fail(&reason.code, reason.message, call.continue_on_error),
    }
}
