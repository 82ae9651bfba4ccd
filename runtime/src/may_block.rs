//! Whether this thread may block: work that waits and blocks by turns stays on one that may, for each hand-over to another
//! wakes that one.

use std::cell::Cell;

use tokio::runtime::Handle;

thread_local! {
    static HERE: Cell<bool> = const { Cell::new(false) };
}

/// Does work to its end on this thread, which may block; what is asked of [`here`] in it is answered with yes.
pub(crate) fn to_the_end<F: Future>(runtime: &Handle, work: F) -> F::Output {
    /// Takes it back, also behind a panic: the thread goes on with other work.
    struct Until;
    impl Drop for Until {
        fn drop(&mut self) {
            HERE.set(false);
        }
    }
    HERE.set(true);
    let _until = Until;
    runtime.block_on(work)
}

/// Whether the work at hand may block its thread.
pub(crate) fn here() -> bool {
    HERE.get()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_may_block_for_as_long_as_the_work_lasts_also_when_that_panics() {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .build()
            .unwrap();
        let handle = runtime.handle().clone();
        assert!(!here());
        let elsewhere = to_the_end(&handle, async {
            assert!(here());
            tokio::spawn(async { here() }).await.unwrap()
        });
        assert!(!elsewhere && !here(), "what it has others do is theirs");
        let panics = || to_the_end(&handle, async { panic!("a test wants it") });
        assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(panics)).is_err());
        assert!(!here());
    }
}
