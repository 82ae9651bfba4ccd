//! What waits to be sent to one viewer. Bounded: a viewer that does not read costs a fixed amount and nobody else.

use std::collections::{HashSet, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytestring::ByteString;

use super::ring::Sent;

/// Frames that may wait for one viewer.
pub(super) const MAX_WAITING: usize = 1024;
/// What they may weigh together.
const MAX_BYTES: usize = 4 * 1024 * 1024;

/// Tells a transport that there is something to fetch. `false` when it could not be told just now.
pub(super) type Wake = Box<dyn Fn() -> bool + Send + Sync>;

/// How the keys of frames about single actors begin.
pub(super) const OF_ACTORS: &str = "actor/";

/// Which frames a viewer wants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// All of them.
    #[default]
    All,
    /// All but those about single actors, which are most of them: it looks at actors through windows.
    NoActors,
}

/// One viewer's waiting frames.
pub(super) struct Outbox {
    wanted: Wanted,
    waiting: Mutex<Waiting>,
    /// A wake-up is on its way; another one would tell nothing new.
    woken: AtomicBool,
    wake: Wake,
}

#[derive(Default)]
struct Waiting {
    frames: VecDeque<Arc<Sent>>,
    bytes: usize,
    /// Frames up to this one were dropped.
    lost: Option<u64>,
}

/// What a viewer has to be sent, in this order.
pub(super) struct Parcel {
    /// Frames up to this one were dropped: a `resync` comes first.
    pub(super) lost: Option<u64>,
    pub(super) frames: VecDeque<Arc<Sent>>,
}

impl Outbox {
    pub(super) fn new(wanted: Wanted, wake: Wake) -> Self {
        Self {
            wanted,
            waiting: Mutex::default(),
            woken: AtomicBool::new(false),
            wake,
        }
    }

    /// Adds frames; never waits. Returns how many frames were dropped or left out on the way.
    pub(super) fn offer(&self, frames: &[Arc<Sent>]) -> usize {
        let mut waiting = self.lock();
        let (mut dropped, mut taken) = (0, false);
        for frame in frames.iter().filter(|frame| self.wants(frame)) {
            dropped += waiting.push(frame);
            taken = true;
        }
        drop(waiting);
        if taken {
            self.call();
        }
        dropped
    }

    /// Whether it is told what happens to single actors.
    pub(super) fn wants_actors(&self) -> bool {
        self.wanted == Wanted::All
    }

    fn wants(&self, frame: &Sent) -> bool {
        self.wants_actors() || !frame.key.as_deref().is_some_and(|key| key.starts_with(OF_ACTORS))
    }

    /// Drops all that waits and has the viewer told to fetch everything, then to go on from `seq`.
    pub(super) fn lose(&self, seq: u64) {
        self.lock().lose(seq);
        self.call();
    }

    /// Takes all that waits.
    pub(super) fn take(&self) -> Parcel {
        // Before the look: what is offered from now on wakes again.
        self.woken.store(false, Ordering::SeqCst);
        let mut waiting = self.lock();
        waiting.bytes = 0;
        Parcel {
            lost: waiting.lost.take(),
            frames: std::mem::take(&mut waiting.frames),
        }
    }

