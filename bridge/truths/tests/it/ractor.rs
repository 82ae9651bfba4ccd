//! ractor, on a runtime with several threads.

use std::future::Future;

use ::ractor::{Actor, ActorProcessingErr, ActorRef};
use loom_bridge::{ActorSpec, carry};
use loom_ractor::{Address, Reply, Sent, spawn_named};
use loom_truths::{ActorSystem, Gate, Start, Truth, Wish, truths};

type Answer = Result<u64, ()>;

enum Message {
    Tell,
    Ask(u64, Reply<Answer>),
    Later(u64, Option<Gate>, Reply<Answer>),
    Hold(Gate),
    Wish(Wish<Address<Message>>),
}

impl Message {
    fn name(&self) -> &'static str {
        match self {
            Self::Tell => "Tell",
            Self::Ask(..) => "Ask",
            Self::Later(..) => "Later",
            Self::Hold(_) => "Hold",
            Self::Wish(_) => "Wish",
        }
    }
}

fn answer(truth: &Truth, n: u64) -> Answer {
    if n.is_multiple_of(3) {
        truth.error();
        return Err(());
    }
    Ok(n)
}

struct Worker;

impl Actor for Worker {
    type Msg = Sent<Message>;
    type State = Truth;
    type Arguments = Truth;

    async fn pre_start(&self, _: ActorRef<Self::Msg>, truth: Truth) -> Result<Truth, ActorProcessingErr> {
        Ok(truth)
    }

    async fn handle(
        &self,
        myself: ActorRef<Self::Msg>,
        sent: Self::Msg,
        truth: &mut Truth,
    ) -> Result<(), ActorProcessingErr> {
        match sent.message {
            Message::Tell => truth.tell(),
            Message::Ask(n, reply) => {
                truth.ask();
                reply.send(answer(truth, n));
            }
            Message::Later(n, gate, reply) => {
                truth.later();
                let truth = truth.clone();
                ::tokio::spawn(carry(async move {
                    if let Some(gate) = gate {
                        gate.pass().await;
                    }
                    reply.send(answer(&truth, n));
                }));
            }
            Message::Hold(gate) => {
                truth.other();
                gate.pass().await;
            }
            Message::Wish(wish) => {
                truth.other();
                match wish {
                    Wish::Send(to, count) => {
                        for _ in 0..count {
                            truth.send();
                            let _gone = to.tell(Message::Tell);
                        }
                    }
                    Wish::Start(start) => {
                        Ractor::start(start);
                    }
                    Wish::Note(text) => loom_bridge::note(text),
                    Wish::Panic(text) => {
                        truth.panic();
                        panic!("{text}");
                    }
                    Wish::Stop => myself.stop(None),
                }
            }
        }
        Ok(())
    }
}

struct Ractor;

impl ActorSystem for Ractor {
    type Address = Address<Message>;

    // ractor drops its mailbox where nobody can look: what waited counts as dead, and stands in no journal.
    const TELLS_DEAD_LETTERS: bool = false;

    fn run(test: impl Future<Output = ()>) {
        let runtime = ::tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build();
        match runtime {
            Ok(runtime) => runtime.block_on(test),
            Err(error) => panic!("no runtime: {error}"),
        }
    }

    fn start(start: Start) -> Self::Address {
        let spec = ActorSpec::new(start.kind).id(start.id).registry(&start.registry);
        match spawn_named(start.kind, spec, Message::name, Worker, start.truth) {
            Ok((address, _ended)) => address,
            Err(error) => panic!("no worker: {error}"),
        }
    }

    async fn tell(to: &Self::Address) {
        let _gone = to.tell(Message::Tell);
    }

    async fn ask(to: &Self::Address, n: u64) -> Option<Answer> {
        to.ask(|reply| Message::Ask(n, reply)).await.ok()
    }

    async fn later(to: &Self::Address, n: u64, gate: Option<Gate>) -> Option<Answer> {
        to.ask(|reply| Message::Later(n, gate, reply)).await.ok()
    }

    async fn hold(to: &Self::Address, gate: Gate) {
        let _gone = to.tell(Message::Hold(gate));
    }

    async fn wish(to: &Self::Address, wish: Wish<Self::Address>) {
        let _gone = to.tell(Message::Wish(wish));
    }
}

truths!(Ractor);
