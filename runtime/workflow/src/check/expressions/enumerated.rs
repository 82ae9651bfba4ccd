//! Values that are one of a few words: comparing one with another word has one answer only.

use super::checker::{Checker, constant};
use crate::codes;
use crate::expression::{Comparison, Expression, Node, Value};
use crate::words::{self, alternatives, closest, name, plain};

const RESULT: &[&str] = &["success", "failure", "cancelled", "skipped"];

/// What a value can be, by the names that lead to it; `*` is any name. From GitHub's "Contexts reference", read in 2026.
const WORDS: &[(&[&str], &[&str])] = &[
    (&["needs", "*", "result"], RESULT),
    (&["jobs", "*", "result"], RESULT),
    (&["steps", "*", "outcome"], RESULT),
    (&["steps", "*", "conclusion"], RESULT),
    (&["job", "status"], &["success", "failure", "cancelled"]),
    (&["runner", "os"], &["Linux", "Windows", "macOS"]),
    (&["runner", "arch"], &["X86", "X64", "ARM", "ARM64"]),
    (&["runner", "environment"], &["github-hosted", "self-hosted"]),
    (&["github", "ref_type"], &["branch", "tag"]),
];

/// Looks at `==` and `!=` between such a value and a text.
pub(super) fn compared(
    checker: &mut Checker<'_>,
    operator: Comparison,
    one: &Expression,
    other: &Expression,
) {
    let answer = match operator {
        Comparison::Equal => "`false`",
        Comparison::NotEqual => "`true`",
        _ => return,
    };
    for (value, text) in [(one, other), (other, one)] {
        if !is_list(value) {
            look(checker, value, text, answer);
        }
    }
}

/// Looks at `contains(needs.*.result, 'text')`.
pub(super) fn contained(checker: &mut Checker<'_>, list: &Expression, text: &Expression) {
    // In a text it would look for a part.
    if is_list(list) {
        look(checker, list, text, "`false`");
    }
}

/// Whether a value is a list that `*` gives.
fn is_list(value: &Expression) -> bool {
    match value.node() {
        Node::Every(_) => true,
        Node::Index { of, .. } => is_list(of),
        _ => false,
    }
}

fn look(checker: &mut Checker<'_>, value: &Expression, text: &Expression, answer: &str) {
    let Some(words) = words(value) else { return };
    let Some(Value::String(word)) = constant(text) else {
        return;
    };
    // Nothing is what a step has that has not run.
    if word.is_empty() || words.iter().any(|known| known.eq_ignore_ascii_case(&word)) {
        return;
    }
    let shown = plain(&value.to_string()).into_owned();
    let near = closest(&word, words.iter().copied());
    let help = match near {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("it is {}", alternatives(words)),
    };
    let mut finding = checker
        .finding(
            codes::EXPRESSION_COMPARISON,
            format!("`{shown}` is never {}", name(&word)),
            text.span(),
            format!("the answer is always {answer}"),
        )
        .help(help);
    if let (Some(near), Node::Text(_), true) = (near, text.node(), checker.site.exact) {
        let is_certain = words::is_certain(&word, near, words.iter().copied(), false);
        finding = finding.guess(text.span(), format!("'{near}'"), is_certain);
    }
    checker.report(finding);
}

/// What the value of an expression can be, where these are a few words.
fn words(value: &Expression) -> Option<&'static [&'static str]> {
    // From the last name to the first.
    let mut names: Vec<&str> = Vec::new();
    let mut at = value;
    loop {
        match at.node() {
            Node::Context(name) => {
                names.push(name);
                break;
            }
            Node::Index { of, index } => {
                names.push(match index.node() {
                    Node::Text(name) => name,
                    _ => "",
                });
                at = of;
            }
            Node::Every(of) => {
                names.push("");
                at = of;
            }
            _ => return None,
        }
    }
    let fits = |path: &[&str]| {
        path.len() == names.len()
            && path
                .iter()
                .zip(names.iter().rev())
                .all(|(wanted, name)| *wanted == "*" || wanted.eq_ignore_ascii_case(name))
    };
    WORDS.iter().find(|(path, _)| fits(path)).map(|(_, words)| *words)
}
