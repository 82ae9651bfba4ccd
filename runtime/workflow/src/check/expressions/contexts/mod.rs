//! The contexts of a workflow, with their types at each place.

mod action;
mod github;
mod inputs;
mod matrix;
mod steps;
mod words;

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use indexmap::IndexSet;

use super::checker::Checker;
use super::outputs::Outputs;
use super::resolver::{ContextResolver, NotYet, Unknown};
use super::types::{Properties, Type};
use crate::dialect::Dialect;
use crate::expression::WorkflowKey;
use crate::model::{Input, Job, JobId, Literal, Site, StepPlace, Workflow};
use crate::span::Span;
use steps::Steps;

pub(super) use action::ActionContexts;
pub(super) use inputs::kind;

/// Of how many jobs the contexts are kept.
const MOST_KEPT: usize = 16;

/// How many jobs that a job needs, directly or not, are looked at for its `if`.
const MOST_NEEDED: usize = 512;

/// What the expressions of a workflow can see. Each context is made when somebody first asks for it.
pub(super) struct Contexts<'w, 'c, 'r> {
    workflow: &'w Workflow,
    pub(super) outputs: Outputs<'c, 'r>,
    /// The contexts that are the same everywhere.
    common: Vec<(&'static str, Type)>,
    jobs: HashMap<JobId, JobContexts>,
    /// Whether variables and secrets may have any name: Loom's may, and those of a caller.
    free_names: bool,
    /// Values of matrices that are one expression, by their job and place: an alias puts one place into several jobs.
    whole: HashMap<(JobId, Span), &'w Site>,
}

/// The contexts of a job.
#[derive(Default)]
struct JobContexts {
    steps: Option<Rc<Steps>>,
    matrix: Option<Type>,
    needs: Option<Type>,
    /// The same with what these jobs need.
    all_needs: Option<Type>,
    job: Option<Type>,
}

impl<'w, 'c, 'r> Contexts<'w, 'c, 'r> {
    pub(super) fn new(workflow: &'w Workflow, outputs: Outputs<'c, 'r>) -> Self {
        let in_strategy = |site: &&Site| site.key == WorkflowKey::JobStrategy && site.whole().is_some();
        let whole = workflow.sites.iter().filter(in_strategy);
        Self {
            workflow,
            outputs,
            common: Vec::new(),
            jobs: HashMap::new(),
            free_names: workflow.dialect == Dialect::Loom
                || workflow.triggers.events.contains_key("workflow_call"),
            whole: whole
                .filter_map(|site| Some(((site.job.clone()?, site.span), site)))
                .collect(),
        }
    }

    /// The input whose default stands at a place.
    pub(super) fn input_at(&self, place: Span) -> Option<&'w Input> {
        let call = self.workflow.triggers.events.get("workflow_call")?;
        call.inputs.values().find(|input| {
            let default = input.default.as_ref();
            default.is_some_and(|default| default.span == place)
        })
    }

    pub(super) fn job_of(&self, site: &Site) -> Option<&'w Job> {
        self.workflow.jobs.get(site.job.as_ref()?)
    }

    fn common(&mut self, name: &'static str, make: impl FnOnce(&Workflow) -> Type) -> Type {
        if let Some(known) = self.known(name) {
            return known;
        }
        let made = make(self.workflow);
        self.common.push((name, made.clone()));
        made
    }

    fn known(&self, name: &str) -> Option<Type> {
        let mut known = self.common.iter().filter(|(known, _)| *known == name);
        known.next().map(|(_, context)| context.clone())
    }

    /// What the default of an input sees of the others.
    fn inputs_before(&mut self, site: &Site) -> Type {
        let Some(call) = self.workflow.triggers.events.get("workflow_call") else {
            return self.common("inputs", inputs::inputs);
        };
        match self.input_at(site.span) {
            Some(input) => inputs::inputs_before(&call.inputs, input),
            None => Type::Any,
        }
    }

    fn cached(&mut self, job: &Job) -> &mut JobContexts {
        // Expressions come job by job: what earlier ones saw is not asked for again.
        if self.jobs.len() >= MOST_KEPT && !self.jobs.contains_key(&job.id.value) {
            self.jobs.clear();
        }
        self.jobs.entry(job.id.value.clone()).or_default()
    }

    fn steps(&mut self, job: &Job) -> Rc<Steps> {
        if let Some(known) = &self.cached(job).steps {
            return Rc::clone(known);
        }
        let made = Rc::new(Steps::of(job, &mut self.outputs));
        self.cached(job).steps = Some(Rc::clone(&made));
        made
    }

    fn needs(&mut self, job: &Job) -> Type {
        if let Some(known) = &self.cached(job).needs {
            return known.clone();
        }
        let made = self.jobs_needed(job, job.needs.iter().map(|need| &need.value));
        self.cached(job).needs = Some(made.clone());
        made
    }

    /// What the `if` of a job sees: what its needs need too (actions/runner#2356).
    fn all_needs(&mut self, job: &Job) -> Type {
        if let Some(known) = &self.cached(job).all_needs {
            return known.clone();
        }
        let mut found: IndexSet<&JobId> = job.needs.iter().map(|need| &need.value).collect();
        let mut place = 0;
        while let Some(need) = found.get_index(place).copied() {
            if found.len() > MOST_NEEDED {
                return Type::Any;
            }
            let needed = self.workflow.jobs.get(need);
            found.extend(
                needed
                    .into_iter()
                    .flat_map(|job| &job.needs)
                    .map(|need| &need.value),
            );
            place += 1;
        }
        let made = self.jobs_needed(job, found.into_iter());
        self.cached(job).all_needs = Some(made.clone());
        made
    }

    fn jobs_needed<'i>(&mut self, job: &Job, needs: impl Iterator<Item = &'i JobId>) -> Type {
        let mut all = Properties::default();
        for need in needs {
            let value = match self.workflow.jobs.get(need) {
                Some(needed) => result(self.outputs.of_job(needed)),
                // Reported where needs are checked.
                None => Type::Any,
            };
            all.add(Arc::from(need.as_str()), value);
        }
        let broken = job.keys.contains("needs") && job.needs.is_empty();
        if broken { Type::Any } else { Type::mapping(all) }
    }

    /// The `jobs` context, which the outputs of a called workflow see.
    fn all_jobs(&mut self) -> Type {
        if let Some(known) = self.known("jobs") {
            return known;
        }
        let mut all = Properties::default();
        for (id, job) in &self.workflow.jobs {
            all.add(Arc::from(id.as_str()), result(self.outputs.of_job(job)));
        }
        let made = Type::mapping(all);
        self.common.push(("jobs", made.clone()));
        made
    }

    fn matrix(&mut self, job: &Job) -> Type {
        if let Some(known) = &self.cached(job).matrix {
            return known.clone();
        }
        let whole = std::mem::take(&mut self.whole);
        let made = matrix::matrix(job, &mut |span| match whole.get(&(job.id.value.clone(), span)) {
            Some(site) => site.whole().map_or(Type::Text, |expression| {
                Checker::new(site, self, None).infer(expression)
            }),
            None => Type::Text,
        });
        self.whole = whole;
        self.cached(job).matrix = Some(made.clone());
        made
    }

    fn job(&mut self, job: &Job) -> Type {
        if let Some(known) = &self.cached(job).job {
            return known.clone();
        }
        let services = match job.services.as_deref() {
            None if !job.keys.contains("services") => Type::strict::<&str>([]),
            Some(Literal::Value(services)) if services.has_known_names() => {
                Type::strict(services.keys().map(|name| (Arc::clone(name), github::service())))
            }
            _ => Type::map(github::service()),
        };
        let made = github::job(services);
        self.cached(job).job = Some(made.clone());
        made
    }
}

