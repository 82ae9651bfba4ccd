//! Names of a file that are declared in one place and used in others.

use crate::expression::{Expression, Node};
use crate::model::action::{Action, ActionKind};
use crate::model::{self, Job, JobId, Literal, Site, Step, Workflow};
use crate::span::{Span, Spanned};
use crate::tree::Entry;

use super::document::{Document, Model};
use super::variables::Levels;

/// A name that is declared in a file. Names are folded where the language compares them without regard to case.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Symbol {
    Job(String),
    /// A step of a job; of an action, where no job is named.
    Step(Option<String>, String),
    Input(String),
    /// An output of a job.
    Output(String, String),
    /// A key of the matrix of a job.
    Matrix(String, String),
    /// A variable, by where it is declared.
    Variable(usize),
}

/// Where a name stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Occurrence {
    pub(super) symbol: Symbol,
    pub(super) span: Span,
    pub(super) is_declaration: bool,
}

impl Document {
    /// Every place where a name stands that this file declares, in no order.
    pub(super) fn occurrences(&self) -> Vec<Occurrence> {
        let mut found = Found {
            levels: self.levels(),
            all: Vec::new(),
        };
        match &self.model {
            Model::Workflow(workflow) => found.workflow(workflow),
            Model::Action(action) => found.action(action),
            Model::Nothing => {}
        }
        found.all
    }

    /// The name at a byte.
    pub(super) fn occurrence(&self, all: &[Occurrence], offset: usize) -> Option<Occurrence> {
        let touched = all
            .iter()
            .filter(|one| one.span.start <= offset && offset <= one.span.end);
        touched.min_by_key(|one| one.span.end - one.span.start).cloned()
    }
}

struct Found<'d> {
    levels: Levels<'d>,
    all: Vec<Occurrence>,
}

/// The variables that an expression sees, by the level that declares them, the innermost first.
type Scopes<'d> = [&'d [Entry]; 3];

