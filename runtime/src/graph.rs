//! The jobs of a workflow and which of them wait for which, as its file has them: what `graph` prints and the studio draws.

use loom_workflow::{JobId, Workflow, instance_names, model};
use serde::Serialize;
use utoipa::ToSchema;

/// How often a job runs.
pub(crate) enum Instances {
    /// Once, without a matrix.
    One,
    /// Once for each combination of its matrix, with these names.
    Known(Vec<String>),
    /// Its matrix is known only when it runs.
    Late,
}

impl Instances {
    pub(crate) fn of(job: &model::Job) -> Self {
        match instance_names(job) {
            _ if !job.has_matrix() => Self::One,
            Some(names) => Self::Known(names),
            None => Self::Late,
        }
    }

    /// What stands behind the name of the job.
    pub(crate) fn times(&self) -> String {
        match self {
            Self::One => String::new(),
            Self::Known(names) => format!("  ×{}", names.len()),
            Self::Late => "  ×?".to_owned(),
        }
    }
}

/// The graph as JSON.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = WorkflowGraph)]
pub(crate) struct Graph {
    file: String,
    name: Option<String>,
    jobs: Vec<Job>,
}

/// A job of the graph.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = WorkflowGraphJob)]
struct Job {
    id: String,
    name: String,
    needs: Vec<String>,
    needed_by: Vec<String>,
    /// Whether it has a matrix.
    matrix: bool,
    /// The names of its instances; absent where they are known only when it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    instances: Option<Vec<String>>,
}

impl Graph {
    /// The graph of a workflow, under the name that people know its file by.
    pub(crate) fn of(workflow: &Workflow, file: &str) -> Self {
        let dag = workflow.dag();
        let texts = |ids: Vec<&JobId>| ids.into_iter().map(ToString::to_string).collect();
        let jobs = workflow.jobs.iter().map(|(id, job)| {
            let instances = Instances::of(job);
            let name = label(job);
            Job {
                id: id.to_string(),
                needs: texts(dag.dependencies(id)),
                needed_by: texts(dag.dependents(id)),
                matrix: !matches!(instances, Instances::One),
                instances: match instances {
                    Instances::One => Some(vec![name.clone()]),
                    Instances::Known(names) => Some(names),
                    Instances::Late => None,
                },
                name,
            }
        });
        Self {
            file: file.to_owned(),
            name: workflow.name.as_ref().map(|name| name.text.to_string()),
            jobs: jobs.collect(),
        }
    }
}

/// What people call a job.
pub(crate) fn label(job: &model::Job) -> String {
    let name = job.name.as_ref().map(|name| name.text.to_string());
    name.filter(|name| !name.is_empty())
        .unwrap_or_else(|| job.id.to_string())
}
