//! `serve`: the studio with the runtime plugged in. The only place that knows both.
//!
//! [`Catalog`] knows the workflows of the project, a watcher actor keeps it true, [`Starter`] begins runs, a feed actor
//! folds what any process writes to the history and publishes it; `api` answers over HTTP, `phoenix` over Phoenix
//! channels.

mod api;
mod catalog;
mod check;
mod delta;
mod described;
mod extension;
mod feed;
mod janitor;
mod losses;
mod outcomes;
mod phoenix;
mod runtime;
mod schedules;
mod starter;
mod views;
mod watcher;
mod whereabouts;

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, Addr};
use loom_bridge::{
    ActorRegistry, ActorSpec, Context, CurrentChild, Keeper, RestartPolicy, get_discovery_bridge, spawn,
};
use loom_studio::{DirectoryOptions, RecorderOptions, RunningStudio, StartError, Studio, StudioOptions};
use thiserror::Error;

pub use loom_studio::{TlsFiles, Token, log_filter};
pub use starter::{StartDefaults, default_runs};
pub(crate) use whereabouts::Whereabouts;

use self::catalog::Catalog;
use self::feed::Feed;
use self::janitor::Janitor;
use self::losses::Losses;
use self::runtime::Runtime;
use self::schedules::Schedules;
use self::starter::Starter;
use self::watcher::{Halt, Watcher};
use crate::engine::Engine;

/// How a project is served.
#[derive(Clone)]
pub struct ServeOptions {
    /// The project directory.
    pub workspace: PathBuf,
    /// The workflow file or a directory of them, beside those of `.github/workflows`; `.loom.yml` when not named.
    pub workflows: Option<PathBuf>,
    /// How the studio listens.
    pub listen: Listen,
    /// How runs are begun.
    pub defaults: StartDefaults,
    /// Whether a change of a workflow's file starts it.
    pub start_on_change: bool,
    /// Whether workflows start at the times of their `on.schedule`.
    pub schedules: bool,
}

/// How the studio listens; what is absent has the studio's default.
#[derive(Clone, Default)]
pub struct Listen {
    /// The address.
    pub bind: Option<IpAddr>,
    /// The port.
    pub port: Option<u16>,
    /// Origins that may talk to the studio beside its own.
    pub origins: Vec<String>,
    /// What callers must show.
    pub token: Option<Token>,
    /// A file of named tokens with roles, of which one will do as well.
    pub tokens: Option<PathBuf>,
    /// What to show over TLS.
    pub tls: Option<TlsFiles>,
    /// How long actors that fell silent are shown.
    pub forget_after: Option<Duration>,
    /// Mebibytes of memory for the recording of what is reported; 0 records nothing.
    pub recorder_mb: Option<u16>,
}

impl Listen {
    /// `state` is where the studio keeps its history, `recordings` what of it was recorded.
    fn options(self, state: PathBuf, recordings: PathBuf) -> StudioOptions {
        let usual = StudioOptions::default();
        let recorder_bytes = self.recorder_mb.map(|mb| usize::from(mb) * 1024 * 1024);
        StudioOptions {
            bind: self.bind.unwrap_or(usual.bind),
            port: self.port.unwrap_or(usual.port),
            origins: self.origins,
            token: self.token,
            tokens: self.tokens,
            tls: self.tls,
            // So that a `run` beside it finds it without having to trust a certificate that names another machine.
            plain_on_loopback: true,
            state: Some(state),
            directory: DirectoryOptions {
                forget_after: self.forget_after.unwrap_or(usual.directory.forget_after),
                ..usual.directory
            },
            recorder: RecorderOptions {
                bytes: recorder_bytes.unwrap_or(usual.recorder.bytes),
                save_in: Some(recordings),
                ..usual.recorder
            },
            ..usual
        }
    }
}

