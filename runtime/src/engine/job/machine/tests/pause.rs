//! A job pauses at a step that failed.

use super::super::{Input, Resume, StepWork};
use super::sim::{Ends, If, Plan, Sim};
use crate::event::{Event, JobState, Reason};
use crate::executor::Signal;
use crate::id::StepId;

fn bad() -> Plan {
    Plan {
        ends: Ends::Badly,
        ..Plan::default()
    }
}

fn first() -> StepId {
    StepId::at(0)
}

/// A job that is under way, with a pause at its first step.
fn paused(steps: Vec<Plan>) -> Sim {
    let mut job = Sim::new(steps).pausing();
    job.begin();
    assert_eq!(job.machine.paused(), [first()], "{:?}", job.story());
    assert!(job.time_is_held && !job.done);
    job
}

fn mend(job: &mut Sim, step: &StepId) {
    job.plans.get_mut(step).unwrap().ends = Ends::Well;
}

#[test]
fn a_step_is_done_again_until_it_is_good() {
    let mut job = paused(vec![bad(), Plan::default()]);
    job.answer(&first(), Resume::Retry(None));
    assert!(job.time_is_held, "it failed again");
    mend(&mut job, &first());
    job.answer(&first(), Resume::Retry(None));
    job.ends_well();
    assert_eq!(
        job.story(),
        [
            "start 0",
            "0 paused",
            "0 retry",
            "start 0",
            "0 paused",
            "0 retry",
            "start 0",
            "0 success",
            "start 1",
            "1 success"
        ]
    );
    assert_eq!(job.state(), (JobState::Success, None));
}

#[test]
fn a_step_that_is_left_out_counts_as_skipped_and_the_others_go_on() {
    let mut job = paused(vec![bad(), Plan::default()]);
    job.answer(&first(), Resume::Skip);
    job.ends_well();
    assert_eq!(job.ends(), ["0 paused", "0 skip", "0 skipped", "1 success"]);
    assert!(job.has("forget") && job.has("publish 0 skipped"));
    assert_eq!(job.state(), (JobState::Success, None));
}

#[test]
fn an_end_leaves_what_would_have_been_without_a_pause() {
    let after = Plan {
        when: If::Failure,
        ..Plan::default()
    };
    let mut job = paused(vec![bad(), Plan::default(), after]);
    job.answer(&first(), Resume::End);
    job.ends_well();
    assert_eq!(
        job.ends(),
        ["0 paused", "0 end", "0 failure", "1 skipped", "2 success"]
    );
    assert_eq!(job.state(), (JobState::Failure, None));
}

#[test]
fn a_step_that_cannot_be_done_again_stays_paused_and_says_why() {
    let mut job = paused(vec![bad()]);
    job.answer(&first(), Resume::Refused(Reason::new("file", "it is not there")));
    assert_eq!(job.story(), ["start 0", "0 paused", "0 still paused"]);
    let why = job.saved.last();
    assert!(
        matches!(why, Some(Event::JobPaused { problem: Some(why), exit_code: Some(1), .. }) if why.code == "file"),
        "{why:?}"
    );
    assert!(job.time_is_held);
    job.answer(&first(), Resume::End);
    job.ends_well();
}

#[test]
fn a_cancel_ends_a_pause() {
    for force in [false, true] {
        let always = Plan {
            when: If::Always,
            ..Plan::default()
        };
        let mut job = paused(vec![bad(), always]);
        job.cancel(force);
        job.ends_well();
        assert_eq!(job.state(), (JobState::Cancelled, Some("cancelled")));
        let last = if force { "1 skipped" } else { "1 success" };
        assert_eq!(job.ends(), ["0 paused", "0 failure", last]);
        // Whoever answers now is too late.
        job.answer(&first(), Resume::Retry(None));
    }
}

#[test]
fn what_is_allowed_to_fail_or_does_not_count_pauses_nothing() {
    let lenient = Plan {
        lenient: true,
        ..bad()
    };
    let mut job = Sim::new(vec![lenient, Plan::default()]).pausing();
    job.begin();
    job.ends_well();
    assert_eq!(job.ends(), ["0 failure success", "1 success"]);
    // Nor without the wish for it.
    let job = Sim::new(vec![bad()]).run();
    assert_eq!(job.ends(), ["0 failure"]);
}

