//! What strangers write must not become part of a script.
//!
//! A `${{ }}` in a script is replaced before the shell sees it: the title of an issue that reads `$(…)` runs. Values that
//! reach a script through an environment variable are safe.

use super::checker::Checker;
use crate::codes;
use crate::expression::{Expression, Function, Logic, Node, WorkflowKey};
use crate::model::Site;
use crate::words::plain;

/// What anybody who opens an issue or a pull request chooses, below `github`. `*` is any item of a list.
///
/// From GitHub's "Secure use reference", and the payloads of the events that it names; read in 2026.
const UNTRUSTED: &[&[&str]] = &[
    &["head_ref"],
    &["event", "issue", "title"],
    &["event", "issue", "body"],
    &["event", "pull_request", "title"],
    &["event", "pull_request", "body"],
    &["event", "pull_request", "head", "ref"],
    &["event", "pull_request", "head", "label"],
    &["event", "pull_request", "head", "repo", "default_branch"],
    &["event", "discussion", "title"],
    &["event", "discussion", "body"],
    &["event", "comment", "body"],
    &["event", "review", "body"],
    &["event", "review_comment", "body"],
    &["event", "pages", "*", "page_name"],
    &["event", "commits", "*", "message"],
    &["event", "commits", "*", "author", "email"],
    &["event", "commits", "*", "author", "name"],
    &["event", "head_commit", "message"],
    &["event", "head_commit", "author", "email"],
    &["event", "head_commit", "author", "name"],
    &["event", "workflow_run", "head_branch"],
    &["event", "workflow_run", "display_title"],
    &["event", "workflow_run", "head_commit", "message"],
    &["event", "workflow_run", "head_commit", "author", "email"],
    &["event", "workflow_run", "head_commit", "author", "name"],
    &["event", "workflow_run", "pull_requests", "*", "head", "ref"],
];
/// How many paths a message lists.
const LISTED: usize = 6;

/// Whether the value of a place is run as a script. `uses` is the action that the place is an input of.
pub(super) fn is_script(site: &Site, uses: Option<&str>) -> bool {
    match site.key {
        WorkflowKey::StepRun => true,
        WorkflowKey::ActionStep => &*site.field == "run" || scripted(&site.field, uses),
        WorkflowKey::StepWith => scripted(&site.field, uses),
        _ => false,
    }
}

/// Whether an input of an action is a script in JavaScript.
fn scripted(field: &str, uses: Option<&str>) -> bool {
    let action = uses.and_then(|uses| uses.split('@').next());
    field.eq_ignore_ascii_case("with.script")
        && action.is_some_and(|action| action.eq_ignore_ascii_case("actions/github-script"))
}

/// Reports what strangers write in a script.
pub(super) fn check(checker: &mut Checker<'_>, expression: &Expression) {
    let mut reaching = Vec::new();
    flow(expression, false, &mut reaching);
    for (part, whole) in reaching {
        let paths = untrusted(part, whole);
        if paths.is_empty() {
            continue;
        }
        let written = part.to_string();
        let what = match paths.as_slice() {
            [one] if one.eq_ignore_ascii_case(&written) => format!("`{}`", plain(&written)),
            [one] => format!("`{}`, which is `{one}`,", plain(&written)),
            many => {
                let names: Vec<String> = many.iter().take(LISTED).map(|path| format!("`{path}`")).collect();
                format!("`{}`, with {} in it,", plain(&written), names.join(", "))
            }
        };
        let variable = variable(part);
        let used = if checker.site.key == WorkflowKey::StepRun || &*checker.site.field == "run" {
            format!("\"${variable}\"")
        } else {
            format!("process.env.{variable}")
        };
        let finding = checker
            .finding(
                codes::SCRIPT_INJECTION,
                format!("{what} becomes part of a script"),
                part.span(),
                "written by anybody: commands in it would run",
            )
            .help(format!(
                "hand it over in a variable: `env: {{{variable}: ${{{{ … }}}}}}`, and `{used}` in the script"
            ));
        checker.report(finding);
    }
}

