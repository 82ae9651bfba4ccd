//! What is to be known of an actor before it starts.

use std::borrow::Cow;
use std::sync::Arc;

use actix::{Recipient, WeakRecipient};
use loom_protocol::ActorId;
use serde_json::{Map, Value};

use crate::measure::type_cell;
use crate::names::{self, Serial};
use crate::owner::{ChildGone, Watcher};
use crate::power::OrderedRestart;
use crate::registry::ActorRegistry;

/// Messages that may wait for an actor before `send` waits and `try_send` refuses; what actix takes by itself.
const MAILBOX_CAPACITY: usize = 16;

/// How an actor is to be registered, watched and queued for. Only the kind has to be given.
#[derive(Clone)]
pub struct ActorSpec {
    pub(crate) kind: Cow<'static, str>,
    pub(crate) id: Option<ActorId>,
    pub(crate) metadata: Map<String, Value>,
    pub(crate) parent: Option<ActorId>,
    pub(crate) worker: Option<String>,
    pub(crate) registry: Option<ActorRegistry>,
    pub(crate) mailbox_capacity: usize,
    pub(crate) watchers: Vec<Watcher>,
    pub(crate) system: bool,
    /// How its keeper learns that it is to be started again.
    pub(crate) restarter: Option<Arc<OrderedRestart>>,
}

impl ActorSpec {
    /// An actor of the given kind, the `type` of its record.
    pub fn new(kind: impl Into<Cow<'static, str>>) -> Self {
        Self {
            kind: kind.into(),
            id: None,
            metadata: Map::new(),
            parent: None,
            worker: None,
            registry: None,
            mailbox_capacity: MAILBOX_CAPACITY,
            watchers: Vec::new(),
            system: false,
            restarter: None,
        }
    }

    /// An actor whose kind is the name of its Rust type.
    pub fn of<A: 'static>() -> Self {
        Self::new(type_cell::<A>().name())
    }

    /// Its name. A name whose owner has ended is taken over: counters go on and `restartCount` grows. A name whose owner
    /// is alive gets a number behind it, and a warning in the log.
    pub fn id(mut self, id: impl Into<ActorId>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// Replaces what is shown beside its counters. Never a secret.
    pub fn metadata(mut self, metadata: Map<String, Value>) -> Self {
        self.metadata = metadata;
        self
    }

    /// Adds one entry to the metadata.
    pub fn meta(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.metadata.insert(key.into(), value.into());
        self
    }

    /// The actor above it. Without this it is the observed actor that is running when it is started, if there is one.
    pub fn parent(mut self, parent: impl Into<ActorId>) -> Self {
        self.parent = Some(parent.into());
        self
    }

    /// The worker shown; without this the name of the thread that runs it.
    pub fn worker(mut self, worker: impl Into<String>) -> Self {
        self.worker = Some(worker.into());
        self
    }

    /// Where to register; without this [`ActorRegistry::process_wide`].
    pub fn registry(mut self, registry: &ActorRegistry) -> Self {
        self.registry = Some(registry.clone());
        self
    }

    /// Messages that may wait before `send` waits and `try_send` refuses; 16 without this. `do_send` ignores it.
    pub fn mailbox_capacity(mut self, messages: usize) -> Self {
        self.mailbox_capacity = messages;
        self
    }

    /// Marks it as plumbing of a library, which pages leave out unless they are asked for it.
    pub fn system(mut self) -> Self {
        self.system = true;
        self
    }

    /// Who is told of its end. The recipient keeps the watcher alive as long as this actor lives, so a watcher that is
    /// to end with its last address takes [`Self::watched_weakly_by`].
    pub fn watched_by(mut self, watcher: Recipient<ChildGone>) -> Self {
        self.watchers.push(Watcher::Strong(watcher));
        self
    }

    /// Who is told of its end, if it still lives then.
    pub fn watched_weakly_by(mut self, watcher: WeakRecipient<ChildGone>) -> Self {
        self.watchers.push(Watcher::Weak(watcher));
        self
    }

    /// Chooses the id now when none was given, so that one actor after the other can start under it.
    pub(crate) fn settle_id(&mut self) -> ActorId {
        let kind = &self.kind;
        self.id
            .get_or_insert_with(|| names::default_id(kind, Serial::next()))
            .clone()
    }
}
