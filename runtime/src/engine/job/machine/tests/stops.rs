//! Cancels, times that are over, and what does not want to end.

use std::time::Duration;

use super::super::{Input, StepWork, WorkEnd};
use super::sim::{Ends, If, Plan, Sim};
use crate::event::{JobState, Reason};
use crate::executor::Signal;
use crate::id::StepId;

fn runs(ends: Ends) -> Plan {
    Plan {
        ends,
        ..Plan::default()
    }
}

fn heeds(signal: Signal) -> Plan {
    runs(Ends::On(signal))
}

fn when(when: If, ends: Ends) -> Plan {
    Plan {
        when,
        ends,
        ..Plan::default()
    }
}

fn background(ends: Ends) -> Plan {
    Plan {
        background: true,
        ..runs(ends)
    }
}

fn cancel(target: usize) -> Plan {
    Plan {
        when: If::Always,
        work: StepWork::Cancel(StepId::at(target)),
        ..Plan::default()
    }
}

fn wait(target: usize) -> Plan {
    Plan {
        when: If::Always,
        work: StepWork::Wait(vec![StepId::at(target)]),
        ..Plan::default()
    }
}

fn limited(plan: Plan) -> Plan {
    Plan {
        timeout: Some(Duration::from_secs(1)),
        ..plan
    }
}

fn steps_of_its_own() -> Plan {
    Plan {
        work: StepWork::Steps(Vec::new()),
        ..Plan::default()
    }
}

#[test]
fn a_cancelled_step_is_asked_then_told_then_killed_then_given_up() {
    for (plan, ticks, state) in [
        (
            heeds(Signal::Interrupt),
            0,
            (JobState::Cancelled, Some("cancelled")),
        ),
        (
            heeds(Signal::Terminate),
            1,
            (JobState::Cancelled, Some("cancelled")),
        ),
        (heeds(Signal::Kill), 2, (JobState::Cancelled, Some("cancelled"))),
        (runs(Ends::Never), 3, (JobState::Lost, Some("session-lost"))),
    ] {
        let mut job = Sim::new(vec![plan, Plan::default()]);
        job.begin().cancel(false);
        job.timers.retain(|timer| !matches!(timer, Input::CancelTimeout));
        for _ in 0..ticks {
            assert!(!job.done);
            job.timers.retain(|timer| matches!(timer, Input::Escalate(..)));
            job.tick();
        }
        job.ends_well();
        assert_eq!(job.state(), state);
        assert!(!job.has("work 1"));
    }
}

#[test]
fn a_job_that_was_told_to_end_does_not_run_again_though_it_is_lost() {
    type End = fn(&mut Sim);
    let ends: [End; 2] = [
        |job| {
            job.cancel(false);
        },
        |job| {
            job.input(Input::JobTimeout);
        },
    ];
    for end in ends {
        let mut job = Sim::new(vec![runs(Ends::Never)]);
        job.begin();
        assert!(job.machine.may_run_again());
        end(&mut job);
        job.timers.retain(|timer| !matches!(timer, Input::CancelTimeout));
        for _ in 0..3 {
            job.timers.retain(|timer| matches!(timer, Input::Escalate(..)));
            job.tick();
        }
        job.ends_well();
        assert_eq!(job.state(), (JobState::Lost, Some("session-lost")));
        assert!(!job.machine.may_run_again());
    }
    let lost = Sim::new(vec![runs(Ends::Lost)]).run();
    assert!(lost.machine.may_run_again());
}

#[test]
fn a_place_that_was_made_ahead_is_taken_and_closed_though_the_job_is_cancelled_first() {
    let why = || Reason::new("cancelled", "by somebody");
    for is_there in [true, false] {
        for before in [true, false] {
            let mut job = Sim::new(vec![Plan::default()]).ahead(is_there);
            let cancel = Input::Cancel {
                why: why(),
                force: false,
            };
            if before {
                job.feed(cancel.clone());
            }
            job.feed(Input::Begin);
            // Between the intent and what follows from it.
            job.feed(cancel);
            job.settle();
            job.ends_well();
            assert_eq!((job.opens, job.closes), (1, 1), "{is_there} {before}");
            assert_eq!(job.state().0, JobState::Cancelled);
        }
    }
}

