//! What may be written at a place.

use super::cursor::{Cursor, Spot};
use super::document::Document;
use super::path::tail;
use super::{offers, words};
use crate::expression::{self, Function, allowed};
use crate::references::References;
use crate::schema::{Place, Shape, Way};
use crate::span::Span;

/// Something that may be written at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// What people see and search for.
    pub label: String,
    /// What it is.
    pub kind: CompletionKind,
    /// More about it, in a few words; may be empty.
    pub detail: String,
    /// What it means, as Markdown.
    pub documentation: Option<String>,
    /// What is written.
    pub insert: String,
    /// What that replaces.
    pub replaced: Span,
    /// Whether the file is wrong without it.
    pub required: bool,
}

/// What a completion is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CompletionKind {
    /// A key.
    Key,
    /// One of the words that a key takes.
    Word,
    /// An event.
    Event,
    /// A job.
    Job,
    /// A step.
    Step,
    /// An input of an action or a workflow.
    Input,
    /// An action.
    Action,
    /// A workflow of the same repository.
    Workflow,
    /// A label of a runner.
    Runner,
    /// A context.
    Context,
    /// What a context or something in it has.
    Property,
    /// A function.
    Function,
}

/// How many completions are given at most.
const MOST: usize = 500;

impl Document {
    /// What may be written at a byte, also where the file is broken.
    #[must_use]
    pub fn completions(&self, offset: usize, references: &dyn References) -> Vec<Completion> {
        let offset = self.within(offset);
        let Some(cursor) = self.cursor(offset) else {
            return Vec::new();
        };
        let place = cursor.place(self.root());
        let mut found = match cursor.spot {
            Spot::Text => Vec::new(),
            Spot::Expression(start) => {
                let key = place.as_ref().and_then(|place| place.expressions);
                key.map(|key| self.in_expression(&cursor, key, Span::new(start, offset), references))
                    .unwrap_or_default()
            }
            Spot::Value => place
                .map(|place| self.values(&cursor, &place, "", references))
                .unwrap_or_default(),
            Spot::Word => self.in_place_of_a_word(&cursor, place, references),
        };
        found.truncate(MOST);
        for one in &mut found {
            one.replaced = self.in_one_line(one.replaced, offset);
        }
        found
    }

    /// The part of a word that is in the line of a byte: an editor replaces no more than that.
    fn in_one_line(&self, word: Span, offset: usize) -> Span {
        let Some(line) = self.lines.get(self.lines.at(offset)) else {
            return word;
        };
        let written = self.source.slice(Span::new(line.span.start, offset));
        let indent = written.len() - written.trim_start().len();
        let start = word.start.max(line.span.start + indent).min(offset);
        Span::new(start, word.end.min(line.span.end).max(offset))
    }

    fn in_place_of_a_word(
        &self,
        cursor: &Cursor,
        place: Option<Place>,
        references: &dyn References,
    ) -> Vec<Completion> {
        let mut found = self.inputs(cursor, references);
        let Some(place) = place else { return found };
        let present: Vec<&str> = cursor.present.iter().map(String::as_str).collect();
        let behind = |shape: Shape| {
            let inner = " ".repeat(cursor.column + 2);
            match shape {
                _ if cursor.has_colon => String::new(),
                Shape::Mapping if !cursor.is_flow => format!(":\n{inner}"),
                Shape::List if !cursor.is_flow => format!(":\n{inner}- "),
                Shape::Scalar | Shape::Mapping | Shape::List => ": ".to_owned(),
            }
        };
        for offer in place.keys(&present) {
            let path = match place.path.as_str() {
                "" => offer.name.to_owned(),
                path => format!("{path}.{}", offer.name),
            };
            let is_event = place.path == "on";
            found.push(Completion {
                label: offer.name.to_owned(),
                kind: if is_event {
                    CompletionKind::Event
                } else {
                    CompletionKind::Key
                },
                detail: if offer.required {
                    "required".to_owned()
                } else {
                    String::new()
                },
                documentation: words::of_key(&path).map(str::to_owned),
                insert: match offer.shape {
                    // An event alone is enough.
                    _ if is_event && !cursor.has_colon => format!("{}:", offer.name),
                    shape => format!("{}{}", offer.name, behind(shape)),
                },
                replaced: cursor.word,
                required: offer.required,
            });
        }
        if !cursor.has_colon {
            let is_item = cursor.is_flow || matches!(cursor.way.last(), Some(Way::Item));
            let dash = if place.takes_items() && !is_item { "- " } else { "" };
            found.extend(self.values(cursor, &place, dash, references));
        }
        found
    }

