//! A history that takes over what another remembers.

use super::{START, ask, kind, measured, options, values_of};
use crate::{By, History, Key, Metric};

/// The second measured of two types, and of an actor now and then.
fn push(history: &History, second: i64) {
    let rate = (second % 97).unsigned_abs();
    let mut all = vec![(kind("A"), measured(rate)), (kind("B"), measured(rate / 2 + 1))];
    if second % 5 < 2 {
        all.push((Key::new(By::Actor, "a"), measured(rate)));
    }
    history.push(second, &all);
    history.tick(second);
}

/// What both tell of a range; they must tell the same but for the step in which the second began to miss something.
fn compare(one: &History, other: &History, now: i64, missed: i64) -> usize {
    let mut compared = 0;
    for length in [600, 7_200, 30_000] {
        for metric in [Metric::Rate, Metric::Queue, Metric::Wait(0.95)] {
            let [told, again] =
                [one, other].map(|history| ask(history, &[metric], (now - length, now), 2_000, now));
            assert_eq!((told.from, told.step), (again.from, again.step));
            for name in ["A", "B"] {
                let (told_values, again) = (values_of(&told, name, metric), values_of(&again, name, metric));
                assert_eq!(
                    told_values.keys().collect::<Vec<_>>(),
                    again.keys().collect::<Vec<_>>()
                );
                for (at, value) in told_values {
                    if !(at..at + told.step / 1_000).contains(&missed) || at == missed {
                        assert_eq!(again[&at], value, "{name} {metric:?} at {at} of {}", told.step);
                        compared += 1;
                    }
                }
            }
        }
    }
    compared
}

#[test]
fn what_another_was_there_for_is_told_as_there() {
    let from = START - START.rem_euclid(3_600);
    for (missed, back) in [
        (from + 3_000, from + 9_000),
        (from + 3_017, from + 8_955),
        (from, from + 9_000),
    ] {
        let directories = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        for stored in [[false, false], [true, false], [false, true]] {
            let open = |place: usize| {
                let directory = Some(directories[place].path()).filter(|_| stored[place]);
                History::open(options(directory))
            };
            let (one, mut other) = (open(0), open(1));
            let has_begun = one.newest().is_some();
            for second in from..back {
                if !has_begun {
                    push(&one, second);
                }
                if second < missed {
                    push(&other, second);
                }
            }
            if stored[1] {
                other.close();
                drop(other);
                other = open(1);
            }
            let since = other.newest().map_or(i64::MIN, |newest| newest + 1);
            let given = one.hand_over(since, usize::MAX);
            other.take_over(&given, back).unwrap();
            // Once is enough.
            other.take_over(&given, back).unwrap();
            for second in back..back + 700 {
                push(&one, second);
                push(&other, second);
            }
            let compared = compare(&one, &other, back + 700, missed);
            assert!(compared > 5_000, "{compared}");
            one.close();
        }
    }
}

#[test]
fn what_is_no_history_is_refused_and_a_large_one_is_cut() {
    let history = History::open(options(None));
    (START..START + 4_000).for_each(|second| push(&history, second));
    let all = history.hand_over(i64::MIN, usize::MAX);
    let other = History::open(options(None));
    for len in [0, 1, all.len() / 2] {
        assert!(other.take_over(&all[..len], START + 4_000).is_err(), "{len}");
    }
    let cut = History::open(options(None));
    // Of types there is the most to tell.
    cut.take_over(&history.hand_over(i64::MIN, 20_000), START + 4_000)
        .unwrap();
    assert!(cut.names(By::Actor).len() < history.names(By::Actor).len());
    let future = History::open(options(None));
    future.take_over(&all, START).unwrap();
    assert_eq!(future.newest(), None, "it lies in the future");
}
