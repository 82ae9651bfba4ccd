//! Whether steps are left running in the background that nothing waits for.

use std::collections::HashSet;

use crate::model::{Step, StepAction, StepId};

/// Whether GitHub puts a step of its own, `Wait for all background steps`, behind the steps of a job: when there is a
/// background step that no `wait` and no `cancel` names, and that has no `wait-all` behind it. The steps of a `parallel`
/// are waited for where it stands.
#[must_use]
pub fn needs_final_wait(steps: &[Step]) -> bool {
    let mut named: HashSet<&StepId> = HashSet::new();
    for step in steps {
        match &step.action {
            StepAction::Wait(ids) => named.extend(ids.iter().map(|id| &id.value)),
            StepAction::Cancel(id) => {
                named.insert(&id.value);
            }
            _ => {}
        }
    }
    let behind_the_last = steps
        .iter()
        .rev()
        .take_while(|step| !matches!(step.action, StepAction::WaitAll(_)));
    let mut left = behind_the_last.filter(|step| step.background.as_deref() == Some(&true));
    left.any(|step| step.id.as_ref().is_none_or(|id| !named.contains(&id.value)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Dialect::GitHub;
    use crate::tests::workflow;

    #[test]
    fn what_nobody_waits_for_is_waited_for_at_the_end() {
        let run = "{run: x, background: true}";
        let one = "{id: a, run: x, background: true}";
        for (steps, want) in [
            ("{run: x}", false),
            (run, true),
            (one, true),
            (&*format!("{one}, {{wait: A}}"), false),
            (&format!("{one}, {{cancel: a}}"), false),
            (&format!("{one}, {run}, {{wait: [a]}}"), true),
            (&format!("{run}, {{wait-all: }}"), false),
            (&format!("{run}, {{wait-all: }}, {one}"), true),
            (&format!("{run}, {{wait-all: }}, {one}, {{wait: a}}"), false),
            ("{parallel: [{run: x}, {run: y}]}", false),
            ("{run: x, background: false}", false),
        ] {
            let text = format!("on: push\njobs: {{a: {{runs-on: x, steps: [{steps}]}}}}\n");
            let workflow = workflow(&text, GitHub);
            assert_eq!(needs_final_wait(&workflow.jobs[0].steps), want, "{steps}");
        }
    }
}
