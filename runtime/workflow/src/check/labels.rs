//! Labels of runners: names that GitHub's runners have, do not have any more, or cannot have together.
//!
//! Anybody may give a runner of their own any label, so a label is only named as unknown when it looks like one of
//! GitHub's and is none.

use crate::codes;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::dialect::Dialect;
use crate::lints::Lints;
use crate::model::{Job, RunsOn, Scalar, Template, Workflow};
use crate::span::Spanned;
use crate::words::{closest, name};

use super::matrix::{Matrix, reference};

/// Labels of the runners that GitHub has: https://docs.github.com/actions/reference/runners, November 2026.
const HOSTED: &[&str] = &[
    "ubuntu-latest",
    "ubuntu-slim",
    "ubuntu-26.04",
    "ubuntu-26.04-arm",
    "ubuntu-24.04",
    "ubuntu-24.04-arm",
    "ubuntu-22.04",
    "ubuntu-22.04-arm",
    "windows-latest",
    "windows-2025",
    "windows-2025-vs2026",
    "windows-2022",
    "windows-11-arm",
    "macos-latest",
    "macos-latest-large",
    "macos-latest-xlarge",
    "macos-26",
    "macos-26-intel",
    "macos-26-large",
    "macos-26-xlarge",
    "macos-15",
    "macos-15-intel",
    "macos-15-large",
    "macos-15-xlarge",
    "macos-14",
    "macos-14-large",
    "macos-14-xlarge",
];

/// What people take for the name of a runner, and what it is called.
const MISTAKEN: &[(&str, &str)] = &[
    ("linux-latest", "ubuntu-latest"),
    ("debian-latest", "ubuntu-latest"),
    ("win-latest", "windows-latest"),
    ("window-latest", "windows-latest"),
    ("mac-latest", "macos-latest"),
    ("macosx-latest", "macos-latest"),
    ("osx-latest", "macos-latest"),
    ("ubuntu", "ubuntu-latest"),
];

/// Labels that every runner of one's own has of these.
const OWN: &[&str] = &[
    "self-hosted",
    "linux",
    "windows",
    "macos",
    "x64",
    "x86",
    "arm",
    "arm64",
];

/// The operating system that a label stands for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum System {
    Linux,
    Windows,
    MacOs,
}

/// The labels of the runners that GitHub has.
pub(crate) fn hosted() -> &'static [&'static str] {
    HOSTED
}

/// Whether only runners of GitHub have this label.
pub(super) fn is_hosted(label: &str) -> bool {
    HOSTED.iter().any(|known| known.eq_ignore_ascii_case(label))
}

/// Whether steps run on Windows: `None` when it cannot be told.
pub(super) fn is_windows(job: &Job) -> Option<bool> {
    let runs_on = job.runs_on.as_ref()?;
    let systems = runs_on.labels.iter().map(|label| system(label.as_plain()?));
    systems.flatten().map(|system| system == System::Windows).next()
}

pub(super) fn check(workflow: &Workflow, lints: &Lints, diagnostics: &mut Diagnostics) {
    // In Loom's own files other words are images.
    if workflow.dialect != Dialect::GitHub {
        return;
    }
    for job in workflow.jobs.values() {
        if let Some(runs_on) = &job.runs_on {
            labels(job, runs_on, lints, diagnostics);
        }
    }
}

fn labels(job: &Job, runs_on: &RunsOn, lints: &Lints, diagnostics: &mut Diagnostics) {
    let matrix = Matrix::of(job);
    let mut fixed: Vec<Spanned<&str>> = Vec::new();
    let mut computed = Vec::new();
    for label in &runs_on.labels {
        match label.as_plain() {
            Some(text) => fixed.push(Spanned::new(text, label.span)),
            None => computed.extend(values(label, matrix.as_ref())),
        }
    }
    let own =
        runs_on.group.is_some() || runs_on.labels.len() > 1 && fixed.iter().all(|label| !is_hosted(label));
    conflicts(&fixed, &[], diagnostics);
    for label in &fixed {
        if !own && !lints.has_runner(label.value) {
            unknown(label, diagnostics);
        }
    }
    for group in &computed {
        conflicts(group, &fixed, diagnostics);
        if let ([label], false) = (group.as_slice(), own || runs_on.labels.len() > 1)
            && !lints.has_runner(label.value)
        {
            unknown(label, diagnostics);
        }
    }
}

/// What `${{ matrix.NAME }}` can be, each a label or several.
fn values<'a>(label: &Template, matrix: Option<&Matrix<'a>>) -> Vec<Vec<Spanned<&'a str>>> {
    let (Some(path), Some(matrix)) = (reference(&label.text), matrix) else {
        return Vec::new();
    };
    let mut groups = Vec::new();
    for value in matrix.values(&path) {
        let items = value.as_list().unwrap_or(std::slice::from_ref(value));
        let texts = items.iter().filter_map(|item| {
            let text = match item.as_scalar()? {
                Scalar::Text(text) => text.as_plain()?,
                // No runner of GitHub has a number for a label.
                Scalar::Null | Scalar::Boolean(_) | Scalar::Number(_) => "",
            };
            Some(Spanned::new(text, item.span))
        });
        groups.push(texts.collect());
    }
    groups
}

