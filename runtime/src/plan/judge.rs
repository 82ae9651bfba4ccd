//! What becomes of a job once all it needs is done.

use std::sync::{Arc, OnceLock};

use indexmap::IndexMap;
use loom_workflow::expression::{Object, Value};
use loom_workflow::model::Job;
use loom_workflow::{Ancestors, CallPlan, CallSecrets, Instance, JobId as Key, JobResult};

use super::scope::{DEEPEST_CALL, Known, Scope, load};
use super::{CANCEL_TIME, Expansion, JobPlan, Outcome, first_mistake, limit, room, step_name};
use crate::event::{ConcurrencyGroup, GroupRules, JobOutline, JobState, JobTerms, Reason, SourceFile};
use crate::id::JobId;
use crate::secret::Secret;

/// A job whose needs are done, with how they went.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    pub(crate) id: JobId,
    pub(crate) scope: Arc<Scope>,
    pub(crate) key: Key,
    /// The jobs it needs, as `needs` has them.
    pub(crate) needs: Known,
    /// All that it needs, directly or not.
    pub(crate) ancestors: Known,
    /// Whether the run is cancelled.
    pub(crate) cancelled: bool,
    /// One combination of a matrix that calls a workflow: it was judged with the others.
    pub(crate) instance: Option<Box<JobPlan>>,
    /// The workflow that it calls, when that is of another repository and was fetched for it.
    pub(crate) fetched: Option<SourceFile>,
}

/// Finds out what becomes of a job.
pub(crate) fn judge(question: &Question) -> Outcome {
    if let Some(plan) = &question.instance {
        return call(question, plan);
    }
    let scope = &question.scope;
    let Some(job) = scope.workflow.jobs.get(&question.key) else {
        return Outcome::Fail(Reason::new("source", "the workflow has no such job"));
    };
    let mut contexts = scope.contexts();
    // The `if` of a job sees what its needs need too (actions/runner#2356); nothing else of it does.
    contexts.insert("needs", question.needs.with(&question.ancestors).as_value());
    match holds(job, &contexts, question, question.cancelled) {
        Ok(true) => {}
        Ok(false) => return Outcome::Skip(why_not(job, question)),
        Err(reason) => return Outcome::Fail(reason),
    }
    let survives_cancel = holds(job, &contexts, question, true).unwrap_or(false);
    contexts.insert("needs", question.needs.as_value());
    contexts.insert("secrets", scope.secrets());
    contexts.insert("env", env_value(&scope.env));
    let (instances, diagnostics) = loom_workflow::expand(&scope.workflow, job, &contexts);
    let Some(instances) = instances else {
        return Outcome::Fail(Reason::new(
            "evaluation",
            first_mistake(&diagnostics, &scope.source),
        ));
    };
    let has_matrix = instances
        .iter()
        .any(|instance| matches!(instance.contexts.get("matrix"), Some(Value::Object(_))));
    if !has_matrix {
        return match instances.into_iter().next() {
            Some(instance) => single(question, instance, survives_cancel),
            None => Outcome::Skip(Reason::new("matrix", "its matrix has no combination")),
        };
    }
    matrix(question, job, instances, survives_cancel)
}

fn single(question: &Question, instance: Instance, survives_cancel: bool) -> Outcome {
    match plan(question, instance) {
        Err(reason) => Outcome::Skip(reason),
        Ok(plan) if plan.instance.call.is_some() => call(question, &plan),
        Ok(plan) => Outcome::Run(terms(&plan, survives_cancel), Box::new(plan)),
    }
}

/// A job once for each combination of its matrix.
fn matrix(question: &Question, job: &Job, instances: Vec<Instance>, survives_cancel: bool) -> Outcome {
    let options = &question.scope.run.options;
    let mut expansion = Expansion {
        rules: GroupRules {
            fail_fast: true,
            max_parallel: None,
        },
        outlines: Vec::new(),
        plans: Vec::new(),
        scope: None,
    };
    for instance in instances {
        expansion.rules = GroupRules {
            fail_fast: instance.strategy.fail_fast,
            max_parallel: instance.strategy.max_parallel,
        };
        if !is_wanted(&instance, &options.matrix) {
            continue;
        }
        let id = question.id.instance(instance.id.index);
        let mut outline = JobOutline {
            id: id.clone(),
            name: instance.name.clone(),
            parent: Some(question.id.clone()),
            calls: instance.call.as_ref().map(|call| call.reference.to_string()),
            steps: job.steps.iter().map(step_name).collect(),
            ..JobOutline::default()
        };
        match plan(question, instance) {
            Ok(plan) => {
                outline.terms = Some(terms(&plan, survives_cancel));
                expansion.plans.push((id, plan));
            }
            Err(reason) => outline.skip = Some(reason),
        }
        expansion.outlines.push(outline);
    }
    if expansion.outlines.is_empty() {
        return Outcome::Skip(Reason::new(
            "matrix",
            "no combination of its matrix was asked for",
        ));
    }
    Outcome::Expand(Box::new(expansion))
}

