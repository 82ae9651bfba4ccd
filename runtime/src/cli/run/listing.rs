//! What would run, without running it: the jobs of each workflow, how often, where, after which, and which of them will be
//! skipped and why, as far as that can be told beforehand.

use std::sync::Arc;

use loom_workflow::expression::{Object, Value};
use loom_workflow::model::Job;
use loom_workflow::{ImageTable, JobForecast, LabelTarget, Workflow};
use serde::Serialize;

use super::super::{Exit, data, talk};
use crate::engine::Launch;
use crate::id::RunId;
use crate::plan::{Scope, images, step_name};

/// Instances of a job that are named one by one, at most.
const NAMED: usize = 20;
/// The run that expressions see, which will not be.
const NO_RUN: &str = "00000000-0000-7000-8000-000000000000";

/// What would become of a workflow.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    workflow: String,
    file: String,
    event: String,
    jobs: Vec<ListedJob>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ListedJob {
    id: String,
    needs: Vec<String>,
    /// Absent where the matrix is known only when it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    instances: Option<Vec<ListedInstance>>,
    /// The workflow that it calls.
    #[serde(skip_serializing_if = "Option::is_none")]
    calls: Option<String>,
    /// Why it does not run.
    #[serde(skip_serializing_if = "Option::is_none")]
    skipped: Option<String>,
    /// What decides whether it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    depends: Option<String>,
    steps: Vec<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ListedInstance {
    name: String,
    /// The image, `host`, or why nothing runs it.
    place: String,
    #[serde(skip)]
    is_matrix: bool,
}

/// Prints it: as lines, or as a JSON object for each workflow. With steps where all but the start is done.
pub(super) fn list(launches: &[Launch], as_json: bool, with_steps: bool) -> Result<Exit, Exit> {
    for launch in launches {
        let listed = of(launch)?;
        if as_json {
            let json = serde_json::to_string(&listed).map_err(|error| {
                talk::error(&format!("the list cannot be written as JSON: {error}"));
                Exit::Usage
            })?;
            data::print(&format!("{json}\n"));
        } else {
            data::print(&text(&listed, with_steps));
        }
    }
    Ok(Exit::Success)
}

fn of(launch: &Launch) -> Result<Listed, Exit> {
    let source = Arc::new(launch.source.clone());
    let id = RunId(NO_RUN.to_owned());
    let scope = Scope::root(
        &id,
        (1, 1),
        &launch.workflow.name,
        Arc::clone(&source),
        launch.secrets.clone(),
    );
    let scope = scope.map_err(|reason| {
        talk::error(&reason.message);
        Exit::Usage
    })?;
    let mut contexts = scope.contexts();
    let workflow = &scope.workflow;
    let (forecast, _) = loom_workflow::forecast(workflow, &contexts);
    contexts.insert("secrets", scope.secrets());
    let wanted = loom_workflow::choose_jobs(workflow, &source.options.jobs).ok();
    let table = images(&source.options);
    let here = Here {
        workflow,
        contexts: &contexts,
        table: &table,
        launch,
    };
    let jobs = workflow.jobs.iter();
    let jobs = jobs.filter(|(id, _)| wanted.as_ref().is_none_or(|wanted| wanted.contains(*id)));
    Ok(Listed {
        workflow: launch.workflow.name.clone(),
        file: launch.workflow.file.clone(),
        event: source.facts.event.clone(),
        jobs: jobs.map(|(id, job)| here.job(job, forecast.get(id))).collect(),
    })
}

struct Here<'a> {
    workflow: &'a Workflow,
    contexts: &'a Object,
    table: &'a ImageTable,
    launch: &'a Launch,
}

