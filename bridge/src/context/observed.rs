//! The future that is an observed actor: polls it, catches its panics, reports its end.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use actix::dev::ContextFut;
use actix::{Actor, Addr};

use super::Context;
use super::life::Life;
use crate::cause;
use crate::cell::ActorCell;
use crate::owner::{End, panic_text};

/// A running actor. Finishes when the actor has ended, also by a panic, which goes no further.
#[must_use = "an actor runs only while its future is polled"]
pub struct Observed<A: Actor<Context = Context<A>>> {
    actor: Option<ContextFut<A, Context<A>>>,
    cell: Arc<ActorCell>,
    life: Option<Life>,
}

impl<A: Actor<Context = Context<A>>> Observed<A> {
    pub(super) fn new(mut context: Context<A>, actor: A) -> Self {
        let life = context.life.take();
        let cell = Arc::clone(&context.cell);
        // There until now: nothing else takes it, and this takes the context.
        let actor = context
            .mailbox
            .take()
            .map(|mailbox| ContextFut::new(context, actor, mailbox));
        Self { actor, cell, life }
    }

    /// The actor's address; `None` when it has ended.
    pub fn address(&self) -> Option<Addr<A>> {
        self.actor.as_ref().map(ContextFut::address)
    }

    /// Drops the actor, then says that it is gone.
    fn finish(&mut self, end: End) {
        let _polling = cause::polling(Arc::clone(&self.cell));
        // actix runs the stop hooks of an actor that is dropped alive, and they may panic too.
        let dropped = catch_unwind(AssertUnwindSafe(|| drop(self.actor.take())));
        let end = match (end, dropped) {
            (End::Stopped, Err(payload)) => End::Panicked(panic_text(&*payload)),
            (end, _) => end,
        };
        if let Some(mut life) = self.life.take() {
            life.end(end);
        }
    }
}

impl<A: Actor<Context = Context<A>>> Future for Observed<A> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, task: &mut std::task::Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        let Some(actor) = this.actor.as_mut() else {
            return Poll::Ready(());
        };
        let polling = cause::polling(Arc::clone(&this.cell));
        // The actor is dropped after a panic and never looked into again, so its state may be broken.
        let polled = catch_unwind(AssertUnwindSafe(|| Pin::new(actor).poll(task)));
        drop(polling);
        match polled {
            Ok(Poll::Pending) => {
                this.cell.polled();
                return Poll::Pending;
            }
            Ok(Poll::Ready(())) => this.finish(End::Stopped),
            Err(payload) => this.finish(End::Panicked(panic_text(&*payload))),
        }
        Poll::Ready(())
    }
}

impl<A: Actor<Context = Context<A>>> Drop for Observed<A> {
    fn drop(&mut self) {
        // Its arbiter stopped, or whoever polled it lost interest.
        if self.life.as_ref().is_some_and(|life| !life.is_over()) {
            self.cell.stopping();
            self.finish(End::Stopped);
        }
    }
}
