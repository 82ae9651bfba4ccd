//! Who sends: numbers that travel with messages, and the names behind them, which outlive the senders.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

/// Senders that have a name, those that live and those that ended.
const MOST: usize = 50_000;

/// Senders that ended and whose names are kept, for messages that are still on their way.
const MOST_ENDED: usize = 10_000;

/// Who sent a message: a number, so that nothing is shared between the threads of sender and receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Sender(u64);

impl Sender {
    /// It was not asked who: senders were not measured.
    pub(crate) const NOT_MEASURED: Self = Self(0);
    /// No observed actor.
    pub(crate) const OUTSIDE: Self = Self(1);
    /// An actor that there is no number for.
    const TOO_MANY: Self = Self(2);

    /// Whether it is known to be an actor.
    #[inline]
    pub(crate) fn is_an_actor(self) -> bool {
        self.0 > Self::TOO_MANY.0
    }

    /// The name of an actor; `None` when there is none for it, or none any more.
    pub(super) fn name(self) -> Option<Arc<str>> {
        names().of.get(&self).map(|name| Arc::clone(&name.text))
    }

    /// Whether it is an actor that ended.
    pub(super) fn has_ended(self) -> bool {
        self != Self::OUTSIDE && names().of.get(&self).is_none_or(|name| name.living == 0)
    }
}

/// The number that an actor has once it sends, while it lives.
#[derive(Default)]
pub(crate) struct SenderNumber(AtomicU64);

impl SenderNumber {
    /// The number of the actor of that name; it is given one when it has none.
    #[inline]
    pub(crate) fn of(&self, name: &Arc<str>) -> Sender {
        match self.0.load(Relaxed) {
            0 => self.give(name),
            number => Sender(number),
        }
    }

    #[cold]
    fn give(&self, name: &Arc<str>) -> Sender {
        let Some(sender) = names().enter(name) else {
            return Sender::TOO_MANY;
        };
        self.0.store(sender.0, Relaxed);
        sender
    }
}

impl Drop for SenderNumber {
    fn drop(&mut self) {
        let number = *self.0.get_mut();
        if number != 0 {
            names().leave(Sender(number));
        }
    }
}

fn names() -> MutexGuard<'static, Names> {
    static NAMES: LazyLock<Mutex<Names>> = LazyLock::new(|| Mutex::new(Names::new(MOST, MOST_ENDED)));
    // Nothing is left half-done under this lock.
    NAMES.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Names {
    of: HashMap<Sender, Name>,
    by_text: HashMap<Arc<str>, Sender>,
    ended: VecDeque<(Sender, u64)>,
    /// Numbers are given once.
    next: u64,
    most: usize,
    most_ended: usize,
}

struct Name {
    text: Arc<str>,
    /// Actors that have it: one that is started again may meet the one before it.
    living: u32,
    /// How often it was left by the last of them.
    ends: u64,
}

impl Names {
    fn new(most: usize, most_ended: usize) -> Self {
        Self {
            of: HashMap::new(),
            by_text: HashMap::new(),
            ended: VecDeque::new(),
            next: Sender::TOO_MANY.0 + 1,
            most,
            most_ended,
        }
    }

    /// An actor of a name that is known goes on under its number.
    fn enter(&mut self, text: &Arc<str>) -> Option<Sender> {
        if let Some(sender) = self.by_text.get(text)
            && let Some(name) = self.of.get_mut(sender)
        {
            name.living += 1;
            return Some(*sender);
        }
        while self.of.len() >= self.most {
            self.forget_oldest()?;
        }
        let sender = Sender(self.next);
        self.next += 1;
        let text = Arc::clone(text);
        self.by_text.insert(Arc::clone(&text), sender);
        self.of.insert(
            sender,
            Name {
                text,
                living: 1,
                ends: 0,
            },
        );
        Some(sender)
    }

    fn leave(&mut self, sender: Sender) {
        if let Some(name) = self.of.get_mut(&sender) {
            name.living = name.living.saturating_sub(1);
            if name.living == 0 {
                name.ends += 1;
                self.ended.push_back((sender, name.ends));
            }
        }
        while self.ended.len() > self.most_ended {
            self.forget_oldest();
        }
    }

    /// Forgets who ended first, unless somebody has the name again; `None` when nobody ended.
    fn forget_oldest(&mut self) -> Option<()> {
        let (sender, ends) = self.ended.pop_front()?;
        if let Some(name) = self.of.get(&sender)
            && name.living == 0
            && name.ends == ends
        {
            self.by_text.remove(&name.text);
            self.of.remove(&sender);
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_outlive_their_actors_and_go_on_with_the_next_one() {
        let mut names = Names::new(3, 2);
        let text = |text: &str| Arc::<str>::from(text);
        let a = names.enter(&text("a")).unwrap();
        let b = names.enter(&text("b")).unwrap();
        assert_ne!(a, b);
        assert_eq!(
            names.enter(&text("a")),
            Some(a),
            "started again, before the first is gone"
        );
        names.leave(a);
        names.leave(a);
        assert_eq!(&*names.of[&a].text, "a", "kept for what is on its way");
        assert_eq!(names.enter(&text("a")), Some(a));
        let c = names.enter(&text("c")).unwrap();
        assert_eq!(names.enter(&text("d")), None, "all live");
        names.leave(a);
        let d = names.enter(&text("d")).unwrap();
        assert!(
            !names.of.contains_key(&a) && ![a, b, c].contains(&d),
            "numbers are given once"
        );
        for sender in [b, c, d] {
            names.leave(sender);
        }
        assert!(
            !names.of.contains_key(&b) && names.of.len() == 2,
            "the oldest first"
        );
        assert_eq!(names.by_text.len(), 2);
    }
}
