//! Jobs that call a workflow of the same repository must call it as it wants to be called.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use super::{call_references, concurrency, permissions};
use crate::codes::{self, Code};
use crate::diagnostic::{Cause, Diagnostic, Diagnostics};
use crate::dialect::Dialect;
use crate::model::{Input, InputKind, Job, NamedMap, Scalar, Secrets, Trigger, Workflow, own};
use crate::references::{Reference, References};
use crate::span::{Span, Spanned};
use crate::tree::{self, Limits, Style, Value};
use crate::words::{self, closest, name};

/// How many workflows may stand below the first one, each called by the one before: GitHub's limit.
const DEEPEST: usize = 9;
/// How many different workflows one file may reach: GitHub's limit.
const MOST: usize = 50;

/// Reads called workflows, each once.
pub(crate) struct Calls<'a> {
    references: &'a dyn References,
    known: HashMap<String, Outcome>,
    /// The paths of the workflows that are being read, the outermost first.
    open: Vec<String>,
}

/// What came of reading a called workflow.
#[derive(Clone)]
pub(super) enum Outcome {
    Read(Rc<Workflow>),
    /// It has mistakes, of which this is the first.
    Broken(Rc<Cause>),
    /// Nothing is wrong with it, and yet it cannot be called: why, and what to do.
    Refused(String, &'static str),
    Missing,
    Unknown,
}

impl<'a> Calls<'a> {
    pub(crate) fn new(references: &'a dyn References) -> Self {
        Self {
            references,
            known: HashMap::new(),
            open: Vec::new(),
        }
    }

    /// Checks all calls of a workflow.
    pub(super) fn check(&mut self, workflow: &Workflow, diagnostics: &mut Diagnostics) {
        for job in workflow.jobs.values() {
            let Some(uses) = job.uses.as_ref() else { continue };
            let Some(written) = uses.as_plain() else { continue };
            let names_one = call_references::check(written, workflow.dialect, uses.span, diagnostics);
            let Some(path) = own(written).filter(|_| names_one) else {
                continue;
            };
            match self.read(&path) {
                Outcome::Read(called) => self.one(workflow, job, &called, uses.span, diagnostics),
                Outcome::Broken(cause) => {
                    let Cause { source, diagnostic } = (*cause).clone();
                    diagnostics.push(
                        Diagnostic::new(codes::CALL, format!("{} cannot be called", name(written)))
                            .at(uses.span, "it has a mistake")
                            .help("repair the called workflow first")
                            .because_of(source, diagnostic),
                    );
                }
                Outcome::Refused(why, help) => diagnostics.push(
                    Diagnostic::new(codes::CALL, format!("{} cannot be called", name(written)))
                        .at(uses.span, why)
                        .help(help),
                ),
                Outcome::Missing => diagnostics.push(
                    Diagnostic::new(codes::CALL, format!("there is no workflow {}", name(written)))
                        .at(uses.span, "no such file in this repository")
                        .help("paths of workflows start at the root of the repository, e.g. `$/.github/workflows/build.yml`"),
                ),
                Outcome::Unknown => {}
            }
        }
    }

    /// Checks one call whose workflow has been read.
    pub(super) fn one(
        &mut self,
        workflow: &Workflow,
        job: &Job,
        called: &Workflow,
        uses: Span,
        diagnostics: &mut Diagnostics,
    ) {
        call(job, called, uses, diagnostics);
        permissions::check(workflow, job, called, self, diagnostics);
        concurrency::call(workflow, job, called, diagnostics);
    }

    /// The workflow at a local path.
    pub(super) fn read(&mut self, path: &str) -> Outcome {
        if self.open.iter().any(|open| open == path) {
            let why = "it calls itself in the end, which would never end".to_owned();
            return Outcome::Refused(why, "take out one of the calls that lead back");
        }
        if let Some(known) = self.known.get(path) {
            return known.clone();
        }
        let fewer = "let fewer workflows call each other: put what they do into one";
        if self.open.len() >= DEEPEST {
            let why = format!("workflows may be nested {DEEPEST} deep, and this is one more");
            return Outcome::Refused(why, fewer);
        }
        if self.known.len() >= MOST {
            let why = format!("a workflow may reach {MOST} others, and this is one more");
            return Outcome::Refused(why, fewer);
        }
        self.open.push(path.to_owned());
        let outcome = self.read_now(path);
        self.open.pop();
        self.known.insert(path.to_owned(), outcome.clone());
        outcome
    }

