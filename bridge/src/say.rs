//! What an application's developer must see even if the application has no log.
//!
//! Everything else goes through `tracing` alone. These few sentences are why nothing shows in the studio, and whoever embeds
//! the bridge for the first time has no subscriber yet.

use std::io::Write;

/// Warns in the log; on stderr where the application never installed a log. A line for each trouble, so nobody is flooded.
pub(crate) fn warn(text: &str) {
    tracing::warn!("{text}");
    if !tracing::dispatcher::has_been_set() {
        // Nobody to tell when stderr is closed.
        let _closed = writeln!(std::io::stderr(), "loom: {text}");
    }
}
