//! The event of a run, and with it all that is plain fact about the run: made once from the repository at hand, the flags and
//! the event's file; everything else is computed from that.

use std::collections::BTreeMap;
use std::path::Path;

use loom_workflow::Event;
use loom_workflow::Workflow;
use loom_workflow::expression::{Object, Value};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use thiserror::Error;

use super::git::{Comparison, GitFacts, NO_COMMIT};
use super::payload;
use crate::bounded::{self, Contents};

/// The largest event that is read, in bytes. GitHub's own end at 25 MB.
const MOST: u64 = 32 * 1024 * 1024;
/// The event when nobody names one.
pub const DEFAULT_EVENT: &str = "push";
/// The server where no remote names another.
const DEFAULT_SERVER: &str = "https://github.com";

/// What a user says about the event and where it happened; what is not said is taken from the repository.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Given {
    /// The event's name; [`DEFAULT_EVENT`] when not given.
    pub event: Option<String>,
    /// What the event's file holds.
    pub payload: Option<Json>,
    /// Who caused it.
    pub actor: Option<String>,
    /// `owner/name`.
    pub repository: Option<String>,
    /// A branch or tag: `main`, or its full name.
    pub reference: Option<String>,
    /// The commit.
    pub sha: Option<String>,
    /// The repository's main branch.
    pub default_branch: Option<String>,
    /// The inputs of `workflow_dispatch` and `workflow_call`.
    pub inputs: BTreeMap<String, String>,
}

/// What a run is about: plain data that is kept with the run and never holds a secret.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RunFacts {
    /// The event's name.
    pub event: String,
    /// What came with it: `github.event`.
    pub payload: Json,
    /// Whether the payload was made here rather than given.
    pub synthesized: bool,
    /// Who caused it.
    pub actor: String,
    /// `owner/name`.
    pub repository: String,
    /// The server's address for a browser, without a slash at the end.
    pub server_url: String,
    /// The commit.
    pub sha: String,
    /// What it happened at, by its full name: `refs/heads/main`.
    pub reference: String,
    /// The repository's main branch.
    pub default_branch: String,
    /// The paths that changed, from the top of the repository, where that is known.
    pub changed: Option<Vec<String>>,
    /// The inputs that were given, declared or not.
    pub inputs: BTreeMap<String, String>,
}

/// An event's file that cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PayloadError {
    /// It cannot be read.
    #[error("read the event file {file}")]
    Read {
        /// The file.
        file: String,
        /// Why.
        #[source]
        cause: std::io::Error,
    },
    /// It is larger than any event.
    #[error("read the event file {file}: it is larger than {} MiB", MOST / 1024 / 1024)]
    TooLarge {
        /// The file.
        file: String,
    },
    /// It holds no event.
    #[error("understand the event file {file}: {why}")]
    Content {
        /// The file.
        file: String,
        /// Why not, with the place.
        why: String,
    },
}

/// Reads an event's file: a JSON object, of up to 32 MiB.
///
/// # Errors
/// See [`PayloadError`].
pub fn payload_file(path: &Path) -> Result<Json, PayloadError> {
    let file = path.display().to_string();
    let read = bounded::read(path, MOST).map_err(|cause| PayloadError::Read {
        file: file.clone(),
        cause,
    })?;
    let Contents::Whole(bytes) = read else {
        return Err(PayloadError::TooLarge { file });
    };
    let content = |why: String| PayloadError::Content {
        file: file.clone(),
        why,
    };
    let text = String::from_utf8(bytes).map_err(|_| content("it is not UTF-8 text".to_owned()))?;
    let text = text.trim_start_matches('\u{feff}');
    if text.trim().is_empty() {
        return Ok(Json::Object(Map::new()));
    }
    // Expressions read it by their own rules: what they could not read must not get further than here.
    Value::from_json(text).map_err(|why| content(format!("it is no JSON: {why}")))?;
    let payload: Json = serde_json::from_str(text).map_err(|why| content(format!("it is no JSON: {why}")))?;
    if payload.is_object() {
        Ok(payload)
    } else {
        Err(content("it holds no JSON object".to_owned()))
    }
}