impl Here<'_> {
    fn job(&self, job: &Job, forecast: Option<&JobForecast>) -> ListedJob {
        let instances = self.instances(job);
        let none_left = instances.as_ref().is_some_and(Vec::is_empty);
        let (mut skipped, mut depends) = (None, None);
        match forecast {
            Some(JobForecast::Skipped { why, .. }) => skipped = Some(why.clone()),
            Some(JobForecast::Later { why }) => depends = Some(why.clone()),
            _ if none_left => skipped = Some("no combination of its matrix was asked for".to_owned()),
            _ => {}
        }
        ListedJob {
            id: job.id.value.to_string(),
            needs: job.needs.iter().map(|need| need.value.to_string()).collect(),
            instances,
            calls: job.uses.as_ref().map(|uses| uses.text.to_string()),
            skipped,
            depends,
            steps: job.steps.iter().map(step_name).collect(),
        }
    }

    /// None where they are known only when it runs: its matrix, or where it runs, asks what other jobs gave.
    fn instances(&self, job: &Job) -> Option<Vec<ListedInstance>> {
        let has_matrix = job.has_matrix();
        if has_matrix && !job.needs.is_empty() && loom_workflow::instance_names(job).is_none() {
            return None;
        }
        let (instances, _) = loom_workflow::expand(self.workflow, job, self.contexts);
        let instances = instances?
            .into_iter()
            .filter(|instance| self.is_wanted(&instance.contexts));
        let listed = instances.map(|instance| ListedInstance {
            place: match &instance.container {
                Some(container) => container.image.clone(),
                None => self.place(&instance.labels, instance.group.as_deref()),
            },
            name: instance.name,
            is_matrix: has_matrix,
        });
        Some(listed.collect())
    }

    fn is_wanted(&self, contexts: &Object) -> bool {
        let wanted = &self.launch.source.options.matrix;
        let Some(matrix) = contexts.get("matrix").and_then(Value::as_object) else {
            return true;
        };
        wanted.iter().all(|(key, _)| {
            let Some(value) = matrix.get(key) else { return true };
            let text = value.to_text();
            wanted
                .iter()
                .any(|(other, value)| other == key && *value == *text)
        })
    }

    fn place(&self, labels: &[Arc<str>], group: Option<&str>) -> String {
        if self.launch.source.options.on_host {
            return "host".to_owned();
        }
        let labels = labels.iter().map(|label| &**label);
        match self.table.resolve_runner(labels, group, self.workflow.dialect) {
            LabelTarget::Image(image) => image,
            LabelTarget::Host => "host".to_owned(),
            LabelTarget::Unmapped(label) => format!("no image is known for `{label}`: it is skipped"),
        }
    }
}

fn text(listed: &Listed, with_steps: bool) -> String {
    let mut text = format!("{} ({}), on {}\n", listed.workflow, listed.file, listed.event);
    let width = listed
        .jobs
        .iter()
        .map(|job| job.id.chars().count())
        .max()
        .unwrap_or(0)
        .min(32);
    for job in &listed.jobs {
        let mut parts = vec![place(job)];
        if !job.needs.is_empty() {
            parts.push(format!("needs {}", job.needs.join(", ")));
        }
        match (&job.skipped, &job.depends) {
            (Some(why), _) => parts.push(format!("skipped: {why}")),
            (None, Some(why)) => parts.push(why.clone()),
            (None, None) => {}
        }
        let fill = " ".repeat(width.saturating_sub(job.id.chars().count()));
        text.push_str(&format!("  {}{fill}  {}\n", job.id, parts.join("; ")));
        for instance in job
            .instances
            .iter()
            .flatten()
            .filter(|one| one.is_matrix)
            .take(NAMED)
        {
            text.push_str(&format!("    {}  {}\n", instance.name, instance.place));
        }
        let count = job.instances.as_ref().map_or(0, Vec::len);
        if count > NAMED {
            text.push_str(&format!("    … and {} more\n", count - NAMED));
        }
        for (place, step) in job.steps.iter().enumerate().filter(|_| with_steps) {
            text.push_str(&format!("    {}. {step}\n", place + 1));
        }
    }
    text
}

/// How often and where a job runs, in a word.
fn place(job: &ListedJob) -> String {
    if let Some(called) = &job.calls {
        return format!("calls {called}");
    }
    match job.instances.as_deref() {
        None => "as often as its matrix says when it runs".to_owned(),
        Some([one]) if !one.is_matrix => one.place.clone(),
        Some(some) => format!("×{}", some.len()),
    }
}
