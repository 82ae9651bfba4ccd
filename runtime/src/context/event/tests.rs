use loom_workflow::{Dialect, Source, load, triggered};
use serde_json::json;

use super::super::git;
use super::super::git::tests::{git as run_git, repository};
use super::*;

fn facts(given: Given) -> RunFacts {
    let folder = repository();
    let git = git::read(folder.path());
    RunFacts::gather(&git, given, "folder", |branch| {
        git::compare(folder.path(), branch)
    })
}

fn of(event: &str) -> Given {
    Given {
        event: Some(event.to_owned()),
        ..Given::default()
    }
}

fn starts(facts: &RunFacts, on: &str) -> bool {
    let text = format!("on:\n  {on}\njobs: {{a: {{runs-on: x, steps: [{{run: x}}]}}}}\n");
    let loaded = load(&Source::new("w.yml", text), Dialect::GitHub);
    let workflow = loaded
        .workflow
        .unwrap_or_else(|| panic!("{on}: {:?}", loaded.diagnostics));
    triggered(&workflow, &facts.to_event()).starts
}

#[test]
fn a_push_of_what_is_checked_out() {
    let facts = facts(Given::default());
    assert_eq!(facts.event, "push");
    assert_eq!(facts.reference, "refs/heads/main");
    assert_eq!(
        (facts.repository.as_str(), facts.server_url.as_str()),
        ("owner/name", "https://git.example.invalid")
    );
    assert_eq!(facts.actor, "Ada-L");
    let at = |pointer: &str| facts.payload.pointer(pointer).cloned().unwrap_or_default();
    assert_eq!(at("/head_commit/message"), "second\n\nbody");
    assert_eq!(at("/commits/0/id"), facts.sha.as_str());
    assert_eq!(at("/after"), facts.sha.as_str());
    assert_ne!(at("/before"), NO_COMMIT);
    assert_eq!(at("/repository/owner/login"), "owner");
    assert_eq!(at("/repository/default_branch"), "main");
    assert_eq!(at("/sender/login"), "Ada-L");
    assert!(!facts.payload.to_string().contains("secret"));
    assert!(starts(&facts, "push: {branches: [main], paths: ['sub/**']}"));
    assert!(!starts(&facts, "push: {branches: [main], paths: ['a.txt']}"));
    assert!(!starts(&facts, "push: {tags: ['**']}"));
}

#[test]
fn a_pull_request_from_the_branch_at_hand_into_the_main_one() {
    let folder = repository();
    run_git(folder.path(), &["checkout", "-q", "-b", "feature"]);
    std::fs::write(folder.path().join("new.txt"), "x").unwrap();
    run_git(folder.path(), &["add", "-A"]);
    run_git(folder.path(), &["commit", "-qm", "Title here\n\ntext"]);
    let git = git::read(folder.path());
    let facts = RunFacts::gather(&git, of("pull_request"), "f", |branch| {
        git::compare(folder.path(), branch)
    });
    assert_eq!(facts.reference, "refs/pull/1/merge");
    assert_eq!(facts.changed, Some(vec!["new.txt".to_owned()]));
    let event = facts.to_event();
    assert_eq!(event.branch(), Some("main"));
    let github = event.github();
    let text = |key: &str| github.get(key).unwrap().to_text().to_string();
    assert_eq!(
        (text("head_ref"), text("base_ref"), text("ref_name")),
        ("feature".into(), "main".into(), "1/merge".into())
    );
    assert_eq!(event.text(&["pull_request", "title"]), Some("Title here"));
    assert_eq!(
        event.text(&["pull_request", "base", "sha"]),
        git.head.unwrap().parent.as_deref()
    );
    assert!(starts(
        &facts,
        "pull_request: {branches: [main], paths: [new.txt]}"
    ));
    assert!(!starts(&facts, "pull_request: {paths: ['sub/**']}"));
    assert!(!starts(&facts, "pull_request: {types: [closed]}"));
}

