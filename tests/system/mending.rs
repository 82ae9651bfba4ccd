//! `validate`: what a project wants of lints, and what is repaired.

use std::os::unix::fs::PermissionsExt;

use crate::harness::Project;

const FILE: &str = ".github/workflows/ci.yml";
const BROKEN: &str = "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    timeout-minutes: '5'\n    stepz:\n      - run: make\n";

fn mended() -> String {
    BROKEN.replace("'5'", "5").replace("stepz", "steps")
}

#[test]
fn what_is_certain_is_written_into_the_file() {
    let project = Project::new();
    for (text, want) in [
        (BROKEN.to_owned(), mended()),
        (format!("\u{feff}{BROKEN}"), format!("\u{feff}{}", mended())),
        (BROKEN.replace('\n', "\r\n"), mended().replace('\n', "\r\n")),
    ] {
        project.file(FILE, &text);
        let path = project.path().join(FILE);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        project
            .loom(&["validate"])
            .run()
            .exits(1)
            .says("`--fix` can repair 2 of them");
        project
            .loom(&["validate", "--fix"])
            .run()
            .exits(0)
            .prints("fixed .github/workflows/ci.yml:6:5: unknown key `stepz` in job `a` [schema/unknown-key]")
            .says("2 findings repaired")
            .says("nothing is wrong");
        assert_eq!(project.read(FILE), want);
        assert_eq!(
            std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o640
        );
    }
    project
        .loom(&["validate", "--fix"])
        .run()
        .exits(0)
        .never_says("repaired");
}

#[test]
fn a_link_stays_one_and_what_it_leads_to_is_repaired() {
    let project = Project::new();
    project
        .file("real.yml", BROKEN)
        .file(".github/workflows/other.yml", &mended());
    std::os::unix::fs::symlink("../../real.yml", project.path().join(FILE)).unwrap();
    project.loom(&["validate", "--fix", FILE]).run().exits(0);
    assert!(project.path().join(FILE).is_symlink());
    assert_eq!(project.read("real.yml"), mended());
}

#[test]
fn of_standard_input_the_repaired_text_is_printed() {
    let project = Project::new();
    project.file(
        "buffer",
        &format!("{BROKEN}      - run: echo ${{{{ github.event.issue.title }}}}\n"),
    );
    let outcome = project
        .loom_in_shell(&format!(
            "\"$LOOM\" validate --fix --stdin-name {FILE} - < buffer"
        ))
        .run();
    assert!(outcome.stdout.starts_with("on: push\n"), "{outcome}");
    assert!(!outcome.stdout.contains("warning["), "{outcome}");
    project
        .loom_in_shell("\"$LOOM\" validate --fix --format json - < buffer")
        .run()
        .exits(2)
        .says("--format");
    let outcome = project
        .loom_in_shell("printf 'a: \\351\\n' | \"$LOOM\" validate --fix -")
        .run()
        .exits(2)
        .says("not UTF-8");
    assert_eq!(outcome.stdout, "", "{outcome}");
}

#[test]
fn a_project_says_what_lints_are_to_it() {
    let project = Project::new();
    let label = mended().replace("ubuntu-latest", "ubuntu-lastest");
    project.file(FILE, &label).file("vendor/.github/x", "");
    let validate = |settings: &str, more: &[&str]| {
        project.file("loom.toml", &format!("[lint]\n{settings}\n"));
        project.loom(&[&["validate"], more].concat()).run()
    };
    validate("", &[]).exits(0).prints("warning[lint/runner-label]");
    validate("'lint/runner-label' = 'error'", &[])
        .exits(1)
        .prints("error[lint/runner-label]");
    validate("'lint/runner-*' = 'note'", &["--deny-warnings"])
        .exits(0)
        .prints("note[lint/runner-label]")
        .says("no errors, 1 note");
    validate("'lint/*' = 'off'", &[])
        .exits(0)
        .says("nothing is wrong");
    validate("labels = ['Ubuntu-last*']", &[FILE])
        .exits(0)
        .says("nothing is wrong");
    validate("exclude = ['ci.yml']", &[])
        .exits(0)
        .says("1 file is left out")
        .never_says("nothing is wrong");
    validate("exclude = ['ci.yml']", &[FILE])
        .exits(0)
        .says("lints are off for 1 file (`exclude` of `[lint]`)")
        .says("nothing is wrong");
    validate("exclude = ['ci.yml']", &[FILE, "--level", "schema"])
        .exits(0)
        .never_says("lints are off");
    validate("'schema/unknown-key' = 'off'", &[])
        .exits(2)
        .says("line 2")
        .says("`schema/unknown-key` keeps its level");
    validate("'lint/runner-lable' = 'off'", &[])
        .exits(2)
        .says("did you mean `lint/runner-label`?");
    // The same for whoever stands elsewhere, and for what is not in the file yet.
    project.file("loom.toml", "[lint]\n'lint/runner-label' = 'off'\n");
    project
        .loom(&["-C", ".github/workflows", "validate", "ci.yml"])
        .run()
        .exits(0)
        .says("nothing is wrong");
    project
        .loom_in_shell(&format!("\"$LOOM\" validate --stdin-name {FILE} - < {FILE}"))
        .run()
        .exits(0)
        .says("nothing is wrong");
    project
        .loom(&["run", "--list", FILE])
        .run()
        .never_says("lint/runner-label");
}

#[test]
fn annotations_name_files_by_their_paths_in_the_repository() {
    let project = Project::new();
    project.file(FILE, BROKEN);
    std::fs::create_dir(project.path().join(".git")).unwrap();
    for (folder, file) in [(".", FILE), (".github", "workflows/ci.yml"), ("/", "")] {
        let file = if file.is_empty() {
            project.path().join(FILE).display().to_string()
        } else {
            file.to_owned()
        };
        project
            .loom(&["-C", folder, "validate", "--format", "github", &file])
            .run()
            .exits(1)
            .prints(
                "::error file=.github/workflows/ci.yml,line=6,endLine=6,col=5,endColumn=10,title=schema/unknown-key::unknown key",
            );
        let outcome = project
            .loom(&["-C", folder, "validate", "--format", "sarif", &file])
            .run()
            .exits(1);
        let document: serde_json::Value = serde_json::from_str(&outcome.stdout).unwrap();
        let run = &document["runs"][0];
        let place = &run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"];
        assert_eq!(place["uri"], FILE, "{outcome}");
        assert_eq!(place["uriBaseId"], "%SRCROOT%");
        let results = run["results"].as_array().unwrap();
        let fix = results.iter().find(|one| one["ruleId"] == "schema/unknown-key");
        let fix = &fix.unwrap()["fixes"][0]["artifactChanges"][0]["replacements"][0];
        assert_eq!(fix["insertedContent"]["text"], "steps", "{outcome}");
    }
}
