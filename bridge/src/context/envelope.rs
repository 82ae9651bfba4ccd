//! What travels with a message, and the one place where a message is handled.

use actix::dev::{Envelope, EnvelopeProxy, MessageResponse, OneshotSender, ToEnvelope};
use actix::{Actor, Handler, Message};

use super::Context;
use crate::cause::Cause;
use crate::clock;
use crate::level::{Level, level};
use crate::types::{TypeCell, type_cell};

/// What is known of a message on its way. Dropped unopened, it counts as one that never reached its handler.
pub(super) struct Seal {
    kind: &'static TypeCell,
    /// Raw ticks; zero where time is not measured.
    sent: u64,
    cause: Cause,
    opened: bool,
}

impl Seal {
    /// For a message that enters a queue of an actor of type `A` now.
    #[inline]
    pub(super) fn new<A: 'static>() -> Self {
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
        return;
    };
    seal.opened = true;
    seal.kind.handled();
    let entered = clock::raw();
    context.cell.enter(entered);
    let outer = seal.cause.enter();
    let response = <A as Handler<M>>::handle(actor, message, context);
    if level() == Level::Time {
        let waited = if seal.sent == 0 {
            0
        } else {
            clock::between(seal.sent, entered)
        };
        seal.kind.waited(waited);
        context.cell.timed(waited, clock::between(entered, clock::raw()));
    }
    context.cell.leave();
    // Under the cause still: an answer in the future is spawned here. After the counters: who has the answer sees them.
    response.handle(context, reply);
    outer.enter();
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
            return;
        }
        if let Some(message) = self.message.take() {
            deliver(actor, message, context, reply, Some(&mut self.seal));
        }
    }
}
