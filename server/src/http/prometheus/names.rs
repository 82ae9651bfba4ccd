//! Which names have series of their own in a workspace.

use crate::places::{MOST_TYPES, Places};

/// Rules with series of their own, at most.
const MOST_RULES: usize = 100;

/// The names that have series of their own in a workspace.
#[derive(Debug)]
pub(crate) struct SeriesNames {
    pub(super) types: Places,
    pub(super) rules: Places,
}

impl Default for SeriesNames {
    fn default() -> Self {
        Self {
            types: Places::new(MOST_TYPES),
            rules: Places::new(MOST_RULES),
        }
    }
}
