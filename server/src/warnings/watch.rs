//! Whether one thing is well, over time: how long it must not be before it fires, and be well before it is resolved. Pure.

use serde::{Deserialize, Serialize};

use super::rule::{NoData, Side};

/// Seconds without a value after which a thing is forgotten.
pub(crate) const FORGOTTEN: i64 = 3_600;

/// What was looked at in one step of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    /// Not well.
    Bad,
    /// No longer past the threshold, and not yet well again.
    Between,
    /// Well.
    Well,
    /// Nothing was measured.
    Unknown,
}

/// From where on a value is not well.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Bounds {
    pub(crate) side: Side,
    pub(crate) threshold: f64,
    pub(crate) clear: f64,
    pub(crate) no_data: NoData,
}

/// One thing that a rule looks at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Watch {
    pub(crate) phase: Phase,
    /// Seconds that it was not well, of those that were measured.
    held: i64,
    /// Seconds that it has been well since it fired.
    well: i64,
    /// Seconds without a value.
    silent: i64,
}

/// How it stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Phase {
    /// All is well.
    #[default]
    Well,
    /// Not well, and not for long enough.
    Pending,
    /// It fired and is not resolved.
    Firing,
}

/// What became of it by a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// It began not to be well.
    Began,
    /// It began, and fired with that.
    FiredAtOnce,
    /// It has not been well for long enough.
    Fired,
    /// It is well and never fired.
    Passed,
    /// It has been well for long enough.
    Resolved,
}

impl Bounds {
    /// How well a value is.
    pub(crate) fn level(&self, value: Option<f64>) -> Level {
        let Some(value) = value.filter(|value| !value.is_nan()) else {
            return match self.no_data {
                NoData::Keep => Level::Unknown,
                NoData::Fire => Level::Bad,
                NoData::Resolve => Level::Well,
            };
        };
        let past = |bound: f64| match self.side {
            Side::Above => value > bound,
            Side::Below => value < bound,
        };
        if past(self.threshold) {
            Level::Bad
        } else if past(self.clear) {
            Level::Between
        } else {
            Level::Well
        }
    }
}

impl Watch {
    /// Takes in a step of so many seconds. `needed` are the seconds after which it fires, and is resolved.
    pub(crate) fn take(&mut self, level: Level, seconds: i64, needed: i64) -> Option<Turn> {
        match (self.phase, level) {
            (_, Level::Unknown) | (Phase::Well, Level::Between | Level::Well) => None,
            (Phase::Well, Level::Bad) => {
                *self = Self {
                    phase: Phase::Pending,
                    silent: self.silent,
                    ..Self::default()
                };
                let fired = self.holds(seconds, needed);
                Some(if fired { Turn::FiredAtOnce } else { Turn::Began })
            }
            (Phase::Pending, Level::Bad) => self.holds(seconds, needed).then_some(Turn::Fired),
            (Phase::Pending, Level::Between | Level::Well) => {
                self.phase = Phase::Well;
                Some(Turn::Passed)
            }
            (Phase::Firing, Level::Bad | Level::Between) => {
                self.well = 0;
                None
            }
            (Phase::Firing, Level::Well) => {
                self.well = self.well.saturating_add(seconds);
                let is_over = self.well >= needed;
                if is_over {
                    self.phase = Phase::Well;
                }
                is_over.then_some(Turn::Resolved)
            }
        }
    }

    /// Counts whether there was a value. True once there was none for so long that the thing is forgotten.
    pub(crate) fn is_forgotten(&mut self, has_value: bool, seconds: i64) -> bool {
        self.silent = if has_value {
            0
        } else {
            self.silent.saturating_add(seconds)
        };
        self.silent >= FORGOTTEN
    }

    /// Ends, whatever it was.
    pub(crate) fn end(&mut self) -> Option<Turn> {
        let ended = match self.phase {
            Phase::Well => None,
            Phase::Pending => Some(Turn::Passed),
            Phase::Firing => Some(Turn::Resolved),
        };
        self.phase = Phase::Well;
        ended
    }

    fn holds(&mut self, seconds: i64, needed: i64) -> bool {
        self.held = self.held.saturating_add(seconds);
        let fires = self.held >= needed;
        if fires {
            self.phase = Phase::Firing;
            self.well = 0;
        }
        fires
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What each step of ten seconds brings: `.` nothing, `b`egan, `F`ired, `p`assed, `r`esolved.
    fn turns(bounds: Bounds, needed: i64, values: &[Option<f64>]) -> String {
        let mut watch = Watch::default();
        let steps = values.iter();
        steps
            .map(|value| match watch.take(bounds.level(*value), 10, needed) {
                None => '.',
                Some(Turn::Began) => 'b',
                Some(Turn::Fired | Turn::FiredAtOnce) => 'F',
                Some(Turn::Passed) => 'p',
                Some(Turn::Resolved) => 'r',
            })
            .collect()
    }

    fn values(text: &str) -> Vec<Option<f64>> {
        let letters = text.chars();
        letters.map(|letter| letter.to_digit(10).map(f64::from)).collect()
    }

    #[test]
    fn it_fires_and_is_resolved_only_after_it_held_and_never_by_a_gap() {
        let above = Bounds {
            side: Side::Above,
            threshold: 5.0,
            clear: 3.0,
            no_data: NoData::Keep,
        };
        let below = Bounds {
            side: Side::Below,
            threshold: 3.0,
            clear: 5.0,
            ..above
        };
        let no_data = |no_data| Bounds { no_data, ..above };
        // Each digit is the value of ten seconds, `-` a gap.
        let table = [
            (above, 0, "1611", ".Fr.", "at once both ways"),
            (above, 30, "666", "b.F", "after thirty seconds"),
            (above, 30, "66166", "b.pb.", "what dips begins again"),
            (
                above,
                30,
                "66566",
                "b.pb.",
                "the threshold itself is well, before it fired",
            ),
            (above, 30, "6--66", "b...F", "a gap does not count as having held"),
            (above, 30, "666-----", "b.F.....", "and resolves nothing"),
            (above, 30, "666444444", "b.F......", "between the two it stays"),
            (above, 30, "666333", "b.F..r", "where it is clear it is well"),
            (
                above,
                30,
                "6661141116",
                "b.F.....rb",
                "it must be well in one stretch",
            ),
            (above, 30, "66611-1", "b.F...r", "a gap does not end that stretch"),
            (above, 30, "666161611", "b.F......", "flapping stays one warning"),
            (below, 20, "9229", ".bF.", "too little"),
            (below, 20, "22455", "bF..r", "and enough again"),
            (
                no_data(NoData::Fire),
                20,
                "1--",
                ".bF",
                "silence may be what is wrong",
            ),
            (no_data(NoData::Resolve), 20, "66--", "bF.r", "or well"),
        ];
        for (bounds, needed, given, expected, why) in table {
            assert_eq!(turns(bounds, needed, &values(given)), expected, "{given}: {why}");
        }
    }

    #[test]
    fn what_is_not_heard_of_for_an_hour_is_forgotten() {
        let mut watch = Watch::default();
        watch.take(Level::Bad, 10, 0);
        assert!(!watch.is_forgotten(false, FORGOTTEN - 10));
        assert!(!watch.is_forgotten(true, 10));
        assert!(!watch.is_forgotten(false, FORGOTTEN - 10));
        assert!(watch.is_forgotten(false, 10));
        assert_eq!(watch.end(), Some(Turn::Resolved));
        assert_eq!(watch.end(), None);
    }
}
