//! Against the real program, in repositories that are made for it.

use std::path::Path;
use std::process::Command;

use super::*;

/// Runs git in a folder without the configuration of whoever runs the tests.
pub(in crate::context) fn git(folder: &Path, arguments: &[&str]) {
    let done = Command::new("git")
        .arg("-C")
        .arg(folder)
        .args([
            "-c",
            "user.name=Ada L",
            "-c",
            "user.email=ada@example.invalid",
            "-c",
            "commit.gpgsign=false",
        ])
        .args(arguments)
        .output()
        .unwrap();
    assert!(
        done.status.success(),
        "{arguments:?}: {}",
        String::from_utf8_lossy(&done.stderr)
    );
}

/// A repository of two commits on `main`.
pub(in crate::context) fn repository() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    git(path, &["init", "-q", "-b", "main"]);
    git(path, &["config", "user.name", "Ada L"]);
    git(path, &["config", "user.email", "ada@example.invalid"]);
    git(
        path,
        &[
            "remote",
            "add",
            "origin",
            "https://x:secret@git.example.invalid/owner/name.git",
        ],
    );
    std::fs::write(path.join("a.txt"), "1").unwrap();
    git(path, &["add", "-A"]);
    git(path, &["commit", "-qm", "first"]);
    std::fs::create_dir(path.join("sub")).unwrap();
    std::fs::write(path.join("sub/ü b.txt"), "2").unwrap();
    git(path, &["add", "-A"]);
    git(path, &["commit", "-qm", "second\n\nbody"]);
    folder
}

#[test]
fn a_repository_tells_all_there_is() {
    let folder = repository();
    let facts = read(&folder.path().join("sub"));
    let head = facts.head.clone().unwrap();
    assert_eq!(facts.reference.as_deref(), Some("refs/heads/main"));
    assert_eq!(facts.default_branch.as_deref(), Some("main"));
    assert_eq!(facts.remote.as_ref().unwrap().repository, "owner/name");
    assert_eq!(head.message, "second\n\nbody");
    assert_eq!(head.author.name, "Ada L");
    assert!(head.sha.len() == 40 && head.tree.len() == 40 && head.parent.is_some_and(|sha| sha.len() == 40));
    assert!(
        head.timestamp.starts_with("20") && head.timestamp.contains('T'),
        "{}",
        head.timestamp
    );
    assert_eq!(facts.changed, Some(vec!["sub/ü b.txt".to_owned()]));
    assert!(!format!("{facts:?}").contains("secret"), "{facts:?}");
}

#[test]
fn a_tag_that_is_checked_out_is_the_reference() {
    let folder = repository();
    git(folder.path(), &["tag", "v1.9"]);
    git(folder.path(), &["tag", "v1.10"]);
    git(folder.path(), &["checkout", "-q", "--detach"]);
    let facts = read(folder.path());
    assert_eq!(facts.reference.as_deref(), Some("refs/tags/v1.10"));
    git(folder.path(), &["tag", "-d", "v1.9", "v1.10"]);
    assert_eq!(read(folder.path()).reference, None);
}

#[test]
fn the_first_commit_changed_all_its_paths_and_one_without_commits_none() {
    let folder = tempfile::tempdir().unwrap();
    git(folder.path(), &["init", "-q", "-b", "trunk"]);
    let empty = read(folder.path());
    assert_eq!((empty.head, empty.changed), (None, None));
    assert_eq!(empty.reference.as_deref(), Some("refs/heads/trunk"));
    assert_eq!(empty.default_branch.as_deref(), Some("trunk"));
    std::fs::write(folder.path().join("a"), "1").unwrap();
    git(folder.path(), &["add", "-A"]);
    git(folder.path(), &["commit", "-qm", "first"]);
    assert_eq!(read(folder.path()).changed, Some(vec!["a".to_owned()]));
}

#[test]
fn the_remotes_head_names_the_default_branch() {
    let folder = repository();
    git(
        folder.path(),
        &["update-ref", "refs/remotes/origin/next", "HEAD~1"],
    );
    git(
        folder.path(),
        &[
            "symbolic-ref",
            "refs/remotes/origin/HEAD",
            "refs/remotes/origin/next",
        ],
    );
    assert_eq!(read(folder.path()).default_branch.as_deref(), Some("next"));
    let compared = compare(folder.path(), "next").unwrap();
    assert_eq!(compared.changed, ["sub/ü b.txt"]);
    assert_eq!(compare(folder.path(), "no-such-branch"), None);
}

#[test]
fn a_folder_without_a_repository_has_no_facts_and_no_problem() {
    let folder = tempfile::tempdir().unwrap();
    let facts = read(folder.path());
    assert_eq!(
        (facts.root, facts.head, facts.reference, facts.problem),
        (None, None, None, None)
    );
}

#[test]
fn a_broken_repository_is_a_problem_in_words() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(".git"), "gitdir: /nowhere\n").unwrap();
    let problem = read(folder.path()).problem.unwrap();
    assert!(problem.starts_with("git: not a git repository"), "{problem}");
}

#[test]
fn what_is_not_committed_makes_it_dirty() {
    let folder = repository();
    assert!(!is_dirty(folder.path()));
    std::fs::write(folder.path().join("new"), "x").unwrap();
    assert!(is_dirty(folder.path()));
}
