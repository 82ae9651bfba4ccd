//! The history against a naive one.

mod disk;
mod golden;
mod handover;

use std::collections::BTreeMap;
use std::path::Path;

use proptest::prelude::*;

use crate::{By, History, HistoryOptions, Key, Metric, Past, Question, Slot, Step};

const START: i64 = 1_765_596_838;
const WEEK: i64 = 604_800;

fn options(directory: Option<&Path>) -> HistoryOptions {
    HistoryOptions {
        directory: directory.map(Path::to_owned),
        ..HistoryOptions::default()
    }
}

/// So many messages in a second, with a time in the queue for each.
fn measured(rate: u64) -> Step {
    let mut step = Step::default();
    step.slots[0] = Slot::once(rate * 1_000);
    step.slots[2] = Slot::once(rate / 2);
    step.wait
        .add(u8::try_from(rate % 20).unwrap(), u32::try_from(rate).unwrap());
    step
}

fn kind(name: &str) -> Key {
    Key::new(By::Type, name)
}

/// Told of all types from one second on and before another, in as many points.
fn ask(history: &History, metrics: &[Metric], span: (i64, i64), points: usize, now: i64) -> Past {
    history.read(&Question {
        by: By::Type,
        wanted: &|_| true,
        together: None,
        metrics,
        from: span.0 * 1_000,
        to: span.1 * 1_000,
        points,
        limit: 100,
        now,
        newest: &[],
    })
}

/// What a type was like, by the second in which a point begins, where anything was measured.
fn values_of(past: &Past, name: &str, metric: Metric) -> BTreeMap<i64, f64> {
    let line = past
        .lines
        .iter()
        .find(|line| &*line.key.name == name && line.metric == metric);
    let values = line.map(|line| line.values.clone()).unwrap_or_default();
    let at = |place: usize| past.from / 1_000 + i64::try_from(place).unwrap() * past.step / 1_000;
    values
        .iter()
        .enumerate()
        .filter_map(|(place, value)| Some((at(place), (*value)?)))
        .collect()
}

/// What happens to a studio.
#[derive(Clone, Debug)]
enum Turn {
    /// So many seconds pass, in each of which the two types handle so many.
    Measured(i64, u64, u64),
    /// So many seconds pass in which nobody is heard.
    Silence(i64),
    /// The clock is set back by so many seconds.
    Back(i64),
    /// The studio ends and starts again.
    Restart,
}

