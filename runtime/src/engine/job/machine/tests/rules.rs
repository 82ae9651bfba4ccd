//! Which steps run, in which order, and what the job comes to.

use super::super::{Effect, Input, Judgement, Opened, StepWork, Trouble, Verdict};
use super::sim::{Ends, If, Plan, Sim};
use crate::event::{Event, JobState, Outputs, Phase, StepOutline};
use crate::executor::Closed;
use crate::id::{JobId, StepId};

fn good() -> Plan {
    Plan::default()
}

fn bad() -> Plan {
    Plan {
        ends: Ends::Badly,
        ..Plan::default()
    }
}

fn when(when: If) -> Plan {
    Plan {
        when,
        ..Plan::default()
    }
}

fn background(ends: Ends) -> Plan {
    Plan {
        background: true,
        ends,
        ..Plan::default()
    }
}

fn wait(targets: &[usize]) -> Plan {
    Plan {
        when: If::Always,
        work: StepWork::Wait(targets.iter().copied().map(StepId::at).collect()),
        ..Plan::default()
    }
}

fn wait_all() -> Plan {
    Plan {
        when: If::Always,
        work: StepWork::WaitAll,
        ..Plan::default()
    }
}

fn group() -> Plan {
    Plan {
        work: StepWork::Parallel(Vec::new()),
        ..Plan::default()
    }
}

fn composite() -> Plan {
    Plan {
        work: StepWork::Steps(Vec::new()),
        ..Plan::default()
    }
}

fn lenient(plan: Plan) -> Plan {
    Plan {
        lenient: true,
        ..plan
    }
}

#[test]
fn what_happened_is_told_though_the_next_step_is_not_judged_yet() {
    let mut job = Sim::new(vec![Plan::default(), Plan::default()]).ahead(true);
    job.feed(Input::Begin);
    job.feed(Input::Opened(Ok(Opened::default())));
    let asked = |job: &Sim| {
        job.saved
            .iter()
            .any(|event| matches!(event, Event::JobStarted { .. }))
    };
    assert!(!asked(&job), "with the start of its first step");
    job.feed(Input::SaveNow);
    assert!(asked(&job));
    job.pending.retain(|input| !matches!(input, Input::Opened(_)));
    job.settle();
    job.ends_well();
    assert_eq!(job.ends(), ["0 success", "1 success"]);
}

#[test]
fn conditions_decide_what_runs_after_a_failure() {
    let rows: [(Vec<Plan>, &[&str], JobState); 9] = [
        (vec![], &[], JobState::Success),
        (
            vec![good(), good()],
            &["0 success", "1 success"],
            JobState::Success,
        ),
        (
            vec![bad(), good()],
            &["0 failure", "1 skipped"],
            JobState::Failure,
        ),
        (
            vec![
                bad(),
                when(If::Always),
                when(If::Failure),
                when(If::Cancelled),
                good(),
            ],
            &["0 failure", "1 success", "2 success", "3 skipped", "4 skipped"],
            JobState::Failure,
        ),
        (
            vec![good(), when(If::Failure), good()],
            &["0 success", "1 skipped", "2 success"],
            JobState::Success,
        ),
        (
            vec![lenient(bad()), good(), when(If::Failure)],
            &["0 failure success", "1 success", "2 skipped"],
            JobState::Success,
        ),
        (
            vec![
                Plan {
                    broken: true,
                    ..good()
                },
                good(),
            ],
            &["0 failure", "1 skipped"],
            JobState::Failure,
        ),
        (
            vec![
                Plan {
                    broken: true,
                    ..lenient(good())
                },
                good(),
            ],
            &["0 failure success", "1 success"],
            JobState::Success,
        ),
        (
            vec![
                Plan {
                    ends: Ends::Refused,
                    ..good()
                },
                when(If::Always),
            ],
            &["0 failure", "1 success"],
            JobState::Failure,
        ),
    ];
    for (steps, ends, state) in rows {
        let job = Sim::new(steps).run();
        assert_eq!(job.ends(), ends);
        assert_eq!(job.state(), (state, None));
    }
}

#[test]
fn an_intent_is_saved_before_its_effect() {
    let mut job = Sim::new(vec![good()]);
    job.feed(Input::Begin);
    assert!(!job.has("open"));
    job.feed(Input::Saved(1));
    assert!(job.has("open"));
    job.pending.clear();
    job.feed(Input::Opened(Ok(Opened::default())));
    let judged = job.pending.pop_back().unwrap();
    assert!(
        job.pending.is_empty(),
        "what is known is written once it is known what follows"
    );
    job.feed(judged);
    assert!(matches!(job.saved.last(), Some(Event::StepStarted { .. })));
    assert!(!job.has("work 0"));
    job.settle();
    job.ends_well();
}

