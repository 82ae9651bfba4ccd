//! What will become of the jobs of a run, as far as it can be told before it begins.

use indexmap::IndexMap;

use super::combinations::Combination;
use super::condition::Ancestors;
use super::decision::TriggerDecision;
use super::evaluation::SizeBudget;
use super::event::Event;
use super::instance::{self, InstanceId};
use super::strategy::{self, StrategyPlan};
use super::trigger::triggered;
use crate::dag::Dag;
use crate::diagnostic::Diagnostics;
use crate::expression::{self, Function, Node as Part, Object, Value};
use crate::model::{self, Free, FreeValue, Job, JobId, List, Literal, Matrix, Scalar, Template, Workflow};
use crate::span::Span;
use crate::words::name;

/// What will become of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JobForecast {
    /// It runs, once what it needs has succeeded.
    Runs,
    /// It does not, whatever the others do.
    Skipped {
        /// Why, as a sentence without a full stop.
        why: String,
        /// Where in the file that stands.
        span: Option<Span>,
    },
    /// How other jobs go decides.
    Later {
        /// What it waits for, as a sentence without a full stop.
        why: String,
    },
}

/// What an event does to a workflow.
#[derive(Clone, Debug)]
#[must_use]
pub struct EventPlan {
    /// Whether it starts the workflow, and why.
    pub decision: TriggerDecision,
    /// What will become of each job; none where nothing starts.
    pub jobs: IndexMap<JobId, JobForecast>,
    /// What there is to say about it.
    pub diagnostics: Diagnostics,
}

/// Whether an event starts a workflow, and which of its jobs run. `contexts` has what is known beside the event: `vars`,
/// `inputs`, and what the event does not tell of `github`.
pub fn plan_for_event(workflow: &Workflow, event: &Event, contexts: &Object) -> EventPlan {
    let decision = triggered(workflow, event);
    if !decision.starts {
        return EventPlan {
            decision,
            jobs: IndexMap::new(),
            diagnostics: Diagnostics::new(),
        };
    }
    let mut github = event.github();
    if let Some(more) = contexts.get("github").and_then(Value::as_object) {
        for (key, value) in more.iter() {
            github.insert(key, value.clone());
        }
    }
    let mut contexts = contexts.clone();
    contexts.insert("github", Value::object(github));
    let (jobs, diagnostics) = forecast(workflow, &contexts);
    EventPlan {
        decision,
        jobs,
        diagnostics,
    }
}

/// What will become of each job, in the order of the file. `contexts` has what is known before a run: `github`, `vars`,
/// `inputs`. An `if` that has no value is told by the diagnostics, and counts as one that holds.
pub fn forecast(workflow: &Workflow, contexts: &Object) -> (IndexMap<JobId, JobForecast>, Diagnostics) {
    let mut diagnostics = Diagnostics::new();
    let dag = workflow.dag();
    let mut known: IndexMap<JobId, JobForecast> = IndexMap::new();
    let order: Vec<JobId> = match dag.execution_order() {
        Ok(order) => order.into_iter().cloned().collect(),
        // Loading refuses such a workflow; here no job of a circle ever runs, so that the order does not matter.
        Err(_) => workflow.jobs.keys().cloned().collect(),
    };
    for id in order {
        if let Some(job) = workflow.jobs.get(&id) {
            let forecast = of_job(job, &dag, &known, contexts, &mut diagnostics);
            known.insert(id, forecast);
        }
    }
    known.sort_by_key(|id, _| workflow.jobs.get_index_of(id));
    (known, diagnostics.finish())
}

fn of_job(
    job: &Job,
    dag: &Dag,
    known: &IndexMap<JobId, JobForecast>,
    contexts: &Object,
    diagnostics: &mut Diagnostics,
) -> JobForecast {
    let asks = Asks::of(job);
    let needed = dag.dependencies(&job.id.value);
    let waits = |of: &str| {
        let names: Vec<String> = needed.iter().take(8).map(|need| name(need.as_str())).collect();
        JobForecast::Later {
            why: format!("{of} {}", names.join(", ")),
        }
    };
    if asks.status && !needed.is_empty() {
        return waits("its `if` asks how these went:");
    }
    if !asks.needs {
        let (holds, found) = super::condition(job, contexts, &Ancestors::default());
        diagnostics.extend(found);
        if holds == Some(false) {
            return JobForecast::Skipped {
                why: "its `if` does not hold".to_owned(),
                span: job.condition.as_ref().map(|condition| condition.span),
            };
        }
    }
    if !asks.always {
        let behind = |forecast: &JobForecast| matches!(forecast, JobForecast::Skipped { .. });
        if let Some(skipped) = needed.iter().find(|need| known.get(**need).is_some_and(behind)) {
            return JobForecast::Skipped {
                why: format!("it needs {}, which is skipped", name(skipped.as_str())),
                span: job
                    .needs
                    .iter()
                    .find(|need| need.value == **skipped)
                    .map(|need| need.span),
            };
        }
        if needed
            .iter()
            .any(|need| matches!(known.get(*need), Some(JobForecast::Later { .. })))
        {
            return waits("it runs only if these do:");
        }
    }
    if asks.needs {
        return waits("its `if` looks at what these give:");
    }
    JobForecast::Runs
}

