//! `hashFiles`: which files of a workspace patterns mean, and one hash over them. As GitHub's runner does it, which walks
//! with `@actions/glob`: folder by folder, what is in one in the order of its name's bytes.

mod pattern;

use std::collections::HashSet;
use std::fs::Metadata;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use loom_workflow::expression::Files;
use sha2::{Digest, Sha256};

use self::pattern::{Pattern, Target, segments};
use crate::bounded;

/// The option that may stand instead of the first pattern.
pub(crate) const FOLLOW: &str = "--follow-symbolic-links";
/// How much of a file is read at once.
const PIECE: usize = 64 * 1024;

/// The files of a workspace.
pub(crate) struct Workspace {
    root: PathBuf,
}

impl Workspace {
    /// The files below a folder, whose path has no links in it.
    pub(crate) fn new(root: PathBuf) -> Self {
        Self { root }
    }

    /// The files and folders that patterns begin at: nothing else is looked at. Absolute; they need not be there.
    ///
    /// # Errors
    /// What is wrong with a pattern.
    pub(crate) fn starts(&self, patterns: &[Arc<str>]) -> Result<Vec<PathBuf>, String> {
        Ok(self.walk(patterns)?.starts())
    }

    fn walk(&self, patterns: &[Arc<str>]) -> Result<Walk<'_>, String> {
        let (follow, patterns) = match patterns.split_first() {
            Some((first, rest)) if &**first == FOLLOW => (true, rest),
            Some((first, _)) if first.starts_with("--") => {
                return Err(format!("`{first}` is no option; `{FOLLOW}` is the only one"));
            }
            _ => (false, patterns),
        };
        Ok(Walk {
            root: &self.root,
            patterns: self.read(patterns)?,
            follow,
            whole: Sha256::new(),
            found: false,
        })
    }

    fn read(&self, patterns: &[Arc<str>]) -> Result<Vec<Pattern>, String> {
        let home = std::env::home_dir();
        let mut read = Vec::new();
        for line in patterns.iter().flat_map(|text| text.lines()).map(str::trim) {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let pattern = Pattern::read(line, &self.root, home.as_deref())?;
            // A pattern means what is below it too.
            let below = pattern.below();
            read.push(pattern);
            read.extend(below);
        }
        Ok(read)
    }
}

impl Files for Workspace {
    fn hash(&self, patterns: &[Arc<str>]) -> Result<String, String> {
        let mut walk = self.walk(patterns)?;
        for start in walk.starts() {
            walk.from(start)?;
        }
        if walk.found {
            Ok(hex(&walk.whole.finalize()))
        } else {
            Ok(String::new())
        }
    }
}

/// A walk through the workspace.
struct Walk<'a> {
    root: &'a Path,
    patterns: Vec<Pattern>,
    follow: bool,
    /// The hash over the hashes of the files.
    whole: Sha256,
    found: bool,
}

/// Something that is looked at next.
struct Item {
    path: PathBuf,
    /// The folders above it, by where they really lie; empty unless links are followed.
    above: HashSet<PathBuf>,
}

impl Walk<'_> {
    /// Where to begin: the folders that the patterns name before anything is left open, none within another.
    fn starts(&self) -> Vec<PathBuf> {
        let named: Vec<PathBuf> = self
            .patterns
            .iter()
            .filter(|pattern| !pattern.excludes)
            .filter_map(|pattern| {
                let start = pattern.start();
                // One that begins above the workspace is looked for in all of it; outside of it nothing counts.
                let above = self.root.starts_with(&start);
                let start = if above { self.root.to_owned() } else { start };
                start.starts_with(self.root).then_some(start)
            })
            .collect();
        let mut starts: Vec<PathBuf> = Vec::new();
        for start in &named {
            let within = start
                .ancestors()
                .skip(1)
                .any(|above| named.iter().any(|one| one == above));
            if !within && !starts.contains(start) {
                starts.push(start.clone());
            }
        }
        starts
    }

    fn from(&mut self, start: PathBuf) -> Result<(), String> {
        let mut next = vec![Item {
            path: start,
            above: HashSet::new(),
        }];
        while let Some(item) = next.pop() {
            let parts = segments(&item.path);
            let matches = self.matches(&parts);
            let leads_on = matches.is_some()
                || self
                    .patterns
                    .iter()
                    .any(|pattern| !pattern.excludes && pattern.begins(&parts));
            if !leads_on {
                continue;
            }
            let Some(metadata) = self.look(&item.path)? else {
                continue;
            };
            if metadata.is_dir() {
                self.enter(item, &mut next)?;
            } else if matches == Some(Target::Any) {
                self.add(&item.path)?;
            }
        }
        Ok(())
    }

    /// What the patterns, one after the other, say of a path.
    fn matches(&self, parts: &[String]) -> Option<Target> {
        self.patterns.iter().fold(None, |before, pattern| {
            match (pattern.matches(parts), pattern.excludes) {
                (None, _) => before,
                (Some(target), false) => before.max(Some(target)),
                (Some(Target::Any), true) => None,
                // Folders alone are taken away.
                (Some(Target::Folder), true) => before.filter(|target| *target == Target::Any),
            }
        })
    }

    /// What is there; `None` where nothing is any more.
    fn look(&self, path: &Path) -> Result<Option<Metadata>, String> {
        let found = if self.follow {
            path.metadata()
        } else {
            path.symlink_metadata()
        };
        match found {
            Ok(metadata) => Ok(Some(metadata)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(unreadable(path, &error)),
        }
    }

    /// Puts what is in a folder before all else. One that is a part of itself, through a link, is left out.
    fn enter(&self, item: Item, next: &mut Vec<Item>) -> Result<(), String> {
        let unreadable = |error: io::Error| unreadable(&item.path, &error);
        let mut above = item.above.clone();
        if self.follow && !above.insert(item.path.canonicalize().map_err(unreadable)?) {
            return Ok(());
        }
        let mut inside = Vec::new();
        for entry in std::fs::read_dir(&item.path).map_err(unreadable)? {
            inside.push(entry.map_err(unreadable)?.path());
        }
        // The last one is taken first.
        inside.sort_by(|one, other| other.as_os_str().as_bytes().cmp(one.as_os_str().as_bytes()));
        next.extend(inside.into_iter().map(|path| Item {
            path,
            above: above.clone(),
        }));
        Ok(())
    }

    fn add(&mut self, path: &Path) -> Result<(), String> {
        // A link to a folder is no file, and what it leads to is no part of this.
        match path.metadata() {
            Ok(metadata) if metadata.is_dir() => return Ok(()),
            Ok(_) => {}
            Err(error) => return Err(unreadable(path, &error)),
        }
        let hash = hash_of(path).map_err(|error| unreadable(path, &error))?;
        self.whole.update(hash);
        self.found = true;
        Ok(())
    }
}

fn hash_of(path: &Path) -> io::Result<impl AsRef<[u8]>> {
    let mut file = bounded::open(path)?;
    let mut hash = Sha256::new();
    let mut piece = vec![0; PIECE];
    loop {
        match file.read(&mut piece) {
            Ok(0) => return Ok(hash.finalize()),
            Ok(read) => hash.update(piece.get(..read).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

fn unreadable(path: &Path, error: &io::Error) -> String {
    format!("{} cannot be read: {error}", path.display())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests;
