//! Everything that a disk may do to a history.

use std::time::Duration;

use super::{START, ask, kind, measured, options, steady, values_of};
use crate::disk::{FILE, Order};
use crate::{History, HistoryOptions, Metric, Place, Slot};

const PATIENCE: Duration = Duration::from_secs(60);

/// All that was ordered of the file is done, and heard of.
fn write_down(history: &History, now: i64) {
    for later in [1, 7, 14] {
        history.tick(now + later);
        history.disk().unwrap().wait(PATIENCE);
    }
}

fn sum_of_minutes(history: &History, name: &str, now: i64) -> f64 {
    let past = ask(history, &[Metric::Rate], (now - 86_400, now), 2_000, now);
    assert_eq!(past.step, 60_000);
    values_of(&past, name, Metric::Rate).values().count() as f64
}

#[test]
fn a_process_that_ends_without_a_word_loses_no_more_than_its_last_minute() {
    let directory = tempfile::tempdir().unwrap();
    let from = START - START.rem_euclid(3_600);
    let until = from + 3_600 + 1_000;
    let history = History::open(options(Some(directory.path())));
    steady(&history, "A", from..until);
    write_down(&history, until);
    drop(history);
    let again = History::open(options(Some(directory.path())));
    let minutes = sum_of_minutes(&again, "A", until);
    assert!(
        (76.0..=77.0).contains(&minutes),
        "{minutes} of 76 minutes and more"
    );
    let past = ask(&again, &[Metric::Rate], (from, until), 2_000, until);
    assert!(
        values_of(&past, "A", Metric::Rate)
            .values()
            .all(|rate| *rate == 10.0)
    );
    // And goes on where it was, each second once.
    let reached = again.newest().unwrap();
    assert!(until - reached <= 61, "{reached} of {until}");
    assert!(!again.push(reached, &[(kind("A"), measured(99))]));
    steady(&again, "A", until..until + 120);
    again.close();
    drop(again);
    let again = History::open(options(Some(directory.path())));
    let past = ask(&again, &[Metric::Rate], (from, until + 120), 2_000, until + 120);
    assert!(
        values_of(&past, "A", Metric::Rate)
            .values()
            .all(|rate| *rate == 10.0)
    );
}

#[test]
fn what_is_no_history_is_left_alone_and_the_studio_remembers_in_memory() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(
        directory.path().join(FILE),
        "this is a letter, and no database at all".repeat(99),
    )
    .unwrap();
    let before = std::fs::read(directory.path().join(FILE)).unwrap();
    let history = History::open(options(Some(directory.path())));
    let health = history.health();
    assert_eq!(health.place, Place::Refused);
    assert!(health.trouble.unwrap().contains("move the file away"));
    steady(&history, "A", START..START + 300);
    let past = ask(
        &history,
        &[Metric::Rate],
        (START, START + 300),
        2_000,
        START + 300,
    );
    assert_eq!(values_of(&past, "A", Metric::Rate).len(), 300);
    history.close();
    assert_eq!(std::fs::read(directory.path().join(FILE)).unwrap(), before);
}

#[test]
fn two_studios_do_not_share_a_file() {
    let directory = tempfile::tempdir().unwrap();
    let first = History::open(options(Some(directory.path())));
    let second = History::open(options(Some(directory.path())));
    assert_eq!(
        (first.health().place, second.health().place),
        (Place::File, Place::Refused)
    );
    assert!(second.health().trouble.unwrap().contains("LOOM_STATE_DIR"));
    drop(first);
    assert_eq!(
        History::open(options(Some(directory.path()))).health().place,
        Place::File
    );
}

#[test]
fn a_directory_that_can_not_be_made_is_said_with_its_name() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let history = History::open(options(Some(&file.path().join("below"))));
    let trouble = history.health().trouble.unwrap();
    assert!(
        trouble.contains("below") && trouble.contains("another directory"),
        "{trouble}"
    );
}

#[test]
fn a_file_that_somebody_holds_is_written_once_it_is_free() {
    let directory = tempfile::tempdir().unwrap();
    let history = History::open(options(Some(directory.path())));
    let other = rusqlite::Connection::open(directory.path().join(FILE)).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    steady(&history, "A", START..START + 200);
    write_down(&history, START + 200);
    let health = history.health();
    assert_eq!(health.place, Place::File);
    assert!(health.trouble.unwrap().contains("another program holds the file"));
    let past = ask(
        &history,
        &[Metric::Rate],
        (START, START + 200),
        2_000,
        START + 200,
    );
    assert_eq!(
        values_of(&past, "A", Metric::Rate).len(),
        200,
        "it is told all the same"
    );
    other.execute_batch("COMMIT").unwrap();
    write_down(&history, START + 300);
    assert_eq!(history.health().trouble, None);
    history.close();
    drop(history);
    let again = History::open(options(Some(directory.path())));
    let past = ask(&again, &[Metric::Rate], (START, START + 200), 2_000, START + 200);
    assert_eq!(
        values_of(&past, "A", Metric::Rate).len(),
        200,
        "nothing of it was lost"
    );
}

#[test]
fn a_full_disk_is_said_and_forgiven() {
    let directory = tempfile::tempdir().unwrap();
    let history = History::open(options(Some(directory.path())));
    assert!(history.disk().unwrap().order(Order::Fill(0)));
    for name in ["A", "B", "C", "D", "E", "F", "G", "H"] {
        // Names take room as well.
        steady(&history, &name.repeat(2_000), START..START + 1);
    }
    steady(&history, "A", START + 1..START + 400);
    write_down(&history, START + 400);
    assert!(history.health().trouble.unwrap().contains("make room"));
    let past = ask(
        &history,
        &[Metric::Rate],
        (START, START + 400),
        2_000,
        START + 400,
    );
    assert_eq!(values_of(&past, "A", Metric::Rate).len(), 399);
    assert!(history.disk().unwrap().order(Order::Fill(1_000)));
    write_down(&history, START + 500);
    assert_eq!(history.health().trouble, None);
}

#[test]
fn a_writer_that_panics_goes_on() {
    let directory = tempfile::tempdir().unwrap();
    let history = History::open(options(Some(directory.path())));
    assert!(history.disk().unwrap().order(Order::Panic));
    steady(&history, "A", START..START + 200);
    history.close();
    drop(history);
    let again = History::open(options(Some(directory.path())));
    let past = ask(&again, &[Metric::Rate], (START, START + 200), 2_000, START + 200);
    assert_eq!(values_of(&past, "A", Metric::Rate).len(), 200);
}

#[test]
fn a_file_stays_within_its_bound() {
    let directory = tempfile::tempdir().unwrap();
    let history = History::open(HistoryOptions {
        max_disk: 80_000,
        ..options(Some(directory.path()))
    });
    let mut random = 7_u64;
    for minute in 0..3_000 {
        let second = START + minute * 60;
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let mut step = measured((random >> 40) % 500);
        step.slots[1] = Slot::once(random >> 8);
        history.push(second, &[(kind("A"), step)]);
        history.tick(second);
        if minute % 50 == 0 {
            history.disk().unwrap().wait(PATIENCE);
        }
    }
    write_down(&history, START + 3_000 * 60);
    history.disk().unwrap().order(Order::Prune(START + 3_000 * 60));
    history.disk().unwrap().wait(PATIENCE);
    let health = history.health();
    assert!(health.disk <= 80_000 && health.forgotten > 0, "{health:?}");
}
