//! Types of actors and of messages, as an adapter names them.

use crate::measure::{MessageCell, TypeCell, message_cell, named_cell, type_cell};
use crate::names::short_type_name;

/// A type of actors, by which messages are counted. Cheap to copy and to keep.
#[derive(Clone, Copy)]
pub struct ActorKind(pub(super) &'static TypeCell);

impl ActorKind {
    /// Of actors that are a Rust type, under its name without modules.
    pub fn of<A: 'static>() -> Self {
        Self(type_cell::<A>())
    }

    /// Of actors that go by a name. What is counted of a type is kept as long as the process lives, so at most a thousand names are
    /// kept apart; those that come later count as `(others)`.
    pub fn named(name: &str) -> Self {
        Self(named_cell(name))
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        self.0.name()
    }

    /// Messages to such actors that go by a name: a variant's, say. At most 256 are kept apart; those that come later count as
    /// `(others)`. Looks for the name: keep what it returns where messages are many.
    pub fn message(self, name: &str) -> MessageKind {
        MessageKind(self.0.message_named(name))
    }

    /// Messages to such actors that are a Rust type, by its name without modules. Looks for the name, as [`Self::message`] does.
    pub fn message_type<M: ?Sized>(self) -> MessageKind {
        self.message(&short_type_name::<M>())
    }
}

/// A type of messages to a type of actors. Cheap to copy and to keep.
#[derive(Clone, Copy)]
pub struct MessageKind(pub(super) &'static MessageCell);

impl MessageKind {
    /// Messages of a Rust type to actors of a Rust type, [`ActorKind::of`]. Found without a lock.
    #[inline]
    pub fn of<A: 'static, M: 'static>() -> Self {
        Self(message_cell::<A, M>())
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        self.0.name()
    }
}
