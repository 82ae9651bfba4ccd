//! Asking what it was like.

use std::collections::HashSet;
use std::sync::Arc;

use loom_history::{By, Key, Metric, Past, Question};
use loom_protocol::filter::{Condition, Field, Filter};
use loom_protocol::{ActorRecord, Timestamp};

use crate::Intake;
use crate::directory::ActorQuery;

/// What is asked for.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) by: By,
    pub(crate) metrics: Vec<Metric>,
    pub(crate) filter: Filter,
    /// In milliseconds since 1970.
    pub(crate) from: i64,
    pub(crate) to: i64,
    pub(crate) points: usize,
    pub(crate) limit: usize,
}

impl Asked {
    /// How it was. Goes through all actors where the filter asks for more than a name, and may wait for the disk.
    pub(crate) fn answer(&self, intake: &Intake, now: Timestamp) -> Past {
        let memory = intake.memory();
        let newest = memory.newest(intake.traffic(), now);
        let is_all = self.by == By::All;
        let together = (is_all && !self.filter.is_empty()).then(Key::all);
        let by = if together.is_some() { By::Type } else { self.by };
        let fits = self.fits(by, intake);
        memory.history().read(&Question {
            by,
            wanted: &*fits,
            together,
            metrics: &self.metrics,
            from: self.from,
            to: self.to,
            points: self.points,
            limit: self.limit,
            now: crate::traffic::second_of(now),
            newest: &newest,
        })
    }

    /// How many names of this kind found no room.
    pub(crate) fn left_out(&self, intake: &Intake) -> u64 {
        let memory = intake.memory();
        let refused = memory.history().left_out(self.by);
        match self.by {
            By::Process => refused.saturating_add(memory.processes_left_out()),
            _ => refused,
        }
    }

    /// Whether the filter holds of a name.
    fn fits<'a>(&'a self, by: By, intake: &'a Intake) -> Box<dyn Fn(&str) -> bool + 'a> {
        if self.filter.is_empty() {
            return Box::new(|_| true);
        }
        let directory = intake.directory();
        match by {
            // What the words ask for, a process has none of.
            By::All | By::Process => Box::new(|_| true),
            By::Type if self.is_of_types() => {
                Box::new(|name| self.filter.matches(&ActorRecord::new("", name)))
            }
            By::Type => {
                let there = directory.types_of(&self.filter);
                let known: HashSet<Arc<str>> = directory.types_of(&Filter::default());
                // Of a type that nobody is of any more, the name is all that is known.
                Box::new(move |name| {
                    there.contains(name)
                        || (!known.contains(name) && self.filter.matches(&ActorRecord::new("", name)))
                })
            }
            By::Actor => {
                let query = ActorQuery {
                    filter: self.filter.clone(),
                    ..ActorQuery::default()
                };
                let there: HashSet<Arc<str>> = directory
                    .find(&query)
                    .map(|matches| matches.ids.into_iter().collect())
                    .unwrap_or_default();
                Box::new(move |id| {
                    there.contains(id)
                        || (directory.kind_of(id).is_none() && self.filter.matches(&ActorRecord::new(id, "")))
                })
            }
        }
    }

    /// Whether it asks for nothing but types, which needs no look at actors.
    fn is_of_types(&self) -> bool {
        let mut terms = self.filter.terms.iter();
        terms.all(|term| matches!(term.condition, Condition::Field(Field::Type, _)))
    }
}
