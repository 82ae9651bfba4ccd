//! The journal as the rest of the studio uses it.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use loom_protocol::{EventKind, JournalLine, Timestamp};

use super::kept::{Draft, Lines};
use super::seen;
use crate::directory::{Happening, Look, Text, What};

/// Lines that the studio writes by itself of what it sees at one time: when a process of 100,000 actors falls silent, the
/// lines of others are worth more.
const SEEN_AT_ONCE: usize = 1_000;
/// Lines that wait to be shown to who looks at their actors.
const WAITING: usize = 1_000;
/// Boots that are remembered as telling their events.
const TELLING: usize = 20_000;

/// What happened to actors. Safe from any thread.
#[derive(Default)]
pub(crate) struct Journal {
    pub(super) state: Mutex<State>,
}

#[derive(Default)]
pub(super) struct State {
    pub(super) lines: Lines,
    /// Boots that tell events, so that nobody has to write for them.
    pub(super) telling: HashSet<Text>,
    watched: HashSet<Text>,
    /// New lines of actors that somebody looks at.
    pub(super) fresh: VecDeque<(Text, Arc<JournalLine>)>,
    /// The actor of which it was last told that it panicked, and how often that was told of any.
    panicked: (Option<Text>, u64),
}

impl Journal {
    /// From now on this boot is taken to tell what happens to its actors.
    pub(crate) fn tells(&self, boot: &Text) {
        let mut state = self.lock();
        if state.telling.len() >= TELLING {
            state.telling.clear();
        }
        state.telling.insert(boot.clone());
    }

    /// Writes down what a process tells of an actor, shown as `id`.
    /// What is told of one that is not known, or no more, goes in time as the rest of it.
    pub(crate) fn event(&self, id: &Text, draft: Draft, now: Timestamp, is_known: bool) {
        let mut state = self.lock();
        state.write(id, draft);
        if !is_known {
            state.lines.set_gone_unless_it_is(id, now);
        }
    }

    /// Writes down what the studio sees.
    pub(crate) fn happened(&self, happened: &[Happening]) {
        let mut state = self.lock();
        let mut written = 0;
        for happening in happened {
            match &happening.what {
                What::Renamed(to) => state.lines.rename(&happening.id, to),
                What::Reported { before: None, .. } => state.lines.set_gone(&happening.id, None),
                _ => {}
            }
            let telling = &state.telling;
            let tells = |look: &Look| look.boot.as_ref().is_some_and(|boot| telling.contains(boot));
            if let Some((kind, message)) = seen::line(happening, tells) {
                written += 1;
                if written > SEEN_AT_ONCE {
                    state.lines.skip(&happening.id);
                } else {
                    state.write(&happening.id, Draft::seen(happening.at, kind, message));
                }
            }
            if let What::Gone(_) = happening.what {
                state.lines.set_gone(&happening.id, Some(happening.at));
            }
        }
    }

    /// Forgets what actors left behind that are gone since before `before`.
    pub(crate) fn forget(&self, before: Timestamp) {
        self.lock().lines.forget(before);
    }

    /// The newest `limit` lines of an actor before `before`, oldest first; nothing when there never were any.
    pub(crate) fn page(&self, id: &str, before: Option<u64>, limit: usize) -> Option<Vec<JournalLine>> {
        self.lock().lines.page(id, before, limit)
    }

    /// The newest `limit` lines of all actors, of one kind if that is given, oldest first.
    pub(crate) fn newest(&self, kind: Option<&EventKind>, limit: usize) -> Vec<(Text, Arc<JournalLine>)> {
        let is_asked = |line: &JournalLine| kind.is_none_or(|kind| line.kind == *kind);
        self.lock().lines.newest(limit, is_asked)
    }

    /// The newest `limit` lines of one chain of messages, oldest first.
    pub(crate) fn of_chain(&self, chain: &str, limit: usize) -> Vec<(Text, Arc<JournalLine>)> {
        self.lock().lines.of_chain(chain, limit)
    }

