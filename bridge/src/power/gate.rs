//! What orders put into an actor's context: what holds it, what carries out orders, and what stops it at last.

use std::pin::Pin;
use std::task::Poll;

use actix::fut::ActorFuture;
use actix::{Actor, ActorContext, ActorState};
use pin_project_lite::pin_project;

use crate::context::Context;

type Waker<'a, 'b> = &'a mut std::task::Context<'b>;

/// Holds the actor while it is paused, and carries out what needs it meanwhile.
pub(super) struct Gate;

impl<A: Actor<Context = Context<A>>> ActorFuture<A> for Gate {
    type Output = ();

    fn poll(self: Pin<&mut Self>, actor: &mut A, context: &mut Context<A>, _: Waker<'_, '_>) -> Poll<()> {
        context.carry_out(actor);
        // Whatever changes that wakes the actor.
        if context.is_held() && context.state() != ActorState::Stopped {
            Poll::Pending
        } else {
            Poll::Ready(())
        }
    }
}

/// Carries out what needs the actor, where nothing else of the context does.
pub(super) struct CarryOut;

impl<A: Actor<Context = Context<A>>> ActorFuture<A> for CarryOut {
    type Output = ();

    fn poll(self: Pin<&mut Self>, actor: &mut A, context: &mut Context<A>, _: Waker<'_, '_>) -> Poll<()> {
        context.carry_out(actor);
        Poll::Ready(())
    }
}

/// Stops the actor when it is polled: items of a context have their turn once no message waits.
pub(super) struct StopAtLast;

impl<A: Actor<Context = Context<A>>> ActorFuture<A> for StopAtLast {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut A, context: &mut Context<A>, _: Waker<'_, '_>) -> Poll<()> {
        if let Some(powers) = context.powers.as_mut() {
            powers.begin_to_end();
        }
        context.stop();
        Poll::Ready(())
    }
}

pin_project! {
    /// A future of the context that does nothing while the actor is held.
    pub(crate) struct Gated<F> {
        #[pin]
        future: F,
    }
}

impl<F> Gated<F> {
    pub(crate) fn new(future: F) -> Self {
        Self { future }
    }
}

impl<A, F> ActorFuture<A> for Gated<F>
where
    A: Actor<Context = Context<A>>,
    F: ActorFuture<A>,
{
    type Output = F::Output;

    fn poll(
        self: Pin<&mut Self>,
        actor: &mut A,
        context: &mut Context<A>,
        task: Waker<'_, '_>,
    ) -> Poll<F::Output> {
        if context.is_held() {
            // The context polls all its items again once it goes on.
            return Poll::Pending;
        }
        self.project().future.poll(actor, context, task)
    }
}
