//! The workflows of a project, as they stand on disk.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use loom_workflow::model::Trigger;
use loom_workflow::{Diagnostics, Source, tree};

use crate::prepare::{Prepared, file_in, prepare, stem};
use crate::project::{self, ProjectError};

/// The event of a workflow that another one calls.
pub(super) const CALL: &str = "workflow_call";

/// The event of a workflow that somebody starts by hand.
pub(super) const BY_HAND: &str = "workflow_dispatch";

/// A workflow of the project.
pub(super) struct Entry {
    /// Its `name:`, else its file's stem.
    pub(super) name: String,
    /// Its file's stem.
    pub(super) stem: String,
    /// Its file, relative to the project.
    pub(super) file: String,
    /// What runs, when its file could be read.
    pub(super) prepared: Option<Prepared>,
    /// What there is to say about it.
    pub(super) findings: Vec<Finding>,
}

impl Entry {
    /// Whether nothing stands in the way of a run.
    pub(super) fn can_start(&self) -> bool {
        self.prepared
            .as_ref()
            .is_some_and(|prepared| prepared.workflow.is_some())
    }

    /// Whether it is there for other workflows alone: nothing but `workflow_call` starts it.
    pub(super) fn is_only_called(&self) -> bool {
        let workflow = self
            .prepared
            .as_ref()
            .and_then(|prepared| prepared.workflow.as_ref());
        workflow.is_some_and(|workflow| {
            let events = &workflow.triggers.events;
            events.len() == 1 && events.contains_key(CALL)
        })
    }

    /// The events that start it, as its `on` names them; none where it has no `on`, and any starts it.
    pub(super) fn events(&self) -> Vec<&str> {
        let workflow = self
            .prepared
            .as_ref()
            .and_then(|prepared| prepared.workflow.as_ref());
        workflow
            .iter()
            .flat_map(|workflow| workflow.triggers.events.keys())
            .map(|event| &**event)
            .collect()
    }

    /// How it is started by hand, where its `on` says that it is.
    pub(super) fn by_hand(&self) -> Option<&Trigger> {
        let workflow = self.prepared.as_ref()?.workflow.as_ref()?;
        workflow.triggers.events.get(BY_HAND)
    }

    /// Its mistakes as lines of text, with their places.
    pub(super) fn mistakes(&self) -> Vec<String> {
        let line = |finding: &Finding| {
            let place = match (finding.line, finding.column) {
                (Some(line), Some(column)) => format!("{}:{line}:{column}", self.file),
                _ => self.file.clone(),
            };
            format!("{place}: {} [{}]", finding.message, finding.code)
        };
        let mistakes = self.findings.iter().filter(|finding| finding.severity == "error");
        mistakes.map(line).collect()
    }
}

/// A finding in a workflow's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) severity: &'static str,
    pub(super) code: String,
    pub(super) message: String,
    pub(super) line: Option<usize>,
    pub(super) column: Option<usize>,
    pub(super) help: Option<String>,
}

/// What a name in a request stands for.
pub(super) enum Found {
    One(Arc<Entry>),
    None,
    Several(Vec<Arc<Entry>>),
}

/// Knows the workflows; read by many, reloaded by the watcher.
pub(super) struct Catalog {
    workspace: PathBuf,
    named: Option<PathBuf>,
    entries: RwLock<Vec<Arc<Entry>>>,
    /// Counts the times the entries were read.
    generation: AtomicU64,
}

impl Catalog {
    pub(super) fn new(workspace: PathBuf, named: Option<PathBuf>) -> Self {
        Self {
            workspace,
            named,
            entries: RwLock::default(),
            generation: AtomicU64::new(0),
        }
    }

    pub(super) fn workspace(&self) -> &Path {
        &self.workspace
    }

