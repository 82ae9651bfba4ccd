//! actix, on the observed context.

use std::future::Future;

use ::actix::prelude::*;
use loom_bridge::{ActorSpec, Context, spawn};
use loom_truths::{ActorSystem, Gate, Start, Truth, truths};

struct Worker(Truth);

impl Actor for Worker {
    type Context = Context<Self>;
}

type Answer = Result<u64, ()>;

fn answer(truth: &Truth, n: u64) -> Answer {
    if n.is_multiple_of(3) {
        truth.error();
        return Err(());
    }
    Ok(n)
}

#[derive(Message)]
#[rtype(result = "()")]
struct Tell;

impl Handler<Tell> for Worker {
    type Result = ();

    fn handle(&mut self, _: Tell, _: &mut Self::Context) {
        self.0.tell();
    }
}

#[derive(Message)]
#[rtype(result = "Answer")]
struct Ask(u64);

impl Handler<Ask> for Worker {
    type Result = Answer;

    fn handle(&mut self, ask: Ask, _: &mut Self::Context) -> Answer {
        self.0.ask();
        answer(&self.0, ask.0)
    }
}

#[derive(Message)]
#[rtype(result = "Answer")]
struct Later(u64, Option<Gate>);

impl Handler<Later> for Worker {
    type Result = ResponseFuture<Answer>;

    fn handle(&mut self, ask: Later, _: &mut Self::Context) -> Self::Result {
        self.0.later();
        let truth = self.0.clone();
        Box::pin(async move {
            if let Some(gate) = ask.1 {
                gate.pass().await;
            }
            answer(&truth, ask.0)
        })
    }
}

#[derive(Message)]
#[rtype(result = "()")]
struct Hold(Gate);

impl Handler<Hold> for Worker {
    type Result = AtomicResponse<Self, ()>;

    fn handle(&mut self, hold: Hold, _: &mut Self::Context) -> Self::Result {
        self.0.other();
        AtomicResponse::new(Box::pin(hold.0.pass().into_actor(self)))
    }
}

#[derive(Message)]
#[rtype(result = "()")]
struct Wish(loom_truths::Wish<Addr<Worker>>);

impl Handler<Wish> for Worker {
    type Result = ();

    fn handle(&mut self, wish: Wish, ctx: &mut Self::Context) {
        self.0.other();
        match wish.0 {
            loom_truths::Wish::Send(to, count) => {
                for _ in 0..count {
                    self.0.send();
                    to.do_send(Tell);
                }
            }
            loom_truths::Wish::Start(start) => {
                Actix::start(start);
            }
            loom_truths::Wish::Note(text) => ctx.note(text),
            loom_truths::Wish::Panic(text) => {
                self.0.panic();
                panic!("{text}");
            }
            loom_truths::Wish::Stop => ctx.stop(),
        }
    }
}

struct Actix;

impl ActorSystem for Actix {
    type Address = Addr<Worker>;

    fn run(test: impl Future<Output = ()>) {
        System::new().block_on(test);
    }

    fn start(start: Start) -> Self::Address {
        let spec = ActorSpec::new(start.kind).id(start.id).registry(&start.registry);
        spawn(spec, |_| Worker(start.truth))
    }

    async fn tell(to: &Self::Address) {
        to.do_send(Tell);
    }

    async fn ask(to: &Self::Address, n: u64) -> Option<Answer> {
        to.send(Ask(n)).await.ok()
    }

    async fn later(to: &Self::Address, n: u64, gate: Option<Gate>) -> Option<Answer> {
        to.send(Later(n, gate)).await.ok()
    }

    async fn hold(to: &Self::Address, gate: Gate) {
        to.do_send(Hold(gate));
    }

    async fn wish(to: &Self::Address, wish: loom_truths::Wish<Self::Address>) {
        to.do_send(Wish(wish));
    }
}

truths!(Actix);