fn system(label: &str) -> Option<System> {
    let word = |word: &str| {
        let Some((start, rest)) = label.split_at_checked(word.len()) else {
            return false;
        };
        let version = rest.strip_prefix('-');
        start.eq_ignore_ascii_case(word)
            && (rest.is_empty() || version.is_some_and(|version| is_hosted(label) || is_version(version)))
    };
    if label.eq_ignore_ascii_case("linux") || word("ubuntu") {
        Some(System::Linux)
    } else if word("windows") {
        Some(System::Windows)
    } else if word("macos") {
        Some(System::MacOs)
    } else {
        None
    }
}

fn is_version(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}

/// Reports every label that stands for another system than an earlier one, in the list or in `before`.
fn conflicts(labels: &[Spanned<&str>], before: &[Spanned<&str>], diagnostics: &mut Diagnostics) {
    let mut first: Option<(System, &Spanned<&str>)> = None;
    for label in before.iter().chain(labels) {
        let Some(system) = system(label.value) else {
            continue;
        };
        match first {
            None => first = Some((system, label)),
            Some((known, earlier)) if known != system => diagnostics.push(
                Diagnostic::new(
                    codes::RUNNER_CONFLICT,
                    format!(
                        "no runner is both {} and {}",
                        name(earlier.value),
                        name(label.value)
                    ),
                )
                .at(label.span, "another operating system")
                .related(earlier.span, "than this one")
                .help("a job runs on a runner that has all of its labels; use a matrix to run it on several"),
            ),
            Some(_) => {}
        }
    }
}

fn unknown(label: &Spanned<&str>, diagnostics: &mut Diagnostics) {
    if is_hosted(label.value) || OWN.iter().any(|known| known.eq_ignore_ascii_case(label.value)) {
        return;
    }
    let text = label.value.to_ascii_lowercase();
    let (why, help) = if let Some((_, right)) = MISTAKEN.iter().find(|(wrong, _)| *wrong == text) {
        ("no runner of GitHub is called so", Some(*right))
    } else if let Some(family) = image(&text) {
        diagnostics.push(
            Diagnostic::new(
                codes::RUNNER_LABEL,
                format!("no runner of GitHub has the label {}", name(label.value)),
            )
            .at(
                label.span,
                "GitHub has no such image, or not any more: the job would wait for ever",
            )
            .help(family),
        );
        return;
    } else if let Some(near) = typo(&text, diagnostics) {
        ("no runner of GitHub is called so", Some(near))
    } else {
        return;
    };
    let mut diagnostic = Diagnostic::new(
        codes::RUNNER_LABEL,
        format!("no runner of GitHub has the label {}", name(label.value)),
    )
    .at(label.span, why);
    if let Some(right) = help {
        // A runner of somebody's own may have the label.
        diagnostic = diagnostic.suggest(label.span, right).help(format!(
            "did you mean `{right}`? A label of your own runners belongs into `labels` of `[lint]` in `loom.toml`"
        ));
    }
    diagnostics.push(diagnostic);
}

/// What to take instead, when the label is the name of an image by its version alone.
fn image(label: &str) -> Option<&'static str> {
    let (family, version) = label.split_once('-')?;
    if !is_version(version) {
        return None;
    }
    match family {
        "ubuntu" if version.contains('.') => {
            Some("take `ubuntu-latest`, or one of `ubuntu-22.04`, `ubuntu-24.04` and `ubuntu-26.04`")
        }
        "windows" if version.len() == 4 => Some("take `windows-latest`, `windows-2022` or `windows-2025`"),
        // Those before `macos-14` had Intel processors; `macos-latest` has not.
        "macos" => Some("take `macos-latest`, or `macos-15-intel` for an Intel processor"),
        _ => None,
    }
}

/// The label that was probably meant. Whoever names larger runners adds to the names of GitHub's, and numbers.
fn typo(label: &str, diagnostics: &Diagnostics) -> Option<&'static str> {
    if diagnostics.is_full() || label.len() < 8 {
        return None;
    }
    let digits = |text: &str| text.bytes().filter(u8::is_ascii_digit).collect::<Vec<_>>();
    let near = closest(label, HOSTED.iter().copied())?;
    let parts = |text: &str| text.split('-').count();
    (digits(near) == digits(label) && parts(near) == parts(label) && !label.contains(near)).then_some(near)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::span::Span;

    #[test]
    fn only_what_looks_like_one_of_githubs_is_unknown() {
        for (label, known) in [
            ("ubuntu-latest", true),
            ("Ubuntu-Latest", true),
            ("ubuntu-20.04", false),
            ("ubuntu-lastest", false),
            ("ubunut-24.04", false),
            ("macos-10.15", false),
            ("windows-2019", false),
            ("linux-latest", false),
            ("ubuntu-latest-m", true),
            ("ubuntu-24.04-16core", true),
            ("ubuntu-latest-4-cores", true),
            ("windows-8", true),
            ("gpu", true),
            ("arm64", true),
            ("macos-m1", true),
            ("ubicloud-standard-4", true),
        ] {
            let mut found = Diagnostics::new();
            unknown(&Spanned::new(label, Span::point(0)), &mut found);
            assert_eq!(found.is_empty(), known, "{label}");
        }
    }
}
