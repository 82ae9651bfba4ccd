//! Files that earlier builds wrote are read as they were. Each step of `disk/schema.rs` is final, and so is the form of a chunk; where a new
//! step is added, `LOOM_UPDATE_GOLDEN=1` adds a file of it, and the older ones are still read.

use std::fs;
use std::path::PathBuf;

use super::{START, ask, kind, measured, options};
use crate::disk::FILE;
use crate::{History, Line, Metric};

/// So long that some of it is in each ring.
const SECONDS: i64 = 8_000;
const METRICS: [Metric; 3] = [Metric::Rate, Metric::Queue, Metric::Wait(0.95)];

fn directory() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/tests/golden")
}

/// The same with each call: two types, of which one is silent now and then.
fn fill(history: &History) {
    for second in START..START + SECONDS {
        let mut of_second = vec![(kind("A"), measured(u64::try_from(second % 30).unwrap()))];
        if second / 100 % 2 == 0 {
            of_second.push((kind("B"), measured(7)));
        }
        assert!(history.push(second, &of_second));
    }
}

fn shown(history: &History) -> Vec<Vec<Line>> {
    let until = START + SECONDS;
    let of = |seconds: i64| ask(history, &METRICS, (until - seconds, until), 2_000, until).lines;
    [300, 3_600, SECONDS].map(of).to_vec()
}

#[test]
fn files_of_earlier_builds_are_read_as_they_were_written() {
    if std::env::var_os("LOOM_UPDATE_GOLDEN").is_some() {
        let made = tempfile::tempdir().unwrap();
        let history = History::open(options(Some(made.path())));
        fill(&history);
        history.tick(START + SECONDS);
        history.close();
        drop(history);
        let connection = rusqlite::Connection::open(made.path().join(FILE)).unwrap();
        let version = connection.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0));
        connection.close().unwrap();
        let name = format!("step-{}.sqlite", version.unwrap());
        fs::copy(made.path().join(FILE), directory().join(name)).unwrap();
    }
    let fresh = History::open(options(None));
    fill(&fresh);
    let expected = shown(&fresh);
    assert!(expected.iter().all(|lines| lines.len() == 6), "{expected:?}");
    let mut files = 0;
    for entry in fs::read_dir(directory()).unwrap() {
        let path = entry.unwrap().path();
        let opened = tempfile::tempdir().unwrap();
        // What is read is brought to this version, which is not to be in the golden file.
        fs::copy(&path, opened.path().join(FILE)).unwrap();
        let history = History::open(options(Some(opened.path())));
        assert_eq!(history.health().trouble, None, "{path:?}");
        assert_eq!(shown(&history), expected, "{path:?}");
        files += 1;
    }
    assert!(files > 0);
}
