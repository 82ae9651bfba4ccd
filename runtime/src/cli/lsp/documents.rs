//! The files that an editor has open, and those beside them: what is open counts as it is there, saved or not.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};

use loom_protocol::percent::encoded_path;
use loom_workflow::editor::{Document, Encoding, FileKind};
use loom_workflow::{Callable, Diagnostics, Dialect, Lints, Presence, Reference, References, Source, Span};

use super::protocol::{Change, OpenedFile};
use crate::lints::FileLints;
use crate::project;
use crate::repository::Repository;

/// How many files may be open at once.
const MOST: usize = 512;
/// How long a file may become that is kept; the language reads less.
const LONGEST: usize = 16 * 1024 * 1024;
/// How long all of them may be together when one more is opened.
const MOST_TEXT: usize = 128 * 1024 * 1024;

/// All open files, by their addresses.
#[derive(Default)]
pub(super) struct Documents {
    open: HashMap<String, Open>,
    /// Open files that are none of ours: an editor sends all that is YAML.
    foreign: HashSet<String>,
    /// Files that were open and are no more, or are foreign now: what was wrong with them is no more to be shown.
    gone: BTreeSet<String>,
}

/// An open file.
pub(super) struct Open {
    /// Where it is, or would be once it is saved; none for what is no file.
    pub(super) path: Option<PathBuf>,
    pub(super) version: Option<i64>,
    pub(super) document: Document,
    /// Whether it names files beside it, whose changes may change what is wrong with it.
    refers: bool,
    /// What is wrong with it, once somebody asked.
    found: Option<Diagnostics>,
    /// Whether the editor was not told yet what is wrong.
    is_unpublished: bool,
}

impl Documents {
    /// Whether there was room for it.
    pub(super) fn open(&mut self, file: OpenedFile) -> bool {
        let OpenedFile {
            uri,
            language_id,
            version,
            text,
        } = file;
        let is_new = !self.open.contains_key(&uri) && !self.foreign.contains(&uri);
        let lengths = self.open.values().map(|open| open.document.source().text().len());
        let is_too_much = lengths.sum::<usize>() + text.len() > MOST_TEXT;
        if is_new && (is_too_much || self.open.len() + self.foreign.len() >= MOST) {
            return false;
        }
        let path = path_of(&uri);
        let Some(kind) = kind_of(path.as_deref(), &language_id) else {
            self.set_aside(&uri);
            return true;
        };
        // Something that was never saved is called by its address.
        let name = path
            .as_ref()
            .map_or_else(|| uri.clone(), |path| path.display().to_string());
        let open = Open {
            path,
            version: Some(version),
            refers: refers(&text),
            document: document(Source::new(name, text), kind),
            found: None,
            is_unpublished: true,
        };
        // It may have been open as something else.
        self.foreign.remove(&uri);
        self.gone.remove(&uri);
        self.open.insert(uri, open);
        self.look_again();
        true
    }

    /// Leaves a file alone until it is closed.
    pub(super) fn set_aside(&mut self, uri: &str) {
        self.close(uri);
        self.foreign.insert(uri.to_owned());
    }

    pub(super) fn change(
        &mut self,
        uri: &str,
        version: Option<i64>,
        changes: Vec<Change>,
        encoding: Encoding,
    ) {
        let Some(open) = self.open.get_mut(uri) else {
            return;
        };
        let mut source = open.document.source().clone();
        for change in changes {
            let text = match change.range {
                None => change.text,
                Some(range) => {
                    let start = encoding.offset(&source, range.start.into());
                    let end = encoding.offset(&source, range.end.into()).max(start);
                    let before = source.text().get(..start).unwrap_or_default();
                    let after = source.text().get(end..).unwrap_or_default();
                    [before, &change.text, after].concat()
                }
            };
            if text.len() > LONGEST {
                self.set_aside(uri);
                return;
            }
            source = Source::new(source.name(), text);
        }
        open.refers = refers(source.text());
        open.document = document(source, open.document.kind());
        open.version = version.or(open.version);
        for (address, other) in &mut self.open {
            if address == uri || other.refers {
                other.found = None;
                other.is_unpublished = true;
            }
        }
    }

