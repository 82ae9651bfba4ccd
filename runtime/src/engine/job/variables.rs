//! The variables of a job and the folders before its `PATH`, with what steps added: what a failed attempt at a composite
//! action added can be taken back without what other steps, which ran beside it, added meanwhile.

use std::collections::BTreeSet;

use indexmap::IndexMap;

use crate::id::StepId;

/// The variables of a job and the folders before its `PATH`.
#[derive(Clone, Debug, Default)]
pub(super) struct Variables {
    /// Variables of the job, with what steps added by `GITHUB_ENV`.
    pub(super) env: IndexMap<String, String>,
    /// Folders that steps put before the `PATH`, the first one first.
    pub(super) path: Vec<String>,
    /// What makes it possible to take something back; there while an action runs whose steps may be tried again.
    history: Option<History>,
}

/// What was there, and what came since.
#[derive(Clone, Debug, Default)]
struct History {
    /// Actions that run.
    open: BTreeSet<StepId>,
    env: IndexMap<String, String>,
    path: Vec<String>,
    added: Vec<Addition>,
}

/// What a step added.
#[derive(Clone, Debug)]
struct Addition {
    step: StepId,
    env: Vec<(String, String)>,
    path: Vec<String>,
}

impl Variables {
    /// Variables of a job that has not begun.
    pub(super) fn new(env: IndexMap<String, String>) -> Self {
        Self {
            env,
            ..Self::default()
        }
    }

    /// The steps of an action begin; what they add may have to be taken back.
    pub(super) fn watch(&mut self, action: &StepId) {
        let history = self.history.get_or_insert_with(|| History {
            env: self.env.clone(),
            path: self.path.clone(),
            ..History::default()
        });
        history.open.insert(action.clone());
    }

    /// An action is over: what its steps added stays.
    pub(super) fn settle(&mut self, action: &StepId) {
        if let Some(history) = &mut self.history {
            history.open.remove(action);
            if history.open.is_empty() {
                self.history = None;
            }
        }
    }

    /// Adds what a step set.
    pub(super) fn add(&mut self, step: &StepId, env: Vec<(String, String)>, path: Vec<String>) {
        if env.is_empty() && path.is_empty() {
            return;
        }
        put(&mut self.env, &mut self.path, &env, &path);
        if let Some(history) = &mut self.history {
            history.added.push(Addition {
                step: step.clone(),
                env,
                path,
            });
        }
    }

    /// Takes back what steps added, those that `is_one` tells: the variables are as if only the others had run.
    pub(super) fn take_back(&mut self, is_one: impl Fn(&StepId) -> bool) {
        let Some(history) = &mut self.history else { return };
        let known = history.added.len();
        history.added.retain(|addition| !is_one(&addition.step));
        if history.added.len() < known {
            (self.env, self.path) = (history.env.clone(), history.path.clone());
            for addition in &history.added {
                put(&mut self.env, &mut self.path, &addition.env, &addition.path);
            }
        }
        history.open.retain(|action| !is_one(action));
        if history.open.is_empty() {
            self.history = None;
        }
    }
}

fn put(
    env: &mut IndexMap<String, String>,
    folders: &mut Vec<String>,
    more: &[(String, String)],
    path: &[String],
) {
    env.extend(more.iter().cloned());
    for folder in path {
        folders.retain(|known| known != folder);
        folders.insert(0, folder.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        pairs.iter().map(owned).collect()
    }

    fn map(entries: &[(&str, &str)]) -> IndexMap<String, String> {
        pairs(entries).into_iter().collect()
    }

    fn id(text: &str) -> StepId {
        StepId(text.to_owned())
    }

    #[test]
    fn only_what_the_attempt_added_is_taken_back() {
        let mut variables = Variables::new(map(&[("A", "job")]));
        variables.watch(&id("1"));
        variables.add(
            &id("1.0"),
            pairs(&[("A", "inner"), ("B", "inner")]),
            vec!["/in".into()],
        );
        variables.add(
            &id("2"),
            pairs(&[("C", "beside"), ("B", "beside")]),
            vec!["/beside".into()],
        );
        variables.add(&id("1.1"), pairs(&[("B", "again")]), vec!["/beside".into()]);
        variables.take_back(|step| step.0.starts_with("1.") || step.0 == "1");
        assert_eq!(
            variables.env,
            map(&[("A", "job"), ("C", "beside"), ("B", "beside")])
        );
        assert_eq!(variables.path, ["/beside"]);
        assert!(variables.history.is_none());
    }

    #[test]
    fn an_attempt_that_began_meanwhile_does_not_bring_back_what_was_taken() {
        let mut variables = Variables::default();
        variables.watch(&id("1"));
        variables.add(&id("1.0"), pairs(&[("A", "1")]), Vec::new());
        variables.watch(&id("2"));
        variables.add(&id("2.0"), pairs(&[("B", "2")]), Vec::new());
        variables.take_back(|step| step.0.starts_with('1'));
        variables.watch(&id("1"));
        variables.add(&id("1.0"), pairs(&[("C", "1")]), Vec::new());
        variables.take_back(|step| step.0.starts_with('2'));
        assert_eq!(variables.env, map(&[("C", "1")]));
        variables.settle(&id("1"));
        assert!(variables.history.is_none());
        // Nothing is taken back of what counts for good.
        variables.take_back(|step| step.0.starts_with('1'));
        assert_eq!(variables.env.len(), 1);
    }
}
