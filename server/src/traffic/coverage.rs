//! Which seconds somebody was heard in.

use serde::{Deserialize, Serialize};

use super::WINDOW;

const WORDS: usize = 10;
const BITS: i64 = 64 * WORDS as i64;

/// The last seconds, one bit each.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Coverage {
    newest: i64,
    words: [u64; WORDS],
}

impl Coverage {
    /// The seconds after `from` up to `to` are covered.
    pub(super) fn mark(&mut self, from: i64, to: i64) {
        self.advance(to);
        for second in (from + 1).max(to - WINDOW)..=to {
            self.set(second);
        }
    }

    /// Whether a second is covered.
    pub(super) fn has(&self, second: i64) -> bool {
        if second > self.newest || second <= self.newest - BITS {
            return false;
        }
        let (word, bit) = place(second);
        self.words.get(word).is_some_and(|word| word & bit != 0)
    }

    /// Adds what another one covers.
    pub(super) fn add(&mut self, other: &Self) {
        self.advance(other.newest);
        // Both begin at the same second then, so that their bits are of the same ones.
        let mut other = other.clone();
        other.advance(self.newest);
        for (word, other) in self.words.iter_mut().zip(other.words) {
            *word |= other;
        }
    }

    /// How many of the seconds after `from` up to `to` are covered.
    pub(super) fn count(&self, from: i64, to: i64) -> u32 {
        let seconds = (from + 1..=to).filter(|second| self.has(*second));
        u32::try_from(seconds.count()).unwrap_or(u32::MAX)
    }

    fn advance(&mut self, to: i64) {
        if to <= self.newest {
            return;
        }
        if to - self.newest >= BITS {
            self.words = [0; WORDS];
        } else {
            for second in self.newest + 1..=to {
                let (word, bit) = place(second);
                if let Some(word) = self.words.get_mut(word) {
                    *word &= !bit;
                }
            }
        }
        self.newest = to;
    }

    fn set(&mut self, second: i64) {
        let (word, bit) = place(second);
        if second > self.newest - BITS
            && let Some(word) = self.words.get_mut(word)
        {
            *word |= bit;
        }
    }
}

fn place(second: i64) -> (usize, u64) {
    let place = second.rem_euclid(BITS);
    (usize::try_from(place / 64).unwrap_or(0), 1 << (place % 64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_heard_long_ago_is_forgotten_and_gaps_stay() {
        let mut heard = Coverage::default();
        heard.mark(1_000, 1_003);
        heard.mark(1_005, 1_006);
        let seconds: Vec<i64> = (999..1_010).filter(|second| heard.has(*second)).collect();
        assert_eq!(seconds, [1_001, 1_002, 1_003, 1_006]);
        let mut both = Coverage::default();
        both.mark(1_003, 1_005);
        both.add(&heard);
        assert_eq!(both.count(1_000, 1_010), 6);
        heard.mark(1_700, 1_701);
        assert!(!heard.has(1_003) && heard.has(1_701));
        heard.mark(9_000, 9_001);
        assert_eq!(heard.count(8_000, 9_001), 1);
    }
}
