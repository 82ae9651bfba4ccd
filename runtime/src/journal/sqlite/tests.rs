//! What the journal promises, tried on real files.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use loom_protocol::Timestamp;
use rusqlite::Connection;

use super::*;
use crate::event::{JobOutline, OnCrash, RunState, WorkflowRef};
use crate::id::JobId;
use crate::journal::Tail;

#[derive(Default)]
struct Ticking(AtomicI64);

impl World for Ticking {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.fetch_add(1, Ordering::Relaxed))
    }

    fn new_run_id(&self) -> RunId {
        RunId(format!("run-{}", self.0.fetch_add(1, Ordering::Relaxed)))
    }
}

fn owner(pid: u32) -> Owner {
    Owner {
        instance: "i".into(),
        boot: "b".into(),
        pid,
        started: 5,
    }
}

fn created() -> Event {
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
            needs: vec![],
            image: None,
            steps: vec!["s".into()],
            skip: None,
        }],
    }
}

fn finished() -> Event {
    Event::RunFinished {
        state: RunState::Success,
        reason: None,
    }
}

fn lost() -> Event {
    Event::RunFinished {
        state: RunState::Lost,
        reason: None,
    }
}

fn open(directory: &tempfile::TempDir) -> Arc<SqliteJournal> {
    Arc::new(SqliteJournal::open(&directory.path().join("journal.db"), Arc::new(Ticking::default())).unwrap())
}

/// Appends as the run's owner, who knows where its history ends.
async fn add(
    journal: &SqliteJournal,
    run: &RunId,
    events: Vec<Event>,
) -> Result<Vec<Recorded>, JournalError> {
    let there = journal.read(run, Seq(0), usize::MAX).await?;
    let last = there.last().map_or(Seq(0), |last| last.seq);
    journal.append(run, &owner(1), last, events).await
}

