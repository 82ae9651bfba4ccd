//! Who reports: one start of one process of an application.

use serde::{Deserialize, Serialize};

use crate::{BootId, Timestamp};

/// A process as it introduces itself to a studio. Two of one application differ in node, process or start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Source {
    /// The application, e.g. the name of its program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app: Option<String>,
    /// The machine or container it runs on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// Its process number there. In containers this is often 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
    /// This start; the one that its batches carry.
    pub boot: BootId,
    /// When it started, by its own clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "utoipa", schema(value_type = Option<String>, format = DateTime))]
    pub started: Option<Timestamp>,
}

impl Source {
    /// What tells its actors from others of the same id: `node:pid`, or what is known of the two, or nothing.
    pub fn scope(&self) -> Option<String> {
        let node = self.node.as_deref().filter(|node| !node.trim().is_empty());
        match (node, self.pid) {
            (Some(node), Some(pid)) => Some(format!("{node}:{pid}")),
            (Some(node), None) => Some(node.to_owned()),
            (None, Some(pid)) => Some(pid.to_string()),
            (None, None) => None,
        }
    }
}