/// The parts of an expression whose text may be in its value, and whether all that is in them is, as JSON.
fn flow<'e>(expression: &'e Expression, whole: bool, found: &mut Vec<(&'e Expression, bool)>) {
    match expression.node() {
        Node::Context(_) => found.push((expression, whole)),
        Node::Index { of, index } => {
            found.push((expression, whole));
            // A computed index is a value from elsewhere; what it is computed of is looked at like any other.
            flow(index, false, found);
            indices(of, found);
        }
        Node::Every(of) => {
            found.push((expression, whole));
            indices(of, found);
        }
        Node::Call {
            function: Some(function),
            arguments,
            ..
        } => match function {
            Function::Format | Function::Join | Function::ToJson | Function::FromJson => {
                let whole = whole || *function == Function::ToJson;
                for argument in arguments {
                    flow(argument, whole, found);
                }
            }
            Function::Case => {
                // Tests choose a value and are not in it.
                let last = arguments.len().saturating_sub(1);
                for (at, argument) in arguments.iter().enumerate() {
                    if at % 2 == 1 || at == last {
                        flow(argument, whole, found);
                    }
                }
            }
            _ => {}
        },
        Node::Logic { operator, operands } => match operator {
            Logic::Or => {
                for operand in operands {
                    flow(operand, whole, found);
                }
            }
            // What stands before the last one is only in the value when it is as good as false: empty.
            Logic::And => {
                if let Some(last) = operands.last() {
                    flow(last, whole, found);
                }
            }
        },
        _ => {}
    }
}

/// The computed indices on the way to a value.
fn indices<'e>(mut of: &'e Expression, found: &mut Vec<(&'e Expression, bool)>) {
    loop {
        match of.node() {
            Node::Index { of: next, index } => {
                flow(index, false, found);
                of = next;
            }
            Node::Every(next) => of = next,
            Node::Call { .. } => {
                flow(of, false, found);
                return;
            }
            _ => return,
        }
    }
}

/// A name for the variable that could hold a value.
fn variable(access: &Expression) -> String {
    let last = match access.node() {
        Node::Index { index, .. } => match index.node() {
            Node::Text(name) => Some(name),
            _ => None,
        },
        _ => None,
    };
    let name = last.map_or("VALUE", |name| &**name);
    name.chars()
        .map(|letter| match letter.to_ascii_uppercase() {
            letter if letter.is_ascii_alphanumeric() => letter,
            _ => '_',
        })
        .collect()
}

/// A step on the way from a context to a value.
enum Step<'e> {
    Name(&'e str),
    /// A computed index, or a number: some item.
    Some,
    /// `*`: every item.
    Every,
}

/// The untrusted values that an access gives, by their full names; with `whole`, those within what it gives as well.
/// All of the event is not meant by that: most of its kinds hold nothing that strangers write.
fn untrusted(access: &Expression, whole: bool) -> Vec<String> {
    let mut steps = Vec::new();
    let mut at = access;
    loop {
        match at.node() {
            Node::Context(name) if name.eq_ignore_ascii_case("github") => break,
            Node::Index { of, index } => {
                steps.push(match index.node() {
                    Node::Text(name) => Step::Name(name),
                    _ => Step::Some,
                });
                at = of;
            }
            Node::Every(of) => {
                steps.push(Step::Every);
                at = of;
            }
            _ => return Vec::new(),
        }
    }
    steps.reverse();
    let matching = UNTRUSTED.iter().filter(|path| {
        (path.len() == steps.len() || (whole && steps.len() > 1 && path.len() > steps.len()))
            && path.iter().zip(&steps).all(|(name, step)| match step {
                Step::Name(step) => name.eq_ignore_ascii_case(step),
                Step::Some => *name == "*",
                Step::Every => true,
            })
    });
    matching
        .map(|path| format!("github.{}", path.join(".")))
        .collect()
}
