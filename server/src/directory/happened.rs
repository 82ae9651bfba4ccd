//! What happened to actors, in the order in which it did: for those who make something of it (journal, traffic, lints).

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use loom_protocol::{ActorStatus, Timestamp, Work};

use super::boot::Boot;
use super::entry::{Entry, Text};

/// What happened and was not taken yet. Nothing is kept before somebody said that it will be taken.
#[derive(Default)]
pub(crate) struct Happened {
    kept: AtomicBool,
    waiting: Mutex<Vec<Happening>>,
}

/// One thing that happened to one actor, or to all of one process.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Happening {
    /// The actor, as shown; the boot where a whole process is meant.
    pub(crate) id: Text,
    /// The moment of the report, or of the look that found it.
    pub(crate) at: Timestamp,
    pub(crate) what: What,
}

/// What kind of thing.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum What {
    /// It is reported: new when there was nothing before.
    Reported {
        before: Option<Box<Look>>,
        after: Box<Look>,
        whole: bool,
    },
    /// It is no longer known.
    Gone(Box<Look>),
    /// Nobody speaks for it any more.
    Silent(Box<Look>),
    /// It was silent and is heard again.
    Back(Box<Look>),
    /// It is shown under this id from now on.
    Renamed(Text),
    /// A process fell silent.
    BootSilent,
    /// A process is heard again.
    BootBack,
}

/// An actor at one moment: what others make something of.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Look {
    pub(crate) kind: Text,
    pub(crate) status: Option<ActorStatus>,
    pub(crate) worker: Option<Text>,
    pub(crate) node: Option<Text>,
    /// The boot that reports it.
    pub(crate) boot: Option<Text>,
    pub(crate) handled: Option<u64>,
    pub(crate) errors: u64,
    pub(crate) restarts: u64,
    /// Messages that wait for it and will be handled.
    pub(crate) queued: u64,
    pub(crate) work: Work,
    pub(crate) started: Option<Timestamp>,
    /// Plumbing of a library.
    pub(crate) system: bool,
    /// When it was last heard.
    pub(crate) heard: Timestamp,
}

impl Look {
    pub(super) fn at(entry: &Entry) -> Self {
        Self {
            kind: entry.kind.clone(),
            status: entry.status.clone(),
            worker: entry.worker.clone(),
            node: entry.node.clone(),
            boot: entry.owner.as_ref().map(|owner| owner.name.clone()),
            handled: entry.message_count,
            errors: entry.error_count.unwrap_or(0),
            restarts: entry.restart_count.unwrap_or(0),
            // Nobody is going to handle what waited for one that has ended.
            queued: if entry.is_final() {
                0
            } else {
                entry.queue_depth.unwrap_or(0)
            },
            work: entry.work.as_deref().copied().unwrap_or_default(),
            started: entry.started,
            system: entry.system == Some(true),
            heard: entry.last_heartbeat(),
        }
    }

    /// Whether it has ended.
    pub(crate) fn is_final(&self) -> bool {
        self.status.as_ref().is_some_and(ActorStatus::is_final)
    }
}

impl Happened {
    /// Keeps what happens from now on, for somebody who takes it.
    pub(crate) fn keep(&self) {
        self.kept.store(true, Ordering::Relaxed);
    }

    /// Takes all out, oldest first.
    pub(crate) fn take(&self) -> Vec<Happening> {
        std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn are_kept(&self) -> bool {
        self.kept.load(Ordering::Relaxed)
    }

    /// A whole record took the place of `before`, or nothing did. Unless nobody else can get at it, to be called under the actor's lock.
    pub(super) fn changed(&self, id: &Text, before: Option<&Entry>, after: Option<&Entry>, at: Timestamp) {
        if !self.are_kept() {
            return;
        }
        let look = |entry: &Entry| Box::new(Look::at(entry));
        let what = match (before, after) {
            (before, Some(after)) => What::Reported {
                before: before.map(look),
                after: look(after),
                whole: true,
            },
            (Some(before), None) => What::Gone(look(before)),
            (None, None) => return,
        };
        self.push(id, at, what);
    }

    /// A part of a record was merged. To be called under the actor's lock.
    pub(super) fn updated(&self, id: &Text, before: Look, after: &Entry, at: Timestamp) {
        let what = What::Reported {
            before: Some(Box::new(before)),
            after: Box::new(Look::at(after)),
            whole: false,
        };
        self.push(id, at, what);
    }

    pub(super) fn turned(&self, id: &Text, entry: &Entry, stale: bool, at: Timestamp) {
        let look = Box::new(Look::at(entry));
        self.push(
            id,
            at,
            if stale {
                What::Silent(look)
            } else {
                What::Back(look)
            },
        );
    }

    pub(super) fn boot_turned(&self, boot: &Arc<Boot>, stale: bool, at: Timestamp) {
        if self.are_kept() {
            self.push(
                &boot.name,
                at,
                if stale { What::BootSilent } else { What::BootBack },
            );
        }
    }

    pub(super) fn renamed(&self, from: &Text, to: &Text, at: Timestamp) {
        if self.are_kept() {
            self.push(from, at, What::Renamed(to.clone()));
        }
    }

    fn push(&self, id: &Text, at: Timestamp, what: What) {
        let happening = Happening {
            id: id.clone(),
            at,
            what,
        };
        self.waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(happening);
    }
}
