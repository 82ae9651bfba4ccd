//! What a job's steps stand on: its folders, the actions that it may use, what hides its secrets.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use loom_workflow::expression::Value;
use loom_workflow::model::action::ActionKind;
use loom_workflow::model::{ActionReference, Repository};

use indexmap::IndexMap;
use tokio::sync::OnceCell;
use tokio_util::task::TaskTracker;

use super::machine::Trouble;
use super::names::ActionNames;
use super::opening::{broke_off, trouble};
use super::room_files::{HashedFiles, RoomFiles};
use crate::actions::{
    self, ActionDefinition, ActionError, ActionStore, CheckoutInputs, CheckoutRequest, Served,
};
use crate::executor::{ExecutorError, Notes, PlaceFacts, Wanted};
use crate::output::Masks;
use crate::plan::JobPlan;

/// What a job's steps stand on.
pub(super) struct Grounds {
    pub(super) plan: Arc<JobPlan>,
    pub(super) facts: PlaceFacts,
    /// The workspace on this machine.
    pub(super) workspace: PathBuf,
    /// The project directory, whose copy the workspace may be.
    pub(super) project: PathBuf,
    /// The job's own directory.
    pub(super) directory: PathBuf,
    pub(super) store: Arc<ActionStore>,
    pub(super) masks: Masks,
    /// The files of the job's room.
    pub(super) files: Arc<RoomFiles>,
    /// Programs that are Node.js, by preference.
    pub(super) node: Vec<String>,
    /// What `github.action` calls the steps.
    pub(super) names: ActionNames,
    /// Which steps of a composite action of another repository do something before the job, by reference.
    early: Mutex<BTreeMap<String, Vec<usize>>>,
    /// Actions of other repositories that the job has its copy of, by reference.
    copies: Mutex<BTreeMap<String, Place>>,
    /// Which copies are where steps see them, by their folder's name: who comes while another makes one waits for that.
    arrivals: Mutex<BTreeMap<String, Arc<OnceCell<()>>>>,
    /// Images that are built once, by their Dockerfile.
    images: Mutex<BTreeMap<PathBuf, Arc<OnceCell<String>>>>,
    /// Copies that are being made.
    copying: TaskTracker,
}

/// An action that is at hand.
#[derive(Clone)]
pub(super) struct Place {
    pub(super) definition: Arc<ActionDefinition>,
    /// Its folder as steps see it.
    pub(super) path: String,
    /// Its folder on this machine.
    pub(super) directory: PathBuf,
    pub(super) repository: Option<Repository>,
}

impl Grounds {
    pub(super) fn new(
        plan: Arc<JobPlan>,
        facts: PlaceFacts,
        (project, workspace, directory): (PathBuf, PathBuf, PathBuf),
        store: Arc<ActionStore>,
        masks: Masks,
        files: Arc<RoomFiles>,
        node: Vec<String>,
    ) -> Self {
        Self {
            names: names(&plan),
            early: Mutex::default(),
            plan,
            facts,
            workspace,
            project,
            directory,
            store,
            masks,
            files,
            node,
            copies: Mutex::default(),
            arrivals: Mutex::default(),
            images: Mutex::default(),
            copying: TaskTracker::new(),
        }
    }

    /// Waits until nothing is written into the job's directory any more on behalf of steps that nobody waits for.
    pub(super) async fn at_rest(&self) {
        self.copying.close();
        self.copying.wait().await;
    }

    /// Where the image of a Dockerfile is kept once it is built; who comes while another builds it waits for that.
    pub(super) fn image_of(&self, dockerfile: &Path) -> Arc<OnceCell<String>> {
        let mut images = self.images.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(images.entry(dockerfile.to_owned()).or_default())
    }