#[test]
fn a_step_that_the_machine_keeps_from_being_judged_is_lost_and_not_a_failure() {
    let unknown = Plan {
        unknown: true,
        lenient: true,
        ..Plan::default()
    };
    let job = Sim::new(vec![unknown, when(If::Always, Ends::Well)]).run();
    assert_eq!(job.ends(), ["0 lost"]);
    assert_eq!(job.state(), (JobState::Lost, Some("unreachable")));
}

#[test]
fn a_cancelled_job_goes_on_with_what_wants_that() {
    let mut job = Sim::new(vec![
        heeds(Signal::Interrupt),
        Plan::default(),
        when(If::Cancelled, Ends::Well),
        when(If::Always, Ends::Badly),
        when(If::Failure, Ends::Well),
        when(If::NotCancelled, Ends::Well),
    ]);
    job.begin().cancel(false);
    job.ends_well();
    assert_eq!(
        job.ends(),
        [
            "0 cancelled",
            "1 skipped",
            "2 success",
            "3 failure",
            "4 skipped",
            "5 skipped"
        ]
    );
    assert_eq!(job.state(), (JobState::Cancelled, Some("cancelled")));
}

#[test]
fn no_background_step_begins_once_the_job_is_cancelled() {
    let always = Plan {
        when: If::Always,
        ..background(Ends::Well)
    };
    let mut job = Sim::new(vec![
        heeds(Signal::Interrupt),
        always,
        when(If::Always, Ends::Well),
    ]);
    job.begin().cancel(false);
    job.ends_well();
    assert_eq!(job.ends(), ["0 cancelled", "1 cancelled", "2 success"]);
    assert_eq!(job.state(), (JobState::Cancelled, Some("cancelled")));
}

#[test]
fn a_step_whose_condition_still_holds_goes_on_though_the_job_is_cancelled() {
    let mut job = Sim::new(vec![
        when(If::Always, Ends::On(Signal::Interrupt)),
        Plan::default(),
    ]);
    job.begin().cancel(false);
    assert!(job.has("ask-again 0") && !job.has("Interrupt 0"));
    job.input(Sim::end(&StepId::at(0), true));
    job.ends_well();
    assert_eq!(job.ends(), ["0 success", "1 skipped"]);
    assert_eq!(job.state().0, JobState::Cancelled);
}

#[test]
fn what_holds_on_has_no_more_time_once_the_cancels_time_is_over_or_it_is_forced() {
    for forced in [false, true] {
        let post = Plan {
            post: Some(If::Always),
            ..Plan::default()
        };
        let mut job = Sim::new(vec![
            post,
            when(If::Always, Ends::On(Signal::Kill)),
            when(If::Always, Ends::Well),
        ]);
        job.begin().cancel(false);
        assert!(!job.done && !job.has("Interrupt 1"));
        if forced {
            job.cancel(true);
        } else {
            job.input(Input::CancelTimeout);
        }
        job.ends_well();
        assert!(job.has("Kill 1"));
        assert!(
            !job.has("work 2") && !job.has("work post-0"),
            "nothing begins any more"
        );
        assert_eq!(job.state().0, JobState::Cancelled);
    }
}

#[test]
fn a_second_cancel_kills_at_once() {
    let mut job = Sim::new(vec![heeds(Signal::Kill)]);
    job.begin().cancel(false);
    assert!(!job.done);
    job.cancel(true);
    job.ends_well();
    assert_eq!(job.state(), (JobState::Cancelled, Some("cancelled")));
}

#[test]
fn a_timeout_of_the_job_is_a_cancel_of_the_job() {
    let mut job = Sim::new(vec![heeds(Signal::Interrupt), when(If::Cancelled, Ends::Well)]);
    job.begin().input(Input::JobTimeout);
    job.ends_well();
    assert_eq!(job.ends(), ["0 cancelled", "1 success"]);
    assert_eq!(job.state(), (JobState::Cancelled, Some("timeout")));
}

