//! Recording while the studio runs: a queue that whoever reports pushes into, and a thread that makes segments of it.

use std::collections::HashSet;
use std::mem;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use loom_protocol::Timestamp;

use super::entry::Came;
use super::recorded::Recorded;
use super::tape::Tape;
use crate::Intake;
use crate::directory::Deaf;
use crate::ingest::{Ingest, Recorder};

/// How often the queue is emptied.
const TURN: Duration = Duration::from_millis(250);
/// A clock that is so many milliseconds behind where it was has jumped.
const JUMPED: i64 = 5_000;

/// How much is recorded.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FlightOptions {
    /// Bytes that it may take.
    pub(crate) bytes: usize,
    /// How far back it reaches, in milliseconds.
    pub(crate) back: i64,
    /// A keyframe may hold up the door for one part in so many of the time.
    pub(crate) holds: u32,
    /// What comes in comes by a log of several servers. Its moments are the time then, and nothing is known before the first.
    pub(crate) is_of_several: bool,
}

/// The recorder. Safe from any thread.
pub(crate) struct Flight {
    options: FlightOptions,
    queue: Mutex<Queue>,
    tape: Mutex<Recorded>,
    ended: Mutex<bool>,
    end: Condvar,
}

#[derive(Default)]
struct Queue {
    waiting: Vec<(Timestamp, Came)>,
    bytes: usize,
    /// Since the queue was full: the first moment, and how many reports.
    lost: Option<(Timestamp, u64)>,
    /// The actors that are followed; nobody knows which after another server's keyframe.
    followed: Option<HashSet<Arc<str>>>,
    /// The moment of the last that came.
    newest: Option<Timestamp>,
}

/// What is recorded now.
#[derive(Clone, Debug)]
pub(crate) struct FlightState {
    pub(crate) tape: Tape,
    /// Bytes that it takes.
    pub(crate) bytes: usize,
    /// Bytes that it may take.
    pub(crate) most: usize,
    /// It reaches back less far than it is to, for want of room.
    pub(crate) is_cut_short: bool,
}

impl Flight {
    /// A recorder that records nothing before its first turn.
    pub(crate) fn new(options: FlightOptions) -> Arc<Self> {
        Arc::new(Self {
            options,
            queue: Mutex::default(),
            tape: Mutex::default(),
            ended: Mutex::default(),
            end: Condvar::new(),
        })
    }

    /// Waits for the next turn; false when there is none any more.
    pub(super) fn wait(&self) -> bool {
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        if *ended {
            return false;
        }
        let waited = self.end.wait_timeout(ended, TURN);
        let (ended, _) = waited.unwrap_or_else(PoisonError::into_inner);
        !*ended
    }

    /// There is no next turn.
    pub(crate) fn stop(&self) {
        *self.ended.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.end.notify_all();
    }

    /// Takes what waits into the recording, and a keyframe where it is time for one. Waits for nobody but for who is at the
    /// door.
    pub(crate) fn turn(&self, intake: &Intake) {
        let mut recorded = self.lock();
        let Some(now) = self.empty(&mut recorded, intake) else {
            return;
        };
        if recorded.wants_keyframe(now, self.options) {
            self.keyframe(&mut recorded, intake);
        }
        self.trim(&mut recorded, now);
    }

    /// What is recorded up to now.
    pub(crate) fn state(&self, intake: &Intake) -> FlightState {
        let mut recorded = self.lock();
        let now = self.empty(&mut recorded, intake);
        if recorded.tape.segments.is_empty() {
            // Whoever asks first need not wait for the next turn.
            self.keyframe(&mut recorded, intake);
        }
        let mut tape = recorded.tape.clone();
        if let (Some(segment), Some(chunk)) = (tape.segments.back_mut(), recorded.unfinished()) {
            segment.chunks.push(chunk);
        }
        let now = now.unwrap_or_else(|| intake.now());
        let cut = recorded.cut.map(|cut| now.as_millis() - cut.as_millis());
        FlightState {
            bytes: tape.bytes(),
            tape,
            most: self.options.bytes,
            is_cut_short: cut.is_some_and(|ago| (0..self.options.back).contains(&ago)),
        }
    }

    /// Puts what another server recorded before what is recorded here since this one came, as far as that is not here anyway.
    pub(crate) fn put_before(&self, other: Tape) {
        let mut recorded = self.lock();
        recorded.put_before(other);
    }

    /// Bytes that may wait in the queue.
    fn most_waiting(&self) -> usize {
        self.options.bytes / 8
    }

    fn push(&self, at: Timestamp, came: Came) {
        let weight = came.weight() + size_of::<(Timestamp, Came)>();
        let mut queue = self.queue();
        if !matches!(came, Came::Followed(_)) {
            queue.newest = Some(at);
        }
        if queue.lost.is_some() || queue.bytes + weight > self.most_waiting() {
            let (from, count) = match &came {
                // The next keyframe here takes its place.
                Came::TookOver(from, _) => (at.min(*from), 0),
                _ => (at, 1),
            };
            let lost = queue.lost.get_or_insert((from, 0));
            lost.1 += count;
            return;
        }
        queue.bytes += weight;
        queue.waiting.push((at, came));
    }

