//! The workspaces that are open.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

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
    main: Open,
    others: RwLock<BTreeMap<WorkspaceName, Open>>,
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
    /// The server's only one.
    pub(crate) fn new(plan: Plan, main: Workspace) -> Self {
        Self {
            shared: Arc::new(Shared {
                plan,
                main: Open::new(main),
                others: RwLock::default(),
            }),
        }
    }

    /// The one that is always there.
    pub(crate) fn main(&self) -> &Arc<Workspace> {
        &self.shared.main.workspace
    }

    /// Who may talk to this server.
    pub(crate) fn guard(&self) -> &Arc<Guard> {
        &self.shared.plan.guard
    }

    /// All of them, `main` first.
    pub(crate) fn all(&self) -> Vec<Arc<Workspace>> {
        let others = self.shared.others.read().unwrap_or_else(PoisonError::into_inner);
        let others = others.values().map(|open| open.workspace.clone());
        std::iter::once(self.main().clone()).chain(others).collect()
    }

    /// Has all of them do what they do by themselves, as the server of this name. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// When the system gives no thread to a recorder.
    pub(crate) fn start(&self, server: &str) -> io::Result<()> {
        self.shared.main.start(server)
    }

    /// Ends what they do by themselves, once the server takes no requests any more.
    pub(crate) async fn stop(&self) {
        self.shared.main.stop().await;
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
        let replicating = replica.map(|replica| replica.start(server.to_owned()));
        workspace.recordings.start(&workspace.intake)?;
        *self.running() = Some(Running {
            feed: Feed::of_workspace(workspace),
            replicating,
        });
        Ok(())
    }

    async fn stop(&self) {
        if let Some(flight) = self.workspace.recordings.flight() {
            flight.stop();
        }
        let running = self.running().take();
        let replicating = running.and_then(|running| {
            drop(running.feed);
            running.replicating
        });
        let intake = self.workspace.intake.clone();
        // Waits for the disk. That it panics would be a fault of ours, and there is nothing left that it could harm.
        let _panic = tokio::task::spawn_blocking(move || intake.history().close()).await;
        drop(replicating);
    }

    fn running(&self) -> MutexGuard<'_, Option<Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
