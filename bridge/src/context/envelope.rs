//! What travels with a message, and the one place where a message is handled.

use std::any::type_name;
use std::sync::Arc;

use actix::dev::{Envelope, EnvelopeProxy, MessageResponse, OneshotSender, ToEnvelope};
use actix::{Actor, Handler, Message};
use tokio::sync::oneshot;

use super::Context;
use super::answer::{Awaited, Manner, is_error, manner};
use crate::cause::Cause;
use crate::cell::ActorCell;
use crate::clock;
use crate::events::{Unwinding, dead_letter, handled_in};
use crate::level::{Level, level};
use crate::types::{TypeCell, type_cell};

/// What is known of a message on its way. Dropped unopened, it counts as one that never reached its handler.
pub(crate) struct Seal {
    kind: &'static TypeCell,
    /// Raw ticks; zero where time is not measured.
    sent: u64,
    cause: Cause,
    opened: bool,
}

impl Seal {
    /// For a message that enters a queue of an actor of type `A` now.
    #[inline]
    pub(crate) fn new<A: 'static>() -> Self {
        let sent = if level() == Level::Time { clock::raw() } else { 0 };
        Self::with::<A>(sent, Cause::of_send())
    }

    /// For a message that was not in a queue: it comes from a timer or a stream.
    pub(super) fn unqueued<A: 'static>(cause: Cause) -> Self {
        Self::with::<A>(0, cause)
    }

    #[inline]
    fn with<A: 'static>(sent: u64, cause: Cause) -> Self {
        let kind = type_cell::<A>();
        kind.sent();
        Self {
            kind,
            sent,
            cause,
            opened: false,
        }
    }
}

impl Seal {
    /// The message reaches its handler now.
    #[inline]
    pub(crate) fn open(&mut self, cell: &Arc<ActorCell>, now: u64) {
        self.opened = true;
        self.kind.handled();
        if self.sent != 0 {
            let waited = clock::between(self.sent, now);
            self.kind.waited(waited);
            cell.waited(waited);
        }
        cell.enter(now);
    }

    pub(crate) fn cause(&self) -> Cause {
        self.cause
    }
}

impl Drop for Seal {
    fn drop(&mut self) {
        if !self.opened {
            self.kind.dropped();
        }
    }
}

/// Handles one message, observed when it is sealed.
#[inline]
pub(super) fn deliver<A, M>(
    actor: &mut A,
    message: M,
    context: &mut Context<A>,
    reply: Option<OneshotSender<M::Result>>,
    seal: Option<&mut Seal>,
) where
    A: Actor<Context = Context<A>> + Handler<M>,
    M: Message,
{
    let Some(seal) = seal else {
        <A as Handler<M>>::handle(actor, message, context).handle(context, reply);
        context.passed(type_name::<M>());
        return;
    };
    let entered = clock::raw();
    seal.open(&context.cell, entered);
    let outer = seal.cause.enter();
    let unwinding = Unwinding::from_handler_of::<M>();
    let response = <A as Handler<M>>::handle(actor, message, context);
    unwinding.returned();
    let manner = manner::<<A as Handler<M>>::Result, M::Result>();
    if level() == Level::Time {
        let took = clock::between(entered, clock::raw());
        if manner != Manner::Later {
            context.cell.answered(took);
        }
        handled_in::<M>(&context.cell, took);
    }
    if manner == Manner::Fallible && is_error(&response) {
        context.cell.error();
        context.cell.tell_error_answer(type_name::<M>());
    }
    context.cell.leave();
    // Under the cause still: an answer in the future is spawned here. After the counters: who has the answer sees them.
    if manner == Manner::Later {
        let (sender, answer) = oneshot::channel();
        // What it spawns is the message's, and no turn of the actor's own.
        context.answering = true;
        response.handle(context, Some(sender));
        context.answering = false;
        let cell = Arc::clone(&context.cell);
        Awaited::new(cell, entered, answer, reply, type_name::<M>()).follow();
    } else {
        response.handle(context, reply);
    }
    outer.enter();
    context.passed(type_name::<M>());
}

struct Parcel<M: Message> {
    message: Option<M>,
    reply: Option<OneshotSender<M::Result>>,
    seal: Seal,
}

impl<A, M> ToEnvelope<A, M> for Context<A>
where
    A: Actor<Context = Self> + Handler<M>,
    M: Message + Send + 'static,
    M::Result: Send,
{
    fn pack(message: M, reply: Option<OneshotSender<M::Result>>) -> Envelope<A> {
        if level() == Level::Off {
            return Envelope::new(message, reply);
        }
        Envelope::with_proxy(Box::new(Parcel {
            message: Some(message),
            reply,
            seal: Seal::new::<A>(),
        }))
    }
}

impl<A, M> EnvelopeProxy<A> for Parcel<M>
where
    A: Actor<Context = Context<A>> + Handler<M>,
    M: Message + Send + 'static,
    M::Result: Send,
{
    fn handle(&mut self, actor: &mut A, context: &mut Context<A>) {
        let reply = self.reply.take();
        // As in actix: who asked and gave up is not answered, and nothing is done for them.
        if reply.as_ref().is_some_and(OneshotSender::is_closed) {
            self.message = None;
            return;
        }
        if let Some(message) = self.message.take() {
            deliver(actor, message, context, reply, Some(&mut self.seal));
        }
    }
}

impl<M: Message> Drop for Parcel<M> {
    fn drop(&mut self) {
        if self.message.is_some() {
            dead_letter::<M>();
        }
    }
}
