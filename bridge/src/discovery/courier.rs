//! The actor that looks and delivers.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use actix::fut::{ActorFutureExt, WrapFuture};
use actix::{Actor, ActorContext, AsyncContext, Handler, Message, ResponseFuture};
use futures_util::FutureExt;
use loom_protocol::{ActorBatch, BatchOutcome, Order};
use tokio::time::Instant;

use super::bridge::Shared;
use super::outbox::Outbox;
use super::sink::{SinkError, StudioSink};
use crate::context::Context;
use crate::events::Tap;
use crate::figures::Figures;
use crate::measure::{self, Report};
use crate::owner::panic_text;
use crate::power::Answered;
use crate::registry::{ActorRegistry, Changes, Delta};
use crate::say;

/// A studio that takes longer to answer counts as away.
const ANSWER: Duration = Duration::from_secs(10);

/// The pauses after failed deliveries: the first, doubling up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// No registry is looked at more often.
const SHORTEST_POLL: Duration = Duration::from_millis(10);

/// The bridge's shared state changed: look there.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Wake;

/// Say good-bye to the studio and stop.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Close;

/// A registry that is looked at.
struct Source {
    registry: ActorRegistry,
    changes: Changes,
    tap: Arc<Tap>,
}

pub(super) struct Courier {
    shared: Arc<Shared>,
    sources: Vec<Source>,
    sink: Option<Arc<dyn StudioSink>>,
    outbox: Outbox,
    report: Report,
    figures: Figures,
    delivering: bool,
    /// Somebody waits for the next batch, though one is under way.
    is_awaited: bool,
    failures: u32,
    resume: Option<Instant>,
    trouble: Option<SinkError>,
}