impl ContextResolver for Contexts<'_, '_, '_> {
    fn context(&mut self, name: &str, site: &Site) -> Type {
        match name {
            "github" => self.common("github", |workflow| {
                github::github(inputs::event_inputs(workflow))
            }),
            "env" | "vars" => self.common("env", |_| Type::map(Type::Text)),
            "secrets" => self.common("secrets", inputs::secrets),
            "inputs" if site.key == WorkflowKey::CallInputDefault => self.inputs_before(site),
            "inputs" => self.common("inputs", inputs::inputs),
            "runner" => self.common("runner", |_| github::runner()),
            "strategy" => self.common("strategy", |_| github::strategy()),
            "jobs" => self.all_jobs(),
            _ => match (name, self.job_of(site)) {
                ("needs", Some(job)) if site.key == WorkflowKey::JobIf => self.all_needs(job),
                ("needs", Some(job)) => self.needs(job),
                ("matrix", Some(job)) => self.matrix(job),
                ("job", Some(job)) => self.job(job),
                ("steps", Some(job)) => match site.key {
                    // Made before any step runs.
                    WorkflowKey::JobContainerEnv | WorkflowKey::JobServiceEnv => Type::Any,
                    _ => self.steps(job).context.clone(),
                },
                _ => Type::Any,
            },
        }
    }

    fn has_free_names(&self) -> bool {
        self.free_names
    }

    fn not_yet(&self, context: &str, position: usize, site: &Site) -> Option<NotYet> {
        if !context.eq_ignore_ascii_case("steps") {
            return None;
        }
        let here = site.step?;
        let steps = self.jobs.get(site.job.as_ref()?)?.steps.as_ref()?;
        let (there, related) = *steps.places.get(position)?;
        late(here, there, related)
    }

    fn unknown(&self, context: &str, name: &str, known: &Properties, site: &Site) -> Option<Unknown> {
        words::unknown(self.workflow, context, name, known, site)
    }
}

/// Why a step at one place cannot see the step at another, if it cannot.
fn late(here: StepPlace, there: StepPlace, related: Span) -> Option<NotYet> {
    let beside = there.index == here.index && there != here && here.inner.is_some();
    if there.index < here.index || beside {
        return None;
    }
    let (label, help) = if there == here {
        (
            "this is the step itself",
            "a step knows its outputs only once it is done: use them in a later step",
        )
    } else {
        ("it runs after this step", "move it before this step")
    };
    Some(NotYet { label, related, help })
}

/// What is known of a job that gives these outputs.
fn result(outputs: Type) -> Type {
    Type::strict([("outputs", outputs), ("result", Type::Text)])
}
