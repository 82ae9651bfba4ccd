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

/// A job of a run. Its key under `jobs:`, with `#` and the place among its instances for one combination of a matrix
/// (`test#0`), behind the id of the job that called its workflow where one did (`deploy/build`, `deploy#1/test#0`).
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JobId(pub String);

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl JobId {
    /// The id of a job in the workflow that this job calls.
    #[must_use]
    pub fn called(&self, job: &str) -> Self {
        Self(format!("{self}/{job}"))
    }

    /// The id of one combination of this job's matrix, from 0.
    #[must_use]
    pub fn instance(&self, index: usize) -> Self {
        Self(format!("{self}#{index}"))
    }

    /// The job of the workflow's own file that it came from: `deploy` of `deploy#1/test#0`.
    #[must_use]
    pub fn top(&self) -> &str {
        self.0.split(['#', '/']).next().unwrap_or(&self.0)
    }

    /// Whether it is the job of this name, or one that it brought.
    #[must_use]
    pub fn is_of(&self, name: &str) -> bool {
        self.0
            .strip_prefix(name)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['#', '/']))
    }

    /// Its key in the workflow that it stands in: `test` of `deploy#1/test#0`.
    #[must_use]
    pub fn key(&self) -> &str {
        let last = self.0.rsplit('/').next().unwrap_or(&self.0);
        last.split('#').next().unwrap_or(last)
    }
}

/// A step of a job, as long as the job lives: its place in the file from 0 (`2`), behind that of the step which brought it
/// (`2.0` of a composite action), and with what is done before or after it (`pre-2`, `post-2.0`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct StepId(pub String);

impl StepId {
    /// The step at this place of its job, from 0.
    #[must_use]
    pub fn at(index: usize) -> Self {
        Self(index.to_string())
    }

    /// A step that this one brings along, from 0.
    #[must_use]
    pub fn inner(&self, index: usize) -> Self {
        Self(format!("{self}.{index}"))
    }

    /// What is done before this step's job begins.
    #[must_use]
    pub fn pre(&self) -> Self {
        Self(format!("pre-{self}"))
    }

    /// The step that this one is, or for which it is done before or after the job.
    #[must_use]
    pub fn of_main(&self) -> Self {
        let id = self
            .0
            .strip_prefix("pre-")
            .or_else(|| self.0.strip_prefix("post-"));
        Self(id.unwrap_or(&self.0).to_owned())
    }

    /// How many steps it is within.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.0.matches('.').count()
    }

    /// What is done for this step at the end of the job.
    #[must_use]
    pub fn post(&self) -> Self {
        Self(format!("post-{self}"))
    }
}

impl fmt::Display for StepId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Histories of the first version named steps by their number.
impl<'de> Deserialize<'de> for StepId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Number(u64),
            Text(String),
        }
        Ok(match Form::deserialize(deserializer)? {
            Form::Number(number) => Self(number.to_string()),
            Form::Text(text) => Self(text),
        })
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
    /// A deterministic name for the engine: `loom-<run>-<job>-<attempt>`, of characters that every engine takes. A job
    /// whose id had to be cut or changed carries a hash of it, so that no two jobs of a run share a name.
    pub fn resource_name(&self) -> String {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
        let job: String = self
            .job
            .0
            .chars()
            .map(|c| if plain(c) { c } else { '_' })
            .take(40)
            .collect();
        let mark = if job == self.job.0 {
            String::new()
        } else {
            format!("-{:08x}", hash(&self.job.0))
        };
        format!("{}{job}{mark}-{}", Self::prefix(&self.run), self.attempt)
    }

    /// What the names of all jobs of a run begin with.
    pub fn prefix(run: &RunId) -> String {
        format!("loom-{run}-")
    }
}

/// FNV-1a of 32 bits: the same in every process and version.
fn hash(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(job: &str) -> String {
        JobKey {
            run: RunId("r".into()),
            job: JobId(job.into()),
            attempt: 1,
        }
        .resource_name()
    }

    #[test]
    fn ordinary_jobs_have_readable_names() {
        assert_eq!(name("build-all"), "loom-r-build-all-1");
    }

    #[test]
    fn no_two_jobs_share_a_name() {
        let long = "x".repeat(60);
        let names = [
            name("a_b"),
            name("a b"),
            name("a(b)"),
            name(&format!("{long}1")),
            name(&format!("{long}2")),
        ];
        let distinct: std::collections::BTreeSet<&String> = names.iter().collect();
        assert_eq!(distinct.len(), names.len(), "{names:?}");
    }
}
