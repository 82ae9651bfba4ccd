//! A message to an actor on a thread of its own.

use std::any::type_name;
use std::sync::Arc;

use actix::dev::{Envelope, EnvelopeProxy, MessageResponse, OneshotSender, ToEnvelope};
use actix::{Actor, Handler, Message};

use super::context::SyncContext;
use crate::clock;
use crate::context::{Manner, Reply, Seal, answered, answered_wrongly, is_error, manner};
use crate::events::{Unwinding, handled_in};
use crate::measure::{Level, level};
use crate::trace::Span;

struct Parcel<M: Message> {
    message: Option<M>,
    reply: Reply<M::Result>,
    /// Not there where messages are not counted.
    seal: Option<Seal>,
}

impl<A, M> ToEnvelope<A, M> for SyncContext<A>
where
    A: Actor<Context = Self> + Handler<M>,
    M: Message + Send + 'static,
    M::Result: Send,
{
    fn pack(message: M, reply: Option<OneshotSender<M::Result>>) -> Envelope<A> {
        let seal = (level() > Level::Off).then(Seal::new::<A, M>);
        let reply = match &seal {
            Some(seal) => seal.follow::<A, _>(reply),
            None => Reply::new(reply),
        };
        Envelope::with_proxy(Box::new(Parcel {
            message: Some(message),
            reply,
            seal,
        }))
    }
}

impl<A, M> EnvelopeProxy<A> for Parcel<M>
where
    A: Actor<Context = SyncContext<A>> + Handler<M>,
    M: Message + Send + 'static,
    M::Result: Send,
{
    fn handle(&mut self, actor: &mut A, context: &mut SyncContext<A>) {
        let reply = std::mem::replace(&mut self.reply, Reply::Nobody);
        // As in actix: who asked and gave up is not answered, and nothing is done for them.
        if reply.is_given_up() {
            if let Some(seal) = &mut self.seal {
                seal.cancel(context.cell());
            }
            return;
        }
        let Some(message) = self.message.take() else {
            return;
        };
        let Some(seal) = &mut self.seal else {
            let response = <A as Handler<M>>::handle(actor, message, context);
            response.handle(context, reply.into_sender());
            return;
        };
        let cell = Arc::clone(context.cell());
        let entered = clock::raw();
        seal.open(&cell, entered, reply.is_asked());
        reply.taken_by(&cell);
        let (cause, span) = Span::begin(seal.cause(), &cell, type_name::<M>());
        let outer = cause.enter();
        let unwinding = Unwinding::from_handler_of::<M>();
        let response = <A as Handler<M>>::handle(actor, message, context);
        unwinding.returned();
        // On a thread of its own there is nothing that would go on later.
        let left = clock::raw();
        let took = clock::between(entered, left);
        if level() == Level::Traffic {
            answered(&cell, seal.kind(), took);
        }
        handled_in::<M>(&cell, took);
        let manner = manner::<<A as Handler<M>>::Result, M::Result>();
        let is_wrong = manner == Manner::Fallible && is_error(&response);
        span.end(is_wrong);
        if is_wrong {
            answered_wrongly(&cell, seal.kind());
            cell.tell_error_answer(type_name::<M>(), left);
        }
        seal.settle();
        cell.leave();
        response.handle(context, reply.into_sender());
        outer.enter();
    }
}
