//! What a run does.
//!
//! ```text
//! event -> triggered: does it start the workflow, and why
//!       -> forecast: what becomes of each job, as far as it can be told
//! job   -> condition: does it run, once its needs are done
//!       -> expand: its instances, one for each combination of its matrix, evaluated
//! step  -> step_condition, step_values: when its turn comes
//!          of an action: action_inputs, action_arguments, hook_condition, action_outputs
//! job   -> job_outputs: at its end; of a call: inputs, called_secrets at its beginning, called_outputs at its end
//! ```
//!
//! All of these are pure: contexts come in as an [`Object`](crate::expression::Object), and what has no value is a finding.
//! `instance.rs` says what is evaluated when.
//!
//! What has no effect here is told once a key ([`notices`]); nothing is refused for it.

mod action;
mod background;
mod call;
mod choose;
mod combinations;
mod condition;
mod decision;
mod env;
mod evaluation;
mod event;
mod filter;
mod forecast;
mod image;
mod inputs;
mod instance;
mod notices;
mod retry;
mod run;
mod script;
mod shape;
mod strategy;
mod trigger;
mod work;
mod written;

pub use action::{
    ActionArguments, ActionInputs, action_arguments, action_inputs, action_outputs, hook_condition,
    input_variable,
};
pub use background::needs_final_wait;
pub use call::{CallPlan, CallSecrets, called_outputs, called_secrets};
pub use choose::choose_jobs;
pub use combinations::{Combination, MatrixError, combinations};
pub use condition::{Ancestors, JobResult, condition, step_condition};
pub use decision::{TriggerDecision, TriggerReason};
pub use env::{job_env, step_env};
pub use event::{Event, GitRef};
pub use forecast::{EventPlan, JobForecast, forecast, instance_dag, instance_names, matrix, plan_for_event};
pub use image::image_of;
pub use inputs::inputs;
pub use instance::{ConcurrencyPlan, ContainerPlan, Instance, InstanceId, Login, StepDefaults, expand};
pub use notices::notices;
pub use retry::RetryPlan;
pub use run::{RunValues, run_values};
pub use script::shell_of;
pub use strategy::StrategyPlan;
pub use trigger::triggered;
pub use work::{StepValues, Work, job_outputs, step_values};
