//! The workflow as typed values, each with its place: what the file says, before anything is evaluated.

pub mod action;
mod env;
mod fields;
mod id;
mod job;
mod permissions;
mod site;
mod step;
mod template;
mod triggers;
mod workflow;

pub use env::Env;
pub use fields::{Field, Fields};
pub use id::{IdProblem, JobId, StepId};
pub use job::{Job, RunsOn};
pub use permissions::{Access, Permissions};
pub use site::{Shape, Site, StepPlace, Takes};
pub use step::{Action, Run, Step, Uses};
pub use template::{Literal, Minutes, Template};
pub use triggers::{Filter, Input, InputKind, Schedule, Secret, Trigger, Triggers};
pub use workflow::{Defaults, Workflow};
