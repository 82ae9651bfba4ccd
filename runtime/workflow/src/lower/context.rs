//! What every part of lowering has at hand.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use super::free::Shared;
use super::sites::Sites;
use crate::codes::{self, Code};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::dialect::Dialect;
use crate::model::ExpectedType;
use crate::source::Source;
use crate::span::Span;
use crate::tree::{Kind, Node, Style};
use crate::words::{self, name, plain};

/// The file that is read, the rules it is read by, and what was found so far.
pub(super) struct Context<'a> {
    pub(super) source: &'a Source,
    pub(super) dialect: Dialect,
    pub(super) diagnostics: &'a mut Diagnostics,
    pub(super) sites: Sites,
    /// Values of any shape that aliases repeat.
    pub(super) shared: Shared,
}

/// The thing that a level of keys belongs to, for messages: shown as ``step 2 of job `build` ``. Nearly all files
/// have no mistakes, so the words are put together only when somebody shows them.
#[derive(Clone, Copy)]
pub(super) struct Owner<'a> {
    what: What<'a>,
    /// Where its name stands, when it has one.
    pub(super) span: Option<Span>,
    /// What it is a part of.
    of: Option<&'a Self>,
}

/// What a thing is called.
#[derive(Clone, Copy)]
pub(super) enum What<'a> {
    /// By these words.
    Words(&'a str),
    /// By its key.
    Key(&'a str),
    /// By the keys that lead to it.
    Path(Path<'a>),
    /// By its kind and its name, e.g. ``job `build` ``.
    Named(&'static str, &'a str),
    /// By its kind and its place in a list, from 0.
    Item(&'static str, usize),
}

/// What belongs at a place, for messages.
#[derive(Clone)]
pub(super) struct Wanted<'a> {
    pub(super) expected: ExpectedType,
    /// The same in words: `a list of steps`.
    pub(super) words: Cow<'a, str>,
}

impl<'a> Wanted<'a> {
    pub(super) const TEXT: Self = Self::new(ExpectedType::TEXT, "text");
    pub(super) const NUMBER: Self = Self::new(ExpectedType::NUMBER, "a number");
    pub(super) const LIST: Self = Self::new(ExpectedType::LIST, "a list");
    pub(super) const MAPPING: Self = Self::new(ExpectedType::MAPPING, "a mapping");

    pub(super) const fn new(expected: ExpectedType, words: &'a str) -> Self {
        Self {
            expected,
            words: Cow::Borrowed(words),
        }
    }
}

/// The keys that lead to a value from its owner: shown as `with.script`. Like an [`Owner`] it is put together only when
/// somebody shows it.
#[derive(Clone, Copy)]
pub(super) struct Path<'a> {
    outer: Option<&'a Self>,
    key: &'a str,
}

impl<'a> Path<'a> {
    pub(super) fn new(key: &'a str) -> Self {
        Self { outer: None, key }
    }

    /// What is under a key of it.
    pub(super) fn part(&'a self, key: &'a str) -> Self {
        Self {
            outer: Some(self),
            key,
        }
    }

    pub(super) fn to_text(self) -> Arc<str> {
        match self.outer {
            Some(_) => Arc::from(self.to_string()),
            None => Arc::from(&*plain(self.key)),
        }
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(outer) = self.outer {
            write!(formatter, "{outer}.")?;
        }
        formatter.write_str(&plain(self.key))
    }
}

impl<'a> Owner<'a> {
    pub(super) fn new(what: What<'a>, span: Option<Span>) -> Self {
        Self { what, span, of: None }
    }

    /// Which event of `on` it is.
    pub(super) fn event(&self) -> Option<&'a str> {
        match self.what {
            What::Named("event", name) => Some(name),
            _ => None,
        }
    }

    /// Something inside of it.
    pub(super) fn part(&'a self, what: What<'a>) -> Self {
        Self {
            what,
            span: self.span,
            of: Some(self),
        }
    }
}

impl fmt::Display for Owner<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.what {
            What::Words(words) => formatter.write_str(words)?,
            What::Key(key) => write!(formatter, "`{key}`")?,
            What::Path(path) => write!(formatter, "`{path}`")?,
            What::Named(kind, text) => write!(formatter, "{kind} {}", name(text))?,
            What::Item(kind, index) => write!(formatter, "{kind} {}", index + 1)?,
        }
        match self.of {
            Some(outer) => write!(formatter, " of {outer}"),
            None => Ok(()),
        }
    }
}

impl<'a> Context<'a> {
    pub(super) fn new(source: &'a Source, dialect: Dialect, diagnostics: &'a mut Diagnostics) -> Self {
        Self {
            source,
            dialect,
            diagnostics,
            sites: Sites::default(),
            shared: Shared::default(),
        }
    }

    pub(super) fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// Reports that `key` of `owner` wants something else than it has. Nothing and mistakes that have been reported
    /// are worded, or passed over, accordingly.
    pub(super) fn expected(&mut self, node: &Node, key: &str, owner: &Owner<'_>, wanted: &Wanted<'_>) {
        if matches!(node.kind, Kind::Invalid) {
            return;
        }
        let (code, message, label): (Code, String, String) = if node.is_null() {
            (
                codes::EMPTY_VALUE,
                format!("`{key}` of {} is empty", owner),
                format!("{} belongs here", wanted.words),
            )
        } else {
            (
                codes::WRONG_TYPE,
                format!(
                    "`{key}` of {owner} must be {}, not {}",
                    wanted.words,
                    node.describe()
                ),
                format!("this is {}", node.describe()),
            )
        };
        let mut diagnostic = Diagnostic::new(code, message).at(node.mark(), label);
        diagnostic.help = instead(node, wanted.expected, key).map(str::to_owned);
        let plain = node.as_scalar().filter(|scalar| scalar.style == Style::Plain);
        let boolean = plain.and_then(|scalar| words::boolean(&scalar.text));
        if let Some(boolean) = boolean.filter(|_| wanted.expected == ExpectedType::BOOLEAN) {
            diagnostic = diagnostic
                .help(format!(
                    "YAML 1.2 has `true` and `false` alone: write `{boolean}`"
                ))
                .fix(node.span, boolean);
        }
        self.report(diagnostic);
    }
}

/// What to write instead of a value of another type.
fn instead(node: &Node, expected: ExpectedType, key: &str) -> Option<&'static str> {
    Some(match &node.kind {
        _ if node.is_null() => "give it a value, or remove the key",
        Kind::Scalar(_) | Kind::Mapping(_) if key == "schedule" => "write `- cron: '0 0 * * *'` below it",
        Kind::Scalar(_) if expected.number => "write a number, e.g. `5`, without quotes",
        Kind::Scalar(_) if expected.boolean => "write `true` or `false`, without quotes",
        Kind::Scalar(_) if expected.mapping => "write `NAME: value`, a line each",
        Kind::Scalar(_) if expected.list => "write a list: `[one, another]`",
        Kind::Sequence(_) if expected.mapping && !expected.text => {
            "write `NAME: value`, a line each, without dashes"
        }
        Kind::Sequence(_) => "write the one value, without dashes or brackets",
        Kind::Mapping(_) if expected.list => "write a list: `[one, another]`",
        Kind::Mapping(_) => "write the value itself, without keys below it",
        Kind::Scalar(_) | Kind::Invalid => return None,
    })
}
