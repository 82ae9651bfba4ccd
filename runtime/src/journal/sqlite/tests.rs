//! What the journal promises, tried on real files.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use loom_protocol::Timestamp;

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

fn open(directory: &tempfile::TempDir) -> Arc<SqliteJournal> {
    Arc::new(SqliteJournal::open(&directory.path().join("journal.db"), Arc::new(Ticking::default())).unwrap())
}

#[tokio::test]
async fn events_come_back_in_order_without_gaps() {
    let directory = tempfile::tempdir().unwrap();
    let journal = open(&directory);
    let run = RunId("r".into());
    journal
        .append(&run, vec![created(), Event::RunStarted])
        .await
        .unwrap();
    let last = journal.append(&run, vec![finished()]).await.unwrap();
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
    first.append(&RunId("r".into()), vec![created()]).await.unwrap();
    assert_ne!(second.foreign_version().await.unwrap(), before);
    assert_eq!(second.runs(RunQuery::default()).await.unwrap().len(), 1);
}

#[tokio::test]
async fn deleted_projections_are_made_anew_from_the_events() {
    let directory = tempfile::tempdir().unwrap();
    let journal = open(&directory);
    for name in ["r1", "r2"] {
        journal
            .append(&RunId(name.into()), vec![created(), Event::RunStarted])
            .await
            .unwrap();
    }
    journal
        .append(&RunId("r2".into()), vec![finished()])
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
            journal.append(&run, vec![created()]).await.unwrap();
            for _ in 0..50 {
                journal.append(&run, vec![Event::RunStarted]).await.unwrap();
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
    journal.append(&good, vec![created()]).await.unwrap();
    // A row that stands in the way of the next place: the append is refused as a whole.
    let raw = Connection::open(directory.path().join("journal.db")).unwrap();
    raw.execute("INSERT INTO event VALUES ('bad', 2, 0, '{}')", [])
        .unwrap();
    let bad = RunId("bad".into());
    let (bad, good) = tokio::join!(
        journal.append(&bad, vec![created(), Event::RunStarted]),
        journal.append(&good, vec![Event::RunStarted]),
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
    let run = RunId("r".into());
    journal.append(&run, vec![created()]).await.unwrap();
    assert!(journal.take_over(&run, &owner(1), &owner(2)).await.unwrap());
    assert!(!journal.take_over(&run, &owner(1), &owner(3)).await.unwrap());
}

#[tokio::test]
async fn a_tail_of_all_runs_sees_each_event_once_also_of_other_processes() {
    let directory = tempfile::tempdir().unwrap();
    let (ours, theirs) = (open(&directory), open(&directory));
    ours.append(&RunId("old".into()), vec![created(), finished()])
        .await
        .unwrap();
    ours.append(&RunId("open".into()), vec![created()]).await.unwrap();
    let mut tail = Tail::all(ours.clone()).await.unwrap();
    theirs
        .append(
            &RunId("short".into()),
            vec![created(), Event::RunStarted, finished()],
        )
        .await
        .unwrap();
    ours.append(&RunId("open".into()), vec![Event::RunStarted, finished()])
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
    journal.append(&run, vec![created()]).await.unwrap();
    let mut tail = Tail::run(journal.clone(), run.clone(), Seq(0));
    let writer = tokio::spawn(async move {
        for _ in 0..200 {
            journal.append(&run, vec![Event::RunStarted]).await.unwrap();
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
    theirs
        .request(&run, Request::Cancel { by: "api".into() })
        .await
        .unwrap();
    let (place, found, request) = ours.requests(0).await.unwrap().remove(0);
    assert_eq!((found, request), (run, Request::Cancel { by: "api".into() }));
    assert!(ours.requests(place).await.unwrap().is_empty());
}

#[test]
fn the_bundled_sqlite_has_the_fix_for_the_wal_reset_race() {
    // 3.7.0 to 3.51.2 can lose a commit when two connections checkpoint at the same time.
    assert!(rusqlite::version_number() >= 3_051_003, "{}", rusqlite::version());
}
