//! The studio as it was: an intake made of a recording, for one moment.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use loom_protocol::Timestamp;

use super::entry::entries;
use super::flight::Flight;
use super::tape::{Hole, Place, Stretch, Tape};
use crate::directory::DirectoryOptions;
use crate::replication::STANDS_AFTER;
use crate::{Clock, Intake};

/// Moments that are kept, so that whoever looks at several things of one does not wait for each.
const KEPT: usize = 4;
/// Actors of all of them together, unless it is one alone.
const KEPT_ACTORS: usize = 200_000;

/// Milliseconds after which nothing of a moment comes in any more.
const CLOSED_AFTER: u64 = 1_000;

/// Where moments are looked for.
pub(crate) enum Source {
    /// Nowhere.
    Nothing,
    /// In what is recorded now.
    Running(Arc<Flight>),
    /// In a recording that was opened.
    Opened(Arc<Tape>),
}

/// Why a moment can't be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unseen {
    /// Nothing is recorded.
    Off,
    /// It is before or after what is recorded.
    Outside(Stretch),
    /// Reports were lost there.
    Lost(Hole),
    /// What is recorded there can't be read.
    Unreadable(Stretch),
}

/// The moments that can be seen. Safe from any thread.
pub(crate) struct Past {
    source: Source,
    options: DirectoryOptions,
    /// Held while a moment is made: others who ask for it wait and find it.
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    moments: Vec<(Timestamp, Arc<Intake>)>,
    /// Where the recording ended when somebody last asked.
    end: Option<Timestamp>,
}

/// A clock that stands.
struct Standing(AtomicI64);

impl Clock for Standing {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::Relaxed))
    }
}

impl Past {
    /// Of a recording, for a studio with these limits.
    pub(crate) fn new(source: Source, options: DirectoryOptions) -> Self {
        Self {
            source,
            options,
            kept: Mutex::default(),
        }
    }

    /// The studio as it was at a moment; `live` is the one that is recorded, where one is. Takes as long as reading a keyframe and up to a minute of reports: to be called on a
    /// thread that may wait.
    ///
    /// # Errors
    /// When the moment is not in the recording, or in a hole of it.
    pub(crate) fn at(&self, at: Timestamp, live: Option<&Intake>) -> Result<Arc<Intake>, Unseen> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(intake) = kept.get(at) {
            return Ok(intake);
        }
        let running;
        let (tape, is_running) = match &self.source {
            Source::Nothing => return Err(Unseen::Off),
            Source::Opened(tape) => (&**tape, false),
            Source::Running(flight) => {
                running = flight.state(live.ok_or(Unseen::Off)?).tape;
                (&running, true)
            }
        };
        let stretch = tape.stretch().ok_or(Unseen::Off)?;
        if kept.end.is_some_and(|end| stretch.to < end) {
            // The clock has jumped back: the same moments come again, and are others.
            kept.moments.clear();
        }
        kept.end = Some(stretch.to);
        if at < stretch.from || at > stretch.to {
            return Err(Unseen::Outside(stretch));
        }
        let place = tape.place(at).ok_or(Unseen::Outside(stretch))?;
        if place.segment.lost_at().is_some_and(|lost| lost <= at) {
            let hole = tape.holes().into_iter().rfind(|hole| hole.from <= at);
            return Err(hole.map_or(Unseen::Unreadable(stretch), Unseen::Lost));
        }
        // A file that was forged may hold anything.
        let made = catch_unwind(AssertUnwindSafe(|| {
            replay(&place, at, self.options.clone(), tape.is_of_several)
        }));
        let made = made.ok().flatten();
        let intake = Arc::new(made.ok_or(Unseen::Unreadable(stretch))?);
        // Something of this very moment may still be on its way in.
        if !is_running || stretch.to.millis_since(at) >= CLOSED_AFTER {
            kept.put(at, intake.clone());
        }
        Ok(intake)
    }
}

impl Kept {
    fn get(&mut self, at: Timestamp) -> Option<Arc<Intake>> {
        let place = self.moments.iter().position(|(moment, _)| *moment == at)?;
        // The one that was asked for last goes last.
        let found = self.moments.remove(place);
        let intake = found.1.clone();
        self.moments.push(found);
        Some(intake)
    }

    fn put(&mut self, at: Timestamp, intake: Arc<Intake>) {
        self.moments.push((at, intake));
        let actors = |moments: &[(Timestamp, Arc<Intake>)]| {
            let counts = moments.iter().map(|(_, intake)| intake.directory().len());
            counts.sum::<usize>()
        };
        let moments = &mut self.moments;
        while moments.len() > KEPT || (moments.len() > 1 && actors(moments) > KEPT_ACTORS) {
            moments.remove(0);
        }
    }
}

fn replay(place: &Place, at: Timestamp, options: DirectoryOptions, is_of_several: bool) -> Option<Intake> {
    let clock = Arc::new(Standing(AtomicI64::new(at.as_millis())));
    let mut last = place.segment.at;
    let keyframe = place.segment.keyframe.unpack()?;
    let intake = Intake::of_kept(options, clock.clone(), &keyframe).ok()?;
    drop(keyframe);
    let chunks = place.segment.chunks.get(..place.chunks)?;
    for (number, chunk) in chunks.iter().enumerate() {
        let chunk = chunk.entries.unpack()?;
        let count = if number + 1 == chunks.len() {
            Place::count_until(&chunk, at)
        } else {
            usize::MAX
        };
        for entry in entries(&chunk).take(count) {
            let entry = entry.ok()?;
            entry.take_in(&intake).ok()?;
            if entry.is_of_log() {
                last = entry.at;
            }
        }
    }
    if is_of_several {
        let stands = last.as_millis().saturating_add(STANDS_AFTER);
        clock.0.fetch_min(stands, Ordering::Relaxed);
    }
    Some(intake)
}
