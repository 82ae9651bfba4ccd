//! Logs on real files.

use std::sync::Arc;

use super::store::file_name;
use super::*;

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

fn store() -> (tempfile::TempDir, LogStore) {
    let directory = tempfile::tempdir().unwrap();
    let store = LogStore::new(directory.path().join("logs"));
    (directory, store)
}

fn step_id(step: &str) -> StepId {
    StepId(step.into())
}

fn key(attempt: u32) -> LogKey {
    let (run, job) = ids();
    LogKey { run, job, attempt }
}

fn ids() -> (RunId, JobId) {
    (RunId("r".into()), JobId("build".into()))
}

#[test]
fn lines_come_back_with_number_time_step_and_stream() {
    let (_directory, store) = store();
    let (run, job) = ids();
    let log = store.create(&run, &job, 1).unwrap();
    log.note(at(1), "pulling").unwrap();
    let mut step = log.step(&step_id("3"));
    step.write(Stream::Stdout, at(2), b"hello\nwor").unwrap();
    step.write(Stream::Stderr, at(3), b"oops\n").unwrap();
    step.write(Stream::Stdout, at(4), b"ld").unwrap();
    step.finish(at(5)).unwrap();
    let window = store.open(&run, &job, 1).unwrap().window(1, 100).unwrap();
    let lines: Vec<_> = window
        .lines
        .iter()
        .map(|l| {
            (
                l.number,
                l.time.as_millis(),
                l.step.as_ref().map(|step| step.0.as_str()),
                l.source,
                l.text.as_str(),
            )
        })
        .collect();
    assert_eq!(
        lines,
        [
            (1, 1, None, Source::Loom, "pulling"),
            (2, 2, Some("3"), Source::Stdout, "hello"),
            (3, 3, Some("3"), Source::Stderr, "oops"),
            (4, 5, Some("3"), Source::Stdout, "world"),
        ]
    );
    assert_eq!(window.total, 4);
}

#[test]
fn a_window_in_the_middle_of_many_lines_is_exact() {
    let (_directory, store) = store();
    let (run, job) = ids();
    let log = store.create(&run, &job, 1).unwrap();
    let mut step = log.step(&step_id("0"));
    let text: String = (1..=100_000).map(|n| format!("line {n}\n")).collect();
    for chunk in text.as_bytes().chunks(30_000) {
        step.write(Stream::Stdout, at(0), chunk).unwrap();
    }
    let window = store.open(&run, &job, 1).unwrap().window(70_000, 3).unwrap();
    assert_eq!(
        window.lines.iter().map(|l| l.text.as_str()).collect::<Vec<_>>(),
        ["line 70000", "line 70001", "line 70002"]
    );
    assert_eq!(window.total, 100_000);
    let tail = store.open(&run, &job, 1).unwrap().window(100_001, 10).unwrap();
    assert!(tail.lines.is_empty());
}

#[test]
fn a_window_of_long_lines_is_bounded_and_pages_hold_every_line_once() {
    let (_directory, store) = store();
    let (run, job) = ids();
    let log = store.create(&run, &job, 1).unwrap();
    let mut step = log.step(&step_id("0"));
    let long = "x".repeat(200_000);
    for n in 1..=100 {
        step.write(Stream::Stdout, at(0), format!("{n} {long}\n").as_bytes())
            .unwrap();
    }
    let window = store.open(&run, &job, 1).unwrap().window(1, usize::MAX).unwrap();
    let held: usize = window.lines.iter().map(|line| line.text.len()).sum();
    assert!((4_000_000..5_000_000).contains(&held), "{held} bytes at once");
    let pages = store.pages(&run, &job, 1, 3, 95).unwrap();
    assert_eq!(pages.total(), 100);
    // What is written meanwhile is not waited for.
    step.write(Stream::Stdout, at(0), b"late\n").unwrap();
    let numbers: Vec<u64> = pages
        .flat_map(|page| page.unwrap())
        .map(|line| {
            assert!(line.text.starts_with(&format!("{} x", line.number)));
            line.number
        })
        .collect();
    assert_eq!(numbers, (3..=97).collect::<Vec<u64>>());
    assert_eq!(store.pages(&run, &job, 1, 101, u64::MAX).unwrap().count(), 1);
    assert_eq!(store.pages(&run, &job, 1, 102, u64::MAX).unwrap().count(), 0);
}

#[test]
fn a_job_that_has_not_written_has_an_empty_log() {
    let (_directory, store) = store();
    let (run, job) = ids();
    assert_eq!(store.open(&run, &job, 1).unwrap().window(1, 10).unwrap().total, 0);
}

