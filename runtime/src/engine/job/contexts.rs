//! What the expressions of a job's steps see, kept up as its steps end.

use std::collections::BTreeMap;
use std::sync::Arc;

use indexmap::IndexMap;
use loom_workflow::expression::{Object, Value};

use super::call::Call;
use super::machine::Status;
use super::variables::Variables;
use crate::context::{RunnerFacts, default_environment, is_fixed, runner};
use crate::event::{Outputs, StepState};
use crate::executor::PlaceFacts;
use crate::id::StepId;
use crate::plan::JobPlan;

/// Where the file with the event lies below RUNNER_TEMP.
pub(super) const EVENT_FILE: &str = "_github_workflow/event.json";
/// The folder below RUNNER_TEMP that is `runner.workspace`: the workspace is seen in it under the repository's name, as on
/// GitHub, and what steps make beside it goes with the job.
pub(super) const ABOVE_WORKSPACE: &str = "_runner_workspace";

/// What the expressions of a job's steps see.
#[derive(Clone)]
pub(super) struct Contexts {
    plan: Arc<JobPlan>,
    facts: PlaceFacts,
    runner: RunnerFacts,
    github: Object,
    job: Object,
    variables: Variables,
    /// Those of the job's own steps, and of each composite action that runs.
    frames: BTreeMap<Option<StepId>, Frame>,
    /// Actions that were called, by the step that calls them.
    calls: BTreeMap<StepId, Arc<Call>>,
    /// What actions keep for their end, by the step that calls them.
    state: BTreeMap<StepId, IndexMap<String, String>>,
    /// What steps did that does not count yet.
    held: BTreeMap<StepId, Deeds>,
}

/// Steps that see each other.
#[derive(Clone, Default)]
struct Frame {
    /// The `steps` context.
    steps: Object,
    /// The action that these are the steps of.
    call: Option<Arc<Call>>,
    /// Variables of the steps that call these.
    env: IndexMap<String, String>,
}

/// What a step did, beside how it ended.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Deeds {
    pub(super) outputs: Outputs,
    pub(super) env: Vec<(String, String)>,
    pub(super) path: Vec<String>,
    pub(super) state: Vec<(String, String)>,
}

/// What one step sees.
#[derive(Clone)]
pub(super) struct View {
    pub(super) contexts: Object,
    /// Its variables so far: those of the job and of the steps around it.
    pub(super) env: IndexMap<String, String>,
    pub(super) path: Vec<String>,
    pub(super) status: Status,
    pub(super) facts: PlaceFacts,
    runner: RunnerFacts,
}

impl Contexts {
    pub(super) fn new(plan: Arc<JobPlan>, facts: PlaceFacts) -> Self {
        let runner = RunnerFacts {
            os: facts.os.clone(),
            arch: facts.arch.clone(),
            temp: facts.temp.clone(),
            tool_cache: facts.tools.clone(),
            workspace: format!("{}/{ABOVE_WORKSPACE}", facts.temp),
            debug: plan.is_debug(),
            ..RunnerFacts::default()
        };
        let mut github = plan
            .instance
            .contexts
            .get("github")
            .and_then(Value::as_object)
            .cloned()
            .unwrap_or_default();
        github.insert("job", Value::from(plan.key.as_str()));
        github.insert("workspace", Value::from(facts.workspace.as_str()));
        github.insert(
            "event_path",
            Value::string(format!("{}/{EVENT_FILE}", facts.temp)),
        );
        let mut frames = BTreeMap::new();
        frames.insert(None, Frame::default());
        Self {
            variables: Variables::new(job_env(&plan, &github)),
            job: job_context(&facts),
            plan,
            runner,
            facts,
            github,
            frames,
            calls: BTreeMap::new(),
            state: BTreeMap::new(),
            held: BTreeMap::new(),
        }
    }

