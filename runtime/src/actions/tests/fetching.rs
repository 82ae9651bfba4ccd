//! Versions of every kind, what is not there, `--offline`, `--frozen`, overrides and mirrors.

use super::*;

#[tokio::test]
async fn branches_tags_and_commits_lead_to_their_trees() {
    let hub = Hub::new();
    let one = hub.repository("o/r");
    hub.git("o/r", &["tag", "v1"]);
    let two = hub.commit("o/r", "two");
    hub.git("o/r", &["tag", "-a", "v2", "-m", "annotated"]);
    hub.git("o/r", &["branch", "releases/x"]);
    let three = hub.commit("o/r", "three");
    let options = hub.options();
    for (version, commit, text) in [
        ("main", &three, "three"),
        ("v1", &one, "one"),
        ("v2", &two, "two"),
        ("releases/x", &two, "two"),
        ("refs/tags/v1", &one, "one"),
        ("refs/heads/main", &three, "three"),
        (&one, &one, "one"),
        (&one.to_uppercase(), &one, "one"),
        (&one[..8], &one, "one"),
        (&three[..7], &three, "three"),
    ] {
        let found = fetch(&options, &format!("o/r/sub@{version}")).await.unwrap();
        assert_eq!(found, (commit.clone(), text.to_owned()), "{version}");
    }
}

#[tokio::test]
async fn a_commit_in_the_middle_of_the_history_is_found_by_its_short_name() {
    let hub = Hub::new();
    hub.repository("o/r");
    let middle = hub.commit("o/r", "two");
    hub.commit("o/r", "three");
    let found = fetch(&hub.options(), &format!("o/r@{}", &middle[..9]))
        .await
        .unwrap();
    assert_eq!(found, (middle, "two".to_owned()));
}

#[tokio::test]
async fn a_moved_branch_is_another_commit_in_the_next_run() {
    let hub = Hub::new();
    hub.repository("o/r");
    let store = ActionStore::new(hub.options());
    let of_run = async || {
        let fetched = store
            .fetch(&repository("o/r@main"), &Notices::default())
            .await
            .unwrap();
        fetched.commit.unwrap()
    };
    let one = of_run().await;
    let two = hub.commit("o/r", "two");
    assert_eq!(of_run().await, one, "a run sees one commit");
    assert_eq!(
        fetch(&hub.options(), "o/r@main").await.unwrap(),
        (two, "two".to_owned())
    );
}

#[tokio::test]
async fn what_is_not_there_is_told_with_what_to_do() {
    let hub = Hub::new();
    hub.repository("o/r");
    hub.git("o/r", &["tag", "v1.2.0"]);
    let options = hub.options();
    let error = refused(&options, "o/none@v1").await;
    assert!(matches!(error, ActionError::RepositoryMissing { .. }), "{error}");
    assert!(error.with_help().contains("credentials"), "{error}");
    let error = refused(&options, "o/r@1.2.0").await;
    assert!(
        error.with_help().contains("did you mean `v1.2.0`?"),
        "{}",
        error.with_help()
    );
    let nowhere = "0123456789012345678901234567890123456789";
    for version in [nowhere, &nowhere[..8], "elsewhere"] {
        let error = refused(&options, &format!("o/r@{version}")).await;
        assert!(
            matches!(error, ActionError::RefMissing { .. }),
            "{version}: {error}"
        );
    }
    for text in [
        "../r@v1",
        "o/..@v1",
        "o/-x@v1",
        "o/r/../..@v1",
        "o/r@--upload-pack=x",
        "o/r@a:b",
        "o /r@v1",
    ] {
        let error = refused(&options, text).await;
        assert!(matches!(error, ActionError::Malformed { .. }), "{text}: {error}");
        assert_eq!(error.fault(), Fault::Workflow);
    }
    let store = ActionStore::new(options);
    let fetched = store
        .fetch(&repository("o/r/none@main"), &Notices::default())
        .await
        .unwrap();
    let error = read_fetched(&fetched).await.unwrap_err();
    assert!(
        error.to_string().contains("`none` is not in the repository"),
        "{error}"
    );
}