    /// The directories in which a change may change the catalog.
    pub(super) fn directories(&self) -> Vec<PathBuf> {
        let mut all = vec![
            self.workspace.join(".github").join("workflows"),
            self.workspace.clone(),
        ];
        if let Some(named) = &self.named {
            let named = std::path::absolute(named).unwrap_or_else(|_| named.clone());
            let directory = if named.is_dir() {
                Some(named.as_path())
            } else {
                named.parent()
            };
            all.extend(directory.map(Path::to_owned));
        }
        all.sort();
        all.dedup();
        all
    }

    /// Reads the files anew. Waits for the disk.
    pub(super) fn reload(&self) {
        let fresh: Vec<Arc<Entry>> = self
            .files()
            .iter()
            .map(|file| Arc::new(self.read(file)))
            .collect();
        *self.entries.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        self.generation.fetch_add(1, Ordering::Release);
    }

    /// Another number each time the files were read anew.
    pub(super) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    pub(super) fn all(&self) -> Vec<Arc<Entry>> {
        self.entries
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// The workflow that a name stands for: its file, which is always its own, else the stem of its file, or its `name:`.
    pub(super) fn find(&self, name: &str) -> Found {
        let all = self.all();
        if let Some(entry) = all.iter().find(|entry| entry.file == name) {
            return Found::One(Arc::clone(entry));
        }
        let mut hits: Vec<Arc<Entry>> = all
            .into_iter()
            .filter(|entry| entry.stem == name || entry.name == name)
            .collect();
        match hits.len() {
            0 => Found::None,
            1 => Found::One(hits.remove(0)),
            _ => Found::Several(hits),
        }
    }

    /// Where the file lies that is listed under this name. Looks at the disk.
    pub(super) fn path_of(&self, file: &str) -> Option<PathBuf> {
        let mut files = self.files().into_iter();
        files.find(|path| file_in(path, &self.workspace) == file)
    }

    /// The files that are to be read now.
    pub(super) fn files(&self) -> Vec<PathBuf> {
        let mut files = match &self.named {
            Some(named) if named.is_dir() => project::candidates(named),
            Some(named) => vec![named.clone()],
            None => {
                let file = self.workspace.join(".loom.yml");
                if file.is_file() { vec![file] } else { Vec::new() }
            }
        };
        for file in project::workflows_in(&self.workspace.join(".github").join("workflows")) {
            let known = files
                .iter()
                .any(|other| file_in(other, &self.workspace) == file_in(&file, &self.workspace));
            if !known {
                files.push(file);
            }
        }
        files
    }

    fn read(&self, path: &Path) -> Entry {
        let (stem, file) = (stem(path), file_in(path, &self.workspace));
        match project::read(path) {
            Ok(read) => {
                let prepared = prepare(&read, &[]);
                let name = match &prepared.workflow {
                    Some(workflow) => workflow.name.as_ref().map(|name| name.text.to_string()),
                    None => written_name(&read.source),
                };
                let name = name
                    .filter(|name| !name.trim().is_empty())
                    .unwrap_or_else(|| stem.clone());
                let findings = findings(&read.source, &prepared.diagnostics);
                Entry {
                    name,
                    stem,
                    file,
                    prepared: Some(prepared),
                    findings,
                }
            }
            Err(error) => Entry {
                name: stem.clone(),
                stem,
                file,
                prepared: None,
                findings: vec![unreadable(&error)],
            },
        }
    }
}

/// The `name:` of a file that has mistakes: people look for the workflow under the name it had.
fn written_name(source: &Source) -> Option<String> {
    let root = tree::parse(source, &tree::Limits::default(), &mut Diagnostics::new())?;
    let entry = root
        .as_mapping()?
        .entries
        .iter()
        .find(|entry| &*entry.key.text == "name")?;
    Some(entry.value.as_scalar()?.text.to_string())
}

fn unreadable(error: &ProjectError) -> Finding {
    Finding {
        severity: "error",
        code: "file/unreadable".to_owned(),
        message: error.to_string(),
        line: None,
        column: None,
        help: None,
    }
}

fn findings(source: &Source, diagnostics: &Diagnostics) -> Vec<Finding> {
    let finding = |diagnostic: &loom_workflow::Diagnostic| {
        let place = diagnostic.span().map(|span| source.position(span.start));
        Finding {
            severity: diagnostic.severity.as_str(),
            code: diagnostic.code.as_str().to_owned(),
            message: message(diagnostic),
            line: place.map(|place| place.line),
            column: place.map(|place| place.column),
            help: diagnostic.help.clone(),
        }
    };
    diagnostics.iter().map(finding).collect()
}

/// The message, with what it comes from in other files.
fn message(diagnostic: &loom_workflow::Diagnostic) -> String {
    let mut message = diagnostic.message.clone();
    for cause in diagnostic.causes() {
        message += &format!(": {cause}");
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "jobs:\n  a:\n    steps:\n      - run: echo hi\n";

    fn project() -> tempfile::TempDir {
        let directory = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(directory.path().join(".github/workflows")).unwrap();
        directory
    }

    fn write(directory: &tempfile::TempDir, file: &str, text: &str) {
        std::fs::write(directory.path().join(file), text).unwrap();
    }

    fn catalog(directory: &tempfile::TempDir) -> Catalog {
        let catalog = Catalog::new(directory.path().canonicalize().unwrap(), None);
        catalog.reload();
        catalog
    }

    #[test]
    fn loom_yml_and_githubs_workflows_are_known_by_stem_and_by_name() {
        let directory = project();
        write(&directory, ".loom.yml", &format!("name: Main build\n{GOOD}"));
        write(
            &directory,
            ".github/workflows/ci.yml",
            "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: x\n",
        );
        let catalog = catalog(&directory);
        for name in ["Main build", "loom", "ci"] {
            assert!(matches!(catalog.find(name), Found::One(_)), "{name}");
        }
        assert!(matches!(catalog.find("nope"), Found::None));
    }

    #[test]
    fn what_nothing_but_a_call_starts_is_known() {
        let directory = project();
        let text = |on: &str| {
            format!("on: {on}\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: x\n")
        };
        for (file, on) in [
            ("called", "workflow_call"),
            ("both", "[workflow_call, push]"),
            ("push", "push"),
        ] {
            write(&directory, &format!(".github/workflows/{file}.yml"), &text(on));
        }
        write(&directory, ".loom.yml", GOOD);
        let only: Vec<String> = catalog(&directory)
            .all()
            .iter()
            .filter(|entry| entry.is_only_called())
            .map(|entry| entry.stem.clone())
            .collect();
        assert_eq!(only, ["called"]);
    }

    #[test]
    fn a_broken_file_is_listed_with_what_is_wrong_and_where() {
        let directory = project();
        write(
            &directory,
            ".loom.yml",
            "name: Mine\njobs:\n  a:\n    needs: b\n    steps:\n      - run: x\n",
        );
        let catalog = catalog(&directory);
        let entry = &catalog.all()[0];
        assert!(!entry.can_start() && entry.name == "Mine");
        assert_eq!(
            (entry.findings[0].line, entry.findings[0].severity),
            (Some(4), "error")
        );
    }

    #[test]
    fn one_name_for_two_files_is_ambiguous() {
        let directory = project();
        for file in ["a", "b"] {
            write(
                &directory,
                &format!(".github/workflows/{file}.yml"),
                "name: same\non: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: x\n",
            );
        }
        assert!(matches!(catalog(&directory).find("same"), Found::Several(hits) if hits.len() == 2));
    }

    #[test]
    fn a_file_is_never_ambiguous() {
        let directory = project();
        // The name of the second is the stem of the first.
        for file in ["ci", "other"] {
            write(
                &directory,
                &format!(".github/workflows/{file}.yml"),
                "name: ci\non: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: x\n",
            );
        }
        let catalog = catalog(&directory);
        assert!(matches!(catalog.find("ci"), Found::Several(_)));
        let found = catalog.find(".github/workflows/ci.yml");
        assert!(matches!(found, Found::One(entry) if entry.stem == "ci"));
    }
}