    /// The same for a job that was judged anew since its place was made.
    pub(super) fn with_plan(&self, plan: Arc<JobPlan>) -> Self {
        let copies = self.copies.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let arrivals = self.arrivals.lock().unwrap_or_else(PoisonError::into_inner);
        let arrivals = arrivals.clone();
        let early = self.early.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let images = self.images.lock().unwrap_or_else(PoisonError::into_inner);
        let images = images.clone();
        Self {
            names: names(&plan),
            early: Mutex::new(early),
            plan,
            facts: self.facts.clone(),
            workspace: self.workspace.clone(),
            project: self.project.clone(),
            directory: self.directory.clone(),
            store: Arc::clone(&self.store),
            masks: self.masks.clone(),
            files: Arc::clone(&self.files),
            node: self.node.clone(),
            copies: Mutex::new(copies),
            arrivals: Mutex::new(arrivals),
            images: Mutex::new(images),
            copying: self.copying.clone(),
        }
    }

    /// Which steps of a composite action do something before the job.
    pub(super) fn early_steps(&self, repository: Option<&Repository>) -> Vec<usize> {
        let early = self.early.lock().unwrap_or_else(PoisonError::into_inner);
        let known = repository.and_then(|repository| early.get(&repository.to_string()));
        known.cloned().unwrap_or_default()
    }

    /// Remembers which steps of a composite action do something before the job.
    pub(super) fn keep_early_steps(&self, repository: &Repository, steps: Vec<usize>) {
        let mut early = self.early.lock().unwrap_or_else(PoisonError::into_inner);
        early.insert(repository.to_string(), steps);
    }

    /// Gets an action: reads one of the workspace, fetches one of another repository and gives the job its copy.
    pub(super) async fn action(&self, target: &ActionReference, notes: &dyn Notes) -> Result<Place, Trouble> {
        match target {
            ActionReference::Local(path) if self.files.apart().workspace => {
                let path = path.replace('\\', "/");
                let path = path.trim_start_matches("./").trim_end_matches('/');
                self.local_apart(path, &self.facts.workspace).await
            }
            ActionReference::Local(path) => {
                self.local(&path.replace('\\', "/"), &self.workspace, &self.facts.workspace)
                    .await
            }
            ActionReference::Own(path) => match &self.plan.scope.repository {
                None => self.local(path, &self.project, &self.facts.workspace).await,
                Some(repository) => {
                    let repository = Repository {
                        path: Arc::clone(path),
                        ..repository.clone()
                    };
                    self.remote(&repository, notes).await
                }
            },
            ActionReference::Repository(repository) => self.remote(repository, notes).await,
            ActionReference::Docker(image) => Err(Trouble::workflow(
                "action",
                format!("`docker://{image}` is an image"),
            )),
        }
    }

    async fn local(&self, path: &str, root: &Path, seen: &str) -> Result<Place, Trouble> {
        let path = path.trim_start_matches("./").trim_end_matches('/');
        let directory = root.join(path);
        let name = if path.is_empty() { "." } else { path };
        let definition = actions::read(&directory, name)
            .await
            .map_err(|error| not_had(&error))?;
        Ok(Place {
            definition: Arc::new(definition),
            path: if path.is_empty() {
                seen.to_owned()
            } else {
                format!("{seen}/{path}")
            },
            directory,
            repository: None,
        })
    }

    /// An action of a workspace that this machine does not see: what says what it is comes here, and all of it where its
    /// image is to be built.
    async fn local_apart(&self, path: &str, seen: &str) -> Result<Place, Trouble> {
        let seen = if path.is_empty() {
            seen.to_owned()
        } else {
            format!("{seen}/{path}")
        };
        let directory = self.files.fresh().map_err(|error| no_room(path, &error))?;
        std::fs::create_dir(&directory).map_err(|error| no_room(path, &error))?;
        for file in ["action.yml", "action.yaml", "Dockerfile", "dockerfile"] {
            self.files
                .bring(&format!("{seen}/{file}"), &directory.join(file), Wanted::Small)
                .await
                .map_err(|error| unread(path, &error))?;
        }
        let name = if path.is_empty() { "." } else { path };
        let definition = actions::read(&directory, name)
            .await
            .map_err(|error| not_had(&error))?;
        let is_built = match &definition.action.kind {
            ActionKind::Docker { image, .. } => !image.value.starts_with("docker://"),
            _ => false,
        };
        let directory = if is_built {
            let whole = self.files.fresh().map_err(|error| no_room(path, &error))?;
            let there = self
                .files
                .bring(&seen, &whole, Wanted::Whole)
                .await
                .map_err(|error| unread(path, &error))?;
            if !there {
                let gone = format!("`{path}`: it was removed while its image was to be built");
                return Err(Trouble::workflow("action", gone));
            }
            whole
        } else {
            directory
        };
        Ok(Place {
            definition: Arc::new(definition),
            path: seen,
            directory,
            repository: None,
        })
    }

