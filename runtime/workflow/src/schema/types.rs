//! What may stand as the value of a key: data that `values.rs` checks a node against.

use crate::expression::WorkflowKey;
use crate::model::ExpectedType;
use crate::schema::keys::MappingSchema;

/// The kinds of values that one place takes; several at once where the language has alternatives.
#[derive(Clone, Copy)]
pub(crate) struct ValueSchema {
    /// Anything at all; the rest does not matter then.
    pub(crate) any: bool,
    /// Nothing: the key alone.
    pub(crate) nothing: bool,
    pub(crate) text: Text,
    pub(crate) boolean: bool,
    pub(crate) number: bool,
    /// These words and no other text.
    pub(crate) words: &'static [&'static str],
    /// What these words name, for messages: of many words nobody reads a list.
    pub(crate) thing: Option<&'static str>,
    /// Whether it names an image, which `docker://` alone does not.
    pub(crate) image: bool,
    /// Whether another word is a mistake that the service passes over.
    pub(crate) forgives: bool,
    /// A list of such items.
    pub(crate) list: Option<&'static ValueSchema>,
    /// A mapping of such keys.
    pub(crate) mapping: Option<&'static MappingSchema>,
    /// Which expressions may stand here, when others than around it.
    pub(crate) place: Option<WorkflowKey>,
}

/// Which text a place takes. Numbers, booleans and nothing become text where only text fits, as on GitHub.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Text {
    No,
    /// Also the empty one.
    Any,
    Filled,
    /// An expression, whether or not it stands within `${{ }}`.
    Condition,
}

impl ValueSchema {
    const NONE: ValueSchema = ValueSchema {
        any: false,
        nothing: false,
        text: Text::No,
        boolean: false,
        number: false,
        words: &[],
        thing: None,
        image: false,
        forgives: false,
        list: None,
        mapping: None,
        place: None,
    };

    pub(crate) const ANY: ValueSchema = ValueSchema {
        any: true,
        ..Self::NONE
    };
    pub(crate) const TEXT: ValueSchema = ValueSchema {
        text: Text::Any,
        ..Self::NONE
    };
    pub(crate) const FILLED: ValueSchema = ValueSchema {
        text: Text::Filled,
        ..Self::NONE
    };
    pub(crate) const CONDITION: ValueSchema = ValueSchema {
        text: Text::Condition,
        ..Self::NONE
    };
    pub(crate) const BOOLEAN: ValueSchema = ValueSchema {
        boolean: true,
        ..Self::NONE
    };
    pub(crate) const NUMBER: ValueSchema = ValueSchema {
        number: true,
        ..Self::NONE
    };
    /// Text, a boolean or a number, each kept as it is.
    pub(crate) const SCALAR: ValueSchema = ValueSchema {
        text: Text::Any,
        boolean: true,
        number: true,
        ..Self::NONE
    };

    pub(crate) const fn one_of(words: &'static [&'static str]) -> ValueSchema {
        ValueSchema { words, ..Self::NONE }
    }

    /// The same where the service takes other words for the first one.
    pub(crate) const fn forgiving(self) -> ValueSchema {
        ValueSchema {
            forgives: true,
            ..self
        }
    }

    /// The same where it names an image.
    pub(crate) const fn image(self) -> ValueSchema {
        ValueSchema { image: true, ..self }
    }

    pub(crate) const fn list(item: &'static ValueSchema) -> ValueSchema {
        ValueSchema {
            list: Some(item),
            ..Self::NONE
        }
    }

    pub(crate) const fn mapping(level: &'static MappingSchema) -> ValueSchema {
        ValueSchema {
            mapping: Some(level),
            ..Self::NONE
        }
    }

    pub(crate) const fn or_list(self, item: &'static ValueSchema) -> ValueSchema {
        ValueSchema {
            list: Some(item),
            ..self
        }
    }

    pub(crate) const fn or_mapping(self, level: &'static MappingSchema) -> ValueSchema {
        ValueSchema {
            mapping: Some(level),
            ..self
        }
    }

    pub(crate) const fn or_nothing(self) -> ValueSchema {
        ValueSchema {
            nothing: true,
            ..self
        }
    }

    /// The same where expressions may stand as under this key.
    pub(crate) const fn at(self, key: WorkflowKey) -> ValueSchema {
        ValueSchema {
            place: Some(key),
            ..self
        }
    }

    /// The types of values that may stand here; words are none of them.
    pub(crate) fn expected(&self) -> ExpectedType {
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

    /// What a message says belongs here. Where many words can stand, a few are named.
    pub(crate) fn words(&self) -> String {
        /// How many words a message names one by one.
        const ALL: usize = 6;
        /// How many it names of more.
        const SOME: usize = 3;
        let mut kinds: Vec<String> = Vec::new();
        match self.text {
            Text::No if self.thing.is_some() => kinds.extend(self.thing.map(str::to_owned)),
            Text::No if self.words.len() > ALL => {
                let some: Vec<String> = self
                    .words
                    .iter()
                    .take(SOME)
                    .map(|word| format!("`{word}`"))
                    .collect();
                kinds.push(format!(
                    "one of {} words ({}, …)",
                    self.words.len(),
                    some.join(", ")
                ));
            }
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
