//! Why an order is not carried out: sentences that say what to add.

use loom_protocol::{ActorId, Order, OrderKind};

pub(super) fn unknown_actor(id: &ActorId) -> String {
    format!("no actor of this process is called `{id}` now: it has ended, or never was")
}

pub(super) fn has_ended() -> String {
    "it has ended: nothing can be ordered of it any more".to_owned()
}

pub(super) fn blocks() -> String {
    "an actor of a `SyncArbiter` takes no orders: its thread waits for messages only; send it one from an actor that takes them"
        .to_owned()
}

pub(super) fn too_many() -> String {
    "too many orders wait already: repeat this one once they are answered".to_owned()
}

/// How an application allows what was ordered.
pub(crate) fn not_allowed(order: &Order) -> String {
    let (method, word) = match &order.order {
        OrderKind::Snapshot => ("snapshot()".to_owned(), "snapshot".to_owned()),
        OrderKind::Message => {
            let message = order.message.as_deref().unwrap_or("M");
            (format!("message::<{message}>()"), format!("message({message})"))
        }
        OrderKind::Pause | OrderKind::Resume | OrderKind::Step => ("pause()".to_owned(), "pause".to_owned()),
        OrderKind::Config => ("config(apply)".to_owned(), "config(apply)".to_owned()),
        OrderKind::Stop | OrderKind::Kill | OrderKind::Restart => {
            (format!("{}()", order.order), order.order.to_string())
        }
        other => {
            return format!("this version of the application's bridge does not know the order `{other}`");
        }
    };
    format!(
        "it does not take this order; its application allows it with `#[loom_bridge::actor(controls({word}))]`, \
         or with `ctx.allow().{method}` in the actor's `started`"
    )
}

pub(super) fn not_paused() -> String {
    "it is not paused: pause it first".to_owned()
}

pub(super) fn is_paused() -> String {
    "it is paused and handles nothing: resume it first, or stop it now with `kill`".to_owned()
}

pub(super) fn is_ending() -> String {
    "it is about to end because of an earlier order".to_owned()
}

pub(super) fn not_counted() -> String {
    "messages are not counted in this process at the moment, so that none is seen to pass; \
     a step needs `loom_bridge::set_level(Level::Counters)` or more"
        .to_owned()
}

pub(super) fn nobody_restarts() -> String {
    "nobody would start it again; its application starts it with `loom_bridge::Supervisor` or a `loom_bridge::Keeper`"
        .to_owned()
}

pub(super) fn bad_body(what: &str, error: &serde_json::Error) -> String {
    format!("the body is not {what}: {error}")
}