#[tokio::test]
async fn events_come_back_in_order_without_gaps() {
    let directory = tempfile::tempdir().unwrap();
    let journal = open(&directory);
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

#[tokio::test]
async fn a_second_process_reads_what_the_first_wrote_and_instances_are_shared() {
    let directory = tempfile::tempdir().unwrap();
    let (first, second) = (open(&directory), open(&directory));
    assert_eq!(first.instance(), second.instance());
    let before = second.foreign_version().await.unwrap();
    add(&first, &RunId("r".into()), vec![created()]).await.unwrap();
    assert_ne!(second.foreign_version().await.unwrap(), before);
    assert_eq!(second.runs(RunQuery::default()).await.unwrap().len(), 1);
}

#[tokio::test]
async fn deleted_projections_are_made_anew_from_the_events() {
    let directory = tempfile::tempdir().unwrap();
    let journal = open(&directory);
    for name in ["r1", "r2"] {
        add(&journal, &RunId(name.into()), vec![created(), Event::RunStarted])
            .await
            .unwrap();
    }
    add(&journal, &RunId("r2".into()), vec![finished()])
        .await
        .unwrap();
    let before = journal.runs(RunQuery::default()).await.unwrap();
    drop(journal);
    Connection::open(directory.path().join("journal.db"))
        .unwrap()
        .execute("DELETE FROM run", [])
        .unwrap();
    let after = open(&directory).runs(RunQuery::default()).await.unwrap();
    assert_eq!(after, before);
}

#[tokio::test]
async fn parallel_writers_of_several_processes_lose_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let writers: Vec<_> = (0..4).map(|_| open(&directory)).collect();
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

#[test]
fn many_open_a_new_journal_at_the_same_moment() {
    for _ in 0..10 {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("journal.db");
        let instances: Vec<String> = std::thread::scope(|scope| {
            let open = || {
                SqliteJournal::open(&path, Arc::new(Ticking::default()))
                    .unwrap()
                    .instance()
                    .to_owned()
            };
            let openers: Vec<_> = (0..8).map(|_| scope.spawn(open)).collect();
            openers.into_iter().map(|opener| opener.join().unwrap()).collect()
        });
        assert!(
            instances.iter().all(|instance| *instance == instances[0]),
            "{instances:?}"
        );
    }
}

#[tokio::test]
async fn one_bad_append_harms_no_other() {
    let directory = tempfile::tempdir().unwrap();
    let journal = open(&directory);
    let good = RunId("good".into());
    add(&journal, &good, vec![created()]).await.unwrap();
    // A row that stands in the way of the next place: the append is refused as a whole.
    let raw = Connection::open(directory.path().join("journal.db")).unwrap();
    raw.execute("INSERT INTO event VALUES ('bad', 2, 0, '{}')", [])
        .unwrap();
    let (bad, from) = (RunId("bad".into()), owner(1));
    let (bad, good) = tokio::join!(
        journal.append(&bad, &from, Seq(0), vec![created(), Event::RunStarted]),
        add(&journal, &good, vec![Event::RunStarted]),
    );
    assert!(bad.unwrap_err().to_string().contains("write to the journal"));
    assert_eq!(good.unwrap()[0].seq, Seq(2));
    assert_eq!(
        journal.runs(RunQuery::default()).await.unwrap().len(),
        1,
        "nothing of the bad one is left"
    );
}

#[tokio::test]
async fn a_journal_of_a_newer_loom_is_refused_with_what_to_do() {
    let directory = tempfile::tempdir().unwrap();
    drop(open(&directory));
    let path = directory.path().join("journal.db");
    Connection::open(&path)
        .unwrap()
        .pragma_update(None, "user_version", 999)
        .unwrap();
    let Err(error) = SqliteJournal::open(&path, Arc::new(Ticking::default())) else {
        panic!("it was opened")
    };
    assert!(error.to_string().contains("newer version of Loom"), "{error}");
}

#[tokio::test]
async fn only_one_takes_over_from_a_dead_owner() {
    let directory = tempfile::tempdir().unwrap();
    let journal = open(&directory);
    let (run, run_owner) = (RunId("r".into()), owner(1));
    add(&journal, &run, vec![created()]).await.unwrap();
    for (to, taken) in [(owner(2), true), (owner(3), false)] {
        let take = journal.take_over(&run, &run_owner, &to, Seq(1), vec![lost()]);
        assert_eq!(take.await.unwrap(), taken);
    }
    let events = journal.read(&run, Seq(1), 10).await.unwrap();
    let words: Vec<_> = events.into_iter().map(|event| event.event).collect();
    assert_eq!(words, [Event::RunTakenOver { owner: owner(2) }, lost()]);
    let listed = journal.runs(RunQuery::default()).await.unwrap().remove(0);
    assert_eq!((listed.owner, listed.state), (owner(2), RunState::Lost));
}

#[tokio::test]
async fn who_is_not_the_owner_any_more_writes_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let journal = open(&directory);
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

#[tokio::test]
async fn an_append_whose_answer_was_lost_is_not_doubled_by_the_next_try() {
    let directory = tempfile::tempdir().unwrap();
    let journal = open(&directory);
    let run = RunId("r".into());
    add(&journal, &run, vec![created()]).await.unwrap();
    let queued = Event::JobQueued {
        job: JobId("a".into()),
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

#[tokio::test]
async fn a_run_of_which_something_may_be_left_is_known_until_it_is_swept() {
    let directory = tempfile::tempdir().unwrap();
    let journal = open(&directory);
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
    let remaining = |journal: Arc<SqliteJournal>| async move {
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
    let journal = open(&directory);
    assert_eq!(remaining(Arc::clone(&journal)).await, ["lost"]);
    journal.mark_swept(vec![RunId("lost".into())]).await.unwrap();
    assert!(remaining(journal).await.is_empty());
}

#[tokio::test]
async fn what_a_newer_loom_wrote_is_read_and_one_damaged_run_keeps_no_other_from_being_read() {
    let directory = tempfile::tempdir().unwrap();
    let journal = open(&directory);
    for name in ["newer", "damaged", "good"] {
        add(&journal, &RunId(name.into()), vec![created()]).await.unwrap();
    }
    let mut tail = Tail::all(journal.clone()).await.unwrap();
    let raw = Connection::open(directory.path().join("journal.db")).unwrap();
    raw.execute_batch(
        r#"INSERT INTO event VALUES ('newer', 2, 0, '{"type":"jobPaused","job":"a"}');
           INSERT INTO event VALUES ('damaged', 2, 0, '{"type":"jobQueued"}');
           UPDATE run SET last = 2, change = (SELECT max(change) FROM run) + 1 WHERE id = 'newer';
           UPDATE run SET last = 2, change = (SELECT max(change) FROM run) + 1 WHERE id = 'damaged';"#,
    )
    .unwrap();
    add(&journal, &RunId("good".into()), vec![finished()])
        .await
        .unwrap();
    let (mut seen, mut complaints) = (Vec::new(), Vec::new());
    while seen.len() < 4 || complaints.is_empty() {
        match tail.next().await {
            Ok(events) => seen.extend(events.into_iter().map(|event| (event.run.0, event.seq.0))),
            Err(error) => complaints.push(error.to_string()),
        }
    }
    // It goes on, and does not complain again.
    raw.execute(
        "UPDATE run SET change = (SELECT max(change) FROM run) + 1 WHERE id = 'damaged'",
        [],
    )
    .unwrap();
    add(&journal, &RunId("later".into()), vec![created()])
        .await
        .unwrap();
    seen.extend(
        tail.next()
            .await
            .unwrap()
            .into_iter()
            .map(|event| (event.run.0, event.seq.0)),
    );
    seen.sort();
    let wanted = [("good", 1), ("good", 2), ("later", 1), ("newer", 1), ("newer", 2)];
    assert_eq!(seen, wanted.map(|(run, seq)| (run.to_owned(), seq)));
    assert!(
        complaints.len() == 1 && complaints[0].contains("event 2 of run damaged"),
        "{complaints:?}"
    );
    // The list of runs is made anew from what can be read.
    raw.execute("DELETE FROM run", []).unwrap();
    drop((journal, tail));
    let listed = open(&directory).runs(RunQuery::default()).await.unwrap();
    assert_eq!(listed.len(), 3, "{listed:?}");
}

#[tokio::test]
async fn a_line_of_the_list_with_a_word_that_is_not_known_hides_no_other() {
    let directory = tempfile::tempdir().unwrap();
    let journal = open(&directory);
    for name in ["a", "b"] {
        add(&journal, &RunId(name.into()), vec![created()]).await.unwrap();
    }
    let raw = Connection::open(directory.path().join("journal.db")).unwrap();
    raw.execute(r#"UPDATE run SET on_crash = '"resume"' WHERE id = 'a'"#, [])
        .unwrap();
    let listed = journal.runs(RunQuery::default()).await.unwrap();
    assert_eq!(listed.len(), 1);
}

#[tokio::test]
async fn a_tail_of_all_runs_sees_each_event_once_also_of_other_processes() {
    let directory = tempfile::tempdir().unwrap();
    let (ours, theirs) = (open(&directory), open(&directory));
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

#[tokio::test]
async fn a_tail_whose_reading_is_broken_off_again_and_again_loses_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let journal = open(&directory);
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

#[tokio::test]
async fn requests_are_kept_in_order() {
    let directory = tempfile::tempdir().unwrap();
    let (ours, theirs) = (open(&directory), open(&directory));
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

#[tokio::test]
async fn requests_end_with_their_runs() {
    let directory = tempfile::tempdir().unwrap();
    let journal = open(&directory);
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

#[test]
fn the_bundled_sqlite_has_the_fix_for_the_wal_reset_race() {
    // 3.7.0 to 3.51.2 can lose a commit when two connections checkpoint at the same time.
    assert!(rusqlite::version_number() >= 3_051_003, "{}", rusqlite::version());
}
