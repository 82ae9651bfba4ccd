//! Chance from a seed, for tests: the same seed gives the same inputs everywhere.

/// Numbers from a seed (SplitMix64).
#[derive(Clone, Debug)]
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        // Not a multiple of the step, or the next seed would draw the same numbers, one later.
        let mut mixing = Self(seed);
        Self(mixing.next())
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below the end; 0 when that is 0.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end.max(1)).unwrap();
        usize::try_from(self.next() % end).unwrap()
    }

    pub(crate) fn one_in(&mut self, many: usize) -> bool {
        self.below(many) == 0
    }

    pub(crate) fn of<'a, T: ?Sized>(&mut self, all: &[&'a T]) -> &'a T {
        all[self.below(all.len())]
    }
}

/// A smaller text that fails like this one: pieces are taken out as long as it still does, big ones first.
pub(crate) fn smallest(text: &str, fails: impl Fn(&str) -> bool) -> String {
    let mut kept: Vec<char> = text.chars().collect();
    let mut size = kept.len().div_ceil(2);
    while size > 0 {
        let (mut at, mut smaller) = (0, false);
        while at < kept.len() {
            let end = (at + size).min(kept.len());
            let tried: Vec<char> = [&kept[..at], &kept[end..]].concat();
            if fails(&tried.iter().collect::<String>()) {
                kept = tried;
                smaller = true;
            } else {
                at += size;
            }
        }
        if !(smaller && size == 1) {
            size /= 2;
        }
    }
    kept.into_iter().collect()
}
