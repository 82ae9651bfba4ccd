//! From a run that has ended to another attempt at it: what the attempt is made from, and what is given for it again.

use std::path::{Path, PathBuf};

use indexmap::IndexMap;

use crate::actions::{ActionOptions, LOCK_FILE};
use crate::config::{Keep, WorkspaceMode};
use crate::context::values::{self, Asked, Found, ValueSources, ValuesError};
use crate::engine::{Launch, RerunOrder};
use crate::event::{OnCrash, RunOptions, RunSource};
use crate::executor::PullPolicy;
use crate::prepare::{Prepared, prepare, workflow_ref};
use crate::project::{self, ProjectError, WorkflowFile};
use crate::secret::Secret;
use crate::state::Run;

/// What is chosen anew for another attempt; all else is as it was chosen before.
#[derive(Clone, Debug, Default)]
pub struct ChosenAnew {
    /// Images by label, which win over those of before.
    pub images: Vec<(String, String)>,
    /// When to pull images.
    pub pull: Option<PullPolicy>,
    /// Jobs at the same time, at most.
    pub parallel: Option<usize>,
    /// Where the workspace of a job is.
    pub workspace_mode: Option<WorkspaceMode>,
    /// Whose places stay.
    pub keep: Option<Keep>,
    /// Whether a job stops at a step that fails: who does not attend the run cannot have it from before.
    pub pause_on_failure: bool,
    /// Nothing is fetched from elsewhere.
    pub offline: bool,
    /// Only what is in the lock file is used.
    pub frozen: bool,
    /// Folders that stand for actions and workflows of other repositories, which win over those of before.
    pub action_overrides: Vec<(String, PathBuf)>,
}

impl ChosenAnew {
    /// The options of the attempt.
    #[must_use]
    pub fn over(self, before: &RunOptions) -> RunOptions {
        let mut options = before.clone();
        options.images.extend(self.images);
        options.pull = self.pull.unwrap_or(before.pull);
        options.parallel = self.parallel.unwrap_or(before.parallel);
        options.workspace_mode = self.workspace_mode.unwrap_or(before.workspace_mode);
        options.keep = self.keep.unwrap_or(before.keep);
        options.pause_on_failure = self.pause_on_failure;
        options.offline |= self.offline;
        options.frozen |= self.frozen;
        let anew = self.action_overrides.into_iter();
        let anew = anew.map(|(name, directory)| (name, directory.display().to_string()));
        options.action_overrides = anew
            .chain(std::mem::take(&mut options.action_overrides))
            .collect();
        options
    }
}

/// The workflow's file as it is now, with the files of the same repository that it calls. Waits for the disk.
///
/// # Errors
/// When it cannot be read; what is wrong in it is in the answer.
pub fn read_again(run: &Run, workspace: &Path) -> Result<(WorkflowFile, Prepared), ProjectError> {
    let file = project::read(&workspace.join(&run.workflow.file))?;
    let jobs = run
        .source
        .as_ref()
        .map_or(&[][..], |source| source.options.jobs.as_slice());
    let prepared = prepare(&file, jobs);
    Ok((file, prepared))
}

/// The secrets for another attempt at a run: those that are given now, and of those that the run had, all that can be found.
/// None of them is kept, so the rest, whose names are in the answer, must be given again. Waits for files, and perhaps for a
/// person.
///
/// # Errors
/// When a file of values or the environment cannot be read; see [`ValuesError`].
pub fn secrets_again(run: &Run, sources: &ValueSources, asked: &mut dyn Asked) -> Result<Found, ValuesError> {
    let mut secrets = values::secrets(sources, asked)?;
    let had = run.source.as_ref().map_or(&[][..], |source| &source.secrets);
    let absent: Vec<&str> = had
        .iter()
        .map(String::as_str)
        .filter(|name| !secrets.contains_key(*name))
        .collect();
    let found = values::find_secrets(&absent, asked)?;
    secrets.extend(found.secrets);
    Ok(Found {
        secrets,
        absent: found.absent,
    })
}

/// What another attempt at a run is made of: the texts, the event and the values of before.
#[must_use]
pub fn relaunch(run: &Run, order: RerunOrder, workspace: PathBuf, options: RunOptions) -> Launch {
    let before = run.source.as_deref().cloned().unwrap_or_default();
    Launch {
        workflow: run.workflow.clone(),
        workspace,
        source: RunSource {
            secrets: Vec::new(),
            options,
            ..before
        },
        secrets: IndexMap::new(),
        actions: ActionOptions::new(crate::prepare::action_cache()),
        node: Vec::new(),
        rerun: Some(order),
        on_crash: OnCrash::CleanUp,
    }
}

/// What goes on with a run whose process has died: the texts, the event, the values and the options of before, with these of
/// its secrets.
#[must_use]
pub fn resumption(run: &Run, secrets: IndexMap<String, Secret>, actions: ActionOptions) -> Launch {
    let source = run.source.as_deref().cloned().unwrap_or_default();
    let launch = Launch {
        workflow: run.workflow.clone(),
        workspace: PathBuf::from(&run.workspace),
        source,
        secrets: IndexMap::new(),
        actions: ActionOptions::new(crate::prepare::action_cache()),
        node: Vec::new(),
        rerun: None,
        on_crash: run.on_crash,
    };
    // It had those and no others: one that was added since may be a word that its log has by chance.
    let had = launch.source.secrets.clone();
    let secrets = secrets
        .into_iter()
        .filter(|(name, _)| had.contains(name))
        .collect();
    launch.with_secrets(secrets).with_actions(actions)
}