#[test]
fn a_steps_end_and_the_start_of_the_next_are_one_write() {
    let mut job = Sim::new(vec![good(), good()]).run();
    job.effects.clear();
    let writes = job
        .history
        .iter()
        .filter(|input| matches!(input, Input::Saved(_)))
        .count();
    // Starting; started and the first step; its end and the second; its end; the job's end.
    assert_eq!(writes, 5, "{:?}", job.history);
}

#[test]
fn a_place_that_cannot_be_made_is_the_fault_of_the_workflow_or_of_the_machine() {
    let left = Trouble {
        may_leave: true,
        ..Trouble::machine("unreachable", "no answer")
    };
    for (trouble, state, remains) in [
        (Trouble::workflow("image", "not there"), JobState::Failure, false),
        (
            Trouble::machine("setup", "the disk is full"),
            JobState::Lost,
            false,
        ),
        (left, JobState::Lost, true),
    ] {
        let code = trouble.reason.code.clone();
        let mut job = Sim::new(vec![good()]);
        job.opening = Err(trouble);
        let job = job.run();
        assert_eq!(job.state(), (state, Some(code.as_str())));
        assert_eq!(job.ends(), [""; 0]);
        assert_eq!(job.closes, 0);
        assert_eq!(
            job.saved
                .iter()
                .any(|event| matches!(event, Event::RemainsLeft { .. })),
            remains
        );
    }
}

#[test]
fn what_ends_the_place_may_change_the_end_of_the_job() {
    let gone = Trouble {
        may_leave: true,
        ..Trouble::machine("unreachable", "no answer")
    };
    let left = Trouble {
        may_leave: true,
        ..Trouble::machine("cleanup", "busy")
    };
    for (steps, closing, state) in [
        (good(), gone.clone(), (JobState::Lost, Some("unreachable"))),
        (bad(), gone, (JobState::Failure, Some("unreachable"))),
        (good(), left, (JobState::Success, Some("cleanup"))),
    ] {
        let mut job = Sim::new(vec![steps]);
        job.closing = Err(closing);
        let job = job.run();
        assert_eq!(job.state(), state);
        assert!(
            job.saved
                .iter()
                .any(|event| matches!(event, Event::RemainsLeft { .. }))
        );
    }
    let mut job = Sim::new(vec![good()]);
    job.closing = Ok(Closed {
        killed: vec!["7 sleep".into()],
    });
    let job = job.run();
    assert!(
        job.saved
            .iter()
            .any(|event| matches!(event, Event::LeftoversKilled { .. }))
    );
    assert_eq!(job.state(), (JobState::Success, None));
}

#[test]
fn lost_is_neither_success_nor_failure() {
    for (ends, code) in [(Ends::Lost, "session-lost"), (Ends::LogLost, "log")] {
        let plan = Plan {
            ends,
            ..lenient(good())
        };
        let job = Sim::new(vec![plan, when(If::Always)]).run();
        assert_eq!(job.state(), (JobState::Lost, Some(code)));
        assert!(!job.has("work 1"), "nothing follows");
    }
    let job = Sim::new(vec![Plan {
        ends: Ends::LogLost,
        ..good()
    }])
    .run();
    assert!(
        job.saved
            .iter()
            .any(|event| matches!(event, Event::LogLost { lines: 3, .. }))
    );
    assert_eq!(
        job.ends(),
        ["0 success"],
        "how the step ended is known all the same"
    );
}

#[test]
fn outputs_are_evaluated_when_the_steps_are_done() {
    let outputs: Outputs = [("a".to_owned(), "1".to_owned())].into_iter().collect();
    let mut job = Sim::of(vec![bad()], false, true);
    job.concluding = Ok(outputs.clone());
    let job = job.run();
    assert!(job.has("conclude failure"));
    assert!(matches!(job.saved.last(), Some(Event::JobFinished { outputs: given, .. }) if *given == outputs));
    let mut job = Sim::of(vec![good()], false, true);
    job.concluding = Err(Trouble::workflow("evaluation", "no value"));
    assert_eq!(job.run().state(), (JobState::Failure, Some("evaluation")));
}