    /// What a step sees, when it is one of those that belong to `frame`.
    pub(super) fn view(&self, frame: Option<&StepId>, status: Status) -> View {
        let frame = self
            .frames
            .get(&frame.cloned())
            .or_else(|| self.frames.get(&None));
        let none = Frame::default();
        let frame = frame.unwrap_or(&none);
        let mut env = self.variables.env.clone();
        env.extend(
            frame
                .env
                .iter()
                .map(|(name, value)| (name.clone(), value.clone())),
        );
        let mut contexts = self.plan.instance.contexts.clone();
        let mut github = self.github.clone();
        if let Some(call) = &frame.call {
            call.describe(&mut github);
            github.insert("action_status", Value::from(status.of_action()));
            contexts.insert("inputs", call.inputs_value());
            contexts.insert("secrets", Value::Null);
        } else {
            contexts.insert("secrets", self.plan.scope.secrets());
        }
        let mut job = self.job.clone();
        job.insert("status", Value::from(status.job.as_str()));
        contexts.insert("github", Value::object(github));
        contexts.insert("job", Value::object(job));
        contexts.insert("runner", Value::object(runner(&self.runner)));
        contexts.insert("steps", Value::object(frame.steps.clone()));
        contexts.insert("env", env_value(&env));
        View {
            contexts,
            env,
            path: self.variables.path.clone(),
            status,
            facts: self.facts.clone(),
            runner: self.runner.clone(),
        }
    }

    /// Keeps what a step did until it counts.
    pub(super) fn hold(&mut self, step: &StepId, deeds: Deeds) {
        self.held.insert(step.clone(), deeds);
    }

    /// What an action keeps for its end counts with all else that the step did, for the step that calls the action.
    pub(super) fn keep_state(&mut self, step: &StepId, owner: &StepId) {
        let state = self.held.get_mut(step);
        let state = state
            .map(|deeds| std::mem::take(&mut deeds.state))
            .unwrap_or_default();
        if !state.is_empty() {
            self.state.entry(owner.clone()).or_default().extend(state);
        }
    }

    /// Undoes what a failed attempt at a step did, and the steps of its action; what others did meanwhile stays.
    pub(super) fn forget(&mut self, step: &StepId) {
        let inner = format!("{step}.");
        let is_of = |id: &StepId| id == step || id.0.starts_with(&inner);
        self.held.retain(|id, _| !is_of(id));
        self.state.retain(|id, _| !id.0.starts_with(&inner));
        self.variables.take_back(is_of);
        self.frames
            .retain(|id, _| id.as_ref().is_none_or(|id| !is_of(id)));
    }

    /// What an action kept for its end.
    pub(super) fn state_of(&self, owner: &StepId) -> IndexMap<String, String> {
        self.state.get(owner).cloned().unwrap_or_default()
    }

    /// What a step did counts from now on, for those that it belongs to.
    pub(super) fn publish(
        &mut self,
        step: &StepId,
        (frame, id): (Option<&StepId>, Option<&str>),
        outcome: StepState,
        conclusion: StepState,
    ) {
        let deeds = self.held.remove(step).unwrap_or_default();
        self.variables.settle(step);
        self.variables.add(step, deeds.env, deeds.path);
        let (Some(id), Some(frame)) = (id, self.frames.get_mut(&frame.cloned())) else {
            return;
        };
        let mut outputs = Object::new();
        for (name, value) in deeds.outputs {
            outputs.insert(name, Value::string(value));
        }
        let mut entry = Object::new();
        entry.insert("outputs", Value::object(outputs));
        entry.insert("outcome", Value::from(word(outcome)));
        entry.insert("conclusion", Value::from(word(conclusion)));
        frame.steps.insert(id, Value::object(entry));
    }

    /// A composite action begins: its steps see each other, and the variables of those that called it.
    pub(super) fn enter(&mut self, owner: &StepId, call: Arc<Call>, env: IndexMap<String, String>) {
        let frame = Frame {
            steps: Object::new(),
            call: Some(call),
            env,
        };
        self.variables.watch(owner);
        self.frames.insert(Some(owner.clone()), frame);
    }

    /// The variables that the steps around those of a frame have of their own.
    pub(super) fn own_env(&self, frame: Option<&StepId>) -> IndexMap<String, String> {
        let frame = self.frames.get(&frame.cloned());
        frame.map(|frame| frame.env.clone()).unwrap_or_default()
    }

    pub(super) fn remember(&mut self, step: &StepId, call: Arc<Call>) {
        self.calls.insert(step.clone(), call);
    }

    pub(super) fn call_of(&self, step: &StepId) -> Option<Arc<Call>> {
        self.calls.get(step).cloned()
    }
}

