//! From which ring a range of time is told, and in which steps.

use crate::ring::{RINGS, Resolution};

/// Which steps are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    /// Which ring, from the finest.
    pub(crate) ring: usize,
    pub(crate) resolution: Resolution,
    /// The second in which the first of them begins.
    pub(crate) from: i64,
    /// Seconds of one.
    pub(crate) step: i64,
    pub(crate) count: usize,
}

impl Plan {
    /// From the coarsest ring that is as fine as the points, of those that reach back far enough. `from` and `to` are in milliseconds,
    /// `now` in seconds.
    pub(crate) fn new(from: i64, to: i64, points: usize, now: i64) -> Self {
        let (from, to) = (from.div_euclid(1_000), to.saturating_add(999).div_euclid(1_000));
        let points = i64::try_from(points.max(1)).unwrap_or(i64::MAX);
        let length = to.saturating_sub(from).max(1);
        let wanted = (length / points).max(1);
        let mut chosen = (
            RINGS.len() - 1,
            *RINGS.last().unwrap_or(&Resolution { step: 60, keep: 0 }),
        );
        for (place, ring) in RINGS.iter().enumerate().rev() {
            // Somewhat more is kept, so that who asks a moment late is told the same steps.
            let reaches = from >= now.saturating_sub(ring.keep + ring.step * 30);
            let is_finer = chosen.1.step > wanted;
            if reaches && is_finer {
                chosen = (place, *ring);
            }
        }
        let (ring, resolution) = chosen;
        let mut join = (length / points.saturating_mul(resolution.step)).max(1);
        loop {
            let step = join.saturating_mul(resolution.step);
            // Steps begin at multiples of themselves, so that they stay the same ones while time goes by.
            let first = if points == 1 {
                from.div_euclid(resolution.step) * resolution.step
            } else {
                from.div_euclid(step) * step
            };
            let count = to.saturating_sub(first).saturating_add(step - 1) / step;
            if count <= points {
                return Self {
                    ring,
                    resolution,
                    from: first,
                    step,
                    count: usize::try_from(count.max(1)).unwrap_or(1),
                };
            }
            join += 1 + join / 64;
        }
    }

    /// The second after the last step.
    pub(crate) fn until(&self) -> i64 {
        let count = i64::try_from(self.count).unwrap_or(i64::MAX);
        self.from.saturating_add(self.step.saturating_mul(count))
    }

    /// The place of the step that a second is in.
    pub(crate) fn place(&self, second: i64) -> Option<usize> {
        let place = usize::try_from((second - self.from).div_euclid(self.step)).ok()?;
        (place < self.count).then_some(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_finest_ring_that_reaches_back_and_no_finer_than_the_points() {
        let now = 1_765_596_838;
        let plan = |ago: i64, length: i64, points| {
            let from = (now - ago) * 1_000;
            let plan = Plan::new(from, from + length * 1_000, points, now);
            (plan.resolution.step, plan.step)
        };
        assert_eq!(plan(600, 600, 300), (1, 2));
        assert_eq!(plan(600, 600, 2_000), (1, 1));
        assert_eq!(
            plan(600, 600, 20),
            (10, 40),
            "no finer than is told; thirty would be one too many"
        );
        assert_eq!(plan(3_600, 3_600, 400), (10, 10));
        assert_eq!(
            plan(86_400, 3_600, 300),
            (60, 60),
            "only the minutes reach back so far"
        );
        assert_eq!(plan(700, 60, 300), (10, 10));
    }

    #[test]
    fn there_are_never_more_points_than_asked_for_and_all_of_the_range_is_in_them() {
        let now = 1_765_596_838;
        for length in [1, 59, 600, 7_200, 604_800, 60_000_000_000] {
            for points in [1, 2, 3, 20, 300, 2_000] {
                for shift in [0, 1, 17, 59] {
                    let to = (now + shift) * 1_000 + 1;
                    let from = to - length * 1_000;
                    let plan = Plan::new(from, to, points, now);
                    assert!(plan.count <= points, "{plan:?}");
                    assert!(
                        plan.from * 1_000 <= from && plan.until() * 1_000 >= to,
                        "{plan:?}"
                    );
                }
            }
        }
    }
}
