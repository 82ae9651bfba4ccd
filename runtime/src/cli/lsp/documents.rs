//! The files that an editor has open, and those beside them: what is open counts as it is there, saved or not.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use loom_workflow::editor::{Document, Encoding, FileKind};
use loom_workflow::{Diagnostics, Presence, Reference, References, Source, Span};

use super::protocol::Change;
use super::settings;
use crate::project;
use crate::repository::Repository;

/// How many files may be open at once.
const MOST: usize = 512;

/// All open files, by their addresses.
#[derive(Default)]
pub(super) struct Documents {
    open: HashMap<String, Open>,
}

/// An open file.
pub(super) struct Open {
    /// Where it is, or would be once it is saved; none for what is no file.
    pub(super) path: Option<PathBuf>,
    pub(super) version: Option<i64>,
    pub(super) document: Document,
    /// What is wrong with it, once somebody asked.
    found: Option<Diagnostics>,
    /// Whether the editor was not told yet what is wrong.
    is_untold: bool,
}

impl Documents {
    /// Whether there was room for it.
    pub(super) fn open(&mut self, uri: String, version: i64, text: String) -> bool {
        if self.open.len() >= MOST && !self.open.contains_key(&uri) {
            return false;
        }
        let path = path_of(&uri);
        let document = read(&uri, path.as_deref(), text);
        let open = Open {
            path,
            version: Some(version),
            document,
            found: None,
            is_untold: true,
        };
        self.open.insert(uri, open);
        self.look_again();
        true
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
            source = Source::new(source.name(), text);
        }
        open.document = Document::read(source, open.document.kind());
        open.version = version.or(open.version);
        open.found = None;
        open.is_untold = true;
    }

    /// Whether it was open.
    pub(super) fn close(&mut self, uri: &str) -> bool {
        let was_open = self.open.remove(uri).is_some();
        self.look_again();
        was_open
    }

    /// What is wrong with a file may be another file's fault, which is another now.
    pub(super) fn look_again(&mut self) {
        for open in self.open.values_mut() {
            open.found = None;
            open.is_untold = true;
        }
    }

    pub(super) fn get(&self, uri: &str) -> Option<&Open> {
        self.open.get(uri)
    }

    /// A file of which the editor was not told yet what is wrong, and that; it counts as told then.
    pub(super) fn next_untold(&mut self) -> Option<(String, Diagnostics)> {
        let uri = self
            .open
            .iter()
            .find(|(_, open)| open.is_untold)
            .map(|(uri, _)| uri.clone())?;
        let found = self.found(&uri)?;
        self.open.get_mut(&uri)?.is_untold = false;
        Some((uri, found))
    }

    /// What is wrong with a file.
    pub(super) fn found(&mut self, uri: &str) -> Option<Diagnostics> {
        let open = self.open.get(uri)?;
        if let Some(found) = &open.found {
            return Some(found.clone());
        }
        let found = settings::settled(
            open.document.diagnostics(&self.beside(open)),
            open.path.as_deref(),
        );
        self.open.get_mut(uri)?.found = Some(found.clone());
        Some(found)
    }

    /// The files that an open one refers to.
    pub(super) fn beside(&self, open: &Open) -> Beside<'_> {
        let repository = open.path.as_deref().map(|path| match open.document.kind() {
            FileKind::Action => Repository::of_action(path),
            FileKind::Workflow(_) => Repository::of(path),
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

    fn file(&self, path: &str) -> Presence {
        self.repository
            .as_ref()
            .map_or(Presence::Unknown, |repository| repository.file(path))
    }
}

fn read(uri: &str, path: Option<&Path>, text: String) -> Document {
    // Something that was never saved is told by its name.
    let name = path.map_or_else(|| uri.to_owned(), |path| path.display().to_string());
    let place = path.map_or_else(
        || name.clone(),
        |path| project::resolved(path).to_string_lossy().into_owned(),
    );
    Document::read(Source::new(name, text), FileKind::of_path(&place))
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
    let mut uri = String::from("file://");
    for byte in path.to_str()?.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'-' | b'_' | b'.' | b'~') {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    Some(uri)
}

#[cfg(test)]
mod tests {
    use super::*;

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