    /// The values that may stand at a place; `dash` is what is written before each.
    fn values(
        &self,
        cursor: &Cursor,
        place: &Place,
        dash: &str,
        references: &dyn References,
    ) -> Vec<Completion> {
        // Where items belong, words of the whole value are none.
        let (in_list, words) = if dash.is_empty() {
            (Vec::new(), place.words())
        } else {
            (place.words_of_items(), Vec::new())
        };
        let is_on = place.path == "on";
        let kind = if is_on {
            CompletionKind::Event
        } else {
            CompletionKind::Word
        };
        let words = words.into_iter().chain(in_list).map(|word| offers::Value {
            label: word.to_owned(),
            kind,
            documentation: is_on
                .then(|| words::of_key(&format!("on.{word}")))
                .flatten()
                .map(str::to_owned),
        });
        let mut all: Vec<offers::Value> = words.collect();
        all.extend(self.offered(cursor, place, references));
        // A value stands behind a space.
        let before = self.source.text().get(..cursor.word.start).unwrap_or_default();
        let dash = if dash.is_empty() && before.ends_with([':', '-']) && !cursor.is_flow {
            " "
        } else {
            dash
        };
        let values = all.into_iter().map(|value| Completion {
            insert: format!("{dash}{}", value.label),
            label: value.label,
            kind: value.kind,
            detail: String::new(),
            documentation: value.documentation,
            replaced: cursor.word,
            required: false,
        });
        values.collect()
    }

    fn in_expression(
        &self,
        cursor: &Cursor,
        key: expression::WorkflowKey,
        written: Span,
        references: &dyn References,
    ) -> Vec<Completion> {
        let Some(tail) = tail(self.source.slice(written)) else {
            return Vec::new();
        };
        let word = Span::new(written.end - tail.word.len(), written.end);
        let new = |label: &str, kind: CompletionKind, documentation: Option<&str>| Completion {
            label: label.to_owned(),
            kind,
            detail: String::new(),
            documentation: documentation.map(str::to_owned),
            insert: label.to_owned(),
            replaced: word,
            required: false,
        };
        if !tail.path.is_empty() {
            let members = self.members(cursor, key, &tail.path, references);
            let completions = members.into_iter().map(|member| {
                let path: Vec<&str> = tail.path.iter().copied().chain([member.name.as_str()]).collect();
                Completion {
                    detail: member.kind.to_owned(),
                    ..new(&member.name, CompletionKind::Property, words::of_context(&path))
                }
            });
            let mut all: Vec<Completion> = completions.collect();
            for name in self.likely_names(cursor, &tail.path) {
                if !all.iter().any(|known| known.label.eq_ignore_ascii_case(&name)) {
                    all.push(new(&name, CompletionKind::Property, None));
                }
            }
            return all;
        }
        let here = allowed(key);
        let contexts = here
            .contexts
            .iter()
            .map(|name| new(name, CompletionKind::Context, words::of_context(&[name])));
        let general = Function::ALL.into_iter().filter(|function| function.is_general());
        let functions = general.chain(here.functions.iter().copied()).map(|function| {
            let call = if function.is_status() { "()" } else { "(" };
            Completion {
                insert: format!("{}{call}", function.name()),
                ..new(
                    function.name(),
                    CompletionKind::Function,
                    words::of_function(function),
                )
            }
        });
        contexts.chain(functions).collect()
    }
}