#[test]
fn what_the_file_says_stays_and_what_every_event_has_is_added() {
    let given = Given {
        payload: Some(json!({
            "ref": "refs/tags/v2", "after": "abc", "repository": {"full_name": "x/y", "private": true},
            "sender": {"login": "bob"}, "commits": [{"added": ["p"], "modified": [], "removed": ["q"]}],
        })),
        ..Given::default()
    };
    let facts = facts(given);
    assert!(!facts.synthesized);
    assert_eq!(
        (facts.reference.as_str(), facts.sha.as_str()),
        ("refs/tags/v2", "abc")
    );
    assert_eq!((facts.repository.as_str(), facts.actor.as_str()), ("x/y", "bob"));
    assert_eq!(facts.changed, Some(vec!["p".to_owned(), "q".to_owned()]));
    assert_eq!(facts.payload.pointer("/repository/private"), Some(&json!(true)));
    assert_eq!(facts.payload.pointer("/repository/name"), Some(&json!("y")));
    assert_eq!(facts.payload.get("head_commit"), None);
}

#[test]
fn a_file_that_says_little_gets_the_rest_beside_it() {
    let with = |event: &str, payload: Json| {
        facts(Given {
            payload: Some(payload),
            ..of(event)
        })
    };
    let push = with("push", json!({"act": true, "ref": "refs/tags/v1"}));
    assert_eq!(push.payload.get("act"), Some(&json!(true)));
    assert_eq!(
        push.payload.pointer("/head_commit/message"),
        Some(&json!("second\n\nbody"))
    );
    assert_eq!(
        (push.reference.as_str(), push.payload.get("ref")),
        ("refs/tags/v1", Some(&json!("refs/tags/v1")))
    );
    let closed = with("pull_request", json!({"action": "closed"}));
    assert_eq!(closed.payload.get("action"), Some(&json!("closed")));
    assert_eq!(closed.payload.pointer("/pull_request/number"), Some(&json!(1)));
    let branches = with(
        "pull_request",
        json!({"pull_request": {"head": {"ref": "x"}, "base": {"ref": "y"}}}),
    );
    assert_eq!(branches.payload.get("action"), None);
    assert_eq!(branches.to_event().branch(), Some("y"));
}

#[test]
fn flags_beat_the_file_and_the_repository() {
    let given = Given {
        payload: Some(json!({"ref": "refs/heads/x", "after": "abc"})),
        actor: Some("nektos/act".into()),
        repository: Some("nektos/act".into()),
        reference: Some("release/1".into()),
        sha: Some("f00".into()),
        default_branch: Some("trunk".into()),
        ..Given::default()
    };
    let facts = facts(given);
    assert_eq!(facts.reference, "refs/heads/release/1");
    assert_eq!(
        (facts.sha.as_str(), facts.default_branch.as_str()),
        ("f00", "trunk")
    );
    assert_eq!((facts.actor.as_str(), facts.owner()), ("nektos/act", "nektos"));
}

#[test]
fn inputs_of_flags_go_into_the_event_by_name() {
    let given = Given {
        payload: Some(json!({"inputs": {"Name": "file", "other": "file"}})),
        inputs: BTreeMap::from([("name".into(), "flag".into()), ("new".into(), "flag".into())]),
        ..of("workflow_dispatch")
    };
    let facts = facts(given);
    assert_eq!(
        facts.payload.get("inputs"),
        Some(&json!({"Name": "flag", "other": "file", "new": "flag"}))
    );
}

