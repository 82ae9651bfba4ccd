//! What is known of all actors of one Rust type: how many live, and their messages.
//!
//! A message carries no target until it is taken from its queue, so a queue is exact per type, and per instance only
//! where a type has one instance. Cells live as long as the process: there are as many as types of actors.

use std::any::TypeId;
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, LazyLock, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use super::known::Known;
use super::message::{Counts, MessageCell};
use crate::names::short_type_name;

/// What is known of all actors of one Rust type, whatever their registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeStats {
    /// The type's name without its modules.
    pub kind: String,
    /// Instances alive.
    pub live: u64,
    /// Messages sent and not yet taken or dropped; exact.
    pub queued: u64,
    /// Messages that reached their handler.
    pub handled: u64,
    /// Messages that never did: their actor ended first, or the asker had given up.
    pub dropped: u64,
    /// Mean time between sending and handling, of those that were timed; `None` when none was.
    pub mean_wait: Option<Duration>,
}

/// Every type of actor that was started or sent to on [`Context`](crate::Context), in no order.
pub fn type_stats() -> Vec<TypeStats> {
    all().into_iter().map(TypeCell::stats).collect()
}

pub(crate) struct TypeCell {
    name: String,
    /// What the records of its actors say of them: the kind of the first one.
    shown: OnceLock<Arc<Kind>>,
    live: AtomicU64,
    /// Two instances lived at a time once. For good: a queue length that comes and goes would help nobody.
    had_several: AtomicBool,
    messages: Mutex<Vec<&'static MessageCell>>,
}

/// What the record of an actor says that it is: shared by those that say the same, for there may be a million of them.
pub(crate) struct Kind {
    /// Its name.
    pub(crate) name: Cow<'static, str>,
    /// What is counted of its type, where it is on an observed context; a handle is counted by hand.
    pub(crate) counters: Option<&'static TypeCell>,
}

impl Kind {
    pub(crate) fn of_handle(name: Cow<'static, str>) -> Self {
        Self { name, counters: None }
    }
}

impl TypeCell {
    fn leak(name: String) -> &'static Self {
        Box::leak(Box::new(Self {
            name,
            shown: OnceLock::new(),
            live: AtomicU64::new(0),
            had_several: AtomicBool::new(false),
            messages: Mutex::default(),
        }))
    }

    /// What is counted of its messages that go by this name; names beyond a bound share one.
    pub(crate) fn message_named(&self, name: &str) -> &'static MessageCell {
        let mut messages = self.lock_messages();
        let find = |messages: &[&'static MessageCell], name: &str| {
            messages.iter().find(|message| message.name() == name).copied()
        };
        let name = match find(&messages, name) {
            Some(known) => return known,
            None if messages.len() < MOST_NAMED_MESSAGES => name,
            None => OTHERS,
        };
        find(&messages, name).unwrap_or_else(|| {
            let cell = MessageCell::leak(name.to_owned());
            messages.push(cell);
            cell
        })
    }

    /// One more of them, which is called so.
    pub(crate) fn born(&'static self, name: Cow<'static, str>) -> Arc<Kind> {
        if self.live.fetch_add(1, Relaxed) > 0 {
            self.had_several.store(true, Relaxed);
        }
        let of = |name| {
            Arc::new(Kind {
                name,
                counters: Some(self),
            })
        };
        match self.shown.get() {
            Some(shown) if shown.name == name => Arc::clone(shown),
            Some(_) => of(name),
            None => Arc::clone(self.shown.get_or_init(|| of(name))),
        }
    }

    pub(crate) fn died(&self) {
        self.live.fetch_sub(1, Relaxed);
    }

    /// What waits for the only instance; `None` where there are, or were, others beside it.
    pub(crate) fn queued_for_only_instance(&self) -> Option<u64> {
        (!self.had_several.load(Relaxed)).then(|| self.queued())
    }

    pub(crate) fn name(&'static self) -> &'static str {
        &self.name
    }

    pub(super) fn has_message(&self, message: &'static MessageCell) {
        self.lock_messages().push(message);
    }

    /// What a studio calls the type.
    pub(super) fn shown(&self) -> &str {
        self.shown.get().map_or(&self.name, |shown| &shown.name)
    }

    pub(super) fn live(&self) -> u64 {
        self.live.load(Relaxed)
    }

    pub(super) fn messages(&self) -> Vec<&'static MessageCell> {
        self.lock_messages().clone()
    }

    pub(super) fn queued(&self) -> u64 {
        let messages = self.lock_messages();
        messages.iter().map(|message| message.queued()).sum()
    }

    fn lock_messages(&self) -> std::sync::MutexGuard<'_, Vec<&'static MessageCell>> {
        // A vector is whole whenever its lock is free.
        self.messages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn stats(&self) -> TypeStats {
        let mut counts = Counts::default();
        for message in self.messages() {
            message.add_to(&mut counts);
        }
        TypeStats {
            kind: self.name.clone(),
            live: self.live(),
            queued: self.queued(),
            handled: counts.handled,
            dropped: counts.dead + counts.cancelled,
            mean_wait: counts
                .wait
                .sum_ns
                .checked_div(counts.wait.count())
                .map(Duration::from_nanos),
        }
    }
}

type Cells = HashMap<TypeId, &'static TypeCell>;

fn lock_all() -> std::sync::MutexGuard<'static, Cells> {
    static ALL: LazyLock<Mutex<Cells>> = LazyLock::new(Mutex::default);
    // Nothing is left half-done under this lock.
    ALL.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Every one there is.
pub(super) fn all() -> Vec<&'static TypeCell> {
    let mut all: Vec<_> = lock_all().values().copied().collect();
    all.extend(lock_named().values().copied());
    all
}

/// Types that are known by a name, of actors that are no Rust types.
const MOST_NAMED: usize = 1_000;

/// Messages of one type of actor that are known by a name.
const MOST_NAMED_MESSAGES: usize = 256;

/// What names that there is no room for have in common.
const OTHERS: &str = "(others)";

fn lock_named() -> std::sync::MutexGuard<'static, HashMap<&'static str, &'static TypeCell>> {
    static NAMED: LazyLock<Mutex<HashMap<&'static str, &'static TypeCell>>> = LazyLock::new(Mutex::default);
    // Nothing is left half-done under this lock.
    NAMED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What is counted of actors that go by this name. Cells live as long as the process, so there are no more of them than a
/// bound; names beyond it share one.
pub(crate) fn named_cell(name: &str) -> &'static TypeCell {
    let mut named = lock_named();
    let name = match named.get(name) {
        Some(known) => return known,
        None if named.len() < MOST_NAMED => name,
        None => OTHERS,
    };
    if let Some(known) = named.get(name) {
        return known;
    }
    let cell = TypeCell::leak(name.to_owned());
    named.insert(cell.name(), cell);
    cell
}

/// What is counted of actor type `A`.
#[inline]
pub(crate) fn type_cell<A: 'static>() -> &'static TypeCell {
    thread_local! {
        static KNOWN: Known<TypeCell> = const { Known::new() };
    }
    let wanted = TypeId::of::<A>();
    KNOWN.with(|known| {
        known.get(wanted, || {
            lock_all()
                .entry(wanted)
                .or_insert_with(|| TypeCell::leak(short_type_name::<A>()))
        })
    })
}
