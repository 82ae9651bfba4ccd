//! Types of expressions: what can be told of a value before anything runs.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use crate::expression::{Value, equal_names, folded};

/// Of how many properties the common type is told.
const MOST_JOINED: usize = 100;
/// How many properties are looked for one by one.
const FEW: usize = 64;

/// What is known of a value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Type {
    /// Nothing is known: no rule objects to it.
    Any,
    /// `null`
    Null,
    /// `true` or `false`
    Boolean,
    /// A number.
    Number,
    /// A text.
    Text,
    /// A list of such items.
    List(Rc<Type>),
    /// A list that `*` gave: looking into it looks into each item.
    Filtered(Rc<Type>),
    /// A mapping.
    Mapping(Rc<Properties>),
}

/// What is known of a mapping.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Properties {
    /// In the order in which they were added.
    known: Vec<Property>,
    /// Where each is, by the form in which names are compared. Only of many: a look at each of a few is faster.
    places: HashMap<String, usize>,
    /// The type of all others; `None`: there are no others.
    pub(super) others: Option<Type>,
}

/// A property that is known.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Property {
    /// Its name as it was written first.
    pub(super) name: Arc<str>,
    /// The type of its value.
    pub(super) value: Type,
}

impl Properties {
    /// A mapping with properties that are not known, of one type.
    pub(super) fn of(others: Type) -> Self {
        Self {
            others: Some(others),
            ..Self::default()
        }
    }

    /// Adds a property; of two with one name, both types are possible.
    pub(super) fn add(&mut self, name: impl Into<Arc<str>>, value: Type) {
        let name = name.into();
        if let Some(known) = self.place(&name).and_then(|at| self.known.get_mut(at)) {
            known.value.join(value);
            return;
        }
        let at = self.known.len();
        if at == FEW {
            let known = self.known.iter().enumerate();
            self.places = known.map(|(at, property)| (folded(&property.name), at)).collect();
        }
        if at >= FEW {
            self.places.insert(folded(&name), at);
        }
        self.known.push(Property { name, value });
    }

    /// Gives a known property another type.
    pub(super) fn replace(&mut self, name: &str, value: Type) {
        if let Some(known) = self.place(name).and_then(|at| self.known.get_mut(at)) {
            known.value = value;
        }
    }

    fn place(&self, name: &str) -> Option<usize> {
        if self.known.len() > FEW {
            return self.places.get(&folded(name)).copied();
        }
        let mut known = self.known.iter();
        known.position(|property| equal_names(name, &property.name))
    }

    /// The property of this name, with its place among all of them.
    pub(super) fn find(&self, name: &str) -> Option<(usize, &Property)> {
        let at = self.place(name)?;
        Some((at, self.known.get(at)?))
    }

    /// The names of all known properties, in order.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.known.iter().map(|property| &*property.name)
    }

    fn values(&self) -> impl Iterator<Item = &Type> {
        self.known
            .iter()
            .map(|property| &property.value)
            .chain(&self.others)
    }
}

impl<N: Into<Arc<str>>> FromIterator<(N, Type)> for Properties {
    fn from_iter<I: IntoIterator<Item = (N, Type)>>(properties: I) -> Self {
        let mut all = Self::default();
        for (name, value) in properties {
            all.add(name, value);
        }
        all
    }
}

impl Type {
    /// A mapping of which nothing else is known.
    pub(super) fn loose() -> Self {
        Self::map(Type::Any)
    }

    /// A mapping from free names to values of one type.
    pub(super) fn map(value: Type) -> Self {
        Self::mapping(Properties::of(value))
    }

    /// A mapping with these properties and no others.
    pub(super) fn strict<N: Into<Arc<str>>>(properties: impl IntoIterator<Item = (N, Type)>) -> Self {
        Self::mapping(properties.into_iter().collect())
    }

    pub(super) fn mapping(properties: Properties) -> Self {
        Self::Mapping(Rc::new(properties))
    }

    pub(super) fn list(item: Type) -> Self {
        Self::List(Rc::new(item))
    }

