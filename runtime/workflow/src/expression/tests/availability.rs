//! Which names may be used where, and what is said of the others.

use std::collections::HashSet;

use super::*;
use crate::codes;
use crate::expression::{Function, Key, allowed};

/// The first error under a key: what, and the help.
fn first(text: &str, key: Key) -> Option<(String, String)> {
    let error = parse(text, 0, &Scope::of(key)).errors.into_iter().next()?;
    Some((error.reason.to_string(), error.help.unwrap_or_default()))
}

#[test]
fn names_are_known_where_github_knows_them() {
    for (key, right, wrong) in [
        (Key::RunName, "github.ref", "secrets.X"),
        (Key::Env, "secrets.X", "env.X"),
        (Key::JobIf, "needs.a.result == 'success' && always()", "matrix.os"),
        (Key::JobIf, "success('a', 'b')", "hashFiles('x')"),
        (Key::JobIf, "vars.X", "env.X"),
        (Key::JobStrategy, "fromJSON(needs.a.outputs.m)", "matrix.x"),
        (Key::JobRunsOn, "matrix.os", "env.OS"),
        (Key::JobEnv, "secrets.X", "runner.os"),
        (Key::JobOutputs, "steps.x.outputs.y", "jobs.x"),
        (Key::JobEnvironmentUrl, "steps.x.outputs.y", "secrets.X"),
        (Key::JobContainerCredentials, "secrets.X", "steps.x"),
        (Key::CallOutputValue, "jobs.x.outputs.y", "steps.x"),
        (Key::StepIf, "hashFiles('x') != '' && failure()", "secrets.X"),
        (Key::StepIf, "failure()", "failure('a')"),
        (Key::StepRun, "hashFiles('**/*.lock')", "success()"),
        (Key::StepWith, "secrets.X", "jobs.x"),
        (Key::ActionStep, "inputs.x", "secrets.X"),
        (Key::ActionInputDefault, "github.token", "inputs.x"),
    ] {
        assert_eq!(first(right, key), None, "{} {right}", key.as_str());
        assert!(first(wrong, key).is_some(), "{} {wrong}", key.as_str());
    }
}

#[test]
fn the_table_is_sound() {
    let names: HashSet<&str> = Key::ALL.iter().map(|key| key.as_str()).collect();
    assert_eq!(names.len(), Key::ALL.len(), "each key once");
    for key in Key::ALL {
        let here = allowed(*key);
        let contexts: HashSet<&&str> = here.contexts.iter().collect();
        assert_eq!(contexts.len(), here.contexts.len(), "{}", key.as_str());
        assert!(here.functions.iter().all(|function| !function.is_general()));
        // The status is asked in conditions, and only there.
        let asks = here.functions.iter().any(|function| function.is_status());
        let is_condition = key.as_str().ends_with("if") && *key != Key::JobSnapshotIf;
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
        ("githb.ref", Key::JobIf, "did you mean `github`?"),
        ("need.a", Key::JobIf, "did you mean `needs`?"),
        (
            "secrets.X != ''",
            Key::JobIf,
            "`secrets` cannot be used under `jobs.<job_id>.if`; available here: `github`, `needs`, `vars`, `inputs`",
        ),
        (
            "main",
            Key::JobIf,
            "a text stands in single quotes; available here: `github`, `needs`, `vars`, `inputs`",
        ),
        (
            "env.SHELL",
            Key::StepShell,
            "no context can be used under `jobs.<job_id>.steps.shell`: write the value itself",
        ),
        ("ON", Key::JobIf, "a text stands in single quotes: `'ON'`"),
        (
            "failure && true",
            Key::JobIf,
            "a function is called with parentheses: `failure()`",
        ),
        ("startWith('a', 'b')", Key::JobIf, "did you mean `startsWith`?"),
        ("hashFile('a')", Key::StepRun, "did you mean `hashFiles`?"),
        (
            "hashFiles('a')",
            Key::JobIf,
            "`hashFiles` cannot be used under `jobs.<job_id>.if`",
        ),
        ("always(1)", Key::JobIf, "`always` takes no arguments"),
        ("contains('a')", Key::JobIf, "`contains` takes 2 arguments"),
        ("join()", Key::JobIf, "`join` takes 1 to 2 arguments"),
        ("\"x\"", Key::JobIf, "texts stand in single quotes: 'text'"),
        ("github.a = 1", Key::JobIf, "equality is `==`"),
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
    let parsed = parse("githb.ref", 5, &Scope::of(Key::JobIf));
    let found = parsed.errors.first().unwrap().to_diagnostic(codes::WRONG_TYPE);
    assert_eq!(found.message, "unrecognized named-value: 'githb'");
    assert_eq!(found.span().unwrap().range(), 5..10);
    assert_eq!(found.suggestion.unwrap().edits[0].replacement, "github");
    assert_eq!(found.help.as_deref(), Some("did you mean `github`?"));
}
