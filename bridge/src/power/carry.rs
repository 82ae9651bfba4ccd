//! Carrying out orders, on the thread that polls the actor.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;

use actix::dev::AsyncContextParts;
use actix::{Actor, ActorContext, ActorState, Addr, AsyncContext};
use loom_protocol::{Controls, Order, OrderKind};
use serde_json::{Map, Value, json};

use super::gate::{CarryOut, Gate, Gated, StopAtLast};
use super::refusal;
use super::slot::{Reply, Slot, Task};
use crate::cell::ActorCell;
use crate::context::Context;
use crate::measure::{Level, level};
use crate::owner::panic_text;
use crate::trace::Cause;

pub(super) type Snapshot<A> = Box<dyn Fn(&A) -> serde_json::Result<Value>>;
pub(super) type Send<A> = fn(&Addr<A>, Value, &str, Reply);
type Configure<A> = Box<dyn FnMut(&mut A, Value, &mut Context<A>) -> Result<(), Failure>>;

/// Why settings are not taken.
pub(super) enum Failure {
    Body(serde_json::Error, String),
    Refused(String),
}

/// What an actor allows, and how far its orders have come. There only for actors that allow something.
pub(crate) struct Powers<A: Actor<Context = Context<A>>> {
    pub(crate) slot: Arc<Slot>,
    pub(super) controls: Controls,
    pub(super) snapshot: Option<Snapshot<A>>,
    pub(super) messages: Vec<(String, Send<A>)>,
    pub(super) config: Option<Configure<A>>,
    paused: bool,
    /// One message may pass; who is told once it has.
    step: Option<Reply>,
    /// Orders that need the actor itself.
    inner: VecDeque<Task>,
    /// Something in the context is going to carry those out.
    called: bool,
    ending: Option<Ending>,
}

fn stopped_meanwhile() -> String {
    "it was stopped at once meanwhile".to_owned()
}

/// An end that was ordered.
struct Ending {
    order: OrderKind,
    /// The actor was asked to stop; before that its queue is to run empty.
    started: bool,
    /// Not there where a keeper has it.
    reply: Option<Reply>,
}

impl<A: Actor<Context = Context<A>>> Powers<A> {
    pub(crate) fn new(slot: Arc<Slot>) -> Self {
        Self {
            slot,
            controls: Controls::default(),
            snapshot: None,
            messages: Vec::new(),
            config: None,
            paused: false,
            step: None,
            inner: VecDeque::new(),
            called: false,
            ending: None,
        }
    }

    pub(crate) fn controls(&self) -> &Controls {
        &self.controls
    }

    /// Whether nothing of the actor may run now.
    fn is_held(&self) -> bool {
        self.called || (self.paused && self.step.is_none())
    }

    /// Whether a kill was taken that the actor has not come to yet.
    fn has_kill(&self) -> bool {
        self.inner.iter().any(|task| task.order.order == OrderKind::Kill)
    }

    /// The actor is asked to stop, as it was ordered.
    pub(super) fn begin_to_end(&mut self) {
        if let Some(ending) = &mut self.ending {
            ending.started = true;
        }
    }

    /// The actor started again in place.
    pub(crate) fn started_again(&mut self) {
        self.paused = false;
        self.called = false;
        self.step = None;
        // They were for the life that ended; what is called for is no longer in the context.
        for task in self.inner.drain(..) {
            task.reply
                .fail("it started again before it was carried out".to_owned());
        }
        if let Some(ending) = self.ending.take()
            && let Some(reply) = ending.reply
        {
            reply.done(None);
        }
    }

    /// The actor has ended, with so many messages in its queue; by a panic with this text.
    pub(crate) fn ended(self, waited: u64, panic: Option<&str>) {
        let ending = self.ending.and_then(|ending| Some((ending.order, ending.reply?)));
        // It may have ended before it came to a kill: that is what was ordered.
        let kills = self.inner.into_iter().filter_map(|task| {
            let is_kill = task.order.order == OrderKind::Kill;
            is_kill.then_some((OrderKind::Kill, task.reply))
        });
        for (order, reply) in ending.into_iter().chain(kills) {
            match panic {
                Some(panic) => reply.fail(format!("it panicked: {panic}")),
                None if order == OrderKind::Kill => reply.done(Some(json!({"lostMessages": waited}))),
                None if order == OrderKind::Restart => reply.fail(stopped_meanwhile()),
                None => reply.done(None),
            }
        }
        self.slot.close();
    }
}

impl<A: Actor<Context = Self>> Context<A> {
    /// Whether the actor may not go on now. One look at a pointer where nothing is allowed.
    #[inline]
    pub(crate) fn is_held(&self) -> bool {
        self.powers.as_ref().is_some_and(|powers| powers.is_held())
    }

