//! What GitHub sends with an event, made from the repository at hand: as much of it as workflows look at. What an event's
//! file says stays as it is. A file that has the event's own part is taken for what GitHub sent, and gets no more than what
//! every event has; one that only says a thing or two (`{"act": true}`, `{"ref": …}`) gets the rest beside it.

use serde_json::{Map, Value as Json, json};

use super::event::{RunFacts, text};
use super::git::{Commit, Comparison, GitFacts, NO_COMMIT};

/// The number of a pull request that exists only here.
pub(super) const PULL_REQUEST: u64 = 1;

/// What is at hand, beside the facts of the run.
pub(super) struct Here<'a> {
    pub(super) git: &'a GitFacts,
    /// What is checked out, by its full name.
    pub(super) branch: String,
    /// What it changes against the main branch.
    pub(super) comparison: Option<&'a Comparison>,
}

/// Fills in what the payload does not say.
pub(super) fn complete(facts: &mut RunFacts, here: &Here<'_>) {
    let mut payload = match std::mem::take(&mut facts.payload) {
        Json::Object(payload) => payload,
        _ => Map::new(),
    };
    add(&mut payload, "repository", repository(facts));
    add(&mut payload, "sender", account(&facts.actor, "User"));
    if !has_own_part(facts, &payload) {
        let more = match facts.event.as_str() {
            "push" => push(facts, here),
            "workflow_dispatch" => json!({"ref": facts.reference, "inputs": null}),
            "workflow_call" => json!({"inputs": {}}),
            "release" => release(facts),
            "create" | "delete" => json!({
                "ref": short(&facts.reference), "ref_type": kind(&facts.reference),
                "master_branch": facts.default_branch, "pusher_type": "user",
            }),
            "repository_dispatch" => json!({"branch": facts.default_branch, "client_payload": {}}),
            "merge_group" => merge_group(facts, here),
            _ if facts.is_pull_request() => pull_request(facts, here),
            _ => json!({}),
        };
        if let Json::Object(more) = more {
            for (key, value) in more {
                payload.entry(key).or_insert(value);
            }
        }
    }
    give_inputs(&mut payload, facts);
    facts.payload = Json::Object(payload);
}

/// Whether a payload has what only this event has.
fn has_own_part(facts: &RunFacts, payload: &Map<String, Json>) -> bool {
    let own: &[&str] = match facts.event.as_str() {
        "push" => &["after", "commits", "head_commit"],
        "release" => &["release"],
        "merge_group" => &["merge_group"],
        _ if facts.is_pull_request() => &["pull_request"],
        _ => &[],
    };
    own.iter().any(|key| payload.contains_key(*key))
}

/// The paths that the commits of a pushed payload name; `None` when they name none.
pub(super) fn changed(payload: &Json) -> Option<Vec<String>> {
    let commits = payload.get("commits")?.as_array()?;
    let mut paths: Vec<String> = Vec::new();
    let mut said = false;
    for list in commits
        .iter()
        .flat_map(|commit| ["added", "modified", "removed"].map(|key| commit.get(key)))
        .flatten()
    {
        said = true;
        paths.extend(
            list.as_array()?
                .iter()
                .filter_map(Json::as_str)
                .map(str::to_owned),
        );
    }
    paths.sort_unstable();
    paths.dedup();
    said.then_some(paths)
}

fn add(payload: &mut Map<String, Json>, key: &str, value: Json) {
    match (payload.get_mut(key), value) {
        (Some(Json::Object(there)), Json::Object(value)) => {
            for (key, value) in value {
                there.entry(key).or_insert(value);
            }
        }
        (Some(_), _) => {}
        (None, value) => {
            payload.insert(key.to_owned(), value);
        }
    }
}

/// Inputs of the command line beat those of the file, name by name.
fn give_inputs(payload: &mut Map<String, Json>, facts: &RunFacts) {
    if facts.inputs.is_empty() || !facts.has_inputs() {
        return;
    }
    let inputs = payload.entry("inputs").or_insert(Json::Null);
    if !inputs.is_object() {
        *inputs = json!({});
    }
    if let Some(inputs) = inputs.as_object_mut() {
        for (name, value) in &facts.inputs {
            // Names of inputs are the same in any case: one that is there keeps its spelling.
            let same = |there: &&String| there.eq_ignore_ascii_case(name);
            let name = inputs.keys().find(same).unwrap_or(name).clone();
            inputs.insert(name, Json::from(value.as_str()));
        }
    }
}

fn push(facts: &RunFacts, here: &Here<'_>) -> Json {
    let at_hand = here.git.head.as_ref().filter(|head| head.sha == facts.sha);
    let commit = at_hand.map(|commit| self::commit(commit, facts));
    let before = at_hand.and_then(|commit| commit.parent.clone());
    let before = before.unwrap_or_else(|| NO_COMMIT.to_owned());
    let is_branch = kind(&facts.reference) == "branch";
    json!({
        "ref": facts.reference,
        "before": before,
        "after": facts.sha,
        "base_ref": null,
        "created": before == NO_COMMIT,
        "deleted": false,
        "forced": false,
        "compare": format!("{}/compare/{}...{}", web(facts), cut(&before), cut(&facts.sha)),
        "commits": commit.iter().filter(|_| is_branch).collect::<Vec<_>>(),
        "head_commit": commit,
        "pusher": {"name": facts.actor, "email": here.git.user_email.clone().unwrap_or_default()},
    })
}

fn commit(commit: &Commit, facts: &RunFacts) -> Json {
    json!({
        "id": commit.sha,
        "tree_id": commit.tree,
        "distinct": true,
        "message": commit.message,
        "timestamp": commit.timestamp,
        "url": format!("{}/commit/{}", web(facts), commit.sha),
        "author": {"name": commit.author.name, "email": commit.author.email, "username": facts.actor},
        "committer": {"name": commit.committer.name, "email": commit.committer.email, "username": facts.actor},
    })
}