impl RunFacts {
    /// Puts together what a run is about. `folder` names the project where no remote does. `compare` is asked for what the
    /// branch at hand changes against the given one; only a pull request asks.
    #[must_use]
    pub fn gather(
        git: &GitFacts,
        given: Given,
        folder: &str,
        compare: impl FnOnce(&str) -> Option<Comparison>,
    ) -> Self {
        let event = given.event.unwrap_or_else(|| DEFAULT_EVENT.to_owned());
        let sent = given.payload.unwrap_or_else(|| Json::Object(Map::new()));
        let text = |path: &[&str]| text(&sent, path).map(str::to_owned);
        let remote = git.remote.clone().unwrap_or_default();
        let repository = given
            .repository
            .or_else(|| text(&["repository", "full_name"]))
            .or(Some(remote.repository).filter(|name| !name.is_empty()))
            .unwrap_or_else(|| format!("local/{}", login(folder, "project")));
        let user = git.user_name.as_deref().unwrap_or_default();
        let actor = given
            .actor
            .or_else(|| text(&["sender", "login"]))
            .unwrap_or_else(|| login(user, "loom"));
        let default_branch = given
            .default_branch
            .or_else(|| text(&["repository", "default_branch"]))
            .or_else(|| git.default_branch.clone())
            .unwrap_or_else(|| "main".to_owned());
        let sha = given
            .sha
            .or_else(|| sent_commit(&event, &sent))
            .unwrap_or_else(|| {
                let head = git.head.as_ref().map(|head| head.sha.clone());
                head.unwrap_or_else(|| NO_COMMIT.to_owned())
            });
        let at_hand = git
            .reference
            .clone()
            .unwrap_or_else(|| format!("refs/heads/{default_branch}"));
        let local = given.reference.as_deref().map(full_name);
        let reference = local
            .clone()
            .or_else(|| sent_reference(&event, &sent))
            .unwrap_or_else(|| usual_reference(&event, &default_branch, &at_hand));
        let mut facts = Self {
            synthesized: sent.as_object().is_none_or(Map::is_empty),
            payload: sent,
            actor,
            repository,
            server_url: Some(remote.server_url)
                .filter(|url| !url.is_empty())
                .unwrap_or_else(|| DEFAULT_SERVER.to_owned()),
            sha,
            reference,
            default_branch,
            changed: git.changed.clone(),
            inputs: given.inputs,
            event,
        };
        let comparison = facts
            .is_pull_request()
            .then(|| compare(&facts.default_branch))
            .flatten();
        let here = payload::Here {
            git,
            branch: local.unwrap_or(at_hand),
            comparison: comparison.as_ref(),
        };
        payload::complete(&mut facts, &here);
        if let Some(changed) = payload::changed(&facts.payload).or(comparison.map(|found| found.changed)) {
            facts.changed = Some(changed);
        }
        facts
    }

    /// The facts as a workflow of this file sees them: its path for an event by hand, its first time for one by the clock.
    #[must_use]
    pub fn for_workflow(&self, workflow: &Workflow, file: &str) -> Self {
        let mut facts = self.clone();
        let Some(payload) = facts.payload.as_object_mut() else {
            return facts;
        };
        match self.event.as_str() {
            "workflow_dispatch" => {
                payload.entry("workflow").or_insert_with(|| file.into());
            }
            "schedule" => {
                let trigger = workflow.triggers.events.get("schedule");
                if let Some(time) = trigger.and_then(|trigger| trigger.schedule.first()) {
                    payload
                        .entry("schedule")
                        .or_insert_with(|| (*time.cron.value).into());
                }
            }
            _ => {}
        }
        facts
    }

    /// What was given for the inputs of a run by hand or of a call, for [`loom_workflow::inputs`]: those of the flags, and of
    /// the event's file where the event has inputs.
    #[must_use]
    pub fn given_inputs(&self) -> Object {
        let sent = self.payload.get("inputs").filter(|_| self.has_inputs());
        let sent = sent.map(|inputs| Value::from_json(&inputs.to_string()));
        match sent {
            // Those of the flags were put into it.
            Some(Ok(Value::Object(inputs))) => Object::clone(&inputs),
            _ => self
                .inputs
                .iter()
                .map(|(name, value)| (name.as_str(), Value::from(value.as_str())))
                .collect(),
        }
    }

    /// The facts with the inputs as they came to be, defaults included: GitHub sends them with the event, all as texts.
    #[must_use]
    pub fn with_inputs(&self, inputs: &Object) -> Self {
        let mut facts = self.clone();
        if self.has_inputs()
            && let Some(payload) = facts.payload.as_object_mut()
        {
            let texts = inputs
                .iter()
                .map(|(name, value)| (name.to_owned(), Json::from(&*value.to_text())));
            payload.insert("inputs".to_owned(), Json::Object(texts.collect()));
        }
        facts
    }

