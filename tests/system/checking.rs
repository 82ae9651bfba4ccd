//! The commands that read files and run nothing: `validate`, `graph`, `eval`.

use crate::harness::Project;

const WITHOUT_LABEL: &str = "on: push\njobs:\n  a:\n    steps: [{ run: 'true' }]\n";

#[test]
fn a_workflow_of_github_is_one_from_wherever_it_is_named() {
    let project = Project::new();
    project
        .file(".github/workflows/c.yml", WITHOUT_LABEL)
        .file(".github/dependabot.yml", "version: 2\n");
    let github = project.path().join(".github");
    for (folder, arguments) in [
        (project.path(), &["validate", ".github/workflows/c.yml"][..]),
        (project.path(), &["validate", "."]),
        (project.path(), &["-C", ".github/workflows", "validate", "c.yml"]),
        (github.clone(), &["validate", "workflows/c.yml"]),
        (github.clone(), &["validate", "."]),
        (github.join("workflows"), &["validate", "c.yml"]),
        (github.join("workflows"), &["validate", "."]),
    ] {
        project
            .loom(arguments)
            .within(&folder)
            .run()
            .exits(1)
            .prints("has no `runs-on`");
    }
}

#[test]
fn called_workflows_are_found_from_within_their_folder() {
    let project = Project::new();
    project
        .file(
            ".github/workflows/c.yml",
            "on: push\njobs:\n  a: { uses: ./.github/workflows/d.yml }\n  b: { uses: ./.github/workflows/none.yml }\n",
        )
        .file(".github/workflows/d.yml", "on: workflow_call\njobs: { a: {} }\n")
        .file(".git/config", "");
    project
        .loom(&["validate", "c.yml"])
        .within(&project.path().join(".github/workflows"))
        .run()
        .exits(1)
        .prints(" --> d.yml:2")
        .prints("`./.github/workflows/none.yml`");
}

#[test]
fn devices_and_pipes_are_refused_and_not_waited_for() {
    let project = Project::new();
    let made = "mkfifo pipe && ln -s /dev/zero zero && ";
    for command in [
        "validate pipe",
        "validate zero",
        "validate /dev/zero",
        "graph pipe",
        "graph zero",
        "run --executor host zero",
        "eval --batch pipe",
        "eval 1 --context zero",
    ] {
        project
            .loom_in_shell(&format!("rm -f pipe zero; {made} exec \"$LOOM\" {command}"))
            .run()
            .exits(2)
            .says("it is not a regular file");
    }
}

#[test]
fn what_cannot_be_read_as_text_is_a_finding_of_its_file() {
    let project = Project::with("jobs: { a: { steps: [{ run: 'true' }] } }\n");
    let made = r"printf 'a: 1\nb: \xE9\n' > latin.yml; printf '\xFF\xFEa\0' > utf16.yml; truncate -s 100M large.yml;";
    let outcome = project
        .loom_in_shell(&format!(
            "{made} exec \"$LOOM\" validate --format json latin.yml utf16.yml large.yml .loom.yml"
        ))
        .run()
        .exits(1);
    let lines: Vec<serde_json::Value> = outcome
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}")))
        .collect();
    assert_eq!(lines.len(), 4, "{outcome}");
    for (index, code, place) in [
        (0, "yaml/encoding", (2, 4)),
        (1, "yaml/encoding", (1, 1)),
        (2, "yaml/too-large", (1, 1)),
    ] {
        assert_eq!(lines[index]["valid"], false, "{outcome}");
        let finding = &lines[index]["diagnostics"][0];
        assert_eq!(finding["code"], code);
        assert_eq!(
            (&finding["line"], &finding["column"]),
            (&place.0.into(), &place.1.into())
        );
    }
    assert_eq!(lines[3]["valid"], true, "{outcome}");
    project
        .loom(&["validate", "--format", "sarif", "latin.yml"])
        .run()
        .exits(1)
        .prints("\"yaml/encoding\"");
    project
        .loom(&["graph", "utf16.yml"])
        .run()
        .exits(2)
        .says("UTF-16");
}

