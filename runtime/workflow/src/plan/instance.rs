//! A job once for every combination of its matrix, each with an evaluated copy of its own.
//!
//! | written | evaluated | with |
//! | --- | --- | --- |
//! | `if` of a job | when all it needs is done ([`condition`](super::condition)) | `github`, `needs`, `vars`, `inputs` |
//! | `strategy` | after that, once ([`expand`]) | the same |
//! | `name`, `runs-on`, `timeout-minutes`, `continue-on-error`, `container`, `services`, `concurrency`, `environment` | with it, for each combination | also `strategy`, `matrix` |
//! | `env`, `defaults.run` | with it, for each combination | also `secrets`; `defaults.run` also `env` |
//! | `with`, `secrets` of a call | with it, for each combination | also `secrets` |
//! | `run-name`, `concurrency` of the workflow | before the run begins ([`run_values`](super::run_values)) | `github`, `vars`, `inputs` |
//! | steps, `outputs`, the `url` of an `environment` | while the job runs | also `job`, `runner`, `steps` |
//!
//! A job whose values do not use `needs` can be expanded before the run begins.

use std::fmt;
use std::sync::Arc;

use indexmap::IndexMap;

use super::call::{CallPlan, call};
use super::combinations::Combination;
use super::evaluation::{Evaluation, SizeBudget, is_insert};
use super::retry::RetryPlan;
use super::shape;
use super::strategy::{self, StrategyPlan};
use crate::codes;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::expression::{Environment, Object, Value};
use crate::model::{Env, Job, JobId, Minutes, Queue, Template, Workflow};
use crate::span::{Span, Spanned};

/// The longest name of an instance, in UTF-16 units as GitHub counts.
const LONGEST_NAME: usize = 100;

/// Which instance of which job.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct InstanceId {
    /// The job.
    pub job: JobId,
    /// Its place among the instances of the job, from 0.
    pub index: usize,
}

impl fmt::Display for InstanceId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}#{}", self.job, self.index)
    }
}

impl fmt::Debug for InstanceId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// A job with one combination of its matrix.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Instance {
    /// Which one.
    pub id: InstanceId,
    /// What people call it: `build (ubuntu-latest, 20)`.
    pub name: String,
    /// The contexts that it was evaluated with, `strategy`, `matrix` and `env` among them; what is evaluated later gets
    /// them too.
    pub contexts: Object,
    /// How many run at once, and whether a failure ends the others: the same for all instances of a job.
    pub strategy: StrategyPlan,
    /// Labels of `runs-on`; none where nothing is written.
    pub labels: Vec<Arc<str>>,
    /// The runner group of `runs-on`.
    pub group: Option<Arc<str>>,
    /// Variables of all steps: those of the workflow with its own over them.
    pub env: IndexMap<String, String>,
    /// What the steps run in.
    pub container: Option<ContainerPlan>,
    /// What runs beside it, by name.
    pub services: IndexMap<Arc<str>, ContainerPlan>,
    /// How long it may take; `None` where nothing above zero is written.
    pub timeout: Option<Minutes>,
    /// How long it may take to end once it is cancelled.
    pub cancel_timeout: Option<Minutes>,
    /// Whether a failure leaves the run a success.
    pub continue_on_error: bool,
    /// Whether it runs again when it fails.
    pub retry: Option<RetryPlan>,
    /// With whom it does not run at once.
    pub concurrency: Option<ConcurrencyPlan>,
    /// The name of what it deploys to.
    pub environment: Option<Arc<str>>,
    /// The workflow that it calls instead of having steps, and what it gives it.
    pub call: Option<CallPlan>,
    /// What steps take that name nothing themselves: that of the job, else of the workflow.
    pub defaults: StepDefaults,
}

/// What steps take that name nothing themselves. Those of a composite action have none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StepDefaults {
    /// What runs the scripts.
    pub shell: Option<Arc<str>>,
    /// Where they run.
    pub working_directory: Option<Arc<str>>,
}

/// A container to run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContainerPlan {
    /// The image, without `docker://`.
    pub image: String,
    /// Who logs in at the registry.
    pub login: Option<Login>,
    /// Its variables.
    pub env: IndexMap<String, String>,
    /// Its ports as written.
    pub ports: Vec<String>,
    /// Its volumes as written.
    pub volumes: Vec<String>,
    /// Further arguments, as one text.
    pub options: String,
    /// What runs instead of the entrypoint of the image.
    pub entrypoint: Option<String>,
    /// What runs instead of the command of the image.
    pub command: Option<String>,
}

/// A name and a password at a registry. It prints without the password.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Login {
    /// The name.
    pub username: String,
    /// The password.
    pub password: String,
}

