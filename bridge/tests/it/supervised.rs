//! Loom's `Supervisor` does what actix's does, and is seen.

use std::future::pending;

use actix::prelude::{
    Actor, ActorContext, ActorFutureExt, Arbiter, Handler, Message, ResponseActFuture, Supervised, WrapFuture,
};
use loom_bridge::{ActorRegistry, Context, Supervisor};

use crate::common::{Tally, record, spec, status, until};

struct Stubborn {
    started: Tally,
    restarting: Tally,
}

#[loom_bridge::actor]
impl Actor for Stubborn {
    type Context = Context<Self>;

    fn started(&mut self, _: &mut Self::Context) {
        self.started.add();
    }
}

impl Supervised for Stubborn {
    fn restarting(&mut self, _: &mut Self::Context) {
        self.restarting.add();
    }
}

#[derive(Message)]
#[rtype(result = "()")]
enum Order {
    Stop,
    Panic,
    Nothing,
}

impl Handler<Order> for Stubborn {
    type Result = ();

    fn handle(&mut self, order: Order, ctx: &mut Self::Context) {
        match order {
            Order::Stop => ctx.stop(),
            Order::Panic => panic!("enough"),
            Order::Nothing => {}
        }
    }
}

/// What it never comes to answer.
#[derive(Message)]
#[rtype(result = "()")]
struct Never;

impl Handler<Never> for Stubborn {
    type Result = ResponseActFuture<Self, ()>;

    fn handle(&mut self, _: Never, _: &mut Self::Context) -> Self::Result {
        Box::pin(pending::<()>().into_actor(self).map(|(), _, _| ()))
    }
}

#[actix::test]
async fn what_a_start_anew_throws_away_is_no_error() {
    let registry = ActorRegistry::new();
    let stubborn = Supervisor::spawn(spec(&registry, "stubborn"), |_| Stubborn {
        started: Tally::default(),
        restarting: Tally::default(),
    });
    let asked = stubborn.send(Never);
    stubborn.send(Order::Stop).await.unwrap();
    assert!(asked.await.is_err(), "nobody answers any more");
    stubborn.send(Order::Nothing).await.unwrap();
    let seen = record(&registry, "stubborn");
    assert_eq!(seen.restart_count, Some(1));
    assert_eq!(seen.error_count.unwrap_or(0), 0);
}

#[actix::test]
async fn an_actor_that_stops_goes_on_under_its_name_and_one_that_panics_has_failed() {
    for elsewhere in [false, true] {
        let registry = ActorRegistry::new();
        let (started, restarting) = (Tally::default(), Tally::default());
        let make = {
            let (started, restarting) = (started.clone(), restarting.clone());
            move |_: &mut Context<Stubborn>| Stubborn { started, restarting }
        };
        let spec = spec(&registry, "stubborn");
        let arbiter = Arbiter::new();
        let stubborn = match elsewhere {
            true => Supervisor::spawn_in(&arbiter.handle(), spec, make),
            false => Supervisor::spawn(spec, make),
        };
        for _ in 0..3 {
            stubborn.send(Order::Stop).await.unwrap();
        }
        // Waits in the queue over the restart.
        stubborn.send(Order::Nothing).await.unwrap();
        let seen = record(&registry, "stubborn");
        assert_eq!((seen.restart_count, seen.message_count), (Some(3), Some(4)));
        assert_eq!((started.get(), restarting.get()), (4, 3));
        assert_ne!(seen.status.unwrap().as_str(), "stopping");

        assert!(stubborn.send(Order::Panic).await.is_err());
        until("the failure", || status(&registry, "stubborn") == "failed").await;
        assert_eq!(record(&registry, "stubborn").metadata.unwrap()["panic"], "enough");
        assert_eq!(restarting.get(), 3, "as with actix, a panic restarts nothing");
        arbiter.stop();
    }
}

#[actix::test]
async fn it_ends_with_its_last_address() {
    let registry = ActorRegistry::new();
    let stubborn = Supervisor::spawn(spec(&registry, "stubborn"), |_| Stubborn {
        started: Tally::default(),
        restarting: Tally::default(),
    });
    stubborn.send(Order::Stop).await.unwrap();
    drop(stubborn);
    until("the end", || status(&registry, "stubborn") == "stopped").await;
}
