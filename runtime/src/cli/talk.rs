//! Talk: what goes to stderr. Colour never carries meaning alone.
//!
//! A command that runs on threads that must not wait ([`aside`]) hands its talk to a thread of its own: a stderr that nobody
//! reads holds up nothing.

use std::io::{self, Write};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::time::{Duration, Instant};

use anstream::stream::IsTerminal;
use tracing_subscriber::fmt::MakeWriter;

use super::output::printable_lines;

const ERROR: &str = "\u{1b}[1;31m";
const WARNING: &str = "\u{1b}[1;33m";
const NOTE: &str = "\u{1b}[1;36m";
const RESET: &str = "\u{1b}[0m";
/// Texts that wait for stderr, at most; further ones are left out and counted.
const WAITING: usize = 1024;
/// How long the end of a command waits for stderr to take what was said.
const PATIENCE: Duration = Duration::from_secs(1);

static THREAD: OnceLock<SyncSender<Said>> = OnceLock::new();
static LEFT_OUT: AtomicU64 = AtomicU64::new(0);

enum Said {
    Text(String),
    /// Tells when all that was said before is written.
    Mark(SyncSender<()>),
}

/// An error: what is wrong.
pub(super) fn error(text: &str) {
    say(format!("{ERROR}error{RESET}: {text}\n"));
}

/// What to do next.
pub(super) fn help(text: &str) {
    say(format!("{NOTE}help{RESET}: {text}\n"));
}

/// Something the user should know.
pub(super) fn warning(text: &str) {
    say(format!("{WARNING}warning{RESET}: {text}\n"));
}

/// Something that is good to know.
pub(super) fn note(text: &str) {
    say(format!("{NOTE}note{RESET}: {text}\n"));
}

/// Text that was made elsewhere, such as a drawn diagnostic.
pub(super) fn raw(text: &str) {
    say(format!("{text}\n"));
}

/// From here on talk does not wait for stderr.
pub(super) fn aside() {
    let (sender, said) = sync_channel(WAITING);
    let thread = std::thread::Builder::new().name("loom-talk".to_owned());
    let started = thread.spawn(move || {
        for said in said {
            match said {
                Said::Text(text) => write(&text),
                // Whoever waited may have given up.
                Said::Mark(reached) => drop(reached.try_send(())),
            }
            let left_out = LEFT_OUT.swap(0, Ordering::Relaxed);
            if left_out > 0 {
                write(&format!(
                    "{NOTE}note{RESET}: {left_out} messages are left out here: stderr was not read\n"
                ));
            }
        }
    });
    // Without a thread all stays as it is; a second call changes nothing.
    if started.is_ok() {
        drop(THREAD.set(sender));
    }
}

/// Waits, for a moment at most, until stderr has taken what was said.
pub(super) fn finish() {
    let Some(thread) = THREAD.get() else { return };
    let deadline = Instant::now() + PATIENCE;
    let (reached, mark) = sync_channel(1);
    let mut mine = Said::Mark(reached);
    while let Err(TrySendError::Full(back)) = thread.try_send(mine) {
        if Instant::now() > deadline {
            return;
        }
        mine = back;
        std::thread::sleep(Duration::from_millis(5));
    }
    // Late or not, the command ends.
    let _ = mark.recv_timeout(deadline.saturating_duration_since(Instant::now()));
}

fn say(text: String) {
    match THREAD.get() {
        Some(thread) => {
            if thread.try_send(Said::Text(text)).is_err() {
                LEFT_OUT.fetch_add(1, Ordering::Relaxed);
            }
        }
        None => write(&text),
    }
}

fn write(text: &str) {
    let stderr = std::io::stderr();
    // What is said may quote a job, an image or a file.
    let quoted;
    let text = if stderr.is_terminal() {
        quoted = printable_lines(text);
        &quoted
    } else {
        text
    };
    // There is nobody left to tell.
    drop(anstream::AutoStream::auto(stderr).write_all(text.as_bytes()));
}

/// Where the log of the inner workings goes: the way of all talk.
pub(super) struct Log;

/// One message of the log, said when it is complete.
pub(super) struct LogMessage(Vec<u8>);

impl MakeWriter<'_> for Log {
    type Writer = LogMessage;

    fn make_writer(&self) -> LogMessage {
        LogMessage(Vec::new())
    }
}

impl Write for LogMessage {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for LogMessage {
    fn drop(&mut self) {
        if !self.0.is_empty() {
            say(String::from_utf8_lossy(&self.0).into_owned());
        }
    }
}

/// Whether somebody watches both streams.
pub(super) fn on_terminal() -> bool {
    std::io::stdout().is_terminal() && std::io::stderr().is_terminal()
}

/// Whether somebody watches what is said.
pub(super) fn is_watched() -> bool {
    std::io::stderr().is_terminal()
}

/// Whether talk may be coloured: a terminal, and nobody said `NO_COLOR`.
pub(super) fn in_colour() -> bool {
    anstream::AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never
}
