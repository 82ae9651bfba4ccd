//! Environment variables and flags, one by one.

use crate::harness::{Project, until};

const HELLO: &str =
    "name: hello\njobs:\n  a:\n    steps:\n      - run: echo hello-from-$(basename \"$PWD\")\n";

#[test]
fn config_path_names_the_workflow() {
    let project = Project::new();
    project.file("elsewhere/own.loom.yml", HELLO);
    project
        .loom(&["run", "--executor", "host"])
        .env("LOOM_CONFIG_PATH", project.path().join("elsewhere/own.loom.yml"))
        .run()
        .exits(0)
        .prints("hello-from-");
}

#[test]
fn an_argument_beats_config_path() {
    let project = Project::with(HELLO);
    project
        .loom(&["run", "--executor", "host", ".loom.yml"])
        .env("LOOM_CONFIG_PATH", "absent.yml")
        .run()
        .exits(0)
        .prints("hello-from-project");
}

#[test]
fn workspace_path_is_where_steps_run_and_the_flag_beats_it() {
    let project = Project::with(HELLO);
    project.file("by-variable/x", "").file("by-flag/x", "");
    let variable = project.path().join("by-variable");
    project
        .loom(&["run", "--executor", "host", ".loom.yml"])
        .env("LOOM_WORKSPACE_PATH", &variable)
        .run()
        .exits(0)
        .prints("hello-from-by-variable");
    project
        .loom(&["run", "--executor", "host", "--workspace", "by-flag", ".loom.yml"])
        .env("LOOM_WORKSPACE_PATH", &variable)
        .run()
        .exits(0)
        .prints("hello-from-by-flag");
}

#[test]
fn log_level_makes_it_talk_more_on_stderr_only() {
    let project = Project::with(HELLO);
    let quiet = project
        .loom(&["run", "--executor", "host"])
        .env("LOOM_LOG_LEVEL", "error")
        .run()
        .exits(0);
    let loud = project
        .loom(&["run", "--executor", "host"])
        .env("LOOM_LOG_LEVEL", "trace")
        .run()
        .exits(0);
    assert!(
        loud.stderr.len() > quiet.stderr.len(),
        "quiet:\n{quiet}\nloud:\n{loud}"
    );
    assert_eq!(
        loud.stdout.lines().count(),
        quiet.stdout.lines().count(),
        "quiet:\n{quiet}\nloud:\n{loud}"
    );
}

#[test]
fn logs_for_programs_are_an_object_a_line() {
    let project = Project::with(HELLO);
    let end = project
        .loom(&["run", "--executor", "host", "--log-level", "debug"])
        .env("LOOM_LOG_FORMAT", "json")
        .run()
        .exits(0)
        .prints("hello-from-project");
    let lines: Vec<serde_json::Value> = end
        .stderr
        .lines()
        .filter(|line| line.starts_with('{'))
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect();
    assert!(!lines.is_empty(), "{end}");
    for line in lines {
        for field in ["timestamp", "level", "target", "message"] {
            assert!(line[field].is_string(), "{field}: {line}");
        }
    }
    // What is said to people stays as it is.
    assert!(
        end.stderr
            .lines()
            .all(|line| line.starts_with('{') || !line.contains("DEBUG")),
        "{end}"
    );
}

#[test]
fn a_log_level_that_is_none_is_named() {
    let project = Project::with(HELLO);
    project
        .loom(&["run", "--executor", "host"])
        .env("LOOM_LOG_LEVEL", "shouting")
        .run()
        .exits(2)
        .says("shouting");
}

#[test]
fn state_goes_where_state_dir_says_and_never_into_the_project() {
    let project = Project::with(HELLO);
    project.loom(&["run", "--executor", "host"]).run().exits(0);
    assert!(project.state().is_dir());
    let mut names: Vec<_> = std::fs::read_dir(project.path())
        .expect("the project")
        .map(|e| e.expect("an entry").file_name())
        .collect();
    names.sort();
    assert_eq!(names, [".loom.yml"], "steps would see it");
}

#[test]
fn without_state_dir_state_is_in_the_users_own() {
    let project = Project::with(HELLO);
    project
        .loom(&["run", "--executor", "host"])
        .without_env("LOOM_STATE_DIR")
        .run()
        .exits(0);
    let home = project.path().with_file_name("home").join(".local/state/loom");
    let found = std::fs::read_dir(&home)
        .unwrap_or_else(|e| panic!("{}: {e}", home.display()))
        .count();
    assert_eq!(found, 1, "a directory of this project");
}

