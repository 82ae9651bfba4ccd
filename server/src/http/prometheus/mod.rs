//! `GET /metrics`: numbers for Prometheus, in its text format. Never an actor's id as a label, and of other names only so many: what
//! Prometheus keeps of a studio must not grow with the names that come and go ([`crate::places`]).

mod names;
mod page;
mod text;
mod types;
mod warnings;

pub(crate) use names::SeriesNames;
pub(super) use page::{__path_page, page};
