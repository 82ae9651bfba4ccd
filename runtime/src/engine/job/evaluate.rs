//! Whether and as what a step runs. Blocks (files are hashed, actions read), so never on an arbiter or an async thread.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use loom_workflow::expression::{Environment, Files, JobStatus as StatusFunctions};
use loom_workflow::model::action::{ActionKind, Step as CompositeStep};
use loom_workflow::model::{ActionReference, Step, StepAction};
use loom_workflow::{Diagnostics, Shell, StepValues, Work};

use super::call::Call;
use super::contexts::View;
use super::fetching::{DEEPEST, too_deep};
use super::grounds::{Grounds, Place};
use super::machine::{JobStatus, Judgement, Status, StepWork, Trouble, Verdict};
use super::posting;
use super::question::{Answer, Ask, What};
use super::room_files::HashedFiles;
use super::task::Task;
use crate::event::{Phase, Reason, StepOutline};
use crate::executor::{Program, Shell as ShellProgram, StepSpec};
use crate::plan::{described, first_mistake, step_name};

/// The status functions of a step's `if`. Within a composite action they speak of the action.
pub(super) struct Functions(Status);

impl StatusFunctions for Functions {
    fn success(&self, _names: &[Arc<str>]) -> bool {
        match self.0.action_failed {
            Some(failed) => !failed && self.0.job != JobStatus::Cancelled,
            None => self.0.job == JobStatus::Success,
        }
    }

    fn failure(&self, _names: &[Arc<str>]) -> bool {
        match self.0.action_failed {
            Some(failed) => failed && self.0.job != JobStatus::Cancelled,
            None => self.0.job == JobStatus::Failure,
        }
    }

    fn cancelled(&self) -> bool {
        self.0.job == JobStatus::Cancelled
    }
}

pub(super) fn fail(code: &str, message: impl Into<String>, continue_on_error: bool) -> Answer {
    Answer {
        judgement: Some(Judgement::Fail {
            reason: Reason::new(code, message),
            continue_on_error,
        }),
        ..Answer::default()
    }
}

pub(super) fn skip() -> Answer {
    Answer {
        judgement: Some(Judgement::Skip),
        ..Answer::default()
    }
}

/// Whether the `if` of a step that runs still holds.
pub(super) fn still_holds(ask: &Ask, grounds: &Grounds) -> bool {
    let files = grounds.hashed_files();
    let status = Functions(ask.view.status);
    match &ask.what {
        What::Post(call) => posting::holds(call, &ask.view, &files, &status).unwrap_or(false),
        what => match what.step() {
            Some(step) => {
                let (view, _) = with_own_env(step, &ask.view, &files);
                let environment = Environment::new(&view.contexts)
                    .with_files(&files)
                    .with_status(&status);
                loom_workflow::step_condition(step, &environment, &status)
                    .0
                    .unwrap_or(false)
            }
            None => true,
        },
    }
}

fn with_own_env(step: &Step, view: &View, files: &dyn Files) -> (View, Option<Diagnostics>) {
    let environment = Environment::new(&view.contexts).with_files(files);
    match loom_workflow::step_env(step, &environment) {
        (Some(env), _) => (view.clone().with_env(&env), None),
        (None, diagnostics) => (view.clone(), Some(diagnostics)),
    }
}

/// The variables that a step has.
pub(super) fn own_env(step: Option<&Step>, view: View, grounds: &Grounds) -> BTreeMap<String, String> {
    let view = match step {
        Some(step) => with_own_env(step, &view, &grounds.hashed_files()).0,
        None => view,
    };
    view.environment()
}

/// The first half: what can be told without looking at the action that the step uses.
pub(super) enum First {
    Answer(Box<Answer>),
    /// The step uses this action.
    Uses(Box<Uses>),
}

/// A step that uses an action.
pub(super) struct Uses {
    pub(super) target: ActionReference,
    pub(super) values: StepValues,
    /// What the step sees, its own variables included.
    pub(super) view: View,
    /// What has no value and is done without.
    pub(super) warnings: Vec<String>,
}