    fn read_now(&mut self, path: &str) -> Outcome {
        let source = match self.references.workflow(path) {
            Reference::Found(source) => source,
            Reference::Missing => return Outcome::Missing,
            Reference::Unknown => return Outcome::Unknown,
        };
        let mut found = Diagnostics::new();
        let tree = tree::parse(&source, &Limits::default(), &mut found);
        let workflow = tree.and_then(|root| crate::lower::lower(&source, &root, Dialect::GitHub, &mut found));
        if let Some(workflow) = &workflow {
            super::standalone(workflow, &source, &mut found);
            self.check(workflow, &mut found);
        }
        let found = found.finish();
        if let Some(first) = found.into_iter().find(Diagnostic::is_blocking) {
            return Outcome::Broken(Rc::new(Cause {
                source,
                diagnostic: first,
            }));
        }
        workflow.map_or(Outcome::Unknown, |workflow| Outcome::Read(Rc::new(workflow)))
    }
}

fn call(job: &Job, called: &Workflow, uses: Span, diagnostics: &mut Diagnostics) {
    let Some(trigger) = called.triggers.events.get("workflow_call") else {
        diagnostics.push(
            Diagnostic::new(codes::CALL, "the called workflow does not let itself be called")
                .at(uses, "`workflow_call` is not among its events")
                .help("add `workflow_call` to `on` of the called workflow"),
        );
        return;
    };
    inputs(job, trigger, &job.with, uses, diagnostics);
    match job.secrets.as_deref() {
        Some(Secrets::Inherit) => {}
        Some(Secrets::Named(given)) => secrets(job, trigger, given, uses, diagnostics),
        None => secrets(job, trigger, &NamedMap::default(), uses, diagnostics),
    }
}

fn inputs(job: &Job, trigger: &Trigger, given: &NamedMap<Scalar>, uses: Span, diagnostics: &mut Diagnostics) {
    let declared = || trigger.inputs.keys().map(|name| &**name);
    let required = trigger.inputs.iter().filter(|(_, input)| input.required);
    missing(
        job,
        required.map(|(name, _)| &**name),
        given,
        "input",
        uses,
        diagnostics,
    );
    let by_name: HashMap<String, &Input> = trigger
        .inputs
        .iter()
        .map(|(name, input)| (name.to_ascii_lowercase(), input))
        .collect();
    for (name, named) in given.iter().filter(|(_, named)| named.computed.is_none()) {
        match by_name.get(&name.to_ascii_lowercase()) {
            Some(input) => typed(name, &named.value, input, diagnostics),
            None => unknown(
                (name, named.key),
                given,
                declared(),
                codes::CALL_INPUT,
                "input",
                diagnostics,
            ),
        }
    }
}

fn secrets(
    job: &Job,
    trigger: &Trigger,
    given: &NamedMap<Scalar>,
    uses: Span,
    diagnostics: &mut Diagnostics,
) {
    let all = || trigger.secrets.iter().flatten();
    let required = all().filter(|(_, secret)| secret.required);
    missing(
        job,
        required.map(|(name, _)| &**name),
        given,
        "secret",
        uses,
        diagnostics,
    );
    let known: HashSet<String> = all().map(|(name, _)| name.to_ascii_lowercase()).collect();
    for (name, named) in given.iter().filter(|(_, named)| named.computed.is_none()) {
        if !known.contains(&name.to_ascii_lowercase()) {
            unknown(
                (name, named.key),
                given,
                all().map(|(name, _)| &**name),
                codes::CALL_SECRET,
                "secret",
                diagnostics,
            );
        }
    }
}

fn missing<'a>(
    job: &Job,
    required: impl Iterator<Item = &'a str>,
    given: &NamedMap<Scalar>,
    kind: &str,
    uses: Span,
    diagnostics: &mut Diagnostics,
) {
    if !given.has_known_names() {
        return;
    }
    let (code, key): (Code, &str) = if kind == "input" {
        (codes::CALL_INPUT, "with")
    } else {
        (codes::CALL_SECRET, "secrets")
    };
    let given: HashSet<String> = given.keys().map(|name| name.to_ascii_lowercase()).collect();
    for wanted in required {
        if !given.contains(&wanted.to_ascii_lowercase()) {
            diagnostics.push(
                Diagnostic::new(
                    code,
                    format!(
                        "job {} does not give the {kind} {}",
                        name(job.id.as_str()),
                        name(wanted)
                    ),
                )
                .at(
                    uses,
                    format!("this workflow requires the {kind} {}", name(wanted)),
                )
                .help(format!("add it under `{key}`")),
            );
        }
    }
}

