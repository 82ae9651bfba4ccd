//! Who began a run, and at which commit of which branch: what lists are filtered by beside the workflow.

use serde_json::Value as Json;

use crate::context::RunFacts;
use crate::event::Event;
use crate::state::Run;

/// Characters of a title that lists keep.
const TITLE: usize = 120;

/// Where a run comes from, as far as its history says so.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The branch or tag by its short name; of a pull request the branch that it wants merged.
    pub branch: Option<String>,
    /// Who caused it: `github.actor`.
    pub actor: Option<String>,
    /// The commit, unless there was none.
    pub commit: Option<String>,
    /// The first line of the commit's message, or the title of the pull request.
    pub title: Option<String>,
}

impl Origin {
    /// What the first event of a run says of it.
    pub(crate) fn of(event: &Event) -> Self {
        match event {
            Event::RunCreated {
                source: Some(source), ..
            } => Self::from(&source.facts),
            _ => Self::default(),
        }
    }

    /// What a run says of it.
    pub(crate) fn of_run(run: &Run) -> Self {
        let facts = run.source.as_deref().map(|source| &source.facts);
        facts.map(Self::from).unwrap_or_default()
    }
}

impl From<&RunFacts> for Origin {
    fn from(facts: &RunFacts) -> Self {
        let sent = |path: &str| facts.payload.pointer(path).and_then(Json::as_str);
        let branch = sent("/pull_request/head/ref").unwrap_or_else(|| short(&facts.reference));
        let title = sent("/pull_request/title").or_else(|| sent("/head_commit/message"));
        let is_commit = !facts.sha.bytes().all(|digit| digit == b'0');
        Self {
            branch: some(branch),
            actor: some(&facts.actor),
            commit: some(&facts.sha).filter(|_| is_commit),
            title: title
                .and_then(|text| text.lines().next())
                .and_then(|line| some(&line.trim().chars().take(TITLE).collect::<String>())),
        }
    }
}

/// A branch or tag as people call it.
fn short(reference: &str) -> &str {
    let kinds = ["refs/heads/", "refs/tags/"];
    let name = kinds.iter().find_map(|kind| reference.strip_prefix(kind));
    name.unwrap_or(reference)
}

fn some(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_what_people_call_it() {
        let facts = |reference: &str, sha: &str, payload: Json| RunFacts {
            actor: "ana".into(),
            reference: reference.into(),
            sha: sha.into(),
            payload,
            ..RunFacts::default()
        };
        let pushed = serde_json::json!({"head_commit": {"message": "Mend it\n\nAt length."}});
        let push = Origin::from(&facts("refs/heads/feature/x", "abc", pushed));
        assert_eq!(push.branch.as_deref(), Some("feature/x"));
        assert_eq!(push.title.as_deref(), Some("Mend it"));
        assert_eq!(
            (push.actor.as_deref(), push.commit.as_deref()),
            (Some("ana"), Some("abc"))
        );
        let asked = serde_json::json!({"pull_request": {"title": "Please", "head": {"ref": "mine"}}});
        let pull = Origin::from(&facts("refs/pull/3/merge", "0000", asked));
        assert_eq!((pull.branch.as_deref(), pull.commit), (Some("mine"), None));
        assert_eq!(pull.title.as_deref(), Some("Please"));
        assert_eq!(
            Origin::from(&facts("refs/tags/v1", "a", Json::Null))
                .branch
                .as_deref(),
            Some("v1")
        );
        assert_eq!(Origin::from(&RunFacts::default()), Origin::default());
    }
}