#[test]
fn carriage_returns_before_line_ends_and_broken_utf8_are_read_as_text() {
    let (_directory, store) = store();
    let (run, job) = ids();
    let log = store.create(&run, &job, 1).unwrap();
    let mut step = log.step(&step_id("0"));
    step.write(Stream::Stdout, at(0), b"windows\r\n\xff\xfe\n")
        .unwrap();
    let window = store.open(&run, &job, 1).unwrap().window(1, 10).unwrap();
    assert_eq!(window.lines[0].text, "windows");
    assert_eq!(window.lines[1].text, "\u{fffd}\u{fffd}");
}

#[test]
fn ids_never_leave_the_directory_or_share_a_file() {
    assert_eq!(file_name("../x"), "%2e%2e%2fx");
    assert_ne!(file_name("a b"), file_name("a_b"));
}

#[tokio::test]
async fn growth_is_told_with_the_new_total() {
    let (_directory, store) = store();
    let (run, job) = ids();
    let mut grown = store.hub().subscribe(&key(1));
    let log = store.create(&run, &job, 1).unwrap();
    log.note(at(1), "one").unwrap();
    log.note(at(1), "two").unwrap();
    assert_eq!(*grown.borrow_and_update(), 2);
    drop(log);
}

fn texts(store: &LogStore, attempt: u32) -> Vec<String> {
    let (run, job) = ids();
    let window = store.open(&run, &job, attempt).unwrap().window(1, usize::MAX);
    window.unwrap().lines.into_iter().map(|line| line.text).collect()
}

/// The full device: each write to it fails as on a full disk.
fn fill_disk(directory: &tempfile::TempDir, ending: &str) {
    let path = directory.path().join(format!("logs/r/build.{ending}"));
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    drop(std::fs::remove_file(&path));
    std::os::unix::fs::symlink("/dev/full", &path).unwrap();
}

#[test]
fn lines_that_cannot_be_written_are_an_error_with_their_number() {
    for ending in ["log", "idx"] {
        let (directory, store) = store();
        let (run, job) = ids();
        fill_disk(&directory, ending);
        let log = store.create(&run, &job, 1).unwrap();
        let mut step = log.step(&step_id("a"));
        let error = step.write(Stream::Stdout, at(1), b"one\ntwo\nthr").unwrap_err();
        assert!(error.to_string().contains("write 2 lines to the log"), "{error}");
        let error = step.finish(at(2)).unwrap_err();
        assert!(matches!(error, LogError::Lost { lines: 1, .. }), "{error}");
        assert!(log.note(at(3), "still").is_err(), "each loss is told");
        assert_eq!((log.lost(), log.total()), (4, 0));
        let first = log.first_error().unwrap().to_string();
        assert!(first.contains("2 lines"), "{first}");
    }
}

#[test]
fn a_log_that_can_be_written_again_says_what_is_missing() {
    let (directory, store) = store();
    let (run, job) = ids();
    let log = store.create(&run, &job, 1).unwrap();
    log.note(at(1), "before").unwrap();
    log.fail_next(2);
    assert!(log.note(at(2), "lost\nlost too").is_err());
    assert!(log.note(at(3), "lost as well").is_err());
    log.note(at(4), "after").unwrap();
    let lines = texts(&store, 1);
    assert_eq!((lines[0].as_str(), lines[2].as_str()), ("before", "after"));
    assert!(lines[1].contains("3 lines missing here"), "{lines:?}");
    assert_eq!((lines.len(), log.lost()), (3, 3));
    drop(directory);
}

#[tokio::test]
async fn the_thread_writes_what_is_handed_over_in_order_and_tells_what_is_lost() {
    let (_directory, store) = store();
    let (run, job) = ids();
    let log = store.create(&run, &job, 1).unwrap();
    let mut writer = store.writer(&log).unwrap();
    let (mut writer, added) = tokio::task::spawn_blocking(move || {
        for n in 0..200_000 {
            let step = step_id(if n % 2 == 0 { "a" } else { "b/c" });
            let text = format!("line {n}");
            writer
                .line(Some(&step), Source::Stdout, at(n), text.as_bytes())
                .unwrap();
        }
        (writer, 200_000)
    })
    .await
    .unwrap();
    writer.flush().unwrap();
    assert_eq!(log.total(), added);
    let window = store.open(&run, &job, 1).unwrap().window(150_001, 2).unwrap();
    let found: Vec<_> = window
        .lines
        .iter()
        .map(|line| (line.step.clone().unwrap().0, line.text.as_str()))
        .collect();
    assert_eq!(
        found,
        [("a".to_owned(), "line 150000"), ("b/c".to_owned(), "line 150001")]
    );
    log.fail_next(1);
    writer.line(None, Source::Loom, at(0), b"gone").unwrap();
    let error = writer.flush().unwrap_err();
    assert!(matches!(error, LogError::Lost { lines: 1, .. }), "{error}");
    writer.line(None, Source::Loom, at(0), b"there").unwrap();
    writer.flush().unwrap();
    assert_eq!(
        texts_from(&store, added + 1),
        [
            "1 line missing here, which could not be written: a test failed it",
            "there"
        ]
    );
}

