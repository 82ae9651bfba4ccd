//! Channels whose receiver is an inbox: what waits in it, for how long and from whom is counted for the task that receives.

use std::fmt;
use std::future::poll_fn;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::task::{Context, Poll, ready};

use loom_bridge::observe::{
    ActorKind, ActorRef, AskError, Asked, Handling, Letter, MessageKind, QueueLength, Reply, asking,
    leave_chain,
};
use tokio::sync::mpsc;

/// As `tokio::sync::mpsc::channel`. Messages go by the name of their Rust type.
///
/// # Panics
/// With a capacity of zero, as tokio does.
pub fn channel<M>(capacity: usize) -> (Sender<M>, Inbox<M>) {
    make(capacity, None)
}

/// The same of messages that say by which name they go: those of an `enum`, by its variants.
///
/// # Panics
/// With a capacity of zero, as tokio does.
pub fn channel_named<M>(capacity: usize, name: fn(&M) -> &'static str) -> (Sender<M>, Inbox<M>) {
    make(capacity, Some(name))
}

fn make<M>(capacity: usize, name: Option<fn(&M) -> &'static str>) -> (Sender<M>, Inbox<M>) {
    let (sender, receiver) = mpsc::channel(capacity);
    let shared = Arc::new(Shared {
        length: QueueLength::default(),
        taker: OnceLock::new(),
        name,
        kinds: RwLock::default(),
    });
    let inbox = Inbox {
        receiver,
        shared: Arc::clone(&shared),
        handling: None,
        asked: None,
    };
    (Sender { sender, shared }, inbox)
}

/// What both ends know.
struct Shared<M> {
    length: QueueLength,
    /// The task that receives; known once it has begun to.
    taker: OnceLock<(ActorRef, ActorKind)>,
    name: Option<fn(&M) -> &'static str>,
    /// Names that were looked up; few, and bounded by the bridge.
    kinds: RwLock<Vec<(&'static str, MessageKind)>>,
}

impl<M> Shared<M> {
    fn kind_of(&self, message: &M, taker: ActorKind) -> MessageKind {
        // Without names there is one.
        let name = self.name.map_or("", |name| name(message));
        let kinds = self.kinds.read().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, kind)) = kinds.iter().find(|(known, _)| *known == name) {
            return *kind;
        }
        drop(kinds);
        let kind = match self.name {
            Some(_) => taker.message(name),
            None => taker.message_type::<M>(),
        };
        let mut kinds = self.kinds.write().unwrap_or_else(PoisonError::into_inner);
        // Names beyond the bridge's bound are all one to it.
        if kinds.len() < 1_024 {
            kinds.push((name, kind));
        }
        kind
    }
}

/// A message on its way.
struct Parcel<M> {
    message: M,
    letter: Letter,
    asked: Option<Arc<Asked>>,
}

/// The receiver is gone; with the message.
#[derive(Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("send a message: its receiver is gone")]
pub struct SendError<M>(pub M);

// Whatever the message is.
impl<M> fmt::Debug for SendError<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SendError(..)")
    }
}

/// A message cannot be sent at once; with the message.
#[derive(Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TrySendError<M> {
    /// There is no room at the moment.
    #[error("send a message: its receiver has as many as it takes")]
    Full(M),
    /// The receiver is gone.
    #[error("send a message: its receiver is gone")]
    Closed(M),
}

impl<M> fmt::Debug for TrySendError<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full(_) => "Full(..)",
            Self::Closed(_) => "Closed(..)",
        })
    }
}

/// The end of a channel that sends. A clone is another one.
pub struct Sender<M> {
    sender: mpsc::Sender<Parcel<M>>,
    shared: Arc<Shared<M>>,
}

impl<M> Sender<M> {
    /// Sends a message once there is room for it. It waits in the queue from then on.
    ///
    /// # Errors
    /// The receiver is gone.
    pub async fn send(&self, message: M) -> Result<(), SendError<M>> {
        match self.sender.reserve().await {
            Ok(room) => {
                self.put(room, message, None);
                Ok(())
            }
            Err(_) => Err(SendError(message)),
        }
    }

    /// Sends a message if there is room for it now.
    ///
    /// # Errors
    /// There is none, or the receiver is gone.
    pub fn try_send(&self, message: M) -> Result<(), TrySendError<M>> {
        match self.sender.try_reserve() {
            Ok(room) => {
                self.put(room, message, None);
                Ok(())
            }
            Err(mpsc::error::TrySendError::Full(())) => Err(TrySendError::Full(message)),
            Err(mpsc::error::TrySendError::Closed(())) => Err(TrySendError::Closed(message)),
        }
    }

