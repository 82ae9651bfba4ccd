//! Texts that nobody can guess.

use uuid::Uuid;

/// A text of 64 letters with 244 bits of the system's randomness, so that looking it up by a hash tells nobody anything.
pub(crate) fn unguessable() -> String {
    format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_long_and_never_the_same() {
        let (one, other) = (unguessable(), unguessable());
        assert!(one != other && one.len() == 64, "{one}");
    }
}
