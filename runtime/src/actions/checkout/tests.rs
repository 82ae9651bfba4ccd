//! Checkouts of a repository on this machine.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use super::super::tests::{Notices, git};
use super::*;

/// A project with two commits, files that are not committed, and an empty folder for another workspace.
struct Bench {
    folder: tempfile::TempDir,
    one: String,
    two: String,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let project = folder.path().join("project");
        std::fs::create_dir_all(project.join("src")).unwrap();
        std::fs::create_dir_all(folder.path().join("workspace")).unwrap();
        git(&project, &["init", "--quiet"]);
        git(
            &project,
            &[
                "remote",
                "add",
                "origin",
                "https://user:secret@example.org/o/r.git",
            ],
        );
        let commit = |text: &str| {
            std::fs::write(project.join("src/file"), text).unwrap();
            git(&project, &["add", "."]);
            git(&project, &["commit", "--quiet", "-m", text]);
            git(&project, &["rev-parse", "HEAD"])
        };
        std::fs::write(project.join(".gitignore"), "ignored\n").unwrap();
        std::fs::write(project.join("gone"), "").unwrap();
        let one = commit("one");
        git(&project, &["tag", "v1"]);
        git(&project, &["branch", "old"]);
        let two = commit("two");
        std::fs::remove_file(project.join("gone")).unwrap();
        std::fs::write(project.join("src/file"), "dirty").unwrap();
        std::fs::write(project.join("new"), "new").unwrap();
        std::fs::set_permissions(project.join("new"), std::fs::Permissions::from_mode(0o755)).unwrap();
        std::fs::write(project.join("ignored"), "").unwrap();
        symlink("src/file", project.join("link")).unwrap();
        std::fs::write(
            project.join(".git/hooks/post-checkout"),
            "#!/bin/sh\ntouch /hook-ran\n",
        )
        .unwrap();
        Self { folder, one, two }
    }

    fn project(&self) -> PathBuf {
        self.folder.path().join("project")
    }

    fn workspace(&self) -> PathBuf {
        self.folder.path().join("workspace")
    }

    async fn run(
        &self,
        in_place: bool,
        pairs: &[(&str, &str)],
    ) -> Result<(CheckoutOutcome, String), ActionError> {
        let inputs: IndexMap<String, String> =
            pairs.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect();
        let notices = Notices::default();
        let request = CheckoutRequest {
            workspace: if in_place {
                self.project()
            } else {
                self.workspace()
            },
            seen_as: "/workspace".into(),
            source: self.project(),
            inputs: CheckoutInputs::from(&inputs),
            in_place,
            github_ref: None,
        };
        let outcome = checkout(request, &notices).await?;
        Ok((outcome, notices.text()))
    }

    /// What a checkout to the user's own directory must not change.
    fn state(&self) -> (String, String, String) {
        let project = self.project();
        let status = git(&project, &["status", "--porcelain", "--ignored"]);
        let status = status
            .lines()
            .filter(|line| !line.contains("copy/"))
            .collect::<Vec<_>>()
            .join("\n");
        let refs = git(&project, &["for-each-ref"]);
        (status, refs, git(&project, &["config", "--local", "--list"]))
    }
}