    /// Wakes the viewer, unless that is on its way.
    pub(super) fn call(&self) {
        if !self.woken.swap(true, Ordering::SeqCst) && !(self.wake)() {
            // Not heard: try again with the next frame.
            self.woken.store(false, Ordering::SeqCst);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn push(&mut self, frame: &Arc<Sent>) -> usize {
        if self.lost.is_some() {
            // It has to fetch everything anyway; only where to go on from moves.
            self.lost = Some(frame.seq);
            return 1;
        }
        self.bytes += frame.text.len();
        self.frames.push_back(frame.clone());
        if !self.is_over() {
            return 0;
        }
        let superseded = self.keep_latest();
        // Compaction must buy some room, or every further frame would compact again.
        if self.is_over() || superseded < MAX_WAITING / 4 {
            return superseded + self.lose(frame.seq);
        }
        superseded
    }

    fn is_over(&self) -> bool {
        self.frames.len() > MAX_WAITING || self.bytes > MAX_BYTES
    }

    /// Of frames about the same only the last stays.
    fn keep_latest(&mut self) -> usize {
        let before = self.frames.len();
        let mut seen: HashSet<Box<str>> = HashSet::new();
        let mut kept: VecDeque<Arc<Sent>> = VecDeque::with_capacity(before);
        while let Some(frame) = self.frames.pop_back() {
            if frame.key.as_ref().is_none_or(|key| seen.insert(key.clone())) {
                kept.push_front(frame);
            }
        }
        self.bytes = kept.iter().map(|frame| frame.text.len()).sum();
        self.frames = kept;
        before - self.frames.len()
    }

    fn lose(&mut self, seq: u64) -> usize {
        let dropped = self.frames.len();
        self.frames = VecDeque::new();
        self.bytes = 0;
        self.lost = Some(seq);
        dropped
    }
}

impl Parcel {
    /// The texts to send; `resync` writes that frame for the `seq` to go on from.
    pub(super) fn into_texts(self, resync: impl FnOnce(u64) -> ByteString) -> Vec<ByteString> {
        let lost = self.lost.map(resync);
        lost.into_iter()
            .chain(self.frames.iter().map(|frame| frame.text.clone()))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(seq: u64, key: Option<&str>) -> Arc<Sent> {
        let key = key.map(Into::into);
        let text = ByteString::from(format!("{seq}"));
        Arc::new(Sent { seq, key, text })
    }

    fn texts(outbox: &Outbox) -> Vec<String> {
        let texts = outbox
            .take()
            .into_texts(|seq| ByteString::from(format!("resync {seq}")));
        texts.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_viewer_that_keeps_up_gets_every_frame() {
        let outbox = Outbox::new(Wanted::All, Box::new(|| true));
        assert_eq!(outbox.offer(&[sent(1, Some("a")), sent(2, Some("a"))]), 0);
        assert_eq!(texts(&outbox), ["1", "2"]);
        assert!(texts(&outbox).is_empty());
    }

    #[test]
    fn one_without_actors_is_neither_told_of_them_nor_woken() {
        let calls = Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let counted = calls.clone();
        let outbox = Outbox::new(
            Wanted::NoActors,
            Box::new(move || {
                counted.fetch_add(1, Ordering::SeqCst);
                true
            }),
        );
        for seq in 1..=5000 {
            assert_eq!(outbox.offer(&[sent(seq, Some("actor/a"))]), 0);
        }
        assert_eq!(calls.load(Ordering::SeqCst), 0);
        outbox.offer(&[sent(5001, Some("actor/b")), sent(5002, Some("metrics"))]);
        assert_eq!(texts(&outbox), ["5002"]);
    }

    #[test]
    fn one_that_does_not_gets_the_latest_of_each_subject() {
        let outbox = Outbox::new(Wanted::All, Box::new(|| true));
        for seq in 1..=MAX_WAITING as u64 + 1 {
            outbox.offer(&[sent(seq, Some(if seq % 2 == 0 { "even" } else { "odd" }))]);
        }
        assert_eq!(texts(&outbox), ["1024", "1025"]);
    }

    #[test]
    fn what_can_not_be_superseded_ends_in_a_resync_and_bounded_memory() {
        let outbox = Outbox::new(Wanted::All, Box::new(|| true));
        for seq in 1..=5000 {
            outbox.offer(&[sent(seq, None)]);
            assert!(outbox.lock().frames.len() <= MAX_WAITING);
        }
        outbox.offer(&[sent(5001, Some("a"))]);
        assert_eq!(texts(&outbox), ["resync 5001"]);
        outbox.offer(&[sent(5002, None)]);
        assert_eq!(texts(&outbox), ["5002"]);
    }

    #[test]
    fn one_wake_up_is_enough_until_the_viewer_fetches() {
        let calls = Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let counted = calls.clone();
        let outbox = Outbox::new(
            Wanted::All,
            Box::new(move || {
                counted.fetch_add(1, Ordering::SeqCst);
                true
            }),
        );
        outbox.offer(&[sent(1, None)]);
        outbox.offer(&[sent(2, None)]);
        assert_eq!(calls.load(Ordering::SeqCst), 1);
        assert_eq!(texts(&outbox), ["1", "2"]);
        outbox.offer(&[sent(3, None)]);
        assert_eq!(calls.load(Ordering::SeqCst), 2);
    }
}
