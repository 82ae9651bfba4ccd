//! Plain tokio tasks, on a runtime with several threads.

use std::future::Future;

use loom_bridge::carry;
use loom_tokio::{Inbox, Reply, Sender, Task, channel_named};
use loom_truths::{ActorSystem, Gate, Start, Truth, Wish, truths};

type Answer = Result<u64, ()>;

enum Message {
    Tell,
    Ask(u64, Reply<Answer>),
    Later(u64, Option<Gate>, Reply<Answer>),
    Hold(Gate),
    Wish(Wish<Sender<Message>>),
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

async fn work(truth: Truth, mut inbox: Inbox<Message>) {
    while let Some(message) = inbox.recv().await {
        match message {
            Message::Tell => truth.tell(),
            Message::Ask(n, reply) => {
                truth.ask();
                reply.send(answer(&truth, n));
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
                            assert!(to.try_send(Message::Tell).is_ok(), "there is room for them");
                        }
                    }
                    Wish::Start(start) => {
                        Tokio::start(start);
                    }
                    Wish::Note(text) => loom_bridge::note(text),
                    Wish::Panic(text) => {
                        truth.panic();
                        panic!("{text}");
                    }
                    Wish::Stop => return,
                }
            }
        }
    }
}

struct Tokio;

impl ActorSystem for Tokio {
    type Address = Sender<Message>;

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
        let (sender, inbox) = channel_named(10_000, Message::name);
        let task = Task::new(start.kind).id(start.id).registry(&start.registry);
        task.spawn(work(start.truth, inbox));
        sender
    }

    async fn tell(to: &Self::Address) {
        let _gone = to.send(Message::Tell).await;
    }

    async fn ask(to: &Self::Address, n: u64) -> Option<Answer> {
        to.ask(|reply| Message::Ask(n, reply)).await.ok()
    }

    async fn later(to: &Self::Address, n: u64, gate: Option<Gate>) -> Option<Answer> {
        to.ask(|reply| Message::Later(n, gate, reply)).await.ok()
    }

    async fn hold(to: &Self::Address, gate: Gate) {
        let _gone = to.send(Message::Hold(gate)).await;
    }

    async fn wish(to: &Self::Address, wish: Wish<Self::Address>) {
        let _gone = to.send(Message::Wish(wish)).await;
    }
}

truths!(Tokio);