    /// What waits, and the moment up to which that is all there is: none before the first where it comes by a log.
    fn take_waiting(&self, intake: &Intake) -> (Option<Timestamp>, Vec<(Timestamp, Came)>) {
        // Read before: what comes after this moment may not be in what waits.
        let now = intake.now();
        let mut queue = self.queue();
        let until = if self.options.is_of_several {
            queue.newest
        } else {
            Some(now)
        };
        queue.bytes = 0;
        let mut waiting = mem::take(&mut queue.waiting);
        if let Some((at, count)) = queue.lost.take() {
            waiting.push((at, Came::Lost(count)));
        }
        (until, waiting)
    }

    /// Takes what waits into the recording, and says up to which moment that goes.
    fn empty(&self, recorded: &mut Recorded, intake: &Intake) -> Option<Timestamp> {
        recorded.tape.is_of_several = self.options.is_of_several;
        let (until, waiting) = self.take_waiting(intake);
        for (at, came) in waiting {
            recorded.write(at, &came);
        }
        let now = until?;
        if self.options.is_of_several {
            recorded.tape.end = Some(now);
            return Some(now);
        }
        // After a jump back of the clock it ends where that is.
        let before = recorded.tape.end.unwrap_or(now);
        let has_jumped = before.as_millis() - now.as_millis() > JUMPED;
        recorded.tape.end = Some(if has_jumped { now } else { before.max(now) });
        Some(now)
    }

    fn keyframe(&self, recorded: &mut Recorded, intake: &Intake) {
        let began = Instant::now();
        let (kept, (at, waiting)) = intake.keep(|| self.take_waiting(intake));
        let held = began.elapsed();
        let Some(at) = at else { return };
        // What waited is in the keyframe, and belongs before it.
        for (at, came) in waiting {
            recorded.write(at, &came);
        }
        recorded.close();
        match kept {
            Ok(kept) => {
                let keyframe = recorded.pack(kept);
                recorded.begin(at, keyframe);
            }
            Err(error) => {
                tracing::error!(%error, "what the studio knows could not be written down for its recording");
            }
        }
        recorded.keyframe_from = Some(Instant::now() + held * self.options.holds);
        tracing::debug!(millis = held.as_millis(), "the door was held up by a keyframe");
    }

    /// Lets go of what is too old, or has no room.
    fn trim(&self, recorded: &mut Recorded, now: Timestamp) {
        let oldest = now.as_millis() - self.options.back;
        let most = self.options.bytes - self.most_waiting();
        let mut bytes = recorded.tape.bytes() + recorded.open.len();
        loop {
            let next = recorded.tape.segments.get(1).map(|next| next.at.as_millis());
            let is_old = next.is_some_and(|next| next <= oldest);
            if !is_old && bytes <= most {
                return;
            }
            let Some(gone) = recorded.tape.segments.pop_front() else {
                return;
            };
            bytes -= gone.bytes();
            if !is_old {
                recorded.cut = Some(now);
            }
            if recorded.tape.segments.is_empty() {
                // All of it had no room; it begins anew with the next keyframe.
                bytes -= mem::take(&mut recorded.open).len();
                recorded.first = None;
            }
        }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, Recorded> {
        self.tape.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Recorder for Flight {
    fn record(&self, at: Timestamp, ingest: &Ingest) {
        self.push(at, Came::Ingest(Box::new(ingest.clone())));
    }

    fn record_text(&self, at: Timestamp, _: &Ingest, text: &Bytes) {
        self.push(at, Came::Text(text.clone()));
    }

    fn followed(&self, at: Timestamp, actors: &HashSet<Arc<str>>) {
        let mut queue = self.queue();
        if queue.followed.as_ref() == Some(actors) {
            return;
        }
        queue.followed = Some(actors.clone());
        // The clock may be behind what was just taken over, or before what is about to come.
        let newest = queue.newest.filter(|_| self.options.is_of_several);
        let at = newest.unwrap_or(at);
        drop(queue);
        self.push(at, Came::Followed(actors.iter().cloned().collect()));
    }

    fn swept(&self, at: Timestamp) {
        self.push(at, Came::Swept);
    }

    fn was_deaf(&self, deaf: Deaf) {
        // Known from then on, and part of whatever came next.
        let newest = self.queue().newest;
        if let Some(newest) = newest {
            self.push(newest, Came::Deaf(deaf));
        }
    }

    fn took_over(&self, at: Timestamp, keyframe: &Bytes) {
        let mut queue = self.queue();
        queue.followed = None;
        let after_the_last = |newest: Timestamp| Timestamp::from_millis(newest.as_millis().saturating_add(1));
        let from = queue.newest.map_or(at, after_the_last);
        drop(queue);
        self.push(at, Came::TookOver(from, keyframe.clone()));
    }
}

#[cfg(test)]
mod tests {
    use super::super::equal::World;
    use super::super::tape::Segment;
    use super::*;

    #[test]
    fn a_burst_that_is_packed_well_has_keyframes_too() {
        let options = FlightOptions {
            bytes: 64 * 1024 * 1024,
            back: 600_000,
            holds: 0,
            is_of_several: false,
        };
        let world = World::new(1, options);
        world.flight.turn(&world.intake);
        let text = Bytes::from(vec![b' '; 1024 * 1024]);
        let unregister = Ingest::Unregister("a".into());
        for _ in 0..40 {
            for _ in 0..4 {
                world.flight.record_text(world.now(), &unregister, &text);
            }
            world.flight.turn(&world.intake);
        }
        let tape = world.flight.state(&world.intake).tape;
        let most = tape.segments.iter().map(Segment::read_for_its_end).max();
        assert!(most.is_some_and(|most| most < 80 * 1024 * 1024), "{most:?}");
    }
}
