//! A job as written.

use super::condition::Condition;
use super::container::{Container, Services};
use super::env::Env;
use super::id::JobId;
use super::keys::Keys;
use super::limits::{Concurrency, Environment};
use super::permissions::Permissions;
use super::reference::WorkflowReference;
use super::retry::Retry;
use super::site::StepPlace;
use super::snapshot::Snapshot;
use super::step::{Step, StepAction};
use super::strategy::{Matrix, Strategy};
use super::template::{Literal, Minutes, Template};
use super::values::{NamedMap, Scalar};
use super::workflow::Defaults;
use crate::span::Spanned;

/// One entry of `jobs`.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    /// The key, with its place.
    pub id: Spanned<JobId>,
    /// `name`: what people call it.
    pub name: Option<Spanned<Template>>,
    /// `needs`: the jobs that must be done first, as written.
    pub needs: Vec<Spanned<JobId>>,
    /// `if`: whether it runs at all.
    pub condition: Option<Spanned<Condition>>,
    /// `strategy`: how often it runs, and with what.
    pub strategy: Option<Spanned<Literal<Strategy>>>,
    /// `runs-on`; Loom's files may leave it out.
    pub runs_on: Option<Spanned<RunsOn>>,
    /// `container`: what its steps run in.
    pub container: Option<Spanned<Literal<Container>>>,
    /// `services`: what runs beside it.
    pub services: Option<Spanned<Literal<Services>>>,
    /// `permissions` of its token, instead of those of the workflow.
    pub permissions: Option<Spanned<Permissions>>,
    /// `concurrency`: with whom it does not run at once.
    pub concurrency: Option<Spanned<Literal<Concurrency>>>,
    /// `environment`: what it deploys to.
    pub environment: Option<Spanned<Environment>>,
    /// `outputs`: what it tells the jobs that need it.
    pub outputs: NamedMap<Template>,
    /// `env`: variables of all steps.
    pub env: Option<Spanned<Env>>,
    /// `defaults.run`: defaults of the steps that run a script.
    pub defaults: Defaults,
    /// `timeout-minutes`.
    pub timeout_minutes: Option<Spanned<Literal<Minutes>>>,
    /// `cancel-timeout-minutes`: how long it may take to end once it is cancelled.
    pub cancel_timeout_minutes: Option<Spanned<Literal<Minutes>>>,
    /// `continue-on-error`: whether a failure leaves the run a success.
    pub continue_on_error: Option<Spanned<Literal<bool>>>,
    /// `snapshot`: an image that is made of its machine.
    pub snapshot: Option<Spanned<Snapshot>>,
    /// `retry`: what becomes of it when it fails.
    pub retry: Option<Spanned<Retry>>,
    /// `steps` in order; empty for a job that calls a workflow.
    pub steps: Vec<Step>,
    /// Whether a step is missing here because of a mistake that was reported.
    pub has_unread_steps: bool,
    /// `uses`: the workflow that the job calls instead of having steps.
    pub uses: Option<Spanned<Template>>,
    /// `with`: the inputs of the called workflow.
    pub with: NamedMap<Scalar>,
    /// `secrets` of the called workflow.
    pub secrets: Option<Spanned<Secrets>>,
    /// Which keys it has.
    pub keys: Keys,
}

/// Where a job wants to run.
#[derive(Clone, Debug, PartialEq)]
pub struct RunsOn {
    /// The labels in the order of the file. One that is the whole value may give several, or a mapping of both.
    pub labels: Vec<Spanned<Template>>,
    /// The runner group, of the form `{group, labels}`.
    pub group: Option<Spanned<Template>>,
}

/// The secrets that a called workflow gets.
#[derive(Clone, Debug, PartialEq)]
pub enum Secrets {
    /// `inherit`: all that the caller has.
    Inherit,
    /// These.
    Named(NamedMap<Scalar>),
}

impl Job {
    /// The workflow that it calls, when `uses` names one.
    #[must_use]
    pub fn calls(&self) -> Option<WorkflowReference> {
        WorkflowReference::parse(self.uses.as_ref()?.as_plain()?)
    }

    /// The step at a place.
    #[must_use]
    pub fn step(&self, place: StepPlace) -> Option<&Step> {
        let step = self.steps.get(place.index)?;
        match (place.inner, &step.action) {
            (Some(inner), StepAction::Parallel(steps)) => steps.get(inner),
            (Some(_), _) => None,
            (None, _) => Some(step),
        }
    }

    /// The container that its steps run in and those beside it, as far as they are written out.
    pub fn containers(&self) -> impl Iterator<Item = &Container> {
        let services = match self.services.as_deref() {
            Some(Literal::Value(services)) => Some(services.values()),
            _ => None,
        };
        let services = services.into_iter().flatten().map(|service| &service.value.value);
        let container = self.container.iter().map(|container| &container.value);
        container.chain(services).filter_map(|container| match container {
            Literal::Value(container) => Some(container),
            Literal::Expression(_) | Literal::Computed(_) => None,
        })
    }

    /// The matrix, when its keys are written out, with its strategy.
    #[must_use]
    pub fn written_matrix(&self) -> Option<(&Strategy, Spanned<&Matrix>)> {
        let Literal::Value(strategy) = self.strategy.as_deref()? else {
            return None;
        };
        let matrix = strategy.matrix.as_ref()?;
        match &matrix.value {
            Literal::Value(written) => Some((strategy, Spanned::new(written, matrix.span))),
            Literal::Expression(_) | Literal::Computed(_) => None,
        }
    }

    /// Whether it has a matrix, as far as the file says: a strategy that an expression gives may have one.
    #[must_use]
    pub fn has_matrix(&self) -> bool {
        let strategy = self.strategy.as_ref();
        strategy.is_some_and(|strategy| match &strategy.value {
            Literal::Value(strategy) => strategy.matrix.is_some(),
            Literal::Expression(_) | Literal::Computed(_) => true,
        })
    }

    /// What people call it before anything is evaluated: `name` where it is plain text, else the id.
    #[must_use]
    pub fn static_name(&self) -> &str {
        let name = self.name.as_ref().and_then(|name| name.as_plain());
        name.filter(|name| !name.is_empty()).unwrap_or(self.id.as_str())
    }
}
