//! Loom's `Supervisor` does what actix's does, and is seen.

use actix::prelude::{Actor, ActorContext, Arbiter, Handler, Message, Supervised};
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
