//! A run that pauses where nobody can be asked: it goes on in a process of its own, so that the one that was started may
//! leave with a code that says so, and the paused job keeps its place.
//!
//! The process that was started starts itself again, hands on what that one prints and the signals that come, and ends as
//! it does. When nothing of the run goes on without an answer, the other one tells so by a word on its stderr, lets
//! go of its streams and stays behind.

use std::io::{self, IsTerminal as _, Read, Write};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal};
use tokio::sync::oneshot;

use crate::cli::args::{Format, RunArgs};
use crate::cli::output::closed_lines;
use crate::cli::signals::Stops;
use crate::cli::{Exit, talk};

/// Set in the environment of the process that owns the run.
const OWNER: &str = "LOOM_RUN_OWNER";
/// What the owner writes to stderr when it stays behind.
const STAYS: &[u8] = b"\0loom: paused\0";
/// How long the rest of the output may take to arrive once the owner stays behind.
const REST: Duration = Duration::from_secs(5);
/// Longer lines are cut where they are cleaned for a terminal.
const LINE: usize = 64 * 1024;

/// Runs the command in a process of its own, if that is wanted: `run` that pauses, with nobody to ask. Call it before
/// anything is started.
pub(in crate::cli) fn relay(args: &RunArgs) -> Option<Relayed> {
    relay_when(args.pause_on_failure && !args.list && !args.dry_run, args.format)
}

/// What a command comes to that runs in a process of its own.
pub(in crate::cli) type Relayed = std::pin::Pin<Box<dyn Future<Output = Exit>>>;

/// The same for a command of which it is known whether it pauses.
pub(in crate::cli) fn relay_when(pauses: bool, format: Option<Format>) -> Option<Relayed> {
    if !pauses || super::is_anybody_there(format) {
        return None;
    }
    if is_owner() {
        // Signals of the terminal are the other process's to hand on; and without that one nobody would know of this one.
        let _ = rustix::process::setsid();
        #[cfg(target_os = "linux")]
        let _ = rustix::process::set_parent_process_death_signal(Some(Signal::TERM));
        return None;
    }
    Some(Box::pin(attend()))
}

fn is_owner() -> bool {
    std::env::var_os(OWNER).is_some()
}

/// The run stands still, and this process owns it: the one that was started may leave. Without such a process nothing
/// happens.
pub(in crate::cli) fn leave_alone() {
    if !is_owner() {
        return;
    }
    // Once the word is said there is no way back.
    let nothing = match std::fs::File::options().read(true).write(true).open("/dev/null") {
        Ok(nothing) => nothing,
        Err(error) => {
            tracing::debug!(%error, "the process that was started cannot be left alone");
            return;
        }
    };
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_parent_process_death_signal(None);
    talk::finish();
    let written = io::stderr().write_all(STAYS);
    let dropped = rustix::stdio::dup2_stdout(&nothing).and(rustix::stdio::dup2_stderr(&nothing));
    let _ = rustix::stdio::dup2_stdin(&nothing);
    if let (Err(error), _) | (Ok(()), Err(error)) = (written, dropped.map_err(io::Error::from)) {
        tracing::debug!(%error, "the process that was started does not learn of the pause");
    }
}

