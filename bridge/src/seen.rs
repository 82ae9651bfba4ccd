//! Which contexts are seen, for the attribute to ask, with words for who took another one.

use actix::Actor;

/// A context that Loom sees: [`Context`](crate::Context), [`SyncContext`](crate::SyncContext).
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a context that Loom sees",
    label = "`#[loom_bridge::actor]` needs Loom's own context here",
    note = "write `use loom_bridge::Context;`: it wins over the `Context` that `actix::prelude::*` brings",
    note = "an actor of a `SyncArbiter` takes `use loom_bridge::{{SyncArbiter, SyncContext}};`"
)]
pub trait SeenContext {}

impl<A: Actor<Context = Self>> SeenContext for crate::Context<A> {}

impl<A: Actor<Context = Self>> SeenContext for crate::SyncContext<A> {}

/// Does nothing; that it can be called is all that is asked.
pub fn is_seen<C: SeenContext>() {}