#[test]
fn what_actions_do_before_and_after_the_job() {
    let post = |when| Plan {
        post: Some(when),
        ..good()
    };
    // The last one first, also after a failure; what never began has none; `success()` of a post speaks of the job.
    let mut job = Sim::new(vec![
        post(If::Always),
        post(If::Success),
        Plan {
            ends: Ends::Badly,
            ..post(If::Always)
        },
        post(If::Always),
    ]);
    job.opening = Ok(Opened {
        pre: vec![StepOutline {
            step: StepId::at(0).pre(),
            parent: None,
            name: "Pre".into(),
            phase: Phase::Pre,
        }],
    });
    job.plans.insert(StepId::at(0).pre(), good());
    let job = job.run();
    assert_eq!(
        job.ends(),
        [
            "pre-0 success",
            "0 success",
            "1 success",
            "2 failure",
            "3 skipped",
            "post-2 success",
            "post-1 skipped",
            "post-0 success"
        ]
    );
    assert_eq!(job.state(), (JobState::Failure, None));
}

#[test]
fn a_post_that_fails_fails_the_job_and_the_others_still_run() {
    let mut job = Sim::new(vec![
        Plan {
            post: Some(If::Always),
            ..good()
        },
        Plan {
            post: Some(If::Always),
            ..good()
        },
    ]);
    job.plans.insert(StepId::at(1).post(), bad());
    let job = job.run();
    assert_eq!(job.ends()[2..], ["post-1 failure", "post-0 success"]);
    assert_eq!(job.state(), (JobState::Failure, None));
}

#[test]
fn composite_actions_have_a_success_of_their_own() {
    // An inner failure skips what follows within, and fails the action.
    let job = Sim::new(vec![composite(), good(), when(If::Failure)])
        .inner(0, vec![bad(), good(), when(If::Failure), when(If::Always)])
        .run();
    assert_eq!(
        job.ends(),
        [
            "0.0 failure",
            "0.1 skipped",
            "0.2 success",
            "0.3 success",
            "0 failure",
            "1 skipped",
            "2 success"
        ]
    );
    // In a job that has failed, an action that runs all the same begins as a success.
    let late = Plan {
        when: If::Always,
        ..composite()
    };
    let job = Sim::new(vec![bad(), late])
        .inner(1, vec![good(), when(If::Failure)])
        .run();
    assert_eq!(
        job.ends(),
        ["0 failure", "1.0 success", "1.1 skipped", "1 success"]
    );
    // `continue-on-error` within keeps the action good; on the action keeps the job good.
    let job = Sim::new(vec![composite()])
        .inner(0, vec![lenient(bad()), good()])
        .run();
    assert_eq!(job.ends(), ["0.0 failure success", "0.1 success", "0 success"]);
    let job = Sim::new(vec![lenient(composite())]).inner(0, vec![bad()]).run();
    assert_eq!(job.ends(), ["0.0 failure", "0 failure success"]);
    assert_eq!(job.state(), (JobState::Success, None));
}

#[test]
fn composite_actions_nest() {
    let mut job = Sim::new(vec![composite(), good()]).inner(0, vec![composite(), good()]);
    job.bring(
        &StepId::at(0).inner(0),
        vec![
            Plan {
                post: Some(If::Always),
                ..good()
            },
            bad(),
            good(),
        ],
    );
    let job = job.run();
    assert_eq!(
        job.ends(),
        [
            "0.0.0 success",
            "0.0.1 failure",
            "0.0.2 skipped",
            "0.0 failure",
            "0.1 skipped",
            "0 failure",
            "1 skipped",
            "post-0.0.0 success"
        ]
    );
    // An action without steps is good.
    assert_eq!(
        Sim::new(vec![composite()]).inner(0, vec![]).run().ends(),
        ["0 success"]
    );
}

#[test]
fn members_of_a_group_start_together_and_are_waited_for() {
    let mut job = Sim::new(vec![group(), good()]).inner(
        0,
        vec![
            background(Ends::On(crate::executor::Signal::Kill)),
            background(Ends::Badly),
            background(Ends::Well),
        ],
    );
    job.begin();
    assert_eq!(job.running.len(), 1, "the slow one");
    assert_eq!(job.ends(), ["0.1 failure", "0.2 success"]);
    assert!(
        !job.has("publish 0.2 success"),
        "what they did counts when the group ends"
    );
    job.input(Sim::end(&StepId::at(0).inner(0), true));
    job.ends_well();
    assert_eq!(
        job.ends(),
        [
            "0.1 failure",
            "0.2 success",
            "0.0 success",
            "0 failure",
            "1 skipped"
        ]
    );
    let published: Vec<&str> = job
        .effects
        .iter()
        .filter_map(|effect| effect.strip_prefix("publish "))
        .collect();
    assert_eq!(
        published,
        [
            "0.0 success",
            "0.1 failure",
            "0.2 success",
            "0 failure",
            "1 skipped"
        ],
        "in the order of the file"
    );
}

