//! A job that goes on with a place of a process that is gone.

use super::super::{Input, Opened, Standstill, Trouble};
use super::sim::{Ends, If, Plan, Sim};
use crate::event::{Event, JobState, StepState};
use crate::executor::Signal;
use crate::id::StepId;

fn good() -> Plan {
    Plan::default()
}

fn plan(when: If, ends: Ends) -> Plan {
    Plan {
        when,
        ends,
        ..Plan::default()
    }
}

/// So far: these steps have ended, and one runs.
fn after(ended: &[StepState], running: Option<usize>) -> Standstill {
    Standstill {
        ended: (0..)
            .map(StepId::at)
            .zip(ended)
            .map(|(id, state)| (id, *state, *state))
            .collect(),
        running: running.map(StepId::at),
    }
}

#[test]
fn the_step_that_runs_goes_on_and_the_next_ones_follow() {
    let plans = vec![good(), good(), good()];
    let job = Sim::attached(plans, after(&[StepState::Success], Some(1))).run();
    assert_eq!(job.story(), ["1 success", "start 2", "2 success"]);
    let begins = |event: &Event| matches!(event, Event::JobStarting { .. } | Event::JobStarted { .. });
    assert!(!job.saved.iter().any(begins), "it has begun long ago");
    assert_eq!(job.state().0, JobState::Success);
}

#[test]
fn between_two_steps_the_next_one_begins_as_if_nothing_had_been() {
    let plans = vec![
        plan(If::Success, Ends::Badly),
        good(),
        plan(If::Failure, Ends::Well),
    ];
    let job = Sim::attached(plans, after(&[StepState::Failure], None)).run();
    assert_eq!(job.story(), ["1 skipped", "start 2", "2 success"]);
    assert_eq!(job.state().0, JobState::Failure);
    // All have ended, and nobody wrote down that the job has.
    let job = Sim::attached(vec![good()], after(&[StepState::Success], None)).run();
    assert_eq!((job.story().len(), job.state().0), (0, JobState::Success));
}

#[test]
fn a_step_whose_place_is_gone_is_lost_with_its_job() {
    let mut job = Sim::attached(vec![good(), good()], after(&[], Some(0)));
    job.opening = Err(Trouble::machine("owner-died", "gone"));
    let job = job.run();
    assert_eq!(
        (job.story(), job.state().0),
        (vec!["0 lost".to_owned()], JobState::Lost)
    );
}

#[test]
fn a_step_that_is_another_one_now_is_lost() {
    // What its `if` looks at is not what it was.
    let plans = vec![plan(If::Failure, Ends::Well), good()];
    let job = Sim::attached(plans, after(&[], Some(0))).run();
    assert_eq!(
        (job.story(), job.state().0),
        (vec!["0 lost".to_owned()], JobState::Lost)
    );
    assert!(!job.effects.contains(&"work 0".to_owned()));
}

#[test]
fn a_cancel_reaches_the_step_that_runs_whenever_it_comes() {
    for feeds in 0..4 {
        let plans = vec![
            plan(If::Success, Ends::On(Signal::Interrupt)),
            good(),
            plan(If::Always, Ends::Well),
        ];
        let mut job = Sim::attached(plans, after(&[], Some(0)));
        job.pending.push_back(Input::Begin);
        for _ in 0..feeds {
            let next = job.pending.pop_front();
            next.into_iter().for_each(|input| job.feed(input));
        }
        job.cancel(false);
        assert_eq!(
            job.story(),
            ["0 cancelled", "1 skipped", "start 2", "2 success"],
            "after {feeds} inputs"
        );
        assert_eq!(job.state().0, JobState::Cancelled);
    }
}

#[test]
fn a_time_that_is_over_ends_the_job_once_its_step_is_known() {
    let mut job = Sim::attached(
        vec![plan(If::Success, Ends::On(Signal::Interrupt))],
        after(&[], Some(0)),
    );
    job.feed(Input::Begin);
    job.feed(Input::JobTimeout);
    job.pending.clear();
    job.input(Input::Opened(Ok(Opened::default())));
    assert_eq!(
        (job.story(), job.state().0),
        (vec!["0 cancelled".to_owned()], JobState::Cancelled)
    );
}
