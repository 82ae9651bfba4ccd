//! What the suite asks of an actor system.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use loom_bridge::ActorRegistry;
use tokio::sync::Semaphore;

/// How a worker is started: as which type and under which name, and where it counts what it really did.
#[derive(Clone)]
pub struct Start {
    pub registry: ActorRegistry,
    /// Of all workers of a test: the type that the studio is told.
    pub kind: &'static str,
    pub id: String,
    pub truth: Truth,
}

impl Start {
    /// A worker beside this one.
    pub fn beside(&self, id: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            truth: Truth::default(),
            ..self.clone()
        }
    }
}

/// What a worker really did, counted by its own handlers.
#[derive(Clone, Default)]
pub struct Truth(Arc<Counts>);

#[derive(Default)]
struct Counts {
    tells: AtomicU64,
    asks: AtomicU64,
    laters: AtomicU64,
    errors: AtomicU64,
    sent: AtomicU64,
    panics: AtomicU64,
    /// `Hold` and `Wish` messages.
    others: AtomicU64,
}

macro_rules! counts {
    ($($name:ident, $count:ident),+) => {
        impl Truth {
            $(
                pub fn $count(&self) {
                    self.0.$name.fetch_add(1, SeqCst);
                }

                pub fn $name(&self) -> u64 {
                    self.0.$name.load(SeqCst)
                }
            )+
        }
    };
}

counts!(
    tells, tell, asks, ask, laters, later, errors, error, sent, send, panics, panic, others, other
);

impl Truth {
    /// All messages that it handled.
    pub fn messages(&self) -> u64 {
        self.tells() + self.asks() + self.laters() + self.others()
    }
}

/// What holds a worker in the middle of a message until the test lets it go.
#[derive(Clone)]
pub struct Gate {
    entered: Arc<Semaphore>,
    open: Arc<Semaphore>,
}

impl Default for Gate {
    fn default() -> Self {
        Self {
            entered: Arc::new(Semaphore::new(0)),
            open: Arc::new(Semaphore::new(0)),
        }
    }
}

impl Gate {
    /// In the worker: until the gate is opened.
    pub async fn pass(self) {
        self.entered.add_permits(1);
        self.open.acquire().await.unwrap().forget();
    }

    /// In the test: until a worker is in it.
    pub async fn entered(&self) {
        self.entered.acquire().await.unwrap().forget();
    }

    /// Lets one worker pass.
    pub fn open(&self) {
        self.open.add_permits(1);
    }
}

/// What a worker is to do, as one message of the type `Wish`.
pub enum Wish<A> {
    /// To send so many `Tell` to another one.
    Send(A, u64),
    /// To start a worker below it.
    Start(Start),
    /// To write a note into its journal.
    Note(&'static str),
    /// To panic with a text.
    Panic(&'static str),
    /// To end in good order, at once or when its queue is empty.
    Stop,
}

/// An actor system with its adapter. Its worker handles messages of these types: `Tell`, of which nothing comes; `Ask(n)`, answered
/// `Ok(n)`, or `Err(())` where `n` is a multiple of three; `Later(n)`, answered the same by something that does not hold the worker,
/// after the given gate, where there is one; `Hold`, which holds the worker at a gate; and `Wish`. Each handler counts what it does
/// in the worker's [`Truth`].
pub trait ActorSystem: 'static {
    /// A worker, to be sent to.
    type Address: Clone + Send + 'static;

    /// Whether a message that nobody waits for the answer of any more is handled all the same.
    const HANDLES_WHAT_WAS_GIVEN_UP: bool = false;

    /// Whether a queue can be seen while its actor is held.
    const SEES_QUEUES: bool = true;

    /// Whether what waited for an actor that ended is told in its journal; that it counts as dead is true of all.
    const TELLS_DEAD_LETTERS: bool = true;

    /// Runs a test where the system can run.
    fn run(test: impl Future<Output = ()>);

    /// Starts a worker whose queue has room for a thousand messages at least.
    fn start(start: Start) -> Self::Address;

    /// Sends `Tell`.
    fn tell(to: &Self::Address) -> impl Future<Output = ()>;

    /// Asks `Ask(n)`; `None` where the worker is gone.
    fn ask(to: &Self::Address, n: u64) -> impl Future<Output = Option<Result<u64, ()>>>;

    /// Asks `Later(n)`.
    fn later(to: &Self::Address, n: u64, gate: Option<Gate>)
    -> impl Future<Output = Option<Result<u64, ()>>>;

    /// Sends `Hold`.
    fn hold(to: &Self::Address, gate: Gate) -> impl Future<Output = ()>;

    /// Sends a wish.
    fn wish(to: &Self::Address, wish: Wish<Self::Address>) -> impl Future<Output = ()>;
}