#[test]
fn a_member_of_a_group_whose_condition_does_not_hold_is_skipped() {
    let member = |when, ends| Plan {
        when,
        ..background(ends)
    };
    let job = Sim::new(vec![group(), good()])
        .inner(
            0,
            vec![member(If::Failure, Ends::Well), member(If::Success, Ends::Well)],
        )
        .run();
    assert_eq!(
        job.ends(),
        ["0.0 skipped", "0.1 success", "0 success", "1 success"]
    );
    assert!(!job.has("publish 0.0 skipped"), "it has no entry in `steps`");
    // A job that has failed skips members that have no `if`.
    let late = Plan {
        when: If::Always,
        ..group()
    };
    let job = Sim::new(vec![bad(), late])
        .inner(1, vec![background(Ends::Well)])
        .run();
    assert_eq!(job.ends(), ["0 failure", "1.0 skipped", "1 success"]);
}

#[test]
fn a_background_steps_failure_counts_when_somebody_waits_for_it() {
    // Steps behind it still run, until a wait has taken it.
    let job = Sim::new(vec![
        background(Ends::Badly),
        good(),
        when(If::Failure),
        wait(&[0]),
        good(),
    ])
    .run();
    assert_eq!(
        job.ends(),
        ["0 failure", "1 success", "2 skipped", "3 failure", "4 skipped"]
    );
    assert_eq!(job.state(), (JobState::Failure, None));
    // `continue-on-error` of the step makes the wait good.
    let job = Sim::new(vec![lenient(background(Ends::Badly)), wait(&[0]), good()]).run();
    assert_eq!(job.ends(), ["0 failure success", "1 success", "2 success"]);
    assert_eq!(job.state(), (JobState::Success, None));
    // That of the wait keeps the job going, but the step counts at the end.
    let job = Sim::new(vec![background(Ends::Badly), lenient(wait(&[0])), good()]).run();
    assert_eq!(job.ends(), ["0 failure", "1 failure success", "2 success"]);
    assert_eq!(job.state(), (JobState::Failure, None));
    // Nobody waits: it counts at the end, before the posts.
    let post = Plan {
        post: Some(If::Success),
        ..good()
    };
    let job = Sim::new(vec![post, background(Ends::Badly), good()]).run();
    assert_eq!(job.ends()[3..], ["post-0 skipped"]);
    assert_eq!(job.state(), (JobState::Failure, None));
}

#[test]
fn what_a_background_step_did_is_held_back() {
    let mut job = Sim::new(vec![background(Ends::Well), good(), wait_all(), good()]);
    job.begin();
    job.ends_well();
    let at = |effect: &str| job.effects.iter().position(|known| known == effect).unwrap();
    assert!(at("publish 0 success") > at("publish 1 success"));
    assert!(at("publish 0 success") < at("judge 3"));
    let published = job
        .effects
        .iter()
        .filter(|effect| *effect == "publish 0 success")
        .count();
    assert_eq!(published, 1);
    // The order of the names of the wait.
    let job = Sim::new(vec![
        background(Ends::Well),
        background(Ends::Well),
        wait(&[1, 0]),
    ])
    .run();
    let published: Vec<&str> = job
        .effects
        .iter()
        .filter_map(|effect| effect.strip_prefix("publish "))
        .collect();
    assert_eq!(published, ["1 success", "0 success", "2 success"]);
}

#[test]
fn waits_for_nothing_end_at_once() {
    for steps in [
        vec![wait_all()],
        vec![good(), wait(&[0])],
        vec![
            Plan {
                when: If::Failure,
                ..background(Ends::Well)
            },
            wait(&[0]),
        ],
    ] {
        let job = Sim::new(steps).run();
        assert_eq!(job.state(), (JobState::Success, None));
    }
    // One that was taken still counts for a later wait.
    let job = Sim::new(vec![
        background(Ends::Badly),
        lenient(wait(&[0])),
        lenient(wait(&[0])),
    ])
    .run();
    assert_eq!(
        job.ends(),
        ["0 failure", "1 failure success", "2 failure success"]
    );
    // But not for a `wait-all`.
    let job = Sim::new(vec![background(Ends::Badly), lenient(wait(&[0])), wait_all()]).run();
    assert_eq!(job.ends()[2..], ["2 success"]);
}