#[test]
fn inputs_are_given_to_the_plan_and_come_back_with_their_defaults_as_texts() {
    let given = Given {
        payload: Some(json!({"inputs": {"flag": true}})),
        inputs: BTreeMap::from([("name".into(), "x".into())]),
        ..of("workflow_dispatch")
    };
    let facts = facts(given);
    let text = "on: {workflow_dispatch: {inputs: {flag: {type: boolean}, n: {type: number, default: 3}}}}\njobs: {a: {runs-on: x, steps: [{run: x}]}}\n";
    let workflow = load(&Source::new("w.yml", text), Dialect::GitHub)
        .workflow
        .unwrap();
    let trigger = workflow.triggers.events.get("workflow_dispatch").unwrap();
    let (inputs, _) = loom_workflow::inputs(trigger, &facts.given_inputs(), &Object::new());
    let facts = facts.with_inputs(&inputs.unwrap());
    assert_eq!(
        facts.payload.get("inputs"),
        Some(&json!({"flag": "true", "n": "3", "name": "x"}))
    );
    let given = Given {
        inputs: BTreeMap::from([("name".into(), "x".into())]),
        ..of("push")
    };
    let facts = self::facts(given);
    assert!(facts.given_inputs().get("name").is_some() && facts.payload.get("inputs").is_none());
}

#[test]
fn some_events_happen_on_the_main_branch() {
    for (event, reference) in [
        ("schedule", "refs/heads/main"),
        ("pull_request_target", "refs/heads/main"),
        ("workflow_dispatch", "refs/heads/work"),
        ("workflow_call", "refs/heads/work"),
    ] {
        let folder = repository();
        run_git(folder.path(), &["checkout", "-q", "-b", "work"]);
        run_git(folder.path(), &["update-ref", "refs/remotes/origin/main", "main"]);
        run_git(
            folder.path(),
            &[
                "symbolic-ref",
                "refs/remotes/origin/HEAD",
                "refs/remotes/origin/main",
            ],
        );
        let facts = RunFacts::gather(&git::read(folder.path()), of(event), "f", |_| None);
        assert_eq!(facts.reference, reference, "{event}");
    }
}

#[test]
fn a_folder_without_a_repository_has_names_all_the_same() {
    let facts = RunFacts::gather(&GitFacts::default(), Given::default(), "my project", |_| None);
    assert_eq!(facts.repository, "local/my-project");
    assert_eq!((facts.sha.as_str(), facts.actor.as_str()), (NO_COMMIT, "loom"));
    assert_eq!(facts.reference, "refs/heads/main");
    assert_eq!(facts.changed, None);
    assert!(starts(&facts, "push: {paths: [x]}"));
}

#[test]
fn a_workflow_of_the_clock_gets_its_first_time() {
    let text = "on: {schedule: [{cron: '5 4 * * *'}, {cron: '6 4 * * *'}]}\njobs: {a: {runs-on: x, steps: [{run: x}]}}\n";
    let workflow = load(&Source::new("w.yml", text), Dialect::GitHub)
        .workflow
        .unwrap();
    let facts = facts(of("schedule")).for_workflow(&workflow, ".github/workflows/w.yml");
    assert_eq!(facts.payload.get("schedule"), Some(&json!("5 4 * * *")));
    assert!(triggered(&workflow, &facts.to_event()).starts);
    let facts = self::facts(of("workflow_dispatch")).for_workflow(&workflow, ".github/workflows/w.yml");
    assert_eq!(
        facts.payload.get("workflow"),
        Some(&json!(".github/workflows/w.yml"))
    );
}

#[test]
fn facts_are_the_same_after_they_were_kept() {
    let facts = facts(of("pull_request"));
    let kept = serde_json::to_string(&facts).unwrap();
    assert_eq!(serde_json::from_str::<RunFacts>(&kept).unwrap(), facts);
    assert_eq!(
        serde_json::from_str::<RunFacts>("{}").unwrap(),
        RunFacts::default()
    );
}

#[test]
fn an_events_file_is_an_object_of_json() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("event.json");
    for (text, good) in [
        ("{\"a\": 1}", true),
        ("\u{feff}{}", true),
        (" \n", true),
        ("[]", false),
        ("{", false),
        ("{\"a\": NaN}", false),
    ] {
        std::fs::write(&file, text).unwrap();
        assert_eq!(payload_file(&file).is_ok(), good, "{text:?}");
    }
    assert!(payload_file(folder.path()).is_err());
}
