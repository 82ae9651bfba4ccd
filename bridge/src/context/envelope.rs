//! What travels with a message, and the one place where a message is handled.

use std::any::type_name;
use std::sync::Arc;

use actix::dev::{Envelope, EnvelopeProxy, MessageResponse, OneshotSender, ToEnvelope};
use actix::{Actor, Handler, Message};
use tokio::sync::oneshot;

use super::answer::{Awaited, Manner, future_of, is_error, manner};
use super::{Context, Reply};
use crate::cell::ActorCell;
use crate::clock;
use crate::events::{Unwinding, dead_letter, handled_in};
use crate::measure::{self, Level, MessageCell, Row, Sender, level, message_cell};
use crate::trace::{self, Cause, Span};

/// What is known of a message on its way. Dropped unopened, it counts as one that never reached its handler.
pub(crate) struct Seal {
    kind: &'static MessageCell,
    /// Raw ticks; zero where time is not measured, or where there was no queue.
    sent: u64,
    cause: Cause,
    from: Sender,
    state: State,
}

/// How far a message has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    OnItsWay,
    InItsHandler,
    Settled,
}

impl Seal {
    /// For a message that enters a queue of an actor of type `A` now.
    #[inline]
    pub(crate) fn new<A: 'static, M: 'static>() -> Self {
        if level() == Level::Traffic {
            Self::with::<A, M>(clock::raw(), Cause::of_send(), trace::sender())
        } else {
            Self::with::<A, M>(0, Cause::of_send(), Sender::NOT_MEASURED)
        }
    }

    /// For one that comes from a stream: it was in no queue, and no actor sent it.
    pub(super) fn from_stream<A: 'static, M: 'static>(cause: Cause) -> Self {
        Self::with::<A, M>(0, cause, Self::measured(|| Sender::OUTSIDE))
    }

    /// For one that the actor that is polled sent to itself some time ago: it was in no queue either.
    pub(super) fn from_timer<A: 'static, M: 'static>(cause: Cause) -> Self {
        Self::with::<A, M>(0, cause, Self::measured(trace::sender))
    }

    fn measured(sender: impl FnOnce() -> Sender) -> Sender {
        if level() == Level::Traffic {
            sender()
        } else {
            Sender::NOT_MEASURED
        }
    }

    #[inline]
    fn with<A: 'static, M: 'static>(sent: u64, cause: Cause, from: Sender) -> Self {
        let kind = message_cell::<A, M>();
        kind.here().sent();
        Self {
            kind,
            sent,
            cause,
            from,
            state: State::OnItsWay,
        }
    }
}

impl Seal {
    /// The message reaches its handler now; somebody waits for the answer, or nobody does.
    #[inline]
    pub(crate) fn open(&mut self, cell: &Arc<ActorCell>, now: u64, is_asked: bool) {
        self.state = State::InItsHandler;
        let here = self.kind.here();
        here.handled(is_asked);
        let waited = (self.sent != 0).then(|| clock::between(self.sent, now));
        if let Some(nanos) = waited {
            here.waited(nanos);
            cell.waited(nanos);
        }
        if level() == Level::Traffic {
            match cell.row(self.kind) {
                Some(row) => row.handled(is_asked, waited, self.from),
                None => measure::leave_out(self.from),
            }
        }
        cell.enter(now);
    }

    /// Its handler returned.
    #[inline]
    pub(crate) fn settle(&mut self) {
        self.state = State::Settled;
    }

    /// Whoever asked gave up before the actor came to it.
    pub(crate) fn cancel(&mut self, cell: &ActorCell) {
        self.state = State::Settled;
        self.kind.here().cancelled();
        if level() == Level::Traffic
            && let Some(row) = cell.row(self.kind)
        {
            row.cancelled();
        }
    }

    /// The way of the answer to the message, followed where an actor waits for it.
    #[inline]
    pub(crate) fn follow<A: 'static, R: Send + 'static>(&self, reply: Option<OneshotSender<R>>) -> Reply<R> {
        Reply::of_ask::<A>(reply, self.from, self.kind)
    }

    pub(crate) fn cause(&self) -> Cause {
        self.cause
    }

    pub(crate) fn kind(&self) -> &'static MessageCell {
        self.kind
    }
}

