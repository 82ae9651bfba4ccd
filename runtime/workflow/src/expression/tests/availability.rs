//! Which names may be used where, and what is said of the others.

use std::collections::HashSet;

use super::*;
use crate::codes;
use crate::expression::{Function, WorkflowKey, allowed};

/// The first error under a key: what, and the help.
fn first(text: &str, key: WorkflowKey) -> Option<(String, String)> {
    let error = parse(text, 0, &Scope::of(key)).errors.into_iter().next()?;
    Some((error.reason.to_string(), error.help.unwrap_or_default()))
}

#[test]
fn names_are_known_where_github_knows_them() {
    for (key, right, wrong) in [
        (WorkflowKey::RunName, "github.ref", "secrets.X"),
        (WorkflowKey::Env, "secrets.X", "env.X"),
        (
            WorkflowKey::JobIf,
            "needs.a.result == 'success' && always()",
            "matrix.os",
        ),
        (WorkflowKey::JobIf, "success('a', 'b')", "hashFiles('x')"),
        (WorkflowKey::JobIf, "vars.X", "env.X"),
        (
            WorkflowKey::JobStrategy,
            "fromJSON(needs.a.outputs.m)",
            "matrix.x",
        ),
        (WorkflowKey::JobRunsOn, "matrix.os", "env.OS"),
        (WorkflowKey::JobEnv, "secrets.X", "runner.os"),
        (WorkflowKey::JobOutputs, "steps.x.outputs.y", "jobs.x"),
        (WorkflowKey::JobEnvironmentUrl, "steps.x.outputs.y", "secrets.X"),
        (WorkflowKey::JobContainerCredentials, "secrets.X", "steps.x"),
        (WorkflowKey::CallOutputValue, "jobs.x.outputs.y", "steps.x"),
        (
            WorkflowKey::StepIf,
            "hashFiles('x') != '' && failure()",
            "secrets.X",
        ),
        (WorkflowKey::StepIf, "failure()", "failure('a')"),
        (WorkflowKey::StepRun, "hashFiles('**/*.lock')", "success()"),
        (WorkflowKey::StepWith, "secrets.X", "jobs.x"),
        (WorkflowKey::ActionStep, "inputs.x", "secrets.X"),
        (WorkflowKey::ActionInputDefault, "github.token", "inputs.x"),
    ] {
        assert_eq!(first(right, key), None, "{} {right}", key.as_str());
        assert!(first(wrong, key).is_some(), "{} {wrong}", key.as_str());
    }
}

#[test]
fn the_table_is_sound() {
    let names: HashSet<&str> = WorkflowKey::ALL.iter().map(|key| key.as_str()).collect();
    assert_eq!(names.len(), WorkflowKey::ALL.len(), "each key once");
    for key in WorkflowKey::ALL {
        let here = allowed(*key);
        let contexts: HashSet<&&str> = here.contexts.iter().collect();
        assert_eq!(contexts.len(), here.contexts.len(), "{}", key.as_str());
        assert!(here.functions.iter().all(|function| !function.is_general()));
        // The status is asked in conditions, and only there.
        let asks = here.functions.iter().any(|function| function.is_status());
        let is_condition = key.as_str().ends_with("if") && *key != WorkflowKey::JobSnapshotIf;
        assert_eq!(asks, is_condition, "{}", key.as_str());
    }
}

#[test]
fn functions_are_found_by_their_names() {
    for function in Function::ALL {
        assert_eq!(Function::find(&function.name().to_uppercase()), Some(function));
    }
    assert_eq!(Function::find("hash"), None);
}

#[test]
fn the_next_step_is_named() {
    for (text, key, help) in [
        ("githb.ref", WorkflowKey::JobIf, "did you mean `github`?"),
        ("need.a", WorkflowKey::JobIf, "did you mean `needs`?"),
        (
            "secrets.X != ''",
            WorkflowKey::JobIf,
            "`secrets` cannot be used under `jobs.<job_id>.if`; available here: `github`, `needs`, `vars`, `inputs`",
        ),
        (
            "main",
            WorkflowKey::JobIf,
            "a text stands in single quotes; available here: `github`, `needs`, `vars`, `inputs`",
        ),
        (
            "env.SHELL",
            WorkflowKey::StepShell,
            "no context can be used under `jobs.<job_id>.steps.shell`: write the value itself",
        ),
        ("ON", WorkflowKey::JobIf, "a text stands in single quotes: `'ON'`"),
        (
            "failure && true",
            WorkflowKey::JobIf,
            "a function is called with parentheses: `failure()`",
        ),
        (
            "startWith('a', 'b')",
            WorkflowKey::JobIf,
            "did you mean `startsWith`?",
        ),
        ("hashFile('a')", WorkflowKey::StepRun, "did you mean `hashFiles`?"),
        (
            "hashFiles('a')",
            WorkflowKey::JobIf,
            "`hashFiles` cannot be used under `jobs.<job_id>.if`",
        ),
        ("always(1)", WorkflowKey::JobIf, "`always` takes no arguments"),
        (
            "contains('a')",
            WorkflowKey::JobIf,
            "`contains` takes 2 arguments",
        ),
        ("join()", WorkflowKey::JobIf, "`join` takes 1 to 2 arguments"),
        (
            "\"x\"",
            WorkflowKey::JobIf,
            "texts stand in single quotes: 'text'",
        ),
        ("github.a = 1", WorkflowKey::JobIf, "equality is `==`"),
    ] {
        assert_eq!(first(text, key).unwrap_or_default().1, help, "{text}");
    }
}

#[test]
fn a_context_without_a_value_is_told_from_a_typo() {
    let help = |text: &str| {
        let parsed = parse(text, 0, &Scope::of_names(["matrix"]));
        parsed.errors.into_iter().next().and_then(|error| error.help)
    };
    assert_eq!(
        help("github.ref").as_deref(),
        Some("the context `github` has no value here")
    );
    assert_eq!(help("matrx.os").as_deref(), Some("did you mean `matrix`?"));
    assert_eq!(help("matrix.os"), None);
}

#[test]
fn an_error_becomes_a_finding() {
    let parsed = parse("githb.ref", 5, &Scope::of(WorkflowKey::JobIf));
    let found = parsed.errors.first().unwrap().to_diagnostic(codes::WRONG_TYPE);
    assert_eq!(found.message, "unrecognized named-value: 'githb'");
    assert_eq!(found.span().unwrap().range(), 5..10);
    assert_eq!(found.suggestion.unwrap().edits[0].replacement, "github");
    assert_eq!(found.help.as_deref(), Some("did you mean `github`?"));
}
