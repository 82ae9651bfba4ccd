//! One run, killed right before and right after each write into its history, and once more while the next process goes on with
//! it: it ends as the one that nothing disturbed.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::executor::SimExecutor;
use super::journal::{SimJournal, Strike};
use super::world::SimWorld;
use super::{Deed, Simulation, Workflow, checks, in_memory, reported};
use crate::config::Keep;
use crate::event::{Event, JobState, OnCrash, Outputs, Recorded, RunState, SourceFile, StepState};
use crate::id::JobId;
use crate::logs::LogStore;
use crate::state::{EarlierAttempt, Run};

/// What the run does that is killed: outputs, a matrix, a service, a concurrency group, a retry, a called workflow, steps in
/// the background.
const REFERENCE: &str = "jobs:
  base: {outputs: {o: '${{ steps.s0.outputs.o }}'}, steps: [{id: s0, ON_LOST run: speak 200}, {ON_LOST run: good 100}]}
  grid: {needs: base, strategy: {max-parallel: 2, matrix: {v: [1, 2, 3]}}, steps: [{ON_LOST run: good 300}]}
  served: {needs: base, services: {db: {image: postgres}}, concurrency: one, steps: [{ON_LOST run: good 200}]}
  other: {concurrency: one, steps: [{ON_LOST run: good 400}]}
  tried: {retry: {max-attempts: 2}, continue-on-error: true, steps: [{run: fail 100}]}
  called: {needs: grid, uses: ./.github/workflows/called.yml}
  last: {needs: [called, served, tried], if: always(), steps: [{id: b, background: true, ON_LOST run: good 300}, {ON_LOST run: good 50}, {wait: b}]}
";

const CALLED: &str = "on: workflow_call
jobs:
  inner: {runs-on: ubuntu-latest, outputs: {o: '${{ steps.s0.outputs.o }}'}, steps: [{id: s0, ON_LOST run: speak 100}]}
  after: {runs-on: ubuntu-latest, needs: inner, steps: [{ON_LOST run: good 100}]}
";

/// Jobs that outlive their process: outputs and variables, a matrix, a failure, a condition, a time limit, a called workflow.
const LASTING: &str = "jobs:
  base: {outputs: {o: '${{ steps.s0.outputs.o }}', n: '${{ steps.s2.outcome }}'}, steps: [{id: s0, run: speak 200}, {run: good 100}, {id: s2, run: fail 50, continue-on-error: true}, {run: good 10}]}
  grid: {needs: base, strategy: {max-parallel: 2, matrix: {v: [1, 2, 3]}}, steps: [{run: good 300}, {run: speak 20}]}
  held: {concurrency: one, steps: [{run: good 200, timeout-minutes: 1}, {if: failure(), run: good 1}]}
  bad: {continue-on-error: true, steps: [{run: fail 100}, {run: good 1}, {if: always(), run: good 100}]}
  called: {needs: grid, uses: ./.github/workflows/called.yml}
  last: {needs: [called, held, bad], if: always(), steps: [{run: 'good 5'}]}
";

fn lasting(strikes: Vec<Strike>) -> Simulation {
    // Apart from the other sweeps and all seeds: actors of one process are named by it.
    let seed = 1_000_500;
    let world = SimWorld::new(seed);
    Simulation {
        executor: SimExecutor::steady(world.clone(), seed, true),
        journal: Arc::new(SimJournal::steady(world.clone(), strikes)),
        workflow: Workflow {
            text: LASTING.to_owned(),
            jobs: Vec::new(),
        },
        world,
        seed,
        ..simulation("", Vec::new())
    }
}

fn simulation(on_lost: &str, strikes: Vec<Strike>) -> Simulation {
    // Apart from the other sweep and all seeds: actors of one process are named by it.
    let seed = 1_000_000 + on_lost.len() as u64;
    let world = SimWorld::new(seed);
    Simulation {
        executor: SimExecutor::steady(world.clone(), seed, false),
        journal: Arc::new(SimJournal::steady(world.clone(), strikes)),
        workflow: Workflow {
            text: REFERENCE.replace("ON_LOST ", on_lost),
            jobs: Vec::new(),
        },
        called: vec![called(on_lost)],
        deeds: vec![(0, Deed::Start)],
        kills: Vec::new(),
        slots: None,
        parallel: 4,
        keep: Keep::Never,
        on_crash: OnCrash::Resume,
        world,
        seed,
    }
}

