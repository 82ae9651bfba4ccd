//! The actor that watches the workflow files and reloads them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use actix::prelude::*;
use loom_bridge::Context;
use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::runtime::Handle;

use super::catalog::Catalog;
use super::starter::{RunWishes, Starter};

/// Editors write a file in several steps: wait until they are done.
const SETTLE: Duration = Duration::from_millis(150);
/// A look at the files even when the system told nothing: some file systems never do.
const SWEEP: Duration = Duration::from_secs(5);

/// Watches the workflow files.
pub(super) struct Watcher {
    catalog: Arc<Catalog>,
    /// Begins what changed, when that is wanted.
    starter: Option<Arc<Starter>>,
    io: Handle,
    system: Option<RecommendedWatcher>,
    watched: Vec<PathBuf>,
    /// The files as they were at the last look; absent before the first.
    stamps: Option<Stamps>,
    looking: bool,
    settling: bool,
}

/// Each workflow file with its size and time of change.
type Stamps = BTreeMap<PathBuf, (u64, Option<SystemTime>)>;

impl Watcher {
    pub(super) fn new(catalog: Arc<Catalog>, starter: Option<Arc<Starter>>, io: Handle) -> Self {
        Self {
            catalog,
            starter,
            io,
            system: None,
            watched: Vec::new(),
            stamps: None,
            looking: false,
            settling: false,
        }
    }

    /// Listens to the directories that there are; those that appear later are found by the next sweep.
    fn listen(&mut self, ctx: &mut Context<Self>) {
        if self.system.is_none() {
            let me = ctx.address();
            let made = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
                // A full mailbox has a look coming already.
                if event.is_ok_and(|event| !event.kind.is_access()) {
                    drop(me.try_send(FilesTouched));
                }
            });
            match made {
                Ok(system) => self.system = Some(system),
                Err(error) => {
                    tracing::warn!(%error, "the system does not tell of changed files; they are looked at every 5 s")
                }
            }
        }
        let Some(system) = &mut self.system else { return };
        for directory in self.catalog.directories() {
            if !self.watched.contains(&directory)
                && system.watch(&directory, RecursiveMode::NonRecursive).is_ok()
            {
                self.watched.push(directory);
            }
        }
    }

    fn look(&mut self, ctx: &mut Context<Self>) {
        crate::fault::in_actor("workflow-watcher");
        if std::mem::replace(&mut self.looking, true) {
            return; // the next sweep sees what this look misses
        }
        self.listen(ctx);
        let catalog = Arc::clone(&self.catalog);
        let before = self.stamps.clone();
        let looked = self.io.spawn_blocking(move || {
            let stamps = stamps(&catalog);
            let changed: Vec<PathBuf> = stamps
                .iter()
                .filter(|(path, stamp)| before.as_ref().and_then(|before| before.get(*path)) != Some(stamp))
                .map(|(path, _)| path.clone())
                .collect();
            if before.as_ref() == Some(&stamps) {
                return (stamps, None);
            }
            catalog.reload();
            (stamps, Some(changed))
        });
        ctx.spawn(looked.into_actor(self).map(|looked, act, ctx| {
            act.looking = false;
            let Ok((stamps, changed)) = looked else { return };
            let first = act.stamps.replace(stamps).is_none();
            if let (Some(changed), false) = (changed, first) {
                tracing::info!(files = changed.len(), "workflows reloaded");
                act.start_changed(changed, ctx);
            }
        }));
    }

    fn start_changed(&self, changed: Vec<PathBuf>, ctx: &mut Context<Self>) {
        let Some(starter) = self.starter.clone() else {
            return;
        };
        let workspace = self.catalog.workspace();
        let files: Vec<String> = changed
            .iter()
            .map(|path| crate::prepare::file_in(path, workspace))
            .collect();
        let entries = self
            .catalog
            .all()
            .into_iter()
            .filter(|entry| files.contains(&entry.file));
        for entry in entries.filter(|entry| entry.can_start() && !entry.is_only_called()) {
            let starter = Arc::clone(&starter);
            let started = async move {
                starter
                    .start(&entry, RunWishes::default())
                    .await
                    .map_err(|error| (entry, error))
            };
            ctx.spawn(started.into_actor(self).map(|started, _, _| match started {
                Ok(run) => tracing::info!(%run, "a changed workflow was started"),
                Err((entry, error)) => {
                    tracing::error!(workflow = %entry.name, %error, "a changed workflow was not started")
                }
            }));
        }
    }
}

impl Actor for Watcher {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        self.look(ctx);
        ctx.run_interval(SWEEP, |act, ctx| act.look(ctx));
    }
}

/// Watch no more, and begin nothing.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Halt;

impl Handler<Halt> for Watcher {
    type Result = ();

    fn handle(&mut self, _: Halt, ctx: &mut Context<Self>) {
        ctx.stop();
    }
}

/// Something happened in a directory of workflows.
#[derive(Message)]
#[rtype(result = "()")]
struct FilesTouched;

impl Handler<FilesTouched> for Watcher {
    type Result = ();

    fn handle(&mut self, _: FilesTouched, ctx: &mut Context<Self>) {
        if !std::mem::replace(&mut self.settling, true) {
            ctx.run_later(SETTLE, |act, ctx| {
                act.settling = false;
                act.look(ctx);
            });
        }
    }
}

fn stamps(catalog: &Catalog) -> Stamps {
    let stamp = |path: PathBuf| {
        let metadata = std::fs::metadata(&path).ok()?;
        Some((path, (metadata.len(), metadata.modified().ok())))
    };
    catalog.files().into_iter().filter_map(stamp).collect()
}
