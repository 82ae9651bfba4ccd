//! When a child is started again: a pure decision.

use std::time::{Duration, Instant};

use super::End;

/// How often and how fast a panicked child is started again.
#[derive(Clone, Debug, PartialEq)]
pub struct RestartPolicy {
    /// The pause before the first restart.
    pub initial: Duration,
    /// Each further restart within the window waits this many times longer.
    pub factor: f64,
    /// No pause is longer.
    pub max: Duration,
    /// So many restarts are allowed within the window; zero never restarts.
    pub budget: u32,
    /// Restarts longer ago than this are forgotten.
    pub window: Duration,
}

impl Default for RestartPolicy {
    /// 100 ms, doubling up to 10 s, five times within a minute.
    fn default() -> Self {
        Self {
            initial: Duration::from_millis(100),
            factor: 2.0,
            max: Duration::from_secs(10),
            budget: 5,
            window: Duration::from_secs(60),
        }
    }
}

/// What to do about an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Nothing: it stopped because it was meant to.
    Rest,
    /// Start it again after a pause.
    Restart {
        /// The pause.
        after: Duration,
    },
    /// Leave it: it panicked more often than the budget allows.
    GiveUp,
}

impl RestartPolicy {
    /// What to do about `end` at `now`, after restarts at the moments `past`, in any order.
    pub fn decide(&self, end: &End, past: &[Instant], now: Instant) -> Decision {
        if *end == End::Stopped {
            return Decision::Rest;
        }
        let recent = past
            .iter()
            .filter(|at| now.saturating_duration_since(**at) < self.window)
            .count();
        let recent = u32::try_from(recent).unwrap_or(u32::MAX);
        if recent >= self.budget {
            return Decision::GiveUp;
        }
        Decision::Restart {
            after: self.pause(recent),
        }
    }

    fn pause(&self, recent: u32) -> Duration {
        let seconds = self.initial.as_secs_f64()
            * self
                .factor
                .max(1.0)
                .powi(i32::try_from(recent).unwrap_or(i32::MAX));
        // Beyond what a duration holds, and where the factor is no number, the longest pause is meant.
        Duration::try_from_secs_f64(seconds)
            .unwrap_or(self.max)
            .min(self.max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy() -> RestartPolicy {
        RestartPolicy {
            initial: Duration::from_secs(1),
            factor: 3.0,
            max: Duration::from_secs(5),
            budget: 3,
            window: Duration::from_secs(60),
        }
    }

    fn panicked() -> End {
        End::Panicked("boom".into())
    }

    #[test]
    fn a_clean_stop_rests_even_when_the_budget_is_spent() {
        let now = Instant::now();
        assert_eq!(policy().decide(&End::Stopped, &[now; 9], now), Decision::Rest);
    }

    #[test]
    fn pauses_grow_up_to_the_longest_and_then_it_gives_up() {
        let now = Instant::now();
        let after = |seconds| Decision::Restart {
            after: Duration::from_secs(seconds),
        };
        let decisions: Vec<_> = (0..4)
            .map(|n| policy().decide(&panicked(), &vec![now; n], now))
            .collect();
        assert_eq!(decisions, [after(1), after(3), after(5), Decision::GiveUp]);
    }

    #[test]
    fn what_is_older_than_the_window_is_forgotten() {
        let start = Instant::now();
        let now = start + Duration::from_secs(60);
        assert_eq!(
            policy().decide(&panicked(), &[start; 9], now),
            Decision::Restart {
                after: Duration::from_secs(1)
            }
        );
    }

    #[test]
    fn absurd_factors_neither_panic_nor_shorten_the_pause() {
        let now = Instant::now();
        for factor in [f64::INFINITY, f64::NAN, 1e300, -2.0] {
            let policy = RestartPolicy {
                factor,
                budget: 99,
                ..policy()
            };
            let Decision::Restart { after } = policy.decide(&panicked(), &[now; 50], now) else {
                panic!("the budget is not spent")
            };
            assert!(
                after >= policy.initial && after <= policy.max,
                "{factor}: {after:?}"
            );
        }
    }
}