    pub(super) fn close(&mut self, uri: &str) {
        self.foreign.remove(uri);
        if self.open.remove(uri).is_some() {
            self.gone.insert(uri.to_owned());
            self.look_again();
        }
    }

    /// What is wrong with a file may be another file's fault, which is another now.
    pub(super) fn look_again(&mut self) {
        for open in self.open.values_mut() {
            open.found = None;
            open.is_unpublished = true;
        }
    }

    /// Whether it is open, and of something else.
    pub(super) fn is_foreign(&self, uri: &str) -> bool {
        self.foreign.contains(uri)
    }

    pub(super) fn get(&self, uri: &str) -> Option<&Open> {
        self.open.get(uri)
    }

    /// A file of which nothing is to be shown any more; it counts as told then.
    pub(super) fn next_gone(&mut self) -> Option<String> {
        self.gone.pop_first()
    }

    /// A file of which the editor was not told yet what is wrong; it counts as told then.
    pub(super) fn next_unpublished(&mut self) -> Option<String> {
        let (uri, open) = self.open.iter_mut().find(|(_, open)| open.is_unpublished)?;
        open.is_unpublished = false;
        Some(uri.clone())
    }

    /// What is wrong with a file.
    pub(super) fn found(&mut self, uri: &str) -> Option<Diagnostics> {
        let open = self.open.get(uri)?;
        if let Some(found) = &open.found {
            return Some(found.clone());
        }
        #[cfg(test)]
        assert!(!open.document.source().text().contains(tests::BREAKS_CHECKING));
        let found = open.document.diagnostics(&self.beside(open));
        self.open.get_mut(uri)?.found = Some(found.clone());
        Some(found)
    }

    /// The files that an open one refers to.
    pub(super) fn beside(&self, open: &Open) -> Beside<'_> {
        let repository = open.path.as_deref().map(|path| {
            let repository = match open.document.kind() {
                FileKind::Action => Repository::of_action(path),
                FileKind::Workflow(_) => Repository::of(path),
            };
            repository.with_lints(FileLints::of_or_none(path).lints())
        });
        Beside {
            documents: self,
            repository,
        }
    }
}

/// The repository of a file, with the files that are open as they are there.
pub(super) struct Beside<'d> {
    documents: &'d Documents,
    repository: Option<Repository>,
}

impl Beside<'_> {
    fn as_open(&self, reference: Reference) -> Reference {
        let Reference::Found(source) = reference else {
            return reference;
        };
        let path = std::path::absolute(source.name()).ok();
        let mut open = self.documents.open.values();
        match open.find(|open| open.path.is_some() && open.path == path) {
            Some(open) => Reference::Found(Source::new(source.name(), open.document.source().text())),
            None => Reference::Found(source),
        }
    }
}

impl References for Beside<'_> {
    fn lints(&self) -> &Lints {
        self.repository.as_ref().map_or(Lints::none(), References::lints)
    }

    fn workflow(&self, path: &str) -> Reference {
        let found = self
            .repository
            .as_ref()
            .map(|repository| repository.workflow(path));
        found.map_or(Reference::Unknown, |found| self.as_open(found))
    }

    fn action(&self, path: &str) -> Reference {
        let found = self.repository.as_ref().map(|repository| repository.action(path));
        found.map_or(Reference::Unknown, |found| self.as_open(found))
    }

    fn callable(&self, callable: Callable) -> Vec<String> {
        let repository = self.repository.as_ref();
        repository.map_or_else(Vec::new, |repository| repository.callable(callable))
    }

    fn file(&self, path: &str) -> Presence {
        self.repository
            .as_ref()
            .map_or(Presence::Unknown, |repository| repository.file(path))
    }
}

