//! The workspaces that are open.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use loom_bridge::ActorRegistry;

use super::{Plan, Workspace, WorkspaceName};
use crate::http::Guard;
use crate::live::Feed;
use crate::replication::Replicating;

/// All workspaces of a server. Cheap to clone; all clones are the same.
#[derive(Clone)]
pub(crate) struct Workspaces {
    shared: Arc<Shared>,
}

struct Shared {
    plan: Plan,
    main: Arc<Open>,
    others: RwLock<BTreeMap<WorkspaceName, Arc<Open>>>,
    /// What this server is called, once it runs.
    server: OnceLock<String>,
}

/// One that is open.
struct Open {
    workspace: Arc<Workspace>,
    /// What it does by itself, once it does.
    running: Mutex<Option<Running>>,
}

/// Dropping it ends it.
struct Running {
    feed: Feed,
    replicating: Option<Replicating>,
}

impl Workspaces {
    /// `main`, and those that tokens name. Their histories are opened, which waits for the disk.
    pub(crate) fn new(plan: Plan, main: Workspace) -> Self {
        let others = plan.guard.access().others();
        let workspaces = Self {
            shared: Arc::new(Shared {
                plan,
                main: Arc::new(Open::new(main)),
                others: RwLock::default(),
                server: OnceLock::new(),
            }),
        };
        workspaces.open(&others);
        workspaces
    }

    /// The one that is always there.
    pub(crate) fn main(&self) -> &Arc<Workspace> {
        &self.shared.main.workspace
    }

    /// Who may talk to this server.
    pub(crate) fn guard(&self) -> &Arc<Guard> {
        &self.shared.plan.guard
    }

    /// One of them.
    pub(crate) fn get(&self, name: &WorkspaceName) -> Option<Arc<Workspace>> {
        if name.is_main() {
            return Some(self.main().clone());
        }
        self.others().get(name).map(|open| open.workspace.clone())
    }

    /// All of them, `main` first.
    pub(crate) fn all(&self) -> Vec<Arc<Workspace>> {
        let open = self.list().into_iter();
        open.map(|open| open.workspace.clone()).collect()
    }

    /// Goes by the tokens that are in the file now: opens workspaces that are named for the first time, before any token of theirs
    /// counts, and closes those that no token names any more. Their files stay. Waits for the disk.
    pub(crate) fn reload(&self) {
        self.guard().reload_tokens(|named| self.open(named));
        self.close_beside(&self.guard().access().others());
    }

    /// Has all of them do what they do by themselves, as the server of this name. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// When the system gives no thread to a recorder.
    pub(crate) fn start(&self, server: &str) -> io::Result<()> {
        let server = self.shared.server.get_or_init(|| server.to_owned());
        for open in self.list() {
            open.start(server)?;
        }
        Ok(())
    }

    /// Ends what they do by themselves, once the server takes no requests any more.
    pub(crate) async fn stop(&self) {
        for open in self.list() {
            // Waits for the disk. That it panics would be a fault of ours, and there is nothing left that it could harm.
            let _panic = tokio::task::spawn_blocking(move || open.end()).await;
        }
    }

    fn open(&self, named: &BTreeSet<WorkspaceName>) {
        for name in named {
            if self.get(name).is_some() {
                continue;
            }
            // Its own actors are registered where nobody of another workspace sees them; and what is plugged in is of `main`.
            let plan = &self.shared.plan;
            let made = plan.make(name, plan.source(name), ActorRegistry::new(), Vec::new());
            let open = match made {
                Ok(made) => Arc::new(Open::new(made)),
                Err(error) => {
                    tracing::error!(workspace = %name, %error, "a workspace could not be opened");
                    continue;
                }
            };
            if let Some(server) = self.shared.server.get()
                && let Err(error) = open.start(server)
            {
                tracing::error!(workspace = %name, %error, "the system gives no thread to a workspace's recorder; it records nothing");
            }
            tracing::info!(workspace = %name, "a workspace was opened");
            self.others_mut().insert(name.clone(), open);
        }
    }

    fn close_beside(&self, named: &BTreeSet<WorkspaceName>) {
        let gone: Vec<_> = {
            let others = self.others();
            let gone = others.keys().filter(|name| !named.contains(*name));
            gone.cloned().collect()
        };
        for name in gone {
            let open = self.others_mut().remove(&name);
            if let Some(open) = open {
                open.workspace.stopping();
                open.end();
                tracing::info!(workspace = %name, "no token names this workspace any more; it was closed, and its files stay");
            }
        }
    }

    /// All of them, `main` first.
    fn list(&self) -> Vec<Arc<Open>> {
        let others = self.others();
        std::iter::once(&self.shared.main)
            .chain(others.values())
            .cloned()
            .collect()
    }

    fn others(&self) -> RwLockReadGuard<'_, BTreeMap<WorkspaceName, Arc<Open>>> {
        self.shared.others.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn others_mut(&self) -> RwLockWriteGuard<'_, BTreeMap<WorkspaceName, Arc<Open>>> {
        self.shared.others.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    fn new(workspace: Workspace) -> Self {
        Self {
            workspace: Arc::new(workspace),
            running: Mutex::default(),
        }
    }

    fn start(&self, server: &str) -> io::Result<()> {
        let workspace = &self.workspace;
        let replica = workspace.door.replica();
        let replicating = replica.map(|replica| replica.start(server.to_owned(), &workspace.recordings));
        *self.running() = Some(Running {
            feed: Feed::of_workspace(workspace),
            replicating,
        });
        workspace.recordings.start(&workspace.intake)
    }

    /// Waits for the disk.
    fn end(&self) {
        if let Some(flight) = self.workspace.recordings.flight() {
            flight.stop();
        }
        let replicating = self.running().take().and_then(|running| {
            drop(running.feed);
            running.replicating
        });
        self.workspace.intake.history().close();
        drop(replicating);
    }

    fn running(&self) -> MutexGuard<'_, Option<Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