    async fn remote(&self, repository: &Repository, notes: &dyn Notes) -> Result<Place, Trouble> {
        let key = repository.to_string();
        let known = self
            .copies
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&key)
            .cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let fetched = self
            .store
            .fetch(repository, notes)
            .await
            .map_err(|error| not_had(&error))?;
        let definition = actions::read_fetched(&fetched)
            .await
            .map_err(|error| not_had(&error))?;
        let name = actions::directory_name(repository);
        let copy = self.directory.join("actions").join(&name);
        let arrival = {
            let mut arrivals = self.arrivals.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(arrivals.entry(name.clone()).or_default())
        };
        arrival
            .get_or_try_init(|| self.hand_out(&fetched.directory, &copy, &name))
            .await?;
        let below = |root: String| {
            if fetched.path.is_empty() {
                root
            } else {
                format!("{root}/{}", fetched.path)
            }
        };
        let place = Place {
            definition: Arc::new(definition),
            path: below(format!("{}/{name}", self.facts.actions)),
            directory: copy.join(&fetched.path),
            repository: Some(repository.clone()),
        };
        self.copies
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(key, place.clone());
        Ok(place)
    }

    /// Makes the job's copy of an action, and puts it where steps see it. What did not get there whole is done anew.
    async fn hand_out(&self, fetched: &Path, copy: &Path, name: &str) -> Result<(), Trouble> {
        if !copy.exists() {
            if self.copying.is_closed() {
                return Err(Trouble::machine(
                    "cancelled",
                    "the job ended before its action was copied",
                ));
            }
            let (from, to) = (fetched.to_owned(), copy.to_owned());
            // A task of its own: nobody may wait for it any more while it writes.
            let copying = self
                .copying
                .spawn(async move { actions::copy_into(&from, &to).await });
            copying
                .await
                .map_err(|broken| broke_off(&broken))?
                .map_err(|error| not_had(&error))?;
        }
        if self.files.apart().directory {
            let seen = format!("{}/{name}", self.facts.actions);
            if let Err(error) = self.files.send(copy, &seen, false).await {
                let _ = std::fs::remove_dir_all(copy);
                return Err(unread(name, &error));
            }
        }
        Ok(())
    }
}

impl Grounds {
    /// Whether Loom serves a step that uses this action itself: `actions/checkout`, whatever it checks out.
    pub(super) fn is_served(&self, repository: &Repository) -> bool {
        self.is_checkout(repository) || self.unsupported(repository).is_some()
    }

