//! The guide and the pages that go on from it: each example is the file of `examples/workflows/guide`, each command of these pages
//! is run by a test and each command of these tests stands there. What needs an engine is in `docker/guide.rs`.

use std::path::{Path, PathBuf};

use crate::harness::{Loom, Project};

/// The project's top directory.
pub(crate) fn root() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().expect("the tests' crate lies in the project")
}

/// What these tests hold: the guide, and the pages that its parts became.
const PAGES: [&str; 3] = ["guide.md", "history.md", "starting.md"];

/// The text of these pages.
fn guide() -> String {
    let read = |page| std::fs::read_to_string(root().join("docs").join(page)).expect("a page of the guide");
    PAGES.map(read).join("\n")
}

/// The commands that a text shows, each without what is said of it (`# …`).
fn commands(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .filter_map(|line| line.strip_prefix("$ loom-runtime "))
        .map(|command| command.split("  #").next().unwrap_or(command).trim_end())
}

fn folder() -> PathBuf {
    root().join("examples/workflows/guide")
}

/// The examples, by file name.
fn examples() -> Vec<(String, String)> {
    let entries = std::fs::read_dir(folder()).expect("the examples of the guide");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths
        .filter(|path| path.extension().is_some_and(|extension| extension == "yml"))
        .map(|path| {
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            (name, std::fs::read_to_string(&path).expect("an example"))
        })
        .collect()
}

/// A project as the guide has it.
pub(crate) fn project() -> Project {
    let project = Project::new();
    for (name, text) in examples() {
        project.file(&format!(".github/workflows/{name}"), &text);
    }
    let action = std::fs::read_to_string(folder().join("greet/action.yml")).expect("the action");
    project.file("greet/action.yml", &action);
    project
}

/// A command as it stands in the guide.
#[track_caller]
pub(crate) fn shown(project: &Project, command: &str) -> Loom {
    assert!(
        commands(&guide()).any(|shown| shown == command),
        "the guide does not show: $ loom-runtime {command}"
    );
    // What is between quotes is one word, as a shell has it.
    let words: Vec<&str> = command
        .split('\'')
        .enumerate()
        .flat_map(|(part, text)| match part % 2 {
            0 => text.split(' ').filter(|word| !word.is_empty()).collect(),
            _ => vec![text],
        })
        .collect();
    project.loom(&words)
}

/// A `run` as it stands in the guide, on this machine.
#[track_caller]
fn on_host(project: &Project, command: &str) -> Loom {
    shown(project, command).args(&["--executor", "host"])
}

#[test]
fn the_guide_shows_its_examples_word_for_word() {
    let guide = guide();
    let shown: Vec<&str> = guide
        .split("```yaml\n")
        .skip(1)
        .filter_map(|rest| rest.split_once("```").map(|(block, _)| block))
        .collect();
    let mut files = examples();
    let action = std::fs::read_to_string(folder().join("greet/action.yml")).expect("the action");
    files.push(("greet/action.yml".to_owned(), action));
    for (name, text) in &files {
        assert!(
            shown.contains(&text.as_str()),
            "{name} is not in the guide as it is"
        );
    }
    for block in shown {
        assert!(
            files.iter().any(|(_, text)| text == block),
            "no file has this example:\n{block}"
        );
    }
}

#[test]
fn every_command_of_the_guide_is_run_by_a_test() {
    let tests = [include_str!("guide.rs"), include_str!("docker/guide.rs")].concat();
    let guide = guide();
    let untried: Vec<&str> = commands(&guide)
        .filter(|command| !tests.contains(&format!("\"{command}\"")))
        .collect();
    assert!(untried.is_empty(), "no test runs: {untried:#?}");
}

#[test]
fn the_first_run_and_its_history() {
    let project = project();
    let first = on_host(&project, "run .github/workflows/first.yml")
        .run()
        .exits(0);
    assert!(first.stdout.contains("| testing 1.2"), "{first}");
    let list = shown(&project, "runs list").run().exits(0);
    assert!(
        list.stdout.contains("success") && list.stdout.contains("first"),
        "{list}"
    );
    let show = shown(&project, "runs show latest").run().exits(0);
    assert!(show.stdout.contains("build step 2/2"), "{show}");
    let logs = shown(&project, "runs logs latest -j test").run().exits(0);
    assert!(logs.stdout.contains("testing 1.2"), "{logs}");
    let again = shown(&project, "runs rerun latest -j test").run().exits(0);
    assert!(again.stdout.contains("| testing 1.2"), "{again}");
    shown(&project, "runs rerun latest")
        .run()
        .exits(0)
        .prints("build ✓ step 2/2");
}

#[test]
fn what_the_clock_starts_can_be_started_at_once() {
    let run = on_host(&project(), "run --event schedule .github/workflows/night.yml")
        .run()
        .exits(0);
    assert!(run.stdout.contains("it is 30 4 * * 1-5"), "{run}");
}

