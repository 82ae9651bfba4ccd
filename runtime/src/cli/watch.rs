//! `loom-runtime watch`: runs what `run` would, and again whenever the workflow, or files that were named, change. A run that
//! is stale is cancelled first.

use std::path::{Path, PathBuf};
use std::time::Duration;

use loom_workflow::glob::{Pattern, Subject};
use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::mpsc;

use super::args::{Global, RunArgs, WatchArgs};
use super::run::Session;
use super::signals::Stop;
use super::{Exit, setup, talk, uplink};
use crate::project::{self, Found};

/// Editors write a file in several steps, and a branch changes many files: a change counts once none follows for so long.
const QUIET: Duration = Duration::from_millis(300);

pub(super) async fn watch(global: Global, args: WatchArgs) -> Exit {
    let ended = rounds(&global, &args).await;
    uplink::close().await;
    ended.unwrap_or_else(|exit| exit)
}

async fn rounds(global: &Global, args: &WatchArgs) -> Result<Exit, Exit> {
    if args.run.pause_on_failure {
        talk::error(
            "`watch` runs anew when a file changes, and pauses at nothing: leave `--pause-on-failure` out",
        );
        talk::help("`loom-runtime run --pause-on-failure` stops at a step that fails");
        return Err(Exit::Usage);
    }
    let mut session = Session::begin()?;
    let workspace = setup::workspace(global)?;
    let subject = Watched::new(&workspace, &args.run, &args.paths)?;
    let (sender, raw) = mpsc::channel(1);
    // Watches for as long as it is held.
    let _watcher = subject.listen(sender).map_err(|error| {
        talk::error(&format!("changes of files cannot be watched for: {error}"));
        Exit::Machine
    })?;
    session.stops.watch(quietened(raw));
    loop {
        let ended = session.round(global, &args.run).await;
        let exit = ended.unwrap_or_else(|exit| exit);
        if session.was_stopped {
            return Ok(exit);
        }
        if session.is_stale {
            continue;
        }
        talk::note("waiting for changes; Ctrl-C ends");
        if let Stop::Asked(_) = session.stops.next().await {
            return Ok(exit);
        }
        talk::note("files have changed: it runs again");
    }
}

/// Passes a change on once none has followed for a while.
fn quietened(mut raw: mpsc::Receiver<()>) -> mpsc::Receiver<()> {
    let (sender, changes) = mpsc::channel(1);
    actix_rt::spawn(async move {
        while raw.recv().await.is_some() {
            while let Ok(Some(())) = tokio::time::timeout(QUIET, raw.recv()).await {}
            // One that waits already stands for this one too.
            let _ = sender.try_send(());
        }
    });
    changes
}

/// What is watched.
struct Watched {
    workspace: PathBuf,
    /// The workflow files, or the folder of them.
    workflows: Vec<PathBuf>,
    paths: Vec<Pattern>,
}

impl Watched {
    fn new(workspace: &Path, run: &RunArgs, paths: &[String]) -> Result<Self, Exit> {
        let found = project::choose(run.file()).map_err(|error| {
            talk::error(&error.to_string());
            talk::help(error.help());
            Exit::Usage
        })?;
        let absolute = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let mut workflows: Vec<PathBuf> = match &found {
            Found::One(file) => vec![absolute(&file.path)],
            Found::Folder(files) => files
                .iter()
                .filter_map(|file| Some(absolute(file.path.parent()?)))
                .collect(),
        };
        // What a workflow calls lies there too.
        workflows.push(workspace.join(".github"));
        workflows.dedup();
        let parsed = paths.iter().map(|text| {
            Pattern::parse(text, Subject::Path).map_err(|errors| {
                let why = errors
                    .first()
                    .map(|error| error.message.clone())
                    .unwrap_or_default();
                talk::error(&format!("`{text}` is no pattern for paths: {why}"));
                Exit::Usage
            })
        });
        Ok(Self {
            workspace: workspace.to_owned(),
            workflows,
            paths: parsed.collect::<Result<_, _>>()?,
        })
    }

    /// Tells of changes until the watcher is dropped.
    fn listen(self, sender: mpsc::Sender<()>) -> notify::Result<RecommendedWatcher> {
        let folders: Vec<(PathBuf, RecursiveMode)> = if self.paths.is_empty() {
            let folder = |path: &PathBuf| match path.is_dir() {
                true => Some((path.clone(), RecursiveMode::Recursive)),
                // Not the file itself: editors put another in its place.
                false if path.is_file() => Some((path.parent()?.to_owned(), RecursiveMode::NonRecursive)),
                false => None,
            };
            self.workflows.iter().filter_map(folder).collect()
        } else {
            vec![(self.workspace.clone(), RecursiveMode::Recursive)]
        };
        let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            let Ok(event) = event else { return };
            if !event.kind.is_access() && event.paths.iter().any(|path| self.is_meant(path)) {
                // A full channel has a change in it already.
                let _ = sender.try_send(());
            }
        })?;
        for (folder, mode) in folders {
            watcher.watch(&folder, mode)?;
        }
        Ok(watcher)
    }

    /// Whether a change of this path counts.
    fn is_meant(&self, path: &Path) -> bool {
        if self.workflows.iter().any(|workflow| path == workflow) {
            return path.is_file() || !path.exists();
        }
        let yaml = path.extension().is_some_and(|end| end == "yml" || end == "yaml");
        if yaml && self.workflows.iter().any(|folder| path.starts_with(folder)) {
            return true;
        }
        let Ok(inside) = path.strip_prefix(&self.workspace) else {
            return false;
        };
        if inside.starts_with(".git") {
            return false;
        }
        let text = inside.to_string_lossy();
        // As under `paths:`: the last that matches decides.
        let decides = self.paths.iter().rev().find(|pattern| pattern.matches(&text));
        decides.is_some_and(|pattern| !pattern.is_negative())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn watched(paths: &[&str]) -> Watched {
        Watched {
            workspace: "/w".into(),
            workflows: vec!["/w/.loom.yml".into(), "/w/.github".into()],
            paths: paths
                .iter()
                .map(|text| Pattern::parse(text, Subject::Path).unwrap())
                .collect(),
        }
    }

    #[test]
    fn workflows_count_and_other_files_only_when_they_are_named() {
        for (paths, path, counts) in [
            (&[][..], "/w/.loom.yml", true),
            (&[], "/w/.github/workflows/ci.yml", true),
            (&[], "/w/.github/actions/a/action.yaml", true),
            (&[], "/w/.github/notes.txt", false),
            (&[], "/w/src/a.rs", false),
            (&["src/**"], "/w/src/deep/a.rs", true),
            (&["src/**"], "/w/docs/a.md", false),
            (&["**", "!target/**"], "/w/target/x", false),
            (&["**", "!target/**"], "/w/src/x", true),
            (&["**"], "/w/.git/index", false),
            (&["**"], "/elsewhere/x", false),
        ] {
            assert_eq!(
                watched(paths).is_meant(Path::new(path)),
                counts,
                "{paths:?} {path}"
            );
        }
    }

    #[test]
    fn many_changes_in_a_row_are_one() {
        let system = actix_rt::System::new();
        system.block_on(async {
            let (sender, raw) = mpsc::channel(1);
            let mut changes = quietened(raw);
            for _ in 0..20 {
                sender.send(()).await.unwrap();
            }
            let first = tokio::time::timeout(Duration::from_secs(20), changes.recv()).await;
            assert_eq!(first.unwrap(), Some(()));
            assert!(changes.try_recv().is_err(), "one is told for all of them");
        });
    }
}
