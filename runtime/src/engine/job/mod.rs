//! A job on its way: the pure machine that decides, the actor that does.

mod actor;
mod machine;
mod place;

pub(super) use actor::{JobActor, JobSeat};
pub(super) use machine::Input;
pub(crate) use place::chain;
