//! The files of a job's room, for what happens on this machine: expressions that hash them, actions of the workspace,
//! checkouts, problem matchers. Read where they are; brought here first where this machine does not see them.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use loom_workflow::expression::Files;
use tokio::runtime::Handle;

use super::machine::Trouble;
use super::opening::trouble;
use crate::bounded::{self, Contents};
use crate::chain::chain;
use crate::executor::{Apart, ExecutorError, Place, Wanted, led};
use crate::files::{FOLLOW, Workspace};
use crate::output::MatcherFiles;

/// A file of problem matchers is no larger.
const LARGEST_MATCHERS: u64 = 1024 * 1024;

/// So many links of what is looked at may lead out of it, those in what they lead to among them.
const MOST_OUTSIDE: usize = 10_000;

/// What so many links lead to is asked for at once.
const PORTION: usize = 16;

/// The files of a job's room.
pub(super) struct RoomFiles {
    place: Arc<dyn Place>,
    apart: Apart,
    /// Each folder as steps see it, and where it is here: the workspace first.
    folders: Vec<(String, PathBuf)>,
    on_host: bool,
    /// Where what is brought goes: a folder of this job's that its steps do not see.
    brought: PathBuf,
    next: AtomicU32,
}

impl RoomFiles {
    /// Those of a place with this workspace and job's directory; `brought` need not be there.
    pub(super) fn new(
        place: Arc<dyn Place>,
        (workspace, directory, brought): (PathBuf, PathBuf, PathBuf),
        on_host: bool,
    ) -> Self {
        let (apart, facts) = (place.apart(), place.facts());
        let folders = vec![
            (facts.workspace.clone(), workspace),
            (facts.temp.clone(), directory.join("temp")),
            (facts.actions.clone(), directory.join("actions")),
        ];
        Self {
            place,
            apart,
            folders,
            on_host,
            brought,
            next: AtomicU32::new(0),
        }
    }

    /// What of them is not here.
    pub(super) fn apart(&self) -> Apart {
        self.apart
    }

    /// A folder for something that is brought or sent: nothing is there yet.
    pub(super) fn fresh(&self) -> io::Result<PathBuf> {
        use std::os::unix::fs::DirBuilderExt as _;

        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.brought)?;
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        Ok(self.brought.join(number.to_string()))
    }

    /// Brings a file or folder of the room here, as `to`; `false` when there is none.
    pub(super) async fn bring(&self, seen: &str, to: &Path, wanted: Wanted) -> Result<bool, ExecutorError> {
        self.place.bring(seen, to, wanted).await
    }

    /// Puts a folder of this machine into the room; what is there of it already goes first, where that is wanted.
    pub(super) async fn send(&self, from: &Path, seen: &str, afresh: bool) -> Result<(), ExecutorError> {
        if afresh {
            self.place.clear(seen).await?;
        }
        self.place.send(from, seen).await
    }

    /// Empties a folder of the room, or removes a file.
    pub(super) async fn clear(&self, seen: &str) -> Result<(), ExecutorError> {
        self.place.clear(seen).await
    }

    fn workspace(&self) -> (&str, &Path) {
        self.folders.first().map_or(("", Path::new("")), |(seen, real)| {
            (seen.as_str(), real.as_path())
        })
    }

    /// Brings something for as long as it is looked at; for a thread that may block.
    fn with_brought<T>(
        &self,
        what: Wanted,
        wanted: impl FnOnce(&Path) -> Result<Vec<(String, PathBuf)>, String>,
        look: impl FnOnce(&Path) -> Result<T, String>,
    ) -> Result<T, Unread> {
        let top = self.fresh()?;
        let looked = wanted(&top).map_err(Unread::Here).and_then(|wanted| {
            for (seen, to) in wanted {
                std::fs::create_dir_all(to.parent().unwrap_or(&top))?;
                if self.bring_now(&seen, &to, what)? && what != Wanted::Small {
                    self.bring_behind_links(&seen, &to, what)?;
                }
            }
            look(&top).map_err(Unread::Here)
        });
        // What is left goes with the job.
        let _ = std::fs::remove_dir_all(&top);
        looked
    }

    /// Links in a folder that was brought lead nowhere here, or to files of this machine, where they are absolute or lead
    /// out of it: what they lead to in the room comes in their place, a portion at a time. One that leads to a folder that
    /// it is in is left out, as where files are at hand.
    fn bring_behind_links(&self, seen: &str, to: &Path, what: Wanted) -> Result<(), Unread> {
        let mut folders = vec![Brought {
            seen: PathBuf::from(seen),
            here: to.to_owned(),
            above: Vec::new(),
        }];
        let mut count = 0;
        while !folders.is_empty() {
            let mut outward = Vec::new();
            for folder in folders.drain(..) {
                outward.extend(folder.links_that_lead_out()?);
                if count + outward.len() > MOST_OUTSIDE {
                    return Err(Unread::Here(format!(
                        "more than {MOST_OUTSIDE} links in {seen} lead out of it: name the folders that they lead to"
                    )));
                }
            }
            count += outward.len();
            let there = self.bring_links(&outward, what)?;
            let brought = outward.into_iter().zip(there).filter(|(_, there)| *there);
            folders.extend(brought.map(|(link, _)| link.leads_to));
        }
        Ok(())
    }

    /// Brings what links lead to; whether there was something, for each. Asked for as links: whether a folder behind one is
    /// wanted depends on that.
    fn bring_links(&self, links: &[Outward], what: Wanted) -> Result<Vec<bool>, Unread> {
        let all = links.iter().map(|link| async move {
            let seen = link.seen.to_string_lossy();
            let brought = self.place.bring(&seen, &link.leads_to.here, what).await;
            brought.map_err(|error| Unread::Away(trouble(&error)))
        });
        blocking(stream::iter(all).buffered(PORTION).try_collect())?
    }

    /// As [`RoomFiles::bring`], from a thread that may block, whatever else it is doing.
    fn bring_now(&self, seen: &str, to: &Path, wanted: Wanted) -> Result<bool, Unread> {
        let brought = blocking(self.place.bring(seen, to, wanted))?;
        brought.map_err(|error| Unread::Away(trouble(&error)))
    }
}