impl View {
    /// The same with more variables: those of the step itself.
    pub(super) fn with_env(mut self, more: &IndexMap<String, String>) -> Self {
        if !more.is_empty() {
            self.env
                .extend(more.iter().map(|(name, value)| (name.clone(), value.clone())));
            self.contexts.insert("env", env_value(&self.env));
        }
        self
    }

    /// The same with what `github` says of the step: its id, or what it runs.
    pub(super) fn with_action(mut self, name: &str) -> Self {
        if let Some(github) = self.contexts.get("github").and_then(Value::as_object) {
            let mut github = github.clone();
            github.insert("action", Value::from(name));
            self.contexts.insert("github", Value::object(github));
        }
        self
    }

    /// The same as the steps of an action see it.
    pub(super) fn within(mut self, call: &Call) -> Self {
        if let Some(github) = self.contexts.get("github").and_then(Value::as_object) {
            let mut github = github.clone();
            call.describe(&mut github);
            self.contexts.insert("github", Value::object(github));
        }
        self.contexts.insert("inputs", call.inputs_value());
        self
    }

    /// The environment of a process of this step. What Loom sets beats what the workflow sets of the same name.
    pub(super) fn environment(&self) -> BTreeMap<String, String> {
        let none = Object::new();
        let github = self
            .contexts
            .get("github")
            .and_then(Value::as_object)
            .unwrap_or(&none);
        let mut env = default_environment(github, &self.runner);
        for (name, value) in &self.env {
            if !is_fixed(name) || !env.contains_key(name) {
                env.insert(name.clone(), value.clone());
            }
        }
        end_at_nul(&mut env);
        env
    }
}

/// A process's variables end at their first NUL; one with a NUL would keep every process from starting.
pub(super) fn end_at_nul(env: &mut BTreeMap<String, String>) {
    for value in env.values_mut() {
        if let Some(end) = value.find('\0') {
            value.truncate(end);
        }
    }
    env.retain(|name, _| !name.contains('\0'));
}

/// The variables of the job, now that it is known where it runs; those given with the run are below them.
fn job_env(plan: &JobPlan, github: &Object) -> IndexMap<String, String> {
    let Some(job) = plan.job() else {
        return plan.env.clone();
    };
    let mut contexts = plan.instance.contexts.clone();
    contexts.insert("github", Value::object(github.clone()));
    match loom_workflow::job_env(&plan.scope.workflow, job, &contexts).0 {
        Some(own) => {
            let mut env = plan.scope.env.clone();
            env.extend(own);
            env
        }
        // It had a value before, and has none with more to look at: that cannot be; the one it had stands.
        None => plan.env.clone(),
    }
}

/// The `job` context, but its status.
fn job_context(facts: &PlaceFacts) -> Object {
    let mut job = Object::new();
    let mut container = Object::new();
    // A job on an image that stands for a machine has no container, as far as it can know.
    if let Some(id) = facts.container.as_ref().filter(|_| facts.in_container) {
        container.insert("id", Value::from(id.as_str()));
    }
    if let Some(network) = &facts.network {
        container.insert("network", Value::from(network.as_str()));
    }
    job.insert("container", Value::object(container));
    let mut services = Object::new();
    for (name, service) in &facts.services {
        let mut ports = Object::new();
        for (inside, outside) in &service.ports {
            ports.insert(inside.as_str(), Value::from(outside.as_str()));
        }
        let mut entry = Object::new();
        entry.insert("id", Value::from(service.id.as_str()));
        entry.insert("network", Value::from(service.network.as_str()));
        entry.insert("ports", Value::object(ports));
        services.insert(name.as_str(), Value::object(entry));
    }
    job.insert("services", Value::object(services));
    job
}

pub(super) fn env_value(env: &IndexMap<String, String>) -> Value {
    let mut object = Object::case_sensitive();
    for (name, value) in env {
        object.insert(name.as_str(), Value::from(value.as_str()));
    }
    Value::object(object)
}

/// A step's state in GitHub's words.
fn word(state: StepState) -> &'static str {
    match state {
        StepState::Success => "success",
        StepState::Cancelled => "cancelled",
        StepState::Skipped => "skipped",
        _ => "failure",
    }
}