/// What the `if` of a job asks for.
#[derive(Default)]
struct Asks {
    /// `success()`, `failure()` or `cancelled()`.
    status: bool,
    /// `always()`.
    always: bool,
    /// The context `needs`.
    needs: bool,
}

impl Asks {
    fn of(job: &Job) -> Self {
        let mut asks = Self::default();
        let Some(written) = &job.condition else {
            return asks;
        };
        let (condition, _) = written.parsed();
        for part in condition.expressions().flat_map(expression::Expression::parts) {
            match part.node() {
                Part::Context(name) if name.eq_ignore_ascii_case("needs") => asks.needs = true,
                Part::Call {
                    function: Some(Function::Always),
                    ..
                } => asks.always = true,
                Part::Call {
                    function: Some(Function::Success | Function::Failure | Function::Cancelled),
                    ..
                } => asks.status = true,
                _ => {}
            }
        }
        asks
    }
}

/// The names of a job's instances, when they can be told from the file alone.
#[must_use]
pub fn instance_names(job: &Job) -> Option<Vec<String>> {
    let name = job.name.as_ref();
    let is_static = job
        .strategy
        .as_ref()
        .is_none_or(|strategy| is_written(&strategy.value))
        && name.is_none_or(|name| only(name, &["matrix", "strategy"]));
    if !is_static {
        return None;
    }
    let (found, _) = matrix(job, &Object::new());
    let (strategy, combinations) = found?;
    let names = instance::names(job, &strategy, &combinations)?;
    Some(names)
}

/// The strategy of a job and the combinations of its matrix; no combination where it runs once without one.
pub fn matrix(job: &Job, contexts: &Object) -> (Option<(StrategyPlan, Vec<Combination>)>, Diagnostics) {
    let mut diagnostics = Diagnostics::new();
    let found = strategy::evaluate(job, contexts, &mut diagnostics, &mut SizeBudget::default());
    (found, diagnostics.finish())
}

/// The graph of all instances: each waits for all instances of the jobs that its job needs.
#[must_use]
pub fn instance_dag(dag: &Dag, counts: impl Fn(&JobId) -> usize) -> Dag<InstanceId> {
    let of = |job: &JobId| {
        let job = job.clone();
        (0..counts(&job)).map(move |index| InstanceId {
            job: job.clone(),
            index,
        })
    };
    let instances: Vec<(InstanceId, Vec<InstanceId>)> = dag
        .jobs()
        .flat_map(|job| {
            let needs: Vec<InstanceId> = dag.dependencies(job).into_iter().flat_map(of).collect();
            of(job)
                .map(|instance| (instance, needs.clone()))
                .collect::<Vec<_>>()
        })
        .collect();
    Dag::build(instances)
}

/// Whether nothing outside of the file decides what a strategy says.
fn is_written(strategy: &Literal<model::Strategy>) -> bool {
    is_fixed(strategy, |strategy| {
        let is_fixed_matrix = |matrix: &Matrix| {
            let mut lists = matrix.vectors.values().map(|vector| &vector.value.value);
            let mut others = [&matrix.include, &matrix.exclude].into_iter().flatten();
            lists.all(is_fixed_list) && others.all(|list| is_fixed_list(&list.value))
        };
        strategy
            .fail_fast
            .as_deref()
            .is_none_or(|it| is_fixed(it, |_| true))
            && strategy
                .max_parallel
                .as_deref()
                .is_none_or(|it| is_fixed(it, |_| true))
            && strategy
                .matrix
                .as_deref()
                .is_none_or(|it| is_fixed(it, is_fixed_matrix))
    })
}

fn is_fixed_list(list: &List) -> bool {
    is_fixed(list, |items| items.iter().all(is_fixed_free))
}

fn is_fixed<T>(literal: &Literal<T>, is_fixed_value: impl FnOnce(&T) -> bool) -> bool {
    match literal {
        Literal::Value(value) => is_fixed_value(value),
        Literal::Expression(template) => only(template, &[]),
        Literal::Computed(written) => is_fixed_free(written),
    }
}

fn is_fixed_free(written: &Free) -> bool {
    match &written.value {
        FreeValue::Scalar(Scalar::Text(text)) => only(text, &[]),
        FreeValue::Scalar(_) => true,
        FreeValue::List(items) => items.iter().all(is_fixed_free),
        FreeValue::Mapping(mapping) => {
            let mut entries = mapping.entries.iter();
            entries.all(|entry| only(&entry.key, &[]) && is_fixed_free(&entry.value))
        }
        FreeValue::Unreadable => false,
    }
}

/// Whether the expressions in a text look at these contexts only.
fn only(template: &Template, allowed: &[&str]) -> bool {
    let Some((template, error)) = template.parsed() else {
        return true;
    };
    error.is_none()
        && template
            .expressions()
            .flat_map(expression::Expression::parts)
            .all(|part| match part.node() {
                Part::Context(name) => allowed.iter().any(|allowed| allowed.eq_ignore_ascii_case(name)),
                _ => true,
            })
}