#[tokio::test]
async fn a_host_that_does_not_answer_is_told_and_the_cache_offered() {
    let hub = Hub::new();
    hub.repository("o/r");
    // A port of this machine that nobody listens on.
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let mut options = hub.options();
    options.host = format!("http://user:secret@127.0.0.1:{port}");
    let error = refused(&options, "o/r@main").await;
    assert!(
        matches!(error, ActionError::Unreachable { cached: false, .. }),
        "{error}"
    );
    let notices = error.with_help();
    assert!(
        notices.contains("network") && !notices.contains("secret"),
        "{notices}"
    );
}

#[tokio::test]
async fn offline_the_last_known_commit_is_used() {
    let hub = Hub::new();
    let one = hub.repository("o/r");
    let mut options = hub.options();
    options.offline = true;
    let error = refused(&options, "o/r@main").await;
    assert!(matches!(error, ActionError::Offline { .. }), "{error}");
    options.offline = false;
    fetch(&options, "o/r@main").await.unwrap();
    hub.commit("o/r", "two");
    options.offline = true;
    let found = (one.clone(), "one".to_owned());
    assert_eq!(fetch(&options, "o/r@main").await.unwrap(), found);
    // Nobody is asked: the repository may as well be gone.
    std::fs::remove_dir_all(hub.path("hub")).unwrap();
    assert_eq!(fetch(&options, "o/r@main").await.unwrap(), found);
    options.offline = false;
    assert_eq!(fetch(&options, &format!("o/r@{one}")).await.unwrap(), found);
}

#[tokio::test]
async fn frozen_takes_what_is_recorded_and_nothing_else() {
    let hub = Hub::new();
    let one = hub.repository("o/r");
    hub.repository("o/other");
    let mut options = hub.locked();
    fetch(&options, "o/r@main").await.unwrap();
    fetch(&options, &format!("o/r@{one}")).await.unwrap();
    let records = Records::read(&hub.path(LOCK_FILE)).unwrap();
    assert_eq!(records.get("o/r@main"), Some(one.as_str()));
    options.frozen = true;
    assert_eq!(fetch(&options, "o/r@main").await.unwrap().0, one);
    fetch(&options, &format!("o/r@{one}")).await.unwrap();
    let error = refused(&options, "o/other@main").await;
    assert!(
        matches!(error, ActionError::Frozen { recorded: None, .. }),
        "{error}"
    );
    let two = hub.commit("o/r", "two");
    let error = refused(&options, "o/r@main").await.to_string();
    assert!(error.contains(&one) && error.contains(&two), "{error}");
    // Offline, what is recorded is what is known.
    options.offline = true;
    assert_eq!(fetch(&options, "o/r@main").await.unwrap().0, one);
    (options.offline, options.frozen) = (false, false);
    let notices = Notices::default();
    let store = ActionStore::new(options.clone());
    store.fetch(&repository("o/r@main"), &notices).await.unwrap();
    assert!(
        notices
            .text()
            .contains(&format!("o/r@main was {one} and is {two} now")),
        "{}",
        notices.text()
    );
    options.frozen = true;
    assert_eq!(fetch(&options, "o/r@main").await.unwrap().0, two);
    std::fs::write(hub.path(LOCK_FILE), "nonsense").unwrap();
    let error = refused(&options, "o/r@main").await;
    assert!(matches!(error, ActionError::LockFile { .. }), "{error}");
}

