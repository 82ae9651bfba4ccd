//! What something in a file means.

use std::fmt::Write as _;

use super::cursor::{Cursor, Spot};
use super::document::Document;
use super::offers::{description, description_of_call, interface};
use super::path::{name_at_start, tail};
use super::symbols::{Occurrence, Symbol};
use super::words;
use crate::check::{Calls, parameters};
use crate::expression::{Function, allowed};
use crate::references::References;
use crate::schema::{Way, is_event, place};
use crate::span::Span;

/// What something means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hover {
    /// Where it stands.
    pub span: Span,
    /// The words, as Markdown.
    pub text: String,
}

/// The longest piece of a file that is quoted.
const QUOTED: usize = 400;

impl Document {
    /// What the thing at a byte means: a key, a value that names something, a part of an expression.
    #[must_use]
    pub fn hover(&self, offset: usize, references: &dyn References) -> Option<Hover> {
        let offset = self.within(offset);
        let cursor = self.cursor(offset)?;
        match cursor.spot {
            Spot::Expression(start) => self.of_expression(&cursor, start, offset, references),
            Spot::Word if cursor.has_colon => self.of_key(&cursor, references),
            Spot::Word | Spot::Value => self.of_value(&cursor, offset, references),
            Spot::Text => None,
        }
    }

    fn of_key(&self, cursor: &Cursor, references: &dyn References) -> Option<Hover> {
        let key = self.source.slice(cursor.word).trim_matches(['"', '\'']);
        let hover = |text: String| {
            Some(Hover {
                span: cursor.word,
                text,
            })
        };
        if let Some(Way::Key(with)) = cursor.way.last()
            && matches!(with.as_str(), "with" | "secrets")
            && let Some(uses) = self.uses_of(cursor, with)
        {
            let of_call = cursor.way.len() == 3;
            let text = match of_call {
                true => of_parameter(&uses, with == "with", key, references),
                false => of_input(&uses, key, references),
            };
            if let Some(text) = text {
                return hover(text);
            }
        }
        let mut way = cursor.way.clone();
        way.push(Way::Key(key.to_owned()));
        let place = place(self.root(), &way)?;
        if place.is_free_name {
            return self.declared_at(cursor.word);
        }
        let mut text = format!("`{key}`: {}", words::of_key(&place.path)?);
        if let Some(key) = place.expressions {
            let here = allowed(key);
            if !here.contexts.is_empty() {
                let names: Vec<String> = here.contexts.iter().map(|name| format!("`{name}`")).collect();
                let _ = write!(text, "\n\nExpressions see {}.", names.join(", "));
            }
        }
        let words = place.words();
        if !words.is_empty() && words.len() < 12 {
            let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
            let _ = write!(text, "\n\nOne of {}.", words.join(", "));
        }
        hover(text)
    }

    /// A name that the writer of the file chose, where it is declared.
    fn declared_at(&self, span: Span) -> Option<Hover> {
        let all = self.occurrences();
        let found = self.occurrence(&all, span.start)?;
        let uses = all
            .iter()
            .filter(|one| one.symbol == found.symbol && !one.is_declaration)
            .count();
        let times = match uses {
            0 => "named nowhere else in this file".to_owned(),
            1 => "named once more in this file".to_owned(),
            _ => format!("named {uses} times more in this file"),
        };
        Some(Hover {
            span: found.span,
            text: format!("`{}`: {times}", self.source.slice(found.span)),
        })
    }

    fn of_value(&self, cursor: &Cursor, offset: usize, references: &dyn References) -> Option<Hover> {
        let all = self.occurrences();
        if let Some(named) = self.occurrence(&all, offset) {
            return self.quoted(&named.symbol, &all, named.span, None);
        }
        let word = self.source.slice(cursor.word).trim_matches(['"', '\'']);
        let hover = |text: String| {
            Some(Hover {
                span: cursor.word,
                text,
            })
        };
        let last = cursor.way.iter().rev().find_map(|step| match step {
            Way::Key(key) => Some(key.as_str()),
            Way::Item => None,
        })?;
        if cursor.way.first() == Some(&Way::Key("on".to_owned())) && last == "on" {
            return hover(format!(
                "`{word}`: {}",
                words::of_key(&format!("on.{word}")).filter(|_| is_event(word))?
            ));
        }
        if last == "uses" {
            let interface = interface(word, references)?;
            let mut text = format!("`{word}`");
            let names = |names: Vec<String>| {
                names
                    .iter()
                    .map(|name| format!("`{name}`"))
                    .collect::<Vec<_>>()
                    .join(", ")
            };
            if let Some(inputs) = &interface.inputs {
                let inputs = inputs.iter().filter(|input| input.deprecated.is_none());
                let _ = write!(
                    text,
                    "\n\nInputs: {}",
                    names(inputs.map(|input| input.name.clone()).collect())
                );
            }
            if let Some(outputs) = interface.outputs.as_ref().filter(|outputs| !outputs.is_empty()) {
                let _ = write!(text, "\n\nOutputs: {}", names(outputs.clone()));
            }
            if interface.archived {
                text.push_str("\n\nThere will be no newer version of it.");
            }
            return hover(text);
        }
        None
    }