/// How a run ended: its state, and those of its jobs with what they gave.
type End = (RunState, BTreeMap<JobId, (JobState, Outputs)>);

fn end(events: &[Recorded]) -> Result<(Run, End), String> {
    let run = checks::makes_sense(events)?;
    let jobs = run.jobs.iter();
    let jobs = jobs.map(|(id, job)| (id.clone(), (job.state, job.outputs.clone())));
    let end = (run.state, jobs.collect());
    Ok((run, end))
}

/// Runs it to its end; its history, and how often it was written to.
fn history(on_lost: &str, strikes: Vec<Strike>, state: &Path) -> Result<(Vec<Recorded>, usize), String> {
    let simulation = simulation(on_lost, strikes);
    let ended = simulation.run(state);
    ended.map_err(|wrong| format!("{wrong}\n{}", reported(&simulation)))?;
    let mut histories = simulation.world.run(simulation.histories());
    Ok((
        histories.pop().unwrap_or_default(),
        simulation.journal.writes_done(),
    ))
}

/// Jobs that ran again though a step of theirs had begun; one says itself that it is tried again.
fn doubled(run: &Run) -> usize {
    let began = |attempt: &EarlierAttempt| attempt.steps.values().any(|step| step.started_at.is_some());
    let jobs = run.jobs.iter().filter(|(id, _)| id.0 != "tried");
    jobs.filter(|(_, job)| job.earlier.iter().any(began)).count()
}

/// All kills of one and two blows, for a run of so many writes.
fn blows(writes: usize) -> Vec<Vec<Strike>> {
    let sides = [true, false];
    let mut all = Vec::new();
    for at in 1..=writes {
        for before in sides {
            all.push(vec![Strike { at, before }]);
            // While the next process takes the run over, or right after that.
            let second = Strike {
                at: at + 1,
                before: at % 2 == 0,
            };
            all.push(vec![Strike { at, before }, second]);
        }
    }
    all
}

fn sweep(on_lost: &str, mut check: impl FnMut(&End, &Run, &End) -> Result<(), String>) {
    let directory = in_memory();
    let state = directory.path().join("state");
    let (events, writes) = history(on_lost, Vec::new(), &state).unwrap_or_else(|wrong| panic!("{wrong}"));
    let (_, undisturbed) = end(&events).unwrap();
    assert_eq!(undisturbed.0, RunState::Success, "{undisturbed:?}");
    let (mut tried, mut resumed, mut lost, mut twice) = (0, 0, 0, 0);
    for strikes in blows(writes) {
        let said = format!("{strikes:?}");
        tried += 1;
        let never_begun = strikes
            .first()
            .is_some_and(|strike| strike.at == 1 && strike.before);
        let ended = history(on_lost, strikes, &state).and_then(|(events, _)| {
            if never_begun && events.is_empty() {
                return Ok(());
            }
            let (run, now) = end(&events)?;
            check(&undisturbed, &run, &now)?;
            resumed += run.resumed_at.len();
            lost += run
                .jobs
                .values()
                .filter(|job| job.state == JobState::Lost)
                .count();
            twice += doubled(&run);
            let ends = events
                .iter()
                .filter(|event| matches!(event.event, Event::RunFinished { .. }));
            (ends.count() == 1)
                .then_some(())
                .ok_or_else(|| "it ends twice".to_owned())
        });
        if let Err(wrong) = ended {
            panic!("killed at {said}: {wrong}");
        }
    }
    println!(
        "{tried} kills of a run of {writes} writes: {resumed} resumed, {lost} jobs lost, {twice} ran again"
    );
}

#[test]
fn a_run_whose_steps_may_run_again_ends_the_same_wherever_it_is_killed() {
    sweep("on-lost: retry, ", |undisturbed, _, now| {
        let mut now = now.clone();
        if let Some((state @ JobState::Lost, _)) = now.1.get_mut(&JobId("tried".into())) {
            // Killed at its last try: its own `retry` leaves it no other.
            *state = JobState::Failure;
        }
        (now == *undisturbed)
            .then_some(())
            .ok_or_else(|| format!("it ended as {now:?}"))
    });
}

