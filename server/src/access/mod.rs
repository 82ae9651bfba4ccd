//! Who may do what: roles, the tokens that stand for them, and whom a token that is shown belongs to.
//!
//! Knows no HTTP; the guard asks it. Without any token everybody who reaches the server (loopback alone) is `local` and may do
//! everything; whoever shows `STUDIO_TOKEN` is `token` and may too; the others are as the file of tokens says.

mod digest;
mod role;
mod token_file;
mod workspaces;

use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use serde::{Deserialize, Serialize};

pub(crate) use digest::Digest;
pub use role::{Caller, Role, UnknownRole};
pub use token_file::{NamedToken, TokenFile, TokenFileError};
pub use workspaces::TokenWorkspaces;

use crate::options::Token;
use crate::workspaces::WorkspaceName;

/// The tokens of this server.
pub(crate) struct Access {
    /// `STUDIO_TOKEN`.
    main: Option<Token>,
    file: Option<TokenFile>,
    reach: Reach,
    named: RwLock<Named>,
}

#[derive(Default)]
struct Named {
    tokens: Arc<[NamedToken]>,
    /// What is wrong with the file since its last good reading, told once.
    trouble: Option<String>,
}

/// The workspaces that there can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Those that tokens name.
    Named,
    /// `main`, whatever tokens name.
    MainAlone,
}

/// Which token let a caller in. It says nothing of the token itself.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Key {
    /// `STUDIO_TOKEN`.
    Main,
    /// One of the file; another token under the same name is another key.
    Named(Digest),
}

/// What let a request in, kept by sockets so that they end when it is worth nothing any more.
#[derive(Clone)]
pub(crate) struct Pass {
    pub(crate) key: Key,
    /// The session, when a cookie was shown and no token.
    pub(crate) session: Option<String>,
}

impl Access {
    /// The tokens as they are now.
    ///
    /// # Errors
    /// When there is a file and it can't be read or trusted, or names workspaces that can't be.
    pub(crate) fn new(
        main: Option<Token>,
        file: Option<&Path>,
        reach: Reach,
    ) -> Result<Self, TokenFileError> {
        let file = file.map(TokenFile::new);
        let tokens = match &file {
            Some(file) => file.read_within(reach)?.into(),
            None => Arc::default(),
        };
        Ok(Self {
            main,
            file,
            reach,
            named: RwLock::new(Named {
                tokens,
                trouble: None,
            }),
        })
    }

    /// Whether callers must show a token. With a file they must also while no token is in it: who takes the last one away
    /// does not mean to open the door.
    pub(crate) fn wants_token(&self) -> bool {
        self.main.is_some() || self.file.is_some()
    }

    /// Whether there is a token that would let somebody in.
    pub(crate) fn has_token(&self) -> bool {
        self.main.is_some() || !self.tokens().is_empty()
    }

    /// Whether tokens may come and go while the server runs.
    pub(crate) fn has_file(&self) -> bool {
        self.file.is_some()
    }

    /// Which token `shown` is. Takes as long whichever it is, and whether it is one or not.
    pub(crate) fn find(&self, shown: &str) -> Option<Key> {
        let is_main = self.main.as_ref().is_some_and(|main| main.is(shown));
        let shown = Digest::of(shown);
        let mut found = None;
        for token in self.tokens().iter() {
            if token.digest.is(&shown) {
                found = Some(Key::Named(token.digest));
            }
        }
        if is_main { Some(Key::Main) } else { found }
    }

    /// Whom a key belongs to now; nobody once the token was revoked.
    pub(crate) fn caller(&self, key: &Key) -> Option<Caller> {
        match key {
            Key::Main => self.main.as_ref().map(|_| Caller::of_main_token()),
            Key::Named(digest) => {
                let tokens = self.tokens();
                let token = tokens.iter().find(|token| token.digest == *digest)?;
                Some(Caller::new(&token.name, token.role))
            }
        }
    }

