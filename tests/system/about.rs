//! The command line itself: completions, manual pages, help, colours, and what is quiet.

use crate::harness::Project;

const FAILS: &str = "jobs:
  good:
    steps:
      - run: printf '\\033[35mloud\\033[0m\\n'
  bad: { steps: [{ run: 'echo why; exit 3' }] }
";
/// One with an error and one with a warning.
const BROKEN: &str = "jobs: { a: { needs: nobody, steps: [{ run: 'true' }] } }\n";
const WARNED: &str =
    "jobs: { a: { steps: [{ run: 'true' }] }, b: { needs: [a, a], steps: [{ run: 'true' }] } }\n";

#[test]
fn bash_takes_the_completion_and_completes() {
    let project = Project::new();
    for shell in ["zsh", "fish", "elvish", "powershell"] {
        project
            .loom(&["completions", shell])
            .run()
            .exits(0)
            .prints("validate");
    }
    let outcome = project
        .loom_in_shell(
            "set -e
\"$LOOM\" completions bash > completion.bash
bash -n completion.bash
. ./completion.bash
complete -p loom-runtime
set -- $(complete -p loom-runtime)
while [ \"$1\" != -F ]; do shift; done
function=$2
complete_words() {
  COMP_WORDS=(loom-runtime \"$@\") COMP_CWORD=$# COMPREPLY=()
  \"$function\" loom-runtime \"${COMP_WORDS[COMP_CWORD]}\" \"${COMP_WORDS[COMP_CWORD-1]}\" || true
  echo \"<${COMPREPLY[*]}>\"
}
complete_words vali
complete_words run --pause
complete_words validate --level ''
",
        )
        .run()
        .exits(0);
    for text in ["complete ", "<validate>", "<--pause-on-failure>", "<schema lint>"] {
        assert!(outcome.stdout.contains(text), "{text}: {outcome}");
    }
    project.loom(&["completions", "tcsh"]).run().exits(2).says("bash");
}

#[test]
fn man_prints_a_page_or_writes_all_of_them() {
    let project = Project::new();
    project.loom(&["man"]).run().exits(0).prints(".SH NAME");
    project.loom(&["man", "-"]).run().exits(0).prints(".SH NAME");
    project.loom(&["man", "pages"]).run().exits(0).says("pages");
    for page in ["loom-runtime", "loom-runtime-run", "loom-runtime-runs-rerun"] {
        assert!(
            project.read(&format!("pages/{page}.1")).contains(".SH NAME"),
            "{page}"
        );
    }
    project
        .file("taken", "")
        .loom(&["man", "taken"])
        .run()
        .exits(3)
        .says("taken");
}

#[test]
fn help_is_short_or_whole_and_of_any_command() {
    let project = Project::new();
    let short = project.loom(&["run", "-h"]).run().exits(0).prints("What runs:");
    let whole = project
        .loom(&["run", "--help"])
        .run()
        .exits(0)
        .prints("In containers");
    assert!(short.stdout.len() < whole.stdout.len());
    for command in [
        &["help", "run"][..],
        &["help", "runs", "rerun"],
        &["runs", "help", "rerun"],
    ] {
        project
            .loom(command)
            .run()
            .exits(0)
            .prints("Secrets and variables:")
            .prints("Usage:");
    }
    project.loom(&["help", "nothing"]).run().exits(2).says("nothing");
}

#[test]
fn the_usage_in_a_mistake_shows_what_was_typed_and_not_the_environment() {
    let project = Project::with(BROKEN);
    let loom = |arguments: &[&str]| {
        let loom = project.loom(arguments).env("LOOM_WORKSPACE_PATH", project.path());
        loom.env("LOOM_LOG_LEVEL", "error")
            .env("LOOM_PORT", "9")
            .run()
            .exits(2)
    };
    for arguments in [
        &["validate", "--nonsense"][..],
        &["serve", "--nonsense"],
        &["explain", "a", "b"],
    ] {
        let outcome = loom(arguments).says("Usage:");
        for flag in ["--state-dir", "--workspace", "--log-level", "--port"] {
            assert!(!outcome.stderr.contains(flag), "{flag}: {outcome}");
        }
    }
}

#[test]
fn color_beats_the_environment() {
    let project = Project::with(BROKEN);
    for (arguments, variable, coloured) in [
        (&["validate", "--color", "always"][..], "NO_COLOR", true),
        (&["validate", "--color=never"], "CLICOLOR_FORCE", false),
        (&["--color", "always", "validate"], "NO_COLOR", true),
        (&["--color=never", "validate"], "CLICOLOR_FORCE", false),
        (&["validate"], "CLICOLOR_FORCE", true),
        (&["validate", "--color", "auto"], "NO_COLOR", false),
        (&["--color", "always", "--help"], "NO_COLOR", true),
        (&["--help", "--color", "never"], "CLICOLOR_FORCE", false),
        (&["graph", "--color", "always"], "NO_COLOR", true),
    ] {
        let outcome = project.loom(arguments).env(variable, "1").run();
        let both = format!("{}{}", outcome.stdout, outcome.stderr);
        assert_eq!(
            both.contains("\u{1b}["),
            coloured,
            "{arguments:?} {variable}: {outcome}"
        );
    }
    project
        .loom(&["validate", "--color", "red"])
        .run()
        .exits(2)
        .says("always");
}

#[test]
fn color_of_a_run_is_its_own_and_never_takes_out_that_of_jobs() {
    let project = Project::with(FAILS);
    let run = |color: &str| {
        project
            .loom(&["run", "--executor", "host", "--color", color])
            .run()
            .exits(1)
    };
    assert!(!run("never").stdout.contains('\u{1b}'));
    assert!(run("auto").prints("\u{1b}[35mloud").stdout.contains("\nbad "));
    let always = run("always").prints("\u{1b}[35mloud").stdout;
    assert!(always.contains("\u{1b}[0m | "), "{always}");
}

#[test]
fn a_quiet_run_prints_its_end_alone_and_hides_no_error() {
    let project = Project::with(FAILS);
    let loom = |more: &[&str]| {
        project
            .loom(&["run", "--executor", "host", "-q"])
            .args(more)
            .run()
    };
    let outcome = loom(&[])
        .exits(1)
        .prints("failed: bad")
        .prints("| why")
        .prints("exit code 1");
    assert!(
        !outcome.stdout.contains("loud") && !outcome.stdout.contains("> step"),
        "{outcome}"
    );
    let before = project.loom(&["-q", "run", "--executor", "host"]).run().exits(1);
    assert!(!before.stdout.contains("loud"), "{before}");
    loom(&["--format", "json"])
        .exits(1)
        .prints("\"type\":\"stepStarted\"");
    loom(&["--job", "nobody"]).exits(2).says("nobody");
    project
        .loom(&["runs", "rerun", "latest", "--quiet", "--failed"])
        .run()
        .exits(1)
        .prints("failed: bad");
}

#[test]
fn a_quiet_check_prints_findings_alone() {
    let project = Project::new();
    project.file("broken.yml", BROKEN).file("warned.yml", WARNED);
    let loom = |arguments: &[&str]| project.loom(&["validate", "-q"]).args(arguments).run();
    for (file, code) in [("broken.yml", 1), ("warned.yml", 0)] {
        let outcome = loom(&[file]).exits(code).prints(file);
        assert_eq!(outcome.stderr, "", "{outcome}");
    }
    loom(&["none.yml"]).exits(2).says("none.yml");
}
