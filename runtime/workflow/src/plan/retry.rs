//! How often something that failed runs again, and when: Loom's own `retry`.

use std::time::Duration;

use crate::model::Retry;

/// How often it runs where `retry` names no `max-attempts`: once more.
const ATTEMPTS: u32 = 2;
/// How often a job runs that the machine lost, and that says nothing else.
const LOST_ATTEMPTS: u32 = 3;
/// The time that a machine gets to come back.
const LOST_DELAY: Duration = Duration::from_secs(1);
/// By how much delays grow where `retry` names no `factor`.
const FACTOR: f64 = 2.0;
/// What no delay exceeds where `retry` names no `max-delay`, unless `delay` itself is longer.
const LONGEST: Duration = Duration::from_secs(3600);

/// When a job or step that failed runs again.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct RetryPlan {
    /// How often at most, the first time included: 1 or more.
    pub max_attempts: u32,
    /// The time before the second attempt.
    pub delay: Duration,
    /// By how much each further delay is longer than the one before: 1 or more.
    pub factor: f64,
    /// What no delay exceeds.
    pub max_delay: Duration,
}

impl RetryPlan {
    /// What is written, with the defaults: twice, at once, delays that double up to an hour.
    #[must_use]
    pub fn of(retry: &Retry) -> Self {
        let delay = retry.delay.as_deref().copied().unwrap_or_default();
        Self {
            max_attempts: retry.max_attempts.as_deref().copied().unwrap_or(ATTEMPTS).max(1),
            delay,
            factor: retry.factor.as_deref().copied().unwrap_or(FACTOR).max(1.0),
            max_delay: retry
                .max_delay
                .as_deref()
                .copied()
                .unwrap_or_else(|| LONGEST.max(delay)),
        }
    }

    /// A job whose steps run again when the machine's failure took them (`on-lost: retry`), and that has no `retry`: three times,
    /// a second after the first.
    #[must_use]
    pub fn of_lost() -> Self {
        Self {
            max_attempts: LOST_ATTEMPTS,
            delay: LOST_DELAY,
            factor: FACTOR,
            max_delay: LONGEST,
        }
    }

    /// Whether it may run again when the attempt with this number, from 1, has failed.
    #[must_use]
    pub fn allows_after(&self, attempt: u32) -> bool {
        attempt < self.max_attempts
    }

    /// How long to wait before the attempt with this number, from 1; nothing before the first.
    #[must_use]
    pub fn delay_before(&self, attempt: u32) -> Duration {
        let Some(exponent) = attempt.checked_sub(2) else {
            return Duration::ZERO;
        };
        let growth = self.factor.powi(i32::try_from(exponent).unwrap_or(i32::MAX));
        Duration::try_from_secs_f64(self.delay.as_secs_f64() * growth)
            // Nothing, grown without end, is no number; all else that is none is too long.
            .unwrap_or(if self.delay.is_zero() {
                Duration::ZERO
            } else {
                Duration::MAX
            })
            .min(self.max_delay)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::span::{Span, Spanned};

    fn plan(
        attempts: Option<u32>,
        delay: Option<u64>,
        factor: Option<f64>,
        longest: Option<u64>,
    ) -> RetryPlan {
        let at = Span::default();
        let seconds = |seconds: u64| Spanned::new(Duration::from_secs(seconds), at);
        RetryPlan::of(&Retry {
            max_attempts: attempts.map(|attempts| Spanned::new(attempts, at)),
            delay: delay.map(seconds),
            factor: factor.map(|factor| Spanned::new(factor, at)),
            max_delay: longest.map(seconds),
        })
    }

    #[test]
    fn delays_grow_to_their_limit() {
        for (plan, want) in [
            (plan(None, None, None, None), [0, 0, 0, 0, 0]),
            (plan(None, Some(3), None, None), [0, 0, 3, 6, 12]),
            (plan(None, Some(3), Some(1.0), None), [0, 0, 3, 3, 3]),
            (plan(None, Some(3), Some(3.0), Some(10)), [0, 0, 3, 9, 10]),
            (plan(None, Some(30), None, Some(10)), [0, 0, 10, 10, 10]),
            (plan(None, Some(7200), None, None), [0, 0, 7200, 7200, 7200]),
        ] {
            let delays: Vec<u64> = (0..5)
                .map(|attempt| plan.delay_before(attempt).as_secs())
                .collect();
            assert_eq!(delays, want, "{plan:?}");
        }
        let endless = plan(Some(u32::MAX), Some(1), Some(1e300), None);
        assert_eq!(endless.delay_before(u32::MAX), LONGEST);
        let nothing = plan(Some(u32::MAX), None, Some(1e300), None);
        assert_eq!(nothing.delay_before(u32::MAX), Duration::ZERO);
    }

    #[test]
    fn attempts_are_counted_with_the_first() {
        let twice = plan(None, None, None, None);
        assert!(twice.allows_after(1) && !twice.allows_after(2));
        let thrice = plan(Some(3), None, None, None);
        assert!(thrice.allows_after(2) && !thrice.allows_after(3));
        assert!(!plan(Some(1), None, None, None).allows_after(1));
    }
}
