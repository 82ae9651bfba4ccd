//! The future that is an observed actor: polls it, catches its panics, reports its end.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use actix::dev::ContextFut;
use actix::{Actor, Addr, Supervised};

use super::Context;
use super::life;
use crate::cell::ActorCell;
use crate::clock;
use crate::events::Burying;
use crate::measure::{Level, level};
use crate::owner::{End, panic_text};
use crate::trace::{self, Cause};

type Restart<A> = fn(&mut ContextFut<A, Context<A>>) -> bool;

/// A running actor. Finishes when the actor has ended, also by a panic, which goes no further.
#[must_use = "an actor runs only while its future is polled"]
pub struct Observed<A: Actor<Context = Context<A>>> {
    /// There until it has ended.
    actor: Option<ContextFut<A, Context<A>>>,
    cell: Arc<ActorCell>,
    /// How it starts again in place after a stop, where somebody supervises it; false when nobody has its address.
    restart: Option<Restart<A>>,
}

impl<A: Actor<Context = Context<A>>> Observed<A> {
    pub(super) fn new(mut context: Context<A>, actor: A) -> Self {
        let cell = Arc::clone(&context.cell);
        // It is there until now: nothing else takes it, and this takes the context.
        let actor = context.mailbox.take().map(|mailbox| {
            // From now on this sees to its end.
            context.has_life = false;
            ContextFut::new(context, actor, mailbox)
        });
        Self {
            actor,
            cell,
            restart: None,
        }
    }

    /// One that starts again whenever it stops, as long as anybody has its address.
    pub(crate) fn supervised(context: Context<A>, actor: A) -> Self
    where
        A: Supervised,
    {
        let mut this = Self::new(context, actor);
        this.restart = Some(ContextFut::restart);
        this
    }

    /// The actor's address; `None` when it has ended.
    pub fn address(&self) -> Option<Addr<A>> {
        self.actor.as_ref().map(ContextFut::address)
    }

    /// Drops the actor, then says that it is gone.
    fn finish(&mut self, end: End, cause: Cause) {
        let _polling = trace::polling(Arc::clone(&self.cell));
        cause.enter();
        let powers = self.actor.as_mut().and_then(|actor| actor.ctx().powers.take());
        let burying = Burying::begin();
        // actix runs the stop hooks of an actor that is dropped alive, and they may panic too.
        let dropped = catch_unwind(AssertUnwindSafe(|| drop(self.actor.take())));
        let letters = burying.end();
        let end = match (end, dropped) {
            (End::Stopped, Err(payload)) => End::Panicked(panic_text(&*payload)),
            (end, _) => end,
        };
        if letters.all() > 0 {
            self.cell.tell_dead_letters(&letters);
        }
        let panic = match &end {
            End::Stopped => None,
            End::Panicked(text) => Some(text.clone()),
        };
        life::end(&self.cell, end);
        // After the end is known: who has the answer sees it.
        if let Some(powers) = powers {
            powers.ended(letters.all(), panic.as_deref());
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
        let polling = trace::polling(Arc::clone(&this.cell));
        if !std::mem::replace(&mut actor.ctx().has_begun, true) {
            this.cell.tell_begun();
        }
        if let Some(powers) = &actor.ctx().powers
            && powers.slot.has_orders()
        {
            actor.ctx().take_orders(this.restart.is_some());
        }
        actor.ctx().takes_nothing = false;
        let timed = (level() == Level::Traffic).then(clock::raw);
        let restart = this.restart;
        // The actor is dropped after a panic and never looked into again, so its state may be broken.
        let polled = catch_unwind(AssertUnwindSafe(|| {
            let polled = Pin::new(&mut *actor).poll(task);
            let again = polled.is_ready()
                && !actor.ctx().ends_for_good()
                && restart.is_some_and(|restart| restart(actor));
            (polled, again)
        }));
        if let Some(begin) = timed {
            this.cell.worked(clock::between(begin, clock::raw()));
        }
        // What was handled when it panicked.
        let cause = Cause::here();
        drop(polling);
        match polled {
            Ok((Poll::Pending, _)) => {
                this.cell.polled(actor.ctx().takes_nothing);
                if let Some(powers) = &actor.ctx().powers {
                    powers.slot.listen(task.waker());
                    actor.ctx().polled();
                }
                return Poll::Pending;
            }
            Ok((Poll::Ready(()), true)) => {
                this.cell.started_again();
                this.cell.tell_restarted_in_place();
                if let Some(powers) = &mut actor.ctx().powers {
                    powers.started_again();
                }
                // Others of this thread have their turn before: it may stop again at once, for ever.
                task.waker().wake_by_ref();
                return Poll::Pending;
            }
            Ok((Poll::Ready(()), false)) => this.finish(End::Stopped, Cause::default()),
            Err(payload) => this.finish(End::Panicked(panic_text(&*payload)), cause),
        }
        Poll::Ready(())
    }
}

impl<A: Actor<Context = Context<A>>> Drop for Observed<A> {
    fn drop(&mut self) {
        // Its arbiter stopped, or whoever polled it lost interest.
        if self.actor.is_some() {
            self.cell.stopping();
            self.finish(End::Stopped, Cause::default());
        }
    }
}