fn turn() -> impl Strategy<Value = Turn> {
    prop_oneof![
        6 => (1..90_i64, 0..500_u64, 0..50_u64).prop_map(|(seconds, a, b)| Turn::Measured(seconds, a, b)),
        2 => (1..200_i64).prop_map(Turn::Silence),
        1 => (600..9_000_i64).prop_map(Turn::Silence),
        1 => (1..500_i64).prop_map(Turn::Back),
        1 => Just(Turn::Restart),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(24) })]

    #[test]
    fn what_is_told_is_what_was_measured(turns in prop::collection::vec(turn(), 1..25)) {
        let directory = tempfile::tempdir().unwrap();
        let mut history = History::open(options(Some(directory.path())));
        let mut model: BTreeMap<i64, (u64, u64)> = BTreeMap::new();
        let (mut now, mut newest) = (START, START);
        for turn in turns {
            match turn {
                Turn::Measured(seconds, a, b) => for _ in 0..seconds {
                    let second = now;
                    let taken = history.push(second, &[(kind("A"), measured(a)), (kind("B"), measured(b))]);
                    prop_assert_eq!(taken, model.is_empty() || second > newest, "each second once");
                    if taken {
                        model.insert(second, (a, b));
                        newest = second;
                    }
                    history.tick(second);
                    now = second + 1;
                },
                Turn::Silence(seconds) => {
                    now += seconds;
                    history.tick(now);
                }
                // Less than after which the future is forgotten, and the clock goes on from there.
                Turn::Back(seconds) => now -= seconds,
                Turn::Restart => {
                    prop_assert_eq!(history.health().trouble, None);
                    history.close();
                    drop(history);
                    history = History::open(options(Some(directory.path())));
                }
            }
        }
        now = now.max(newest + 1);
        let metrics = [Metric::Rate, Metric::Queue, Metric::Wait(0.95)];
        for (length, points) in [(600, 2_000), (600, 7), (7_200, 720), (7_200, 31), (WEEK, 2_000)] {
            let past = ask(&history, &metrics, (now - length, now), points, now);
            let mut expected: BTreeMap<i64, Vec<(u64, u64)>> = BTreeMap::new();
            for (second, values) in model.range(past.from / 1_000..past.to / 1_000) {
                let begin = past.from / 1_000;
                let step = past.step / 1_000;
                expected.entry(begin + (second - begin).div_euclid(step) * step).or_default().push(*values);
            }
            for (name, of) in [("A", 0), ("B", 1)] {
                let of = |values: &(u64, u64)| if of == 0 { values.0 } else { values.1 };
                let rates = values_of(&past, name, Metric::Rate);
                let mean = |values: &Vec<(u64, u64)>| values.iter().map(of).sum::<u64>() as f64 / values.len() as f64;
                let expected_rates: BTreeMap<i64, f64> =
                    expected.iter().map(|(at, values)| (*at, mean(values))).collect();
                prop_assert_eq!(rates.keys().collect::<Vec<_>>(), expected_rates.keys().collect::<Vec<_>>(), "gaps of {}", past.step);
                for (at, rate) in &rates {
                    prop_assert!((rate - expected_rates[at]).abs() < 1e-6 && *rate >= 0.0);
                }
                let waits = values_of(&past, name, Metric::Wait(0.95));
                let waited = expected.iter().filter(|(_, values)| values.iter().any(|values| of(values) > 0));
                prop_assert_eq!(waits.len(), waited.count());
                let most = past.lines.iter().find(|line| &*line.key.name == name && line.metric == Metric::Rate);
                for (place, most) in most.iter().flat_map(|line| line.most.iter().enumerate()) {
                    let at = past.from / 1_000 + i64::try_from(place).unwrap() * past.step / 1_000;
                    let expected = expected.get(&at).and_then(|values| values.iter().map(of).max());
                    prop_assert_eq!(most.map(|most| most.round() as u64), expected);
                }
            }
        }
    }
}

/// Ten messages a second from one second on and before another.
fn steady(history: &History, name: &str, span: std::ops::Range<i64>) {
    for second in span {
        history.push(second, &[(kind(name), measured(10))]);
        history.tick(second);
    }
}

#[test]
fn a_clock_that_stays_back_forgets_the_future_and_one_that_is_back_for_a_while_does_not() {
    let directory = tempfile::tempdir().unwrap();
    let history = History::open(options(Some(directory.path())));
    let from = START - START.rem_euclid(3_600);
    steady(&history, "A", from..from + 7_200);
    // An hour back, for a while: nothing is taken twice.
    let back = from + 3_630;
    (back..back + 500).for_each(|second| {
        assert!(!history.push(second, &[(kind("A"), measured(400))]));
        history.tick(second);
    });
    assert_eq!(history.newest(), Some(from + 7_199));
    // And back for good.
    (back + 500..back + 700).for_each(|second| history.tick(second));
    let cut = history.newest().unwrap() + 1;
    assert_eq!(cut, back + 600);
    for second in back + 700..back + 1_500 {
        assert!(history.push(second, &[(kind("A"), measured(20))]));
        history.tick(second);
    }
    history.close();
    drop(history);
    let history = History::open(options(Some(directory.path())));
    let now = from + 7_200;
    let past = ask(&history, &[Metric::Rate], (from, now), 2_000, now);
    assert_eq!(past.step, 10_000);
    for (at, rate) in values_of(&past, "A", Metric::Rate) {
        let expected = if at < cut { 10.0 } else { 20.0 };
        assert_eq!(rate, expected, "at {}", at - from);
        assert!(at < cut || at >= back + 700 - 10);
    }
    let minutes = ask(&history, &[Metric::Rate], (from - 86_400, now), 2_000, now);
    let rates = values_of(&minutes, "A", Metric::Rate);
    assert!(
        rates.values().all(|rate| *rate == 10.0 || *rate == 20.0),
        "{rates:?}"
    );
}