#[test]
fn ten_background_steps_run_at_once_and_the_others_wait_for_a_slot() {
    let steps = (0..12)
        .map(|_| background(Ends::On(crate::executor::Signal::Interrupt)))
        .chain([good()])
        .collect();
    let mut job = Sim::of(steps, true, false);
    job.begin();
    assert_eq!(job.running.len(), 10);
    assert!(job.has("work 12"), "the main line goes on");
    assert!(!job.story().contains(&"start 10".to_owned()));
    for index in 0..12 {
        job.input(Sim::end(&StepId::at(index), true));
    }
    job.ends_well();
    let story = job.story();
    let at = |line: &str| story.iter().position(|known| known == line).unwrap();
    assert!(at("start 10") > at("0 success") && at("start 11") > at("1 success"));
    assert_eq!(
        job.ends().last().map(String::as_str),
        Some("13 success"),
        "the step that waits for all"
    );
}

#[test]
fn a_background_step_that_is_skipped_or_has_no_value_has_no_entry() {
    let skipped = Plan {
        when: If::Failure,
        ..background(Ends::Well)
    };
    let broken = Plan {
        broken: true,
        ..background(Ends::Well)
    };
    // What has no value fails the job at once.
    let job = Sim::new(vec![broken, good()]).run();
    assert_eq!(job.ends(), ["0 failure", "1 skipped"]);
    let job = Sim::new(vec![skipped]).run();
    assert_eq!(job.ends(), ["0 skipped"]);
}

#[test]
fn a_background_step_may_be_a_composite_action() {
    let action = Plan {
        background: true,
        ..composite()
    };
    let job = Sim::new(vec![action, wait(&[0])])
        .inner(0, vec![good(), bad()])
        .run();
    assert_eq!(
        job.ends(),
        ["0.0 success", "0.1 failure", "0 failure", "1 failure"]
    );
    let at = |effect: &str| job.effects.iter().position(|known| known == effect).unwrap();
    assert!(
        at("publish 0.0 success") < at("judge 0.1"),
        "within it what a step did counts at once"
    );
}

#[test]
fn a_job_whose_place_is_there_starts_in_one_write() {
    let mut sim = Sim::new(vec![Plan::default()]);
    sim.machine.plan.is_prepared = true;
    let started = sim.machine.handle(Input::Begin);
    assert!(
        matches!(started.as_slice(), [Effect::Open, Effect::SaveLater]),
        "{started:?}"
    );
    let opened = sim.machine.handle(Input::Opened(Ok(Opened::default())));
    assert!(matches!(opened.as_slice(), [Effect::Judge(..)]), "{opened:?}");
    let verdict = Verdict {
        name: "0".into(),
        work: StepWork::Process,
        continue_on_error: false,
        timeout: None,
        retry: None,
        background: false,
        post: None,
    };
    let judged = sim.machine.handle(Input::Judged(
        StepId::at(0),
        Box::new(Judgement::Run(Box::new(verdict))),
    ));
    let [Effect::Save(_, events)] = judged.as_slice() else {
        panic!("not one write: {judged:?}")
    };
    let kinds: Vec<_> = events.iter().map(std::mem::discriminant).collect();
    let job = || JobId("j".into());
    let wanted = [
        Event::JobStarting {
            job: job(),
            attempt: 1,
            resource: String::new(),
        },
        Event::JobStarted { job: job() },
    ];
    let wanted: Vec<_> = wanted.iter().map(std::mem::discriminant).collect();
    assert_eq!(kinds.get(..2), Some(wanted.as_slice()), "{events:?}");
    assert!(
        matches!(events.get(2), Some(Event::StepStarted { .. })),
        "{events:?}"
    );
}

#[test]
fn the_last_step_and_a_job_whose_place_somebody_else_closes_end_in_one_write() {
    for (plan, state) in [(good(), JobState::Success), (bad(), JobState::Failure)] {
        let mut sim = Sim::new(vec![plan]);
        sim.machine.plan.closes_apart = true;
        let job = sim.run();
        assert_eq!(job.closes, 1);
        let end = job.writes.last().unwrap();
        assert!(
            matches!(end.as_slice(), [.., Event::StepFinished { .. }, Event::JobFinished { state: ended, .. }] if *ended == state),
            "{end:?}"
        );
    }
}
