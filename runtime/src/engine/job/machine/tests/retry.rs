//! Steps that fail are tried again.

use super::super::{Input, StepWork};
use super::retries;
use super::sim::{Ends, If, Plan, Sim};
use crate::event::{JobState, StepState};
use crate::executor::Signal;
use crate::id::StepId;

fn flaky(attempts: u32, well_at: u32) -> Plan {
    Plan {
        ends: Ends::Badly,
        retry: Some(retries(attempts)),
        well_at: Some(well_at),
        ..Plan::default()
    }
}

/// Plays a job to its end, timers in order.
fn play(mut job: Sim) -> Sim {
    job.begin();
    while !job.done {
        job.tick();
    }
    job.ends_well();
    job
}

#[test]
fn a_step_is_tried_until_it_succeeds_or_all_attempts_are_used_up() {
    let job = play(Sim::new(vec![flaky(3, 2), Plan::default()]));
    assert_eq!(
        job.story(),
        [
            "start 0",
            "0 again",
            "start 0",
            "0 success",
            "start 1",
            "1 success"
        ]
    );
    assert!(job.has("retry 0 2 of 3"));
    assert_eq!(job.state(), (JobState::Success, None));

    let job = play(Sim::new(vec![flaky(3, 9), Plan::default()]));
    assert_eq!(job.ends(), ["0 again", "0 again", "0 failure", "1 skipped"]);
    assert_eq!(job.state(), (JobState::Failure, None));
}

#[test]
fn the_last_attempt_counts_for_continue_on_error_and_what_is_done_at_the_end_is_done_once() {
    let step = Plan {
        lenient: true,
        post: Some(If::Always),
        ..flaky(2, 9)
    };
    let job = play(Sim::new(vec![step, Plan::default()]));
    assert_eq!(
        job.ends(),
        ["0 again", "0 failure success", "1 success", "post-0 success"]
    );
    assert_eq!(job.state(), (JobState::Success, None));
}

#[test]
fn the_steps_of_a_composite_action_begin_anew() {
    let outer = Plan {
        work: StepWork::Steps(Vec::new()),
        retry: Some(retries(2)),
        ..Plan::default()
    };
    let inner = Plan {
        ends: Ends::Badly,
        ..Plan::default()
    };
    let job = play(Sim::new(vec![outer]).inner(0, vec![Plan::default(), inner]));
    assert_eq!(
        job.ends(),
        [
            "0.0 success",
            "0.1 failure",
            "0 again",
            "0.0 success",
            "0.1 failure",
            "0 failure"
        ]
    );
}

#[test]
fn a_background_step_is_waited_for_to_its_last_attempt() {
    let step = Plan {
        background: true,
        ..flaky(2, 2)
    };
    let wait = Plan {
        when: If::Always,
        work: StepWork::Wait(vec![StepId::at(0)]),
        ..Plan::default()
    };
    let job = play(Sim::new(vec![step, wait]));
    assert_eq!(job.ends(), ["0 again", "0 success", "1 success"]);
}

#[test]
fn a_cancel_cuts_the_wait_for_an_attempt() {
    for (when, force) in [(If::Success, false), (If::Always, false), (If::Success, true)] {
        let step = Plan { when, ..flaky(5, 9) };
        let mut job = Sim::new(vec![step]);
        job.begin();
        assert_eq!(job.story(), ["start 0", "0 again"]);
        job.cancel(force);
        job.ends_well();
        assert_eq!(job.ends(), ["0 again", "0 cancelled"]);
        assert_eq!(job.state(), (JobState::Cancelled, Some("cancelled")));
        // The timer of the wait comes too late.
        job.tick();
    }
}

#[test]
fn each_attempt_has_its_own_time_and_its_own_signals() {
    let step = Plan {
        ends: Ends::On(Signal::Interrupt),
        timeout: Some(std::time::Duration::from_secs(1)),
        retry: Some(retries(2)),
        ..Plan::default()
    };
    let mut job = Sim::new(vec![step]);
    job.begin();
    job.tick();
    assert_eq!(job.ends(), ["0 again"]);
    // What is left of the first attempt's time and signals, and the wait.
    job.input(Input::TryAgain(StepId::at(0), 2));
    job.effects.clear();
    job.input(Input::StepTimeout(StepId::at(0), 1));
    job.input(Input::Escalate(StepId::at(0), 1));
    assert!(!job.has("Interrupt 0") && !job.has("Terminate 0"));
    job.input(Input::StepTimeout(StepId::at(0), 2));
    job.ends_well();
    assert_eq!(job.ends(), ["0 again", &format!("0 {}", StepState::Failure)]);
}
