//! What a batch tells beside the state of actors: what happened to them, and answers to orders. It is told once: what a
//! studio does not know any more is not told again.

use std::collections::VecDeque;

use loom_protocol::{ActorBatch, ActorEvent};

use super::outbox::Fault;
use crate::power::Desk;

/// Events in one batch, and events that wait for the next.
const AT_ONCE: usize = 1_000;

pub(super) struct News {
    events: VecDeque<ActorEvent>,
    /// Events in one batch; fewer after one was too large.
    most: usize,
    /// The last batch had as many events as fit.
    full: bool,
    /// A batch with events or answers was refused, and it is not known whether because of them: they go by themselves.
    alone: bool,
    /// Events that were gone before they could be read.
    missed: u64,
    /// Events that the studio refused, with their batch or by themselves.
    refused: u64,
}

impl Default for News {
    fn default() -> Self {
        Self {
            events: VecDeque::new(),
            most: AT_ONCE,
            full: false,
            alone: false,
            missed: 0,
            refused: 0,
        }
    }
}

impl News {
    /// How many events may be put in.
    pub(super) fn room(&self) -> usize {
        AT_ONCE.saturating_sub(self.events.len())
    }

    pub(super) fn put(&mut self, events: Vec<ActorEvent>) {
        self.events.extend(events);
    }

    /// So many events were gone before they could be read, since the start.
    pub(super) fn missed(&mut self, events: u64) {
        // A journal that is no longer read takes its count with it.
        self.missed = self.missed.max(events);
    }

    /// Events that no studio was told, since the start.
    pub(super) fn dropped(&self) -> u64 {
        self.missed + self.refused
    }

    pub(super) fn has_events(&self) -> bool {
        !self.events.is_empty()
    }

    /// Whether there may be more events to be read.
    pub(super) fn was_full(&self) -> bool {
        self.full
    }

    /// Whether the next batch is to have nothing else.
    pub(super) fn goes_alone(&self) -> bool {
        self.alone
    }

    /// Another studio reads from now on.
    pub(super) fn start_over(&mut self) {
        (self.alone, self.most) = (false, AT_ONCE);
    }

    /// Puts into the batch what it has room for: events only where the actors were `named` before.
    pub(super) fn fill(&mut self, batch: &mut ActorBatch, named: bool, desk: &Desk) {
        if named {
            let most = self.events.len().min(self.most);
            self.full = most == self.most;
            batch.events = self.events.drain(..most).collect();
        }
        batch.answers = desk.carry_off();
    }

    /// The studio took what was sent.
    pub(super) fn delivered(&mut self) {
        self.alone = false;
    }

    /// The studio took the batch, but not one of its events.
    pub(super) fn rejected(&mut self) {
        self.refused += 1;
    }

    /// The batch was not taken for a reason that has nothing to do with it.
    pub(super) fn put_back(&mut self, batch: &mut ActorBatch) {
        for event in batch.events.drain(..).rev() {
            self.events.push_front(event);
        }
    }

    /// The batch was refused. Where it has more than its `entries` it is not known what is at fault: then what is beside them
    /// goes by itself once, and is lost when it is refused again. Returns whether the entries may be blameless.
    pub(super) fn refused(&mut self, batch: &mut ActorBatch, has_entries: bool, fault: Fault) -> bool {
        if batch.events.is_empty() && batch.answers.is_empty() {
            self.alone = false;
            return false;
        }
        // Answers are given again when their orders come again.
        batch.answers.clear();
        if has_entries {
            self.put_back(batch);
            self.alone = true;
        } else if fault == Fault::Size && batch.events.len() > 1 {
            self.most = batch.events.len() / 2;
            self.put_back(batch);
        } else {
            self.refused += batch.events.len() as u64;
            batch.events.clear();
            self.alone = false;
        }
        true
    }
}