    /// Why an action cannot do its work here; what somebody put in its place can.
    pub(super) fn unsupported(&self, repository: &Repository) -> Option<&'static actions::Unsupported> {
        actions::Unsupported::find(repository).filter(|_| !self.store.overrides(repository))
    }

    /// Whether Loom itself checks out what this step wants: the repository at hand.
    pub(super) fn serves(&self, repository: &Repository, inputs: &IndexMap<String, String>) -> bool {
        let at_hand = &self.plan.scope.run.facts.repository;
        let here = || actions::checkout_served(&CheckoutInputs::from(inputs), at_hand) == Served::Here;
        self.is_checkout(repository) && here()
    }

    /// What there is to know of a step that uses this action, which Loom does not serve itself.
    pub(super) fn hint(
        &self,
        repository: &Repository,
        inputs: &IndexMap<String, String>,
    ) -> Option<&'static str> {
        let token = self.plan.scope.github.get("token").map(Value::to_text);
        let hint = || actions::checkout_token_hint(inputs, token.as_deref().unwrap_or_default());
        self.is_checkout(repository).then(hint).flatten()
    }

    /// Whether it is GitHub's own checkout, and nothing stands for it.
    fn is_checkout(&self, repository: &Repository) -> bool {
        let is = |text: &str, wanted: &str| text.eq_ignore_ascii_case(wanted);
        is(&repository.owner, "actions")
            && is(&repository.name, "checkout")
            && repository.path.is_empty()
            && !self.store.overrides(repository)
    }

    /// Checks out the repository at hand.
    pub(super) async fn checkout(
        &self,
        inputs: &IndexMap<String, String>,
        notes: &dyn Notes,
    ) -> Result<IndexMap<String, String>, Trouble> {
        let inputs = CheckoutInputs::from(inputs);
        let clean = inputs.clean;
        let is_apart = self.files.apart().workspace;
        let workspace = if is_apart {
            let fresh = self.files.fresh().map_err(|error| no_room("checkout", &error))?;
            std::fs::create_dir(&fresh).map_err(|error| no_room("checkout", &error))?;
            fresh
        } else {
            self.workspace.clone()
        };
        let seen_as = PathBuf::from(&self.facts.workspace);
        let below = inputs.place(&[&seen_as, &workspace]).unwrap_or_default();
        let request = CheckoutRequest {
            workspace: workspace.clone(),
            seen_as,
            source: self.project.clone(),
            inputs,
            in_place: !is_apart && self.workspace == self.project,
            github_ref: Some(self.plan.scope.run.facts.reference.clone()),
        };
        let outcome = actions::checkout(request, notes)
            .await
            .map_err(|error| not_had(&error))?;
        if is_apart {
            self.put_checkout(&workspace, &below, clean)
                .await
                .map_err(|error| unread("checkout", &error))?;
        }
        Ok(outcome.outputs)
    }

    /// Puts what was checked out on this machine where steps see it; nothing, where the workspace was it already.
    async fn put_checkout(&self, made: &Path, below: &Path, clean: bool) -> Result<(), ExecutorError> {
        let from = made.join(below);
        let is_there = std::fs::read_dir(&from).is_ok_and(|mut entries| entries.next().is_some());
        if is_there {
            let mut seen = self.facts.workspace.clone();
            if !below.as_os_str().is_empty() {
                seen = format!("{seen}/{}", below.display());
            }
            if !clean {
                // A repository is replaced whole, whatever else stays.
                self.files.clear(&format!("{seen}/.git")).await?;
            }
            self.files.send(&from, &seen, clean).await?;
        }
        let _ = std::fs::remove_dir_all(made);
        Ok(())
    }

    /// Puts a file or folder that is below RUNNER_TEMP where steps see it.
    pub(super) async fn put(&self, file: &str) -> Result<(), Trouble> {
        if !self.files.apart().directory {
            return Ok(());
        }
        let (from, seen) = (
            self.directory.join("temp").join(file),
            format!("{}/{file}", self.facts.temp),
        );
        let sent = self.files.send(&from, &seen, false).await;
        sent.map_err(|error| super::opening::trouble(&error))
    }

    /// The files of the workspace, for expressions.
    pub(super) fn hashed_files(&self) -> HashedFiles {
        HashedFiles::new(Arc::clone(&self.files))
    }
}

fn names(plan: &JobPlan) -> ActionNames {
    ActionNames::of(plan.job().map(|job| job.steps.as_slice()).unwrap_or_default())
}

/// Why files that are not on this machine did not come or go, and whose doing that is.
fn unread(what: &str, error: &ExecutorError) -> Trouble {
    let mut trouble = trouble(error);
    if trouble.by_workflow {
        "action".clone_into(&mut trouble.reason.code);
    }
    trouble.reason.message = format!("`{what}`: {}", trouble.reason.message);
    trouble
}

/// This machine has no place for files that were to come.
fn no_room(what: &str, error: &std::io::Error) -> Trouble {
    Trouble::machine(
        "setup",
        format!("`{what}`: a folder for its files cannot be made: {error}"),
    )
}

/// Why an action cannot be had, and whose doing that is.
fn not_had(error: &ActionError) -> Trouble {
    match error.fault() {
        actions::Fault::Workflow => Trouble::workflow("action", error.with_help()),
        actions::Fault::Machine => Trouble::machine("setup", error.with_help()),
    }
}
