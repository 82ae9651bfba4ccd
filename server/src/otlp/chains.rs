//! Which span caused which: what is needed to find, behind a message that was handled, who sent it.
//!
//! Spans come when they end, so a span's parent most often comes after it, and from another process at any moment. Who sent a message
//! is found once its span's parents, or what it links to, have come; what has not after half a minute is of no actor.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use loom_protocol::BootId;

use super::span::Span;

/// Spans that are remembered.
const MOST: usize = 100_000;
/// Messages whose sender is not known yet.
const MOST_WAITING: usize = 20_000;
/// How long a sender may take to be known, in milliseconds.
const PATIENCE: i64 = 30_000;
/// Spans between a message and what sent it.
const MOST_STEPS: usize = 64;

/// A span, by trace and number.
pub(super) type Key = (u128, u64);

/// An actor of any service.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Who {
    pub(super) boot: BootId,
    pub(super) id: Arc<str>,
}

/// A message whose sender is looked for.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Message {
    /// The number of the service whose actor handled it, and that actor's in the service.
    pub(super) service: u64,
    pub(super) to: usize,
    pub(super) kind: Arc<str>,
    pub(super) count: u64,
}

/// Who sent a message: an actor, or none.
pub(super) type Sent = (Message, Option<Who>);

#[derive(Clone)]
struct Seen {
    /// What caused it; none where nothing did.
    cause: Option<Key>,
    actor: Option<Who>,
}

/// The spans that came lately.
#[derive(Default)]
pub(super) struct Chains {
    seen: HashMap<Key, Seen>,
    order: VecDeque<Key>,
    /// By the span that is missing, with the moment from which on nobody waits for it.
    waiting: HashMap<Key, Vec<(i64, Message)>>,
    waiting_count: usize,
    /// What to look for in `waiting` once that moment has come. Those that were found meanwhile are here still.
    deadlines: VecDeque<(i64, Key)>,
}

/// What may come of looking.
enum Found {
    Sender(Option<Who>),
    Missing(Key),
}

impl Chains {
    /// Whether a span came before: a client that heard no answer sends it again.
    pub(super) fn knows(&self, key: Key) -> bool {
        self.seen.contains_key(&key)
    }

    /// Remembers a span, of this actor where it is one's, and gives back the messages whose senders are known now.
    pub(super) fn add(&mut self, span: &Span, actor: Option<Who>) -> Vec<Sent> {
        let key = (span.trace, span.id);
        let seen = Seen {
            cause: causes(span).next(),
            actor,
        };
        if self.seen.insert(key, seen).is_none() {
            self.order.push_back(key);
        }
        if self.order.len() > MOST
            && let Some(oldest) = self.order.pop_front()
        {
            self.seen.remove(&oldest);
        }
        let waiting = self.waiting.remove(&key).unwrap_or_default();
        self.waiting_count -= waiting.len();
        // Found by what they waited for, or waiting for what is behind it.
        let looked = waiting
            .into_iter()
            .filter_map(|(deadline, message)| self.look_from(key, message, deadline));
        looked.collect()
    }

    /// Looks for who sent a message that a span is of; `None` where that is not known yet.
    pub(super) fn look(&mut self, cause: Option<Key>, message: Message, now: i64) -> Option<Sent> {
        match cause {
            None => Some((message, None)),
            Some(cause) => {
                if self.waiting_count < MOST_WAITING {
                    return self.look_from(cause, message, now + PATIENCE);
                }
                match self.find(cause) {
                    Found::Sender(sender) => Some((message, sender)),
                    Found::Missing(_) => Some((message, None)),
                }
            }
        }
    }

    /// Messages whose sender was waited for long enough.
    pub(super) fn give_up(&mut self, now: i64) -> Vec<Sent> {
        let mut given_up = Vec::new();
        while let Some((_, key)) = self.deadlines.pop_front_if(|(deadline, _)| *deadline <= now) {
            let Some(waiting) = self.waiting.remove(&key) else {
                continue;
            };
            let (late, rest): (Vec<_>, Vec<_>) =
                waiting.into_iter().partition(|(deadline, _)| *deadline <= now);
            self.waiting_count -= late.len();
            given_up.extend(late.into_iter().map(|(_, message)| (message, None)));
            if !rest.is_empty() {
                self.waiting.insert(key, rest);
            }
        }
        given_up
    }