/// Why a project is not served.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The studio cannot listen.
    #[error(transparent)]
    Studio(#[from] StartError),
    /// The history cannot be read.
    #[error(transparent)]
    Engine(#[from] crate::engine::EngineError),
    /// The bridge to the studio cannot be made.
    #[error("connect the discovery bridge: {0}")]
    Bridge(String),
}

impl ServeError {
    /// Whether the caller asked for what cannot be, rather than the machine being unable to.
    pub fn is_mistake(&self) -> bool {
        matches!(
            self,
            Self::Studio(
                StartError::TokenRequired { .. }
                    | StartError::Origin(_)
                    | StartError::Tokens(_)
                    | StartError::Certificate(_)
            )
        )
    }
}

/// A project that is being served.
pub struct Serving {
    studio: RunningStudio,
    engine: Engine,
    catalog: Arc<Catalog>,
    workers: Workers,
}

/// The actors that serve. Each has a keeper, which starts it again when it panics; a keeper ends with its last address.
struct Workers {
    _feed: Addr<Keeper<Feed>>,
    watcher: Addr<Keeper<Watcher>>,
    schedules: Option<Addr<Keeper<Schedules>>>,
    _janitor: Addr<Keeper<Janitor>>,
}

/// What begins runs beside those who ask for one.
#[derive(Clone, Copy)]
struct Begins {
    on_change: bool,
    by_the_clock: bool,
}

impl Workers {
    fn start(runtime: &Arc<Runtime>, studio: &RunningStudio, begins: Begins) -> Self {
        let lost = runtime.lost.clone();
        let losses = spawn(ActorSpec::of::<Losses>().id("losses").system(), move |_| {
            Losses(lost)
        });
        let (inside, hub) = (Arc::clone(runtime), studio.hub.clone());
        let feed = keeper("history-feed", &losses, move || {
            Feed::new(Arc::clone(&inside), hub.clone(), inside.phoenix())
        });
        let inside = Arc::clone(runtime);
        let watcher = keeper("workflow-watcher", &losses, move || {
            let starter = begins.on_change.then(|| Arc::clone(&inside.starter));
            Watcher::new(Arc::clone(&inside.catalog), starter, inside.engine.io().clone())
        });
        let inside = Arc::clone(runtime);
        let schedules = begins
            .by_the_clock
            .then(|| keeper("schedules", &losses, move || Schedules::new(&inside)));
        let (engine, starter) = (runtime.engine.clone(), Arc::clone(&runtime.starter));
        let janitor = keeper("janitor", &losses, move || {
            Janitor::new(engine.clone(), Arc::clone(&starter))
        });
        Self {
            _feed: feed,
            watcher,
            schedules,
            _janitor: janitor,
        }
    }
}

fn keeper<A: Actor<Context = Context<A>>>(
    id: &str,
    losses: &Addr<Losses>,
    make: impl Fn() -> A + Send + Sync + 'static,
) -> Addr<Keeper<A>> {
    let spec = ActorSpec::of::<A>().id(id).system();
    Keeper::new(spec, RestartPolicy::default(), move |_| make())
        .tell(losses.clone().recipient())
        .start()
}

/// Serves a project until [`Serving::stop`]. Must be called where an actix system runs.
///
/// # Errors
/// See [`ServeError`].
pub async fn serve(engine: Engine, options: ServeOptions) -> Result<Serving, ServeError> {
    let catalog = Arc::new(Catalog::new(options.workspace.clone(), options.workflows));
    let loading = Arc::clone(&catalog);
    // Reading files waits for the disk.
    drop(engine.io().spawn_blocking(move || loading.reload()).await);
    let starter = Arc::new(Starter::new(engine.clone(), options.workspace, options.defaults));
    let runtime = Arc::new(Runtime::new(
        engine.clone(),
        Arc::clone(&catalog),
        Arc::clone(&starter),
    ));
    let wants_token = options.listen.token.is_some() || options.listen.tokens.is_some();
    let studio = Studio::builder(options.listen.options(
        engine.directory().root().to_owned(),
        engine.directory().recordings(),
    ))
    .extension(runtime.clone())
    .start()
    .await?;
    let begins = Begins {
        on_change: options.start_on_change,
        by_the_clock: options.schedules,
    };
    let workers = Workers::start(&runtime, &studio, begins);
    let bridge = get_discovery_bridge();
    bridge.deliver_to_shared(studio.door.clone());
    bridge
        .connect(&ActorRegistry::process_wide())
        .map_err(|error| ServeError::Bridge(error.to_string()))?;
    let serving = Serving {
        studio,
        engine,
        catalog,
        workers,
    };
    serving.announce(wants_token).await;
    Ok(serving)
}

impl Serving {
    /// The studio's address for a browser.
    pub fn url(&self) -> String {
        self.studio.url()
    }

    /// Whether it listens on every address of the machine, and not only where [`Self::url`] says.
    pub fn is_everywhere(&self) -> bool {
        self.studio.addr.ip().is_unspecified()
    }

    /// The workflow files that cannot be started, each with what is wrong with it, a mistake a line.
    pub fn unusable(&self) -> Vec<(String, Vec<String>)> {
        let broken = self.catalog.all().into_iter().filter(|entry| !entry.can_start());
        broken
            .map(|entry| (entry.file.clone(), entry.mistakes()))
            .collect()
    }

    /// Cancels the runs of this process, waits for their ends, and stops listening.
    pub async fn stop(self, by: &str) {
        let (file, owner) = (self.engine.directory().serve(), self.engine.owner().clone());
        drop(tokio::task::spawn_blocking(move || Whereabouts::withdraw(&file, &owner)).await);
        // First what begins runs: a file that is saved now must not begin one that is refused or cancelled at once.
        if let Ok(Some(watcher)) = self.workers.watcher.send(CurrentChild::new()).await {
            watcher.send(Halt).await.ok();
        }
        if let Some(keeper) = &self.workers.schedules
            && let Ok(Some(schedules)) = keeper.send(CurrentChild::new()).await
        {
            schedules.send(schedules::Halt).await.ok();
        }
        self.engine.shut_down(by).await;
        self.studio.stop().await;
        get_discovery_bridge().close().await;
    }

    async fn announce(&self, token: bool) {
        let whereabouts = Whereabouts {
            url: self.studio.local_url(),
            owner: self.engine.owner().clone(),
            token,
        };
        let (file, owners) = (self.engine.directory().serve(), self.engine.directory().owners());
        let written = tokio::task::spawn_blocking(move || whereabouts.announce(&file, &owners));
        if let Ok(Err(error)) = written.await {
            tracing::warn!(%error, "other Looms on this state directory will not find this studio by themselves; name it to \
                them with `run --studio` or STUDIO_URL");
        }
    }
}
