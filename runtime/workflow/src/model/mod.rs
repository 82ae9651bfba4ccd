//! The workflow as typed values, each with its place: what the file says, before anything is evaluated.
//!
//! Nothing here is a node of the file's tree: who must know how something is written asks the tree beside it. What a mistake
//! took away, which was reported, leaves a mark (`incomplete`), so that nobody complains about it a second time.

pub mod action;
mod condition;
mod container;
mod env;
mod free;
mod id;
mod job;
mod keys;
mod limits;
mod permissions;
mod reference;
mod retry;
mod site;
mod snapshot;
mod step;
mod strategy;
mod template;
mod triggers;
mod values;
mod workflow;

pub use condition::Condition;
pub use container::{Container, Credentials, Services};
pub use env::Env;
pub use free::{Free, FreeEntry, FreeMapping, FreeValue};
pub use id::{IdProblem, JobId, StepId};
pub use job::{Job, RunsOn, Secrets};
pub use keys::Keys;
pub use limits::{Concurrency, Environment, Queue};
pub use permissions::{Access, Permissions};
pub use reference::{ActionReference, Repository, WorkflowReference};
pub(crate) use reference::{ActionText, is_own, own};
pub use retry::{OnLost, Retry, parse_delay};
pub use site::{ExpectedType, Shape, Site, StepPlace};
pub use snapshot::Snapshot;
pub use step::{Run, Step, StepAction, Uses};
pub use strategy::{List, MOST_COMBINATIONS, Matrix, Strategy};
pub use template::{Literal, Minutes, Template};
pub use triggers::{Filter, Input, InputKind, Schedule, Secret, Trigger, Triggers};
pub use values::{ByName, Named, NamedMap, Scalar};
pub use workflow::{Defaults, Workflow};
