//! From a workflow file to a run that can begin: read, check, plan, and give each job what runs it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use loom_workflow::{Diagnostics, ImageTable, JobPlan, Mapping, Plan, PlanOptions, StepPlan, UnmappedJobs};
use thiserror::Error;

use crate::engine::{JobLaunch, Launch, StepLaunch};
use crate::event::{Reason, WorkflowRef};
use crate::executor::{Executor, Program, PullPolicy, Shell, StepSpec};
use crate::id::JobId;
use crate::machine::{Executors, default_parallel};
use crate::project::WorkflowFile;
use crate::repository::Repository;

/// How a file is planned.
#[derive(Clone, Debug, Default)]
pub struct Preparation {
    /// Images by label, before the built-in table; later entries win.
    pub images: Vec<(String, String)>,
    /// Only these jobs and what they need; all when empty.
    pub jobs: Vec<String>,
    /// What becomes of jobs whose label nothing runs.
    pub unmapped: UnmappedJobs,
}

/// A file that was read and planned.
#[derive(Debug)]
pub struct Prepared {
    /// What runs, when nothing stands in the way.
    pub plan: Option<Plan>,
    /// What there is to say about the file.
    pub diagnostics: Diagnostics,
}

/// How a plan is run.
#[derive(Clone)]
pub struct LaunchOptions {
    /// The project directory.
    pub workspace: PathBuf,
    /// The event that triggers the run.
    pub event: String,
    /// What runs jobs in containers; `None` when every job runs on the host.
    pub docker: Option<Arc<dyn Executor>>,
    /// What runs jobs on this machine.
    pub host: Arc<dyn Executor>,
    /// When to pull images.
    pub pull: PullPolicy,
    /// What becomes of jobs whose label nothing runs.
    pub unmapped: UnmappedLabel,
    /// Jobs at the same time, at most.
    pub parallel: usize,
    /// Variables for every step, beside the workflow's.
    pub env: BTreeMap<String, String>,
}

impl LaunchOptions {
    /// The usual: triggered by a push, images pulled when missing, unmapped labels skipped.
    pub fn new(workspace: PathBuf, executors: Executors) -> Self {
        Self {
            workspace,
            event: "push".to_owned(),
            docker: executors.docker,
            host: executors.host,
            pull: PullPolicy::default(),
            unmapped: UnmappedLabel::default(),
            parallel: default_parallel(),
            env: BTreeMap::new(),
        }
    }
}

/// What becomes of a job whose label nothing runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UnmappedLabel {
    /// It is skipped, and that is said.
    #[default]
    Skip,
    /// The run is refused.
    Fail,
}

/// A plan that cannot be run as asked.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum LaunchError {
    /// Labels that nothing runs.
    #[error("nothing runs the label{} {}", if labels.len() == 1 { "" } else { "s" }, labels.join(", "))]
    Unmapped {
        /// Each as `label (job)`.
        labels: Vec<String>,
    },
}

/// Reads, checks and plans a workflow file, with the workflows of the same repository that it calls.
pub fn prepare(file: &WorkflowFile, how: &Preparation) -> Prepared {
    let repository = Repository::of(&file.path);
    let loaded = loom_workflow::load_with(&file.source, file.dialect, &repository);
    let mut diagnostics = loaded.diagnostics;
    let Some(workflow) = loaded.workflow else {
        return Prepared {
            plan: None,
            diagnostics,
        };
    };
    let images = how
        .images
        .iter()
        .fold(ImageTable::new(), |table, (label, image)| {
            table.with_override(label, image)
        });
    let options = PlanOptions::new().with_images(images).with_unmapped(how.unmapped);
    let options = how
        .jobs
        .iter()
        .fold(options, |options, job| options.with_job(job.as_str()));
    let (plan, more) = loom_workflow::plan(&workflow, &options);
    diagnostics.extend(more);
    Prepared { plan, diagnostics }
}

/// The name of a workflow: its `name:`, else its file's stem (`.loom` files: the directory would be no help, so `loom`).
pub fn workflow_ref(plan: &Plan, file: &WorkflowFile, workspace: &Path) -> WorkflowRef {
    let name = plan
        .name
        .clone()
        .filter(|name| !name.trim().is_empty())
        .unwrap_or_else(|| stem(&file.path));
    WorkflowRef {
        name,
        file: file_in(&file.path, workspace),
    }
}

/// How history names a file: relative to the project where it lies inside, so that every Loom names it the same.
pub fn file_in(path: &Path, workspace: &Path) -> String {
    let absolute = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let inside = absolute.strip_prefix(workspace).unwrap_or(&absolute);
    inside.display().to_string()
}

/// A workflow file's stem: `ci` for `ci.yml`, `diamond` for `diamond.loom.yml`, `loom` for `.loom.yml`.
pub fn stem(path: &Path) -> String {
    let name = path
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    let stem = name
        .strip_suffix(".yml")
        .or_else(|| name.strip_suffix(".yaml"))
        .unwrap_or(&name);
    let stem = stem
        .strip_suffix(".loom")
        .filter(|rest| !rest.is_empty())
        .unwrap_or(stem);
    stem.trim_start_matches('.').to_owned()
}

