//! Who sends what to whom, how fast, and how long it waits: totals as they were last told, and windows of the last ten minutes.
//!
//! Owns no clock: time is the moment that a report came in. Rates come from the growth of totals between two reports of one
//! boot, spread over the time between them; where that was too long there is a gap, and nothing is carried over it. What is
//! first heard of is a point to count from, not growth, unless it is known to have just begun. A total that falls grew by
//! nothing. When the clock jumps back the windows begin anew.
//!
//! Memory is bounded: by numbers of types, messages and edges, and by bytes for the windows of single actors and messages
//! (64 MiB each). What finds no room is in the totals of its type all the same. The last minute of each actor, which lists are
//! filtered and ordered by, has room for all: some 200 bytes of those that did something in it.

mod actors;
mod coverage;
mod edges;
mod growth;
mod kinds;
mod minute;
mod rates;
mod read;
mod seconds;
mod series;
mod span;
mod store;

pub(crate) use kinds::Plumbing;
pub(crate) use rates::RateLine;
pub(crate) use read::{History, HistoryOf, MessageRow, Neighbour, Percentiles, TypeRow};
pub(crate) use seconds::MOST as SECONDS_AT_ONCE;
pub(crate) use span::second_of;
pub(crate) use store::Traffic;

/// Seconds that windows reach back.
pub(crate) const WINDOW: i64 = 600;
/// Between two reports of one sender that are further apart nothing is known.
pub(crate) const GAP_MILLIS: u64 = 10_000;
/// What began so short before its first report counts from zero.
const JUST_BEGAN_MILLIS: u64 = 15_000;