fn pull_request(facts: &RunFacts, here: &Here<'_>) -> Json {
    let head = here.git.head.as_ref();
    let head_sha = head.map_or(facts.sha.as_str(), |head| head.sha.as_str());
    let base_sha = here.comparison.map(|found| found.base.clone());
    let base_sha = base_sha
        .or_else(|| head.and_then(|head| head.parent.clone()))
        .unwrap_or_else(|| NO_COMMIT.to_owned());
    let branch = match &here.branch {
        // Nothing else is known of a branch for a reference that is no branch's.
        other if other.starts_with("refs/pull/") => short(&facts.default_branch),
        branch => short(branch),
    };
    let owner = facts.owner();
    let message = head.map_or("", |head| head.message.as_str());
    let (title, body) = message.split_once('\n').unwrap_or((message, ""));
    let body = Some(body.trim()).filter(|body| !body.is_empty());
    let url = format!("{}/pull/{PULL_REQUEST}", web(facts));
    let side = |name: &str, sha: &str| {
        json!({
            "ref": name, "sha": sha, "label": format!("{owner}:{name}"),
            "user": account(owner, "User"), "repo": repository(facts),
        })
    };
    json!({
        "action": "opened",
        "number": PULL_REQUEST,
        "pull_request": {
            "number": PULL_REQUEST,
            "id": PULL_REQUEST,
            "state": "open",
            "locked": false,
            "draft": false,
            "merged": false,
            "mergeable": null,
            "title": title,
            "body": body,
            "html_url": url,
            "diff_url": format!("{url}.diff"),
            "patch_url": format!("{url}.patch"),
            "user": account(&facts.actor, "User"),
            "author_association": "OWNER",
            "labels": [],
            "assignees": [],
            "requested_reviewers": [],
            "milestone": null,
            "auto_merge": null,
            "merge_commit_sha": facts.sha,
            "head": side(branch, head_sha),
            "base": side(&facts.default_branch, &base_sha),
            "commits": 1,
            "changed_files": here.comparison.map(|found| found.changed.len()),
        },
    })
}

fn release(facts: &RunFacts) -> Json {
    let tag = short(&facts.reference);
    json!({
        "action": "published",
        "release": {
            "id": 1, "tag_name": tag, "name": tag, "body": "", "draft": false, "prerelease": false,
            "target_commitish": facts.default_branch, "author": account(&facts.actor, "User"), "assets": [],
            "html_url": format!("{}/releases/tag/{tag}", web(facts)),
        },
    })
}

fn merge_group(facts: &RunFacts, here: &Here<'_>) -> Json {
    let parent = here.git.head.as_ref().and_then(|head| head.parent.clone());
    json!({
        "action": "checks_requested",
        "merge_group": {
            "head_sha": facts.sha,
            "head_ref": facts.reference,
            "base_sha": parent,
            "base_ref": format!("refs/heads/{}", facts.default_branch),
        },
    })
}

fn repository(facts: &RunFacts) -> Json {
    let (owner, name) = facts
        .repository
        .split_once('/')
        .unwrap_or((&facts.repository, &facts.repository));
    let web = web(facts);
    let host = facts.server_url.split("://").nth(1).unwrap_or_default();
    json!({
        "id": number(&facts.repository),
        "name": name,
        "full_name": facts.repository,
        "private": false,
        "visibility": "public",
        "owner": account(owner, "Organization"),
        "html_url": web,
        "url": web,
        "clone_url": format!("{web}.git"),
        "git_url": format!("git://{host}/{}.git", facts.repository),
        "ssh_url": format!("git@{host}:{}.git", facts.repository),
        "default_branch": facts.default_branch,
        "master_branch": facts.default_branch,
        "description": null,
        "fork": false,
        "archived": false,
        "disabled": false,
        "topics": [],
    })
}

fn account(login: &str, kind: &str) -> Json {
    json!({"login": login, "name": login, "id": number(login), "type": kind, "site_admin": false})
}

/// The repository's page.
fn web(facts: &RunFacts) -> String {
    format!("{}/{}", facts.server_url, facts.repository)
}

/// A number for a name, the same each time, as GitHub has for its own.
pub(super) fn number(name: &str) -> u32 {
    let hash = name.to_lowercase().bytes().fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    });
    hash & 0x7fff_ffff
}

/// The number of the repository or account that a payload names, else one made of its name.
pub(super) fn id(payload: &Json, pointer: &str, name: &str) -> String {
    let sent = payload.pointer(pointer).and_then(Json::as_u64);
    sent.map_or_else(|| number(name).to_string(), |id| id.to_string())
}

/// A reference without `refs/heads/` or `refs/tags/`.
fn short(reference: &str) -> &str {
    let rest = reference.strip_prefix("refs/heads/");
    rest.or_else(|| reference.strip_prefix("refs/tags/"))
        .unwrap_or(reference)
}

fn kind(reference: &str) -> &'static str {
    if reference.starts_with("refs/tags/") {
        "tag"
    } else {
        "branch"
    }
}

fn cut(sha: &str) -> &str {
    sha.get(..12).unwrap_or(sha)
}

/// Whether the repository is private, as far as the payload says.
pub(super) fn visibility(payload: &Json) -> &'static str {
    let private = payload.pointer("/repository/private").and_then(Json::as_bool);
    match text(payload, &["repository", "visibility"]) {
        Some("private") => "private",
        Some("internal") => "internal",
        _ if private == Some(true) => "private",
        _ => "public",
    }
}
