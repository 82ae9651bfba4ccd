//! What a studio remembers of its metrics: each second for ten minutes, each ten seconds for two hours, each minute for a week.
//!
//! Owns the rings, what they weigh, and the file that they are kept in. Knows names and numbers, and nothing of actors, HTTP or
//! clocks: a studio hands it what was measured, a second at a time and in the order of time ([`History::push`]), and asks what
//! it was like ([`History::read`]). Sums and histograms are kept, never means, so that any stretch of time can be joined of
//! them; a second that nobody measured is a gap. Coarse rings are sums of the fine one.
//!
//! A second is in the rings once. Where the clock went back, seconds that are there already are not taken again; where it stays
//! back for ten minutes, what lies in the future is forgotten.
//!
//! Where several studios are one, one that was not there takes over what another remembers ([`History::hand_over`]).
//!
//! Nothing but [`History::open`], [`History::close`], a handover and a read of the past waits for a disk. What the file does not take stays in
//! memory within its bound and is tried again; [`History::health`] says so.

mod chunk;
mod disk;
mod handover;
mod health;
mod history;
mod key;
mod metric;
mod options;
mod plan;
mod read;
mod ring;
mod step;
mod store;

#[cfg(test)]
mod tests;

pub use disk::FILE;
pub use handover::Unreadable;
pub use health::{HistoryHealth, Place};
pub use history::History;
pub use key::{By, Key};
pub use metric::Metric;
pub use options::HistoryOptions;
pub use read::{Line, Past, Question};
pub use step::{Counts, Slot, Step};
