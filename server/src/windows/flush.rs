//! Keeps what windows show current.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use super::shown::Shown;
use super::viewers::Windows;
use crate::directory::Directory;

/// Between two looks at what changed.
const FLUSH: Duration = Duration::from_millis(250);
/// What time alone changes (who is stale, the longest uptime) is looked at this often.
const AGE: Duration = Duration::from_secs(2);
/// A look rests for this many times the time it took, whatever that was.
const REST: u32 = 4;

/// Tells viewers what changes in their windows, for ever.
pub(crate) async fn keep_current(directory: Arc<Directory>, windows: Windows) {
    let mut seen = None;
    let mut looked = Instant::now();
    loop {
        let asked = timeout(FLUSH, windows.asked()).await.is_ok();
        let version = directory.changes().version();
        if !asked && seen == Some(version) && looked.elapsed() < AGE {
            continue;
        }
        looked = Instant::now();
        seen = Some(version);
        let looking = {
            let (directory, windows) = (directory.clone(), windows.clone());
            // A pass over very many actors holds up no other task.
            tokio::task::spawn_blocking(move || flush(&directory, &windows))
        };
        if let Err(error) = looking.await {
            tracing::error!(%error, "what windows show could not be found");
        }
        sleep(looked.elapsed() * REST).await;
    }
}