/// Finds out whether and as what a step runs.
///
/// # Errors
/// When the machine keeps that from being known.
pub(super) fn first(ask: &Ask, grounds: &Grounds) -> Result<First, Trouble> {
    let files = grounds.hashed_files();
    let found = first_with(ask, grounds, &files);
    files.failures.take().map_or(Ok(found), Err)
}

fn first_with(ask: &Ask, grounds: &Grounds, files: &HashedFiles) -> First {
    let answer = |answer: Answer| First::Answer(Box::new(answer));
    let status = Functions(ask.view.status);
    match &ask.what {
        What::WaitForAll => {
            return answer(waiting("Wait for all background steps", StepWork::WaitAll, false));
        }
        What::Post(call) => return answer(posting::post(ask, call, files, &status, grounds)),
        What::OfJob(..) | What::OfAction(..) | What::Pre(..) | What::PreOf(..) => {}
    }
    let (Some(step), Some(source)) = (ask.what.step(), ask.what.source()) else {
        return answer(fail("source", "the step is not in its file", false));
    };
    let lenient = matches!(
        step.continue_on_error.as_ref().map(|written| &written.value),
        Some(loom_workflow::model::Literal::Value(true))
    );
    let view = ask.view.clone().with_action(grounds.names.name(&ask.id));
    let (view, mistakes) = with_own_env(step, &view, files);
    if let Some(mistakes) = mistakes {
        return answer(fail("evaluation", first_mistake(&mistakes, source), lenient));
    }
    let environment = Environment::new(&view.contexts)
        .with_files(files)
        .with_status(&status);
    if !ask.what.is_pre() {
        match loom_workflow::step_condition(step, &environment, &status) {
            (Some(true), _) => {}
            (Some(false), _) => return answer(skip()),
            (None, mistakes) => return answer(fail("evaluation", first_mistake(&mistakes, source), lenient)),
        }
    }
    let environment = Environment::new(&view.contexts).with_files(files);
    let (values, mistakes) = loom_workflow::step_values(step, &ask.what.defaults(), &environment);
    let Some(values) = values else {
        return answer(fail("evaluation", first_mistake(&mistakes, source), lenient));
    };
    // As the runner does: a limit without a value is said, and the step runs without one.
    let warnings: Vec<String> = mistakes
        .iter()
        .map(|mistake| described(mistake, source))
        .collect();
    let answer = |found: Answer| {
        answer(Answer {
            warnings: warnings.iter().cloned().chain(found.warnings).collect(),
            ..found
        })
    };
    let work = match &values.work {
        Work::Run { .. } => return answer(script(ask, &values, &view)),
        Work::Uses { reference, .. } => {
            return match ActionReference::parse(reference) {
                Some(target) => First::Uses(Box::new(Uses {
                    target,
                    values,
                    view,
                    warnings,
                })),
                None => answer(fail(
                    "action",
                    format!(
                        "`{reference}` names no action: write `owner/repository@version`, `./folder` or `docker://image`"
                    ),
                    values.continue_on_error,
                )),
            };
        }
        Work::Wait(ids) => StepWork::Wait(ids.iter().filter_map(|id| ask.what.named(id)).collect()),
        Work::WaitAll => StepWork::WaitAll,
        Work::Cancel(id) => match ask.what.named(id) {
            Some(target) => StepWork::Cancel(target),
            None => StepWork::Wait(Vec::new()),
        },
        Work::Parallel => StepWork::Parallel(members(ask, step)),
        _ => {
            return answer(fail(
                "source",
                "this version of Loom does not know this kind of step",
                lenient,
            ));
        }
    };
    answer(waiting(&values.name, work, values.continue_on_error))
}

/// The members of a `parallel`.
fn members(ask: &Ask, step: &Step) -> Vec<StepOutline> {
    let StepAction::Parallel(inner) = &step.action else {
        return Vec::new();
    };
    let outline = |(index, step): (usize, &Step)| StepOutline {
        step: ask.id.inner(index),
        parent: Some(ask.id.clone()),
        name: step_name(step),
        phase: Phase::Main,
    };
    inner.iter().enumerate().map(outline).collect()
}

