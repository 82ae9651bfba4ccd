//! Names of traces and of what happens in them.

use std::cell::Cell;
use std::fmt;
use std::num::{NonZeroU64, NonZeroU128};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::names::random;

/// Names a chain of messages, over all programs that pass it on. Shown as 32 hex digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TraceId(NonZeroU128);

/// Names one thing that happens in a trace. Shown as 16 hex digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpanId(NonZeroU64);

impl TraceId {
    /// Its sixteen bytes as a number; all of them zero name no trace.
    pub fn new(number: u128) -> Option<Self> {
        NonZeroU128::new(number).map(Self)
    }

    /// Its bytes as a number, the first one highest.
    pub fn get(self) -> u128 {
        self.0.get()
    }
}

impl SpanId {
    /// Its eight bytes as a number; all of them zero name nothing.
    pub fn new(number: u64) -> Option<Self> {
        NonZeroU64::new(number).map(Self)
    }

    /// Its bytes as a number, the first one highest.
    pub fn get(self) -> u64 {
        self.0.get()
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Display for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// A number that this process gives once. Looks like chance, as whoever samples by it wants.
#[inline]
pub(super) fn once() -> u64 {
    thread_local! {
        static NEXT: Cell<(u64, u64)> = const { Cell::new((0, 0)) };
    }
    NEXT.with(|numbers| {
        let (next, end) = numbers.get();
        let (next, end) = if next == end { new_block() } else { (next, end) };
        numbers.set((next + 1, end));
        scatter(next)
    })
}

/// Numbers are taken from the process in blocks of 2^20, so that sends on different threads do not meet.
#[cold]
fn new_block() -> (u64, u64) {
    static BLOCKS: LazyLock<AtomicU64> = LazyLock::new(|| AtomicU64::new(random() >> 20));
    let first = BLOCKS.fetch_add(1, Relaxed) << 20;
    (first, first + ((1 << 20) - 1))
}

/// A name of a trace that no other process gives.
#[inline]
pub(super) fn new_trace() -> u128 {
    (u128::from(*OF_PROCESS) << 64) | u128::from(once())
}

/// The half of a trace's name that tells its process.
static OF_PROCESS: LazyLock<u64> = LazyLock::new(|| random() | 1);

/// One to one, and no pattern is left (the finisher of MurmurHash3, whose constants are known to do so).
#[inline]
fn scatter(number: u64) -> u64 {
    let mut mixed = number;
    mixed ^= mixed >> 33;
    mixed = mixed.wrapping_mul(0xff51_afd7_ed55_8ccd);
    mixed ^= mixed >> 33;
    mixed = mixed.wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    mixed ^ (mixed >> 33)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_are_given_once_over_threads_and_blocks() {
        let several = || (0..1_100_000).map(|_| once()).collect::<Vec<_>>();
        let other = std::thread::spawn(several);
        let mut all: HashSet<u64> = several().into_iter().collect();
        all.extend(other.join().unwrap());
        assert_eq!(all.len(), 2_200_000);
    }

    #[test]
    fn names_are_shown_whole() {
        let trace = TraceId::new(0xabc).unwrap();
        assert_eq!(trace.to_string(), "00000000000000000000000000000abc");
        assert_eq!(SpanId::new(7).unwrap().to_string(), "0000000000000007");
        assert!(TraceId::new(0).is_none() && SpanId::new(0).is_none());
    }
}