    /// Reads the file again. One that can't be read or trusted is told of, and the tokens before it stay: a slip of an editor
    /// must not lock everybody out. One that is gone takes its tokens along. Answers whether there are others now, and before any
    /// of them counts has `prepare` see to the workspaces that they name beside `main`. Waits for the disk.
    pub(crate) fn reload(&self, prepare: impl FnOnce(&BTreeSet<WorkspaceName>)) -> bool {
        let Some(file) = &self.file else { return false };
        let read = file.read_within(self.reach);
        if let Ok(tokens) = &read
            && *self.tokens() != **tokens
        {
            prepare(&token_file::others(tokens));
        }
        let mut named = self.named.write().unwrap_or_else(PoisonError::into_inner);
        match read {
            Ok(tokens) => {
                let changed = *named.tokens != *tokens;
                if changed {
                    tracing::info!(tokens = tokens.len(), "the file of tokens was read again");
                    named.tokens = tokens.into();
                }
                named.trouble = None;
                changed
            }
            Err(error) => {
                let trouble = error.to_string();
                if named.trouble.as_ref() == Some(&trouble) {
                    return false;
                }
                if matches!(error, TokenFileError::Missing { .. }) {
                    named.tokens = Arc::default();
                    tracing::error!(
                        "{trouble}; until there is one again, none of its tokens lets anybody in"
                    );
                } else {
                    tracing::error!("{trouble}; until that is mended, the tokens stay as they were");
                }
                named.trouble = Some(trouble);
                false
            }
        }
    }

    /// The workspaces that tokens name beside `main`.
    pub(crate) fn others(&self) -> BTreeSet<WorkspaceName> {
        token_file::others(&self.tokens())
    }

    /// The workspaces that whoever has this key may see, the one first that it is about without another word. Without a key, which is
    /// where no token is wanted, there is `main`.
    pub(crate) fn workspaces(&self, key: Option<&Key>) -> Vec<WorkspaceName> {
        match key {
            None => vec![WorkspaceName::main()],
            Some(Key::Main) => {
                let others = self.others();
                std::iter::once(WorkspaceName::main()).chain(others).collect()
            }
            Some(Key::Named(digest)) => {
                let tokens = self.tokens();
                let token = tokens.iter().find(|token| token.digest == *digest);
                token.map_or_else(Vec::new, |token| token.workspaces.iter().cloned().collect())
            }
        }
    }

    fn tokens(&self) -> Arc<[NamedToken]> {
        let named = self.named.read().unwrap_or_else(PoisonError::into_inner);
        named.tokens.clone()
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Main => "Main",
            Self::Named(_) => "Named",
        })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use loom_protocol::Timestamp;

    use super::*;

    #[test]
    fn a_slip_in_the_file_locks_nobody_out_and_its_end_everybody() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tokens.json");
        let token = TokenFile::new(&path)
            .add("ana", Role::View, Timestamp::from_millis(0))
            .unwrap();
        let access = Access::new(None, Some(&path), Reach::Named).unwrap();
        let who = || access.find(&token).and_then(|key| access.caller(&key));
        let ana = Some(Caller::new("ana", Role::View));
        assert_eq!(who(), ana);
        let good = fs::read_to_string(&path).unwrap();
        for wrong in ["", "{", &good.replace("view", "god")] {
            fs::write(&path, wrong).unwrap();
            access.reload(|_| ());
            assert_eq!(who(), ana, "{wrong:?}");
        }
        fs::write(&path, good.replace("view", "operate")).unwrap();
        access.reload(|_| ());
        assert_eq!(
            who(),
            Some(Caller::new("ana", Role::Operate)),
            "the role is that of now"
        );
        fs::remove_file(&path).unwrap();
        access.reload(|_| ());
        assert_eq!(who(), None);
        assert!(access.wants_token() && !access.has_token(), "it is no open door");
        fs::write(&path, &good).unwrap();
        access.reload(|_| ());
        assert_eq!(who(), None, "others can read it");
        fs::remove_file(&path).unwrap();
        TokenFile::new(&path)
            .add("bob", Role::View, Timestamp::from_millis(0))
            .unwrap();
        access.reload(|_| ());
        assert!(access.has_token());
        assert_eq!(who(), None);
    }

    #[test]
    fn the_main_token_stands_beside_the_file_and_before_it() {
        let access = Access::new(Token::new("secret"), None, Reach::Named).unwrap();
        let key = access.find("secret").unwrap();
        assert_eq!(
            (key, access.caller(&key)),
            (Key::Main, Some(Caller::of_main_token()))
        );
        assert!(access.find("secret ").is_none() && access.find("").is_none());
        let open = Access::new(None, None, Reach::Named).unwrap();
        assert!(!open.wants_token() && open.find("").is_none() && open.caller(&Key::Main).is_none());
    }
}
