//! The `github` context, as GitHub's "Contexts reference" and its runner have it, from plain facts.

use loom_workflow::GitRef;
use loom_workflow::expression::{Object, Value};

use super::event::RunFacts;
use super::payload;
use crate::id::RunId;
use crate::secret::Secret;

/// When the context is asked for: what it says beside the facts of the run.
#[derive(Clone, Debug)]
pub struct Moment<'a> {
    /// The run.
    pub run: &'a RunId,
    /// Which run of this workflow it is, from 1.
    pub number: u64,
    /// Which attempt of the run it is, from 1.
    pub attempt: u32,
    /// The workflow's name.
    pub workflow: &'a str,
    /// The workflow's file, from the top of the repository.
    pub file: &'a str,
    /// The job; none while the whole run is spoken of.
    pub job: Option<&'a str>,
    /// The working folder as the job's steps see it; empty while there is none yet.
    pub workspace: &'a str,
    /// The file with the event as the job's steps see it; empty while there is none yet.
    pub event_path: &'a str,
    /// `GITHUB_TOKEN`, where the user gave one.
    pub token: Option<&'a Secret>,
}

/// The whole `github` context but for what each step adds: `action` and its like, and the paths of the file commands.
#[must_use]
pub fn github(facts: &RunFacts, moment: &Moment<'_>) -> Object {
    let event = facts.to_event();
    let decided = event.github();
    let of_event = |key: &str| decided.get(key).cloned().unwrap_or_else(|| Value::from(""));
    let owner = facts.owner();
    let api = api_url(&facts.server_url);
    let attempt = moment.attempt.to_string();
    let number = moment.number.to_string();
    let file = format!("{}/{}@{}", facts.repository, moment.file, facts.reference);
    let id = |pointer: &str, name: &str| payload::id(&facts.payload, pointer, name);
    let texts = [
        (
            "token",
            moment.token.map(Secret::expose).unwrap_or_default().to_owned(),
        ),
        ("job", moment.job.unwrap_or_default().to_owned()),
        ("sha", facts.sha.clone()),
        ("repository", facts.repository.clone()),
        ("repository_owner", owner.to_owned()),
        ("repository_owner_id", id("/repository/owner/id", owner)),
        ("repositoryUrl", repository_url(facts)),
        ("run_id", run_id_number(moment.run).to_string()),
        ("run_number", number),
        ("retention_days", "90".to_owned()),
        ("run_attempt", attempt),
        ("artifact_cache_size_limit", "10".to_owned()),
        (
            "repository_visibility",
            payload::visibility(&facts.payload).to_owned(),
        ),
        ("repository_id", id("/repository/id", &facts.repository)),
        ("actor_id", id("/sender/id", &facts.actor)),
        ("actor", facts.actor.clone()),
        ("triggering_actor", facts.actor.clone()),
        ("workflow", moment.workflow.to_owned()),
        ("server_url", facts.server_url.clone()),
        ("api_url", api.rest),
        ("graphql_url", api.graphql),
        (
            "secret_source",
            if facts.is_pull_request_of_fork() {
                "None"
            } else {
                "Actions"
            }
            .to_owned(),
        ),
        ("workflow_ref", file),
        ("workflow_sha", facts.sha.clone()),
        ("workspace", moment.workspace.to_owned()),
        ("event_path", moment.event_path.to_owned()),
    ];
    let mut github = Object::new();
    for (key, text) in texts {
        github.insert(key, Value::string(text));
    }
    for key in [
        "event_name",
        "event",
        "ref",
        "ref_name",
        "ref_type",
        "head_ref",
        "base_ref",
    ] {
        github.insert(key, of_event(key));
    }
    github.insert("ref_protected", Value::Boolean(false));
    github
}

impl RunFacts {
    /// Whether the branch of a pull request lies in another repository than the one it is to be merged into.
    fn is_pull_request_of_fork(&self) -> bool {
        let repository = |side: &str| {
            self.payload
                .pointer(&format!("/pull_request/{side}/repo/full_name"))
        };
        self.event == "pull_request"
            && matches!((repository("head"), repository("base")), (Some(head), Some(base)) if head != base)
    }

    /// What it happened at, taken apart.
    #[must_use]
    pub fn git_ref(&self) -> GitRef<'_> {
        GitRef::parse(&self.reference)
    }
}

struct Api {
    rest: String,
    graphql: String,
}

/// Where a server's interfaces for programs are: GitHub's own have a host of their own.
fn api_url(server: &str) -> Api {
    if server == "https://github.com" {
        return Api {
            rest: "https://api.github.com".to_owned(),
            graphql: "https://api.github.com/graphql".to_owned(),
        };
    }
    Api {
        rest: format!("{server}/api/v3"),
        graphql: format!("{server}/api/graphql"),
    }
}

/// The address that git would take: `git://github.com/owner/name.git`.
fn repository_url(facts: &RunFacts) -> String {
    let host = facts.server_url.split("://").nth(1).unwrap_or_default();
    format!("git://{host}/{}.git", facts.repository)
}

/// A run's number as `github.run_id` has it: made of its id alone, larger for later runs, and exact in every language that
/// has no numbers but doubles.
#[must_use]
pub fn run_id_number(run: &RunId) -> u64 {
    let digits: String = run.0.chars().filter(|c| *c != '-').collect();
    let time = digits
        .get(..12)
        .and_then(|time| u64::from_str_radix(time, 16).ok());
    let rest = digits.get(12..).unwrap_or(&digits);
    let mixed = rest.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    });
    // 42 bits of milliseconds are enough until 2109; with 11 bits of chance it stays below 2^53.
    let mixed = u64::from(mixed ^ (mixed >> 11) ^ (mixed >> 22)) & 0x7ff;
    let time = time.filter(|_| digits.len() == 32).unwrap_or(0);
    ((time & 0x3ff_ffff_ffff) << 11) | mixed
}

#[cfg(test)]
mod tests;
