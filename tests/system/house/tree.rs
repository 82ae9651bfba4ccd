//! The files of the project as the house tests see them.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The project's top directory.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent()
        .expect("the tests' crate lies in the project")
        .to_owned()
}

/// A file of the project, text only.
pub(crate) struct File {
    /// From the top, with `/`.
    pub(crate) path: String,
    pub(crate) text: String,
}

impl File {
    /// Whether all of it is for tests.
    pub(crate) fn is_test(&self) -> bool {
        let name = self.path.rsplit('/').next().unwrap_or_default();
        let parts = || self.path.split('/');
        parts().any(|p| matches!(p, "tests" | "conformance" | "e2e" | "benches" | "testdata"))
            || name == "tests.rs"
            || name.starts_with("test-")
            || name.ends_with("_test.rs")
            || name.ends_with("_tests.rs")
            || name.contains(".test.")
    }

    /// What is not for tests: up to the first `#[cfg(test)]` of a module, line comments taken out, numbered from 1.
    pub(crate) fn code(&self) -> Vec<(usize, &str)> {
        let lines: Vec<&str> = self.text.lines().collect();
        let end = lines
            .windows(2)
            .position(|pair| {
                pair[0].trim() == "#[cfg(test)]"
                    && pair[1]
                        .trim_start()
                        .trim_start_matches("pub(crate) ")
                        .starts_with("mod ")
            })
            .unwrap_or(lines.len());
        lines[..end]
            .iter()
            .enumerate()
            .filter(|(_, line)| !line.trim_start().starts_with("//"))
            .map(|(at, line)| (at + 1, line.split(" // ").next().unwrap_or(line)))
            .collect()
    }
}

/// All text files that git knows or would take: tracked, and new ones that nothing ignores.
pub(crate) fn files() -> Vec<File> {
    let root = root();
    let listed = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard", "-z"])
        .current_dir(&root)
        .output()
        .expect("git lists the project's files");
    assert!(
        listed.status.success(),
        "git ls-files: {}",
        String::from_utf8_lossy(&listed.stderr)
    );
    let names = String::from_utf8(listed.stdout).expect("file names are UTF-8");
    let files: Vec<File> = names
        .split('\0')
        .filter(|name| !name.is_empty())
        // Listed but deleted in the work tree, or no text: nothing to hold to a rule.
        .filter_map(|name| {
            let text = std::fs::read_to_string(root.join(name)).ok()?;
            Some(File {
                path: name.to_owned(),
                text,
            })
        })
        .collect();
    assert!(
        files.len() > 50,
        "only {} files found: the house tests look in the wrong place",
        files.len()
    );
    files
}

/// Rust sources that are not for tests.
pub(crate) fn sources() -> impl Iterator<Item = File> {
    files()
        .into_iter()
        .filter(|f| f.path.ends_with(".rs") && !f.is_test())
}

/// Fails with all offences at once.
pub(crate) fn none(rule: &str, offences: &[String]) {
    assert!(offences.is_empty(), "{rule}:\n  {}", offences.join("\n  "));
}