#[test]
fn environment_reaches_steps_and_the_nearest_wins() {
    let project = Project::with(
        "env: { FROM_FLOW: flow, BOTH: flow, ALL: flow }
jobs:
  a:
    env: { FROM_JOB: job, BOTH: job, ALL: job }
    steps:
      - env: { FROM_STEP: step, ALL: step }
        run: echo \"$FROM_FLOW/$FROM_JOB/$FROM_STEP/$BOTH/$ALL\"
",
    );
    project
        .loom(&["run", "--executor", "host"])
        .run()
        .exits(0)
        .prints("flow/job/step/job/step");
}

#[test]
fn steps_run_where_working_directory_says_in_the_shell_they_ask_for() {
    let project = Project::with(
        "jobs:
  a:
    steps:
      - run: echo \"default-${BASH_VERSION:+bash}\"
      - run: echo \"in-$(basename \"$PWD\")-${BASH_VERSION:-no-bash}\"
        shell: sh
        working-directory: sub
",
    );
    project.file("sub/x", "");
    // Where `sh` is bash itself, as on some systems, it still knows its version.
    project
        .loom(&["run", "--executor", "host"])
        .run()
        .exits(0)
        .prints("default-bash")
        .prints("in-sub-");
}

#[test]
fn the_default_shell_stops_at_the_first_command_that_fails() {
    let project =
        Project::with("jobs:\n  a:\n    steps:\n      - run: |\n          false\n          touch reached\n");
    project.loom(&["run", "--executor", "host"]).run().exits(1);
    assert!(!project.path().join("reached").exists());
}

#[test]
fn a_timeout_ends_the_job_and_says_so() {
    let project =
        Project::with("jobs:\n  a:\n    timeout-minutes: 0.01\n    steps:\n      - run: sleep 600\n");
    let outcome = project.loom(&["run", "--executor", "host"]).run().exits(1);
    let both = format!("{}{}", outcome.stdout, outcome.stderr);
    assert!(
        both.contains("timeout") || both.contains("timed out"),
        "{outcome}"
    );
}

#[test]
fn the_port_of_serve_is_loom_port_and_one_that_is_taken_is_said() {
    let project = Project::with(HELLO);
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port();
    project
        .loom(&["serve", "--executor", "host"])
        .env("LOOM_PORT", port.to_string())
        .run()
        .exits(3)
        .says(&port.to_string());
    drop(taken);
    let serve = project
        .loom(&["serve", "--executor", "host"])
        .env("LOOM_PORT", port.to_string())
        .start();
    until("the studio answers", || {
        let answer = crate::harness::Address::local(port)
            .get("/api/health")
            .try_send()
            .ok()?;
        (answer.status == 200).then_some(())
    });
    drop(serve);
}

#[test]
fn a_variable_that_is_set_to_nothing_is_not_set() {
    let project = Project::with(HELLO);
    let empty = [
        "LOOM_STATE_DIR",
        "LOOM_CONFIG_PATH",
        "LOOM_WORKSPACE_PATH",
        "LOOM_LOG_LEVEL",
        "LOOM_LOG_FORMAT",
        "STUDIO_URL",
        "STUDIO_WORKSPACE",
        "STUDIO_ENABLED",
    ];
    let loom = project.loom(&["run", "--executor", "host"]);
    let loom = empty.iter().fold(loom, |loom, name| loom.env(name, ""));
    loom.run().exits(0).prints("hello-from-project");
    // Neither is it for `serve`: what it says is of the port alone.
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port().to_string();
    let loom = project.loom(&["serve", "--executor", "host", "--port", &port]);
    let empty = [
        "LOOM_PORT",
        "LOOM_BIND",
        "LOOM_CORS_ORIGINS",
        "LOOM_FORGET_AFTER",
        "LOOM_TLS_CERT",
        "LOOM_TLS_KEY",
        "LOOM_RECORDER_MB",
    ];
    let loom = empty.iter().fold(loom, |loom, name| loom.env(name, ""));
    loom.run().exits(3).says(&port);
}

#[test]
fn a_variable_for_several_machines_is_said_to_have_no_effect() {
    let project = Project::with(HELLO);
    for name in ["LOOM_DATABASE_URL", "LOOM_REDIS_URL"] {
        project
            .loom(&["run", "--executor", "host"])
            .env(name, "redis://elsewhere")
            .run()
            .exits(0)
            .says(&format!("{name} has no effect yet"));
    }
}
