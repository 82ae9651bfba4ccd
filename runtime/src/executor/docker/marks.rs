//! The labels by which a later process finds what an earlier one left, and nobody else's.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use super::settings::DockerOptions;
use crate::executor::PlaceSpec;

pub(super) const INSTANCE: &str = "loom.instance";
pub(super) const RUN: &str = "loom.run";
/// The job's resource name: one for all that it holds.
pub(crate) const NAME: &str = "loom.name";
/// The job's directory on this machine, as its caller named it.
pub(super) const DIRECTORY: &str = "loom.directory";
/// The directory of the agent in this very container.
pub(super) const ROOM: &str = "loom.room";
/// Whom the steps of this room run as.
pub(super) const USER: &str = "loom.user";
/// Ports of the job's `localhost` that lead to this service: `OUTSIDE:INSIDE` each, by spaces.
pub(super) const FORWARDS: &str = "loom.forwards";
pub(super) const KIND: &str = "loom.kind";

/// What a thing in the engine is to its job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Room,
    Service,
    Action,
    Helper,
    Network,
    /// A volume that a workflow names: any job of the run may have it.
    Volume,
    /// A volume with what the rooms of one job share.
    Files,
    Image,
}

impl Kind {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Room => "room",
            Self::Service => "service",
            Self::Action => "action",
            Self::Helper => "helper",
            Self::Network => "network",
            Self::Volume => "volume",
            Self::Files => "files",
            Self::Image => "image",
        }
    }
}

/// What everything of one job carries.
#[derive(Clone, Debug)]
pub(super) struct Marks {
    /// The job's resource name.
    pub(super) name: String,
    labels: Vec<(&'static str, String)>,
    /// The volumes of Loom's that the job has used.
    volumes: Arc<Mutex<BTreeSet<String>>>,
}

impl Marks {
    pub(super) fn new(options: &DockerOptions, spec: &PlaceSpec) -> Self {
        let (key, owner) = (&spec.key, &spec.owner);
        let name = key.resource_name();
        let labels = vec![
            (INSTANCE, options.instance.clone()),
            (RUN, key.run.0.clone()),
            (NAME, name.clone()),
            (DIRECTORY, spec.directory.display().to_string()),
            ("loom.job", key.job.0.clone()),
            ("loom.attempt", key.attempt.to_string()),
            ("loom.boot", owner.boot.clone()),
            ("loom.pid", owner.pid.to_string()),
            ("loom.started", owner.started.to_string()),
        ];
        Self {
            name,
            labels,
            volumes: Arc::default(),
        }
    }

    /// The labels of a thing of this kind.
    pub(super) fn labels(&self, kind: Kind) -> HashMap<String, String> {
        self.labels
            .iter()
            .map(|(label, value)| ((*label).to_owned(), value.clone()))
            .chain([(KIND.to_owned(), kind.word().to_owned())])
            .collect()
    }

    /// Remembers that the job uses these volumes.
    pub(super) fn uses(&self, volumes: &[String]) {
        let mut used = self.volumes.lock().unwrap_or_else(PoisonError::into_inner);
        used.extend(volumes.iter().cloned());
    }

    /// The volumes of Loom's that the job has used until now.
    pub(super) fn used(&self) -> BTreeSet<String> {
        self.volumes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(super) fn get(&self, wanted: &str) -> &str {
        let found = self.labels.iter().find(|(label, _)| *label == wanted);
        found.map_or("", |(_, value)| value.as_str())
    }
}
/// Whether something carries all of these labels, `name=value` each. What an engine lists by several is looked at once more:
/// Podman 4 lists volumes that have one of them, and no image at all.
pub(super) fn carries(labels: &HashMap<String, String>, wanted: &[String]) -> bool {
    wanted.iter().all(|label| match label.split_once('=') {
        Some((name, value)) => labels.get(name).is_some_and(|found| found == value),
        None => labels.contains_key(label),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_carries_one_of_two_labels_does_not_carry_both() {
        let labels = HashMap::from([("a".to_owned(), "1".to_owned()), ("b".to_owned(), "2".to_owned())]);
        for (wanted, carried) in [
            (vec![], true),
            (vec!["a=1"], true),
            (vec!["a=1", "b=2"], true),
            (vec!["a=1", "b=3"], false),
            (vec!["a=1", "c=2"], false),
            (vec!["b"], true),
            (vec!["c"], false),
        ] {
            let wanted: Vec<String> = wanted.into_iter().map(str::to_owned).collect();
            assert_eq!(carries(&labels, &wanted), carried, "{wanted:?}");
        }
    }
}
