//! A week of 1,000 types and of the 100 busiest among 100,000 actors: what a second costs, memory, the file, and how long it
//! takes to draw. `cargo bench -p loom-history`; `LOOM_BENCH_DAYS` makes it shorter.
#![expect(clippy::print_stdout, reason = "a bench prints what it measured")]

use std::time::Instant;

use loom_history::{By, FILE, History, HistoryOptions, Key, Metric, Question, Slot, Step};

const TYPES: usize = 1_000;
const ACTORS: usize = 100;
const START: i64 = 1_765_584_000;
const HOUR: i64 = 3_600;

/// The same numbers each time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.0 >> 33) % most
    }
}

/// A second of a type: a third of them busy, a third now and then, a third at rest.
fn second(number: usize, chance: &mut Chance) -> Step {
    let mut step = Step::default();
    let rate = match number % 3 {
        0 => 200 + chance.below(200),
        1 => chance.below(20) / 15 * chance.below(10),
        _ => 0,
    };
    step.slots = [
        Slot::once(rate * 1_000),
        Slot::once(u64::from(chance.below(1_000) == 0) * 1_000),
        Slot::once(if rate > 100 { chance.below(30) } else { 0 }),
        Slot::once(100),
    ];
    for place in 0..rate.min(12) {
        let bucket = u8::try_from(8 + place).unwrap_or(8);
        let count = u32::try_from(1 + chance.below(rate / 12 + 1)).unwrap_or(1);
        step.wait.add(bucket, count);
        step.handle.add(bucket + 3, count);
    }
    step
}

fn main() {
    let days: i64 = std::env::var("LOOM_BENCH_DAYS")
        .ok()
        .and_then(|days| days.parse().ok())
        .unwrap_or(7);
    let Ok(directory) = tempfile::tempdir() else {
        println!("there is no room for a temporary directory");
        return;
    };
    let options = HistoryOptions {
        directory: Some(directory.path().to_owned()),
        ..HistoryOptions::default()
    };
    let history = History::open(options.clone());
    let types = (0..TYPES).map(|number| Key::new(By::Type, format!("app::orders::Worker{number}")));
    let actors = (0..ACTORS).map(|number| Key::new(By::Actor, format!("worker-{number}")));
    let keys: Vec<Key> = types.chain(actors).collect();
    let mut chance = Chance(7);
    let end = START + days * 24 * HOUR;
    let mut measure = |at: i64| -> Vec<(Key, Step)> {
        let _at = at;
        let steps = keys.iter().enumerate();
        let mut steps: Vec<(Key, Step)> = steps
            .map(|(number, key)| {
                (
                    key.clone(),
                    second(number * usize::from(number < TYPES), &mut chance),
                )
            })
            .collect();
        let mut all = Step::default();
        steps.iter().take(TYPES).for_each(|(_, step)| all.beside(step));
        steps.push((Key::all(), all));
        steps
    };
    // Three seconds of each minute, then each second: the minutes have their times, the week takes minutes.
    let mut at = START;
    while at < end - 2 * HOUR {
        history.push(at, &measure(at));
        history.tick(at);
        at += 20;
        if at % HOUR == 0 {
            // An hour goes by in a second here: the file has its time, and chunks end now anyway.
            history.close();
        }
    }
    let (mut spent, mut longest, mut seconds) = (0.0, 0.0_f64, 0.0);
    while at < end {
        let measured = measure(at);
        let began = Instant::now();
        history.push(at, &measured);
        history.tick(at);
        // Here as well: ten minutes go by in some seconds.
        let took = began.elapsed().as_secs_f64() * 1e3;
        (spent, longest, seconds) = (spent + took, longest.max(took), seconds + 1.0);
        at += 1;
        if at % 600 == 0 {
            history.close();
        }
    }
    history.tick(end);
    println!(
        "a second of {} series: {:.2} ms, at most {longest:.1} ms",
        keys.len() + 1,
        spent / seconds
    );
    println!("memory: {:.1} MB", history.health().memory as f64 / 1e6);
    for (name, by, metrics, ago, hours) in [
        ("an hour of all, rate", By::All, vec![Metric::Rate], 1, 1),
        (
            "an hour of 20 of 1,000 types, rate",
            By::Type,
            vec![Metric::Rate],
            1,
            1,
        ),
        (
            "an hour of 20 of 1,000 types, three metrics",
            By::Type,
            vec![Metric::Rate, Metric::Queue, Metric::Wait(0.99)],
            1,
            1,
        ),
        (
            "an hour of 20 of 1,000 types, a day ago",
            By::Type,
            vec![Metric::Wait(0.95)],
            23,
            1,
        ),
        (
            "ten minutes of 20 of 1,000 types",
            By::Type,
            vec![Metric::Rate],
            0,
            0,
        ),
        (
            "a week of all",
            By::All,
            vec![Metric::Rate, Metric::Wait(0.99)],
            24 * 7,
            24 * 7,
        ),
        (
            "a week of 20 of 1,000 types",
            By::Type,
            vec![Metric::Rate],
            24 * 7,
            24 * 7,
        ),
    ] {
        let (from, to) = if hours == 0 {
            (end - 600, end)
        } else {
            (end - ago * HOUR, end - (ago - hours) * HOUR)
        };
        let question = Question {
            by,
            wanted: &|_| true,
            together: None,
            metrics: &metrics,
            from: from * 1_000,
            to: to * 1_000,
            points: 300,
            limit: 20,
            now: end,
            newest: &[],
        };
        let mut best = f64::INFINITY;
        let mut lines = 0;
        for _ in 0..3 {
            let began = Instant::now();
            lines = history.read(&question).lines.len();
            best = best.min(began.elapsed().as_secs_f64() * 1e3);
        }
        println!("{name}: {best:.1} ms ({lines} lines)");
    }
    let began = Instant::now();
    history.close();
    drop(history);
    println!("to close: {:.0} ms", began.elapsed().as_secs_f64() * 1e3);
    let file = std::fs::metadata(directory.path().join(FILE)).map_or(0, |file| file.len());
    println!("file: {:.1} MB", file as f64 / 1e6);
    let began = Instant::now();
    drop(History::open(options));
    println!("to open: {:.0} ms", began.elapsed().as_secs_f64() * 1e3);
}
