//! Where variables are declared: under the `env` of a workflow, a job or a step, whatever stands there while somebody
//! writes it. The tree says so; the model knows those that have values.

use std::collections::HashMap;

use super::document::{Document, Model};
use crate::model::Job;
use crate::span::Span;
use crate::tree::{Entry, Kind, Mapping, Node};

/// The entries of a file by where their keys stand, each with the level it is of.
pub(super) struct Levels<'d> {
    root: Option<&'d Mapping>,
    entries: HashMap<usize, (&'d Mapping, &'d Entry)>,
}

impl Document {
    /// The levels of keys of this file.
    pub(super) fn levels(&self) -> Levels<'_> {
        let mut levels = Levels {
            root: match &self.model {
                Model::Workflow(_) => self.tree.as_ref().and_then(Node::as_mapping),
                Model::Action(_) | Model::Nothing => None,
            },
            entries: HashMap::new(),
        };
        if let Some(tree) = &self.tree {
            levels.add(tree);
        }
        levels
    }
}

impl<'d> Levels<'d> {
    fn add(&mut self, node: &'d Node) {
        match &node.kind {
            Kind::Mapping(mapping) => {
                for entry in &mapping.entries {
                    // What an alias repeats has been seen where it stands.
                    let place = entry.key.span.start;
                    if self.entries.insert(place, (mapping, entry)).is_none() {
                        self.add(&entry.value);
                    }
                }
            }
            Kind::Sequence(items) => items.iter().for_each(|item| self.add(item)),
            Kind::Scalar(_) | Kind::Invalid => {}
        }
    }

    /// The variables of all steps; an action has none.
    pub(super) fn of_workflow(&self) -> &'d [Entry] {
        self.root.map(variables).unwrap_or_default()
    }

    /// The variables of the steps of a job.
    pub(super) fn of_job(&self, job: &Job) -> &'d [Entry] {
        let job = self.entries.get(&job.id.span.start);
        job.and_then(|(_, job)| job.value.as_mapping())
            .map(variables)
            .unwrap_or_default()
    }

    /// The variables of a step, by where it stands: its first key.
    pub(super) fn of_step(&self, place: Span) -> &'d [Entry] {
        let step = self.entries.get(&place.start);
        step.map(|(level, _)| variables(level)).unwrap_or_default()
    }
}

fn variables(level: &Mapping) -> &[Entry] {
    let mut entries = level.entries.iter();
    let env = entries.find(|entry| &*entry.key.text == "env");
    env.and_then(|env| env.value.as_mapping())
        .map(|env| env.entries.as_slice())
        .unwrap_or_default()
}