#[test]
fn a_step_over_its_time_has_failed() {
    let mut job = Sim::new(vec![
        limited(heeds(Signal::Interrupt)),
        when(If::Failure, Ends::Well),
    ]);
    job.begin().tick();
    job.ends_well();
    assert_eq!(job.ends(), ["0 failure", "1 success"]);
    assert_eq!(job.state(), (JobState::Failure, None));
    // With `continue-on-error` the job is good.
    let plan = Plan {
        lenient: true,
        ..limited(heeds(Signal::Interrupt))
    };
    let mut job = Sim::new(vec![plan]);
    job.begin().tick();
    assert_eq!(job.state(), (JobState::Success, None));
    // A late timer hits no later step.
    let mut job = Sim::new(vec![limited(runs(Ends::Well)), heeds(Signal::Interrupt)]);
    job.begin();
    job.effects.clear();
    job.input(Input::StepTimeout(StepId::at(0), 1))
        .input(Input::Escalate(StepId::at(0), 1));
    assert!(job.effects.is_empty());
}

#[test]
fn one_that_had_ended_before_it_was_asked_to_has_ended_as_it_did() {
    let mut job = Sim::new(vec![runs(Ends::Never)]);
    job.begin().cancel(false);
    let end = WorkEnd {
        success: true,
        by_itself: true,
        ..WorkEnd::default()
    };
    job.input(Input::Ended(StepId::at(0), Box::new(Ok(end))));
    assert_eq!(job.ends(), ["0 success"]);
    assert_eq!(job.state().0, JobState::Cancelled);
}

#[test]
fn a_cancel_before_the_job_begins_makes_nothing() {
    let mut job = Sim::new(vec![Plan::default()]);
    job.cancel(false).begin();
    job.ends_well();
    assert_eq!((job.opens, job.saved.len()), (0, 1));
    assert_eq!(job.state(), (JobState::Cancelled, Some("cancelled")));
}

#[test]
fn a_cancel_while_the_intent_is_saved_opens_nothing() {
    let mut job = Sim::new(vec![Plan::default()]);
    job.feed(Input::Begin);
    let why = Reason::new("cancelled", "by somebody");
    job.feed(Input::Cancel { why, force: false });
    job.settle();
    job.ends_well();
    assert_eq!(job.opens, 0);
    assert_eq!(job.state(), (JobState::Cancelled, Some("cancelled")));
}

#[test]
fn a_cancel_while_opening_abandons_it_and_closes_what_was_ready_in_that_moment() {
    for ready in [true, false] {
        let mut job = Sim::new(vec![Plan::default()]);
        job.feed(Input::Begin);
        job.feed(Input::Saved(1));
        job.pending.clear();
        let why = Reason::new("cancelled", "by somebody");
        job.feed(Input::Cancel { why, force: false });
        assert!(job.has("abandon-opening") && !job.has("close"));
        let opened = if ready {
            Ok(super::super::Opened::default())
        } else {
            Err(super::super::Trouble::machine("cancelled", "not wanted"))
        };
        job.input(Input::Opened(opened));
        job.ends_well();
        assert_eq!(job.closes, usize::from(ready));
        assert_eq!(job.state(), (JobState::Cancelled, Some("cancelled")));
    }
}

#[test]
fn a_cancel_while_a_start_is_saved_runs_nothing() {
    let mut job = Sim::new(vec![Plan::default()]);
    job.feed(Input::Begin);
    job.feed(Input::Saved(1));
    let opened = job.pending.pop_back().unwrap();
    job.pending.clear();
    job.feed(opened);
    let judged = job.pending.pop_back().unwrap();
    job.feed(judged);
    let saved = job.pending.pop_back().unwrap();
    let why = Reason::new("cancelled", "by somebody");
    job.feed(Input::Cancel { why, force: false });
    let asked = job.pending.pop_back().unwrap();
    job.feed(asked);
    job.feed(saved);
    job.settle();
    job.ends_well();
    assert!(!job.has("work 0"));
    assert_eq!(job.ends(), ["0 cancelled"]);
}

#[test]
fn a_cancel_while_a_step_is_judged_judges_it_again() {
    let mut job = Sim::new(vec![Plan::default(), when(If::Always, Ends::Well)]);
    job.feed(Input::Begin);
    job.feed(Input::Saved(1));
    let opened = job.pending.pop_back().unwrap();
    job.pending.clear();
    job.feed(opened);
    let why = Reason::new("cancelled", "by somebody");
    job.feed(Input::Cancel { why, force: false });
    job.settle();
    job.ends_well();
    assert_eq!(job.ends(), ["0 skipped", "1 success"]);
}