#[test]
fn memory_and_names_are_bounded_and_what_has_no_room_is_counted() {
    let history = History::open(HistoryOptions {
        max_memory: 60_000,
        max_types: 3,
        ..options(None)
    });
    let names: Vec<Key> = (0..5).map(|number| kind(&format!("T{number}"))).collect();
    let mut random = 7_u64;
    for second in START..START + 20_000 {
        let steps: Vec<(Key, Step)> = names
            .iter()
            .map(|name| {
                random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                (name.clone(), measured((random >> 40) % 500))
            })
            .collect();
        history.push(second, &steps);
        history.tick(second);
    }
    let health = history.health();
    assert_eq!(
        (
            health.series,
            history.left_out(By::Type),
            history.left_out(By::Actor)
        ),
        (3, 2, 0)
    );
    assert!(health.memory <= 60_000, "{}", health.memory);
    assert!(health.forgotten > 0);
    let now = START + 20_000;
    let past = ask(&history, &[Metric::Rate], (now - 300, now), 2_000, now);
    assert_eq!(
        values_of(&past, "T0", Metric::Rate).len(),
        300,
        "the newest stays"
    );
    assert!(
        past.since.unwrap() > START * 1_000,
        "and the rest is said to be gone"
    );
}

#[test]
fn the_most_come_first_and_the_others_are_counted() {
    let history = History::open(options(None));
    for second in START..START + 60 {
        let steps: Vec<(Key, Step)> = (0..9_u64)
            .map(|rate| (kind(&format!("T{rate}")), measured(rate)))
            .collect();
        history.push(second, &steps);
    }
    let newest = [(START + 60, kind("T9"), measured(7))];
    let question = |together| Question {
        by: By::Type,
        wanted: &|name| name != "T8",
        together,
        metrics: &[Metric::Rate, Metric::Queue],
        from: START * 1_000,
        to: (START + 60) * 1_000,
        points: 60,
        limit: 2,
        now: START + 60,
        newest: &newest,
    };
    let past = history.read(&question(None));
    let names: Vec<&str> = past.lines.iter().map(|line| &*line.key.name).collect();
    assert_eq!((names, past.more), (vec!["T7", "T7", "T6", "T6"], 6));
    let past = history.read(&question(Some(Key::all())));
    let rates: Vec<f64> = past.lines[0].values.iter().flatten().copied().collect();
    assert!(rates.iter().all(|rate| *rate == 28.0), "{rates:?}");
    assert_eq!(&*past.lines[0].key.name, "all");
}

#[test]
fn what_is_not_taken_in_yet_is_told_behind_what_is() {
    let history = History::open(options(None));
    steady(&history, "A", START..START + 50);
    let newest: Vec<(i64, Key, Step)> = (START + 45..START + 55)
        .map(|second| (second, kind("A"), measured(30)))
        .collect();
    let past = history.read(&Question {
        by: By::Type,
        wanted: &|_| true,
        together: None,
        metrics: &[Metric::Rate],
        from: START * 1_000,
        to: (START + 60) * 1_000,
        points: 60,
        limit: 2,
        now: START + 60,
        newest: &newest,
    });
    let rates = values_of(&past, "A", Metric::Rate);
    assert_eq!(rates.len(), 55);
    assert!(
        rates
            .iter()
            .all(|(at, rate)| *rate == if *at < START + 50 { 10.0 } else { 30.0 })
    );
}