#[test]
fn secrets_and_variables() {
    let run = on_host(
        &project(),
        "run -s TOKEN --var REGION=north .github/workflows/values.yml",
    )
    .env("TOKEN", "open-sesame")
    .run()
    .exits(0);
    assert!(run.stdout.contains("hello from north, the token is ***"), "{run}");
    assert!(
        !format!("{run}")
            .replace("TOKEN=\"open-sesame\"", "")
            .contains("open-sesame"),
        "{run}"
    );
}

#[test]
fn actions_of_the_project_and_of_others() {
    let run = on_host(
        &project(),
        "run --action-override acme/greet=greet .github/workflows/actions.yml",
    )
    .run()
    .exits(0);
    assert!(
        run.stdout.contains("| hello Ann") && run.stdout.contains("| words=hello Bob"),
        "{run}"
    );
}

#[test]
fn a_matrix_and_a_part_of_it() {
    let project = project();
    let whole = on_host(&project, "run .github/workflows/matrix.yml")
        .run()
        .exits(0);
    for line in [
        "node 20, debug",
        "node 22, debug",
        "node 22, release",
        "node 24, debug",
    ] {
        assert!(whole.stdout.contains(&format!("| {line}")), "{line}\n{whole}");
    }
    let part = on_host(&project, "run --matrix node:22 .github/workflows/matrix.yml")
        .run()
        .exits(0);
    assert!(
        !part.stdout.contains("| node 20") && part.stdout.contains("| node 22, debug"),
        "{part}"
    );
}

#[test]
fn a_called_workflow() {
    let run = on_host(&project(), "run .github/workflows/caller.yml")
        .run()
        .exits(0);
    assert!(run.stdout.contains("| shipping loom-linux.tar"), "{run}");
}

#[test]
fn a_concurrency_group() {
    let run = on_host(&project(), "run .github/workflows/concurrency.yml")
        .run()
        .exits(0);
    assert!(run.stdout.contains("| the only one that deploys"), "{run}");
}

#[test]
fn background_and_parallel_steps() {
    let run = on_host(&project(), "run .github/workflows/background.yml")
        .run()
        .exits(0);
    assert!(
        run.stdout.contains("| unit tests") && run.stdout.contains("| lints"),
        "{run}"
    );
}

#[test]
fn a_pause_at_a_failure() {
    let project = project();
    let run = "run --pause-on-failure .github/workflows/pausing.yml";
    on_host(&project, run).run().exits(77).says("retry");
    // Nothing has changed: it fails again.
    shown(&project, "retry latest").run().exits(77);
    let file = ".github/workflows/pausing.yml";
    let mended = project.read(file).replace("4 tests", "3 tests");
    project.file(file, &mended);
    let again = project.loom(&["retry", "latest"]).run().exits(0);
    assert!(again.stdout.contains("| all is well"), "{again}");
    project.file(file, &mended.replace("3 tests\" report", "4 tests\" report"));
    on_host(&project, run).run().exits(77);
    shown(&project, "skip latest")
        .run()
        .exits(0)
        .prints("| all is well");
    on_host(&project, run).run().exits(77);
    shown(&project, "end latest")
        .run()
        .exits(1)
        .never_says("| all is well");
}

#[test]
fn a_place_that_is_kept() {
    let project = project();
    on_host(&project, "run --keep failed .github/workflows/pausing.yml")
        .run()
        .exits(1)
        .says("job test is kept");
    shown(&project, "shell latest test")
        .run_with("cat report.txt\n")
        .exits(0)
        .prints("3 tests");
    shown(&project, "shell latest test --step 1")
        .run_with("exit 0\n")
        .exits(0);
    shown(&project, "runs clean latest").run().exits(0);
    shown(&project, "runs clean --all")
        .run()
        .exits(0)
        .says("no place is kept");
}

#[test]
fn a_failure() {
    let project = project();
    let run = on_host(&project, "run .github/workflows/failing.yml")
        .run()
        .exits(1);
    assert!(run.stdout.contains("missing semicolon"), "{run}");
    shown(&project, "runs rerun latest --failed")
        .run()
        .exits(1)
        .prints("missing semicolon");
}

#[test]
fn a_text_is_found_in_the_logs_of_all_runs() {
    let project = project();
    let workflow = "on: push\njobs:\n  ask:\n    runs-on: ubuntu-latest\n    steps:\n      - run: echo store, connection refused\n";
    project.file(".github/workflows/ask.yml", workflow);
    project
        .loom(&["run", "--executor", "host", ".github/workflows/ask.yml"])
        .run()
        .exits(0);
    shown(&project, "runs search 'connection refused'")
        .run()
        .exits(0)
        .prints("store, connection refused");
}
