use serde_json::json;

use super::super::event::Given;
use super::super::git::GitFacts;
use super::super::{RunnerFacts, default_environment};
use super::*;

fn facts(payload: serde_json::Value, event: &str) -> RunFacts {
    let given = Given {
        event: Some(event.to_owned()),
        payload: Some(payload),
        repository: Some("Owner/Name".into()),
        actor: Some("ada".into()),
        sha: Some("1f".repeat(20)),
        reference: Some("refs/heads/main".into()),
        ..Given::default()
    };
    RunFacts::gather(&GitFacts::default(), given, "f", |_| None)
}

fn at<'a>(run: &'a RunId, token: Option<&'a Secret>) -> Moment<'a> {
    Moment {
        run,
        number: 7,
        attempt: 1,
        workflow: "CI",
        file: ".github/workflows/ci.yml",
        job: Some("build"),
        workspace: "/workspace",
        event_path: "/loom/event.json",
        token,
    }
}

#[test]
fn the_context_has_all_that_github_documents() {
    let run = RunId("0190a6b2c3d47e5f8a9b0c1d2e3f4a5b".into());
    let token = Secret::new("t0ken");
    let github = github(&facts(json!({}), "push"), &at(&run, Some(&token)));
    let text = |key: &str| {
        github
            .get(key)
            .unwrap_or_else(|| panic!("no {key}"))
            .to_text()
            .to_string()
    };
    for (key, want) in [
        ("actor", "ada"),
        ("api_url", "https://api.github.com"),
        ("base_ref", ""),
        ("event_name", "push"),
        ("graphql_url", "https://api.github.com/graphql"),
        ("head_ref", ""),
        ("job", "build"),
        ("ref", "refs/heads/main"),
        ("ref_name", "main"),
        ("ref_protected", "false"),
        ("ref_type", "branch"),
        ("repository", "Owner/Name"),
        ("repository_owner", "Owner"),
        ("repositoryUrl", "git://github.com/Owner/Name.git"),
        ("retention_days", "90"),
        ("run_number", "7"),
        ("run_attempt", "1"),
        ("secret_source", "Actions"),
        ("server_url", "https://github.com"),
        ("token", "t0ken"),
        ("triggering_actor", "ada"),
        ("workflow", "CI"),
        (
            "workflow_ref",
            "Owner/Name/.github/workflows/ci.yml@refs/heads/main",
        ),
        ("workspace", "/workspace"),
        ("event_path", "/loom/event.json"),
    ] {
        assert_eq!(text(key), want, "{key}");
    }
    for number in ["run_id", "actor_id", "repository_id", "repository_owner_id"] {
        assert!(
            text(number).parse::<u64>().is_ok_and(|number| number > 0),
            "{number}: {}",
            text(number)
        );
    }
    let variables = default_environment(&github, &RunnerFacts::default());
    assert_eq!(variables.get("GITHUB_RUN_ID"), Some(&text("run_id")));
    assert!(variables.values().all(|value| !value.contains("t0ken")));
}

#[test]
fn a_runs_number_is_its_ids_alone_and_grows_with_time() {
    let number = |id: &str| run_id_number(&RunId(id.into()));
    let first = "0190a6b2c3d47e5f8a9b0c1d2e3f4a5b";
    assert_eq!(number(first), number("0190a6b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b"));
    assert!(number("0190a6b2c3d57e5f8a9b0c1d2e3f4a5b") > number(first));
    assert_ne!(number("0190a6b2c3d47e5f8a9b0c1d2e3f4a5c"), number(first));
    for id in [first, "ffffffffffffffffffffffffffffffff", "r", "", "ü-not-a-uuid"] {
        assert!(number(id) < 1 << 53, "{id}");
    }
}

#[test]
fn a_payload_names_its_own_numbers() {
    let run = RunId("r".into());
    let payload = json!({"repository": {"id": 42, "private": true, "owner": {"id": 43}}, "sender": {"id": 44, "login": "x"}});
    let github = github(&facts(payload, "push"), &at(&run, None));
    let text = |key: &str| github.get(key).unwrap().to_text().to_string();
    assert_eq!(
        (
            text("repository_id"),
            text("repository_owner_id"),
            text("actor_id")
        ),
        ("42".into(), "43".into(), "44".into())
    );
    assert_eq!(
        (text("repository_visibility"), text("token")),
        ("private".into(), String::new())
    );
}
