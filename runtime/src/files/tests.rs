//! Hashes that GitHub's `@actions/glob` 0.5 gives for the same files.

use super::*;

fn workspace() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("w");
    for (name, text) in [
        ("a/x.py", "ax"),
        ("a/deep/y.py", "ay"),
        ("a.py", "a"),
        ("b/.hidden.py", "bh"),
        ("b/[x].py", "bx"),
        ("b/z.txt", "bz"),
        ("lock", "l"),
        ("../outside.py", "o"),
    ] {
        let path = root.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    std::os::unix::fs::symlink("a", root.join("c")).unwrap();
    std::os::unix::fs::symlink("a.py", root.join("d.py")).unwrap();
    std::os::unix::fs::symlink("..", root.join("b/up")).unwrap();
    folder
}

/// The hash over the hashes of these files, read one after the other.
fn over(root: &Path, names: &[&str]) -> String {
    let mut whole = Sha256::new();
    for name in names {
        whole.update(Sha256::digest(std::fs::read(root.join(name)).unwrap()));
    }
    if names.is_empty() {
        String::new()
    } else {
        hex(&whole.finalize())
    }
}

fn hash(root: &Path, patterns: &[&str]) -> Result<String, String> {
    let patterns: Vec<Arc<str>> = patterns.iter().map(|text| Arc::from(*text)).collect();
    Workspace::new(root.to_owned()).hash(&patterns)
}

#[test]
fn a_known_hash() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().canonicalize().unwrap();
    std::fs::write(root.join("x"), "").unwrap();
    // The SHA-256 of the SHA-256 of nothing.
    assert_eq!(
        hash(&root, &["x"]).as_deref(),
        Ok("5df6e0e2761359d30a8275058e299fcc0381534545f55cf43e41983f5d4c9456")
    );
}

#[test]
fn patterns_mean_the_files_that_they_mean_on_github() {
    let folder = workspace();
    let root = folder.path().join("w").canonicalize().unwrap();
    let absolute = root.join("a/*.py").display().to_string();
    for (patterns, files) in [
        (&["*.py"][..], &["a.py", "d.py"][..]),
        (
            &["**/*.py"],
            &[
                "a/deep/y.py",
                "a/x.py",
                "a.py",
                "b/.hidden.py",
                "b/[x].py",
                "d.py",
            ],
        ),
        (&["a"], &["a/deep/y.py", "a/x.py"]),
        (&["a/"], &["a/deep/y.py", "a/x.py"]),
        (&["a/**"], &["a/deep/y.py", "a/x.py"]),
        (&["./a/*.py"], &["a/x.py"]),
        (&[&absolute], &["a/x.py"]),
        (&["/**/z.txt"], &["b/z.txt"]),
        (
            &["b/*", "a/*.py"],
            &["b/.hidden.py", "b/[x].py", "b/z.txt", "a/x.py"],
        ),
        (&["**", "!a", "!b/**", "!*.py"], &["lock"]),
        (&["**/*.py", "!**/deep/**", "!d*", "!b"], &["a/x.py", "a.py"]),
        (&["!*.py", "a.py"], &["a.py"]),
        (&["# talk\n\n  a.py  \nlock"], &["a.py", "lock"]),
        (&["b/\\[x\\].py"], &["b/[x].py"]),
        (&["b/[[]x].py"], &["b/[x].py"]),
        (&["[!a-c].py"], &["d.py"]),
        (&["?.py", "l[a-o]ck"], &["a.py", "d.py", "lock"]),
        (&["lock/**"], &["lock"]),
        (&["lock/"], &[]),
        (&["c/*.py"], &[]),
        (&["c"], &[]),
        (&["--follow-symbolic-links", "c/*.py"], &["c/x.py"]),
        (&["/etc/hostname"], &[]),
        (&["none"], &[]),
        (&[""], &[]),
        (&["!a.py"], &[]),
    ] {
        assert_eq!(hash(&root, patterns), Ok(over(&root, files)), "{patterns:?}");
    }
    // Through a link into itself a folder is walked once.
    assert!(hash(&root, &["--follow-symbolic-links", "**/z.txt"]).is_ok_and(|hash| !hash.is_empty()));
}

#[test]
fn what_cannot_be_hashed_is_said() {
    let folder = workspace();
    let root = folder.path().join("w").canonicalize().unwrap();
    std::os::unix::fs::symlink("nowhere", root.join("broken")).unwrap();
    std::os::unix::fs::symlink("/dev/zero", root.join("zero")).unwrap();
    for (patterns, want) in [
        (
            &["../*.py"][..],
            "`.` and `..` cannot stand within the pattern `../*.py`",
        ),
        (&["a/./x"], "`.` and `..` cannot stand within"),
        (&["!"], "the pattern `!` is empty"),
        (&["--follow", "a"], "`--follow` is no option"),
        (&["broken"], "broken cannot be read: No such file"),
        (&["zero"], "zero cannot be read: it is not a regular file"),
    ] {
        let why = hash(&root, patterns).unwrap_err();
        assert!(why.contains(want), "{why}");
    }
}