#[tokio::test]
async fn an_override_stands_in_and_touches_nothing() {
    let hub = Hub::new();
    let mine = hub.path("mine");
    std::fs::create_dir_all(mine.join("sub")).unwrap();
    std::fs::write(
        mine.join("sub/action.yml"),
        "name: x\nruns: {using: composite, steps: []}\n",
    )
    .unwrap();
    let mut options = hub.locked();
    options.frozen = true;
    options.overrides = vec![("o/r@v1".into(), mine.clone())];
    let store = ActionStore::new(options);
    let fetched = store
        .fetch(&repository("o/r/sub@v1"), &Notices::default())
        .await
        .unwrap();
    assert_eq!((fetched.commit.as_deref(), &fetched.directory), (None, &mine));
    read_fetched(&fetched).await.unwrap();
    assert!(!hub.path("cache").exists() && !hub.path(LOCK_FILE).exists());
}

#[tokio::test]
async fn what_an_earlier_part_of_the_run_found_is_kept() {
    let hub = Hub::new();
    let one = hub.repository("o/r");
    hub.commit("o/r", "two");
    let mut options = hub.options();
    options.pinned = [("o/r@main".to_owned(), one.clone())].into();
    assert_eq!(
        fetch(&options, "o/r@main").await.unwrap(),
        (one, "one".to_owned())
    );
}

#[tokio::test]
async fn a_called_workflow_is_read_from_its_repository() {
    let hub = Hub::new();
    hub.repository("o/r");
    let store = ActionStore::new(hub.options());
    let fetched = store
        .fetch(&repository("o/r/version@main"), &Notices::default())
        .await
        .unwrap();
    let workflow = read_workflow(&fetched).await.unwrap();
    assert_eq!(
        (workflow.source.name(), workflow.source.text()),
        ("o/r/version@main", "one")
    );
    let fetched = store
        .fetch(&repository("o/r/none.yml@main"), &Notices::default())
        .await
        .unwrap();
    assert!(matches!(
        read_workflow(&fetched).await,
        Err(ActionError::PathMissing { .. })
    ));
}

#[tokio::test]
async fn files_come_as_they_are_in_the_repository_and_lead_nowhere_else() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let hub = Hub::new();
    hub.repository("o/r");
    let at = hub.path("hub/o/r");
    std::fs::write(at.join("run.sh"), "#!/bin/sh\r\n").unwrap();
    std::fs::set_permissions(at.join("run.sh"), std::fs::Permissions::from_mode(0o755)).unwrap();
    symlink("/etc/passwd", at.join("out")).unwrap();
    symlink("run.sh", at.join("in")).unwrap();
    std::fs::create_dir(at.join("linked")).unwrap();
    symlink("/etc/passwd", at.join("linked/action.yml")).unwrap();
    hub.commit("o/r", "two");
    let store = ActionStore::new(hub.options());
    let fetched = store
        .fetch(&repository("o/r@main"), &Notices::default())
        .await
        .unwrap();
    let tree = &fetched.directory;
    assert_eq!(std::fs::read(tree.join("run.sh")).unwrap(), b"#!/bin/sh\r\n");
    assert!(tree.join("run.sh").metadata().unwrap().permissions().mode() & 0o100 != 0);
    assert!(tree.join("in").exists() && tree.join("out").symlink_metadata().is_err());
    assert!(!tree.join(".git").exists());
    let linked = store
        .fetch(&repository("o/r/linked@main"), &Notices::default())
        .await
        .unwrap();
    assert!(matches!(
        read_fetched(&linked).await,
        Err(ActionError::NoAction { .. })
    ));
}

#[test]
fn folders_of_a_job_are_named_after_what_is_in_them() {
    let name = |text: &str| directory_name(&repository(text));
    assert_eq!(name("actions/checkout@v4"), "actions_checkout_v4");
    assert_eq!(name("actions/checkout/sub@v4"), "actions_checkout_v4");
    assert_ne!(name("o/r@a/b"), name("o/r@a_b"));
    assert_ne!(name("a_b/c@v1"), name("a/b_c@v1"));
    assert!(name(&format!("o/r@{}", "x".repeat(900))).len() < 200);
}