/// Whether a combination was asked for: the same key is or, different keys are and; keys that it lacks are ignored.
fn is_wanted(instance: &Instance, wanted: &[(String, String)]) -> bool {
    let Some(matrix) = instance.contexts.get("matrix").and_then(Value::as_object) else {
        return true;
    };
    wanted.iter().all(|(key, _)| {
        let Some(value) = matrix.get(key) else { return true };
        let text = value.to_text();
        wanted
            .iter()
            .any(|(other, value)| other == key && *value == *text)
    })
}

/// Whether the `if` of a job holds.
fn holds(job: &Job, contexts: &Object, question: &Question, cancelled: bool) -> Result<bool, Reason> {
    let results = question
        .ancestors
        .0
        .iter()
        .map(|(key, state, _)| (Key::from(key.as_str()), result(*state)));
    let mut ancestors = Ancestors::new(results);
    if cancelled {
        ancestors = ancestors.cancelled_run();
    }
    let (answer, diagnostics) = loom_workflow::condition(job, contexts, &ancestors);
    answer.ok_or_else(|| Reason::new("evaluation", first_mistake(&diagnostics, &question.scope.source)))
}

fn result(state: JobState) -> JobResult {
    match state {
        JobState::Success => JobResult::Success,
        JobState::Cancelled => JobResult::Cancelled,
        JobState::Skipped => JobResult::Skipped,
        _ => JobResult::Failure,
    }
}

fn why_not(job: &Job, question: &Question) -> Reason {
    if question.cancelled {
        return Reason::new("cancelled", "the run was cancelled before it started");
    }
    let unmet = question
        .needs
        .0
        .iter()
        .find(|(_, state, _)| *state != JobState::Success);
    match (unmet, &job.condition) {
        (Some((need, state, _)), None) => {
            Reason::new("needs", format!("it needs `{need}`, which ended as {state}"))
        }
        (_, Some(_)) => Reason::new("condition", "its `if` does not hold"),
        (None, None) => Reason::new("needs", "a job that its needs need did not succeed"),
    }
}

/// Where and how one instance runs.
fn plan(question: &Question, instance: Instance) -> Result<JobPlan, Reason> {
    let scope = &question.scope;
    let room = if instance.call.is_some() {
        crate::executor::RoomSpec::Host
    } else {
        room::room(&instance, scope.workflow.dialect, &scope.run.options)?
    };
    let mut env = scope.env.clone();
    env.extend(
        instance
            .env
            .iter()
            .map(|(name, value)| (name.clone(), value.clone())),
    );
    Ok(JobPlan {
        services: room::services(&instance),
        timeout: limit(instance.timeout),
        cancel_timeout: instance
            .cancel_timeout
            .filter(|time| time.is_positive())
            .map_or(CANCEL_TIME, |time| time.as_duration()),
        scope: Arc::clone(scope),
        key: question.key.clone(),
        room,
        env,
        instance,
    })
}

fn terms(plan: &JobPlan, survives_cancel: bool) -> JobTerms {
    JobTerms {
        name: Some(plan.instance.name.clone()),
        image: plan.image().map(str::to_owned),
        continue_on_error: plan.instance.continue_on_error,
        survives_cancel,
        concurrency: plan.instance.concurrency.as_ref().map(concurrency),
        attempts: plan.retry().map(|retry| retry.max_attempts),
    }
}

pub(crate) fn concurrency(plan: &loom_workflow::ConcurrencyPlan) -> ConcurrencyGroup {
    ConcurrencyGroup {
        group: plan.group.to_string(),
        cancel_in_progress: plan.cancel_in_progress,
        queue_all: plan.queue == loom_workflow::model::Queue::Max,
    }
}

/// The jobs of the workflow that a job calls.
fn call(question: &Question, plan: &JobPlan) -> Outcome {
    let Some(call) = &plan.instance.call else {
        return Outcome::Fail(Reason::new("source", "it calls no workflow"));
    };
    match called_scope(question, plan, call) {
        Err(reason) => Outcome::Fail(reason),
        Ok(scope) => Outcome::Expand(Box::new(Expansion {
            rules: GroupRules {
                fail_fast: false,
                max_parallel: None,
            },
            outlines: outlines(&scope, None),
            plans: Vec::new(),
            scope: Some(Arc::new(scope)),
        })),
    }
}