async fn attend() -> Exit {
    let mut stops = match Stops::listen() {
        Ok(stops) => stops,
        Err(error) => return machine(&format!("signals cannot be listened for: {error}")),
    };
    let mut owner = match start() {
        Ok(owner) => owner,
        Err(error) => return machine(&format!("the run cannot be given a process of its own: {error}")),
    };
    let pid = i32::try_from(owner.id()).ok().and_then(Pid::from_raw);
    let (out, errors) = (owner.stdout.take(), owner.stderr.take());
    let mut printed = on_a_thread(move || {
        // What jobs print is in it: no word of theirs counts.
        copy(out, To::new(io::stdout(), io::stdout().is_terminal()), None)
    });
    let mut reported = on_a_thread(move || {
        copy(
            errors,
            To::new(io::stderr(), io::stderr().is_terminal()),
            Some(STAYS),
        )
    });
    let mut ended = on_a_thread(move || owner.wait().ok().and_then(|status| status.code()));
    let (mut code, mut out_is_done, mut stays) = (None, false, None);
    loop {
        if stays == Some(true) {
            if !out_is_done {
                // All of it is in the pipe; whoever does not read it is not waited for.
                drop(tokio::time::timeout(REST, &mut printed).await);
            }
            return Exit::Paused;
        }
        if let (Some(code), true, Some(false)) = (code, out_is_done, stays) {
            return code;
        }
        tokio::select! {
            ended = &mut ended, if code.is_none() => {
                let known = ended.ok().flatten().and_then(Exit::of_code);
                code = Some(known.unwrap_or(Exit::Machine));
            }
            _ = &mut printed, if !out_is_done => out_is_done = true,
            ended = &mut reported, if stays.is_none() => stays = Some(ended.unwrap_or(false)),
            by = stops.signal() => match (code, pid) {
                // Its output is not waited for any more.
                (Some(code), _) => return code,
                (None, Some(pid)) => {
                    // It may have ended in this moment.
                    let _ = rustix::process::kill_process(pid, signal(by));
                }
                (None, None) => return Exit::Machine,
            },
        }
    }
}

fn start() -> io::Result<Child> {
    let mut arguments = std::env::args_os();
    let mut command = Command::new(this_program()?);
    if let Some(name) = arguments.next() {
        command.arg0(name);
    }
    command
        .args(arguments)
        .env(OWNER, "1")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
}

/// This program, also when its file was replaced since.
pub(super) fn this_program() -> io::Result<std::path::PathBuf> {
    let own = std::path::Path::new("/proc/self/exe");
    if own.exists() {
        return Ok(own.to_owned());
    }
    std::env::current_exe()
}

/// Copies to the end, or up to the word; whether that came. Without a reader all is read and nothing written.
fn copy(from: Option<impl Read>, mut to: To<impl Write>, word: Option<&[u8]>) -> bool {
    let Some(mut from) = from else { return false };
    let mut held: Vec<u8> = Vec::new();
    let mut piece = [0; 8192];
    let mut came = false;
    while !came {
        let length = match from.read(&mut piece) {
            Ok(0) => break,
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => break,
        };
        held.extend(piece.iter().take(length));
        let mut known = 0;
        if let Some(word) = word {
            if let Some(at) = held.windows(word.len()).position(|part| part == word) {
                held.drain(at..at + word.len());
                came = true;
            } else {
                // Its beginning may be the end of this piece.
                known = (0..word.len().min(held.len() + 1))
                    .rev()
                    .find(|length| word.get(..*length).is_some_and(|start| held.ends_with(start)))
                    .unwrap_or(0);
            }
        }
        to.take(held.drain(..held.len() - known).as_slice());
    }
    to.take(&held);
    to.end();
    came
}

/// Where it is copied to.
struct To<W> {
    /// None once its reader has gone away.
    stream: Option<W>,
    is_terminal: bool,
    /// The beginning of a line that is not complete, for a terminal.
    begun: Vec<u8>,
}

impl<W: Write> To<W> {
    fn new(stream: W, is_terminal: bool) -> Self {
        Self {
            stream: Some(stream),
            is_terminal,
            begun: Vec::new(),
        }
    }

    /// To a terminal go whole lines, with nothing that it would obey.
    fn take(&mut self, said: &[u8]) {
        if !self.is_terminal {
            return self.write(said);
        }
        self.begun.extend_from_slice(said);
        let lines = self
            .begun
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map(|at| at + 1);
        let cut = lines.or_else(|| (self.begun.len() > LINE).then(|| last_character(&self.begun)));
        if let Some(cut) = cut {
            let rest = self.begun.split_off(cut);
            let whole = std::mem::replace(&mut self.begun, rest);
            self.write(closed_lines(&String::from_utf8_lossy(&whole)).as_bytes());
        }
    }

    /// Nothing comes any more.
    fn end(&mut self) {
        let rest = std::mem::take(&mut self.begun);
        self.write(closed_lines(&String::from_utf8_lossy(&rest)).as_bytes());
    }

