//! The same work on many things, on all cores, with the answers in order.

use std::num::NonZero;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{Builder, available_parallelism, scope};

/// How many things a core has before it, so that answers come early and few are held at once.
const EACH: usize = 8;
/// What the main thread has: a file nests as deep here as there.
const STACK: usize = 8 * 1024 * 1024;

/// `work` on each of `things`. A panic of it is a panic of the caller.
pub(super) fn in_order<T: Sync, R: Send>(
    things: &[T],
    work: impl Fn(&T) -> R + Sync,
) -> impl Iterator<Item = R> {
    let workers = available_parallelism().map_or(1, NonZero::get);
    things
        .chunks(workers * EACH)
        .flat_map(move |some| batch(some, workers, &work))
}

fn batch<T: Sync, R: Send>(things: &[T], workers: usize, work: &(impl Fn(&T) -> R + Sync)) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let some = || {
        let mut done = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(thing) = things.get(at) else { return done };
            done.push((at, work(thing)));
        }
    };
    let mut done = scope(|scope| {
        // This thread works too; where no other can be had, it does all.
        let others: Vec<_> = (1..workers.min(things.len()))
            .filter_map(|_| Builder::new().stack_size(STACK).spawn_scoped(scope, some).ok())
            .collect();
        let mut done = some();
        for other in others {
            done.extend(other.join().unwrap_or_else(|panic| resume_unwind(panic)));
        }
        done
    });
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, answer)| answer).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_come_in_order_each_once() {
        for count in [0_usize, 1, 2, 1000] {
            let things: Vec<usize> = (0..count).collect();
            let answers: Vec<usize> = in_order(&things, |thing| thing * 2).collect();
            assert_eq!(answers, things.iter().map(|thing| thing * 2).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_panic_is_the_callers() {
        let things = [1, 2, 3];
        let broken = || in_order(&things, |thing| assert_ne!(*thing, 2)).count();
        assert!(std::panic::catch_unwind(broken).is_err());
    }
}