    fn of_expression(
        &self,
        cursor: &Cursor,
        start: usize,
        offset: usize,
        references: &dyn References,
    ) -> Option<Hover> {
        let text = self.source.text();
        let rest = name_at_start(text.get(offset..)?);
        let end = offset + rest.len();
        let written = text.get(start..end)?;
        let tail = tail(written)?;
        let span = Span::new(end - tail.word.len(), end);
        if tail.word.is_empty() {
            return None;
        }
        let hover = |text: String| Some(Hover { span, text });
        if tail.path.is_empty() && text.get(end..)?.trim_start().starts_with('(') {
            let function = Function::find(tail.word)?;
            return hover(words::of_function(function)?.to_owned());
        }
        let path: Vec<&str> = tail.path.iter().copied().chain([tail.word]).collect();
        let meaning = words::of_context(&path);
        let all = self.occurrences();
        if let Some(named) = self.occurrence(&all, span.start)
            && let Some(found) = self.quoted(&named.symbol, &all, span, meaning)
        {
            return Some(found);
        }
        let shown = path.join(".");
        if let Some(meaning) = meaning {
            return hover(format!("`{shown}`: {meaning}"));
        }
        let key = cursor.place(self.root())?.expressions?;
        let members = self.members(cursor, key, &tail.path, references);
        let member = members
            .into_iter()
            .find(|member| member.name.eq_ignore_ascii_case(tail.word))?;
        hover(format!("`{shown}`: {}", member.kind))
    }

    /// What is declared, as it is written there.
    fn quoted(
        &self,
        symbol: &Symbol,
        all: &[Occurrence],
        span: Span,
        meaning: Option<&str>,
    ) -> Option<Hover> {
        let declared = all
            .iter()
            .find(|one| one.is_declaration && one.symbol == *symbol)?;
        let line = self.lines.at(declared.span.start);
        let column = declared.span.start - self.lines.get(line)?.span.start;
        let block = self.lines.block(line, column);
        let start = declared.span.start;
        let end = self.lines.get(block.end.saturating_sub(1))?.span.end;
        let mut quoted = self.source.slice(Span::new(start, end)).trim_end().to_owned();
        if quoted.len() > QUOTED {
            let mut cut = QUOTED;
            while !quoted.is_char_boundary(cut) {
                cut -= 1;
            }
            quoted.truncate(quoted.get(..cut)?.rfind('\n').unwrap_or(cut));
            quoted.push_str("\n…");
        }
        let indent = " ".repeat(column);
        let quoted = quoted.replace(&format!("\n{indent}"), "\n");
        let meaning = meaning
            .map(|meaning| format!("{meaning}\n\n"))
            .unwrap_or_default();
        Some(Hover {
            span,
            text: format!("{meaning}```yaml\n{quoted}\n```"),
        })
    }
}

/// What a workflow of the same repository says of an input or a secret that it takes.
fn of_parameter(uses: &str, is_input: bool, name: &str, references: &dyn References) -> Option<String> {
    let (inputs, secrets) = parameters(&mut Calls::new(references), uses)?;
    let (all, kind, key) = match is_input {
        true => (inputs, "an input", "inputs"),
        false => (secrets, "a secret", "secrets"),
    };
    let found = all.into_iter().find(|one| one.name.eq_ignore_ascii_case(name))?;
    let mut text = format!("`{}`: {kind} of `{uses}`", found.name);
    if found.required {
        text.push_str(", which must be given");
    }
    if let Some(words) = description_of_call(uses, key, &found.name, references) {
        let _ = write!(text, "\n\n{words}");
    }
    Some(text)
}

/// What is known of an input of an action.
fn of_input(uses: &str, name: &str, references: &dyn References) -> Option<String> {
    let interface = interface(uses, references)?;
    let input = interface.input(name)?;
    let mut text = format!("`{}`: an input of `{uses}`", input.name);
    if input.required {
        text.push_str(", which must be given");
    }
    if let Some(words) = description(uses, name, references) {
        let _ = write!(text, "\n\n{words}");
    }
    if let Some(instead) = &input.deprecated {
        let _ = write!(text, "\n\nNot to be given any more: {instead}");
    }
    Some(text)
}
