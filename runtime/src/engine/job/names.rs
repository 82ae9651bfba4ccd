//! What `github.action` calls the steps of a job.

use std::collections::BTreeSet;

use loom_workflow::model::{ActionReference, Step, StepAction};

use crate::id::StepId;

/// Longest that GitHub makes one, in characters.
const LONGEST: usize = 100;

/// What `github.action` says while each step of a job runs: its id, else what it runs behind two underscores, with a
/// number from the second of its kind on (`__run`, `__run_2`). The steps that an action brings keep the name of the
/// job's step that uses it, as in GitHub's runner.
#[derive(Debug, Default)]
pub(super) struct ActionNames {
    /// By step; of a `parallel`, its members.
    names: Vec<Vec<String>>,
}

impl ActionNames {
    /// Those of these steps of a job.
    pub(super) fn of(steps: &[Step]) -> Self {
        let mut taken: BTreeSet<String> = steps
            .iter()
            .flat_map(members)
            .filter_map(|step| Some(step.id.as_ref()?.as_str().to_lowercase()))
            .collect();
        let mut name = |step: &Step| match &step.id {
            Some(id) => id.as_str().to_owned(),
            None => fresh(&plain(&kind(step)), &mut taken),
        };
        let names = steps
            .iter()
            .map(|step| members(step).iter().map(&mut name).collect())
            .collect();
        Self { names }
    }

    /// While this step runs, or one that it brought, or what its action does before and after the job.
    pub(super) fn name(&self, step: &StepId) -> &str {
        let place = step.of_main();
        let mut parts = place.0.split('.').map(|part| part.parse::<usize>().ok());
        let mut next = || parts.next().flatten();
        let Some(members) = next().and_then(|index| self.names.get(index)) else {
            return "";
        };
        let member = match members.as_slice() {
            [only] => Some(only),
            many => next().and_then(|index| many.get(index)),
        };
        member.map_or("", String::as_str)
    }
}

fn members(step: &Step) -> &[Step] {
    match &step.action {
        StepAction::Parallel(members) => members,
        _ => std::slice::from_ref(step),
    }
}

/// What a step without an id is called after.
fn kind(step: &Step) -> String {
    let StepAction::Uses(uses) = &step.action else {
        return "run".to_owned();
    };
    match uses.target() {
        Some(ActionReference::Repository(repository)) => format!("{}/{}", repository.owner, repository.name),
        Some(ActionReference::Local(_)) => "self".to_owned(),
        Some(ActionReference::Own(_)) => "selfRepository".to_owned(),
        Some(ActionReference::Docker(image)) => image.to_string(),
        None => "run".to_owned(),
    }
}

/// The same with what no id may have replaced.
fn plain(kind: &str) -> String {
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    kind.chars().map(|c| if legal(c) { c } else { '_' }).collect()
}

/// A name that no other step has.
fn fresh(kind: &str, taken: &mut BTreeSet<String>) -> String {
    let mut number = 1_u32;
    loop {
        let suffix = if number == 1 {
            String::new()
        } else {
            format!("_{number}")
        };
        let room = LONGEST.saturating_sub(suffix.len() + 2);
        let name = format!("__{}{suffix}", kind.chars().take(room).collect::<String>());
        if taken.insert(name.to_lowercase()) {
            return name;
        }
        number += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_get_numbers_and_ids_stay() {
        let mut taken = BTreeSet::from(["__run_2".to_owned()]);
        let mut next = |kind: &str| fresh(&plain(kind), &mut taken);
        assert_eq!(next("run"), "__run");
        assert_eq!(next("run"), "__run_3");
        assert_eq!(next("actions/checkout"), "__actions_checkout");
        assert_eq!(next("Actions/Checkout"), "__Actions_Checkout_2");
        assert_eq!(next("ghcr.io/o/i:1"), "__ghcr_io_o_i_1");
        assert_eq!(next(&"x".repeat(200)).len(), LONGEST);
    }

    #[test]
    fn what_a_step_brings_has_its_name() {
        let names = ActionNames {
            names: vec![
                vec!["__run".to_owned()],
                vec!["a".to_owned(), "b".to_owned()],
                vec!["c".to_owned()],
            ],
        };
        let of = |id: &str| names.name(&StepId(id.to_owned())).to_owned();
        assert_eq!(
            [
                "0", "1.0", "1.1.4", "2.3.1", "pre-2", "post-2.3", "post-1.1", "9", "x"
            ]
            .map(of),
            ["__run", "a", "b", "c", "c", "c", "b", "", ""]
        );
    }
}
