//! A job on its way: the pure machine that decides, the actor that does.

mod actor;
mod holding;
mod machine;
mod place;

pub(super) use actor::{JobActor, JobSeat};
pub(super) use holding::Holding;
pub(super) use machine::Input;
pub(crate) use place::chain;
pub(super) use place::reclaim;
