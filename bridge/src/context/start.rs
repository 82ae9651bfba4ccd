//! Starting observed actors.
//!
//! `Actor::start` and its sisters are bound to actix's own context. `#[loom_bridge::actor]` gives an actor methods of the
//! same names that win over them; these functions are what those methods call, and what takes an [`ActorSpec`].

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use actix::dev::channel;
use actix::{Actor, Addr};
use actix_rt::ArbiterHandle;

use super::Context;
use super::life::{self, Life};
use crate::owner::{End, panic_text};
use crate::spec::ActorSpec;

/// Starts an actor on the running arbiter.
///
/// # Panics
/// Where no arbiter runs, as actix does, and when `make` panics; its watchers are told either way.
pub fn spawn<A, F>(spec: ActorSpec, make: F) -> Addr<A>
where
    A: Actor<Context = Context<A>>,
    F: FnOnce(&mut Context<A>) -> A,
{
    let mut context = Context::with_spec(spec);
    match catch_unwind(AssertUnwindSafe(|| make(&mut context))) {
        Ok(actor) => context.run(actor),
        Err(payload) => {
            context.fail(panic_text(&*payload));
            resume_unwind(payload)
        }
    }
}

/// Starts an actor on another arbiter's thread; `make` runs there. The address takes messages at once.
///
/// When the arbiter has stopped, or `make` panics, the actor ends before it began: its watchers are told and the address is
/// closed.
pub fn spawn_in<A, F>(arbiter: &ArbiterHandle, spec: ActorSpec, make: F) -> Addr<A>
where
    A: Actor<Context = Context<A>>,
    F: FnOnce(&mut Context<A>) -> A + Send + 'static,
{
    let (sender, receiver) = channel::channel(spec.mailbox_capacity);
    // Registered here, so that it has the actor that runs here for a parent.
    let life = Life::begin::<A>(spec);
    arbiter.spawn_fn(move || {
        let mut context = Context::from_parts(receiver, life);
        match catch_unwind(AssertUnwindSafe(|| make(&mut context))) {
            Ok(actor) => {
                context.run(actor);
            }
            Err(payload) => context.fail(panic_text(&*payload)),
        }
    });
    Addr::new(sender)
}

impl<A: Actor<Context = Self>> Context<A> {
    pub(super) fn fail(self, text: String) {
        life::end(&self.cell, End::Panicked(text));
    }
}

/// Starting without the attribute, under names that do not clash with actix's.
pub trait StartObserved: Actor<Context = Context<Self>> {
    /// Starts the actor on the running arbiter.
    fn start_observed(self) -> Addr<Self> {
        Context::new().run(self)
    }

    /// Starts the actor that `make` returns on the running arbiter.
    fn create_observed<F>(make: F) -> Addr<Self>
    where
        F: FnOnce(&mut Context<Self>) -> Self,
    {
        spawn(ActorSpec::of::<Self>(), make)
    }

    /// Starts the actor that `make` returns on another arbiter.
    fn start_observed_in<F>(arbiter: &ArbiterHandle, make: F) -> Addr<Self>
    where
        F: FnOnce(&mut Context<Self>) -> Self + Send + 'static,
    {
        spawn_in(arbiter, ActorSpec::of::<Self>(), make)
    }
}

impl<A: Actor<Context = Context<A>>> StartObserved for A {}
