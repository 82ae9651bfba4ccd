//! Steps in a row, written as what differs from the step before.
//!
//! Each step begins with two bytes that say which of its twelve numbers are others than expected, and whether it has times. A
//! number is expected to be what it was; the most of a single second, to be its sum. What follows is written by variable length:
//! differences of numbers, then for both kinds of times the first bucket, how many buckets, and a count for each.

use std::sync::atomic::{AtomicBool, Ordering};

use loom_protocol::BUCKETS;

use crate::step::{Counts, Slot, Step};

/// Steps of a chunk at most.
pub(crate) const STEPS: i64 = 60;

const NUMBERS: usize = 12;
const HAS_WAIT: u16 = 1 << 12;
const HAS_HANDLE: u16 = 1 << 13;
/// No step but so many of which nothing is known.
const GAP: u16 = 1 << 15;

type Numbers = [u64; NUMBERS];

/// A chunk that is complete.
#[derive(Debug)]
pub(crate) struct Chunk {
    /// Its number in the file.
    pub(crate) id: i64,
    pub(crate) span: Span,
    pub(crate) bytes: Box<[u8]>,
    /// It is in the file.
    pub(crate) stored: AtomicBool,
}

/// Which seconds, and which steps, a chunk is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    /// The first second that is in it,
    pub(crate) from: i64,
    /// and the first after all that are.
    pub(crate) until: i64,
    /// The number of its first step: seconds since 1970 over those of a step.
    pub(crate) first: i64,
}

impl Chunk {
    pub(crate) fn is_stored(&self) -> bool {
        self.stored.load(Ordering::Acquire)
    }

    pub(crate) fn weight(&self) -> usize {
        self.bytes.len() + size_of::<Self>() + 32
    }
}

/// A chunk that is written to.
#[derive(Clone, Debug)]
pub(crate) struct Open {
    pub(crate) span: Span,
    next: i64,
    pub(crate) bytes: Vec<u8>,
    before: Numbers,
}

impl Open {
    pub(crate) fn new(first: i64, from: i64) -> Self {
        let span = Span {
            from,
            until: from,
            first,
        };
        Self {
            span,
            next: first,
            bytes: Vec::new(),
            before: [0; NUMBERS],
        }
    }

    /// Adds a step, which must be behind all others; what is between them is a gap.
    pub(crate) fn push(&mut self, index: i64, until: i64, step: &Step) {
        let gap = index.saturating_sub(self.next);
        if gap > 0 {
            self.bytes.extend(GAP.to_le_bytes());
            write(&mut self.bytes, gap.unsigned_abs());
        }
        self.next = index + 1;
        self.span.until = self.span.until.max(until);
        let now = numbers(step);
        let mut mask = 0_u16;
        let mut differences = [0_u64; NUMBERS];
        let mut bit = 1_u16;
        for (place, difference) in differences.iter_mut().enumerate() {
            let value = now.get(place).copied().unwrap_or(0);
            *difference = value.wrapping_sub(expected(place, &now, &self.before));
            if *difference != 0 {
                mask |= bit;
            }
            bit <<= 1;
        }
        if !step.wait.is_empty() {
            mask |= HAS_WAIT;
        }
        if !step.handle.is_empty() {
            mask |= HAS_HANDLE;
        }
        self.bytes.extend(mask.to_le_bytes());
        for difference in differences.into_iter().filter(|difference| *difference != 0) {
            write(&mut self.bytes, zigzag(difference));
        }
        for counts in [&step.wait, &step.handle] {
            write_counts(&mut self.bytes, counts);
        }
        self.before = now;
    }

    pub(crate) fn seal(self, id: i64) -> Chunk {
        Chunk {
            id,
            span: self.span,
            bytes: self.bytes.into_boxed_slice(),
            stored: AtomicBool::new(false),
        }
    }
}

/// What a number is expected to be. `now` holds the numbers before it.
fn expected(place: usize, now: &Numbers, before: &Numbers) -> u64 {
    let of = |numbers: &Numbers, place: usize| numbers.get(place).copied().unwrap_or(0);
    if place % 3 == 2 && of(now, place - 2) == 1 {
        return of(now, place - 1);
    }
    of(before, place)
}

fn numbers(step: &Step) -> Numbers {
    let [a, b, c, d] = step.slots;
    let of = |slot: Slot| [u64::from(slot.seconds), slot.sum, slot.max];
    let ([a, b, c], [d, e, f], [g, h, i], [j, k, l]) = (of(a), of(b), of(c), of(d));
    [a, b, c, d, e, f, g, h, i, j, k, l]
}

fn slots(numbers: &Numbers) -> [Slot; 4] {
    let mut slots = [Slot::default(); 4];
    for (slot, of) in slots.iter_mut().zip(numbers.chunks(3)) {
        if let [seconds, sum, max] = of {
            *slot = Slot {
                seconds: u32::try_from(*seconds).unwrap_or(u32::MAX),
                sum: *sum,
                max: *max,
            };
        }
    }
    slots
}

/// Reads steps with their numbers, oldest first. Of bytes that make no sense it tells what comes before them.
pub(crate) struct Reading<'a> {
    bytes: &'a [u8],
    next: i64,
    before: Numbers,
    /// Whether times are passed over, as nobody asks for them.
    skips_times: bool,
}

