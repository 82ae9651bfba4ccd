//! How a `serve` says where it can be found by other Looms on its state directory: a small file there. Of several that serve
//! the first one stands in it for as long as it lives; nobody removes the word of another.

use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::executor::Owner;
use crate::owner::is_alive;
use crate::replace::write_whole;

/// Where a studio can be found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Whereabouts {
    /// The studio's address.
    pub(crate) url: String,
    /// The process that serves; a dead one's file means nothing.
    pub(crate) owner: Owner,
    /// Whether it wants a token.
    pub(crate) token: bool,
}

impl Whereabouts {
    /// What the file says, when it can be read.
    pub(crate) fn read(file: &Path) -> Option<Self> {
        serde_json::from_slice(&std::fs::read(file).ok()?).ok()
    }

    /// Writes it, unless another one that lives stands there. Whoever reads the file sees all of it or the one before.
    pub(super) fn announce(&self, file: &Path, owners: &Path) -> io::Result<()> {
        let other = Self::read(file).filter(|there| there.owner != self.owner);
        if other.is_some_and(|there| is_alive(owners, &there.owner)) {
            return Ok(());
        }
        let text = serde_json::to_vec(self).map_err(io::Error::other)?;
        write_whole(file, &text)
    }

    /// Removes the file when it is `owner`'s.
    pub(super) fn withdraw(file: &Path, owner: &Owner) {
        if Self::read(file).is_some_and(|there| there.owner == *owner) {
            drop(std::fs::remove_file(file));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::owner::Ownership;

    fn at(port: u16, owner: &Owner) -> Whereabouts {
        Whereabouts {
            url: format!("http://localhost:{port}"),
            owner: owner.clone(),
            token: false,
        }
    }

    #[test]
    fn the_word_of_one_that_lives_is_neither_replaced_nor_removed() {
        let directory = tempfile::tempdir().unwrap();
        let (file, owners) = (
            directory.path().join("serve.json"),
            directory.path().join("owners"),
        );
        std::fs::create_dir(&owners).unwrap();
        let first = Ownership::take(&owners, "i").unwrap();
        let first_owner = first.owner().clone();
        let second_owner = Owner {
            pid: first_owner.pid + 1,
            ..first_owner.clone()
        };
        let (one, two) = (at(1, &first_owner), at(2, &second_owner));
        one.announce(&file, &owners).unwrap();
        two.announce(&file, &owners).unwrap();
        Whereabouts::withdraw(&file, &second_owner);
        assert_eq!(Whereabouts::read(&file), Some(one.clone()));
        // A dead one's is replaced, and one's own is removed.
        drop(first);
        two.announce(&file, &owners).unwrap();
        assert_eq!(Whereabouts::read(&file), Some(two));
        Whereabouts::withdraw(&file, &second_owner);
        assert!(!file.exists());
        let left: Vec<_> = std::fs::read_dir(directory.path()).unwrap().collect();
        assert_eq!(left.len(), 1, "nothing but the owners: {left:?}");
    }
}
