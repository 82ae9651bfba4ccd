//! How often one actor may write into the journal, so that it cannot push out the lines of others.

use crate::clock::Nanos;

/// The stretch of time that limits are for.
const STRETCH: u64 = 1_000_000_000;

/// What an actor may write a second, by what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lane {
    /// Errors, which a loop makes by the thousand: the first tells as much as all of them.
    Errors,
    /// Messages that took too long.
    Slow,
    /// What the application wants noted, and what it logs.
    Notes,
}

impl Lane {
    const fn most(self) -> u32 {
        match self {
            Self::Errors => 3,
            Self::Slow => 10,
            Self::Notes => 100,
        }
    }
}

/// What an actor has written in the stretch that runs.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Limits {
    lanes: [Written; 3],
}

#[derive(Clone, Copy, Debug, Default)]
struct Written {
    since: Nanos,
    lines: u32,
    /// Lines that were not written since the last one that was.
    left_out: u64,
}

impl Limits {
    /// Whether a line may be written at `now`; with it, how many were left out since the last one.
    pub(crate) fn admit(&mut self, lane: Lane, now: Nanos) -> Option<u64> {
        let [errors, slow, notes] = &mut self.lanes;
        let written = match lane {
            Lane::Errors => errors,
            Lane::Slow => slow,
            Lane::Notes => notes,
        };
        if now.0.saturating_sub(written.since.0) >= STRETCH {
            (written.since, written.lines) = (now, 0);
        }
        if written.lines >= lane.most() {
            written.left_out += 1;
            return None;
        }
        written.lines += 1;
        Some(std::mem::take(&mut written.left_out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_lines_of_a_second_are_written_and_the_others_counted_in_the_next() {
        let mut limits = Limits::default();
        let start = Nanos(5_000_000_000);
        let admitted = (0..10)
            .filter(|_| limits.admit(Lane::Errors, start).is_some())
            .count();
        assert_eq!(admitted, 3);
        assert_eq!(
            limits.admit(Lane::Notes, start),
            Some(0),
            "one lane leaves the others alone"
        );
        let later = Nanos(start.0 + STRETCH);
        assert_eq!(limits.admit(Lane::Errors, later), Some(7));
        assert_eq!(limits.admit(Lane::Errors, later), Some(0));
    }
}