/// Waits for something, on a thread that may block.
fn blocking<T>(work: impl Future<Output = T>) -> Result<T, Unread> {
    let handle = Handle::try_current().map_err(|error| Unread::of_machine(&error))?;
    // The caller's thread may also stand for an asynchronous one: its other work goes elsewhere meanwhile.
    Ok(tokio::task::block_in_place(|| handle.block_on(work)))
}

/// A folder of the room that is here now.
struct Brought {
    seen: PathBuf,
    here: PathBuf,
    /// The folders of the room that it is in by the links that led to it: where each began, and how far down it went.
    above: Vec<(PathBuf, PathBuf)>,
}

/// A link that leads out of the folder that was brought with it.
struct Outward {
    seen: PathBuf,
    leads_to: Brought,
}

impl Brought {
    /// Takes away the links in it that lead out of it or round in a circle, and gives those that lead out. Absolute ones that
    /// lead inside lead there here too. Nothing when it is no folder.
    fn links_that_lead_out(&self) -> io::Result<Vec<Outward>> {
        let mut found = Vec::new();
        let mut open = vec![self.here.clone()];
        while let Some(folder) = open.pop() {
            if !folder.symlink_metadata()?.is_dir() {
                continue;
            }
            for entry in std::fs::read_dir(&folder)? {
                let here = entry?.path();
                let Ok(target) = std::fs::read_link(&here) else {
                    open.push(here);
                    continue;
                };
                let below = here.strip_prefix(&self.here).unwrap_or(&here);
                let seen = self.seen.join(below);
                let leads_to = led(&seen, &target);
                let inside = leads_to.strip_prefix(&self.seen).ok();
                if inside.is_some() && target.is_relative() {
                    continue;
                }
                std::fs::remove_file(&here)?;
                if let Some(inside) = inside {
                    std::os::unix::fs::symlink(self.here.join(inside), &here)?;
                    continue;
                }
                let mut above = self.above.clone();
                above.push((self.seen.clone(), seen.parent().unwrap_or(&seen).to_owned()));
                let is_circle = |(top, down): &(PathBuf, PathBuf)| {
                    leads_to.starts_with(top) && down.starts_with(&leads_to)
                };
                if above.iter().any(is_circle) {
                    continue;
                }
                let leads_to = Brought {
                    seen: leads_to,
                    here,
                    above,
                };
                found.push(Outward { seen, leads_to });
            }
        }
        Ok(found)
    }
}

/// Why files of the room cannot be looked at.
#[derive(Debug)]
enum Unread {
    /// They are here, and are not what was wanted: who asked says what that means.
    Here(String),
    /// They did not come here.
    Away(Trouble),
}

impl Unread {
    fn of_machine(error: &dyn std::error::Error) -> Self {
        let what = format!(
            "files of the job cannot be kept on this machine: {}",
            chain(error)
        );
        Self::Away(Trouble::machine("setup", what))
    }
}

impl From<io::Error> for Unread {
    fn from(error: io::Error) -> Self {
        Self::of_machine(&error)
    }
}

/// Keeps what the machine could not do while something asked for files that only hears that there are none.
#[derive(Clone, Debug, Default)]
pub(super) struct Failures(Arc<Mutex<Option<Trouble>>>);