#[test]
fn output_that_is_lost_is_said() {
    let project = Project::with("jobs: { a: { steps: [{ run: 'true' }] } }\n");
    for command in [
        "validate --format json .",
        "validate --format sarif .",
        "graph",
        "eval 1",
        "schema",
        "explain",
        "explain yaml/syntax",
        "--help",
    ] {
        project
            .loom_in_shell(&format!("exec \"$LOOM\" {command} > /dev/full"))
            .run()
            .exits(3)
            .says("the output cannot be written");
        // A reader that goes away has what it wanted.
        let outcome = project
            .loom_in_shell(&format!("\"$LOOM\" {command} | true; echo ${{PIPESTATUS[0]}}"))
            .run();
        assert_eq!(
            (outcome.stdout.trim(), outcome.stderr.trim()),
            ("0", ""),
            "{command}\n{outcome}"
        );
    }
    project
        .loom_in_shell("echo '{\"expr\":\"1\"}' | \"$LOOM\" eval --batch - > /dev/full")
        .run()
        .exits(3)
        .says("the output cannot be written");
}

#[test]
fn standard_input_is_a_file_too() {
    let project = Project::new();
    project
        .loom_in_shell("echo 'jobs: {a: {steps: [{run: x}]}}' | \"$LOOM\" validate -")
        .run()
        .exits(0)
        .says("1 file checked, nothing is wrong");
    project
        .loom_in_shell("echo 'jobs: {}' | \"$LOOM\" validate -")
        .run()
        .exits(1)
        .prints("<stdin>:1:7");
    project
        .loom_in_shell("head -c 9000000 /dev/zero | \"$LOOM\" validate -")
        .run()
        .exits(1)
        .prints("yaml/too-large");
}

#[test]
fn standard_input_can_be_called_as_a_file() {
    let project = Project::new();
    let piped = |name: &str, text: &str| {
        let command = format!("printf '{text}' | \"$LOOM\" validate --stdin-name {name} -");
        project.loom_in_shell(&command).run()
    };
    let workflow = "on: push\\njobs: {a: {steps: [{run: x}]}}\\n";
    piped(".github/workflows/new.yml", workflow)
        .exits(1)
        .prints(".github/workflows/new.yml:2")
        .prints("has no `runs-on`");
    piped("sub/.loom.yml", workflow).exits(0);
    piped("sub/action.yml", "name: x\\nruns: {using: nope}\\n")
        .exits(1)
        .prints("sub/action.yml:2");
}

#[test]
fn all_that_a_folder_has_is_checked() {
    let project = Project::with("jobs: { a: { steps: [{ run: 'true' }] } }\n");
    let broken = "name: x\nruns: { using: nope }\n";
    project
        .file(".github/workflows/c.yml", WITHOUT_LABEL)
        .file(".github/workflows/tool/action.yml", broken)
        .file("deep/in/action.yaml", broken)
        .file(".gitignore", "out/\n")
        .file("out/action.yml", broken)
        .file("other/.git/config", "")
        .file("other/action.yml", broken)
        .file("compose.yml", "services: {}\n");
    for arguments in [&["validate"][..], &["validate", "."]] {
        let outcome = project.loom(arguments).run().exits(1);
        let outcome = outcome
            .prints("has no `runs-on`")
            .prints(".github/workflows/tool/action.yml:2")
            .prints("deep/in/action.yaml:2")
            .says("3 of 4 files have errors");
        assert!(
            !outcome.stdout.contains("out/") && !outcome.stdout.contains("other/"),
            "{outcome}"
        );
    }
}

#[test]
fn what_cannot_be_read_in_a_folder_is_named() {
    let project = Project::with("jobs: { a: { steps: [{ run: 'true' }] } }\n");
    project.file(".github/workflows/c.yml", WITHOUT_LABEL);
    let made = "ln -s nowhere .github/workflows/z.yml && mkfifo .github/workflows/p.yml";
    project
        .loom_in_shell(&format!("{made} && exec \"$LOOM\" validate"))
        .run()
        .exits(2)
        .says(".github/workflows/z.yml cannot be read: it is a link to a file that is not there")
        .says(".github/workflows/p.yml cannot be read: it is not a regular file")
        .says("1 of 2 files has errors");
}

#[test]
fn warnings_can_be_denied() {
    let project =
        Project::with("jobs: { a: { steps: [{ run: x }] }, b: { needs: [a, a], steps: [{ run: x }] } }\n");
    project
        .loom(&["validate"])
        .run()
        .exits(0)
        .says("no errors, 1 warning");
    project.loom(&["validate", "--deny-warnings"]).run().exits(1);
}

