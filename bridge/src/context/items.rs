//! What an actor has its context run beside the mailbox: futures under their cause, and messages to itself.

use std::any::type_name;
use std::pin::Pin;
use std::task::{Poll, ready};
use std::time::Duration;

use actix::fut::ActorFuture;
use actix::{Actor, ActorContext, ActorState, AsyncContext, Handler, Message, StreamHandler};
use actix_rt::time::Sleep;
use futures_util::Stream;
use pin_project_lite::pin_project;

use super::envelope::{Seal, answered, deliver};
use super::{Context, Declared, Reply};
use crate::clock;
use crate::events::{Unwinding, handled_in};
use crate::measure::{Level, level};
use crate::trace::{Cause, Span};

type Task<'a, 'b> = &'a mut std::task::Context<'b>;

pin_project! {
    /// A future that runs under the cause under which it was spawned.
    pub(super) struct Caused<F> {
        #[pin]
        future: F,
        cause: Cause,
    }
}

impl<F> Caused<F> {
    pub(super) fn new(future: F, cause: Cause) -> Self {
        Self { future, cause }
    }
}

impl<A, F> ActorFuture<A> for Caused<F>
where
    A: Actor,
    F: ActorFuture<A>,
{
    type Output = F::Output;

    fn poll(
        self: Pin<&mut Self>,
        actor: &mut A,
        context: &mut A::Context,
        task: Task<'_, '_>,
    ) -> Poll<F::Output> {
        let this = self.project();
        let outer = this.cause.enter();
        let polled = this.future.poll(actor, context, task);
        outer.enter();
        polled
    }
}

pin_project! {
    /// A future of the actor's own: its end is one turn of work.
    pub(super) struct Turn<F> {
        #[pin]
        future: F,
    }
}

impl<F> Turn<F> {
    pub(super) fn new(future: F) -> Self {
        Self { future }
    }
}

impl<A, F> ActorFuture<A> for Turn<F>
where
    A: Actor<Context = Context<A>>,
    F: ActorFuture<A>,
{
    type Output = F::Output;

    fn poll(
        self: Pin<&mut Self>,
        actor: &mut A,
        context: &mut Context<A>,
        task: Task<'_, '_>,
    ) -> Poll<F::Output> {
        let output = ready!(self.project().future.poll(actor, context, task));
        context.turn(|_| {});
        Poll::Ready(output)
    }
}

pin_project! {
    /// A future during which something is declared.
    pub(super) struct Held<F> {
        #[pin]
        future: F,
        declared: Option<Declared>,
    }
}

impl<F> Held<F> {
    pub(super) fn new(future: F, declared: Declared) -> Self {
        Self {
            future,
            declared: Some(declared),
        }
    }
}

impl<A, F> ActorFuture<A> for Held<F>
where
    A: Actor<Context = Context<A>>,
    F: ActorFuture<A, Output = ()>,
{
    type Output = ();

    fn poll(self: Pin<&mut Self>, actor: &mut A, context: &mut Context<A>, task: Task<'_, '_>) -> Poll<()> {
        // Orders do not wait with the actor.
        context.carry_out(actor);
        let this = self.project();
        if context.state() == ActorState::Stopped {
            *this.declared = None;
            return Poll::Ready(());
        }
        if this.future.poll(actor, context, task).is_pending() {
            context.takes_nothing = true;
            return Poll::Pending;
        }
        *this.declared = None;
        Poll::Ready(())
    }
}

/// A message to itself, handled at the next poll.
pub(super) struct Now<M> {
    message: Option<M>,
    seal: Option<Seal>,
}

impl<M> Now<M> {
    pub(super) fn new(message: M, seal: Option<Seal>) -> Self {
        Self {
            message: Some(message),
            seal,
        }
    }
}

// Nothing is pinned in it: the message is moved out.
impl<M> Unpin for Now<M> {}

impl<A, M> ActorFuture<A> for Now<M>
where
    A: Actor<Context = Context<A>> + Handler<M>,
    M: Message + 'static,
{
    type Output = ();

    fn poll(self: Pin<&mut Self>, actor: &mut A, context: &mut Context<A>, _: Task<'_, '_>) -> Poll<()> {
        let this = self.get_mut();
        if let Some(message) = this.message.take() {
            deliver(actor, message, context, Reply::Nobody, this.seal.as_mut());
        }
        Poll::Ready(())
    }
}

pin_project! {
    /// A message to itself after a while. It counts as sent when the time is up: until then nothing waits for the actor.
    pub(super) struct Delayed<M> {
        message: Option<M>,
        cause: Cause,
        #[pin]
        timer: Sleep,
    }
}

