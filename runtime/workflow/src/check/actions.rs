//! Steps give the actions they use what these take.

use crate::actions::{Actions, DATE, Interface, Known, Runtime};
use crate::codes;
use crate::diagnostic::{Cause, Diagnostic, Diagnostics};
use crate::dialect::Dialect;
use crate::expression::is_in;
use crate::model::{ActionText, Job, Literal, NamedMap, Template, Uses};
use crate::span::Span;
use crate::words::{self, closest, name};

use super::calls::is_free;
use super::references;
use super::steps::Steps;

pub(super) fn check(all: &[Steps<'_>], actions: &Actions<'_>, diagnostics: &mut Diagnostics) {
    for steps in all {
        // Whoever uses a composite action has done before whatever they like, in a repository that may be another one.
        let mut fetched = steps.job.is_none();
        let mut changed = steps.job.is_none();
        steps.each(&mut |step| {
            let crate::model::StepAction::Uses(uses) = &step.action else {
                fetched = true;
                changed = true;
                return;
            };
            let place = Place {
                job: steps.job,
                uses,
                empty: !fetched && steps.dialect == Dialect::GitHub,
                unchanged: !changed,
            };
            place.check(actions, diagnostics);
            fetched |= may_fetch(uses);
            changed |= may_fetch(uses) && !is_plain_checkout(uses);
        });
    }
}

/// Whether files of a repository may lie in the workspace afterwards: only actions that set something up are known
/// not to fetch any.
fn may_fetch(uses: &Uses) -> bool {
    !uses
        .reference
        .as_plain()
        .is_some_and(|text| text.starts_with("actions/setup-"))
}

/// Whether a step puts the files of this repository where a job begins, and no others.
fn is_plain_checkout(uses: &Uses) -> bool {
    let checkout = uses
        .reference
        .as_plain()
        .is_some_and(|text| text.starts_with("actions/checkout@"));
    let is_harmless = |name: &str| {
        matches!(
            name.to_ascii_lowercase().as_str(),
            "fetch-depth" | "fetch-tags" | "token" | "persist-credentials" | "clean" | "lfs"
        )
    };
    checkout
        && match uses.with.as_deref() {
            None => true,
            Some(Literal::Value(with)) => !with.incomplete && with.keys().all(|name| is_harmless(name)),
            Some(Literal::Expression(_) | Literal::Computed(_)) => false,
        }
}

/// Whether a path is one of a workflow, and none of the folder of an action.
fn is_workflow(path: &[&str]) -> bool {
    matches!(path, [".github", "workflows", file] if file.ends_with(".yml") || file.ends_with(".yaml"))
}

/// A step that uses an action.
struct Place<'a> {
    job: Option<&'a Job>,
    uses: &'a Uses,
    /// Whether nothing can lie in the workspace yet.
    empty: bool,
    /// Whether nothing but files of the repository can lie there.
    unchanged: bool,
}

