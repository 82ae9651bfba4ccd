//! actix's `Supervisor` for actors on the observed context.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use actix::dev::channel;
use actix::{Actor, Addr, AsyncContext, Supervised};
use actix_rt::ArbiterHandle;

use super::life::Life;
use super::{Context, Observed};
use crate::owner::panic_text;
use crate::spec::ActorSpec;

/// Starts actors that start again whenever they stop: what `actix::Supervisor` is for actors on actix's own context, with
/// the same names and the same rules, so that the `use` is all that changes.
///
/// The actor value stays, its futures and timers go, [`Supervised::restarting`] and then `started` are called, and the
/// messages that wait are handled. It is one actor to a studio, whose `restartCount` grows. It ends when it stops and nobody
/// has its address, and when it panics: actix restarts no actor that panics. [`Keeper`](crate::Keeper) does, with pauses and a budget.
pub struct Supervisor<A>(std::marker::PhantomData<fn() -> A>);

impl<A> Supervisor<A>
where
    A: Supervised + Actor<Context = Context<A>>,
{
    /// Starts the actor that `make` returns on the running arbiter.
    ///
    /// # Panics
    /// Where no arbiter runs, as actix does, and when `make` panics.
    pub fn start<F>(make: F) -> Addr<A>
    where
        F: FnOnce(&mut Context<A>) -> A + 'static,
    {
        Self::spawn(ActorSpec::of::<A>(), make)
    }

    /// Starts it on another arbiter's thread; `make` runs there.
    pub fn start_in_arbiter<F>(arbiter: &ArbiterHandle, make: F) -> Addr<A>
    where
        F: FnOnce(&mut Context<A>) -> A + Send + 'static,
    {
        Self::spawn_in(arbiter, ActorSpec::of::<A>(), make)
    }

    /// The same as [`Self::start`], with a name, a watcher and whatever else the spec says.
    ///
    /// # Panics
    /// As [`Self::start`].
    pub fn spawn<F>(spec: ActorSpec, make: F) -> Addr<A>
    where
        F: FnOnce(&mut Context<A>) -> A,
    {
        let mut context = Context::with_spec(spec);
        match catch_unwind(AssertUnwindSafe(|| make(&mut context))) {
            Ok(actor) => {
                let address = context.address();
                actix_rt::spawn(Observed::supervised(context, actor));
                address
            }
            Err(payload) => {
                context.fail(panic_text(&*payload));
                resume_unwind(payload)
            }
        }
    }

    /// The same as [`Self::start_in_arbiter`], with a spec. When the arbiter has stopped, or `make` panics, the actor ends
    /// before it began.
    pub fn spawn_in<F>(arbiter: &ArbiterHandle, spec: ActorSpec, make: F) -> Addr<A>
    where
        F: FnOnce(&mut Context<A>) -> A + Send + 'static,
    {
        let (sender, receiver) = channel::channel(spec.mailbox_capacity);
        let life = Life::begin::<A>(spec);
        arbiter.spawn_fn(move || {
            let mut context = Context::from_parts(receiver, life);
            match catch_unwind(AssertUnwindSafe(|| make(&mut context))) {
                Ok(actor) => drop(actix_rt::spawn(Observed::supervised(context, actor))),
                Err(payload) => context.fail(panic_text(&*payload)),
            }
        });
        Addr::new(sender)
    }
}
