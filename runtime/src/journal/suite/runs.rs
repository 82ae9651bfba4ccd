//! What every journal promises of the list of runs: their numbers, and which of them are paused.

use std::sync::Arc;

use super::{Place, add, created, finished, owner};
use crate::event::{Event, JobState, Outputs, PauseAnswer, Seq};
use crate::id::{JobId, RunId, StepId};
use crate::journal::{Journal, JournalError, RunQuery};

pub(in crate::journal) async fn the_list_knows_which_runs_are_paused(place: &dyn Place) {
    let journal = place.open();
    let run = RunId("r".into());
    let (job, step) = (|name: &str| JobId(name.into()), StepId("0".into()));
    let starting = |name: &str| Event::JobStarting {
        job: job(name),
        attempt: 1,
        resource: "x".into(),
    };
    let paused = |name: &str| Event::JobPaused {
        job: job(name),
        step: step.clone(),
        pause: 1,
        exit_code: Some(1),
        signal: None,
        reason: None,
        problem: None,
    };
    let resumed = Event::JobResumed {
        job: job("a"),
        step: step.clone(),
        answer: PauseAnswer::Retry,
        file: None,
    };
    let ended = |name: &str| Event::JobFinished {
        job: job(name),
        state: JobState::Success,
        reason: None,
        outputs: Outputs::new(),
        reused: None,
    };
    for (events, is_paused) in [
        (vec![created(), Event::RunStarted, starting("a")], false),
        (vec![paused("a")], true),
        (vec![starting("b")], false),
        (vec![paused("b")], true),
        (vec![resumed], false),
        (vec![ended("a")], true),
        (vec![ended("b"), finished()], false),
    ] {
        let shown = format!("{events:?}");
        add(&journal, &run, events).await.unwrap();
        let listed = journal.runs(RunQuery::default()).await.unwrap().remove(0);
        assert_eq!(listed.is_paused(), is_paused, "{shown}");
    }
}

pub(in crate::journal) async fn no_two_runs_of_a_file_begin_with_one_number(place: &dyn Place) {
    let (ours, theirs) = (place.open(), place.open());
    let begin = |journal: &Arc<dyn Journal>, name: &str, file: &str, number| {
        let (journal, run) = (Arc::clone(journal), RunId(name.into()));
        let event = numbered(file, number);
        async move { journal.append(&run, &owner(1), Seq(0), vec![event]).await }
    };
    let (first, second) = tokio::join!(
        begin(&ours, "a", "ci.yml", Some(1)),
        begin(&theirs, "b", "ci.yml", Some(1)),
    );
    assert!(first.is_ok() != second.is_ok(), "{first:?} {second:?}");
    let refused = first.err().or(second.err());
    assert!(
        matches!(refused, Some(JournalError::NumberTaken { number: 1, .. })),
        "{refused:?}"
    );
    // Whatever the order, each has its own; another file has numbers of its own.
    begin(&ours, "c", "ci.yml", Some(3)).await.unwrap();
    begin(&theirs, "d", "ci.yml", Some(2)).await.unwrap();
    begin(&theirs, "e", "other.yml", Some(1)).await.unwrap();
    let begun_again = begin(&theirs, "e", "other.yml", Some(1)).await;
    assert!(begun_again.is_ok(), "its own number: {begun_again:?}");
    let last = |file: &'static str| {
        let journal = Arc::clone(&ours);
        async move { journal.last_number(file).await.unwrap() }
    };
    assert_eq!((last("ci.yml").await, last("other.yml").await), (3, 1));
    // Runs of an older Loom do not say it.
    for name in ["f", "g"] {
        begin(&ours, name, "other.yml", None).await.unwrap();
    }
    assert_eq!((last("other.yml").await, last("none.yml").await), (3, 0));
}

fn numbered(file: &str, of: Option<u64>) -> Event {
    let mut event = created();
    if let Event::RunCreated { workflow, number, .. } = &mut event {
        workflow.file = file.into();
        *number = of;
    }
    event
}
