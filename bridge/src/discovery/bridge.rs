//! The handle of a discovery bridge.

use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use actix::{Addr, Arbiter, ArbiterHandle, System};
use loom_protocol::{BootId, Source};

use super::asked::Asked;
use super::courier::{Close, Courier, Wake};
use super::options::{Options, Placement};
use super::outbox::Sender;
use super::sink::{Notify, StudioSink};
use crate::clock;
use crate::events::Tap;
use crate::names::{new_boot_id, node, program};
use crate::owner::{CurrentChild, Keeper, RestartPolicy, StopKeeping};
use crate::registry::{ActorRegistry, Changes, TooManySubscriptions};
use crate::say;
use crate::spec::ActorSpec;

/// How long [`DiscoveryBridge::close`] tries to say good-bye.
const FAREWELL: Duration = Duration::from_secs(2);

/// Carries what changes in registries to a studio. A clone is another handle to the same bridge.
///
/// It runs from the first [`Self::connect`] until [`Self::close`] or the end of its actix system, as an observed actor of its
/// own that is started again should it panic. Where no actix system runs, as in a program on plain tokio, it has one on a thread
/// of its own.
#[derive(Clone)]
pub struct DiscoveryBridge {
    pub(super) shared: Arc<Shared>,
}

/// Why a registry could not be connected. Fits after "failed to".
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The bridge is to run on the caller's arbiter, and there is none.
    #[error(
        "start the discovery bridge: no actix system runs on this thread; connect from within one, e.g. in `#[actix::main]`, \
         or leave it a thread of its own"
    )]
    NoSystem,
    /// The machine gives no thread.
    #[error("start the discovery bridge: there is no thread for it; look at the limits of this process")]
    NoThread,
    /// The registry has no subscription left.
    #[error(transparent)]
    TooManySubscriptions(#[from] TooManySubscriptions),
}

/// What the handle and the actor behind it both know; outlives the actor's panics.
pub(super) struct Shared {
    pub(super) options: Options,
    pub(super) sender: Sender,
    /// It goes by the environment, and says why when that gives it no studio.
    by_environment: bool,
    state: Mutex<State>,
}

#[derive(Default)]
pub(super) struct State {
    pub(super) sources: Vec<Connected>,
    pub(super) sink: Option<Arc<dyn StudioSink>>,
    /// Where batches went last.
    pub(super) served: Option<Arc<dyn StudioSink>>,
    pub(super) courier: Option<Addr<Courier>>,
    keeper: Option<Addr<Keeper<Courier>>>,
    /// What the bridge runs on, where that is its own.
    own: Option<Own>,
    said_why: bool,
}

/// A thread that is the bridge's.
enum Own {
    /// Of the application's actix system.
    Arbiter(ArbiterHandle),
    /// With an actix system of its own: the application has none.
    System(System),
}

impl Own {
    fn stop(&self) {
        match self {
            Self::Arbiter(arbiter) => {
                arbiter.stop();
            }
            Self::System(system) => system.stop(),
        }
    }

    fn arbiter(&self) -> &ArbiterHandle {
        match self {
            Self::Arbiter(arbiter) => arbiter,
            Self::System(system) => system.arbiter(),
        }
    }

    /// A thread with an actix system, for an application on plain tokio. `None` where the machine gives no thread.
    fn system() -> Option<Self> {
        let (ready, is_ready) = std::sync::mpsc::channel();
        let run = move || {
            let runner = System::new();
            // The other end waits for it.
            let _waits = ready.send(System::current());
            if let Err(error) = runner.run() {
                tracing::error!("the thread of the discovery bridge ended: {error}");
            }
        };
        let thread = std::thread::Builder::new().name("loom-bridge".to_owned());
        thread.spawn(run).ok()?;
        // As long as a thread takes to start, as with an arbiter.
        is_ready.recv().ok().map(Self::System)
    }
}

pub(super) struct Connected {
    pub(super) registry: ActorRegistry,
    /// Opened by `connect`, taken by the courier.
    pub(super) changes: Option<Changes>,
    /// Where its journal was read to.
    pub(super) tap: Arc<Tap>,
}

/// A name that says something.
fn named(name: Option<&str>) -> Option<String> {
    let name = name?.trim();
    (!name.is_empty()).then(|| name.to_owned())
}

impl DiscoveryBridge {
    /// A bridge that is connected to nothing yet.
    pub fn new(options: Options) -> Self {
        Self::make(options, false)
    }

    fn make(options: Options, by_environment: bool) -> Self {
        let sender = Sender::new(Source {
            app: named(options.app.as_deref()).or_else(program),
            node: node().map(str::to_owned),
            pid: Some(std::process::id()),
            boot: new_boot_id(),
            started: Some(clock::wall()),
        });
        Self {
            shared: Arc::new(Shared {
                options,
                sender,
                by_environment,
                state: Mutex::default(),
            }),
        }
    }

    /// Delivers to this studio from now on, beginning with every actor there is. Without one the bridge only logs what it
    /// discovers.
    pub fn deliver_to(&self, sink: impl StudioSink) -> &Self {
        self.deliver_to_shared(Arc::new(sink))
    }