/// Gives each job of a plan what runs it.
///
/// # Errors
/// See [`LaunchError`].
pub fn launch(plan: &Plan, workflow: WorkflowRef, options: &LaunchOptions) -> Result<Launch, LaunchError> {
    let labels = unmapped(plan, options);
    if options.unmapped == UnmappedLabel::Fail && !labels.is_empty() {
        return Err(LaunchError::Unmapped { labels });
    }
    let jobs = plan.jobs.values().map(|job| job_launch(job, options)).collect();
    let executor = options.docker.as_ref().unwrap_or(&options.host).name().to_owned();
    Ok(Launch {
        workflow,
        event: options.event.clone(),
        executor,
        workspace: options.workspace.clone(),
        pull: options.pull,
        parallel: options.parallel,
        places: None,
        jobs,
    })
}

/// The labels that nothing runs, each as `label (job)`. On the host every label runs.
pub fn unmapped(plan: &Plan, options: &LaunchOptions) -> Vec<String> {
    let one =
        |job: &JobPlan| unmapped_label(job, options).map(|label| format!("`{label}` (job `{}`)", job.id));
    plan.jobs.values().filter_map(one).collect()
}

fn unmapped_label<'a>(job: &'a JobPlan, options: &LaunchOptions) -> Option<&'a str> {
    match &job.runs_on {
        Mapping::Unmapped(label) if options.docker.is_some() => Some(label),
        _ => None,
    }
}

fn job_launch(job: &JobPlan, options: &LaunchOptions) -> JobLaunch {
    let (executor, image) = match (&job.runs_on, &options.docker) {
        (Mapping::Image(image), Some(docker)) => (docker, Some(image.clone())),
        _ => (&options.host, None),
    };
    JobLaunch {
        id: JobId(job.id.to_string()),
        name: job.name.clone(),
        needs: job.needs.iter().map(|need| JobId(need.to_string())).collect(),
        executor: Arc::clone(executor),
        image,
        skip: unmapped_label(job, options).map(|label| {
            Reason::new(
                "unmapped-label",
                format!("no image is known for the label `{label}`"),
            )
        }),
        timeout: job.timeout_minutes.as_duration(),
        steps: job
            .steps
            .iter()
            .map(|step| step_launch(step, job, options))
            .collect(),
    }
}

fn step_launch(step: &StepPlan, job: &JobPlan, options: &LaunchOptions) -> StepLaunch {
    let shells = step.shell.commands().into_iter().map(|command| Shell {
        program: command.program,
        arguments: command.arguments,
        extension: command.extension.to_owned(),
    });
    // The narrower scope wins: flags below the workflow and job below the step.
    let mut env = options.env.clone();
    env.extend(job.env.iter().map(|(name, value)| (name.clone(), value.clone())));
    env.extend(step.env.iter().map(|(name, value)| (name.clone(), value.clone())));
    StepLaunch {
        name: step.name.clone(),
        spec: StepSpec {
            index: u32::try_from(step.index).unwrap_or(u32::MAX),
            program: Program::Script {
                text: step.shell.script(&step.script),
                shells: shells.collect(),
            },
            env,
            working_directory: step.working_directory.clone(),
        },
        timeout: step
            .timeout_minutes
            .filter(|minutes| minutes.is_positive())
            .map(|minutes| minutes.as_duration()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stems_are_what_people_call_the_files() {
        for (path, name) in [
            ("a/ci.yml", "ci"),
            ("diamond.loom.yml", "diamond"),
            (".loom.yml", "loom"),
            ("x.yaml", "x"),
        ] {
            assert_eq!(stem(Path::new(path)), name);
        }
    }
    #[test]
    fn workflows_that_are_called_are_read_too() {
        let folder = tempfile::tempdir().unwrap();
        let workflows = folder.path().join(".github").join("workflows");
        std::fs::create_dir_all(&workflows).unwrap();
        std::fs::create_dir(folder.path().join(".git")).unwrap();
        let called = "on: {workflow_call: {inputs: {who: {type: string, required: true}}}}\njobs: {a: {runs-on: x, steps: [{run: x}]}}\n";
        std::fs::write(workflows.join("called.yml"), called).unwrap();
        let codes = |uses: &str| {
            let text = format!("on: push\njobs: {{a: {{uses: ./.github/workflows/{uses}}}}}\n");
            let path = workflows.join("ci.yml");
            std::fs::write(&path, text).unwrap();
            let file = crate::project::read(&path).unwrap();
            let found = prepare(&file, &Preparation::default()).diagnostics;
            found.iter().map(|found| found.code.as_str()).collect::<Vec<_>>()
        };
        assert_eq!(codes("none.yml"), ["schema/call"]);
        assert_eq!(codes("called.yml"), ["schema/call-input"]);
    }
}