fn unknown<'a>(
    (written, place): (&str, Span),
    given: &NamedMap<Scalar>,
    declared: impl Iterator<Item = &'a str>,
    code: Code,
    kind: &str,
    diagnostics: &mut Diagnostics,
) {
    const SHOWN: usize = 16;
    let declared: Vec<&str> = if diagnostics.is_full() {
        Vec::new()
    } else {
        declared.take(500).collect()
    };
    let mut diagnostic = Diagnostic::new(
        code,
        format!("the called workflow has no {kind} {}", name(written)),
    )
    .at(place, "not known there");
    diagnostic = if let Some(near) = closest(written, declared.iter().copied()) {
        let is_certain =
            is_free(given, near) && words::is_certain(written, near, declared.iter().copied(), true);
        diagnostic
            .help(format!("did you mean `{near}`?"))
            .guess(place, near, is_certain)
    } else if declared.is_empty() {
        diagnostic.help(format!("it takes no {kind}s: remove it"))
    } else {
        let all: Vec<String> = declared.into_iter().take(SHOWN).map(name).collect();
        diagnostic.help(format!("it takes: {}", all.join(", ")))
    };
    diagnostics.push(diagnostic);
}

fn typed(written: &str, given: &Spanned<Scalar>, input: &Input, diagnostics: &mut Diagnostics) {
    let text = match &given.value {
        Scalar::Text(text) if text.as_plain().is_none() => return,
        Scalar::Text(text) => Some(text),
        Scalar::Null | Scalar::Boolean(_) | Scalar::Number(_) => None,
    };
    let (fits, wanted) = match input.kind {
        InputKind::Boolean => (matches!(given.value, Scalar::Boolean(_)), "a boolean"),
        InputKind::Number => (matches!(given.value, Scalar::Number(_)), "a number"),
        InputKind::String | InputKind::Choice | InputKind::Environment => return,
    };
    if !fits {
        let mut diagnostic = Diagnostic::new(
            codes::CALL_INPUT,
            format!(
                "the input {} must be {wanted}, not {}",
                name(written),
                given.describe()
            ),
        )
        .at(given.span, format!("this is {}", given.describe()))
        .help("write a value of the type that the called workflow declares, without quotes");
        if let Some(text) = text {
            let is_quoted = matches!(text.style, Style::SingleQuoted | Style::DoubleQuoted);
            let meaning = tree::resolve(&text.text);
            let is_meant = match input.kind {
                InputKind::Boolean => matches!(meaning, Value::Bool(_)),
                _ => matches!(meaning, Value::Number(_)),
            };
            if is_quoted && is_meant {
                diagnostic = diagnostic.fix(given.span, &*text.text);
            }
            if let Some(boolean) = words::boolean(&text.text).filter(|_| input.kind == InputKind::Boolean) {
                diagnostic = diagnostic.fix(given.span, boolean);
            }
        }
        diagnostics.push(diagnostic);
    }
}

/// Whether nothing has this name yet.
pub(super) fn is_free<T>(named: &NamedMap<T>, name: &str) -> bool {
    !named.keys().any(|known| known.eq_ignore_ascii_case(name))
}
