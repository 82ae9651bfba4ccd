//! Timers of actors, by the time of the world.

use std::time::Duration;

use actix::fut::{ActorFutureExt, wrap_future};
use actix::{Actor, AsyncContext, Handler, Message, SpawnHandle};
use loom_bridge::Context;

use crate::world::World;

/// Has an actor do something after a time, if it still lives then and nobody takes the handle to cancel it.
pub(super) fn after<A>(
    world: &dyn World,
    ctx: &mut Context<A>,
    time: Duration,
    then: impl FnOnce(&mut A, &mut Context<A>) + 'static,
) -> SpawnHandle
where
    A: Actor<Context = Context<A>>,
{
    let timer = wrap_future::<_, A>(world.sleep(time));
    ctx.spawn(timer.map(move |(), act, ctx| then(act, ctx)))
}

/// Tells an actor something after a time, if it still lives then.
pub(super) fn notify_after<A, M>(
    world: &dyn World,
    ctx: &mut Context<A>,
    time: Duration,
    message: M,
) -> SpawnHandle
where
    A: Actor<Context = Context<A>> + Handler<M>,
    M: Message + 'static,
{
    after(world, ctx, time, move |_, ctx| ctx.notify(message))
}