    /// Keeps new lines of these actors for [`Journal::take_fresh`].
    pub(crate) fn watch(&self, watched: HashSet<Text>) {
        let mut state = self.lock();
        state.watched = watched;
        if state.watched.is_empty() {
            state.fresh.clear();
        }
    }

    /// The actor of which it was last told that it panicked, and how often that was told of any since the start.
    pub(crate) fn panicked(&self) -> (Option<Text>, u64) {
        self.lock().panicked.clone()
    }

    /// The new lines of actors that somebody looks at, oldest first. So many that not all are kept leave a hole.
    pub(crate) fn take_fresh(&self) -> Vec<(Text, Arc<JournalLine>)> {
        self.lock().fresh.drain(..).collect()
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn write(&mut self, id: &Text, draft: Draft) {
        if draft.kind == EventKind::Panicked {
            self.panicked = (Some(id.clone()), self.panicked.1 + 1);
        }
        let line = self.lines.push(id, draft);
        if self.watched.contains(id) {
            if self.fresh.len() >= WAITING {
                self.fresh.pop_front();
            }
            self.fresh.push_back((id.clone(), line));
        }
    }
}

#[cfg(test)]
mod tests {
    use loom_protocol::ActorEvent;

    use super::super::kept::{LINES, MESSAGE, PER_ACTOR};
    use super::*;

    fn note(message: &str, chain: Option<&str>) -> Draft {
        let event = ActorEvent {
            actor: "a".into(),
            time: None,
            kind: EventKind::Note,
            message: message.to_owned(),
            correlation_id: chain.map(str::to_owned),
            data: None,
        };
        Draft::of(event, at(0))
    }

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn text(text: &str) -> Text {
        Text::from(text)
    }

    #[test]
    fn an_actor_keeps_its_last_lines_and_their_numbers() {
        let journal = Journal::default();
        for number in 1..=PER_ACTOR + 20 {
            journal.event(&text("a"), note(&number.to_string(), Some("chain")), at(0), true);
        }
        let page = journal.page("a", None, usize::MAX).unwrap();
        assert_eq!((page.len(), page[0].seq), (PER_ACTOR, 21));
        let page = journal.page("a", Some(30), 5).unwrap();
        let seqs: Vec<u64> = page.iter().map(|line| line.seq).collect();
        assert_eq!(seqs, [25, 26, 27, 28, 29], "newest last");
        assert_eq!(journal.of_chain("chain", usize::MAX).len(), PER_ACTOR);
        assert_eq!(journal.page("nobody", None, 1), None);
    }

    #[test]
    fn all_actors_together_are_bounded_and_the_oldest_lines_go_first() {
        let journal = Journal::default();
        for number in 0..LINES + 1000 {
            let id = text(&format!("a{}", number % 1000));
            journal.event(&id, note("said", None), at(0), true);
        }
        assert_eq!(journal.lock().lines.count(), LINES);
        let page = journal.page("a7", None, usize::MAX).unwrap();
        assert_eq!((page.len(), page[0].seq), (200, 2), "the first is a hole");
        let long = "ü".repeat(MESSAGE);
        for number in 0..30_000 {
            journal.event(&text(&number.to_string()), note(&long, None), at(0), true);
        }
        assert!(journal.lock().lines.count() < 30_000, "bytes count too");
    }

    #[test]
    fn a_chain_is_told_in_order_over_actors_until_its_lines_are_gone() {
        let journal = Journal::default();
        for id in ["a", "b", "a"] {
            journal.event(&text(id), note(id, Some("c1")), at(0), true);
        }
        journal.event(&text("b"), note("other", Some("c2")), at(0), true);
        let kept: Vec<String> = journal
            .of_chain("c1", 10)
            .into_iter()
            .map(|(id, line)| format!("{id} {}", line.seq))
            .collect();
        assert_eq!(kept, ["a 1", "b 1", "a 2"]);
        let last = journal.newest(None, 1);
        assert_eq!(last[0].1.message, "other");
        journal.lock().lines.set_gone("a", Some(at(5)));
        journal.forget(at(4));
        assert_eq!(journal.of_chain("c1", 10).len(), 3);
        journal.forget(at(5));
        assert_eq!(journal.of_chain("c1", 10).len(), 1);
        assert_eq!(journal.page("a", None, 1), None);
    }

