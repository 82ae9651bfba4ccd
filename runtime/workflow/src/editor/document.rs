//! A file that is open in an editor, read as far as it can be.

use std::sync::Arc;

use super::cursor::Cursor;
use super::lines::Lines;
use super::recovery::{self, Recovered};
use crate::actions::Actions;
use crate::check::{self, Around, Calls};
use crate::codes::{self, Level};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::dialect::{Dialect, is_action};
use crate::lower;
use crate::model::action::{Action, ActionKind};
use crate::model::{ExpectedType, JobId, Shape, Site, StepPlace, Workflow};
use crate::references::References;
use crate::schema::Root;
use crate::source::Source;
use crate::span::Span;
use crate::tree::{self, Node};
use crate::{expression, load_action_with, load_with, silence};

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FileKind {
    /// A workflow, by the rules of its dialect.
    Workflow(Dialect),
    /// An `action.yml`.
    Action,
}

/// A file that is open in an editor. Made anew at each change; all it answers comes from its text and, where asked with
/// them, the files that it refers to.
#[derive(Clone, Debug)]
pub struct Document {
    pub(super) source: Source,
    pub(super) kind: FileKind,
    pub(super) lines: Lines,
    /// The tree of what can be read.
    pub(super) tree: Option<Node>,
    /// What had to be passed over to read the rest.
    gaps: Vec<Span>,
    /// What the parser says.
    syntax: Diagnostics,
    /// What reading the tree says, before any rule looks at the whole.
    lowered: Diagnostics,
    pub(super) model: Model,
}

/// What a file says, as far as it can be read.
#[derive(Clone, Debug)]
pub(super) enum Model {
    Workflow(Box<Workflow>),
    Action(Box<Action>),
    Nothing,
}

impl FileKind {
    /// What a file is by its path.
    #[must_use]
    pub fn of_path(path: &str) -> Self {
        if is_action(path) {
            Self::Action
        } else {
            Self::Workflow(Dialect::of_path(path))
        }
    }
}

impl Document {
    /// Reads a file. A mistake of YAML costs the least that makes the rest readable: a word, a line, a step, a job.
    #[must_use]
    pub fn read(source: Source, kind: FileKind) -> Self {
        let lines = Lines::of(source.text());
        let Recovered {
            tree,
            gaps,
            diagnostics,
        } = recovery::read(&source, &lines);
        let end = source.text().len();
        let tree = tree.map(|tree| {
            if gaps.is_empty() {
                tree
            } else {
                recovery::mark(&tree, end, &gaps)
            }
        });
        let mut lowered = Diagnostics::new();
        let model = tree.as_ref().map_or(Model::Nothing, |tree| match kind {
            FileKind::Workflow(dialect) => lower::lower(&source, tree, dialect, &mut lowered)
                .map_or(Model::Nothing, |workflow| Model::Workflow(Box::new(workflow))),
            FileKind::Action => lower::lower_action(&source, tree, &mut lowered)
                .map_or(Model::Nothing, |action| Model::Action(Box::new(action))),
        });
        Self {
            source,
            kind,
            lines,
            tree,
            gaps,
            syntax: diagnostics,
            lowered,
            model,
        }
    }

    /// The text.
    #[must_use]
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// What it is.
    #[must_use]
    pub fn kind(&self) -> FileKind {
        self.kind
    }

    /// Everything that is wrong. Of a file that is YAML, what [`load_with`] and its kin find; of one that is none, the
    /// mistakes of YAML, and what is found in the jobs that those leave alone.
    pub fn diagnostics(&self, references: &dyn References) -> Diagnostics {
        match self.kind {
            _ if self.tree.is_some() && self.gaps.is_empty() => self.of_whole(references),
            _ if self.tree.is_some() => self.around_gaps(references),
            FileKind::Workflow(dialect) => load_with(&self.source, dialect, references).diagnostics,
            FileKind::Action => load_action_with(&self.source, references).diagnostics,
        }
    }

    /// What [`load_with`] and its kin find, from what was read already.
    fn of_whole(&self, references: &dyn References) -> Diagnostics {
        let mut diagnostics = self.syntax.clone();
        diagnostics.extend(self.lowered.clone());
        let is_read = match (&self.model, &self.tree) {
            (Model::Workflow(workflow), Some(tree)) => {
                let source = &self.source;
                check::check(workflow, tree, source, references, Level::Lint, &mut diagnostics);
                true
            }
            (Model::Action(action), _) => {
                check::check_action(action, &self.source, references, &mut diagnostics);
                true
            }
            (Model::Workflow(_), None) | (Model::Nothing, _) => false,
        };
        let diagnostics = silence::apply(&self.source, is_read, diagnostics.finish_for(&self.source));
        references.lints().apply(diagnostics)
    }

