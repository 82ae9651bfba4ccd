//! `loom-runtime graph`: which jobs of a workflow wait for which, drawn or as data.

use std::collections::HashSet;

use loom_workflow::model::Literal;
use loom_workflow::{Dag, JobId, Workflow, instance_names, model};
use serde::Serialize;

use super::args::{GraphArgs, GraphFormat};
use super::{Exit, data, diagnostics, talk};
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

/// How often a job runs.
enum Instances {
    /// Once, without a matrix.
    One,
    /// Once for each combination of its matrix, with these names.
    Known(Vec<String>),
    /// Its matrix is known only when it runs.
    Late,
}

impl Instances {
    fn of(job: &model::Job) -> Self {
        let has_matrix = job
            .strategy
            .as_ref()
            .is_some_and(|strategy| match &strategy.value {
                Literal::Value(strategy) => strategy.matrix.is_some(),
                Literal::Expression(_) => true,
            });
        match instance_names(job) {
            _ if !has_matrix => Self::One,
            Some(names) => Self::Known(names),
            None => Self::Late,
        }
    }

    /// What stands behind the name of the job.
    fn times(&self) -> String {
        match self {
            Self::One => String::new(),
            Self::Known(names) => format!("  ×{}", names.len()),
            Self::Late => "  ×?".to_owned(),
        }
    }
}

/// The graph as JSON.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Graph<'a> {
    file: &'a str,
    name: Option<&'a str>,
    jobs: Vec<Job<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Job<'a> {
    id: &'a str,
    name: String,
    needs: Vec<&'a str>,
    needed_by: Vec<&'a str>,
    /// Whether it has a matrix.
    matrix: bool,
    /// The names of its instances; absent where they are known only when it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    instances: Option<Vec<String>>,
}

fn json(workflow: &Workflow, file: &str) -> Result<String, serde_json::Error> {
    let dag = workflow.dag();
    let texts = |ids: Vec<&JobId>| -> Vec<String> { ids.into_iter().map(ToString::to_string).collect() };
    let lists: Vec<(Vec<String>, Vec<String>)> = workflow
        .jobs
        .keys()
        .map(|id| (texts(dag.dependencies(id)), texts(dag.dependents(id))))
        .collect();
    let jobs = workflow.jobs.iter().zip(&lists);
    let jobs = jobs.map(|((id, job), (needs, needed_by))| {
        let instances = Instances::of(job);
        let name = label(job);
        Job {
            id: id.as_str(),
            needs: needs.iter().map(String::as_str).collect(),
            needed_by: needed_by.iter().map(String::as_str).collect(),
            matrix: !matches!(instances, Instances::One),
            instances: match instances {
                Instances::One => Some(vec![name.clone()]),
                Instances::Known(names) => Some(names),
                Instances::Late => None,
            },
            name,
        }
    });
    let graph = Graph {
        file,
        name: workflow.name.as_ref().map(|name| &*name.text),
        jobs: jobs.collect(),
    };
    Ok(serde_json::to_string(&graph)? + "\n")
}

/// What people call a job.
fn label(job: &model::Job) -> String {
    let name = job.name.as_ref().map(|name| name.text.to_string());
    name.filter(|name| !name.is_empty())
        .unwrap_or_else(|| job.id.to_string())
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