impl Found<'_> {
    fn add(&mut self, symbol: Symbol, span: Span, is_declaration: bool) {
        self.all.push(Occurrence {
            symbol,
            span,
            is_declaration,
        });
    }

    fn workflow(&mut self, workflow: &Workflow) {
        for trigger in workflow.triggers.events.values() {
            for (written, input) in &trigger.inputs {
                self.add(Symbol::Input(name(written)), input.span, true);
            }
        }
        self.variables(self.levels.of_workflow());
        for job in workflow.jobs.values() {
            self.job(job);
        }
        for site in &workflow.sites {
            let job = site.job.as_ref().and_then(|id| workflow.jobs.get(id));
            let step = job.and_then(|job| job.step(site.step?));
            let scopes = [
                step.map(|step| self.levels.of_step(step.span))
                    .unwrap_or_default(),
                job.map(|job| self.levels.of_job(job)).unwrap_or_default(),
                self.levels.of_workflow(),
            ];
            self.site(site, &scopes);
        }
    }

    fn job(&mut self, job: &Job) {
        let id = name(job.id.as_str());
        self.add(Symbol::Job(id.clone()), job.id.span, true);
        for need in &job.needs {
            self.add(Symbol::Job(name(need.as_str())), need.span, false);
        }
        for (written, output) in &job.outputs {
            self.add(Symbol::Output(id.clone(), name(written)), output.key, true);
        }
        if let Some((_, Spanned { value: matrix, .. })) = job.written_matrix() {
            for (written, vector) in &matrix.vectors {
                self.add(Symbol::Matrix(id.clone(), name(written)), vector.key, true);
            }
            let included = matrix.include.as_ref().map(|include| &include.value);
            let Some(Literal::Value(items)) = included else {
                return self.inside(job, &id);
            };
            for entry in items
                .iter()
                .filter_map(|item| item.as_mapping())
                .flat_map(|item| &item.entries)
            {
                let symbol = Symbol::Matrix(id.clone(), name(&entry.key.text));
                let is_declaration = !matrix
                    .vectors
                    .keys()
                    .any(|known| known.eq_ignore_ascii_case(&entry.key.text));
                self.add(symbol, entry.key.span, is_declaration);
            }
        }
        self.inside(job, &id);
    }

    fn inside(&mut self, job: &Job, id: &str) {
        self.variables(self.levels.of_job(job));
        self.steps(&job.steps, Some(id));
    }

    fn steps(&mut self, steps: &[Step], job: Option<&str>) {
        let step = |id: &str| Symbol::Step(job.map(str::to_owned), name(id));
        for one in steps {
            self.variables(self.levels.of_step(one.span));
            if let Some(id) = &one.id {
                self.add(step(id.as_str()), id.span, true);
            }
            match &one.action {
                model::StepAction::Wait(ids) => {
                    for id in ids {
                        self.add(step(id.as_str()), id.span, false);
                    }
                }
                model::StepAction::Cancel(id) => self.add(step(id.as_str()), id.span, false),
                model::StepAction::Parallel(inner) => self.steps(inner, job),
                model::StepAction::Run(_) | model::StepAction::Uses(_) | model::StepAction::WaitAll(_) => {}
            }
        }
    }

    fn action(&mut self, action: &Action) {
        for (written, input) in &action.inputs {
            self.add(Symbol::Input(name(written)), input.span, true);
        }
        let mut places = Vec::new();
        if let ActionKind::Composite { steps } = &action.kind {
            for step in steps {
                self.variables(self.levels.of_step(step.span));
                places.push(step.span);
                if let Some(id) = &step.id {
                    self.add(Symbol::Step(None, name(id)), id.span, true);
                }
            }
        }
        for site in &action.sites {
            let step = site.step.and_then(|place| places.get(place.index).copied());
            let own = step.map(|step| self.levels.of_step(step)).unwrap_or_default();
            self.site(site, &[own, &[], &[]]);
        }
    }

    fn variables(&mut self, declared: &[Entry]) {
        for entry in declared {
            self.add(Symbol::Variable(entry.key.span.start), entry.key.span, true);
        }
    }

    fn site(&mut self, site: &Site, scopes: &Scopes<'_>) {
        if !site.exact {
            return;
        }
        let job = site.job.as_ref().map(JobId::as_str).map(name);
        for part in site.expressions.iter().flat_map(Expression::parts) {
            let Node::Index { of, index } = part.node() else {
                continue;
            };
            let (Some(path), Node::Text(written)) = (of.path(), index.node()) else {
                continue;
            };
            let folded_path: Vec<String> = path.iter().map(|written| name(written)).collect();
            let path: Vec<&str> = folded_path.iter().map(String::as_str).collect();
            let symbol = match (path.as_slice(), &job) {
                (["needs" | "jobs"], _) => Symbol::Job(name(written)),
                (["steps"], job) => Symbol::Step(job.clone(), name(written)),
                (["inputs"] | ["github", "event", "inputs"], _) => Symbol::Input(name(written)),
                (["needs" | "jobs", needed, "outputs"], _) => {
                    Symbol::Output((*needed).to_owned(), name(written))
                }
                (["matrix"], Some(job)) => Symbol::Matrix(job.clone(), name(written)),
                (["env"], _) => match declared(scopes, written) {
                    Some(place) => Symbol::Variable(place),
                    None => continue,
                },
                _ => continue,
            };
            self.add(symbol, index.span(), false);
        }
    }
}

/// A name as it is compared: without regard to case.
fn name(written: &str) -> String {
    written.to_lowercase()
}

/// Where a variable is declared that an expression sees.
fn declared(scopes: &Scopes<'_>, name: &str) -> Option<usize> {
    let mut declared = scopes.iter().copied().flatten();
    declared
        .find(|entry| &*entry.key.text == name)
        .map(|entry| entry.key.span.start)
}
