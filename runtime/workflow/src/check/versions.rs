//! Versions that are numbers lose their zeros: `3.10` is `3.1`.

use super::steps::Steps;
use crate::codes;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::model::{Fields, Literal, Matrix, Workflow};
use crate::tree::{Node, Style, Value};

/// Keys of matrices that are versions without saying so.
const LANGUAGES: &[&str] = &[
    "dotnet", "go", "java", "node", "perl", "php", "python", "ruby", "rust",
];

/// The inputs and variables of steps.
pub(super) fn check(all: &[Steps<'_>], diagnostics: &mut Diagnostics) {
    for steps in all {
        steps.each(&mut |step| {
            values(&step.fields, "with", diagnostics);
            values(&step.fields, "env", diagnostics);
        });
    }
}

/// The variables around steps, what is given to called workflows, and matrices.
pub(super) fn check_around(workflow: &Workflow, diagnostics: &mut Diagnostics) {
    values(&workflow.fields, "env", diagnostics);
    for job in workflow.jobs.values() {
        values(&job.fields, "env", diagnostics);
        if let Some((_, matrix)) = job.written_matrix() {
            combinations(matrix.value, diagnostics);
        }
    }
}

fn values(fields: &Fields, key: &str, diagnostics: &mut Diagnostics) {
    let mapping = fields.get(key).and_then(|field| field.value.as_mapping());
    for entry in mapping.iter().flat_map(|mapping| &mapping.entries) {
        if is_version(&entry.key.text) {
            value(&entry.value, true, diagnostics);
        }
    }
}

fn combinations(matrix: &Matrix, diagnostics: &mut Diagnostics) {
    let vectors = matrix.vectors.iter().filter(|(name, _)| is_of_matrix(name));
    for (_, vector) in vectors {
        if let Literal::Value(items) = &vector.value.value {
            items.iter().for_each(|item| value(item, false, diagnostics));
        }
    }
    for list in [&matrix.include, &matrix.exclude].into_iter().flatten() {
        let Literal::Value(items) = &list.value else {
            continue;
        };
        let mappings = items.iter().filter_map(Node::as_mapping);
        for entry in mappings.flat_map(|mapping| &mapping.entries) {
            if is_of_matrix(&entry.key.text) {
                value(&entry.value, false, diagnostics);
            }
        }
    }
}

/// Whether the last word of a name is `version`: `python-version`, `PY_VERSIONS`, `goVersion`; not `conversion`.
fn is_version(key: &str) -> bool {
    let folded = key.to_ascii_lowercase();
    let Some(rest) = folded
        .strip_suffix("versions")
        .or_else(|| folded.strip_suffix("version"))
    else {
        return false;
    };
    let is_upper = |at: usize| {
        key.get(at..)
            .is_some_and(|rest| rest.starts_with(|first: char| first.is_uppercase()))
    };
    let before_is_lower = key
        .get(..rest.len())
        .is_some_and(|before| before.ends_with(|last: char| last.is_lowercase()));
    rest.is_empty() || rest.ends_with(['-', '_', '.']) || (before_is_lower && is_upper(rest.len()))
}

fn is_of_matrix(key: &str) -> bool {
    is_version(key)
        || LANGUAGES
            .iter()
            .any(|language| language.eq_ignore_ascii_case(key))
}

/// A value of a matrix may be compared elsewhere with the number that it is now: whether quotes are `certain`.
fn value(node: &Node, certain: bool, diagnostics: &mut Diagnostics) {
    let Some(scalar) = node.as_scalar() else { return };
    let text = &*scalar.text;
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let loses = text.split_once('.').is_some_and(|(major, minor)| {
        is_digits(major) && is_digits(minor) && minor.ends_with('0') && minor.len() > 1
    });
    if scalar.style != Style::Plain || !matches!(scalar.value, Value::Number(_)) || !loses {
        return;
    }
    let number = scalar.to_text();
    diagnostics.push(
        Diagnostic::new(
            codes::VERSION_NUMBER,
            format!("the version `{text}` is read as the number `{number}`"),
        )
        .at(
            node.span,
            "without quotes this is a number, and its last zero is lost",
        )
        .help("put quotes around it")
        .guess(node.span, format!("'{text}'"), certain),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_a_word_of_its_own() {
        for (key, is) in [
            ("version", true),
            ("python-version", true),
            ("PY_VERSIONS", true),
            ("goVersion", true),
            ("GoVersion", true),
            ("GOVERSION", false),
            ("inversion", false),
            ("conversions", false),
            ("CONVERSION", false),
            ("versioned", false),
        ] {
            assert_eq!(is_version(key), is, "{key}");
        }
    }
}