    /// The same for a sink that others use too.
    pub fn deliver_to_shared(&self, sink: Arc<dyn StudioSink>) -> &Self {
        let mut state = self.shared.state();
        state.sink = Some(sink);
        let _listens = state.wake();
        drop(state);
        self
    }

    /// Carries this registry's actors from now on, those that are there included. Connecting twice is once.
    ///
    /// # Errors
    /// There is nothing to run it on, or the registry serves too many subscriptions.
    pub fn connect(&self, registry: &ActorRegistry) -> Result<(), ConnectError> {
        let mut state = self.shared.state();
        if state.sink.is_none() && self.shared.by_environment {
            state.say_why_no_studio();
        }
        if !state
            .sources
            .iter()
            .any(|source| source.registry.is_same(registry))
        {
            let changes = Some(registry.subscribe()?);
            state.sources.push(Connected {
                registry: registry.clone(),
                changes,
                tap: Arc::default(),
            });
        }
        if state.keeper.as_ref().is_some_and(Addr::connected) {
            let _listens = state.wake();
            return Ok(());
        }
        self.start(&mut state)
    }

    /// Names this bridge's batches to studios.
    pub fn boot(&self) -> BootId {
        self.shared.sender.boot.clone()
    }

    /// Delivers what is left, takes the actors off the studio, and stops. Takes no longer than 2 s, whatever the studio does.
    pub async fn close(&self) {
        let (keeper, own) = {
            let mut state = self.shared.state();
            state.sources.clear();
            state.courier = None;
            // It said goodbye: whoever connects again begins anew, and does not go on for one that panicked.
            state.served = None;
            (state.keeper.take(), state.own.take())
        };
        if let Some(keeper) = keeper
            && tokio::time::timeout(FAREWELL, say_goodbye(keeper)).await.is_err()
        {
            tracing::warn!(
                "the studio did not take the farewell of this process: its actors will be shown as stale there for a while; \
                 nothing has to be done"
            );
        }
        if let Some(own) = own {
            own.stop();
        }
    }

    #[cfg(test)]
    pub(super) fn courier(&self) -> Option<Addr<Courier>> {
        self.shared.state().courier.clone()
    }

    fn start(&self, state: &mut State) -> Result<(), ConnectError> {
        let arbiter = match self.shared.options.placement {
            Placement::OwnArbiter => {
                let own = match System::try_current() {
                    Some(_) => Some(Own::Arbiter(Arbiter::new().handle())),
                    None => Own::system(),
                };
                let own = state.own.insert(own.ok_or(ConnectError::NoThread)?);
                own.arbiter().clone()
            }
            Placement::CurrentArbiter => Arbiter::try_current().ok_or(ConnectError::NoSystem)?,
        };
        let shared = Arc::clone(&self.shared);
        // It must never be given up: without it nobody sees anything. The pause keeps it from spinning.
        let policy = RestartPolicy {
            budget: u32::MAX,
            ..RestartPolicy::default()
        };
        let keeper = Keeper::new(ActorSpec::new("DiscoveryBridge").system(), policy, move |_| {
            Courier::new(Arc::clone(&shared))
        });
        state.keeper = Some(keeper.start_in(&arbiter));
        Ok(())
    }
}

async fn say_goodbye(keeper: Addr<Keeper<Courier>>) {
    let courier = keeper.send(CurrentChild::new()).await.ok().flatten();
    // `do_send`: once in the life of a keeper.
    keeper.do_send(StopKeeping);
    if let Some(courier) = courier {
        // An error means that it is gone already.
        let _gone = courier.send(Close).await;
    }
}

impl Shared {
    /// Wakes the bridge for as long as it is there.
    pub(super) fn notify(shared: &Arc<Self>) -> Notify {
        let shared = Arc::downgrade(shared);
        Arc::new(move || {
            let shared = shared.upgrade();
            shared.is_some_and(|shared| shared.state().wake())
        })
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        // Nothing is left half-done under this lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Once: an application that gives its bridge a sink later has been told what it knows.
    fn say_why_no_studio(&mut self) {
        if !std::mem::replace(&mut self.said_why, true)
            && let Some(why) = Asked::by_env().why_no_studio(cfg!(feature = "uplink"))
        {
            say::warn(&why);
        }
    }

    /// Has the courier look at what changed here.
    /// Answers whether there is one, or will be.
    fn wake(&self) -> bool {
        if let Some(courier) = &self.courier {
            // `do_send`, beyond the mailbox's bound: one for each call of the application or order of a studio, which bounds
            // those, and it must not be lost.
            courier.do_send(Wake);
        }
        self.courier.is_some() || self.keeper.is_some()
    }
}

/// The bridge of this process. With `STUDIO_ENABLED=true` it delivers to `STUDIO_URL`, `http://localhost:9090` when that is
/// not set, and shows `STUDIO_TOKEN` there. Connected without a studio it says why, on stderr where there is no log.
pub fn get_discovery_bridge() -> DiscoveryBridge {
    static BRIDGE: LazyLock<DiscoveryBridge> = LazyLock::new(|| {
        let bridge = DiscoveryBridge::make(Options::default(), true);
        #[cfg(feature = "uplink")]
        super::uplink::deliver_by_environment(&bridge);
        bridge
    });
    BRIDGE.clone()
}