#[test]
fn a_cancel_when_the_steps_are_done_changes_nothing() {
    let mut job = Sim::of(vec![Plan::default()], false, true);
    job.begin();
    assert!(job.done);
    let mut job = Sim::of(vec![Plan::default()], false, true);
    job.feed(Input::Begin);
    while !job.has("conclude success") {
        let input = job.pending.pop_front().unwrap();
        job.feed(input);
    }
    job.cancel(false);
    job.cancel(true);
    job.ends_well();
    assert_eq!(job.state(), (JobState::Success, None));
}

#[test]
fn a_composite_action_is_stopped_with_what_it_runs() {
    let mut job = Sim::new(vec![steps_of_its_own(), Plan::default()])
        .inner(0, vec![heeds(Signal::Interrupt), Plan::default()]);
    job.begin().cancel(false);
    job.ends_well();
    assert_eq!(
        job.ends(),
        ["0.0 cancelled", "0.1 skipped", "0 cancelled", "1 skipped"]
    );
    // What runs whatever happens runs in it too.
    let mut job = Sim::new(vec![steps_of_its_own()])
        .inner(0, vec![heeds(Signal::Interrupt), when(If::Always, Ends::Well)]);
    job.begin().cancel(false);
    job.ends_well();
    assert_eq!(job.ends(), ["0.0 cancelled", "0.1 success", "0 cancelled"]);
    // Over its time it has failed.
    let mut job = Sim::new(vec![limited(steps_of_its_own()), when(If::Failure, Ends::Well)])
        .inner(0, vec![heeds(Signal::Interrupt), Plan::default()]);
    job.begin().tick();
    job.ends_well();
    assert_eq!(job.ends(), ["0.0 failure", "0 failure", "1 success"]);
    assert_eq!(job.state(), (JobState::Failure, None));
}

#[test]
fn a_composite_action_over_its_time_begins_no_step_that_is_being_judged() {
    let mut job = Sim::new(vec![limited(steps_of_its_own())]).inner(0, vec![runs(Ends::Never)]);
    job.feed(Input::Begin);
    while !job.has("judge 0.0") {
        let input = job.pending.pop_front().unwrap();
        job.feed(input);
    }
    job.feed(Input::StepTimeout(StepId::at(0), 1));
    job.settle();
    job.ends_well();
    assert!(!job.has("work 0.0"));
    assert_eq!(job.ends().last().map(String::as_str), Some("0 failure"));
}

#[test]
fn an_action_that_holds_on_judges_its_steps_by_the_cancel() {
    let outer = Plan {
        when: If::Always,
        ..steps_of_its_own()
    };
    let mut job = Sim::new(vec![outer]).inner(
        0,
        vec![
            heeds(Signal::Interrupt),
            Plan::default(),
            when(If::Cancelled, Ends::Well),
        ],
    );
    job.begin().cancel(false);
    job.ends_well();
    assert!(job.has("ask-again 0.0"));
    assert_eq!(
        job.ends(),
        ["0.0 cancelled", "0.1 skipped", "0.2 success", "0 cancelled"]
    );
}

#[test]
fn a_cancel_step_ends_a_background_step_and_is_good_itself() {
    let mut job = Sim::new(vec![
        background(Ends::On(Signal::Interrupt)),
        cancel(0),
        Plan::default(),
    ]);
    job.begin();
    job.ends_well();
    assert_eq!(job.ends(), ["0 cancelled", "1 success", "2 success"]);
    assert_eq!(job.state(), (JobState::Success, None));
    // One that is done already.
    let mut job = Sim::new(vec![background(Ends::Well), Plan::default(), cancel(0)]);
    job.begin();
    job.ends_well();
    assert_eq!(job.ends(), ["0 success", "1 success", "2 success"]);
    // One that has failed before counts at the end, and not before.
    let mut job = Sim::new(vec![
        background(Ends::Badly),
        Plan::default(),
        cancel(0),
        Plan::default(),
    ]);
    job.begin();
    job.ends_well();
    assert_eq!(job.ends(), ["0 failure", "1 success", "2 success", "3 success"]);
    assert_eq!(job.state(), (JobState::Failure, None));
}

