//! `loom-runtime graph`: which jobs of a workflow wait for which, drawn or as data.

use std::collections::HashSet;

use loom_workflow::{Dag, JobId, Workflow};

use super::args::{GraphArgs, GraphFormat};
use super::{Exit, data, diagnostics, talk};
use crate::graph::{Graph, Instances};
use crate::project;
use crate::repository::Repository;

mod drawing;

pub(super) fn graph(args: &GraphArgs) -> Exit {
    let file = match project::find(args.file.as_deref()) {
        Ok(file) => file,
        Err(error) => {
            talk::error(&error.to_string());
            talk::help(error.help());
            return Exit::Usage;
        }
    };
    let repository = Repository::of(&file.path);
    let loaded = loom_workflow::load_with(&file.source, file.dialect, &repository);
    let Some(workflow) = loaded.workflow else {
        diagnostics::report(&file.source, &loaded.diagnostics);
        talk::error(&format!(
            "{} has mistakes, so its graph is not drawn",
            file.source.name()
        ));
        return Exit::Usage;
    };
    let drawn = match args.format {
        GraphFormat::Text => text(&workflow),
        GraphFormat::Dot => drawing::dot(&workflow),
        GraphFormat::Mermaid => drawing::mermaid(&workflow),
        GraphFormat::Json => match json(&workflow, file.source.name()) {
            Ok(json) => json,
            Err(error) => {
                talk::error(&format!("the graph cannot be written as JSON: {error}"));
                return Exit::Usage;
            }
        },
    };
    data::print(&drawn);
    Exit::Success
}

/// A tree from the jobs that need nothing down to those that nothing needs. A job with several needs stands once, below
/// the last of them, and names the others.
fn text(workflow: &Workflow) -> String {
    let dag = workflow.dag();
    let mut tree = Tree {
        workflow,
        dag: &dag,
        out: String::new(),
        left: dag.jobs().cloned().collect(),
    };
    for job in dag.jobs().filter(|job| dag.dependencies(job).is_empty()) {
        tree.draw(job.clone());
    }
    tree.out
}

struct Tree<'a> {
    workflow: &'a Workflow,
    dag: &'a Dag,
    out: String,
    /// The jobs that are not drawn yet.
    left: HashSet<JobId>,
}

/// A job that is drawn next.
struct Branch {
    job: JobId,
    parent: Option<JobId>,
    /// What stands before it.
    first: String,
    /// What stands before all below it.
    rest: String,
}

impl Tree<'_> {
    /// Draws a job and all that can be drawn below it. Not by recursion: chains may be thousands of jobs long.
    fn draw(&mut self, root: JobId) {
        let mut next = vec![Branch {
            job: root,
            parent: None,
            first: String::new(),
            rest: String::new(),
        }];
        while let Some(Branch {
            job,
            parent,
            first,
            rest,
        }) = next.pop()
        {
            self.left.remove(&job);
            let times = self.workflow.jobs.get(&job).map(|job| Instances::of(job).times());
            let times = times.unwrap_or_default();
            let needs = self.other_needs(&job, parent.as_ref());
            self.out += &format!("{first}{job}{times}{needs}\n");
            let dependents = self.dag.dependents(&job).into_iter();
            let below: Vec<JobId> = dependents.filter(|next| self.ready(next)).cloned().collect();
            for (index, child) in below.into_iter().rev().enumerate() {
                let (branch, more) = if index == 0 {
                    ("└─ ", "   ")
                } else {
                    ("├─ ", "│  ")
                };
                next.push(Branch {
                    job: child,
                    parent: Some(job.clone()),
                    first: format!("{rest}{branch}"),
                    rest: format!("{rest}{more}"),
                });
            }
        }
    }

    fn other_needs(&self, job: &JobId, parent: Option<&JobId>) -> String {
        let needs = self.dag.dependencies(job).into_iter();
        let others: Vec<String> = needs
            .filter(|need| Some(*need) != parent)
            .map(ToString::to_string)
            .collect();
        if others.is_empty() {
            String::new()
        } else {
            format!("  (and after {})", others.join(", "))
        }
    }

    /// Whether all it needs is drawn, and it is not.
    fn ready(&self, job: &JobId) -> bool {
        self.left.contains(job)
            && self
                .dag
                .dependencies(job)
                .iter()
                .all(|need| !self.left.contains(*need))
    }
}

fn json(workflow: &Workflow, file: &str) -> Result<String, serde_json::Error> {
    Ok(serde_json::to_string(&Graph::of(workflow, file))? + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use loom_workflow::{Dialect, Source};

    const DIAMOND: &str = "jobs:\n  build: {name: 'The \"build\"', steps: [{run: x}]}\n  lint: {needs: build, steps: [{run: x}]}\n  test: {needs: [build], steps: [{run: x}]}\n  deploy: {needs: [TEST, lint], steps: [{run: x}]}\n  end: {steps: [{run: x}]}\n";

    fn workflow() -> Workflow {
        let source = Source::new("w.yml", DIAMOND);
        loom_workflow::load(&source, Dialect::Loom).workflow.unwrap()
    }

    #[test]
    fn every_job_is_drawn_once() {
        insta::assert_snapshot!(text(&workflow()), @r"
        build
        ├─ lint
        └─ test
           └─ deploy  (and after lint)
        end
        ");
    }

    #[test]
    fn a_matrix_is_counted() {
        let text = "jobs:\n  a: {strategy: {matrix: {v: [1, 2], w: [x, y, z]}}, steps: [{run: x}]}\n  b: {needs: a, strategy: {matrix: \"${{ fromJSON(needs.a.outputs.m) }}\"}, steps: [{run: x}]}\n  c: {strategy: {fail-fast: false}, steps: [{run: x}]}\n";
        let source = Source::new("w.yml", text);
        let workflow = loom_workflow::load(&source, Dialect::Loom).workflow.unwrap();
        insta::assert_snapshot!(self::text(&workflow), @r"
        a  ×6
        └─ b  ×?
        c
        ");
        let json: serde_json::Value = serde_json::from_str(&json(&workflow, "w.yml").unwrap()).unwrap();
        assert_eq!(json["jobs"][0]["instances"][5], "a (2, z)");
        assert_eq!(json["jobs"][1]["matrix"], true);
        assert!(json["jobs"][1].get("instances").is_none());
        assert_eq!(json["jobs"][2]["instances"], serde_json::json!(["c"]));
    }

    #[test]
    fn json_has_both_directions() {
        let json: serde_json::Value = serde_json::from_str(&json(&workflow(), "w.yml").unwrap()).unwrap();
        assert_eq!(json["jobs"][0]["neededBy"], serde_json::json!(["lint", "test"]));
        assert_eq!(json["jobs"][3]["needs"], serde_json::json!(["lint", "test"]));
    }
}
