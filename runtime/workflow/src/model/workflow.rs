//! A whole workflow.

use indexmap::IndexMap;

use super::env::Env;
use super::id::JobId;
use super::job::Job;
use super::keys::Keys;
use super::limits::Concurrency;
use super::permissions::Permissions;
use super::site::Site;
use super::template::{Literal, Template};
use super::triggers::Triggers;
use crate::dialect::Dialect;
use crate::span::{Span, Spanned};

/// What a workflow file says.
#[derive(Clone, Debug, PartialEq)]
pub struct Workflow {
    /// The rules the file was read by.
    pub dialect: Dialect,
    /// Where it stands.
    pub span: Span,
    /// `name`: what people call it.
    pub name: Option<Spanned<Template>>,
    /// `run-name`: what a run of it is called.
    pub run_name: Option<Spanned<Template>>,
    /// `on`: what starts it.
    pub triggers: Triggers,
    /// `permissions` of the token of all jobs; `None` leaves them to the settings of the repository.
    pub permissions: Option<Spanned<Permissions>>,
    /// `concurrency`: with which runs it does not run at once.
    pub concurrency: Option<Spanned<Literal<Concurrency>>>,
    /// `env`: variables of all steps.
    pub env: Option<Spanned<Env>>,
    /// `defaults.run`: defaults of all steps that run a script.
    pub defaults: Defaults,
    /// `jobs` in the order of the file.
    pub jobs: IndexMap<JobId, Job>,
    /// Which keys stand at the top level.
    pub keys: Keys,
    /// Every value that holds expressions, for rules to walk; only the first ones of a monstrous file.
    pub sites: Vec<Site>,
}

/// `defaults.run` of a workflow or job.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Defaults {
    /// `shell` of steps that name none.
    pub shell: Option<Spanned<Template>>,
    /// `working-directory` of steps that name none.
    pub working_directory: Option<Spanned<Template>>,
}