impl Courier {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        let outbox = Outbox::new(shared.sender.clone());
        Self {
            shared,
            sources: Vec::new(),
            sink: None,
            outbox,
            report: Report::new(),
            figures: Figures::default(),
            delivering: false,
            is_awaited: false,
            failures: 0,
            resume: None,
            trouble: None,
        }
    }

    /// Takes over what the handle was told since the last time.
    fn catch_up(&mut self) {
        let shared = Arc::clone(&self.shared);
        let mut state = shared.state();
        for source in &mut state.sources {
            if self
                .sources
                .iter()
                .any(|known| known.registry.is_same(&source.registry))
            {
                continue;
            }
            // Taken already by a courier that panicked: then everything is looked at anew.
            match source
                .changes
                .take()
                .map_or_else(|| source.registry.subscribe(), Ok)
            {
                Ok(changes) => self.sources.push(Source {
                    registry: source.registry.clone(),
                    changes,
                    tap: Arc::clone(&source.tap),
                }),
                Err(error) => tracing::error!("failed to {error}"),
            }
        }
        let mut same = is_same(&self.sink, &state.sink);
        if !same && self.sink.is_none() && is_same(&state.served, &state.sink) {
            // A courier before this one served it, and panicked.
            self.sink.clone_from(&state.sink);
            self.outbox.go_on();
            same = true;
        }
        state.served = state.sink.clone();
        if !same {
            self.sink.clone_from(&state.sink);
            self.outbox.start_over();
            self.report.start_over();
            self.recover();
        }
        drop(state);
        if !same && let Some(sink) = &self.sink {
            sink.notify_of_orders(&shared.sender.boot, Shared::notify(&shared));
        }
    }

    fn look(&mut self) {
        let options = &self.shared.options;
        for source in &mut self.sources {
            if options.auto_cleanup {
                source.registry.remove_silent(options.max_age);
            }
            let delta = source.changes.poll();
            log_discoveries(&delta);
            if self.sink.is_some() {
                self.outbox.put(delta);
            }
        }
        if self.outbox.wants_everything() && self.sink.is_some() {
            let all = self
                .sources
                .iter()
                .flat_map(|source| source.registry.get_all())
                .collect();
            self.outbox.put_everything(all);
            self.report.start_over();
        }
        self.look_at_traffic();
    }

    fn look_at_traffic(&mut self) {
        measure::look_away();
        if self.sink.is_some() && self.outbox.wants_measured() {
            let sources = &self.sources;
            let mut measured = self
                .report
                .look(|table| sources.iter().any(|source| source.registry.is(table)));
            let registries: Vec<_> = sources.iter().map(|source| &source.registry).collect();
            measured.asks = self.report.asks(&registries);
            self.outbox.put_measured(measured);
        }
    }

    /// Takes over what happened to actors, as far as there is room for it.
    fn read_journals(&mut self) {
        for source in &self.sources {
            let events = source.registry.events(&source.tap, self.outbox.news.room());
            self.outbox.news.put(events);
        }
        let missed = self
            .sources
            .iter()
            .map(|source| source.registry.missed_events(&source.tap));
        self.outbox.news.missed(missed.sum());
    }

    /// Hands orders to their actors.
    fn take(&self, orders: &[Order]) {
        self.shared.sender.desk.take(orders, |order| {
            self.sources
                .iter()
                .find_map(|source| source.registry.cell(&order.actor))
        });
    }

    fn tick(&mut self, ctx: &mut Context<Self>) {
        self.look();
        if self.sink.is_some() {
            self.outbox.put_figures(self.figures.take());
            self.figures.look();
        }
        // Also without news: an empty batch is the beat of all our actors.
        self.deliver(ctx);
    }

    fn deliver(&mut self, ctx: &mut Context<Self>) {
        let pausing = self.resume.is_some_and(|at| Instant::now() < at);
        let Some(sink) = self.sink.clone().filter(|_| !self.delivering && !pausing) else {
            return;
        };
        (self.delivering, self.is_awaited) = (true, false);
        self.read_journals();
        let to = Arc::clone(&sink);
        let delivery = attempt(sink, self.outbox.next_batch());
        ctx.spawn(delivery.into_actor(self).map(move |outcome, courier, ctx| {
            courier.delivering = false;
            // The answer of a studio that was replaced meanwhile says nothing about the new one.
            if courier.sink.as_ref().is_some_and(|sink| Arc::ptr_eq(sink, &to)) {
                courier.delivered(outcome, &*to, ctx);
            } else {
                courier.deliver(ctx);
            }
        }));
    }

    fn delivered(
        &mut self,
        outcome: Result<BatchOutcome, SinkError>,
        sink: &dyn StudioSink,
        ctx: &mut Context<Self>,
    ) {
        match outcome {
            Ok(outcome) => {
                if self.failures > 0 {
                    tracing::info!(
                        studio = sink.name(),
                        failures = self.failures,
                        "the studio takes batches again"
                    );
                }
                self.recover();
                self.settle(&outcome);
                self.take(&outcome.orders);
                // Whatever comes a line at a time waits for the next look.
                if self.outbox.news.was_full() {
                    self.read_journals();
                }
                // Where everything is wanted it waits for the next look, or a studio that always wants it would spin us.
                if self.outbox.has_news() || self.is_awaited {
                    self.deliver(ctx);
                }
            }
            Err(error) => self.failed(error),
        }
    }

    fn settle(&mut self, outcome: &BatchOutcome) {
        if let Some(attention) = &outcome.attention {
            measure::attend(attention);
            self.report.watch(&attention.actors);
        }
        let settled = self.outbox.settle(outcome);
        for (id, problem) in settled.refused {
            tracing::warn!(actor = %id, problem, "the studio does not show an actor because it refuses its record; mend what it names");
        }
        if let Some(first) = settled.lost.first() {
            tracing::warn!(actor = %first, actors = settled.lost.len(), "the studio does not show actors whose ids another living \
                process has; choose ids apart. It is tried again only when the studio wants to hear of everything anew");
        }
        let known = settled
            .unknown
            .iter()
            .filter_map(|id| self.sources.iter().find_map(|source| source.registry.get(id)));
        let new = known.collect();
        self.outbox.put(Delta {
            new,
            ..Delta::default()
        });
    }

    fn recover(&mut self) {
        (self.failures, self.resume, self.trouble) = (0, None, None);
    }

    fn failed(&mut self, error: SinkError) {
        // Once for each kind of trouble, or the log would fill while a studio is away.
        if error.differs_from(self.trouble.as_ref()) {
            say::warn(&format!(
                "actors are not shown in the studio at the moment: failed to {}; {}",
                error.chain(),
                error.next_step()
            ));
        }
        if let Some(fault) = error.fault()
            && let Some(actor) = self.outbox.batch_refused(fault)
        {
            tracing::error!(%actor, "an actor is never shown in the studio: failed to {}; mend its record", error.chain());
        }
        let pause = FIRST_PAUSE
            .saturating_mul(2_u32.saturating_pow(self.failures))
            .min(LONGEST_PAUSE);
        self.failures = self.failures.saturating_add(1);
        self.resume = Some(Instant::now() + pause);
        self.trouble = Some(error);
    }

    /// What a studio has to be told before the bridge is gone.
    fn farewell(&mut self) -> Vec<ActorBatch> {
        self.look();
        self.read_journals();
        let gone = self
            .sources
            .iter()
            .flat_map(|source| source.registry.get_all())
            .map(|record| record.id)
            .collect();
        self.outbox.put(Delta {
            gone,
            ..Delta::default()
        });
        let mut batches = Vec::new();
        while self.outbox.has_news() {
            batches.push(self.outbox.next_batch());
            self.outbox.settle(&BatchOutcome::default());
            self.read_journals();
        }
        batches
    }
}

