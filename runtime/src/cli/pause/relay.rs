//! A run that pauses where nobody can be asked: it goes on in a process of its own, so that the one that was started may
//! leave with a code that says so, and the paused job keeps its place.
//!
//! The process that was started starts itself again, hands on what that one prints and the signals that come, and ends as
//! it does. When nothing of the run goes on without an answer, the other one tells so by the last bytes of its stderr, lets
//! go of its streams and stays behind.

use std::io::{self, Read, Write};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal};
use tokio::sync::oneshot;

use crate::cli::args::RunArgs;
use crate::cli::signals::Stops;
use crate::cli::{Exit, talk};

/// Set in the environment of the process that owns the run.
const OWNER: &str = "LOOM_RUN_OWNER";
/// What the owner's stderr ends with when it stays behind.
const STAYS: &[u8] = b"\0loom: paused\0";
/// How long the rest of the output may take to arrive once the owner stays behind.
const REST: Duration = Duration::from_secs(5);

/// Runs the command in a process of its own, if that is wanted: `run` that pauses, with nobody to ask. Call it before
/// anything is started.
pub(in crate::cli) fn relay(args: &RunArgs) -> Option<impl Future<Output = Exit> + use<>> {
    if !args.pause_on_failure || args.list || args.dry_run || super::is_anybody_there(args.format) {
        return None;
    }
    if is_owner() {
        // Signals of the terminal are the other process's to hand on; and without that one nobody would know of this one.
        let _ = rustix::process::setsid();
        #[cfg(target_os = "linux")]
        let _ = rustix::process::set_parent_process_death_signal(Some(Signal::TERM));
        return None;
    }
    Some(attend())
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
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_parent_process_death_signal(None);
    talk::finish();
    let told = io::stderr().write_all(STAYS);
    let Ok(nothing) = std::fs::File::options().read(true).write(true).open("/dev/null") else {
        return;
    };
    let dropped = rustix::stdio::dup2_stdout(&nothing).and(rustix::stdio::dup2_stderr(&nothing));
    let _ = rustix::stdio::dup2_stdin(&nothing);
    if let (Err(error), _) | (Ok(()), Err(error)) = (told, dropped.map_err(io::Error::from)) {
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
    let mut printed = on_a_thread(move || copy(out, io::stdout()));
    let mut told = on_a_thread(move || copy(errors, io::stderr()));
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
            ended = &mut told, if stays.is_none() => stays = Some(ended.unwrap_or(false)),
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

/// Copies to the end; whether that was the word that the owner stays. A reader that has gone away ends it too.
fn copy(from: Option<impl Read>, mut to: impl Write) -> bool {
    let Some(mut from) = from else { return false };
    let mut held: Vec<u8> = Vec::new();
    let mut piece = [0; 8192];
    loop {
        let length = match from.read(&mut piece) {
            Ok(0) => break,
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => break,
        };
        held.extend(piece.iter().take(length));
        let known = (0..=STAYS.len().min(held.len()))
            .rev()
            .find(|length| STAYS.get(..*length).is_some_and(|start| held.ends_with(start)))
            .unwrap_or(0);
        let said: Vec<u8> = held.drain(..held.len() - known).collect();
        if to.write_all(&said).and_then(|()| to.flush()).is_err() {
            return false;
        }
        if held == STAYS {
            return true;
        }
    }
    drop(to.write_all(&held).and_then(|()| to.flush()));
    false
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

    #[test]
    fn the_word_that_the_owner_stays_is_not_handed_on() {
        let said = |parts: &[&[u8]]| {
            let all = parts.concat();
            let mut to = Vec::new();
            let stays = copy(Some(all.as_slice()), &mut to);
            (stays, to)
        };
        assert_eq!(said(&[b"one\n", STAYS]), (true, b"one\n".to_vec()));
        assert_eq!(said(&[b"one\n"]), (false, b"one\n".to_vec()));
        assert_eq!(said(&[b"one\0loom"]), (false, b"one\0loom".to_vec()));
        assert_eq!(said(&[]), (false, Vec::new()));
    }
}
