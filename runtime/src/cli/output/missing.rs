//! A step that ended because this is not one of GitHub's machines (a program is not there, a repository is complete): the line
//! that helps.

use std::collections::VecDeque;

use loom_workflow::{Dialect, NoReferences, Source};

use super::terminal::printable;
use crate::id::JobId;
use crate::state::{Job, Run, Step};

/// The code with which a shell ends that cannot find a program.
const NOT_FOUND: i32 = 127;
/// What helps with a program, when an image for its language is all that is needed.
const IMAGES: &[(&[&str], &str)] = &[
    (&["node", "npm", "npx", "yarn"], "node:22"),
    (&["python", "python3", "pip", "pip3"], "python:3.12"),
    (&["go", "gofmt"], "golang:1.23"),
    (&["cargo", "rustc"], "rust:1"),
    (&["java", "javac"], "eclipse-temurin:21"),
    (&["php"], "php:8.3"),
    (&["ruby", "bundle", "gem"], "ruby:3.3"),
    (&["dotnet"], "mcr.microsoft.com/dotnet/sdk:8.0"),
];
/// An image with most of what GitHub's own machines have.
const LIKE_GITHUB: &str = "catthehacker/ubuntu:act-latest";

/// Of a `-P` whose label is not known.
const WHICH_LABEL: &str = "LABEL is what the job's `runs-on` comes to";

/// What to do about a step that did not find a program, or wanted history that is here already; none otherwise.
pub(super) fn help(
    run: &Run,
    id: &JobId,
    job: &Job,
    step: &Step,
    tail: Option<&VecDeque<String>>,
) -> Option<String> {
    let said = |words: &str| tail.is_some_and(|lines| lines.iter().any(|line| line.contains(words)));
    if said("--unshallow on a complete repository does not make sense") {
        return Some(
            "the whole history is here, where GitHub's checkout brings one commit: give `actions/checkout` \
             `fetch-depth: 0` instead of this, which does the same in both places"
                .to_owned(),
        );
    }
    if step.exit_code != Some(NOT_FOUND) {
        return None;
    }
    let program = tail.and_then(|lines| lines.iter().rev().find_map(|line| program(line)));
    let what = program
        .as_ref()
        .map_or_else(|| "a program".to_owned(), |name| format!("`{name}`"));
    let Some(image) = &job.image else {
        return Some(format!(
            "{what} is not on this machine's PATH: install it, or run the job in a container"
        ));
    };
    if program.as_deref() == Some("docker") {
        let elsewhere = match place(run, id) {
            Place::Container => {
                "take `container:` from the job and run it on this machine (`-P LABEL=host`)".to_owned()
            }
            Place::Label(label) => format!("run the job on this machine, by `-P {label}=host`"),
            Place::Unknown => format!("run the job on this machine, by `-P LABEL=host`, {WHICH_LABEL}"),
        };
        return Some(format!(
            "what runs in a container does not reach the Docker engine: {elsewhere}, or have `services:` or \
             `uses: docker://…` do it"
        ));
    }
    let better = program
        .as_deref()
        .and_then(|name| IMAGES.iter().find(|(names, _)| names.contains(&name)))
        .map_or(LIKE_GITHUB, |(_, image)| image);
    let most = if better == LIKE_GITHUB {
        ", which has most of what GitHub's machines have"
    } else {
        ""
    };
    let in_another = format!("{what} is not in the image {image}: run it in one that has it, such as");
    Some(match place(run, id) {
        Place::Container => format!("{what} is not in the image {image}: name another under `container:`"),
        Place::Label(label) => format!("{in_another} `-P {label}={better}`{most}"),
        Place::Unknown => format!("{in_another} `-P LABEL={better}`{most}; {WHICH_LABEL}"),
    })
}

/// The program that a shell says it did not find: bash, dash, busybox and zsh.
fn program(line: &str) -> Option<String> {
    let line = printable(line);
    let line = line.trim_end();
    if let Some((_, name)) = line.rsplit_once("command not found: ") {
        return word(name);
    }
    let before = line
        .strip_suffix(": command not found")
        .or_else(|| line.strip_suffix(": not found"))?;
    word(before.rsplit(": ").next()?)
}

fn word(text: &str) -> Option<String> {
    let text = text.trim();
    let is_name = !text.is_empty() && text.len() <= 64 && !text.contains(char::is_whitespace);
    is_name.then(|| text.to_owned())
}

enum Place {
    /// The workflow names the image.
    Container,
    /// The label that chose it.
    Label(String),
    /// A label that stands in no file that is at hand, or is worked out from an expression.
    Unknown,
}

/// What chose the image of a job. Of a job of a called workflow that is not looked for: its file may be another's.
fn place(run: &Run, id: &JobId) -> Place {
    let Some(file) = run.source.as_ref().and_then(|source| source.files.first()) else {
        return Place::Unknown;
    };
    if id.0.contains('/') {
        return Place::Unknown;
    }
    let dialect = if file.of_loom {
        Dialect::Loom
    } else {
        Dialect::GitHub
    };
    let source = Source::new(file.name.as_str(), file.text.as_str());
    let loaded = loom_workflow::load_unlinted(&source, dialect, &NoReferences);
    let Some(workflow) = loaded.workflow else {
        return Place::Unknown;
    };
    let Some(job) = workflow.jobs.get(&loom_workflow::JobId::from(id.top())) else {
        return Place::Unknown;
    };
    if job.container.is_some() {
        return Place::Container;
    }
    let label = job
        .runs_on
        .as_ref()
        .and_then(|runs_on| runs_on.labels.first())
        .and_then(|label| label.as_plain().map(str::to_owned));
    label.map_or(Place::Unknown, Place::Label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shells_say_which_program_is_missing() {
        for (line, name) in [
            ("bash: line 1: jq: command not found", Some("jq")),
            (
                "/opt/loom/steps/0.sh: line 3: node: command not found",
                Some("node"),
            ),
            ("sh: 1: curl: not found", Some("curl")),
            ("/bin/sh: make: not found", Some("make")),
            ("zsh:1: command not found: git", Some("git")),
            ("error: package: some thing is not found", None),
            ("fine", None),
        ] {
            assert_eq!(program(line).as_deref(), name, "{line}");
        }
    }
}
