//! Asks that wait: who asked whom, as long as somebody waits for the answer, and nothing that is not certain.

use actix::prelude::*;
use loom_bridge::protocol::WaitingAsk;
use loom_bridge::{ActorRegistry, ActorSpec, Context, spawn};
use tokio::sync::oneshot;

use crate::common::{Studio, measured_closely, until};

/// Asks another one, and takes no message before that has answered.
#[derive(Message)]
#[rtype(result = "u32")]
struct Through(Vec<Addr<Link>>);

/// Is answered once somebody says so.
#[derive(Message)]
#[rtype(result = "u32")]
struct WhenReady(oneshot::Receiver<()>);

/// Has it ask for that, and give up once somebody says so.
#[derive(Message)]
#[rtype(result = "()")]
struct AskAndGiveUp(Addr<Link>, oneshot::Receiver<()>, oneshot::Receiver<()>);

struct Link;

#[loom_bridge::actor]
impl Actor for Link {
    type Context = Context<Self>;
}

impl Handler<Through> for Link {
    type Result = AtomicResponse<Self, u32>;

    fn handle(&mut self, Through(mut way): Through, _: &mut Self::Context) -> Self::Result {
        let next = way.pop();
        let answer = async move {
            match next {
                Some(next) => next.send(Through(way)).await.unwrap_or_default() + 1,
                None => 0,
            }
        };
        AtomicResponse::new(Box::pin(answer.into_actor(self)))
    }
}

impl Handler<WhenReady> for Link {
    type Result = ResponseFuture<u32>;

    fn handle(&mut self, WhenReady(ready): WhenReady, _: &mut Self::Context) -> Self::Result {
        Box::pin(async { ready.await.map_or(0, |()| 1) })
    }
}

impl Handler<AskAndGiveUp> for Link {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, ask: AskAndGiveUp, _: &mut Self::Context) -> Self::Result {
        let AskAndGiveUp(whom, ready, give_up) = ask;
        Box::pin(async move {
            tokio::select! {
                _ = whom.send(WhenReady(ready)) => {}
                _ = give_up => {}
            }
        })
    }
}

/// Links of one type, by their ids.
fn links<const N: usize>(registry: &ActorRegistry, ids: [&str; N]) -> [Addr<Link>; N] {
    ids.map(|id| spawn(ActorSpec::new("Link").id(id).registry(registry), |_| Link))
}

fn told(studio: &Studio) -> Vec<WaitingAsk> {
    studio.reported(|reported| reported.asks.clone())
}

/// Who asks whom, in the order of the names.
fn pairs(studio: &Studio) -> Vec<(String, String, String)> {
    let asks = told(studio).into_iter();
    let or = |to: Vec<loom_bridge::protocol::ActorId>| {
        let names: Vec<_> = to.into_iter().map(|id| id.0).collect();
        names.join(" or ")
    };
    let mut pairs: Vec<_> = asks.map(|ask| (ask.from.0, or(ask.to), ask.message)).collect();
    pairs.sort();
    pairs
}

fn pair(from: &str, to: &str, message: &str) -> (String, String, String) {
    (from.to_owned(), to.to_owned(), message.to_owned())
}

#[actix::test]
async fn two_that_ask_each_other_are_told_of_with_the_ask_that_nobody_took() {
    measured_closely();
    let (registry, studio) = (ActorRegistry::new(), Studio::default());
    let bridge = studio.looks_at(&registry);
    let [a, b, idle] = links(&registry, ["ask-a", "ask-b", "ask-idle"]);
    // `a` asks `b`, which asks `a`, which takes no message.
    a.do_send(Through(vec![a.clone(), b.clone()]));
    let circle = [
        pair("ask-a", "ask-b", "Through"),
        // Both take no message, so it may be in the mailbox of either.
        pair("ask-b", "ask-a or ask-b", "Through"),
    ];
    until("both asks are told", || pairs(&studio) == circle).await;
    assert!(told(&studio).iter().all(|ask| ask.age_ms >= 1_000));
    drop(idle);
    bridge.close().await;
}

#[actix::test]
async fn who_asks_itself_waits_for_itself() {
    measured_closely();
    let (registry, studio) = (ActorRegistry::new(), Studio::default());
    let bridge = studio.looks_at(&registry);
    let [own] = links(&registry, ["ask-own"]);
    own.do_send(Through(vec![own.clone()]));
    let itself = [pair("ask-own", "ask-own", "Through")];
    until("the ask is told", || pairs(&studio) == itself).await;
    bridge.close().await;
}

#[actix::test]
async fn an_ask_is_told_of_until_it_is_answered_or_given_up() {
    measured_closely();
    let (registry, studio) = (ActorRegistry::new(), Studio::default());
    let bridge = studio.looks_at(&registry);
    let [asks, waits, answers] = links(&registry, ["ask-asks", "ask-waits", "ask-answers"]);
    let (ready, is_ready) = oneshot::channel();
    let (_never, is_never_ready) = oneshot::channel();
    let (give_up, gives_up) = oneshot::channel();
    let (_nobody, goes_on) = oneshot::channel();
    asks.do_send(AskAndGiveUp(answers.clone(), is_ready, goes_on));
    asks.do_send(AskAndGiveUp(waits.clone(), is_never_ready, gives_up));
    let both = [
        pair("ask-asks", "ask-answers", "WhenReady"),
        pair("ask-asks", "ask-waits", "WhenReady"),
    ];
    until("both asks are told", || pairs(&studio) == both).await;
    ready.send(()).unwrap();
    until("one is answered", || pairs(&studio) == both[1..]).await;
    give_up.send(()).unwrap();
    until("the other is given up", || told(&studio).is_empty()).await;
    bridge.close().await;
}

#[actix::test]
async fn who_takes_messages_is_none_of_those_that_may_have_an_ask_in_their_mailbox() {
    measured_closely();
    let (registry, studio) = (ActorRegistry::new(), Studio::default());
    let bridge = studio.looks_at(&registry);
    let [a, b, busy] = links(&registry, ["ask-one", "ask-two", "ask-busy"]);
    // It waits for an answer and takes messages all the same.
    let (_never, is_never_ready) = oneshot::channel();
    let (_nobody, goes_on) = oneshot::channel();
    busy.do_send(AskAndGiveUp(busy.clone(), is_never_ready, goes_on));
    a.do_send(Through(vec![a.clone()]));
    b.do_send(Through(vec![b.clone()]));
    let known = [
        pair("ask-busy", "ask-busy", "WhenReady"),
        pair("ask-one", "ask-one or ask-two", "Through"),
        pair("ask-two", "ask-one or ask-two", "Through"),
    ];
    until("all are told", || pairs(&studio) == known).await;
    bridge.close().await;
}
