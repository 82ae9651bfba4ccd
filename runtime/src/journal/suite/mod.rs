//! What every journal promises: one suite over the trait, tried on each implementation.

mod claims;
mod lists;
mod runs;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use loom_protocol::Timestamp;

use super::{Journal, JournalError, Request, RunQuery, Stamped, Tail};
use crate::event::{Event, JobOutline, JobTerms, OnCrash, Recorded, RunState, Seq, WorkflowRef};
use crate::executor::Owner;
use crate::id::{JobId, RunId};
use crate::world::{Sleep, SystemWorld, World};

pub(super) use claims::*;
pub(super) use lists::*;
pub(super) use runs::*;

/// Where a journal lies.
pub(super) trait Place: Send + Sync {
    /// The journal there, as another process has it.
    fn open(&self) -> Arc<dyn Journal>;
}

/// Makes a test of each case; `$place` makes a new place.
macro_rules! conforms {
    ($place:expr) => {
        $crate::journal::suite::conforms! { $place;
            events_come_back_in_order_without_gaps,
            parallel_writers_of_several_processes_lose_nothing,
            only_one_takes_over_from_a_dead_owner,
            who_is_not_the_owner_any_more_writes_nothing,
            an_append_whose_answer_was_lost_is_not_doubled_by_the_next_try,
            a_run_of_which_something_may_be_left_is_known_until_it_is_swept,
            a_tail_of_all_runs_sees_each_event_once_also_of_other_processes,
            a_tail_whose_reading_is_broken_off_again_and_again_loses_nothing,
            a_list_is_of_the_runs_that_are_asked_for,
            a_list_goes_on_behind_a_place_also_when_that_run_is_gone,
            requests_are_kept_in_order,
            requests_end_with_their_runs,
            events_keep_the_times_that_their_owner_gave_them,
            the_list_knows_which_runs_are_paused,
            no_two_runs_of_a_file_begin_with_one_number,
            runs_are_forgotten_but_for_those_that_go_on_or_left_something,
            of_a_group_one_runs_and_the_newest_waits,
            with_the_long_queue_all_wait_in_order_up_to_the_limit,
            the_one_that_runs_is_named_to_who_wants_it_cancelled,
            jobs_and_runs_claim_alike_and_groups_do_not_touch_each_other,
            claims_end_with_their_runs_and_only_the_owner_claims,
            who_waits_learns_of_its_turn_from_another_process,
            a_job_alone_can_be_asked_to_end,
        }
    };
    ($place:expr; $($case:ident,)*) => {
        $(
            #[tokio::test]
            async fn $case() {
                let place = $place;
                $crate::journal::suite::$case(&place).await;
            }
        )*
    };
}
pub(super) use conforms;

#[derive(Default)]
pub(crate) struct Ticking(AtomicI64);

impl World for Ticking {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.fetch_add(1, Ordering::Relaxed))
    }

    fn elapsed(&self) -> Duration {
        SystemWorld.elapsed()
    }

    fn sleep(&self, time: Duration) -> Sleep {
        SystemWorld.sleep(time)
    }

    fn new_run_id(&self) -> RunId {
        RunId(format!("run-{}", self.0.fetch_add(1, Ordering::Relaxed)))
    }
}

pub(crate) fn owner(pid: u32) -> Owner {
    Owner {
        instance: "i".into(),
        boot: "b".into(),
        pid,
        started: 5,
    }
}

pub(crate) fn created() -> Event {
    Event::RunCreated {
        workflow: WorkflowRef {
            name: "ci".into(),
            file: ".loom.yml".into(),
        },
        event: "push".into(),
        executor: "host".into(),
        on_crash: OnCrash::CleanUp,
        owner: owner(1),
        workspace: "/w".into(),
        jobs: vec![JobOutline {
            id: JobId("a".into()),
            name: "a".into(),
            steps: vec!["s".into()],
            ..JobOutline::default()
        }],
        concurrency: None,
        source: None,
        number: None,
        rerun: None,
    }
}

pub(crate) fn finished() -> Event {
    Event::RunFinished {
        state: RunState::Success,
        reason: None,
    }
}

pub(super) fn lost() -> Event {
    Event::RunFinished {
        state: RunState::Lost,
        reason: None,
    }
}

/// Appends as the run's owner, who knows where its history ends.
pub(super) async fn add<J: Journal + ?Sized>(
    journal: &Arc<J>,
    run: &RunId,
    events: Vec<Event>,
) -> Result<Vec<Recorded>, JournalError> {
    let there = journal.read(run, Seq(0), usize::MAX).await?;
    let last = there.last().map_or(Seq(0), |last| last.seq);
    journal.append(run, &owner(1), last, events).await
}