fn waiting(name: &str, work: StepWork, continue_on_error: bool) -> Answer {
    let verdict = Verdict {
        name: name.to_owned(),
        work,
        continue_on_error,
        timeout: None,
        retry: None,
        background: false,
        post: None,
    };
    Answer {
        judgement: Some(Judgement::Run(Box::new(verdict))),
        ..Answer::default()
    }
}

fn script(ask: &Ask, values: &StepValues, view: &View) -> Answer {
    let Work::Run {
        script,
        shell,
        working_directory,
    } = &values.work
    else {
        return fail("source", "the step has no script", values.continue_on_error);
    };
    let shell = match shell.as_deref().map(Shell::parse) {
        None => Shell::Unspecified,
        Some(Ok(shell)) => shell,
        Some(Err(error)) => {
            return fail(
                "shell",
                format!("its shell cannot be used: {error}"),
                values.continue_on_error,
            );
        }
    };
    let shells = shell
        .commands_for(view.facts.in_container)
        .into_iter()
        .map(|command| ShellProgram {
            program: command.program,
            arguments: command.arguments,
            extension: command.extension.to_owned(),
        });
    let spec = StepSpec {
        id: ask.id.clone(),
        program: Program::Script {
            text: shell.script(script),
            shells: shells.collect(),
        },
        env: view.environment(),
        path: view.path.clone(),
        working_directory: working_directory.as_deref().map(str::to_owned),
    };
    Answer {
        judgement: Some(Judgement::Run(Box::new(verdict(values, StepWork::Process, None)))),
        task: Some(Task::Process(Box::new(spec))),
        ..Answer::default()
    }
}

pub(super) fn verdict(values: &StepValues, work: StepWork, post: Option<StepOutline>) -> Verdict {
    Verdict {
        name: values.name.clone(),
        work,
        continue_on_error: values.continue_on_error,
        timeout: limit(values),
        retry: values.retry,
        background: values.background,
        post,
    }
}

fn limit(values: &StepValues) -> Option<Duration> {
    let minutes = values.timeout.filter(|minutes| minutes.is_positive());
    minutes.map(|minutes| minutes.as_duration())
}

/// The second half: the step uses an action, which is at hand now.
///
/// # Errors
/// When the machine keeps that from being known.
pub(super) fn second(ask: &Ask, uses: &Uses, place: Place, grounds: &Grounds) -> Result<Answer, Trouble> {
    let files = grounds.hashed_files();
    let found = second_with(ask, uses, place, grounds, &files);
    files.failures.take().map_or(Ok(found), Err)
}

