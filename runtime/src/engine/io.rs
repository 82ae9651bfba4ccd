//! The threads that touch disks, sockets and containers, apart from the actors' own.

use std::io;
use std::sync::Arc;

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::Semaphore;
use tokio::task::{JoinError, JoinHandle};

use crate::may_block;
use crate::world::World;

/// Threads that may block and have work to the end at once, at most: far from all of them, for that work may have others
/// block as well.
const TOGETHER: usize = 32;

/// A tokio runtime of a few threads. Actors live on arbiters of one thread each that must never wait for anything; what
/// waits runs here and answers by messages.
pub(super) struct IoThreads {
    runtime: Option<Runtime>,
}

impl IoThreads {
    pub(super) fn start() -> io::Result<Self> {
        // Few: they only wait, and with more of them each piece of work wakes one to find nothing to do.
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        let threads = (cores / 2).clamp(1, 4);
        let runtime = Builder::new_multi_thread()
            .worker_threads(threads)
            .thread_name("loom-io")
            .enable_all()
            .build()?;
        Ok(Self {
            runtime: Some(runtime),
        })
    }

    pub(super) fn handle(&self) -> Option<Handle> {
        self.runtime.as_ref().map(|runtime| runtime.handle().clone())
    }
}

impl Drop for IoThreads {
    fn drop(&mut self) {
        // A runtime must not be dropped where waiting is forbidden, which an engine's last owner may be.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// The way to those threads, for all that the engine has them do. In a simulation there are none: the world says when
/// each piece of work has its turn, on the one thread that does all. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Io {
    handle: Handle,
    world: Arc<dyn World>,
    /// One for each that may have work to the end.
    together: Arc<Semaphore>,
}

impl Io {
    /// The threads of this runtime, in this world.
    pub(super) fn new(handle: Handle, world: Arc<dyn World>) -> Self {
        Self {
            handle,
            world,
            together: Arc::new(Semaphore::new(TOGETHER)),
        }
    }

    /// The runtime itself, for what is no work of the engine.
    pub(super) fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Does work that waits asynchronously.
    pub(crate) fn spawn<F>(&self, work: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        match self.world.turn() {
            None => self.handle.spawn(work),
            Some(turn) => self.handle.spawn(async move {
                turn.await;
                work.await
            }),
        }
    }

    /// Does work that may block its thread: disks, processes, evaluating what may be large.
    pub(crate) fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> JoinHandle<T> {
        match self.world.turn() {
            None => self.handle.spawn_blocking(work),
            Some(turn) => self.handle.spawn(async move {
                turn.await;
                work()
            }),
        }
    }

    /// Does work that waits and blocks by turns and ends soon: on one thread that may block, so that none is woken for each
    /// turn. What of it blocks says so to [`Io::blocking_turn`].
    pub(crate) fn together<F>(&self, work: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let free = Arc::clone(&self.together).try_acquire_owned();
        let (None, Ok(free)) = (self.world.turn(), free) else {
            return self.spawn(work);
        };
        let runtime = self.handle.clone();
        self.handle.spawn_blocking(move || {
            let _free = free;
            may_block::to_the_end(&runtime, work)
        })
    }

    /// Does work that may block its thread: here, where the caller is on such a thread, else on another. A panic of it is the
    /// caller's, or its answer.
    ///
    /// # Errors
    /// When the work panicked on another thread.
    pub(crate) async fn blocking_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, JoinError> {
        if may_block::here() {
            return Ok(work());
        }
        self.blocking(work).await
    }

    /// Does work where the caller is, for what does nothing but wait for another thread's answer: to go by the IO threads
    /// would wake one of them there and back.
    pub(crate) fn here<F: Future>(&self, work: F) -> impl Future<Output = F::Output> + use<F> {
        let turn = self.world.turn();
        async move {
            if let Some(turn) = turn {
                turn.await;
            }
            work.await
        }
    }
}
