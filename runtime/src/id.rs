//! Names of things: runs, jobs, and what a job holds in an engine.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One execution of a workflow. Sorts by time of creation (UUID version 7, RFC 9562).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunId(pub String);

impl RunId {
    /// The part that is enough to tell runs apart at a glance; the random end of the id.
    pub fn short(&self) -> &str {
        let start = self.0.len().saturating_sub(12);
        self.0.get(start..).unwrap_or(&self.0)
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A job of a workflow as written: its key under `jobs:`; with a matrix, the instance's own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JobId(pub String);

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A job of a run, at one attempt: everything that the job holds in an engine or on disk is named by it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct JobKey {
    /// The run.
    pub run: RunId,
    /// The job.
    pub job: JobId,
    /// From 1.
    pub attempt: u32,
}

impl JobKey {
    /// A deterministic name for the engine: `loom-<run>-<job>-<attempt>`, of characters that every engine takes.
    pub fn resource_name(&self) -> String {
        let job: String = self
            .job
            .0
            .chars()
            .map(|c| {
                if c.is_ascii_alphanumeric() || c == '-' {
                    c
                } else {
                    '_'
                }
            })
            .take(40)
            .collect();
        format!("loom-{}-{job}-{}", self.run, self.attempt)
    }
}