fn texts_from(store: &LogStore, from: u64) -> Vec<String> {
    let (run, job) = ids();
    let window = store.open(&run, &job, 1).unwrap().window(from, usize::MAX);
    window.unwrap().lines.into_iter().map(|line| line.text).collect()
}

#[tokio::test]
async fn several_writers_of_several_logs_lose_and_mix_nothing() {
    let (_directory, store) = store();
    let tasks: Vec<_> = (0..8)
        .map(|n| {
            let store = store.clone();
            tokio::spawn(async move {
                let (run, job) = (RunId("r".into()), JobId(format!("job {n}")));
                let log = store.create(&run, &job, 1).unwrap();
                let mut writer = store.writer(&log).unwrap();
                for line in 0..500 {
                    writer
                        .line(None, Source::Loom, at(0), format!("{n}/{line}").as_bytes())
                        .unwrap();
                    if line % 7 == 0 {
                        writer.flush().unwrap();
                    }
                }
                writer.flush().unwrap();
                let lines = store
                    .open(&run, &job, 1)
                    .unwrap()
                    .window(1, usize::MAX)
                    .unwrap()
                    .lines;
                let wanted: Vec<String> = (0..500).map(|line| format!("{n}/{line}")).collect();
                assert_eq!(
                    lines.into_iter().map(|line| line.text).collect::<Vec<_>>(),
                    wanted
                );
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
}

#[test]
fn each_attempt_has_a_log_of_its_own() {
    let (directory, store) = store();
    let (run, job) = ids();
    for attempt in [1, 2, 11] {
        let log = store.create(&run, &job, attempt).unwrap();
        log.note(at(0), &format!("attempt {attempt}")).unwrap();
    }
    for attempt in [1, 2, 11] {
        assert_eq!(texts(&store, attempt), [format!("attempt {attempt}")]);
    }
    assert!(directory.path().join("logs/r/build.log").exists());
    assert!(directory.path().join("logs/r/build@2.log").exists());
    assert!(texts(&store, 3).is_empty());
}

#[test]
fn a_log_of_numbered_steps_is_read_and_a_new_one_of_that_name_has_its_own_steps() {
    let (directory, store) = store();
    let (run, job) = ids();
    let log = store.create(&run, &job, 1).unwrap();
    let mut step = log.step(&step_id("build/\n\"x\""));
    step.write(Stream::Stdout, at(0), b"x\n").unwrap();
    let read = |store: &LogStore| {
        let window = store.open(&run, &job, 1).unwrap().window(1, 1).unwrap();
        window.lines[0].step.clone().unwrap().0
    };
    assert_eq!(read(&store), "build/\n\"x\"");
    std::fs::remove_file(directory.path().join("logs/r/build.steps")).unwrap();
    assert_eq!(read(&store), "0", "as an older Loom wrote it");
    let log = store.create(&run, &job, 1).unwrap();
    let mut step = log.step(&step_id("other"));
    step.write(Stream::Stdout, at(0), b"x\n").unwrap();
    assert_eq!(read(&store), "other");
}

#[test]
fn a_reader_that_is_open_learns_of_new_steps() {
    let (_directory, store) = store();
    let (run, job) = ids();
    let log = store.create(&run, &job, 1).unwrap();
    let mut reader = store.open(&run, &job, 1).unwrap();
    for name in ["a", "b"] {
        log.step(&step_id(name))
            .write(Stream::Stdout, at(0), b"x\n")
            .unwrap();
        let line = reader.window(log.total(), 1).unwrap().lines.remove(0);
        assert_eq!(line.step, Some(step_id(name)));
    }
}

#[test]
fn a_full_log_says_so_once_counts_what_it_leaves_out_and_takes_what_loom_says() {
    let directory = tempfile::tempdir().unwrap();
    let store = LogStore::with_options(directory.path().join("logs"), LogOptions { most_bytes: 100 });
    let (run, job) = ids();
    let log = store.create(&run, &job, 1).unwrap();
    let mut step = log.step(&step_id("a"));
    for n in 0..10 {
        step.write(
            Stream::Stdout,
            at(0),
            format!("{n} {}\n{n} {}\n", "x".repeat(30), "y".repeat(30)).as_bytes(),
        )
        .unwrap();
    }
    step.write(Stream::Stdout, at(0), b"short\n").unwrap();
    log.note(at(1), "from Loom").unwrap();
    log.finish(at(2)).unwrap();
    let lines = texts(&store, 1);
    assert_eq!(lines.len(), 6, "{lines:?}");
    assert!(lines[3].contains("reached its limit of 100 bytes"), "{lines:?}");
    assert_eq!(lines[4], "from Loom");
    assert!(lines[5].ends_with("full: 18 lines"), "{lines:?}");
    assert_eq!((log.left_out(), log.lost()), (18, 0));
}

#[test]
fn logs_are_closed_to_others_also_where_they_were_open() {
    use std::os::unix::fs::PermissionsExt;
    let (directory, store) = store();
    let (run, job) = ids();
    let run_directory = directory.path().join("logs/r");
    std::fs::create_dir_all(&run_directory).unwrap();
    for open in [directory.path().join("logs"), run_directory] {
        std::fs::set_permissions(&open, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    let log = store.create(&run, &job, 1).unwrap();
    log.step(&step_id("a"))
        .write(Stream::Stdout, at(0), b"x\n")
        .unwrap();
    let mode = |path: &str| {
        std::fs::metadata(directory.path().join(path))
            .unwrap()
            .permissions()
            .mode()
            & 0o777
    };
    assert_eq!((mode("logs"), mode("logs/r")), (0o700, 0o700));
    for file in ["log", "idx", "steps"] {
        assert_eq!(mode(&format!("logs/r/build.{file}")), 0o600, "{file}");
    }
}

#[test]
fn a_job_with_a_long_name_has_a_log() {
    let (_directory, store) = store();
    let run = RunId("r".into());
    for end in ["a", "b"] {
        let job = JobId(format!("{}{end}", "(ü)".repeat(200)));
        store.create(&run, &job, 1).unwrap().note(at(0), end).unwrap();
    }
    let job = JobId(format!("{}a", "(ü)".repeat(200)));
    assert_eq!(
        store.open(&run, &job, 1).unwrap().window(1, 9).unwrap().lines[0].text,
        "a"
    );
}

#[test]
fn the_logs_of_a_run_can_be_removed_twice() {
    let (directory, store) = store();
    let (run, job) = ids();
    store.create(&run, &job, 1).unwrap().note(at(0), "x").unwrap();
    for _ in 0..2 {
        store.remove(&run).unwrap();
        assert!(!directory.path().join("logs/r").exists());
    }
}

#[test]
fn how_many_lines_there_are_is_known_of_what_this_process_writes_or_wrote_just_now() {
    let (_directory, store) = store();
    let (run, job) = ids();
    let hub = Arc::clone(store.hub());
    assert_eq!(hub.total(&key(1)), None, "another process may write to it");
    let log = store.create(&run, &job, 1).unwrap();
    assert_eq!(hub.total(&key(1)), Some(0));
    log.note(at(1), "one\ntwo").unwrap();
    assert_eq!(hub.total(&key(1)), Some(2));
    drop(log);
    assert_eq!(hub.total(&key(1)), Some(2), "who prints comes a little later");
    drop(store.create(&run, &job, 1).unwrap());
    assert_eq!(hub.total(&key(1)), Some(0), "it begins anew");
    for attempt in 2..2000 {
        drop(store.create(&run, &job, attempt).unwrap());
    }
    assert_eq!((hub.total(&key(1)), hub.total(&key(1999))), (None, Some(0)));
}

#[test]
fn the_directory_of_a_run_is_closed_to_others_and_made_again_when_it_is_gone() {
    use std::os::unix::fs::PermissionsExt as _;

    let (directory, store) = store();
    let (run, job) = ids();
    let path = directory.path().join("logs/r");
    std::fs::create_dir_all(&path).unwrap();
    let mode = || std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    store.create(&run, &job, 1).unwrap();
    assert_eq!(mode(), 0o700);
    std::fs::remove_dir_all(&path).unwrap();
    store.create(&run, &job, 2).unwrap();
    assert_eq!(mode(), 0o700);
}
