//! Asks of one actor by another that wait for their answer, while somebody looks closer: who asked, whom, and since when.
//!
//! actix tells an envelope nothing of whose mailbox it goes into, so the receiver is known for certain only once it takes the
//! message. One that still waits in a mailbox is with the only actor of its type, or with one of those that take no messages at the
//! moment: all of these are told. Where they are many nothing is said.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use actix::dev::OneshotSender;
use loom_protocol::{ActorId, WaitingAsk};

use super::kind::{TypeCell, type_cell};
use super::message::{MessageCell, PARTS, part_number};
use super::names::Sender;
use crate::cell::ActorCell;
use crate::clock;
use crate::registry::ActorRegistry;

/// Asks that wait for less are what any conversation is made of, in nanoseconds.
const LONG: u64 = 1_000_000_000;

/// Asks that are told of at once: the oldest.
const TOLD: usize = 200;

/// Actors of which any may have an ask.
const CANDIDATES: usize = 8;

/// Asks that are kept by a part of the threads; of more nothing is known.
const MOST: usize = 2_000;

/// An ask that is not answered yet. It holds the way of the answer, so that it knows of whoever gives up.
pub(crate) struct Ask<R> {
    reply: Mutex<Option<OneshotSender<R>>>,
    known: Known,
}

/// What is known of an ask.
#[derive(Clone)]
struct Known {
    from: Sender,
    kind: &'static TypeCell,
    message: &'static MessageCell,
    /// Raw ticks.
    since: u64,
    to: Arc<OnceLock<Weak<ActorCell>>>,
}

/// Looks at an ask without knowing what its answer is.
trait Waits: Send + Sync {
    /// What is known of it, while somebody waits for its answer.
    fn known(&self) -> Option<Known>;
}

impl<R: Send> Waits for Ask<R> {
    fn known(&self) -> Option<Known> {
        let waits = lock(&self.reply).as_ref().is_some_and(|reply| !reply.is_closed());
        waits.then(|| self.known.clone())
    }
}

impl<R> Ask<R> {
    /// An ask of an actor of type `A`; the way of the answer comes back where there is no room for it.
    pub(crate) fn begin<A: 'static>(
        reply: OneshotSender<R>,
        from: Sender,
        message: &'static MessageCell,
    ) -> Result<Arc<Self>, OneshotSender<R>>
    where
        R: Send + 'static,
    {
        let mut list = list();
        if !list.has_room() {
            return Err(reply);
        }
        let ask = Arc::new(Self {
            reply: Mutex::new(Some(reply)),
            known: Known {
                from,
                kind: type_cell::<A>(),
                message,
                since: clock::raw(),
                to: Arc::default(),
            },
        });
        let waits: Arc<dyn Waits> = Arc::clone(&ask) as _;
        list.asks.push(Arc::downgrade(&waits));
        Ok(ask)
    }

    /// Its actor takes it.
    pub(crate) fn taken_by(&self, cell: &Arc<ActorCell>) {
        self.known.to.get_or_init(|| Arc::downgrade(cell));
    }

    /// Whoever asked waits no more.
    pub(crate) fn is_given_up(&self) -> bool {
        lock(&self.reply).as_ref().is_none_or(OneshotSender::is_closed)
    }

    /// The way of the answer, which comes now.
    pub(crate) fn answer(&self) -> Option<OneshotSender<R>> {
        lock(&self.reply).take()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing is left half-done under these locks.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Those that wait, and some that do no more.
struct List {
    asks: Vec<Weak<dyn Waits>>,
    /// How many there may be before those that are over are taken out.
    enough: usize,
}

impl List {
    const fn new() -> Self {
        Self {
            asks: Vec::new(),
            enough: 64,
        }
    }

    fn has_room(&mut self) -> bool {
        if self.asks.len() >= self.enough {
            self.asks.retain(|ask| ask.strong_count() > 0);
            self.enough = (2 * self.asks.len()).clamp(64, MOST);
        }
        self.asks.len() < MOST
    }
}

static LISTS: [Mutex<List>; PARTS] = [const { Mutex::new(List::new()) }; PARTS];

/// The list that the running thread shares with few others.
fn list() -> MutexGuard<'static, List> {
    let [first, ..] = &LISTS;
    lock(LISTS.get(part_number() % PARTS).unwrap_or(first))
}