impl Place<'_> {
    fn check(&self, actions: &Actions<'_>, diagnostics: &mut Diagnostics) {
        let Some(text) = self.uses.reference.as_plain() else {
            return;
        };
        let span = self.uses.reference.span;
        let image = text.strip_prefix("docker://").map(str::trim);
        let no_image = image.is_some_and(|image| image.is_empty() || image.ends_with(':'));
        let no_name = image.is_none() && (text.contains("://") || text.contains(char::is_whitespace));
        let reference = ActionText::parse(text);
        if reference.is_none() {
            return; // the language itself refuses it
        }
        let is_workflow =
            matches!(&reference, Some(ActionText::Repository(found)) if is_workflow(&found.path));
        let Some(reference) = reference.filter(|_| !no_image && !no_name && !is_workflow) else {
            let why = if is_workflow {
                "this is a workflow: a job calls it with its own `uses`, in place of steps"
            } else if no_image {
                "the name of the image is missing, or its tag"
            } else {
                references::why(text)
            };
            diagnostics.push(
                Diagnostic::new(codes::ACTION_FORM, format!("{} names no action", name(text)))
                    .at(span, why)
                    .help(references::FORMS),
            );
            return;
        };
        match actions.find(&reference) {
            Known::Interface(interface) => self.inputs(text, &interface, diagnostics),
            Known::Broken(cause) => {
                let Cause { source, diagnostic } = (*cause).clone();
                diagnostics.push(
                    Diagnostic::new(codes::LOCAL_ACTION, format!("{} cannot be used", name(text)))
                        .at(span, "it has a mistake")
                        .help("repair the action first")
                        .because_of(source, diagnostic),
                );
            }
            Known::Missing if self.unchanged || matches!(reference, ActionText::Own(_)) => diagnostics.push(
                Diagnostic::new(codes::LOCAL_ACTION, format!("there is no action {}", name(text)))
                    .at(span, "no `action.yml` in this folder of the repository")
                    .help("paths of actions start at the root of the repository, e.g. `$/.github/actions/setup`"),
            ),
            Known::Missing | Known::Unknown => {}
        }
        if self.empty && matches!(reference, ActionText::Local(_)) {
            self.nothing_fetched(text, diagnostics);
        }
    }

    /// On GitHub's runners a job begins in an empty folder.
    fn nothing_fetched(&self, text: &str, diagnostics: &mut Diagnostics) {
        let runs_on = self.job.and_then(|job| job.runs_on.as_ref());
        let labels = runs_on.iter().flat_map(|runs_on| &runs_on.labels);
        let hosted = labels
            .map(|label| label.text.as_ref())
            .all(|label| !is_in(label) && super::labels::is_hosted(label));
        let grouped = runs_on.is_some_and(|runs_on| runs_on.group.is_some());
        if !hosted || grouped {
            return;
        }
        diagnostics.push(
            Diagnostic::new(
                codes::ACTION_NOT_FETCHED,
                format!("nothing has fetched {} when this step begins", name(text)),
            )
            .at(
                self.uses.reference.span,
                "the workspace is still empty on GitHub's runners",
            )
            .help("put a step with `uses: actions/checkout` before it"),
        );
    }

    fn inputs(&self, text: &str, interface: &Interface, diagnostics: &mut Diagnostics) {
        if interface.inputs.is_none() {
            return;
        }
        let empty = NamedMap::default();
        let with = match self.uses.with.as_deref() {
            Some(Literal::Value(with)) => with,
            Some(Literal::Expression(_) | Literal::Computed(_)) => return,
            None => &empty,
        };
        if !with.has_known_names() {
            return;
        }
        for (name, given) in with {
            match interface.input(name) {
                Some(input) => {
                    if let Some(instead) = &input.deprecated {
                        deprecated((name, given.key), text, instead, diagnostics);
                    }
                }
                None => unknown((name, given.key), with, text, interface, diagnostics),
            }
        }
        let is_given = |input: &str| !is_free(with, input);
        for input in interface.inputs.iter().flatten() {
            if input.required && !is_given(&input.name) {
                diagnostics.push(
                    Diagnostic::new(
                        codes::ACTION_INPUT_MISSING,
                        format!("{} is not given the input {}", name(text), name(&input.name)),
                    )
                    .at(self.uses.reference.span, "this action requires it")
                    .help(format!("add {} under `with`", name(&input.name))),
                );
            }
        }
    }
}

fn deprecated((written, place): (&str, Span), text: &str, instead: &str, diagnostics: &mut Diagnostics) {
    let mut diagnostic = Diagnostic::new(
        codes::ACTION_INPUT_DEPRECATED,
        format!(
            "the input {} of {} should not be used any more",
            name(written),
            name(text)
        ),
    )
    .at(place, "deprecated");
    if !instead.is_empty() {
        diagnostic = diagnostic.help(crate::words::visible(instead));
    }
    diagnostics.push(diagnostic);
}

fn unknown(
    (key, place): (&str, Span),
    with: &NamedMap<Template>,
    text: &str,
    interface: &Interface,
    diagnostics: &mut Diagnostics,
) {
    const SHOWN: usize = 16;
    // What every action in a container takes.
    if matches!(interface.runtime, Runtime::Docker) && is_for_containers(key) {
        return;
    }
    let mut diagnostic = Diagnostic::new(
        codes::ACTION_INPUT,
        format!("{} has no input {}", name(text), name(key)),
    );
    let label = if is_for_containers(key) {
        "only actions that run in a container take this"
    } else if text.starts_with(['.', '$']) {
        "not declared in its `action.yml`"
    } else {
        "not known there"
    };
    diagnostic = diagnostic.at(place, label);
    if !diagnostics.is_full() {
        let names: Vec<&str> = interface
            .inputs
            .iter()
            .flatten()
            .filter(|input| input.deprecated.is_none())
            .map(|input| input.name.as_str())
            .collect();
        diagnostic = if let Some(near) = closest(key, names.iter().copied()) {
            // What is known of actions of others may be older than the version that is used.
            let is_own = text.starts_with(['.', '$']);
            let is_certain =
                is_own && is_free(with, near) && words::is_certain(key, near, names.iter().copied(), true);
            diagnostic
                .help(format!("did you mean `{near}`?"))
                .guess(place, near, is_certain)
        } else if names.is_empty() {
            diagnostic.help("it takes no inputs: remove it")
        } else {
            let shown: Vec<String> = names.iter().take(SHOWN).map(|input| name(input)).collect();
            let more = if names.len() > SHOWN { ", …" } else { "" };
            let known = if text.starts_with(['.', '$']) {
                String::new()
            } else {
                format!(" (as of {})", *DATE)
            };
            diagnostic.help(format!("it takes {}{more}{known}", shown.join(", ")))
        };
    }
    diagnostics.push(diagnostic);
}

fn is_for_containers(key: &str) -> bool {
    key.eq_ignore_ascii_case("args") || key.eq_ignore_ascii_case("entrypoint")
}