    /// The type of a value that is there already.
    pub(super) fn of(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Boolean(_) => Self::Boolean,
            Value::Number(_) => Self::Number,
            Value::String(_) => Self::Text,
            Value::Array(items) => Self::list(Self::any_of(items.iter().map(Self::of))),
            Value::Filtered(items) => Self::Filtered(Rc::new(Self::any_of(items.iter().map(Self::of)))),
            Value::Object(object) => Self::strict(object.iter().map(|(name, value)| (name, Self::of(value)))),
        }
    }

    /// The type of a value that is of one of these types; of none at all nothing is known.
    pub(super) fn any_of(types: impl IntoIterator<Item = Type>) -> Self {
        let mut types = types.into_iter();
        let Some(mut all) = types.next() else {
            return Self::Any;
        };
        for next in types {
            all.join(next);
        }
        all
    }

    /// Makes it the type of a value that may as well be of another type.
    pub(super) fn join(&mut self, other: Type) {
        match (&mut *self, other) {
            (Self::Any, _) | (_, Self::Null) => {}
            (Self::Mapping(all), Self::Mapping(other)) => {
                if Rc::ptr_eq(all, &other) {
                    return;
                }
                let all = Rc::make_mut(all);
                for property in &other.known {
                    all.add(Arc::clone(&property.name), property.value.clone());
                }
                match (&mut all.others, &other.others) {
                    (Some(mine), Some(others)) => mine.join(others.clone()),
                    (mine @ None, Some(others)) => *mine = Some(others.clone()),
                    (_, None) => {}
                }
            }
            (Self::List(mine), Self::List(other)) | (Self::Filtered(mine), Self::Filtered(other)) => {
                Rc::make_mut(mine).join(Rc::unwrap_or_clone(other));
            }
            (Self::Null, other) => *self = other,
            (mine, other) if *mine == other => {}
            (mine, _) => *mine = Self::Any,
        }
    }

    /// The type of all that is in it, as `*` gives it; `None` where nothing can be in it.
    pub(super) fn contents(&self) -> Option<Type> {
        match self {
            Self::Any | Self::Null => Some(Self::Any),
            Self::List(item) => Some((**item).clone()),
            // What is in the items of a list that `*` gave: they are flattened.
            Self::Filtered(item) => Some(item.contents().unwrap_or(Self::Any)),
            // Of a great many nothing is told: somebody may ask a great many times.
            Self::Mapping(properties) if properties.known.len() > MOST_JOINED => Some(Self::Any),
            Self::Mapping(properties) => Some(Self::any_of(properties.values().cloned())),
            Self::Boolean | Self::Number | Self::Text => None,
        }
    }

    /// Whether it certainly is a list or mapping.
    pub(super) fn is_collection(&self) -> bool {
        matches!(self, Self::List(_) | Self::Filtered(_) | Self::Mapping(_))
    }

    /// Whether it certainly is a text, number or boolean.
    pub(super) fn is_plain(&self) -> bool {
        matches!(self, Self::Text | Self::Number | Self::Boolean)
    }

    /// What messages call it.
    pub(super) fn describe(&self) -> &'static str {
        match self {
            Self::Any => "a value",
            Self::Null => "nothing",
            Self::Boolean => "a boolean",
            Self::Number => "a number",
            Self::Text => "text",
            Self::List(_) | Self::Filtered(_) => "a list",
            Self::Mapping(_) => "a mapping",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_either_is_what_both_are() {
        let join = |left: &Type, right: &Type| Type::any_of([left.clone(), right.clone()]);
        assert_eq!(join(&Type::Text, &Type::Text), Type::Text);
        assert_eq!(join(&Type::Text, &Type::Number), Type::Any);
        assert_eq!(join(&Type::Null, &Type::Number), Type::Number);
        assert_eq!(join(&Type::Number, &Type::Null), Type::Number);
        assert_eq!(
            join(&Type::list(Type::Text), &Type::list(Type::Number)),
            Type::list(Type::Any)
        );
        let left = Type::strict([("a", Type::Text), ("b", Type::Text)]);
        let right = Type::strict([("B", Type::Number), ("c", Type::Text)]);
        assert_eq!(
            join(&left, &right),
            Type::strict([("a", Type::Text), ("b", Type::Any), ("c", Type::Text)])
        );
        let Type::Mapping(loose) = join(&left, &Type::loose()) else {
            panic!()
        };
        assert_eq!(loose.others, Some(Type::Any));
    }

    #[test]
    fn values_have_types() {
        let value = Value::from_json(r#"{"a": [1, 2], "b": null, "A": 3}"#).unwrap();
        let Type::Mapping(properties) = Type::of(&value) else {
            panic!()
        };
        assert_eq!(
            properties.find("B").map(|(at, found)| (at, &found.value)),
            Some((1, &Type::Null))
        );
        assert_eq!(properties.find("c"), None);
        assert_eq!(Type::of(&Value::array(Vec::new())), Type::list(Type::Any));
    }
}
