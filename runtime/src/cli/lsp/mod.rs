//! `loom-runtime lsp`: a language server over stdin and stdout, for workflow files and `action.yml`.
//!
//! What it says of a file is the language crate's (`loom_workflow::editor`); here are the protocol and the files. One thread
//! reads what the editor sends, bounded in size and number; this one answers in order and is the only one that writes. What
//! is wrong with a file is told when nothing waits any more, so that of a burst of changes the last alone is looked at.
//! stdout belongs to the protocol; talk goes to stderr.
//!
//! The protocol's frame and the dozen shapes that are needed are written here: `lsp-server` makes room for whatever length a
//! message claims and ends at the first line that is no header, and `lsp-types` has ten thousand lines for them.

mod answers;
mod documents;
mod protocol;
mod server;
#[cfg(test)]
mod tests;
mod wire;

use std::sync::mpsc::{TryRecvError, sync_channel};

use self::server::Server;
use self::wire::Incoming;
use super::{Exit, talk};

/// Messages that wait to be answered, at most; then the editor waits.
const WAITING: usize = 64;

pub(super) fn lsp() -> Exit {
    let (sender, messages) = sync_channel(WAITING);
    let thread = std::thread::Builder::new().name("loom-lsp-input".to_owned());
    let reader = thread.spawn(move || {
        let mut input = std::io::stdin().lock();
        // Nobody may be there to answer any more.
        while let Some(message) = wire::read(&mut input)
            && sender.send(message).is_ok()
        {}
    });
    if let Err(error) = reader {
        talk::error(&format!("no thread can be started: {error}"));
        return Exit::Machine;
    }
    let mut server = Server::default();
    loop {
        let message = match messages.try_recv() {
            Ok(message) => Some(message),
            Err(TryRecvError::Disconnected) => None,
            Err(TryRecvError::Empty) => {
                if let Some(notice) = server.next_notice() {
                    if !wire::write(&notice) {
                        return server.end();
                    }
                    continue;
                }
                messages.recv().ok()
            }
        };
        // The editor is gone.
        let Some(message) = message else {
            return server.end();
        };
        let answer = match message {
            Incoming::Message(message) => server.take(message),
            Incoming::Mistake(mistake) => Some(mistake.answer()),
        };
        if answer.is_some_and(|answer| !wire::write(&answer)) || server.is_over() {
            return server.end();
        }
    }
}