fn outputs(outcome: &CheckoutOutcome) -> (&str, &str) {
    (&outcome.outputs["ref"], &outcome.outputs["commit"])
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[tokio::test]
async fn without_path_and_ref_the_tree_is_as_it_is() {
    let bench = Bench::new();
    let before = bench.state();
    for pairs in [
        &[][..],
        &[("ref", "main")],
        &[("ref", "refs/heads/main"), ("path", ".")],
        &[
            ("ref", bench.two.as_str()),
            ("fetch-depth", "0"),
            ("clean", "true"),
        ],
    ] {
        let (outcome, notices) = bench.run(true, pairs).await.unwrap();
        assert_eq!(outcome.outputs["commit"], bench.two, "{pairs:?}");
        assert!(notices.contains("as it is"), "{notices}");
        assert_eq!(bench.state(), before, "{pairs:?}");
    }
    let (outcome, _) = bench.run(true, &[]).await.unwrap();
    assert_eq!(outputs(&outcome), ("refs/heads/main", bench.two.as_str()));
    assert_eq!(read(&bench.project().join("src/file")), "dirty");
}

#[tokio::test]
async fn a_path_gets_the_tree_as_it_is_in_a_repository_of_its_own() {
    let bench = Bench::new();
    let before = bench.state();
    let copy = bench.project().join("copy/it");
    for _ in 0..2 {
        // The second time it replaces what it made the first.
        bench.run(true, &[("path", "copy/it")]).await.unwrap();
        assert_eq!(read(&copy.join("src/file")), "dirty");
        assert_eq!(read(&copy.join("link")), "dirty");
        assert_eq!(
            copy.join("new").metadata().unwrap().permissions().mode() & 0o777,
            0o755
        );
        assert!(!copy.join("ignored").exists() && !copy.join("gone").exists() && !copy.join("copy").exists());
        assert_eq!(git(&copy, &["rev-parse", "HEAD"]), bench.two);
        assert_eq!(git(&copy, &["rev-parse", "--abbrev-ref", "HEAD"]), "main");
        assert_eq!(git(&copy, &["rev-list", "--count", "HEAD"]), "1");
        assert_eq!(
            git(&copy, &["remote", "get-url", "origin"]),
            "https://example.org/o/r.git"
        );
        let status = git(&copy, &["status", "--porcelain"]);
        assert_eq!(
            status.lines().map(str::trim).collect::<Vec<_>>(),
            ["D gone", "M src/file", "?? link", "?? new"]
        );
        std::fs::write(copy.join("left"), "").unwrap();
    }
    assert_eq!(bench.state(), before);
    bench
        .run(true, &[("path", "copy/it"), ("clean", "false")])
        .await
        .unwrap();
    assert!(copy.join("left").exists(), "`clean: false` keeps what is there");
    bench.run(true, &[("path", "copy/other")]).await.unwrap();
    assert!(!bench.project().join("copy/other/copy").exists());
    assert!(!copy.join(".git/hooks").exists());
}

#[tokio::test]
async fn another_ref_goes_to_a_path_and_never_over_the_users_files() {
    let bench = Bench::new();
    let before = bench.state();
    let error = bench.run(true, &[("ref", "v1")]).await.unwrap_err();
    assert!(error.with_help().contains("--workspace-mode copy"), "{error}");
    let error = bench
        .run(true, &[("ref", "v1"), ("path", "src")])
        .await
        .unwrap_err();
    assert!(error.to_string().contains("has files already"), "{error}");
    let error = bench.run(true, &[("ref", "none")]).await.unwrap_err();
    assert!(error.with_help().contains("git fetch --tags origin"), "{error}");
    assert_eq!(error.fault(), super::super::Fault::Workflow);
    for (reference, head, shown) in [
        ("v1", "HEAD", "v1"),
        ("old", "old", "old"),
        (bench.one.as_str(), "HEAD", ""),
    ] {
        let (outcome, _) = bench
            .run(true, &[("ref", reference), ("path", "copy")])
            .await
            .unwrap();
        assert_eq!(outputs(&outcome), (shown, bench.one.as_str()));
        let copy = bench.project().join("copy");
        assert_eq!(read(&copy.join("src/file")), "one");
        assert!(copy.join("gone").exists() && !copy.join("new").exists());
        assert_eq!(git(&copy, &["status", "--porcelain"]), "");
        assert_eq!(git(&copy, &["rev-parse", "--abbrev-ref", "HEAD"]), head);
        assert_eq!(git(&copy, &["rev-parse", "HEAD"]), bench.one);
    }
    assert_eq!(bench.state(), before);
}

#[tokio::test]
async fn a_workspace_of_its_own_takes_any_ref() {
    let bench = Bench::new();
    let workspace = bench.workspace();
    let fill = || {
        std::fs::create_dir_all(workspace.join("src")).unwrap();
        for (name, text) in [("src/file", "dirty"), ("new", "new"), ("gone", "")] {
            std::fs::write(workspace.join(name), text).unwrap();
        }
    };
    fill();
    bench
        .run(false, &[("ref", "v1"), ("fetch-depth", "0")])
        .await
        .unwrap();
    assert_eq!(read(&workspace.join("src/file")), "one");
    assert!(!workspace.join("new").exists());
    assert_eq!(
        git(&workspace, &["rev-parse", "refs/remotes/origin/main"]),
        bench.two
    );
    assert_eq!(git(&workspace, &["tag"]), "v1");
    fill();
    bench
        .run(false, &[("ref", "v1"), ("clean", "false")])
        .await
        .unwrap();
    assert_eq!(read(&workspace.join("src/file")), "one");
    assert!(workspace.join("new").exists());
}

#[tokio::test]
async fn the_history_is_as_deep_as_asked_for() {
    let bench = Bench::new();
    let copy = bench.workspace().join("x");
    for (depth, tags, commits, tag) in [
        ("1", "false", "1", ""),
        ("1", "true", "1", "v1"),
        ("2", "false", "2", ""),
        ("0", "false", "2", "v1"),
    ] {
        let pairs = [("path", "x"), ("fetch-depth", depth), ("fetch-tags", tags)];
        bench.run(false, &pairs).await.unwrap();
        assert_eq!(git(&copy, &["rev-list", "--count", "HEAD"]), commits, "{depth}");
        assert_eq!(git(&copy, &["tag"]), tag, "{depth} {tags}");
    }
}

#[tokio::test]
async fn sparse_checkouts_have_what_was_asked_for() {
    let bench = Bench::new();
    let pairs = [("path", "x"), ("ref", "v1"), ("sparse-checkout", "src")];
    bench.run(false, &pairs).await.unwrap();
    let x = bench.workspace().join("x");
    assert!(x.join("src/file").exists() && x.join("gone").exists());
    let pairs = [
        ("path", "x"),
        ("ref", "v1"),
        ("sparse-checkout", "gone"),
        ("sparse-checkout-cone-mode", "false"),
    ];
    bench.run(false, &pairs).await.unwrap();
    assert!(!x.join("src/file").exists() && x.join("gone").exists());
}

#[tokio::test]
async fn a_path_leads_through_no_link() {
    let bench = Bench::new();
    let outside = bench.folder.path().join("outside");
    std::fs::create_dir(&outside).unwrap();
    symlink(&outside, bench.workspace().join("out")).unwrap();
    for path in ["out", "out/x", "../x"] {
        let error = bench.run(false, &[("path", path)]).await.unwrap_err();
        assert!(matches!(error, ActionError::Checkout { .. }), "{path}: {error}");
    }
    assert_eq!(std::fs::read_dir(&outside).unwrap().count(), 0);
}

#[tokio::test]
async fn a_repository_that_a_job_may_have_written_is_not_used() {
    let bench = Bench::new();
    let x = bench.workspace().join("x");
    bench.run(false, &[("path", "x")]).await.unwrap();
    let trap = bench.folder.path().join("trap");
    let script = format!("!touch {}", trap.display());
    for key in [
        "core.fsmonitor",
        "core.sshCommand",
        "filter.f.smudge",
        "filter.f.clean",
        "remote.origin.uploadpack",
    ] {
        git(&x, &["config", key, script.trim_start_matches('!')]);
    }
    std::fs::create_dir_all(x.join(".git/info")).unwrap();
    std::fs::write(x.join(".git/info/attributes"), "* filter=f\n").unwrap();
    for reference in ["v1", ""] {
        bench
            .run(false, &[("path", "x"), ("clean", "false"), ("ref", reference)])
            .await
            .unwrap();
    }
    assert!(!trap.exists());
}

#[tokio::test]
async fn what_a_job_wrote_into_the_project_shows_nothing_else_of_the_machine() {
    let bench = Bench::new();
    let (project, outside) = (bench.project(), bench.folder.path().join("outside"));
    std::fs::create_dir(&outside).unwrap();
    std::fs::write(outside.join("file"), "secret").unwrap();
    // A folder that is a link by now, and another place for the files.
    std::fs::remove_dir_all(project.join("src")).unwrap();
    symlink(&outside, project.join("src")).unwrap();
    git(&project, &["config", "core.worktree", outside.to_str().unwrap()]);
    bench.run(false, &[("path", "x")]).await.unwrap();
    let x = bench.workspace().join("x");
    assert!(x.join("new").exists() && !x.join("file").exists());
    assert!(x.join("src").symlink_metadata().unwrap().is_symlink() || !x.join("src/file").exists());
}

#[tokio::test]
async fn worktrees_and_folders_without_git_are_checked_out_too() {
    let bench = Bench::new();
    let tree = bench.folder.path().join("tree");
    git(
        &bench.project(),
        &["worktree", "add", "--quiet", tree.to_str().unwrap(), "old"],
    );
    let plain = bench.folder.path().join("plain");
    std::fs::create_dir(&plain).unwrap();
    std::fs::write(plain.join("file"), "plain").unwrap();
    let run = async |source: &Path, pairs: &[(&str, &str)]| {
        let inputs: IndexMap<String, String> =
            pairs.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect();
        let request = CheckoutRequest {
            workspace: bench.workspace(),
            seen_as: "/workspace".into(),
            source: source.to_owned(),
            inputs: CheckoutInputs::from(&inputs),
            in_place: false,
            github_ref: Some("refs/heads/given".into()),
        };
        checkout(request, &Notices::default()).await
    };
    let outcome = run(&tree, &[("path", "a")]).await.unwrap();
    assert_eq!(outputs(&outcome), ("refs/heads/given", bench.one.as_str()));
    let a = bench.workspace().join("a");
    assert!(a.join(".git").is_dir());
    assert_eq!(git(&a, &["rev-parse", "--abbrev-ref", "HEAD"]), "old");
    let outcome = run(&plain, &[("path", "b")]).await.unwrap();
    assert_eq!(outputs(&outcome), ("refs/heads/given", ""));
    assert_eq!(read(&bench.workspace().join("b/file")), "plain");
    run(&plain, &[("ref", "v1")]).await.unwrap_err();
}

#[tokio::test]
async fn submodules_come_where_they_are_asked_for() {
    let bench = Bench::new();
    let other = bench.folder.path().join("other");
    std::fs::create_dir(&other).unwrap();
    git(&other, &["init", "--quiet"]);
    std::fs::write(other.join("inner"), "inner").unwrap();
    git(&other, &["add", "."]);
    git(&other, &["commit", "--quiet", "-m", "inner"]);
    git(
        &bench.project(),
        &["submodule", "--quiet", "add", other.to_str().unwrap(), "module"],
    );
    for (wanted, there) in [("false", false), ("true", true), ("recursive", true)] {
        bench
            .run(false, &[("path", "x"), ("submodules", wanted)])
            .await
            .unwrap();
        let module = bench.workspace().join("x/module");
        assert!(module.is_dir());
        assert_eq!(module.join("inner").exists(), there, "{wanted}");
    }
    git(
        &bench.project(),
        &["submodule", "--quiet", "deinit", "--force", "module"],
    );
    let (_, notices) = bench.run(true, &[("submodules", "true")]).await.unwrap();
    assert!(notices.contains("submodule module is not there"), "{notices}");
}

#[test]
fn a_checkout_can_be_awaited_on_any_thread() {
    fn is_send<T: Send>(_: &T) {}
    let request = CheckoutRequest {
        workspace: PathBuf::new(),
        seen_as: PathBuf::new(),
        source: PathBuf::new(),
        inputs: CheckoutInputs::from(&IndexMap::new()),
        in_place: true,
        github_ref: None,
    };
    is_send(&checkout(request, &crate::executor::SilentNotes));
}
