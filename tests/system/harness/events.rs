//! A run as `--format json` tells it: one event a line.

use std::collections::BTreeMap;

use serde_json::Value;

use super::running::Outcome;

/// The events of one run, in order.
pub(crate) struct Events(pub(crate) Vec<Value>);

impl Events {
    /// From the stdout of `run --format json`, which holds nothing else.
    #[track_caller]
    pub(crate) fn of(outcome: &Outcome) -> Self {
        let parse = |line: &str| {
            serde_json::from_str(line).unwrap_or_else(|e| panic!("no event ({e}): {line}\n{outcome}"))
        };
        Self(outcome.stdout.lines().map(parse).collect())
    }

    /// The events of a type.
    pub(crate) fn typed<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Value> {
        self.0.iter().filter(move |event| event["type"] == kind)
    }

    /// Where the first event of this type about this job stands.
    #[track_caller]
    pub(crate) fn place(&self, kind: &str, job: &str) -> usize {
        self.0
            .iter()
            .position(|event| event["type"] == kind && event["job"] == job)
            .unwrap_or_else(|| panic!("no {kind} of {job} in {:#?}", self.0))
    }

    /// The final state of each job.
    pub(crate) fn job_states(&self) -> BTreeMap<String, String> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        self.typed("jobFinished")
            .map(|event| (text(&event["job"]), text(&event["state"])))
            .collect()
    }

    /// The run's final state.
    #[track_caller]
    pub(crate) fn run_state(&self) -> String {
        let mut ends = self.typed("runFinished");
        let end = ends
            .next()
            .unwrap_or_else(|| panic!("no runFinished in {:#?}", self.0));
        assert!(ends.next().is_none(), "a run ends once");
        end["state"].as_str().expect("a state").to_owned()
    }

    /// The run's id.
    pub(crate) fn run_id(&self) -> String {
        self.0
            .first()
            .and_then(|event| event["runId"].as_str())
            .expect("a run's first event")
            .to_owned()
    }

    /// What must be the same wherever the run took place: who ended how, by which exit codes.
    pub(crate) fn result(&self) -> BTreeMap<String, String> {
        let mut result = self.job_states();
        result.insert("run".to_owned(), self.run_state());
        for step in self.typed("stepFinished") {
            let name = format!("{} step {}", step["job"], step["step"]);
            result.insert(
                name,
                format!("{} {} {}", step["outcome"], step["conclusion"], step["exitCode"]),
            );
        }
        result
    }
}