fn is_same(old: &Option<Arc<dyn StudioSink>>, new: &Option<Arc<dyn StudioSink>>) -> bool {
    match (old, new) {
        (Some(old), Some(new)) => Arc::ptr_eq(old, new),
        (old, new) => old.is_none() && new.is_none(),
    }
}

fn log_discoveries(delta: &Delta) {
    // One that was started again is not a discovery.
    for actor in delta
        .new
        .iter()
        .filter(|actor| actor.restart_count.unwrap_or(0) == 0)
    {
        tracing::info!(id = %actor.id, r#type = %actor.kind, "Discovered actor");
    }
}

/// One delivery that comes to an end, whatever the sink does.
async fn attempt(sink: Arc<dyn StudioSink>, batch: ActorBatch) -> Result<BatchOutcome, SinkError> {
    let delivery = AssertUnwindSafe(async { sink.deliver(batch).await }).catch_unwind();
    match tokio::time::timeout(ANSWER, delivery).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(payload)) => Err(SinkError::Panicked {
            studio: sink.name(),
            panic: panic_text(&*payload),
        }),
        Err(_) => Err(SinkError::TimedOut {
            studio: sink.name(),
            limit: ANSWER,
        }),
    }
}

#[loom_bridge::actor]
impl Actor for Courier {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.cell().carry_journals();
        self.shared.state().courier = Some(ctx.address());
        self.shared.sender.desk.serve(ctx.address().recipient());
        self.catch_up();
        self.tick(ctx);
        ctx.run_interval(self.shared.options.poll_interval.max(SHORTEST_POLL), Self::tick);
    }
}

impl Handler<Wake> for Courier {
    type Result = ();

    fn handle(&mut self, _: Wake, ctx: &mut Self::Context) {
        self.catch_up();
        // The batch under way may have been answered before what this is about was there.
        self.is_awaited = self.delivering;
        self.tick(ctx);
    }
}

impl Handler<Answered> for Courier {
    type Result = ();

    fn handle(&mut self, _: Answered, ctx: &mut Self::Context) {
        // At once, with what the order changed.
        self.tick(ctx);
    }
}

#[cfg(test)]
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Boom;

#[cfg(test)]
impl Handler<Boom> for Courier {
    type Result = ();

    fn handle(&mut self, _: Boom, _: &mut Self::Context) {
        panic!("boom on purpose");
    }
}

impl Handler<Close> for Courier {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, _: Close, ctx: &mut Self::Context) -> Self::Result {
        let sink = self.sink.take();
        let batches = if sink.is_some() {
            self.farewell()
        } else {
            Vec::new()
        };
        measure::look_no_more();
        // The farewell is a task of its own: it goes on after the actor.
        ctx.stop();
        Box::pin(async move {
            let Some(sink) = sink else { return };
            for batch in batches {
                if let Err(error) = attempt(Arc::clone(&sink), batch).await {
                    tracing::warn!(
                        "actors that ended will be shown as stale for a while: failed to {}; nothing has to be done",
                        error.chain()
                    );
                    return;
                }
            }
        })
    }
}
