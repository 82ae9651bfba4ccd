//! Flags of `run` and the files of configuration, each seen in what it does.

use crate::harness::{Events, Project};

const HELLO: &str = "name: hello\njobs:\n  a:\n    runs-on: some-label\n    steps:\n      - run: echo hello-from-$(basename \"$PWD\")-$EXTRA\n";

#[test]
fn env_reaches_every_step() {
    let project = Project::with(HELLO);
    project
        .loom(&["run", "--executor", "host", "--env", "EXTRA=given=twice"])
        .run()
        .exits(0)
        .prints("hello-from-project-given=twice");
}

#[test]
fn job_picks_a_job_and_what_it_needs() {
    let project = Project::with(
        "jobs:
  first: { steps: [{ run: touch first }] }
  second: { needs: first, steps: [{ run: touch second }] }
  other: { steps: [{ run: touch other }] }
",
    );
    project
        .loom(&["run", "--executor", "host", "--job", "second"])
        .run()
        .exits(0);
    for (file, there) in [("first", true), ("second", true), ("other", false)] {
        assert_eq!(project.path().join(file).exists(), there, "{file}");
    }
    project
        .loom(&["run", "--executor", "host", "-j", "nobody"])
        .run()
        .exits(2)
        .says("nobody");
}

#[test]
fn parallel_bounds_how_many_jobs_run_at_once() {
    let job = |name: &str| format!("  {name}: {{ steps: [{{ run: 'true' }}] }}\n");
    let names = ["a", "b", "c", "d"];
    let project = Project::with(&format!("jobs:\n{}", names.map(job).concat()));
    let outcome = project
        .loom(&["run", "--executor", "host", "--parallel", "1", "--format", "json"])
        .run()
        .exits(0);
    let mut running = 0;
    for event in &Events::of(&outcome).0 {
        match event["type"].as_str() {
            Some("jobStarted") => running += 1,
            Some("jobFinished") => running -= 1,
            _ => {}
        }
        assert!(running <= 1, "two at once: {outcome}");
    }
    project
        .loom(&["run", "--executor", "host", "--parallel", "0"])
        .run()
        .exits(2);
}

#[test]
fn a_label_is_mapped_to_the_host() {
    let project = Project::with(HELLO);
    project
        .loom(&["run", "-P", "some-label=host"])
        .env("DOCKER_HOST", "unix:///nowhere/docker.sock")
        .run()
        .exits(0)
        .prints("hello-from-project");
}

#[test]
fn auto_takes_the_host_when_no_engine_answers_and_says_so() {
    let project = Project::with(HELLO);
    project
        .loom(&["run", "--executor", "auto"])
        .env("DOCKER_HOST", "unix:///nowhere/docker.sock")
        .run()
        .exits(0)
        .prints("hello-from-project")
        .says("this machine");
}

#[test]
fn directory_is_where_it_works() {
    let project = Project::new();
    project.file("sub/.loom.yml", HELLO);
    project
        .loom(&["-C", "sub", "run", "--executor", "host"])
        .run()
        .exits(0)
        .prints("hello-from-sub");
}

#[test]
fn state_dir_beats_its_variable() {
    let project = Project::with(HELLO);
    let other = project.path().with_file_name("other-state");
    let other = other.to_str().expect("UTF-8");
    project
        .loom(&["run", "--executor", "host", "--state-dir", other])
        .run()
        .exits(0);
    assert!(!project.state().join("journal.db").exists());
    project
        .loom(&["runs", "list", "--state-dir", other])
        .run()
        .exits(0)
        .prints("hello");
}

#[test]
fn log_level_beats_its_variable() {
    let project = Project::with(HELLO);
    let run = |level: &str| {
        let loom = project.loom(&["run", "--executor", "host", "--log-level", level]);
        loom.env("LOOM_LOG_LEVEL", "warn").run().exits(0).stderr.len()
    };
    assert!(run("trace") > run("error"));
}

