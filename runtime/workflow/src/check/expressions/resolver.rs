//! What an expression can see: contexts with their types, and words about what is missing in them.

use super::types::{Properties, Type};
use crate::model::Site;
use crate::span::Span;

/// What there is around the expressions of a file.
pub(super) trait ContextResolver {
    /// The type of a context at a place. The name is that of the language, in lowercase.
    fn context(&mut self, name: &str, site: &Site) -> Type;

    /// Whether it may be given variables and secrets under other names than those that a repository can have.
    fn has_free_names(&self) -> bool;

    /// Why a property of a context that is there cannot be used yet, if so. `position` is its place among the known ones.
    fn not_yet(&self, context: &str, position: usize, site: &Site) -> Option<NotYet>;

    /// What is to be said of a property that a context does not have; `None` where nothing special is known.
    fn unknown(&self, context: &str, name: &str, known: &Properties, site: &Site) -> Option<Unknown>;
}

/// A step that comes too late.
pub(super) struct NotYet {
    pub(super) label: &'static str,
    /// Where it stands.
    pub(super) related: Span,
    pub(super) help: &'static str,
}

/// Words about something that is not there.
pub(super) struct Unknown {
    pub(super) message: String,
    pub(super) label: String,
    /// The next step, when it is not to take another name.
    pub(super) help: Option<String>,
    /// How the known names are introduced: `steps before this one`.
    pub(super) listed: &'static str,
}
