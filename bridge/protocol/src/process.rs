//! What a process uses of its machine.

use serde::{Deserialize, Serialize};

/// What a process has used since it began, and holds now. What can't be had is absent, never zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct ProcessFigures {
    /// Microseconds of processor time of all its threads, since it began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_us: Option<u64>,
    /// Bytes of memory, resident.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<u64>,
    /// Files that are open, sockets among them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub files: Option<u64>,
    /// How busy the threads are that run its actors.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arbiters: Option<ArbiterTime>,
}

/// Time of all threads that run actors, together. Both only grow: what they grow by between two reports is how busy they were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct ArbiterTime {
    /// Microseconds in which they ran.
    pub busy_us: u64,
    /// Microseconds in which they could have run: with four threads, four a microsecond.
    pub of_us: u64,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_not_known_is_absent() {
        let figures: ProcessFigures = serde_json::from_value(json!({"memory": 9, "later": 1})).unwrap();
        assert_eq!(figures.memory, Some(9));
        assert_eq!(serde_json::to_value(figures).unwrap(), json!({"memory": 9}));
        let arbiters = json!({"arbiters": {"busyUs": 2, "ofUs": 8}});
        let figures: ProcessFigures = serde_json::from_value(arbiters.clone()).unwrap();
        assert_eq!(serde_json::to_value(figures).unwrap(), arbiters);
    }
}