impl<M> Delayed<M> {
    pub(super) fn new(message: M, after: Duration, cause: Cause) -> Self {
        Self {
            message: Some(message),
            cause,
            timer: actix_rt::time::sleep(after),
        }
    }
}

impl<A, M> ActorFuture<A> for Delayed<M>
where
    A: Actor<Context = Context<A>> + Handler<M>,
    M: Message + 'static,
{
    type Output = ();

    fn poll(self: Pin<&mut Self>, actor: &mut A, context: &mut Context<A>, task: Task<'_, '_>) -> Poll<()> {
        let this = self.project();
        ready!(this.timer.poll(task));
        if let Some(message) = this.message.take() {
            let cause = *this.cause;
            let mut seal = (level() > Level::Off).then(|| Seal::from_timer::<A, M>(cause));
            deliver(actor, message, context, Reply::Nobody, seal.as_mut());
        }
        Poll::Ready(())
    }
}

pin_project! {
    /// A stream of messages to itself.
    pub(super) struct MessageStream<S> {
        #[pin]
        stream: S,
    }
}

impl<S> MessageStream<S> {
    pub(super) fn new(stream: S) -> Self {
        Self { stream }
    }
}

impl<A, S> ActorFuture<A> for MessageStream<S>
where
    A: Actor<Context = Context<A>> + Handler<S::Item>,
    S: Stream,
    S::Item: Message + 'static,
{
    type Output = ();

    fn poll(self: Pin<&mut Self>, actor: &mut A, context: &mut Context<A>, task: Task<'_, '_>) -> Poll<()> {
        let mut this = self.project();
        while let Some(message) = ready!(this.stream.as_mut().poll_next(task)) {
            let cause = Cause::of_send();
            let mut seal = (level() > Level::Off).then(|| Seal::from_stream::<A, S::Item>(cause));
            deliver(actor, message, context, Reply::Nobody, seal.as_mut());
            if context.waiting() {
                // The context polls all its items again once it no longer waits.
                return Poll::Pending;
            }
        }
        Poll::Ready(())
    }
}

/// Items of a stream that are handled one after the other before others have their turn; as many as actix takes.
const ITEMS_AT_ONCE: u8 = 16;

pin_project! {
    /// A stream whose items the actor handles. Each counts as a message that was in no queue.
    pub(super) struct Items<S> {
        #[pin]
        stream: S,
        has_begun: bool,
        cause: Cause,
    }
}

impl<S> Items<S> {
    pub(super) fn new(stream: S, cause: Cause) -> Self {
        Self {
            stream,
            has_begun: false,
            cause,
        }
    }
}

impl<A, S> ActorFuture<A> for Items<S>
where
    A: Actor<Context = Context<A>> + StreamHandler<S::Item>,
    S: Stream + 'static,
{
    type Output = ();

    fn poll(self: Pin<&mut Self>, actor: &mut A, context: &mut Context<A>, task: Task<'_, '_>) -> Poll<()> {
        let mut this = self.project();
        let outer = this.cause.enter();
        if !std::mem::replace(this.has_begun, true) {
            <A as StreamHandler<S::Item>>::started(actor, context);
        }
        outer.enter();
        let mut handled = 0;
        while let Some(item) = ready!(this.stream.as_mut().poll_next(task)) {
            handle_item(actor, item, context, *this.cause);
            handled += 1;
            if context.waiting() || context.is_held() {
                return Poll::Pending;
            }
            if handled == ITEMS_AT_ONCE {
                task.waker().wake_by_ref();
                return Poll::Pending;
            }
        }
        let outer = this.cause.enter();
        <A as StreamHandler<S::Item>>::finished(actor, context);
        outer.enter();
        Poll::Ready(())
    }
}

fn handle_item<A, I>(actor: &mut A, item: I, context: &mut Context<A>, cause: Cause)
where
    A: Actor<Context = Context<A>> + StreamHandler<I>,
    I: 'static,
{
    if level() == Level::Off {
        <A as StreamHandler<I>>::handle(actor, item, context);
        context.passed(type_name::<I>());
        return;
    }
    let mut seal = Seal::from_stream::<A, I>(cause);
    let entered = clock::raw();
    seal.open(&context.cell, entered, false);
    let (cause, span) = Span::begin(seal.cause(), &context.cell, type_name::<I>());
    let outer = cause.enter();
    let unwinding = Unwinding::from_handler_of::<I>();
    <A as StreamHandler<I>>::handle(actor, item, context);
    unwinding.returned();
    let took = clock::between(entered, clock::raw());
    if level() == Level::Traffic {
        answered(&context.cell, seal.kind(), took);
    }
    handled_in::<I>(&context.cell, took);
    span.end(false);
    seal.settle();
    context.cell.leave();
    outer.enter();
    context.passed(type_name::<I>());
}