impl fmt::Debug for Login {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Login")
            .field("username", &self.username)
            .finish_non_exhaustive()
    }
}

/// A group of which only one runs at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConcurrencyPlan {
    /// Its name.
    pub group: Arc<str>,
    /// Whether a new one ends the one that runs.
    pub cancel_in_progress: bool,
    /// Who waits for it.
    pub queue: Queue,
}

/// Evaluates a job for every combination of its matrix, in their order. `contexts` are those that are known before:
/// `github`, `vars`, `inputs`, `secrets`, and `needs` of the jobs that it needs, which must be done.
///
/// There are no instances when something has no value; the diagnostics say what.
pub fn expand(workflow: &Workflow, job: &Job, contexts: &Object) -> (Option<Vec<Instance>>, Diagnostics) {
    let mut diagnostics = Diagnostics::new();
    let mut budget = SizeBudget::default();
    let strategy = strategy::evaluate(job, contexts, &mut diagnostics, &mut budget);
    let Some((strategy, combinations)) = strategy else {
        return (None, diagnostics.finish());
    };
    let mut instances = Vec::new();
    let total = combinations.len().max(1);
    for index in 0..total {
        let combination = combinations.get(index);
        let own = contexts_of(contexts, &strategy, combination, index, total);
        let id = InstanceId {
            job: job.id.value.clone(),
            index,
        };
        let maker = Maker {
            workflow,
            job,
            strategy: &strategy,
            diagnostics: &mut diagnostics,
            budget: &mut budget,
        };
        let instance = maker.instance(id, combination, own);
        instances.push(instance);
        if diagnostics.is_blocking() {
            // The others would say the same again.
            break;
        }
    }
    let diagnostics = diagnostics.finish();
    ((!diagnostics.is_blocking()).then_some(instances), diagnostics)
}

/// What all instances of a job are made with.
struct Maker<'a> {
    workflow: &'a Workflow,
    job: &'a Job,
    strategy: &'a StrategyPlan,
    diagnostics: &'a mut Diagnostics,
    budget: &'a mut SizeBudget,
}

impl Maker<'_> {
    fn instance(self, id: InstanceId, combination: Option<&Combination>, mut contexts: Object) -> Instance {
        let Self {
            workflow,
            job,
            strategy,
            diagnostics,
            budget,
        } = self;
        let mut env = IndexMap::new();
        for written in [&workflow.env, &job.env].into_iter().flatten() {
            let mut evaluation = Evaluation::new(Environment::new(&contexts), diagnostics, budget);
            for (name, value) in variables(&mut evaluation, written) {
                env.insert(name, value);
            }
        }
        let mut context = Object::case_sensitive();
        for (name, value) in &env {
            context.insert(name.as_str(), Value::from(value.as_str()));
        }
        contexts.insert("env", Value::object(context));
        let mut evaluation = Evaluation::new(Environment::new(&contexts), diagnostics, budget);
        let (labels, group) = shape::runs_on(&mut evaluation, job);
        let mut default =
            |job: &Option<Spanned<Template>>, workflow: &Option<Spanned<Template>>, key: &str| {
                let written = job.as_ref().or(workflow.as_ref())?;
                evaluation.text(written, key)
            };
        let shell = default(&job.defaults.shell, &workflow.defaults.shell, "shell");
        let working_directory = default(
            &job.defaults.working_directory,
            &workflow.defaults.working_directory,
            "working-directory",
        );
        let name = name(&mut evaluation, job, combination);
        let container = shape::container(&mut evaluation, job);
        let services = shape::services(&mut evaluation, job);
        let timeout = shape::minutes(&mut evaluation, job.timeout_minutes.as_ref(), "timeout-minutes");
        let cancel_timeout = shape::minutes(
            &mut evaluation,
            job.cancel_timeout_minutes.as_ref(),
            "cancel-timeout-minutes",
        );
        let continue_on_error = job
            .continue_on_error
            .as_ref()
            .and_then(|written| evaluation.boolean(written, "continue-on-error"))
            .unwrap_or_default();
        let concurrency = shape::concurrency(&mut evaluation, job.concurrency.as_ref());
        let environment = shape::environment(&mut evaluation, job);
        let call = call(&mut evaluation, job);
        Instance {
            id,
            name,
            strategy: strategy.clone(),
            labels,
            group,
            env,
            container,
            services,
            timeout,
            cancel_timeout,
            continue_on_error,
            retry: job.retry.as_deref().map(RetryPlan::of),
            concurrency,
            environment,
            call,
            defaults: StepDefaults {
                shell,
                working_directory,
            },
            contexts,
        }
    }
}

