//! What an actor allows others to order of it.

use std::fmt::Display;

use actix::{Actor, Handler, Message};
use loom_protocol::{MessageForm, OrderKind};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::carry::{Failure, Powers};
use super::message::{Ordered, read, send, send_by};
use crate::context::Context;
use crate::names::short_type_name;

/// Allows orders, one method each; see [`Context::allow`]. They are told to the studio when this is dropped.
pub struct Allow<'a, A: Actor<Context = Context<A>>> {
    context: &'a mut Context<A>,
}

impl<A: Actor<Context = Self>> Context<A> {
    /// Lets whoever operates the studio order something of this actor: nothing is allowed until a method of what this
    /// returns says so. Belongs into `started`; `#[loom_bridge::actor(controls(…))]` writes it there.
    ///
    /// ```
    /// use actix::prelude::*;
    /// use loom_bridge::Context;
    ///
    /// #[derive(serde::Serialize)]
    /// struct Counter {
    ///     count: u64,
    /// }
    ///
    /// /// Adds to the count and answers the new one.
    /// #[derive(Message, serde::Deserialize)]
    /// #[rtype(result = "u64")]
    /// struct Add {
    ///     by: u64,
    /// }
    ///
    /// #[loom_bridge::actor]
    /// impl Actor for Counter {
    ///     type Context = Context<Self>;
    ///
    ///     fn started(&mut self, ctx: &mut Self::Context) {
    ///         ctx.allow().snapshot().pause().stop().message::<Add>();
    ///     }
    /// }
    ///
    /// impl Handler<Add> for Counter {
    ///     type Result = u64;
    ///
    ///     fn handle(&mut self, add: Add, _: &mut Self::Context) -> u64 {
    ///         self.count += add.by;
    ///         self.count
    ///     }
    /// }
    /// ```
    #[must_use = "nothing is allowed until a method says what"]
    pub fn allow(&mut self) -> Allow<'_, A> {
        Allow { context: self }
    }
}

impl<A: Actor<Context = Context<A>>> Allow<'_, A> {
    /// Pausing, stepping from one message to the next, and resuming. A paused actor takes no message and none of its timers
    /// runs; its queue grows meanwhile, and it does not end with its last address.
    pub fn pause(self) -> Self {
        self.order(OrderKind::Pause)
            .order(OrderKind::Resume)
            .order(OrderKind::Step)
    }

    /// Stopping once no message waits any more.
    pub fn stop(self) -> Self {
        self.order(OrderKind::Stop)
    }

    /// Stopping after the message it handles. Those that wait are lost; the answer says how many.
    pub fn kill(self) -> Self {
        self.order(OrderKind::Kill)
    }

    /// Stopping and being started again by the [`Supervisor`](crate::Supervisor) or the [`Keeper`](crate::Keeper) that it
    /// has. With the first the messages that wait are kept, with the second they are lost.
    pub fn restart(self) -> Self {
        self.order(OrderKind::Restart)
    }

    /// Showing its state, as `serde` writes it. Never with a secret in it: `#[serde(skip)]` leaves a field out.
    pub fn snapshot(self) -> Self
    where
        A: Serialize,
    {
        self.snapshot_from(Box::new(|actor| serde_json::to_value(actor)))
    }

    /// Showing what `view` makes of its state.
    pub fn snapshot_with<V, F>(self, view: F) -> Self
    where
        V: Serialize,
        F: Fn(&A) -> V + 'static,
    {
        self.snapshot_from(Box::new(move |actor| serde_json::to_value(view(actor))))
    }

    fn snapshot_from(mut self, view: super::carry::Snapshot<A>) -> Self {
        self.powers().snapshot = Some(view);
        self.order(OrderKind::Snapshot)
    }

    /// Sending it messages of type `M`: they are made of JSON and go through its queue as any other.
    pub fn message<M>(self) -> Self
    where
        A: Handler<M>,
        M: Message + DeserializeOwned + Send + 'static,
        M::Result: Serialize + Send,
    {
        self.message_of::<M>(None, send::<A, M>)
    }

    /// The same of a message that is told who ordered it.
    pub fn message_by<M>(self) -> Self
    where
        A: Handler<M>,
        M: Ordered + Message + DeserializeOwned + Send + 'static,
        M::Result: Serialize + Send,
    {
        self.message_of::<M>(None, send_by::<A, M>)
    }

    /// The same with the JSON Schema of the message, of which the studio makes a form. With the crate `schemars` it is
    /// `schemars::schema_for!(M).to_value()`.
    pub fn message_with<M>(self, schema: Value) -> Self
    where
        A: Handler<M>,
        M: Message + DeserializeOwned + Send + 'static,
        M::Result: Serialize + Send,
    {
        self.message_of::<M>(Some(schema), send::<A, M>)
    }

    fn message_of<M>(mut self, schema: Option<Value>, send: super::carry::Send<A>) -> Self {
        let kind = short_type_name::<M>();
        let powers = self.powers();
        powers.messages.retain(|(known, _)| *known != kind);
        powers.messages.push((kind.clone(), send));
        let forms = &mut powers.controls.messages;
        forms.retain(|form| form.kind != kind);
        forms.push(MessageForm { kind, schema });
        self.order(OrderKind::Message)
    }

    /// Taking other settings: `apply` gets them, and may refuse them with a reason.
    pub fn config<S, E, F>(self, apply: F) -> Self
    where
        S: DeserializeOwned,
        E: Display,
        F: FnMut(&mut A, S, &mut Context<A>) -> Result<(), E> + 'static,
    {
        self.config_of(None, apply)
    }

    /// The same with the JSON Schema of the settings.
    pub fn config_with<S, E, F>(self, schema: Value, apply: F) -> Self
    where
        S: DeserializeOwned,
        E: Display,
        F: FnMut(&mut A, S, &mut Context<A>) -> Result<(), E> + 'static,
    {
        self.config_of(Some(schema), apply)
    }

    fn config_of<S, E, F>(mut self, schema: Option<Value>, mut apply: F) -> Self
    where
        S: DeserializeOwned,
        E: Display,
        F: FnMut(&mut A, S, &mut Context<A>) -> Result<(), E> + 'static,
    {
        let powers = self.powers();
        powers.controls.config = schema;
        powers.config = Some(Box::new(move |actor, body, context| {
            let settings = read::<S>(body).map_err(|error| Failure::Body(error, short_type_name::<S>()))?;
            apply(actor, settings, context).map_err(|error| Failure::Refused(error.to_string()))
        }));
        self.order(OrderKind::Config)
    }

    fn order(mut self, order: OrderKind) -> Self {
        let orders = &mut self.powers().controls.orders;
        if !orders.contains(&order) {
            orders.push(order);
        }
        self
    }
}

impl<A: Actor<Context = Context<A>>> Allow<'_, A> {
    fn powers(&mut self) -> &mut Powers<A> {
        self.context.powers_mut()
    }
}

impl<A: Actor<Context = Context<A>>> Drop for Allow<'_, A> {
    fn drop(&mut self) {
        self.context.publish_controls();
    }
}
