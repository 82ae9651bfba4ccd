//! Whole workflows with faults from seeds: every run ends, its history makes sense, nothing is left.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::fakes::Bench;
use super::system;
use crate::event::{Event, JobState, Recorded, RunState, Seq, StepState};
use crate::id::{JobId, StepId};
use crate::journal::{Journal, MemoryJournal};
use crate::state::Run;
use crate::world::SystemWorld;

/// Chance from a seed (xorshift).
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % end.max(1)
    }

    fn one_in(&mut self, many: usize) -> bool {
        self.below(many) == 0
    }

    fn of<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[self.below(all.len())]
    }
}

/// A step; `waits` if some may go on until they are told to end.
fn step(chance: &mut Chance, waits: bool) -> String {
    let act = match chance.below(20) {
        0..4 => "fail",
        4 => "lose",
        5 => "panic",
        6..9 if waits => "wait",
        9 if waits => "deaf",
        _ => "good",
    };
    let condition = chance.of(&[
        "",
        "",
        "",
        "if: always(), ",
        "if: failure(), ",
        "if: cancelled(), ",
    ]);
    let lenient = chance.of(&["", "", "", "continue-on-error: true, "]);
    let retry = chance.of(&["", "", "", "", "retry: {max-attempts: 3}, "]);
    format!("{{{condition}{lenient}{retry}run: {act}}}")
}

fn steps(chance: &mut Chance, waits: bool) -> String {
    let mut all = Vec::new();
    for index in 0..=chance.below(4) {
        let one = step(chance, waits);
        match chance.below(6) {
            0 => {
                let inner = one.trim_start_matches('{');
                all.push(format!("{{id: s{index}, background: true, {inner}"));
                match chance.below(4) {
                    0 => all.push(format!("{{wait: s{index}}}")),
                    1 => all.push(format!("{{cancel: s{index}}}")),
                    2 => all.push("{wait-all: true}".to_owned()),
                    _ => {}
                }
            }
            1 => all.push(format!("{{parallel: [{one}, {}]}}", step(chance, waits))),
            _ => all.push(one),
        }
    }
    all.join(", ")
}

fn workflow(chance: &mut Chance, waits: bool) -> String {
    let mut names: Vec<String> = Vec::new();
    let mut jobs = Vec::new();
    for index in 0..=chance.below(5) {
        let name = match chance.below(25) {
            0 => format!("no-image-{index}"),
            1 => format!("no-room-{index}"),
            2 => format!("panic-{index}"),
            _ => format!("job-{index}"),
        };
        let needs: Vec<&str> = names
            .iter()
            .filter(|_| chance.one_in(3))
            .map(String::as_str)
            .collect();
        let needs = format!("needs: [{}], ", needs.join(", "));
        let condition = chance.of(&["", "", "", "if: always(), ", "if: failure(), "]);
        let lenient = chance.of(&["", "", "", "", "continue-on-error: true, "]);
        let matrix = chance.of(&[
            "",
            "",
            "strategy: {matrix: {v: [1, 2, 3]}}, ",
            "strategy: {fail-fast: false, max-parallel: 1, matrix: {v: [1, 2]}}, ",
        ]);
        let retry = chance.of(&["", "", "", "retry: {max-attempts: 2}, "]);
        let outputs = chance.of(&["", "outputs: {o: x}, "]);
        let steps = steps(chance, waits);
        jobs.push(format!(
            "  {name}: {{{needs}{condition}{lenient}{matrix}{retry}{outputs}steps: [{steps}]}}\n"
        ));
        names.push(name);
    }
    format!("jobs:\n{}", jobs.concat())
}