    fn around_gaps(&self, references: &dyn References) -> Diagnostics {
        let mut diagnostics = self.syntax.clone();
        let (FileKind::Workflow(dialect), Some(tree)) = (self.kind, &self.tree) else {
            return diagnostics.finish_for(&self.source);
        };
        let (rest, taken) = recovery::without_touched(tree, &self.gaps);
        let mut found = Diagnostics::new();
        if let Some(workflow) = lower::lower(&self.source, &rest, dialect, &mut found) {
            let source = &self.source;
            check::check(&workflow, &rest, source, references, Level::Lint, &mut found);
        }
        let is_taken = |span: Span| {
            taken
                .iter()
                .any(|(_, region)| region.start <= span.start && span.start < region.end)
        };
        // A job that is named elsewhere is there, whatever is in it.
        let is_named = |span: Span| {
            let named = self.source.slice(span).trim_matches(['"', '\'', '[', ']']);
            taken.iter().any(|(key, _)| key.eq_ignore_ascii_case(named))
        };
        let found = found.without(|one| {
            one.span().is_none_or(is_taken)
                || [codes::UNKNOWN_NEEDS, codes::EXPRESSION_PROPERTY].contains(&one.code)
                    && one.span().is_some_and(is_named)
        });
        diagnostics.extend(found);
        // What is certain of the part that is left of what was touched.
        let certain = [
            codes::UNKNOWN_KEY,
            codes::EXPRESSION_SYNTAX,
            codes::EXPRESSION_NAME,
        ];
        let touched = self.lowered.clone();
        diagnostics
            .extend(touched.without(|one| !certain.contains(&one.code) || !one.span().is_some_and(is_taken)));
        let diagnostics = silence::apply(&self.source, false, diagnostics.finish_for(&self.source));
        references.lints().apply(diagnostics)
    }

    /// By which tables it is read.
    pub(super) fn root(&self) -> Root<'_> {
        match self.kind {
            FileKind::Workflow(dialect) => Root::Workflow(dialect),
            FileKind::Action => Root::Action(self.using()),
        }
    }

    /// What `runs.using` of an action says.
    fn using(&self) -> &str {
        let entry = |node: &'_ Node, key: &str| -> Option<Node> {
            let mut entries = node.as_mapping()?.entries.iter();
            entries
                .find(|entry| &*entry.key.text == key)
                .map(|entry| entry.value.clone())
        };
        let using = self
            .tree
            .as_ref()
            .and_then(|tree| entry(&entry(tree, "runs")?, "using"));
        using.map_or("", |node| self.source.slice(node.span).trim_matches(['"', '\'']))
    }

    /// A byte that is there and that a character begins with.
    pub(super) fn within(&self, offset: usize) -> usize {
        let (_, _, offset) = self.source.line_around(offset);
        offset
    }

    pub(super) fn cursor(&self, offset: usize) -> Option<Cursor> {
        Cursor::at(self.source.text(), &self.lines, self.root(), offset)
    }

    pub(super) fn workflow(&self) -> Option<&Workflow> {
        match &self.model {
            Model::Workflow(workflow) => Some(workflow),
            Model::Action(_) | Model::Nothing => None,
        }
    }

    /// The properties of a path in an expression at a cursor.
    pub(super) fn members(
        &self,
        cursor: &Cursor,
        key: expression::WorkflowKey,
        path: &[&str],
        references: &dyn References,
    ) -> Vec<check::Member> {
        let around = match &self.model {
            Model::Workflow(workflow) => Around::Workflow(workflow),
            Model::Action(action) => Around::Action(action),
            Model::Nothing => return Vec::new(),
        };
        let site = self.site(cursor, key);
        let mut calls = Calls::new(references);
        check::members(around, &mut calls, &Actions::new(references), &site, path)
    }

    /// A cursor as the rules see places.
    fn site(&self, cursor: &Cursor, key: expression::WorkflowKey) -> Site {
        let starts: Vec<usize> = match &self.model {
            Model::Workflow(workflow) => {
                let job = cursor.job().and_then(|job| workflow.jobs.get(&JobId::new(job)));
                job.map(|job| job.steps.iter().map(|step| step.span.start).collect())
                    .unwrap_or_default()
            }
            Model::Action(action) => match &action.kind {
                ActionKind::Composite { steps } => steps.iter().map(|step| step.span.start).collect(),
                ActionKind::Node { .. } | ActionKind::Docker { .. } => Vec::new(),
            },
            Model::Nothing => Vec::new(),
        };
        let step = cursor.items.first().map(|item| StepPlace {
            index: starts.iter().filter(|start| *start < item).count(),
            inner: None,
        });
        // Outside of steps all of them have run.
        let after = StepPlace {
            index: usize::MAX,
            inner: None,
        };
        Site {
            key,
            field: Arc::from(""),
            job: cursor.job().map(JobId::new),
            step: Some(step.unwrap_or(after)),
            span: cursor.word,
            exact: true,
            expressions: Vec::new(),
            shape: Shape::Within,
            expected: ExpectedType::default(),
        }
    }

    /// The findings that are about a part of the file.
    pub fn touching<'d>(&self, found: &'d Diagnostics, part: Span) -> impl Iterator<Item = &'d Diagnostic> {
        found.iter().filter(move |one| {
            one.span()
                .is_some_and(|span| span.start <= part.end && part.start <= span.end)
        })
    }

    /// The value of a key of the top level.
    pub(super) fn top(&self, key: &str) -> Option<&tree::Entry> {
        let entries = &self.tree.as_ref()?.as_mapping()?.entries;
        entries.iter().find(|entry| &*entry.key.text == key)
    }
}
