//! Where the things are declared that a file names, and where else they are named.

use super::cursor::{Cursor, Spot};
use super::document::Document;
use super::offers::get;
use crate::check::{Calls, parameters};
use crate::diagnostic::Diagnostics;
use crate::model::{ActionText, own};
use crate::references::{Reference, References};
use crate::schema::Way;
use crate::source::Source;
use crate::span::Span;
use crate::tree::{self, Limits, Node};

/// A place where something is declared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declaration {
    /// The file; none for the one that was asked.
    pub source: Option<Source>,
    /// Where in it.
    pub span: Span,
}

impl Document {
    /// Where what is named at a byte is declared: here, or in an action or workflow of the same repository.
    #[must_use]
    pub fn definition(&self, offset: usize, references: &dyn References) -> Vec<Declaration> {
        let offset = self.within(offset);
        let all = self.occurrences();
        if let Some(named) = self.occurrence(&all, offset) {
            let declared = all
                .iter()
                .filter(|one| one.is_declaration && one.symbol == named.symbol);
            return declared
                .map(|one| Declaration {
                    source: None,
                    span: one.span,
                })
                .collect();
        }
        let Some(cursor) = self.cursor(offset) else {
            return Vec::new();
        };
        self.elsewhere(&cursor, references).into_iter().collect()
    }

    /// Every place where what is named at a byte is named in this file, in the order of the file.
    #[must_use]
    pub fn references(&self, offset: usize, with_declaration: bool) -> Vec<Span> {
        let offset = self.within(offset);
        let all = self.occurrences();
        let Some(named) = self.occurrence(&all, offset) else {
            return Vec::new();
        };
        let same = all
            .iter()
            .filter(|one| one.symbol == named.symbol && (with_declaration || !one.is_declaration));
        let mut places: Vec<Span> = same.map(|one| one.span).collect();
        places.sort_unstable();
        places.dedup();
        places
    }

    /// What lies in another file.
    fn elsewhere(&self, cursor: &Cursor, references: &dyn References) -> Option<Declaration> {
        let Way::Key(last) = cursor.way.last()? else {
            return None;
        };
        match (cursor.spot, last.as_str(), cursor.way.len()) {
            (Spot::Value, "uses", 3) => {
                let uses = self.source.slice(cursor.word).trim_matches(['"', '\'']);
                let source = local_workflow(uses, references)?;
                Some(Declaration {
                    source: Some(source),
                    span: Span::point(0),
                })
            }
            (Spot::Value, "uses", 4..) => {
                let uses = self.source.slice(cursor.word).trim_matches(['"', '\'']);
                let (source, _) = local_action(uses, references)?;
                Some(Declaration {
                    source: Some(source),
                    span: Span::point(0),
                })
            }
            (Spot::Word, "with" | "secrets", 3) => {
                let name = self.source.slice(cursor.word);
                let uses = self.uses_of(cursor, last)?;
                let (inputs, secrets) = parameters(&mut Calls::new(references), &uses)?;
                let all = if last == "with" { inputs } else { secrets };
                let found = all.into_iter().find(|one| one.name.eq_ignore_ascii_case(name))?;
                Some(Declaration {
                    source: local_workflow(&uses, references),
                    span: found.span,
                })
            }
            (Spot::Word, "with", 4..) => {
                let name = self.source.slice(cursor.word);
                let uses = self.uses_of(cursor, last)?;
                let (source, tree) = local_action(&uses, references)?;
                let entries = &get(&tree, "inputs")?.as_mapping()?.entries;
                let found = entries
                    .iter()
                    .find(|entry| entry.key.text.eq_ignore_ascii_case(name))?;
                Some(Declaration {
                    source: Some(source),
                    span: found.key.span,
                })
            }
            _ => None,
        }
    }
}

/// The `action.yml` that a `uses` names, of the same repository.
pub(super) fn local_action(uses: &str, references: &dyn References) -> Option<(Source, Node)> {
    let path = match ActionText::parse(uses)? {
        ActionText::Local(path) => path.to_owned(),
        ActionText::Own(path) => format!("./{path}"),
        ActionText::Docker(_) | ActionText::Repository(_) => return None,
    };
    let Reference::Found(source) = references.action(&path) else {
        return None;
    };
    let tree = tree::parse(&source, &Limits::default(), &mut Diagnostics::new())?;
    Some((source, tree))
}

/// The workflow that a `uses` names, of the same repository.
pub(super) fn local_workflow(uses: &str, references: &dyn References) -> Option<Source> {
    match references.workflow(&own(uses)?) {
        Reference::Found(source) => Some(source),
        Reference::Missing | Reference::Unknown => None,
    }
}
