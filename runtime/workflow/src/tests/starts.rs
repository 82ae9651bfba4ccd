//! Which events start a workflow, and why: the examples and tables of GitHub's documentation.

use proptest::prelude::*;

use super::workflow;
use crate::Dialect::{GitHub, Loom};
use crate::expression::Value;
use crate::{Event, TriggerDecision, TriggerReason, triggered};

fn asked(on: &str, event: &Event) -> TriggerDecision {
    let text = format!("on:\n{on}\njobs: {{a: {{runs-on: x, steps: [{{run: x}}]}}}}\n");
    triggered(&workflow(&text, GitHub), event)
}

fn json(text: &str) -> Value {
    Value::from_json(text).unwrap()
}

fn push(reference: &str) -> Event {
    Event::new("push").with_reference(reference)
}

fn pull_request(action: &str) -> Event {
    let payload = format!(
        r#"{{"action": "{action}", "pull_request": {{"base": {{"ref": "main"}}, "head": {{"ref": "topic"}}}}}}"#
    );
    Event::new("pull_request").with_payload(json(&payload))
}

fn activity(event: &str, action: &str) -> Event {
    Event::new(event).with_payload(json(&format!(r#"{{"action": "{action}"}}"#)))
}

#[test]
fn a_filter_of_other_events_is_passed_over() {
    let release = "  release:\n    types: [published]\n    branches: [main]\n    paths: [src/**]";
    assert!(asked(release, &activity("release", "published")).starts);
    assert!(!asked(release, &activity("release", "edited")).starts);
    let created = Event::new("create").with_reference("refs/heads/topic");
    assert!(asked("  create:\n    tags: ['v*']\n    branches: [main]", &created).starts);
}

#[test]
fn an_empty_filter_is_as_good_as_none() {
    let empty = "  push:\n    branches:\n    tags:";
    for reference in ["refs/heads/any", "refs/tags/v1"] {
        assert!(asked(empty, &push(reference)).starts, "{reference}");
    }
    let of_paths = "  push:\n    branches:\n    paths: ['ci/**']";
    let changed = |path: &str| push("refs/heads/any").with_changed_paths([path]);
    assert!(asked(of_paths, &changed("ci/a")).starts);
    assert!(!asked(of_paths, &changed("src/a")).starts);
    let types = "  pull_request:\n    types:\n    branches:";
    assert!(asked(types, &pull_request("opened")).starts);
    assert!(!asked(types, &pull_request("labeled")).starts);
}

#[test]
fn an_empty_text_matches_no_branch() {
    for written in ["''", "['']"] {
        let never = format!("  push:\n    branches: {written}");
        assert!(!asked(&never, &push("refs/heads/main")).starts, "{written}");
    }
}

#[test]
fn branches_are_picked_in_order() {
    let only = "  push:\n    branches: [main, 'mona/octocat', 'releases/**']";
    let not = "  push:\n    branches: ['releases/**', '!releases/**-alpha']";
    let back = "  push:\n    branches: ['releases/**', '!releases/**-alpha', 'releases/1-alpha']";
    let ignored = "  push:\n    branches-ignore: ['mona/octocat', 'releases/**-alpha']";
    for (on, branch, starts) in [
        (only, "main", true),
        (only, "mona/octocat", true),
        (only, "releases/10", true),
        (only, "releases/a/b", true),
        (only, "dev", false),
        (only, "Main", false),
        (not, "releases/10", true),
        (not, "releases/beta/3-alpha", false),
        (not, "main", false),
        (back, "releases/1-alpha", true),
        (back, "releases/2-alpha", false),
        (ignored, "mona/octocat", false),
        (ignored, "releases/beta/3-alpha", false),
        (ignored, "releases/beta/3", true),
        // Nothing is picked where everything is left out.
        ("  push:\n    branches: ['!dev']", "main", false),
    ] {
        let answer = asked(on, &push(&format!("refs/heads/{branch}")));
        assert_eq!(
            (answer.starts, answer.reason),
            (starts, TriggerReason::Branch),
            "{on} {branch}: {answer}"
        );
    }
}

#[test]
fn tags_and_branches_are_asked_apart() {
    let tags = "  push:\n    tags: [v2, 'v1.*']";
    let ignored = "  push:\n    tags-ignore: [v2]";
    let branches = "  push:\n    branches: ['**']";
    let both = "  push:\n    branches: [main]\n    tags: ['v*']";
    for (on, reference, starts) in [
        (tags, "refs/tags/v2", true),
        (tags, "refs/tags/v1.9.1", true),
        (tags, "refs/tags/v3", false),
        (tags, "refs/heads/v2", false),
        (ignored, "refs/tags/v1", true),
        (ignored, "refs/tags/v2", false),
        (ignored, "refs/heads/main", false),
        (branches, "refs/heads/main", true),
        (branches, "refs/tags/v1", false),
        (both, "refs/heads/main", true),
        (both, "refs/heads/dev", false),
        (both, "refs/tags/v1", true),
        (both, "refs/tags/x", false),
        ("  push:", "refs/tags/x", true),
        ("  push:\n    paths: ['**.js']", "refs/tags/x", true),
    ] {
        let event = push(reference).with_changed_paths(["README.md"]);
        let answer = asked(on, &event);
        assert_eq!(answer.starts, starts, "{on} {reference}: {answer}");
    }
}

#[test]
fn paths_want_one_changed_file() {
    let only = "  push:\n    paths: ['**.js']";
    let not = "  push:\n    paths: ['sub-project/**', '!sub-project/docs/**']";
    let ignored = "  push:\n    paths-ignore: ['docs/**']";
    for (on, changed, starts) in [
        (only, &["src/a.js", "b.md"][..], true),
        (only, &["b.md"], false),
        (only, &[], false),
        (not, &["sub-project/index.js"], true),
        (not, &["sub-project/src/index.js", "sub-project/docs/x"], true),
        (not, &["sub-project/docs/readme.md"], false),
        (ignored, &["docs/a", "docs/b/c"], false),
        (ignored, &["docs/a", "src/b"], true),
        (ignored, &[], false),
    ] {
        let event = push("refs/heads/main").with_changed_paths(changed.iter().copied());
        let answer = asked(on, &event);
        assert_eq!(
            (answer.starts, answer.reason),
            (starts, TriggerReason::Path),
            "{on} {changed:?}: {answer}"
        );
    }
    // Without a difference to look at, GitHub runs the workflow; and branches and paths must both fit.
    assert!(asked(only, &push("refs/heads/main")).starts);
    let both = "  push:\n    branches: ['releases/**']\n    paths: ['**.js']";
    let event = |branch: &str, path: &str| push(branch).with_changed_paths([path]);
    assert!(asked(both, &event("refs/heads/releases/1", "a.js")).starts);
    assert!(!asked(both, &event("refs/heads/releases/1", "a.md")).starts);
    assert!(!asked(both, &event("refs/heads/main", "a.js")).starts);
}

#[test]
fn a_pull_request_is_about_where_it_goes() {
    let main = "  pull_request:\n    branches: [main]";
    assert!(asked(main, &pull_request("opened")).starts);
    assert!(!asked("  pull_request:\n    branches: [topic]", &pull_request("opened")).starts);
    for (on, action, starts) in [
        ("  pull_request:", "opened", true),
        ("  pull_request:", "synchronize", true),
        ("  pull_request:", "reopened", true),
        ("  pull_request:", "closed", false),
        ("  pull_request:", "labeled", false),
        ("  pull_request: {types: [closed]}", "closed", true),
        ("  pull_request: {types: [closed]}", "opened", false),
        ("  pull_request: {types: labeled}", "labeled", true),
    ] {
        let answer = asked(on, &pull_request(action));
        assert_eq!(answer.starts, starts, "{on} {action}: {answer}");
    }
    // Of an event by its name alone, nothing is known that would hold it back.
    assert!(asked(main, &Event::new("pull_request")).starts);
    assert!(!asked(main, &Event::new("pull_request").with_base("refs/heads/dev")).starts);
    assert!(asked(main, &Event::new("pull_request").with_base("main")).starts);
}

/// Every event that has kinds of activity, with one of them and the kinds that count by default (none: all).
#[test]
fn activities_are_those_of_the_documentation() {
    for (event, kinds) in [
        ("branch_protection_rule", &["created", "edited", "deleted"][..]),
        (
            "check_run",
            &["created", "rerequested", "completed", "requested_action"],
        ),
        ("check_suite", &["completed"]),
        (
            "discussion",
            &[
                "created",
                "transferred",
                "pinned",
                "answered",
                "unanswered",
                "category_changed",
            ],
        ),
        ("discussion_comment", &["created", "edited", "deleted"]),
        ("issue_comment", &["created", "edited", "deleted"]),
        (
            "issues",
            &[
                "opened",
                "milestoned",
                "demilestoned",
                "field_added",
                "typed",
                "untyped",
            ],
        ),
        ("label", &["created", "edited", "deleted"]),
        ("merge_group", &["checks_requested", "destroyed"]),
        ("milestone", &["created", "closed", "opened", "edited", "deleted"]),
        ("pull_request_review", &["submitted", "edited", "dismissed"]),
        ("pull_request_review_comment", &["created", "edited", "deleted"]),
        ("registry_package", &["published", "updated"]),
        (
            "release",
            &[
                "published",
                "unpublished",
                "created",
                "edited",
                "deleted",
                "prereleased",
                "released",
            ],
        ),
        ("watch", &["started"]),
    ] {
        let on = format!("  {event}:");
        for kind in kinds {
            assert!(asked(&on, &activity(event, kind)).starts, "{event} {kind}");
            let narrowed = format!("  {event}: {{types: [{kind}]}}");
            assert!(asked(&narrowed, &activity(event, kind)).starts, "{event} {kind}");
            assert!(!asked(&narrowed, &activity(event, "other")).starts, "{event}");
        }
        let other = asked(&on, &activity(event, "other"));
        assert_eq!(
            (other.starts, other.reason),
            (false, TriggerReason::Activity),
            "{event}"
        );
        assert!(asked(&on, &Event::new(event)).starts, "{event}");
    }
    for event in [
        "create",
        "delete",
        "deployment",
        "fork",
        "gollum",
        "page_build",
        "public",
        "status",
    ] {
        let answer = asked(&format!("  {event}:"), &activity(event, "whatever"));
        assert_eq!(
            (answer.starts, answer.reason),
            (true, TriggerReason::Listed),
            "{event}"
        );
    }
}

#[test]
fn dispatches_calls_and_schedules_are_asked_for() {
    let dispatch = "  repository_dispatch:\n    types: [test_result]";
    assert!(asked(dispatch, &activity("repository_dispatch", "test_result")).starts);
    assert!(!asked(dispatch, &activity("repository_dispatch", "other")).starts);
    assert!(
        asked(
            "  repository_dispatch:",
            &activity("repository_dispatch", "anything")
        )
        .starts
    );
    assert!(asked("  workflow_dispatch:", &Event::new("workflow_dispatch")).starts);
    assert!(asked("  workflow_call:", &Event::new("workflow_call")).starts);
    assert!(!asked("  workflow_call:", &Event::new("workflow_dispatch")).starts);
    let schedule = "  schedule:\n    - cron: '30 5 * * 1,3'\n    - cron: '30 5 * * 2,4'";
    let at = |cron: &str| Event::new("schedule").with_payload(json(&format!(r#"{{"schedule": "{cron}"}}"#)));
    assert!(asked(schedule, &at("30 5 * * 2,4")).starts);
    assert!(asked(schedule, &at("30 5  * * 1,3")).starts);
    assert!(!asked(schedule, &at("0 0 * * *")).starts);
    assert!(asked(schedule, &Event::new("schedule")).starts);
}

#[test]
fn a_workflow_follows_others() {
    let on = "  workflow_run:\n    workflows: [Staging, Lab]\n    types: [completed]\n    branches: [canary]";
    let ran = |name: &str, action: &str, branch: &str| {
        Event::new("workflow_run").with_payload(json(&format!(
            r#"{{"action": "{action}", "workflow_run": {{"name": "{name}", "head_branch": "{branch}"}}}}"#
        )))
    };
    assert!(asked(on, &ran("Lab", "completed", "canary")).starts);
    for (event, reason) in [
        (ran("Build", "completed", "canary"), TriggerReason::Workflow),
        (ran("Lab", "requested", "canary"), TriggerReason::Activity),
        (ran("Lab", "completed", "main"), TriggerReason::Branch),
    ] {
        let answer = asked(on, &event);
        assert_eq!((answer.starts, answer.reason), (false, reason), "{answer}");
    }
}

#[test]
fn images_have_names_and_versions() {
    let on = "  image_version:\n    names: [MyNewImage, MyOtherImage]\n    versions: [1.*, 2.*]";
    let made = |name: &str, version: &str| {
        Event::new("image_version").with_payload(json(&format!(
            r#"{{"image": {{"name": "{name}"}}, "image_version": {{"version": "{version}"}}}}"#
        )))
    };
    assert!(asked(on, &made("MyNewImage", "2.53.0")).starts);
    assert!(!asked(on, &made("MyNewImage", "3.0.0")).starts);
    assert!(!asked(on, &made("Another", "1.0.0")).starts);
}

#[test]
fn what_github_does_not_send_starts_nothing() {
    let draft = json(r#"{"action": "created", "release": {"draft": true}}"#);
    let answer = asked("  release:", &Event::new("release").with_payload(draft));
    assert_eq!((answer.starts, answer.reason), (false, TriggerReason::NotSent));
    let published = json(r#"{"action": "published", "release": {"draft": false}}"#);
    assert!(asked("  release:", &Event::new("release").with_payload(published)).starts);
    let inactive = json(r#"{"deployment_status": {"state": "inactive"}}"#);
    assert!(
        !asked(
            "  deployment_status:",
            &Event::new("deployment_status").with_payload(inactive)
        )
        .starts
    );
    for (message, starts) in [
        ("add a thing", true),
        ("[skip ci] typo", false),
        ("typo [no ci]", false),
        ("title\\n\\nskip-checks: true", false),
        ("title\\n\\n\\nskip-checks:true\\nSigned-off-by: x", false),
        ("skip-checks: true", true),
    ] {
        let payload = json(&format!(r#"{{"head_commit": {{"message": "{message}"}}}}"#));
        let answer = asked("  push:", &push("refs/heads/main").with_payload(payload));
        assert_eq!(answer.starts, starts, "{message}: {answer}");
    }
}

#[test]
fn answers_say_why_and_where() {
    let text = "on:\n  push:\n    branches: [main, 'releases/**']\n    paths: ['src/**']\njobs: {a: {runs-on: x, steps: [{run: x}]}}\n";
    let file = workflow(text, GitHub);
    let marked = |answer: &TriggerDecision| answer.span.map(|span| text.get(span.range()).unwrap());
    let answer = triggered(&file, &push("refs/heads/dev"));
    assert_eq!(
        answer.text,
        "the branch `dev` matches none of `branches`: `main`, `releases/**`"
    );
    assert_eq!(marked(&answer), Some("main"));
    let answer = triggered(&file, &push("refs/heads/main").with_changed_paths(["README.md"]));
    assert_eq!(
        answer.text,
        "the one changed path matches none of `paths`: `src/**`"
    );
    let answer = triggered(&file, &push("refs/heads/main").with_changed_paths(["src/a"]));
    assert_eq!(answer.text, "the branch `main` matches `main`");
    let answer = triggered(&file, &Event::new("issues"));
    assert_eq!(
        answer.text,
        "the event `issues` is not among those that start it: `push`"
    );
    let answer = triggered(&file, &push("refs/tags/v1"));
    assert_eq!(
        answer.text,
        "the tag `v1` starts nothing: only branches are filtered, and `tags` would be needed too"
    );
    let file = workflow("jobs: {a: {steps: [{run: x}]}}\n", Loom);
    assert!(triggered(&file, &Event::new("anything")).starts);
}

#[test]
fn the_context_tells_what_the_event_knows() {
    let of = |event: Event, key: &str| event.github().get(key).unwrap().to_text().to_string();
    assert_eq!(of(push("refs/heads/a/b"), "ref_name"), "a/b");
    assert_eq!(of(push("refs/tags/v1"), "ref_type"), "tag");
    assert_eq!(of(pull_request("opened"), "base_ref"), "main");
    assert_eq!(of(pull_request("opened"), "head_ref"), "topic");
    assert_eq!(of(push("main"), "ref"), "refs/heads/main");
    let pull = pull_request("opened").with_reference("refs/pull/7/merge");
    assert_eq!(of(pull.clone(), "ref_name"), "7/merge");
    assert_eq!(of(pull, "event_name"), "pull_request");
    let created = Event::new("create").with_payload(json(r#"{"ref": "v1", "ref_type": "tag"}"#));
    assert_eq!(of(created, "ref"), "refs/tags/v1");
}

proptest! {
    #[test]
    fn every_event_has_an_answer(
        name in "push|pull_request|release|workflow_run|schedule|image_version|\\PC{0,6}",
        reference in "refs/(heads|tags|x)/[a-z/]{0,6}|\\PC{0,8}",
        changed in prop::collection::vec("[a-z/.]{0,6}", 0..3),
        patterns in prop::collection::vec("[!a-z*/]{1,5}", 1..4),
    ) {
        let list: String = patterns.iter().map(|pattern| format!("      - '{pattern}'\n")).collect();
        let text = format!("on:\n  push:\n    branches:\n{list}    paths:\n{list}jobs: {{a: {{steps: [{{run: x}}]}}}}\n");
        let (_, loaded) = super::load_text(&text, Loom);
        if let Some(workflow) = loaded.workflow {
            let event = Event::new(name.as_str()).with_reference(reference).with_changed_paths(changed);
            let answer = triggered(&workflow, &event);
            prop_assert!(!answer.text.is_empty() && !answer.text.contains(char::is_control));
        }
    }
}

#[test]
fn what_is_not_known_holds_nothing_back() {
    for (on, event) in [
        ("  push: {branches: [main]}", "push"),
        ("  push: {branches-ignore: ['**']}", "push"),
        ("  push: {tags: [v*]}", "push"),
        ("  push: {branches: [main], paths: [src/**]}", "push"),
        ("  push: {paths-ignore: ['**']}", "push"),
        (
            "  pull_request: {types: [labeled], branches: [main], paths: [x]}",
            "pull_request",
        ),
        ("  schedule: [{cron: '30 5 * * 1'}]", "schedule"),
        (
            "  workflow_call:\n    inputs: {a: {type: string, required: true}}",
            "workflow_call",
        ),
        (
            "  workflow_dispatch:\n    inputs: {a: {required: true}}",
            "workflow_dispatch",
        ),
        (
            "  workflow_run: {workflows: [Other], types: [completed], branches: [main]}",
            "workflow_run",
        ),
        ("  repository_dispatch: {types: [go]}", "repository_dispatch"),
        (
            "  image_version: {names: [a], versions: ['1.*']}",
            "image_version",
        ),
    ] {
        let answer = asked(on, &Event::new(event));
        assert!(answer.starts, "{on}: {answer}");
        let other = asked(on, &Event::new("watch"));
        assert_eq!(
            (other.starts, other.reason),
            (false, TriggerReason::NotListed),
            "{on}"
        );
    }
}