fn flush(directory: &Directory, windows: &Windows) {
    for key in windows.wanted() {
        let shown = Arc::new(Shown::of(directory, &key));
        windows.tell(&key, &shown);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use loom_protocol::{ActorPatch, ActorRecord};
    use serde_json::{Value, json};

    use super::*;
    use crate::directory::DirectoryOptions;
    use crate::windows::ViewerWindows;
    use crate::{Directory, SystemClock};

    fn directory() -> Directory {
        let directory = Directory::new(DirectoryOptions::default(), Arc::new(SystemClock));
        for number in 0..100 {
            let mut record = ActorRecord::new(
                format!("a{number:02}"),
                if number % 2 == 0 { "Even" } else { "Odd" },
            );
            record.message_count = Some(number);
            directory.register(record).unwrap();
        }
        directory
    }

    fn change(directory: &Directory, id: &str, count: u64) {
        let mut patch = ActorPatch::new(id);
        patch.message_count = Some(count);
        directory.update(patch).unwrap();
    }

    fn viewer(windows: &Windows) -> (ViewerWindows, Arc<AtomicUsize>) {
        let calls = Arc::new(AtomicUsize::new(0));
        let counted = calls.clone();
        let viewer = windows.open_for(move || {
            counted.fetch_add(1, Ordering::SeqCst);
            true
        });
        (viewer, calls)
    }

    fn received(viewer: &ViewerWindows) -> Vec<Value> {
        let frames = viewer.take();
        frames
            .iter()
            .map(|data| serde_json::from_str(data).unwrap())
            .collect()
    }

    fn rows(frame: &Value) -> Vec<&str> {
        let rows = frame["rows"].as_array().unwrap();
        rows.iter().map(|row| row["id"].as_str().unwrap()).collect()
    }

    const TOP: &str =
        r#"{"type":"window","id":"w1","filter":"type:Even","sort":"-messageCount","from":0,"count":3}"#;

    #[test]
    fn a_viewer_is_told_its_rows_and_then_only_what_changes_in_them() {
        let (directory, windows) = (directory(), Windows::default());
        let (viewer, calls) = viewer(&windows);
        viewer.ask(TOP);
        flush(&directory, &windows);
        let [first] = received(&viewer).try_into().unwrap();
        assert_eq!(
            (&first["id"], &first["from"], &first["total"]),
            (&json!("w1"), &json!(0), &json!(50))
        );
        assert_eq!(first["ids"], json!(["a98", "a96", "a94"]));
        assert_eq!(rows(&first), ["a98", "a96", "a94"]);
        change(&directory, "a97", 5_000);
        change(&directory, "a10", 95);
        flush(&directory, &windows);
        let [moved] = received(&viewer).try_into().unwrap();
        assert_eq!(moved["ids"], json!(["a98", "a96", "a10"]));
        assert_eq!(rows(&moved), ["a10"], "the others are known");
        let before = calls.load(Ordering::SeqCst);
        change(&directory, "a12", 1);
        flush(&directory, &windows);
        assert!(received(&viewer).is_empty(), "nothing that it sees has changed");
        assert_eq!(calls.load(Ordering::SeqCst), before, "and nobody was woken");
        directory.unregister(&"a98".into()).unwrap();
        flush(&directory, &windows);
        let [left] = received(&viewer).try_into().unwrap();
        assert_eq!(
            (&left["total"], &left["ids"]),
            (&json!(49), &json!(["a96", "a10", "a94"]))
        );
    }

    #[test]
    fn one_that_does_not_fetch_gets_later_what_changed_since() {
        let (directory, windows) = (directory(), Windows::default());
        let (slow, _) = viewer(&windows);
        let (quick, _) = viewer(&windows);
        slow.ask(TOP);
        quick.ask(TOP);
        flush(&directory, &windows);
        assert_eq!(received(&quick).len(), 1);
        for count in 1_000..1_010 {
            change(&directory, "a96", count);
            flush(&directory, &windows);
            let [frame] = received(&quick).try_into().unwrap();
            assert_eq!(rows(&frame), ["a96"]);
        }
        let [first] = received(&slow).try_into().unwrap();
        assert_eq!(
            first["ids"],
            json!(["a98", "a96", "a94"]),
            "what it was told first"
        );
        flush(&directory, &windows);
        let [second] = received(&slow).try_into().unwrap();
        assert_eq!(second["ids"], json!(["a96", "a98", "a94"]));
        assert_eq!(second["rows"][0]["messageCount"], 1_009);
        assert_eq!(rows(&second), ["a96"]);
    }

    #[test]
    fn a_window_moves_closes_and_goes_with_its_viewer() {
        let (directory, windows) = (directory(), Windows::default());
        let (viewer, _) = viewer(&windows);
        viewer.ask(r#"{"type":"window","id":"w1","from":40,"count":2}"#);
        flush(&directory, &windows);
        assert_eq!(received(&viewer)[0]["ids"], json!(["a40", "a41"]));
        viewer.ask(r#"{"type":"window","id":"w1","from":98,"count":5}"#);
        flush(&directory, &windows);
        let [end] = received(&viewer).try_into().unwrap();
        assert_eq!((&end["from"], &end["total"]), (&json!(98), &json!(100)));
        assert_eq!(rows(&end), ["a98", "a99"]);
        viewer.ask(r#"{"type":"window","id":"w1","count":0}"#);
        assert!(windows.wanted().is_empty());
        viewer.ask(TOP);
        drop(viewer);
        assert!(windows.wanted().is_empty());
    }

    #[test]
    fn mistakes_are_told_and_there_is_an_end_to_windows() {
        let (directory, windows) = (directory(), Windows::default());
        let (viewer, _) = viewer(&windows);
        for (asked, code) in [
            (
                r#"{"type":"window","id":"w","filter":"typ:x","count":1}"#,
                "invalid_filter",
            ),
            (
                r#"{"type":"window","id":"w","sort":"beauty","count":1}"#,
                "invalid_query",
            ),
            (r#"{"type":"window","id":"w","count":501}"#, "invalid_window"),
            (
                r#"{"type":"window","id":"w","count":1,"more":1}"#,
                "invalid_window",
            ),
            (r#"{"type":"window","id":"","count":1}"#, "invalid_window"),
        ] {
            viewer.ask(asked);
            let [frame] = received(&viewer).try_into().unwrap();
            assert_eq!(frame["error"]["code"], code, "{asked}");
        }
        for about_else in ["", "[1", r#"{"type":"watch","actors":[]}"#, "null"] {
            viewer.ask(about_else);
        }
        for number in 0..9 {
            viewer.ask(&format!(
                r#"{{"type":"window","id":"w{number}","from":{number},"count":1}}"#
            ));
        }
        flush(&directory, &windows);
        let frames = received(&viewer);
        assert_eq!(frames[0]["error"]["code"], "too_many_windows");
        assert_eq!(frames.len(), 9);
    }

    #[tokio::test(start_paused = true)]
    async fn the_task_tells_what_is_asked_and_what_changes() {
        let (directory, windows) = (Arc::new(directory()), Windows::default());
        let running = tokio::spawn(keep_current(directory.clone(), windows.clone()));
        let awoken = Arc::new(tokio::sync::Notify::new());
        let wake = awoken.clone();
        let viewer = windows.open_for(move || {
            wake.notify_one();
            true
        });
        viewer.ask(TOP);
        awoken.notified().await;
        assert_eq!(received(&viewer).len(), 1);
        change(&directory, "a98", 1_000);
        awoken.notified().await;
        assert_eq!(rows(&received(&viewer)[0]), ["a98"]);
        running.abort();
    }
}
