//! What every journal promises of lists of runs: filters, their counts, and pages.

use std::sync::Arc;

use loom_protocol::Timestamp;
use serde_json::json;

use super::{Place as Opened, add, created, finished, lost};
use crate::context::RunFacts;
use crate::event::{Event, Rerun, RunSource, RunState, Seq};
use crate::id::{JobId, RunId};
use crate::journal::{JournalError, Place, RunFilter, RunQuery, StateFilter, Tail};

/// A run of a push to this branch by this person, or of another event.
pub(in crate::journal) fn of_branch(branch: &str, actor: &str, event: &str) -> Event {
    let mut created = created();
    if let Event::RunCreated {
        source, event: name, ..
    } = &mut created
    {
        *name = event.into();
        *source = Some(Box::new(RunSource {
            facts: RunFacts {
                event: event.into(),
                actor: actor.into(),
                sha: "5ca1ab1e".into(),
                reference: format!("refs/heads/{branch}"),
                payload: json!({"head_commit": {"message": format!("Work on 100%_{branch}\n\nAt length")}}),
                ..RunFacts::default()
            },
            ..RunSource::default()
        }));
    }
    created
}

fn filter(change: impl FnOnce(&mut RunFilter)) -> RunQuery {
    let mut query = RunQuery::default();
    change(&mut query.filter);
    query
}

pub(in crate::journal) async fn a_list_is_of_the_runs_that_are_asked_for(place: &dyn Opened) {
    let journal = place.open();
    let run = |id: &str| RunId(id.into());
    let starting = Event::JobStarting {
        job: JobId("a".into()),
        attempt: 1,
        resource: "x".into(),
    };
    let paused = Event::JobPaused {
        job: JobId("a".into()),
        step: crate::id::StepId("0".into()),
        pause: 1,
        exit_code: Some(1),
        signal: None,
        reason: None,
        problem: None,
    };
    let mut other = of_branch("main", "ben", "push");
    if let Event::RunCreated { workflow, number, .. } = &mut other {
        (workflow.name, workflow.file) = ("Release".into(), ".github/workflows/release.yml".into());
        *number = Some(7);
    }
    let runs = [
        (
            "r1",
            vec![of_branch("main", "ana", "push"), Event::RunStarted, finished()],
        ),
        (
            "r2",
            vec![
                of_branch("try", "ana", "push"),
                Event::RunStarted,
                starting,
                paused,
            ],
        ),
        (
            "r3",
            vec![of_branch("main", "ben", "schedule"), Event::RunStarted],
        ),
        ("r4", vec![other, Event::RunStarted, finished()]),
        ("r5", vec![created()]),
    ];
    for (id, events) in runs {
        add(&journal, &run(id), events).await.unwrap();
    }
    let all = journal.runs(RunQuery::default()).await.unwrap();
    let made: Vec<Timestamp> = all.iter().rev().map(|run| run.created_at).collect();
    let workflow = |name: &str| RunQuery {
        workflow: Some(name.into()),
        ..RunQuery::default()
    };
    let text = |part: &str| filter(|filter| filter.text = Some(part.into()));
    let state = |state| filter(|filter| filter.state = Some(StateFilter::Is(state)));
    let cases: Vec<(RunQuery, &[&str])> = vec![
        (RunQuery::default(), &["r5", "r4", "r3", "r2", "r1"]),
        (state(RunState::Success), &["r4", "r1"]),
        (state(RunState::Running), &["r3", "r2"]),
        (state(RunState::Queued), &["r5"]),
        (filter(|filter| filter.state = Some(StateFilter::Paused)), &["r2"]),
        (
            filter(|filter| filter.branch = Some("main".into())),
            &["r4", "r3", "r1"],
        ),
        (filter(|filter| filter.actor = Some("ana".into())), &["r2", "r1"]),
        (filter(|filter| filter.event = Some("schedule".into())), &["r3"]),
        (filter(|filter| filter.number = Some(7)), &["r4"]),
        (filter(|filter| filter.since = Some(made[2])), &["r5", "r4", "r3"]),
        (filter(|filter| filter.until = Some(made[2])), &["r2", "r1"]),
        (workflow("Release"), &["r4"]),
        (workflow("release"), &["r4"]),
        (workflow(".github/workflows/release.yml"), &["r4"]),
        (workflow("nobody"), &[]),
        (text("TRY"), &["r2"]),
        (text("on 100%_m"), &["r4", "r3", "r1"]),
        (text("100__"), &[]),
        (text("releas"), &["r4"]),
        (text("r5"), &["r5"]),
        (
            filter(|filter| {
                filter.branch = Some("main".into());
                filter.actor = Some("ben".into());
                filter.state = Some(StateFilter::Is(RunState::Success));
            }),
            &["r4"],
        ),
    ];
    for (query, wanted) in cases {
        let found = journal.runs(query.clone()).await.unwrap();
        let ids: Vec<&str> = found.iter().map(|run| run.id.0.as_str()).collect();
        assert_eq!(ids, wanted, "{query:?}");
        let counted = journal.count(RunQuery { limit: 1, ..query }).await.unwrap();
        assert_eq!(counted, wanted.len() as u64);
    }
    let one = journal.summary(&run("r4")).await.unwrap().unwrap();
    assert_eq!(one, all[1]);
    assert_eq!(one.origin.commit.as_deref(), Some("5ca1ab1e"));
    assert_eq!(journal.summary(&run("r")).await.unwrap(), None);
}