impl<'a> Reading<'a> {
    pub(crate) fn new(first: i64, bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            next: first,
            before: [0; NUMBERS],
            skips_times: false,
        }
    }

    /// The same without times, which take most of the time to read.
    pub(crate) fn of_numbers(first: i64, bytes: &'a [u8]) -> Self {
        Self {
            skips_times: true,
            ..Self::new(first, bytes)
        }
    }

    fn mask(&mut self) -> Option<u16> {
        let (mask, rest) = self.bytes.split_first_chunk::<2>()?;
        self.bytes = rest;
        Some(u16::from_le_bytes(*mask))
    }

    fn counts(&mut self) -> Option<Counts> {
        let first = usize::try_from(read(&mut self.bytes)?).ok()?;
        let buckets = usize::try_from(read(&mut self.bytes)?).ok()?;
        if first.checked_add(buckets)? > BUCKETS {
            return None;
        }
        if self.skips_times {
            for _ in 0..buckets {
                read(&mut self.bytes)?;
            }
            return Some(Counts::default());
        }
        let mut used = Vec::with_capacity(buckets);
        for bucket in first..first + buckets {
            let count = u32::try_from(read(&mut self.bytes)?).ok()?;
            if count > 0 {
                used.push((u8::try_from(bucket).ok()?, count));
            }
        }
        Some(Counts { used })
    }
}

impl Iterator for Reading<'_> {
    type Item = (i64, Step);

    fn next(&mut self) -> Option<(i64, Step)> {
        let mut mask = self.mask()?;
        if mask == GAP {
            let gap = i64::try_from(read(&mut self.bytes)?).ok()?;
            self.next = self.next.checked_add(gap)?;
            mask = self.mask()?;
        }
        let mut now = [0; NUMBERS];
        for place in 0..NUMBERS {
            let mut value = expected(place, &now, &self.before);
            if mask & (1 << place) != 0 {
                value = value.wrapping_add(unzigzag(read(&mut self.bytes)?));
            }
            if let Some(number) = now.get_mut(place) {
                *number = value;
            }
        }
        let mut step = Step {
            slots: slots(&now),
            ..Step::default()
        };
        if mask & HAS_WAIT != 0 {
            step.wait = self.counts()?;
        }
        if mask & HAS_HANDLE != 0 {
            step.handle = self.counts()?;
        }
        self.before = now;
        let index = self.next;
        self.next = index.checked_add(1)?;
        Some((index, step))
    }
}

/// The same chunk without what is not before a second; nothing where that is all of it. `seconds` are those of a step.
pub(crate) fn cut(span: Span, bytes: &[u8], seconds: i64, before: i64) -> Option<Open> {
    let end = before.div_euclid(seconds);
    let mut kept: Option<Open> = None;
    for (index, step) in Reading::new(span.first, bytes).take_while(|(index, _)| *index < end) {
        let until = (index + 1).saturating_mul(seconds).min(span.until);
        kept.get_or_insert_with(|| Open::new(span.first, span.from))
            .push(index, until, &step);
    }
    kept
}

fn write_counts(bytes: &mut Vec<u8>, counts: &Counts) {
    let (Some((first, _)), Some((last, _))) = (counts.used.first(), counts.used.last()) else {
        return;
    };
    write(bytes, u64::from(*first));
    write(bytes, u64::from(last - first) + 1);
    let mut next = *first;
    for (bucket, count) in &counts.used {
        while next < *bucket {
            bytes.push(0);
            next += 1;
        }
        write(bytes, u64::from(*count));
        next = next.saturating_add(1);
    }
}

fn zigzag(difference: u64) -> u64 {
    let signed = difference.cast_signed();
    ((signed << 1) ^ (signed >> 63)).cast_unsigned()
}

fn unzigzag(folded: u64) -> u64 {
    (folded >> 1) ^ (folded & 1).wrapping_neg()
}

/// Seven bits a byte, the lowest first.
fn write(bytes: &mut Vec<u8>, mut number: u64) {
    loop {
        let part = u8::try_from(number & 0x7f).unwrap_or(0);
        number >>= 7;
        if number == 0 {
            bytes.push(part);
            return;
        }
        bytes.push(part | 0x80);
    }
}

fn read(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn slot() -> impl Strategy<Value = Slot> {
        prop_oneof![
            Just(Slot::default()),
            any::<u64>().prop_map(Slot::once),
            (0..70_u32, any::<u64>(), 0..9_u64).prop_map(|(seconds, sum, max)| Slot { seconds, sum, max }),
        ]
    }

    fn counts() -> impl Strategy<Value = Counts> {
        prop::collection::vec((0..60_u8, any::<u32>()), 0..6).prop_map(|times| {
            let mut counts = Counts::default();
            times
                .into_iter()
                .for_each(|(bucket, count)| counts.add(bucket, count));
            counts
        })
    }

    pub(crate) fn step() -> impl Strategy<Value = Step> {
        (prop::array::uniform4(slot()), counts(), counts()).prop_map(|(slots, wait, handle)| Step {
            slots,
            wait,
            handle,
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(steps in prop::collection::vec((1..40_i64, step()), 0..30), first in -90..90_i64) {
            let mut open = Open::new(first, first);
            let mut index = first;
            let mut expected = Vec::new();
            for (pause, step) in steps {
                open.push(index, index + 1, &step);
                expected.push((index, step));
                index += pause;
            }
            let read: Vec<_> = Reading::new(first, &open.bytes).collect();
            prop_assert_eq!(&read, &expected);
            let half = cut(open.span, &open.bytes, 1, first + 20);
            let left: Vec<_> = half.iter().flat_map(|open| Reading::new(first, &open.bytes)).collect();
            expected.retain(|(index, _)| *index < first + 20);
            prop_assert_eq!(left, expected);
        }

        #[test]
        fn no_bytes_break_the_reader(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            Reading::new(0, &bytes).take(1_000).for_each(drop);
        }
    }
}