    /// Whether a stop was ordered after which nobody shall start it again.
    pub(crate) fn ends_for_good(&self) -> bool {
        self.powers.as_ref().is_some_and(|powers| {
            let ending = powers.ending.as_ref().map(|ending| &ending.order);
            matches!(ending, Some(OrderKind::Stop | OrderKind::Kill)) || powers.has_kill()
        })
    }

    /// Takes the orders that came in, before the actor is polled. `in_place`: a stop of it starts it again.
    #[cold]
    pub(crate) fn take_orders(&mut self, in_place: bool) {
        let Some(powers) = &self.powers else { return };
        for task in powers.slot.take() {
            Cause::begin().run(|| self.take_order(task, in_place));
        }
    }

    fn take_order(&mut self, task: Task, in_place: bool) {
        let refusal = self.why_not(&task.order, in_place);
        self.cell().tell_ordered(&task.order, refusal.as_deref());
        if let Some(problem) = refusal {
            task.reply.refuse(problem);
            return;
        }
        let Some(powers) = self.powers.as_mut() else {
            return;
        };
        match task.order.order {
            OrderKind::Pause => {
                let was_paused = std::mem::replace(&mut powers.paused, true);
                self.cell().pause(true);
                if !was_paused {
                    self.parts().wait(Gate);
                }
                task.reply.done(None);
            }
            OrderKind::Resume => {
                powers.paused = false;
                let step = powers.step.take();
                self.cell().pause(false);
                if let Some(step) = step {
                    step.fail("it was resumed before a message came".to_owned());
                }
                task.reply.done(None);
            }
            OrderKind::Step => powers.step = Some(task.reply),
            OrderKind::Stop => {
                powers.ending = Some(Ending {
                    order: OrderKind::Stop,
                    started: false,
                    reply: Some(task.reply),
                });
                self.parts().spawn(Gated::new(StopAtLast));
            }
            OrderKind::Restart => self.restart(task, in_place),
            OrderKind::Message => {
                let kind = task.order.message.as_deref().unwrap_or_default();
                let send = powers.messages.iter().find(|(known, _)| known == kind);
                if let Some((_, send)) = send {
                    let body = task.order.body.unwrap_or_default();
                    send(&self.address(), body, &task.order.by, task.reply);
                }
            }
            _ => {
                let is_kill = task.order.order == OrderKind::Kill;
                powers.inner.push_back(task);
                if is_kill {
                    self.withdraw_restart();
                }
                self.call();
            }
        }
    }

    /// Nobody shall start it again: an order to do so comes to nothing.
    fn withdraw_restart(&self) {
        let ordered = self.cell().restarter().and_then(|keeper| keeper.take());
        if let Some((reply, _)) = ordered {
            reply.fail(stopped_meanwhile());
        }
    }

    /// Has the context carry out what needs the actor itself.
    fn call(&mut self) {
        let Some(powers) = self.powers.as_mut() else {
            return;
        };
        if !std::mem::replace(&mut powers.called, true) {
            self.parts().wait(CarryOut);
        }
    }

    fn why_not(&self, order: &Order, in_place: bool) -> Option<String> {
        let powers = self.powers.as_ref()?;
        if !powers.controls.orders.contains(&order.order) {
            return Some(refusal::not_allowed(order));
        }
        if (powers.ending.is_some() || powers.has_kill()) && order.order != OrderKind::Kill {
            return Some(refusal::is_ending());
        }
        match order.order {
            OrderKind::Message => {
                let known = |(kind, _): &(String, _)| Some(kind.as_str()) == order.message.as_deref();
                (!powers.messages.iter().any(known)).then(|| refusal::not_allowed(order))
            }
            OrderKind::Step if !powers.paused => Some(refusal::not_paused()),
            OrderKind::Step if level() == Level::Off => Some(refusal::not_counted()),
            OrderKind::Step if powers.step.is_some() => Some("it takes a step already".to_owned()),
            OrderKind::Stop if powers.paused => Some(refusal::is_paused()),
            OrderKind::Restart if !in_place && self.cell().restarter().is_none() => {
                Some(refusal::nobody_restarts())
            }
            _ => None,
        }
    }

    fn restart(&mut self, task: Task, in_place: bool) {
        let reply = match self.cell().restarter() {
            Some(keeper) if !in_place => {
                keeper.order(task.reply, task.order.by);
                None
            }
            _ => Some(task.reply),
        };
        if let Some(powers) = self.powers.as_mut() {
            powers.ending = Some(Ending {
                order: OrderKind::Restart,
                started: true,
                reply,
            });
        }
        self.stop();
    }

