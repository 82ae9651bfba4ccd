//! A keeper: the owner of one child that it starts again by a policy.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix::{Actor, ActorContext, Addr, AsyncContext, Handler, Message, Recipient};
use actix_rt::ArbiterHandle;
use loom_protocol::ActorId;

use super::{ChildGone, Decision, End, RestartPolicy};
use crate::context::{Activity, Context, Declared, spawn, spawn_in};
use crate::spec::ActorSpec;

/// What a keeper tells whoever asked to be told.
#[derive(Clone, Debug, PartialEq, Eq, Message)]
#[rtype(result = "()")]
#[non_exhaustive]
pub enum KeeperNews {
    /// The child panicked and runs again.
    Restarted {
        /// The child.
        id: ActorId,
        /// What its panic said.
        panic: String,
    },
    /// The child was ordered to start again, and runs again.
    RestartedByOrder {
        /// The child.
        id: ActorId,
    },
    /// The child stopped in good order; its keeper has stopped too.
    Stopped {
        /// The child.
        id: ActorId,
    },
    /// The child panicked more often than the policy allows and stays dead; its keeper has stopped too.
    GaveUp {
        /// The child.
        id: ActorId,
        /// What its last panic said.
        panic: String,
    },
}

/// Asks a keeper for its child as it is now; `None` between two lives. Ask again after an address was found closed.
pub struct CurrentChild<A: Actor>(std::marker::PhantomData<fn() -> A>);

impl<A: Actor> CurrentChild<A> {
    /// The question.
    pub fn new() -> Self {
        Self(std::marker::PhantomData)
    }
}

impl<A: Actor> Default for CurrentChild<A> {
    fn default() -> Self {
        Self::new()
    }
}

impl<A: Actor> Message for CurrentChild<A> {
    type Result = Option<Addr<A>>;
}

/// Tells a keeper to let go: it starts the child no more, drops its address and stops. The child ends with its last address.
#[derive(Clone, Copy, Debug, Message)]
#[rtype(result = "()")]
pub struct StopKeeping;

type Make<A> = Arc<dyn Fn(&mut Context<A>) -> A + Send + Sync>;

/// Owns a child, starts it from a factory, and starts it again when it panics, after a pause and within a budget.
pub struct Keeper<A: Actor<Context = Context<A>>> {
    spec: ActorSpec,
    policy: RestartPolicy,
    make: Make<A>,
    arbiter: Option<ArbiterHandle>,
    news: Option<Recipient<KeeperNews>>,
    child: Option<Addr<A>>,
    restarts: Vec<Instant>,
    pausing: Option<Declared>,
}

impl<A: Actor<Context = Context<A>>> Keeper<A> {
    /// A keeper for the actor that `make` returns, registered by `spec`; every life of it has the same id.
    pub fn new<F>(mut spec: ActorSpec, policy: RestartPolicy, make: F) -> Self
    where
        F: Fn(&mut Context<A>) -> A + Send + Sync + 'static,
    {
        spec.restarter = Some(Arc::default());
        Self {
            spec,
            policy,
            make: Arc::new(make),
            arbiter: None,
            news: None,
            child: None,
            restarts: Vec::new(),
            pausing: None,
        }
    }

    /// Runs the child on another arbiter.
    pub fn in_arbiter(mut self, arbiter: ArbiterHandle) -> Self {
        self.arbiter = Some(arbiter);
        self
    }

    /// Who is told what becomes of the child.
    pub fn tell(mut self, recipient: Recipient<KeeperNews>) -> Self {
        self.news = Some(recipient);
        self
    }

    /// Starts the keeper, which starts the child, on the running arbiter.
    pub fn start(mut self) -> Addr<Self> {
        let spec = self.own_spec();
        spawn(spec, |_| self)
    }

    /// Starts the keeper on another arbiter; the child runs there too unless [`Self::in_arbiter`] said otherwise.
    pub fn start_in(mut self, arbiter: &ArbiterHandle) -> Addr<Self> {
        let spec = self.own_spec();
        spawn_in(arbiter, spec, |_| self)
    }

    fn own_spec(&mut self) -> ActorSpec {
        let child = self.spec.settle_id();
        let mut spec = ActorSpec::new("Keeper").id(format!("{child}-keeper")).system();
        spec.registry.clone_from(&self.spec.registry);
        spec
    }

