//! Which jobs run, in what, and what runs their scripts.

use super::{shown, workflow};
use crate::Dialect::{self, GitHub, Loom};
use crate::expression::{Environment, Object};
use crate::{
    ImageTable, LabelTarget, Shell, Source, StepDefaults, Work, choose_jobs, expand, image_of, shell_of,
    step_values,
};

const JOBS: &str = "jobs:
  Build: {steps: [{run: x}]}
  lint: {steps: [{run: x}]}
  test: {needs: build, steps: [{run: x}]}
  deploy: {needs: [test, lint], if: always(), steps: [{run: '${{ 1 }}'}]}
";

fn chosen(wanted: &[&str]) -> Result<Vec<String>, String> {
    let workflow = workflow(JOBS, Loom);
    let wanted: Vec<String> = wanted.iter().map(|id| (*id).to_owned()).collect();
    match choose_jobs(&workflow, &wanted) {
        Ok(chosen) => {
            let kept = workflow.jobs.keys().filter(|id| chosen.contains(*id));
            Ok(kept.map(ToString::to_string).collect())
        }
        Err(diagnostics) => Err(shown(&Source::new("w.yml", JOBS), &diagnostics)),
    }
}

#[test]
fn chosen_jobs_bring_their_needs_and_nothing_else() {
    for (wanted, want) in [
        (&[][..], &["Build", "lint", "test", "deploy"][..]),
        (&["BUILD"], &["Build"]),
        (&["Test"], &["Build", "test"]),
        (&["lint", "test"], &["Build", "lint", "test"]),
        (&["deploy"], &["Build", "lint", "test", "deploy"]),
    ] {
        assert_eq!(chosen(wanted).unwrap(), want, "{wanted:?}");
    }
}

#[test]
fn unknown_jobs_are_named_with_what_was_meant() {
    assert_eq!(
        chosen(&["tets", "lint", "nothing-like-it"]).unwrap_err(),
        "error[engine/unknown-job]: the workflow has no job `tets`\n  help: did you mean `test`?\nerror[engine/unknown-job]: the workflow has no job `nothing-like-it`\n  help: its jobs are `Build`, `lint`, `test`, `deploy`"
    );
}

fn mapped(runs_on: &str, dialect: Dialect) -> Result<LabelTarget, String> {
    let on = if dialect == GitHub { "on: push\n" } else { "" };
    let text = format!("{on}jobs: {{a: {{{runs_on}steps: [{{run: x}}]}}}}\n");
    let workflow = workflow(&text, dialect);
    let job = &workflow.jobs[0];
    let (instances, _) = expand(&workflow, job, &Object::new());
    let table = ImageTable::new()
        .with_override("gpu", "host")
        .with_override("ubuntu-latest", "mine:1");
    let (found, diagnostics) = image_of(job, &instances.unwrap()[0], &table, dialect);
    found.ok_or_else(|| shown(&Source::new("w.yml", text.as_str()), &diagnostics))
}

#[test]
fn labels_map_by_table_override_and_dialect() {
    let image = |name: &str| Ok(LabelTarget::Image(name.to_owned()));
    let unmapped = |name: &str| Ok(LabelTarget::Unmapped(name.to_owned()));
    for (runs_on, dialect, want) in [
        ("runs-on: ubuntu-latest, ", GitHub, image("mine:1")),
        ("runs-on: macos-latest, ", GitHub, unmapped("macos-latest")),
        ("runs-on: [self-hosted, gpu], ", GitHub, Ok(LabelTarget::Host)),
        ("runs-on: {group: big}, ", GitHub, unmapped("big")),
        (
            "runs-on: {group: big, labels: node-20}, ",
            GitHub,
            image("node:20"),
        ),
        (
            "runs-on: \"${{ format('node-{0}', 20) }}\", ",
            GitHub,
            image("node:20"),
        ),
        ("", Loom, image("ubuntu:latest")),
        ("runs-on: my-tool, ", Loom, image("my-tool")),
    ] {
        assert_eq!(mapped(runs_on, dialect), want, "{runs_on}");
    }
    let said = mapped("runs-on: My Machine, ", Loom).unwrap_err();
    assert!(
        said.starts_with("error[engine/image]: `My Machine` cannot be the name of an image"),
        "{said}"
    );
}

#[test]
fn shells_that_cannot_be_are_named_where_they_stand() {
    let text = "defaults: {run: {shell: cmd}}\njobs:\n  a:\n    steps:\n      - run: x\n      - {run: x, shell: powershell}\n      - {run: x, shell: zsh}\n      - {run: x, shell: 'bash -c \"{ . {0}; }\"'}\n      - {run: x, shell: 'perl {0}'}\n      - {run: x, shell: \"${{ '' }}\"}\n      - {run: x, shell: \"${{ 'sh' }}\"}\n";
    let workflow = workflow(text, Loom);
    let job = &workflow.jobs[0];
    let contexts = Object::new();
    let defaults = StepDefaults {
        shell: Some("cmd".into()),
        working_directory: None,
    };
    let said: Vec<String> = job
        .steps
        .iter()
        .map(|step| {
            let (values, _) = step_values(step, &defaults, &Environment::new(&contexts));
            let Work::Run { shell, .. } = values.unwrap().work else {
                panic!("no script");
            };
            match shell_of(step, shell.as_deref()) {
                (Some(shell), _) => format!("{shell:?}"),
                (None, diagnostics) => shown(&Source::new("w.yml", text), &diagnostics),
            }
        })
        .collect();
    insta::assert_snapshot!(said.join("\n"));
    assert_eq!(shell_of(&job.steps[0], None).0, Some(Shell::Unspecified));
}

#[test]
fn variables_that_no_process_could_get_are_named() {
    let text = "env: {A=B: x}\njobs:\n  a:\n    env: {C: \"y\\0\", fine.too: z, \"${{ '' }}\": e}\n    steps: [{run: x, env: {D: \"${{ fromJSON('\\\"\\\\u0000\\\"') }}\"}}, {run: x, env: \"${{ fromJSON('{\\\"=\\\": 1}') }}\"}]\n";
    let workflow = workflow(text, Loom);
    let job = &workflow.jobs[0];
    let contexts = Object::new();
    let (found, mut diagnostics) = expand(&workflow, job, &contexts);
    assert!(found.is_none());
    for step in &job.steps {
        let (found, more) = step_values(step, &StepDefaults::default(), &Environment::new(&contexts));
        assert!(found.is_none());
        diagnostics.extend(more);
    }
    insta::assert_snapshot!(shown(&Source::new("w.yml", text), &diagnostics));
}