fn called_scope(question: &Question, plan: &JobPlan, call: &CallPlan) -> Result<Scope, Reason> {
    let scope = &plan.scope;
    if scope.depth >= DEEPEST_CALL {
        return Err(Reason::new(
            "call",
            format!("workflows call each other more than {DEEPEST_CALL} deep"),
        ));
    }
    let reference = loom_workflow::model::WorkflowReference::parse(&call.reference);
    let repository = match &reference {
        Some(loom_workflow::model::WorkflowReference::Repository(repository)) => Some(repository.clone()),
        _ => scope.repository.clone(),
    };
    let file = match (&question.fetched, &reference) {
        (Some(file), _) => file,
        (None, Some(loom_workflow::model::WorkflowReference::Local(path))) => scope
            .called_file(path)
            .ok_or_else(|| Reason::new("call", format!("the workflow `{path}` is not there")))?,
        _ => {
            return Err(Reason::new(
                "call",
                format!("the workflow `{}` was not fetched", call.reference),
            ));
        }
    };
    let (workflow, source) = load(file)?;
    let trigger = workflow.triggers.events.get("workflow_call").cloned();
    let trigger = trigger.ok_or_else(|| {
        Reason::new(
            "call",
            format!("`{}` has no `workflow_call` under `on`", file.name),
        )
    })?;
    let contexts = scope.contexts();
    let (inputs, diagnostics) = loom_workflow::inputs(&trigger, &call.inputs, &contexts);
    let inputs = inputs.ok_or_else(|| Reason::new("call", first_mistake(&diagnostics, &source)))?;
    let available: IndexMap<String, String> = scope
        .secrets
        .iter()
        .map(|(name, secret)| (name.clone(), secret.expose().to_owned()))
        .collect();
    let secrets = loom_workflow::called_secrets(&trigger, &call.secrets, &available);
    let missing = trigger.secrets.iter().flatten().find(|(name, secret)| {
        let given = |given: &CallSecrets| match given {
            CallSecrets::Inherit => true,
            CallSecrets::Named(_) => secrets.keys().any(|given| given.eq_ignore_ascii_case(name)),
        };
        secret.required && !given(&call.secrets)
    });
    if let Some((name, _)) = missing {
        // An empty one counts as given on GitHub, where it was written; one that was left out does not.
        let job = scope.workflow.jobs.get(&plan.key);
        let written = job
            .and_then(|job| job.secrets.as_ref())
            .is_some_and(|secrets| match &secrets.value {
                loom_workflow::model::Secrets::Inherit => true,
                loom_workflow::model::Secrets::Named(named) => {
                    named.keys().any(|given| given.eq_ignore_ascii_case(name))
                }
            });
        if !written {
            return Err(Reason::new(
                "call",
                format!("`{}` requires the secret `{name}`, which is not given", file.name),
            ));
        }
    }
    Ok(Scope {
        workflow,
        source,
        caller: Some(question.id.clone()),
        repository,
        depth: scope.depth + 1,
        github: scope.github.clone(),
        vars: scope.vars.clone(),
        inputs,
        secrets: secrets
            .into_iter()
            .map(|(name, value)| (name, Secret::new(value.as_str())))
            .collect(),
        env: scope.env.clone(),
        run: Arc::clone(&scope.run),
        event_text: OnceLock::new(),
    })
}

/// The jobs of a workflow as written; of the one that runs only those that were asked for.
pub(crate) fn outlines(scope: &Scope, wanted: Option<&std::collections::HashSet<Key>>) -> Vec<JobOutline> {
    let jobs = scope.workflow.jobs.values();
    let wanted = jobs.filter(|job| wanted.is_none_or(|wanted| wanted.contains(&job.id.value)));
    let outline = |job: &Job| {
        let needs = job
            .needs
            .iter()
            .filter_map(|need| scope.workflow.jobs.get_key_value(&need.value));
        JobOutline {
            id: scope.id_of(job.id.as_str()),
            name: job.static_name().to_owned(),
            needs: needs.map(|(key, _)| scope.id_of(key.as_str())).collect(),
            parent: scope.caller.clone(),
            calls: job.uses.as_ref().map(|uses| uses.text.to_string()),
            steps: job.steps.iter().map(step_name).collect(),
            ..JobOutline::default()
        }
    };
    wanted.map(outline).collect()
}

fn env_value(env: &IndexMap<String, String>) -> Value {
    let mut object = Object::case_sensitive();
    for (name, value) in env {
        object.insert(name.as_str(), Value::from(value.as_str()));
    }
    Value::object(object)
}