    fn start_child(&mut self, ctx: &mut Context<Self>) {
        self.pausing = None;
        // Weakly: a keeper whose last address is dropped shall end, and not be held by its child.
        let spec = self
            .spec
            .clone()
            .watched_weakly_by(ctx.address().downgrade().recipient());
        let make = Arc::clone(&self.make);
        self.child = match &self.arbiter {
            Some(arbiter) => Some(spawn_in(arbiter, spec, move |ctx| make(ctx))),
            // When the factory panics, the watcher's notice says so.
            None => catch_unwind(AssertUnwindSafe(|| spawn(spec, |ctx| make(ctx)))).ok(),
        };
    }

    fn restart(&mut self, panic: String, pause: Duration, ctx: &mut Context<Self>) {
        self.restarts.push(Instant::from(tokio::time::Instant::now()));
        let id = self.spec.settle_id();
        // Of the life that ended, so that it stands before what the next one does; unless that is forgotten already.
        let tell = |keeper: &Self| {
            let child = keeper.spec.find(&id);
            child.map(|child| child.tell_restarted(&panic, pause, keeper.restarts.len(), &keeper.policy))
        };
        let written = tell(self);
        self.start_child(ctx);
        if written.is_none() {
            tell(self);
        }
        if self.child.is_some() {
            self.report(KeeperNews::Restarted { id, panic });
        }
    }

    /// At once and beside the policy: somebody wants it.
    fn restart_by_order(&mut self, id: &ActorId, by: &str, ctx: &mut Context<Self>) {
        tracing::info!(child = %id, by, "a child is started again because that was ordered");
        if let Some(child) = self.spec.find(id) {
            child.tell_restarted_by(by);
        }
        self.start_child(ctx);
        if self.child.is_some() {
            self.report(KeeperNews::RestartedByOrder { id: id.clone() });
        }
    }

    fn report(&self, news: KeeperNews) {
        if let Some(recipient) = &self.news {
            // `do_send`, beyond the mailbox's bound: rare, and the policy's budget bounds it.
            recipient.do_send(news);
        }
    }
}

impl<A: Actor<Context = Context<A>>> Actor for Keeper<A> {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        self.start_child(ctx);
    }
}

impl<A: Actor<Context = Context<A>>> Handler<ChildGone> for Keeper<A> {
    type Result = ();

    fn handle(&mut self, gone: ChildGone, ctx: &mut Self::Context) {
        self.child = None;
        if let Some((reply, by)) = self.spec.restarter.as_ref().and_then(|ordered| ordered.take()) {
            self.restart_by_order(&gone.id, &by, ctx);
            match self.child {
                Some(_) => reply.done(None),
                None => reply.fail("it ended, and what makes it panicked; its journal says why".to_owned()),
            }
            return;
        }
        let now = Instant::from(tokio::time::Instant::now());
        self.restarts
            .retain(|at| now.saturating_duration_since(*at) < self.policy.window);
        match (self.policy.decide(&gone.end, &self.restarts, now), gone.end) {
            (Decision::Restart { after }, End::Panicked(panic)) => {
                tracing::warn!(child = %gone.id, %panic, ?after, "a child panicked and will be started again");
                self.pausing = Some(ctx.declare(Activity::Waiting));
                ctx.run_later(after, move |keeper, ctx| keeper.restart(panic, after, ctx));
            }
            (Decision::GiveUp, End::Panicked(panic)) => {
                tracing::error!(child = %gone.id, %panic, budget = self.policy.budget,
                    "a child panicked more often than its policy allows and stays dead");
                if let Some(child) = self.spec.find(&gone.id) {
                    child.tell_gave_up(&panic, self.restarts.len(), &self.policy);
                }
                self.report(KeeperNews::GaveUp { id: gone.id, panic });
                ctx.stop();
            }
            (_, End::Stopped) | (Decision::Rest, _) => {
                self.report(KeeperNews::Stopped { id: gone.id });
                ctx.stop();
            }
        }
    }
}

impl<A: Actor<Context = Context<A>>> Handler<CurrentChild<A>> for Keeper<A> {
    type Result = Option<Addr<A>>;

    fn handle(&mut self, _: CurrentChild<A>, _: &mut Self::Context) -> Self::Result {
        self.child.clone()
    }
}

impl<A: Actor<Context = Context<A>>> Handler<StopKeeping> for Keeper<A> {
    type Result = ();

    fn handle(&mut self, _: StopKeeping, ctx: &mut Self::Context) {
        self.child = None;
        ctx.stop();
    }
}
