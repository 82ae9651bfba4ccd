//! Starting actors that are seen, and sending to them.

use std::fmt;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use loom_bridge::ActorSpec;
use loom_bridge::observe::{
    self, ActorKind, AskError, Letter, MessageKind, Observer, QueueLength, Reply, asking,
};
use ractor::concurrency::JoinHandle;
use ractor::{Actor, ActorRef, ActorRuntime, SpawnErr};

use crate::observed::Observed;
use crate::sent::{Queued, Sent};

/// The actor is gone; with the message.
#[derive(Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("send a message: the actor has ended")]
pub struct Gone<M>(pub M);

// Whatever the message is.
impl<M> fmt::Debug for Gone<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Gone(..)")
    }
}

/// The address of an actor that is seen. A clone is another one.
pub struct Address<M: Send + 'static> {
    actor: ActorRef<Sent<M>>,
    shared: Arc<Shared<M>>,
}

/// What the address and the actor both know.
pub(crate) struct Shared<M> {
    pub(crate) actor: observe::ActorRef,
    pub(crate) length: QueueLength,
    kind: ActorKind,
    name: Option<fn(&M) -> &'static str>,
    /// Names that were looked up, which the bridge bounds.
    kinds: RwLock<Vec<(&'static str, MessageKind)>>,
    only_kind: OnceLock<MessageKind>,
}

impl<M> Shared<M> {
    pub(crate) fn kind_of(&self, message: &M) -> MessageKind {
        let Some(name) = self.name.map(|name| name(message)) else {
            return *self.only_kind.get_or_init(|| self.kind.message_type::<M>());
        };
        let kinds = self.kinds.read().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, kind)) = kinds.iter().find(|(known, _)| *known == name) {
            return *kind;
        }
        drop(kinds);
        let kind = self.kind.message(name);
        let mut kinds = self.kinds.write().unwrap_or_else(PoisonError::into_inner);
        if kinds.len() < 1_024 {
            kinds.push((name, kind));
        }
        kind
    }
}

/// As ractor's `Actor::spawn_instant`, of an actor that is seen as one of this type. Its parent is, unless the spec names one, the
/// observed actor that runs where this is called. Messages go by their Rust type. The handle ends with the actor.
///
/// # Errors
/// As ractor's.
pub fn spawn<A, M>(
    kind: &'static str,
    spec: ActorSpec,
    actor: A,
    arguments: A::Arguments,
) -> Result<(Address<M>, JoinHandle<()>), SpawnErr>
where
    A: Actor<Msg = Sent<M>>,
    M: Send + 'static,
{
    start(kind, spec, None, actor, arguments)
}

/// The same of an actor whose messages say by which name they go: those of an `enum`, by its variants.
///
/// # Errors
/// As ractor's.
pub fn spawn_named<A, M>(
    kind: &'static str,
    spec: ActorSpec,
    name: fn(&M) -> &'static str,
    actor: A,
    arguments: A::Arguments,
) -> Result<(Address<M>, JoinHandle<()>), SpawnErr>
where
    A: Actor<Msg = Sent<M>>,
    M: Send + 'static,
{
    start(kind, spec, Some(name), actor, arguments)
}

fn start<A, M>(
    kind: &'static str,
    spec: ActorSpec,
    name: Option<fn(&M) -> &'static str>,
    actor: A,
    arguments: A::Arguments,
) -> Result<(Address<M>, JoinHandle<()>), SpawnErr>
where
    A: Actor<Msg = Sent<M>>,
    M: Send + 'static,
{
    let kind = ActorKind::named(kind);
    let observer = Observer::begin(kind, spec);
    let shared = Arc::new(Shared {
        actor: observer.actor().clone(),
        length: QueueLength::default(),
        kind,
        name,
        kinds: RwLock::default(),
        only_kind: OnceLock::new(),
    });
    observer.actor().add_queue(&shared.length);
    let observed = Observed::new(actor, Arc::clone(&shared));
    let (actor, started) =
        ActorRuntime::<Observed<A, M>>::spawn_instant(None, observed, (observer, arguments))?;
    let ended = tokio::spawn(async move {
        if let Ok(Ok(running)) = started.await {
            // A panic of its own is in its journal, and ractor catches it.
            let _ended = running.await;
        }
    });
    Ok((Address { actor, shared }, ended))
}

impl<M: Send + 'static> Address<M> {
    /// Sends a message that wants no answer.
    ///
    /// # Errors
    /// The actor has ended.
    pub fn tell(&self, message: M) -> Result<(), Gone<M>> {
        let letter = Letter::to(self.shared.kind_of(&message));
        self.send(Sent {
            message,
            letter: Some(letter),
            asked: None,
            queued: Some(Queued::new(&self.shared.length)),
        })
    }

    /// Sends a message that wants an answer, and waits for it. Who gives up before the actor comes to the message is not answered, and
    /// the message is not handled.
    ///
    /// # Errors
    /// The actor has ended, or dropped the [`Reply`].
    pub async fn ask<T>(&self, make: impl FnOnce(Reply<T>) -> M) -> Result<T, AskError> {
        let (reply, answer, asked) = asking();
        let message = make(reply);
        let letter = Letter::to(self.shared.kind_of(&message));
        let sent = self.send(Sent {
            message,
            letter: Some(letter),
            asked: Some(asked),
            queued: Some(Queued::new(&self.shared.length)),
        });
        sent.map_err(|_| AskError::Closed)?;
        answer.wait().await
    }

    /// ractor's own, for whatever else it can do.
    pub fn actor_ref(&self) -> &ActorRef<Sent<M>> {
        &self.actor
    }

    /// The actor as Loom sees it.
    pub fn seen(&self) -> &observe::ActorRef {
        &self.shared.actor
    }

    fn send(&self, sent: Sent<M>) -> Result<(), Gone<M>> {
        let outcome = self.actor.send_message(sent);
        self.shared.actor.changed();
        match outcome {
            Err(ractor::MessagingErr::SendErr(mut sent)) => {
                if let Some(letter) = sent.letter.take() {
                    letter.take_back();
                }
                Err(Gone(sent.message))
            }
            // Nothing else comes of a send to an actor of this type.
            _ => Ok(()),
        }
    }
}

impl<M: Send + 'static> Clone for Address<M> {
    fn clone(&self) -> Self {
        Self {
            actor: self.actor.clone(),
            shared: Arc::clone(&self.shared),
        }
    }
}