    #[test]
    fn lines_follow_an_actor_to_its_new_id() {
        let journal = Journal::default();
        journal.event(&text("a"), note("of the first", None), at(0), true);
        journal.event(&text("a@web:1"), note("of the second", Some("c")), at(0), true);
        journal.lock().lines.rename("a@web:1", &text("a"));
        let page = journal.page("a", None, 10).unwrap();
        assert_eq!(page.iter().map(|line| line.seq).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(journal.of_chain("c", 10)[0].0, text("a"));
        assert_eq!(journal.newest(None, 10).len(), 2);
        journal.forget(at(i64::MAX / 2));
        assert!(journal.page("a", None, 10).is_some(), "who is called so is there");
    }

    #[test]
    fn lines_keep_their_order_among_those_of_all_when_their_actor_gets_another_id() {
        let journal = Journal::default();
        for (number, id) in ["a", "a@web:1", "b", "a", "a@web:1", "b"].into_iter().enumerate() {
            journal.event(&text(id), note(&number.to_string(), Some("c")), at(0), true);
        }
        journal.lock().lines.rename("a@web:1", &text("a"));
        let said = |lines: Vec<(Text, Arc<JournalLine>)>| -> Vec<String> {
            let said = lines
                .into_iter()
                .map(|(id, line)| format!("{id} {}", line.message));
            said.collect()
        };
        let expected = ["a 0", "a 1", "b 2", "a 3", "a 4", "b 5"];
        assert_eq!(said(journal.newest(None, 10)), expected);
        assert_eq!(said(journal.of_chain("c", 10)), expected);
        let page = journal.page("a", None, 10).unwrap();
        let page: Vec<(u64, &str)> = page.iter().map(|line| (line.seq, &*line.message)).collect();
        assert_eq!(page, [(1, "0"), (2, "1"), (3, "3"), (4, "4")]);
        journal.event(&text("a"), note("6", None), at(0), true);
        assert_eq!(journal.page("a", None, 1).unwrap()[0].seq, 5);
    }

    #[test]
    fn lines_of_two_ids_that_become_one_stay_within_its_bound_with_their_holes() {
        let journal = Journal::default();
        for number in 0..PER_ACTOR + 100 {
            for id in ["a", "a@web:1"] {
                journal.event(&text(id), note(&number.to_string(), Some("c")), at(0), true);
            }
        }
        journal.lock().lines.rename("a@web:1", &text("a"));
        let page = journal.page("a", None, usize::MAX).unwrap();
        assert_eq!(page.len(), PER_ACTOR);
        let all = 2 * (PER_ACTOR as u64 + 100);
        assert_eq!(
            (page[0].seq, page[PER_ACTOR - 1].seq),
            (all - PER_ACTOR as u64 + 1, all)
        );
        assert_eq!(journal.lock().lines.count(), PER_ACTOR);
        assert_eq!(journal.of_chain("c", usize::MAX).len(), PER_ACTOR);
    }

    #[test]
    fn what_is_told_of_an_actor_that_is_gone_is_forgotten_in_time() {
        let journal = Journal::default();
        journal.event(&text("a"), note("its last", None), at(0), false);
        journal.event(&text("a"), note("and after", None), at(9), false);
        journal.forget(at(0));
        assert_eq!(journal.page("a", None, 10), None, "it went at the first of them");
    }

    #[test]
    fn long_messages_are_cut_at_a_letter() {
        let journal = Journal::default();
        journal.event(
            &text("a"),
            note(&format!("a{}", "ü".repeat(MESSAGE)), None),
            at(0),
            true,
        );
        let long = &journal.page("a", None, 1).unwrap()[0].message;
        assert!(long.len() <= MESSAGE + '…'.len_utf8() && long.ends_with('…'));
    }
}
