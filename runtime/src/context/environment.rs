//! The variables that every step finds: `GITHUB_*` from the `github` context, `RUNNER_*`, `CI`. Which they are is decided by
//! GitHub's runner: "Variables reference" of its documentation, and the lists in its `GitHubContext` and `RunnerContext`.

use std::collections::BTreeMap;

use loom_workflow::expression::{Object, Value};
use serde::{Deserialize, Serialize};

/// Keys of the `github` context that are variables too, as `GITHUB_` with the key in capitals.
const KEYS: &[&str] = &[
    "action",
    "action_path",
    "action_ref",
    "action_repository",
    "actor",
    "actor_id",
    "api_url",
    "base_ref",
    "env",
    "event_name",
    "event_path",
    "graphql_url",
    "head_ref",
    "job",
    "output",
    "path",
    "ref",
    "ref_name",
    "ref_protected",
    "ref_type",
    "repository",
    "repository_id",
    "repository_owner",
    "repository_owner_id",
    "retention_days",
    "run_attempt",
    "run_id",
    "run_number",
    "server_url",
    "sha",
    "state",
    "step_summary",
    "triggering_actor",
    "workflow",
    "workflow_ref",
    "workflow_sha",
    "workspace",
];

/// What runs the job, as its steps see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RunnerFacts {
    /// The name of the machine, or of the place that runs the job.
    pub name: String,
    /// `Linux` or `macOS`.
    pub os: String,
    /// `X64`, `ARM64`, `ARM` or `X86`.
    pub arch: String,
    /// A folder that is empty when the job begins.
    pub temp: String,
    /// Where tools are kept.
    pub tool_cache: String,
    /// The folder above the working folder.
    pub workspace: String,
    /// Whether debug messages were asked for.
    pub debug: bool,
}

impl Default for RunnerFacts {
    fn default() -> Self {
        Self {
            name: "loom".to_owned(),
            os: Self::os_of(std::env::consts::OS).to_owned(),
            arch: Self::arch_of(std::env::consts::ARCH).to_owned(),
            temp: String::new(),
            tool_cache: String::new(),
            workspace: String::new(),
            debug: false,
        }
    }
}

impl RunnerFacts {
    /// GitHub's word for an operating system, by Rust's or the engine's.
    #[must_use]
    pub fn os_of(name: &str) -> &'static str {
        match name {
            "macos" | "darwin" => "macOS",
            "windows" => "Windows",
            _ => "Linux",
        }
    }

    /// GitHub's word for a processor, by Rust's, the engine's or the kernel's.
    #[must_use]
    pub fn arch_of(name: &str) -> &'static str {
        match name {
            "aarch64" | "arm64" => "ARM64",
            "arm" | "armv7l" | "armhf" => "ARM",
            "x86" | "i386" | "i686" | "386" => "X86",
            _ => "X64",
        }
    }

    /// What is a variable of the runner, by its key in the `runner` context.
    fn texts(&self) -> Vec<(&'static str, &str)> {
        let mut texts = vec![
            ("os", self.os.as_str()),
            ("arch", self.arch.as_str()),
            ("name", self.name.as_str()),
            ("environment", "self-hosted"),
            ("tool_cache", self.tool_cache.as_str()),
            ("temp", self.temp.as_str()),
            ("workspace", self.workspace.as_str()),
        ];
        if self.debug {
            texts.push(("debug", "1"));
        }
        texts
    }
}

/// The `runner` context.
#[must_use]
pub fn runner(facts: &RunnerFacts) -> Object {
    facts
        .texts()
        .into_iter()
        .map(|(key, text)| (key, Value::from(text)))
        .collect()
}

/// The variables that a step finds beside its own. `GITHUB_*` and `RUNNER_*` beat what `env` says of the same name; `CI`
/// does not ([`is_fixed`]). What the context has no text for is no variable.
#[must_use]
pub fn default_environment(github: &Object, runner: &RunnerFacts) -> BTreeMap<String, String> {
    let mut variables = BTreeMap::new();
    variables.insert("CI".to_owned(), "true".to_owned());
    variables.insert("GITHUB_ACTIONS".to_owned(), "true".to_owned());
    for key in KEYS {
        if let Some(value @ (Value::String(_) | Value::Boolean(_))) = github.get(key) {
            variables.insert(variable("GITHUB_", key), value.to_text().to_string());
        }
    }
    for (key, text) in runner.texts() {
        variables.insert(variable("RUNNER_", key), text.to_owned());
    }
    variables
}

/// The variable of a key, all of whose letters are ASCII.
fn variable(prefix: &str, key: &str) -> String {
    let mut name = String::with_capacity(prefix.len() + key.len());
    name.push_str(prefix);
    name.push_str(key);
    name.make_ascii_uppercase();
    name
}

/// Whether a workflow's `env` cannot change a variable of [`default_environment`].
#[must_use]
pub fn is_fixed(name: &str) -> bool {
    name != "CI"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_and_truths_of_the_context_are_variables() {
        let github: Object = [
            ("sha", Value::from("abc")),
            ("ref_protected", Value::Boolean(false)),
            ("event", Value::object(Object::new())),
            ("token", Value::from("t")),
            ("repositoryUrl", Value::from("u")),
            ("action_status", Value::from("success")),
        ]
        .into_iter()
        .collect();
        let runner = RunnerFacts {
            temp: "/tmp/x".to_owned(),
            ..RunnerFacts::default()
        };
        let variables = default_environment(&github, &runner);
        let get = |name: &str| variables.get(name).map(String::as_str);
        assert_eq!(get("GITHUB_SHA"), Some("abc"));
        assert_eq!(get("GITHUB_REF_PROTECTED"), Some("false"));
        assert_eq!((get("CI"), get("GITHUB_ACTIONS")), (Some("true"), Some("true")));
        assert_eq!(get("RUNNER_TEMP"), Some("/tmp/x"));
        for absent in [
            "GITHUB_TOKEN",
            "GITHUB_EVENT",
            "GITHUB_REPOSITORYURL",
            "GITHUB_ACTION_STATUS",
            "RUNNER_DEBUG",
        ] {
            assert_eq!(get(absent), None, "{absent}");
        }
    }

    #[test]
    fn machines_are_named_as_github_names_them() {
        assert_eq!(RunnerFacts::arch_of("x86_64"), "X64");
        assert_eq!(RunnerFacts::arch_of("aarch64"), "ARM64");
        assert_eq!(RunnerFacts::os_of("linux"), "Linux");
    }
}
