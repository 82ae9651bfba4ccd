//! A job as written.

use super::env::Env;
use super::fields::Fields;
use super::id::JobId;
use super::permissions::Permissions;
use super::step::Step;
use super::template::{Literal, Minutes, Template};
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
    /// `runs-on`; Loom's files may leave it out.
    pub runs_on: Option<Spanned<RunsOn>>,
    /// `permissions` of its token, instead of those of the workflow.
    pub permissions: Option<Permissions>,
    /// `env`: variables of all steps.
    pub env: Option<Spanned<Env>>,
    /// `defaults.run`: defaults of the steps that run a script.
    pub defaults: Defaults,
    /// `timeout-minutes`.
    pub timeout_minutes: Option<Spanned<Literal<Minutes>>>,
    /// `steps` in order; empty for a job that calls a workflow.
    pub steps: Vec<Step>,
    /// `uses`: the workflow that the job calls instead of having steps.
    pub uses: Option<Spanned<Template>>,
    /// All keys of the job as written, those without a typed field included.
    pub fields: Fields,
}

/// Where a job wants to run.
#[derive(Clone, Debug, PartialEq)]
pub struct RunsOn {
    /// The labels in the order of the file.
    pub labels: Vec<Spanned<Template>>,
    /// The runner group, of the form `{group, labels}`.
    pub group: Option<Spanned<Template>>,
}