fn document(source: Source, kind: FileKind) -> Document {
    #[cfg(test)]
    assert!(!source.text().contains(tests::BREAKS_READING));
    Document::read(source, kind)
}

/// Whether a text names files of its repository, as `uses: ./…` does.
fn refers(text: &str) -> bool {
    text.contains("./")
}

/// What a file is: told by its path, or by what its editor calls its language; none for a file of something else.
fn kind_of(path: Option<&Path>, language: &str) -> Option<FileKind> {
    let place = path.map(|path| project::resolved(path).to_string_lossy().into_owned());
    let place = place.unwrap_or_default();
    let kind = FileKind::of_path(&place);
    let is_loom = place.ends_with(".loom.yml") || place.ends_with(".loom.yaml");
    match (kind, language) {
        (FileKind::Workflow(Dialect::Loom), "github-actions-workflow") => {
            Some(FileKind::Workflow(Dialect::GitHub))
        }
        (FileKind::Workflow(Dialect::Loom), _) if !is_loom && language != "loom" => None,
        _ => Some(kind),
    }
}

/// The whole of a file.
pub(super) fn whole(source: &Source) -> Span {
    Span::new(0, source.text().len())
}

/// The path of a `file:` address.
fn path_of(uri: &str) -> Option<PathBuf> {
    let rest = uri.strip_prefix("file://")?;
    let rest = rest.strip_prefix("localhost").unwrap_or(rest);
    if !rest.starts_with('/') {
        return None;
    }
    let mut bytes = Vec::with_capacity(rest.len());
    let mut written = rest.bytes();
    while let Some(byte) = written.next() {
        if byte == b'%' {
            let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
            let value = digit(written.next())? * 16 + digit(written.next())?;
            bytes.push(u8::try_from(value).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok().map(PathBuf::from)
}

/// The `file:` address of a path.
pub(super) fn uri_of(path: &Path) -> Option<String> {
    let path = std::path::absolute(path).ok()?;
    Some(format!("file://{}", encoded_path(path.to_str()?)))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Stands in for what nobody thought of: reading a text with it panics.
    pub(in crate::cli::lsp) const BREAKS_READING: &str = "# breaks reading";
    /// Checking a text with it panics.
    pub(in crate::cli::lsp) const BREAKS_CHECKING: &str = "# breaks checking";

    #[test]
    fn files_of_something_else_are_left_alone() {
        let github = Some(FileKind::Workflow(Dialect::GitHub));
        let loom = Some(FileKind::Workflow(Dialect::Loom));
        for (path, language, kind) in [
            (Some("/a/.github/workflows/ci.yml"), "yaml", github),
            (Some("/a/b/action.yaml"), "yaml", Some(FileKind::Action)),
            (Some("/a/.loom.yml"), "yaml", loom),
            (Some("/a/b.loom.yaml"), "yaml", loom),
            (Some("/a/compose.yml"), "yaml", None),
            (Some("/a/.github/dependabot.yml"), "yaml", None),
            (Some("/a/ci.yml"), "loom", loom),
            (Some("/a/ci.yml"), "github-actions-workflow", github),
            (None, "yaml", None),
            (None, "github-actions-workflow", github),
        ] {
            assert_eq!(
                kind_of(path.map(Path::new), language),
                kind,
                "{path:?} {language}"
            );
        }
    }

    #[test]
    fn addresses_are_paths() {
        for (uri, path) in [
            ("file:///a/b%20c/%C3%A9.yml", Some("/a/b c/é.yml")),
            ("file://localhost/a", Some("/a")),
            ("file://host/a", None),
            ("untitled:Untitled-1", None),
            ("file:///a%2", None),
            ("file:///a%zz", None),
            ("file:///%ff", None),
        ] {
            assert_eq!(path_of(uri), path.map(PathBuf::from), "{uri}");
        }
        assert_eq!(
            uri_of(Path::new("/a/b c/é.yml")).as_deref(),
            Some("file:///a/b%20c/%C3%A9.yml")
        );
    }
}