#[test]
fn a_list_of_findings_that_is_cut_says_so() {
    let project = Project::new();
    let many: String = (0..1100).map(|n| format!("key-{n}: 1\n")).collect();
    project.file(
        "many.yml",
        &format!("jobs: {{ a: {{ steps: [{{ run: x }}] }} }}\n{many}"),
    );
    let json = project
        .loom(&["validate", "--format", "json", "many.yml"])
        .run()
        .exits(1);
    let line: serde_json::Value = serde_json::from_str(&json.stdout).expect("one line of JSON");
    assert_eq!(line["omitted"], 100, "{}", line["omitted"]);
    let sarif = project
        .loom(&["validate", "--format", "sarif", "many.yml"])
        .run()
        .exits(1);
    let document: serde_json::Value = serde_json::from_str(&sarif.stdout).expect("SARIF is JSON");
    let invocation = &document["runs"][0]["invocations"][0];
    assert_eq!(invocation["executionSuccessful"], false);
    let said = invocation["toolExecutionNotifications"][0]["message"]["text"].as_str();
    assert_eq!(said, Some("100 more findings of many.yml are left out"));
    let rule = &document["runs"][0]["tool"]["driver"]["rules"][0];
    assert!(
        rule["help"]["text"].as_str().is_some_and(|text| !text.is_empty()),
        "{rule}"
    );
}

#[test]
fn a_folder_without_workflows_is_wrong_usage() {
    let project = Project::with("jobs: { a: { steps: [{ run: 'true' }] } }\n");
    project.file("empty/note.txt", "");
    project
        .loom(&["validate", "empty", "."])
        .run()
        .exits(2)
        .says("error: empty holds no workflow")
        .says(".loom.yml")
        .says(".github/workflows")
        .says("1 file checked");
}

#[test]
fn findings_carry_their_reason_and_paths_are_references() {
    let project = Project::new();
    project.file("a #é/w.yml", "jobs:\n  a: { stepz: [] }\n");
    let json = project
        .loom(&["validate", "--format", "json", "a #é/w.yml"])
        .run()
        .exits(1);
    let line: serde_json::Value = serde_json::from_str(&json.stdout).expect("one line of JSON");
    assert_eq!(line["diagnostics"][0]["label"], "not known here", "{json}");
    project
        .loom(&["validate", "--format", "sarif", "a #é/w.yml"])
        .run()
        .exits(1)
        .prints("\"a%20%23%C3%A9/w.yml\"")
        .prints("not known here");
}

#[test]
fn a_bad_line_of_a_batch_does_not_stop_the_others() {
    let project = Project::new();
    project.file(
        "batch",
        "{\"id\":1,\"expr\":\"1\"}\nnope\n\n{\"id\":3,\"expr\":\"NaN\"}\n",
    );
    let want = "{\"id\":1,\"kind\":\"Number\",\"value\":1}
{\"id\":null,\"error\":{\"kind\":\"parsing\",\"message\":\"line 2 of NAME is no question: it is no JSON: this is no value of JSON at column 1\"}}
{\"id\":3,\"kind\":\"Number\",\"value\":null,\"text\":\"NaN\"}
";
    let outcome = project.loom(&["eval", "--batch", "batch"]).run().exits(2);
    assert_eq!(outcome.stdout, want.replace("NAME", "batch"), "{outcome}");
    let outcome = project
        .loom_in_shell("exec \"$LOOM\" eval --batch - < batch")
        .run()
        .exits(2);
    assert_eq!(
        outcome.stdout,
        want.replace("NAME", "standard input"),
        "{outcome}"
    );
}

#[test]
fn an_expression_hashes_the_files_of_the_workspace() {
    let project = Project::new();
    project.file("a/x.py", "").file("y.txt", "");
    // The SHA-256 of the SHA-256 of nothing.
    let hash = "5df6e0e2761359d30a8275058e299fcc0381534545f55cf43e41983f5d4c9456\n";
    for (arguments, want) in [
        (&["eval", "hashFiles('**/*.py')"][..], hash),
        (&["--workspace", "a", "eval", "hashFiles('*.py')"], hash),
        (&["eval", "hashFiles('*.py')"], "\n"),
    ] {
        let outcome = project.loom(arguments).run().exits(0);
        assert_eq!(outcome.stdout, want, "{outcome}");
    }
    project
        .loom(&["eval", "hashFiles('../x')"])
        .run()
        .exits(1)
        .says("hashFiles failed");
}

#[test]
fn a_lint_that_is_meant_is_ignored_by_a_comment() {
    let project = Project::with(
        "jobs:\n  a:\n    steps: [{ run: x }]\n  b:\n    # loom: ignore[lint/needs-twice] to show it\n    needs: [a, a]\n    steps: [{ run: x }]\n",
    );
    let outcome = project.loom(&["validate"]).run().exits(0);
    assert!(outcome.stderr.contains("nothing is wrong"), "{outcome}");
}