fn second_with(ask: &Ask, uses: &Uses, place: Place, grounds: &Grounds, files: &HashedFiles) -> Answer {
    let lenient = uses.values.continue_on_error;
    let Work::Uses { reference, inputs } = &uses.values.work else {
        return fail("source", "the step uses no action", lenient);
    };
    let environment = Environment::new(&uses.view.contexts).with_files(files);
    let (found, mistakes) = loom_workflow::action_inputs(&place.definition.action, inputs, &environment);
    let Some(found) = found else {
        return fail(
            "evaluation",
            first_mistake(&mistakes, &place.definition.source),
            lenient,
        );
    };
    let mut warnings = Vec::new();
    if !found.unexpected.is_empty() {
        let known: Vec<&str> = place
            .definition
            .action
            .inputs
            .keys()
            .map(|name| &**name)
            .collect();
        warnings.push(format!(
            "Unexpected input(s) '{}', valid inputs are ['{}']",
            found.unexpected.join("', '"),
            known.join("', '")
        ));
    }
    for (name, message) in &found.deprecated {
        warnings.push(format!(
            "Input '{name}' has been deprecated with message: {message}"
        ));
    }
    let step = ask.id.of_main();
    let own_env = ask.what.step().map(|step| {
        let environment = Environment::new(&ask.view.contexts).with_files(files);
        loom_workflow::step_env(step, &environment).0.unwrap_or_default()
    });
    let around = ask.what.around();
    let call = Arc::new(Call {
        step: step.clone(),
        asked: ask.what.clone(),
        frame: ask.frame.clone(),
        name: uses.values.name.clone(),
        reference: reference.to_string(),
        definition: place.definition,
        inputs: found.values,
        env: own_env.unwrap_or_default(),
        // What it does at the end, it does for the step of the job.
        continue_on_error: lenient || around.is_some_and(|call| call.continue_on_error),
        timeout: limit(&uses.values).or_else(|| around.and_then(|call| call.timeout)),
        path: place.path,
        directory: place.directory,
        repository: place.repository,
    });
    let is_pre = ask.what.is_pre();
    let post = call.post().map(|_| StepOutline {
        step: step.post(),
        parent: None,
        name: format!("Post {}", call.name),
        phase: Phase::Post,
    });
    if let ActionKind::Composite { steps } = &call.action().kind {
        return match composite(ask, uses, &call, steps, grounds) {
            Ok(answer) => Answer { warnings, ..answer },
            Err(reason) => fail(&reason.code, reason.message, lenient),
        };
    }
    let part = if is_pre {
        super::action::Part::Pre
    } else {
        super::action::Part::Main
    };
    let view = uses.view.clone().within(&call);
    let values = super::action::Values {
        id: &ask.id,
        view: &view,
        state: &ask.state,
        files,
    };
    let task = match super::action::process(&call, part, &values, grounds) {
        Ok(task) => task,
        Err(reason) => return fail(&reason.code, reason.message, lenient),
    };
    let mut verdict = verdict(&uses.values, StepWork::Process, post);
    if is_pre {
        let hook = match &call.action().kind {
            ActionKind::Node { pre, .. } | ActionKind::Docker { pre, .. } => pre,
            ActionKind::Composite { .. } => return skip(),
        };
        let status = Functions(ask.view.status);
        let environment = Environment::new(&view.contexts)
            .with_files(files)
            .with_status(&status);
        if loom_workflow::hook_condition(hook, &environment, &status).0 != Some(true) {
            return skip();
        }
        verdict.name = format!("Pre {}", call.name);
        verdict.background = false;
        verdict.retry = None;
    }
    Answer {
        judgement: Some(Judgement::Run(Box::new(verdict))),
        task: Some(task),
        call: Some(call),
        warnings,
        ..Answer::default()
    }
}

/// The steps of a composite action: all of them, or those that do something before the job.
fn composite(
    ask: &Ask,
    uses: &Uses,
    call: &Arc<Call>,
    steps: &[CompositeStep],
    grounds: &Grounds,
) -> Result<Answer, Reason> {
    if ask.id.depth() >= DEEPEST {
        return Err(Reason::new("action", too_deep(&call.reference)));
    }
    let (early, phase, before) = if ask.what.is_pre() {
        (grounds.early_steps(call.repository.as_ref()), Phase::Pre, "Pre ")
    } else {
        (Vec::new(), Phase::Main, "")
    };
    let inner = steps.iter().enumerate();
    let inner = inner.filter(|(index, _)| !ask.what.is_pre() || early.contains(index));
    let outline = |(index, inner): (usize, &CompositeStep)| {
        let name = inner.step.as_ref().map_or_else(|| "Step".to_owned(), step_name);
        StepOutline {
            step: ask.id.inner(index),
            parent: Some(ask.id.clone()),
            name: format!("{before}{name}"),
            phase,
        }
    };
    let work = StepWork::Steps(inner.map(outline).collect());
    let mut verdict = verdict(&uses.values, work, None);
    if ask.what.is_pre() {
        verdict.name = format!("{before}{}", call.name);
        verdict.background = false;
        verdict.retry = None;
    }
    Ok(Answer {
        judgement: Some(Judgement::Run(Box::new(verdict))),
        task: Some(Task::Enter(Arc::clone(call))),
        call: Some(Arc::clone(call)),
        early,
        ..Answer::default()
    })
}
