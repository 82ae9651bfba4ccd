//! Where printed lines go: stdout, in pieces, and a count of how much of it was taken.

use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anstream::stream::IsTerminal;

use crate::cli::colour;

/// How much is held back until the next flush, in bytes.
const HELD: usize = 64 * 1024;
/// How much is written at once, in bytes: a reader that is slow is seen to read all the same.
const PIECE: usize = 8 * 1024;
/// A stdout that takes nothing for so long is taken for stalled.
const STALL: Duration = Duration::from_secs(2);

/// Pieces that stdout has taken.
static TAKEN: AtomicU64 = AtomicU64::new(0);

/// Waits until stdout has taken nothing for two seconds. One that waits for the rest of a log to be printed gives up then,
/// if there is a reason to.
pub(in crate::cli) async fn stalled() {
    let mut before = TAKEN.load(Ordering::Relaxed);
    loop {
        tokio::time::sleep(STALL).await;
        let now = TAKEN.load(Ordering::Relaxed);
        if now == before {
            return;
        }
        before = now;
    }
}

/// Takes text and hands it on. It may wait for whoever reads stdout, so it belongs on a thread that may.
pub(super) struct Out<W> {
    to: W,
    held: Vec<u8>,
    closed: bool,
    /// Whether a terminal would obey what is written.
    is_terminal: bool,
}

/// Stdout: on a terminal as it wants its colours, else exactly what is written unless `--color never` was said.
pub(super) fn stdout() -> Out<Box<dyn Write + Send>> {
    let is_terminal = std::io::stdout().is_terminal();
    let to: Box<dyn Write + Send> = if is_terminal || colour::is_never() {
        Box::new(anstream::stdout())
    } else {
        Box::new(std::io::stdout())
    };
    Out::new(to, is_terminal)
}

impl<W: Write> Out<W> {
    pub(super) fn new(to: W, is_terminal: bool) -> Self {
        Self {
            to,
            held: Vec::new(),
            closed: false,
            is_terminal,
        }
    }

    pub(super) fn is_terminal(&self) -> bool {
        self.is_terminal
    }

    /// Takes text; what is held back by then is written when it is much.
    pub(super) fn push(&mut self, text: &str) {
        if self.closed {
            return;
        }
        self.held.extend_from_slice(text.as_bytes());
        if self.held.len() >= HELD {
            self.flush();
        }
    }

    /// Writes all that is held back. A reader that has gone away (`| head`) wants no more: that is success, and said to
    /// nobody.
    pub(super) fn flush(&mut self) {
        let held = std::mem::take(&mut self.held);
        for piece in held.chunks(PIECE) {
            if self.closed {
                return;
            }
            match self.to.write_all(piece) {
                Ok(()) => drop(TAKEN.fetch_add(1, Ordering::Relaxed)),
                Err(error) => self.close(&error),
            }
        }
        if !held.is_empty()
            && !self.closed
            && let Err(error) = self.to.flush()
        {
            self.close(&error);
        }
        // Its room is used again.
        self.held = held;
        self.held.clear();
    }

    fn close(&mut self, error: &std::io::Error) {
        self.closed = true;
        tracing::debug!(%error, "stdout takes no more");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_pushed_arrives_whole_at_the_flush() {
        let mut out = Out::new(Vec::new(), false);
        out.push("a");
        assert!(out.to.is_empty());
        out.flush();
        assert_eq!(out.to, b"a");
        let long = "x".repeat(HELD);
        out.push(&long);
        assert_eq!(out.to.len(), 1 + HELD, "much is written at once");
    }

    #[test]
    fn one_that_is_closed_is_not_tried_again() {
        struct Closed(usize);
        impl Write for Closed {
            fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
                self.0 += 1;
                Err(std::io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
        let mut out = Out::new(Closed(0), false);
        for _ in 0..3 {
            out.push("x");
            out.flush();
        }
        assert_eq!(out.to.0, 1);
    }
}