/// What the logs of a run's jobs say, by job.
fn logs_of(run: &Run, state: &Path) -> BTreeMap<JobId, Vec<String>> {
    let logs = LogStore::new(state.join("logs"));
    let of = |(id, job): (&JobId, &crate::state::Job)| {
        let window = logs
            .open(&run.id, id, job.attempt)
            .unwrap()
            .window(1, 1000)
            .unwrap();
        let lines = window.lines.iter();
        let shown = lines.map(|line| format!("{:?} {}", line.step.as_ref().map(|step| &step.0), line.text));
        (id.clone(), shown.collect())
    };
    run.jobs.iter().map(of).collect()
}

#[test]
fn a_run_whose_places_last_is_gone_on_with_where_it_was_wherever_it_is_killed() {
    let directory = in_memory();
    let state = directory.path().join("state");
    let once = |strikes: Vec<Strike>| {
        let simulation = lasting(strikes);
        let ended = simulation.run(&state);
        ended.map_err(|wrong| format!("{wrong}\n{}", reported(&simulation)))?;
        let mut histories = simulation.world.run(simulation.histories());
        let writes = simulation.journal.writes_done();
        let Some(events) = histories.pop() else {
            return Ok(None);
        };
        let (run, now) = end(&events)?;
        let logs = logs_of(&run, &state);
        Ok::<_, String>(Some((run, now, logs, writes, simulation.executor.attached())))
    };
    let undisturbed = once(Vec::new()).unwrap().unwrap();
    assert_eq!((undisturbed.1.0, undisturbed.4), (RunState::Success, 0));
    let (mut tried, mut resumed, mut attached) = (0, 0, 0);
    for strikes in blows(undisturbed.3) {
        let said = format!("{strikes:?}");
        tried += 1;
        let ended = once(strikes).and_then(|ended| {
            // It was killed before there was a run.
            let Some((run, now, logs, _, places)) = ended else {
                return Ok(());
            };
            (resumed, attached) = (resumed + run.resumed_at.len(), attached + places);
            let lost = run
                .jobs
                .values()
                .flat_map(|job| job.steps.values())
                .any(|step| step.state == StepState::Lost);
            // Jobs in which nothing had begun begin anew, and logs of theirs with them.
            let again = |id: &JobId| run.jobs.get(id).is_some_and(|job| !job.earlier.is_empty());
            let said: Vec<_> = logs
                .iter()
                .filter(|(id, lines)| !again(id) && undisturbed.2.get(*id) != Some(*lines))
                .collect();
            match () {
                () if lost || doubled(&run) > 0 => Err("a step is lost or ran again".to_owned()),
                () if now != undisturbed.1 => Err(format!("it ended as {now:?}")),
                () if !said.is_empty() => Err(format!("its logs say {said:?}")),
                () => Ok(()),
            }
        });
        if let Err(wrong) = ended {
            panic!("killed at {said}: {wrong}");
        }
    }
    println!("{tried} kills of a run whose places last: {resumed} resumed, {attached} jobs gone on with");
    assert!(attached > 0);
}

#[test]
fn without_leave_no_step_runs_twice_and_only_what_was_under_way_is_lost() {
    sweep("", |undisturbed, run, now| {
        if doubled(run) > 0 {
            return Err("a step that had begun ran again".to_owned());
        }
        for (id, end) in &now.1 {
            let around = run.jobs.get(id).and_then(|job| job.parent.as_ref());
            let mut others = run.ancestors(id).into_iter().chain(around).chain([id]);
            let excused = others.any(|other| has_lost(run, other));
            if undisturbed.1.get(id) != Some(end) && !excused {
                return Err(format!(
                    "{id} ended as {end:?}, and nothing that it needs was lost"
                ));
            }
        }
        Ok(())
    });
}

/// Whether a job was lost, or one that it brought.
fn has_lost(run: &Run, id: &JobId) -> bool {
    let own = run
        .jobs
        .iter()
        .filter(|(known, job)| *known == id || job.parent.as_ref() == Some(id));
    own.into_iter().any(|(_, job)| job.state == JobState::Lost)
}

/// The workflow that the reference run calls.
fn called(on_lost: &str) -> SourceFile {
    SourceFile {
        name: "./.github/workflows/called.yml".into(),
        of_loom: true,
        sha256: String::new(),
        text: CALLED.replace("ON_LOST ", on_lost),
        commit: None,
    }
}
