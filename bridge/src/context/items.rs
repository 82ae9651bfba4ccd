//! What an actor has its context run beside the mailbox: futures under their cause, and messages to itself.

use std::pin::Pin;
use std::task::{Poll, ready};
use std::time::Duration;

use actix::fut::ActorFuture;
use actix::{Actor, AsyncContext, Handler, Message};
use actix_rt::time::Sleep;
use futures_util::Stream;
use pin_project_lite::pin_project;

use super::envelope::{Seal, deliver};
use super::{Context, Declared};
use crate::cause::Cause;
use crate::level::{Level, level};

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
        let output = ready!(this.future.poll(actor, context, task));
        *this.declared = None;
        Poll::Ready(output)
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
            deliver(actor, message, context, None, this.seal.as_mut());
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
            deliver_unqueued(actor, message, context, *this.cause);
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
            deliver_unqueued(actor, message, context, Cause::of_send());
            if context.waiting() {
                // The context polls all its items again once it no longer waits.
                return Poll::Pending;
            }
        }
        Poll::Ready(())
    }
}

fn deliver_unqueued<A, M>(actor: &mut A, message: M, context: &mut Context<A>, cause: Cause)
where
    A: Actor<Context = Context<A>> + Handler<M>,
    M: Message,
{
    let mut seal = (level() > Level::Off).then(|| Seal::unqueued::<A>(cause));
    deliver(actor, message, context, None, seal.as_mut());
}
