//! One cache, several runs and processes; what a crash leaves in it.

use std::time::{Duration, Instant};

use super::*;

fn entry_of(hub: &Hub) -> PathBuf {
    let entries = std::fs::read_dir(hub.path("cache")).unwrap();
    let mut paths = entries.map(|entry| entry.unwrap().path());
    paths.find(|path| path.is_dir()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_that_want_the_same_one_fetches() {
    let hub = Hub::new();
    let one = hub.repository("o/r");
    let notices = std::sync::Arc::new(Notices::default());
    let store = std::sync::Arc::new(ActionStore::new(hub.options()));
    let mut tasks = Vec::new();
    for number in 0..20 {
        // Half of them as runs of their own.
        let store = match number % 2 {
            0 => store.clone(),
            _ => std::sync::Arc::new(ActionStore::new(hub.options())),
        };
        let notices = notices.clone();
        tasks.push(tokio::spawn(async move {
            store
                .fetch(&repository("o/r@main"), &*notices)
                .await
                .unwrap()
                .commit
                .unwrap()
        }));
    }
    for task in tasks {
        assert_eq!(task.await.unwrap(), one);
    }
    assert_eq!(
        notices.text().matches("Fetching").count(),
        1,
        "{}",
        notices.text()
    );
}

/// Run by [`two_processes_share_a_cache`] as a process of its own.
#[tokio::test]
async fn fetches_as_another_process() {
    let Some(cache) = std::env::var_os("LOOM_TEST_CACHE") else {
        return;
    };
    let mut options = ActionOptions::new(cache);
    options.host = std::env::var("LOOM_TEST_HOST").unwrap();
    options.lock = std::env::var_os("LOOM_TEST_LOCK").map(PathBuf::from);
    for number in 0..6 {
        let found = fetch(&options, &format!("o/r{number}@main")).await.unwrap();
        assert_eq!(found.1, "one");
    }
}

#[test]
fn two_processes_share_a_cache() {
    let hub = Hub::new();
    for number in 0..6 {
        hub.repository(&format!("o/r{number}"));
    }
    let start = || {
        Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "actions::tests::sharing::fetches_as_another_process"])
            .env("LOOM_TEST_CACHE", hub.path("cache"))
            .env("LOOM_TEST_HOST", hub.url())
            .env("LOOM_TEST_LOCK", hub.path(LOCK_FILE))
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap()
    };
    let mut processes: Vec<_> = (0..3).map(|_| start()).collect();
    for process in &mut processes {
        assert!(process.wait().unwrap().success());
    }
    let records = Records::read(&hub.path(LOCK_FILE)).unwrap();
    for number in 0..6 {
        assert!(
            records.get(&format!("o/r{number}@main")).is_some(),
            "{number} is not recorded"
        );
    }
    let left = std::fs::read_dir(hub.path("cache")).unwrap();
    assert!(
        left.map(|entry| entry.unwrap().path())
            .all(|entry| !entry.join("incoming").exists())
    );
}

#[tokio::test]
async fn a_killed_process_leaves_nothing_that_is_taken_for_whole() {
    let hub = Hub::new();
    hub.repository("o/r");
    let options = hub.options();
    for after in [0, 5, 10, 20, 40, 80, 160] {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "actions::tests::sharing::fetches_as_another_process"])
            .env("LOOM_TEST_CACHE", hub.path("cache"))
            .env("LOOM_TEST_HOST", hub.url())
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        // When it is killed is chance, and meant to be.
        tokio::time::sleep(Duration::from_millis(after)).await;
        process.kill().unwrap();
        process.wait().unwrap();
        assert_eq!(fetch(&options, "o/r@main").await.unwrap().1, "one");
    }
}

#[tokio::test]
async fn a_torn_tree_is_fetched_again() {
    let hub = Hub::new();
    let one = hub.repository("o/r");
    let options = hub.options();
    let found = (one.clone(), "one".to_owned());
    assert_eq!(fetch(&options, "o/r@main").await.unwrap(), found);
    let at = entry_of(&hub).join("trees").join(&one);
    let tear: [&dyn Fn(); 5] = [
        &|| std::fs::write(at.join("tree/version"), "").unwrap(),
        &|| std::fs::remove_file(at.join("tree/sub/action.yml")).unwrap(),
        &|| std::fs::write(at.join("manifest"), "").unwrap(),
        &|| std::fs::remove_file(at.join("manifest")).unwrap(),
        &|| std::fs::remove_dir_all(at.join("tree")).unwrap(),
    ];
    for tear in tear {
        tear();
        assert_eq!(fetch(&options, "o/r@main").await.unwrap(), found);
        assert!(at.join("tree/sub/action.yml").exists());
    }
    std::fs::write(at.join("tree/version"), "").unwrap();
    let mut offline = options.clone();
    offline.offline = true;
    assert!(matches!(
        refused(&offline, "o/r@main").await,
        ActionError::Offline { .. }
    ));
}

#[tokio::test]
async fn whoever_holds_the_cache_too_long_is_told() {
    let hub = Hub::new();
    hub.repository("o/r");
    let mut options = hub.options();
    fetch(&options, "o/r@main").await.unwrap();
    hub.commit("o/r", "two");
    let lock = std::fs::File::open(entry_of(&hub).join("lock")).unwrap();
    rustix::fs::flock(&lock, rustix::fs::FlockOperation::LockExclusive).unwrap();
    options.limit = Duration::from_secs(2);
    let started = Instant::now();
    let error = refused(&options, "o/r@main").await;
    assert!(matches!(error, ActionError::TimedOut { .. }), "{error}");
    assert!(started.elapsed() < Duration::from_secs(60));
    drop(lock);
    assert_eq!(fetch(&options, "o/r@main").await.unwrap().1, "two");
}

#[tokio::test]
async fn a_cache_that_cannot_be_written_is_the_machines_fault() {
    let hub = Hub::new();
    hub.repository("o/r");
    std::fs::write(hub.path("cache"), "a file").unwrap();
    let error = refused(&hub.options(), "o/r@main").await;
    assert_eq!(error.fault(), Fault::Machine, "{error}");
}