    /// Sends a message that wants an answer, and waits for it. Who gives up before the receiver comes to the message is not answered,
    /// and the message is not handled.
    ///
    /// # Errors
    /// The receiver is gone, or dropped the [`Reply`].
    pub async fn ask<T>(&self, make: impl FnOnce(Reply<T>) -> M) -> Result<T, AskError> {
        let room = self.sender.reserve().await.map_err(|_| AskError::Closed)?;
        let (reply, answer, asked) = asking();
        self.put(room, make(reply), Some(asked));
        answer.wait().await
    }

    /// Whether the receiver is gone.
    pub fn is_closed(&self) -> bool {
        self.sender.is_closed()
    }

    /// Returns once the receiver is gone.
    pub async fn closed(&self) {
        self.sender.closed().await;
    }

    fn put(&self, room: mpsc::Permit<'_, Parcel<M>>, message: M, asked: Option<Arc<Asked>>) {
        let mut letter = Letter::new();
        let taker = self.shared.taker.get();
        if let Some((_, kind)) = taker {
            letter.address(self.shared.kind_of(&message, *kind));
        }
        // Before it is there to be taken.
        self.shared.length.fetch_add(1, Relaxed);
        room.send(Parcel {
            message,
            letter,
            asked,
        });
        if let Some((taker, _)) = taker {
            taker.changed();
        }
    }
}

impl<M> Clone for Sender<M> {
    fn clone(&self) -> Self {
        Self {
            sender: self.sender.clone(),
            shared: Arc::clone(&self.shared),
        }
    }
}

/// The end of a channel that receives. It is of the task that receives from it first, and counts for that one.
pub struct Inbox<M> {
    receiver: mpsc::Receiver<Parcel<M>>,
    shared: Arc<Shared<M>>,
    /// The message that was given out last.
    handling: Option<Handling>,
    /// The same, where somebody waits for an answer to it.
    asked: Option<Arc<Asked>>,
}

impl<M> Inbox<M> {
    /// The next message; `None` once no sender is left and all were given out. The message before this one was handled to its end.
    /// May be cancelled: no message is lost.
    pub async fn recv(&mut self) -> Option<M> {
        self.finish();
        poll_fn(|task| self.poll(task)).await
    }

    /// The message that was given out last ended in an error: that is counted, and a line in the journal.
    pub fn fail(&mut self) {
        if let Some(handling) = self.handling.take() {
            handling.fail();
            leave_chain();
        }
    }

    /// Takes no more messages; those that wait are given out still.
    pub fn close(&mut self) {
        self.receiver.close();
    }

    fn finish(&mut self) {
        let (handling, asked) = (self.handling.take(), self.asked.take());
        if handling.is_none() && asked.is_none() {
            return;
        }
        if let Some(handling) = handling {
            handling.end();
        }
        if let Some(asked) = asked {
            asked.go_on_elsewhere();
        }
        leave_chain();
    }

    fn poll(&mut self, task: &mut Context<'_>) -> Poll<Option<M>> {
        self.bind();
        loop {
            let Some(parcel) = ready!(self.receiver.poll_recv(task)) else {
                return Poll::Ready(None);
            };
            self.shared.length.fetch_sub(1, Relaxed);
            if let Some(message) = self.take(parcel) {
                return Poll::Ready(Some(message));
            }
        }
    }

    /// Finds out for whom it counts.
    fn bind(&self) {
        if self.shared.taker.get().is_some() {
            return;
        }
        let Some(actor) = ActorRef::current() else { return };
        if let Some(kind) = actor.kind()
            && self.shared.taker.set((actor.clone(), kind)).is_ok()
        {
            actor.add_queue(&self.shared.length);
        }
    }

    fn take(&mut self, parcel: Parcel<M>) -> Option<M> {
        let Parcel {
            message,
            letter,
            asked,
        } = parcel;
        let Some((actor, kind)) = self.shared.taker.get() else {
            return Some(message);
        };
        let kind = self.shared.kind_of(&message, *kind);
        match asked {
            Some(asked) if asked.is_given_up() => {
                actor.cancel(letter);
                None
            }
            Some(asked) => {
                asked.taken(actor.take_as(letter, kind, true));
                self.asked = Some(asked);
                Some(message)
            }
            None => {
                self.handling = Some(actor.take_as(letter, kind, false));
                Some(message)
            }
        }
    }
}

impl<M> Drop for Inbox<M> {
    fn drop(&mut self) {
        // In the middle of it, where its task panics or is aborted; else at its end.
        drop(self.handling.take());
        if let Some(asked) = self.asked.take() {
            asked.go_on_elsewhere();
        }
        self.receiver.close();
        let Some((actor, kind)) = self.shared.taker.get() else {
            return;
        };
        actor.bury(|| {
            while let Ok(mut parcel) = self.receiver.try_recv() {
                // Sent before it was known to whom, perhaps.
                parcel.letter.address(self.shared.kind_of(&parcel.message, *kind));
            }
        });
        actor.remove_queue(&self.shared.length);
    }
}
