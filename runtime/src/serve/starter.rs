//! Begins runs of the project's workflows.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use indexmap::IndexMap;
use thiserror::Error;
use tokio::sync::Semaphore;

use super::catalog::{CALL, Entry};
use crate::actions::{ActionOptions, LOCK_FILE, node_candidates};
use crate::chain::chain;
use crate::config::Keep;
use crate::context::values::{self, Asked, ValueSources};
use crate::context::{self, Given};
use crate::engine::{Engine, EngineError, Launch, RerunOrder, ResumeError};
use crate::event::{OnCrash, Reason, RunState, WorkflowRef};
use crate::executor::{ExecutorError, PullPolicy};
use crate::id::RunId;
use crate::machine::{self, Choice};
use crate::plan;
use crate::prepare::{LaunchError, RunInputs, action_cache, launch, needs_engine};
use crate::rerun::{ChosenAnew, read_again, relaunch, resumption, secrets_again};
use crate::secret::Secret;
use crate::state::{Claim, Run};

/// How runs are begun when the request does not say it.
#[derive(Clone, Debug)]
pub struct StartDefaults {
    /// Where jobs run.
    pub executor: Choice,
    /// When to pull images.
    pub pull: PullPolicy,
    /// Jobs of a run at the same time, at most.
    pub parallel: usize,
    /// Runs at the same time, at most; the others are queued.
    pub runs: usize,
    /// Images by label, before the built-in table; later entries win.
    pub images: Vec<(String, String)>,
    /// Variables for every step.
    pub env: BTreeMap<String, String>,
}

/// Runs at the same time when nobody says otherwise: enough that few ever wait, and not so many that a flood of starts takes
/// the machine down.
pub fn default_runs() -> usize {
    std::thread::available_parallelism().map_or(4, |cores| (cores.get() * 2).max(4))
}

/// What somebody wants of a run.
#[derive(Clone, Debug, Default)]
pub(super) struct RunWishes {
    /// The event; `push` when nothing is said.
    pub(super) event: Option<String>,
    /// Inputs, by name.
    pub(super) inputs: BTreeMap<String, String>,
    /// What comes with the event: where it is given, the filters of `on` decide whether the workflow starts.
    pub(super) payload: Option<serde_json::Value>,
    /// Who asks; whoever the project's repository names when nothing is said.
    pub(super) actor: Option<String>,
}

