//! Work that goes on as a task of its own, under the cause under which it was begun.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::cause::{Cause, carrying, current_cell};
use crate::cell::ActorCell;

pin_project! {
    /// A future that runs under a cause, and for the actor that made it; see [`Cause::carry`].
    #[must_use = "a future does nothing until it is polled"]
    pub struct Carried<F> {
        #[pin]
        future: F,
        cause: Cause,
        actor: Option<Arc<ActorCell>>,
    }
}

impl<F> Carried<F> {
    pub(super) fn new(future: F, cause: Cause) -> Self {
        Self {
            future,
            cause,
            actor: current_cell(),
        }
    }

    /// Of an actor that is known.
    pub(crate) fn of(actor: &Arc<ActorCell>, cause: Cause, future: F) -> Self {
        Self {
            future,
            cause,
            actor: Some(Arc::clone(actor)),
        }
    }
}

impl<F: Future> Future for Carried<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let _carrying = carrying(*this.cause, this.actor.as_ref());
        this.future.poll(task)
    }
}

/// A future for `actix_rt::spawn` or `tokio::spawn` that belongs to the chain of messages, and to the actor, that run now: what it
/// sends goes on with both, and what it notes or logs is in that actor's journal.
///
/// ```
/// # async fn refill() {}
/// # actix::System::new().block_on(async {
/// actix_rt::spawn(loom_bridge::carry(async { refill().await }));
/// # });
/// ```
pub fn carry<F: Future>(future: F) -> Carried<F> {
    Carried::new(future, Cause::here())
}