    /// After a poll that the actor survived: one that was to stop and did not wanted to go on.
    pub(crate) fn polled(&mut self) {
        let is_running = self.state() == ActorState::Running;
        let cell = Arc::clone(self.cell());
        let Some(powers) = self.powers.as_mut() else {
            return;
        };
        if is_running && powers.ending.as_ref().is_some_and(|ending| ending.started) {
            let ordered = cell.restarter().and_then(|keeper| keeper.take());
            let reply = powers.ending.take().and_then(|ending| ending.reply);
            if let Some(reply) = reply.or(ordered.map(|(reply, _)| reply)) {
                reply.fail("its `stopping` hook has it go on; `kill` asks no hook".to_owned());
            }
        }
    }

    /// Carries out what needs the actor itself. Called wherever the context has the actor at hand and may be held.
    pub(crate) fn carry_out(&mut self, actor: &mut A) {
        while let Some(task) = self.powers.as_mut().and_then(|powers| {
            powers.called = false;
            powers.inner.pop_front()
        }) {
            // Back to what was before also when a panic passes.
            Cause::default().run(|| match task.order.order {
                OrderKind::Snapshot => self.snapshot(actor, task.reply),
                OrderKind::Config => self.configure(actor, task),
                _ => self.kill(task.reply),
            });
        }
    }

    fn snapshot(&self, actor: &A, reply: Reply) {
        let view = self.powers.as_ref().and_then(|powers| powers.snapshot.as_ref());
        let Some(view) = view else {
            reply.fail("it shows nothing any more".to_owned());
            return;
        };
        // It only reads: where it panics, the actor is as it was.
        match catch_unwind(AssertUnwindSafe(|| view(actor))) {
            Ok(Ok(state)) => reply.done(Some(state)),
            Ok(Err(error)) => reply.fail(format!("its state cannot be written as JSON: {error}")),
            Err(payload) => reply.fail(format!(
                "what shows its state panicked: {}",
                panic_text(&*payload)
            )),
        }
    }

    fn configure(&mut self, actor: &mut A, task: Task) {
        // Out of the context for the call, which gets the context.
        let apply = self.powers.as_mut().and_then(|powers| powers.config.take());
        let Some(mut apply) = apply else {
            task.reply.fail("it takes no settings any more".to_owned());
            return;
        };
        let body = task.order.body.unwrap_or_default();
        let outcome = match catch_unwind(AssertUnwindSafe(|| apply(actor, body, self))) {
            Ok(outcome) => outcome,
            Err(payload) => {
                task.reply.fail(format!(
                    "it panicked over these settings: {}",
                    panic_text(&*payload)
                ));
                // It may have changed half of itself: it ends as by any panic.
                resume_unwind(payload);
            }
        };
        if let Some(powers) = self.powers.as_mut() {
            powers.config.get_or_insert(apply);
        }
        match outcome {
            Ok(()) => task.reply.done(None),
            Err(Failure::Body(error, what)) => {
                task.reply
                    .refuse(refusal::bad_body(&format!("settings (`{what}`)"), &error));
            }
            Err(Failure::Refused(why)) => task
                .reply
                .refuse(format!("it does not take these settings: {why}")),
        }
    }

    fn kill(&mut self, reply: Reply) {
        if let Some(powers) = self.powers.as_mut() {
            // Whoever ordered another end gets the same.
            if let Some(Ending {
                reply: Some(earlier), ..
            }) = powers.ending.take()
            {
                earlier.fail(stopped_meanwhile());
            }
            powers.ending = Some(Ending {
                order: OrderKind::Kill,
                started: true,
                reply: Some(reply),
            });
        }
        self.withdraw_restart();
        self.terminate();
    }

    /// A message, or work that no message asked for, has passed; where that was the step, nothing follows it.
    #[inline]
    pub(crate) fn passed(&mut self, what: &'static str) {
        if let Some(powers) = &mut self.powers
            && let Some(reply) = powers.step.take()
        {
            reply.done(Some(json!({"took": crate::names::shorten(what)})));
            self.parts().wait(Gate);
        }
    }
}

impl ActorCell {
    /// Writes down who ordered what, and why it was not taken.
    pub(crate) fn tell_ordered(&self, order: &Order, refusal: Option<&str>) {
        let what = match &order.message {
            Some(message) => format!("{} `{message}`", order.order),
            None => order.order.to_string(),
        };
        let mut text = format!("{} ordered: {what}", order.by);
        let mut data = Map::new();
        data.insert("id".to_owned(), order.id.0.as_str().into());
        data.insert("order".to_owned(), order.order.as_str().into());
        data.insert("by".to_owned(), order.by.as_str().into());
        if let Some(message) = &order.message {
            data.insert("message".to_owned(), message.as_str().into());
        }
        if let Some(refusal) = refusal {
            text.push_str("; refused: ");
            text.push_str(refusal);
            data.insert("refused".to_owned(), refusal.into());
        }
        self.tell_order(text, data);
    }
}
