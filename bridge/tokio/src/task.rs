//! Tasks that are seen.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use loom_bridge::observe::{ActorKind, Observer, is_error, panic_text};
use loom_bridge::protocol::{ActorId, Controls, OrderKind};
use loom_bridge::{ActorRegistry, ActorSpec};
use pin_project_lite::pin_project;
use serde_json::Value;
use tokio::runtime::Handle;
use tokio::task::{AbortHandle, JoinHandle};

/// As `tokio::spawn`, of a task that is seen under this type.
///
/// # Panics
/// Where no runtime runs, as tokio does.
#[track_caller]
pub fn spawn<F>(kind: &'static str, future: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    Task::new(kind).spawn(future)
}

/// How a task is to be seen, before it starts. Its parent is, unless another one is named, the observed actor or task that runs where
/// it is spawned.
#[must_use = "a task starts when it is spawned"]
pub struct Task {
    kind: &'static str,
    spec: ActorSpec,
    levers: bool,
}

impl Task {
    /// A task of this type.
    pub fn new(kind: &'static str) -> Self {
        Self {
            kind,
            spec: ActorSpec::new(kind),
            levers: false,
        }
    }

    /// Its name. A name whose owner has ended is taken over, with its counts; `restartCount` grows. A name whose owner lives gets a
    /// number behind it.
    pub fn id(mut self, id: impl Into<ActorId>) -> Self {
        self.spec = self.spec.id(id);
        self
    }

    /// The actor above it.
    pub fn parent(mut self, parent: impl Into<ActorId>) -> Self {
        self.spec = self.spec.parent(parent);
        self
    }

    /// Adds one entry to its metadata. Never a secret.
    pub fn meta(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.spec = self.spec.meta(key, value);
        self
    }

    /// Where to register; without this the table of the process.
    pub fn registry(mut self, registry: &ActorRegistry) -> Self {
        self.spec = self.spec.registry(registry);
        self
    }

    /// Marks it as plumbing, which pages leave out unless they are asked for it.
    pub fn system(mut self) -> Self {
        self.spec = self.spec.system();
        self
    }

    /// Lets it be paused, resumed and killed from the studio. A paused task is not polled; a killed one is aborted.
    pub fn controllable(mut self) -> Self {
        self.levers = true;
        self
    }

    /// As `tokio::spawn`.
    ///
    /// # Panics
    /// Where no runtime runs, as tokio does.
    #[track_caller]
    pub fn spawn<F>(self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.spawn_on(future, &Handle::current())
    }

    /// The same on another runtime.
    pub fn spawn_on<F>(self, future: F, runtime: &Handle) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let observed = self.observe(future);
        let abort = Arc::clone(&observed.abort);
        let task = runtime.spawn(observed);
        abort.get_or_init(|| task.abort_handle());
        task
    }

    /// As `tokio::task::spawn_local`.
    ///
    /// # Panics
    /// Outside of a `LocalSet`, as tokio does.
    #[track_caller]
    pub fn spawn_local<F>(self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        let observed = self.observe(future);
        let abort = Arc::clone(&observed.abort);
        let task = tokio::task::spawn_local(observed);
        abort.get_or_init(|| task.abort_handle());
        task
    }

    /// The future that is the task, for whoever spawns it otherwise, into a `JoinSet` say. It is registered from now on. Spawned so
    /// it cannot be killed from the studio, but paused.
    pub fn observe<F: Future>(self, future: F) -> Observed<F> {
        let observer = Observer::begin(ActorKind::named(self.kind), self.spec);
        if self.levers {
            let orders = vec![OrderKind::Pause, OrderKind::Resume, OrderKind::Kill];
            observer.actor().allow(Controls {
                orders,
                ..Controls::default()
            });
        }
        Observed {
            future: Some(future),
            observer: Some(observer),
            has_levers: self.levers,
            is_paused: false,
            abort: Arc::default(),
        }
    }
}

pin_project! {
    /// A task that is seen; finishes as the future within does, a panic included.
    #[must_use = "a task runs only while its future is polled"]
    pub struct Observed<F> {
        // There until it has ended.
        #[pin]
        future: Option<F>,
        observer: Option<Observer>,
        has_levers: bool,
        is_paused: bool,
        // How it is killed, where it can be.
        abort: Arc<OnceLock<AbortHandle>>,
    }

    impl<F> PinnedDrop for Observed<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            if let Some(observer) = this.observer.take() {
                let why = "dropped before it came to its end: it was aborted, or its runtime ended";
                observer.broken_off(why, || this.future.set(None));
            }
        }
    }
}

impl<F: Future> Future for Observed<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<F::Output> {
        let mut this = self.project();
        let Some(observer) = this.observer.as_mut() else {
            // As any future that is polled after its end; tokio does not.
            return Poll::Pending;
        };
        if *this.has_levers {
            observer.actor().listen(task.waker());
            take_orders(observer, this.is_paused, this.abort.get());
            if *this.is_paused {
                return Poll::Pending;
            }
        }
        let future = &mut this.future;
        // Dropped after a panic and never polled again, so it may be broken.
        let polled = catch_unwind(AssertUnwindSafe(|| {
            observer.poll(|_| match future.as_mut().as_pin_mut() {
                Some(future) => future.poll(task),
                None => Poll::Pending,
            })
        }));
        if matches!(polled, Ok(Poll::Pending)) {
            return Poll::Pending;
        }
        let Some(mut observer) = this.observer.take() else {
            return Poll::Pending;
        };
        // What it owned goes as its own doing: messages that waited stand in its journal.
        let dropped = catch_unwind(AssertUnwindSafe(|| {
            observer.poll_at_its_end(|| this.future.set(None));
        }));
        match (polled, dropped) {
            (Err(panic), _) | (_, Err(panic)) => {
                observer.panicked(&panic_text(&*panic));
                resume_unwind(panic)
            }
            (Ok(Poll::Ready(output)), Ok(())) => {
                if is_error(&output) {
                    observer.failed("its task returned an error");
                } else {
                    observer.stopped();
                }
                Poll::Ready(output)
            }
            (Ok(Poll::Pending), Ok(())) => Poll::Pending,
        }
    }
}

/// Carries out what was ordered, between two polls.
fn take_orders(observer: &Observer, is_paused: &mut bool, abort: Option<&AbortHandle>) {
    let actor = observer.actor();
    if !actor.has_orders() {
        return;
    }
    for order in actor.orders() {
        match order.order().order {
            OrderKind::Pause | OrderKind::Resume => {
                *is_paused = order.order().order == OrderKind::Pause;
                actor.set_paused(*is_paused);
                order.done(None);
            }
            OrderKind::Kill => match abort {
                Some(abort) => {
                    // It takes effect once this poll has returned.
                    abort.abort();
                    *is_paused = true;
                    order.done(None);
                }
                None => order.refuse("it runs in a set of tasks: end it by that set"),
            },
            _ => order.refuse("a tokio task can be paused, resumed and killed, and nothing else"),
        }
    }
}