impl Drop for Seal {
    fn drop(&mut self) {
        match self.state {
            State::OnItsWay => self.kind.here().dead(),
            // Its handler panicked, and its actor is still the one that is polled.
            State::InItsHandler => {
                self.kind.here().error();
                trace::with_current_actor(|cell| cell.existing_row(self.kind).map(Row::error));
            }
            State::Settled => {}
        }
    }
}

/// A message was handled to its end, so long after it was delivered.
#[inline]
pub(crate) fn answered(cell: &ActorCell, kind: &'static MessageCell, nanos: u64) {
    cell.answered(nanos);
    kind.here().answered(nanos);
    if let Some(row) = cell.existing_row(kind) {
        row.answered(nanos);
    }
}

/// A message was answered with an error, or never will be answered.
pub(crate) fn answered_wrongly(cell: &Arc<ActorCell>, kind: &'static MessageCell) {
    kind.here().error();
    if let Some(row) = cell.existing_row(kind) {
        row.error();
    }
    if cell.ended().is_some() {
        cell.error_late();
    } else {
        cell.error();
    }
}

/// The same of an actor that has ended since.
pub(super) fn answered_late(cell: &Arc<ActorCell>, kind: &'static MessageCell, nanos: u64) {
    cell.answered_late(nanos);
    kind.here().answered(nanos);
    if let Some(row) = cell.existing_row(kind) {
        row.answered_late(nanos);
    }
}

/// Handles one message, observed when it is sealed.
#[inline]
pub(super) fn deliver<A, M>(
    actor: &mut A,
    message: M,
    context: &mut Context<A>,
    reply: Reply<M::Result>,
    seal: Option<&mut Seal>,
) where
    A: Actor<Context = Context<A>> + Handler<M>,
    M: Message + 'static,
{
    let Some(seal) = seal else {
        <A as Handler<M>>::handle(actor, message, context).handle(context, reply.into_sender());
        context.passed(type_name::<M>());
        return;
    };
    let entered = clock::raw();
    seal.open(&context.cell, entered, reply.is_asked());
    reply.taken_by(&context.cell);
    let (cause, span) = Span::begin(seal.cause, &context.cell, type_name::<M>());
    let outer = cause.enter();
    let unwinding = Unwinding::from_handler_of::<M>();
    let response = <A as Handler<M>>::handle(actor, message, context);
    unwinding.returned();
    let manner = manner::<<A as Handler<M>>::Result, M::Result>();
    // Also where times are not measured: what holds up a thread is worth a line in its journal.
    let left = clock::raw();
    let took = clock::between(entered, left);
    if manner != Manner::Later && level() == Level::Traffic {
        answered(&context.cell, seal.kind, took);
    }
    handled_in::<M>(&context.cell, took);
    let is_wrong = manner == Manner::Fallible && is_error(&response);
    if is_wrong {
        answered_wrongly(&context.cell, seal.kind);
        context.cell.tell_error_answer(type_name::<M>(), left);
    }
    seal.settle();
    context.cell.leave();
    // Under the cause still: an answer in the future is spawned here. After the counters: who has the answer sees them.
    if manner == Manner::Later {
        let cell = Arc::clone(&context.cell);
        let awaited = Awaited::new(cell, seal.kind, entered, reply, type_name::<M>(), span);
        match future_of::<_, M::Result>(response) {
            Ok(future) => awaited.given_by(future),
            Err(response) => {
                let (sender, answer) = oneshot::channel();
                // What it spawns is the message's, and no turn of the actor's own.
                context.answering = true;
                if let Some(response) = response {
                    response.handle(context, Some(sender));
                }
                context.answering = false;
                awaited.follow(answer);
            }
        }
    } else {
        span.end(is_wrong);
        response.handle(context, reply.into_sender());
    }
    outer.enter();
    context.passed(type_name::<M>());
}

struct Parcel<M: Message> {
    message: Option<M>,
    reply: Reply<M::Result>,
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
        let seal = Seal::new::<A, M>();
        Envelope::with_proxy(Box::new(Parcel {
            message: Some(message),
            reply: seal.follow::<A, _>(reply),
            seal,
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
        let reply = std::mem::replace(&mut self.reply, Reply::Nobody);
        // As in actix: who asked and gave up is not answered, and nothing is done for them.
        if reply.is_given_up() {
            self.seal.cancel(&context.cell);
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
