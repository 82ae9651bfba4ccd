//! Starting the threads, and carrying messages to them.

use std::future::Future;
use std::pin::Pin;
use std::sync::mpsc::{Receiver, Sender};
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Context as Task, Poll};
use std::thread;

use actix::dev::Envelope;
use actix::dev::channel::{self, AddressReceiver};
use actix::{Actor, Addr, System};
use futures_util::Stream;

use super::context::SyncContext;
use crate::spec::ActorSpec;

/// The queue of all threads: one waits at it, the others wait for their turn to wait.
pub(super) type SharedQueue<A> = Arc<Mutex<Receiver<Envelope<A>>>>;

/// What makes an actor on its thread.
pub(super) type Make<A> = Arc<dyn Fn() -> A + Send + Sync>;

/// Starts actors on threads of their own that share one address. The future that carries messages to them lives as long as
/// the arbiter that started it, or as anybody has the address.
pub struct SyncArbiter<A: Actor<Context = SyncContext<A>>> {
    queue: Option<Sender<Envelope<A>>>,
    messages: AddressReceiver<A>,
}

impl<A: Actor<Context = SyncContext<A>>> SyncArbiter<A> {
    /// Starts so many actors, each on a thread of its own that runs `factory`; a message goes to one that is free.
    ///
    /// # Panics
    /// Where no actix system runs, as actix does.
    pub fn start<F>(threads: usize, factory: F) -> Addr<A>
    where
        F: Fn() -> A + Send + Sync + 'static,
    {
        Self::start_with_thread_builder(threads, thread::Builder::new, factory)
    }

    /// The same on threads as the builders make them, with a name for example.
    ///
    /// # Panics
    /// As [`Self::start`].
    pub fn start_with_thread_builder<F, B>(threads: usize, builders: B, factory: F) -> Addr<A>
    where
        F: Fn() -> A + Send + Sync + 'static,
        B: FnMut() -> thread::Builder,
    {
        Self::spawn(ActorSpec::of::<A>(), threads, builders, factory)
    }

    /// The same with what the spec says of every one of them; where it says an id, they are numbered from 1 behind it. Its
    /// mailbox capacity says nothing here: as in actix, `send` waits for nobody, and `try_send` refuses when one waits.
    ///
    /// # Panics
    /// As [`Self::start`].
    pub fn spawn<F, B>(spec: ActorSpec, threads: usize, mut builders: B, factory: F) -> Addr<A>
    where
        F: Fn() -> A + Send + Sync + 'static,
        B: FnMut() -> thread::Builder,
    {
        let make: Make<A> = Arc::new(factory);
        let (queue, shared) = mpsc::channel();
        let shared: SharedQueue<A> = Arc::new(Mutex::new(shared));
        let (sender, messages) = channel::channel(0);
        for number in 1..=threads {
            let spec = numbered(&spec, number);
            // Here, so that it has the actor that starts it for a parent.
            let producer = messages.sender_producer();
            let address = Box::new(move || Addr::new(producer.sender()));
            let context = SyncContext::new(spec, Arc::clone(&make), address);
            let (shared, system) = (Arc::clone(&shared), System::current());
            let run = move || {
                System::set_current(system);
                context.run(&shared);
            };
            if let Err(error) = builders().spawn(run) {
                // Its registration went with it. Messages go to the others; where there is none, who asks learns of it.
                tracing::error!(%error, number, threads, "the system gives no thread for an actor of a SyncArbiter: ask for fewer");
            }
        }
        System::current().arbiter().spawn(Self {
            queue: Some(queue),
            messages,
        });
        Addr::new(sender)
    }
}

fn numbered(spec: &ActorSpec, number: usize) -> ActorSpec {
    let spec = spec.clone();
    match &spec.id {
        Some(id) => {
            let id = format!("{id}-{number}");
            spec.id(id)
        }
        None => spec,
    }
}

impl<A: Actor<Context = SyncContext<A>>> Future for SyncArbiter<A> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<()> {
        let this = self.get_mut();
        while let Poll::Ready(Some(message)) = Pin::new(&mut this.messages).poll_next(task) {
            if let Some(queue) = &this.queue {
                // Where every thread's actor has panicked the message is dropped, and who asked learns of it.
                drop(queue.send(message));
            }
        }
        if this.messages.connected() {
            return Poll::Pending;
        }
        // The threads handle what waits, and end.
        this.queue = None;
        Poll::Ready(())
    }
}