impl Failures {
    /// The first that was the machine's failure: what was found out without the files counts for nothing.
    pub(super) fn take(&self) -> Option<Trouble> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn reason_of(&self, unread: Unread) -> String {
        match unread {
            Unread::Here(why) => why,
            Unread::Away(trouble) => {
                let message = trouble.reason.message.clone();
                if !trouble.by_workflow {
                    let mut first = self.0.lock().unwrap_or_else(PoisonError::into_inner);
                    first.get_or_insert(trouble);
                }
                message
            }
        }
    }
}

/// The files of the workspace, as expressions ask for them.
#[derive(Clone)]
pub(super) struct HashedFiles {
    files: Arc<RoomFiles>,
    pub(super) failures: Failures,
}

impl HashedFiles {
    pub(super) fn new(files: Arc<RoomFiles>) -> Self {
        Self {
            files,
            failures: Failures::default(),
        }
    }
}

impl Files for HashedFiles {
    fn hash(&self, patterns: &[Arc<str>]) -> Result<String, String> {
        let (seen, real) = self.files.workspace();
        if !self.files.apart.workspace {
            return Workspace::new(real.to_owned()).hash(patterns);
        }
        let read = |top: &Path| -> Vec<Arc<str>> {
            let lines = patterns.iter().map(|text| {
                let lines = text.lines().map(|line| here(line, seen, top));
                Arc::from(lines.collect::<Vec<_>>().join("\n"))
            });
            lines.collect()
        };
        // No more than the folders that the patterns name.
        let wanted = |top: &Path| {
            let starts = Workspace::new(top.to_owned()).starts(&read(top))?;
            let inside = |start: PathBuf| {
                let below = start.strip_prefix(top).ok()?.to_str()?.to_owned();
                let seen = if below.is_empty() {
                    seen.to_owned()
                } else {
                    format!("{seen}/{below}")
                };
                Some((seen, start))
            };
            Ok(starts.into_iter().filter_map(inside).collect())
        };
        // A link to a folder is no file, and leads on only where that is asked for.
        let what = if patterns.first().is_some_and(|first| &**first == FOLLOW) {
            Wanted::Whole
        } else {
            Wanted::Itself
        };
        self.files
            .with_brought(what, wanted, |top| {
                Workspace::new(top.to_owned()).hash(&read(top))
            })
            .map_err(|unread| self.failures.reason_of(unread))
    }
}

/// A pattern that begins with the workspace as steps see it, with the folder that stands for it here.
fn here(line: &str, seen: &str, top: &Path) -> String {
    let trimmed = line.trim();
    let rest = trimmed.trim_start_matches('!');
    let excludes = trimmed.get(..trimmed.len() - rest.len()).unwrap_or_default();
    match rest.trim().strip_prefix(seen) {
        Some(below) if below.is_empty() || below.starts_with('/') => {
            format!("{excludes}{}{below}", top.display())
        }
        _ => line.to_owned(),
    }
}

/// The files that a step names in its workflow commands.
pub(super) struct NamedFiles {
    files: Arc<RoomFiles>,
    failures: Failures,
}

impl NamedFiles {
    /// Those of a room; what the machine could not do is kept.
    pub(super) fn new(files: Arc<RoomFiles>, failures: Failures) -> Self {
        Self { files, failures }
    }
}

impl MatcherFiles for NamedFiles {
    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        let files = &*self.files;
        let below = |(at, (seen, real)): (usize, &(String, PathBuf))| {
            let rest = path.strip_prefix(seen.as_str())?.strip_prefix('/')?;
            let safe = !rest.split('/').any(|part| part == "..");
            let apart = if at == 0 {
                files.apart.workspace
            } else {
                files.apart.directory
            };
            safe.then(|| (real.join(rest), apart))
        };
        let read = |file: &Path| match bounded::read(file, LARGEST_MATCHERS)? {
            Contents::Whole(bytes) => Ok(bytes),
            Contents::TooLarge(_) => Err(io::Error::other("it is larger than 1 MiB")),
        };
        match files.folders.iter().enumerate().find_map(below) {
            Some((file, false)) => read(&file),
            Some((_, true)) => {
                let wanted = |top: &Path| Ok(vec![(path.to_owned(), top.join("file"))]);
                let look = |top: &Path| read(&top.join("file")).map_err(|error| error.to_string());
                let brought = files.with_brought(Wanted::Small, wanted, look);
                brought.map_err(|unread| io::Error::other(self.failures.reason_of(unread)))
            }
            None if files.on_host => read(Path::new(path)),
            None => Err(io::Error::other("it lies where Loom cannot read it")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_may_begin_with_the_workspace_as_steps_see_it() {
        let top = Path::new("/b/0");
        for (line, expected) in [
            ("/workspace/a/*.lock", "/b/0/a/*.lock"),
            ("!/workspace/a", "!/b/0/a"),
            ("/workspace", "/b/0"),
            ("/workspaces/a", "/workspaces/a"),
            ("**/a", "**/a"),
        ] {
            assert_eq!(here(line, "/workspace", top), expected, "{line}");
        }
    }
}