/// The asks that have waited for long, among actors of these registries, oldest first.
pub(super) fn waiting(registries: &[&ActorRegistry]) -> Vec<WaitingAsk> {
    let now = clock::raw();
    let mut long: Vec<Known> = Vec::new();
    for list in &LISTS {
        let asks: Vec<_> = lock(list).asks.iter().filter_map(Weak::upgrade).collect();
        // Out of the lock: whoever asks takes it.
        let known = asks.iter().filter_map(|ask| ask.known());
        long.extend(known.filter(|ask| clock::between(ask.since, now) >= LONG));
    }
    long.sort_unstable_by_key(|ask| ask.since);
    long.truncate(TOLD);
    let mut takers = Takers::new(registries);
    let told = long.iter().filter_map(|ask| {
        let from = ActorId(ask.from.name()?.to_string());
        let is_ours = registries.iter().any(|registry| registry.cell(&from).is_some());
        let to = match ask.to.get() {
            Some(cell) => vec![cell.upgrade()?.id()],
            None => takers.of(ask.kind),
        };
        Some(WaitingAsk {
            from: is_ours.then_some(from)?,
            to: (!to.is_empty()).then_some(to)?,
            message: ask.message.name().to_owned(),
            age_ms: clock::between(ask.since, now) / 1_000_000,
        })
    });
    told.collect()
}

/// Who can have an ask that nobody took yet, by type.
struct Takers<'a> {
    registries: &'a [&'a ActorRegistry],
    known: Vec<(&'static TypeCell, Vec<ActorId>)>,
}

impl<'a> Takers<'a> {
    fn new(registries: &'a [&'a ActorRegistry]) -> Self {
        Self {
            registries,
            known: Vec::new(),
        }
    }

    fn of(&mut self, kind: &'static TypeCell) -> Vec<ActorId> {
        if let Some((_, takers)) = self.known.iter().find(|(known, _)| std::ptr::eq(*known, kind)) {
            return takers.clone();
        }
        let takers = self.find(kind);
        self.known.push((kind, takers.clone()));
        takers
    }

    /// None where they are too many to be told.
    fn find(&self, kind: &'static TypeCell) -> Vec<ActorId> {
        let is_only_one = kind.live() == 1;
        let mut takers = Vec::new();
        for registry in self.registries {
            for cell in registry.living_of(kind) {
                if is_only_one || cell.is_held_up() {
                    takers.push(cell.id());
                }
                if takers.len() > CANDIDATES {
                    return Vec::new();
                }
            }
        }
        takers.sort_unstable();
        takers
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::message_cell;

    #[test]
    fn what_is_answered_makes_room_and_there_is_no_more_than_a_bound() {
        struct Asked;
        let begin = || {
            let (reply, answer) = tokio::sync::oneshot::channel::<u8>();
            let ask = Ask::begin::<Asked>(reply, Sender::OUTSIDE, message_cell::<Asked, u8>());
            (ask, answer)
        };
        // One after the other, so that most of them are over when there is no room.
        for _ in 0..10 * MOST {
            let (ask, _answer) = begin();
            assert!(ask.is_ok());
        }
        assert!(list().asks.len() < MOST / 2);
        let kept: Vec<_> = (0..2 * MOST).map(|_| begin()).collect();
        let count = kept.iter().filter(|(ask, _)| ask.is_ok()).count();
        assert!(count <= MOST && count > MOST / 2, "{count}");
        drop(kept);
        let (ask, mut answer) = begin();
        let ask = ask.unwrap();
        assert!(ask.known().is_some() && !ask.is_given_up());
        ask.answer().unwrap().send(7).unwrap();
        assert!(ask.known().is_none() && answer.try_recv() == Ok(7));
        let (ask, answer) = begin();
        drop(answer);
        assert!(ask.unwrap().known().is_none(), "nobody waits for it");
    }
}
