//! What is measured: messages by type of actor and type of message, and, while somebody looks closer, by actor and by
//! sender.
//!
//! Counting happens where messages pass (`context/envelope.rs`, `sync/envelope.rs`) and is nothing but additions to cells
//! that are found without a lock. All counts only grow; what there is no room for is counted as left out. A
//! [`Report`] reads the cells for a studio, which is told totals and never differences.

mod asks;
mod edges;
mod follow;
mod kind;
mod known;
mod level;
mod message;
mod names;
mod report;
mod room;
mod row;
mod times;

pub(crate) use asks::Ask;
pub(crate) use follow::{attend, look_away, look_no_more};
pub(crate) use kind::{Kind, TypeCell, named_cell, type_cell};
pub(crate) use message::{MessageCell, message_cell};
pub(crate) use names::{Sender, SenderNumber};
pub(crate) use report::{Measured, Report};
pub(crate) use row::{Row, Traffic, leave_out};

pub use follow::{follow_studio, set_level};
pub use kind::{TypeStats, type_stats};
pub use level::{Level, level};