impl Launch {
    /// Gives it these secrets, and no others.
    #[must_use]
    pub fn with_secrets(mut self, secrets: IndexMap<String, Secret>) -> Self {
        self.source.secrets = secrets.keys().cloned().collect();
        self.secrets = secrets;
        self
    }

    /// Takes actions from where its options say, and else from where `actions` says.
    #[must_use]
    pub fn with_actions(mut self, mut actions: ActionOptions) -> Self {
        let options = &self.source.options;
        let overrides = options.action_overrides.iter();
        actions.overrides = overrides
            .map(|(name, directory)| (name.clone(), PathBuf::from(directory)))
            .collect();
        actions.offline = options.offline;
        actions.frozen = options.frozen;
        actions.lock = Some(self.workspace.join(LOCK_FILE));
        self.actions = actions;
        self
    }

    /// Makes it from a file that was read again. Nothing changes when the file has mistakes.
    #[must_use]
    pub fn with_file(mut self, file: &WorkflowFile, prepared: &Prepared) -> Self {
        let Some(workflow) = &prepared.workflow else {
            return self;
        };
        let name = workflow_ref(workflow, file, &self.workspace);
        self.source.files.clone_from(&prepared.files);
        if let Some(own) = self.source.files.first_mut() {
            own.name.clone_from(&name.file);
        }
        self.workflow = name;
        self
    }
}

#[cfg(test)]
mod tests {
    use loom_protocol::Timestamp;

    use super::*;
    use crate::event::{Event, OnCrash, Recorded, Seq, WorkflowRef};
    use crate::executor::Owner;
    use crate::id::RunId;

    /// Has one variable, and nobody to type.
    struct Environment;

    impl Asked for Environment {
        fn variable(&self, name: &str) -> Option<std::ffi::OsString> {
            (name == "THERE").then(|| "found".into())
        }

        fn typed(&mut self, _: &str) -> std::io::Result<Option<String>> {
            Ok(None)
        }
    }

    fn run_with(secrets: Vec<String>) -> Run {
        let created = Event::RunCreated {
            workflow: WorkflowRef {
                name: "w".into(),
                file: "w.yml".into(),
            },
            event: "push".into(),
            executor: "host".into(),
            on_crash: OnCrash::CleanUp,
            owner: Owner {
                instance: "i".into(),
                boot: "b".into(),
                pid: 1,
                started: 1,
            },
            workspace: "/w".into(),
            jobs: Vec::new(),
            concurrency: None,
            source: Some(Box::new(RunSource {
                secrets,
                ..RunSource::default()
            })),
            number: None,
            rerun: None,
        };
        let created = Recorded {
            run: RunId("r".into()),
            seq: Seq(1),
            time: Timestamp::from_millis(0),
            event: created,
        };
        Run::create(&created).unwrap()
    }

    #[test]
    fn secrets_of_before_are_given_found_or_named() {
        let project = tempfile::tempdir().unwrap();
        std::fs::write(project.path().join(".secrets"), "GIVEN=1\nNEW=2\n").unwrap();
        let sources = ValueSources {
            project: project.path().to_owned(),
            ..ValueSources::default()
        };
        let names = ["GIVEN", "THERE", "GONE"].map(String::from);
        let found = secrets_again(&run_with(names.to_vec()), &sources, &mut Environment).unwrap();
        let mut there: Vec<&str> = found.secrets.keys().map(String::as_str).collect();
        there.sort_unstable();
        assert_eq!(there, ["GIVEN", "NEW", "THERE"]);
        assert_eq!(found.absent, ["GONE"]);
    }

    #[test]
    fn what_is_not_chosen_anew_is_as_it_was() {
        let before = RunOptions {
            on_host: true,
            images: vec![("l".into(), "old".into())],
            parallel: 3,
            workspace_mode: WorkspaceMode::Overlay,
            pause_on_failure: true,
            frozen: true,
            keep: Keep::Failed,
            action_overrides: vec![("o/r".into(), "/old".into())],
            jobs: vec!["a".into()],
            ..RunOptions::default()
        };
        let same = ChosenAnew::default().over(&before);
        let attended = RunOptions {
            pause_on_failure: false,
            ..before.clone()
        };
        assert_eq!(same, attended);
        let anew = ChosenAnew {
            images: vec![("l".into(), "new".into())],
            parallel: Some(1),
            keep: Some(Keep::Never),
            action_overrides: vec![("o/r".into(), "/new".into())],
            ..ChosenAnew::default()
        };
        let anew = anew.over(&before);
        // Of images the last one counts, of folders the first.
        assert_eq!(anew.images.last().map(|(_, image)| image.as_str()), Some("new"));
        assert_eq!(
            anew.action_overrides.first().map(|(_, folder)| folder.as_str()),
            Some("/new")
        );
        assert_eq!((anew.parallel, anew.on_host, anew.keep), (1, true, Keep::Never));
    }
}