    fn look_from(&mut self, key: Key, message: Message, deadline: i64) -> Option<Sent> {
        match self.find(key) {
            Found::Sender(sender) => Some((message, sender)),
            Found::Missing(missing) => {
                self.waiting.entry(missing).or_default().push((deadline, message));
                self.waiting_count += 1;
                self.deadlines.push_back((deadline, missing));
                None
            }
        }
    }

    fn find(&self, mut key: Key) -> Found {
        for _ in 0..MOST_STEPS {
            match self.seen.get(&key) {
                None => return Found::Missing(key),
                Some(Seen {
                    actor: Some(actor), ..
                }) => return Found::Sender(Some(actor.clone())),
                Some(Seen {
                    cause: Some(cause), ..
                }) => key = *cause,
                Some(Seen { cause: None, .. }) => return Found::Sender(None),
            }
        }
        Found::Sender(None)
    }
}

/// What caused a span: what it links to, which for a message is where that was sent, else its parent.
pub(super) fn causes(span: &Span) -> impl Iterator<Item = Key> {
    let parent = (span.parent != 0).then_some((span.trace, span.parent));
    let is_linked = !span.links().is_empty();
    let parent = parent.filter(|_| !is_linked);
    span.links().iter().copied().chain(parent)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(id: u64, parent: u64) -> Span {
        let mut span = Span::default();
        (span.trace, span.id, span.parent) = (1, id, parent);
        span
    }

    fn who(name: &str) -> Who {
        Who {
            boot: BootId("b".into()),
            id: name.into(),
        }
    }

    fn message(to: usize) -> Message {
        Message {
            service: 1,
            to,
            kind: "orders".into(),
            count: 1,
        }
    }

    #[test]
    fn a_sender_is_found_in_whatever_order_spans_come() {
        let mut chains = Chains::default();
        // The handling comes before what sent it, with a span of something else between.
        assert_eq!(chains.look(Some((1, 5)), message(0), 0), None);
        assert_eq!(chains.add(&span(5, 4), None), []);
        assert_eq!(chains.look(Some((1, 5)), message(1), 1), None);
        let sent = chains.add(&span(4, 0), Some(who("sender")));
        assert_eq!(
            sent,
            [
                (message(0), Some(who("sender"))),
                (message(1), Some(who("sender")))
            ]
        );
        // And after.
        let known = chains.look(Some((1, 5)), message(2), 2);
        assert_eq!(known, Some((message(2), Some(who("sender")))));
        assert_eq!(chains.look(None, message(3), 2), Some((message(3), None)));
        assert_eq!(chains.give_up(PATIENCE * 2), [], "all were found");
        assert_eq!(chains.waiting_count, 0);
    }

    #[test]
    fn a_sender_that_never_comes_is_nobody_after_a_while_and_all_is_bounded() {
        let mut chains = Chains::default();
        assert_eq!(chains.look(Some((1, 9)), message(0), 0), None);
        assert_eq!(chains.give_up(PATIENCE - 1), []);
        assert_eq!(chains.give_up(PATIENCE), [(message(0), None)]);
        for id in 1..=MOST as u64 + 10 {
            chains.add(&span(id, 0), None);
        }
        assert_eq!((chains.seen.len(), chains.order.len()), (MOST, MOST));
        for id in 0..MOST_WAITING as u64 {
            assert_eq!(chains.look(Some((2, id + 1)), message(0), 0), None);
        }
        assert_eq!(chains.look(Some((3, 1)), message(7), 0), Some((message(7), None)));
        assert_eq!(chains.give_up(PATIENCE).len(), MOST_WAITING);
        assert!(chains.waiting.is_empty() && chains.deadlines.is_empty());
        // Spans that cause each other in a circle cause nothing.
        chains.add(&span(900_001, 900_002), None);
        chains.add(&span(900_002, 900_001), None);
        assert_eq!(
            chains.look(Some((1, 900_001)), message(1), 0),
            Some((message(1), None))
        );
    }
}
