//! What decides the level: the application, or what is looked at in the studio.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use loom_protocol::{Attention, Detail};

use super::level::{Level, put_in_force};
use crate::clock::Nanos;

/// Measuring goes on for so long after the last time that the studio said somebody looks: a page that is loaded again, or
/// a studio that is started again, finds what it left.
const LOOKED_AT: Duration = Duration::from_secs(60);

/// Fixes the level for every actor of the process, at once, whatever is looked at in the studio: [`Level::Off`] and
/// [`Level::Counters`] keep what it costs low, [`Level::Traffic`] has the times ready when somebody comes to look.
pub fn set_level(level: Level) {
    change(|follow, _| follow.fixed = Some(level));
}

/// Lets the studio decide, which is how every process begins: [`Level::Counters`], and [`Level::Traffic`] while somebody
/// looks closer there, until 60 seconds after the studio said so last. Takes back [`set_level`].
pub fn follow_studio() {
    change(|follow, _| follow.fixed = None);
}

/// The studio says what is looked at.
pub(crate) fn attend(attention: &Attention) {
    if wants_traffic(&attention.detail) {
        change(|follow, now| follow.looked = Some(now));
    }
}

/// Time went by, in which nobody may have looked.
pub(crate) fn look_away() {
    change(|_, _| ());
}

/// The bridge that would hear of it is closed.
pub(crate) fn look_no_more() {
    change(|follow, _| follow.looked = None);
}

fn change(change: impl FnOnce(&mut Follow, Nanos)) {
    let mut follow = lock();
    let now = Nanos::now();
    change(&mut follow, now);
    put_in_force(follow.level(now));
}

fn lock() -> MutexGuard<'static, Follow> {
    static FOLLOW: Mutex<Follow> = Mutex::new(Follow {
        fixed: None,
        looked: None,
    });
    // Nothing is left half-done under this lock.
    FOLLOW.lock().unwrap_or_else(PoisonError::into_inner)
}

fn wants_traffic(detail: &Detail) -> bool {
    // Samples are more than this version measures: it gives what it has. So does a word of a later version, which a studio
    // says only for somebody who looks.
    *detail != Detail::Counters
}

/// Pure: the moment comes in.
#[derive(Debug, Default)]
struct Follow {
    fixed: Option<Level>,
    looked: Option<Nanos>,
}

impl Follow {
    fn level(&self, now: Nanos) -> Level {
        let is_looked_at = || self.looked.is_some_and(|looked| now.since(looked) < LOOKED_AT);
        match self.fixed {
            Some(level) => level,
            None if is_looked_at() => Level::Traffic,
            None => Level::Counters,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_studio_decides_for_a_minute_and_the_application_for_good() {
        let at = |seconds| Nanos::default().plus(Duration::from_secs(seconds));
        let mut follow = Follow::default();
        assert_eq!(follow.level(at(0)), Level::Counters, "nobody looks");
        follow.looked = Some(at(10));
        assert_eq!(follow.level(at(10)), Level::Traffic);
        assert_eq!(follow.level(at(69)), Level::Traffic);
        assert_eq!(follow.level(at(70)), Level::Counters);
        for level in [Level::Off, Level::Counters, Level::Traffic] {
            follow.fixed = Some(level);
            assert_eq!(follow.level(at(11)), level);
            assert_eq!(follow.level(at(1_000)), level);
        }
        follow.fixed = None;
        assert_eq!(follow.level(at(11)), Level::Traffic, "somebody still looks");
    }

    #[test]
    fn only_who_looks_closer_has_times_measured() {
        assert!(!wants_traffic(&Detail::Counters));
        assert!(wants_traffic(&Detail::Traffic) && wants_traffic(&Detail::Samples));
    }
}