    fn write(&mut self, bytes: &[u8]) {
        if let Some(stream) = &mut self.stream
            && stream.write_all(bytes).and_then(|()| stream.flush()).is_err()
        {
            self.stream = None;
        }
    }
}

/// Where the last character begins.
fn last_character(text: &[u8]) -> usize {
    let begins = |byte: &u8| byte & 0b1100_0000 != 0b1000_0000;
    text.iter().rposition(begins).unwrap_or(text.len())
}

fn on_a_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> oneshot::Receiver<T> {
    let (done, answer) = oneshot::channel();
    let thread = std::thread::Builder::new().name("loom-relay".to_owned());
    // Without it the answer does not come, and that ends the wait.
    drop(thread.spawn(move || drop(done.send(work()))));
    answer
}

fn signal(by: &str) -> Signal {
    match by {
        "sigterm" => Signal::TERM,
        "sighup" => Signal::HUP,
        "sigquit" => Signal::QUIT,
        "sigusr1" => Signal::USR1,
        "sigusr2" => Signal::USR2,
        _ => Signal::INT,
    }
}

fn machine(text: &str) -> Exit {
    talk::error(text);
    Exit::Machine
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives a piece at a time.
    struct Pieces<'a>(Vec<&'a [u8]>);

    impl Read for Pieces<'_> {
        fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
            if self.0.is_empty() {
                return Ok(0);
            }
            let piece = self.0.remove(0);
            to[..piece.len()].copy_from_slice(piece);
            Ok(piece.len())
        }
    }

    fn said(pieces: &[&[u8]], is_terminal: bool) -> (bool, String) {
        let mut to = Vec::new();
        let from = Some(Pieces(pieces.to_vec()));
        let came = copy(from, To::new(&mut to, is_terminal), Some(STAYS));
        (came, String::from_utf8(to).unwrap())
    }

    #[test]
    fn the_word_that_the_owner_stays_is_not_handed_on() {
        let (begin, end) = STAYS.split_at(5);
        for (pieces, want) in [
            (&[b"one\n", STAYS] as &[&[u8]], (true, "one\n")),
            (&[b"one\n", begin, end], (true, "one\n")),
            (&[&[b"one\n", STAYS, b"two\n"].concat()], (true, "one\ntwo\n")),
            (&[b"one\n"], (false, "one\n")),
            (&[b"one\0loom"], (false, "one\0loom")),
            (&[begin, b"x"], (false, "\0loomx")),
            (&[], (false, "")),
        ] {
            let (came, text) = said(pieces, false);
            assert_eq!((came, text.as_str()), want);
        }
    }

    #[test]
    fn it_is_heard_though_nobody_reads_any_more() {
        struct Gone;
        impl Write for Gone {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let from = Pieces(vec![b"one\n", b"two\n", STAYS]);
        assert!(copy(Some(from), To::new(Gone, false), Some(STAYS)));
    }

    #[test]
    fn what_jobs_print_is_no_word() {
        let mut to = Vec::new();
        let from = Pieces(vec![STAYS, b"on\n"]);
        assert!(!copy(Some(from), To::new(&mut to, false), None));
        assert_eq!(to, [STAYS, b"on\n"].concat());
    }

    #[test]
    fn a_terminal_gets_nothing_that_it_obeys_wherever_the_pieces_end() {
        let text = "a\u{1b}[2Jü\n\u{1b}[31mred\nlast \u{1b}]0;title\u{7}ü".as_bytes();
        for at in 0..text.len() {
            let (one, other) = text.split_at(at);
            let pieces: Vec<&[u8]> = [one, other]
                .into_iter()
                .filter(|piece| !piece.is_empty())
                .collect();
            let want = "aü\n\u{1b}[31mred\u{1b}[0m\nlast ü";
            assert_eq!(said(&pieces, true), (false, want.to_owned()));
        }
        let long = "ü".repeat(LINE);
        let pieces: Vec<&[u8]> = long.as_bytes().chunks(8191).collect();
        assert_eq!(said(&pieces, true), (false, long.clone()));
    }
}
