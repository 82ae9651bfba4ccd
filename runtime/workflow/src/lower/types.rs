//! What may stand as the value of a key: data that `values.rs` checks a node against.

use super::context::Wanted;
use super::keys::Level;
use crate::expression::Key;
use crate::model::ExpectedType;

/// The kinds of values that one place takes; several at once where the language has alternatives.
#[derive(Clone, Copy)]
pub(super) struct Type {
    /// Anything at all; the rest does not matter then.
    pub(super) any: bool,
    /// Nothing: the key alone.
    pub(super) nothing: bool,
    pub(super) text: Text,
    pub(super) boolean: bool,
    pub(super) number: bool,
    /// These words and no other text.
    pub(super) words: &'static [&'static str],
    /// A list of such items.
    pub(super) list: Option<&'static Type>,
    /// A mapping of such keys.
    pub(super) mapping: Option<&'static Level>,
    /// Which expressions may stand here, when others than around it.
    pub(super) place: Option<Key>,
}

/// Which text a place takes. Numbers, booleans and nothing become text where only text fits, as on GitHub.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Text {
    No,
    /// Also the empty one.
    Any,
    Filled,
    /// An expression, whether or not it stands within `${{ }}`.
    Condition,
}

impl Type {
    const NONE: Type = Type {
        any: false,
        nothing: false,
        text: Text::No,
        boolean: false,
        number: false,
        words: &[],
        list: None,
        mapping: None,
        place: None,
    };

    pub(super) const ANY: Type = Type {
        any: true,
        ..Self::NONE
    };
    pub(super) const TEXT: Type = Type {
        text: Text::Any,
        ..Self::NONE
    };
    pub(super) const FILLED: Type = Type {
        text: Text::Filled,
        ..Self::NONE
    };
    pub(super) const CONDITION: Type = Type {
        text: Text::Condition,
        ..Self::NONE
    };
    pub(super) const BOOLEAN: Type = Type {
        boolean: true,
        ..Self::NONE
    };
    pub(super) const NUMBER: Type = Type {
        number: true,
        ..Self::NONE
    };
    /// Text, a boolean or a number, each kept as it is.
    pub(super) const SCALAR: Type = Type {
        text: Text::Any,
        boolean: true,
        number: true,
        ..Self::NONE
    };

    pub(super) const fn one_of(words: &'static [&'static str]) -> Type {
        Type { words, ..Self::NONE }
    }

    pub(super) const fn list(item: &'static Type) -> Type {
        Type {
            list: Some(item),
            ..Self::NONE
        }
    }

    pub(super) const fn mapping(level: &'static Level) -> Type {
        Type {
            mapping: Some(level),
            ..Self::NONE
        }
    }

    pub(super) const fn or_list(self, item: &'static Type) -> Type {
        Type {
            list: Some(item),
            ..self
        }
    }

    pub(super) const fn or_mapping(self, level: &'static Level) -> Type {
        Type {
            mapping: Some(level),
            ..self
        }
    }

    pub(super) const fn or_nothing(self) -> Type {
        Type {
            nothing: true,
            ..self
        }
    }

    /// The same where expressions may stand as under this key.
    pub(super) const fn at(self, key: Key) -> Type {
        Type {
            place: Some(key),
            ..self
        }
    }

    /// The types of values that may stand here; words are none of them.
    pub(super) fn expected(&self) -> ExpectedType {
        ExpectedType {
            text: matches!(self.text, Text::Any | Text::Filled),
            boolean: self.boolean,
            number: self.number,
            list: self.list.is_some(),
            mapping: self.mapping.is_some(),
            condition: self.text == Text::Condition,
            any: self.any,
        }
    }

    /// What belongs here, for messages.
    pub(super) fn wanted(&self) -> Wanted<'static> {
        Wanted {
            expected: self.expected(),
            words: self.words().into(),
        }
    }

    /// What a message says belongs here.
    pub(super) fn words(&self) -> String {
        let mut kinds: Vec<String> = Vec::new();
        match self.text {
            Text::No => kinds.extend(self.words.iter().map(|word| format!("`{word}`"))),
            Text::Any | Text::Filled => kinds.push("text".to_owned()),
            Text::Condition => kinds.push("an expression".to_owned()),
        }
        for (allowed, kind) in [
            (self.boolean, "a boolean"),
            (self.number, "a number"),
            (self.list.is_some(), "a list"),
            (self.mapping.is_some(), "a mapping"),
            (self.nothing && self.text == Text::No, "nothing"),
        ] {
            if allowed {
                kinds.push(kind.to_owned());
            }
        }
        match kinds.split_last() {
            Some((last, most)) if !most.is_empty() => format!("{} or {last}", most.join(", ")),
            Some((last, _)) => last.clone(),
            None => "nothing".to_owned(),
        }
    }
}
