//! What the journal in SQLite promises beyond the suite of all journals, tried on real files.

use std::sync::Arc;

use rusqlite::Connection;

use super::*;
use crate::journal::Tail;
use crate::journal::suite::{Place, Ticking, add, conforms, created, finished, of_branch, owner};

/// A new state directory.
struct Directory(tempfile::TempDir);

impl Place for Directory {
    fn open(&self) -> Arc<dyn Journal> {
        open(&self.0)
    }
}

mod conformance {
    use super::*;

    conforms!(Directory(tempfile::tempdir().unwrap()));
}

fn open(directory: &tempfile::TempDir) -> Arc<SqliteJournal> {
    Arc::new(SqliteJournal::open(&directory.path().join("journal.db"), Arc::new(Ticking::default())).unwrap())
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
async fn what_another_process_writes_is_heard_of_soon() {
    let directory = tempfile::tempdir().unwrap();
    let (ours, theirs) = (open(&directory), open(&directory));
    let known = ours.foreign_version().await.unwrap();
    let nothing = ours.foreign_change(Some(known), Duration::from_millis(1)).await;
    assert_eq!(nothing.unwrap(), known);
    let hears = tokio::spawn(async move { ours.foreign_change(Some(known), Duration::from_secs(60)).await });
    add(&theirs, &RunId("r".into()), vec![created()]).await.unwrap();
    let heard = tokio::time::timeout(Duration::from_secs(20), hears).await;
    assert_ne!(
        heard.expect("long before the time is over").unwrap().unwrap(),
        known
    );
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
    drop(journal);
    // Those whose histories do not say it get their numbers when the journal is opened.
    let before = open(&directory).runs(RunQuery::default()).await.unwrap();
    let numbers: Vec<_> = before.iter().map(|run| run.number).collect();
    assert_eq!(numbers, [Some(2), Some(1)]);
    Connection::open(directory.path().join("journal.db"))
        .unwrap()
        .execute("DELETE FROM run", [])
        .unwrap();
    let after = open(&directory).runs(RunQuery::default()).await.unwrap();
    assert_eq!(after, before);
}

#[tokio::test]
async fn lines_of_an_older_loom_get_what_is_new_in_them() {
    let directory = tempfile::tempdir().unwrap();
    let journal = open(&directory);
    for (name, number, end) in [("r1", Some(4), true), ("r2", None, true), ("r3", Some(5), false)] {
        let mut event = of_branch("main", "ana", "push");
        if let Event::RunCreated { number: known, .. } = &mut event {
            *known = number;
        }
        let mut events = vec![event, Event::RunStarted];
        events.extend(end.then(finished));
        add(&journal, &RunId(name.into()), events).await.unwrap();
    }
    let mut before = journal.runs(RunQuery::default()).await.unwrap();
    drop(journal);
    let raw = Connection::open(directory.path().join("journal.db")).unwrap();
    raw.execute_batch(
        "DROP INDEX run_number; DROP INDEX run_list; DROP INDEX run_file; DROP INDEX run_unplaced; DROP INDEX run_uncounted;
         ALTER TABLE run DROP COLUMN number; ALTER TABLE run DROP COLUMN under_way; ALTER TABLE run DROP COLUMN branch;
         ALTER TABLE run DROP COLUMN actor; ALTER TABLE run DROP COLUMN sha; ALTER TABLE run DROP COLUMN title;
         CREATE INDEX run_created ON run (created DESC, id DESC);
         PRAGMA user_version = 4;",
    )
    .unwrap();
    drop(raw);
    let journal = open(&directory);
    // Its history does not say which run of its file it is: the second.
    before[1].number = Some(2);
    assert_eq!(journal.runs(RunQuery::default()).await.unwrap(), before);
    assert_eq!(before[0].origin.actor.as_deref(), Some("ana"));
    assert_eq!(journal.last_number(".loom.yml").await.unwrap(), 5);
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

#[test]
fn a_full_disk_is_told_with_what_to_do() {
    let full = rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_FULL), None);
    let said = super::schema::explain(&full, Some("/state/journal.db"));
    assert!(
        said.contains("full") && said.contains("make room for /state/journal.db"),
        "{said}"
    );
    let other = rusqlite::Error::QueryReturnedNoRows;
    assert_eq!(super::schema::explain(&other, Some("/x")), other.to_string());
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
async fn what_a_newer_loom_wrote_is_read_and_one_damaged_run_keeps_no_other_from_being_read() {
    let directory = tempfile::tempdir().unwrap();
    let journal = open(&directory);
    for name in ["newer", "damaged", "good"] {
        add(&journal, &RunId(name.into()), vec![created()]).await.unwrap();
    }
    let mut tail = Tail::all(journal.clone()).await.unwrap();
    let raw = Connection::open(directory.path().join("journal.db")).unwrap();
    raw.execute_batch(
        r#"INSERT INTO event VALUES ('newer', 2, 0, '{"type":"jobPostponed","job":"a"}');
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
    raw.execute(r#"UPDATE run SET on_crash = '"unheardOf"' WHERE id = 'a'"#, [])
        .unwrap();
    let listed = journal.runs(RunQuery::default()).await.unwrap();
    assert_eq!(listed.len(), 1);
}

#[test]
fn the_bundled_sqlite_has_the_fix_for_the_wal_reset_race() {
    // 3.7.0 to 3.51.2 can lose a commit when two connections checkpoint at the same time.
    assert!(rusqlite::version_number() >= 3_051_003, "{}", rusqlite::version());
}

#[tokio::test]
async fn a_request_of_a_kind_that_is_not_known_is_passed_over() {
    let directory = tempfile::tempdir().unwrap();
    let journal = open(&directory);
    let run = RunId("r".into());
    add(&journal, &run, vec![created()]).await.unwrap();
    Connection::open(directory.path().join("journal.db"))
        .unwrap()
        .execute(
            r#"INSERT INTO request (run, time, body) VALUES ('r', 0, '{"kind":"pauseJob","job":"a"}')"#,
            [],
        )
        .unwrap();
    let cancel = Request::CancelJob {
        job: JobId("a".into()),
        by: "concurrency".into(),
    };
    journal.request(&run, cancel.clone()).await.unwrap();
    let found = journal.requests(0).await.unwrap();
    assert_eq!(
        found.into_iter().map(|(.., request)| request).collect::<Vec<_>>(),
        [cancel]
    );
}

#[tokio::test]
async fn the_journal_is_closed_to_others_also_where_it_was_open() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    let files = ["journal.db", "journal.db-wal", "journal.db-shm"];
    let mode = |name: &str| std::fs::metadata(path(name)).unwrap().permissions().mode() & 0o777;
    let journal = open(&directory);
    add(&journal, &RunId("r".into()), vec![created()]).await.unwrap();
    assert_eq!(files.map(mode), [0o600; 3]);
    for name in files {
        std::fs::set_permissions(path(name), std::fs::Permissions::from_mode(0o644)).unwrap();
    }
    drop(open(&directory));
    assert_eq!(files.map(mode), [0o600; 3]);
}

#[tokio::test]
async fn who_follows_a_run_of_this_process_needs_the_file_for_nothing_that_was_just_written() {
    let directory = tempfile::tempdir().unwrap();
    let (ours, theirs) = (open(&directory), open(&directory));
    let run = RunId("r".into());
    add(&ours, &run, vec![created(), Event::RunStarted])
        .await
        .unwrap();
    add(&ours, &run, vec![finished()]).await.unwrap();
    let whole = theirs.read(&run, Seq(0), 10).await.unwrap();
    Connection::open(directory.path().join("journal.db"))
        .unwrap()
        .execute("DELETE FROM event", [])
        .unwrap();
    assert_eq!(ours.read(&run, Seq(1), 10).await.unwrap(), whole[1..]);
    assert_eq!(ours.read(&run, Seq(2), 10).await.unwrap(), whole[2..]);
    for (journal, after) in [(&ours, 0), (&ours, 3), (&theirs, 1)] {
        assert_eq!(journal.read(&run, Seq(after), 10).await.unwrap(), Vec::new());
    }
}

#[tokio::test]
async fn a_query_is_prepared_once_whatever_is_asked_for() {
    use rusqlite::StatementStatus::RePrepare;

    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("journal.db");
    drop(open(&directory));
    for connection in [
        schema::connect(&path).unwrap(),
        schema::connect_reader(&path).unwrap(),
    ] {
        let sql = "SELECT seq FROM event WHERE run = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3";
        for limit in 1..5 {
            let mut statement = connection.prepare_cached(sql).unwrap();
            assert!(!statement.exists(("r", limit, limit)).unwrap());
            assert_eq!(statement.get_status(RePrepare), 0);
        }
    }
}

#[tokio::test]
async fn an_event_in_the_middle_of_a_run_writes_its_page_the_runs_line_and_the_order_of_changes_alone() {
    let directory = tempfile::tempdir().unwrap();
    let journal = open(&directory);
    let run = RunId("r".into());
    let started = |job: &str| Event::JobStarted {
        job: JobId(job.into()),
    };
    add(&journal, &run, vec![created(), Event::RunStarted])
        .await
        .unwrap();
    add(&journal, &run, vec![started("a")]).await.unwrap();
    let log = directory.path().join("journal.db-wal");
    let before = std::fs::metadata(&log).unwrap().len();
    for _ in 0..10 {
        add(&journal, &run, vec![started("a")]).await.unwrap();
    }
    // Each page has 24 bytes before it.
    let pages = (std::fs::metadata(&log).unwrap().len() - before) / (4096 + 24);
    assert!(pages <= 33, "{pages} pages of 10 commits");
    let other = open(&directory);
    assert_eq!(other.runs(RunQuery::default()).await.unwrap()[0].last, Seq(13));
    assert_eq!(other.changes(0).await.unwrap().len(), 1);
}
