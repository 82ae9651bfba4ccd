//! The threads that touch disks, sockets and containers, apart from the actors' own.

use std::io;

use tokio::runtime::{Builder, Handle, Runtime};

/// A tokio runtime of a few threads. Actors live on arbiters of one thread each that must never wait for anything; what
/// waits runs here and answers by messages.
pub(super) struct IoThreads {
    runtime: Option<Runtime>,
}

impl IoThreads {
    pub(super) fn start() -> io::Result<Self> {
        let threads = std::thread::available_parallelism()
            .map_or(2, usize::from)
            .clamp(2, 8);
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
