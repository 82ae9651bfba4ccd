//! What the token of a run may do: `permissions`.

use super::values::NamedMap;

/// The rights of a token. A scope that is not named has none once `permissions` is written at all.
#[derive(Clone, Debug, PartialEq)]
pub enum Permissions {
    /// `read-all`, `write-all`.
    All(Access),
    /// Scope by scope.
    Scopes(NamedMap<Access>),
}

/// What may be done in a scope. More includes less.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Access {
    /// Nothing.
    #[default]
    None,
    /// `read`.
    Read,
    /// `write`, and with it `read`.
    Write,
}

impl Access {
    /// The one that a word stands for.
    #[must_use]
    pub fn find(word: &str) -> Option<Self> {
        [Self::None, Self::Read, Self::Write]
            .into_iter()
            .find(|access| access.as_str() == word)
    }

    /// As it is written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Read => "read",
            Self::Write => "write",
        }
    }
}

impl Permissions {
    /// The access to one scope.
    #[must_use]
    pub fn access(&self, scope: &str) -> Access {
        match self {
            // There is nothing to read of an identity.
            Self::All(Access::Read) if scope == "id-token" => Access::None,
            Self::All(access) => *access,
            Self::Scopes(scopes) => scopes
                .get(scope)
                .map(|named| named.value.value)
                .unwrap_or_default(),
        }
    }

    /// The first scope in which this is more than `limit` allows, with what is asked for and what is allowed.
    #[must_use]
    pub fn beyond<'a>(&'a self, limit: &'a Permissions) -> Option<(&'a str, Access, Access)> {
        let named: Vec<&str> = match (self, limit) {
            (Self::Scopes(scopes), _) => scopes.keys().map(|scope| &**scope).collect(),
            // The widest right of each kind stands for all that are not named.
            (Self::All(_), _) => vec!["contents", "actions", "id-token"],
        };
        named.into_iter().find_map(|scope| {
            let (asked, allowed) = (self.access(scope), limit.access(scope));
            (asked > allowed).then_some((scope, asked, allowed))
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::Named;
    use crate::span::{Span, Spanned};

    fn scopes(scopes: &[(&str, Access)]) -> Permissions {
        let mut named = NamedMap::default();
        for (scope, access) in scopes {
            named.add(&Arc::from(*scope), || Named {
                key: Span::point(0),
                computed: None,
                value: Spanned::new(*access, Span::point(0)),
            });
        }
        Permissions::Scopes(named)
    }

    #[test]
    fn what_is_not_named_is_not_allowed() {
        let limit = scopes(&[("contents", Access::Read)]);
        assert_eq!(scopes(&[("contents", Access::Read)]).beyond(&limit), None);
        assert_eq!(
            scopes(&[("issues", Access::Read)]).beyond(&limit),
            Some(("issues", Access::Read, Access::None))
        );
        assert_eq!(
            scopes(&[("id-token", Access::Write)]).beyond(&Permissions::All(Access::Read)),
            Some(("id-token", Access::Write, Access::None))
        );
        assert!(
            Permissions::All(Access::Write)
                .beyond(&Permissions::All(Access::Read))
                .is_some()
        );
        assert_eq!(limit.beyond(&Permissions::All(Access::Write)), None);
        assert!(Permissions::All(Access::Read).beyond(&scopes(&[])).is_some());
    }
}
