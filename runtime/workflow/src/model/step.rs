//! A step as written.

use super::env::Env;
use super::fields::Fields;
use super::id::StepId;
use super::template::{Literal, Minutes, Template};
use crate::span::{Span, Spanned};

/// One item of `steps`.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Where it stands: its first key.
    pub span: Span,
    /// `id`: what expressions call it.
    pub id: Option<Spanned<StepId>>,
    /// `name`: what people call it.
    pub name: Option<Spanned<Template>>,
    /// What it does.
    pub action: Action,
    /// `env`: variables of this step.
    pub env: Option<Spanned<Env>>,
    /// `timeout-minutes`.
    pub timeout_minutes: Option<Spanned<Literal<Minutes>>>,
    /// All keys of the step as written, those without a typed field included.
    pub fields: Fields,
}

/// What a step does: exactly one of these.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Action {
    /// `run`: a script.
    Run(Run),
    /// `uses`: an action.
    Uses(Uses),
    /// `wait`: until these background steps are done.
    Wait(Vec<Spanned<StepId>>),
    /// `wait-all`: until all background steps are done.
    WaitAll,
    /// `cancel`: ends a background step.
    Cancel(Spanned<StepId>),
    /// `parallel`: these steps at once.
    Parallel(Vec<Step>),
}

/// A script.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// `run`: the text of the script.
    pub script: Spanned<Template>,
    /// `shell`: what runs it.
    pub shell: Option<Spanned<Template>>,
    /// `working-directory`: where.
    pub working_directory: Option<Spanned<Template>>,
}

/// A call of an action.
#[derive(Clone, Debug, PartialEq)]
pub struct Uses {
    /// `uses`: which one. Its inputs are the field `with`.
    pub reference: Spanned<Template>,
}
