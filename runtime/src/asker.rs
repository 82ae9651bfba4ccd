//! Who asks for something from the studio, as histories name them.

use crate::state::BY_CONCURRENCY;

/// What a studio calls those who have no token of their own: where none is wanted, and with the one that is shared.
const NAMELESS: [&str; 2] = ["local", "token"];

/// These words stand in histories for something else.
const TAKEN: [&str; 6] = [BY_CONCURRENCY, "api", "cli", "ctrl-c", "sigterm", "sighup"];

/// A caller of the studio: one with a token of its own by its name, the others as what they came by.
pub(crate) fn asker(name: &str) -> String {
    match name {
        _ if NAMELESS.contains(&name) => "api".to_owned(),
        _ if TAKEN.contains(&name) => format!("api:{name}"),
        name => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::asker;

    #[test]
    fn nobody_is_taken_for_something_else() {
        for (name, by) in [
            ("ana", "ana"),
            ("local", "api"),
            ("token", "api"),
            ("cli", "api:cli"),
        ] {
            assert_eq!(asker(name), by);
        }
    }
}
