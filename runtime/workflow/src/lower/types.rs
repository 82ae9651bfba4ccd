//! What may stand as the value of a key: data that `values.rs` checks a node against.

use super::keys::Level;
use crate::expression::Key;

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
    /// Whether another word is a mistake that the service passes over.
    pub(super) forgives: bool,
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
        forgives: false,
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

    pub(super) const fn words(words: &'static [&'static str]) -> Type {
        Type { words, ..Self::NONE }
    }

    /// The same where the service takes other words for the first one.
    pub(super) const fn forgiving(self) -> Type {
        Type {
            forgives: true,
            ..self
        }
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

    /// What a message says belongs here.
    pub(super) fn wanted(&self) -> String {
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