#[test]
fn a_cancel_step_goes_on_when_sigint_did_not_help_and_the_job_waits_for_the_rest() {
    let deaf = Plan {
        ends: Ends::On(Signal::Kill),
        ..background(Ends::Never)
    };
    let mut job = Sim::new(vec![deaf, Plan::default(), cancel(0), Plan::default()]);
    job.begin();
    assert_eq!(job.ends(), ["1 success"]);
    job.tick();
    assert!(job.has("Terminate 0") && job.has("publish 0 cancelled"));
    assert_eq!(job.ends(), ["1 success", "2 success", "3 success"]);
    assert!(!job.done, "its process still runs");
    job.tick();
    job.ends_well();
    assert_eq!(job.ends(), ["1 success", "2 success", "3 success", "0 cancelled"]);
    assert_eq!(job.state(), (JobState::Success, None));
}

#[test]
fn a_cancel_of_a_step_that_waits_for_a_slot_means_that_it_never_starts() {
    let mut steps: Vec<Plan> = (0..11).map(|_| background(Ends::On(Signal::Interrupt))).collect();
    steps.push(cancel(10));
    let mut job = Sim::of(steps, true, false);
    job.begin();
    assert!(job.ends().contains(&"10 cancelled".to_owned()));
    assert!(!job.story().contains(&"start 10".to_owned()));
    for index in 0..10 {
        job.input(Sim::end(&StepId::at(index), true));
    }
    job.ends_well();
    assert_eq!(job.state(), (JobState::Success, None));
}

#[test]
fn a_cancel_of_the_job_ends_all_background_steps_whatever_their_condition() {
    let always = Plan {
        background: true,
        ..when(If::Always, Ends::On(Signal::Interrupt))
    };
    let mut job = Sim::new(vec![
        always,
        background(Ends::On(Signal::Terminate)),
        wait(0),
        Plan::default(),
    ]);
    job.begin();
    assert!(!job.done);
    job.cancel(false);
    assert!(job.has("Interrupt 0") && job.has("Interrupt 1"));
    assert!(!job.done, "one of them takes its time");
    job.timers
        .retain(|timer| matches!(timer, Input::Escalate(step, _) if *step == StepId::at(1)));
    job.tick();
    job.ends_well();
    assert_eq!(
        job.ends(),
        ["0 cancelled", "2 cancelled", "3 skipped", "1 cancelled"]
    );
    assert_eq!(job.state(), (JobState::Cancelled, Some("cancelled")));
}

#[test]
fn a_background_step_over_its_time_has_failed() {
    let mut job = Sim::new(vec![limited(background(Ends::On(Signal::Interrupt))), wait(0)]);
    job.begin().tick();
    job.ends_well();
    assert_eq!(job.ends(), ["0 failure", "1 failure"]);
}

#[test]
fn a_forced_cancel_ends_a_group_too() {
    let group = Plan {
        work: StepWork::Parallel(Vec::new()),
        ..Plan::default()
    };
    let members = || (0..3).map(|_| background(Ends::On(Signal::Kill))).collect();
    let mut job = Sim::new(vec![group.clone()]).inner(0, members());
    job.begin().cancel(false).cancel(true);
    job.ends_well();
    assert_eq!(
        job.ends(),
        ["0.0 cancelled", "0.1 cancelled", "0.2 cancelled", "0 cancelled"]
    );
    // While one of its members is being judged.
    let mut job = Sim::new(vec![group]).inner(0, members());
    job.feed(Input::Begin);
    while !job.has("judge 0.1") {
        let input = job.pending.pop_front().unwrap();
        job.feed(input);
    }
    let cancel = |force| Input::Cancel {
        why: Reason::new("cancelled", "by somebody"),
        force,
    };
    job.feed(cancel(false));
    job.feed(cancel(true));
    job.settle();
    job.ends_well();
    assert_eq!(job.state().0, JobState::Cancelled);
}

#[test]
fn a_lost_step_ends_the_job_though_others_run() {
    let steps = vec![
        background(Ends::Never),
        runs(Ends::Lost),
        when(If::Always, Ends::Well),
    ];
    let mut job = Sim::new(steps);
    job.begin();
    job.ends_well();
    assert_eq!(job.state(), (JobState::Lost, Some("session-lost")));
    assert!(!job.has("work 2"));
    // Those that wait for a slot never start.
    let mut steps: Vec<Plan> = (0..12).map(|_| background(Ends::Never)).collect();
    steps.push(runs(Ends::Lost));
    let mut job = Sim::new(steps);
    job.begin();
    job.ends_well();
    assert!(!job.story().contains(&"start 10".to_owned()));
}
