//! A step as written.

use super::condition::Condition;
use super::env::Env;
use super::id::StepId;
use super::reference::ActionReference;
use super::retry::{OnLost, Retry};
use super::template::{Literal, Minutes, Template};
use super::values::NamedMap;
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
    /// `if`: whether it runs.
    pub condition: Option<Spanned<Condition>>,
    /// What it does.
    pub action: StepAction,
    /// `env`: variables of this step.
    pub env: Option<Spanned<Env>>,
    /// `continue-on-error`: whether a failure leaves the job a success.
    pub continue_on_error: Option<Spanned<Literal<bool>>>,
    /// `timeout-minutes`.
    pub timeout_minutes: Option<Spanned<Literal<Minutes>>>,
    /// `background`: whether the steps behind it start without waiting for its end.
    pub background: Option<Spanned<bool>>,
    /// `retry`: what becomes of it when it fails.
    pub retry: Option<Spanned<Retry>>,
    /// `on-lost`: what becomes of it when its end was not seen.
    pub on_lost: Option<Spanned<OnLost>>,
    /// `tty`: whether its process has a terminal.
    pub tty: Option<Spanned<bool>>,
}

/// What a step does: exactly one of these.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum StepAction {
    /// `run`: a script.
    Run(Run),
    /// `uses`: an action.
    Uses(Uses),
    /// `wait`: until these background steps are done.
    Wait(Vec<Spanned<StepId>>),
    /// `wait-all`: until all background steps are done. Its value, if it has one, is `true`.
    WaitAll(Option<Spanned<bool>>),
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
    /// `uses`: which one.
    pub reference: Spanned<Template>,
    /// `with`: its inputs; one expression may give all of them.
    pub with: Option<Spanned<Literal<NamedMap<Template>>>>,
}

impl Uses {
    /// What `uses` names, when it is well formed.
    #[must_use]
    pub fn target(&self) -> Option<ActionReference> {
        ActionReference::parse(self.reference.as_plain()?)
    }
}