/// The variables of an `env`. One that no program can be given is reported.
pub(super) fn variables(evaluation: &mut Evaluation<'_>, env: &Spanned<Env>) -> Vec<(String, String)> {
    let mut all = Vec::new();
    match &env.value {
        Env::Variables(variables) => {
            for (name, named) in variables {
                let value = &named.value;
                if is_insert(name) {
                    let given = evaluation.value(value);
                    let texts = given.and_then(|given| shape::texts(evaluation, &given, "env", value.span));
                    for (name, text) in texts.unwrap_or_default() {
                        variable(evaluation, &name, &text, value.span);
                        all.push((name, text));
                    }
                    continue;
                }
                let text = evaluation.text(value, name);
                if let (Some(name), Some(text)) = (shape::name(evaluation, name, named), text) {
                    variable(evaluation, &name, &text, value.span);
                    all.push((name.to_string(), text.to_string()));
                }
            }
        }
        Env::Expression(template) => {
            let whole = Spanned::new(template.clone(), env.span);
            let value = evaluation.value(&whole);
            let texts = value.and_then(|value| shape::texts(evaluation, &value, "env", env.span));
            all.extend(texts.unwrap_or_default());
            for (name, text) in &all {
                variable(evaluation, name, text, env.span);
            }
        }
    }
    all
}

fn variable(evaluation: &mut Evaluation<'_>, name: &str, text: &str, place: Span) {
    if name.is_empty() || name.contains(['=', '\0']) || text.contains('\0') {
        evaluation.diagnostics.push(
            Diagnostic::new(
                codes::VARIABLE,
                format!(
                    "the variable {} cannot be passed to a program",
                    crate::words::name(name)
                ),
            )
            .at(place, "for its name, or a zero byte in it")
            .help("names are not empty and hold no `=`, names and values no zero byte"),
        );
    }
}

/// The names of all instances; `None` when one has no value.
pub(super) fn names(job: &Job, strategy: &StrategyPlan, combinations: &[Combination]) -> Option<Vec<String>> {
    let mut diagnostics = Diagnostics::new();
    let mut budget = SizeBudget::default();
    let total = combinations.len().max(1);
    let mut names = Vec::with_capacity(total);
    for index in 0..total {
        let combination = combinations.get(index);
        let contexts = contexts_of(&Object::new(), strategy, combination, index, total);
        let mut evaluation = Evaluation::new(Environment::new(&contexts), &mut diagnostics, &mut budget);
        names.push(name(&mut evaluation, job, combination));
    }
    diagnostics.is_empty().then_some(names)
}

/// The contexts of one instance.
fn contexts_of(
    known: &Object,
    strategy: &StrategyPlan,
    combination: Option<&Combination>,
    index: usize,
    total: usize,
) -> Object {
    let mut contexts = known.clone();
    contexts.insert("strategy", strategy.context(index, total));
    let matrix = combination.map(|combination| Value::object(combination.matrix.clone()));
    contexts.insert("matrix", matrix.unwrap_or(Value::Null));
    contexts
}

/// GitHub's rule: a name with expressions is taken as it comes out; a plain one, or the id, gets the values of the
/// combination behind it.
fn name(evaluation: &mut Evaluation<'_>, job: &Job, combination: Option<&Combination>) -> String {
    let computed = job.name.as_ref().filter(|name| name.as_plain().is_none());
    if let Some(name) = computed {
        let text = evaluation.text(name, "name").unwrap_or_default();
        if !text.is_empty() {
            return text.to_string();
        }
    }
    let parts = combination.map(|combination| combination.parts.as_slice());
    named(job.static_name(), parts.unwrap_or_default())
}

fn named(name: &str, parts: &[Arc<str>]) -> String {
    let whole = if parts.is_empty() {
        name.to_owned()
    } else {
        format!("{name} ({})", parts.join(", "))
    };
    if whole.encode_utf16().count() <= LONGEST_NAME {
        return whole;
    }
    let mut left = LONGEST_NAME - 3;
    let short: String = whole
        .chars()
        .take_while(|character| {
            let fits = character.len_utf16() <= left;
            left = left.saturating_sub(character.len_utf16());
            fits
        })
        .collect();
    format!("{short}...")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_cut_as_github_cuts_them() {
        let parts = |count: usize| -> Vec<Arc<str>> { vec![Arc::from("x".repeat(count))] };
        assert_eq!(named("build", &[]), "build");
        assert_eq!(named("build", &parts(2)), "build (xx)");
        assert_eq!(named("build", &parts(92)).len(), 100);
        let cut = named("build", &parts(93));
        assert_eq!(
            (cut.len(), cut.ends_with("x..."), cut.starts_with("build (x")),
            (100, true, true)
        );
        assert_eq!(named(&"é".repeat(101), &[]).chars().count(), 100);
        assert_eq!(named(&"😀".repeat(51), &[]).encode_utf16().count(), 99);
    }
}