/// What holds of every history that has ended.
fn makes_sense(seed: u64, text: &str, events: &[Recorded]) {
    let context = || format!("seed {seed}\n{text}\n{events:#?}");
    let mut ended: BTreeMap<JobId, JobState> = BTreeMap::new();
    let mut steps: BTreeMap<(JobId, StepId), bool> = BTreeMap::new();
    let mut opened: BTreeMap<JobId, u32> = BTreeMap::new();
    for (index, recorded) in events.iter().enumerate() {
        assert_eq!(recorded.seq, Seq(index as u64 + 1), "{}", context());
        if let Some(job) = recorded.event.job() {
            assert!(
                !ended.contains_key(job),
                "{job} goes on after its end\n{}",
                context()
            );
        }
        match &recorded.event {
            Event::JobStarting { job, attempt, .. } => {
                assert_eq!(
                    opened.insert(job.clone(), *attempt).unwrap_or(0) + 1,
                    *attempt,
                    "{}",
                    context()
                );
            }
            Event::JobRetrying { job, .. } => steps.retain(|(of, _), _| of != job),
            Event::JobFinished { job, state, .. } => {
                ended.insert(job.clone(), *state);
            }
            Event::StepStarted { job, step, .. } => {
                let twice = steps.insert((job.clone(), step.clone()), false);
                assert!(twice.is_none(), "{job} {step} starts twice\n{}", context());
            }
            Event::StepRetrying { job, step, .. } => {
                let before = steps.remove(&(job.clone(), step.clone()));
                assert_eq!(before, Some(false), "{job} {step}\n{}", context());
            }
            Event::StepFinished {
                job, step, outcome, ..
            } => {
                let before = steps.insert((job.clone(), step.clone()), true);
                assert!(before != Some(true), "{job} {step} ends twice\n{}", context());
                assert!(
                    before.is_some() || *outcome != StepState::Success,
                    "{}",
                    context()
                );
            }
            _ => {}
        }
    }
    let ends = events
        .iter()
        .filter(|recorded| matches!(recorded.event, Event::RunFinished { .. }))
        .count();
    assert_eq!(ends, 1, "{}", context());
    assert!(
        matches!(events.last().unwrap().event, Event::RunFinished { .. }),
        "{}",
        context()
    );
    let open: Vec<_> = steps.iter().filter(|(_, ended)| !**ended).collect();
    assert!(open.is_empty(), "steps without an end: {open:?}\n{}", context());
    let run = Run::replay(events).unwrap().unwrap();
    for (id, job) in &run.jobs {
        assert_eq!(ended.get(id), Some(&job.state), "{id}\n{}", context());
    }
    if run.state == RunState::Success {
        let lost = |state: &JobState| *state == JobState::Lost;
        let hidden = run.jobs.values().any(|job| job.continues_on_error());
        assert!(hidden || !ended.values().any(lost), "{}", context());
    }
}

#[test]
fn every_run_ends_and_leaves_nothing_whatever_fails_in_it() {
    const SEEDS: u64 = 150;
    system(async {
        let world = Arc::new(SystemWorld);
        let bench = Bench::with(world.clone(), |_| (MemoryJournal::new(world), "i".to_owned()));
        for seed in 1..=SEEDS {
            let mut chance = Chance(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
            let waits = chance.one_in(3);
            let text = workflow(&mut chance, waits);
            let handle = bench.run(&text).await;
            let id = handle.id().clone();
            let mut end = std::pin::pin!(handle.finished());
            let mut cancels = if waits { 10 } else { chance.below(3) };
            let outcome = loop {
                let moment = Duration::from_micros(200 * chance.below(40) as u64);
                tokio::select! {
                    outcome = &mut end => break outcome,
                    () = tokio::time::sleep(moment), if cancels > 0 => {
                        cancels -= 1;
                        bench.engine.cancel(&id, "test").await.unwrap();
                    }
                    () = tokio::time::sleep(Duration::from_secs(30)) => {
                        let events = bench.journal.read(&id, Seq(0), usize::MAX).await.unwrap();
                        panic!("seed {seed} does not end\n{text}\n{events:#?}");
                    }
                }
            };
            assert_eq!(outcome.problem, None, "seed {seed}\n{text}");
            let events = bench.journal.read(&id, Seq(0), usize::MAX).await.unwrap();
            makes_sense(seed, &text, &events);
            let held = bench.held();
            assert!(
                held.is_empty(),
                "seed {seed} leaves {held:?}\n{text}\n{events:#?}"
            );
        }
    });
}
