//! Names that no declaration makes certain, and that are meant most of the time: variables that `env` sets, outputs that a
//! script writes, secrets and variables of the repository that the file uses elsewhere. Offered, never checked.

use super::cursor::Cursor;
use super::document::{Document, Model};
use crate::expression::{Expression, Node};
use crate::model::action::ActionKind;
use crate::model::{JobId, Site, Step, StepAction};
use crate::tree::Entry;

/// How many names are looked for.
const MOST: usize = 200;

impl Document {
    /// Names that may stand behind a path in an expression at a cursor, besides those that are known for certain.
    pub(super) fn likely_names(&self, cursor: &Cursor, path: &[&str]) -> Vec<String> {
        let folded: Vec<String> = path.iter().map(|name| name.to_lowercase()).collect();
        let folded: Vec<&str> = folded.iter().map(String::as_str).collect();
        let mut names: Vec<String> = Vec::new();
        let mut add = |name: &str| {
            if names.len() < MOST && !names.iter().any(|known| known == name) {
                names.push(name.to_owned());
            }
        };
        match folded.as_slice() {
            ["env"] => {
                let variables = self.variables(cursor).into_iter().flatten();
                variables.for_each(|entry| add(&entry.key.text));
            }
            [context @ ("secrets" | "vars")] => {
                if *context == "secrets" {
                    add("GITHUB_TOKEN");
                }
                let parts = self.sites().iter().flat_map(|site| &site.expressions);
                for part in parts.flat_map(Expression::parts) {
                    if let Node::Index { of, index } = part.node()
                        && let (Node::Context(name), Node::Text(text)) = (of.node(), index.node())
                        && name.eq_ignore_ascii_case(context)
                    {
                        add(text);
                    }
                }
            }
            ["steps", id, "outputs"] => {
                let step = self.steps(cursor).into_iter().find(|step| {
                    let own = step.id.as_ref().map(|id| id.as_str());
                    own.is_some_and(|own| own.eq_ignore_ascii_case(id))
                });
                if let Some(StepAction::Run(run)) = step.map(|step| &step.action) {
                    written_outputs(&run.script.text).for_each(add);
                }
            }
            _ => {}
        }
        names
    }

    fn sites(&self) -> &[Site] {
        match &self.model {
            Model::Workflow(workflow) => &workflow.sites,
            Model::Action(action) => &action.sites,
            Model::Nothing => &[],
        }
    }

    /// The variables that are declared around a cursor, the innermost first.
    fn variables(&self, cursor: &Cursor) -> [&[Entry]; 3] {
        let levels = self.levels();
        let workflow = self.workflow();
        let job = workflow.and_then(|workflow| workflow.jobs.get(&JobId::new(cursor.job()?)));
        let start = cursor.items.first();
        let steps = self.steps(cursor).into_iter();
        let mut steps = steps.filter(|step| start.is_some_and(|start| step.span.start >= *start));
        let step = steps.next().map(|step| levels.of_step(step.span));
        [
            step.unwrap_or_default(),
            job.map(|job| levels.of_job(job)).unwrap_or_default(),
            levels.of_workflow(),
        ]
    }

    /// The steps beside a cursor.
    fn steps(&self, cursor: &Cursor) -> Vec<&Step> {
        match &self.model {
            Model::Workflow(workflow) => {
                let job = cursor.job().and_then(|job| workflow.jobs.get(&JobId::new(job)));
                job.into_iter().flat_map(|job| &job.steps).collect()
            }
            Model::Action(action) => match &action.kind {
                ActionKind::Composite { steps } => {
                    steps.iter().filter_map(|step| step.step.as_ref()).collect()
                }
                ActionKind::Node { .. } | ActionKind::Docker { .. } => Vec::new(),
            },
            Model::Nothing => Vec::new(),
        }
    }
}

/// The names that a script gives to outputs, as most scripts do: `echo "name=value" >> "$GITHUB_OUTPUT"`.
fn written_outputs(script: &str) -> impl Iterator<Item = &str> {
    let is_there = script.contains("GITHUB_OUTPUT");
    let lines = script.lines().filter(move |_| is_there);
    lines.filter_map(|line| {
        let at = line
            .find("echo ")
            .map(|at| at + 5)
            .or_else(|| line.find("printf ").map(|at| at + 7))?;
        let rest = line.get(at..)?.trim_start().trim_start_matches(['"', '\'']);
        let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-')))?;
        let (name, behind) = rest.split_at_checked(end)?;
        let gives = behind.starts_with('=') || behind.starts_with("<<");
        (gives && !name.is_empty() && !name.starts_with('-')).then_some(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs_that_scripts_write_are_seen() {
        let script = "set -e\nx=1\necho \"a=$x\" >> \"$GITHUB_OUTPUT\"\n{\n  echo 'b<<EOF'\n  cat x\n} >> $GITHUB_OUTPUT\nprintf 'c-d=%s' 1 >> $GITHUB_OUTPUT\necho hello\necho -n e=1\n";
        assert_eq!(written_outputs(script).collect::<Vec<_>>(), ["a", "b", "c-d"]);
        assert_eq!(written_outputs("echo a=1").count(), 0);
    }
}
