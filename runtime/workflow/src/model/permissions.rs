//! What the token of a run may do: `permissions`.

use indexmap::IndexMap;

/// The rights of a token. A scope that is not named has none once `permissions` is written at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Permissions {
    /// `read-all`, `write-all`.
    All(Access),
    /// Scope by scope.
    Scopes(IndexMap<String, Access>),
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
            Self::Scopes(scopes) => scopes.get(scope).copied().unwrap_or_default(),
        }
    }

    /// The first scope in which this is more than `limit` allows, with what is asked for and what is allowed.
    #[must_use]
    pub fn beyond<'a>(&'a self, limit: &'a Permissions) -> Option<(&'a str, Access, Access)> {
        let named: Vec<&str> = match (self, limit) {
            (Self::Scopes(scopes), _) => scopes.keys().map(String::as_str).collect(),
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
    use super::*;

    fn scopes(scopes: &[(&str, Access)]) -> Permissions {
        Permissions::Scopes(
            scopes
                .iter()
                .map(|(scope, access)| ((*scope).to_owned(), *access))
                .collect(),
        )
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