#[test]
fn a_step_that_has_no_value_pauses_too() {
    let broken = Plan {
        broken: true,
        ..Plan::default()
    };
    let mut job = paused(vec![broken, Plan::default()]);
    job.plans.get_mut(&first()).unwrap().broken = false;
    job.answer(&first(), Resume::Retry(None));
    job.ends_well();
    assert_eq!(job.ends(), ["0 paused", "0 retry", "0 success", "1 success"]);
}

#[test]
fn a_composite_action_pauses_as_a_whole_and_begins_with_its_first_step() {
    let outer = Plan {
        work: StepWork::Steps(Vec::new()),
        ..Plan::default()
    };
    let mut job = Sim::new(vec![outer, Plan::default()])
        .inner(0, vec![Plan::default(), bad()])
        .pausing();
    job.begin();
    assert_eq!(job.ends(), ["0.0 success", "0.1 failure", "0 paused"]);
    mend(&mut job, &first().inner(1));
    job.answer(&first(), Resume::Retry(None));
    job.ends_well();
    assert_eq!(
        job.ends()[3..],
        ["0 retry", "0.0 success", "0.1 success", "0 success", "1 success"]
    );
}

#[test]
fn others_go_on_while_a_background_step_is_paused_and_who_waits_for_it_waits() {
    let background = Plan {
        background: true,
        ..bad()
    };
    let wait = Plan {
        when: If::Always,
        work: StepWork::Wait(vec![first()]),
        ..Plan::default()
    };
    let mut job = Sim::new(vec![background, Plan::default(), wait, Plan::default()]).pausing();
    job.begin();
    assert_eq!(
        job.ends(),
        ["0 paused", "1 success"],
        "the wait goes on: {:?}",
        job.story()
    );
    mend(&mut job, &first());
    job.answer(&first(), Resume::Retry(None));
    job.ends_well();
    assert_eq!(
        job.ends()[2..],
        ["0 retry", "0 success", "2 success", "3 success"]
    );
    assert_eq!(job.state(), (JobState::Success, None));
}

#[test]
fn members_of_a_group_pause_each_and_the_group_does_not() {
    let group = Plan {
        work: StepWork::Parallel(Vec::new()),
        ..Plan::default()
    };
    let mut job = Sim::new(vec![group, Plan::default()])
        .inner(0, vec![bad(), bad(), Plan::default()])
        .pausing();
    job.begin();
    let (one, two) = (first().inner(0), first().inner(1));
    assert_eq!(job.machine.paused(), [one.clone(), two.clone()]);
    mend(&mut job, &one);
    job.answer(&one, Resume::Retry(None));
    assert!(job.time_is_held, "the other is still paused");
    job.answer(&two, Resume::End);
    job.ends_well();
    assert_eq!(job.state(), (JobState::Failure, None));
    assert_eq!(job.ends().last().map(String::as_str), Some("1 skipped"));
}

#[test]
fn what_is_left_of_the_attempt_before_does_not_touch_the_next_one() {
    let limited = Plan {
        ends: Ends::On(Signal::Interrupt),
        timeout: Some(std::time::Duration::from_secs(1)),
        ..Plan::default()
    };
    let mut job = Sim::new(vec![limited]).pausing();
    job.begin();
    job.tick();
    assert_eq!(job.machine.paused(), [first()], "over its time");
    job.answer(&first(), Resume::Retry(None));
    job.effects.clear();
    job.input(Input::StepTimeout(first(), 1));
    job.input(Input::Escalate(first(), 1));
    assert!(
        !job.has("Interrupt 0") && !job.has("Terminate 0"),
        "{:?}",
        job.effects
    );
    job.input(Sim::end(&first(), true));
    job.ends_well();
}

#[test]
fn what_actions_do_at_the_end_pauses_too() {
    let step = Plan {
        post: Some(If::Always),
        ..Plan::default()
    };
    let mut job = Sim::new(vec![step]).pausing();
    let (post, at_end) = (
        first().post(),
        Plan {
            when: If::Always,
            ..bad()
        },
    );
    job.plans.insert(post.clone(), at_end);
    job.begin();
    assert_eq!(job.ends(), ["0 success", "post-0 paused"]);
    mend(&mut job, &post);
    job.answer(&post, Resume::Retry(None));
    job.ends_well();
    assert_eq!(job.ends()[2..], ["post-0 retry", "post-0 success"]);
}