/// Why a workflow was not started.
#[derive(Debug, Error)]
pub(super) enum StartProblem {
    /// Its file has mistakes.
    #[error("`{0}` has mistakes; nothing was started")]
    Invalid(String),
    /// Nothing but a call starts it.
    #[error(
        "`{0}` is for other workflows to call: `workflow_call` is all that its `on` names; start a workflow that calls it, or \
         put `workflow_dispatch:` under its `on`"
    )]
    OnlyCalled(String),
    /// What comes with the event does not pass its filters.
    #[error("`{file}` does not start: {why}")]
    Filtered {
        /// The file.
        file: String,
        /// Which filter, and why.
        why: String,
    },
    /// It cannot be run so.
    #[error(transparent)]
    Launch(#[from] LaunchError),
    /// What the project gives its runs cannot be read.
    #[error("failed to {0}")]
    Values(String),
    /// The run had secrets that are not given here. Only names are told.
    #[error(
        "the run had the secrets {}, of which nothing is kept, and which are not given now: put them into .secrets of the \
         project, or into the environment of the studio",
        .0.join(", ")
    )]
    Secrets(Vec<String>),
    /// What it is to be made from is not there any more, or has mistakes now.
    #[error("{0}; nothing was started")]
    Gone(String),
    /// Whoever goes on with it dies.
    #[error(
        "{times} processes that went on with run {run} have died before a job or a step of it ended; look at the log of `serve` and \
         at the machine's for what ended them (memory, disk), then `loom-runtime runs rerun --failed {run}` runs again what is lost"
    )]
    Deadly {
        /// The run.
        run: RunId,
        /// How many.
        times: u32,
    },
    /// No engine answers.
    #[error("failed to {0}")]
    Executor(#[from] ExecutorError),
    /// The history cannot be written.
    #[error("failed to {0}")]
    Engine(#[from] EngineError),
}

impl StartProblem {
    /// Whether a workflow of another repository could not be had, which took its time to find out.
    pub(super) fn is_of_fetching(&self) -> bool {
        matches!(
            self,
            Self::Engine(EngineError::Resume(ResumeError::NotFetched { .. }))
        )
    }

    /// Whether the run of a dead process will not go on later either, as far as this process can tell.
    pub(super) fn lasts(&self) -> bool {
        matches!(
            self,
            Self::Secrets(_)
                | Self::Gone(_)
                | Self::Deadly { .. }
                | Self::Engine(EngineError::Resume(ResumeError::Source { .. }))
        )
    }
}

/// How many processes go on with a run, one after the other, without a job or a step of it having ended. What ends them is
/// likely the run.
const IN_VAIN: u32 = 5;

fn check_deaths(run: &Run) -> Result<(), StartProblem> {
    if run.resumed_in_vain > IN_VAIN {
        return Err(StartProblem::Deadly {
            run: run.id.clone(),
            times: run.resumed_in_vain,
        });
    }
    Ok(())
}

/// Begins runs.
pub(super) struct Starter {
    engine: Engine,
    workspace: PathBuf,
    defaults: StartDefaults,
    /// Slots for runs that are under way.
    slots: Arc<Semaphore>,
}

impl Starter {
    pub(super) fn new(engine: Engine, workspace: PathBuf, defaults: StartDefaults) -> Self {
        Self {
            engine,
            workspace,
            slots: Arc::new(Semaphore::new(defaults.runs.clamp(1, Semaphore::MAX_PERMITS))),
            defaults,
        }
    }

    /// Why a run has not begun, when it is one of ours that waits for a slot.
    pub(super) fn why_queued(&self, run: &Run) -> Option<String> {
        if run.state == RunState::Queued
            && run.claim == Claim::Waiting
            && let Some(concurrency) = &run.concurrency
        {
            return Some(format!(
                "another run has the concurrency group `{}`",
                concurrency.group
            ));
        }
        let waits = run.state == RunState::Queued
            && run.owner == *self.engine.owner()
            && self.slots.available_permits() == 0;
        waits.then(|| {
            format!(
                "{} runs are under way, as many as this studio runs at a time (`runs` of `[server]`); it begins when one of \
                 them ends",
                self.defaults.runs
            )
        })
    }

    /// Where jobs run.
    pub(super) fn choice(&self) -> Choice {
        self.defaults.executor
    }

    /// Begins a run of a workflow; its id is in the history when this returns.
    pub(super) async fn start(&self, entry: &Entry, wishes: RunWishes) -> Result<RunId, StartProblem> {
        let invalid = || StartProblem::Invalid(entry.file.clone());
        let prepared = entry.prepared.clone().ok_or_else(invalid)?;
        let workflow = prepared.workflow.clone().ok_or_else(invalid)?;
        if entry.is_only_called() && wishes.event.as_deref() != Some(CALL) {
            return Err(StartProblem::OnlyCalled(entry.file.clone()));
        }
        let filters_decide = wishes.payload.is_some();
        let mut inputs = self.inputs(wishes).await?;
        if filters_decide {
            let decision = loom_workflow::triggered(&workflow, &inputs.facts.to_event());
            if !decision.starts {
                return Err(StartProblem::Filtered {
                    file: entry.file.clone(),
                    why: decision.text,
                });
            }
        }
        inputs.options.on_host = self.defaults.executor == Choice::Host;
        let needs = needs_engine(&workflow, &inputs.options);
        let chosen = machine::choose(&self.engine, self.defaults.executor, needs).await?;
        if let Some(why) = &chosen.fell_back {
            tracing::warn!(workflow = %entry.name, %why, "jobs run on this machine");
        }
        inputs.options.on_host = chosen.on_host;
        let reference = WorkflowRef {
            name: entry.name.clone(),
            file: entry.file.clone(),
        };
        let mut launch = launch(&prepared, reference, inputs)?;
        launch.on_crash = OnCrash::Resume;
        let handle = self.engine.start_when_free(launch, &self.slots).await?;
        Ok(handle.id().clone())
    }

    /// Begins another attempt at a run that has ended; its id is in the history when this returns.
    pub(super) async fn start_again(&self, order: RerunOrder) -> Result<RunId, StartProblem> {
        let (run, _) = self.engine.run_again(&order).await?;
        let read = move || composed_again(&run, order);
        let read = self.engine.io().spawn_blocking(read).await;
        let (mut launch, needs) = read.map_err(|_| EngineError::Stopped)??;
        let choice = choice_of(&launch);
        let chosen = machine::choose(&self.engine, choice, needs).await?;
        launch.source.options.on_host = chosen.on_host;
        launch.on_crash = OnCrash::Resume;
        let handle = self.engine.start_when_free(launch, &self.slots).await?;
        Ok(handle.id().clone())
    }

    /// Goes on with a run whose process has died, with what its history says of it and the secrets that are given now.
    pub(super) async fn resume(&self, id: &RunId) -> Result<(), StartProblem> {
        let run = self.engine.run(id).await?;
        let run = run.ok_or_else(|| EngineError::UnknownRun(id.clone()))?;
        check_deaths(&run)?;
        let read = move || composed_to_resume(&run);
        let read = self.engine.io().spawn_blocking(read).await;
        let (launch, needs) = read.map_err(|_| EngineError::Stopped)??;
        // Where its jobs run was decided when it began.
        let choice = choice_of(&launch);
        machine::choose(&self.engine, choice, needs).await?;
        self.engine.resume(id, launch, Some(&self.slots)).await?;
        Ok(())
    }

    /// Ends a run whose process has died and that cannot be gone on with, and says why.
    pub(super) async fn give_up(&self, id: &RunId, problem: &StartProblem) -> Result<(), EngineError> {
        let reason = Reason::new("not-resumed", format!("it was not gone on with: {problem}"));
        self.engine.end_dead(id, reason).await?;
        Ok(())
    }

    /// What the project gives its runs: its repository, its files of values. Reads them anew.
    async fn inputs(&self, wishes: RunWishes) -> Result<RunInputs, StartProblem> {
        let (workspace, defaults) = (self.workspace.clone(), self.defaults.clone());
        let read = self.engine.io().spawn_blocking(move || {
            let given = Given {
                event: wishes.event,
                payload: wishes.payload,
                inputs: wishes.inputs,
                actor: wishes.actor,
                ..Given::default()
            };
            let sources = ValueSources {
                project: workspace.clone(),
                ..ValueSources::default()
            };
            let values = values::read(&sources, &mut Nobody).map_err(|error| chain(&error))?;
            let mut inputs = RunInputs::new(workspace.clone());
            inputs.facts = context::facts_of(&workspace, given);
            inputs.secrets = values.secrets;
            inputs.vars = values.vars;
            inputs.env = values.env;
            inputs.env.extend(defaults.env);
            inputs.options.images = defaults.images;
            inputs.options.pull = defaults.pull;
            inputs.options.parallel = defaults.parallel;
            inputs.actions.lock = Some(workspace.join(LOCK_FILE));
            Ok::<_, String>(inputs)
        });
        read.await
            .map_err(|_| EngineError::Stopped)?
            .map_err(StartProblem::Values)
    }
}

/// What a studio chooses for another attempt: nobody is there to remove what was kept.
fn anew() -> ChosenAnew {
    ChosenAnew {
        keep: Some(Keep::Never),
        ..ChosenAnew::default()
    }
}

fn choice_of(launch: &Launch) -> Choice {
    if launch.source.options.on_host {
        Choice::Host
    } else {
        Choice::Docker
    }
}

/// The project of a run, and the secrets that it had, as they are given now. Waits for files.
fn given_again(run: &Run) -> Result<(PathBuf, IndexMap<String, Secret>), StartProblem> {
    // Another project may use the state directory: a run is of the one that it was made in, and of no other.
    let workspace = PathBuf::from(&run.workspace);
    if !workspace.is_dir() {
        return Err(StartProblem::Gone(format!(
            "the project of run {}, {}, is not there any more; `loom-runtime --workspace DIR runs rerun {}` names the \
             directory that stands for it",
            run.id,
            workspace.display(),
            run.id
        )));
    }
    let sources = ValueSources {
        project: workspace.clone(),
        ..ValueSources::default()
    };
    let wrong = |error: values::ValuesError| StartProblem::Values(chain(&error));
    let found = secrets_again(run, &sources, &mut Nobody).map_err(wrong)?;
    if !found.absent.is_empty() {
        return Err(StartProblem::Secrets(found.absent));
    }
    Ok((workspace, found.secrets))
}

/// Whether the jobs of a run may need an engine for containers, as its texts say.
fn needs_engine_of(launch: &Launch) -> Result<bool, StartProblem> {
    let read = launch.source.files.first().map(plan::read_workflow);
    let gone = || StartProblem::Gone("the run does not say what it was made from".to_owned());
    let workflow = read
        .ok_or_else(gone)?
        .map_err(|reason| StartProblem::Gone(reason.message))?;
    Ok(needs_engine(&workflow, &launch.source.options))
}

/// What goes on with a run, and whether it may need an engine for containers. Waits for files.
fn composed_to_resume(run: &Run) -> Result<(Launch, bool), StartProblem> {
    let (_, secrets) = given_again(run)?;
    let mut launch = resumption(run, secrets, ActionOptions::new(action_cache()));
    launch.node = node_candidates(None);
    let needs = needs_engine_of(&launch)?;
    Ok((launch, needs))
}

/// What another attempt at a run is made of, and whether it may need an engine for containers. Waits for files.
fn composed_again(run: &Run, order: RerunOrder) -> Result<(Launch, bool), StartProblem> {
    let (workspace, secrets) = given_again(run)?;
    let before = run.source.as_deref();
    let current_files = order.current_files;
    let options = before.map(|source| anew().over(&source.options));
    let mut launch = relaunch(run, order, workspace.clone(), options.unwrap_or_default())
        .with_secrets(secrets)
        .with_actions(ActionOptions::new(action_cache()));
    launch.node = node_candidates(None);
    if current_files {
        let read = read_again(run, &workspace);
        let (file, prepared) = read.map_err(|error| StartProblem::Gone(error.to_string()))?;
        if prepared.workflow.is_none() {
            return Err(StartProblem::Invalid(run.workflow.file.clone()));
        }
        launch = launch.with_file(&file, &prepared);
    }
    let needs = needs_engine_of(&launch)?;
    Ok((launch, needs))
}

/// A server asks nobody.
struct Nobody;

impl Asked for Nobody {
    fn variable(&self, name: &str) -> Option<OsString> {
        std::env::var_os(name)
    }

    fn typed(&mut self, _: &str) -> io::Result<Option<String>> {
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use loom_protocol::Timestamp;

    use super::*;
    use crate::event::{Event, Recorded, Seq, StepState};
    use crate::executor::Owner;
    use crate::id::{JobId, StepId};

    fn run_of(events: Vec<Event>) -> Run {
        let owner = Owner {
            instance: "i".into(),
            boot: "b".into(),
            pid: 1,
            started: 1,
        };
        let created = Event::RunCreated {
            workflow: WorkflowRef {
                name: "w".into(),
                file: "w.yml".into(),
            },
            event: "push".into(),
            executor: "host".into(),
            on_crash: OnCrash::Resume,
            owner: owner.clone(),
            workspace: "/w".into(),
            jobs: Vec::new(),
            concurrency: None,
            source: None,
            number: None,
            rerun: None,
        };
        let recorded = |(seq, event)| Recorded {
            run: RunId("r".into()),
            seq: Seq(seq),
            time: Timestamp::from_millis(0),
            event,
        };
        let events: Vec<Recorded> = (1..)
            .zip([created].into_iter().chain(events))
            .map(recorded)
            .collect();
        Run::replay(&events).unwrap().unwrap()
    }

    fn taken_over(times: usize) -> Vec<Event> {
        let owner = Owner {
            instance: "i".into(),
            boot: "b".into(),
            pid: 2,
            started: 1,
        };
        let event = Event::RunTakenOver {
            owner,
            from: None,
            resumes: true,
        };
        vec![event; times]
    }

    #[test]
    fn a_run_that_every_process_dies_of_is_given_up_unless_something_of_it_ends_between() {
        assert!(check_deaths(&run_of(taken_over(5))).is_ok());
        let problem = check_deaths(&run_of(taken_over(6))).unwrap_err();
        assert!(problem.lasts(), "{problem}");
        assert!(problem.to_string().contains("runs rerun --failed r"), "{problem}");
        let ended = Event::StepFinished {
            job: JobId("a".into()),
            step: StepId("0".into()),
            outcome: StepState::Success,
            conclusion: StepState::Success,
            exit_code: Some(0),
            signal: None,
            reason: None,
            duration_ms: 0,
            outputs: crate::event::Outputs::new(),
        };
        let mut events = taken_over(5);
        events.push(ended);
        events.extend(taken_over(5));
        assert!(check_deaths(&run_of(events)).is_ok());
    }
}