pub(in crate::journal) async fn a_list_goes_on_behind_a_place_also_when_that_run_is_gone(place: &dyn Opened) {
    let journal = place.open();
    for id in ["r1", "r2", "r3", "r4", "r5"] {
        let events = vec![of_branch("main", "ana", "push"), finished()];
        add(&journal, &RunId(id.into()), events).await.unwrap();
    }
    let page = |after: Option<Place>| {
        let query = RunQuery {
            after,
            limit: 2,
            ..filter(|filter| filter.branch = Some("main".into()))
        };
        let journal = &journal;
        async move {
            let runs = journal.runs(query.clone()).await.unwrap();
            assert_eq!(journal.count(query).await.unwrap(), 5, "of all pages");
            let ids: Vec<String> = runs.iter().map(|run| run.id.0.clone()).collect();
            (ids, runs.last().map(Place::of))
        }
    };
    let (first, end) = page(None).await;
    assert_eq!(first, ["r5", "r4"]);
    let (second, end) = page(end).await;
    assert_eq!(second, ["r3", "r2"]);
    let end = end.unwrap();
    let (third, _) = page(Some(end.clone())).await;
    assert_eq!(third, ["r1"]);
    // Nobody is there any more who had that place.
    let vanished = Place {
        id: RunId("r2x".into()),
        ..end
    };
    assert_eq!(page(Some(vanished)).await.0, ["r2", "r1"]);
}

pub(in crate::journal) async fn runs_are_forgotten_but_for_those_that_go_on_or_left_something(
    place: &dyn Opened,
) {
    let journal = place.open();
    let mut tail = Tail::all(Arc::clone(&journal)).await.unwrap();
    let run = |id: &str| RunId(id.into());
    let again = |first: &str| {
        let mut event = created();
        if let Event::RunCreated { rerun, .. } = &mut event {
            *rerun = Some(Box::new(Rerun {
                of: run(first),
                first: run(first),
                attempt: 2,
                failed: false,
                jobs: Vec::new(),
                current_files: false,
                reused: Vec::new(),
            }));
        }
        event
    };
    for (id, first, end) in [
        ("a", created(), Some(finished())),
        ("b", created(), Some(lost())),
        ("c", created(), None),
        ("d", created(), Some(finished())),
        ("e", again("d"), None),
        ("f", created(), Some(finished())),
        ("g", created(), Some(finished())),
    ] {
        let events = std::iter::once(first).chain(end).collect();
        add(&journal, &run(id), events).await.unwrap();
    }
    let all: Vec<RunId> = ["g", "f", "e", "d", "c", "b", "a", "never"].map(run).into();
    // Lost, open, of another attempt that is open, and the newest change: these stay.
    assert_eq!(journal.forget(all.clone()).await.unwrap(), ["f", "a"].map(run));
    assert!(journal.read(&run("a"), Seq(0), 10).await.unwrap().is_empty());
    assert!(journal.forget(all).await.unwrap().is_empty());
    // The attempts at a run go together, or not at all: one of them is the newest change.
    add(&journal, &run("h"), vec![again("g"), finished()])
        .await
        .unwrap();
    assert!(journal.forget(vec![run("g")]).await.unwrap().is_empty());
    add(&journal, &run("k"), vec![created(), finished()])
        .await
        .unwrap();
    let both = vec![run("h"), run("g")];
    assert_eq!(journal.forget(both.clone()).await.unwrap(), both);
    // Another attempt would show jobs that are gone.
    let late = add(&journal, &run("m"), vec![again("g")]).await;
    assert!(matches!(late, Err(JournalError::Refused { .. })), "{late:?}");
    let left = journal.runs(RunQuery::default()).await.unwrap();
    let left: Vec<&str> = left.iter().map(|run| run.id.0.as_str()).collect();
    assert_eq!(left, ["k", "e", "d", "c", "b"]);
    // Who follows the journal goes on.
    add(&journal, &run("z"), vec![created()]).await.unwrap();
    let mut seen = Vec::new();
    while !seen.contains(&run("z")) {
        seen.extend(tail.next().await.unwrap().into_iter().map(|event| event.run));
    }
}