#[test]
fn the_projects_configuration_says_defaults_and_flags_beat_it() {
    let project = Project::with(HELLO);
    project.file("loom.toml", "[run]\nexecutor = \"host\"\n");
    let nowhere = "unix:///nowhere/docker.sock";
    project
        .loom(&["run"])
        .env("DOCKER_HOST", nowhere)
        .run()
        .exits(0)
        .prints("hello-from-project");
    project
        .loom(&["run", "--executor", "docker"])
        .env("DOCKER_HOST", nowhere)
        .run()
        .exits(3);
}

#[test]
fn the_projects_configuration_beats_the_users() {
    let project = Project::with(HELLO);
    project.file(
        "config-home/loom/config.toml",
        "[images]\nsome-label = \"host\"\n[run]\nexecutor = \"docker\"\n",
    );
    let run = |project: &Project| {
        project
            .loom(&["run"])
            .env("XDG_CONFIG_HOME", project.path().join("config-home"))
            .env("DOCKER_HOST", "unix:///nowhere/docker.sock")
            .run()
    };
    run(&project).exits(0).prints("hello-from-project");
    project.file("loom.toml", "[images]\nsome-label = \"alpine:latest\"\n");
    run(&project).exits(3);
}

#[test]
fn a_key_that_nobody_knows_is_named_with_its_line() {
    let project = Project::with(HELLO);
    project.file("loom.toml", "[run]\nexecutor = \"host\"\nexekutor = \"host\"\n");
    project
        .loom(&["run"])
        .run()
        .exits(2)
        .says("loom.toml")
        .says("exekutor")
        .says("3");
}

#[test]
fn no_color_and_no_terminal_mean_no_escapes() {
    let project = Project::with("jobs:\n  a:\n    needs: nobody\n    steps: [{ run: 'true' }]\n");
    let loom = project.loom(&["run", "--executor", "host"]);
    loom.env("NO_COLOR", "1").run().exits(2).never_says("\u{1b}[");
}

#[test]
fn variables_come_from_configuration_file_and_flag_in_this_order() {
    let project = Project::with(
        "jobs:\n  a:\n    steps:\n      - run: printf '<%s>\\n' \"$A\" \"$B\" \"$C\" \"$D\" \"$E\"\n",
    );
    project
        .file(
            "loom.toml",
            "[run]\nexecutor = \"host\"\nenv = { A = \"toml\", B = \"toml\" }\n",
        )
        .file(".env", "B=\"two\\nlines\"\nC={\"a\": \"b #c\"}\nD=file\n")
        .file("other.env", "A=other\n");
    let outcome = project
        .loom(&["run", "--env", "D=flag=x", "--env", "E"])
        .env("E", "around")
        .run()
        .exits(0);
    for line in [
        "<toml>",
        "<two",
        "lines>",
        "<{\"a\": \"b #c\"}>",
        "<flag=x>",
        "<around>",
    ] {
        assert!(outcome.stdout.contains(line), "{line}: {outcome}");
    }
    project
        .loom(&["run", "--env-file", "other.env"])
        .run()
        .exits(0)
        .prints("<other>\n")
        .prints("<>\n");
    project
        .loom(&["run", "--env-file", "none.env"])
        .run()
        .exits(2)
        .says("none.env");
    project
        .loom(&["run", "--env", "NOT_THERE"])
        .run()
        .exits(2)
        .says("NOT_THERE");
}

#[test]
fn a_line_of_a_file_that_is_no_value_is_named_and_not_shown() {
    let project = Project::with(HELLO);
    project.file(".env", "A=1\nhunter2\n");
    project
        .loom(&["run", "--executor", "host"])
        .run()
        .exits(2)
        .says(".env")
        .says("line 2")
        .never_says("hunter2");
}

#[test]
fn workflows_names_the_file_as_act_has_it() {
    let project = Project::new();
    project.file("flows/x.yml", HELLO);
    project
        .loom(&["run", "--executor", "host", "-W", "flows"])
        .env("LOOM_CONFIG_PATH", "absent.yml")
        .run()
        .exits(0)
        .prints("hello-from-project");
}

#[test]
fn what_stands_in_for_an_action_has_to_be_there() {
    let project = Project::with(HELLO);
    project
        .loom(&["run", "--executor", "host", "--action-override", "o/r@v1=absent"])
        .run()
        .exits(2)
        .says("`o/r@v1`")
        .says("absent")
        .says("action.yml");
}