pub(super) async fn events_come_back_in_order_without_gaps(place: &dyn Place) {
    let journal = place.open();
    let run = RunId("r".into());
    add(&journal, &run, vec![created(), Event::RunStarted])
        .await
        .unwrap();
    let last = add(&journal, &run, vec![finished()]).await.unwrap();
    assert_eq!(last[0].seq, Seq(3));
    let all = journal.read(&run, Seq(0), 100).await.unwrap();
    assert_eq!(all.iter().map(|event| event.seq.0).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(
        journal.read(&run, Seq(1), 1).await.unwrap()[0].event,
        Event::RunStarted
    );
}

pub(super) async fn parallel_writers_of_several_processes_lose_nothing(place: &dyn Place) {
    let writers: Vec<_> = (0..4).map(|_| place.open()).collect();
    let tasks = writers.iter().enumerate().map(|(n, journal)| {
        let journal = Arc::clone(journal);
        tokio::spawn(async move {
            let run = RunId(format!("r{n}"));
            add(&journal, &run, vec![created()]).await.unwrap();
            for _ in 0..50 {
                add(&journal, &run, vec![Event::RunStarted]).await.unwrap();
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
    for n in 0..4 {
        let events = writers[0]
            .read(&RunId(format!("r{n}")), Seq(0), 1000)
            .await
            .unwrap();
        assert_eq!(events.len(), 51);
    }
}

pub(super) async fn only_one_takes_over_from_a_dead_owner(place: &dyn Place) {
    let journal = place.open();
    let (run, run_owner) = (RunId("r".into()), owner(1));
    add(&journal, &run, vec![created()]).await.unwrap();
    for (to, taken) in [(owner(2), true), (owner(3), false)] {
        let take = journal.take_over(&run, &run_owner, &to, Seq(1), vec![lost()]);
        assert_eq!(take.await.unwrap(), taken);
    }
    let events = journal.read(&run, Seq(1), 10).await.unwrap();
    let words: Vec<_> = events.into_iter().map(|event| event.event).collect();
    let taken_over = Event::RunTakenOver {
        owner: owner(2),
        from: Some(owner(1)),
        resumes: false,
    };
    assert_eq!(words, [taken_over, lost()]);
    let listed = journal.runs(RunQuery::default()).await.unwrap().remove(0);
    assert_eq!((listed.owner, listed.state), (owner(2), RunState::Lost));
}

pub(super) async fn who_is_not_the_owner_any_more_writes_nothing(place: &dyn Place) {
    let journal = place.open();
    let run = RunId("r".into());
    add(&journal, &run, vec![created()]).await.unwrap();
    let (from, to) = (owner(1), owner(2));
    assert!(
        !journal
            .take_over(&run, &from, &to, Seq(0), vec![lost()])
            .await
            .unwrap(),
        "its history is longer than that"
    );
    assert!(
        journal
            .take_over(&run, &from, &to, Seq(1), vec![Event::RunStarted])
            .await
            .unwrap()
    );
    for after in [1, 3] {
        let stale = journal.append(&run, &from, Seq(after), vec![finished()]).await;
        let Err(JournalError::Refused { cause, .. }) = stale else {
            panic!("{stale:?}")
        };
        assert!(cause.contains("process 2 owns it now"), "{cause}");
    }
    assert_eq!(journal.read(&run, Seq(0), 10).await.unwrap().len(), 3);
    journal.append(&run, &to, Seq(3), vec![finished()]).await.unwrap();
    let ended = journal.append(&run, &to, Seq(4), vec![Event::RunStarted]).await;
    assert!(ended.unwrap_err().to_string().contains("has ended"));
}

pub(super) async fn an_append_whose_answer_was_lost_is_not_doubled_by_the_next_try(place: &dyn Place) {
    let journal = place.open();
    let run = RunId("r".into());
    add(&journal, &run, vec![created()]).await.unwrap();
    let queued = Event::JobQueued {
        job: JobId("a".into()),
        terms: JobTerms::default(),
    };
    let events = vec![Event::RunStarted, queued];
    let first = journal
        .append(&run, &owner(1), Seq(1), events.clone())
        .await
        .unwrap();
    let again = journal.append(&run, &owner(1), Seq(1), events).await.unwrap();
    assert_eq!(first, again);
    assert_eq!(journal.read(&run, Seq(0), 10).await.unwrap().len(), 3);
    let other = journal.append(&run, &owner(1), Seq(1), vec![finished()]).await;
    assert!(
        matches!(other, Err(JournalError::Refused { .. })),
        "something else at that place: {other:?}"
    );
}

pub(super) async fn a_run_of_which_something_may_be_left_is_known_until_it_is_swept(place: &dyn Place) {
    let journal = place.open();
    let left = Event::RemainsLeft {
        job: JobId("a".into()),
        reason: crate::event::Reason::new("cleanup", "the container x"),
    };
    for (name, events) in [
        ("lost", vec![created(), lost()]),
        ("left", vec![created(), left, finished()]),
        ("good", vec![created(), finished()]),
    ] {
        add(&journal, &RunId(name.into()), events).await.unwrap();
    }
    let remaining = |journal: Arc<dyn Journal>| async move {
        let query = RunQuery {
            remains_only: true,
            ..RunQuery::default()
        };
        let mut names: Vec<String> = journal
            .runs(query)
            .await
            .unwrap()
            .into_iter()
            .map(|run| run.id.0)
            .collect();
        names.sort();
        names
    };
    assert_eq!(remaining(Arc::clone(&journal)).await, ["left", "lost"]);
    journal.mark_swept(vec![RunId("left".into())]).await.unwrap();
    drop(journal);
    let journal = place.open();
    assert_eq!(remaining(Arc::clone(&journal)).await, ["lost"]);
    journal.mark_swept(vec![RunId("lost".into())]).await.unwrap();
    assert!(remaining(journal).await.is_empty());
}

pub(super) async fn a_tail_of_all_runs_sees_each_event_once_also_of_other_processes(place: &dyn Place) {
    let (ours, theirs) = (place.open(), place.open());
    add(&ours, &RunId("old".into()), vec![created(), finished()])
        .await
        .unwrap();
    add(&ours, &RunId("open".into()), vec![created()]).await.unwrap();
    let mut tail = Tail::all(ours.clone()).await.unwrap();
    add(
        &theirs,
        &RunId("short".into()),
        vec![created(), Event::RunStarted, finished()],
    )
    .await
    .unwrap();
    add(&ours, &RunId("open".into()), vec![Event::RunStarted, finished()])
        .await
        .unwrap();
    let mut seen = Vec::new();
    while seen.len() < 6 {
        seen.extend(
            tail.next()
                .await
                .unwrap()
                .into_iter()
                .map(|event| (event.run.0, event.seq.0)),
        );
    }
    seen.sort();
    let wanted = [
        ("open", 1),
        ("open", 2),
        ("open", 3),
        ("short", 1),
        ("short", 2),
        ("short", 3),
    ];
    assert_eq!(seen, wanted.map(|(run, seq)| (run.to_owned(), seq)));
}

pub(super) async fn a_tail_whose_reading_is_broken_off_again_and_again_loses_nothing(place: &dyn Place) {
    let journal = place.open();
    let run = RunId("r".into());
    add(&journal, &run, vec![created()]).await.unwrap();
    let mut tail = Tail::run(journal.clone(), run.clone(), Seq(0));
    let writer = tokio::spawn(async move {
        for _ in 0..200 {
            add(&journal, &run, vec![Event::RunStarted]).await.unwrap();
        }
    });
    let mut seen = 0;
    let mut patience = Duration::from_micros(50);
    while seen < 201 {
        // Broken off mostly, and with more and more patience, so that it gets there on a busy machine too.
        match tokio::time::timeout(patience, tail.next()).await {
            Ok(events) => {
                for event in events.unwrap() {
                    seen += 1;
                    assert_eq!(event.seq.0, seen);
                }
            }
            Err(_) => patience = (patience * 5 / 4).min(Duration::from_millis(50)),
        }
    }
    writer.await.unwrap();
}

pub(super) async fn requests_are_kept_in_order(place: &dyn Place) {
    let (ours, theirs) = (place.open(), place.open());
    let run = RunId("r".into());
    add(&ours, &run, vec![created()]).await.unwrap();
    theirs
        .request(&run, Request::Cancel { by: "api".into() })
        .await
        .unwrap();
    let (place, found, request) = ours.requests(0).await.unwrap().remove(0);
    assert_eq!((found, request), (run, Request::Cancel { by: "api".into() }));
    assert!(ours.requests(place).await.unwrap().is_empty());
}

pub(super) async fn requests_end_with_their_runs(place: &dyn Place) {
    let journal = place.open();
    let ask = |run: &str| {
        let (journal, run) = (journal.clone(), RunId(run.into()));
        async move {
            let cancel = Request::Cancel { by: "api".into() };
            journal.request(&run, cancel).await.unwrap();
        }
    };
    for run in ["over", "open"] {
        add(&journal, &RunId(run.into()), vec![created()]).await.unwrap();
        ask(run).await;
    }
    add(&journal, &RunId("over".into()), vec![finished()])
        .await
        .unwrap();
    ask("over").await;
    ask("never").await;
    let left = journal.requests(0).await.unwrap();
    assert_eq!(left.len(), 1, "{left:?}");
    assert_eq!(left[0].1, RunId("open".into()));
}

pub(super) async fn events_keep_the_times_that_their_owner_gave_them(place: &dyn Place) {
    let journal = place.open();
    let run = RunId("r".into());
    let stamped = |millis, event| Stamped {
        time: Timestamp::from_millis(millis),
        event,
    };
    let events = vec![stamped(7, created()), stamped(9, Event::RunStarted)];
    for _ in 0..2 {
        let written = journal
            .append_stamped(&run, &owner(1), Seq(0), events.clone())
            .await;
        let times: Vec<i64> = written
            .unwrap()
            .iter()
            .map(|event| event.time.as_millis())
            .collect();
        assert_eq!(times, [7, 9]);
    }
    let listed = journal.runs(RunQuery::default()).await.unwrap().remove(0);
    assert_eq!(listed.started_at, Some(Timestamp::from_millis(9)));
}
