//! Versions that are numbers lose their zeros: `3.10` is `3.1`.

use super::steps::Steps;
use crate::codes;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::model::{Env, Free, Literal, Matrix, NamedMap, Scalar, StepAction, Template, Workflow};
use crate::number::format_number;
use crate::source::Source;
use crate::span::{Span, Spanned};
use crate::tree::Style;

/// Keys of matrices that are versions without saying so.
const LANGUAGES: &[&str] = &[
    "dotnet", "go", "java", "node", "perl", "php", "python", "ruby", "rust",
];

/// The inputs and variables of steps.
pub(super) fn check(all: &[Steps<'_>], source: &Source, diagnostics: &mut Diagnostics) {
    for steps in all {
        steps.each(&mut |step| {
            if let StepAction::Uses(uses) = &step.action
                && let Some(Literal::Value(with)) = uses.with.as_deref()
            {
                values(with, source, diagnostics);
            }
            variables(step.env.as_deref(), source, diagnostics);
        });
    }
}

/// The variables around steps, and matrices.
pub(super) fn check_around(workflow: &Workflow, source: &Source, diagnostics: &mut Diagnostics) {
    variables(workflow.env.as_deref(), source, diagnostics);
    for job in workflow.jobs.values() {
        variables(job.env.as_deref(), source, diagnostics);
        if let Some((_, matrix)) = job.written_matrix() {
            combinations(matrix.value, source, diagnostics);
        }
    }
}

fn variables(env: Option<&Env>, source: &Source, diagnostics: &mut Diagnostics) {
    if let Some(Env::Variables(variables)) = env {
        values(variables, source, diagnostics);
    }
}

fn values(named: &NamedMap<Template>, source: &Source, diagnostics: &mut Diagnostics) {
    for (name, named) in named {
        let Spanned { value: text, span } = &named.value;
        // Of a text the value is what is written; of a number it is what is made of it.
        if is_version(name) && text.style == Style::Plain && *text.text != *source.slice(*span) {
            value(&text.text, *span, true, source, diagnostics);
        }
    }
}

fn combinations(matrix: &Matrix, source: &Source, diagnostics: &mut Diagnostics) {
    let mut version = |version: &Free| {
        // A value of a matrix may be compared elsewhere with the number that it is now: quotes are not certain.
        if let Some(Scalar::Number(number)) = version.as_scalar() {
            let number = format_number(*number);
            value(&number, version.span, false, source, diagnostics);
        }
    };
    let vectors = matrix.vectors.iter().filter(|(name, _)| is_of_matrix(name));
    for (_, vector) in vectors {
        if let Literal::Value(items) = &vector.value.value {
            items.iter().for_each(&mut version);
        }
    }
    for list in [&matrix.include, &matrix.exclude].into_iter().flatten() {
        let Literal::Value(items) = &list.value else {
            continue;
        };
        let mappings = items.iter().filter_map(Free::as_mapping);
        for entry in mappings.flat_map(|mapping| &mapping.entries) {
            if is_of_matrix(&entry.key.text) {
                version(&entry.value);
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

/// Reports a value that is read as `number`; whether quotes around it are `certain` to be what is meant.
fn value(number: &str, span: Span, certain: bool, source: &Source, diagnostics: &mut Diagnostics) {
    let text = source.slice(span);
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let loses = text.split_once('.').is_some_and(|(major, minor)| {
        is_digits(major) && is_digits(minor) && minor.ends_with('0') && minor.len() > 1
    });
    if !loses {
        return;
    }
    diagnostics.push(
        Diagnostic::new(
            codes::VERSION_NUMBER,
            format!("the version `{text}` is read as the number `{number}`"),
        )
        .at(span, "without quotes this is a number, and its last zero is lost")
        .help("put quotes around it")
        .guess(span, format!("'{text}'"), certain),
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