    /// Whether the event is one that comes with inputs.
    pub(super) fn has_inputs(&self) -> bool {
        matches!(self.event.as_str(), "workflow_dispatch" | "workflow_call")
    }

    /// The event as the plan asks it: what starts, which filters pass.
    #[must_use]
    pub fn to_event(&self) -> Event {
        let event = Event::new(self.event.as_str())
            .with_payload(self.payload_value())
            .with_reference(self.reference.as_str());
        match &self.changed {
            Some(changed) => event.with_changed_paths(changed.iter().cloned()),
            None => event,
        }
    }

    /// The payload as expressions see it.
    #[must_use]
    pub fn payload_value(&self) -> Value {
        // It was read as JSON, or written by this program.
        Value::from_json(&self.payload.to_string()).unwrap_or(Value::Null)
    }

    /// Whether it is about a pull request that is to be merged.
    pub(super) fn is_pull_request(&self) -> bool {
        self.event.starts_with("pull_request")
    }

    /// The owner of the repository.
    #[must_use]
    pub fn owner(&self) -> &str {
        self.repository.split('/').next().unwrap_or_default()
    }
}

/// A text of a payload, unless it is empty.
pub(super) fn text<'a>(payload: &'a Json, path: &[&str]) -> Option<&'a str> {
    let found = path.iter().try_fold(payload, |value, key| value.get(key))?;
    found.as_str().filter(|text| !text.is_empty())
}

/// The full name of a branch or tag that was typed.
fn full_name(typed: &str) -> String {
    if typed.starts_with("refs/") {
        typed.to_owned()
    } else {
        format!("refs/heads/{typed}")
    }
}

/// The commit that an event's file names.
fn sent_commit(event: &str, sent: &Json) -> Option<String> {
    let path: &[&str] = match event {
        "push" | "create" | "workflow_dispatch" => &["after"],
        "pull_request_target" => &["pull_request", "base", "sha"],
        "deployment" | "deployment_status" => &["deployment", "sha"],
        _ => return None,
    };
    text(sent, path)
        .filter(|sha| *sha != NO_COMMIT)
        .map(str::to_owned)
}

/// What an event's file happened at, by GitHub's table "Events that trigger workflows".
fn sent_reference(event: &str, sent: &Json) -> Option<String> {
    let of = |path: &[&str]| text(sent, path);
    match event {
        "push" | "workflow_dispatch" => of(&["ref"]).map(full_name),
        "create" => {
            let name = of(&["ref"])?;
            let kind = if of(&["ref_type"]) == Some("tag") {
                "tags"
            } else {
                "heads"
            };
            Some(if name.starts_with("refs/") {
                name.to_owned()
            } else {
                format!("refs/{kind}/{name}")
            })
        }
        "release" => of(&["release", "tag_name"]).map(|tag| format!("refs/tags/{tag}")),
        "deployment" | "deployment_status" => of(&["deployment", "ref"]).map(full_name),
        "pull_request" | "pull_request_review" | "pull_request_review_comment" => {
            let number = sent
                .get("number")
                .or_else(|| sent.pointer("/pull_request/number"))?;
            Some(format!("refs/pull/{}/merge", number.as_u64()?))
        }
        "pull_request_target" => of(&["pull_request", "base", "ref"]).map(full_name),
        "merge_group" => of(&["merge_group", "head_ref"]).map(full_name),
        _ => of(&["repository", "default_branch"]).map(full_name),
    }
}

/// What an event happens at that says nothing of it. Some happen on the main branch whatever is checked out.
fn usual_reference(event: &str, default_branch: &str, at_hand: &str) -> String {
    match event {
        "pull_request" | "pull_request_review" | "pull_request_review_comment" => {
            format!("refs/pull/{}/merge", payload::PULL_REQUEST)
        }
        "pull_request_target"
        | "schedule"
        | "workflow_run"
        | "repository_dispatch"
        | "issues"
        | "issue_comment" => {
            format!("refs/heads/{default_branch}")
        }
        _ => at_hand.to_owned(),
    }
}

/// A name as accounts have it: without spaces and what else scripts would stumble over.
fn login(name: &str, otherwise: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '[' | ']');
    let name: String = name
        .trim()
        .chars()
        .map(|c| if plain(c) { c } else { '-' })
        .collect();
    let name = name.trim_matches('-');
    if name.is_empty() { otherwise } else { name }.to_owned()
}

#[cfg(test)]
mod tests;
